"""What the runs of a lesson show, in words and rows; every number is a cell of the recorded comparison."""

from __future__ import annotations

from html import escape

from ecosystem.dashboard.effects import Course, Effect, courses, effects, headline, scaled, sentence, title
from ecosystem.dashboard.lessons import Lesson, Step
from ecosystem.dashboard.lessons.recorded import Record, outcome
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import number, place, text


def effect_of(lesson: Lesson, record: Record, asked: Step) -> Effect:
    """Return the recorded effect that a prediction is about."""
    code = lesson.runs[asked.run].on
    return effects(record.runs[asked.run], [asked.indicator])[asked.indicator, code]


def course_of(lesson: Lesson, record: Record, asked: Step) -> Course:
    """Return the same indicator year by year."""
    code = lesson.runs[asked.run].on
    return courses(record.runs[asked.run], [asked.indicator], code, alone=False)[asked.indicator]


def happened(effect: Effect) -> str:
    """Return what a run showed: higher, lower or unclear."""
    return outcome(effect.verdict)


def answer(step: Step, choice: str) -> str:
    """Return the words of one of the three answers of a prediction, or of the lesson of an outcome."""
    return {"higher": step.higher, "lower": step.lower, "unclear": step.unclear}[choice]


def result_line(effect: Effect) -> str:
    """Return the effect with its interval, its unit and number of pairs as one line."""
    _, unit = scaled(effect.indicator, [effect.base, effect.scenario], before=True)
    return text("teach.result_line", headline=headline(effect), sentence=sentence(effect), unit=unit)


def levels_line(effect: Effect, years: int) -> str:
    """Return what the effect is a change of: baseline and scenario, means over the years."""
    size, unit = scaled(effect.indicator, [effect.base, effect.scenario], before=True)
    return text(
        "teach.levels", title=title(effect.indicator), place=place(effect.place), base=number(effect.base / size),
        scenario=number(effect.scenario / size), unit=unit, years=years,
    )  # fmt: skip


def also_table(lesson: Lesson, record: Record, run: str) -> str:
    """Return the other indicators of a run as an HTML table; empty where the lesson names none."""
    one = lesson.runs[run]
    found = effects(record.runs[run], one.also) if one.also else {}
    rows = []
    for name in one.also:
        effect = found.get((name, one.on))
        if effect is None:
            continue
        size, unit = scaled(name, [effect.base, effect.scenario], before=True)
        values = (number(effect.base / size), number(effect.scenario / size), unit)
        rows.append([title(name), *values, headline(effect), sentence(effect)])
    if not rows:
        return ""
    head = [text(f"teach.also_{key}") for key in ("what", "base", "scenario", "unit", "change", "interval")]
    caption = text("teach.also_caption", run=one.title, place=place(one.on), pairs=len(record.runs[run].runs))
    return table(caption, head, rows)


def source_line(lesson: Lesson, record: Record) -> str:
    """Return where the numbers come from: version, digest, day, seeds, scale."""
    p = lesson.pinned
    first = lesson.base().start_year
    return text(
        "teach.source", version=record.version, model=record.model, made=record.made, pairs=p.pairs, seed=p.seed,
        last_seed=p.seed + p.pairs - 1, scale=f"{p.scale:,.0f}", first=first, last=first + p.years - 1,
    )  # fmt: skip


def paragraphs(words: str) -> str:
    """Return text with empty lines between paragraphs as HTML."""
    parts = [" ".join(part.split()) for part in words.split("\n\n")]
    return "".join(f"<p>{escape(part)}</p>" for part in parts if part)
