"""Named worlds as data: single mechanisms left out, and the assumptions of both camps on the strength of rights.

A world is a TOML file: parameters of the model (switches among them) and levers that stand everywhere from the start of the
horizon. It is no policy: the same policy is asked in several worlds to see which assumption its effect hangs on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ecosystem.kernel.errors import InputError, unknown
from policies.places import lever_specs

FOLDER = Path(__file__).parent
_KEYS = {"title", "words", "source", "parameters", "levers"}


@dataclass(frozen=True, slots=True)
class NamedWorld:
    """A world under a name.

    Attributes:
        words: what is assumed, in plain words.
        source: who argues from such a world.
        parameters: parameter -> value, from the burn-in on.
        levers: lever -> value in every jurisdiction, from the start of the horizon.
    """

    id: str
    title: str
    words: str
    source: str
    parameters: Mapping[str, float]
    levers: Mapping[str, float]


@cache
def known_worlds() -> Mapping[str, NamedWorld]:
    """Return all worlds by name, one TOML file each.

    Raises:
        InputError: a key is missing or unknown, a lever is unknown or outside its range, a value is no number.
    """
    return {path.stem: load_world(path) for path in sorted(FOLDER.glob("*.toml"))}


def load_world(path: Path) -> NamedWorld:
    """Read one world; its parameters are checked when a scenario takes them (``Scenario.in_world``)."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    if raw.keys() != _KEYS:
        raise InputError(f"The world holds {sorted(raw)}", where=str(path), allowed=", ".join(sorted(_KEYS)))
    for name, value in (*raw["parameters"].items(), *raw["levers"].items()):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(
                f"{name} = {value!r} is no number", where=str(path), do='Write names in quotes: "group.name"'
            )
    specs = lever_specs()
    for name, value in raw["levers"].items():
        if name not in specs:
            raise unknown("lever", name, specs, where=str(path))
        if not specs[name].low <= value <= specs[name].high:
            raise InputError(f"Lever {name} = {value:g}", where=str(path),
                             allowed=f"{specs[name].low:g} to {specs[name].high:g} {specs[name].unit}")  # fmt: skip
    return NamedWorld(path.stem, **raw)
