"""People on hand-made columns: they enter with a lag, move, migrate without loss, cost more when they are scarce."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.inventor import growth, hiring, migration, population, wages
from agents.organizations import FIRM, UNIVERSITY
from ecosystem.domain.indicators import Tally
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.luck import Pool, fold
from tests.unit.test_teams import add_firm, make_world

FACTS = {
    "researchers": (400_000.0, 200_000.0, 600_000.0), "business_researcher_share": (0.8, 0.7, 0.5),
    "career_years": (25.0, 25.0, 25.0), "foreign_share": (0.16, 0.025, 0.05),
}  # fmt: skip


def land(seed: int = 1, firms: int = 40, **values: float) -> Any:
    """Two places with firms of all sectors and two universities each, and the rest of the world with passive firms."""
    world = make_world(seed, **values)
    world.fields = type("Fields", (), {"names": [f"f{i}" for i in range(world.F)]})()
    world.sectors = {"rd_share": np.array([0.5, 0.3, 0.2])}
    world.fact = lambda name: np.array(FACTS[name])
    world.levers = {
        "talent.education": np.ones(3), "talent.openness": np.ones(3), "talent.mobility": np.full(3, 0.08),
        "talent.inventor_reward": np.full(3, 0.02), "university.inventor_share": np.full(3, 0.33),
        "law.noncompete": np.zeros(3), "talent.visa_merit": np.zeros(3), "talent.option_share": np.zeros(3),
        "talent.training": np.zeros(3),
    }  # fmt: skip
    world.calendar, world.tally, world.month = Calendar(), Tally(world.J, world.S), -1
    world.draw.month = -1
    orgs = world.orgs
    for place in (0, 1):
        people = FACTS["researchers"][place]
        share = FACTS["business_researcher_share"][place]
        mine = [add_firm(world, 100 * place + i, place=place, sector=i % world.S) for i in range(firms)]
        size = np.arange(1.0, firms + 1)
        orgs.weight[mine] = 83.0
        orgs.heads[mine] = people * share * size / size.sum() / 83.0
        orgs.employees[mine] = 20.0 * size
        schools = [add_firm(world, 900 + 2 * place + i, place=place, sector=-1, kind=UNIVERSITY) for i in range(2)]
        orgs.weight[schools] = 80.0
        orgs.heads[schools] = people * (1 - share) / 160.0
    orgs.founded[:] = -600
    orgs.rd[:] = orgs.heads * 0.4
    orgs.wanted[:] = orgs.heads
    orgs.awareness[:] = 0.8
    for s in range(world.S):
        abroad = add_firm(world, 1000 + s, place=2, sector=s)
        orgs.passive[abroad] = True
    population.open_inventors(world)
    return world


def month(world: Any) -> None:
    world.draw.month = world.month
    world.tally.clear()
    for step in (
        wages.clear_wage, hiring.leave, migration.migrate, hiring.enter, hiring.move, hiring.hire, wages.staff,
        growth.motivate, population.census,
    ):  # fmt: skip
        step(world)
    world.month += 1


def test_start_follows_the_data() -> None:
    world = land()
    inv, orgs = world.inventors, world.orgs
    assert np.bincount(inv.jurisdiction).tolist() == [800, 400, 1200]
    assert world.talent.count.tolist() == [800, 400, 1200]
    business = np.isin(inv.employer, np.flatnonzero(orgs.kind == FIRM)) & (inv.jurisdiction == 0)
    assert business.sum() == 640
    target = population.staff_target(world, np.flatnonzero(orgs.heads > 0))
    assert np.abs(orgs.inventors[orgs.heads > 0] - target).max() < 1.0
    foreign = world.talent.foreign / world.talent.count
    assert foreign[0] == pytest.approx(0.16, abs=0.04)
    assert np.log(inv.skill).std() == pytest.approx(1.5, abs=0.08)
    assert inv.motivation.mean() == pytest.approx(1.0, abs=0.03)


def test_rounding_is_exact_in_sum_and_fair_to_small_employers() -> None:
    quota = np.full(1000, 0.3)
    hits = np.zeros(1000)
    for k in range(40):
        counts = population.allot(quota, fold(np.arange(1000), k))
        assert counts.sum() == 300
        assert set(counts) <= {0, 1}
        hits += counts
    assert hits.mean() == pytest.approx(12)
    assert hits.max() < 25, "not always the same"
    assert (population.allot(np.array([2.0, 3.0, 5.0]), np.array([7, 8, 9])) == [2, 3, 5]).all()


def test_stock_is_stationary_without_growth() -> None:
    world = land(talent__intake_growth=0.0)
    for _ in range(240):
        month(world)
    # The age structure is drawn, so the stock wobbles by its square root; a wrong intake would drift far more.
    assert world.talent.count == pytest.approx([800, 400, 1200], rel=0.08)
    foreign = world.talent.foreign / world.talent.count
    assert foreign[0] == pytest.approx(0.16, abs=0.05)
    assert foreign[1] == pytest.approx(0.025, abs=0.03)
    people, inv = world.inventors.active, world.inventors
    employed = people & (inv.employer >= 0)
    assert (world.orgs.inventors == np.bincount(inv.employer[employed], minlength=world.orgs.n)).all()
    assert employed[inv.jurisdiction < 2][people[inv.jurisdiction < 2]].mean() > 0.99


def test_clearing_wage_oracle() -> None:
    w = wages.clearing_wage(np.array([1.1, 0.4, 0.0]), np.array([1.0, 0.4, 0.0]), 0.5)
    assert w == pytest.approx([1.1 ** (1 / 1.5), 1.0, 1.0])


def test_wages_rise_when_money_rises_and_heads_stay_within_supply() -> None:
    world = land()
    month(world)
    month(world)
    assert world.wage == pytest.approx(1.0)
    world.orgs.rd[world.orgs.jurisdiction == 0] *= 1.5
    world.orgs.wanted[world.orgs.jurisdiction == 0] *= 1.5
    for _ in range(36):
        month(world)
    assert world.wage[0] == pytest.approx(1.5 ** (1 / 1.5), rel=0.06)
    assert world.wage[1] == pytest.approx(1.0, rel=0.06)
    mine = world.orgs.jurisdiction == 0
    heads = (world.orgs.heads * world.orgs.weight)[mine].sum()
    assert heads <= world.talent.count[0] * world.scale * world.wage[0] ** 0.5 * (1 + 1e-9)
    assert heads > 400_000, "better pay draws out more work"


def test_education_acts_after_six_years() -> None:
    base, more = land(), land()
    more.levers["talent.education"][0] = 1.5
    flow = []
    for _ in range(108):
        month(base)
        month(more)
        flow.append((base.tally["new_inventor_inflow"].sum(axis=1), more.tally["new_inventor_inflow"].sum(axis=1)))
    early = np.array(flow[:71]).sum(axis=0)
    late = np.array(flow[74:]).sum(axis=0)
    assert early[0] == pytest.approx(early[1]), "nothing for six years"
    places = 1.5 ** base.p["talent.study_places"]
    assert late[1][0] / late[0][0] == pytest.approx(places, rel=0.06)
    assert late[1][1] == pytest.approx(late[0][1], rel=0.05)


def test_migration_conserves_people_and_answers_openness() -> None:
    base, open_ = land(), land()
    open_.levers["talent.openness"][0] = 3.0
    came = np.zeros(2)
    for _ in range(36):
        for k, world in enumerate((base, open_)):
            world.draw.month = world.month
            world.tally.clear()
            before = np.bincount(world.inventors.jurisdiction[world.inventors.active], minlength=3)
            migration.migrate(world)
            after = np.bincount(world.inventors.jurisdiction[world.inventors.active], minlength=3)
            net = world.tally["net_inventor_immigration"].sum(axis=1)
            assert after.sum() == before.sum()
            assert net.sum() == 0.0
            assert (after - before) * world.scale == pytest.approx(net)
            came[k] += world.tally["inventor_immigration"][0].sum() / world.scale
            hiring.hire(world)
            world.month += 1
    assert came[1] / came[0] == pytest.approx(3.0, rel=0.1)


def test_mobility_moves_people_and_noncompete_stops_rivals_only() -> None:
    def moves(**levers: float) -> tuple[float, float]:
        world = land(talent__layoff_rate=0.0)
        for name, value in levers.items():
            world.levers[name.replace("__", ".")][:] = value
        total = stopped = 0.0
        for _ in range(36):
            month(world)
            total += world.tally["inventor_moves"][:2].sum()
            stopped += world.tally["moves_stopped"][:2].sum()
        return total / world.scale, stopped / world.scale

    usual, none = moves()
    double, _ = moves(talent__mobility=0.16)
    bound, stopped = moves(law__noncompete=0.9)
    assert none == 0.0
    assert usual == pytest.approx(0.08 * 3 * 1200, rel=0.2)
    assert double / usual == pytest.approx(2.0, rel=0.2)
    assert bound < usual
    assert 0.0 < stopped < usual


def test_people_of_a_closed_organization_find_work() -> None:
    world = land()
    giant = int(np.argmax(world.orgs.inventors * (world.orgs.kind == FIRM)))
    people = np.flatnonzero(world.inventors.active & (world.inventors.employer == giant))
    world.orgs.alive[giant] = False
    month(world)
    month(world)
    still = people[world.inventors.active[people]]
    assert world.orgs.inventors[giant] == 0
    assert (world.inventors.employer[still] != giant).all()
    assert (world.inventors.employer[still] >= 0).mean() > 0.95


def test_a_newcomer_changes_few_choices_of_others() -> None:
    def chosen(extra: bool) -> np.ndarray:
        world = land()
        if extra:
            late = add_firm(world, 77_777, place=0, sector=1)
            world.orgs.weight[late], world.orgs.wanted[late] = 83.0, 3.0
        uid = fold(np.arange(2000), 88)
        return hiring.choose_employers(world, uid, np.zeros(2000, np.int64), np.full(2000, -1))

    a, b = chosen(False), chosen(True)
    assert (a != b).mean() < 0.08


def test_motivation_follows_rewards() -> None:
    world = land()
    world.levers["talent.inventor_reward"][0] = 0.12
    for _ in range(120):
        month(world)
    goal = 1.12 / 1.02
    assert world.talent.drive[0, 0] == pytest.approx(goal, rel=0.01)
    assert world.talent.drive[0, 1] == 1.0
    inv = world.inventors
    mine = inv.active & (inv.jurisdiction == 0) & np.isin(inv.employer, np.flatnonzero(world.orgs.kind == FIRM))
    assert inv.motivation[mine].mean() == pytest.approx(goal, rel=0.03)


def test_census_oracle() -> None:
    world = land()
    month(world)
    inv = world.inventors
    people = inv.active
    assert world.talent.count == pytest.approx(np.bincount(inv.jurisdiction[people], minlength=3))
    strangers = people & (inv.origin != inv.jurisdiction)
    assert world.talent.foreign == pytest.approx(np.bincount(inv.jurisdiction[strangers], minlength=3))
    employed = people & (inv.employer >= 0) & (inv.jurisdiction == 0)
    assert world.motivation[0] == pytest.approx(inv.motivation[employed].astype(np.float64).mean(), rel=1e-9)


def test_awareness_drifts_to_the_employers() -> None:
    world = land()
    world.orgs.awareness[:] = 0.2
    for _ in range(96):
        month(world)
    employed = world.inventors.active & (world.inventors.employer >= 0) & (world.inventors.jurisdiction < 2)
    assert world.inventors.awareness[employed].mean() < 0.35


def test_the_board_of_posts_equals_whole_columns() -> None:
    world = land()
    orgs = world.orgs
    orgs.alive[3] = False
    orgs.wanted[5] *= 1.5
    owner, uid, hashed, group, part, total = hiring.open_posts(
        orgs.uid, orgs.kind, orgs.alive, orgs.passive, orgs.sector, orgs.jurisdiction, orgs.wanted, orgs.weight,
        orgs.inventors, world.sectors["rd_share"], 0.05, float(world.scale), world.J,
    )  # fmt: skip
    slots = np.flatnonzero(orgs.alive)
    target = population.staff_target(world, slots)
    target = np.where(orgs.passive[slots], world.sectors["rd_share"][np.maximum(orgs.sector[slots], 0)], target)
    staff = np.where(orgs.passive[slots], 0, orgs.inventors[slots])
    vacancy = np.maximum(0.0, target - staff) + 0.05 * target
    slots, vacancy = slots[vacancy > 0], vacancy[vacancy > 0]
    posts = np.ceil(vacancy).astype(np.int64)
    assert owner.tolist() == np.repeat(slots, posts).tolist()
    assert part == pytest.approx(np.repeat(vacancy / posts, posts))
    kind = np.where(orgs.sector[slots] >= 0, orgs.sector[slots], world.S)
    where = orgs.jurisdiction[slots].astype(np.int64) * (world.S + 1) + kind
    assert group.tolist() == np.repeat(where, posts).tolist()
    assert total.ravel() == pytest.approx(np.bincount(where, vacancy, total.size))
    assert (uid == fold(orgs.uid[owner], hiring.count_up(posts), 33)).all()
    assert (hashed == fold(uid, 7)).all()


def test_candidates_for_migration_are_the_pool_of_whole_columns() -> None:
    world = land()
    world.month = 0
    inv = world.inventors
    inv.active[::5] = False
    pool = migration.migrants(world)
    slots = np.flatnonzero(inv.active)
    weight = inv.skill[slots].astype(np.float64) ** world.p["talent.migrant_selection"]
    oracle = Pool.of(slots, inv.uid[slots], inv.jurisdiction[slots], world.J, weight)
    for j in range(world.J):
        mine, want = slice(pool.low[j], pool.high[j]), slice(oracle.low[j], oracle.high[j])
        assert sorted(pool.slots[mine]) == sorted(oracle.slots[want])
        assert (np.diff(pool.ring[mine].astype(np.float64)) >= 0).all()
    assert pool.weight == pytest.approx(inv.skill[pool.slots].astype(np.float64) ** world.p["talent.migrant_selection"])
