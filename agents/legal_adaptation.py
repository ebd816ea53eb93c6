"""Law adapts to technology: decided cases make a field's law certain, new technology makes it uncertain again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.patent_office import decided_now
from ecosystem.domain.indicators import stock
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


def _level(world: World) -> np.ndarray:
    return world.law.uncertainty.mean(axis=1)


stock(
    "legal_uncertainty", "1",
    "multiplier of the errors of judges and parties by unsettled law, mean of the fields of technology", -1, _level,
)  # fmt: skip


@rule("law", "law.adapt")
def adapt(world: World) -> None:
    """Let legal uncertainty fall with decided cases and rise with technology that no case has met.

    u = floor + x with dx = -x (judgments / c_J + office decisions / c_O) + e (new inventions / stock of inventions)
    by place and field; x is set to its young value where a breakthrough has just made the field young.
    """
    law, p, r, inv = world.law, world.p, world.rights, world.inventions
    excess = law.uncertainty - p["law.floor"]
    decided = decided_now(world)
    cases = _cells(world, r.office[decided], r.field[decided]) / p["law.office_cases"]
    judged = _judged(world)
    court = world.disputes
    place = world.courts.jurisdiction[court.court[judged]] if len(judged) else np.zeros(0, np.int64)
    cases += _cells(world, place, r.field[court.right[judged]]) / p["law.judgments"]
    excess *= np.exp(-cases * world.scale)

    new = np.bincount(inv.field[law.inventions_seen :], minlength=world.F).astype(np.float64)
    law.inventions_seen = inv.n
    law.field_stock += new
    law.months += 1
    # The world was not born empty: years at the mean pace stand behind the first month.
    before = 12.0 * p["law.past_years"] / law.months
    growth = new / np.maximum(law.field_stock * (1.0 + before), 1.0)
    excess += p["law.novelty"] * growth[None, :]

    young = world.science.born == world.month
    excess[:, young] = np.maximum(excess[:, young], p["law.young_excess"])
    law.uncertainty[:] = p["law.floor"] + np.minimum(excess, p["law.young_excess"])


def _cells(world: World, place: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Count cases by place and field, float64 (J, F)."""
    index = np.asarray(place, dtype=np.int64) * world.F + np.asarray(field, dtype=np.int64)
    return np.bincount(index, minlength=world.J * world.F).reshape(world.J, world.F).astype(np.float64)


def _judged(world: World) -> np.ndarray:
    """Return the disputes judged this month, int64 (n,)."""
    return np.flatnonzero(world.disputes.judged_month == world.month)
