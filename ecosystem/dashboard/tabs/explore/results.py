"""Middle column of Explore: baseline against scenario as tiles, charts, a timeline and small charts."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import solara

from ecosystem.dashboard import looking
from ecosystem.dashboard.brief import Part
from ecosystem.dashboard.catalog import COMPARED_TILES, STRIP
from ecosystem.dashboard.charts import bands
from ecosystem.dashboard.effects import Course, Effect, courses, effects, headline, scaled, title
from ecosystem.dashboard.engine import Look
from ecosystem.dashboard.parts import Numbers, Raw, chart, click, command, details, html, meaning
from ecosystem.dashboard.picks import Pick, direct_group, indicator_groups, one_group
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.takeaway import BriefButton
from ecosystem.dashboard.text import number, place, text, words_of
from ecosystem.dashboard.theme import palette
from ecosystem.domain.indicators import INDICATORS
from ecosystem.lab.compare import Comparison
from ecosystem.scenario import Scenario, known_measures

RUN_WORDS = words_of("engine", "refine", "cancel")
STRIP_WORDS = words_of("strip", "title", "show")


@solara.component_vue("../../vue/run.vue")
def _Run(
    words: dict[str, str],
    status: str,
    running: bool,
    percent: float | None,
    can_refine: bool,
    refining: bool,
    event_refine: Callable[[Any], None],
    event_cancel: Callable[[Any], None],
) -> None: ...


@solara.component_vue("../../vue/strip.vue")
def _Strip(words: dict[str, str], charts: list[dict[str, Any]], event_choose: Callable[[str], None]) -> None: ...


@solara.component
def Results(session: Session, dark: bool) -> None:
    """Baseline against scenario."""
    use_session(session)
    looking.use_look(session)
    look = looking.shown(session)
    comparison = look.comparison() if look is not None and look.ready else None
    view = session.view
    alone = look is None or look.base.key() == look.scenario.key()
    pairs = len(comparison.runs) if comparison is not None else 0
    names = list(dict.fromkeys([view.first, view.second, *STRIP]))
    available = [n for n in names if comparison is not None and n in comparison.runs[0][0].names]

    def read() -> tuple[dict[str, Course], dict[tuple[str, str], Effect]]:
        if comparison is None:
            return {}, {}
        wanted = [*dict.fromkeys([*COMPARED_TILES, *available])]
        return courses(comparison, available, view.shown, alone), effects(comparison, wanted)

    drawn, found = solara.use_memo(read, [id(look), pairs, view.shown, tuple(available)])
    old = looking.stale(session) and not session.replaying
    css = "eco-middle eco-stale" if old else "eco-middle"
    with html("div", css=css, id="eco-results", tabindex="-1", aria_busy="true" if old else "false"):
        html("h1", text("explore.question"), css="eco-question-title")
        _status(session, look)
        if comparison is None or look is None:
            words = text("explore.waiting") if not (look and look.problem) else look.problem
            html("div", html("p", words), css="eco-card eco-empty")
            return
        with html("div", css="eco-shown-row"):
            _shown_for(session)
            # A new title starts no new runs: take it from the scenario as it stands.
            part = Part((comparison if old else session).scenario.title, comparison, look.plan)
            notes = [text("brief.stale")] if old else []
            BriefButton([part], view.shown, (view.first, view.second), notes)
        html("p", text("explore.old") if old else "", css="eco-coarse" if old else "eco-gone")
        _tiles(found, view.shown, alone, comparison)
        with html("div", css="eco-two"):
            for slot in ("first", "second"):
                BandCard(session, slot, drawn.get(getattr(view, slot)), dark)
        _timeline(session.scenario)
        _strip(session, drawn, found, alone)
        line = text("explore.command_line", scale=f"{look.plan.scale:g}", pairs=look.total)
        command(text("explore.command"), line)


def _status(session: Session, look: Look | None) -> None:
    quick, full = session.look, session.full
    present = full if full is not None and not full.cancelled else quick
    running = present is not None and not present.finished
    words = present.status() if present is not None else ""
    if session.replaying:
        words = text("explore.replaying")
    elif full is not None and full.cancelled:
        words = full.status()
    if quick is not None and quick.problem:
        words = quick.problem
    _Run(
        words=RUN_WORDS,
        status=words,
        running=running,
        percent=100 * present.done / present.total if present is not None and present.done else None,
        can_refine=(full is None or full.cancelled) and quick is not None and quick.finished and not quick.problem,
        refining=full is not None and not full.finished,
        event_refine=click(lambda: looking.refine(session)),
        event_cancel=click(lambda: looking.give_up(session)),
    )


def _shown_for(session: Session) -> None:
    codes = [*session.scenario.jurisdictions, "all"]
    Pick(
        label=text("explore.shown_for"),
        value=session.view.shown,
        groups=one_group([(code, place(code)) for code in codes]),
        event_choose=lambda code: session.see(shown=str(code)),
        name="shown",
    )


def _tiles(found: dict[tuple[str, str], Effect], code: str, alone: bool, comparison: Comparison) -> None:
    years = comparison.runs[0][0].years
    markup = "".join(bands.tile(found.get((name, code)), name, alone, years) for name in COMPARED_TILES)
    html("h2", text("explore.headline"), css="eco-hidden")
    Raw(markup=f'<ul class="eco-tiles eco-five">{markup}</ul>')


@solara.component
def BandCard(session: Session, slot: str, course: Course | None, dark: bool) -> None:
    """One large chart with its choice of indicator, its table and its meaning."""
    difference, set_difference = solara.use_state(False)
    chosen = getattr(session.view, slot)
    name = text(f"explore.chart_{slot}")

    def choose(one: str) -> None:
        if one in INDICATORS:
            session.see(**{slot: one})

    with html("section", css="eco-card", aria_label=name, data_testid=f"card-{slot}"):
        html("h3", title(chosen) if chosen in INDICATORS else chosen)
        with html("div", css="eco-picks"):
            Pick(label=name, value=chosen, groups=[*indicator_groups(), direct_group()], event_choose=choose, name=slot)
            # Always there, if only hidden: a chart whose neighbors come and go would be built anew each time.
            views = [(key, text(f"bands.view_{key}")) for key in ("levels", "difference")]
            with html("div", css="eco-gone" if course is None or course.alone else ""):
                Pick(
                    label=text("bands.view"),
                    value="difference" if difference else "levels",
                    groups=one_group(views),
                    event_choose=lambda key: set_difference(key == "difference"),
                    name=f"{slot}-view",
                )
        if course is None:
            html("p", text("explore.no_numbers"), css="eco-help")
            return
        chart(bands.band_chart(course, palette(dark), dark, difference), slot, bands.HEIGHT)
        above = not difference and bands.starts_above_zero(course)
        html("p", text("bands.above_zero") if above else "", css="eco-note" if above else "eco-gone")
        html("p", text("bands.read_alone" if course.alone else "bands.read", pairs=course.pairs), css="eco-note")
        Numbers(bands.course_table(course), slot)
        details(text("card.counted"), meaning(INDICATORS[chosen], INDICATORS[chosen].unit))


def _timeline(scenario: Scenario) -> None:
    """Draw when each measure of the scenario is in force."""
    first, years = scenario.start_year, scenario.years
    rows, lines = [], []
    for use in scenario.measures:
        measure = known_measures()[use.id]
        start = (use.start or measure.start or f"{first}-01")[:7]
        end = (use.end or measure.end or f"{first + years}-01")[:7]
        begin, stop = (min(max((int(w[:4]) + (int(w[5:]) - 1) / 12 - first) / years, 0.0), 1.0) for w in (start, end))
        ramp = measure.ramp_years if use.ramp_years is None else use.ramp_years
        share = min(1.0, ramp / years / max(stop - begin, 1e-9))
        for code in use.on:
            words = f"{place(code)}: {measure.title}"
            span = text("timeline.span", start=start[:4], end=int(end[:4]) if use.end or measure.end else first + years,
                        ramp=number(ramp, 2))  # fmt: skip
            down = use.strength < measure.strength_in_force(code)
            lines.append(
                f'<li><span class="eco-bar-name">{escape(words)}</span><span class="eco-bar-track" aria-hidden="true">'
                f'<span class="eco-bar-span{" eco-down" if down else ""}" style="left:{100 * begin:.1f}%;'
                f'width:{100 * (stop - begin):.1f}%;--ramp:{100 * share:.0f}%"></span></span>'
                f'<span class="eco-hidden">{escape(span)}</span></li>'
            )
            rows.append(words)
    marks = "".join(f"<span>{year}</span>" for year in (first, first + years // 2, first + years))
    scale = f'<p class="eco-bar-scale" aria-hidden="true">{marks}</p>'
    html(
        "section",
        html("h3", text("timeline.title")),
        Raw(markup=f'<ul class="eco-timeline">{"".join(lines)}</ul>{scale}'),
        css="eco-card eco-timeline-card" if rows else "eco-gone",
        data_testid="timeline",
    )


def _strip(session: Session, drawn: dict[str, Course], found: dict[tuple[str, str], Effect], alone: bool) -> None:
    items = []
    for name in STRIP:
        course, effect = drawn.get(name), found.get((name, session.view.shown))
        if course is None or effect is None:
            continue
        size, unit = scaled(name, [effect.base], before=True)
        words = f"{number(effect.base / size)} {unit}" if alone else headline(effect)
        items.append(
            {
                "id": name,
                "title": title(name),
                "text": words,
                "clear": effect.clear and not alone,
                "picture": bands.spark(course),
                "shown": name in (session.view.first, session.view.second),
            }
        )
    html("h2", text("strip.title"), css="eco-strip-title")
    _Strip(words=STRIP_WORDS, charts=items, event_choose=lambda name: session.see(second=str(name)))
    html("p", "" if alone else text("strip.luck"), css="eco-gone" if alone else "eco-note")
