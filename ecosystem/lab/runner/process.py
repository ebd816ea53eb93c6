"""A worker process and its end of the wire: it does one job at a time, and never outlives its parent.

Workers are spawned, not forked: a run is the same on every platform and shares nothing with the parent. They speak over
pipes; no socket is opened.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from ecosystem.kernel.platform import DISABLED
from ecosystem.lab.processes import follow_parent, out_of_reach
from ecosystem.lab.runner.job import Job, Outcome, Work, attempt

_READY = "ready"


def _serve(wire: Connection, work: Work) -> None:
    """Do the jobs that come over the wire until it closes."""
    follow_parent()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        wire.send(_READY)
        while (job := wire.recv()) is not None:
            wire.send(attempt(work, job))


@dataclass(eq=False)
class Worker:
    """The parent's side of one worker process.

    Attributes:
        job: what it is doing.
        queue: the rest of the bundle it is on.
        since: when it began the job (``time.monotonic``); None until the process is ready.
    """

    process: Any
    wire: Connection
    job: Job | None = None
    queue: deque[Job] = field(default_factory=deque)
    ready: bool = False
    since: float | None = None
    begun_at: float = 0.0

    @classmethod
    def start(cls, work: Work) -> Worker:
        """Start a process."""
        # Workers inherit this before they load NumPy, whatever loaded it here: equal runs have equal bytes.
        os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", DISABLED)
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there, work), daemon=True, name="ecosystem-worker")
        with out_of_reach():
            process.start()
        there.close()  # the process holds the only copy: its death closes the wire
        return cls(process, here)

    def give(self, job: Job) -> None:
        """Send a job; a process that is already dead is noticed when its answer is awaited."""
        self.job, self.begun_at = job, time.time()
        self.since = time.monotonic() if self.ready else None
        with contextlib.suppress(OSError):
            self.wire.send(job)

    def hear(self) -> Outcome | None:
        """Return the outcome of the job, or None for the news that the process is ready.

        Raises:
            EOFError: the process died.
        """
        try:
            message = self.wire.recv()
        except (OSError, EOFError):
            raise EOFError from None
        except Exception as error:  # bytes that are no outcome: the process broke off in the middle of it
            raise EOFError from error
        if message == _READY:
            self.ready = True
            if self.job is not None:
                self.since = time.monotonic()
            return None
        outcome: Outcome = message
        self.job = self.since = None
        return outcome

    def dismiss(self) -> None:
        """Tell the process that no more jobs come."""
        with contextlib.suppress(OSError):
            self.wire.send(None)

    def end(self, patience: float = 0.0) -> int | None:
        """End the process, at once or when it has had ``patience`` seconds to leave by itself; return its exit code."""
        if patience > 0.0 and self.job is None:
            self.process.join(patience)
        if self.process.is_alive():
            self.process.kill()
        self.process.join(10.0)
        self.wire.close()
        code: int | None = self.process.exitcode
        return code
