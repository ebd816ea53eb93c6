"""What one run says about each indicator and year: numerators and denominators, so that any window can be pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecosystem.domain.indicators import INDICATORS, Indicator
from ecosystem.kernel.errors import unknown
from ecosystem.lab.indicator_table import summable
from ecosystem.world import World  # declares every indicator

_MONEY = ("M USD", "B USD", "USD")


@dataclass(frozen=True, slots=True)
class Yearly:
    """One run by year.

    Attributes:
        names: indicators, in order.
        places: codes of the places, then ``all``.
        top: flows, stocks (last month of the year) and numerators of ratios, float64 (years, indicators, places + 1).
        bottom: denominators of ratios, NaN for other indicators, same shape.
        scale: real objects a simulated object stands for.
        outlays: cost of each measure to governments by year, million USD2020: (measure, place) -> float64 (years,).
    """

    names: tuple[str, ...]
    places: tuple[str, ...]
    top: np.ndarray
    bottom: np.ndarray
    scale: float
    outlays: Mapping[tuple[str, str], np.ndarray]

    @property
    def years(self) -> int:
        """Number of years."""
        return self.top.shape[0]

    def window(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Return values over years ``first`` to ``last`` (not included), float64 (indicators, places + 1).

        Flows are means a year, ratios are pooled (sum of numerators / sum of denominators), stocks are means of the
        years; a ratio without cases is NaN.
        """
        top, bottom = self.top[first:last], self.bottom[first:last]
        ratio = ~np.isnan(bottom).all(axis=(0, 2))
        out = np.full(top.shape[1:], np.nan)
        out[~ratio] = top[:, ~ratio].mean(axis=0)
        below = bottom[:, ratio].sum(axis=0)
        out[ratio] = np.where(below > 0, top[:, ratio].sum(axis=0) / np.where(below > 0, below, 1.0), np.nan)
        return out

    def events(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Return how many simulated cases stand behind each value, float64 (indicators, places + 1).

        A flow of things rests on its own cases, a share on the smaller of hits and misses, another ratio on its
        denominator; money and stocks are NaN (their luck shows in the interval).
        """
        out = np.full(self.top.shape[1:], np.nan)
        top, bottom = (a[first:last].sum(axis=0) / self.scale for a in (self.top, self.bottom))
        for i, name in enumerate(self.names):
            indicator = INDICATORS[name]
            if indicator.kind == "flow" and not indicator.unit.startswith(_MONEY):
                out[i] = np.abs(top[i])
            elif indicator.kind == "ratio" and indicator.unit == "share":
                out[i] = np.minimum(top[i], bottom[i] - top[i])
            elif indicator.kind == "ratio":
                out[i] = bottom[i]
        return out


def chosen(outputs: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the chosen indicators (all if None); raise InputError for an unknown one."""
    if outputs is None:
        return tuple(sorted(INDICATORS))
    for name in outputs:
        if name not in INDICATORS:
            raise unknown("indicator", name, INDICATORS)
    return tuple(outputs)


def yearly(world: World, outputs: Sequence[str] | None = None) -> Yearly:
    """Return the whole reported years of a run."""
    names = chosen(outputs)
    rows = [i for i, month in enumerate(world.records.months) if month >= 0]
    rows = rows[: len(rows) // 12 * 12]
    years = len(rows) // 12
    top = np.full((years, len(names), world.J + 1), np.nan)
    bottom = top.copy()
    for i, name in enumerate(names):
        indicator = INDICATORS[name]
        if indicator.kind == "stock":
            values = np.array([world.records.stocks[k][name].reshape(world.J, -1).sum(axis=1) for k in rows[11::12]])
            values = values.reshape(years, world.J)
            top[:, i] = _with_all(values, indicator)
            continue
        top[:, i] = _with_all(_sums(world, indicator.numerator, rows), indicator)
        if indicator.kind == "ratio":
            bottom[:, i] = _with_all(_sums(world, indicator.denominator, rows), indicator)
    return Yearly(names, (*world.places, "all"), top, bottom, world.scale, _outlays(world, years))


def _sums(world: World, tally: str, rows: list[int]) -> np.ndarray:
    counted = world.records.counts(tally, rows).sum(axis=2)
    return counted.reshape(len(rows) // 12, 12, world.J).sum(axis=1)


def _with_all(values: np.ndarray, indicator: Indicator) -> np.ndarray:
    adds_up = indicator.kind == "ratio" or summable(indicator)
    total = values.sum(axis=1) if adds_up else np.full(len(values), np.nan)
    return np.concatenate([values, total[:, None]], axis=1)


def _outlays(world: World, years: int) -> dict[tuple[str, str], np.ndarray]:
    out: dict[tuple[str, str], np.ndarray] = {}
    for year, place, name, amount in world.measures.outlays:
        k = year - world.setup.start_year
        if 0 <= k < years:
            out.setdefault((name, place), np.zeros(years))[k] += amount
    return out
