"""Runs worlds in worker processes: the page never computes in a visitor's own thread, and everyone can cancel.

Workers are spawned, not forked, so that a run is the same on every platform and shares nothing with the server.
Progress and the wish to cancel travel through one small array of integers that all workers see.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.text import text
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.platform import DISABLED
from ecosystem.lab.processes import follow_parent

if TYPE_CHECKING:
    from ecosystem.dashboard.results import Result

SLOTS = 64
"""Runs that may be under way or waiting at one time on one server."""
CELLS = 4
DONE, TOTAL, CANCEL, BEGUN = range(CELLS)

_board: Any = None
"""In a worker: the shared array; cells of a slot: months done, months in all, 1 = cancel, 1 = begun."""


def _enter_worker(board: Any) -> None:
    """Set up a worker: keep the board, load the model once, end when the server ends."""
    global _board
    _board = board
    follow_parent()
    with contextlib.suppress(ImportError):
        import ecosystem.world  # noqa: F401


def _begin(work: Callable[[Choice, int], Any], choice: Choice, slot: int) -> Any:
    """Begin a run in a worker, unless it was cancelled while it waited."""
    _board[CELLS * slot + BEGUN] = 1
    return None if _board[CELLS * slot + CANCEL] else work(choice, slot)


def _work(choice: Choice, slot: int) -> Result | None:
    from ecosystem.dashboard.results import simulate

    cell = CELLS * slot

    def progress(done: int, total: int) -> None:
        _board[cell + DONE], _board[cell + TOTAL] = done, total

    def cancelled() -> bool:
        return bool(_board[cell + CANCEL])

    return simulate(choice, progress, cancelled)


@dataclass(eq=False)
class Job:
    """One run under way.

    Attributes:
        state: waiting, running, done, cancelled or failed.
        result: of a run that is done.
        problem: what went wrong, in words.
    """

    choice: Choice
    slot: int
    board: Any
    result: Result | None = None
    problem: str = ""
    _finished: threading.Event = field(default_factory=threading.Event)
    _future: Future[Any] | None = None

    @property
    def state(self) -> str:
        """Where the run stands."""
        if not self._finished.is_set():
            return "running" if self.board[CELLS * self.slot + BEGUN] else "waiting"
        if self.result is not None:
            return "done"
        return "failed" if self.problem else "cancelled"

    @property
    def progress(self) -> tuple[int, int]:
        """Months done and months in all; (0, 0) until the first month is simulated."""
        cell = CELLS * self.slot
        return self.board[cell + DONE], self.board[cell + TOTAL]

    def cancel(self) -> None:
        """Ask the run to end; it stops at the end of the month it is in."""
        if self._finished.is_set():
            return
        self.board[CELLS * self.slot + CANCEL] = 1
        if self._future is not None:
            self._future.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the run has ended; False when the time was too short."""
        return self._finished.wait(seconds)


class Runner:
    """A pool of worker processes with a place for every run.

    Args:
        workers: processes; by default one less than the processors, two to four: a long run never blocks all others.
        work: what a worker does with a choice and a slot.
    """

    def __init__(self, workers: int | None = None, work: Callable[[Choice, int], Any] = _work) -> None:
        self.workers = workers or max(2, min(4, (os.cpu_count() or 2) - 1))
        self._work = work
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._board: Any = None
        self._free: list[int] = []

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Workers inherit this before they load NumPy, whatever loaded it here: equal runs have equal bytes.
            os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", DISABLED)
            context = multiprocessing.get_context("spawn")
            self._board = context.RawArray("q", CELLS * SLOTS)
            self._free = list(range(SLOTS))
            self._pool = ProcessPoolExecutor(
                self.workers, mp_context=context, initializer=_enter_worker, initargs=(self._board,)
            )
        return self._pool

    def start(self, choice: Choice, ended: Callable[[Job], None] | None = None) -> Job:
        """Start a run, or queue it when all workers are busy; ``ended`` is called in a thread of the pool.

        Raises:
            InputError: too many runs are waiting already.
        """
        with self._lock:
            pool = self._open()
            if not self._free:
                raise InputError(text("run.full"))
            slot, board = self._free.pop(), self._board
            board[CELLS * slot : CELLS * (slot + 1)] = [0] * CELLS
            job = Job(choice, slot, board)
            try:
                job._future = pool.submit(_begin, self._work, choice, slot)
            except BrokenProcessPool:
                self._pool = None
                pool = self._open()
                job.slot, job.board = self._free.pop(), self._board
                job._future = pool.submit(_begin, self._work, choice, job.slot)

        def settle(future: Future[Any]) -> None:
            try:
                if not future.cancelled():
                    job.result = future.result()
            except BrokenProcessPool:
                job.problem = text("run.worker_lost")
            except InputError as error:
                job.problem = str(error)
            except Exception as error:
                job.problem = text("run.failed", kind=type(error).__name__, words=str(error)[:300])
            with self._lock:
                if job.board is self._board:
                    self._free.append(job.slot)
                if self._pool is pool and job.problem == text("run.worker_lost"):
                    self._pool = None
            job._finished.set()
            if ended is not None:
                ended(job)

        job._future.add_done_callback(settle)
        return job

    def close(self) -> None:
        """Cancel everything and end the workers."""
        with self._lock:
            pool, self._pool = self._pool, None
            if self._board is not None:
                for slot in range(SLOTS):
                    self._board[CELLS * slot + CANCEL] = 1
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


RUNNER = Runner()
atexit.register(RUNNER.close)
