"""Paired runs: several scenarios on the same luck, each seed's burn-in shared, seeds spread over processes."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from ecosystem.lab.burn_in import settled
from ecosystem.lab.runner.spread import spread
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

    def settling(done: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise Interrupted

    kept = {} if frozen is None else frozen
    out = []
    for scenario in scenarios:
        world = settled(scenario, seed, kept, settling).run(cancelled=cancelled)
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
        workers: processes; None for one a processor, 0 for this process alone.
        progress: called with (seeds done, seeds in all).
        cancelled: asked between seeds; when true only the finished seeds are returned.
    """
    found: dict[int, list[Yearly]] = {}
    work = partial(run_seed, scenarios, outputs=outputs)
    with closing(spread(work, seeds, workers=workers, stopping=cancelled or (lambda: False))) as results:
        for seed, result in results:
            found[seed] = result
            if progress is not None:
                progress(len(found), len(seeds))
    return [found[seed] for seed in seeds if seed in found]
