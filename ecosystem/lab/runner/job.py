"""What goes to a worker and what comes back: plain data, a few kilobytes each."""

from __future__ import annotations

import os
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

RunId = tuple[int, int, int]
Status = Literal["done", "failed", "lost"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run to do.

    Attributes:
        id: variant, point, replicate.
        content: what is run; a ``Scenario``.
        outputs: indicators to return.
        sectors: by sector too.
        shared: other runs with the same burn-in follow in the same process.
        seconds: time limit; None for none.
        model: digest of the model that the plan was made on; empty for none.
    """

    id: RunId
    content: Any
    seed: int
    outputs: tuple[str, ...] = ()
    sectors: bool = False
    shared: bool = False
    seconds: float | None = None
    model: str = ""


@dataclass(slots=True)
class Series:
    """Yearly outputs of a run in long form: columns of equal length (n,), with names looked up by number."""

    indicator: np.ndarray
    jurisdiction: np.ndarray
    sector: np.ndarray
    year: np.ndarray
    value: np.ndarray
    names: dict[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.value)


@dataclass(slots=True)
class Outcome:
    """What became of one attempt at a run.

    ``failed`` is the end of it; ``lost`` means that its process died and that it will be tried once more. ``value`` is
    what a job other than a run of an experiment gives back.
    """

    id: RunId
    status: Status
    series: Series | None = None
    digest: str = ""
    error_type: str = ""
    error: str = ""
    traceback: str = ""
    started: float = 0.0
    seconds: float = 0.0
    burn_in_seconds: float = 0.0
    peak_mb: float = 0.0
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    value: Any = None


Work = Callable[[Job], Outcome]
"""A function that does a job in a worker; it lives in an importable module."""


def attempt(work: Work, job: Job) -> Outcome:
    """Do a job; an exception becomes a failed outcome with everything needed to find its cause."""
    begun, started = time.perf_counter(), time.time()
    try:
        return work(job)
    except Exception as error:  # whatever a model throws is a result: it is recorded, and the others go on
        seconds = time.perf_counter() - begun
        words = " ".join(str(error).split())[:1000]
        return Outcome(job.id, "failed", error_type=type(error).__name__, error=words,
                       traceback=traceback.format_exc()[-20_000:], started=started, seconds=seconds)  # fmt: skip
