"""Bargaining over one technology: what the taker expects, what the owner asks, and whether the two fit.

With G the usual gain of a further seller, X = G fit (1 - risk) the gain of this taker, C its outlay, L the loss of the
owner, K the cost of the deal, both sides see X with their own error e = exp(noise z):

For technology on the market no deal does not mean no use: of those who try to copy only the share k is kept out. So the
taker's best alternative, U = (1 - k) max(0, X - cost to copy), counts as part of C, and the owner loses L = k x what
one more seller takes from it. Licenses then pay where copying would be dear and exclusion is weak.

- a university asks the share rho of the gain: deal iff (1 - rho) X e_user > C + K; price rho X e_user. The taker's
  decision makes a high rho costly for the university itself (findings on the population, section 2);
- a firm asks its loss plus its part b of the surplus S = X - C - L - K as it sees it: ask = L + K/2 + b S e_owner; deal
  iff S > 0 and X e_user - C - K/2 > ask (Nash with disagreement; findings on the balance of protection, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from agents.intermediary import disagreement_left
from agents.organizations import INSTITUTE, UNIVERSITY
from agents.sme_counsel import better_terms
from agents.transfer.listing import LAUNCHED_CLASS
from agents.transfer.offers import RR8, Meetings, fit_of, u8
from ecosystem.domain.knowledge import PROTECTION
from ecosystem.domain.market import MOST_USERS
from ecosystem.domain.potential import F8, FF8, FFF8, I1, I4, I8, POTENTIAL, B, b1, f8, i8, outlook, potential_of
from ecosystem.domain.switches import friction
from ecosystem.domain.valuation import INSTRUMENTS
from ecosystem.kernel.luck import inverse_normal, u01

if TYPE_CHECKING:
    from ecosystem.world import World


_INSTRUMENT = np.array([INSTRUMENTS.index(w if w in INSTRUMENTS else "none") for w in PROTECTION])

SIDES = (i8, *POTENTIAL, I1, I1, I8, I4, FF8, F8, F8, F8, FFF8)
"""Types of ``prospects``."""


def prospects(world: World) -> tuple[Any, ...]:
    """Return what ``sides`` reads beside the technology and the two sides, in its order."""
    v = world.valuation
    return (
        world.month, *outlook(world), world.inventions.protected_by, world.orgs.jurisdiction, _INSTRUMENT,
        world.lines.users, v.alone, v.shared, v.discount, v.hazard, world.experience.share_kept(),
    )  # fmt: skip


@nb.njit(nb.types.UniTuple(f8, 3)(i8, i8, i8, *SIDES), cache=True)
def sides(
    i: int, user: int, owner: int, month: int, made: np.ndarray, line: np.ndarray, launched: np.ndarray,
    sector: np.ndarray, potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray,
    learning: float, protected_by: np.ndarray, seat: np.ndarray, instrument: np.ndarray, sellers_of: np.ndarray,
    alone: np.ndarray, shared: np.ndarray, discount: np.ndarray, hazard: np.ndarray, kept: np.ndarray,
) -> tuple[float, float, float]:  # fmt: skip
    """Return (G, k, k x loss of the owner to one more seller) of technology ``i``, M USD2020 of one real use.

    G = Y K1 x share of one of n + 1 equal sellers / (r + d + hazard), as ``ecosystem.domain.valuation.user_gain``.
    """
    s = sector[i]
    y = potential_of(i, month, made, line, launched, sector, potential, expected, decay, usual, learning)
    n = np.int64(sellers_of[line[i]]) if line[i] >= 0 else 0
    rate = discount[s] + hazard[s]
    gain = y * alone[seat[user], s] * shared[min(n + 1, MOST_USERS)] / rate
    share = kept[instrument[protected_by[i]], seat[user], s]
    lost = 0.0
    if line[i] >= 0:
        lost = shared[min(max(n, 1), MOST_USERS)] - shared[min(n + 1, MOST_USERS)]
    return gain, share, share * (y * alone[seat[owner], s] * lost / rate)


@nb.njit(i8(i8, i8, I4, I4, B, I4), cache=True)
def use_of(
    line: int, who: int, first_use: np.ndarray, next_use: np.ndarray, active: np.ndarray, user: np.ndarray
) -> int:
    """Return the active use that an organization has of a line, or -1."""
    if line < 0:
        return -1
    use: int = first_use[line]
    while use >= 0 and not (active[use] and user[use] == who):
        use = next_use[use]
    return use


@nb.njit(nb.types.Tuple((f8, b1, b1))(f8, f8, f8, f8, f8, f8, f8, b1), cache=True)
def bargain_one(
    gain: float, outlay: float, loss: float, cost: float, error_user: float, error_owner: float, share: float,
    by_share: bool,
) -> tuple[float, bool, bool]:  # fmt: skip
    """Return (price, possible, agreed) of one meeting; see the module's equations.

    Args:
        gain, outlay, loss, cost: X, C, L, K in M USD2020.
        error_user, error_owner: exp(noise z) of both sides.
        share: rho where ``by_share``, else the owner's part b of the surplus.
        by_share: the owner asks a share of the taker's gain (universities).
    """
    seen = gain * error_user
    surplus = gain - outlay - loss - cost
    possible = surplus > 0.0
    if by_share:
        return share * seen, possible, (1.0 - share) * seen > outlay + cost
    asked = loss + 0.5 * cost + share * max(surplus, 0.0) * error_owner
    return asked, possible, possible and seen - outlay - 0.5 * cost > asked


@dataclass(frozen=True, slots=True)
class Terms:
    """Outcome of bargaining, one row a meeting; money is for one real deal.

    Attributes:
        money: gain of this taker X, price (present value of what it pays) and what it can pay, M USD2020, (3, n).
        use: active use that the taker has of the technology already, or -1, int64 (n,).
        possible: the joint surplus was positive, bool (n,).
        agreed: both sides agreed, bool (n,).
        go: meetings in which both agree and the taker can pay the negotiation, by taker and identity of the technology.
    """

    money: np.ndarray
    use: np.ndarray
    possible: np.ndarray
    agreed: np.ndarray
    go: np.ndarray


@nb.njit(
    nb.types.Tuple((FF8, I8, B, B, I8))(
        I8, I8, I8, I8, I8, I8, F8, F8, f8, F8, F8, F8, F8, I8, I1, I1, I1, F8, F8, F8, B, RR8, I4, I4, B, I4, B, FF8,
        FF8, u8, u8, u8, *SIDES
    ),
    cache=True,
)  # fmt: skip
def weigh(
    which: np.ndarray, klass: np.ndarray, owners: np.ndarray, users: np.ndarray, rights: np.ndarray,
    broker: np.ndarray, p: np.ndarray, part: np.ndarray, scale: float, noise: np.ndarray, clarity: np.ndarray,
    cost: np.ndarray,
    asked: np.ndarray, uid: np.ndarray, field: np.ndarray, core: np.ndarray, kind: np.ndarray, cash: np.ndarray,
    credit: np.ndarray, weight: np.ndarray, in_force: np.ndarray, proximity: np.ndarray, first_use: np.ndarray,
    next_use: np.ndarray, active: np.ndarray, use_user: np.ndarray, infringing: np.ndarray, promising: np.ndarray,
    failed: np.ndarray, key_fit: np.uint64, key_user: np.uint64, key_owner: np.uint64, month: int, made: np.ndarray,
    line: np.ndarray, launched: np.ndarray, sector: np.ndarray, potential: np.ndarray, expected: np.ndarray,
    decay: np.ndarray, usual: np.ndarray, learning: float, protected_by: np.ndarray, seat: np.ndarray,
    instrument: np.ndarray, sellers_of: np.ndarray, alone: np.ndarray, shared: np.ndarray, discount: np.ndarray,
    hazard: np.ndarray, kept: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Bargain in all meetings and count promising and failed ones (see ``Terms``); ``p`` as ``terms`` passes it."""
    elasticity, spread, pending, validity, copying, owner_part, cash_part = p
    n = len(which)
    money, uses = np.empty((3, n)), np.empty(n, np.int64)
    fair, agreed = np.empty(n, np.bool_), np.empty(n, np.bool_)
    go = np.empty(n, np.int64)
    m = 0
    for k in range(n):
        i, o, u = which[k], owners[k], users[k]
        me, place = np.uint64(uid[i]), seat[o]
        gain, out, lost = sides(
            i, u, o, month, made, line, launched, sector, potential, expected, decay, usual, learning, protected_by,
            seat, instrument, sellers_of, alone, shared, discount, hazard, kept,
        )  # fmt: skip
        # X = G fit (1 - risk)
        suits = fit_of(field[i], core[u], proximity) ** elasticity
        suits = suits * np.exp(spread * inverse_normal(u01(me, key_fit)))
        risk = validity if rights[k] >= 0 and in_force[rights[k]] else pending
        x = gain * suits * (1.0 - risk)
        # C and L; a university sells nothing itself: what its licensees lose to one more is not its loss
        academic = kind[o] == UNIVERSITY or kind[o] == INSTITUTE
        outlay, loss = part[klass[k]] * gain, 0.0
        if klass[k] == LAUNCHED_CLASS:
            outlay += (1.0 - out) * max(0.0, x - copying * gain)
            loss = 0.0 if academic else lost
        disagreement = noise[place] * (clarity[place] if broker[k] >= 0 else 1.0)
        price, possible, both = bargain_one(
            x, outlay, loss, cost[place], np.exp(disagreement * inverse_normal(u01(me, key_user))),
            np.exp(disagreement * inverse_normal(u01(me, key_owner))), asked[place] if academic else owner_part, academic,
        )  # fmt: skip
        use = use_of(line[i], u, first_use, next_use, active, use_user)
        eligible = use < 0 or infringing[use]
        # Both sides must bear the cost of negotiation out of money at hand.
        able = cash_part * max(0.0, cash[u] + credit[u]) / (scale / weight[u])
        money[0, k], money[1, k], money[2, k] = x, price, able
        uses[k], fair[k], agreed[k] = use, possible, both
        if possible and eligible:
            promising[place, -1] += scale
            if not both:
                failed[place, -1] += scale
        if eligible and both and able > cost[place]:
            # few agree: they are put in order by taker and identity one by one
            at = m
            while at > 0 and (users[go[at - 1]] > u or (users[go[at - 1]] == u and uid[which[go[at - 1]]] > uid[i])):
                go[at] = go[at - 1]
                at -= 1
            go[at] = k
            m += 1
    return money, uses, fair, agreed, go[:m].copy()


def terms(world: World, meetings: Meetings) -> Terms:
    """Bargain in all meetings of the quarter."""
    p, levers, draw, orgs, inv, uses = world.p, world.levers, world.draw, world.orgs, world.inventions, world.uses
    numbers = np.array(
        [
            p["transfer.fit_elasticity"], p["transfer.fit_spread"], p["transfer.pending_risk"],
            p["transfer.validity_risk"], p["transfer.outlay_copy"], p["transfer.owner_part"], p["transfer.cash_part"],
        ]
    )  # fmt: skip
    part = np.array([p["transfer.outlay_academic"], p["transfer.outlay_unused"], p["transfer.outlay_launched"]])
    money, use, possible, agreed, go = weigh(
        meetings.invention, meetings.klass, meetings.owner, meetings.user, meetings.right, meetings.broker, numbers, part,
        world.scale, friction(world, "transfer.valuation_noise"), disagreement_left(world),
        friction(world, "transfer.transaction_cost"),
        levers["university.royalty_asked"], inv.uid, inv.field, orgs.field, orgs.kind, orgs.cash, orgs.credit,
        orgs.weight, world.rights.in_force, world.proximity, world.lines.first_use, uses.next_use, uses.active, uses.user,
        uses.infringing, world.tally["promising_meetings"], world.tally["failed_meetings"], draw.key("transfer.fit"),
        draw.key("transfer.user_error"), draw.key("transfer.owner_error"), *prospects(world),
    )  # fmt: skip
    money[1] *= better_terms(world, meetings.owner, meetings.user)
    return Terms(money, use, possible, agreed, go)
