"""Indicators are declared functions: unit, meaning, good direction; charts, exports and documents derive from them.

A *flow* counts what happens (real-world totals a month), a *ratio* divides two counted flows, a *stock* is computed from
the state at the end of the month. Years add flows, divide summed flows, and take the last stock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ecosystem.kernel.errors import unknown


@dataclass(frozen=True, slots=True)
class Indicator:
    """One declared indicator.

    Attributes:
        good: +1 higher is better, -1 lower is better, 0 neither.
        formula: how it is computed, in words.
    """

    name: str
    kind: Literal["flow", "ratio", "stock"]
    unit: str
    doc: str
    good: int
    formula: str
    numerator: str = ""
    denominator: str = ""
    compute: Callable[[Any], np.ndarray] | None = None
    yearly: bool = False


INDICATORS: dict[str, Indicator] = {}
TALLIES: dict[str, int] = {}


def _declare(indicator: Indicator) -> None:
    if indicator.name in INDICATORS:
        raise ValueError(f"indicator {indicator.name!r} is declared twice")
    INDICATORS[indicator.name] = indicator


def _tally(name: str) -> None:
    TALLIES.setdefault(name, len(TALLIES))


def flow(name: str, unit: str, doc: str, good: int = 0) -> None:
    """Declare a counted flow; ``unit`` without the time (values are totals of the month)."""
    _tally(name)
    _declare(Indicator(name, "flow", unit, doc, good, f"sum over the period of {doc}", name))


def ratio(name: str, unit: str, doc: str, good: int, numerator: str, denominator: str) -> None:
    """Declare the ratio of two tallies; both may be tallies of their own or declared flows."""
    _tally(numerator)
    _tally(denominator)
    _declare(Indicator(name, "ratio", unit, doc, good, f"{numerator} / {denominator}", numerator, denominator))


def stock(
    name: str, unit: str, doc: str, good: int, compute: Callable[[Any], np.ndarray], *, yearly: bool = False
) -> None:
    """Declare a state at the end of the month; ``compute(world)`` returns (places,) or (places, sectors + 1).

    A ``yearly`` stock moves slowly: it is computed each December and held in between.
    """
    _declare(Indicator(name, "stock", unit, doc, good, doc, compute=compute, yearly=yearly))


class Tally:
    """Counters of the current month: real-world totals by tally, place and sector (last column: no sector).

    Args:
        places: number of places, the rest of the world included.
        sectors: number of sectors.
    """

    def __init__(self, places: int, sectors: int) -> None:
        self.values = np.zeros((len(TALLIES), places, sectors + 1))

    def add(
        self,
        name: str,
        place: np.ndarray | int,
        amount: np.ndarray | float = 1.0,
        sector: np.ndarray | int | None = None,
    ) -> None:
        """Add amounts (scalar or (n,)) to a tally at places (int or (n,)) and sectors (int, (n,) or None)."""
        try:
            cell = self.values[TALLIES[name]]
        except KeyError:
            raise unknown("tally", name, TALLIES) from None
        if not isinstance(place, np.ndarray):
            if not isinstance(sector, np.ndarray):
                cell[place, -1 if sector is None else sector] += np.sum(amount)
                return
            place = np.full(len(sector), place)
        if not len(place):
            return
        width = cell.shape[1]
        index = place * np.int64(width) + (width - 1 if sector is None else sector)
        flat = cell.reshape(-1)
        if isinstance(amount, np.ndarray) and amount.ndim:
            flat += np.bincount(index, weights=amount, minlength=flat.size)
        else:
            flat += np.bincount(index, minlength=flat.size) * float(amount)

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the month's counter so far, float64 (places, sectors + 1)."""
        return self.values[TALLIES[name]]

    def clear(self) -> None:
        """Start a new month."""
        self.values[:] = 0.0


class Records:
    """What a run remembers month by month; periods are derived from it.

    Attributes:
        months: recorded months.
        tallies: what was counted in each month: (positions, values) of the counters that are not zero.
        stocks: one mapping indicator -> array a month, (places,) where sectors are not told apart, else (places,
            sectors + 1).
    """

    def __init__(self) -> None:
        self.months: list[int] = []
        self.tallies: list[tuple[np.ndarray, np.ndarray]] = []
        self.shape: tuple[int, int] = (0, 0)
        self.stocks: list[dict[str, np.ndarray]] = []

    def record(self, world: Any) -> None:
        """Remember the month that ends."""
        stocks = {}
        for indicator in INDICATORS.values():
            if indicator.compute is None:
                continue
            if indicator.yearly and self.stocks and world.month_of_year != 11:
                stocks[indicator.name] = self.stocks[-1][indicator.name]
                continue
            stocks[indicator.name] = np.array(indicator.compute(world), dtype=np.float64)
        self.months.append(world.month)
        flat = world.tally.values.reshape(-1)
        counted = np.flatnonzero(flat).astype(np.min_scalar_type(flat.size))
        self.tallies.append((counted, flat[counted]))
        self.shape = world.tally.values.shape[1:]
        self.stocks.append(stocks)

    def series(self, name: str, period: int = 1, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return (first month of each period, values (periods, places, sectors + 1)); ratios without cases are NaN.

        Args:
            name: an indicator.
            period: months a period (1 or 12); an unfinished last period is left out.
            first: first month.
        """
        return self._series(name, period, first, by_sector=True)

    def totals(self, name: str, period: int = 1, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return (first month of each period, values (periods, places)), all sectors together."""
        return self._series(name, period, first, by_sector=False)

    def _series(self, name: str, period: int, first: int, by_sector: bool) -> tuple[np.ndarray, np.ndarray]:
        if name not in INDICATORS:
            raise unknown("indicator", name, INDICATORS)
        indicator = INDICATORS[name]
        rows = [i for i, m in enumerate(self.months) if m >= first]
        rows = rows[: len(rows) // period * period]
        months = np.array([self.months[i] for i in rows], dtype=np.int64)[::period]
        if not rows:
            return months, np.zeros((0, 0, 0) if by_sector else (0, 0))

        def shaped(values: np.ndarray) -> np.ndarray:
            return values if by_sector else values.sum(axis=2)

        if indicator.kind == "stock":
            values = np.stack([self.stocks[i][name] for i in rows[period - 1 :: period]])
            if values.ndim == 2 and by_sector:
                wide = np.zeros((*values.shape, self.shape[1]))
                wide[:, :, -1] = values
                return months, wide
            return months, values if values.ndim == 2 else shaped(values)
        top = shaped(self._sum(indicator.numerator, rows, period))
        if indicator.kind == "flow":
            return months, top
        bottom = shaped(self._sum(indicator.denominator, rows, period))
        some = bottom > 0
        return months, np.where(some, top / np.where(some, bottom, 1.0), np.nan)

    def counts(self, tally: str, rows: list[int]) -> np.ndarray:
        """Return a counter in the given recorded months, float64 (rows, places, sectors + 1)."""
        size = self.shape[0] * self.shape[1]
        first = TALLIES[tally] * size
        out = np.zeros((len(rows), size))
        for k, row in enumerate(rows):
            where, values = self.tallies[row]
            a, b = np.searchsorted(where, (first, first + size))
            out[k, where[a:b] - first] = values[a:b]
        return out.reshape(len(rows), *self.shape)

    def _sum(self, tally: str, rows: list[int], period: int) -> np.ndarray:
        values = self.counts(tally, rows)
        return values.reshape(len(rows) // period, period, *values.shape[1:]).sum(axis=1)
