"""Running an experiment into its folder: what is missing, on processes or a cluster, nothing lost, ready to resume."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ecosystem.kernel.errors import InputError
from ecosystem.lab.experiment.cost import Cost, cost_of
from ecosystem.lab.experiment.plan import Plan, Run, RunId
from ecosystem.lab.runner.job import Job, Outcome, Work, attempt
from ecosystem.lab.runner.supervisor import Supervisor
from ecosystem.lab.runner.worker import ModelChanged, simulate
from ecosystem.lab.store.database import Database
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.store.status import WANTED, Status, status, wanted

Report = Callable[[int, int], None]
"""Called with (runs that came to an end, runs to do) of this command."""
MOST_WORKERS = 1024


class Engine(Protocol):
    """What does jobs: a supervisor of local processes, this process itself, or a cluster."""

    def outcomes(self, bundles: Iterable[Iterable[Job]], stopping: Callable[[], bool] = ...) -> Iterator[Outcome]:
        """Do all jobs; give each outcome as it comes."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """Do all jobs in this process, one after another; for a debugger and for comparison."""

    work: Work

    def outcomes(
        self, bundles: Iterable[Iterable[Job]], stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Outcome]:
        """Do all jobs; give each outcome as it comes."""
        for bundle in bundles:
            for job in bundle:
                if stopping():
                    return
                yield attempt(self.work, job)


def run_batch(
    plan: Plan,
    out: str | Path,
    *,
    workers: int | None = None,
    scheduler: str = "",
    shard: tuple[int, int] | None = None,
    timeout: float | None = None,
    retry: bool = False,
    progress: Report | None = None,
    stopping: Callable[[], bool] = lambda: False,
    work: Work = simulate,
) -> Status:
    """Run what is missing of a plan into a folder; the same call again goes on where this one ended.

    Args:
        workers: processes; all processors if None, 0 for this process alone.
        scheduler: address of a dask scheduler, or ``local`` for a dask cluster on this machine.
        shard: (k, n), k from 1: only part k of n, into a database of its own.
        timeout: seconds a run may take.
        retry: do the failed runs again too; their old errors stay on record.
        stopping: asked all the time; once true, runs under way are finished and no new ones begin.
        work: does a job in a worker.

    Raises:
        InputError: the folder belongs to another plan, cannot be written, is in use, or the machine is too small.
    """
    _check(plan, workers, scheduler, shard, timeout)
    folder = Folder.prepared(out, plan)
    if shard is None and folder.shards():
        raise InputError("This folder holds parts of a job array that are not merged yet", where=str(folder.path),
                         do=f"ecosystem batch merge {folder.path}")  # fmt: skip
    with folder.locked(shard), folder.database(shard, write=True) as database:
        batch = _Batch(plan, folder, database, shard, timeout, progress, stopping)
        with _engine(work, workers, scheduler) as engine:
            batch.run(engine, retry)
    return status(folder)


def _check(
    plan: Plan, workers: int | None, scheduler: str, shard: tuple[int, int] | None, timeout: float | None
) -> None:
    if workers is not None and not 0 <= workers <= MOST_WORKERS:
        raise InputError(
            f"{workers} worker processes are not possible", where="workers", allowed=f"0 to {MOST_WORKERS}"
        )
    if timeout is not None and not timeout > 0:
        raise InputError(f"A time limit of {timeout:g} s leaves no time", where="timeout", allowed="above 0")
    if shard is not None:
        k, n = shard
        if not 1 <= k <= n:
            raise InputError(f"There is no part {k} of {n}", where="shard", allowed="1/N to N/N")
        if plan.experiment.stop is not None:
            raise InputError("A stopping rule needs all results in one place, which the parts of a job array lack",
                             where="shard", do="Remove [stop], or run without --shard")  # fmt: skip
    if scheduler and workers is not None and scheduler != "local":
        raise InputError("The scheduler decides how many workers there are", where="workers", do="Leave --workers out")


@contextlib.contextmanager
def _engine(work: Work, workers: int | None, scheduler: str) -> Iterator[Engine]:
    if scheduler:
        from ecosystem.lab.runner.cluster import Cluster

        with Cluster(work, scheduler, workers) as cluster:
            yield cluster
    elif workers == 0:
        yield Here(work)
    else:
        with Supervisor(work, workers) as supervisor:
            yield supervisor


@dataclass
class _Batch:
    """One command's work on a folder."""

    plan: Plan
    folder: Folder
    database: Database
    shard: tuple[int, int] | None
    timeout: float | None
    progress: Report | None
    stopping: Callable[[], bool]
    finished: int = 0

    def run(self, engine: Engine, retry: bool) -> None:
        replicates = wanted(self.database)
        leave = self.database.ids("done") | (set() if retry else self.database.ids("failed"))
        while True:
            self._round(engine, replicates, leave)
            more = {} if self.stopping() else self._more(replicates)
            if not more:
                return
            replicates |= more
            self.database.set_meta(WANTED, json.dumps(replicates))
            leave = self.database.ids("done") | self.database.ids("failed")

    def _round(self, engine: Engine, replicates: Mapping[int, int], leave: Collection[RunId]) -> None:
        k, n = self.shard or (0, 1)
        total = self._total(replicates, leave)
        if self.progress is not None:
            self.progress(self.finished, self.finished + total)
        whole = self.finished + total
        under_way: dict[RunId, Run] = {}
        bundles = self._jobs(self.plan.bundles(replicates, leave, (k % n, n)), under_way)
        for outcome in engine.outcomes(bundles, self.stopping):
            run = under_way[outcome.id]
            if outcome.error_type == ModelChanged.__name__:
                raise InputError(
                    "The model's files were changed while the experiment ran; no run of the changed model was kept",
                    where=str(self.folder.path), do="Undo the change and repeat the same command, or choose a new folder",
                )  # fmt: skip
            self.database.write(run, outcome)
            if outcome.status == "lost":
                continue
            del under_way[outcome.id]
            if outcome.status == "failed":
                self.folder.keep_failure(run)
            self.finished += 1
            if self.progress is not None:
                self.progress(self.finished, whole)

    def _total(self, replicates: Mapping[int, int], leave: Collection[RunId]) -> int:
        if self.shard is None:
            return sum(1 for id in self.plan.ids(replicates) if id not in leave)
        k, n = self.shard
        return sum(map(len, self.plan.bundles(replicates, leave, (k % n, n))))

    def _jobs(self, bundles: Iterable[list[Run]], under_way: dict[RunId, Run]) -> Iterator[list[Job]]:
        experiment = self.plan.experiment
        for bundle in bundles:
            under_way.update((run.id, run) for run in bundle)
            yield [
                Job(run.id, run.scenario, run.seed, experiment.outputs, experiment.sectors,
                    len(bundle) > 1 and experiment.luck == "common", self.timeout, self.plan.model)
                for run in bundle
            ]  # fmt: skip

    def _more(self, replicates: Mapping[int, int]) -> dict[int, int]:
        """Return the points that need more replicates: point -> number."""
        stop = self.plan.experiment.stop
        if stop is None:
            return {}
        values: dict[int, dict[int, dict[int, float]]] = {}
        for (variant, point, replicate), value in self.database.means(stop.output, stop.jurisdiction):
            values.setdefault(point, {}).setdefault(variant, {})[replicate] = value
        versus = self.plan.variants.index(stop.versus) if stop.versus else None
        out = {}
        for point in range(len(self.plan.points)):
            now = replicates.get(point, self.plan.replicates)
            if now < stop.most and not stop.narrow(values.get(point, {}), versus):
                out[point] = min(stop.most, now + stop.batch)
        return out


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial of a few points showed.

    Attributes:
        outcomes: (variant, point) and what became of the run.
        cost: the estimate for the whole, from the time that these runs took.
    """

    outcomes: Sequence[tuple[str, Mapping[str, float], Outcome]]
    cost: Cost

    @property
    def failed(self) -> bool:
        """True if a run failed."""
        return any(outcome.status == "failed" for _, _, outcome in self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as plain data."""
        runs = [
            {
                "variant": variant, "point": dict(point), "status": o.status, "seconds": round(o.seconds, 3),
                "burn_in_seconds": round(o.burn_in_seconds, 3), "peak_mb": round(o.peak_mb, 1), "digest": o.digest,
                "error_type": o.error_type, "error": o.error,
            }
            for variant, point, o in self.outcomes
        ]  # fmt: skip
        return {"runs": runs, "cost": self.cost.to_dict()}


def trial(
    plan: Plan,
    points: int = 3,
    *,
    workers: int | None = None,
    timeout: float | None = None,
    progress: Report | None = None,
    work: Work = simulate,
) -> Trial:
    """Run a few runs of a plan, spread over its points and variants, one after another in a process of their own.

    Nothing is written; the time they take gives an estimate for the whole.
    """
    ids = [id for id in plan.ids() if id[2] == 0]
    few = min(points, len(ids))
    chosen = [ids[round(i * (len(ids) - 1) / max(1, few - 1))] for i in range(few)]
    runs = [plan.run(id) for id in dict.fromkeys(chosen)]
    experiment = plan.experiment
    # the first run of a process loads and compiles: it is done twice, and timed the second time
    again = [replace(runs[0], id=(-1, 0, 0)), *runs]
    jobs = [[Job(r.id, r.scenario, r.seed, experiment.outputs, experiment.sectors, False, timeout)] for r in again]
    found: dict[RunId, Outcome] = {}
    with Supervisor(work, 1) as supervisor:
        for outcome in supervisor.outcomes(jobs):
            if outcome.status != "lost":
                found[outcome.id] = outcome
                if progress is not None:
                    progress(len(found), len(jobs))
    rows = [(plan.variants[r.id[0]], plan.points[r.id[1]], found[r.id]) for r in runs]
    good = [o for _, _, o in rows if o.status == "done"]
    measured = None
    if good:
        measured = sum(o.seconds for o in good) / len(good), sum(o.burn_in_seconds for o in good) / len(good)
    cost = cost_of(plan, workers, measured)
    return Trial(rows, cost)
