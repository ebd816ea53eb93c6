"""Scenarios to start from: the packages of measures, and historical reforms as files in ``presets/*.toml``.

A reform that is in force today is undone (``strength`` 0): what the page then shows is what the reform is worth. A file
whose measures do not exist yet is left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ecosystem.kernel.errors import InputError
from ecosystem.scenario import Scenario, known_measures
from policies.packages import Package, known_packages
from policies.places import known_places

FOLDER = Path(__file__).parent / "presets"
_KEYS = {"title", "year", "story", "notice", "source", "on", "measures"}


@dataclass(frozen=True, slots=True)
class Preset:
    """One scenario to start from.

    Attributes:
        kind: ``package`` or ``reform``.
        on: the place of a reform; empty for a package, which goes on the place the visitor chose.
        story: what was done, one or two plain sentences.
        notice: what the numbers then say.
        measures: strength by measure.
    """

    id: str
    kind: str
    title: str
    on: str
    story: str
    notice: str
    source: str
    measures: Mapping[str, float]

    def applied(self, scenario: Scenario, place: str) -> Scenario:
        """Return the scenario with this preset and no other policy; assumptions stay.

        A measure that needs several territories is left out where the place has one.

        Raises:
            InputError: the preset's place is not in the scenario.
        """
        out = replace(scenario.without_policy(), title=self.title)
        known, where = known_measures(), self.on or place
        territories = len(known_places()[where].territories) if where in known_places() else 1
        for id, strength in self.measures.items():
            if known[id].strength_in_force(where) != strength and known[id].applies_to(territories):
                out = out.with_measure(id, on=where, strength=strength)
        return out


@cache
def known_presets() -> Mapping[str, Preset]:
    """Return packages, then reforms in the order of their years, by id."""
    found = [Preset(f"package_{p.id}", "package", p.title, "", p.idea, "", p.source, p.strengths) for p in _packages()]
    reforms = []
    for path in sorted(FOLDER.glob("*.toml")):
        reform = read_reform(path)
        if reform is not None:
            reforms.append(reform)
    return {preset.id: preset for preset in [*found, *(p for _, p in sorted(reforms, key=lambda r: (r[0], r[1].id)))]}


def _packages() -> list[Package]:
    return list(known_packages().values())


def read_reform(path: Path) -> tuple[int, Preset] | None:
    """Return year and preset of a file; None when none of its measures exists.

    Raises:
        InputError: a key is missing or unknown, or a strength is no level.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    if raw.keys() != _KEYS:
        raise InputError(f"The preset holds {sorted(raw)}", where=str(path), allowed=", ".join(sorted(_KEYS)))
    if not all(isinstance(s, int | float) and 0.0 <= s <= 1.0 for s in raw["measures"].values()):
        raise InputError("A strength of the preset is no level", where=str(path), allowed="0 to 1")
    measures = {id: float(strength) for id, strength in raw["measures"].items() if id in known_measures()}
    if not measures:
        return None
    title = f"{raw['title']} ({raw['year']})"
    return raw["year"], Preset(
        path.stem, "reform", title, raw["on"], raw["story"], raw["notice"], raw["source"], measures
    )
