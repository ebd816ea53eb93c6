"""Tab Explore: measures on the left, baseline against scenario in the middle, what was changed and its price on the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import solara

from ecosystem.dashboard import bands, looking, panel
from ecosystem.dashboard.catalog import ASSUMPTIONS, COMPARED_TILES, INDICATOR_GROUPS, STRIP
from ecosystem.dashboard.effects import Course, Effect, courses, effects, headline, scaled, title
from ecosystem.dashboard.engine import Look, doubts_about
from ecosystem.dashboard.parts import Raw, chart, click, details, html
from ecosystem.dashboard.presets import known_presets
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.tabs import Tab
from ecosystem.dashboard.text import number, place, text
from ecosystem.dashboard.theme import mark, palette
from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError
from ecosystem.lab.compare import Comparison
from ecosystem.scenario import PLACES, Scenario, declared_parameters, known_measures

Words = dict[str, str]


def _words(group: str, *keys: str) -> Words:
    return {key: text(f"{group}.{key}") for key in keys}


MEASURE_WORDS = _words(
    "measures", "title", "places", "changed", "strength", "number", "from", "from_long", "until", "until_long", "no_end",
    "card", "card_close", "more", "fewer", "search", "search_help", "found",
)  # fmt: skip
PRESET_WORDS = _words("presets", "title", "choose", "none", "holds")
ASSUMPTION_WORDS = _words("assumptions", "title", "lead", "number", "assumption", "reset")
CHANGE_WORDS = _words("changes", "title", "nothing", "drop", "warnings")
BUDGET_WORDS = _words("budget", "title", "limit", "limit_long", "no_limit", "note")
RUN_WORDS = _words("engine", "refine", "cancel")
STRIP_WORDS = _words("strip", "title", "show")


@solara.component_vue("../vue/measures.vue")
def _Measures(
    words: Words,
    places: list[dict[str, Any]],
    place: str,
    groups: list[dict[str, Any]],
    levels: list[dict[str, Any]],
    card: Words,
    first: int,
    last: int,
    event_place: Callable[[str], None],
    event_put: Callable[[dict[str, Any]], None],
    event_drop: Callable[[str], None],
    event_card: Callable[[str], None],
) -> None: ...


@solara.component_vue("../vue/presets.vue")
def _Presets(words: Words, groups: list[dict[str, Any]], event_apply: Callable[[str], None]) -> None: ...


@solara.component_vue("../vue/assumptions.vue")
def _Assumptions(
    words: Words,
    parameters: list[dict[str, Any]],
    changed: int,
    event_set: Callable[[dict[str, Any]], None],
    event_reset: Callable[[Any], None],
) -> None: ...


@solara.component_vue("../vue/changes.vue")
def _Changes(
    words: Words, items: list[dict[str, Any]], warnings: list[str], event_drop: Callable[[str], None]
) -> None: ...


@solara.component_vue("../vue/budget.vue")
def _Budget(
    words: Words,
    empty: str,
    rows: list[dict[str, Any]],
    table: str,
    event_limit: Callable[[dict[str, Any]], None],
) -> None: ...


@solara.component_vue("../vue/run.vue")
def _Run(
    words: Words,
    status: str,
    running: bool,
    percent: float | None,
    can_refine: bool,
    refining: bool,
    event_refine: Callable[[Any], None],
    event_cancel: Callable[[Any], None],
) -> None: ...


@solara.component_vue("../vue/strip.vue")
def _Strip(words: Words, charts: list[dict[str, Any]], event_choose: Callable[[str], None]) -> None: ...


@solara.component_vue("../vue/pick.vue")
def _Pick(
    label: str, value: str, groups: list[dict[str, Any]], event_choose: Callable[[str], None], name: str = ""
) -> None:
    """A native select with groups of options."""


# -- left -------------------------------------------------------------------------------------------------------------


@solara.component
def Measures(session: Session) -> None:
    """The measures of one jurisdiction, presets and assumptions."""
    use_session(session)
    open_card, set_card = solara.use_state("")
    scenario, code = session.scenario, session.view.place
    places = [
        {
            "code": one,
            "name": place(one),
            "color": mark(PLACES.index(one) if one in PLACES else k).color,
            "count": sum(one in use.on for use in scenario.measures),
        }
        for k, one in enumerate(scenario.jurisdictions)
    ]

    def put(sent: Any) -> None:
        id, strength, start, end = _sent_use(sent)
        session.put(id, session.view.place, strength, start, end)

    with html("div", css="eco-left"):
        _Measures(
            words=MEASURE_WORDS,
            places=places,
            place=code,
            groups=panel.rows(scenario, code),
            levels=[{"word": text(f"levels.{word}"), "most": most} for word, most in panel.LEVELS],
            card={"id": open_card, "markup": panel.card(open_card) if open_card else ""},
            first=scenario.start_year,
            last=scenario.start_year + scenario.years - 1,
            event_place=lambda one: session.see(place=str(one), shown=str(one)),
            event_put=put,
            event_drop=lambda id: session.drop(str(id), session.view.place),
            event_card=lambda id: set_card(str(id)),
        )
        _Presets(
            words=PRESET_WORDS,
            groups=preset_groups(code),
            event_apply=lambda id: apply_preset(session, str(id)),
        )
        _Assumptions(
            words=ASSUMPTION_WORDS,
            parameters=assumptions(scenario),
            changed=len(scenario.parameters),
            event_set=lambda sent: set_assumption(session, sent),
            event_reset=click(session.reset_assumptions),
        )


def _sent_use(sent: Any) -> tuple[str, float, str, str]:
    """Read what the panel sent; nonsense becomes something that the scenario refuses in words."""
    content = sent if isinstance(sent, dict) else {}

    def year(key: str) -> str:
        value = content.get(key)
        return str(int(value)) if isinstance(value, int | float) and 0 < value < 10_000 else ""

    strength = content.get("strength")
    return (
        str(content.get("id"))[:100],
        strength if isinstance(strength, int | float) else -1.0,
        year("start"),
        year("end"),
    )


def preset_groups(code: str) -> list[dict[str, Any]]:
    """Return packages and reforms for the choice; ``code`` is where a package would go."""
    known = known_measures()
    groups = []
    for kind in ("package", "reform"):
        presets = [
            {
                "id": p.id,
                "title": p.title,
                "story": p.story,
                "notice": p.notice,
                "source": p.source,
                "holds": "; ".join(f"{known[id].title}: {panel.level_word(s)}" for id, s in p.measures.items()),
                "apply": text("presets.apply", place=place(p.on or code)),
            }
            for p in known_presets().values()
            if p.kind == kind
        ]
        if presets:
            groups.append({"label": text(f"presets.{kind}s"), "presets": presets})
    return groups


def apply_preset(session: Session, id: str) -> None:
    """Take a preset as the scenario."""
    preset = known_presets().get(id)
    if preset is None:
        return
    session.attempt(lambda: preset.applied(session.scenario, session.view.place))
    if preset.on and preset.on in session.scenario.jurisdictions:
        session.see(place=preset.on, shown=preset.on)


def assumptions(scenario: Scenario) -> list[dict[str, Any]]:
    """Return the parameters of the panel with their values."""
    declared = declared_parameters()
    out = []
    for name in ASSUMPTIONS:
        if name not in declared:
            continue
        p = declared[name]
        words = text(f"assumed.{name.replace('.', '_')}")
        doc = p.doc[:1].upper() + p.doc[1:]
        out.append(
            {
                "name": name, "title": words, "low": p.low, "high": p.high, "value": scenario.parameters.get(name, p.value),
                "step": 0.05 if p.high - p.low <= 5 else 1.0, "unit": p.unit, "doc": doc, "source": p.source,
                "usual": text("assumptions.usual", value=f"{p.value:g}", unit=p.unit),
            }
        )  # fmt: skip
    return out


def set_assumption(session: Session, sent: Any) -> None:
    """Give a parameter another value; its usual value takes the entry away."""
    content = sent if isinstance(sent, dict) else {}
    name, value = str(content.get("name"))[:100], content.get("value")
    rest = {key: v for key, v in session.scenario.parameters.items() if key != name}
    declared = declared_parameters()
    usual = name in declared and value == declared[name].value
    chosen: dict[str, Any] = rest if usual else {**rest, name: value}
    session.attempt(lambda: replace(session.scenario, parameters=chosen))


# -- middle -----------------------------------------------------------------------------------------------------------


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
        _shown_for(session)
        html("p", text("explore.old") if old else "", css="eco-coarse" if old else "eco-gone")
        _tiles(found, view.shown, alone, comparison)
        with html("div", css="eco-two"):
            for slot in ("first", "second"):
                BandCard(session, slot, drawn.get(getattr(view, slot)), dark)
        _timeline(session.scenario)
        _strip(session, drawn, found, alone)
        Raw(markup=f'<p class="eco-note eco-command">{_command(look)}</p>')


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
    _Pick(
        label=text("explore.shown_for"),
        value=session.view.shown,
        groups=[{"label": "", "options": [{"value": code, "label": place(code)} for code in codes]}],
        event_choose=lambda code: session.see(shown=str(code)),
        name="shown",
    )


def _tiles(found: dict[tuple[str, str], Effect], code: str, alone: bool, comparison: Comparison) -> None:
    years = comparison.runs[0][0].years
    markup = "".join(bands.tile(found.get((name, code)), name, alone, years) for name in COMPARED_TILES)
    html("h2", text("explore.headline"), css="eco-hidden")
    Raw(markup=f'<ul class="eco-tiles eco-five">{markup}</ul>')


def indicator_groups(first: str) -> list[dict[str, Any]]:
    """Return all indicators of the page for a choice; one that is in no group comes first."""
    groups = [
        {
            "label": text(f"indicator_groups.{name}"),
            "options": [{"value": one, "label": title(one)} for one in members if one in INDICATORS],
        }
        for name, members in INDICATOR_GROUPS.items()
    ]
    listed = {one for members in INDICATOR_GROUPS.values() for one in members}
    direct = sorted({m.indicator for m in known_measures().values()} - listed, key=title)
    options = [{"value": one, "label": title(one)} for one in direct if one in INDICATORS]
    return [*groups, {"label": text("indicator_groups.direct"), "options": options}]


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
            _Pick(label=name, value=chosen, groups=indicator_groups(chosen), event_choose=choose, name=slot)
            # Always there, if only hidden: a chart whose neighbors come and go would be built anew each time.
            options = [{"value": key, "label": text(f"bands.view_{key}")} for key in ("levels", "difference")]
            with html("div", css="eco-gone" if course is None or course.alone else ""):
                _Pick(
                    label=text("bands.view"),
                    value="difference" if difference else "levels",
                    groups=[{"label": "", "options": options}],
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
        details(text("table.show"), bands.course_table(course))
        indicator = INDICATORS[chosen]
        rows = [
            (text("card.counted"), indicator.doc[:1].upper() + indicator.doc[1:]),
            (text("card.unit"), indicator.unit),
            (text("card.formula"), text(f"card.kind_{indicator.kind}", formula=indicator.formula)),
            (text("card.source"), text("card.source_value", name=chosen)),
        ]
        markup = "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in rows)
        details(text("card.counted"), f"<dl>{markup}</dl>")


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


def _command(look: Look) -> str:
    """Return how to get the same numbers without the page, as markup."""
    line = text("explore.command_line", scale=f"{look.plan.scale:g}", pairs=look.total)
    return f"{escape(text('explore.command'))} <code>{escape(line)}</code>"


# -- right ------------------------------------------------------------------------------------------------------------


@solara.component
def Explain(session: Session) -> None:
    """What was changed, doubts about it, and what it costs."""
    use_session(session)
    look = looking.shown(session)
    ready = look is not None and look.ready and not looking.stale(session)
    comparison = look.comparison() if look is not None and ready else None
    scenario = session.scenario
    with html("aside", css="eco-right", aria_label=text("explore.right")):
        _Changes(
            words=CHANGE_WORDS,
            items=changes(scenario),
            warnings=list(doubts_about(scenario)),
            event_drop=lambda key: drop_change(session, str(key)),
        )
        rows, markup, empty = costs(session, comparison)
        _Budget(
            words=BUDGET_WORDS, empty=empty, rows=rows, table=markup, event_limit=lambda sent: set_limit(session, sent)
        )


def changes(scenario: Scenario) -> list[dict[str, Any]]:
    """Return what differs from the baseline, one line each, with a key to take it back."""
    out: list[dict[str, Any]] = []
    for use in scenario.measures:
        out += [
            {
                "key": f"measure|{use.id}|{code}",
                "place": place(code),
                "text": panel.use_words(use, code),
                "amber": False,
            }
            for code in use.on
        ]
    for code, levers in scenario.levers.items():
        out += [
            {"key": f"lever|{name}|{code}", "place": place(code), "text": f"{name} = {value:g}", "amber": False}
            for name, value in levers.items()
        ]
    for code, limit in scenario.budgets.items():
        words = text("changes.budget", limit=number(limit))
        out.append({"key": f"budget|{code}|", "place": place(code), "text": words, "amber": False})
    for name, value in scenario.parameters.items():
        usual = declared_parameters()[name].value
        words = text("changes.assumption", name=name, value=f"{value:g}", usual=f"{usual:g}")
        out.append({"key": f"parameter|{name}|", "place": text("changes.assumed"), "text": words, "amber": True})
    return out


def drop_change(session: Session, key: str) -> None:
    """Take one line of the list back."""
    kind, name, code = [*key.split("|"), "", ""][:3]
    scenario = session.scenario
    if kind == "measure":
        session.drop(name, code)
    elif kind == "lever":
        levers = {c: {n: v for n, v in row.items() if (c, n) != (code, name)} for c, row in scenario.levers.items()}
        session.attempt(lambda: replace(scenario, levers=levers))
    elif kind == "budget":
        session.attempt(lambda: replace(scenario, budgets={c: v for c, v in scenario.budgets.items() if c != name}))
    elif kind == "parameter":
        kept = {n: v for n, v in scenario.parameters.items() if n != name}
        session.attempt(lambda: replace(scenario, parameters=kept))


def set_limit(session: Session, sent: Any) -> None:
    """Limit what the measures may cost a government, or lift the limit."""
    content = sent if isinstance(sent, dict) else {}
    code, value = str(content.get("code"))[:20], content.get("value")

    def build() -> Scenario:
        budgets = {c: v for c, v in session.scenario.budgets.items() if c != code}
        if str(value).strip():
            try:
                budgets[code] = float(str(value))
            except ValueError:
                raise InputError(text("budget.no_number", value=str(value)[:40])) from None
        return replace(session.scenario, budgets=budgets)

    session.attempt(build)


def costs(session: Session, comparison: Comparison | None) -> tuple[list[dict[str, Any]], str, str]:
    """Return cost by government, the table of cost per effect, and a sentence where there is none."""
    touched = [c for c in session.scenario.jurisdictions if any(c in use.on for use in session.scenario.measures)]
    if not touched or comparison is None:
        return [], "", text("budget.empty")
    extra = comparison.extra_outlay()
    places = comparison.runs[0][0].places
    rows = []
    for code in touched:
        cost = float(extra[places.index(code)])
        limit = session.scenario.budgets.get(code, 0.0)
        key = "budget.saves" if cost < 0 else "budget.costs"
        words = text(key, amount=money(abs(cost)), pairs=len(comparison.runs))
        rows.append({"code": code, "name": place(code), "cost": cost, "limit": limit, "text": words})
    shown = session.view.shown
    names = [n for n in dict.fromkeys([*COMPARED_TILES, *STRIP]) if n != "public_outlay"]
    lines = []
    for (name, code), effect in effects(comparison, names).items():
        if code == shown and effect.clear and effect.cost_per_unit == effect.cost_per_unit:
            lines.append([title(name), headline(effect), price(name, effect.cost_per_unit)])
    if not lines:
        return rows, f"<p class='eco-help'>{escape(text('budget.no_price'))}</p>", ""
    head = [text("budget.effect"), text("budget.size"), text("budget.price")]
    return rows, table(text("budget.caption", place=place(shown), pairs=len(comparison.runs)), head, lines), ""


def price(name: str, cost: float) -> str:
    """Write the extra public cost of one unit of effect, million USD2020."""
    unit = INDICATORS[name].unit
    if unit == "M USD2020":
        return text("budget.per_money", amount=number(cost))
    return text("budget.per", amount=money(cost), unit=unit)


def money(amount: float) -> str:
    """Write million USD2020 in words."""
    for size, word in ((1e6, "trillion"), (1e3, "billion"), (1.0, "million"), (1e-3, "thousand")):
        if amount >= size:
            return text("budget.money", amount=number(amount / size), word=text(f"budget.{word}"))
    return text("budget.money", amount=number(amount * 1e6), word="").replace("  ", " ")


@solara.component
def Explore(session: Session, dark: bool) -> None:
    """The whole tab."""
    with html("div", css="eco-explore"):
        Measures(session)
        Results(session, dark)
        Explain(session)


TAB = Tab("explore", 10, Explore)
