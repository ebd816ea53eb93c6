"""Letters: an owner tells an alleged infringer, and the dispute enters the ledger with its hidden truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.forum import choose_forum
from agents.organizations import ASSERTION, FIRM
from ecosystem.domain.potential import F4, F8, FF8, FFF8, I1, I4, I8, B, as_slots, f8, i8
from ecosystem.domain.switches import off
from ecosystem.kernel.luck import ALWAYS, inverse_normal, pair, u01

if TYPE_CHECKING:
    from ecosystem.world import World

I2 = nb.int16[::1]
_LATER = 100_000
"""Keeps months of the burn-in positive where they are part of an identity."""


def territory_share(world: World, rights: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return the share of a seller's profit that is earned where the right is in force, float64 (n,)."""
    r = world.rights
    share: np.ndarray = _share(
        as_slots(rights), as_slots(owners), world.orgs.jurisdiction, r.sector, r.territories, world.valuation.where
    )
    return share


@nb.njit(F8(I8, I8, I1, I1, I4, FFF8), cache=True)
def _share(
    rights: np.ndarray, owners: np.ndarray, seat: np.ndarray, sector: np.ndarray, territories: np.ndarray,
    where: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Add up the shares of profit over the territories of each right."""
    out = np.zeros(len(rights))
    for i in range(len(rights)):
        r = rights[i]
        for t in range(where.shape[2]):
            if (territories[r] >> t) & 1:
                out[i] += where[seat[owners[i]], sector[r], t]
    return out


def validity_law(world: World) -> np.ndarray:
    """Return what the law of each place adds to the novelty of a right in court, sd, float64 (J,).

    v = nu - step - standard + presumption: the court has all prior art before it, without the flattery of art not
    found, and asks ``court.standard`` more than the office does; the presumption of validity is the margin that a
    challenger must overcome. (``rights.novelty`` already holds what the claims of this office's applicants reach.)
    """
    levers = world.levers
    law: np.ndarray = levers["court.presumption"] - levers["office.step"] - world.p["court.standard"]
    return law


def send_letters(world: World, rights: np.ndarray, defendants: np.ndarray, uses: np.ndarray, harm: np.ndarray,
                 reach: float) -> np.ndarray:  # fmt: skip
    """Enter disputes into the ledger; return their slots (those that can start: living parties, a court, some harm).

    Args:
        rights: rights asserted, int (n,).
        defendants: alleged infringers, int (n,).
        uses: the uses attacked, -1 for a product outside the model's lines, int (n,).
        harm: the owner's harm, M USD2020 of one real dispute, (n,).
        reach: mean true margin of infringement: high for copies, 0 for independent inventors, sd.
    """
    r, orgs, courts, d, cases = world.rights, world.orgs, world.courts, world.disputes, world.courts.cases
    if off(world, "litigation"):
        return np.zeros(0, np.int64)
    rights, defendants, court = as_slots(rights), as_slots(defendants), courts.at_place
    good = _able(rights, defendants, harm, r.owner, r.office, r.in_force, orgs.alive, orgs.passive, court)
    if not len(good):
        return good
    slots = d.add(len(good), month=world.month)
    if cases.n < d.n:
        cases.add(d.n - cases.n)
    _enter(
        good, rights, defendants, as_slots(uses), harm, float(reach), world.month + _LATER, slots[0], world.scale, court,
        courts.jurisdiction, validity_law(world), world.levers["court.burden"],
        world.draw.key("court.reach", ALWAYS), r.owner, r.office, r.uid, r.novelty, orgs.uid, orgs.kind, orgs.base,
        d.court, d.right, d.plaintiff, d.defendant, d.use, d.stakes, d.truly_valid, d.truly_infringed, cases.uid,
        cases.validity, cases.infringement, cases.entity, cases.practising, world.tally["letters"],
    )  # fmt: skip
    choose_forum(world, slots)
    courts.fresh = np.concatenate([courts.fresh, slots]) if len(courts.fresh) else slots
    return slots


@nb.njit(I8(I8, I8, F8, I4, I1, B, B, B, I8), cache=True)
def _able(
    rights: np.ndarray, defendants: np.ndarray, harm: np.ndarray, owner: np.ndarray, office: np.ndarray,
    in_force: np.ndarray, alive: np.ndarray, passive: np.ndarray, court: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return which disputes can start: two living parties, an owner who decides, a right in force, a court, some harm."""
    out = np.empty(len(rights), np.int64)
    n = 0
    for i in range(len(rights)):
        r, who = rights[i], defendants[i]
        mine = owner[r]
        if who < 0 or mine < 0 or mine == who or court[office[r]] < 0 or not in_force[r] or not harm[i] > 0.0:
            continue
        if alive[mine] and not passive[mine] and alive[who]:
            out[n] = i
            n += 1
    return out[:n].copy()


@nb.njit(
    nb.void(
        I8, I8, I8, I8, F8, f8, i8, i8, f8, I8, I1, F8, F8, nb.uint64, I4, I1, I8, F4, I8, I1, F8, I2, I4, I4, I4, I4,
        F4, B, B, I8, F8, F8, B, B, FF8,
    ),
    cache=True,
)  # fmt: skip
def _enter(
    good: np.ndarray, rights: np.ndarray, defendants: np.ndarray, uses: np.ndarray, harm: np.ndarray, reach: float,
    month: int, first: int, scale: float, court: np.ndarray, place_of: np.ndarray, law: np.ndarray,
    burden: np.ndarray, key: np.uint64, owner: np.ndarray, office: np.ndarray, right_uid: np.ndarray,
    novelty: np.ndarray, uid: np.ndarray, kind: np.ndarray, base: np.ndarray, d_court: np.ndarray,
    d_right: np.ndarray, d_plaintiff: np.ndarray, d_defendant: np.ndarray, d_use: np.ndarray, d_stakes: np.ndarray,
    d_valid: np.ndarray, d_infringed: np.ndarray, c_uid: np.ndarray, c_validity: np.ndarray,
    c_infringement: np.ndarray, c_entity: np.ndarray, c_practising: np.ndarray, letters: np.ndarray,
) -> None:  # fmt: skip
    """Write the rows of the ledger and of the docket's files from slot ``first`` on.

    v = nu + law of the place; i = reach + e - burden of proof. Who practises is a firm with old products in business:
    an injunction would protect its sales.
    """
    for n in range(len(good)):
        i, d = good[n], first + n
        r, who = rights[i], defendants[i]
        mine, heard = owner[r], court[office[r]]
        # the truth about a pair of right and product does not change with the month of the letter
        same = pair(np.uint64(right_uid[r]), np.uint64(uid[who]))
        validity = np.float64(novelty[r]) + law[office[r]]
        infringement = reach + inverse_normal(u01(same, key)) - burden[place_of[heard]]
        d_court[d], d_right[d], d_plaintiff[d], d_defendant[d], d_use[d] = heard, r, mine, who, uses[i]
        d_stakes[d] = harm[i]
        d_valid[d], d_infringed[d] = validity > 0.0, infringement > 0.0
        c_uid[d] = np.int64(pair(same, np.uint64(month)))
        c_validity[d], c_infringement[d] = validity, infringement
        c_entity[d] = kind[mine] == ASSERTION
        c_practising[d] = kind[mine] == FIRM and base[mine] > 0.0
        letters[place_of[heard], letters.shape[1] - 1] += scale
