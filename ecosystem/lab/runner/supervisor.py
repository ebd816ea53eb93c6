"""The supervisor of local workers: a bounded window, and one run's death never costs another run.

Each worker holds one job at a time, so it is always known which run a dead process was doing. That run is a suspect: it is
tried once more at the end, alone, when nothing else strains the machine. A run that kills its process twice is failed and
named. A run beyond its time is ended with its process. Standard ``ProcessPoolExecutor`` loses all runs under way when one
process dies, and ``multiprocessing.Pool`` waits for ever.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait
from types import TracebackType

from ecosystem.kernel.errors import InputError
from ecosystem.lab.processes import processors
from ecosystem.lab.runner.job import Job, Outcome, RunId, Work
from ecosystem.lab.runner.process import Worker

GRACE = 5.0
"""Seconds beyond its limit in which a run may still end by itself, before its process is killed."""
MOST_FAILED_STARTS = 3
_TICK = 0.25


class Supervisor:
    """A pool of worker processes that survives everything but its own end.

    Args:
        work: what a worker does with a job.
        workers: processes.
        attempts: how often a run may kill its process before it counts as failed.
        grace: seconds after a job's time limit until its process is killed.
    """

    def __init__(self, work: Work, workers: int | None = None, *, attempts: int = 2, grace: float = GRACE) -> None:
        self.work = work
        self.size = workers or processors()
        self.attempts = attempts
        self.grace = grace
        self.workers: list[Worker] = []
        self.most_in_flight = 0
        self.rebuilt = 0
        self._deaths: dict[RunId, int] = {}
        self._failed_starts = 0

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(patience=0.0 if kind else 1.0)

    def close(self, patience: float = 1.0) -> None:
        """End all workers."""
        if patience > 0.0:
            for worker in self.workers:
                worker.dismiss()
        for worker in self.workers:
            worker.end(patience)
        self.workers = []

    def outcomes(
        self, bundles: Iterable[Iterable[Job]], stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Outcome]:
        """Do all jobs; give each outcome as it comes.

        The jobs of one bundle go to one worker, which takes them one after another; a worker without work helps with the
        longest bundle. The next job is sent before an outcome is given, so the caller's work on it delays nobody.

        Args:
            bundles: read only as fast as workers become free.
            stopping: asked all the time; once true no new job begins, and those under way are finished.

        Raises:
            InputError: worker processes cannot be started.
        """
        source = (bundle for bundle in map(deque, bundles) if bundle)
        suspects: deque[Job] = deque()
        for worker in self.workers:
            worker.queue.clear()
        while True:
            more = not stopping() and self._hand_out(source, suspects)
            busy = [w for w in self.workers if w.job is not None]
            self.most_in_flight = max(self.most_in_flight, len(busy))
            if not busy:
                if not more:
                    return
                continue
            ready = set(wait([part for w in busy for part in (w.wire, w.process.sentinel)], self._patience(busy)))
            for worker in busy:
                if worker.wire in ready or worker.process.sentinel in ready:
                    outcome = self._heard(worker, suspects)
                    if outcome is not None and not stopping():
                        self._hand_out(source, suspects)
                elif self._late(worker):
                    outcome = self._killed(worker)
                else:
                    continue
                if outcome is not None:
                    yield outcome

    # -- handing out --------------------------------------------------------------------------------------------------

    def _hand_out(self, source: Iterator[deque[Job]], suspects: deque[Job]) -> bool:
        """Give every free worker a job; return False when nothing is left to give or to wait for."""
        while True:
            free = self._free()
            if free is None and len(self.workers) >= self.size:
                return True
            queue = free.queue if free is not None and free.queue else next(source, deque())
            if queue:
                free = free or self._started()
                free.queue = queue
                free.give(queue.popleft())
                continue
            longest = max((w.queue for w in self.workers), key=len, default=queue)
            if not longest:
                break
            (free or self._started()).give(longest.pop())  # from the end: its owner takes from the front
        busy = any(w.job is not None for w in self.workers)
        if suspects and not busy:
            (self._free() or self._started()).give(suspects.popleft())
        return busy or bool(suspects) or any(w.job is not None for w in self.workers)

    def _free(self) -> Worker | None:
        """Return a living worker without a job, or None."""
        for worker in [w for w in self.workers if w.job is None]:
            if worker.process.is_alive():
                return worker
            self._removed(worker)
        return None

    def _started(self) -> Worker:
        worker = Worker.start(self.work)
        self.workers.append(worker)
        return worker

    # -- hearing ------------------------------------------------------------------------------------------------------

    def _patience(self, busy: list[Worker]) -> float:
        now = time.monotonic()
        left = [w.since + w.job.seconds + self.grace - now for w in busy
                if w.since is not None and w.job is not None and w.job.seconds is not None]  # fmt: skip
        return max(0.01, min([_TICK, *left]))

    def _late(self, worker: Worker) -> bool:
        job = worker.job
        if job is None or job.seconds is None or worker.since is None:
            return False
        return time.monotonic() > worker.since + job.seconds + self.grace

    def _heard(self, worker: Worker, suspects: deque[Job]) -> Outcome | None:
        """Take in what a worker says, its death included."""
        was_ready = worker.ready
        try:
            if not worker.wire.poll() and worker.process.is_alive():
                return None
            outcome = worker.hear()
        except EOFError:
            return self._died(worker, suspects)
        if not was_ready:
            self._failed_starts = 0
        return outcome

    def _died(self, worker: Worker, suspects: deque[Job]) -> Outcome | None:
        job, ready, begun, since = worker.job, worker.ready, worker.begun_at, worker.since
        code = self._removed(worker)
        if job is None:
            return None
        if not ready:
            self._failed_starts += 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                raise InputError(
                    f"Worker processes end before they begin to work ({_how(code)})",
                    do="If this is your own script, put the call under: if __name__ == '__main__'; else look for too "
                    "little memory, or try --workers 1",
                )
            suspects.appendleft(job)
            return None
        self._deaths[job.id] = deaths = self._deaths.get(job.id, 0) + 1
        last = deaths >= self.attempts
        if not last:
            suspects.append(job)
        times = "once" if deaths == 1 else "twice" if deaths == 2 else f"{deaths} times"
        words = f"The run's process died {times}; last it {_how(code)}"
        return Outcome(job.id, "failed" if last else "lost", error_type="ProcessDied", error=words, started=begun,
                       seconds=time.monotonic() - since if since is not None else 0.0, pid=worker.process.pid or 0)  # fmt: skip

    def _killed(self, worker: Worker) -> Outcome | None:
        job, begun, since = worker.job, worker.begun_at, worker.since
        self._removed(worker)
        if job is None or since is None:
            return None
        words = f"The run took longer than {job.seconds:g} s and was ended"
        return Outcome(job.id, "failed", error_type="TimeLimit", error=words, started=begun,
                       seconds=time.monotonic() - since, pid=worker.process.pid or 0)  # fmt: skip

    def _removed(self, worker: Worker) -> int | None:
        """End a worker; what was left of its bundle goes to the others, its place is filled when there is work."""
        code = worker.end()
        self.workers.remove(worker)
        self.rebuilt += 1
        if worker.queue:
            heir = min(self.workers, key=lambda w: len(w.queue), default=None) or self._started()
            heir.queue.extend(worker.queue)
        return code


def _how(code: int | None) -> str:
    """Return in words how a process ended."""
    if code is None:
        return "ended without an exit code"
    if code < 0:
        name = str(-code)
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
        return f"was killed by {name}"
    return f"ended with exit code {code}"
