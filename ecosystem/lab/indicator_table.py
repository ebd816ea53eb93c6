"""The table of indicators: indicator x period x jurisdiction x sector, in long form."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ecosystem.domain.indicators import INDICATORS
from ecosystem.lab.cells import words

if TYPE_CHECKING:
    from ecosystem.domain.indicators import Indicator, Records
    from ecosystem.world import World

ALL = "all"
_SUMMABLE_STARTS = (
    "M USD", "B USD", "USD", "persons", "inventors", "examiners", "judges", "firms", "organizations", "patents",
    "researchers", "utility models", "product lines",
    "rights", "applications", "inventions", "licenses", "deals", "cases", "suits", "products", "lines", "uses",
    "technologies",
)  # fmt: skip


def in_order() -> list[tuple[str, Indicator]]:
    """Return the indicators by name: the order of their declaration hangs on which module was imported first."""
    return sorted(INDICATORS.items())


def summable(indicator: Indicator) -> bool:
    """Return True if places of an indicator add up: flows do, stocks of things and money do, shares do not."""
    if indicator.kind == "flow":
        return True
    per_head = "/" in indicator.unit.replace("/year", "") or " per " in indicator.unit
    return indicator.kind == "stock" and not per_head and indicator.unit.startswith(_SUMMABLE_STARTS)


def indicators(
    world: World, *, period: int = 1, burn_in: bool = False, only: Collection[str] | None = None
) -> pd.DataFrame:
    """Return all indicators in long form.

    A row is indicator x period x jurisdiction (and ``all``, where places add up or the indicator is a ratio) x sector
    (empty for the total; rows by sector where the indicator is counted by sector). A ratio without cases has no row.

    Args:
        period: months a row covers, 1 or 12; ``month`` is its first month.
        burn_in: with the months before the horizon.
        only: names of the indicators wanted; None for all.
    """
    records: Records = world.records
    first = min(records.months, default=0) if burn_in else 0
    parts: list[tuple[np.ndarray, ...]] = [(*(np.zeros(0, np.int64) for _ in range(4)), np.zeros(0))]
    for index, (name, indicator) in enumerate(in_order()):
        if only is not None and name not in only:
            continue
        part = _one_indicator(world, name, indicator, period, first)
        if part is not None:
            parts.append((np.full(len(part[0]), index), *part))
    number, month, place, sector, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _indicator_frame(world, number, month, place, sector, value)


def _one_indicator(
    world: World, name: str, indicator: Indicator, period: int, first: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Return (month, place, sector, value) columns of one indicator; place J is ``all``, sector S the total."""
    first_months, total = world.records.totals(name, period, first)
    if not len(first_months):
        return None
    _, parts = world.records.series(name, period, first)
    if indicator.kind == "ratio":
        whole_total, whole_parts = _ratio_of_all(world, indicator, period, first)
    elif summable(indicator):
        whole_total, whole_parts = total.sum(axis=1, keepdims=True), parts.sum(axis=1, keepdims=True)
    else:
        whole_total = np.full((len(first_months), 1), np.nan)
        whole_parts = np.full((len(first_months), 1, parts.shape[2]), np.nan)
    total = np.concatenate([total, whole_total], axis=1)
    parts = np.concatenate([parts, whole_parts], axis=1)
    used = np.flatnonzero((np.nan_to_num(parts[:, :, : world.S]) != 0.0).any(axis=(0, 1)))
    cube = np.concatenate([total[:, :, None], parts[:, :, used]], axis=2)
    month, place, sector = (
        np.broadcast_to(axis, cube.shape).ravel()
        for axis in (
            first_months[:, None, None],
            np.arange(world.J + 1)[None, :, None],
            np.concatenate([[world.S], used])[None, None, :],
        )
    )
    value = cube.ravel()
    known = ~np.isnan(value)
    return month[known], place[known], sector[known], value[known]


def _ratio_of_all(world: World, indicator: Indicator, period: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ratio of summed counts, (periods, 1) and (periods, 1, sectors + 1), NaN without cases."""
    top, bottom = (
        _counts(world.records, tally, period, first).sum(axis=1, keepdims=True)
        for tally in (indicator.numerator, indicator.denominator)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(bottom > 0, top / bottom, np.nan)
        top, bottom = top.sum(axis=2), bottom.sum(axis=2)
        return np.where(bottom > 0, top / bottom, np.nan), parts


def _counts(records: Records, tally: str, period: int, first: int) -> np.ndarray:
    """Return counts of whole periods, (periods, places, sectors + 1)."""
    rows = [i for i, month in enumerate(records.months) if month >= first]
    rows = rows[: len(rows) // period * period]
    values = records.counts(tally, rows)
    return values.reshape(len(rows) // period, period, *values.shape[1:]).sum(axis=1)


def _indicator_frame(
    world: World, number: np.ndarray, month: np.ndarray, place: np.ndarray, sector: np.ndarray, value: np.ndarray
) -> pd.DataFrame:
    names, units = [n for n, _ in in_order()], [i.unit for _, i in in_order()]
    different = sorted(set(units))
    unit_of = np.array([different.index(unit) for unit in units], dtype=np.int64)
    return pd.DataFrame(
        {
            "month": month.astype(np.int32),
            "year": (world.setup.start_year + month // 12).astype(np.int32),
            "jurisdiction": words(place, [*world.places, ALL]),
            "sector": words(sector, [*world.sectors.names, ""]),
            "indicator": words(number, names),
            "value": value,
            "unit": words(unit_of[number], different),
        }
    )
