"""The worksheet of a lesson as one HTML page that prints on A4 or Letter, with or without its key."""

from __future__ import annotations

from html import escape

from ecosystem.dashboard.lessons import OUTCOMES, Lesson, Step
from ecosystem.dashboard.lessons.recorded import Record
from ecosystem.dashboard.lessons.results import (
    answer,
    effect_of,
    happened,
    levels_line,
    paragraphs,
    result_line,
    source_line,
)
from ecosystem.dashboard.text import text

STYLE = """
@page { margin: 18mm 16mm; }
body { font: 11pt/1.45 Georgia, "Noto Serif", serif; color: #111; background: #fff;
  max-width: 46em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; margin: 0 0 .2em; } h2 { font-size: 1.1em; margin: 1.2em 0 .3em; }
section { break-inside: avoid; } ul.boxes { list-style: none; padding: 0; margin: .4em 0; } ul.boxes li { margin: .25em 0; }
.box { display: inline-block; width: .8em; height: .8em; border: 1px solid #111; margin-right: .6em; }
.line { border-bottom: 1px solid #888; height: 1.9em; } .who { display: flex; gap: 1.5em; margin: 1em 0; }
.who span { flex: 1; border-bottom: 1px solid #888; padding-bottom: .2em; }
.key { border-left: 3px solid #111; padding: .1em .9em; margin: .5em 0; background: #f2f2f2; print-color-adjust: exact; }
.small { font-size: .85em; color: #333; }
@media print { body { margin: 0; max-width: none; padding: 0; } }
"""


def _lines(count: int) -> str:
    return '<div class="line"></div>' * count


def _predict(lesson: Lesson, record: Record | None, step: Step, key: bool) -> str:
    boxes = "".join(f'<li><span class="box"></span>{escape(answer(step, one))}</li>' for one in OUTCOMES)
    out = f"{paragraphs(step.text)}<ul class='boxes'>{boxes}</ul><p>{escape(text('sheet.why'))}</p>{_lines(2)}"
    if not key:
        return out + f"<p>{escape(text('sheet.note_result'))}</p>{_lines(2)}"
    if record is None:
        return out + f'<div class="key"><p>{escape(text("teach.unrecorded"))}</p></div>'
    effect = effect_of(lesson, record, step)
    lines = [answer(step, happened(effect)), result_line(effect), levels_line(effect, lesson.pinned.years)]
    told = "".join(
        paragraphs(answer(reveal, happened(effect)))
        for reveal in lesson.steps
        if reveal.do == "reveal" and reveal.of == step.id
    )
    return out + '<div class="key">' + "".join(f"<p>{escape(line)}</p>" for line in lines) + told + "</div>"


def _question(words: str, answer_words: str, key: bool) -> str:
    held = f'<div class="key">{paragraphs(answer_words)}</div>' if key else _lines(3)
    return paragraphs(words) + held


def worksheet(lesson: Lesson, record: Record | None, key: bool) -> str:
    """Return the page.

    Args:
        record: the runs of the lesson, which the key tells; None if there are none.
        key: for the teacher, with the answers.
    """
    parts = []
    for step in lesson.steps:
        if step.do == "predict":
            parts.append((step.title, _predict(lesson, record, step, key)))
        elif step.do == "ask":
            parts.append((step.title, _question(step.text, step.key, key)))
    parts += [
        (text("sheet.debrief", number=k), _question(question, held, key))
        for k, (question, held) in enumerate(lesson.debrief, 1)
    ]
    body = "".join(f"<section><h2>{escape(title)}</h2>{inner}</section>" for title, inner in parts)
    goals = "".join(f"<li>{escape(goal)}</li>" for goal in lesson.goals)
    about = text("sheet.about", minutes=lesson.minutes, audience=lesson.audience)
    head = escape(lesson.title) + (f" – {escape(text('sheet.key'))}" if key else "")
    who = "".join(f"<span>{escape(text(f'sheet.{field}'))}</span>" for field in ("name", "class", "date"))
    foot = source_line(lesson, record) if record is not None else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{head}</title><style>{STYLE}</style></head>'
        f"<body><main><h1>{head}</h1><p class='small'>{escape(about)}</p>"
        f"{'' if key else f'<div class=who>{who}</div>'}<p>{escape(text('sheet.goals'))}</p><ul>{goals}</ul>{body}"
        f"<p class='small'>{escape(foot)} {escape(text('sheet.foot'))}</p></main></body></html>"
    )
