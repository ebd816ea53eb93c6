"""Which model a result came from: a hash of the code and data that decide a run."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_DECIDING = ("agents", "policies", "ecosystem/domain", "ecosystem/kernel", "ecosystem/data")
_FILES = ("ecosystem/world.py", "ecosystem/geography.py", "ecosystem/yearbook.py", "ecosystem/scenario.py")


def _paths() -> list[Path]:
    paths = [ROOT / name for name in _FILES]
    for folder in _DECIDING:
        paths += [
            p for p in (ROOT / folder).rglob("*") if p.suffix in (".py", ".toml", ".csv", ".json") and p.is_file()
        ]
    return sorted(paths)


@lru_cache
def model_digest() -> str:
    """Return the first 16 hex digits of the SHA-256 of all code and data that decide a run."""
    digest = hashlib.sha256()
    for path in _paths():
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache
def model_files() -> dict[str, str]:
    """Return a short hash of each file that decides a run, by path: two of these say what changed between two models."""
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:10] for path in _paths()}
