"""What a renewal must be worth: fees by age and the lowest value at which a right is kept, by place, kind and sector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.kernel.memory import remembered

if TYPE_CHECKING:
    from ecosystem.world import World

TERM_LEVERS = ("law.term_years", "law.utility_model_years")


def thresholds(fees: np.ndarray, term_years: float, rate: float, decay: np.ndarray) -> np.ndarray:
    """Return the lowest yearly value at which a right is renewed at each age; M USD2020/year, float64 (ages, n).

    An owner who expects the value r to fall at the rate d renews at age k if some number n of further years pays:
    ``r sum_i a e^(-(rho + d) i) > sum_i fee_(k+i) e^(-rho i)``, i < n, a the value of a year's flow. Hence
    ``r*_k = min over n of (fees discounted / annuity)``: exact for lumps (years without a fee follow, the minimum
    covers the whole block and what comes after), and myopic for rising yearly fees, where n = 1 is the minimum.
    Beyond the term nothing is bought, so a longer term lowers the threshold of the last lumps and adds ages.

    Args:
        fees: fee due at age k (years since filing), float64 (ages,).
        term_years: longest life.
        rate: discount rate a year.
        decay: expected fall of the value a year, float64 (n,), by sector.
    """
    ages = len(fees)
    k = np.arange(ages)
    whole = np.clip(term_years - k, 0.0, 1.0)
    loss = rate + np.asarray(decay, dtype=np.float64)
    out = np.full((ages, len(loss)), np.inf)
    cost = np.cumsum(_shifted(fees * (whole > 0)) * np.exp(-rate * k), axis=1)
    share = _shifted(whole)
    for s, d in enumerate(loss):
        year = (1.0 - np.exp(-d * share)) / d if d > 0 else share
        worth = np.cumsum(year * np.exp(-d * k), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:, s] = np.where(worth > 0, cost / worth, np.inf).min(axis=1)
    return out


def _shifted(row: np.ndarray) -> np.ndarray:
    """Return the matrix whose row k holds ``row[k:]``, padded with zeros; (ages, ages)."""
    ages = len(row)
    wide = np.r_[row, np.zeros(ages)]
    shifted: np.ndarray = wide[np.arange(ages)[:, None] + np.arange(ages)[None, :]]
    return shifted


def fees_by_age(schedule: np.ndarray, term_years: float) -> np.ndarray:
    """Return the fee due at age 0, 1, ... years, float64 (ages,), from fees by year of life (year 1 starts at filing).

    Beyond the term for which the schedule was made, its last fee goes on in its last rhythm (every year, or every
    four years for the American lumps), so that a longer term is not free.
    """
    fees = schedule[1:].copy()
    due = np.flatnonzero(fees)
    if len(due):
        rhythm = max(1, int(due[-1] - due[-2])) if len(due) > 1 else 1
        later = np.arange(due[-1] + rhythm, len(fees), rhythm)
        fees[later[later >= term_years]] = fees[due[-1]]
    return fees


class Tables:
    """Renewal thresholds of every place and kind, recomputed only where fees, term or prospects have changed.

    Attributes:
        fees: listed fee by kind, place and age in years, float64 (2, P, ages).
        lowest: lowest yearly value that is renewed, by kind, place, age and sector, float64 (2, P, ages, S).
    """

    def __init__(self, world: World) -> None:
        schedules = (world.fees.patent, world.fees.utility_model)
        self.fees = np.stack(
            [
                [
                    fees_by_age(schedules[kind][j], float(world.levers.base(TERM_LEVERS[kind])[j]))
                    for j in range(world.P)
                ]
                for kind in range(2)
            ]
        )
        self.lowest = np.full((*self.fees.shape, world.S), np.inf)
        self.known: dict[tuple[int, int], tuple[float, float, float, bytes]] = {}
        self.state: tuple[object, ...] = ()

    @staticmethod
    def of(world: World) -> Tables:
        """Return the tables of a world, made when first asked for."""
        return remembered(world.offices, "renewal_tables", lambda: Tables(world))

    def renew(self, world: World) -> None:
        """Bring the tables up to date."""
        rate, decay = float(world.valuation.rate), np.asarray(world.valuation.decay, dtype=np.float64)
        scale = world.levers["office.renewal_scale"]
        mark = decay.tobytes()
        state_of_all = (rate, mark, scale.tobytes(), *(world.levers[name].tobytes() for name in TERM_LEVERS))
        if state_of_all == self.state:
            return
        self.state = state_of_all
        for kind, fees in enumerate(self.fees):
            years = world.levers[TERM_LEVERS[kind]]
            for j in range(world.P):
                state = (float(scale[j]), float(years[j]), rate, mark)
                if self.known.get((kind, j)) != state:
                    self.known[kind, j] = state
                    self.lowest[kind, j] = thresholds(fees[j] * scale[j], float(years[j]), rate, decay)
