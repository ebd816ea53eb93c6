"""Measures are data: what a government does, the levers it moves, who pays, and what is known about the effect.

A measure is one TOML file named after its id in ``policies/us``, ``eu``, ``jp``, ``cn`` or ``common``, or in a folder
that another package offers under the entry point ``ecosystem.measures``. There is no list to edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ecosystem.kernel.errors import InputError

FOLDERS = tuple(Path(__file__).parent / name for name in ("us", "eu", "jp", "cn", "common"))
ENTRY_POINT = "ecosystem.measures"
GROUPS = ("creation", "protection", "application", "talent", "coupling")
GRADES = ("strong", "mixed", "weak", "none")
SEVERAL_TERRITORIES = "several territories"
NO_EVIDENCE = "effect is an assumption"


@dataclass(frozen=True, slots=True)
class LeverMove:
    """How far a lever moves between strength 0 and strength 1.

    Attributes:
        how: ``add`` an amount in the lever's unit, or ``scale`` by a factor.
        amount: the amount or the factor.
        source: where the size comes from.
    """

    lever: str
    how: Literal["add", "scale"]
    amount: float
    source: str

    def pull(self, change: float) -> float:
        """Return the amount to add or the factor for a change of strength (strength less the one in force)."""
        return self.amount * change if self.how == "add" else self.amount**change


@dataclass(frozen=True, slots=True)
class Cost:
    """Who pays how much for what.

    A cost is either *own* (``per`` and ``price``: the measure pays price x quantity of the year x strength) or *followed*
    (``follows``: payments that rules make anyway; the measure's part is the part of the lever that it moved).

    Attributes:
        kind: kind of payment in the accounts.
        payer, payee: sectors of accounts.
        per: a counted quantity (tally) or a fact of the place.
        price: million USD2020 a unit at full strength.
        lever: the lever whose part is followed.
    """

    what: str
    source: str
    kind: str
    payer: str
    payee: str
    per: str = ""
    price: float = 0.0
    follows: str = ""
    lever: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finding about the measure: size in words, place, years, source, and how far it can be trusted."""

    finding: str
    size: str
    place: str
    years: str
    source: str
    strength: str


@dataclass(frozen=True, slots=True)
class InForce:
    """The strength at which a measure is in force in a place in the base year."""

    strength: float
    source: str


@dataclass(frozen=True, slots=True)
class Check:
    """How the claim is checked: enough simulated cases, and years enough for the effect to arrive.

    Attributes:
        pairs: paired runs.
        first_year: years from here on count (0 is the first year in force).
    """

    scale: float = 5000.0
    years: int = 8
    pairs: int = 12
    first_year: int = 2


@dataclass(frozen=True, slots=True)
class Measure:
    """One policy measure, as its file describes it.

    Attributes:
        does, assumes: one plain sentence each: what the government does, what the model assumes.
        since: first year in force where the measure comes from.
        direction: +1 or -1, the claimed sign of the effect on ``indicator``.
        check_on: the place on which the claim is checked.
        needs: what a place must have, empty if nothing.
        moves: the levers at full strength.
        mechanism: name of a function of ``policies.mechanisms``, empty if levers suffice.
        values: numbers for the mechanism.
        in_force: by place; a place without an entry has strength 0.
        check: how the claim is checked.
    """

    id: str
    title: str
    origin: str
    group: str
    does: str
    assumes: str
    eligibility: str
    legal_source: str
    since: int
    indicator: str
    direction: int
    check_on: str
    needs: str
    watch_for: str
    gains: str
    loses: str
    not_modeled: str
    evidence_range: str
    start: str
    end: str
    ramp_years: float
    moves: tuple[LeverMove, ...]
    mechanism: str
    values: Mapping[str, float]
    costs: tuple[Cost, ...]
    evidence: tuple[Evidence, ...]
    in_force: Mapping[str, InForce]
    check: Check
    path: Path

    def strength_in_force(self, place: str) -> float:
        """Return the strength in force in a place in the base year, 0 where the measure does not exist."""
        return self.in_force[place].strength if place in self.in_force else 0.0

    @property
    def grade(self) -> str:
        """The best grade of the evidence: strong, mixed, weak or none."""
        return min((e.strength for e in self.evidence), key=GRADES.index, default="none")

    def applies_to(self, territories: int) -> bool:
        """Return True if a place with so many territories can use the measure."""
        return self.needs != SEVERAL_TERRITORIES or territories > 1


@cache
def known_measures() -> Mapping[str, Measure]:
    """Return all measures by id: the project's, then those of other packages.

    Raises:
        InputError: a file is wrong, or two files give the same id.
    """
    from policies.measure_file import load_measure

    found: dict[str, Measure] = {}
    for folder in (*FOLDERS, *_offered()):
        for path in sorted(folder.glob("*.toml")):
            measure = load_measure(path)
            if measure.id in found:
                raise InputError(f"Two files give the measure {measure.id!r}",
                                 where=f"{path} and {found[measure.id].path}", do="Rename one of them")  # fmt: skip
            found[measure.id] = measure
    return found


def _offered() -> list[Path]:
    """Return the folders that other installed packages offer; an entry point names a package that holds TOML files."""
    folders = []
    for point in sorted(entry_points(group=ENTRY_POINT), key=lambda p: p.name):
        module: Any = point.load()
        folders += [Path(path) for path in module.__path__]
    return folders


def level(measure: Measure, place: str, uses: list[Any], month: int, start_year: int) -> float:
    """Return the strength of a measure in a place in a month.

    s = clip(s0 + sum over uses of (s_u - s0) r_u, 0, 1), with s0 the strength in force and r_u in [0, 1] how much of a
    use has been phased in: 0 before its start and from its end, rising linearly over its ramp. No use in reach: s0.

    Args:
        uses: the scenario's uses of this measure that name the place (``MeasureUse``).
        month: 0 is January of ``start_year``.
    """
    base = measure.strength_in_force(place)
    strength = base
    for use in uses:
        part = phased_in(measure, use, month, start_year)
        if part > 0.0:
            strength += (use.strength - base) * part
    return base if strength == base else float(np.clip(strength, 0.0, 1.0))


def phased_in(measure: Measure, use: Any, month: int, start_year: int) -> float:
    """Return the part of a use that is phased in, 0..1."""
    first = month_number(use.start or measure.start, start_year, default=0)
    end = month_number(use.end or measure.end, start_year, default=2**30)
    if not first <= month < end:
        return 0.0
    ramp = 12.0 * (measure.ramp_years if use.ramp_years is None else use.ramp_years)
    return 1.0 if ramp <= 0.0 else min(1.0, (month - first + 1) / ramp)


def month_number(text: str, start_year: int, default: int) -> int:
    """Return the month of ``YYYY-MM`` counted from January of ``start_year``."""
    if not text:
        return default
    year, month = text.split("-")
    return 12 * (int(year) - start_year) + int(month) - 1
