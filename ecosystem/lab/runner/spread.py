"""A function over many items on worker processes, results as they come: the supervisor for work that is no batch."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from ecosystem.kernel.errors import InputError
from ecosystem.lab.processes import processors
from ecosystem.lab.runner.job import Job, Outcome
from ecosystem.lab.runner.supervisor import Supervisor


def spread[T, R](
    work: Callable[[T], R],
    items: Sequence[T],
    *,
    workers: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Generator[tuple[T, R]]:
    """Do ``work`` on every item; yield (item, result) in the order in which they come.

    A worker holds one item at a time; one that dies takes nothing but its item with it, which is tried once more. When
    the caller leaves early (an interrupt, an error, ``close`` of this generator) all workers are ended at once.

    Args:
        work: lives in an importable module, or is a ``partial`` of one that does.
        workers: processes; all processors if None, 0 for this process alone.
        stopping: asked all the time; once true, items under way are finished and no new ones begin.

    Raises:
        InputError: worker processes cannot be started, or an item ends its process twice.
        Exception: what ``work`` raised, with the worker's traceback as a note.
    """
    if workers == 0:
        for item in items:
            if stopping():
                return
            yield item, work(item)
        return
    if not items:
        return
    jobs = ([Job((0, 0, k), item, 0)] for k, item in enumerate(items))
    with Supervisor(_Call(work), min(len(items), workers or processors())) as supervisor:
        for outcome in supervisor.outcomes(jobs, stopping):
            if outcome.status == "lost":
                continue
            if outcome.status == "failed":
                raise outcome.value if isinstance(outcome.value, Exception) else _ended(outcome)
            yield items[outcome.id[2]], outcome.value


@dataclass(frozen=True, slots=True)
class _Call:
    """The work of a worker: an item's result, or what was raised, as it travels home."""

    work: Callable[[Any], Any]

    def __call__(self, job: Job) -> Outcome:
        try:
            return Outcome(job.id, "done", value=self.work(job.content))
        except Exception as error:
            return Outcome(job.id, "failed", value=_portable(error))


def _portable(error: Exception) -> Exception:
    """Return the error with the worker's traceback as a note, or its words where it cannot be pickled."""
    note = f"In a worker process:\n{traceback.format_exc()[-20_000:]}"
    error.add_note(note)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
        error.add_note(note)
    return error


def _ended(outcome: Outcome) -> InputError:
    return InputError(outcome.error, do="Look for too little memory: take fewer workers or a larger scale")
