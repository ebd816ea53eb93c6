"""Both camps of the literature from one model: one named world in which stronger rights help, others in which they hurt."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from ecosystem import Scenario, World
from ecosystem.lab.emergence.outcome import GROUPS, measure

pytestmark = pytest.mark.science
SEEDS = (1, 2, 3, 4)
YEARS, FIRST_YEAR = 14, 6


@cache
def effects(world: str, switch: str = "", value: float = 1.0) -> np.ndarray:
    """Return ln(innovation at breadth 0.95 / at 0) by seed, equal luck, all sectors, float64 (seeds,)."""
    base = Scenario.baseline(scale=5000, years=YEARS).in_world(world)
    if switch:
        base = base.with_parameters({switch: value})
    out = []
    for seed in SEEDS:
        frozen = World(base.without_policy(), seed=seed).frozen()
        low, high = (
            measure(
                World.forked(frozen, base.with_lever("law.breadth", on=base.jurisdictions, value=breadth)).run(),
                FIRST_YEAR,
            )
            for breadth in (0.0, 0.95)
        )
        out.append(np.log(sum(high[f"innovation_{g}"] for g in GROUPS) / sum(low[f"innovation_{g}"] for g in GROUPS)))
    return np.array(out)


def interval(values: np.ndarray) -> tuple[float, float]:
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()) - half, float(values.mean()) + half


def test_in_the_incentive_world_stronger_rights_help() -> None:
    low, high = interval(effects("incentive"))
    assert low > 0.0, (low, high)


def test_in_the_sequential_world_stronger_rights_hurt_and_imitation_turns_it() -> None:
    low, high = interval(effects("sequential"))
    assert high < 0.0, (low, high)
    low, high = interval(effects("sequential", "switch.imitation", 1.0))
    assert low > 0.0, (low, high)


def test_in_the_thicket_world_stronger_rights_hurt() -> None:
    low, high = interval(effects("thicket"))
    assert high < 0.0, (low, high)


@pytest.mark.parametrize("switch", ["switch.cumulative", "switch.licensing_frictions"])
def test_without_follow_on_or_with_perfect_licenses_the_thicket_does_no_harm(switch: str) -> None:
    low, high = interval(effects("thicket", switch, 0.0) - effects("thicket"))
    assert low > 0.0, (low, high)
