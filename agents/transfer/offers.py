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
from ecosystem.kernel.luck import ALWAYS, Pool
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, DEVELOPING, LAUNCHED, DROPPED, BLOCKED, RETIRED, SHELVED = range(len(STATUS))
SECRET = PROTECTION.index("secret")
ACADEMIC_CLASS, UNUSED_CLASS, LAUNCHED_CLASS = range(3)
LISTING_MONTHS = 3
"""Offers are listed once a quarter; in between only those that are met are looked at again."""
USED_YEARS = 20
"""University inventions count as in use up to this age (the life of a patent)."""

flow("transfer_meetings", "meetings", "meetings of owners and users of technology")


def _offers_now(world: World) -> np.ndarray:
    return world.intermediaries.register.offers


stock("technology_offers", "technologies", "technologies on offer at the last look", 0, _offers_now)


def count_used(world: World) -> np.ndarray:
    """Return university and institute inventions on the market by place, real numbers, float64 (J,)."""
    inv = world.inventions
    first = int(np.searchsorted(inv.month, np.int32(world.month - 12 * USED_YEARS)))
    on_market = first + np.flatnonzero(inv.status[first:] == LAUNCHED)
    maker = inv.creator[on_market]
    on_market, maker = on_market[maker >= 0], maker[maker >= 0]
    academic = (world.orgs.kind[maker] == UNIVERSITY) | (world.orgs.kind[maker] == INSTITUTE)
    out: np.ndarray = np.bincount(inv.jurisdiction[on_market[academic]], minlength=world.J) * world.scale
    return out


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


@nb.njit(
    nb.int8[::1](
        nb.int64[::1], nb.int64, nb.int64, nb.int32[::1], nb.int8[::1], nb.int8[::1], nb.int32[::1], nb.int32[::1],
        nb.int32[::1], nb.int32[::1], nb.boolean[::1], nb.int8[::1], nb.boolean[::1], nb.boolean[::1], nb.int8[::1],
        nb.boolean[::1],
    ),
    cache=True,
)  # fmt: skip
def _classify(
    rows: np.ndarray, now: int, idle: int, owner: np.ndarray, status: np.ndarray, protected_by: np.ndarray,
    right: np.ndarray, made: np.ndarray, line: np.ndarray, developer: np.ndarray, in_force: np.ndarray,
    outcome: np.ndarray, pledged: np.ndarray, exclusive: np.ndarray, kind: np.ndarray, acting: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return the class of offer of each invention of ``rows``, -1 for none (see ``offers``)."""
    out = np.full(len(rows), -1, np.int8)
    for k in range(len(rows)):
        i = rows[k]
        o = owner[i]
        if o < 0 or not acting[o]:
            continue
        r = right[i]
        force = r >= 0 and in_force[r]
        secret = protected_by[i] == SECRET and status[i] != DROPPED
        if not (force or secret or (r >= 0 and outcome[r] == 0)) or (r >= 0 and pledged[r]):
            continue
        academic = kind[o] == UNIVERSITY or kind[o] == INSTITUTE
        if not academic and kind[o] != FIRM:
            continue
        if status[i] == LAUNCHED:
            if line[i] >= 0 and not exclusive[i]:
                out[k] = LAUNCHED_CLASS
            continue
        # A taker who has not begun yet holds the technology off the market.
        if status[i] == DEVELOPING or status[i] == RETIRED or (status[i] == IDEA and developer[i] >= 0):
            continue
        if academic:
            out[k] = ACADEMIC_CLASS
        elif force and (status[i] != IDEA or now - made[i] >= idle):
            out[k] = UNUSED_CLASS
    return out


def classify(world: World, rows: np.ndarray) -> np.ndarray:
    """Return the class of offer of inventions, -1 for none, int8 (n,)."""
    inv, rights, orgs = world.inventions, world.rights, world.orgs
    register = world.intermediaries.register
    register.reach(inv.n)
    return _classify(
        rows, world.month, round(world.p["transfer.idle_months"]), inv.owner, inv.status, inv.protected_by, inv.right,
        inv.month, inv.line, inv.developer, rights.in_force, rights.outcome, rights.pledged, register.exclusive,
        orgs.kind, orgs.alive & ~orgs.passive,
    )  # fmt: skip


def offers(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (inventions on offer, their class), int64 (n,).

    Offered are: protected inventions of universities and institutes not on the market; protected technology that a firm
    dropped, shelved or never began and is willing to part with; launched technology whose owner is willing to license.
    """
    inv, rights, orgs, p = world.inventions, world.rights, world.orgs, world.p
    first = int(np.searchsorted(inv.month, np.int32(world.month - round(12 * p["transfer.offer_years"]))))
    class_ = classify(world, np.arange(first, inv.n))
    world.intermediaries.register.on_market = first + np.flatnonzero(class_ == LAUNCHED_CLASS)
    found, classes = [first + np.flatnonzero(class_ == ACADEMIC_CLASS)], [ACADEMIC_CLASS]
    for klass, willing in (
        (UNUSED_CLASS, p["transfer.willing_unused"]),
        (LAUNCHED_CLASS, p["transfer.willing_launched"]),
    ):
        rows = first + np.flatnonzero(class_ == klass)
        # The owner's attitude is lasting: drawn once for each technology. Universities always offer.
        ready = world.draw.bernoulli("transfer.willing", inv.uid[rows], willing, month=ALWAYS)
        found.append(rows[ready | (orgs.kind[inv.owner[rows]] != FIRM)])
        classes.append(klass)
    which = np.concatenate(found)
    right = inv.right[which]
    rights.for_license[right[right >= 0]] = True
    return which, np.repeat(np.array(classes), [len(f) for f in found])


def users_by_market(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (R&D of firms by place and sector, M USD a year, (J, S); slots of these firms)."""
    orgs = world.orgs
    firms = orgs.living(FIRM)
    firms = firms[orgs.sector[firms] >= 0]
    size = np.zeros((world.J, world.S))
    np.add.at(size, (orgs.jurisdiction[firms], orgs.sector[firms]), orgs.rd[firms] * orgs.weight[firms])
    return size, firms


def meeting_rate(world: World, offered: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return meetings a month per offer at usual effort in each place, float64 (J,).

    Args:
        offered: real offers by place (J,).
        size: R&D of users by place, M USD a year (J,).
    """
    crowd = np.divide(size, offered, out=np.zeros(world.J), where=offered > 0)
    return world.p["transfer.meetings"] * world.levers["transfer.matching"] * np.sqrt(crowd)


@rule("transfer", "transfer.meet")
def meet(world: World) -> None:
    """Let offers meet users: how many by the matching function, whom by race on fit, with or without a broker."""
    register = world.intermediaries.register
    register.meetings = None
    if not world.inventions.n:
        return
    inv, orgs, p, draw = world.inventions, world.orgs, world.p, world.draw
    if register.listed is None or world.month % LISTING_MONTHS == 0:
        register.listed = offers(world)
        register.used = count_used(world)
    which, klass = register.listed
    place = orgs.jurisdiction[inv.owner[which]].astype(np.int64)
    register.offers = np.bincount(place, minlength=world.J) * world.scale
    size, firms = users_by_market(world)
    if not len(which) or not len(firms):
        return
    rate = meeting_rate(world, register.offers, size.sum(axis=1))[place]
    effort = np.array([1.0, p["transfer.effort_unused"], p["transfer.effort_launched"]])[klass]
    academic = (orgs.kind[inv.owner[which]] == UNIVERSITY) | (orgs.kind[inv.owner[which]] == INSTITUTE)
    effort = np.where(academic, effort * world.levers["university.tto_efficiency"][place], effort)
    met = draw.bernoulli("transfer.meet", inv.uid[which], -np.expm1(-rate * effort))
    met = np.flatnonzero(met)
    # The list may be some weeks old: what has been taken, launched or lost since is no longer on offer.
    met = met[classify(world, which[met]) == klass[met]]
    which, klass, place, academic = which[met], klass[met], place[met], academic[met]
    user = find_users(world, which, place, size, firms)
    some = user >= 0
    which, klass, place, academic, user = which[some], klass[some], place[some], academic[some], user[some]
    if not len(which):
        return
    world.tally.add("transfer_meetings", place, world.scale, inv.sector[which])
    broker = intermediary.arrange(world, inv.uid[which], place, academic)
    owner, right = inv.owner[which].astype(np.int64), inv.right[which].astype(np.int64)
    register.meetings = Meetings(which, klass, owner, user, right, broker)


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
