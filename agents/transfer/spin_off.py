"""Spin-offs: protected university inventions that found no licensee become firms of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.firm.commercialize import adopt_for_development
from agents.firm.life import found_firm
from agents.organizations import INSTITUTE, ORIGINS, UNIVERSITY
from agents.transfer.deals import KIND, reassign
from agents.transfer.listing import DROPPED, IDEA, MONTHS, SECRET, SHELVED
from agents.transfer.offers import u8
from ecosystem.domain.indicators import flow
from ecosystem.domain.potential import F8, I1, I4, I8, B, i8
from ecosystem.domain.regions import settle_near
from ecosystem.kernel.luck import fold, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

TURN = 2
"""Month of the quarter in which spin-offs are founded."""

flow("spin_offs", "firms", "start-ups founded on university inventions", 1)


@nb.njit(I8(i8, i8, I4, I1, B, I4, B, I1, I4, I1, B, I1, I1, F8, I8, u8), cache=True)
def find_spin_offs(
    low: int, high: int, owner: np.ndarray, kind: np.ndarray, passive: np.ndarray, developer: np.ndarray,
    licensed: np.ndarray, status: np.ndarray, right: np.ndarray, protected_by: np.ndarray, in_force: np.ndarray,
    outcome: np.ndarray, seat: np.ndarray, chance: np.ndarray, uid: np.ndarray, key: np.uint64,
) -> np.ndarray:  # fmt: skip
    """Return the inventions ``low`` to ``high`` that found a firm: academic, unused, unlicensed, protected and drawn.

    Protected is what has a right in force or pending, or is kept secret without any.
    """
    out = np.empty(max(0, high - low), np.int64)
    n = 0
    for i in range(low, high):
        o = owner[i]
        if o < 0 or (kind[o] != UNIVERSITY and kind[o] != INSTITUTE) or passive[o]:
            continue
        if developer[i] >= 0 or licensed[i] or (status[i] != IDEA and status[i] != SHELVED and status[i] != DROPPED):
            continue
        r = right[i]
        if not (in_force[r] or outcome[r] == 0 if r >= 0 else protected_by[i] == SECRET):
            continue
        if u01(np.uint64(uid[i]), key) < chance[seat[o]]:
            out[n] = i
            n += 1
    return out[:n].copy()


@rule("transfer", "university.spin_off", after="transfer.bargain")
def spin_off(world: World) -> None:
    """Let protected university inventions that found no licensee found a firm, with the chance the lever states.

    The firm takes over the invention and its rights; its founders bring the first money, venture funds may follow. Acts
    once a quarter, on the inventions of three months around the age ``transfer.spin_off_months``.
    """
    if world.month % MONTHS != TURN % MONTHS:
        return
    inv, orgs, rights = world.inventions, world.orgs, world.rights
    born = world.month - round(world.p["transfer.spin_off_months"])
    first = born - (MONTHS - 1) // 2
    low, high = np.searchsorted(inv.month, np.array([first, first + MONTHS], np.int32)).tolist()
    register = world.intermediaries.register
    register.reach(inv.n)
    rows = find_spin_offs(
        low, high, inv.owner, orgs.kind, orgs.passive, inv.developer, register.licensed, inv.status, inv.right,
        inv.protected_by, rights.in_force, rights.outcome, orgs.jurisdiction, world.levers["university.spin_off_share"],
        inv.uid, world.draw.key("university.spin_off"),
    )  # fmt: skip
    for invention in rows.tolist():
        found(world, invention)


def found(world: World, invention: int) -> int:
    """Found a firm on one university invention and return its slot."""
    inv, orgs = world.inventions, world.orgs
    giver = int(inv.owner[invention])
    place, sector = int(orgs.jurisdiction[giver]), int(inv.sector[invention])
    lead = int(inv.lead[invention])
    founder = int(world.inventors.uid[lead]) if lead >= 0 else 0
    uid = int(fold(int(inv.uid[invention]), founder)[0])
    slot = int(
        found_firm(
            world, place, sector, int(inv.field[invention]), ORIGINS.index("university_spin_off"), uid,
            world.p["transfer.spin_off_cash"], invention,
        )
    )  # fmt: skip
    settle_near(world, slot, giver)
    one = np.array([invention])
    if inv.owner[invention] != slot:
        reassign(world, one, np.array([slot]))
    adopt_for_development(world, one, np.array([slot]), -1, 0.0)
    world.intermediaries.register.licensed[invention] = True
    world.deals.add(
        1, month=world.month, kind=KIND["spin_off"], giver=giver, taker=slot, right=inv.right[invention],
        invention=invention, field=inv.field[invention], from_place=place, to_place=place, exclusive=True,
        joint=inv.partner[invention] >= 0,
    )  # fmt: skip
    world.tally.add("spin_offs", place, world.scale, sector)
    world.tally.add("university_to_firm_transfers", place, world.scale, sector)
    return slot
