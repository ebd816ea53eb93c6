"""Money is conserved: every payment has a payer and a payee, and goes through these accounts.

Books are kept in real-world totals (million USD2020). A holder is a sector of accounts: either one pot a place
(households, government, outside ...) or the ``cash`` column of a table, kept for one real unit and multiplied by the
unit's weight. Payments are summed into cells (payer, payee, kind, place, measure); the cells are emptied each year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

i8, f8 = nb.int64, nb.float64


@nb.njit(f8(f8[::1], f8[::1], i8[::1], f8[::1], f8[::1], i8[::1], f8[::1], i8[::1], f8[::1]), cache=True)
def _move(
    payer: np.ndarray,
    payer_weight: np.ndarray,
    from_slot: np.ndarray,
    payee: np.ndarray,
    payee_weight: np.ndarray,
    to_slot: np.ndarray,
    amount: np.ndarray,
    place: np.ndarray,
    cell: np.ndarray,
) -> float:
    """Move amounts and return their sum; move nothing and return -1 where an amount is negative or not finite.

    Slots, amounts and places of length one hold for all payments.
    """
    one_from, one_to, one_place, one_amount = len(from_slot) == 1, len(to_slot) == 1, len(place) == 1, len(amount) == 1
    n = max(len(from_slot), len(to_slot), len(amount), len(place))
    total = 0.0
    for a in amount:
        if not a >= 0.0:
            return -1.0
        total += a
    if one_amount:
        total *= n
    if not total < np.inf:
        return -1.0
    if total > 0.0:
        for i in range(n):
            a = amount[0 if one_amount else i]
            f = from_slot[0 if one_from else i]
            t = to_slot[0 if one_to else i]
            payer[f] -= a / payer_weight[f]
            payee[t] += a / payee_weight[t]
            cell[place[0 if one_place else i]] += a
    return total


@nb.njit(f8(f8[::1], f8[::1], i8[::1], f8[::1], f8[::1], i8[::1], f8[:, ::1], f8[::1]), cache=True)
def _move_grid(
    payer: np.ndarray,
    payer_weight: np.ndarray,
    from_slot: np.ndarray,
    payee: np.ndarray,
    payee_weight: np.ndarray,
    to_slot: np.ndarray,
    amount: np.ndarray,
    cell: np.ndarray,
) -> float:
    """Move ``amount[payee, k]`` from payer k to each payee, one payee after the other; see ``_move``."""
    total = 0.0
    for t in to_slot:
        for k in range(len(from_slot)):
            if not amount[t, k] >= 0.0:
                return -1.0
            total += amount[t, k]
    if not total < np.inf:
        return -1.0
    for t in to_slot:
        for k in range(len(from_slot)):
            f, a = from_slot[k], amount[t, k]
            payer[f] -= a / payer_weight[f]
            payee[t] += a / payee_weight[t]
            cell[f] += a
    return total


@dataclass(slots=True)
class Holder:
    """A sector of accounts.

    Attributes:
        table: object with ``cash`` and ``weight`` columns, or None for pots.
        pots: cash by place for holders without a table, million USD2020, float64 (places,).
        credit_limit: how far a balance of this sector may fall below zero, in words (checked by the holder's rules).
    """

    name: str
    table: object | None
    pots: np.ndarray
    unit: np.ndarray
    bounded: bool

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (cash, weight) arrays indexed by slot or by place."""
        if self.table is None:
            return self.pots, self.unit
        return self.table.cash, self.table.weight  # type: ignore[attr-defined]

    def total(self) -> float:
        """Return the sector's money in real-world totals."""
        cash, weight = self.arrays()
        return float(np.dot(cash, weight))


class Accounts:
    """Double-entry books of one world.

    Args:
        places: codes of all places, the rest of the world last.
    """

    def __init__(self, places: list[str]) -> None:
        self.places = list(places)
        self.holders: dict[str, Holder] = {}
        self.cells: dict[tuple[str, str, str, str], np.ndarray] = {}
        self.paid: dict[str, float] = {}
        self.received: dict[str, float] = {}
        self.opening: dict[str, float] = {}

    def open(self, name: str, table: object | None = None, *, bounded: bool = False) -> None:
        """Open a sector: with a table its ``cash`` column holds the money, else one pot a place.

        Args:
            bounded: the sector's balances may not run below the credit limit that its rules keep.
        """
        n = len(self.places)
        self.holders[name] = Holder(name, table, np.zeros(n), np.ones(n), bounded)
        self.paid[name] = self.received[name] = 0.0
        self.opening[name] = 0.0

    def close_opening(self) -> None:
        """Record the money every sector starts with (endowments are no payments)."""
        self.opening = {name: h.total() for name, h in self.holders.items()}
        self.paid = dict.fromkeys(self.holders, 0.0)
        self.received = dict.fromkeys(self.holders, 0.0)

    def endow(self, name: str, amount: float) -> None:
        """Record that new rows of a table were created with ``amount`` of money in real-world totals (0 is the norm)."""
        self.opening[name] += amount

    def pay(
        self,
        kind: str,
        payer: str,
        payer_slot: np.ndarray | int,
        payee: str,
        payee_slot: np.ndarray | int,
        amount: np.ndarray | float,
        *,
        place: np.ndarray | int,
        measure: str = "",
    ) -> None:
        """Move money.

        Args:
            kind: what is paid for, as ``royalty`` or ``filing_fee``.
            payer, payee: names of sectors.
            payer_slot, payee_slot: slot in the sector's table, or place for pots; int or (n,).
            amount: real-world totals in million USD2020, >= 0, float or (n,).
            place: place to which the payment is booked, int or (n,).
            measure: id of the measure that pays, if any.

        Raises:
            ValueError: a negative or non-finite amount.
        """
        amounts = np.ascontiguousarray(amount, dtype=np.float64).reshape(-1)
        if not amounts.size:
            return
        cell = self._cell(kind, payer, payee, measure)
        cash_from, weight_from = self.holders[payer].arrays()
        cash_to, weight_to = self.holders[payee].arrays()
        total = _move(
            cash_from, weight_from, _slots(payer_slot), cash_to, weight_to, _slots(payee_slot), amounts, _slots(place),
            cell,
        )  # fmt: skip
        self._book(kind, payer, payee, measure, cell, total)

    def pay_grid(
        self, kind: str, payer: str, places: np.ndarray, payee: str, payee_slot: np.ndarray, amount: np.ndarray
    ) -> None:
        """Move money from the pots of several places to rows of a table, booked at the places of the payers.

        Args:
            kind, payer, payee: as for ``pay``.
            places: places of the pots, int64 (k,).
            payee_slot: rows that are paid, int64 (n,).
            amount: by row of the payees' table and payer, million USD2020, >= 0, float64 (rows, k).

        Raises:
            ValueError: a negative or non-finite amount.
        """
        cell = self._cell(kind, payer, payee, "")
        cash_from, weight_from = self.holders[payer].arrays()
        cash_to, weight_to = self.holders[payee].arrays()
        total = _move_grid(cash_from, weight_from, places, cash_to, weight_to, payee_slot, amount, cell)
        self._book(kind, payer, payee, "", cell, total)

    def _cell(self, kind: str, payer: str, payee: str, measure: str) -> np.ndarray:
        """Return the cell of a payment, a fresh one where there is none yet (``_book`` keeps it if money moved)."""
        cell = self.cells.get((payer, payee, kind, measure))
        return np.zeros(len(self.places)) if cell is None else cell

    def _book(self, kind: str, payer: str, payee: str, measure: str, cell: np.ndarray, total: float) -> None:
        if total < 0.0:
            raise ValueError(f"payment {kind!r} from {payer} to {payee} has a negative or non-finite amount")
        if total > 0.0:
            self.cells[payer, payee, kind, measure] = cell
            self.paid[payer] += total
            self.received[payee] += total

    def flow(self, kind: str, *, payer: str | None = None, payee: str | None = None) -> np.ndarray:
        """Return this year's payments of a kind so far by place, million USD2020, float64 (places,)."""
        out = np.zeros(len(self.places))
        for (a, b, k, _), cell in self.cells.items():
            if k == kind and payer in (None, a) and payee in (None, b):
                out += cell
        return out

    def attribute(self, kind: str, measure: str, part: np.ndarray) -> np.ndarray:
        """Book a part of this year's payments of a kind, so far nobody's, to a measure; no money moves.

        Args:
            part: 0..1 by place, float64 (places,).

        Returns:
            The amounts booked, million USD2020, float64 (places,).
        """
        moved = np.zeros(len(self.places))
        for key in [key for key in self.cells if key[2] == kind and not key[3]]:
            amount = self.cells[key] * part
            self.cells[key] -= amount
            own = (*key[:3], measure)
            if own not in self.cells:
                self.cells[own] = np.zeros(len(self.places))
            self.cells[own] += amount
            moved += amount
        return moved

    def close_year(self) -> list[tuple[str, str, str, str, str, float]]:
        """Return the year's payments as (payer, payee, kind, place, measure, amount) and empty the cells."""
        rows = []
        for (payer, payee, kind, measure), cell in self.cells.items():
            rows += [
                (payer, payee, kind, place, measure, float(amount))
                for place, amount in zip(self.places, cell, strict=True)
                if amount != 0.0
            ]
            cell[:] = 0.0
        return rows

    def imbalance(self) -> float:
        """Return the largest relative gap between a sector's money and its opening plus received minus paid."""
        worst = 0.0
        for name, holder in self.holders.items():
            should = self.opening[name] + self.received[name] - self.paid[name]
            size = max(1.0, abs(self.opening[name]) + self.received[name] + self.paid[name])
            worst = max(worst, abs(holder.total() - should) / size)
        return worst


def _slots(slot: np.ndarray | int) -> np.ndarray:
    if isinstance(slot, np.ndarray):
        return np.ascontiguousarray(slot, dtype=np.int64).reshape(-1)
    return np.array([slot], dtype=np.int64)
