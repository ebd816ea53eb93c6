"""Renewal on hand-made rights: thresholds against brute force, terms that act, money that moves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import renewal, renewal_fees, validation
from agents.organizations import Organizations
from agents.patent_office import Offices
from agents.patent_office.decisions import come_into_force
from ecosystem.domain.indicators import TALLIES, Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.rights import Rights
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.table import NEVER

SCALE = 100.0
LUMPS = np.zeros(51)
LUMPS[[6, 10, 14]] = 0.0015, 0.0028, 0.0056
YEARLY = np.zeros(51)
YEARLY[2:21] = 0.0001 * np.arange(1, 20)


class Levers(dict):  # type: ignore[type-arg]
    """Levers with the usual base."""

    def base(self, name: str) -> np.ndarray:
        """Return the baseline."""
        return np.array([20.0, 20.0, 20.0]) if name == "law.term_years" else np.array([10.0, 10.0, 10.0])


def small_world(values: np.ndarray, monkeypatch: pytest.MonkeyPatch, cash: float = 1e3) -> Any:
    """Return a world with granted rights at two offices whose yearly value falls by a tenth a year."""
    n = len(values)
    world: Any = SimpleNamespace(
        P=2, J=3, S=1, scale=SCALE, month=24, calendar=Calendar(), tally=Tally(3, 1), orgs=Organizations(),
        rights=Rights(), inventions=Inventions(place=3), offices=Offices(), accounts=Accounts(["us", "jp", "row"]),
        levers=Levers({"law.term_years": np.full(3, 20.0), "law.utility_model_years": np.full(3, 10.0),
                       "office.renewal_scale": np.ones(3)}),
        fees=SimpleNamespace(patent=np.stack([LUMPS, YEARLY, LUMPS]), utility_model=np.stack([YEARLY] * 3)),
        valuation=SimpleNamespace(rate=0.05, decay=np.array([0.1])), p={"firm.credit_share": 0.0}, value=values,
        territories=SimpleNamespace(place=np.arange(3)),
    )  # fmt: skip
    world.orgs.add(2, uid=[1, 2], cash=cash, weight=[50.0, 10.0], passive=[False, True], jurisdiction=[0, 2])
    world.accounts.open("organizations", world.orgs)
    world.accounts.open("office")
    world.accounts.open("outside")
    world.accounts.close_opening()
    world.offices.add(2, jurisdiction=[0, 1])
    world.offices.rounds = np.zeros(4, np.int8)
    world.offices.counted = np.zeros(4, np.bool_)
    world.inventions.add(n)
    world.rights.add(n, office=np.arange(n) % 2, invention=np.arange(n), filed=0, decided=24, outcome=1)
    fall = 0.1 / 12.0
    monkeypatch.setattr(validation, "right_value", lambda w, s: w.value[s] * np.exp(-fall * (w.month - 24)))
    come_into_force(world, np.arange(n))
    return world


def run(world: Any, until: int) -> dict[str, float]:
    """Run the rule to a month and return the tallies of all months."""
    total = np.zeros_like(world.tally.values)
    while world.month < until:
        world.month += 1
        world.tally.clear()
        renewal.renew(world)
        total += world.tally.values
    return {name: float(total[i].sum()) for name, i in TALLIES.items()}


def brute_force(fees: np.ndarray, term: float, rate: float, decay: float, age: int, r: float) -> bool:
    """Return whether some plan of further payments has a positive present value."""
    best, total = -np.inf, 0.0
    for i in range(len(fees) - age):
        length = min(1.0, term - (age + i))
        if length <= 0:
            break
        flow = r * np.exp(-(rate + decay) * i) * (1 - np.exp(-(rate + decay) * length)) / (rate + decay)
        total += flow - fees[age + i] * np.exp(-rate * i)
        best = max(best, total)
    return bool(best > 0)


@settings(max_examples=60, deadline=None)
@given(
    fees=st.lists(st.floats(0, 5), min_size=25, max_size=25), term=st.floats(1, 24), decay=st.floats(0.01, 0.5),
    age=st.integers(0, 22), r=st.floats(0.001, 10),
)  # fmt: skip
def test_thresholds_equal_brute_force(fees: list[float], term: float, decay: float, age: int, r: float) -> None:
    if age >= term:
        return
    table = np.array(fees)
    lowest = renewal_fees.thresholds(table, term, 0.05, np.array([decay]))[age, 0]
    if abs(r - lowest) > 1e-9 * max(1.0, lowest):
        assert (r > lowest) == brute_force(table, term, 0.05, decay, age, r)


def test_rising_yearly_fees_make_the_myopic_choice_the_best() -> None:
    fees = renewal_fees.fees_by_age(YEARLY, 20.0)
    lowest = renewal_fees.thresholds(fees, 20.0, 0.05, np.array([0.1]))[1:20, 0]
    np.testing.assert_allclose(lowest, fees[1:20] / ((1 - np.exp(-0.15)) / 0.15))


def test_a_longer_term_is_worth_more_at_the_last_lump_and_not_free_beyond() -> None:
    lumps = renewal_fees.fees_by_age(LUMPS, 20.0)
    short, long = (renewal_fees.thresholds(lumps, t, 0.05, np.array([0.1]))[13, 0] for t in (20.0, 25.0))
    assert long < short
    assert np.flatnonzero(lumps).tolist() == [5, 9, 13, *range(21, 50, 4)]
    assert (renewal_fees.fees_by_age(YEARLY, 20.0)[20:] == YEARLY[20]).all()


def test_valuable_rights_live_to_the_end_of_the_term_and_worthless_ones_lapse(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(np.array([10.0, 10.0, 1e-9, 1e-9]), monkeypatch)
    seen = run(world, 260)
    rights = world.rights
    assert rights.lapsed.tolist() == [240, 240, 60, 36]
    assert not rights.in_force.any()
    assert seen["patents_expired"] == 2 * SCALE
    assert seen["patents_lapsed"] == 2 * SCALE
    assert world.offices.patents_in_force.tolist() == [0, 0]
    paid = np.array([LUMPS.sum(), YEARLY[4:].sum()]) * SCALE
    np.testing.assert_allclose(world.accounts.holders["office"].pots[:2], paid)
    assert world.accounts.imbalance() < 1e-12


@pytest.mark.parametrize(("years", "ends"), [(15.0, 180), (20.5, 246), (25.0, 300)])
def test_a_new_term_acts_on_rights_in_force(years: float, ends: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(np.array([10.0, 10.0]), monkeypatch)
    run(world, 100)
    world.levers["law.term_years"][:] = years
    run(world, 320)
    assert world.rights.lapsed.tolist() == [ends, ends]


def test_a_longer_term_raises_renewals_late_in_life(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.exp(-7.0 + 2.0 * np.random.default_rng(0).standard_normal(2000))
    counts = []
    for years in (20.0, 25.0):
        world = small_world(values, monkeypatch)
        world.levers["law.term_years"][:] = years
        seen = run(world, 239)
        counts.append((seen["late_renewals_paid"], world.rights.in_force.sum()))
    assert counts[1][0] > counts[0][0]
    assert counts[1][1] > counts[0][1]


def test_dearer_renewals_shorten_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.exp(-7.0 + 2.0 * np.random.default_rng(0).standard_normal(2000))
    alive = []
    for scale in (0.5, 1.0, 2.0):
        world = small_world(values, monkeypatch)
        world.levers["office.renewal_scale"][:] = scale
        run(world, 180)
        alive.append(int(world.rights.in_force.sum()))
    assert alive[0] > alive[1] > alive[2]


def test_who_cannot_pay_keeps_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    fee = YEARLY[4] * SCALE / 50.0
    world = small_world(np.array([0.0, 1.0, 0.0, 3.0, 0.0, 2.0]), monkeypatch, cash=2.5 * fee)
    world.rights.in_force[::2] = False
    run(world, 36)
    assert world.rights.in_force[1::2].tolist() == [False, True, True]
    assert world.orgs.cash[0] == pytest.approx(0.5 * fee)


def test_passive_owners_pay_from_outside_and_dead_owners_lapse(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(np.array([0.0, 1.0, 0.0, 1.0]), monkeypatch)
    world.rights.in_force[::2] = False
    world.rights.owner[1] = 1
    world.orgs.alive[0] = False
    run(world, 36)
    assert world.rights.in_force.tolist() == [False, True, False, False]
    assert world.accounts.holders["outside"].pots[2] == pytest.approx(-YEARLY[4] * SCALE)
    assert world.orgs.cash[0] == 1e3


def test_rights_ended_by_a_court_leave_the_count_by_their_next_birthday(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world(np.full(4, 10.0), monkeypatch)
    assert world.offices.patents_in_force.tolist() == [2 * SCALE, 2 * SCALE]
    world.rights.in_force[0] = False
    run(world, 36)
    assert world.offices.patents_in_force.tolist() == [SCALE, 2 * SCALE]
    assert world.rights.lapsed[0] == NEVER


def test_the_poor_pay_for_their_best_rights_in_any_order() -> None:
    """Against a loop in plain Python: rising bills, most valuable first, until the money is gone."""
    luck = np.random.default_rng(5)
    orgs, rights, n = Organizations(), Rights(), 120
    orgs.add(6, uid=np.arange(1, 7), weight=luck.integers(1, 9, 6), cash=luck.random(6), credit=0.1, jurisdiction=0,
             passive=[False] * 5 + [True])  # fmt: skip
    rights.add(n, owner=luck.integers(0, 6, n), office=luck.integers(0, 2, n))
    fee, value = luck.random(n) * 0.2, luck.random(n)
    tallies = [np.zeros((3, 2)) for _ in range(4)]
    paid, first, who, at, amount = renewal._decide(
        np.arange(n), np.full(n, 13), fee, value, np.full((2, 2, 20, 1), 0.2), 2.0, rights.owner, rights.office,
        rights.kind, rights.sector, orgs.alive, orgs.passive, orgs.jurisdiction, orgs.weight, orgs.cash, orgs.credit,
        *tallies,
    )  # fmt: skip
    wanted = np.zeros(n, np.bool_)
    for o in range(6):
        mine = np.flatnonzero((rights.owner == o) & (value > 0.2))
        bills = fee[mine] * 2.0 / orgs.weight[o]
        money = orgs.cash[o] + orgs.credit[o]
        if orgs.passive[o] or bills.sum() <= money:
            wanted[mine] = True
            continue
        spent = 0.0
        for i in sorted(mine, key=lambda i: -value[i]):
            spent += fee[i] * 2.0 / orgs.weight[o]
            wanted[i] = spent <= money
    np.testing.assert_array_equal(paid, wanted)
    assert first == np.count_nonzero(wanted & orgs.passive[rights.owner])
    assert 0 < wanted.sum() < np.count_nonzero(value > 0.2)
    np.testing.assert_allclose(amount.sum(), 2.0 * fee[wanted].sum())
    assert sorted(who[first:]) == sorted(rights.owner[wanted & ~orgs.passive[rights.owner]])
    assert tallies[0].sum() == 2 * n == tallies[2].sum()
    assert tallies[1].sum() == 2 * wanted.sum() == tallies[3].sum()
    assert np.bincount(at, minlength=2).tolist() == np.bincount(rights.office[wanted], minlength=2).tolist()
