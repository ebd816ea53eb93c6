"""Whom the technologies on offer meet.

Meetings follow a matching function: per place M = A e offers^a users^(1-a) with a = 1/2, so that the chance of an
offer to be met falls where offers crowd (findings on the population, section 4). The chance is applied offer by offer,
so a better market meets a superset of what a worse one meets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents import intermediary
from agents.organizations import FIRM
from agents.transfer.listing import CLASSES, MONTHS, count_used, make_list
from ecosystem.domain.indicators import flow
from ecosystem.domain.potential import F8, FF8, I1, I4, I8, B, f8, i8
from ecosystem.kernel.luck import Pool, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

u8 = nb.uint64
RR8 = nb.types.Array(nb.float64, 2, "C", readonly=True)

flow("transfer_meetings", "meetings", "meetings of owners and users of technology")


@dataclass(frozen=True, slots=True)
class Meetings:
    """Owners and users who talk this quarter, one row a meeting (and at most one meeting a technology), int64 (n,)."""

    invention: np.ndarray
    klass: np.ndarray
    owner: np.ndarray
    user: np.ndarray
    right: np.ndarray
    broker: np.ndarray

    def __len__(self) -> int:
        return len(self.invention)


@nb.njit(nb.types.Tuple((FF8, I8, I8, F8))(I1, B, B, I1, I1, F8, F8, F8, f8, i8, i8), cache=True)
def users_by_market(
    kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, seat: np.ndarray, sector: np.ndarray, rd: np.ndarray,
    weight: np.ndarray, absorptive: np.ndarray, elasticity: float, places: int, sectors: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return (R&D of firms by place and sector, M USD a year, (J, S); these firms; their market; their chance weight).

    Market = place x S + sector; a firm's weight in the choice of a user = weight x R&D^elasticity x absorptive capacity.
    """
    size = np.zeros((places, sectors))
    n = len(kind)
    firms, market, chance = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    m = 0
    for o in range(n):
        if kind[o] != FIRM or not alive[o] or passive[o] or sector[o] < 0:
            continue
        size[seat[o], sector[o]] += rd[o] * weight[o]
        firms[m], market[m] = o, seat[o] * sectors + sector[o]
        chance[m] = max(0.0, weight[o] * rd[o] ** elasticity * absorptive[o])
        m += 1
    return size, firms[:m], market[:m], chance[:m]


def meeting_rate(world: World, offered: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return meetings a month per offer at usual effort in each place, float64 (J,).

    Args:
        offered: real offers by place (J,).
        size: R&D of users by place, M USD a year (J,).
    """
    crowd = np.divide(size, offered, out=np.zeros(world.J), where=offered > 0)
    return world.p["transfer.meetings"] * world.levers["transfer.matching"] * np.sqrt(crowd)


def meeting_chance(world: World, size: np.ndarray) -> np.ndarray:
    """Return the chance of an offer to be met this quarter by place, class and (firm, academic), float64 (J, 3, 2).

    Args:
        size: R&D of users by place and sector, M USD a year (J, S).
    """
    p = world.p
    rate = MONTHS * meeting_rate(world, world.intermediaries.register.offers, size.sum(axis=1))
    effort = np.empty((world.J, CLASSES, 2))
    effort[:, :, 0] = 1.0, p["transfer.effort_unused"], p["transfer.effort_launched"]
    effort[:, :, 1] = effort[:, :, 0] * world.levers["university.tto_efficiency"][:, None]
    chance: np.ndarray = -np.expm1(-rate[:, None, None] * effort)
    return chance


@nb.njit(nb.types.Tuple((I8, I8, I8))(I8, I8, I8, F8, FF8, f8, I1, u8, u8), cache=True)
def seek(
    which: np.ndarray, uid: np.ndarray, cell: np.ndarray, chance: np.ndarray, size: np.ndarray, abroad: float,
    sector: np.ndarray, key: np.uint64, key_place: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Draw which of the listed offers are met, and in which market.

    The user's place is drawn in proportion to the R&D of the invention's sector there, abroad at a discount.

    Returns:
        (positions in the list, identities, market of the user: place x S + sector or -1).
    """
    J, S = size.shape
    n = len(which)
    out, who, market = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    m = 0
    cumulative = np.empty(J)
    for k in range(n):
        me = np.uint64(uid[k])
        if u01(me, key) >= chance[cell[k]]:
            continue
        s, home = sector[which[k]], cell[k] // (2 * CLASSES)
        total = 0.0
        for j in range(J):
            total += size[j, s] * (1.0 if j == home else abroad)
        running = 0.0
        for j in range(J):
            running += size[j, s] * (1.0 if j == home else abroad) / max(total, 1e-300)
            cumulative[j] = running
        x = u01(me, key_place) * running
        at = 0
        while at < J - 1 and cumulative[at] < x:
            at += 1
        out[m], who[m], market[m] = k, uid[k], (at * S + s if total > 0.0 else -1)
        m += 1
    return out[:m].copy(), who[:m].copy(), market[:m].copy()


@nb.njit(f8(i8, i8, RR8), cache=True)
def fit_of(field: int, core: int, proximity: np.ndarray) -> float:
    """Return how near a user's field is to that of a technology, 1 for the same field."""
    return proximity[field, core] / proximity[field, field]


@nb.njit(
    nb.types.Tuple((I8, I8, I8, I8, I8, I8, I8, B))(
        I8, I8, I8, I8, I8, I8, I8, I4, I4, I1, I1, I1, RR8, f8, FF8
    ),
    cache=True,
)  # fmt: skip
def pair_up(
    met: np.ndarray, best: np.ndarray, other: np.ndarray, which: np.ndarray, klass: np.ndarray, uid: np.ndarray,
    cell: np.ndarray, owner: np.ndarray, right: np.ndarray, field: np.ndarray, sector: np.ndarray, core: np.ndarray,
    proximity: np.ndarray, scale: float, tally: np.ndarray,
) -> tuple[
    np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray
]:  # fmt: skip
    """Let the nearer of two candidates take part, drop offers without any, and count meetings.

    Returns:
        (invention, class, owner, user, right, identity, place of the owner, academic owner) of each meeting.
    """
    n = len(met)
    out = np.empty((7, n), np.int64)
    academic = np.empty(n, np.bool_)
    m = 0
    for t in range(n):
        user = best[t]
        if user < 0:
            continue
        k = met[t]
        i = which[k]
        f = field[i]
        if other[t] >= 0 and fit_of(f, core[other[t]], proximity) > fit_of(f, core[user], proximity):
            user = other[t]
        place = cell[k] // (2 * CLASSES)
        out[0, m], out[1, m], out[2, m], out[3, m] = i, klass[k], owner[i], user
        out[4, m], out[5, m], out[6, m] = right[i], uid[k], place
        academic[m] = cell[k] % 2 == 1
        tally[place, sector[i]] += scale
        m += 1
    return out[0, :m], out[1, :m], out[2, :m], out[3, :m], out[4, :m], out[5, :m], out[6, :m], academic[:m]


@rule("transfer", "transfer.meet")
def meet(world: World) -> None:
    """Let offers meet users: how many by the matching function, whom by race on fit, with or without a broker.

    Acts once a quarter: offers are listed anew and meet users at three months' rates. Two firms of the drawn sector and
    place are drawn by size and absorptive capacity; the one nearer to the field takes part.
    """
    register = world.intermediaries.register
    if world.month % MONTHS:
        return
    register.meetings = None
    if not world.inventions.n:
        return
    inv, orgs, p, draw = world.inventions, world.orgs, world.p, world.draw
    listed = make_list(world)
    register.used = count_used(world)
    size, firms, market, chance = users_by_market(
        orgs.kind, orgs.alive, orgs.passive, orgs.jurisdiction, orgs.sector, orgs.rd, orgs.weight, orgs.absorptive,
        p["transfer.size_elasticity"], world.J, world.S,
    )  # fmt: skip
    if not len(listed.which) or not len(firms):
        return
    met, uid, group = seek(
        listed.which, listed.uid, listed.cell, meeting_chance(world, size).ravel(), size, p["transfer.abroad"], inv.sector,
        draw.key("transfer.meet"), draw.key("transfer.where"),
    )  # fmt: skip
    if not len(met):
        return
    pool = Pool.of(firms, orgs.uid[firms], market, world.J * world.S, chance)
    avoid = orgs.uid[inv.owner[listed.which[met]]]
    best = draw.partner("transfer.user", uid, group, pool, avoid=avoid)
    other = draw.partner("transfer.second_user", uid, group, pool, avoid=avoid)
    which, klass, owner, user, right, uid, place, academic = pair_up(
        met, best, other, listed.which, listed.klass, listed.uid, listed.cell, inv.owner, inv.right, inv.field,
        inv.sector, orgs.field, world.proximity, world.scale, world.tally["transfer_meetings"],
    )  # fmt: skip
    if len(which):
        broker = intermediary.arrange(world, uid, place, academic)
        register.meetings = Meetings(which, klass, owner, user, right, broker)
