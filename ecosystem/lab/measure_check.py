"""Does every measure do what it claims? Strength 1 against strength 0 on the same luck, read on its direct indicator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.lab.compare import interval
from ecosystem.lab.paired import run_seed
from ecosystem.lab.runner.spread import spread
from ecosystem.scenario import Scenario
from policies.measures import Measure, known_measures

if TYPE_CHECKING:
    from ecosystem.lab.yearly import Yearly

MEASURES_A_JOB = 6
"""Measures that share one burn-in in a job: more would make jobs long, fewer would repeat burn-ins."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one measure.

    Attributes:
        effect, low, high: mean paired difference of the direct indicator and its 95 % interval.
        events: simulated cases behind the indicator in all pairs, NaN where it counts money or a stock.
        holds: the interval lies on the claimed side of zero.
    """

    id: str
    on: str
    indicator: str
    direction: str
    unit: str
    effect: float
    low: float
    high: float
    base: float
    pairs: int
    events: float
    scale: float
    years: int
    holds: bool

    def to_dict(self) -> dict[str, object]:
        """Return plain data; an unknown number is None."""
        return {
            name: None if isinstance(value := getattr(self, name), float) and np.isnan(value) else value
            for name in self.__dataclass_fields__
        }


def pair_of(measure: Measure, on: str) -> list[Scenario]:
    """Return the scenarios with the measure at strength 0 and at strength 1 in one place."""
    base = Scenario.baseline(scale=measure.check.scale, years=measure.check.years)
    usual = measure.strength_in_force(on)
    return [base if s == usual else base.with_measure(measure.id, on=on, strength=s) for s in (0.0, 1.0)]


def check(
    ids: Sequence[str] | None = None,
    *,
    on: str = "",
    pairs: int | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Checked]:
    """Check measures on paired luck.

    Args:
        ids: measures, each checked once; all if None.
        on: a place for all; the place named in each file if empty.
        pairs: paired runs; what each file asks for if None.
        workers: processes; None for one a processor, 0 for this process alone.
        progress: called with (pairs of runs done, pairs in all).

    Raises:
        InputError: no measure, an unknown one, or an indicator that no rule declares.
    """
    known = known_measures()
    names = sorted(known) if ids is None else list(dict.fromkeys(ids))
    if not names:
        raise InputError("No measure is named", where="ids", do="Name one or more, or leave it out for all")
    for name in names:
        if name not in known:
            raise unknown("measure", name, known)
    chosen = [known[name] for name in names]
    for measure in chosen:
        if measure.indicator not in INDICATORS:
            raise InputError(f"No rule declares the indicator {measure.indicator!r}", where=str(measure.path))
    jobs = _jobs(chosen, on, pairs)
    results: dict[tuple[str, int], list[Yearly]] = {}
    done, total = 0, sum(len(names) for names, *_ in jobs)
    with closing(spread(run_job, jobs, workers=workers)) as found:
        for (names, _, seed, _), runs in found:
            for k, name in enumerate(names):
                results[name, seed] = runs[2 * k : 2 * k + 2]
            done += len(names)
            if progress is not None:
                progress(done, total)
    return [_judge(m, on or m.check_on, [results[m.id, s] for s in _seeds(m, pairs)]) for m in chosen]


def _seeds(measure: Measure, pairs: int | None) -> range:
    return range(1, (pairs or measure.check.pairs) + 1)


Job = tuple[list[str], str, int, list[str]]
"""Measures that share a burn-in, the place ("" for each measure's own), the seed, and the indicators wanted."""


def _jobs(chosen: Sequence[Measure], on: str, pairs: int | None) -> list[Job]:
    alike: dict[tuple[float, int, int], list[Measure]] = {}
    for measure in chosen:
        alike.setdefault((measure.check.scale, measure.check.years, len(_seeds(measure, pairs))), []).append(measure)
    jobs = []
    for (_, _, n), group in alike.items():
        for first in range(0, len(group), MEASURES_A_JOB):
            part = group[first : first + MEASURES_A_JOB]
            outputs = sorted({m.indicator for m in part})
            jobs += [([m.id for m in part], on, seed, outputs) for seed in range(1, n + 1)]
    return jobs


def run_job(job: Job) -> list[Yearly]:
    """Run one job and return its runs: for each measure strength 0, then strength 1."""
    names, on, seed, outputs = job
    known = known_measures()
    scenarios = [s for name in names for s in pair_of(known[name], on or known[name].check_on)]
    different = list(dict.fromkeys(scenarios))
    runs = dict(zip(different, run_seed(different, seed, outputs), strict=True))
    return [runs[s] for s in scenarios]


def _judge(measure: Measure, on: str, runs: list[list[Yearly]]) -> Checked:
    first = min(measure.check.first_year, measure.check.years - 1)
    i = runs[0][0].names.index(measure.indicator)
    j = runs[0][0].places.index(on)
    values = np.array([[run.window(first)[i, j] for run in pair] for pair in runs])
    known = ~np.isnan(values).any(axis=1)
    events = min(sum(pair[k].events(first)[i, j] for pair in runs) for k in (0, 1))
    effect = low = high = base = float("nan")
    if known.sum() >= 2:
        mean, _, half = interval(values[known, 1] - values[known, 0])
        effect, low, high, base = float(mean), float(mean - half), float(mean + half), float(values[known, 0].mean())
    holds = bool(low > 0.0 if measure.direction > 0 else high < 0.0)
    return Checked(
        measure.id, on, measure.indicator, "up" if measure.direction > 0 else "down", INDICATORS[measure.indicator].unit,
        effect, low, high, base, int(known.sum()), float(events), measure.check.scale, measure.check.years, holds,
    )  # fmt: skip
