"""Intermediaries: market places, brokers, associations and transfer networks bring owners and users together.

They arrange a share of the meetings of their place (``transfer.brokered_share``), give both sides a clearer view of the
value, and take a commission on the price of each deal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from agents.handle import Handle
from ecosystem.domain.switches import off
from ecosystem.kernel.luck import Pool, fold
from ecosystem.kernel.table import Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

KINDS = ("marketplace", "broker", "association", "transfer_network", "pool", "regional_center")
MARKETPLACE, BROKER, ASSOCIATION, NETWORK, POOL, CENTER = range(6)
SEED = 6_003
"""Folded into the identities of intermediaries."""


class Register:
    """What intermediaries know of technologies: licensed at all, licensed exclusively, offered last month.

    Attributes:
        licensed, exclusive: by invention slot, bool.
        offers: real offers by place at the last look, float64 (places,).
        used: real university inventions on the market by place at the last listing, float64 (places,).
        on_market: protected inventions on the market at the last listing, willing owners or not, int64.
        possible: inventions seen at the last listing that may be on offer now or later, ascending, int64.
        seen: rows of the table of inventions at the last listing.
        academic: inventions made by universities and institutes, ascending, int64; ``academic_seen`` rows looked at.
        pool: intermediaries by (academic owner, place), arranged anew when the reach of associations changes.
        pool_reach: reach of associations for which it was arranged, float64 (places,).
        meetings: the quarter's meetings, handed from those who arrange them to those who bargain.
    """

    meetings: Any = None

    def __init__(self, places: int) -> None:
        self.licensed = np.zeros(1024, np.bool_)
        self.exclusive = np.zeros(1024, np.bool_)
        self.offers = np.zeros(places)
        self.used = np.zeros(places)
        self.on_market = np.zeros(0, np.int64)
        self.possible = np.zeros(0, np.int64)
        self.seen = 0
        self.academic = np.zeros(0, np.int64)
        self.academic_seen = 0
        self.pool: Pool | None = None
        self.pool_reach = np.ones(places)

    def reach(self, n: int) -> None:
        """Make room for ``n`` inventions."""
        if n > len(self.licensed):
            more = max(n, 2 * len(self.licensed)) - len(self.licensed)
            self.licensed = np.concatenate([self.licensed, np.zeros(more, np.bool_)])
            self.exclusive = np.concatenate([self.exclusive, np.zeros(more, np.bool_)])


class Intermediaries(Table):
    """One row an intermediary of a kind and place; counts and money are real-world totals."""

    register: Register
    """Register of licenses, kept by the intermediaries of all places together."""

    uid = Column(np.int64, "id", "stable identity")
    kind = Column(np.int8, "code", "kind of intermediary", 0, KINDS)
    jurisdiction = Column(np.int8, "place", "seat")
    region = Column(np.int8, "region", "seat of a regional center, -1 for the whole place", -1)
    reach = Column(np.float64, "1", "weight among the intermediaries of its place")
    meetings = Column(np.float64, "meetings", "meetings arranged since the start")
    deals = Column(np.float64, "deals", "deals closed since the start")
    income = Column(np.float64, "M USD2020", "commissions received since the start")


class Intermediary(Handle):
    """A market place, broker, association, transfer network, pool or regional IP center."""

    table = "intermediaries"


def open_intermediaries(world: World) -> None:
    """Create one intermediary of each kind in each jurisdiction; pools bundle nothing yet."""
    rows, p = world.intermediaries, world.p
    rows.register = Register(world.J)
    reach = {
        MARKETPLACE: p["intermediary.reach_marketplace"],
        BROKER: p["intermediary.reach_broker"],
        ASSOCIATION: p["intermediary.reach_association"],
        NETWORK: p["intermediary.reach_transfer_network"],
        POOL: 0.0,
    }
    for place in range(world.P):
        for kind, weight in reach.items():
            rows.add(1, uid=fold(SEED, place, kind), kind=kind, jurisdiction=place, reach=weight)


def arrange(world: World, meetings: np.ndarray, place: np.ndarray, academic: np.ndarray) -> np.ndarray:
    """Return the intermediary that arranges each meeting, or -1 where the sides meet by themselves; int64 (n,).

    Args:
        meetings: identities of the meetings, int64 (n,).
        place: place of the owner, int (n,).
        academic: the owner is a university or institute, bool (n,).
    """
    rows = world.intermediaries
    more = np.where(academic, 0.0, association_extra(world)[place])
    share = (world.levers["transfer.brokered_share"][place] + more) / (1.0 + more)
    brokered = world.draw.bernoulli("intermediary.arrange", meetings, share)
    group = np.where(brokered, place + world.J * academic, -1)
    out = world.draw.partner("intermediary.who", meetings, group, _pool(world))
    rows.meetings[:] += world.scale * np.bincount(out[out >= 0], minlength=rows.n)
    return out


def disagreement_left(world: World) -> np.ndarray:
    """Return the share of the disagreement about value that is left in meetings of an intermediary, float64 (J,).

    c + (c' - c) (b - b0) / b where more meetings are arranged (b) than in the base year (b0): who comes into the business
    because it is supported sees less clearly (c') than who was there before (c).
    """
    p, share = world.p, world.levers["transfer.brokered_share"]
    usual = p["intermediary.clarity"]
    new = np.maximum(share - world.base_levers["transfer.brokered_share"], 0.0)
    part = np.divide(new, share, out=np.zeros(world.J), where=new > 0.0)
    return np.asarray(usual + (p["intermediary.clarity_new"] - usual) * part)


def association_extra(world: World) -> np.ndarray:
    """Return meetings between firms that a wider reach of associations adds, relative to all usual ones, float64 (J,).

    x = b a (r - 1): b the share of meetings that intermediaries arrange, a the part of associations in it, r their reach
    relative to the usual. Members hear of technologies of other members; no other meeting is lost to it.
    """
    p, levers = world.p, world.levers
    part = p["intermediary.reach_association"]
    part /= max(part + p["intermediary.reach_marketplace"] + p["intermediary.reach_broker"], 1e-12)
    extra = levers["transfer.brokered_share"] * part * (levers["transfer.association_reach"] - 1.0)
    return np.asarray(np.maximum(extra, -0.99))


def _pool(world: World) -> Pool:
    """Return intermediaries by (academic owner, place); none enters or leaves but regional centers, which have no part in it.

    Associations work for firms only, transfer networks for universities and institutes only.
    """
    rows = world.intermediaries
    register = rows.register
    wide = world.levers["transfer.association_reach"]
    if register.pool is None or not np.array_equal(wide, register.pool_reach):
        register.pool_reach = wide.copy()
        reach = np.where(rows.kind == ASSOCIATION, rows.reach * wide[rows.jurisdiction], rows.reach)
        weight = np.concatenate([np.where(rows.kind == closed, 0.0, reach) for closed in (NETWORK, ASSOCIATION)])
        place = np.concatenate([rows.jurisdiction.astype(np.int64), rows.jurisdiction + np.int64(world.J)])
        slots = np.tile(np.arange(rows.n), 2)
        register.pool = Pool.of(slots, rows.uid[slots], place, 2 * world.J, weight)
    return register.pool


def commission(world: World, broker: np.ndarray, payer: np.ndarray, price: np.ndarray) -> None:
    """Charge the commission on brokered deals; public centers charge none.

    Args:
        broker: intermediary slots, -1 for none, int (n,).
        payer: organizations, int (n,).
        price: real-world totals already paid, M USD2020, float64 (n,).
    """
    rows = world.intermediaries
    brokered = broker >= 0
    if not brokered.any():
        return
    who, payer = broker[brokered], payer[brokered]
    free = (rows.kind[who] == CENTER) | off(world, "licensing_frictions")
    amount = np.where(free, 0.0, world.p["intermediary.commission"] * price[brokered])
    place = rows.jurisdiction[who].astype(np.int64)
    world.accounts.pay("commission", "organizations", payer, "services", place, amount, place=place)
    rows.income[:] += np.bincount(who, amount, rows.n)
    rows.deals[:] += world.scale * np.bincount(who, minlength=rows.n)
