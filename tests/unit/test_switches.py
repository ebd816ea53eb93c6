"""Each switch leaves out its mechanism and nothing stays of it; what counts in a return on R&D can be chosen."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from agents.firm.budget import budget
from agents.firm.clearance import LICENSE, clear
from ecosystem import Scenario, World
from ecosystem.domain.switches import all_meet, filing_fee, friction, never_sue
from ecosystem.kernel.table import NEVER
from ecosystem.scenario import declared_parameters

MONTHS = 8


@cache
def start() -> bytes:
    """A small world at the start of its horizon."""
    return World(Scenario.baseline(scale=10_000, years=1, burn_in_years=6), seed=2).frozen()


@pytest.fixture
def world_with() -> Callable[..., World]:
    """Return a world at the start of its horizon with switches set."""

    def make(**switches: float) -> World:
        world: World = pickle.loads(start())
        world.p = world.p.with_values({f"switch.{name}": value for name, value in switches.items()})
        return world

    return make


def run(world: World) -> World:
    for _ in range(MONTHS):
        world.step()
    return world


def count(world: World, name: str) -> float:
    rows = [i for i, month in enumerate(world.records.months) if month >= 0]
    return float(world.records.counts(name, rows).sum())


def paid(world: World, kind: str) -> float:
    """Sum of the payments of a kind in the year under way."""
    return float(sum(cell.sum() for (_, _, word, _), cell in world.accounts.cells.items() if word == kind))


def test_every_switch_stands_at_one() -> None:
    found = {name: p for name, p in declared_parameters().items() if name.startswith("switch.")}
    assert set(found) == {
        f"switch.{name}" for name in ("imitation", "rd_feedback", "cumulative", "litigation", "licensing_frictions",
                                      "spillovers", "examination")
    }  # fmt: skip
    assert all((p.value, p.low, p.high) == (1.0, 0.0, 1.0) for p in found.values())


def test_at_one_levers_are_read_as_they_are(world_with: Callable[..., World]) -> None:
    world = world_with()
    assert friction(world, "transfer.transaction_cost") is world.levers["transfer.transaction_cost"]
    assert never_sue(world) is world.levers["court.agreeable_share"]
    assert filing_fee(world) is world.levers["office.filing_fee"]
    assert all_meet(world, 0.3) == 0.3


def test_the_world_as_it_is_has_what_the_switches_leave_out(world_with: Callable[..., World]) -> None:
    world = run(world_with())
    for name in ("citations", "letters", "external_parent", "adoption_attempts"):
        assert count(world, name) > 0.0, name
    assert paid(world, "deal_cost") > 0.0
    assert paid(world, "examiner_pay") > 0.0


def test_without_cumulation_nobody_has_parents(world_with: Callable[..., World]) -> None:
    world = run(world_with(cumulative=0.0))
    assert count(world, "inventions") > 0.0
    assert count(world, "citations") == 0.0
    inv = world.inventions
    new = inv.month[: inv.n] >= 0
    assert (inv.parent1[: inv.n][new] == -1).all()


def test_without_spillovers_only_own_inventions_help(world_with: Callable[..., World]) -> None:
    world = run(world_with(spillovers=0.0))
    assert count(world, "citations") > 0.0
    assert count(world, "external_parent") == 0.0
    assert (world.science.access(world) == 1.0).all()


def test_without_litigation_no_letter_is_written(world_with: Callable[..., World]) -> None:
    world = run(world_with(litigation=0.0))
    assert count(world, "letters") == count(world, "abusive_assertions") == 0.0


def test_without_litigation_nobody_pays_to_infringe(world_with: Callable[..., World]) -> None:
    """Who need not fear a suit needs no license either, unless custom keeps it from infringing."""
    world = world_with(litigation=0.0)
    world.levers["enforcement.refrain"][:] = 0.0
    result, n = _cleared(world)
    assert (result.redress == 0.0).all()
    assert not (result.route == LICENSE).any()
    assert n > 0


def test_perfect_markets_license_whatever_leaves_something(world_with: Callable[..., World]) -> None:
    """With nobody infringing and no way around, all who can share a gain of 1 with an owner who loses nothing agree."""
    world = world_with(licensing_frictions=0.0)
    usual = world_with()
    for each in (world, usual):
        each.levers["enforcement.refrain"][:] = 1.0
    assert (_cleared(world)[0].route == LICENSE).all()
    assert not (_cleared(usual)[0].route == LICENSE).all()


def _cleared(world: World):  # type: ignore[no-untyped-def]
    """Clear 200 users, seated where the right is, of one right each; gain 1, owner's loss 0, no inventing around."""
    rights, orgs = world.rights, world.orgs
    right = np.flatnonzero(rights.in_force & (rights.office < world.P))[:200]
    users = np.array([np.flatnonzero(orgs.alive & (orgs.jurisdiction == j) & (orgs.sector >= 0))[0]
                      for j in rights.office[right]])  # fmt: skip
    n = len(right)
    key = np.arange(1, n + 1, dtype=np.int64)
    return clear(world, key, users, np.ones(n), right[:, None], np.zeros((n, 1)), np.full(n, 1e9)), n


def test_perfect_markets_charge_nothing(world_with: Callable[..., World]) -> None:
    world = run(world_with(licensing_frictions=0.0))
    assert count(world, "license_and_sale_deals") > 0.0
    assert paid(world, "deal_cost") == paid(world, "commission") == 0.0


def test_costless_examination_decides_at_once_and_rightly(world_with: Callable[..., World]) -> None:
    world = run(world_with(examination=0.0))
    rights = world.rights
    filed = np.flatnonzero(
        (rights.filed[: rights.n] >= 0) & (rights.kind[: rights.n] == 0) & (rights.office[: rights.n] < world.P)
    )
    filed = filed[rights.decided[filed] != NEVER]
    assert len(filed) > 50
    assert (rights.decided[filed] - rights.filed[filed] <= 1).all()
    assert not rights.granted_in_error[filed].any()
    assert not rights.refused_in_error[filed].any()
    assert 0 < (rights.outcome[filed] == 1).sum() < len(filed)
    assert paid(world, "examiner_pay") == 0.0


@pytest.mark.parametrize(
    ("name", "column", "sign"),
    [("settlements", "settlement_income", 1.0), ("payments", "license_payments", -1.0), ("legal", "legal_cost", -1.0)],
)
def test_what_counts_in_the_return_is_chosen(
    world_with: Callable[..., World], name: str, column: str, sign: float
) -> None:
    """Settlements count unless switched out, payments to owners do not unless switched in, legal cost is taken off."""
    marks = []
    for value in (0.0, 1.0):
        world = world_with()
        world.p = world.p.with_values({f"firm.{name}_in_return": value})
        due = np.flatnonzero(
            world.orgs.alive & (world.orgs.kind == 0) & (world.orgs.anniversary == 0) & ~world.orgs.passive
        )
        getattr(world.orgs, column)[due] = 7.0
        budget(world)
        marks.append(world.orgs.income_mark[due].copy())
    assert len(marks[0]) > 0
    change = marks[1] - marks[0]
    assert np.allclose(change, 7.0 * sign)
