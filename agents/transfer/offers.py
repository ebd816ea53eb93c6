"""Which technologies are on offer, and whom they meet.

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
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, stock
from ecosystem.domain.knowledge import PROTECTION, STATUS
from ecosystem.kernel.luck import ALWAYS, Pool, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, DEVELOPING, LAUNCHED, DROPPED, BLOCKED, RETIRED, SHELVED = range(len(STATUS))
SECRET = PROTECTION.index("secret")
CLASSES = 3
ACADEMIC_CLASS, UNUSED_CLASS, LAUNCHED_CLASS = range(CLASSES)
LISTING_MONTHS = 3
"""Offers are listed once a quarter; in between only those that are met are looked at again."""
UNPROTECTED_MONTHS = 60
"""An invention without right or secrecy at this age will never have either."""
USED_YEARS = 20
"""University inventions count as in use up to this age (the life of a patent)."""

flow("transfer_meetings", "meetings", "meetings of owners and users of technology")


def _offers_now(world: World) -> np.ndarray:
    return world.intermediaries.register.offers


stock("technology_offers", "technologies", "technologies on offer at the last look", 0, _offers_now)


@nb.njit(
    nb.int64[::1](nb.int64, nb.int8[::1], nb.int32[::1], nb.int8[::1], nb.int8[::1], nb.int64), cache=True
)
def _count_used(
    first: int, status: np.ndarray, maker: np.ndarray, made_in: np.ndarray, kind: np.ndarray, places: int
) -> np.ndarray:
    out = np.zeros(places, np.int64)
    for i in range(first, len(status)):
        if status[i] == LAUNCHED and maker[i] >= 0:
            k = kind[maker[i]]
            if k in (UNIVERSITY, INSTITUTE):
                out[made_in[i]] += 1
    return out


def count_used(world: World) -> np.ndarray:
    """Return university and institute inventions on the market by place, real numbers, float64 (J,)."""
    inv = world.inventions
    first = int(np.searchsorted(inv.month, np.int32(world.month - 12 * USED_YEARS)))
    return _count_used(first, inv.status, inv.creator, inv.jurisdiction, world.orgs.kind, world.J) * world.scale


def _used_now(world: World) -> np.ndarray:
    return world.intermediaries.register.used


stock("university_inventions_used", "inventions", "university inventions of the last 20 years on the market", 1,
      _used_now)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meetings:
    """Owners and users who talk this month, one row a meeting (and at most one meeting a technology)."""

    invention: np.ndarray
    klass: np.ndarray
    owner: np.ndarray
    user: np.ndarray
    right: np.ndarray
    broker: np.ndarray

    def __len__(self) -> int:
        return len(self.invention)


@dataclass(frozen=True, slots=True)
class Listing:
    """Offers of the quarter: inventions, class of offer, identity, and cell (place, class, academic owner) of each."""

    which: np.ndarray
    klass: np.ndarray
    uid: np.ndarray
    cell: np.ndarray


i8, i4, i1, b1 = nb.int64, nb.int32, nb.int8, nb.boolean


@nb.njit(
    i1[::1](
        i8[::1], i8, i8, i4[::1], i1[::1], i1[::1], i4[::1], i4[::1], i4[::1], i4[::1], b1[::1], i1[::1], b1[::1],
        b1[::1], i1[::1], b1[::1],
    ),
    cache=True,
)  # fmt: skip
def _classify(
    rows: np.ndarray, now: int, idle: int, owner: np.ndarray, status: np.ndarray, protected_by: np.ndarray,
    right: np.ndarray, made: np.ndarray, line: np.ndarray, developer: np.ndarray, in_force: np.ndarray,
    outcome: np.ndarray, pledged: np.ndarray, exclusive: np.ndarray, kind: np.ndarray, acting: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return the class of offer of each invention of ``rows``, -1 for none, -2 for never again (see ``offers``)."""
    out = np.full(len(rows), -1, np.int8)
    for k in range(len(rows)):
        i = rows[k]
        # What can be told from the invention alone comes first: most rows end here, before any jump in memory.
        r, at = right[i], status[i]
        secret = protected_by[i] == SECRET and at != DROPPED
        if at == RETIRED or (r < 0 and not secret):
            if at == RETIRED or now - made[i] > UNPROTECTED_MONTHS:
                out[k] = -2
            continue
        # A taker who has not begun yet holds the technology off the market.
        if at == DEVELOPING or (at == IDEA and developer[i] >= 0):
            continue
        if at == LAUNCHED and (line[i] < 0 or exclusive[i]):
            continue
        force = r >= 0 and in_force[r]
        if not (force or secret or outcome[r] == 0):
            out[k] = -2 if protected_by[i] != SECRET else -1
            continue
        if r >= 0 and pledged[r]:
            continue
        o = owner[i]
        if o < 0 or not acting[o]:
            continue
        academic = kind[o] == UNIVERSITY or kind[o] == INSTITUTE
        if not academic and kind[o] != FIRM:
            continue
        if at == LAUNCHED:
            out[k] = LAUNCHED_CLASS
        elif academic:
            out[k] = ACADEMIC_CLASS
        elif force and (at != IDEA or now - made[i] >= idle):
            out[k] = UNUSED_CLASS
    return out


def classify(world: World, rows: np.ndarray) -> np.ndarray:
    """Return the class of offer of inventions, int8 (n,); -1 for none, -2 for none now and ever."""
    inv, rights, orgs = world.inventions, world.rights, world.orgs
    register = world.intermediaries.register
    register.reach(inv.n)
    out: np.ndarray = _classify(
        rows, world.month, round(world.p["transfer.idle_months"]), inv.owner, inv.status, inv.protected_by, inv.right,
        inv.month, inv.line, inv.developer, rights.in_force, rights.outcome, rights.pledged, register.exclusive,
        orgs.kind, orgs.alive & ~orgs.passive,
    )  # fmt: skip
    return out


def offers(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (inventions on offer, their class), int64 (n,).

    Offered are: protected inventions of universities and institutes not on the market; protected technology that a firm
    dropped, shelved or never began and is willing to part with; launched technology whose owner is willing to license.
    """
    inv, rights, orgs, p = world.inventions, world.rights, world.orgs, world.p
    register = world.intermediaries.register
    first = int(np.searchsorted(inv.month, np.int32(world.month - round(12 * p["transfer.offer_years"]))))
    # What has lost its protection for good is not looked at again.
    known = register.possible[np.searchsorted(register.possible, first) :]
    rows = np.concatenate([known, np.arange(max(first, register.seen), inv.n)])
    class_ = classify(world, rows)
    lasting = class_ > -2
    rows, class_ = rows[lasting], class_[lasting]
    register.possible, register.seen = rows, inv.n
    register.on_market = rows[class_ == LAUNCHED_CLASS]
    found = [rows[class_ == ACADEMIC_CLASS]]
    for offered, willing in (
        (rows[class_ == UNUSED_CLASS], p["transfer.willing_unused"]),
        (register.on_market, p["transfer.willing_launched"]),
    ):
        # The owner's attitude is lasting: drawn once for each technology. Universities always offer.
        ready = world.draw.bernoulli("transfer.willing", inv.uid[offered], willing, month=ALWAYS)
        found.append(offered[ready | (orgs.kind[inv.owner[offered]] != FIRM)])
    which = np.concatenate(found)
    right = inv.right[which]
    rights.for_license[right[right >= 0]] = True
    return which, np.repeat(np.arange(CLASSES), [len(f) for f in found])


def users_by_market(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (R&D of firms by place and sector, M USD a year, (J, S); slots of these firms)."""
    orgs = world.orgs
    firms = orgs.living(FIRM)
    firms = firms[orgs.sector[firms] >= 0]
    market = orgs.jurisdiction[firms].astype(np.int64) * world.S + orgs.sector[firms]
    size = np.bincount(market, orgs.rd[firms] * orgs.weight[firms], world.J * world.S)
    return size.reshape(world.J, world.S), firms


def meeting_rate(world: World, offered: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return meetings a month per offer at usual effort in each place, float64 (J,).

    Args:
        offered: real offers by place (J,).
        size: R&D of users by place, M USD a year (J,).
    """
    crowd = np.divide(size, offered, out=np.zeros(world.J), where=offered > 0)
    return world.p["transfer.meetings"] * world.levers["transfer.matching"] * np.sqrt(crowd)


def meeting_chance(world: World, size: np.ndarray) -> np.ndarray:
    """Return the chance of an offer to be met this month by place, class and (firm, academic), float64 (J, 3, 2).

    Args:
        size: R&D of users by place and sector, M USD a year (J, S).
    """
    p = world.p
    rate = meeting_rate(world, world.intermediaries.register.offers, size.sum(axis=1))
    effort = np.array([1.0, p["transfer.effort_unused"], p["transfer.effort_launched"]])
    office = world.levers["university.tto_efficiency"]
    effort = np.stack([np.tile(effort, (world.J, 1)), effort * office[:, None]], axis=2)
    chance: np.ndarray = -np.expm1(-rate[:, None, None] * effort)
    return np.ascontiguousarray(chance)


@nb.njit(i8[::1](i8[::1], i8[::1], nb.float64[::1], nb.uint64), cache=True)
def _meet(uid: np.ndarray, cell: np.ndarray, chance: np.ndarray, key: np.uint64) -> np.ndarray:
    """Return the positions of the listed offers that are met."""
    out = np.empty(len(uid), np.int64)
    n = 0
    for k in range(len(uid)):
        if u01(np.uint64(uid[k]), key) < chance[cell[k]]:
            out[n] = k
            n += 1
    return out[:n].copy()


def make_list(world: World) -> Listing:
    """List what is on offer now; place and kind of the owners are noted as of the listing."""
    inv, orgs = world.inventions, world.orgs
    which, klass = offers(world)
    owner = inv.owner[which]
    place = orgs.jurisdiction[owner].astype(np.int64)
    academic = (orgs.kind[owner] == UNIVERSITY) | (orgs.kind[owner] == INSTITUTE)
    world.intermediaries.register.offers[:] = np.bincount(place, minlength=world.J) * world.scale
    return Listing(which, klass, inv.uid[which], (place * CLASSES + klass) * 2 + academic)


@rule("transfer", "transfer.meet")
def meet(world: World) -> None:
    """Let offers meet users: how many by the matching function, whom by race on fit, with or without a broker."""
    register = world.intermediaries.register
    register.meetings = None
    if not world.inventions.n:
        return
    inv, orgs = world.inventions, world.orgs
    if register.listed is None or world.month % LISTING_MONTHS == 0:
        register.listed = make_list(world)
        register.used = count_used(world)
    listed = register.listed
    size, firms = users_by_market(world)
    if not len(listed.which) or not len(firms):
        return
    chance = meeting_chance(world, size).ravel()
    met = _meet(listed.uid, listed.cell, chance, world.draw.key("transfer.meet"))
    # The list may be some weeks old: what has been taken, launched or lost since is no longer on offer.
    met = met[classify(world, listed.which[met]) == listed.klass[met]]
    which, klass = listed.which[met], listed.klass[met]
    owner = inv.owner[which].astype(np.int64)
    place = orgs.jurisdiction[owner].astype(np.int64)
    academic = (orgs.kind[owner] == UNIVERSITY) | (orgs.kind[owner] == INSTITUTE)
    user = find_users(world, which, place, size, firms)
    some = user >= 0
    which, klass, place, academic, user, owner = (x[some] for x in (which, klass, place, academic, user, owner))
    if not len(which):
        return
    world.tally.add("transfer_meetings", place, world.scale, inv.sector[which])
    broker = intermediary.arrange(world, inv.uid[which], place, academic)
    register.meetings = Meetings(which, klass, owner, user, inv.right[which].astype(np.int64), broker)


def find_users(
    world: World, which: np.ndarray, place: np.ndarray, size: np.ndarray, firms: np.ndarray
) -> np.ndarray:
    """Return the user that each offered invention meets, or -1; int64 (n,).

    First the user's place: chance in proportion to the R&D of the invention's sector there, abroad at a discount. Then
    two firms of that sector and place, drawn by size and absorptive capacity; the one nearer to the field takes part.
    """
    inv, orgs, p, draw = world.inventions, world.orgs, world.p, world.draw
    uid, sector = inv.uid[which], inv.sector[which].astype(np.int64)
    weight = size[:, sector].T * np.where(np.arange(world.J) == place[:, None], 1.0, p["transfer.abroad"])
    total = weight.sum(axis=1)
    if not len(which):
        return np.zeros(0, np.int64)
    where = draw.categorical("transfer.where", uid, weight / np.maximum(total, 1e-300)[:, None])
    group = np.where(total > 0, where * world.S + sector, -1)
    chance = orgs.weight[firms] * orgs.rd[firms] ** p["transfer.size_elasticity"] * orgs.absorptive[firms]
    market = orgs.jurisdiction[firms].astype(np.int64) * world.S + orgs.sector[firms]
    pool = Pool.of(firms, orgs.uid[firms], market, world.J * world.S, np.maximum(chance, 0.0))
    avoid = orgs.uid[inv.owner[which]]
    best = draw.partner("transfer.user", uid, group, pool, avoid=avoid)
    other = draw.partner("transfer.second_user", uid, group, pool, avoid=avoid)
    nearer = (other >= 0) & (fit(world, which, other) > fit(world, which, best))
    return np.where(nearer, other, best)


def fit(world: World, inventions: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Return how near a user's field is to that of a technology, 1 for the same field, float64 (n,)."""
    field = world.inventions.field[inventions]
    own = world.proximity[field, field]
    return world.proximity[field, world.orgs.field[np.maximum(users, 0)]] / own
