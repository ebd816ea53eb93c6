"""Mechanisms bite: paired runs on common luck that differ in one cause from month 0, over several seeds.

Every claim is the mean of paired differences with its 95 % t-interval; the interval must lie on the claimed side of zero.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy import stats

from ecosystem import Scenario, World

SEEDS = tuple(range(1, 6))
YEARS = 8
LONG_YEARS = 13
"""With ten years of burn-in the oldest rights are then 23 years old: a term of 20 or 25 years makes a difference."""

Change = Callable[[World], None]
Measure = Callable[[World], float]


@cache
def at_month_zero(seed: int, years: int) -> bytes:
    """A world at the start of its horizon, to be continued in several ways (a pickled world continues bit for bit)."""
    return pickle.dumps(World(Scenario.baseline(scale=5000, years=years), seed=seed))


def nothing(world: World) -> None:
    """The baseline."""


@dataclass(frozen=True)
class Scaled:
    """Multiply a lever everywhere."""

    name: str
    factor: float

    def __call__(self, world: World) -> None:
        for place in range(world.P):
            value = self.factor * float(world.levers.base(self.name)[place])
            world.levers.set(self.name, value, by="test", on=world.places[place], standing=True)


@dataclass(frozen=True)
class At:
    """Set a lever everywhere."""

    name: str
    value: float

    def __call__(self, world: World) -> None:
        for code in world.places[: world.P]:
            world.levers.set(self.name, self.value, by="test", on=code, standing=True)


@dataclass(frozen=True)
class With:
    """Change a parameter of the model."""

    name: str
    value: float

    def __call__(self, world: World) -> None:
        world.p = world.p.with_values({self.name: self.value})


@cache
def outcome(seed: int, change: Change, years: int = YEARS) -> dict[str, float]:
    """Run one world and return what the claims look at: real-world totals or rates of the four jurisdictions."""
    world: World = pickle.loads(at_month_zero(seed, years))
    change(world)
    world.run()
    records, places = world.records, slice(0, world.P)

    def total(name: str) -> float:
        return float(records.totals(name, 12 * years)[1][0, places].sum())

    def mean(name: str) -> float:
        return float(records.totals(name, 12 * years)[1][0, places].mean())

    rights = world.rights
    age = (world.month - rights.filed) / 12.0
    horizon = [i for i, month in enumerate(records.months) if month >= 0]
    totals = {
        name: float(records._sum(name, horizon, len(horizon))[0, places].sum())
        for name in ("late_renewals_paid", "rd_income")
    }
    return {
        "pendency": mean("pendency_months"), "grant_rate": mean("grant_rate"), "profits": total("profits"),
        "own_income": totals["rd_income"], "return_on_rd": mean("return_on_rd"), "markup": mean("markup"),
        "university_licenses": total("university_licenses"), "suits": total("suits"), "letters": total("letters"),
        "late_paid": totals["late_renewals_paid"],
        "older_than_20": float((rights.in_force & (age > 20.0)).sum() * world.scale),
    }  # fmt: skip


def effect(name: str, change: Change, base: Change = nothing, years: int = YEARS) -> tuple[float, float, float]:
    """Return (low, mean, high) of the paired difference change - base at 95 %."""
    pairs = [(outcome(seed, base, years)[name], outcome(seed, change, years)[name]) for seed in SEEDS]
    difference = np.array([after - before for before, after in pairs])
    assert np.isfinite(difference).all()
    half = float(stats.t.ppf(0.975, len(SEEDS) - 1) * difference.std(ddof=1) / np.sqrt(len(SEEDS)))
    mean = float(difference.mean())
    return mean - half, mean, mean + half


CLAIMS = {
    "doubling examiners shortens pendency": ("pendency", Scaled("office.examiners", 2.0), nothing, YEARS, -1),
    "halving hours raises the grant rate": ("grant_rate", Scaled("office.hours_per_file", 0.5), nothing, YEARS, +1),
    # Incumbents' profit is what owners earn with their own products: in sum over all firms, gains of owners and losses of
    # imitators are the same firms' (total profits moved by about zero).
    "no imitation raises what owners earn with own products": (
        "own_income", With("switch.imitation", 0.0), nothing, YEARS, +1),
    "no imitation raises returns on R&D": ("return_on_rd", With("switch.imitation", 0.0), nothing, YEARS, +1),
    "no imitation raises markups": ("markup", With("switch.imitation", 0.0), nothing, YEARS, +1),
    "a higher royalty asked closes fewer university licenses": (
        "university_licenses", At("university.royalty_asked", 0.75), At("university.royalty_asked", 0.25), YEARS, -1),
    "a term of 25 years keeps rights alive beyond 20": ("older_than_20", At("law.term_years", 25.0), nothing, LONG_YEARS, +1),
    # Not the late renewal rate: a longer term adds renewals beyond 20, which fewer rights are worth, to its denominator.
    "a term of 25 years has more late renewals than one of 20": (
        "late_paid", At("law.term_years", 25.0), nothing, LONG_YEARS, +1),
    "a term of 20 years has more late renewals than one of 15": (
        "late_paid", nothing, At("law.term_years", 15.0), LONG_YEARS, +1),
    "litigation at three times the cost means fewer suits": ("suits", Scaled("court.cost", 3.0), nothing, YEARS, -1),
    "litigation at three times the cost means fewer letters": ("letters", Scaled("court.cost", 3.0), nothing, YEARS, -1),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS)
def test_mechanism(claim: str) -> None:
    name, change, base, years, sign = CLAIMS[claim]
    low, mean, high = effect(name, change, base, years)
    words = f"{claim}: {name} changes by {mean:.4g} [{low:.4g}, {high:.4g}] over {len(SEEDS)} seeds"
    print(words)
    assert (low > 0.0) if sign > 0 else (high < 0.0), words


def test_paired_runs_share_their_luck() -> None:
    """A cause that does nothing gives differences of exactly zero, and pairing narrows the interval."""
    assert effect("suits", Scaled("court.cost", 1.0)) == (0.0, 0.0, 0.0)


def test_the_change_takes_hold_only_from_month_zero() -> None:
    world: World = pickle.loads(at_month_zero(SEEDS[0], YEARS))
    assert world.month == 0
    Scaled("office.examiners", 2.0)(world)
    before = world.offices.planned.copy()
    assert np.array_equal(before, world.offices.planned)
    world.step()
    assert (world.offices.planned > 1.5 * before).all()
