"""Yearly values by place as lines."""

from __future__ import annotations

from typing import Any

from ecosystem.dashboard.charts.frame import PLOT, Option, axis_top, frame, spread, tooltip
from ecosystem.dashboard.results import Result, Series
from ecosystem.dashboard.text import change, number, place, short_place, text
from ecosystem.dashboard.theme import Palette, mark
from ecosystem.dashboard.units import unit_words


def describe(series: Series, years: tuple[int, ...]) -> str:
    """Return one data sentence: what, from when to when, first and last value of every place."""
    size, unit = unit_words(series)
    parts = []
    for code, values in series.values.items():
        known = [(year, v) for year, v in zip(years, values, strict=True) if v is not None]
        if not known:
            parts.append(text("describe.none", place=place(code)))
            continue
        (_, first), (_, last) = known[0], known[-1]
        parts.append(
            text(
                "describe.place",
                place=place(code),
                first=number(first / size),
                last=number(last / size),
                change=change(first, last),
            )
        )
    return text(
        "describe.lines",
        doc=series.doc[:1].upper() + series.doc[1:],
        unit=unit,
        first=years[0] if years else "",
        last=years[-1] if years else "",
        places="; ".join(parts),
    )


def lines(result: Result, indicator: str, colors: Palette) -> Option:
    """Draw yearly values by place; color, line type and marker tell places apart, names stand at the line ends."""
    series = result.series[indicator]
    size, unit = unit_words(series)
    years = [str(year) for year in result.years]
    few = len(years) <= 12
    end, step = axis_top(max((v / size for c in series.values.values() for v in c if v is not None), default=0.0))
    # Names at the line ends are moved apart where lines end close together.
    ends = [next((v for v in reversed(c) if v is not None), 0.0) / size for c in series.values.values()]
    heights = [PLOT * (1 - v / end) for v in ends]
    moved = spread(heights, 15, 0, PLOT)
    drawn = []
    for index, (code, values) in enumerate(series.values.items()):
        look = mark(index)
        points: list[Any] = [None if v is None else float(f"{v / size:.4g}") for v in values]
        drawn.append(
            {
                "name": place(code),
                "type": "line",
                "data": points,
                "connectNulls": False,
                "color": look.color,
                "lineStyle": {"width": 2.5, "type": look.line},
                "symbol": look.symbol,
                "symbolSize": 7,
                "showAllSymbol": few,
                "showSymbol": True,
                "endLabel": {
                    "show": True,
                    "formatter": short_place(code),
                    "color": colors.ink,
                    "fontWeight": 600,
                    "offset": [0, round(moved[index] - heights[index], 1)],
                },
                "emphasis": {"focus": "series"},
            }
        )
    option = frame(colors, describe(series, result.years))
    option.update(
        {
            "grid": {"left": 8, "right": 40, "top": 58, "bottom": 8, "containLabel": True},
            "legend": {
                "top": 0,
                "left": 0,
                "itemWidth": 34,
                "itemGap": 14,
                "textStyle": {"color": colors.ink, "fontSize": 13},
                "inactiveColor": colors.neutral,
            },
            "tooltip": tooltip(colors, "axis"),
            "xAxis": {
                "type": "category",
                "data": years,
                "boundaryGap": False,
                "axisLine": {"lineStyle": {"color": colors.soft}},
                "axisLabel": {"color": colors.soft, "hideOverlap": True, "margin": 10},
                "axisTick": {"alignWithLabel": True},
            },
            "yAxis": {
                "type": "value",
                "min": 0,
                "max": end,
                "interval": step,
                "name": unit,
                "nameLocation": "end",
                "nameGap": 10,
                "nameTextStyle": {"color": colors.soft, "align": "left", "padding": [0, 0, 0, -8]},
                "axisLabel": {"color": colors.soft},
                "splitLine": {"lineStyle": {"color": colors.grid}},
            },
            "series": drawn,
            # On a phone the legend takes two rows.
            "media": [{"query": {"maxWidth": 340}, "option": {"grid": {"top": 84}}}],
        }
    )
    return option
