"""One run of a transplant in a worker: yearly numerators and denominators, so that any window can be pooled.

The headline indicators are kept for every place; of a measure's run only its own direct indicator on its own place, of
the base run all of them. The row named ``NAME/of`` holds a ratio's denominator, ``cost of ID`` what a measure cost.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ecosystem.kernel.digest import digest
from ecosystem.lab.model import model_digest
from ecosystem.lab.runner.job import Job, Outcome, Series
from ecosystem.lab.runner.worker import ModelChanged, TimeLimit, opened, peak_mb
from ecosystem.lab.transplant.design import HEADLINES
from ecosystem.lab.yearly import Yearly, yearly
from ecosystem.scenario import known_measures

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario

BELOW, COST = "/of", "cost of "
Row = tuple[str, str, int, float]


def measure_run(job: Job) -> Outcome:
    """Return the outcome of a job.

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
    wanted = _wanted(job.content, job.outputs)
    run = yearly(world, list(dict.fromkeys(name for name, _ in wanted)))
    rows = list(_rows(run, wanted, job.content.start_year))
    table = pd.DataFrame(rows, columns=["indicator", "jurisdiction", "year", "value"])
    seconds = time.perf_counter() - begun
    return Outcome(job.id, "done", _series(rows), digest({"outputs": table}), started=started, seconds=seconds,
                   burn_in_seconds=burn_in, peak_mb=peak_mb())  # fmt: skip


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
