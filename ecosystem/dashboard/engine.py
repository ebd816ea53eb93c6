"""Paired comparisons for the page at two speeds, computed once for all visitors, at most so much for each.

Every run (scenario, seed, scale) is a piece of work of its own: a comparison waits for the runs it needs, whoever asked
for them first. Runs of a seed always go to the same worker, which keeps that seed's burn-in. Statistics are those of
`ecosystem.lab.compare.Comparison` and of nothing else.
"""

from __future__ import annotations

import atexit
import heapq
import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any

from ecosystem.dashboard.catalog import COMPARED
from ecosystem.dashboard.shelf import Shelf, name_of
from ecosystem.dashboard.text import number, text
from ecosystem.dashboard.worker import enter, work
from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.platform import DISABLED
from ecosystem.lab.compare import Comparison
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import Scenario, known_measures
from ecosystem.scenario_warnings import NOTHING, changes_nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """How thoroughly a scenario is looked at.

    Attributes:
        rank: plans of lower rank go first; a run of a higher rank gives way and starts again later.
        scale: real objects a simulated one stands for.
        pairs: paired runs, with the seeds 1, 2, ...
        first: pairs from which the result is worth showing.
    """

    name: str
    rank: int
    scale: float
    pairs: int
    first: int


QUICK = Plan("quick", 0, 5000.0, 8, 1)
FULL = Plan("full", 1, 2000.0, 50, 4)
MOST_WAITING = 4000
"""Runs that may wait at one time on one server."""
RETRIES = 2
"""How often a run is tried again after its worker was lost."""


@cache
def outputs() -> tuple[str, ...]:
    """Return the indicators that every run of the page reports: those shown, and what each measure claims to move."""
    direct = [measure.indicator for measure in known_measures().values()]
    return tuple(name for name in dict.fromkeys([*COMPARED, *direct]) if name in INDICATORS)


@lru_cache(maxsize=512)
def doubts_about(scenario: Scenario) -> tuple[str, ...]:
    """Return the warnings of a scenario; they are asked for with every pair and every drawing of the page."""
    return tuple(scenario.warnings())


@dataclass(eq=False)
class Look:
    """One comparison, finished or under way.

    Attributes:
        base, scenario: what is compared, at the scale of the plan.
        seeds: one a pair.
        version: grows whenever something is new.
        problem: what went wrong, in words.
        seconds: how long it took, once it is finished.
    """

    base: Scenario
    scenario: Scenario
    plan: Plan
    seeds: tuple[int, ...]
    version: int = 0
    problem: str = ""
    cancelled: bool = False
    seconds: float | None = None
    ahead: int = 0
    began: float = field(default_factory=time.monotonic)
    _found: dict[str, Yearly] = field(default_factory=dict)
    _names: dict[tuple[bool, int], str] = field(default_factory=dict)
    _made: tuple[int, Comparison | None] = (0, None)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def total(self) -> int:
        """Pairs wanted."""
        return len(self.seeds)

    @property
    def done(self) -> int:
        """Pairs finished."""
        return len(self._paired())

    @property
    def finished(self) -> bool:
        """True when nothing more will come."""
        return self.cancelled or bool(self.problem) or self.done == self.total

    @property
    def ready(self) -> bool:
        """True when there are pairs enough to show."""
        return self.done >= min(self.plan.first, self.total)

    def _paired(self) -> list[int]:
        found, names = self._found, self._names
        return [s for s in self.seeds if names[False, s] in found and names[True, s] in found]

    def comparison(self) -> Comparison | None:
        """Return the comparison of the pairs finished so far; None before the first."""
        with self._lock:
            seeds = self._paired()
            if self._made[0] != len(seeds):
                runs = [(self._found[self._names[False, s]], self._found[self._names[True, s]]) for s in seeds]
                doubts = list(doubts_about(self.scenario))
                if changes_nothing(self.scenario, self.base):
                    doubts.insert(0, NOTHING)
                self._made = len(seeds), Comparison(self.base, self.scenario, tuple(seeds), runs, doubts)
            return self._made[1]

    def take(self, name: str, run: Yearly) -> None:
        """Receive a finished run."""
        with self._lock:
            self._found[name] = run
            if self.done == self.total and self.seconds is None:
                self.seconds = time.monotonic() - self.began
            self.version += 1

    def fail(self, words: str) -> None:
        """End with a problem."""
        self.problem = words
        self.version += 1

    def cancel(self) -> None:
        """End here; what is finished stays."""
        if not self.finished:
            self.cancelled = True
            self.version += 1

    def status(self) -> str:
        """Return one sentence on where the comparison stands."""
        done, total, scale = self.done, self.total, f"{self.plan.scale:,.0f}"
        if self.problem:
            return ""
        if done == total:
            return text(f"engine.{self.plan.name}_done", total=total, scale=scale)
        if self.cancelled:
            return text("engine.cancelled", done=done, total=total)
        if not done:
            key = (
                ("engine.queue_one" if self.ahead == 1 else "engine.queue")
                if self.ahead
                else f"engine.{self.plan.name}_begun"
            )
            return text(key, ahead=self.ahead, total=total, scale=scale)
        left = (time.monotonic() - self.began) / done * (total - done)
        return text(
            f"engine.{self.plan.name}_under_way", done=done, total=total, scale=scale, left=number(max(left, 1.0), 1)
        )


@dataclass(eq=False)
class _Run:
    """One run that somebody waits for."""

    name: str
    content: dict[str, Any]
    seed: int
    rank: int
    lane: int
    looks: list[Look] = field(default_factory=list)
    tries: int = 0

    @property
    def wanted(self) -> bool:
        return any(not look.finished for look in self.looks)


@dataclass(eq=False)
class _Lane:
    """One worker process and what waits for it."""

    index: int
    pool: ProcessPoolExecutor | None = None
    waiting: list[tuple[int, int, int, _Run]] = field(default_factory=list)
    present: _Run | None = None


class Engine:
    """All comparisons of the page.

    Args:
        workers: processes; by default one a processor, one to four.
        names: indicators that the runs report; by default those of the page.

    Attributes:
        computed: runs computed so far.
        quick, full: the two plans of the page.
    """

    def __init__(self, workers: int | None = None, names: Sequence[str] | None = None) -> None:
        self.workers = workers or max(1, min(4, os.cpu_count() or 1))
        self.shelf = Shelf()
        self._names = tuple(names) if names is not None else None
        self._lock = threading.RLock()
        self._lanes: list[_Lane] = []
        self._flags: Any = None
        self._runs: dict[str, _Run] = {}
        self._own: dict[tuple[str, str], Look] = {}
        self._order = itertools.count()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="shelf")
        self.computed = 0
        self.quick, self.full = QUICK, FULL

    # -- what the page asks -----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start the workers; later calls do nothing."""
        with self._lock:
            if self._lanes:
                return
            # Workers inherit this before they load NumPy, whatever loaded it here: equal runs have equal bytes.
            os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", DISABLED)
            self._flags = multiprocessing.get_context("spawn").RawArray("q", self.workers)
            self._lanes = [_Lane(index) for index in range(self.workers)]
            for lane in self._lanes:
                self._start(lane)

    def look(self, visitor: str, base: Scenario, scenario: Scenario, plan: Plan) -> Look:
        """Compare a scenario with its base; the visitor's earlier look of the same plan is given up.

        Raises:
            InputError: too much is waiting on this server.
        """
        self.open()
        base, scenario = (replace(s, scale=plan.scale) for s in (base, scenario))
        look = Look(base, scenario, plan, tuple(range(1, plan.pairs + 1)))
        names = self._names if self._names is not None else outputs()
        keys = {False: base.key(), True: scenario.key()}
        for kind, key in keys.items():
            for seed in look.seeds:
                look._names[kind, seed] = name_of(key, seed, names)
        with self._lock:
            before = self._own.get((visitor, plan.name))
            if before is not None:
                before.cancel()
            self._stop_unwanted()
            if sum(len(lane.waiting) for lane in self._lanes) > MOST_WAITING:
                raise InputError(text("engine.full"))
            self._own[visitor, plan.name] = look
        for name in set(look._names.values()):
            run = self.shelf.held(name)
            if run is not None:
                look.take(name, run)
        if not look.finished:
            self._disk.submit(self._gather, look, names)
        return look

    def leave(self, visitor: str) -> None:
        """Give up everything of a visitor."""
        with self._lock:
            for key in [key for key in self._own if key[0] == visitor]:
                self._own.pop(key).cancel()
            self._stop_unwanted()

    def cancel(self, look: Look) -> None:
        """End a look and the runs that nobody else waits for."""
        look.cancel()
        with self._lock:
            self._stop_unwanted()

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            lanes, self._lanes = self._lanes, []
            for look in self._own.values():
                look.cancel()
            for lane in lanes:
                lane.waiting.clear()
                self._flags[lane.index] = 1
                if lane.pool is not None:
                    lane.pool.shutdown(wait=False, cancel_futures=True)
        self._disk.shutdown(wait=False, cancel_futures=True)

    # -- work -------------------------------------------------------------------------------------------------------

    def _gather(self, look: Look, names: tuple[str, ...]) -> None:
        """Take what is on disk, and queue the rest pair by pair."""
        for k, seed in enumerate(look.seeds):
            for kind, scenario in ((False, look.base), (True, look.scenario)):
                if look.finished:
                    return
                name = look._names[kind, seed]
                run = look._found.get(name) or self.shelf.find(name)
                if run is not None:
                    if name not in look._found:
                        look.take(name, run)
                else:
                    self._queue(look, name, scenario, seed, k)

    def _queue(self, look: Look, name: str, scenario: Scenario, seed: int, k: int) -> None:
        with self._lock:
            run = self.shelf.held(name)
            if run is not None:  # finished since the disk was asked
                look.take(name, run)
                return
            if not self._lanes:
                return
            lane = self._lanes[seed % len(self._lanes)]
            known = self._runs.get(name)
            if known is None:
                known = self._runs[name] = _Run(name, scenario.to_dict(), seed, look.plan.rank, lane.index)
            known.looks.append(look)
            known.rank = min(known.rank, look.plan.rank)
            if known is not lane.present:
                # The first pair of every visitor comes before anyone's second.
                others = {id(o) for *_, r in lane.waiting if look not in r.looks for o in r.looks if not o.finished}
                look.ahead = max(look.ahead, len(others))
                heapq.heappush(lane.waiting, (known.rank, k, next(self._order), known))
                present = lane.present
                if present is not None and present.rank > known.rank:
                    self._flags[lane.index] = 1
            self._next(lane)

    def _stop_unwanted(self) -> None:
        for lane in self._lanes:
            if lane.present is not None and not lane.present.wanted:
                self._flags[lane.index] = 1

    def _start(self, lane: _Lane) -> None:
        context = multiprocessing.get_context("spawn")
        lane.pool = ProcessPoolExecutor(1, mp_context=context, initializer=enter, initargs=(self._flags,))
        lane.pool.submit(int)  # the process starts now, not with the first visitor

    def _next(self, lane: _Lane) -> None:
        """Give an idle worker its next run."""
        while lane.present is None and lane.waiting:
            *_, run = heapq.heappop(lane.waiting)
            if self._runs.get(run.name) is not run:
                continue  # finished, or queued twice
            if not run.wanted:
                del self._runs[run.name]
                continue
            lane.present = run
            self._flags[lane.index] = 0
            names = self._names if self._names is not None else outputs()
            try:
                assert lane.pool is not None
                future = lane.pool.submit(work, run.content, run.seed, names, lane.index)
            except BrokenProcessPool:
                self._start(lane)
                assert lane.pool is not None
                future = lane.pool.submit(work, run.content, run.seed, names, lane.index)
            future.add_done_callback(partial(self._settle, lane, run))

    def _settle(self, lane: _Lane, run: _Run, future: Future[Yearly | None]) -> None:
        result, words = None, ""
        lost = False
        try:
            result = future.result() if not future.cancelled() else None
        except BrokenProcessPool:
            lost = True
        except InputError as error:
            words = str(error)
        except Exception as error:
            words = text("run.failed", kind=type(error).__name__, words=str(error)[:300])
        with self._lock:
            lane.present = None
            if not self._lanes:
                return
            if lost:
                run.tries += 1
                self._start(lane)
                if run.tries > RETRIES:
                    words = text("run.worker_lost")
            looks = list(run.looks)
            if result is not None or words:
                self._runs.pop(run.name, None)
            elif run.wanted:  # it gave way, or its worker was lost
                heapq.heappush(lane.waiting, (run.rank, 0, next(self._order), run))
            else:
                self._runs.pop(run.name, None)
            if result is not None:
                self.computed += 1
                self.shelf.keep(run.name, result)
            self._next(lane)
        for look in looks:
            if result is not None:
                look.take(run.name, result)
            elif words:
                look.fail(words)
        if result is not None:
            self._disk.submit(self.shelf.put, run.name, result)


ENGINE = Engine()
atexit.register(ENGINE.close)


def narrowed(comparison: Comparison, names: Sequence[str]) -> Comparison:
    """Return the same comparison with few indicators: what a chart needs, in a fraction of the time."""

    def cut(run: Yearly) -> Yearly:
        rows = [run.names.index(name) for name in names]
        return replace(run, names=tuple(names), top=run.top[:, rows], bottom=run.bottom[:, rows])

    return replace(comparison, runs=[(cut(b), cut(s)) for b, s in comparison.runs])
