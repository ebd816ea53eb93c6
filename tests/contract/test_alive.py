"""No dead lever, no dead metric: every lever changes something, every indicator moves or says why it stays at zero."""

from __future__ import annotations

import numpy as np
import pytest

from ecosystem import Scenario, World
from ecosystem.domain.indicators import INDICATORS
from ecosystem.domain.indicators import Records as Recorded
from policies.places import known_places, lever_specs

QUICK = Scenario.baseline(scale=5000, years=2, burn_in_years=2)
FINE = Scenario.baseline(scale=1000, years=4, burn_in_years=2)
"""For levers that touch rare events."""
FINEST = Scenario.baseline(scale=500, years=3, burn_in_years=2)
"""For levers whose cases are a few a year even there."""
LONG = Scenario.baseline(scale=2000, years=25, burn_in_years=2)
"""For what takes years: pupils become researchers, patents reach their full term."""
TOGETHER = {
    "law.compulsory_license": ("law.breadth", 0.95),
    "transfer.pool_support": ("law.breadth", 0.95),
    "law.compulsory_royalty": ("law.compulsory_license", 0.9),
    "talent.visa_merit": ("talent.openness", 3.0),
    "finance.outside_multiplier": ("government.rd_credit_small", 0.45),
    "regional.centre_spillover": ("regional.centre_reach", 0.3),
}
"""Levers that bend the answer to another lever: that one is moved in both runs."""
MEASURES = (
    "border_checks", "center_fees", "center_grants", "center_members", "compulsory_licenses", "firms_counseled",
    "goods_held_at_border", "hiring_subsidies_paid", "ideas_given_up_after_search", "incubator_money",
    "incubator_residents", "insurance_claims", "insurance_premiums", "insured_rights", "inventor_rewards",
    "mission_money", "open_results_taken_up", "option_gains", "overseas_aid", "park_overhead_saved",
    "park_residents", "partner_grants", "partner_projects", "platform_projects", "researchers_trained",
    "royalty_financing", "sold_royalty_worth_ratio", "startup_offers_taken", "trained_moves", "trained_share",
)  # fmt: skip
RARE = (
    "chip_layout_refusals", "geographical_indication_refusals", "design_refusals", "patent_pools", "pool_income",
    "pool_licenses", "pooled_rights",
    "second_tries", "tribunal_invalidations", "tribunal_petitions", "guarantee_losses",
)  # fmt: skip
RESTING: dict[str, str] = {
    **dict.fromkeys(MEASURES, "belongs to a measure that is in force nowhere in the base year"),
    **dict.fromkeys(RARE, "a case or two a year at scale 500: some seeds see none"),
}
"""Indicators that are, or may be, zero in the baseline -> why."""


@pytest.fixture(scope="module")
def worlds() -> dict[Scenario, tuple[bytes, World]]:
    """The untouched runs, each with its frozen start."""
    out = {}
    for scenario in (QUICK, FINE, LONG, FINEST):
        frozen = World(scenario, seed=5).frozen()
        out[scenario] = frozen, World.forked(frozen, scenario).run()
    return out


def moved(scenario: Scenario, name: str) -> Scenario:
    """Return the scenario with a lever moved toward the farther end of its range in all places."""
    spec = lever_specs()[name]
    for code, place in known_places().items():
        value = place.levers[name].value
        end = spec.high if spec.high - value > value - spec.low else spec.low
        if end == spec.high > max(1.0, 1000 * value):
            end = 3.0 * value if value else spec.high / 100.0
        scenario = (
            scenario.with_lever(name, on=code, value=end) if code in (*scenario.jurisdictions, "row") else scenario
        )
    return scenario


def differ(a: Recorded, b: Recorded) -> bool:
    """Return True if two runs counted anything differently."""
    for (i, x), (j, y) in zip(a.tallies, b.tallies, strict=True):
        if not (np.array_equal(i, j) and np.array_equal(x, y)):
            return True
    return any(
        not np.array_equal(x[name], y[name], equal_nan=True)
        for x, y in zip(a.stocks, b.stocks, strict=True)
        for name in x
    )


ELSEWHERE = {
    "transfer.pool_support": "pools are three or four in the default world: test_measures_institutions moves it"
}
"""Levers whose cases are too rare here -> where they are seen to act."""


@pytest.mark.parametrize("name", sorted(lever_specs().keys() - ELSEWHERE.keys()))
def test_a_lever_changes_an_indicator(name: str, worlds: dict[Scenario, tuple[bytes, World]]) -> None:
    for scenario, (frozen, untouched) in worlds.items():
        changed = moved(scenario, name)
        if name in TOGETHER:
            other, value = TOGETHER[name]
            scenario, changed = (s.with_lever(other, on=s.jurisdictions, value=value) for s in (scenario, changed))
            untouched = World.forked(frozen, scenario).run()
        if differ(World.forked(frozen, changed).run().records, untouched.records):
            return
    pytest.fail(f"moving {name} changes no indicator")


def test_no_indicator_is_zero_without_a_reason(worlds: dict[Scenario, tuple[bytes, World]]) -> None:
    still = set()
    for name in INDICATORS:
        if not any(np.nansum(np.abs(world.records.totals(name, 12)[1])) > 0.0 for _, world in worlds.values()):
            still.add(name)
    dead, awake = still - RESTING.keys(), set(MEASURES) - still
    assert (dead, awake) == (set(), set())
