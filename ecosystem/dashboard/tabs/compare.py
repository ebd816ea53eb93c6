"""Tab Compare: up to four scenarios beside the same baseline: levels, paired differences, verdicts, cost against outcome."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import solara

from ecosystem.dashboard.brief import Part
from ecosystem.dashboard.catalog import COMPARED_TILES, STRIP
from ecosystem.dashboard.charts.dots import (
    describe,
    difference,
    dots,
    dots_height,
    effect_head,
    effect_row,
    level,
    trade_off,
    trade_table,
)
from ecosystem.dashboard.effects import Effect, effects, frequency, headline, scaled, title
from ecosystem.dashboard.engine import ENGINE, Look
from ecosystem.dashboard.looking import POLL_SECONDS
from ecosystem.dashboard.parts import Numbers, Raw, card, chart, click, command, html
from ecosystem.dashboard.picks import Button, Pick, indicator_groups, one_group
from ecosystem.dashboard.presets import known_presets
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.tabs import Tab
from ecosystem.dashboard.takeaway import BriefButton
from ecosystem.dashboard.text import place, signed, text
from ecosystem.dashboard.theme import mark, palette
from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError
from ecosystem.scenario import Scenario

SLOTS = 4
LEAST_PAIRS = 2
"""An interval needs two pairs; before that nothing is drawn."""
FIRST_CHOICE = 2
"""Packages that stand there when the tab opens for the first time."""
MOST_KEPT = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One scenario of the tab with the comparison that belongs to it, as far as it is finished."""

    slot: int
    name: str
    look: Look

    @property
    def ready(self) -> bool:
        """True when there are pairs enough for an interval."""
        return self.look.done >= LEAST_PAIRS


def kept(session: Session) -> list[Scenario]:
    """Return the scenarios that the visitor kept."""
    found: list[Scenario] = session.kept.setdefault("snapshots", [])
    return found


def chosen(session: Session) -> list[str]:
    """Return what stands in each slot; at first the visitor's own scenario and the first packages."""
    if "compare" not in session.kept:
        packages = [f"preset:{p.id}" for p in known_presets().values() if p.kind == "package"][:FIRST_CHOICE]
        first = [*(["current"] if session.differs else []), *packages]
        session.kept["compare"] = [*first, *[""] * SLOTS][:SLOTS]
    out: list[str] = session.kept["compare"]
    return out


def scenario_of(session: Session, key: str) -> Scenario | None:
    """Return the scenario of a choice, or None where there is none.

    Raises:
        InputError: a preset cannot go on the places of this world.
    """
    kind, _, id = key.partition(":")
    if kind == "current":
        return session.scenario if session.differs else None
    if kind == "preset" and id in known_presets():
        return known_presets()[id].applied(session.scenario, session.view.place)
    if kind == "kept" and id.isdigit() and int(id) < len(kept(session)):
        return kept(session)[int(id)]
    return None


def name_of(session: Session, key: str, scenario: Scenario) -> str:
    """Return what a scenario is called in charts and tables."""
    kind, _, id = key.partition(":")
    if kind == "current":
        return scenario.title.strip() or text("compare.current")
    if kind == "preset":
        preset = known_presets()[id]
        return (
            text("compare.package_name", title=preset.title, place=place(session.view.place))
            if not preset.on
            else preset.title
        )
    return scenario.title.strip() or text("compare.kept_name", n=int(id) + 1)


def keep(session: Session) -> None:
    """Keep the present scenario as it is now, and put it in the first free slot."""
    held = kept(session)
    if not session.differs or len(held) >= MOST_KEPT:
        return
    title = session.scenario.title.strip() or text("compare.kept_name", n=len(held) + 1)
    held.append(replace(session.scenario, title=title))
    slots = chosen(session)
    if "" in slots:
        slots[slots.index("")] = f"kept:{len(held) - 1}"
    session.changed()


def options(session: Session) -> list[dict[str, Any]]:
    """Return what a slot may hold."""
    presets = known_presets().values()
    own = [("", text("compare.nothing")), ("current", text("compare.current"))]
    groups = one_group(own)
    if kept(session):
        names = [(f"kept:{k}", s.title) for k, s in enumerate(kept(session))]
        groups += [{**one_group(names)[0], "label": text("compare.kept")}]
    for kind in ("package", "reform"):
        names = [(f"preset:{p.id}", p.title) for p in presets if p.kind == kind]
        if names:
            groups += [{**one_group(names)[0], "label": text(f"presets.{kind}s")}]
    return groups


def use_entries(session: Session) -> list[Entry]:
    """Compare what is chosen, and draw the page again as pairs come in (a Solara hook)."""
    wanted: list[tuple[int, str, Scenario]] = []
    for slot, key in enumerate(chosen(session)):
        try:
            scenario = scenario_of(session, key)
        except InputError:
            scenario = None
        if scenario is not None:
            wanted.append((slot, name_of(session, key, scenario), scenario))
    looks: dict[int, tuple[str, Look]] = session.kept.setdefault("compare looks", {})
    keys = tuple((slot, scenario.key()) for slot, _, scenario in wanted)

    def begin() -> Callable[[], None]:
        left = threading.Event()
        for slot in [s for s in looks if s not in dict(keys)]:
            ENGINE.leave(_visitor(session, slot))
            del looks[slot]
        for slot, _, scenario in wanted:
            key = scenario.key()
            if slot in looks and looks[slot][0] == key and not looks[slot][1].cancelled:
                continue
            base = replace(scenario.without_policy(), title="Baseline")
            try:
                looks[slot] = key, ENGINE.look(_visitor(session, slot), base, scenario, ENGINE.quick)
            except InputError as error:
                session.problem = str(error)
        session.changed()
        mine = [look for _, look in looks.values()]

        def loop() -> None:
            seen = -1
            while not left.wait(POLL_SECONDS):
                now = sum(look.version for look in mine)
                if now != seen:
                    seen = now
                    session.changed()
                if all(look.finished for look in mine) and seen == sum(look.version for look in mine):
                    return

        threading.Thread(target=loop, daemon=True).start()
        return left.set

    solara.use_effect(begin, [keys])

    def leave() -> Callable[[], None]:
        def go() -> None:
            for slot in list(looks):
                ENGINE.leave(_visitor(session, slot))

        return go

    solara.use_effect(leave, [])
    return [
        Entry(slot, name, looks[slot][1]) for slot, name, s in wanted if slot in looks and looks[slot][0] == s.key()
    ]


def _visitor(session: Session, slot: int) -> str:
    return f"{session.id} compare {slot}"


def read(entries: list[Entry], names: list[str]) -> dict[int, dict[tuple[str, str], Effect]]:
    """Return the effects of each finished entry by slot."""
    out = {}
    for entry in entries:
        comparison = entry.look.comparison() if entry.ready else None
        if comparison is not None:
            out[entry.slot] = effects(comparison, [n for n in names if n in comparison.runs[0][0].names])
    return out


def status(entries: list[Entry]) -> str:
    """Return one sentence on where the comparisons stand."""
    if not entries:
        return text("compare.empty")
    problems = [entry.look.problem for entry in entries if entry.look.problem]
    if problems:
        return problems[0]
    done, total = sum(e.look.done for e in entries), sum(e.look.total for e in entries)
    plan = entries[0].look.plan
    key = "compare.done" if done == total else "compare.under_way"
    return text(key, done=done, total=total, pairs=plan.pairs, scale=f"{plan.scale:,.0f}")


def verdict_table(named: list[tuple[str, dict[tuple[str, str], Effect]]], names: list[str], code: str) -> str:
    """Return the verdict on each indicator for each scenario, with interval and number of pairs."""
    rows = []
    for one in names:
        cells = [title(one)]
        for _, found in named:
            effect = found.get((one, code))
            cells.append(verdict_cell(effect) if effect is not None else "–")
        rows.append(cells)
    return table(
        text("compare.verdict_caption", place=place(code)), [text("compare.indicator"), *(n for n, _ in named)], rows
    )


def verdict_cell(effect: Effect) -> str:
    """Return verdict, interval and pairs in one cell; a relative effect only where it is clear."""
    if effect.low == effect.high == 0.0:
        return text("compare.cell_equal", verdict=headline(effect), pairs=effect.pairs)
    size, unit = scaled(effect.indicator, [effect.low, effect.high], before=True)
    low, high = signed(effect.low / size), signed(effect.high / size)
    return text("compare.cell", verdict=headline(effect), low=low, high=high, unit=unit, frequency=frequency(effect))


@solara.component
def Compare(session: Session, dark: bool) -> None:
    """The whole tab."""
    use_session(session)
    indicator, set_indicator = solara.use_state("license_and_sale_deals")
    entries = use_entries(session)
    code = session.view.shown
    names = list(dict.fromkeys([*COMPARED_TILES, indicator, *STRIP]))
    found = solara.use_memo(
        lambda: read(entries, names), [tuple((id(e.look), e.look.done) for e in entries), indicator, code]
    )
    with html("div", css="eco-comparing", id="eco-results", tabindex="-1"):
        html("h1", text("compare.question"), css="eco-question-title")
        html("p", text("compare.lead"), css="eco-lead")
        _slots(session, entries)
        html("p", status(entries), css="eco-status", role="status", data_testid="compare-status")
        _views(session, indicator, set_indicator)
        ready = [entry for entry in entries if entry.slot in found]
        if not ready:
            html("div", html("p", text("compare.waiting")), css="eco-card eco-empty")
            return
        written = [Part(e.name, c, e.look.plan) for e in ready if (c := e.look.comparison()) is not None]
        BriefButton(written, code, (indicator,), name=text("brief.title_compare"))
        _charts(ready, found, indicator, code, dark)
        named = [(entry.name, found[entry.slot]) for entry in ready]
        card(
            text("compare.verdicts"),
            text("compare.verdicts_question", place=place(code)),
            Raw(markup=verdict_table(named, names, code)),
            html("p", text("compare.verdicts_note"), css="eco-note"),
            name="verdicts",
            wide=True,
        )
        plan = ready[0].look.plan
        line = text("explore.command_line", scale=f"{plan.scale:g}", pairs=plan.pairs)
        command(text("compare.command"), line)


def _slots(session: Session, entries: list[Entry]) -> None:
    slots = chosen(session)
    groups = options(session)
    known = {option["value"] for group in groups for option in group["options"]}

    def put(slot: int) -> Callable[[str], None]:
        def choose(key: str) -> None:
            slots[slot] = str(key) if str(key) in known else ""
            session.changed()

        return choose

    with html("section", css="eco-card eco-slots", aria_label=text("compare.slots"), data_testid="compare-slots"):
        for slot in range(SLOTS):
            look = mark(slot)
            dot = f'<span class="eco-slot-mark eco-slot-{look.symbol}" style="--mark:{look.color}" aria-hidden="true"></span>'
            html(
                "div",
                Raw(markup=dot),
                Pick(
                    label=text("compare.slot", n=slot + 1), value=slots[slot], groups=groups, event_choose=put(slot),
                    name=f"slot-{slot + 1}",
                ),
                css="eco-slot",
            )  # fmt: skip
        with html("div", css="eco-slot-tools"):
            places = [(one, place(one)) for one in session.scenario.jurisdictions]
            Pick(
                label=text("compare.put_on"), value=session.view.place, groups=one_group(places), name="put-on",
                event_choose=lambda one: session.see(place=str(one), shown=str(one)),
            )  # fmt: skip
            can = session.differs and len(kept(session)) < MOST_KEPT
            Button(label=text("compare.keep"), can=can, event_press=click(lambda: keep(session)))
        if not session.differs and "current" in slots:
            html("p", text("compare.current_empty"), css="eco-note")


def _views(session: Session, indicator: str, set_indicator: Callable[[str], None]) -> None:
    places = [(one, place(one)) for one in (*session.scenario.jurisdictions, "all")]
    with html("div", css="eco-picks"):
        Pick(
            label=text("compare.outcome"), value=indicator, groups=indicator_groups(), name="outcome",
            event_choose=lambda one: set_indicator(one) if one in INDICATORS else None,
        )  # fmt: skip
        Pick(
            label=text("explore.shown_for"), value=session.view.shown, groups=one_group(places), name="shown",
            event_choose=lambda one: session.see(shown=str(one)),
        )  # fmt: skip


def _charts(
    ready: list[Entry], found: dict[int, dict[tuple[str, str], Effect]], indicator: str, code: str, dark: bool
) -> None:
    colors = palette(dark)
    rows = [(e, found[e.slot][indicator, code]) for e in ready if (indicator, code) in found[e.slot]]
    if not rows:
        html("p", text("explore.no_numbers"), css="eco-help")
        return
    named = [(entry.name, effect) for entry, effect in rows]
    size, unit = scaled(indicator, [v for _, e in named for v in (e.base, e.scenario)])
    ends = [v for _, e in named for v in (e.low, e.high)]
    step, step_unit = scaled(indicator, ends)
    looks = [mark(entry.slot) for entry, _ in rows]
    levels = [level(e, n, size, look.color, look.symbol) for (n, e), look in zip(named, looks, strict=True)]
    changes = [difference(e, n, step, look.color, look.symbol) for (n, e), look in zip(named, looks, strict=True)]
    markup = table(unit, effect_head(text("compare.head_name")), [effect_row(*one) for one in named])
    lead = f"{title(indicator)}, {place(code)}:"
    height = dots_height(len(rows))
    with html("div", css="eco-two"):
        card(
            text("compare.differences"),
            f"{title(indicator)}, {place(code)}",
            chart(dots(changes, step_unit, describe(named, lead), colors, zero=True), "differences", height),
            html("p", text("compare.differences_note"), css="eco-note"),
            Numbers(markup, "differences"),
            name="differences",
        )
        card(
            text("compare.levels"),
            f"{title(indicator)}, {place(code)}",
            chart(dots(levels, unit, describe(named, lead), colors), "levels", height),
            html("p", text("compare.levels_note"), css="eco-note"),
            Numbers(markup, "levels"),
            name="levels",
        )
    trade = [
        (e.name, found[e.slot]["public_outlay", code], found[e.slot][indicator, code])
        for e, _ in rows
        if ("public_outlay", code) in found[e.slot]
    ]
    if trade and indicator != "public_outlay":
        keys = "".join(
            f'<li><span class="eco-slot-mark eco-slot-{look.symbol}" style="--mark:{look.color}" aria-hidden="true"></span>'
            f"{escape(name)}</li>"
            for (name, *_), look in zip(trade, looks, strict=True)
        )
        card(
            text("compare.trade"),
            text("compare.trade_question", outcome=title(indicator), place=place(code)),
            Raw(markup=f'<ul class="eco-keys">{keys}</ul>'),
            chart(trade_off(trade, code, colors, [entry.slot for entry, _ in rows]), "trade-off", 380),
            html("p", text("compare.trade_note"), css="eco-note"),
            Numbers(trade_table(trade), "trade-off"),
            name="trade-off",
            wide=True,
        )


TAB = Tab("compare", 20, Compare)
