"""Law adapts to technology: decided cases make a field's law certain, new technology makes it uncertain again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.patent_office import decided_now
from ecosystem.domain.indicators import ratio, stock
from ecosystem.domain.potential import F8, FF8, I1, I4, I8, B, f8, i8
from ecosystem.domain.rights import OUTCOMES
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


REFUSED = OUTCOMES.index("refused")


def _level(world: World) -> np.ndarray:
    return world.law.uncertainty.mean(axis=1)


stock(
    "legal_uncertainty", "1",
    "multiplier of the errors of judges and parties by unsettled law, mean of the fields of technology", -1, _level,
)  # fmt: skip


ratio("wrong_decision_share_new_fields", "share",
      "wrong grants, wrong refusals and wrong judgments / decisions of office and courts, fields younger than 5 years", -1,
      "young_wrong_decisions", "young_decisions_total")  # fmt: skip


@rule("law", "law.count_young", before="law.adapt")
def count_young(world: World) -> None:
    """Count the month's decisions of offices and courts in young fields, and the wrong ones."""
    young = world.month - world.science.born < 12.0 * world.p["tribunal.young_years"]
    if not young.any():
        return
    r, d, courts = world.rights, world.disputes, world.courts
    decided = decided_now(world)
    decided = decided[(r.kind[decided] == 0) & (r.outcome[decided] <= REFUSED) & young[r.field[decided]]]
    judged = courts.judged_now[young[r.field[d.right[courts.judged_now]]]]
    for place, wrong in (
        (r.office[decided], r.granted_in_error[decided] | r.refused_in_error[decided]),
        (courts.jurisdiction[d.court[judged]], d.wrong[judged]),
    ):
        world.tally.add("young_decisions_total", place.astype(np.int64), world.scale)
        world.tally.add("young_wrong_decisions", place[wrong].astype(np.int64), world.scale)


@rule("law", "law.adapt")
def adapt(world: World) -> None:
    """Let legal uncertainty fall with decided cases and rise with technology that no case has met.

    u = floor + x with dx = -a_j x (judgments / c_J + office decisions / c_O) + e (new inventions / stock of inventions)
    by place and field, a_j the lever ``law.adaptation``; judgments count up to a most a month, since questions of law reach
    the highest court one after the other; x is set to its young value where a breakthrough has just made
    the field young.
    """
    law, p, r, inv = world.law, world.p, world.rights, world.inventions
    law.months += 1
    _adapt(
        decided_now(world), world.courts.judged_now, world.disputes.court, world.disputes.right,
        world.courts.jurisdiction, r.office, r.field, inv.field, law.inventions_seen, world.science.born == world.month,
        world.scale / p["law.office_cases"], world.scale / p["law.judgments"], 1.0 / (12.0 * p["law.fastest_years"]),
        p["law.floor"], p["law.novelty"], p["law.young_excess"],
        # the world was not born empty: years at the mean pace stand behind the first month
        1.0 + 12.0 * p["law.past_years"] / law.months,
        world.levers["law.adaptation"], law.field_stock, law.uncertainty,
    )  # fmt: skip
    law.inventions_seen = inv.n


@nb.njit(
    nb.void(
        I8, I8, nb.int16[::1], I4, I1, I1, I1, I1, i8, B, f8, f8, f8, f8, f8, f8, f8, F8, F8, FF8,
    ),
    cache=True,
)  # fmt: skip
def _adapt(
    decided: np.ndarray, judged: np.ndarray, court: np.ndarray, disputed: np.ndarray, place_of: np.ndarray,
    office: np.ndarray, field: np.ndarray, made: np.ndarray, seen: int, young: np.ndarray, by_office: float,
    by_court: float, most: float, floor: float, novelty: float, highest: float, before: float, adaptation: np.ndarray,
    stock: np.ndarray,
    uncertainty: np.ndarray,
) -> None:  # fmt: skip
    """Update u (J, F) and the stock of inventions by field (F,) in place."""
    J, F = uncertainty.shape
    cases = np.zeros((J, F))
    for r in decided:
        cases[office[r], field[r]] += by_office
    judgments = np.zeros((J, F))
    for d in judged:
        judgments[place_of[court[d]], field[disputed[d]]] += by_court
    cases += np.minimum(judgments, most)
    new = np.zeros(F)
    for k in range(seen, len(made)):
        new[made[k]] += 1.0
    for f in range(F):
        stock[f] += new[f]
        growth = novelty * new[f] / max(stock[f] * before, 1.0)
        for j in range(J):
            x = (uncertainty[j, f] - floor) * np.exp(-adaptation[j] * cases[j, f]) + growth
            if young[f]:
                x = max(x, highest)
            uncertainty[j, f] = floor + min(x, highest)
