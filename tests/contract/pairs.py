"""What the tests of measures share: paired effects of strength 1 against 0, and worlds with levers moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ecosystem import Scenario, World
from ecosystem.lab.compare import interval
from ecosystem.lab.paired import run_seeds
from policies.measures import known_measures

SHORT = Scenario.baseline(scale=5000, years=2, burn_in_years=2)
Effect = tuple[float, float, float]
"""Mean of the paired differences and its 95 % interval."""


def effects(
    wanted: Iterable[tuple[str, str]], *, first: int, years: int, pairs: int, scale: float = 5000.0
) -> dict[tuple[str, str], Effect]:
    """Return the effect of each measure on each indicator in the place on which the measure is checked.

    Args:
        wanted: (measure, indicator); measures share burn-ins, and equal scenarios are run once.
        first: years from here on count.
    """
    wanted = list(wanted)
    base = Scenario.baseline(scale=scale, years=years, burn_in_years=4)
    scenario: dict[tuple[str, int], Scenario] = {}
    for id in sorted({id for id, _ in wanted}):
        measure = known_measures()[id]
        for s in (0, 1):
            usual = measure.strength_in_force(measure.check_on) == s
            scenario[id, s] = base if usual else base.with_measure(id, on=measure.check_on, strength=float(s))
    different = list(dict.fromkeys(scenario.values()))
    outputs: Sequence[str] = sorted({indicator for _, indicator in wanted})
    found = run_seeds(different, range(1, pairs + 1), outputs, workers=1)
    out = {}
    for id, indicator in wanted:
        place = found[0][0].places.index(known_measures()[id].check_on)
        pair = [different.index(scenario[id, s]) for s in (0, 1)]
        values = np.array([[seed[k].window(first)[outputs.index(indicator), place] for k in pair] for seed in found])
        mean, _, half = interval(values[:, 1] - values[:, 0])
        out[id, indicator] = float(mean), float(mean - half), float(mean + half)
    return out


def appears(effect: Effect, sign: int) -> bool:
    """Return True if the interval lies on the side of zero that the sign names."""
    return effect[1] > 0.0 if sign > 0 else effect[2] < 0.0


def frozen_short() -> bytes:
    """Return a small burnt-in world for ``with_levers``."""
    return World(SHORT, seed=5).frozen()


def with_levers(frozen: bytes, on: str, **levers: float) -> World:
    """Return a fork with levers of a place set; ``a__b`` stands for ``a.b``."""
    scenario = SHORT
    for name, value in levers.items():
        scenario = scenario.with_lever(name.replace("__", "."), on=on, value=value)
    return World.forked(frozen, scenario)
