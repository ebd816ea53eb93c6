"""Headline tiles: the last year of a few indicators for all jurisdictions together, with the way they came."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from ecosystem.dashboard.results import Result, Series
from ecosystem.dashboard.text import change, number, text
from ecosystem.dashboard.units import unit_words


def sparkline(values: list[float | None], width: int = 120, height: int = 30) -> str:
    """Return a small line as SVG, from zero to the largest value; decoration, since the tile says it in words."""
    known = [(k, v) for k, v in enumerate(values) if v is not None]
    if len(known) < 2:
        return ""
    top = max(v for _, v in known) or 1.0
    last = len(values) - 1
    points = " ".join(f"{3 + k / last * (width - 6):.1f},{height - 3 - v / top * (height - 6):.1f}" for k, v in known)
    x, y = points.split(" ")[-1].split(",")
    return (
        f'<svg class="eco-spark" viewBox="0 0 {width} {height}" aria-hidden="true" focusable="false" '
        f'preserveAspectRatio="none"><polyline points="{points}"></polyline>'
        f'<circle cx="{x}" cy="{y}" r="2.6"></circle></svg>'
    )


def _year_range(series: Series, k: int) -> tuple[float, float] | None:
    values = [column[k] for column in series.values.values()]
    known = [v for v in values if v is not None]
    return (min(known), max(known)) if known else None


def _tile(title: str, value: str, unit: str, note: str, spark: str) -> str:
    return (
        f'<li class="eco-card eco-tile"><h3>{escape(title)}</h3><p class="eco-value">{escape(value)}</p>'
        f'<p class="eco-unit">{escape(unit)}</p>{spark}<p class="eco-help">{escape(note)}</p></li>'
    )


def tile(result: Result, indicator: str) -> str:
    """Return one tile: the sum over jurisdictions, or for a ratio its range over them."""
    series = result.series[indicator]
    first, last = result.years[0], result.years[-1]
    title = text(f"tiles.{indicator}")
    if series.kind == "ratio":
        _, unit = unit_words(series)
        now, then = _year_range(series, -1), _year_range(series, 0)
        if now is None:
            return _tile(title, "–", unit, "", "")
        value = text("tiles.range", low=number(now[0]), high=number(now[1]))
        past = (
            "" if then is None else text("tiles.range_change", low=number(then[0]), high=number(then[1]), first=first)
        )
        return _tile(title, value, f"{unit}, {text('tiles.range_note', year=last)}", past, "")
    total = series.total()
    now_value = total[-1]
    size, words = unit_words(replace(series, values={"all": [now_value]}), before=True)
    return _tile(
        title,
        number(None if now_value is None else now_value / size),
        text("tiles.total_note", unit=words, year=last),
        text("tiles.change_note", change=change(total[0], now_value), first=first),
        sparkline(total),
    )


def tiles(result: Result, indicators: tuple[str, ...]) -> str:
    """Return all tiles as an HTML list."""
    return f'<ul class="eco-tiles">{"".join(tile(result, name) for name in indicators)}</ul>'
