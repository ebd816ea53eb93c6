"""Tab Flows: where rights, licenses, technology and people go; queues; the chain and its coupling."""

from __future__ import annotations

from collections.abc import Sequence

import solara

from ecosystem.dashboard import looking
from ecosystem.dashboard.charts import bands, columns, exchange, network
from ecosystem.dashboard.charts import way as ways
from ecosystem.dashboard.charts.dots import Dot, describe, dots, dots_height, effect_head, effect_row, level
from ecosystem.dashboard.charts.frame import scenario_color
from ecosystem.dashboard.effects import Course, Effect, courses, effects, title
from ecosystem.dashboard.pairs import SCALE, Pair, fresh, use_pair
from ecosystem.dashboard.parts import Numbers, card, chart, html, scroll
from ecosystem.dashboard.picks import Pick, one_group
from ecosystem.dashboard.portrait import MOVES, Portrait
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.tabs import Tab
from ecosystem.dashboard.text import compact, number, place, text
from ecosystem.dashboard.theme import palette
from ecosystem.lab.compare import FEW_EVENTS

CHAIN = tuple(f"chain_width_{part}" for part in ("basic_research", "applied_research", "development", "commercialization",
                                                 "industry"))  # fmt: skip
COUPLING = ("coupling_u1", "coupling_u2", "coupling_c", "coupling_d")
QUEUES = ("applications_pending", "pendency_months")
MOST_CHOICES = 60
"""Organizations offered for a look at one of them."""


def views(alone: bool, both: bool) -> list[tuple[str, str]]:
    """Return how a pair can be looked at: both at once or one of them, or the difference."""
    if alone:
        return [("base", text("flow_views.view_base"))]
    words = ("both", "difference") if both else ("base", "scenario", "difference")
    return [(word, text(f"flow_views.view_{word}")) for word in words]


def which(view: str) -> str:
    """Return the words of a view at the start of a sentence."""
    return text(f"flow_views.{view}")


@solara.component
def Flows(session: Session, dark: bool) -> None:
    """The whole tab."""
    use_session(session)
    looking.use_look(session)
    pair, problem = use_pair(session)
    places = [(one, place(one)) for one in (*session.scenario.jurisdictions, "all")]
    with html("div", css="eco-flows", id="eco-results", tabindex="-1"):
        html("h1", text("flow_views.question"), css="eco-question-title")
        html("p", text("flow_views.lead"), css="eco-lead")
        html("p", status(session, pair), css="eco-status", role="status", data_testid="flows-status")
        # Fixed containers: the page cannot turn one kind of element into another in the place of an older one.
        html("div", *([html("p", problem, css="eco-problem", role="alert")] if problem else []), css="eco-messages")
        html("h2", text("flow_views.pictures"))
        html("p", text("flow_views.one_pair"), css="eco-note")
        Pictures(pair, dark)
        html("h2", text("flow_views.measured"))
        with html("div", css="eco-picks"):
            Pick(
                label=text("explore.shown_for"), value=session.view.shown, groups=one_group(places), name="shown",
                event_choose=lambda one: session.see(shown=str(one)),
            )  # fmt: skip
        html("p", text("flow_views.measured_lead"), css="eco-note")
        Measured(session, pair, dark)


def status(session: Session, pair: Pair | None) -> str:
    """Return one sentence on where the pair of worlds stands."""
    if pair is None:
        return text("flow_views.simulating", scale=f"{SCALE:,.0f}")
    if not fresh(session):
        return text("flow_views.older")
    one = pair.base
    key = "flow_views.ready_alone" if pair.alone else "flow_views.ready"
    return text(key, seed=one.seed, scale=f"{one.scale:,.0f}", first=one.years[0], last=one.years[-1])


@solara.component
def Pictures(pair: Pair | None, dark: bool) -> None:
    """What one pair of worlds shows."""
    if pair is None:
        html("div", html("p", text("flow_views.waiting")), css="eco-card eco-empty")
        return
    with html("div", css="eco-stack"):
        Way(pair, dark)
        with html("div", css="eco-two eco-two-wide"):
            Network(pair, dark)
            Exchange(pair, dark)


@solara.component
def Way(pair: Pair, dark: bool) -> None:
    """The way of rights, baseline and scenario on one scale, or their difference."""
    office, set_office = solara.use_state("")
    view, set_view = solara.use_state("both")
    places, colors = pair.base.places, palette(dark)
    shown = office if office in places else ""
    base, scenario = ways.way(pair.base.rights, shown), ways.way(pair.scenario.rights, shown)
    offices = [("", text("flows.all_offices")), *((code, place(code)) for code in places)]
    picks = [Pick(label=text("flows.office_choice"), value=shown, groups=one_group(offices), event_choose=set_office,
                  name="office")]  # fmt: skip
    if not pair.alone:
        picks.append(Pick(label=text("flow_views.view"), value=view, groups=one_group(views(False, True)),
                          event_choose=set_view, name="way-view"))  # fmt: skip
    body = []
    drawn = ["difference"]
    if view == "difference" and not pair.alone:
        option = ways.way_difference(base, scenario, places, colors, dark)
        body += [
            html("h4", text("way.difference_title")),
            scroll(chart(option, "way-difference", ways.TALL, "eco-sankey"), text("way.title")),
        ]
    else:
        sides = [("base", base)] if pair.alone else [("base", base), ("scenario", scenario)]
        drawn = [side for side, _ in sides]
        for (name, found), height in zip(sides, ways.heights([found for _, found in sides]), strict=True):
            option = ways.way_chart(found, places, which(name), colors)
            body += [
                html("h4", text(f"way.{name}_title")),
                scroll(chart(option, f"way-{name}", height, "eco-sankey"), text("way.title")),
            ]
    note = "way.note_difference" if view == "difference" and not pair.alone else "way.note"
    card(
        text("way.title"),
        text("way.question"),
        html("div", *picks, css="eco-picks"),
        html("div", *body),
        html("p", text(note), css="eco-note"),
        Numbers(ways.way_table(base, scenario, pair.alone), "way", [f"way-{side}" for side in drawn]),
        name="way",
        wide=True,
    )


@solara.component
def Network(pair: Pair, dark: bool) -> None:
    """Who licenses to whom, all or the partners of one."""
    view, set_view = solara.use_state("scenario")
    uid, set_uid = solara.use_state("")
    both: Sequence[Portrait] = (pair.base, pair.scenario)
    shown = "base" if pair.alone else view
    actors = network.actors_of(both)
    names = network.names_of(actors)
    edges = {**pair.base.licenses, **pair.scenario.licenses}
    partners = {one: sum(one in key for key in edges) for one in actors}
    known = [one for one in sorted(partners, key=lambda one: (-partners[one], names[one])) if partners[one]][
        :MOST_CHOICES
    ]
    chosen = uid if uid in known else ""
    people = [("", text("network.all")), *((one, names[one]) for one in known)]
    picks = [Pick(label=text("network.ego"), value=chosen, groups=one_group(people), event_choose=set_uid, name="ego")]
    if not pair.alone:
        picks.append(Pick(label=text("flow_views.view"), value=view, groups=one_group(views(False, False)),
                          event_choose=set_view, name="network-view"))  # fmt: skip
    option = network.network_chart(both, shown, chosen, palette(dark), dark, which(shown))
    card(
        text("network.title"),
        text("network.question"),
        html("div", *picks, css="eco-picks"),
        chart(option, "network", 470, "eco-graph"),
        html("p", option["aria"]["label"]["description"], css="eco-note"),
        html("p", text("network.note", most=network.MOST_ACTORS), css="eco-note"),
        Numbers(network.network_table(both, chosen, pair.alone), "network"),
        name="network",
    )


@solara.component
def Exchange(pair: Pair, dark: bool) -> None:
    """What goes from place to place."""
    view, set_view = solara.use_state("scenario")
    kind, set_kind = solara.use_state(MOVES[0])
    shown = "base" if pair.alone else view
    base, scenario = pair.base.moves[kind], pair.scenario.moves[kind]
    kinds = [(one, text(f"exchange.{one}")) for one in MOVES]
    picks = [
        Pick(label=text("exchange.kind"), value=kind, groups=one_group(kinds), event_choose=set_kind, name="exchange")
    ]
    if not pair.alone:
        picks.append(Pick(label=text("flow_views.view"), value=view, groups=one_group(views(False, False)),
                          event_choose=set_view, name="exchange-view"))  # fmt: skip
    option = exchange.exchange_chart(base, scenario, pair.base.places, kind, shown, palette(dark), dark, which(shown))
    card(
        text("exchange.title"),
        text("exchange.question"),
        html("div", *picks, css="eco-picks"),
        chart(option, "exchange", 470, "eco-graph"),
        html("p", text(f"exchange.note_{kind}"), css="eco-note"),
        html("p", text("exchange.note"), css="eco-note"),
        Numbers(exchange.exchange_table(base, scenario, kind, pair.alone), "exchange"),
        name="exchange",
    )


@solara.component
def Measured(session: Session, pair: Pair | None, dark: bool) -> None:
    """Queues, chain and coupling with the intervals of all pairs of runs."""
    look = looking.shown(session)
    comparison = look.comparison() if look is not None and look.ready else None
    code = session.view.shown
    alone = look is None or look.base.key() == look.scenario.key()
    pairs = len(comparison.runs) if comparison is not None else 0

    def read() -> tuple[dict[str, Course], dict[tuple[str, str], Effect]]:
        if comparison is None:
            return {}, {}
        held = comparison.runs[0][0].names
        names = [name for name in QUEUES if name in held]
        return courses(comparison, names, code, alone), effects(
            comparison, [n for n in (*CHAIN, *COUPLING) if n in held]
        )

    lines, found = solara.use_memo(read, [id(look), pairs, code])
    with html("div", css="eco-stack"):
        html("p", look.status() if look is not None else "", css="eco-status", data_testid="pairs-status")
        if look is None or not lines:
            html("div", html("p", text("profile.waiting")), css="eco-card eco-empty")
            return
        with html("div", css="eco-two"):
            for name, words in zip(QUEUES, ("office_backlog", "pendency"), strict=True):
                _queue(lines.get(name), name, words, code, dark)
            if pair is not None and code in pair.base.suits_waiting:
                _courts(pair, code, dark)
                _waits(pair, code, dark)
            _profile(found, CHAIN, "chain", code, alone, dark)
            _profile(found, COUPLING, "coupling", code, alone, dark)


def _queue(course: Course | None, name: str, words: str, code: str, dark: bool) -> None:
    if course is None or all(v is None for v in course.base):
        return
    read = text("bands.read_alone" if course.alone else "bands.read", pairs=course.pairs)
    card(
        text(f"queues.{words}"),
        text(f"queues.{'office' if words == 'office_backlog' else words}_question", place=place(code)),
        chart(bands.band_chart(course, palette(dark), dark, False), name, bands.HEIGHT),
        html("p", read, css="eco-note"),
        Numbers(bands.course_table(course), name),
        name=name,
    )


def _courts(pair: Pair, code: str, dark: bool) -> None:
    base, scenario = pair.base.suits_waiting[code], pair.scenario.suits_waiting[code]
    cases = min(pair.base.suits[code], pair.scenario.suits[code])
    years = [str(year) for year in pair.base.years]
    slots = {
        "place": place(code), "first": years[0], "last": years[-1], "base": compact(base[-1]), "cases": cases,
        "scenario": compact(scenario[-1]),
    }  # fmt: skip
    sentence = text("queues.courts_describe_alone" if pair.alone else "queues.courts_describe", **slots)
    option = columns.two_columns(
        years,
        base,
        None if pair.alone else scenario,
        text("queues.courts_unit"),
        sentence,
        palette(dark),
        dark,
        lines=True,
    )
    waits = [pair.base.suit_wait[code]] + ([] if pair.alone else [pair.scenario.suit_wait[code]])
    counts = [base] + ([] if pair.alone else [scenario])
    sides = ("base", "scenario")[: len(counts)]
    head = [text("table.year"), *(which(side) for side in sides)]
    head += [text("queues.wait", which=which(side).lower()) for side in sides]
    rows = [[year, *(compact(c[k]) for c in counts), *(number(w[k]) for w in waits)] for k, year in enumerate(years)]
    few = "queues.courts_few" if cases < FEW_EVENTS else "queues.courts_cases"
    card(
        text("queues.courts"),
        text("queues.courts_question", place=place(code)),
        chart(option, "courts", bands.HEIGHT),
        html("p", text(few, cases=cases), css="eco-note"),
        Numbers(table(text("queues.courts_caption"), head, rows), "courts"),
        name="courts",
    )


def _waits(pair: Pair, code: str, dark: bool) -> None:
    labels = columns.class_words()
    base = columns.shares(pair.base.waits[code])
    scenario = None if pair.alone else columns.shares(pair.scenario.waits[code])
    parts = []
    for k, label in enumerate(labels):
        parts.append(f"{label} {number(base[k], 2)}" + ("" if scenario is None else f" / {number(scenario[k], 2)}"))
    sentence = text("queues.waits_describe", place=place(code), parts="; ".join(parts))
    option = columns.two_columns(labels, base, scenario, text("queues.waits_unit"), sentence, palette(dark), dark)
    markup = columns.columns_table(text("queues.waits_caption"), text("queues.waits_class"), labels, base, scenario)
    card(
        text("queues.waits"),
        text("queues.waits_question", place=place(code)),
        chart(option, "waits", bands.HEIGHT),
        html("p", text("queues.waits_note"), css="eco-note"),
        Numbers(markup, "waits"),
        name="waits",
    )


def _profile(
    found: dict[tuple[str, str], Effect], names: tuple[str, ...], words: str, code: str, alone: bool, dark: bool
) -> None:
    named = [(title(name), found[name, code]) for name in names if (name, code) in found]
    if not named:
        return
    colors = palette(dark)
    color = scenario_color(dark)
    # Before the second pair there is no interval, and without an interval no effect is drawn.
    bare = alone or named[0][1].pairs < 2
    rows: list[Dot] = [level(effect, name, 1.0, color, "circle", bare) for name, effect in named]
    lead = text("profile.lead", title=text(f"profile.{words}"), place=place(code))
    if bare:
        values = [text("profile.part", name=name, value=number(effect.base)) for name, effect in named]
        sentence = f"{lead} {'; '.join(values)}."
    else:
        sentence = describe(named, f"{text(f'profile.{words}')}, {place(code)}:")
    markup = table(
        text(f"profile.unit_{words}"),
        effect_head(text("compare.indicator"), bare),
        [effect_row(n, e, bare) for n, e in named],
    )
    card(
        text(f"profile.{words}"),
        text(f"profile.{words}_question", place=place(code)),
        chart(dots(rows, text(f"profile.unit_{words}"), sentence, colors), f"profile-{words}", dots_height(len(rows))),
        html("p", text(f"profile.{words}_note"), css="eco-note"),
        Numbers(markup, f"profile-{words}"),
        name=f"profile-{words}",
    )


TAB = Tab("flows", 30, Flows)
