"""One run in a worker: build the world or take it from a shared burn-in, run it, return the chosen outputs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ecosystem.lab.burn_in import settled
from ecosystem.lab.model import model_digest
from ecosystem.lab.runner.job import Job, Outcome, Series

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario
    from ecosystem.world import World

_MB = 1e6
_burn_in: tuple[int, dict[str, bytes]] = (0, {})
"""The last shared burn-in of this process: its seed, its key and the frozen world."""


class TimeLimit(Exception):
    """The run took longer than it may."""


class ModelChanged(Exception):
    """The model's files are not those that the plan was made on."""


def simulate(job: Job) -> Outcome:
    """Return the outcome of a job: the yearly values of its outputs; raises what ``run_job`` raises."""
    return run_job(job, lambda world, job: outputs(world, job.outputs, sectors=job.sectors))


def run_job(job: Job, read: Callable[[World, Job], tuple[Series, str]]) -> Outcome:
    """Run a job's world to its end and return the outcome with what ``read`` takes from it: series and digest.

    Raises:
        TimeLimit, ModelChanged, or whatever the model throws.
    """
    begun, started = time.perf_counter(), time.time()

    def watch(done: int, total: int) -> None:
        if job.seconds is not None and time.perf_counter() - begun > job.seconds:
            raise TimeLimit(f"The run took longer than {job.seconds:g} s")

    if job.model and model_digest() != job.model:
        raise ModelChanged("The model's files changed after the plan was made")
    world = opened(job.content, job.seed, shared=job.shared, watch=watch)
    burn_in = time.perf_counter() - begun
    world.run(progress=watch)
    series, digest = read(world, job)
    seconds = time.perf_counter() - begun
    return Outcome(job.id, "done", series, digest, started=started, seconds=seconds, burn_in_seconds=burn_in,
                   peak_mb=peak_mb())  # fmt: skip


def opened(scenario: Scenario, seed: int, *, shared: bool, watch: Callable[[int, int], None] | None = None) -> World:
    """Return a world at the start of its horizon, bit for bit ``World(scenario, seed)``.

    With ``shared`` the burn-in is kept for the next call.
    """
    global _burn_in
    if not shared:
        from ecosystem.world import World

        return World(scenario, seed, progress=watch)
    if _burn_in[0] != seed or scenario.burn_in_key() not in _burn_in[1]:
        _burn_in = (seed, {})  # two frozen worlds at a time would be one too many
    return settled(scenario, seed, _burn_in[1], watch)


def outputs(world: World, names: tuple[str, ...], *, sectors: bool) -> tuple[Series, str]:
    """Return the yearly values of indicators and the digest over them (nine significant digits)."""
    from ecosystem.kernel.digest import digest
    from ecosystem.lab.indicator_table import indicators

    table = indicators(world, period=12, only=names)
    if not sectors:
        table = table[table["sector"] == ""]
    table = table[["indicator", "jurisdiction", "sector", "year", "value"]]

    def codes(column: str) -> tuple[np.ndarray, list[str]]:
        values: Any = table[column].cat
        return values.codes.to_numpy().astype(np.int16), [str(c) for c in values.categories]

    columns = {name: codes(name) for name in ("indicator", "jurisdiction", "sector")}
    indicator, jurisdiction, sector = (columns[name][0] for name in columns)
    series = Series(
        indicator,
        jurisdiction,
        sector,
        table["year"].to_numpy().astype(np.int16),
        table["value"].to_numpy(),
        {name: known for name, (_, known) in columns.items()},
    )
    return series, digest({"outputs": table})


def peak_mb() -> float:
    """Return the most memory this process has held so far, MB; 0 where the system does not say."""
    try:
        import resource
        import sys
    except ImportError:  # Windows
        return 0.0
    most = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return most / _MB if sys.platform == "darwin" else most * 1024.0 / _MB
