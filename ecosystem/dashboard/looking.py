"""Keeps a visitor's comparison in step with the scenario (a Solara hook), for every tab that shows one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import solara

from ecosystem.dashboard.engine import ENGINE, Look, Plan
from ecosystem.dashboard.session import Session
from ecosystem.kernel.errors import InputError

POLL_SECONDS = 0.15
FULL_SECONDS = 1.0
"""How often the page is drawn again at most while a full result comes in."""


def use_look(session: Session) -> Look | None:
    """Return what is known about the visitor's scenario: the full result once it has pairs enough, else the quick look.

    Starts a quick look whenever the scenario has changed, and draws the page again as pairs come in.
    """
    key = session.scenario.key()

    def begin() -> Callable[[], None]:
        if (
            session.look is None
            or session.look.scenario.key() != replace(session.scenario, scale=ENGINE.quick.scale).key()
        ):
            session.look = ask(session, ENGINE.quick)
            if session.full is not None:
                ENGINE.cancel(session.full)
                session.full = None
            session.changed()
        return follow(session)

    solara.use_effect(begin, [key])
    return shown(session)


def ask(session: Session, plan: Plan) -> Look | None:
    """Start a comparison of the present scenario; what the engine refuses is told to the visitor."""
    try:
        return ENGINE.look(session.id, session.base, session.scenario, plan)
    except InputError as error:
        session.problem = str(error)
        return None


def refine(session: Session) -> None:
    """Start the full result."""
    session.full = ask(session, ENGINE.full)
    session.changed()
    follow(session)


def give_up(session: Session) -> None:
    """End the full result; what it has so far stays."""
    if session.full is not None:
        ENGINE.cancel(session.full)
    session.changed()


def shown(session: Session) -> Look | None:
    """Return the look whose numbers are shown; until a new one has its first pair that is the last one shown."""
    look = session.look
    before = session.kept.get("replay")
    if session.replaying and isinstance(before, Look) and before.ready:
        return before
    if session.full is not None and session.full.ready:
        look = session.full
    if look is not None and look.ready:
        session.kept["shown"] = look
    last = session.kept.get("shown")
    return last if isinstance(last, Look) else look


def stale(session: Session) -> bool:
    """Return True if the numbers shown are not those of the present scenario."""
    look = shown(session)
    return look is not None and look.scenario.key() != replace(session.scenario, scale=look.plan.scale).key()


def replay(session: Session) -> None:
    """Fetch the results of the scenario before the last change, and show them for a moment."""
    if not session.past or session.replaying:
        return
    before = session.past[-1]
    base = replace(before.without_policy(), title="Baseline")
    try:
        session.kept["replay"] = ENGINE.look(f"{session.id} replay", base, before, ENGINE.quick)
    except InputError:
        return
    session.replay()


def follow(session: Session) -> Callable[[], None]:
    """Tell the session about new pairs until all its looks have ended; return how to stop."""
    left = threading.Event()
    looks = [look for look in (session.look, session.full) if look is not None and not look.finished]
    if not looks:
        return left.set

    def loop() -> None:
        seen = [-1] * len(looks)
        wait = POLL_SECONDS if any(look.plan is ENGINE.quick for look in looks) else FULL_SECONDS
        while not left.wait(wait):
            now = [look.version for look in looks]
            if now != seen:
                seen = now
                session.changed()
            if all(look.finished for look in looks) and now == [look.version for look in looks]:
                return

    threading.Thread(target=loop, daemon=True).start()
    return left.set
