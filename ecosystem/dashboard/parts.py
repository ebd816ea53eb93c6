"""Building blocks that every tab uses: elements, charts with their sentences, parts that open on demand, cards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import reacton.ipyvuetify as rv
import solara

from ecosystem.dashboard.results import Series
from ecosystem.dashboard.sheets import KINDS, sheet
from ecosystem.dashboard.text import text, words_of
from ecosystem.domain.indicators import Indicator


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


def scroll(child: Any, label: str) -> Any:
    """Return a wide picture that scrolls inside its card on a phone; what scrolls must be reachable by keyboard."""
    return html("div", child, css="eco-scroll", tabindex="0", role="group", aria_label=label)


def command(words: str, line: str) -> Any:
    """Return how to get the same numbers without the page; a line that is too long breaks between words only."""
    parts = " ".join(f"<span>{escape(part)}</span>" for part in line.split())
    return Raw(markup=f'<p class="eco-note eco-command">{escape(words)} <code>{parts}</code></p>')


def details(summary: str, markup: str) -> Any:
    """Return a part that opens on demand; whoever writes the markup has escaped every word."""
    return Details(summary=summary, markup=markup)


@solara.component_vue("vue/data.vue")
def _Data(
    words: dict[str, str], name: str, charts: list[str], sent: dict[str, Any], event_ask: Callable[[str], None]
) -> None: ...


@solara.component
def Numbers(markup: str, name: str, charts: Sequence[str] = ()) -> None:
    """The table beside a chart, and its numbers and pictures as files.

    Args:
        markup: the table.
        charts: names of the charts that belong to it, if they differ from ``name``.
    """
    sent, set_sent = solara.use_state({"n": 0, "content": "", "file": "", "type": ""})

    def ask(kind: Any) -> None:
        one = str(kind) if str(kind) in KINDS else "csv"
        content = sheet(markup).file(one)
        set_sent({"n": int(str(sent["n"])) + 1, "content": content, "file": f"{name}.{one}", "type": KINDS[one]})

    words = {**words_of("data", "title", "csv", "parquet", "json", "png"), "saved": text("data.saved", file="FILE")}
    with html("div", css="eco-numbers"):
        Details(summary=text("table.show"), markup=markup)
        _Data(words=words, name=name, charts=list(charts or (name,)), sent=sent, event_ask=ask)


def meaning(indicator: Indicator | Series, unit: str) -> str:
    """Return meaning, unit, formula and name of an indicator as an HTML list."""
    rows = [
        (text("card.counted"), indicator.doc[:1].upper() + indicator.doc[1:]),
        (text("card.unit"), unit),
        (text("card.formula"), text(f"card.kind_{indicator.kind}", formula=indicator.formula)),
        (text("card.source"), text("card.source_value", name=indicator.name)),
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
