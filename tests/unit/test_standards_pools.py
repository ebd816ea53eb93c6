"""Standards, pools and stacks: who is chosen, what fair terms bound, who joins a pool and what that changes."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from agents import standards as s
from agents.transfer import pools as pl
from ecosystem.domain.ledgers import DEALS

if TYPE_CHECKING:
    from ecosystem.world import World


@pytest.fixture
def world(small_world: World) -> World:
    copy: World = pickle.loads(pickle.dumps(small_world))
    return copy


def busiest(world: World) -> int:
    """The standardized field with most patents in force."""
    r = world.rights
    count = np.bincount(r.field[r.in_force & (r.kind == 0)], minlength=world.F)
    fields = world.fields.standardized
    return int(fields[np.argmax(count[fields])])


def fresh(world: World) -> int:
    f = busiest(world)
    world.rights.sep[:] = False
    world.rights.pooled[:] = False
    s.standards(world).essential.clear()
    s.standards(world).licensed.clear()
    pl.pools(world).members.clear()
    world.p = world.p.with_values({"standards.essential_share": 0.5})
    return f


def test_members_are_chosen_and_who_stays_away_is_not(world: World) -> None:
    f = fresh(world)
    world.levers["standards.participation"][:] = 0.0
    assert not len(s.choose(world, f))
    world.levers["standards.participation"][:] = 0.95
    chosen = s.choose(world, f)
    assert len(chosen)
    assert (world.inventions.field[chosen] == f).all()
    essential = s.standards(world).essential[f]
    assert world.rights.sep[essential].all()
    assert set(world.rights.invention[essential].tolist()) <= set(chosen.tolist())


def test_more_participation_of_a_place_brings_more_of_its_technology(world: World) -> None:
    share = []
    for level in (0.1, 0.95):
        copy: World = pickle.loads(pickle.dumps(world))
        f = fresh(copy)
        copy.levers["standards.participation"][:] = 0.5
        copy.levers["standards.participation"][3] = level
        chosen = s.choose(copy, f)
        share.append((copy.orgs.jurisdiction[copy.inventions.owner[chosen]] == 3).sum())
    assert share[1] > share[0]


def test_a_promise_of_fair_terms_bounds_the_sum_of_royalties(world: World) -> None:
    shape = (world.F, world.P, 6)
    who = s.Licensors(np.full(shape[:2], 6), np.zeros(shape, int), np.full(shape, 1 / 6), np.zeros(shape, int))
    at = np.zeros(1, np.int64)
    world.levers["standards.frand"][:] = 1.0
    fair = s.rates_asked(world, who, at, at)
    np.testing.assert_allclose(fair.sum(), world.p["standards.aggregate_rate"])
    world.levers["standards.frand"][:] = 0.0
    free = s.rates_asked(world, who, at, at)
    np.testing.assert_allclose(free, 1.0 / world.p["market.sigma_across"] / 7.0)
    world.levers["standards.frand"][:] = 0.5
    half = s.rates_asked(world, who, at, at).sum()
    assert fair.sum() < half < free.sum()
    assert s.rates_asked(world, who, at, at, np.full(1, 3)).sum() < half


def test_licensors_are_the_largest_owners_and_a_pool_counts_once(world: World) -> None:
    f = fresh(world)
    world.levers["standards.participation"][:] = 0.95
    s.choose(world, f)
    r = world.rights
    mine = s.standards(world).essential[f]
    mine = mine[r.in_force[mine] & (r.office[mine] == 0)]
    who = s.licensors(world)
    owner, count = np.unique(r.owner[mine], return_counts=True)
    n = min(len(owner), round(world.p["standards.licensors"]))
    assert who.number[f, 0] == n
    np.testing.assert_allclose(who.share[f, 0, :n], np.sort(count)[::-1][:n] / len(mine))
    assert (r.owner[who.right[f, 0, :n]] == who.owner[f, 0, :n]).all()
    assert who.number.sum() == who.number[f].sum()
    r.pooled[mine] = True
    pool = s.licensors(world)
    assert pool.number[f, 0] == 1
    assert pool.owner[f, 0, 0] == s.POOLED
    np.testing.assert_allclose(pool.share[f, 0], [1.0, *np.zeros(pool.share.shape[2] - 1)])


def seek(world: World, f: int, **levers: float) -> tuple[int, int]:
    """Let sellers of the field at the first place be approached; return (licenses, holdouts)."""
    copy: World = pickle.loads(pickle.dumps(world))
    for name, value in levers.items():
        copy.levers[name.replace("__", ".")][:] = value
    copy.levers["standards.participation"][:] = 0.95
    s.choose(copy, f)
    copy.p = copy.p.with_values({"standards.talks_cost": 0.01})
    copy.orgs.cash[:] = np.maximum(copy.orgs.cash, 100.0)
    copy.accounts.close_opening()
    who = s.licensors(copy)
    assert who.number[f, 0]
    seat = copy.orgs.jurisdiction[copy.uses.user]
    new = np.flatnonzero(copy.uses.active & (seat == 0) & ~copy.orgs.passive[copy.uses.user])
    before = copy.deals.n
    copy.tally.clear()
    s.seek(copy, new, who)
    kinds = copy.deals.kind[before:]
    assert (kinds == DEALS.index("standard_license")).all()
    assert copy.rights.sep[copy.deals.right[before:]].all()
    held = copy.tally["standard_holdouts"].sum() / copy.scale
    assert copy.accounts.imbalance() < 1e-9
    return len(kinds), round(held)


def test_sellers_hold_out_where_courts_do_not_bite(world: World) -> None:
    f = fresh(world)
    strong = seek(
        world, f, enforcement__detection=0.9, law__enforcement=0.9, court__damages=5.0, court__agreeable_share=0.0
    )
    weak = seek(world, f, enforcement__detection=0.01, enforcement__refrain=0.0)
    assert strong[0] > 0
    assert strong[0] > weak[0]
    assert weak[1] > strong[1]


def test_owners_join_where_products_read_on_many_and_pay_for_it() -> None:
    able, weight, count = np.ones(8, bool), np.full(8, 1 / 8), np.full(8, 5)
    free = np.zeros(8)
    assert not pl.join(able, weight, count, 1.0, 0.6, 100.0, free, 3).any()
    assert pl.join(able, weight, count, 5.0, 0.6, 100.0, free, 3).all()
    assert not pl.join(able, weight, count, 5.0, 0.6, 100.0, free + 1e3, 3).any()


def test_owners_of_few_but_good_rights_stay_out() -> None:
    weight = np.array([0.4] + [0.6 / 7] * 7)
    count = np.array([1] + [8] * 7)
    inside = pl.join(np.ones(8, bool), weight, count, 5.0, 0.6, 100.0, np.zeros(8), 3)
    assert not inside[0]
    assert inside[1:].all()


def pooled_world(world: World) -> tuple[int, int, np.ndarray]:
    """Put all owners of a field at one office into a pool."""
    f, office = busiest(world), 3
    r, known = world.rights, pl.pools(world)
    rows = np.flatnonzero(r.in_force & (r.kind == 0) & (r.field == f) & (r.office == office))
    rows = rows[~world.orgs.passive[r.owner[rows]]]
    who = np.unique(r.owner[rows]).astype(np.int64)
    assert len(who) >= 3
    r.pooled[rows] = True
    known.members.clear()
    known.members[office, f] = who
    known.shares[office, f] = np.full(len(who), 1 / len(who))
    known.keeps[office, f] = np.full(len(who), 0.25)
    pl._index(world)
    return office, f, rows


def test_a_pool_asks_once_and_its_members_nothing(world: World) -> None:
    office, f, rows = pooled_world(world)
    r = world.rights
    distinct = rows[np.unique(r.owner[rows], return_index=True)[1]][:3]
    stranger = int(np.setdiff1d(world.orgs.living(0), pl.members(world, office, f))[0])
    member = int(pl.members(world, office, f)[0])
    out = pl.bundle(world, np.stack([distinct, distinct]), np.array([stranger, member]))
    assert (out[0] >= 0).sum() == 1
    assert (out[1] >= 0).sum() == 0


def test_income_of_a_pool_goes_to_all_members(world: World) -> None:
    office, f, rows = pooled_world(world)
    who = pl.members(world, office, f)
    giver = int(world.rights.owner[rows[0]])
    world.orgs.cash[giver] += 100.0
    before = world.orgs.cash[who].copy()
    pl.pass_on(world, rows[:1], np.array([1.0]))
    gained = world.orgs.cash[who] - before
    assert (gained[who != giver] > 0).all()
    assert gained[who == giver] < 0
    assert abs((gained * world.orgs.weight[who]).sum()) < 1e-9


def test_a_members_further_patent_keeps_fewer_rivals_out(world: World) -> None:
    office, f, _ = pooled_world(world)
    inv, orgs = world.inventions, world.orgs
    member = pl.members(world, office, f)
    fields = np.flatnonzero((inv.field == f) & (inv.owner >= 0))
    inside = fields[np.isin(inv.owner[fields], member) & (orgs.jurisdiction[inv.owner[fields]] == office)]
    outside = fields[~np.isin(inv.owner[fields], member)]
    assert len(inside)
    assert (pl.keeps(world, inside) == 0.25).all()
    assert (pl.keeps(world, outside) == 1.0).all()


def test_public_support_makes_pools(small_world: World) -> None:
    count = []
    for support in (0.0, 1.0):
        world: World = pickle.loads(pickle.dumps(small_world))
        world.levers["transfer.pool_support"][:] = support
        world.p = world.p.with_values({"pools.member_cost": 5.0})
        known = pl.pools(world)
        known.products[:], known.owners[:] = 5.0, 20.0
        world.month = 12 * (world.month // 12)
        world.orgs.cash[:] = np.maximum(world.orgs.cash, 100.0)
        pl.form(world)
        count.append(pl.count_pools(world).sum())
    assert count[1] > count[0]
