"""How both sides of a dispute weigh it: chances seen through errors, stakes, costs, and what going on is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.beliefs import chance, cost_to_judgment, defendant_loss, plaintiff_value, stakes
from ecosystem.domain.potential import F4, F8, FF8, I1, I4, I8, B, as_slots, f8
from ecosystem.kernel.luck import ALWAYS, inverse_normal, u01

if TYPE_CHECKING:
    from ecosystem.world import World

I2, u8 = nb.int16[::1], nb.uint64
ERRORS = (
    "court.plaintiff_validity", "court.defendant_validity", "court.plaintiff_infringement",
    "court.defendant_infringement",
)  # fmt: skip
AWARD_P, AWARD_D, COST_P, COST_D, VALUE, LOSS, INVALID = range(7)


@dataclass(slots=True)
class View:
    """How both sides see a set of disputes.

    Attributes:
        place: of the court, int64 (n,).
        seen: one column a dispute, money per real dispute: stakes of both sides, their costs to judgment, the owner's
            value of going on, the defendant's loss from it, the chance of invalidity as the defendant sees it;
            float64 (7, n), rows ``AWARD_P`` to ``INVALID``.
    """

    place: np.ndarray
    seen: np.ndarray


def court_error(world: World, place: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return the sd of the court's error: lever x legal uncertainty of the field."""
    return world.levers["court.noise"][place] * world.law.uncertainty[place, field]


def view(world: World, disputes: np.ndarray, remaining: np.ndarray, left: float) -> View:
    """Let both sides of disputes weigh their case.

    Both know the true margins with errors of their own, drawn once a dispute; evidence shrinks the same errors to the
    share ``remaining`` (J,). Where validity is left to another body the infringement court takes it for granted; a unified
    court hears both. Stakes and costs are those of the territories fought over (``agents.court.forum``).
    ``left`` is the share of the own cost not yet spent.
    """
    d, cases, levers, p = world.disputes, world.courts.cases, world.levers, world.p
    key = world.draw.key
    place, seen = _weigh(
        as_slots(disputes), d.court, d.right, d.stakes, world.courts.jurisdiction, world.courts.wait_months,
        world.rights.field, cases.uid, cases.validity, cases.infringement, cases.practising, cases.entity,
        world.law.uncertainty, levers["court.party_noise"] * remaining, levers["court.noise"],
        levers["court.bifurcated"], levers["court.injunction"], levers["court.injunction_nonpractising"],
        levers["court.damages"], levers["court.cost"], levers["court.fee_shifting"], p["court.injunction_worth"],
        p["court.injunction_pain"], p["court.impatience"], p["court.cost_exponent"], p["assertion.cost_share"], left,
        key(ERRORS[0], ALWAYS), key(ERRORS[1], ALWAYS), key(ERRORS[2], ALWAYS), key(ERRORS[3], ALWAYS), cases.unified,
        cases.stake_share, cases.cost_multiple,
    )  # fmt: skip
    return View(place, seen)


@nb.njit(
    nb.types.Tuple((I8, FF8))(
        I8, I2, I4, F4, I1, F8, I1, I8, F8, F8, B, B, FF8, F8, F8, F8, F8, F8, F8, F8, F8, f8, f8, f8, f8, f8, f8,
        u8, u8, u8, u8, B, F8, F8,
    ),
    cache=True,
)  # fmt: skip
def _weigh(
    disputes: np.ndarray, court: np.ndarray, right: np.ndarray, harm: np.ndarray, place_of: np.ndarray,
    wait: np.ndarray, field: np.ndarray, uid: np.ndarray, validity: np.ndarray, infringement: np.ndarray,
    practising: np.ndarray, entity: np.ndarray, uncertainty: np.ndarray, party: np.ndarray, noise: np.ndarray,
    split: np.ndarray, injunction: np.ndarray, injunction_other: np.ndarray, damages: np.ndarray, cost: np.ndarray,
    shift: np.ndarray, worth: float, pain: float, impatience: float, exponent: float, cheap: float, left: float,
    key_pv: np.uint64, key_dv: np.uint64, key_pi: np.uint64, key_di: np.uint64,
    unified: np.ndarray, stake_share: np.ndarray, cost_multiple: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return (place, seen) of disputes; see ``View``. s, q: sd of a party's and of the court's error."""
    n = len(disputes)
    place, out = np.empty(n, np.int64), np.empty((7, n))
    for i in range(n):
        d = disputes[i]
        j = place_of[court[d]]
        unsettled = uncertainty[j, field[right[d]]]
        who = np.uint64(uid[d])
        s, q = party[j] * unsettled, noise[j] * unsettled
        valid_p = chance(validity[d], inverse_normal(u01(who, key_pv)), s, q)
        valid_d = chance(validity[d], inverse_normal(u01(who, key_dv)), s, q)
        win_p = chance(infringement[d], inverse_normal(u01(who, key_pi)), s, q)
        win_d = chance(infringement[d], inverse_normal(u01(who, key_di)), s, q)
        if unified[d] or not split[j] > 0.5:
            win_p *= valid_p
            win_d *= valid_d
        stop = injunction[j] if practising[d] else injunction_other[j]
        years = wait[court[d]] / 12.0
        award_p = stakes(np.float64(harm[d]), damages[j], stop, worth, years, impatience)
        award_d = stakes(np.float64(harm[d]), damages[j], stop, pain, years, impatience)
        full = cost_to_judgment(award_p, cost[j], exponent) * cost_multiple[d]
        award_p *= stake_share[d]
        award_d *= stake_share[d]
        own = cheap * full if entity[d] else full
        place[i] = j
        out[0, i], out[1, i], out[2, i], out[3, i] = award_p, award_d, own, full
        out[4, i] = plaintiff_value(win_p, award_p, own, full, shift[j], left)
        out[5, i] = defendant_loss(win_d, award_d, full, own, shift[j], left)
        out[6, i] = 1.0 - valid_d
    return place, out
