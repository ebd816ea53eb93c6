"""Left column of Explore: the measures of one jurisdiction, presets and assumptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import solara

from ecosystem.dashboard import panel
from ecosystem.dashboard.catalog import ASSUMPTIONS
from ecosystem.dashboard.parts import click, html
from ecosystem.dashboard.presets import known_presets
from ecosystem.dashboard.session import Session, use_session
from ecosystem.dashboard.text import place, text, with_unit, words_of
from ecosystem.dashboard.theme import mark
from ecosystem.scenario import PLACES, Scenario, declared_parameters, known_measures

MEASURE_WORDS = words_of(
    "measures", "title", "places", "changed", "strength", "number", "from", "from_long", "until", "until_long", "no_end",
    "card", "card_close", "more", "fewer", "search", "search_help", "found",
)  # fmt: skip
PRESET_WORDS = words_of("presets", "title", "choose", "none", "holds")
ASSUMPTION_WORDS = words_of("assumptions", "title", "lead", "number", "assumption", "reset")


@solara.component_vue("../../vue/measures.vue")
def _Measures(
    words: dict[str, str],
    places: list[dict[str, Any]],
    place: str,
    groups: list[dict[str, Any]],
    levels: list[dict[str, Any]],
    card: dict[str, str],
    first: int,
    last: int,
    event_place: Callable[[str], None],
    event_put: Callable[[dict[str, Any]], None],
    event_drop: Callable[[str], None],
    event_card: Callable[[str], None],
) -> None: ...


@solara.component_vue("../../vue/presets.vue")
def _Presets(words: dict[str, str], groups: list[dict[str, Any]], event_apply: Callable[[str], None]) -> None: ...


@solara.component_vue("../../vue/assumptions.vue")
def _Assumptions(
    words: dict[str, str],
    parameters: list[dict[str, Any]],
    changed: int,
    event_set: Callable[[dict[str, Any]], None],
    event_reset: Callable[[Any], None],
) -> None: ...


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
                "step": 0.05 if p.high - p.low <= 5 else 1.0, "unit": "" if p.unit == "1" else p.unit, "doc": doc,
                "source": p.source, "usual": text("assumptions.usual", value=with_unit(p.value, p.unit)),
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
