"""Tab Teach: a lesson on one screen. The run stays locked until a prediction is in; the reveal shows both side by side."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, cast

import solara

from ecosystem.dashboard.charts import bands
from ecosystem.dashboard.lessons import OUTCOMES, Lesson, Step, known_lessons
from ecosystem.dashboard.lessons.play import Play
from ecosystem.dashboard.lessons.recorded import Record, recorded
from ecosystem.dashboard.lessons.results import (
    also_table,
    answer,
    course_of,
    effect_of,
    happened,
    levels_line,
    paragraphs,
    result_line,
    source_line,
)
from ecosystem.dashboard.lessons.worksheet import worksheet
from ecosystem.dashboard.parts import Numbers, Raw, chart, details, html
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.share import start
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.tabs import Tab
from ecosystem.dashboard.text import place, text, words_of
from ecosystem.dashboard.theme import palette

LARGE_HEIGHT = 460


LIST_WORDS = words_of("teach", "start", "sheet", "key", "goals")
HEAD_WORDS = words_of("teach", "projector", "leave")
PREDICT_WORDS = {key: text(f"teach.predict_{key}") for key in ("choose", "hands", "help", "commit")}
FOOT_WORDS = words_of("teach", "back", "next", "run", "finish")


@solara.component_vue("../vue/lessons.vue")
def _Lessons(words: dict[str, str], lessons: list[dict[str, Any]], event_start: Callable[[str], None]) -> None: ...


@solara.component_vue("../vue/lesson_head.vue")
def _Head(
    words: dict[str, str],
    title: str,
    heading: str,
    place: str,
    step: int,
    count: int,
    large: bool,
    event_large: Callable[[bool], None],
    event_leave: Callable[[Any], None],
) -> None: ...


@solara.component_vue("../vue/predict.vue")
def _Predict(
    words: dict[str, str],
    options: list[dict[str, str]],
    chosen: str,
    counted: dict[str, int],
    closed: bool,
    said: str,
    event_commit: Callable[[dict[str, Any]], None],
) -> None: ...


@solara.component_vue("../vue/lesson_foot.vue")
def _Foot(
    words: dict[str, str],
    locked: str,
    can_back: bool,
    can_run: bool | None,
    can_next: bool,
    last: bool,
    event_back: Callable[[Any], None],
    event_run: Callable[[Any], None],
    event_next: Callable[[Any], None],
) -> None: ...


def notice(record: Record | None) -> str:
    """Return the banner over runs that are missing or older than the model."""
    if record is None:
        return text("teach.unrecorded")
    return text("teach.old", made=record.made, model=record.model) if record.old else ""


def cards() -> list[dict[str, Any]]:
    """Return all lessons with their worksheets for the list."""
    out = []
    for lesson in known_lessons().values():
        record = recorded(lesson.id)
        out.append(
            {
                "id": lesson.id,
                "title": lesson.title,
                "about": text("teach.about", minutes=lesson.minutes, audience=lesson.audience),
                "goals": list(lesson.goals),
                "notice": notice(record),
                "sheet": worksheet(lesson, record, key=False),
                "key": worksheet(lesson, record, key=True),
            }
        )
    return out


def votes(step: Step, choice: str, hands: dict[str, int], came: str) -> str:
    """Return prediction and outcome side by side as markup: hands as bars, what the class chose, what came."""
    most = max([*hands.values(), 1])
    rows = []
    for one in OUTCOMES:
        marks = [text("teach.mark_predicted")] if one == choice else []
        marks += [text("teach.mark_came")] if one == came else []
        counted = hands.get(one, 0)
        bar = ""
        if hands:
            bar = (
                f'<span class="eco-vote-bar" aria-hidden="true"><span style="width:{100 * counted / most:.0f}%"></span>'
                f'</span><span class="eco-vote-count">{escape(text("teach.hands_up", n=counted))}</span>'
            )
        css = "eco-vote" + (" eco-came" if one == came else "")
        said = "".join(f'<span class="eco-vote-mark">{escape(mark)}</span>' for mark in marks)
        rows.append(f'<li class="{css}"><span class="eco-vote-word">{escape(answer(step, one))}{said}</span>{bar}</li>')
    return f'<ul class="eco-votes">{"".join(rows)}</ul>'


def run_lines(lesson: Lesson, run: str) -> list[str]:
    """Return what a run compares, in sentences."""
    p, one, first = lesson.pinned, lesson.runs[run], lesson.base().start_year
    return [
        text("teach.run_compares", run=one.title, place=place(one.on)),
        text("teach.run_pairs", pairs=p.pairs, first=first, last=first + p.years - 1),
    ]


def open_in_explore(session: Session, lesson: Lesson, run: str) -> None:
    """Take a run of the lesson as the visitor's scenario, to go on with it freely."""
    one = lesson.runs[run]

    def build() -> Any:
        scenario = start()
        for id, strength in one.measures.items():
            scenario = scenario.with_measure(id, on=one.on, strength=strength)
        return scenario

    session.attempt(build)
    session.see(tab="explore", place=one.on, shown=one.on)


@solara.component_vue("../vue/parts.vue")
def _Runs(label: str, parts: list[dict[str, str]], chosen: str, event_open: Callable[[str], None]) -> None: ...


@solara.component
def Reveal(play: Play, step: Step, record: Record, dark: bool) -> None:
    """Prediction beside result."""
    lesson = play.lesson
    asked = lesson.prediction(step.of)
    effect = effect_of(lesson, record, asked)
    came = happened(effect)
    choice = play.predicted.get(asked.id, "")
    with html("div"):
        html("p", asked.text, css="eco-lesson-question")
        html("p", text("teach.right" if choice == came else "teach.wrong"), css="eco-verdict", data_testid="verdict")
        Raw(markup=votes(asked, choice, play.hands.get(asked.id, {}), came))
        html("p", result_line(effect), css="eco-result", data_testid="result")
        html("p", levels_line(effect, lesson.pinned.years), css="eco-note")
        course = course_of(lesson, record, asked)
        option = bands.band_chart(course, palette(dark), dark)
        chart(option, f"lesson-{asked.id}", LARGE_HEIGHT if play.large else bands.HEIGHT)
        if bands.starts_above_zero(course):
            html("p", text("bands.above_zero"), css="eco-note")
        html("p", text("bands.read", pairs=course.pairs), css="eco-note")
        Raw(markup=f'<div class="eco-lesson-text">{paragraphs(answer(step, came))}{paragraphs(step.text)}</div>')
        Numbers(bands.course_table(course), f"lesson-{asked.id}")
        more = also_table(lesson, record, asked.run)
        if more:
            html("h2", text("teach.also"), css="eco-also-title")
            Raw(markup=more)
        html("p", source_line(lesson, record), css="eco-note")


@solara.component
def Stage(session: Session, play: Play, dark: bool, leave: Callable[[], None]) -> None:
    """One step of a lesson."""
    use_session(session)
    lesson, step = play.lesson, play.present
    record = recorded(lesson.id)
    count = len(lesson.steps) + 1

    def doing(act: Callable[[], None]) -> Callable[[Any], None]:
        def done(_: Any = None) -> None:
            act()
            session.changed()

        return done

    def enlarge(large: Any) -> None:
        play.large = bool(large)
        session.changed()

    def commit(sent: Any) -> None:
        play.commit(sent)
        session.changed()

    kind = text(f"teach.kind_{step.do if step is not None else 'end'}")
    where = text("teach.step", n=play.step + 1, count=count, kind=kind)
    if step is not None and step.minutes:
        where = text("teach.step_minutes", where=where, minutes=step.minutes)
    with html(
        "section",
        css="eco-card eco-stage" + (" eco-projector" if play.large else ""),
        id="eco-results",
        tabindex="-1",
        data_testid="stage",
        aria_label=lesson.title,
    ):
        _Head(
            words=HEAD_WORDS,
            title=lesson.title,
            heading=step.title if step is not None else text("teach.end"),
            place=where,
            step=play.step,
            count=count,
            large=play.large,
            event_large=enlarge,
            event_leave=doing(leave),
        )
        if record is None or record.old:
            html("p", notice(record), css="eco-amber-note", role="note")
        with html("div", css="eco-stage-body"):
            if step is None:
                _end(session, play)
            elif step.do == "predict":
                Raw(markup=f'<div class="eco-lesson-text">{paragraphs(step.text)}</div>')
                chosen = play.predicted.get(step.id, "")
                _Predict(
                    words=PREDICT_WORDS,
                    options=[{"value": one, "label": answer(step, one)} for one in OUTCOMES],
                    chosen=chosen,
                    counted=dict(play.hands.get(step.id, {})),
                    closed=step.run in play.ran,
                    said=text("teach.predicted", choice=answer(step, chosen)) if chosen else "",
                    event_commit=commit,
                ).key(f"predict-{step.id}")
            elif step.do == "reveal" and record is not None:
                Reveal(play, step, record, dark).key(f"reveal-{step.of}")
            elif step.do == "reveal":
                html("p", text("teach.unrecorded"))
            else:
                Raw(markup=f'<div class="eco-lesson-text">{paragraphs(step.text)}</div>')
                if step.do == "run":
                    for line in run_lines(lesson, step.run):
                        html("p", line, css="eco-run-line")
                    if step.run in play.ran:
                        html("p", text("teach.ran"), css="eco-ran", role="status", data_testid="ran")
                if step.do == "ask":
                    details(text("teach.show_key"), paragraphs(step.key))
        _Foot(
            words=FOOT_WORDS,
            locked=play.locked(),
            can_back=play.step > 0,
            can_run=play.can_run if step is not None and step.do == "run" else None,
            can_next=play.can_next,
            last=play.step >= len(lesson.steps) - 1,
            event_back=doing(lambda: play.go(-1)),
            event_run=doing(play.run),
            event_next=doing(lambda: play.go(1)),
        )


def _end(session: Session, play: Play) -> None:
    """Draw the end: predictions beside results, questions for the talk, and where to go on."""
    lesson, record = play.lesson, recorded(play.lesson.id)

    def go_on(id: str) -> None:
        if id in lesson.runs:
            open_in_explore(session, lesson, id)

    if record is not None:
        rows = []
        for step in lesson.steps:
            if step.do != "predict":
                continue
            effect = effect_of(lesson, record, step)
            said = play.predicted.get(step.id, "")
            came = answer(step, happened(effect))
            cells = (step.text, answer(step, said) if said else "–", came, result_line(effect))
            rows.append([" ".join(cell.split()) for cell in cells])
        head = [text(f"teach.end_{key}") for key in ("asked", "predicted", "came", "size")]
        Raw(markup=f'<div class="eco-end-table">{table(text("teach.end_caption"), head, rows)}</div>')
    html("h2", text("teach.debrief"), css="eco-also-title")
    items = "".join(
        f'<li>{paragraphs(question)}<details class="eco-details"><summary>{escape(text("teach.show_key"))}</summary>'
        f"{paragraphs(key)}</details></li>"
        for question, key in lesson.debrief
    )
    Raw(markup=f'<ol class="eco-debrief" data-testid="debrief">{items}</ol>')
    html("h2", text("teach.go_on"), css="eco-also-title")
    html("p", text("teach.go_on_lead"), css="eco-help")
    _Runs(
        label=text("teach.go_on"),
        parts=[
            {"id": run.id, "name": text("teach.open_run", run=run.title, place=place(run.on))}
            for run in lesson.runs.values()
        ],
        chosen="",
        event_open=go_on,
    )


@solara.component
def Teach(session: Session, dark: bool) -> None:
    """The list of lessons, or the one that is played."""
    use_session(session)
    play = cast("Play | None", session.kept.get("teach"))
    listed = solara.use_memo(cards, [])

    def begin(id: Any) -> None:
        if id in known_lessons():
            session.kept["teach"] = Play(known_lessons()[str(id)])
            session.changed()

    def leave() -> None:
        session.kept.pop("teach", None)
        session.changed()

    if play is not None:
        Stage(session, play, dark, leave)
        return
    with html("div", css="eco-teach", id="eco-results", tabindex="-1"):
        html("div", html("h1", text("teach.title")), html("p", text("teach.lead")), css="eco-hero")
        _Lessons(words=LIST_WORDS, lessons=listed, event_start=begin)


TAB = Tab("teach", 60, Teach, scenario=False)
