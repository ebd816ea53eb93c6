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

from agents import intermediary, regional_center
from agents.organizations import FIRM
from agents.transfer.listing import CLASSES, MONTHS, UNUSED_CLASS, count_used, make_list
from ecosystem.domain.indicators import flow
from ecosystem.domain.knowledge import DEFENSE
from ecosystem.domain.potential import F8, FF8, I1, I4, I8, B, f8, i8
from ecosystem.domain.regions import near_partner
from ecosystem.domain.switches import all_meet
from ecosystem.kernel.luck import Pool, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

CIVIL = DEFENSE.index("civil")
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
    reach = world.levers["university.tto_efficiency"] + world.levers["transfer.exchange"]
    effort[:, :, 1] = effort[:, :, 0] * reach[:, None]
    effort[:, :, 0] *= 1.0 + intermediary.association_extra(world)[:, None]
    effort[:, UNUSED_CLASS, 0] *= world.levers["transfer.trading"]
    chance: np.ndarray = all_meet(world, -np.expm1(-rate[:, None, None] * effort))
    return chance


def defense_placed(world: World) -> np.ndarray:
    """Return meetings of technology from defense money relative to the base year by place, float64 (J,).

    (1 + b r) / (1 + b r0), r the reach of dual-use programs (``science.dual_use``), b ``defense.placement``.
    """
    b = world.p["defense.placement"]
    reach, usual = world.levers["science.dual_use"], world.base_levers["science.dual_use"]
    return np.asarray((1.0 + b * reach) / (1.0 + b * usual))


@nb.njit(nb.types.Tuple((I8, I8, I8))(I8, I8, I8, F8, FF8, f8, F8, I1, I4, I1, F8, I1, F8, u8, u8), cache=True)
def seek(
    which: np.ndarray, uid: np.ndarray, cell: np.ndarray, chance: np.ndarray, size: np.ndarray, abroad: float,
    open_: np.ndarray, sector: np.ndarray, owner: np.ndarray, region: np.ndarray, lift: np.ndarray,
    defense: np.ndarray, placed: np.ndarray, key: np.uint64, key_place: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Draw which of the listed offers are met, and in which market.

    A center in the owner's region lifts the rate, and offices that place technology from defense money (``placed``, by
    place) that of such technology: chance 1 - (1 - c)^lift. The user's place is drawn in proportion to the
    R&D of the invention's sector there, abroad at a discount that the openness ``open_`` of both places lifts.

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
        c, more = chance[cell[k]], lift[region[owner[which[k]]]]
        if defense[which[k]] != CIVIL:
            more *= placed[cell[k] // (2 * CLASSES)]
        if u01(me, key) >= (c if more == 1.0 else 1.0 - (1.0 - c) ** more):
            continue
        s, home = sector[which[k]], cell[k] // (2 * CLASSES)
        total = 0.0
        for j in range(J):
            total += size[j, s] * (1.0 if j == home else abroad * open_[home] * open_[j])
        running = 0.0
        for j in range(J):
            running += size[j, s] * (1.0 if j == home else abroad * open_[home] * open_[j]) / max(total, 1e-300)
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
    place are drawn by size, absorptive capacity and nearness to the owner; the one nearer to the field takes part.
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
    lift = regional_center.lift(world)
    met, uid, group = seek(
        listed.which, listed.uid, listed.cell, meeting_chance(world, size).ravel(), size, p["transfer.abroad"],
        world.levers["transfer.cross_border"], inv.sector, inv.owner, orgs.region,
        np.ones(len(world.regions)) if lift is None else lift, inv.defense, defense_placed(world), draw.key("transfer.meet"),
        draw.key("transfer.where"),
    )  # fmt: skip
    if not len(met):
        return
    pool = Pool.of(firms, orgs.uid[firms], market, world.J * world.S, chance)
    giver = inv.owner[listed.which[met]].astype(np.int64)
    near = world.regions.weights(p["transfer.near_neighbor"], p["transfer.near_place"])
    best, other = (
        near_partner(
            world, name, uid, group, pool, giver, near, park_pull=p["region.park_meetings"], pull=lift,
            avoid=orgs.uid[giver],
        )
        for name in ("transfer.user", "transfer.second_user")
    )  # fmt: skip
    other = _unscreened(world, listed.cell[met], uid, size, other)
    which, klass, owner, user, right, uid, place, academic = pair_up(
        met, best, other, listed.which, listed.klass, listed.uid, listed.cell, inv.owner, inv.right, inv.field,
        inv.sector, orgs.field, world.proximity, world.scale, world.tally["transfer_meetings"],
    )  # fmt: skip
    if len(which):
        broker = intermediary.arrange(world, uid, place, academic)
        if lift is not None:
            broker = _by_center(world, uid, klass, owner, place, academic, broker, lift, size)
        register.meetings = Meetings(which, klass, owner, user, right, broker)


def _unscreened(world: World, cell: np.ndarray, uid: np.ndarray, size: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return second candidates, -1 for meetings that a public platform added: there nobody picks the nearer of two.

    Args:
        cell: (place, class, academic owner) of the offers met, int64 (n,).
        uid: their identities, int64 (n,).
        size: R&D of users by place and sector, M USD a year (J, S).
        other: second candidates, int64 (n,).
    """
    exchange = world.levers["transfer.exchange"]
    if not exchange.any():
        return other
    effort = world.levers["university.tto_efficiency"]
    office = np.divide(effort, effort + exchange, out=np.ones(world.J), where=effort + exchange > 0)[
        cell // (2 * CLASSES)
    ]
    alone = 1.0 - (1.0 - meeting_chance(world, size).ravel()[cell]) ** office
    added = (cell % 2 == 1) & (world.draw.uniform("transfer.meet", uid) >= alone)
    return np.where(added, -1, other)


def _by_center(
    world: World, uid: np.ndarray, klass: np.ndarray, owner: np.ndarray, place: np.ndarray, academic: np.ndarray,
    broker: np.ndarray, lift: np.ndarray, size: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return who arranges each meeting: the center of the owner's region those that would not take place without it."""
    usual = meeting_chance(world, size)[place, klass, academic.astype(np.int64)]
    added = world.draw.uniform("transfer.meet", uid) >= usual
    center = regional_center.center_of(world)[world.orgs.region[owner]]
    by_center = added & (center >= 0) & (lift[world.orgs.region[owner]] > 1.0)
    rows = world.intermediaries
    lost, won = broker[by_center & (broker >= 0)], center[by_center]
    rows.meetings[:] += world.scale * (np.bincount(won, minlength=rows.n) - np.bincount(lost, minlength=rows.n))
    return np.where(by_center, center, broker)
