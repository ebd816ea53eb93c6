"""Accounts: every payment has two sides; cells add up; nothing negative or infinite moves."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.table import Column, Table

PLACES = ["us", "jp", "row"]


class Firms(Table):
    """Holders of money."""

    cash = Column(np.float64, "M USD2020", "money of one real firm")
    weight = Column(np.float64, "firms", "real firms", 1)


def books(weights: list[float] | None = None, cash: float = 0.0) -> tuple[Accounts, Firms]:
    firms = Firms()
    firms.add(4, weight=weights or [1.0, 10.0, 0.5, 100.0], cash=cash)
    a = Accounts(PLACES)
    a.open("firms", firms, bounded=True)
    a.open("households")
    a.open("office")
    a.close_opening()
    return a, firms


def test_a_payment_moves_money_of_real_units() -> None:
    a, firms = books()
    a.pay("fee", "firms", np.array([1, 3]), "office", np.array([0, 1]), np.array([20.0, 50.0]), place=np.array([0, 1]))
    assert firms.cash.tolist() == [0.0, -2.0, 0.0, -0.5]
    assert a.holders["office"].pots.tolist() == [20.0, 50.0, 0.0]
    assert a.paid["firms"] == a.received["office"] == 70.0
    assert a.imbalance() == 0.0
    assert a.flow("fee").tolist() == [20.0, 50.0, 0.0]


def test_scalars_stand_for_every_row() -> None:
    a, firms = books()
    a.pay("wage", "firms", np.array([0, 1]), "households", 2, 10.0, place=1)
    assert firms.cash.tolist() == [-10.0, -1.0, 0.0, 0.0]
    assert a.holders["households"].pots.tolist() == [0.0, 0.0, 20.0]
    assert a.flow("wage").tolist() == [0.0, 20.0, 0.0]
    a.pay("wage", "households", 2, "firms", np.array([0, 1]), np.array([10.0, 10.0]), place=0)
    assert firms.cash.tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_row_that_pays_twice_pays_twice() -> None:
    a, firms = books()
    a.pay("fee", "firms", np.array([0, 0, 0]), "office", 0, np.array([1.0, 2.0, 4.0]), place=0)
    assert firms.cash[0] == -7.0


def test_payments_within_a_sector_leave_its_total() -> None:
    a, firms = books(cash=5.0)
    before = a.holders["firms"].total()
    a.pay("royalty", "firms", np.array([0, 1]), "firms", np.array([3, 2]), np.array([3.0, 4.0]), place=0)
    assert a.holders["firms"].total() == pytest.approx(before, rel=1e-15)
    assert firms.cash.tolist() == [2.0, 4.6, 13.0, 5.03]


@pytest.mark.parametrize("amount", [-1.0, np.nan, np.inf, np.array([1.0, -1e-12]), np.array([np.nan, 1.0])])
def test_negative_and_non_finite_amounts_are_refused_and_move_nothing(amount: float | np.ndarray) -> None:
    a, firms = books(cash=1.0)
    with pytest.raises(ValueError, match="'fee' from firms to office"):
        a.pay("fee", "firms", np.array([0, 1]), "office", 0, amount, place=0)
    assert firms.cash.tolist() == [1.0] * 4
    assert a.imbalance() == 0.0


def test_nothing_is_paid_for_nothing() -> None:
    a, _ = books()
    a.pay("fee", "firms", np.zeros(0, np.int64), "office", 0, np.zeros(0), place=0)
    a.pay("fee", "firms", 1, "office", 0, 0.0, place=0)
    assert a.cells == {}


def test_a_gap_is_found() -> None:
    a, firms = books(cash=1.0)
    firms.cash[1] += 0.01
    assert a.imbalance() > 1e-4
    a.endow("firms", 0.1)
    assert a.imbalance() < 1e-12


def test_new_rows_bring_no_money_unless_endowed() -> None:
    a, firms = books()
    firms.add(1, cash=3.0, weight=2.0)
    assert a.imbalance() > 0.5
    a.endow("firms", 6.0)
    assert a.imbalance() == 0.0


def test_the_year_closes_with_cells_by_kind_place_and_measure() -> None:
    a, _ = books()
    a.pay("fee", "firms", 0, "office", 0, 1.0, place=0)
    a.pay("fee", "firms", 0, "office", 1, 2.0, place=1)
    a.pay("fee", "firms", 0, "office", 0, 4.0, place=0, measure="subsidy")
    a.pay("wage", "office", 0, "households", 0, 0.5, place=0)
    assert a.flow("fee").tolist() == [5.0, 2.0, 0.0]
    assert a.flow("fee", payer="office").tolist() == [0.0, 0.0, 0.0]
    assert sorted(a.close_year()) == [
        ("firms", "office", "fee", "jp", "", 2.0), ("firms", "office", "fee", "us", "", 1.0),
        ("firms", "office", "fee", "us", "subsidy", 4.0), ("office", "households", "wage", "us", "", 0.5),
    ]  # fmt: skip
    assert a.close_year() == []
    assert a.flow("fee").tolist() == [0.0, 0.0, 0.0]
    assert a.imbalance() < 1e-15


SECTORS = ("firms", "households", "office")


@given(
    st.lists(st.floats(0.01, 1e4), min_size=4, max_size=4),
    st.lists(
        st.tuples(
            st.sampled_from(SECTORS), st.sampled_from(SECTORS), st.lists(st.integers(0, 2), min_size=1, max_size=5),
            st.lists(st.integers(0, 2), min_size=5, max_size=5), st.lists(st.floats(0, 1e6), min_size=5, max_size=5),
        ),
        max_size=15,
    ),
)  # fmt: skip
def test_money_in_equals_money_out_whatever_is_paid(weights: list[float], payments: list[tuple]) -> None:
    a, _ = books(weights, cash=3.0)
    start = sum(h.total() for h in a.holders.values())
    moved = 0.0
    for payer, payee, frm, to, amounts in payments:
        n = len(frm)
        amount = np.array(amounts[:n])
        a.pay("x", payer, np.array(frm), payee, np.array(to[:n]), amount, place=np.array(frm))
        moved += amount.sum()
    end = sum(h.total() for h in a.holders.values())
    assert end == pytest.approx(start, abs=1e-9 * max(1.0, moved))
    assert a.imbalance() < 1e-12
    assert sum(a.paid.values()) == pytest.approx(sum(a.received.values()))
    assert a.flow("x").sum() == pytest.approx(moved)
    assert sum(row[-1] for row in a.close_year()) == pytest.approx(moved)


def test_books_survive_pickling_with_their_table() -> None:
    a, firms = books(cash=1.0)
    a.pay("fee", "firms", 0, "office", 0, 1.0, place=0)
    b, same = pickle.loads(pickle.dumps((a, firms)))
    b.pay("fee", "firms", 0, "office", 0, 1.0, place=0)
    assert same.cash[0] == -1.0
    assert firms.cash[0] == 0.0
    assert b.flow("fee")[0] == 2.0
    assert b.imbalance() == 0.0


def test_a_grid_of_payments_equals_single_payments_and_refuses_what_they_refuse() -> None:
    amount = np.arange(12.0).reshape(4, 3)
    grid, rows = books()
    grid.pay_grid("sales", "households", np.arange(3), "firms", np.array([1, 3]), amount)
    single, firms = books()
    for o in (1, 3):
        single.pay("sales", "households", np.arange(3), "firms", o, amount[o], place=np.arange(3))
    assert rows.cash.tolist() == firms.cash.tolist()
    assert grid.flow("sales").tolist() == single.flow("sales").tolist() == [12.0, 14.0, 16.0]
    assert grid.paid["households"] == grid.received["firms"] == 42.0
    amount[3, 2] = np.nan
    before = rows.cash.copy()
    with pytest.raises(ValueError, match="negative or non-finite"):
        grid.pay_grid("sales", "households", np.arange(3), "firms", np.array([1, 3]), amount)
    assert rows.cash.tolist() == before.tolist()
