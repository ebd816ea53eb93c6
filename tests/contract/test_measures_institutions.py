"""Measures of courts, standards, pools, defense, regions and territories: side effects on paired luck and small rules."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from agents import standards
from agents.court import forum
from agents.regional_center import coverage, strength
from agents.transfer import pools
from ecosystem import Scenario, World
from ecosystem.lab.paired import run_seeds
from policies.measures import known_measures

if TYPE_CHECKING:
    from ecosystem.lab.yearly import Yearly

IDS = (
    "us_new_technology_tribunals", "us_military_civil_cooperation", "x_compulsory_licensing", "eu_standard_setting",
    "eu_harmonised_law", "eu_unified_procedure", "eu_single_application", "eu_innovation_centres_and_parks",
    "jp_regional_ip_headquarters", "cn_regional_operation_centres", "cn_patent_pools", "cn_industry_associations",
    "cn_civil_military_integration",
)  # fmt: skip
WANTED = (
    "dual_use_transfers", "defense_inventions_classified", "defense_inventions_declassified", "firms_counseled",
    "territories_covered_per_patent", "compulsory_licenses", "cross_territory_outcome_divergence", "park_residents",
    "park_overhead_saved", "public_outlay", "unitary_rights",
)  # fmt: skip
SEEDS = range(1, 4)


def all_at(level: float) -> Scenario:
    """Every measure of this file at one strength in its place; those of different places do not meet."""
    out = Scenario.baseline(scale=5000, years=4, burn_in_years=4)
    for id in IDS:
        out = out.with_measure(id, on=known_measures()[id].check_on, strength=level)
    return out


@pytest.fixture(scope="module")
def runs() -> list[list[Yearly]]:
    return run_seeds([all_at(0.0), all_at(1.0)], SEEDS, WANTED, workers=1)


@pytest.fixture(scope="module")
def world() -> World:
    """The world at the end of two years with all measures."""
    return World(Scenario.from_dict(all_at(1.0).to_dict() | {"years": 2}), seed=1).run()


def pairs(runs: list[list[Yearly]], name: str, place: str) -> np.ndarray:
    """Without and with, one row a seed, float64 (seeds, 2)."""
    first = runs[0][0]
    i, j = first.names.index(name), first.places.index(place)
    return np.array([[run.window()[i, j] for run in seed] for seed in runs])


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("dual_use_transfers", "us"),
        ("defense_inventions_declassified", "cn"),
        ("firms_counseled", "jp"),
        ("compulsory_licenses", "us"),
        ("territories_covered_per_patent", "eu"),
        ("park_residents", "eu"),
        ("public_outlay", "eu"),
    ],
)
def test_what_the_institutions_do_rises(runs: list[list[Yearly]], name: str, place: str) -> None:
    without, with_ = pairs(runs, name, place).T
    assert (with_ >= without).all()
    assert with_.sum() > without.sum()


def test_security_still_keeps_defense_results_out(runs: list[list[Yearly]]) -> None:
    without, with_ = pairs(runs, "defense_inventions_classified", "us").T
    assert with_.sum() < without.sum()
    assert with_.sum() > 0.5 * without.sum()


def test_the_unitary_right_exists_only_with_its_measure(runs: list[list[Yearly]]) -> None:
    without, with_ = pairs(runs, "unitary_rights", "eu").T
    assert not without.any()
    assert (with_ > 0).all()


def test_one_law_brings_courts_together_and_raises_the_low_ones(runs: list[list[Yearly]], world: World) -> None:
    without, with_ = pairs(runs, "cross_territory_outcome_divergence", "eu").T
    assert (with_ < 0.6 * without).all()
    lowest = []
    for spread in (0.38, 0.08):
        copy: World = pickle.loads(pickle.dumps(world))
        copy.levers["law.territory_divergence"][:] = spread
        lowest.append(forum.standards(copy)[:-1].min())
    assert lowest[0] < lowest[1] < 0.0


def test_a_hub_gains_before_its_neighbors_and_these_before_the_rest(world: World) -> None:
    at = strength(world)
    assert at is not None
    cn, jp = (world.places.index(code) for code in ("cn", "jp"))
    regions = world.regions
    mine = regions.place == cn
    own = coverage(world)
    beside = mine & (own == 0.0) & (regions.adjacent @ (own == 1.0))
    assert beside.any()
    assert (at[mine & (own == 1.0)] == 1.0).all()
    assert (regions.rank[mine & (own == 1.0)] < regions.rank[beside].min()).all()
    assert (at[beside] > 0.0).all()
    assert (at[beside] < 1.0).all()
    # where every region has a center none is first
    assert (at[regions.place == jp] == 1.0).all()


def test_parks_take_in_the_better_firms(world: World) -> None:
    orgs = world.orgs
    small = orgs.living(0)
    small = small[orgs.is_sme(small) & ~orgs.passive[small] & (orgs.jurisdiction[small] == world.places.index("eu"))]
    inside = small[orgs.park[small]]
    assert 0 < len(inside) < len(small)
    assert orgs.quality_signal[inside].mean() > orgs.quality_signal[small].mean()


def test_a_pool_lowers_what_is_asked_and_what_a_members_further_patent_keeps_out(small_world: World) -> None:
    world: World = pickle.loads(pickle.dumps(small_world))
    r = world.rights
    fields = world.fields.standardized
    count = np.bincount(r.field[r.in_force & (r.kind == 0)], minlength=world.F)
    f = int(fields[np.argmax(count[fields])])
    world.levers["standards.participation"][:] = 0.95
    world.levers["transfer.pool_support"][:] = 1.0
    world.p = world.p.with_values({"standards.essential_share": 0.5})
    standards.choose(world, f)
    known = pools.pools(world)
    known.products[:], known.owners[:] = 5.0, 20.0
    world.month = 12 * (world.month // 12)
    at = np.arange(world.P)
    before = standards.licensors(world)
    pools.form(world)
    after = standards.licensors(world)
    joined = [j for j in range(world.P) if (after.owner[f, j] == standards.POOLED).any()]
    assert joined
    ask = [standards.rates_asked(world, who, np.full(world.P, f), at).sum(axis=1)[joined] for who in (before, after)]
    # together less; in a place where few join, those who stay outside may ask for more than the members give up
    assert ask[1].sum() < ask[0].sum()
    who = pools.members(world, joined[0], f)
    mine = np.flatnonzero(
        (world.inventions.field == f) & np.isin(world.inventions.owner, who)
        & (world.orgs.jurisdiction[np.maximum(world.inventions.owner, 0)] == joined[0])
    )  # fmt: skip
    if len(mine):
        assert (pools.keeps(world, mine) < 1.0).all()


def test_measures_of_territories_are_refused_where_there_is_one() -> None:
    for id in ("eu_harmonised_law", "eu_unified_procedure", "eu_single_application"):
        assert not known_measures()[id].applies_to(1)
        assert known_measures()[id].applies_to(2)
