"""Measures for people and for the whole cycle: their side effects in paired runs, their rules on hand-made columns."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents import coupling, sme_counsel
from agents.firm import failure, recruits
from agents.inventor import honors, migration, options, population, project_platform, study
from agents.organizations import FIRM
from ecosystem.domain import teams
from ecosystem.domain.indicators import Tally
from ecosystem.kernel.luck import Pool, fold
from ecosystem.lab.coupling import weighted
from ecosystem.lab.paired import run_seeds
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import Scenario
from ecosystem.world import World
from policies.mechanisms.strategy_cycle import plan, spend
from tests.unit.test_inventor import land
from tests.unit.test_teams import add_people

BASE = Scenario.baseline(scale=5000, years=5)
USED = {
    "us_talent_attraction": "us", "us_risk_culture": "us", "eu_talent_training": "eu", "eu_talent_subsidies": "eu",
    "jp_material_incentives": "jp", "eu_share_options": "eu",
}  # fmt: skip
OUTPUTS = (
    "net_inventor_immigration", "trained_moves", "wage_index", "invention_quality",
    "option_gains", "startup_offers_taken", "inventor_rewards", "second_tries",
)  # fmt: skip


@cache
def runs() -> list[list[Yearly]]:
    """Return by seed the base run and one run for each measure, on one burn-in."""
    scenarios = [BASE] + [BASE.with_measure(name, on=on, strength=1.0) for name, on in USED.items()]
    return run_seeds(scenarios, (1, 2), OUTPUTS, workers=1)


def change(measure: str, indicator: str, on: str) -> np.ndarray:
    """Return the paired differences of an indicator from year 1 on, (seeds,)."""
    k = 1 + list(USED).index(measure)
    first = runs()[0][0]
    i, j = first.names.index(indicator), first.places.index(on)
    return np.array([run[k].window(1)[i, j] - run[0].window(1)[i, j] for run in runs()])


def test_talent_gained_by_one_is_lost_by_others() -> None:
    gained = change("us_talent_attraction", "net_inventor_immigration", "us")
    others = sum(change("us_talent_attraction", "net_inventor_immigration", code) for code in ("eu", "jp", "cn", "row"))
    assert (gained > 0).all()
    assert others == pytest.approx(-gained), "people are conserved"
    lost = sum(change("us_talent_attraction", "net_inventor_immigration", code) for code in ("eu", "jp", "cn"))
    assert lost.mean() < 0


def test_who_failed_tries_again_where_failure_costs_less() -> None:
    assert (change("us_risk_culture", "second_tries", "us") > 0).all()
    assert change("us_risk_culture", "second_tries", "jp") == pytest.approx(0.0)


def test_trained_people_move_on() -> None:
    assert (change("eu_talent_training", "trained_moves", "eu") > 0).all()


def test_subsidized_hires_raise_the_wage() -> None:
    assert (change("eu_talent_subsidies", "wage_index", "eu") > 0).all()


def test_what_is_far_or_joins_fields_fails_more_often() -> None:
    world: Any = SimpleNamespace(
        p={
            "development.success": 0.7, "failure.far": 0.25, "failure.usual_far": 0.2, "failure.cross": 0.1,
            "failure.usual_cross": 0.5,
        },
        inventions=SimpleNamespace(
            exploratory=np.array([False, True, False, True]), cross_field=np.array([False, False, True, True])
        ),
    )  # fmt: skip
    near, far, cross, both = failure.chance_of_success(world, np.arange(4))
    assert near > cross > far > both > 0.0
    usual = 0.8 * 0.5 * (near + cross) + 0.2 * 0.5 * (far + both)
    assert usual == pytest.approx(0.7), "the mean stays where shares are usual"


def test_rewards_by_number_cost_quality_and_are_paid() -> None:
    assert (change("jp_material_incentives", "inventor_rewards", "jp") > 0).all()
    assert change("jp_material_incentives", "invention_quality", "jp").mean() < 0


def test_options_dilute_and_draw_people_to_startups() -> None:
    assert (change("eu_share_options", "option_gains", "eu") > 0).all()
    assert change("eu_share_options", "startup_offers_taken", "eu").mean() > 0


# -- rules on hand-made columns --------------------------------------------------------------------------------------------


def test_money_for_teaching_buys_places_and_skill_and_nothing_at_the_usual() -> None:
    world = land()
    assert study.students(world) == pytest.approx(np.ones(3), abs=0)
    assert study.lesson(world) == pytest.approx(np.zeros(3), abs=0)
    world.levers["talent.education"][0] = 1.5
    phi = world.p["talent.study_places"]
    assert study.students(world)[0] == pytest.approx(1.5**phi)
    assert 1.0 < study.students(world)[0] < 1.5, "part of the money goes into teaching"
    assert study.lesson(world)[0] > 0.0
    assert study.lesson(world)[1] == 0.0


def test_visas_by_merit_take_the_better_of_two() -> None:
    world = land(firms=20)
    world.month = 0
    trip = fold(np.arange(4000), 3)
    source, to = np.full(4000, 2), np.zeros(4000, np.int64)
    who = world.draw.partner("talent.migrant", trip, source, migration.migrants(world))
    assert migration.by_merit(world, trip, source, to, who) is who
    skill = world.inventors.skill
    world.levers["talent.visa_merit"][0] = 1.0
    better = migration.by_merit(world, trip, source, to, who)
    assert (skill[better] >= skill[who]).all()
    assert (better != who).mean() == pytest.approx(0.5, abs=0.05)
    world.levers["talent.visa_merit"][0] = -0.5
    worse = migration.by_merit(world, trip, source, to, who)
    assert (skill[worse] <= skill[who]).all()
    assert (worse != who).mean() == pytest.approx(0.25, abs=0.05)


def test_the_skilled_join_startups_that_give_options() -> None:
    world = land()
    world.month = 0
    orgs = world.orgs
    firms = np.flatnonzero((orgs.kind == FIRM) & (orgs.jurisdiction == 0))
    orgs.founded[firms[0]] = -12
    pool = Pool.of(firms, orgs.uid[firms], np.zeros(len(firms), np.int64), 1, np.ones(len(firms)))
    n = 6000
    uid, place = fold(np.arange(n), 4), np.zeros(n, np.int64)
    skill = np.exp(1.5 * world.draw.normal("test.skill", uid))
    new = np.full(n, firms[1])
    assert options.join_startups(world, uid, place, skill, new, pool) is new
    world.levers["talent.option_share"][0] = 0.1
    out = options.join_startups(world, uid, place, skill, new, pool)
    went = out == firms[0]
    assert 0.02 < went.mean() < 0.2
    assert np.log(skill[went]).mean() > np.log(skill).mean() + 0.5
    assert options.hold(world, firms[:1], place[:1]) == pytest.approx([np.exp(-0.1 * world.p["options.hold"])])


def test_who_fears_failure_less_explores_more_and_founds_again() -> None:
    lever = np.array([0.5, 0.5])
    world: Any = SimpleNamespace(
        p={"firm.explore": 1.0, "failure.sensitivity": 1.0, "failure.second_tries": 1.0}, J=2, S=1,
        levers={"talent.risk_tolerance": np.array([0.2, 0.2]), "talent.failure_cost": lever.copy()},
        base_levers={"talent.failure_cost": lever}, failed=np.array([10.0, 10.0]), tally={"second_tries": np.zeros((2, 2))},
    )  # fmt: skip
    assert failure.exploring(world).tolist() == [0.2, 0.2]
    world.levers["talent.failure_cost"][0] = 0.3
    p = failure.exploring(world)
    assert p[0] / (1 - p[0]) == pytest.approx(0.25 * np.exp(0.2))
    assert p[1] == 0.2
    assert failure.second_tries(world) == pytest.approx([2.0, 0.0])
    assert not world.failed.any(), "each failure is counted once"


def test_a_hiring_subsidy_lowers_the_cost_of_small_firms_only() -> None:
    world = land()
    world.levers["government.hiring_subsidy"] = np.zeros(3)
    firms = np.flatnonzero((world.orgs.kind == FIRM) & (world.orgs.jurisdiction == 0))[:2]
    world.orgs.size_rank[firms] = (50.0, 500.0)
    assert recruits.cost_left(world, firms, 0) == 1.0
    world.levers["government.hiring_subsidy"][0] = 0.4
    stay = world.p["firm.subsidy_years"] * (0.08 + 1 / 25)
    assert recruits.cost_left(world, firms, 0) == pytest.approx([1 - 0.4 * stay, 1.0])


def test_counsel_serves_more_firms_with_more_room_and_fewer_with_less() -> None:
    def year(room: float) -> Any:
        world = land()
        orgs = world.orgs
        orgs.awareness[:] = 0.4
        orgs.employees[:] = 50.0
        world.base_levers = {"awareness.desks": np.full(3, 0.3)}
        world.levers["awareness.desks"] = np.array([room, 0.3, 0.3])
        for world.month in range(12):
            world.month_of_year, world.draw.month = world.month, world.month
            sme_counsel.advise(world)
        return world

    usual, more, less = year(0.3), year(0.8), year(0.1)
    assert (usual.orgs.awareness == 0.4).all(), "what is usual is part of the usual awareness"
    here = (usual.orgs.kind == FIRM) & (usual.orgs.jurisdiction == 0)
    assert (more.orgs.awareness[here] >= 0.4).all()
    assert more.orgs.awareness[here].mean() > 0.4 > less.orgs.awareness[here].mean()
    assert (more.orgs.awareness[~here] == 0.4).all()
    advised = int(np.flatnonzero(more.orgs.advised >= 0)[0])
    other = int(np.flatnonzero(here & (more.orgs.advised < 0))[0])
    terms = sme_counsel.better_terms(more, np.array([advised, other, other]), np.array([other, advised, other]))
    assert terms == pytest.approx([1.05, 0.95, 1.0])


def test_honors_lift_their_fields_and_fade() -> None:
    world = land()
    world.base_levers = {"talent.honors": np.full(3, 0.3)}
    world.levers["talent.honors"] = np.array([1.3, 0.3, 0.3])
    world.p = world.p.with_values({"honors.fields": 2})
    inv, start = world.inventors, world.inventors.motivation.copy()
    known = honors.book(world)
    for world.month in range(0, 36, 12):
        world.month_of_year = 9
        honors.confer(world)
    honored = known.fields[inv.jurisdiction, inv.field] & (inv.jurisdiction == 0) & (inv.employer >= 0)
    ratio = inv.motivation / start
    assert ratio[honored].mean() > 1.01
    assert ratio[~honored] == pytest.approx(1.0)
    assert honors.tilt(world)[0].max() > 1.0 > honors.tilt(world)[0].min()
    top = known.lift[0].max()
    world.levers["talent.honors"][0] = 0.3
    honors.confer(world)
    assert 0.0 < known.lift[0].max() < top


def test_a_platform_adds_someone_from_a_distant_field() -> None:
    world = land()
    world.levers["science.platform_reach"] = np.array([1.0, 0.0, 0.0])
    firm = int(np.flatnonzero((world.orgs.kind == FIRM) & (world.orgs.jurisdiction == 0))[-1])
    add_people(world, firm, 5, 90_000, field=0)
    world.month = 0
    owner, uid = np.full(200, firm), fold(np.arange(200), 9)
    before = teams.form_teams(world, owner, uid)
    size, field = before.size.copy(), world.inventors.field
    after = project_platform.bring_together(world, owner, uid, before)
    grown = after.size > size
    assert grown.mean() > 0.9
    assert after.cross_field[grown].all()
    new = after.members[np.flatnonzero(grown), size[grown]]
    assert (field[new] != field[after.lead[grown]]).all()
    assert (world.inventors.jurisdiction[new] == 0).all()


# -- the cycle and the coupling degree ----------------------------------------------------------------------------------


def test_the_plan_moves_money_to_the_laggard_within_its_limit() -> None:
    moved = dict.fromkeys(coupling.STAGES, 0.0)
    for _ in range(8):
        moved = plan(moved, {"creation": 0.0, "protection": -0.1, "exploitation": 0.1, "people": 0.3}, 0.02, 0.1)
    assert moved == {"creation": 0.0, "protection": 0.0, "exploitation": 0.0, "people": 0.1}
    moved = plan(moved, {"creation": 0.0, "protection": -0.1, "exploitation": 0.4, "people": 0.3}, 0.02, 0.1)
    assert moved["exploitation"] == 0.02
    assert sum(moved.values()) == pytest.approx(0.1)


def test_a_stage_gets_what_its_money_buys() -> None:
    world = World(Scenario.baseline(scale=5000, years=1, burn_in_years=1), seed=1)
    from policies.measures import known_measures

    values = known_measures()["jp_strategy_cycle"].values
    got = spend(world, 2, "protection", 1000.0, values)
    small = values["small_share"] * world.fact("real_rd_firms")[2]
    assert got["awareness.desks"] * values["advice"] * small + got["office.examiners"] * values["examiner"] == (
        pytest.approx(1000.0)
    )
    assert spend(world, 2, "creation", 10.0, values) == {"government.rd_grants": 10.0}


def test_coupling_degree_and_its_classes() -> None:
    u1, u2 = np.array([0.36, 0.9]), np.array([0.36, 0.1])
    c, modified, d = coupling.degree(u1, u2)
    assert c == pytest.approx([1.0, 0.6])
    assert modified == pytest.approx([1.0, np.sqrt(0.2 / 9)])
    assert d == pytest.approx((u1 * u2) ** 0.25), "with equal weights D is a mean level"
    assert coupling.class_of(0.05) == "extreme imbalance"
    assert coupling.class_of(0.6) == "primary coordination"
    assert coupling.class_of(1.0) == "quality coordination"


def test_reference_is_frozen_and_complete() -> None:
    frozen = coupling.reference()
    for system in coupling.SYSTEMS:
        assert sum(m.weight for m in frozen.members if m.system == system) == pytest.approx(1.0, abs=1e-3)
    assert {m.stage for m in frozen.members} == {*coupling.STAGES, ""}
    assert all(m.high > m.low for m in frozen.members)
    member = frozen.members[0]
    x = coupling.scaled(np.array([member.low - 1.0, member.high + 1.0, np.nan]), member)
    assert x.tolist() == [0.01, 0.99, 0.5]


def test_entropy_weighs_what_differs() -> None:
    frozen = coupling.reference()
    members = [m for m in frozen.members if m.system == "ip"][:2] + [m for m in frozen.members if m.system == "sti"][:1]
    scores = np.array([[0.5, 0.5, 0.5, 0.6], [0.1, 0.9, 0.5, 0.5], [0.4, 0.5, 0.6, 0.7]])
    weights = [m.weight for m in weighted(members, scores)]
    assert weights[1] > 10 * weights[0]
    assert weights[0] + weights[1] == pytest.approx(1.0, abs=1e-4)
    assert weights[2] == 1.0


def test_another_scenario_leaves_the_index_of_the_base_alone() -> None:
    found = run_seeds(
        [Scenario.baseline(scale=5000, years=1, burn_in_years=2)], (1,), ("coupling_d", "chain_gap"), workers=1
    )
    d, gap = found[0][0].window()[found[0][0].names.index("coupling_d")], found[0][0].window()[0]
    assert ((d[:4] > 0.2) & (d[:4] < 1.0)).all()
    assert ((gap[:4] > 0.0) & (gap[:4] < 1.0)).all()
    assert d[4] == 0.0


def test_talent_state_keeps_what_is_on_its_way() -> None:
    world = land()
    assert world.talent.lesson.shape == world.talent.education.shape
    assert population.QUARTER == 3
    assert Tally(world.J, world.S)["platform_projects"].sum() == 0.0
