"""The brief: one HTML file with what a comparison found, that opens from disk, prints, and needs no script.

Every number is a cell of `Comparison.effects`, `Comparison.by_year` or `Comparison.outlays`.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecosystem.dashboard import method
from ecosystem.dashboard.catalog import COMPARED_TILES, STRIP
from ecosystem.dashboard.changes import changes
from ecosystem.dashboard.effects import Course, Effect, courses, effects, frequency, headline, scaled, sentence, title
from ecosystem.dashboard.engine import Plan
from ecosystem.dashboard.share import write_file
from ecosystem.dashboard.spending import cost_words, extra_outlay
from ecosystem.dashboard.text import number, place, signed, text
from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.digest import digest
from ecosystem.lab import svg
from ecosystem.lab.citable import html
from ecosystem.lab.compare import Comparison
from ecosystem.lab.model import model_digest
from ecosystem.scenario import Scenario, known_measures

NAMES = tuple(dict.fromkeys([*COMPARED_TILES, *STRIP]))
ODD = ("purpose", "scales", "concepts")
"""Parts of the summary of the model that a brief repeats."""


@dataclass(frozen=True, slots=True)
class Part:
    """One scenario of a brief with its comparison, as far as it is finished."""

    name: str
    comparison: Comparison
    plan: Plan

    @property
    def scenario(self) -> Scenario:
        """What is compared with the baseline."""
        return self.comparison.scenario

    @property
    def pairs(self) -> int:
        """Pairs of runs behind every number."""
        return len(self.comparison.runs)

    @property
    def alone(self) -> bool:
        """True for the baseline itself."""
        return self.scenario.key() == self.comparison.base.key()

    @property
    def places(self) -> list[str]:
        """Places that a measure or a lever of the scenario touches."""
        touched = {code for use in self.scenario.measures for code in use.on} | set(self.scenario.levers)
        return [code for code in self.scenario.jurisdictions if code in touched]


def brief(parts: Sequence[Part], code: str, shown: Sequence[str] = (), notes: Sequence[str] = ()) -> str:
    """Return the whole page.

    Args:
        parts: the scenarios; one, or several that share their baseline.
        code: the place looked at; others that a scenario touches follow it.
        shown: indicators drawn first.
        notes: what the reader must know about these numbers, on top.
    """
    first = parts[0]
    wanted = [n for n in dict.fromkeys([*shown, *NAMES]) if n in INDICATORS]
    heading = name_of(first) if len(parts) == 1 else text("brief.title_compare")
    out = [html.head(1, heading), *_lead(first)]
    out += [html.para(words, "warn") for words in notes]
    if any(part.pairs < part.plan.pairs for part in parts):
        part = min(parts, key=lambda part: part.pairs)
        out.append(html.para(text("brief.partial", pairs=part.pairs, total=part.plan.pairs), "warn"))
    if len(parts) > 1:
        out += _together(parts, code, wanted)
    for part in parts:
        if len(parts) > 1:
            out.append(html.head(1, text("brief.scenario_heading", name=name_of(part))))
        out += _found(part, code, wanted, list(shown))
    out += [*_counted(wanted), *_method(), *_caveats(), *_again(parts), *_identity(parts)]
    return html.document(f"{heading} – {text('page.title')}", out)


def name_of(part: Part) -> str:
    """Return what a scenario is called at the head of its brief."""
    if part.alone:
        return text("brief.title_alone")
    return part.name.strip() or text("brief.untitled")


def file_name(heading: str) -> str:
    """Return a plain name for the file of a brief."""
    kept = "".join(c if c.isascii() and c.isalnum() else "_" for c in heading.casefold())
    return f"brief_{'_'.join(part for part in kept.split('_') if part)[:60] or 'scenario'}.html"


def _lead(part: Part) -> list[str]:
    scenario = part.scenario
    places = ", ".join(place(code) for code in scenario.jurisdictions)
    last = scenario.start_year + scenario.years - 1
    words = text("brief.lead", places=places, first=scenario.start_year, last=last)
    if not part.alone:
        words += " " + text("brief.lead_pairs", pairs=part.pairs, scale=f"{part.plan.scale:,.0f}")
    return [html.para(words, "note")]


def _found(part: Part, code: str, names: list[str], shown: list[str]) -> list[str]:
    """Return what one scenario changes: in short, in full, over time, at what cost."""
    held = [n for n in names if n in part.comparison.runs[0][0].names]
    found = effects(part.comparison, held)
    places = list(dict.fromkeys([code, *part.places]))
    out = [html.head(2, text("brief.short")), *_short(part, found, code)]
    out += [html.head(2, text("brief.changed")), *_changed(part)]
    out += [html.head(2, text("brief.effects")), *_effects(part, found, places, held)]
    out += [html.head(2, text("brief.over_time")), *_over_time(part, code, held, shown)]
    if not part.alone:
        out += [html.head(2, text("brief.cost")), *_cost(part), *_behind(part)]
    return out


def _short(part: Part, found: dict[tuple[str, str], Effect], code: str) -> list[str]:
    years = part.scenario.years
    rows = [found[name, code] for name in COMPARED_TILES if (name, code) in found]
    if part.alone:
        lines = [
            text("brief.short_level", title=title(e.indicator), value=v, unit=u) for e in rows for v, u in [_level(e)]
        ]
        lead = text("brief.short_alone", years=years, pairs=part.pairs)
    else:
        lines = [_in_short(e) for e in rows]
        lead = text("brief.short_place", place=place(code), years=years)
    return [html.para(lead), _list(lines)]


def _in_short(effect: Effect) -> str:
    size, unit = scaled(effect.indicator, [effect.base, effect.scenario], before=True)
    base, now = number(effect.base / size), number(effect.scenario / size)
    levels = text("tile.levels", base=base, scenario=now, unit=unit)
    words = {"title": title(effect.indicator), "headline": headline(effect), "levels": levels}
    return text("brief.short_line", **words, sentence=sentence(effect))


def _level(effect: Effect) -> tuple[str, str]:
    size, unit = scaled(effect.indicator, [effect.base], before=True)
    return number(effect.base / size), unit


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


def _changed(part: Part) -> list[str]:
    lines = [f"{line['place'].rstrip(':')}: {line['text']}" for line in changes(part.scenario)]
    out = [_list(lines) if lines else html.para(text("brief.changed_none"))]
    doubts = part.comparison.warnings if not part.alone else []
    if doubts:
        out += [html.head(3, text("brief.check")), *(html.para(words, "warn") for words in doubts)]
    return out


def _effects(part: Part, found: dict[tuple[str, str], Effect], places: list[str], names: list[str]) -> list[str]:
    scenario = part.scenario
    span = {"first": scenario.start_year, "last": scenario.start_year + scenario.years - 1}
    if part.alone:
        head = [text(f"brief.head_{key}") for key in ("indicator", "baseline", "unit")]
        out = [html.para(text("brief.effects_alone", **span), "note")]
        for code in places:
            rows = [[title(n), *_level(found[n, code])] for n in names if (n, code) in found]
            out.append(html.table(head, rows, text("brief.caption", place=place(code), pairs=part.pairs)))
        return out
    out = [html.para(text("brief.effects_lead", **span), "note")]
    for code in places:
        here = [found[n, code] for n in names if (n, code) in found]
        drawn = [_percent(title(e.indicator), e) for e in here]
        drawn = [row for row in drawn if np.isfinite(row[2])]
        if drawn:
            forest = svg.forest(drawn, text("brief.forest", place=place(code)), text("brief.forest_unit"))
            out.append(html.figure(forest))
        keys = ("indicator", "unit", "baseline", "scenario", "difference", "interval", "pairs", "frequency", "verdict")
        rows = [effect_cells(e) for e in here]
        caption = text("brief.caption", place=place(code), pairs=part.pairs)
        out.append(html.table([text(f"brief.head_{key}") for key in keys], rows, caption))
    return out


def _percent(label: str, effect: Effect) -> tuple[str, float, float, float, str]:
    """Return an effect in percent of the baseline for a picture; without an interval it is not drawn."""
    base = abs(effect.base)
    word = verdict_words(effect)
    if not base or effect.pairs < 2:
        return label, np.nan, np.nan, np.nan, word
    return label, 100 * effect.difference / base, 100 * effect.low / base, 100 * effect.high / base, word


def verdict_words(effect: Effect) -> str:
    """Return the verdict in two or three words."""
    from ecosystem.dashboard.charts.bands import VERDICTS

    return text(f"verdicts.{VERDICTS.get(effect.verdict, 'none')}") if effect.pairs > 1 else text("effect.one_pair")


def effect_cells(effect: Effect) -> list[str]:
    """Return one effect as the cells of a table: no difference without its interval and number of pairs."""
    size, unit = scaled(effect.indicator, [effect.base, effect.scenario])
    levels = [number(effect.base / size), number(effect.scenario / size)]
    if effect.pairs < 2:
        return [title(effect.indicator), unit, *levels, "–", "–", str(effect.pairs), "–", verdict_words(effect)]
    ends = text("compare.interval", low=signed(effect.low / size), high=signed(effect.high / size))
    middle = signed(effect.difference / size)
    return [
        title(effect.indicator),
        unit,
        *levels,
        middle,
        ends,
        str(effect.pairs),
        frequency(effect),
        verdict_words(effect),
    ]


def _over_time(part: Part, code: str, names: list[str], shown: list[str]) -> list[str]:
    wanted = list(dict.fromkeys([*[n for n in shown if n in names], *COMPARED_TILES]))[:6]
    drawn = courses(part.comparison, wanted, code, part.alone)
    key = "brief.over_time_alone" if part.alone else "brief.over_time_lead"
    out = [html.para(text(key, place=place(code)), "note")]
    return out + [html.figure(course_picture(drawn[n])) for n in wanted if n in drawn]


def course_picture(course: Course) -> str:
    """Return one indicator by year as a static picture: scenario with its interval, baseline dashed."""
    size, unit = scaled(course.indicator, [v for v in (*course.base, *course.scenario)])

    def column(values: Sequence[float | None]) -> np.ndarray:
        return np.array([np.nan if v is None else v / size for v in values])

    base, none = column(course.base), np.full(len(course.years), np.nan)
    low, high = column(course.low), column(course.high)
    if course.alone:
        bands = [(text("bands.baseline"), base, low, high)]
    else:
        bands = [
            (text("bands.scenario"), column(course.scenario), low, high),
            (text("bands.baseline"), base, none, none),
        ]
    return svg.fan(course.years, bands, f"{title(course.indicator)}, {place(course.place)}", unit, height=250)


def _cost(part: Part) -> list[str]:
    codes = [c for c in part.scenario.jurisdictions if any(c in use.on for use in part.scenario.measures)]
    if not codes:
        return [html.para(text("brief.cost_none"))]
    mean, half = extra_outlay(part.comparison)
    places = part.comparison.runs[0][0].places
    lines = [
        f"{place(c)}: {cost_words(float(mean[k]), float(half[k]), part.pairs)}."
        for c in codes
        for k in [places.index(c)]
    ]
    out = [html.para(text("brief.cost_lead"), "note"), _list(lines)]
    spent = part.comparison.outlays()
    spent = spent[spent["jurisdiction"].isin(codes)]
    if len(spent):
        each = spent.groupby(["jurisdiction", "measure"], sort=False)[["base", "scenario"]].sum() / part.scenario.years
        rows = [
            [place(row["jurisdiction"]), _title_of(row["measure"]), row["base"], row["scenario"]]
            for row in each.reset_index().to_dict("records")
        ]
        head = [text(f"brief.head_{key}") for key in ("place", "measure", "baseline", "scenario")]
        out.append(html.table(head, rows, text("brief.outlays")))
    return out


def _title_of(id: str) -> str:
    measure = known_measures().get(id)
    return measure.title if measure is not None else id


def _behind(part: Part) -> list[str]:
    """Return what is known about each measure of the scenario, as its file tells it."""
    out = []
    for id in dict.fromkeys(use.id for use in part.scenario.measures):
        measure = known_measures()[id]
        lines = [text("brief.assumes", words=measure.assumes)]
        lines += [
            text("brief.evidence", grade=text(f"grades.{e.strength}"), finding=e.finding.rstrip("."), size=e.size,
                 where=f"({e.place}, {e.years}. {e.source})")
            for e in measure.evidence
        ]  # fmt: skip
        lines += [text("brief.gains", words=measure.gains), text("brief.loses", words=measure.loses)]
        lines.append(text("brief.left_out", words=measure.not_modeled))
        out += [html.head(3, measure.title), html.para(measure.does), _list(lines)]
    return [html.head(2, text("brief.measures")), *out] if out else []


def _together(parts: Sequence[Part], code: str, names: list[str]) -> list[str]:
    """Return pictures of all scenarios side by side: one an indicator, one row a scenario."""
    out = [html.head(2, text("brief.effects")), html.para(text("brief.compare_lead"), "note")]
    found = [effects(part.comparison, [n for n in names if n in part.comparison.runs[0][0].names]) for part in parts]
    for name in dict.fromkeys([*names[:1], *COMPARED_TILES]):
        rows = [
            _percent(name_of(part), one[name, code])
            for part, one in zip(parts, found, strict=True)
            if (name, code) in one
        ]
        if any(np.isfinite(row[2]) for row in rows):
            words = text("brief.compare_forest", title=title(name), place=place(code))
            out.append(html.figure(svg.forest(rows, words, text("brief.forest_unit"))))
    return out


def _counted(names: Sequence[str]) -> list[str]:
    rows = [[title(n), INDICATORS[n].doc, INDICATORS[n].unit, INDICATORS[n].formula] for n in names]
    head = [text(f"brief.head_{key}") for key in ("indicator", "counted", "unit", "formula")]
    return [html.head(2, text("brief.counted")), html.table(head, rows)]


def _method() -> list[str]:
    counted = method.counts()
    out = [html.head(2, text("brief.method"))]
    for name in ODD:
        out.append(html.head(3, text(f"odd.{name}_title")))
        out += [html.para(" ".join(words.split())) for words in text(f"odd.{name}").split("\n\n")]
    out.append(html.para(text("brief.method_intervals")))
    assumed = text("brief.method_assumed", assumed=counted.assumed_parameters, parameters=counted.parameters,
                   assumed_levers=counted.assumed_lever_values, levers=counted.lever_values)  # fmt: skip
    out.append(html.para(assumed))
    board = method.board()
    if board is not None:
        inside, total = board.score("validate")
        words = text("brief.method_facts", inside=inside, total=total, made=board.made, model=board.model)
        out.append(html.para(words))
        if board.model != model_digest():
            out.append(html.para(text("facts.old", now=model_digest()), "warn"))
    return out


def _caveats() -> list[str]:
    lines = "".join(
        f"<li><b>{html.escape(text(f'limits.{one}_title'))}.</b> {html.escape(text(f'limits.{one}'))}</li>"
        for one in method.LIMITS
    )
    return [html.head(2, text("brief.caveats")), f"<ul>{lines}</ul>"]


def _again(parts: Sequence[Part]) -> list[str]:
    out = [html.head(2, text("brief.again")), html.para(text("brief.again_lead"))]
    for part in parts:
        if len(parts) > 1:
            out.append(html.head(3, name_of(part)))
        out += [html.pre(method.command_line(part.plan)), html.pre(write_file(part.scenario))]
    return out


def _identity(parts: Sequence[Part]) -> list[str]:
    from ecosystem import __version__

    rows = [
        [text("brief.version"), f"{text('page.title')} {__version__}"],
        [text("brief.model"), model_digest()],
        [text("brief.seeds"), text("brief.seeds_value", last=max(part.pairs for part in parts))],
        [text("brief.scale"), text("brief.scale_value", scale=f"{parts[0].plan.scale:,.0f}")],
        [text("brief.written"), datetime.datetime.now(tz=datetime.UTC).date().isoformat()],
    ]
    for part in parts:
        label = text("brief.digest") + (f" ({name_of(part)})" if len(parts) > 1 else "")
        rows.append([label, digest({"effects": part.comparison.effects()})])
    note = html.para(text("brief.digest_note"), "note")
    return [
        html.head(2, text("brief.identity")),
        html.table(["", ""], rows),
        note,
        html.para(text("page.tagline"), "note"),
    ]
