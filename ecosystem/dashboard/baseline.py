"""The baseline on which the page opens: first a coarse world within seconds, then a finer one in its place."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ecosystem.dashboard import store
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.results import Result
from ecosystem.dashboard.runner import RUNNER, Job, Runner

SCALES = (5000, 500)
"""Real researchers a simulated inventor stands for: the coarse world, then the finer one."""


@dataclass
class Baseline:
    """One for the whole server: read by every visitor, changed by none of them.

    Attributes:
        scales: worlds to compute, coarse first.
        result: the finest finished one.
        job: the run under way.
        problem: why there is none.
    """

    runner: Runner = RUNNER
    scales: tuple[int, ...] = SCALES
    result: Result | None = None
    job: Job | None = None
    problem: str = ""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _left: list[int] = field(default_factory=list)
    _started: bool = False

    @property
    def finished(self) -> bool:
        """True when nothing finer will come."""
        return self._started and self.job is None

    def start(self) -> None:
        """Begin, once; later calls do nothing."""
        with self._lock:
            if self._started:
                return
            self._started = True
            for scale in self.scales:
                found = store.load(Choice(scale=scale))
                if found is not None:
                    self.result = found
            finest = self.result.scale if self.result is not None else float("inf")
            self._left = [scale for scale in self.scales if scale < finest]
            self._next()

    def _next(self) -> None:
        self.job = self.runner.start(Choice(scale=self._left.pop(0)), self._ended) if self._left else None

    def _ended(self, job: Job) -> None:
        with self._lock:
            if job.result is not None:
                self.result = job.result
                store.save(job.result)
                self._next()
            else:
                self.problem, self.job = job.problem, None


BASELINE = Baseline()
