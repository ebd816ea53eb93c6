"""One visitor's state: the scenario, its history, the results under way, and what is looked at. Visitors share nothing."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import solara

from ecosystem.dashboard import share
from ecosystem.dashboard.text import text
from ecosystem.kernel.errors import InputError
from ecosystem.scenario import MeasureUse, Scenario, known_measures

if TYPE_CHECKING:
    from ecosystem.dashboard.engine import Look

MOST_STEPS = 200
"""Steps of the history that are kept."""
REPLAY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class View:
    """What a visitor looks at.

    Attributes:
        tab: id of the tab.
        place: the jurisdiction whose measures are set.
        shown: the place whose results are shown, or ``all``.
        first, second: indicators of the two large charts.
    """

    tab: str = ""
    place: str = "us"
    shown: str = "us"
    first: str = "patents_granted"
    second: str = "license_and_sale_deals"


@dataclass(eq=False)
class Session:
    """One visitor.

    Attributes:
        scenario: the present scenario; its scale plays no part, each look has its own.
        past, future: scenarios before it (undo) and after it (redo).
        view: what is looked at.
        look: the comparison shown or under way (quick look); ``full`` the refined one, if asked for.
        replaying: the scenario before the last change is shown for a moment.
        notice, problem: one sentence each for the visitor; a problem is announced at once.
        kept: whatever a tab wants to find again when the visitor comes back to it, under the tab's id.
    """

    scenario: Scenario = field(default_factory=share.start)
    past: list[Scenario] = field(default_factory=list)
    future: list[Scenario] = field(default_factory=list)
    view: View = field(default_factory=View)
    look: Look | None = None
    full: Look | None = None
    replaying: bool = False
    notice: str = ""
    problem: str = ""
    kept: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    version: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _listeners: list[Callable[[int], None]] = field(default_factory=list)

    # -- telling who watches ----------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Tell all parts of the page that something is different."""
        with self._lock:
            self.version += 1
            listeners = list(self._listeners)
        for listener in listeners:
            listener(self.version)

    def subscribe(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Call ``listener`` with the version after every change; return how to stop."""
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave

    # -- the scenario -----------------------------------------------------------------------------------------------

    @property
    def base(self) -> Scenario:
        """What the scenario is compared with: the same places, years and assumptions without any policy."""
        return replace(self.scenario.without_policy(), title="Baseline")

    @property
    def differs(self) -> bool:
        """True when the scenario holds a policy of its own."""
        return self.scenario.key() != self.base.key()

    def change(self, scenario: Scenario) -> None:
        """Take another scenario as the present one; the one before can be had again."""
        if scenario == self.scenario:
            return
        with self._lock:
            self.past = [*self.past, self.scenario][-MOST_STEPS:]
            self.scenario, self.future, self.notice, self.problem = scenario, [], "", ""
            self._settle_view()
        self.changed()

    def attempt(self, build: Callable[[], Scenario]) -> None:
        """Change to the scenario that ``build`` returns; what it refuses is told to the visitor."""
        try:
            self.change(build())
        except InputError as error:
            self.fail(str(error))

    def fail(self, words: str) -> None:
        """Tell the visitor what went wrong."""
        self.problem, self.notice = words, ""
        self.changed()

    def undo(self) -> None:
        """Go back one change."""
        with self._lock:
            if not self.past:
                return
            self.future = [self.scenario, *self.future]
            self.scenario, self.past = self.past[-1], self.past[:-1]
            self._settle_view()
        self.changed()

    def redo(self) -> None:
        """Take the change back that was undone last."""
        with self._lock:
            if not self.future:
                return
            self.past = [*self.past, self.scenario]
            self.scenario, self.future = self.future[0], self.future[1:]
            self._settle_view()
        self.changed()

    def replay(self) -> None:
        """Show the results of the scenario before the last change for a moment, then the present ones again."""
        if not self.past or self.replaying:
            return
        self.replaying = True
        self.changed()

        def back() -> None:
            time.sleep(REPLAY_SECONDS)
            self.replaying = False
            self.changed()

        threading.Thread(target=back, daemon=True).start()

    def reset(self) -> None:
        """Take all policies away; assumptions stay (they have a reset of their own)."""
        self.change(replace(self.base, title=""))

    def reset_assumptions(self) -> None:
        """Take all assumptions back to their values."""
        self.change(replace(self.scenario, parameters={}))

    def rename(self, title: Any) -> None:
        """Give the scenario another title."""
        self.attempt(lambda: replace(self.scenario, title=str(title).strip()[:120]))

    # -- measures ---------------------------------------------------------------------------------------------------

    def use(self, id: str, place: str) -> MeasureUse | None:
        """Return the last use of a measure on a place, or None."""
        return next((u for u in reversed(self.scenario.measures) if u.id == id and place in u.on), None)

    def put(self, id: str, place: str, strength: float, start: str = "", end: str = "") -> None:
        """Put a measure on a place at a strength; the strength in force takes the use away."""

        def build() -> Scenario:
            rest = self._without(id, place)
            measure = known_measures().get(id)
            if measure is not None and strength == measure.strength_in_force(place):
                return rest
            return rest.with_measure(id, on=place, strength=strength, start=start, end=end)

        self.attempt(build)

    def drop(self, id: str, place: str) -> None:
        """Take a measure off a place."""
        self.attempt(lambda: self._without(id, place))

    def _without(self, id: str, place: str) -> Scenario:
        kept = []
        for use in self.scenario.measures:
            on = tuple(code for code in use.on if not (use.id == id and code == place))
            if on:
                kept.append(replace(use, on=on))
        return replace(self.scenario, measures=tuple(kept))

    # -- looking, links and files -----------------------------------------------------------------------------------

    def see(self, **how: str) -> None:
        """Look at something else: ``tab``, ``place``, ``shown``, ``first``, ``second``."""
        self.view = replace(self.view, **how)
        self._settle_view()
        self.changed()

    def _settle_view(self) -> None:
        places = self.scenario.jurisdictions
        place = self.view.place if self.view.place in places else places[0]
        shown = self.view.shown if self.view.shown in (*places, "all") else place
        self.view = replace(self.view, place=place, shown=shown)

    @property
    def search(self) -> str:
        """The search part of the URL that restores this visit."""
        return share.search_of(self.view.tab, self.scenario)

    def load(self, name: Any, content: Any) -> None:
        """Take the scenario of a file."""
        try:
            scenario, notice = share.read_file(name, content)
        except InputError as error:
            self.fail(str(error))
            return
        self.change(scenario)
        self.notice = notice or text("share.loaded")
        self.changed()


def open_session(search: str | None) -> Session:
    """Return the state of a new visit; a link that cannot be read leaves the baseline and says why."""
    asked = share.read_search(search)
    session = Session(view=View(tab=asked.get("tab", "")[:40]))
    try:
        session.scenario, session.notice = share.unpack(asked.get("s", ""))
        session._settle_view()
        touched = [code for use in session.scenario.measures for code in use.on]
        if touched:
            session.view = replace(session.view, place=touched[0], shown=touched[0])
    except InputError as error:
        session.problem = str(error)
    return session


def use_session(session: Session) -> int:
    """Draw the calling component again whenever the session changes (a Solara hook)."""
    version, set_version = solara.use_state(session.version)

    def listen() -> Callable[[], None]:
        leave = session.subscribe(set_version)
        set_version(session.version)  # what happened between drawing and listening
        return leave

    solara.use_effect(listen, [session])
    return int(version)
