"""Intermediaries: market places, brokers, associations and transfer networks bring owners and users together.

They arrange a share of the meetings of their place (``transfer.brokered_share``), give both sides a clearer view of the
value, and take a commission on the price of each deal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from agents.handle import Handle
from ecosystem.kernel.luck import Pool, fold
from ecosystem.kernel.table import Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

KINDS = ("marketplace", "broker", "association", "transfer_network", "pool")
MARKETPLACE, BROKER, ASSOCIATION, NETWORK, POOL = range(5)
_NAMED = 6_003


class Register:
    """What intermediaries know of technologies: licensed at all, licensed exclusively, offered last month.

    Attributes:
        licensed, exclusive: by invention slot, bool.
        offers: real offers by place at the last look, float64 (places,).
        used: real university inventions on the market by place at the last listing, float64 (places,).
        on_market: protected inventions on the market at the last listing, willing owners or not, int64.
        possible: inventions seen at the last listing that may be on offer now or later, ascending, int64.
        seen: rows of the table of inventions at the last listing.
        pools: intermediaries by place without those of a kind.
        meetings: this month's meetings, handed from those who arrange them to those who bargain.
    """

    meetings: Any = None
    listed: Any = None
    """The quarter's list of offers."""

    def __init__(self, places: int) -> None:
        self.licensed = np.zeros(1024, np.bool_)
        self.exclusive = np.zeros(1024, np.bool_)
        self.offers = np.zeros(places)
        self.used = np.zeros(places)
        self.on_market = np.zeros(0, np.int64)
        self.possible = np.zeros(0, np.int64)
        self.seen = 0
        self.pools: dict[int, Pool] = {}

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
    reach = Column(np.float64, "1", "weight among the intermediaries of its place")
    meetings = Column(np.float64, "meetings", "meetings arranged since the start")
    deals = Column(np.float64, "deals", "deals closed since the start")
    income = Column(np.float64, "M USD2020", "commissions received since the start")


class Intermediary(Handle):
    """A market place, broker, association, transfer network or pool."""

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
            rows.add(1, uid=fold(_NAMED, place, kind), kind=kind, jurisdiction=place, reach=weight)


def arrange(world: World, meetings: np.ndarray, place: np.ndarray, academic: np.ndarray) -> np.ndarray:
    """Return the intermediary that arranges each meeting, or -1 where the sides meet by themselves; int64 (n,).

    Args:
        meetings: identities of the meetings, int64 (n,).
        place: place of the owner, int (n,).
        academic: the owner is a university or institute, bool (n,).
    """
    rows = world.intermediaries
    out = np.full(len(meetings), -1, np.int64)
    brokered = world.draw.bernoulli("intermediary.arrange", meetings, world.levers["transfer.brokered_share"][place])
    for served, closed in ((True, ASSOCIATION), (False, NETWORK)):
        group = brokered & (academic == served)
        if not group.any():
            continue
        pool = _without(world, closed)
        out[group] = world.draw.partner("intermediary.who", meetings[group], place[group], pool)
    who = out[out >= 0]
    np.add.at(rows.meetings, who, world.scale)
    return out


def _without(world: World, closed: int) -> Pool:
    """Return the intermediaries by place without those of a kind; arranged once, for none enters or leaves."""
    rows = world.intermediaries
    pools = rows.register.pools
    if closed not in pools:
        weight = np.where(rows.kind == closed, 0.0, rows.reach)
        pools[closed] = Pool.of(np.arange(rows.n), rows.uid, rows.jurisdiction, world.J, weight)
    return pools[closed]


def clarity(world: World, broker: np.ndarray) -> np.ndarray:
    """Return the share of disagreement about value that is left in each meeting, float64 (n,)."""
    return np.where(broker >= 0, world.p["intermediary.clarity"], 1.0)


def commission(world: World, broker: np.ndarray, payer: np.ndarray, price: np.ndarray) -> None:
    """Charge the commission on brokered deals.

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
    amount = world.p["intermediary.commission"] * price[brokered]
    place = rows.jurisdiction[who].astype(np.int64)
    world.accounts.pay("commission", "organizations", payer, "services", place, amount, place=place)
    np.add.at(rows.income, who, amount)
    np.add.at(rows.deals, who, world.scale)
