"""Named packages of measures as data: the four strategies, each a list of measures with the strength it asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ecosystem.kernel.errors import InputError, unknown
from policies.measures import known_measures

FOLDER = Path(__file__).parent
_KEYS = {"title", "home", "idea", "source", "strengths"}


@dataclass(frozen=True, slots=True)
class Package:
    """A strategy: its home, its idea in plain words, its source, and the strength of each of its measures."""

    id: str
    title: str
    home: str
    idea: str
    source: str
    strengths: Mapping[str, float]


@cache
def known_packages() -> Mapping[str, Package]:
    """Return all packages by name, one TOML file each.

    Raises:
        InputError: a key is missing or unknown, a measure is unknown, a strength lies outside 0..1.
    """
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        if raw.keys() != _KEYS:
            raise InputError(f"The package holds {sorted(raw)}", where=str(path), allowed=", ".join(sorted(_KEYS)))
        for name, strength in raw["strengths"].items():
            if name not in known_measures():
                raise unknown("measure", name, known_measures(), where=str(path))
            if not isinstance(strength, int | float) or not 0.0 <= strength <= 1.0:
                raise InputError(f"Strength {strength!r} of {name} is no level", where=str(path), allowed="0 to 1")
        found[path.stem] = Package(path.stem, **raw)
    return found
