"""What is on offer: the list of technologies that owners would pass on, renewed each quarter.

Offered are protected inventions of universities and institutes not on the market (class academic), protected technology
that a firm dropped, shelved or never began (unused), and launched technology (launched) whose owner is willing to license.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import stock
from ecosystem.domain.knowledge import PROTECTION, STATUS
from ecosystem.domain.potential import F8, I1, I4, I8, B, f8, i8
from ecosystem.kernel.luck import ALWAYS, u01

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, DEVELOPING, LAUNCHED, DROPPED, BLOCKED, RETIRED, SHELVED = range(len(STATUS))
SECRET = PROTECTION.index("secret")
CLASSES = 3
ACADEMIC_CLASS, UNUSED_CLASS, LAUNCHED_CLASS = range(CLASSES)
MONTHS = 3
"""Owners and users meet, bargain and swap once a quarter, at three times the monthly rates."""
UNPROTECTED_MONTHS = 1
"""Protection is chosen in the month of making: without right or secrecy after that, an invention never has either."""
USED_YEARS = 20
"""University inventions count as in use up to this age (the life of a patent)."""

u8 = nb.uint64


@dataclass(frozen=True, slots=True)
class Listing:
    """Offers of the quarter: inventions, class of offer, identity, and cell (place, class, academic owner) of each."""

    which: np.ndarray
    klass: np.ndarray
    uid: np.ndarray
    cell: np.ndarray


COLUMNS = (I4, I1, I1, I4, I4, I4, I4, B, I1, B, B, I1, B, B)
"""Types of ``_columns``."""


def _columns(world: World) -> tuple[Any, ...]:
    inv, rights, orgs, register = world.inventions, world.rights, world.orgs, world.intermediaries.register
    register.reach(inv.n)
    return (
        inv.owner, inv.status, inv.protected_by, inv.right, inv.month, inv.line, inv.developer, rights.in_force,
        rights.outcome, rights.pledged, register.exclusive, orgs.kind, orgs.alive, orgs.passive,
    )  # fmt: skip


@nb.njit(
    nb.types.Tuple((I8, I8, I8, I8, I8, I8))(I8, i8, i8, i8, i8, i8, I8, I1, f8, f8, u8, f8, F8, B, *COLUMNS),
    cache=True,
)  # fmt: skip
def list_offers(
    known: np.ndarray, first: int, seen: int, total: int, now: int, idle: int, uid: np.ndarray, seat: np.ndarray,
    willing_unused: float, willing_launched: float, key: np.uint64, scale: float, offers: np.ndarray,
    for_license: np.ndarray, owner: np.ndarray, status: np.ndarray, protected_by: np.ndarray, right: np.ndarray,
    made: np.ndarray, line: np.ndarray, developer: np.ndarray, in_force: np.ndarray, outcome: np.ndarray,
    pledged: np.ndarray, exclusive: np.ndarray, kind: np.ndarray, alive: np.ndarray, passive: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Look at the inventions ``known`` from slot ``first`` on and at the new ones ``seen`` to ``total``.

    A firm's attitude to a technology is lasting: one draw with chance ``willing``; universities always offer. Counts
    offers by seat of the owner into ``offers`` and marks offered rights ``for_license``.

    Returns:
        (inventions that may be on offer now or later, those on the market willing owner or not, offered inventions, their
        class, identity and cell), ascending.
    """
    a = np.searchsorted(known, first)
    start = max(first, seen)
    most = len(known) - a + max(total - start, 0)
    possible, on_market, which = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    klass, uids, cell = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    n, m, k = 0, 0, 0
    offers[:] = 0.0
    for t in range(most):
        i = known[a + t] if a + t < len(known) else start + (a + t - len(known))
        # What can be told from the invention alone comes first: most rows end here, before any jump in memory.
        r, at = right[i], status[i]
        secret = protected_by[i] == SECRET and at != DROPPED
        if at == RETIRED or (r < 0 and not secret):
            if at != RETIRED and now - made[i] <= UNPROTECTED_MONTHS:
                possible[n] = i
                n += 1
            continue
        possible[n] = i
        n += 1
        # A taker who has not begun yet holds the technology off the market.
        if at == DEVELOPING or (at == IDEA and developer[i] >= 0):
            continue
        if at == LAUNCHED and (line[i] < 0 or exclusive[i]):
            continue
        force = r >= 0 and in_force[r]
        if not (force or secret or outcome[r] == 0):
            if protected_by[i] != SECRET:
                n -= 1  # lost for good
            continue
        if r >= 0 and pledged[r]:
            continue
        o = owner[i]
        if o < 0 or not alive[o] or passive[o]:
            continue
        academic = kind[o] == UNIVERSITY or kind[o] == INSTITUTE
        if not academic and kind[o] != FIRM:
            continue
        if at == LAUNCHED:
            c = LAUNCHED_CLASS
            on_market[m] = i
            m += 1
        elif academic:
            c = ACADEMIC_CLASS
        elif force and (at != IDEA or now - made[i] >= idle):
            c = UNUSED_CLASS
        else:
            continue
        # the attitude of firms
        willing = willing_unused if c == UNUSED_CLASS else willing_launched
        if not academic and u01(np.uint64(uid[i]), key) >= willing:
            continue
        which[k], klass[k], uids[k], cell[k] = i, c, uid[i], (seat[o] * CLASSES + c) * 2 + (1 if academic else 0)
        k += 1
        offers[seat[o]] += scale
        if r >= 0:
            for_license[r] = True
    return (
        possible[:n].copy(),
        on_market[:m].copy(),
        which[:k].copy(),
        klass[:k].copy(),
        uids[:k].copy(),
        cell[:k].copy(),
    )


def make_list(world: World) -> Listing:
    """List what is on offer now; place and kind of the owners are noted as of the listing."""
    inv, orgs, p = world.inventions, world.orgs, world.p
    register = world.intermediaries.register
    first = int(np.searchsorted(inv.month, np.int32(world.month - round(12 * p["transfer.offer_years"]))))
    register.possible, register.on_market, which, klass, uid, cell = list_offers(
        register.possible, first, register.seen, inv.n, world.month, round(p["transfer.idle_months"]), inv.uid,
        orgs.jurisdiction, p["transfer.willing_unused"], p["transfer.willing_launched"],
        world.draw.key("transfer.willing", ALWAYS), world.scale, register.offers, world.rights.for_license,
        *_columns(world),
    )  # fmt: skip
    register.seen = inv.n
    return Listing(which, klass, uid, cell)


@nb.njit(I8(I8, i8, i8, I4, I1), cache=True)
def _academic(known: np.ndarray, seen: int, total: int, maker: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Return ``known`` and those of the inventions ``seen`` to ``total`` that universities and institutes made."""
    out = np.empty(len(known) + total - seen, np.int64)
    n = len(known)
    out[:n] = known
    for i in range(seen, total):
        if maker[i] >= 0 and (kind[maker[i]] == UNIVERSITY or kind[maker[i]] == INSTITUTE):
            out[n] = i
            n += 1
    return out[:n].copy()


@nb.njit(F8(I8, i8, I1, I1, i8, f8), cache=True)
def _count_used(
    rows: np.ndarray, first: int, status: np.ndarray, made_in: np.ndarray, places: int, scale: float
) -> np.ndarray:
    """Count inventions of ``rows`` from slot ``first`` on that came to market, by place, real numbers."""
    out = np.zeros(places)
    for k in range(np.searchsorted(rows, first), len(rows)):
        if status[rows[k]] == LAUNCHED or status[rows[k]] == RETIRED:
            out[made_in[rows[k]]] += scale
    return out


def count_used(world: World) -> np.ndarray:
    """Return university and institute inventions that came to market by place, real numbers, float64 (J,)."""
    inv, register = world.inventions, world.intermediaries.register
    first = int(np.searchsorted(inv.month, np.int32(world.month - 12 * USED_YEARS)))
    register.academic = _academic(register.academic, register.academic_seen, inv.n, inv.creator, world.orgs.kind)
    register.academic_seen = inv.n
    out: np.ndarray = _count_used(register.academic, first, inv.status, inv.jurisdiction, world.J, world.scale)
    return out


stock("technology_offers", "technologies", "technologies on offer at the last look", 0,
      lambda world: world.intermediaries.register.offers)  # fmt: skip
stock("university_inventions_used", "inventions", "university inventions of the last 20 years that came to market", 1,
      lambda world: world.intermediaries.register.used)  # fmt: skip
