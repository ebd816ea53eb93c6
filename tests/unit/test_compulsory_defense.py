"""Compulsory licenses and defense: who gets leave against the owner's will, what stays secret, what comes out."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from agents import defense, intermediary
from agents.firm.clearance import DROP, LICENSE, Clearance
from agents.firm.compulsory import force
from agents.transfer.listing import make_list
from agents.transfer.offers import meeting_chance
from ecosystem.domain.knowledge import STATUS
from ecosystem.domain.ledgers import DEALS, ROUTES

if TYPE_CHECKING:
    from ecosystem.world import World

N = 400


@pytest.fixture(scope="module")
def young() -> World:
    """A world with most of its horizon before it; shared, so do not change it."""
    from ecosystem import Scenario, World

    out = World(Scenario.baseline(scale=5000, years=6), seed=1)
    for _ in range(24):
        out.step()
    return out


@pytest.fixture
def world(young: World) -> World:
    copy: World = pickle.loads(pickle.dumps(young))
    return copy


def refused(n: int = N) -> Clearance:
    return Clearance(
        np.full(n, DROP), np.zeros((n, 2)), np.zeros(n), np.ones(n, bool), np.ones(n, bool), np.zeros(n)
    )  # fmt: skip


def ask(world: World, gain: float = 5.0, **levers: float) -> tuple[Clearance, np.ndarray]:
    for name, value in levers.items():
        world.levers[name.replace("__", ".")][:] = value
    firms = world.orgs.living(0)
    rights = np.tile(np.array([0, -1]), (N, 1))
    c = refused()
    return c, force(world, 1 + np.arange(N), firms[np.arange(N) % len(firms)], np.full(N, gain), rights, c)


def test_refused_users_get_leave_as_far_as_the_law_reaches(world: World) -> None:
    c, forced = ask(world, law__compulsory_license=0.0)
    assert not forced.any()
    assert (c.route == DROP).all()
    c, forced = ask(world, law__compulsory_license=0.5, law__compulsory_royalty=0.2)
    assert 0.4 < forced.mean() < 0.6
    assert (c.route[forced] == LICENSE).all()
    assert (c.route[~forced] == DROP).all()
    np.testing.assert_allclose(c.price[forced], np.tile([1.0, 0.0], (forced.sum(), 1)))
    assert (c.net[forced] < 4.0).all()
    more = ask(world, law__compulsory_license=1.0)[1]
    assert more.all()
    assert (forced <= more).all()


def test_nobody_asks_where_the_royalty_eats_the_gain(world: World) -> None:
    assert not ask(world, gain=0.0, law__compulsory_license=1.0)[1].any()
    assert not ask(world, gain=0.01, law__compulsory_license=1.0, transfer__transaction_cost=0.02)[1].any()


def run(world: World, months: int, **levers: float) -> World:
    copy: World = pickle.loads(pickle.dumps(world))
    for code in copy.places[: copy.P]:
        for name, value in levers.items():
            copy.levers.set(name.replace("__", "."), value, by="test", on=code, standing=True)
    for _ in range(months):
        copy.step()
    return copy


def test_compulsory_licenses_unblock_and_are_ledger_rows(world: World) -> None:
    base, free = run(world, 24), run(world, 24, law__compulsory_license=1.0)
    code = DEALS.index("compulsory_license")
    assert not (base.deals.kind == code).any()
    rows = np.flatnonzero(free.deals.kind == code)
    assert len(rows)
    assert (free.deals.right[rows] >= 0).all()
    assert free.accounts.imbalance() < 1e-9
    first, refused_by = world.adoptions.n, ROUTES.index("drop")
    stopped = [
        ((w.adoptions.blocked_by >= 0) & (w.adoptions.route == refused_by))[first:].sum()
        + np.count_nonzero(w.inventions.status == STATUS.index("blocked"))
        for w in (base, free)
    ]
    assert stopped[1] < stopped[0]


def test_secret_inventions_are_neither_filed_nor_published_nor_offered(world: World) -> None:
    world.p = world.p.with_values({"defense.secret_share": 1.0})
    later = run(world, 12, science__dual_use=0.0, science__declassification=0.0)
    inv = later.inventions
    secret = np.flatnonzero((inv.defense == defense.SECRET) & (inv.month >= world.month))
    assert len(secret)
    assert (inv.right[secret] < 0).all()
    assert (inv.published[secret] > later.month).all()
    assert not np.isin(secret, later.deals.invention).any()
    assert (inv.line[secret] < 0).all()
    assert later.tally is not None
    _, found = later.records.totals("defense_field_inventions", 12, first=world.month)
    assert found.sum() == pytest.approx(later.scale * ((inv.defense > 0) & (inv.month >= world.month)).sum())


def test_declassified_inventions_are_filed_and_offered(world: World) -> None:
    world.p = world.p.with_values({"defense.secret_share": 1.0})
    world.p = world.p.with_values({"defense.secret_years": 0.0})
    later = run(world, 36, science__declassification=0.95, science__dual_use=0.0)
    inv = later.inventions
    out = np.flatnonzero(inv.defense == defense.DECLASSIFIED)
    assert len(out)
    assert (inv.right[out] >= 0).all()
    assert (later.rights.owner_at_filing[inv.right[out]] >= 0).all()
    assert (inv.published[out] <= later.month).any()
    assert not np.isin(out, defense.secrets(later).held).any()
    taken = np.isin(out, later.deals.invention)
    assert (taken | np.isin(out, make_list(later).which)).any()
    few = run(world, 12, science__declassification=0.0)
    assert not (few.inventions.defense[world.inventions.n :] == defense.DECLASSIFIED).any()


def test_dual_use_carries_civil_technology_to_laboratories(world: World) -> None:
    world.p = world.p.with_values({"defense.spin_in": 5.0})
    base, wide = run(world, 12, science__dual_use=0.0), run(world, 12, science__dual_use=0.9)
    taken = []
    for w in (base, wide):
        new = np.arange(world.deals.n, w.deals.n)
        taken.append(np.isin(w.orgs.kind[w.deals.taker[new]], (1, 2)).sum())
    assert taken[0] == 0
    assert taken[1] > 0
    held = [len(defense.secrets(w).held) for w in (base, wide)]
    assert held[1] < held[0]
    assert wide.accounts.imbalance() < 1e-9


def test_a_wider_association_adds_meetings_of_firms_only(world: World) -> None:
    size = np.ones((world.J, world.S))
    world.intermediaries.register.offers[:] = 1e5
    usual = meeting_chance(world, size)
    assert np.array_equal(intermediary.association_extra(world), np.zeros(world.J))
    world.levers["transfer.association_reach"][:] = 5.0
    wide = meeting_chance(world, size)
    assert (wide[: world.P, :, 0] > usual[: world.P, :, 0]).all()
    np.testing.assert_array_equal(wide[:, :, 1], usual[:, :, 1])
    who = 1 + np.arange(4000)
    place, firm = np.zeros(4000, np.int64), np.zeros(4000, bool)
    with_reach = intermediary.arrange(world, who, place, firm)
    world.levers["transfer.association_reach"][:] = 1.0
    without = intermediary.arrange(world, who, place, firm)
    kind = world.intermediaries.kind
    association = intermediary.ASSOCIATION
    assert (kind[with_reach[with_reach >= 0]] == association).sum() > 2 * (
        kind[without[without >= 0]] == association
    ).sum()
