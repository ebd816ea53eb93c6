"""Which technologies are on offer, and whom they meet.

Meetings follow a matching function: per place M = A e offers^a users^(1-a) with a = 1/2, so that the chance of an
offer to be met falls where offers crowd (findings on the population, section 4). The chance is applied offer by offer,
so a better market meets a superset of what a worse one meets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents import intermediary
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, stock
from ecosystem.domain.knowledge import PROTECTION, STATUS
from ecosystem.kernel.luck import ALWAYS, Pool
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, DEVELOPING, LAUNCHED, DROPPED, BLOCKED, SHELVED = (
    STATUS.index(s) for s in ("idea", "developing", "launched", "dropped", "blocked", "shelved")
)
SECRET = PROTECTION.index("secret")
ACADEMIC_CLASS, UNUSED_CLASS, LAUNCHED_CLASS = range(3)

flow("transfer_meetings", "meetings", "meetings of owners and users of technology")


def _offers_now(world: World) -> np.ndarray:
    return world.intermediaries.register.offers


stock("technology_offers", "technologies", "technologies on offer at the last look", 0, _offers_now)


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


def offers(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (inventions on offer, their class), int64 (n,).

    Offered are: protected inventions of universities and institutes not on the market; protected technology that a firm
    dropped, shelved or never began and is willing to part with; launched technology whose owner is willing to license.
    """
    inv, rights, orgs, p = world.inventions, world.rights, world.orgs, world.p
    register = world.intermediaries.register
    register.reach(inv.n)
    first = int(np.searchsorted(inv.month, world.month - 12 * p["transfer.offer_years"]))
    owner = inv.owner[first:]
    status, kept = inv.status[first:], inv.protected_by[first:]
    right = inv.right[first:]
    has = right >= 0
    safe = np.where(has, right, 0)
    if rights.n:
        force = has & rights.in_force[safe]
        protected = force | (has & (rights.outcome[safe] == 0)) | ((kept == SECRET) & (status != DROPPED))
        free = ~(has & rights.pledged[safe])
    else:
        force = np.zeros(len(owner), np.bool_)
        protected, free = kept == SECRET, np.ones(len(owner), np.bool_)
    kind = np.where(owner >= 0, orgs.kind[owner], -1)
    acting = (owner >= 0) & orgs.alive[owner] & ~orgs.passive[owner] & free & protected
    academic = (kind == UNIVERSITY) | (kind == INSTITUTE)
    unlaunched = (status != LAUNCHED) & (status != DEVELOPING) & (status != STATUS.index("retired"))
    # A taker who has not begun yet holds the technology off the market.
    unlaunched &= ~((status == IDEA) & (inv.developer[first:] >= 0))
    begun = ~unlaunched
    acting &= ~(register.exclusive[first : inv.n] & begun)
    stale = (status != IDEA) | (world.month - inv.month[first:] >= p["transfer.idle_months"])
    unused = acting & ~academic & (kind == FIRM) & unlaunched & force & stale
    launched = acting & (status == LAUNCHED) & (academic | (kind == FIRM)) & (inv.line[first:] >= 0)
    found, classes = [np.flatnonzero(acting & academic & unlaunched)], [ACADEMIC_CLASS]
    for mask, klass, willing in (
        (unused, UNUSED_CLASS, p["transfer.willing_unused"]),
        (launched, LAUNCHED_CLASS, p["transfer.willing_launched"]),
    ):
        rows = np.flatnonzero(mask)
        # The owner's attitude is lasting: drawn once for each technology.
        ready = world.draw.bernoulli("transfer.willing", inv.uid[first + rows], willing, month=ALWAYS)
        found.append(rows[ready | academic[rows]])
        classes.append(klass)
    which = np.concatenate(found)
    which_class = np.repeat(np.array(classes), [len(f) for f in found])
    if rights.n:
        rights.for_license[right[which][has[which]]] = True
    return first + which, which_class


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
    which, klass = offers(world)
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
