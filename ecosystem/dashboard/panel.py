"""The measures as the left panel of Explore shows them: groups, levels in words, cards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from typing import Any

from ecosystem.dashboard.catalog import MEASURE_GROUPS, SHOWN_FIRST
from ecosystem.dashboard.effects import title
from ecosystem.dashboard.text import number, place, text
from ecosystem.domain.indicators import INDICATORS
from ecosystem.scenario import MeasureUse, Scenario, known_measures
from policies.measures import GRADES, Measure

LEVELS = (("off", 0.0), ("low", 1 / 3), ("medium", 2 / 3), ("high", 0.999), ("full", 1.0))
"""Words of a strength and the highest strength that each stands for."""


def level_word(strength: float) -> str:
    """Return the word for a strength: off at 0, low to a third, medium to two thirds, high below 1, full at 1."""
    return text(f"levels.{next(word for word, most in LEVELS if strength <= most + 1e-9)}")


def force_words(measure: Measure, code: str, key: str = "in_force") -> str:
    """Return the strength in force in a place in words; ``key`` names the sentence."""
    strength = measure.strength_in_force(code)
    return text(f"measure.{key}", word=level_word(strength), value=number(strength, 2), place=place(code))


@cache
def group_of(measure_group: str) -> str:
    """Return the page's group of a measure."""
    return next((name for name, (groups, _) in MEASURE_GROUPS.items() if measure_group in groups), "people")


@cache
def first_measures() -> Mapping[str, tuple[str, ...]]:
    """Return the measures shown without asking, by group: the named ones that exist, then those with better evidence."""
    out = {}
    known = known_measures()
    for name, (groups, wanted) in MEASURE_GROUPS.items():
        members = sorted((m for m in known.values() if m.group in groups), key=lambda m: (GRADES.index(m.grade), m.id))
        named = [id for id in wanted if id in known]
        rest = [m.id for m in members if m.id not in named]
        out[name] = tuple([*named, *rest][:SHOWN_FIRST])
    return out


def rows(scenario: Scenario, code: str) -> list[dict[str, Any]]:
    """Return the groups of measures with their state in a place."""
    uses = {use.id: use for use in scenario.measures if code in use.on}
    first = first_measures()
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in MEASURE_GROUPS}
    for measure in sorted(known_measures().values(), key=lambda m: m.title):
        name = group_of(measure.group)
        groups[name].append(_row(measure, uses.get(measure.id), code, measure.id in first[name]))
    for name, members in groups.items():
        order = {id: k for k, id in enumerate(first[name])}
        members.sort(key=lambda row: order.get(row["id"], 99))
    return [
        {"id": name, "title": text(f"measure_groups.{name}"), "measures": members} for name, members in groups.items()
    ]


def _row(measure: Measure, use: MeasureUse | None, code: str, first: bool) -> dict[str, Any]:
    force = measure.strength_in_force(code)
    return {
        "id": measure.id,
        "title": measure.title,
        "does": measure.does,
        "first": first,
        "on": use is not None,
        "strength": force if use is None else use.strength,
        "force": force,
        "force_words": force_words(measure, code),
        "grade": measure.grade,
        "grade_words": text(f"grades.{measure.grade}"),
        "start": int((use.start if use is not None and use.start else "0")[:4]),
        "end": int((use.end if use is not None and use.end else "0")[:4]),
        "words": f"{measure.title} {measure.does} {measure.origin} {measure.id}".lower(),
    }


def card(id: str) -> str:
    """Return the card of a measure as HTML: what it does, what is known, who gains and loses, cost, limits."""
    measure = known_measures().get(id)
    if measure is None:
        return ""
    way = text("measure.up" if measure.direction > 0 else "measure.down")
    claim = text("measure.claim", indicator=title(measure.indicator), way=way)
    doc = INDICATORS[measure.indicator].doc if measure.indicator in INDICATORS else ""
    parts = [
        _part("does", measure.does),
        _part("assumes", measure.assumes),
        _part("claims", f"{claim} ({doc})." if doc else claim + "."),
        _evidence(measure),
        _part("gains", measure.gains),
        _part("loses", measure.loses),
        _part("watch", measure.watch_for),
        _part("cost", *([cost.what for cost in measure.costs] or [text("measure.no_cost")])),
        _part("where", *_where(measure)),
        _part("eligible", measure.eligibility),
        _part("range", measure.evidence_range),
        _part("not_modeled", measure.not_modeled),
        _part("legal", _law(measure)),
        _moves(measure),
    ]
    return f"<dl>{''.join(parts)}</dl>"


def _part(key: str, *lines: str) -> str:
    body = "".join(f"<dd>{escape(line[:1].upper() + line[1:])}</dd>" for line in lines)
    return f"<dt>{escape(text(f'measure.card_{key}'))}</dt>{body}"


def _evidence(measure: Measure) -> str:
    found = []
    for e in measure.evidence:
        words = f"<b>{escape(text(f'grades.{e.strength}'))}:</b> {escape(e.finding)}. {escape(e.size)}"
        where = escape(f"{e.place}, {e.years}. {e.source}")
        found.append(f"<dd>{words} <span class='eco-source'>{where}</span></dd>")
    body = "".join(found) or f"<dd>{escape(text('grades.none'))}</dd>"
    return f"<dt>{escape(text('measure.card_evidence'))}</dt>{body}"


def _law(measure: Measure) -> str:
    said = str(measure.since) in measure.legal_source
    return measure.legal_source if said else f"{measure.legal_source} ({measure.since})"


def _where(measure: Measure) -> list[str]:
    return [
        f"{force_words(measure, code, 'in_force_at')} – {item.source}" for code, item in measure.in_force.items()
    ] or [text("measure.nowhere")]


def _moves(measure: Measure) -> str:
    lines = []
    for move in measure.moves:
        how = f"× {move.amount:g}" if move.how == "scale" else f"{move.amount:+g}"
        amber = " class='eco-amber'" if "assumption" in move.source.lower() else ""
        lines.append(
            f"<dd><code>{escape(move.lever)}</code> {escape(how)} <span{amber}>{escape(move.source)}</span></dd>"
        )
    return f"<dt>{escape(text('measure.card_moves'))}</dt>{''.join(lines)}" if lines else ""


def use_words(use: MeasureUse, code: str) -> str:
    """Return one line on a use: from which level to which, from when."""
    measure = known_measures()[use.id]
    start = text("measure.from_start") if not use.start else text("measure.from_year", year=use.start[:4])
    end = text("measure.until", year=use.end[:4]) if use.end else ""
    before = measure.strength_in_force(code)
    return text(
        "measure.change",
        title=measure.title,
        before=f"{level_word(before)} ({before:g})",
        after=f"{level_word(use.strength)} ({use.strength:g})",
        start=f"{start}{end}",
    )
