"""Pairs of portraits for all visitors: computed in a worker of their own, kept in memory by scenario."""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import solara

from ecosystem.dashboard import runner
from ecosystem.dashboard.portrait import Portrait, portray
from ecosystem.dashboard.runner import CANCEL, CELLS, DONE, TOTAL, Job, Runner
from ecosystem.dashboard.session import Session
from ecosystem.kernel.errors import InputError
from ecosystem.scenario import Scenario

SCALE, SEED = 5000.0, 1
MOST_KEPT = 40
"""Pairs in memory; one is some hundred kilobytes."""
POLL_SECONDS = 0.2
_portraits: OrderedDict[str, Portrait] = OrderedDict()
"""In the worker: portraits by scenario, so that a change of the scenario costs one run only."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Baseline and scenario on the same luck."""

    base: Portrait
    scenario: Portrait
    alone: bool


def work(content: Any, slot: int) -> Pair | None:
    """Make a pair in a worker."""
    cell = CELLS * slot

    def cancelled() -> bool:
        return bool(runner._board[cell + CANCEL])

    scenarios = [Scenario.from_dict(one) for one in content]
    keys = [scenario.key() for scenario in scenarios]
    runner._board[cell + TOTAL] = len(scenarios)
    for key, scenario in zip(keys, scenarios, strict=True):
        if key not in _portraits:
            made = portray(scenario, SEED, cancelled)
            if made is None:
                return None
            _portraits[key] = made
        _portraits.move_to_end(key)
        runner._board[cell + DONE] += 1
    pair = Pair(_portraits[keys[0]], _portraits[keys[1]], keys[0] == keys[1])
    while len(_portraits) > MOST_KEPT:
        _portraits.popitem(last=False)
    return pair


@dataclass
class Pairs:
    """Pairs by base and scenario."""

    runner: Runner = field(default_factory=lambda: Runner(workers=1, work=work))
    _kept: OrderedDict[str, Pair] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def held(self, base: Scenario, scenario: Scenario) -> Pair | None:
        """Return a pair from memory."""
        with self._lock:
            return self._kept.get(name(base, scenario))

    def start(self, base: Scenario, scenario: Scenario) -> Job:
        """Begin a pair.

        Raises:
            InputError: too much is waiting on this server.
        """
        content = [replace(one, scale=SCALE).to_dict() for one in (base, scenario)]

        def keep(job: Job) -> None:
            if job.result is not None:
                with self._lock:
                    self._kept[name(base, scenario)] = cast(Pair, job.result)
                    while len(self._kept) > MOST_KEPT:
                        self._kept.popitem(last=False)

        return self.runner.start(cast(Any, content), keep)


def name(base: Scenario, scenario: Scenario) -> str:
    """Return what tells a pair from all others."""
    return " ".join(replace(one, scale=SCALE).key() for one in (base, scenario))


PAIRS = Pairs()
atexit.register(PAIRS.runner.close)


def use_pair(session: Session) -> tuple[Pair | None, str]:
    """Return the pair of the visitor's scenario (or the last one, until the new one is there) and a problem in words.

    A Solara hook: starts the runs whenever the scenario has changed, and takes them back when the visitor leaves.
    """
    key = session.scenario.key()

    def begin() -> Callable[[], None]:
        base, scenario = session.base, session.scenario
        left = threading.Event()
        found = PAIRS.held(base, scenario)
        if found is not None:
            session.kept["pair"] = (key, found, "")
            session.changed()
            return left.set
        before = session.kept.get("pair", ("", None, ""))
        session.kept["pair"] = ("", before[1], "")
        try:
            job = PAIRS.start(base, scenario)
        except InputError as error:
            session.kept["pair"] = (key, before[1], str(error))
            session.changed()
            return left.set

        def loop() -> None:
            while not job.wait(POLL_SECONDS):
                if left.is_set():
                    job.cancel()
                    return
            if not left.is_set():
                session.kept["pair"] = (key, job.result if job.result is not None else before[1], job.problem)
                session.changed()

        threading.Thread(target=loop, daemon=True).start()
        return left.set

    solara.use_effect(begin, [key])
    _, found, problem = session.kept.get("pair", ("", None, ""))
    return found, problem


def fresh(session: Session) -> bool:
    """Return True if the pair kept is that of the present scenario."""
    return bool(session.kept.get("pair", ("",))[0] == session.scenario.key())
