"""Right column of Explore: what was changed, doubts about it, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import solara

from ecosystem.dashboard import looking
from ecosystem.dashboard.catalog import COMPARED_TILES, STRIP
from ecosystem.dashboard.changes import changes
from ecosystem.dashboard.effects import effects, headline, title
from ecosystem.dashboard.engine import doubts_about
from ecosystem.dashboard.parts import html
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.spending import cost_words, extra_outlay, price
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import place, text, words_of
from ecosystem.kernel.errors import InputError
from ecosystem.lab.compare import CLEAR, Comparison, verdict
from ecosystem.scenario import Scenario

CHANGE_WORDS = words_of("changes", "title", "nothing", "drop", "warnings")
BUDGET_WORDS = words_of("budget", "title", "limit", "limit_long", "no_limit", "note")


@solara.component_vue("../../vue/changes.vue")
def _Changes(
    words: dict[str, str], items: list[dict[str, Any]], warnings: list[str], event_drop: Callable[[str], None]
) -> None: ...


@solara.component_vue("../../vue/budget.vue")
def _Budget(
    words: dict[str, str],
    empty: str,
    rows: list[dict[str, Any]],
    table: str,
    event_limit: Callable[[dict[str, Any]], None],
) -> None: ...


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
    mean, half = extra_outlay(comparison)
    places = comparison.runs[0][0].places
    rows = []
    for code in touched:
        at = places.index(code)
        cost = float(mean[at])
        limit = session.scenario.budgets.get(code, 0.0)
        words = cost_words(cost, float(half[at]), len(comparison.runs))
        rows.append({"code": code, "name": place(code), "cost": cost, "limit": limit, "text": words})
    shown = session.view.shown
    names = [n for n in dict.fromkeys([*COMPARED_TILES, *STRIP]) if n != "public_outlay"]
    lines = []
    at = places.index(shown)
    spent = verdict(float(mean[at] - half[at]), float(mean[at] + half[at]), float(mean[at])) == CLEAR[0]
    for (name, code), effect in effects(comparison, names).items():
        if code == shown and spent and effect.clear and effect.cost_per_unit == effect.cost_per_unit:
            lines.append([title(name), headline(effect), price(name, effect.cost_per_unit)])
    if not lines:
        return rows, f"<p class='eco-help'>{escape(text('budget.no_price'))}</p>", ""
    head = [text("budget.effect"), text("budget.size"), text("budget.price")]
    return rows, table(text("budget.caption", place=place(shown), pairs=len(comparison.runs)), head, lines), ""
