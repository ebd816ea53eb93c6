"""Charts of two worlds: baseline and scenario with a band, as pure functions of a `Course`; tiles and small charts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ecosystem.dashboard.charts.frame import Option, axis_top, frame, scenario_color, tooltip
from ecosystem.dashboard.effects import Course, Effect, headline, scaled, sentence, title
from ecosystem.dashboard.parts import meaning
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import number, place, text
from ecosystem.dashboard.theme import Palette
from ecosystem.domain.indicators import INDICATORS
from ecosystem.lab.compare import CLEAR, EQUAL, FEW, UNCLEAR

HEIGHT = 320
VERDICTS = {EQUAL: "equal", UNCLEAR: "unclear", FEW: "few", CLEAR[0]: CLEAR[0], CLEAR[1]: CLEAR[1]}
NEAR = 0.6
"""An axis of levels starts above zero where all values exceed this share of the largest."""


def _known(*columns: Sequence[float | None]) -> list[float]:
    return [v for column in columns for v in column if v is not None]


def axis(course: Course, size: float, difference: bool) -> tuple[float, float, float]:
    """Return start, end and step of the value axis; levels start at zero unless all of them lie far above it."""
    if difference:
        values = _known(*_differences(course))
        top = max([abs(v) / size for v in values], default=0.0)
        end, step = axis_top(top, 2)
        return -end, end, step
    values = [v / size for v in _known(course.base, course.scenario, course.low, course.high)]
    top, bottom = max(values, default=0.0), min(values, default=0.0)
    if bottom >= 0 and bottom < NEAR * top:
        end, step = axis_top(top)
        return 0.0, end, step
    if top <= bottom:
        end, step = axis_top(abs(top))
        return (0.0, end, step) if top >= 0 else (-end, 0.0, step)
    _, step = axis_top(top - bottom, 3)
    start = step * (bottom // step)
    end = step * -(-top // step)
    return start, end, step


def _differences(course: Course) -> tuple[tuple[float | None, ...], ...]:
    """Return difference, low and high of the paired difference by year."""

    def less(values: Sequence[float | None]) -> tuple[float | None, ...]:
        return tuple(None if v is None or b is None else v - b for v, b in zip(values, course.base, strict=True))

    return less(course.scenario), less(course.low), less(course.high)


def _points(values: Sequence[float | None], size: float) -> list[float | None]:
    return [None if v is None else float(f"{v / size:.5g}") for v in values]


def describe(course: Course) -> str:
    """Return one data sentence on the chart."""
    size, unit = scaled(course.indicator, _known(course.base, course.scenario))
    first = next((k for k, v in enumerate(course.base) if v is not None), None)
    if first is None:
        return text("bands.nothing", title=title(course.indicator), place=place(course.place))
    last = max(k for k, v in enumerate(course.base) if v is not None)
    values = {
        "title": title(course.indicator), "place": place(course.place), "unit": unit, "pairs": course.pairs,
        "first": course.years[first], "last": course.years[last],
        "base_first": number(_over(course.base[first], size)), "base_last": number(_over(course.base[last], size)),
    }  # fmt: skip
    if course.alone:
        return text("bands.describe_alone", **values)
    clear = sum(verdict in CLEAR for verdict in course.verdicts)
    return text(
        "bands.describe",
        **values,
        scenario_last=number(_over(course.scenario[last], size)),
        low=number(_over(course.low[last], size)),
        high=number(_over(course.high[last], size)),
        clear=clear,
        years=len(course.years),
    )


def _over(value: float | None, size: float) -> float | None:
    return None if value is None else value / size


def band_chart(course: Course, colors: Palette, dark: bool, difference: bool = False) -> Option:
    """Draw baseline and scenario by year with the 95 % interval of the paired difference, or the difference alone."""
    difference = difference and not course.alone
    drawn_color = scenario_color(dark)
    size, unit = scaled(course.indicator, _known(course.base, course.scenario))
    start, end, step = axis(course, size, difference)
    years = [str(year) for year in course.years]
    if difference:
        scenario, low, high = _differences(course)
        base: Sequence[float | None] = [0.0] * len(years)
        unit = text("bands.difference_unit", unit=unit)
    else:
        base, scenario, low, high = course.base, course.scenario, course.low, course.high
    lows, highs = _points(low, size), _points(high, size)
    width = [None if a is None or b is None else b - a for a, b in zip(lows, highs, strict=True)]
    names = {
        "base": text("bands.baseline"), "scenario": text("bands.scenario"),
        "band": text("bands.range" if course.alone else "bands.interval", pairs=course.pairs),
    }  # fmt: skip
    quiet = {"type": "line", "symbol": "none", "silent": True, "lineStyle": {"opacity": 0}, "color": drawn_color}
    series: list[Option] = [
        {"name": names["base"], "type": "line", "data": _points(base, size), "symbol": "none", "z": 4,
         "color": colors.soft, "lineStyle": {"width": 2.2, "type": [7, 4] if not course.alone else "solid"}},
        {"name": names["scenario"], "type": "line", "data": [] if course.alone else _points(scenario, size), "z": 5,
         "symbol": "circle", "symbolSize": 5, "color": drawn_color, "lineStyle": {"width": 2.8}},
        {**quiet, "name": "low", "data": lows, "stack": "band", "stackStrategy": "all"},
        {**quiet, "name": "high", "data": highs},
        {**quiet, "name": names["band"], "data": width, "stack": "band", "stackStrategy": "all",
         "color": colors.soft if course.alone else drawn_color, "areaStyle": {"opacity": 0.2}},
    ]  # fmt: skip
    tip = "<b>{b}</b><br>{a0}: {c0}"
    tip += "" if course.alone else "<br>{a1}: {c1}"
    tip += f"<br>{escape(names['band'])}: {{c2}} – {{c3}}"
    lines = [names["base"]] if course.alone else [names["base"], names["scenario"]]
    shown = [*({"name": name} for name in lines), {"name": names["band"], "icon": "roundRect"}]
    option = frame(colors, describe(course))
    option.update(
        {
            "animationDuration": 250,
            "grid": {"left": 8, "right": 18, "top": 62, "bottom": 8, "containLabel": True},
            "legend": {
                "top": 0, "left": 0, "itemWidth": 30, "itemGap": 12, "data": shown, "selectedMode": False,
                "textStyle": {"color": colors.ink, "fontSize": 13},
            },
            "tooltip": {**tooltip(colors, "axis"), "formatter": tip},
            "xAxis": {
                "type": "category", "data": years, "boundaryGap": False,
                "axisLine": {"lineStyle": {"color": colors.soft}, "onZero": False},
                "axisLabel": {"color": colors.soft, "hideOverlap": True, "margin": 10},
                "axisTick": {"alignWithLabel": True},
            },
            "yAxis": {
                "type": "value", "min": start, "max": end, "interval": step, "name": unit, "nameLocation": "end",
                "nameGap": 10, "nameTextStyle": {"color": colors.soft, "align": "left", "padding": [0, 0, 0, -8]},
                "axisLabel": {"color": colors.soft}, "splitLine": {"lineStyle": {"color": colors.grid}},
            },
            "series": series,
            "media": [{"query": {"maxWidth": 430}, "option": {"grid": {"top": 86}}}],
        }
    )  # fmt: skip
    return option


def starts_above_zero(course: Course) -> bool:
    """Return True if the axis of levels does not start at zero."""
    size, _ = scaled(course.indicator, _known(course.base, course.scenario))
    return axis(course, size, False)[0] > 0


def course_table(course: Course) -> str:
    """Return the numbers of the chart as an HTML table."""
    size, unit = scaled(course.indicator, _known(course.base, course.scenario))

    def cell(value: float | None) -> str:
        return number(_over(value, size), 4)

    rows = []
    difference, low, high = _differences(course)
    for k, year in enumerate(course.years):
        if course.alone:
            rows.append([str(year), cell(course.base[k]), cell(course.low[k]), cell(course.high[k])])
        else:
            rows.append([str(year), cell(course.base[k]), cell(course.scenario[k]), cell(difference[k]), cell(low[k]),
                         cell(high[k]), text(f"verdicts.{VERDICTS.get(course.verdicts[k], 'none')}")])  # fmt: skip
    keys = ("year", "baseline", "lowest", "highest")
    if not course.alone:
        keys = ("year", "baseline", "scenario", "difference", "low", "high", "in_words")  # type: ignore[assignment]
    caption = text("bands.caption", title=title(course.indicator), place=place(course.place), unit=unit,
                   pairs=course.pairs)  # fmt: skip
    return table(caption, [text(f"bands.head_{key}") for key in keys], rows)


def spark(course: Course, width: int = 150, height: int = 44) -> str:
    """Return baseline (dashed) and scenario as a small SVG; decoration, its words stand beside it."""
    columns = (course.base, course.scenario)
    known = _known(*columns)
    if len(known) < 4:
        return ""
    top, bottom = max(known), min(known)
    bottom = 0.0 if 0 <= bottom < NEAR * top else bottom
    span = (top - bottom) or 1.0
    lines = []
    names = ("eco-base eco-alone" if course.alone else "eco-base", "eco-now")
    for css, column in zip(names, columns, strict=True):
        points = " ".join(
            f"{3 + k / max(1, len(column) - 1) * (width - 6):.1f},{height - 4 - (v - bottom) / span * (height - 8):.1f}"
            for k, v in enumerate(column)
            if v is not None
        )
        if css != "eco-now" or not course.alone:
            lines.append(f'<polyline class="{css}" points="{points}"></polyline>')
    return (
        f'<svg class="eco-small-chart" viewBox="0 0 {width} {height}" aria-hidden="true" focusable="false" '
        f'preserveAspectRatio="none">{"".join(lines)}</svg>'
    )


def tile(effect: Effect | None, name: str, alone: bool, years: int) -> str:
    """Return one headline tile."""
    words = escape(title(name))
    if effect is None:
        return f'<li class="eco-card eco-tile"><h3>{words}</h3><p class="eco-value">–</p></li>'
    size, unit = scaled(name, [effect.base, effect.scenario], before=True)
    base, now = number(effect.base / size), number(effect.scenario / size)
    if alone:
        lines = [
            f'<p class="eco-value">{escape(base)}</p>',
            f'<p class="eco-unit">{escape(unit)}</p>',
            f'<p class="eco-help">{escape(text("tile.mean", years=years, pairs=effect.pairs))}</p>',
        ]
        return (
            f'<li class="eco-card eco-tile" data-testid="tile-{name}"><h3>{words}</h3>{"".join(lines)}{_how(name)}</li>'
        )
    state = "clear" if effect.clear else "open"
    lines = [
        f'<p class="eco-value eco-{state}">{escape(headline(effect))}</p>',
        f'<p class="eco-unit">{escape(text("tile.levels", base=base, scenario=now, unit=unit))}</p>',
        f'<p class="eco-help">{escape(sentence(effect))}</p>',
    ]
    return f'<li class="eco-card eco-tile" data-testid="tile-{name}"><h3>{words}</h3>{"".join(lines)}{_how(name)}</li>'


def _how(name: str) -> str:
    """Return the formula behind a number, opened on demand."""
    indicator = INDICATORS[name]
    return f'<details class="eco-how"><summary>{escape(text("tile.how"))}</summary>{meaning(indicator, indicator.unit)}</details>'
