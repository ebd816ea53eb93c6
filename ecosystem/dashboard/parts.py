"""Building blocks that every tab uses: elements, charts with their sentences, parts that open on demand, cards."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import reacton.ipyvuetify as rv
import solara

from ecosystem.dashboard import charts
from ecosystem.dashboard.results import Result
from ecosystem.dashboard.text import text


@solara.component_vue("vue/choose.vue")
def Choose(label: str, value: str, options: list[dict[str, str]], event_choose: Callable[[str], None]) -> None:
    """A native select with its label; options are {value, label}."""


@solara.component_vue("vue/raw.vue")
def Raw(markup: str) -> None:
    """Finished markup; whoever writes it has escaped every word."""


@solara.component_vue("vue/details.vue")
def Details(summary: str, markup: str) -> None:
    """A part that opens on demand, and stays open when its content changes."""


def click(action: Callable[[], Any]) -> Callable[[Any], None]:
    """Return a listener that does something whatever the browser sends along."""

    def listener(_: Any = None) -> None:
        action()

    return listener


def html(tag: str, *children: Any, css: str = "", **attributes: str) -> Any:
    """Return an HTML element with children; underscores in attribute names become hyphens."""
    named = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
    return rv.Html(tag=tag, class_=css, attributes=named, children=list(children))


def chart(option: dict[str, Any], name: str, height: int, css: str = "") -> Any:
    """Return a chart as an image with a data sentence as its text."""
    sentence = option["aria"]["label"]["description"]
    return solara.FigureEcharts(
        option=option,
        attributes={
            "style": f"height: {height}px; width: 100%",
            "class": f"eco-chart {css}",
            "role": "img",
            "aria-label": sentence,
            "data-testid": f"chart-{name}",
        },
        responsive=True,
    )


def details(summary: str, markup: str) -> Any:
    """Return a part that opens on demand; whoever writes the markup has escaped every word."""
    return Details(summary=summary, markup=markup)


def source(result: Result, indicator: str) -> str:
    """Return unit, meaning, formula and name of an indicator as an HTML list."""
    series = result.series[indicator]
    _, unit = charts.unit_words(series)
    how = text(f"card.kind_{series.kind}", formula=series.formula)
    rows = [
        (text("card.counted"), series.doc[:1].upper() + series.doc[1:]),
        (text("card.unit"), unit),
        (text("card.formula"), how),
        (text("card.source"), text("card.source_value", name=indicator)),
    ]
    return "<dl>" + "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in rows) + "</dl>"


def card(title: str, question: str, *children: Any, name: str, wide: bool = False) -> Any:
    """Return one card of the page with its heading."""
    return html(
        "section",
        html("h3", title),
        html("p", question, css="eco-question"),
        *children,
        css="eco-card eco-wide" if wide else "eco-card",
        data_testid=f"card-{name}",
    )


def section(name: str, *children: Any) -> Any:
    """Return one part of the results with its heading and lead."""
    return html(
        "section",
        html("h2", text(f"sections.{name}")),
        html("p", text(f"sections.{name}_lead"), css="eco-lead"),
        html("div", *children, css="eco-grid"),
        css="eco-section",
        data_testid=f"section-{name}",
    )
