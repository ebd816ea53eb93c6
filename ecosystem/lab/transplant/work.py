"""One run of a transplant in a worker: yearly numerators and denominators, so that any window can be pooled.

The headline indicators are kept for every place; of a measure's run only its own direct indicator on its own place, of
the base run all of them. The row named ``NAME/of`` holds a ratio's denominator, ``cost of ID`` what a measure cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ecosystem.kernel.digest import digest
from ecosystem.lab.runner.job import Job, Outcome, Series
from ecosystem.lab.runner.worker import run_job
from ecosystem.lab.transplant.design import HEADLINES
from ecosystem.lab.yearly import Yearly, yearly
from ecosystem.scenario import known_measures

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario
    from ecosystem.world import World

BELOW, COST = "/of", "cost of "
Row = tuple[str, str, int, float]


def measure_run(job: Job) -> Outcome:
    """Return the outcome of a job: what its run keeps; raises what ``run_job`` raises."""
    return run_job(job, _kept)


def _kept(world: World, job: Job) -> tuple[Series, str]:
    wanted = _wanted(job.content, job.outputs)
    run = yearly(world, list(dict.fromkeys(name for name, _ in wanted)))
    rows = list(_rows(run, wanted, job.content.start_year))
    table = pd.DataFrame(rows, columns=["indicator", "jurisdiction", "year", "value"])
    return _series(rows), digest({"outputs": table})


def _wanted(scenario: Scenario, outputs: Iterable[str]) -> set[tuple[str, str]]:
    """Return the (indicator, place) that a run keeps; ``*`` stands for every place."""
    kept = {(name, "*") for name in HEADLINES}
    if not scenario.measures:
        return kept | {(name, "*") for name in outputs}
    return kept | {(known_measures()[use.id].indicator, code) for use in scenario.measures for code in use.on}


def _rows(run: Yearly, wanted: set[tuple[str, str]], start: int) -> Iterator[Row]:
    for i, name in enumerate(run.names):
        for j, place in enumerate(run.places[:-1]):
            if (name, "*") not in wanted and (name, place) not in wanted:
                continue
            for suffix, values in (("", run.top), (BELOW, run.bottom)):
                for year, value in enumerate(values[:, i, j]):
                    if not np.isnan(value):
                        yield name + suffix, place, start + year, float(value)
    for (id, place), amounts in sorted(run.outlays.items()):
        for year, value in enumerate(amounts):
            yield COST + id, place, start + year, float(value)


def _series(rows: list[Row]) -> Series:
    columns = list(zip(*rows, strict=True))
    codes, names = {}, {}
    for kind, column in zip(("indicator", "jurisdiction"), columns, strict=False):
        known = sorted(set(column))
        number = {name: i for i, name in enumerate(known)}
        codes[kind] = np.array([number[name] for name in column], dtype=np.int16)
        names[kind] = known
    return Series(codes["indicator"], codes["jurisdiction"], np.zeros(len(rows), np.int16),
                  np.array(columns[2], dtype=np.int16), np.array(columns[3]), {**names, "sector": [""]})  # fmt: skip


def read_back(rows: Iterable[Row], start: int, years: int, scale: float) -> Yearly:
    """Return a stored run as it was in the worker; what was not kept is NaN."""
    rows = list(rows)
    names = tuple(sorted({n.removesuffix(BELOW) for n, *_ in rows if not n.startswith(COST)}))
    places = tuple(dict.fromkeys(p for _, p, *_ in rows))
    top = np.full((years, len(names), len(places)), np.nan)
    bottom = top.copy()
    outlays: dict[tuple[str, str], np.ndarray] = {}
    for name, place, year, value in rows:
        if name.startswith(COST):
            outlays.setdefault((name.removeprefix(COST), place), np.zeros(years))[year - start] = value
            continue
        plain = name.removesuffix(BELOW)
        (bottom if name != plain else top)[year - start, names.index(plain), places.index(place)] = value
    return Yearly(names, places, top, bottom, scale, outlays)
