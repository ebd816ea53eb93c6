"""What holds of all measures and is too long for every run: all pairs run together, half strength lies between."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from ecosystem import Scenario, World
from ecosystem.lab.compare import interval
from ecosystem.lab.paired import run_seeds
from policies.measures import known_measures

pytestmark = pytest.mark.science

SHORT = Scenario.baseline(scale=5000, years=1, burn_in_years=1)
MEASURES = sorted(known_measures())


def on(id: str) -> str:
    return known_measures()[id].check_on


@pytest.fixture(scope="module")
def frozen() -> bytes:
    return World(SHORT, seed=3).frozen()


@pytest.mark.parametrize("first", MEASURES[:-1])
def test_every_pair_of_measures_runs_together(first: str, frozen: bytes) -> None:
    for one, other in (pair for pair in combinations(MEASURES, 2) if pair[0] == first):
        scenario = SHORT.with_measure(one, on=on(one), strength=1.0).with_measure(other, on=on(other), strength=1.0)
        world = World.forked(frozen, scenario).run()
        assert world.accounts.imbalance() < 1e-9, other


@pytest.mark.parametrize("id", MEASURES)
def test_half_strength_lies_between_none_and_full(id: str) -> None:
    """0.5 is not significantly outside the span of 0 and 1 on the direct indicator."""
    measure = known_measures()[id]
    base = Scenario.baseline(scale=measure.check.scale, years=measure.check.years)
    scenarios = [base.with_measure(id, on=on(id), strength=s) for s in (0.0, 0.5, 1.0)]
    runs = run_seeds(scenarios, range(1, max(4, measure.check.pairs // 2) + 1), [measure.indicator])
    place = runs[0][0].places.index(on(id))
    first = min(measure.check.first_year, measure.check.years - 1)
    values = np.array([[run.window(first)[0, place] for run in triple] for triple in runs]) * measure.direction
    values = values[~np.isnan(values).any(axis=1)]
    for lower, upper in ((0, 1), (1, 2)):
        mean, _, half = interval(values[:, upper] - values[:, lower])
        assert mean + half >= 0.0, f"strength {upper / 2} against {lower / 2}: {mean:g} +- {half:g}"
