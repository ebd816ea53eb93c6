"""Finished runs on disk, in the user's cache folder: the page of tomorrow opens without computing again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.results import FORMAT, Result
from ecosystem.lab.model import model_digest

KEPT = 24
"""Results kept on disk; the oldest go first."""


def folder() -> Path:
    """Return the cache folder of the simulator, as the platform has it."""
    if chosen := os.environ.get("ECOSYSTEM_CACHE_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "innovation-ecosystem-simulator"


@lru_cache
def page_digest() -> str:
    """Return a hash of what turns a run into a result of the page."""
    digest = hashlib.sha256()
    for name in ("results.py", "flows.py", "catalog.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()


def _path(choice: Choice) -> Path:
    name = hashlib.sha256(f"{FORMAT}|{model_digest()}|{page_digest()}|{choice.key}".encode()).hexdigest()[:32]
    return folder() / "dashboard" / f"{name}.json"


def load(choice: Choice) -> Result | None:
    """Return the stored result of a choice; None when there is none or its file cannot be read."""
    try:
        return Result.from_json(_path(choice).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def save(result: Result) -> None:
    """Store a result; a folder that cannot be written is not an error, the next start computes again."""
    path = _path(result.choice)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(result.to_json())
        Path(name).replace(path)
        stored = sorted(path.parent.glob("*.json"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in stored[KEPT:]:
            old.unlink(missing_ok=True)
