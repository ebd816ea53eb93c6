"""Baseline and scenario side by side, as bars by class or as lines by year."""

from __future__ import annotations

from collections.abc import Sequence

from ecosystem.dashboard.charts.frame import Option, frame, scenario_color, tooltip
from ecosystem.dashboard.portrait import WAITS
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import number, text
from ecosystem.dashboard.theme import Palette


def class_words() -> list[str]:
    """Return the classes of waiting time in words."""
    lows = (0, *WAITS)
    return [text("queues.class", low=a, high=b) for a, b in zip(lows, WAITS, strict=False)] + [
        text("queues.class_open", low=WAITS[-1])
    ]


def shares(amounts: Sequence[float]) -> list[float]:
    """Return parts of the sum in percent; zeros where there is nothing."""
    total = sum(amounts)
    return [100 * v / total if total else 0.0 for v in amounts]


def two_columns(
    labels: Sequence[str], base: Sequence[float | None], scenario: Sequence[float | None] | None, unit: str, sentence: str,
    colors: Palette, dark: bool, lines: bool = False,
) -> Option:  # fmt: skip
    """Draw baseline and scenario side by side, as bars by class or as lines by year."""
    option = frame(colors, sentence)
    # A year may be left out, a class may not.
    spacing: Option = {"hideOverlap": True} if lines else {"interval": 0, "fontSize": 11}
    look: Option = {"type": "line", "symbolSize": 6} if lines else {"type": "bar", "barMaxWidth": 26}
    series: list[Option] = [
        {
            **look, "name": text("flow_views.base"), "data": _round(base), "color": colors.soft,
            "lineStyle": {"type": [7, 4], "width": 2.2}, "symbol": "none" if lines else "circle",
        }
    ]  # fmt: skip
    if scenario is not None:
        series.append(
            {
                **look, "name": text("flow_views.scenario"), "data": _round(scenario), "lineStyle": {"width": 2.8},
                "color": scenario_color(dark), "symbol": "circle",
            }
        )  # fmt: skip
    option.update(
        {
            "grid": {"left": 8, "right": 18, "top": 58, "bottom": 8, "containLabel": True},
            "legend": {"top": 0, "left": 0, "selectedMode": False, "textStyle": {"color": colors.ink, "fontSize": 13}},
            "tooltip": tooltip(colors, "axis"),
            "xAxis": {
                "type": "category", "data": list(labels), "boundaryGap": not lines,
                "axisLine": {"lineStyle": {"color": colors.soft}}, "axisLabel": {"color": colors.soft, **spacing},
            },
            "yAxis": {
                "type": "value", "name": unit, "nameTextStyle": {"color": colors.soft, "align": "left"}, "min": 0,
                "axisLabel": {"color": colors.soft}, "splitLine": {"lineStyle": {"color": colors.grid}},
            },
            "series": series,
        }
    )  # fmt: skip
    return option


def _round(values: Sequence[float | None]) -> list[float | None]:
    return [None if v is None else float(f"{v:.4g}") for v in values]


def columns_table(
    caption: str,
    head: str,
    labels: Sequence[str],
    base: Sequence[float | None],
    scenario: Sequence[float | None] | None,
) -> str:
    """Return the numbers of `two_columns` as an HTML table."""
    top = [head, text("flow_views.base")] + ([] if scenario is None else [text("flow_views.scenario")])
    rows = [
        [label, number(base[k])] + ([] if scenario is None else [number(scenario[k])]) for k, label in enumerate(labels)
    ]
    return table(caption, top, rows)
