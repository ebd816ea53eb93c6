"""Charts of effects with their intervals, as pure functions: dots with whiskers, and cost against outcome."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ecosystem.dashboard.charts.frame import Option, axis_top, frame, tooltip
from ecosystem.dashboard.effects import Effect, frequency, headline, scaled, title
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import number, place, signed, text
from ecosystem.dashboard.theme import Palette, mark

ROW = 46
"""Pixels of one row of dots."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One row: where the baseline lies, the scenario with its 95 % interval; None where there is nothing to draw."""

    label: str
    base: float | None
    value: float | None
    low: float | None
    high: float | None
    color: str
    symbol: str = "circle"


def known(value: float) -> float | None:
    """Return a number, or None where it is not finite."""
    return value if math.isfinite(value) else None


def level(effect: Effect, label: str, size: float, color: str, symbol: str, alone: bool = False) -> Dot:
    """Return baseline and scenario with the interval of the paired difference laid around the scenario's mean."""
    return Dot(
        label,
        known(effect.base / size),
        None if alone else known(effect.scenario / size),
        None if alone else known((effect.base + effect.low) / size),
        None if alone else known((effect.base + effect.high) / size),
        color,
        symbol,
    )


def difference(effect: Effect, label: str, size: float, color: str, symbol: str) -> Dot:
    """Return the paired difference with its interval."""
    return Dot(
        label, None, known(effect.difference / size), known(effect.low / size), known(effect.high / size), color, symbol
    )


def dots_height(rows: int) -> int:
    """Return the pixels that a chart of so many rows needs."""
    return 70 + ROW * max(rows, 1)


def dots(rows: Sequence[Dot], unit: str, sentence: str, colors: Palette, zero: bool = False) -> Option:
    """Draw one row a scenario or indicator: a hollow mark for the baseline, a full one with whiskers for the scenario.

    Args:
        zero: draw a line at zero: rows are differences.
    """
    option = frame(colors, sentence)
    labels = [row.label for row in rows]
    narrow = {"width": 96, "fontSize": 11, "lineHeight": 13}
    series: list[Option] = [
        {
            "type": "line", "data": [[_r(row.low), row.label], [_r(row.high), row.label]], "symbol": "rect",
            "symbolSize": [2.5, 13], "color": row.color, "lineStyle": {"width": 3, "color": row.color}, "silent": True,
            "z": 2,
        }
        for row in rows
        if row.low is not None and row.high is not None
    ]  # fmt: skip
    based = [[_r(row.base), row.label] for row in rows if row.base is not None]
    if based:
        series.append(
            {
                "type": "scatter", "name": text("flow_views.base"), "data": based, "symbol": "circle", "symbolSize": 13,
                "color": colors.soft, "itemStyle": {"color": colors.card, "borderColor": colors.soft, "borderWidth": 2},
                "z": 3,
            }
        )  # fmt: skip
    series.append(
        {
            "type": "scatter", "name": text("compare.mean" if zero else "flow_views.scenario"), "z": 4,
            "data": [
                {
                    "value": [_r(row.value), row.label],
                    "symbol": row.symbol,
                    "symbolSize": 12,
                    "itemStyle": {"color": row.color},
                }
                for row in rows
                if row.value is not None
            ],
        }
    )  # fmt: skip
    ends: Option = {}
    if zero:
        values = [v for row in rows for v in (row.value, row.low, row.high) if v is not None]
        ends = _around_zero(values)
        series[-1]["markLine"] = {
            "silent": True, "symbol": "none", "label": {"show": False}, "data": [{"xAxis": 0}],
            "lineStyle": {"color": colors.soft, "type": [5, 4], "width": 1.5},
        }  # fmt: skip
    option.update(
        {
            "animation": False,
            "grid": {"left": 8, "right": 26, "top": 10, "bottom": 34, "containLabel": True},
            "tooltip": tooltip(colors),
            "xAxis": {
                "type": "value", "scale": True, "name": unit, "nameLocation": "middle", "nameGap": 28, "splitNumber": 4,
                "nameTextStyle": {"color": colors.soft}, "axisLabel": {"color": colors.soft, "hideOverlap": True},
                "splitLine": {"lineStyle": {"color": colors.grid}}, "axisLine": {"show": False}, **ends,
            },
            "yAxis": {
                "type": "category", "inverse": True, "data": labels, "axisLine": {"show": False},
                "axisTick": {"show": False},
                "axisLabel": {"color": colors.ink, "fontSize": 12.5, "lineHeight": 15, "width": 190, "overflow": "break"},
            },
            "series": series,
            "media": [{"query": {"maxWidth": 460}, "option": {"yAxis": {"axisLabel": narrow}}}],
        }
    )  # fmt: skip
    return option


def _r(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def describe(named: Sequence[tuple[str, Effect]], lead: str) -> str:
    """Return effects as one data sentence: verdict, interval and pairs of each."""
    parts = []
    for name, effect in named:
        size, unit = scaled(effect.indicator, [effect.base, effect.scenario], before=True)
        if effect.pairs < 2:
            parts.append(f"{name}: {headline(effect)}")
            continue
        parts.append(
            text(
                "compare.part", name=name, verdict=headline(effect), low=signed(effect.low / size),
                high=signed(effect.high / size), unit=unit, pairs=effect.pairs,
            )
        )  # fmt: skip
    return f"{lead} {'; '.join(parts)}."


def effect_row(name: str, effect: Effect, alone: bool = False) -> list[str]:
    """Return name, baseline, scenario, difference, interval, frequency and verdict as cells."""
    size, _ = scaled(effect.indicator, [effect.base, effect.scenario])
    if alone:
        return [name, number(effect.base / size, 4)]
    few = effect.pairs < 2
    return [
        name,
        number(effect.base / size, 4),
        number(effect.scenario / size, 4),
        "–" if few else signed(effect.difference / size),
        "–" if few else text("compare.interval", low=signed(effect.low / size), high=signed(effect.high / size)),
        str(effect.pairs),
        headline(effect) if few else frequency(effect),
        headline(effect),
    ]


def effect_head(first: str, alone: bool = False) -> list[str]:
    """Return the head of a table of `effect_row`."""
    if alone:
        return [first, text("flow_views.base")]
    words = ("interval", "pairs", "frequency", "verdict")
    shown = [text(f"flow_views.{word}") for word in ("base", "scenario", "difference")]
    return [first, *shown, *(text(f"compare.head_{word}") for word in words)]


def trade_off(named: Sequence[tuple[str, Effect, Effect]], code: str, colors: Palette, slots: Sequence[int]) -> Option:
    """Draw the change of an outcome against the change of public cost, each with its 95 % interval.

    Args:
        named: name, effect on cost, effect on the outcome.
        slots: which mark each of them has.
    """
    costs = [v for _, cost, _ in named for v in (cost.low, cost.high, cost.difference) if math.isfinite(v)]
    gains = [v for _, _, gain in named for v in (gain.low, gain.high, gain.difference) if math.isfinite(v)]
    outcome = named[0][2].indicator if named else "launches"
    (x, x_unit), (y, y_unit) = scaled("public_outlay", costs), scaled(outcome, gains)
    series: list[Option] = []
    parts = []
    for (name, cost, gain), slot in zip(named, slots, strict=True):
        look = mark(slot)
        cross = []
        if math.isfinite(cost.low):
            cross.append([[_r(cost.low / x), _r(gain.difference / y)], [_r(cost.high / x), _r(gain.difference / y)]])
        if math.isfinite(gain.low):
            cross.append([[_r(cost.difference / x), _r(gain.low / y)], [_r(cost.difference / x), _r(gain.high / y)]])
        series += [
            {
                "type": "line", "name": name, "data": ends, "symbol": "none", "color": look.color, "silent": True,
                "lineStyle": {"width": 2.2, "color": look.color, "opacity": 0.75},
            }
            for ends in cross
        ]  # fmt: skip
        series.append(
            {
                "type": "scatter", "name": name, "symbol": look.symbol, "symbolSize": 14, "color": look.color,
                "data": [[_r(cost.difference / x), _r(gain.difference / y)]], "z": 5,
            }
        )  # fmt: skip
        parts.append(
            text(
                "compare.trade_part", name=name, cost_low=signed(cost.low / x), cost_high=signed(cost.high / x),
                cost_unit=x_unit, low=signed(gain.low / y), high=signed(gain.high / y), unit=y_unit,
                verdict=headline(gain), pairs=gain.pairs,
            )
        )  # fmt: skip
    lead = text("compare.trade_lead", outcome=title(outcome), place=place(code))
    option = frame(colors, f"{lead} {'; '.join(parts)}.")
    axis = {
        "type": "value", "scale": True, "nameTextStyle": {"color": colors.soft}, "axisLabel": {"color": colors.soft},
        "splitLine": {"lineStyle": {"color": colors.grid}}, "axisLine": {"show": False, "onZero": False},
        "axisTick": {"show": False},
    }  # fmt: skip
    zeros = {
        "type": "scatter", "data": [], "silent": True,
        "markLine": {
            "silent": True, "symbol": "none", "label": {"show": False}, "data": [{"xAxis": 0}, {"yAxis": 0}],
            "lineStyle": {"color": colors.soft, "type": [5, 4], "width": 1.5},
        },
    }  # fmt: skip
    option.update(
        {
            "animation": False,
            "grid": {"left": 12, "right": 24, "top": 36, "bottom": 34, "containLabel": True},
            "legend": {"show": False},
            "tooltip": tooltip(colors),
            "xAxis": {
                **axis, "name": text("compare.cost_axis", unit=x_unit), "nameLocation": "middle", "nameGap": 28,
                **_around_zero([c / x for c in costs]),
            },
            "yAxis": {
                **axis, "name": text("compare.outcome_axis", unit=y_unit), **_around_zero([g / y for g in gains]),
                "nameTextStyle": {"color": colors.soft, "align": "left", "padding": [0, 0, 0, -8]},
            },
            "series": [*series, zeros],
        }
    )  # fmt: skip
    return option


def _around_zero(values: Sequence[float]) -> Option:
    """Return ends and step of an axis that holds all values and zero, with room to spare, at round numbers."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = high - low
    if span <= 0:
        return {"min": -1.0, "max": 1.0, "interval": 0.5}
    _, step = axis_top(1.1 * span)
    ends = step * math.floor((low - 0.05 * span) / step), step * math.ceil((high + 0.05 * span) / step)
    return {"min": _r(ends[0]), "max": _r(ends[1]), "interval": _r(step)}


def trade_table(named: Sequence[tuple[str, Effect, Effect]]) -> str:
    """Return cost and outcome of each scenario with their intervals."""
    rows = []
    for name, cost, gain in named:
        (x, _), (y, _) = scaled("public_outlay", [cost.low, cost.high]), scaled(gain.indicator, [gain.low, gain.high])
        (_, x_unit), (_, y_unit) = (
            scaled("public_outlay", [cost.low, cost.high], before=True),
            scaled(gain.indicator, [gain.low, gain.high], before=True),
        )
        rows.append(
            [
                name,
                f"{text('compare.interval', low=signed(cost.low / x), high=signed(cost.high / x))} {x_unit}",
                headline(cost),
                f"{text('compare.interval', low=signed(gain.low / y), high=signed(gain.high / y))} {y_unit}",
                headline(gain),
                str(gain.pairs),
            ]
        )
    head = [text(f"compare.head_{word}") for word in ("name", "cost", "cost_verdict", "outcome", "verdict", "pairs")]
    return table(text("compare.trade_caption"), head, rows)
