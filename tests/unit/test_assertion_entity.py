"""Assertion entities on hand-made columns: they buy idle rights, assert them, and live or die by what that brings."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from agents.assertion_entity import assertion_value, open_assertion_entities
from agents.organizations import ASSERTION
from ecosystem.domain.ledgers import DEALS
from tests.unit.test_court import count, make_world, run, values  # noqa: F401  (fixture)


def assertive_world(rights: int = 6000, **pulls: object) -> SimpleNamespace:
    world = make_world(rights, **pulls)
    open_assertion_entities(world)
    return world


def test_entities_buy_idle_rights_and_live_on_settlements() -> None:
    world = assertive_world(start=0)
    run(world, 120)
    orgs, r = world.orgs, world.rights
    held = world.courts.portfolio
    assert len(held) > 0
    assert (orgs.kind[r.owner[held]] == ASSERTION).all()
    sales = world.deals.kind == DEALS.index("sale")
    assert sales.sum() == count(world, "rights_bought_by_entities").sum() / world.scale
    # The technology itself stays with its maker.
    assert (orgs.kind[world.inventions.owner[r.invention[held]]] != ASSERTION).all()
    mine = world.courts.cases.entity[: world.disputes.n]
    assert mine.any()
    assert (world.disputes.stage[mine] > 0).any()
    entities = np.flatnonzero(orgs.kind == ASSERTION)
    assert (orgs.cash[entities] >= -1e-9).all()
    assert world.accounts.imbalance() < 1e-9


def test_used_rights_are_not_for_sale() -> None:
    world = assertive_world(1500)
    world.inventions.line[:] = 0
    run(world, 48)
    assert len(world.courts.portfolio) == 0
    assert world.deals.kind.tolist().count(DEALS.index("sale")) == 0


def test_where_assertion_pays_nothing_money_stops() -> None:
    world = assertive_world(1500, court__hurdle=5.0)
    run(world, 60)
    invested = world.accounts.received["organizations"]
    assert len(world.courts.portfolio) == 0
    assert count(world, "npe_suits").sum() == 0
    # One seed and the trickle of newcomers, whose cash is still there.
    assert invested == pytest.approx(8 * 75.0 * world.p["assertion.seed_capital"], rel=0.5)


def test_rights_are_worth_more_where_damages_are_high_and_courts_cheap() -> None:
    world = assertive_world(1500)
    us = np.arange(0, 6000, 4)
    base = assertion_value(world, us).sum()
    world.levers["court.damages"] = world.levers["court.damages"] * 2
    rich = assertion_value(world, us).sum()
    world.levers["court.hurdle"] = np.full(5, 0.5)
    hampered = assertion_value(world, us).sum()
    assert base < rich
    assert hampered < rich


def test_loser_pays_moves_entities_and_practising_owners_apart() -> None:
    def suits(share: float) -> tuple[float, float]:
        world = assertive_world(9000, court__fee_shifting=share)
        run(world, 120)
        npe = count(world, "npe_suits")[0]
        return float(npe), float(count(world, "suits")[0] - npe)

    (npe, practising), (npe_shifted, practising_shifted) = suits(0.0), suits(0.7)
    assert npe_shifted < 0.75 * npe
    assert practising_shifted > 1.2 * practising


def test_letters_of_entities_are_more_often_abusive() -> None:
    world = assertive_world()
    run(world, 120)
    d = world.disputes
    mine = world.courts.cases.entity[: d.n]
    assert mine.sum() > 20
    assert d.abusive[mine].mean() > d.abusive[~mine].mean()
