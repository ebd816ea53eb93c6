"""Effects in words and rows for the page; every number is a cell of `Comparison.effects` or `Comparison.by_year`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ecosystem.dashboard.engine import narrowed
from ecosystem.dashboard.results import Series
from ecosystem.dashboard.text import change, known, signed, text
from ecosystem.dashboard.units import unit_words
from ecosystem.domain.indicators import INDICATORS
from ecosystem.lab.compare import CLEAR, EQUAL, FEW, Comparison

SMALL = 0.005
"""A clear effect below this share is told in words: as a rounded percentage it would read as nothing."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect on one indicator in one place: a row of ``Comparison.effects``; values in the indicator's unit."""

    indicator: str
    place: str
    base: float
    scenario: float
    difference: float
    low: float
    high: float
    pairs: int
    share_higher: float
    relative: float
    events: float
    cost_per_unit: float
    verdict: str

    @property
    def clear(self) -> bool:
        """True when the interval lies on one side of zero and there are cases enough."""
        return self.verdict in CLEAR


@dataclass(frozen=True, slots=True)
class Course:
    """One indicator in one place year by year; None where there was nothing.

    Attributes:
        low, high: 95 % interval of the scenario's mean: base + interval of the paired difference. In a baseline alone
            the lowest and the highest of the runs.
        verdicts: words of the comparison.
    """

    indicator: str
    place: str
    years: tuple[int, ...]
    base: tuple[float | None, ...]
    scenario: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    verdicts: tuple[str, ...]
    pairs: int
    alone: bool


def effects(comparison: Comparison, names: Sequence[str]) -> dict[tuple[str, str], Effect]:
    """Return the effects over all years by indicator and place."""
    frame = narrowed(comparison, names).effects()
    rows: list[dict[Any, Any]] = frame.to_dict(orient="records")
    keys = Effect.__slots__
    out = {}
    for row in rows:
        row["place"] = row["jurisdiction"]
        out[row["indicator"], row["place"]] = Effect(**{key: row[key] for key in keys})
    return out


def courses(comparison: Comparison, names: Sequence[str], code: str, alone: bool) -> dict[str, Course]:
    """Return indicators of one place by year.

    Args:
        alone: the scenario is the baseline itself.
    """
    part = narrowed(comparison, list(dict.fromkeys(names)))
    frame = part.by_year()
    frame = frame[frame["jurisdiction"] == code]
    first = comparison.scenario.start_year
    years = tuple(range(first, first + part.runs[0][0].years))
    out = {}
    for name in part.runs[0][0].names:
        rows = frame[frame["indicator"] == name].set_index("year").reindex(years)
        base, scenario = _column(rows["base"]), _column(rows["scenario"])
        if alone:
            low, high = _range(part, name, code)
        else:
            low = _column(rows["base"] + rows["low"])
            high = _column(rows["base"] + rows["high"])
        verdicts = tuple("" if pd.isna(v) else str(v) for v in rows["verdict"])
        out[name] = Course(name, code, years, base, scenario, low, high, verdicts, len(part.runs), alone)
    return out


def _column(values: pd.Series[float]) -> tuple[float | None, ...]:
    return tuple(None if pd.isna(v) else float(v) for v in values)


def _range(comparison: Comparison, name: str, code: str) -> tuple[tuple[float | None, ...], ...]:
    """Return the lowest and the highest of single baseline runs by year."""
    base = comparison.runs[0][0]
    i, j = base.names.index(name), base.places.index(code)
    low: list[float | None] = []
    high: list[float | None] = []
    for k in range(base.years):
        values = [float(run.window(k, k + 1)[i, j]) for run, _ in comparison.runs]
        known = [v for v in values if v == v]
        low.append(min(known) if known else None)
        high.append(max(known) if known else None)
    return tuple(low), tuple(high)


def title(name: str) -> str:
    """Return the short title of an indicator."""
    return text(f"indicators.{name}") if known(f"indicators.{name}") else name.replace("_", " ").capitalize()


def scaled(name: str, values: Sequence[float | None], before: bool = False) -> tuple[float, str]:
    """Return divisor and unit words under which values of an indicator read well."""
    indicator = INDICATORS[name]
    series = Series(name, indicator.kind, indicator.unit, indicator.doc, indicator.formula, {"all": list(values)})
    return unit_words(series, before)


def frequency(effect: Effect) -> str:
    """Return the natural frequency: in how many paired runs the scenario is higher (or lower)."""
    higher = round(effect.share_higher * effect.pairs)
    if effect.difference >= 0:
        return text("effect.higher_in", n=higher, pairs=effect.pairs)
    return text("effect.lower_in", n=effect.pairs - higher, pairs=effect.pairs)


def headline(effect: Effect) -> str:
    """Return the effect in two or three words: its size only if it is clear."""
    if effect.verdict == EQUAL:
        return text("effect.equal")
    if effect.pairs < 2:
        return text("effect.one_pair")
    if effect.verdict == FEW:
        return text("effect.few")
    if not effect.clear:
        return text("effect.unclear")
    if not abs(effect.relative) >= SMALL:  # or none: the baseline is zero
        return text(f"effect.{'small' if effect.base else 'some'}_{effect.verdict}")
    return change(1.0, 1.0 + effect.relative)


def sentence(effect: Effect) -> str:
    """Return the effect as one sentence with interval and number of pairs."""
    size, _ = scaled(effect.indicator, [effect.base, effect.scenario])
    if effect.verdict == EQUAL:
        return text("effect.sentence_equal", pairs=effect.pairs)
    if effect.pairs < 2:
        return text("effect.sentence_one")
    return text(
        "effect.sentence",
        low=signed(effect.low / size),
        high=signed(effect.high / size),
        frequency=frequency(effect),
    )
