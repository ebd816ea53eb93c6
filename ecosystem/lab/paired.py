"""Paired runs: several scenarios on the same luck, each seed's burn-in shared, seeds spread over processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import TYPE_CHECKING

from ecosystem.lab.yearly import Yearly, yearly

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario

Progress = Callable[[int, int], None]


class Interrupted(Exception):
    """A run was stopped before its end."""


def run_seed(
    scenarios: Sequence[Scenario],
    seed: int,
    outputs: Sequence[str] | None = None,
    *,
    frozen: MutableMapping[str, bytes] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Yearly]:
    """Run several scenarios with one seed and return each by year.

    Scenarios with equal burn-ins share it, which changes no bit of any result.

    Args:
        frozen: burn-ins of this seed by key, read and filled; who keeps it spares later calls the burn-in.
        cancelled: asked every month.

    Raises:
        Interrupted: ``cancelled`` said so.
    """
    from ecosystem.world import World

    def settling(done: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise Interrupted

    kept = {} if frozen is None else frozen
    out = []
    for scenario in scenarios:
        key = scenario.burn_in_key()
        if key not in kept:
            plain = scenario.without_policy()
            kept[key] = World(plain, seed=seed, progress=settling).frozen()
        world = World.forked(kept[key], scenario).run(cancelled=cancelled)
        if not world.finished:
            raise Interrupted
        out.append(yearly(world, outputs))
    return out


def run_seeds(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    outputs: Sequence[str] | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[list[Yearly]]:
    """Run every scenario with every seed; return results by seed, in the order of the seeds, then by scenario.

    Args:
        workers: processes; None for one a processor, 1 to stay in this process.
        progress: called with (seeds done, seeds in all).
        cancelled: asked between seeds; when true only the finished seeds are returned.
    """
    workers = min(len(seeds), workers or os.cpu_count() or 1)
    found: dict[int, list[Yearly]] = {}
    for seed, result in _results(scenarios, seeds, outputs, workers, cancelled):
        found[seed] = result
        if progress is not None:
            progress(len(found), len(seeds))
    return [found[seed] for seed in seeds if seed in found]


def _results(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    outputs: Sequence[str] | None,
    workers: int,
    cancelled: Callable[[], bool] | None,
) -> Iterator[tuple[int, list[Yearly]]]:
    stop = cancelled or (lambda: False)
    if workers <= 1:
        for seed in seeds:
            if stop():
                return
            yield seed, run_seed(scenarios, seed, outputs)
        return
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    waiting: dict[Future[list[Yearly]], int] = {}
    todo = list(reversed(seeds))
    try:
        while (todo and not stop()) or waiting:
            while todo and len(waiting) < workers and not stop():
                seed = todo.pop()
                waiting[pool.submit(run_seed, scenarios, seed, outputs)] = seed
            done, _ = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
