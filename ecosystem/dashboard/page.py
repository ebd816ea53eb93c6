"""The shell: header with the tabs, what can be done with the scenario, the open tab. A visitor is one `Session`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara

from ecosystem.dashboard import looking
from ecosystem.dashboard.engine import ENGINE
from ecosystem.dashboard.parts import click, html
from ecosystem.dashboard.session import Session, open_session, use_session
from ecosystem.dashboard.share import write_file
from ecosystem.dashboard.tabs import known_tabs, styles, tab_named
from ecosystem.dashboard.text import text, words_of
from ecosystem.dashboard.theme import settle_solara

settle_solara(text("page.title"))

HEADER_WORDS = ("skip", "title", "tagline", "to_dark", "to_light", "tabs")
TOOL_WORDS = (
    "scenario", "untitled", "undo", "redo", "replay", "reset", "share", "copied", "copy", "link", "close", "save",
    "load", "tools", "too_large",
)  # fmt: skip
MOST_FILE = 200_000
"""Bytes of an uploaded file; the browser refuses more before it sends anything."""


@solara.component_vue("vue/header.vue")
def _Header(
    words: dict[str, str],
    tabs: list[dict[str, str]],
    open_tab: str,
    search: str,
    event_tab: Callable[[str], None],
    event_look: Callable[[bool], None],
) -> None: ...


@solara.component_vue("vue/tour.vue")
def _Tour(
    words: dict[str, str], stops: list[dict[str, str]], here: bool, event_home: Callable[[Any], None]
) -> None: ...


STOPS = {
    "measures": ".eco-measures", "tiles": ".eco-five", "chart": "[data-testid=card-first]", "explain": ".eco-right",
    "tabs": ".eco-tabs",
}  # fmt: skip
"""Stops of the tour, and what on the page each of them is about."""


def tour(session: Session, here: bool) -> Any:
    """Return the tour of a first visit, which stays out of sight once it was seen."""
    stops = [
        {"title": text(f"tour.{id}_title"), "text": text(f"tour.{id}"), "where": where} for id, where in STOPS.items()
    ]
    words = words_of("tour", "title", "back", "next", "skip", "done")
    return _Tour(words=words, stops=stops, here=here, event_home=click(lambda: session.see(tab=known_tabs()[0].id)))


@solara.component_vue("vue/tools.vue")
def _Tools(
    words: dict[str, str],
    title: str,
    search: str,
    file: str,
    most: int,
    can: dict[str, bool],
    event_rename: Callable[[str], None],
    event_undo: Callable[[Any], None],
    event_redo: Callable[[Any], None],
    event_replay: Callable[[Any], None],
    event_reset: Callable[[Any], None],
    event_load: Callable[[dict[str, Any]], None],
    event_refuse: Callable[[str], None],
) -> None: ...


def tools(session: Session) -> Any:
    """Return the row of what can be done with the scenario."""

    def load(sent: Any) -> None:
        content = sent if isinstance(sent, dict) else {}
        session.load(content.get("name"), content.get("text"))

    words = words_of("tools", *TOOL_WORDS)
    words["untitled"] = text("tools.unnamed" if session.differs else "tools.untitled")
    return _Tools(
        words=words,
        title=session.scenario.title,
        search=session.search,
        file=write_file(session.scenario),
        most=MOST_FILE,
        can={"undo": bool(session.past), "redo": bool(session.future), "reset": session.differs},
        event_rename=session.rename,
        event_undo=click(session.undo),
        event_redo=click(session.redo),
        event_replay=click(lambda: looking.replay(session)),
        event_reset=click(session.reset),
        event_load=load,
        event_refuse=lambda words: session.fail(str(words)[:200]),
    )


@solara.component
def Shell(session: Session) -> None:
    """The frame around the open tab."""
    use_session(session)
    dark, set_dark = solara.use_state(False)
    tab = tab_named(session.view.tab)
    words = {**words_of("page", *HEADER_WORDS), "tour": text("tour.open")}
    solara.Title(f"{tab.name} – {text('page.title')}")
    solara.Style(styles())
    with html("div", css="eco"):
        _Header(
            words=words,
            tabs=[{"id": known.id, "name": known.name} for known in known_tabs()],
            open_tab=tab.id,
            search=session.search,
            event_tab=lambda id: session.see(tab=str(id)),
            event_look=set_dark,
        )
        if tab.scenario:
            tools(session)
        html(
            "div",
            *([html("p", session.problem, css="eco-problem", role="alert")] if session.problem else []),
            html("p", session.notice, css="eco-notice", role="status"),
            css="eco-messages",
        )
        with html("main", css=f"eco-main eco-tab-{tab.id}", data_testid=f"tab-{tab.id}"):
            tab.show(session, dark)
        tour(session, tab.id == known_tabs()[0].id)
        html("footer", html("p", f"{text('page.tagline')} {text('page.footer')}"), css="eco-footer")


@solara.component
def Page() -> None:
    """One visit."""
    search = solara.use_router().search
    session = solara.use_memo(lambda: open_session(search), [])
    solara.use_effect(lambda: lambda: ENGINE.leave(session.id), [])
    Shell(session)


@solara.component
def Layout(children: list[Any]) -> Any:
    """Nothing of Solara's own frame around the page."""
    return html("div", *children)


__all__ = ["Layout", "Page"]
