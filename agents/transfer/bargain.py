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
from typing import TYPE_CHECKING

import numpy as np

from agents import intermediary
from agents.organizations import INSTITUTE, UNIVERSITY
from agents.transfer.offers import LAUNCHED_CLASS, Meetings, fit
from ecosystem.domain.knowledge import PROTECTION
from ecosystem.domain.valuation import INSTRUMENTS, owner_loss, user_gain

if TYPE_CHECKING:
    from ecosystem.world import World


_INSTRUMENT = np.array([INSTRUMENTS.index(w if w in INSTRUMENTS else "none") for w in PROTECTION])


@dataclass(frozen=True, slots=True)
class Terms:
    """Outcome of bargaining, one row a meeting; money is for one real deal.

    Attributes:
        gain: gain of this taker, X, M USD2020, float64 (n,).
        price: present value of what the taker pays, M USD2020, float64 (n,).
        possible: the joint surplus was positive, bool (n,).
        agreed: both sides agreed, bool (n,).
    """

    gain: np.ndarray
    price: np.ndarray
    possible: np.ndarray
    agreed: np.ndarray


def bargain(
    gain: np.ndarray,
    outlay: np.ndarray,
    loss: np.ndarray,
    cost: np.ndarray,
    error_user: np.ndarray,
    error_owner: np.ndarray,
    share: np.ndarray,
    by_share: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (price, possible, agreed) of each meeting; see the module's equations.

    Args:
        gain, outlay, loss, cost: X, C, L, K in M USD2020, float64 (n,).
        error_user, error_owner: exp(noise z) of both sides, float64 (n,).
        share: rho where ``by_share``, else the owner's part b of the surplus, float64 (n,).
        by_share: the owner asks a share of the taker's gain (universities), bool (n,).
    """
    seen = gain * error_user
    surplus = gain - outlay - loss - cost
    asked = loss + 0.5 * cost + share * np.maximum(surplus, 0.0) * error_owner
    price = np.where(by_share, share * seen, asked)
    possible = surplus > 0.0
    academic = (1.0 - share) * seen > outlay + cost
    firm = possible & (seen - outlay - 0.5 * cost > asked)
    return price, possible, np.where(by_share, academic, firm)


def alternatives(
    world: World, inventions: np.ndarray, users: np.ndarray, gain: np.ndarray, usual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (U, L) for technology on the market: taker's alternative and owner's loss, M USD2020, float64 (n,)."""
    inv = world.inventions
    instrument = _INSTRUMENT[inv.protected_by[inventions]]
    seat = world.orgs.jurisdiction[users].astype(np.int64)
    kept = world.experience.share_kept()[instrument, seat, inv.sector[inventions]]
    copying = world.p["transfer.outlay_copy"] * usual
    return (1.0 - kept) * np.maximum(0.0, gain - copying), kept * owner_loss(world, inventions)


def terms(world: World, meetings: Meetings) -> Terms:
    """Bargain in all meetings of the month."""
    p, levers, draw, orgs = world.p, world.levers, world.draw, world.orgs
    which, user, owner, klass = meetings.invention, meetings.user, meetings.owner, meetings.klass
    uid = world.inventions.uid[which]
    place = orgs.jurisdiction[owner].astype(np.int64)
    usual = user_gain(world, which, user)
    suits = fit(world, which, user) ** p["transfer.fit_elasticity"]
    suits = suits * np.exp(p["transfer.fit_spread"] * draw.normal("transfer.fit", uid))
    risk = np.full(len(which), p["transfer.pending_risk"])
    secure = meetings.right >= 0
    if world.rights.n:
        secure &= world.rights.in_force[np.maximum(meetings.right, 0)]
    risk[secure] = p["transfer.validity_risk"]
    gain = usual * suits * (1.0 - risk)
    part = np.array([p["transfer.outlay_academic"], p["transfer.outlay_unused"], p["transfer.outlay_launched"]])
    outside, lost = alternatives(world, which, user, gain, usual)
    on_market = klass == LAUNCHED_CLASS
    loss = np.where(on_market, lost, 0.0)
    outlay = part[klass] * usual + np.where(on_market, outside, 0.0)
    academic = (orgs.kind[owner] == UNIVERSITY) | (orgs.kind[owner] == INSTITUTE)
    # A university sells nothing itself: what its licensees lose to one more licensee is not its loss.
    loss = np.where(academic, 0.0, loss)
    noise = levers["transfer.valuation_noise"][place] * intermediary.clarity(world, meetings.broker)
    share = np.where(academic, levers["university.royalty_asked"][place], p["transfer.owner_part"])
    price, possible, agreed = bargain(
        gain, outlay, loss, levers["transfer.transaction_cost"][place],
        np.exp(noise * draw.normal("transfer.user_error", uid)),
        np.exp(noise * draw.normal("transfer.owner_error", uid)),
        share, academic,
    )  # fmt: skip
    return Terms(gain, price, possible, agreed)

