"""Paired comparison: a scenario against a base on the same luck, every effect with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError
from ecosystem.lab.paired import Progress, run_seeds
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario_warnings import NOTHING, changes_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecosystem.scenario import Scenario

CONFIDENCE = 0.95
FEW_EVENTS = 30.0
"""Fewer simulated cases than this in all pairs together are too few to tell (model description, section 1)."""
EQUAL = "equal in every pair"
UNCLEAR = "not distinguishable from luck"
FEW = "too few cases to tell"
CLEAR = ("higher", "lower")


@dataclass(frozen=True)
class Comparison:
    """What a scenario changes.

    Attributes:
        base, scenario: what was compared.
        seeds: seeds of the pairs.
        runs: by seed (base, scenario).
        warnings: doubts about the scenario.
    """

    base: Scenario
    scenario: Scenario
    seeds: tuple[int, ...]
    runs: list[tuple[Yearly, Yearly]]
    warnings: list[str]

    def effects(self, first: int = 0, last: int | None = None) -> pd.DataFrame:
        """Return the effect on every indicator and place over years ``first`` to ``last`` (not included).

        Columns: indicator, jurisdiction, unit, good, base, scenario (means), difference (mean of paired differences),
        low, high (95 % interval, Student's t), pairs, share_higher (share of pairs in which the scenario is higher),
        relative (difference / base), error (Monte Carlo standard error), variance_reduction (variance of a difference
        of independent runs / variance of the paired difference), events (simulated cases behind the scarcer side),
        cost_per_unit (extra public outlay a year for one unit of difference, million USD2020), verdict.
        """
        base = np.stack([b.window(first, last) for b, _ in self.runs])
        with_ = np.stack([s.window(first, last) for _, s in self.runs])
        events = np.minimum(*(np.sum([run[k].events(first, last) for run in self.runs], axis=0) for k in (0, 1)))
        return _table(self.runs[0][0], base, with_, events, self.extra_outlay(first, last))

    def by_year(self) -> pd.DataFrame:
        """Return the effects of every single year, with the column ``year``."""
        years = self.runs[0][0].years
        parts = []
        for k in range(years):
            part = self.effects(k, k + 1)
            part.insert(0, "year", self.scenario.start_year + k)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def extra_outlay(self, first: int = 0, last: int | None = None) -> np.ndarray:
        """Return the extra cost of all measures to each government, M USD2020 a year, float64 (places + 1,)."""
        places = self.runs[0][0].places
        out = np.zeros(len(places))
        for pair in self.runs:
            for sign, run in zip((-1.0, 1.0), pair, strict=True):
                for (_, code), amount in run.outlays.items():
                    out[places.index(code)] += sign * amount[first:last].mean() / len(self.runs)
        out[-1] = out[:-1].sum()
        return out

    def outlays(self) -> pd.DataFrame:
        """Return what each measure cost each government, base and scenario, million USD2020 by year (mean of pairs)."""
        total: dict[tuple[int, str, str], np.ndarray] = {}
        for pair in self.runs:
            for k, run in enumerate(pair):
                for (name, code), amount in run.outlays.items():
                    for year, value in enumerate(amount):
                        key = (self.scenario.start_year + year, code, name)
                        total.setdefault(key, np.zeros(2))[k] += value / len(self.runs)
        rows = [(*key, *values) for key, values in sorted(total.items())]
        return pd.DataFrame(rows, columns=["year", "jurisdiction", "measure", "base", "scenario"])


def _table(run: Yearly, base: np.ndarray, with_: np.ndarray, events: np.ndarray, outlay: np.ndarray) -> pd.DataFrame:
    pairs = len(base)
    difference = with_ - base
    known = ~np.isnan(difference).any(axis=0)
    mean, error, half = interval(difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = difference.var(axis=0, ddof=1) if pairs > 1 else np.full(mean.shape, np.nan)
        alone = (base.var(axis=0, ddof=1) + with_.var(axis=0, ddof=1)) if pairs > 1 else spread
        columns = {
            "base": base.mean(axis=0),
            "scenario": with_.mean(axis=0),
            "difference": mean,
            "low": mean - half,
            "high": mean + half,
            "share_higher": (difference > 0).mean(axis=0),
            "relative": mean / np.abs(base.mean(axis=0)),
            "error": error,
            "variance_reduction": alone / spread,
            "events": events,
            "cost_per_unit": np.where(outlay > 0, outlay / np.abs(mean), np.nan),
        }
    indicator, place = np.nonzero(known)
    frame = pd.DataFrame(
        {
            "indicator": [run.names[i] for i in indicator],
            "jurisdiction": [run.places[j] for j in place],
            "unit": [INDICATORS[run.names[i]].unit for i in indicator],
            "good": [INDICATORS[run.names[i]].good for i in indicator],
            **{name: values[known] for name, values in columns.items()},
        }
    )
    frame.insert(list(frame.columns).index("share_higher"), "pairs", pairs)
    rows = zip(frame["low"], frame["high"], frame["difference"], frame["events"], strict=True)
    frame["verdict"] = [verdict(*row) for row in rows]
    frame.loc[~frame["verdict"].isin(CLEAR), "cost_per_unit"] = np.nan  # no price for what may be luck
    return frame


def interval(difference: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, Monte Carlo standard error and half width of the 95 % interval of differences (pairs, ...)."""
    pairs = len(difference)
    mean = difference.mean(axis=0)
    if pairs < 2:
        return mean, np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    error = difference.std(axis=0, ddof=1) / np.sqrt(pairs)
    return mean, error, stats.t.ppf(0.5 + CONFIDENCE / 2, pairs - 1) * error


def verdict(low: float, high: float, difference: float, events: float = np.nan) -> str:
    """Return an effect in words: higher, lower, equal, not distinguishable from luck, or too few cases to tell."""
    if difference == 0.0 and not high > low:
        return EQUAL
    if events < FEW_EVENTS:
        return FEW
    if not (low > 0.0 or high < 0.0):
        return UNCLEAR
    return CLEAR[0] if difference > 0 else CLEAR[1]


def compare(
    base: Scenario,
    scenario: Scenario,
    replicates: int = 16,
    *,
    seed: int = 1,
    outputs: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Comparison:
    """Run base and scenario in pairs on the same luck.

    Args:
        replicates: number of pairs (seeds ``seed`` to ``seed + replicates - 1``).
        outputs: indicators wanted; all if None.
        workers: processes; None for one a processor, 0 for this process alone.

    Raises:
        InputError: the two do not report the same places, years and scale; no replicate.
    """
    if not 1 <= replicates <= 10_000:
        raise InputError(f"{replicates} pairs cannot be run", where="replicates", allowed="1 to 10000")
    for name in ("jurisdictions", "start_year", "years", "scale"):
        if getattr(base, name) != getattr(scenario, name):
            raise InputError(f"Base and scenario differ in {name}: {getattr(base, name)} and {getattr(scenario, name)}",
                             do="Give both the same places, years and scale")  # fmt: skip
    doubts = scenario.warnings()
    if changes_nothing(scenario, base):
        doubts.insert(0, NOTHING)
    seeds = tuple(range(seed, seed + replicates))
    runs = run_seeds([base, scenario], seeds, outputs, workers=workers, progress=progress, cancelled=cancelled)
    pairs = [(b, s) for b, s in runs]
    return Comparison(base, scenario, seeds[: len(pairs)], pairs, doubts)
