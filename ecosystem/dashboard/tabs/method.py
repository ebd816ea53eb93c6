"""Tab Method: how the model works, the formula behind a number, evidence, assumptions, terms, limits, and how to rerun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import solara

from ecosystem.dashboard import heat, method
from ecosystem.dashboard.engine import ENGINE
from ecosystem.dashboard.method import Entry
from ecosystem.dashboard.parts import Raw, details, html
from ecosystem.dashboard.picks import Pick, one_group
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.share import write_file
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.tabs import Tab
from ecosystem.dashboard.text import text, words_of
from ecosystem.kernel.errors import InputError
from ecosystem.lab.model import model_digest

PARTS = ("works", "formulas", "evidence", "assumptions", "matrix", "glossary", "again", "limits")
ODD = ("purpose", "entities", "scales", "process", "concepts", "start", "input", "submodels")


@solara.component_vue("../vue/parts.vue")
def _Parts(label: str, parts: list[dict[str, str]], chosen: str, event_open: Callable[[str], None]) -> None: ...


@solara.component_vue("../vue/seek.vue")
def _Seek(label: str, value: str, help: str, found: str, name: str, event_seek: Callable[[str], None]) -> None: ...


@solara.component_vue("../vue/open.vue")
def _Open(words: dict[str, str], most: int, event_file: Callable[[dict[str, Any]], None]) -> None: ...


@solara.component
def HeatMap(session: Session) -> None:
    """A batch or transplant result as a heat map: the one that comes with the program, or one that a visitor opens."""
    about, set_about = solara.use_state("")
    opened, set_opened = solara.use_state(0)
    own, name = session.kept.get("matrix", (None, ""))
    found = own if own is not None else heat.kept()

    def take(sent: Any) -> None:
        content = sent if isinstance(sent, dict) else {}
        named = "".join(c for c in str(content.get("name"))[:60] if c.isprintable())
        try:
            session.kept["matrix"] = heat.read(content.get("text"), named), named
            session.problem = ""
            set_opened(opened + 1)  # what the session keeps redraws nothing by itself
            session.changed()
        except InputError as error:
            session.fail(str(error))

    with html("div"):
        html("p", text("heat.lead"), css="eco-lead")
        _Open(words=words_of("heat", "open"), most=heat.MOST_BYTES, event_file=take)
        words = text("heat.yours", name=name) if own is not None else text("heat.kept" if found else "heat.none")
        html("p", words, css="eco-note", data_testid="heat-name")
        if found is None:
            return
        shown = about if about in found.abouts else found.abouts[0]
        choices = [(one, heat.about_words(one)) for one in found.abouts]
        Pick(label=text("heat.about"), value=shown, groups=one_group(choices), event_choose=set_about, name="about")
        markup = heat.heat_table(found, shown)
        Raw(markup=f'<div data-testid="heat">{markup}</div>')
        html("p", text("heat.key"), css="eco-note")


@solara.component
def Listing(name: str, entries: Sequence[Entry]) -> None:
    """A list with a search box."""
    query, set_query = solara.use_state("")
    found = method.search(entries, query)
    with html("div"):
        _Seek(
            label=text("method.search"),
            value=query,
            help=text(f"method.search_{name}"),
            found=method.found_words(len(found), len(entries)),
            name=f"seek-{name}",
            event_seek=lambda words: set_query(str(words)[:80]),
        )
        Raw(markup=f'<div data-testid="list-{name}">{method.listed(found[: method.MOST_SHOWN])}</div>')


def _paragraphs(words: str) -> str:
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in words.split("\n\n"))


def works() -> str:
    """Return the summary of the model after the ODD protocol, with the counts of this installation."""
    known = method.counts()
    out = [f"<p>{escape(text('odd.lead'))}</p>"]
    for name in ODD:
        out.append(f"<h3>{escape(text(f'odd.{name}_title'))}</h3>{_paragraphs(text(f'odd.{name}'))}")
        if name == "process":
            rows = [
                [str(k), text(f"odd.phase_{phase}"), str(rules)]
                for k, (phase, rules) in enumerate(method.phases(), 1)
            ]  # fmt: skip
            head = [text("odd.phase_number"), text("odd.phase"), text("odd.phase_rules")]
            out.append(table(text("odd.phase_caption", rules=known.rules), head, rows, label=2))
    return f'<div class="eco-prose">{"".join(out)}</div>'


def evidence() -> str:
    """Return the scoreboard: how many published facts the model meets, the failures first."""
    board = method.board()
    if board is None:
        return f"<p>{escape(text('facts.none'))}</p>"
    out = [f"<p>{escape(text('facts.lead', made=board.made, model=board.model, run=board.run))}</p>"]
    if board.model != model_digest():
        out.append(f'<p class="eco-amber-note">{escape(text("facts.old", now=model_digest()))}</p>')
    tiles = []
    for use in method.USES.values():
        inside, total = board.score(use)
        tiles.append(
            f'<li class="eco-card eco-tile"><h3>{escape(text(f"facts.{use}"))}</h3>'
            f'<p class="eco-value">{escape(text("facts.score", inside=inside, total=total))}</p>'
            f'<p class="eco-unit">{escape(text(f"facts.{use}_note"))}</p></li>'
        )
    out.append(f'<ul class="eco-tiles eco-three">{"".join(tiles)}</ul>')
    head = [text(f"facts.head_{key}") for key in ("fact", "what", "use", "value", "band", "remark")]
    for key, wanted in (("outside", False), ("inside", True)):
        rows = [
            [f.id, f.what, text(f"facts.{f.use}"), f.value, f.band, f.remark] for f in board.facts if f.inside is wanted
        ]
        if rows:
            caption = text(f"facts.{key}", n=len(rows))
            css = "eco-facts eco-outside" if key == "outside" else "eco-facts"
            out.append(f'<div class="{css}" data-testid="facts-{key}">{table(caption, head, rows)}</div>')
    return "".join(out)


def limits() -> str:
    """Return what the simulator cannot say."""
    items = "".join(
        f"<li><h3>{escape(text(f'limits.{name}_title'))}</h3>{_paragraphs(text(f'limits.{name}'))}</li>"
        for name in method.LIMITS
    )
    return f'<ul class="eco-limits">{items}</ul>'


def again(session: Session) -> str:
    """Return command line and Python for the present scenario at both speeds, and the scenario's file."""
    out = [_paragraphs(text("again.lead"))]
    for plan in (ENGINE.quick, ENGINE.full):
        head = text(f"again.{plan.name}", pairs=plan.pairs, scale=f"{plan.scale:,.0f}")
        out.append(f"<h3>{escape(head)}</h3><h4>{escape(text('again.shell'))}</h4>")
        out.append(_code(text("again.shell"), method.command_line(plan)))
        out.append(f"<h4>{escape(text('again.python'))}</h4>")
        out.append(_code(text("again.python"), method.python_code(session.scenario, plan)))
    out.append(f"<h3>{escape(text('again.file'))}</h3>" + _code(text("again.file"), write_file(session.scenario)))
    out.append(f"<p>{escape(text('again.identity', model=model_digest()))}</p>")
    return f'<div class="eco-prose">{"".join(out)}</div>'


def _code(label: str, words: str) -> str:
    return f'<pre class="eco-code" tabindex="0" role="region" aria-label="{escape(label)}"><code>{escape(words)}</code></pre>'


@solara.component
def Method(session: Session, dark: bool) -> None:
    """One part of the tab at a time."""
    use_session(session)
    part = session.kept.get("method", PARTS[0])

    def show(id: str) -> None:
        if id in PARTS:
            session.kept["method"] = id
            session.changed()

    with html("div", css="eco-method"):
        with html("div", css="eco-method-side"):
            html("h1", text("method.title"), css="eco-question-title")
            _Parts(
                label=text("method.parts"),
                parts=[{"id": id, "name": text(f"method.part_{id}")} for id in PARTS],
                chosen=part,
                event_open=lambda id: show(str(id)),
            )
        with html(
            "section", css="eco-card eco-method-body", id="eco-results", tabindex="-1", data_testid=f"part-{part}"
        ):
            html("h2", text(f"method.part_{part}"))
            if part == "works":
                Raw(markup=works())
            elif part == "formulas":
                html("p", text("method.formulas_lead"), css="eco-lead")
                Listing("formulas", method.formulas()).key("formulas")
            elif part == "evidence":
                Raw(markup=evidence())
            elif part == "assumptions":
                _assumptions()
            elif part == "matrix":
                HeatMap(session).key("matrix")
            elif part == "glossary":
                html("p", text("method.glossary_lead"), css="eco-lead")
                Listing("glossary", method.glossary()).key("glossary")
            elif part == "again":
                Raw(markup=again(session))
            else:
                Raw(markup=limits())
                html("h3", text("limits.measures"), css="eco-also-title")
                Listing("limits", method.left_out()).key("limits")
    return None


def _assumptions() -> None:
    known = method.counts()
    words = text(
        "method.assumptions_lead",
        assumed=known.assumed_parameters,
        parameters=known.parameters,
        assumed_levers=known.assumed_lever_values,
        levers=known.lever_values,
    )
    html("p", words, css="eco-amber-note")
    details(text("method.assumptions_why"), f"<p>{escape(text('method.assumptions_why_words'))}</p>")
    Listing("assumptions", (*method.assumed_parameters(), *method.assumed_levers())).key("assumptions")


TAB = Tab("method", 50, Method)
