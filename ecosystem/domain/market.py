"""The market: product lines, who sells in them, what they earn.

A launched technology opens a product line. Lines and the old products of firms compete for the spending of a sector in a
territory (CES, elasticity ``sigma_across``); sellers of one line compete with each other (``sigma_within``). A seller
with share s of its line faces the elasticity ``e(s) = 1 / ((1 - s)/sigma_within + s/sigma_across)`` and earns the Lerner
margin ``1/e`` (Atkeson & Burstein 2008, American Economic Review 98:1998, Cournot). A seller from abroad reaches a market
with weight ``access``; a line attracts in proportion to the access of its best-placed seller. So a lone seller prices high
and each further user lowers both his share and his margin: what exclusion is worth follows from demand and is never
typed in.

Units: million USD2020 a year. ``D[s, t]`` is the sum of attractions; sales = spending * attraction / D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.potential import as_slots, outlook, potentials
from ecosystem.domain.rights import KINDS
from ecosystem.kernel.table import NEVER, Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

ROUTES = ("own", "free", "license", "purchase", "invent_around", "infringe")
OWN, FREE, LICENSE, PURCHASE, AROUND, INFRINGE = range(6)
MOST_USERS = 6
"""Margins are tabulated up to this number of equal sellers; beyond it they hardly change."""


class Lines(Table):
    """A launched technology opens a product line; one row stands for ``scale`` real lines."""

    uid = Column(np.int64, "id", "identity of its invention")
    invention = Column(np.int32, "invention slot", "technology")
    sector = Column(np.int8, "sector", "market")
    potential = Column(np.float64, "M USD2020/year", "attraction at launch: sales at starting prices, one real line")
    launched = Column(np.int32, "month", "start")
    active = Column(np.bool_, "1", "still sold", True)
    place = Column(np.int8, "place", "seat of the owner at launch")
    pull = Column(np.float64, "1", "how much it draws imitators: (potential / typical)^elasticity")
    appeal = Column(np.float64, "1", "gain of a second seller at launch / cost to imitate")
    users = Column(np.int32, "users", "sellers in the line")
    seller = Column(np.int32, "organization slot", "who launched it", -1)
    styled = Column(np.bool_, "1", "has a design of its own")
    mark = Column(np.int32, "right slot", "its trade mark, -1 none", -1)
    design = Column(np.int32, "right slot", "its registered design, -1 none", -1)
    origin = Column(np.int32, "right slot", "protected name of its region, -1 none", -1)
    claim = Column(
        np.int8, "code", "kind of right by use that protects its name", KINDS.index("unfair_competition"), KINDS
    )
    first_use = Column(np.int32, "use slot", "newest use, head of the chain ``next_use``", -1)
    attraction = Column(np.float64, "M USD2020/year", "attraction by territory at launch", 0, (), "territory")


class Uses(Table):
    """Someone sells in a line; one row stands for ``scale`` real uses."""

    line = Column(np.int32, "line slot", "product line")
    invention = Column(np.int32, "invention slot", "technology used")
    user = Column(np.int32, "organization slot", "who sells")
    mask = Column(np.int32, "bit mask", "territories in which it sells")
    route = Column(np.int8, "code", "how the user came by the technology", 0, ROUTES)
    licensor = Column(np.int32, "organization slot", "who receives a royalty, -1 nobody", -1)
    royalty = Column(np.float64, "share of sales", "running royalty")
    infringing = Column(np.bool_, "1", "uses a right of others without leave")
    aware = Column(np.bool_, "1", "knew of the right")
    right = Column(np.int32, "right slot", "the right in question, -1 none", -1)
    active = Column(np.bool_, "1", "still sold", True)
    started = Column(np.int32, "month", "start")
    ended = Column(np.int32, "month", "end", NEVER)
    next_use = Column(np.int32, "use slot", "next use of the same line", -1)
    sales_at = Column(np.float32, "M USD2020/year", "sales by territory at launch attraction", 0, (), "territory")
    profit_at = Column(
        np.float32, "M USD2020/year", "gross profit by territory at launch attraction", 0, (), "territory"
    )


def lerner(share: np.ndarray | float, within: float, across: float) -> np.ndarray | float:
    """Return the price-cost margin of a seller with ``share`` of its line (Cournot, nested CES)."""
    return (1.0 - share) / within + share / across


@nb.njit(
    nb.void(
        nb.int64[::1], nb.int32[::1], nb.int32[::1], nb.boolean[::1], nb.int32[::1], nb.int32[::1], nb.int8[::1],
        nb.int8[::1], nb.float64[::1], nb.float64[:, ::1], nb.float64[:, ::1], nb.float64, nb.float64, nb.float64,
        nb.float64[:, ::1], nb.float32[:, ::1], nb.float32[:, ::1], nb.int32[::1],
    ),
    cache=True,
)  # fmt: skip
def _settle_lines(
    lines: np.ndarray,
    first_use: np.ndarray,
    next_use: np.ndarray,
    active: np.ndarray,
    user: np.ndarray,
    mask: np.ndarray,
    place_of: np.ndarray,
    sector: np.ndarray,
    potential: np.ndarray,
    reach: np.ndarray,
    access: np.ndarray,
    within: float,
    across: float,
    later: float,
    attraction: np.ndarray,
    sales_at: np.ndarray,
    profit_at: np.ndarray,
    users: np.ndarray,
) -> None:
    """Recompute shares, margins and attraction of the lines whose sellers changed (see module docstring)."""
    T = reach.shape[1]
    outer = (across - 1.0) / (within - 1.0)
    for line in lines:
        s = sector[line]
        count = 0
        last = -1
        u = first_use[line]
        while u >= 0:
            if active[u]:
                count += 1
                last = u
            u = next_use[u]
        users[line] = count
        if count == 1 and first_use[line] == last and next_use[last] < 0:
            margin = 1.0 / across
            alone = potential[line] * (1.0 - margin) ** (across - 1.0)
            for t in range(T):
                a = 0.0
                if (mask[last] >> t) & 1:
                    a = alone * reach[s, t] * access[place_of[user[last]], t]
                attraction[line, t] = a
                sales_at[last, t] = a
                profit_at[last, t] = a * margin
            continue
        for t in range(T):
            total = 0.0
            best = 0.0
            u = first_use[line]
            while u >= 0:
                if active[u] and (mask[u] >> t) & 1:
                    reached = access[place_of[user[u]], t]
                    best = max(best, reached)
                    total += reached * (1.0 if u == last else later)
                u = next_use[u]
            q = 0.0
            u = first_use[line]
            while u >= 0:
                # first the weighted price effect w P^(1 - sigma_within), kept in sales_at, and the margin in profit_at
                sales_at[u, t] = 0.0
                profit_at[u, t] = 0.0
                if active[u] and (mask[u] >> t) & 1:
                    w = access[place_of[user[u]], t] * (1.0 if u == last else later)
                    margin = (1.0 - w / total) / within + w / total / across
                    part = w * (1.0 - margin) ** (within - 1.0)
                    q += part
                    sales_at[u, t] = part
                    profit_at[u, t] = margin
                u = next_use[u]
            if total <= 0.0:
                attraction[line, t] = 0.0
                continue
            a = potential[line] * reach[s, t] * q**outer * best ** (1.0 - outer)
            attraction[line, t] = a
            u = first_use[line]
            while u >= 0:
                sales_at[u, t] *= a / q
                profit_at[u, t] *= sales_at[u, t]
                u = next_use[u]


@nb.njit(
    nb.void(
        nb.int64[::1], nb.int8[::1], nb.int32[::1], nb.int64, nb.float64[:, ::1], nb.float64[::1], nb.float64[:, ::1],
        nb.float64[:, ::1], nb.float64[:, ::1],
    ),
    cache=True,
)  # fmt: skip
def add_lines(
    lines: np.ndarray,
    sector: np.ndarray,
    launched: np.ndarray,
    month: int,
    remaining: np.ndarray,
    rate: np.ndarray,
    attraction: np.ndarray,
    demand: np.ndarray,
    fading: np.ndarray,
) -> None:
    """Add the attraction of living lines to ``demand`` (S, T), and what of it decays in a year to ``fading`` (S, T)."""
    for i in range(len(lines)):
        line = lines[i]
        s = sector[line]
        d = remaining[s, month - launched[line]]
        for t in range(demand.shape[1]):
            a = attraction[line, t] * d
            demand[s, t] += a
            fading[s, t] += a * rate[s]


@nb.njit(
    nb.int64(
        nb.int64[::1], nb.int32[::1], nb.int32[::1], nb.int8[::1], nb.int32[::1], nb.float64[::1], nb.int8[::1],
        nb.int32[::1], nb.int64, nb.float64[:, ::1], nb.float64[:, ::1], nb.float32[:, ::1], nb.float32[:, ::1],
        nb.float64, nb.float64[:, ::1], nb.float64[::1], nb.float64[::1], nb.float64[::1], nb.int64[::1], nb.float64[::1],
    ),
    cache=True,
)  # fmt: skip
def earn(
    uses: np.ndarray,
    line_of: np.ndarray,
    user: np.ndarray,
    route: np.ndarray,
    licensor: np.ndarray,
    royalty: np.ndarray,
    sector: np.ndarray,
    launched: np.ndarray,
    month: int,
    remaining: np.ndarray,
    price: np.ndarray,
    sales_at: np.ndarray,
    profit_at: np.ndarray,
    times: float,
    sales: np.ndarray,
    profit: np.ndarray,
    rents: np.ndarray,
    fresh: np.ndarray,
    owing: np.ndarray,
    owed: np.ndarray,
) -> int:
    """Spread a month's sales and profit of living uses over their users, in real totals.

    ``times`` turns one real use's year into the month of all it stands for. ``fresh`` collects sales of products younger
    than three years; ``owing`` and ``owed`` the uses that owe a royalty and how much; their number is returned.
    """
    many = 0
    for i in range(len(uses)):
        u = uses[i]
        line = line_of[u]
        who = user[u]
        s = sector[line]
        age = month - launched[line]
        d = remaining[s, age] * times
        total = 0.0
        gain = 0.0
        for t in range(price.shape[1]):
            x = sales_at[u, t] * d * price[s, t]
            sales[who, t] += x
            total += x
            gain += profit_at[u, t] * d * price[s, t]
        profit[who] += gain
        if route[u] == 0:
            rents[who] += gain
        if age < 36:
            fresh[who] += total
        if royalty[u] > 0.0 and licensor[u] >= 0:
            owing[many] = u
            owed[many] = royalty[u] * total
            many += 1
    return many


@nb.njit(nb.void(nb.int64[::1], nb.int64[::1], nb.int32[::1], nb.int32[::1]), cache=True)
def _chain(slots: np.ndarray, line: np.ndarray, first_use: np.ndarray, next_use: np.ndarray) -> None:
    """Put new uses at the head of the chains of their lines."""
    for i in range(len(slots)):
        next_use[slots[i]] = first_use[line[i]]
        first_use[line[i]] = slots[i]


@dataclass(frozen=True, slots=True)
class Sold:
    """A month of sales, in real totals (million USD2020), by organization slot (n,) unless said otherwise.

    Attributes:
        sales: by territory, (n, T); total: their sum; profit: gross profit.
        line_sales, line_profit: of it in product lines; rents: profit from lines of own inventions.
        fresh: sales of products younger than three years.
        owing, owed: uses that owe a royalty and how much.
        fading: attraction of lines that decays in a year, (S, T).
    """

    sales: np.ndarray
    total: np.ndarray
    profit: np.ndarray
    line_sales: np.ndarray
    line_profit: np.ndarray
    rents: np.ndarray
    fresh: np.ndarray
    owing: np.ndarray
    owed: np.ndarray
    fading: np.ndarray


class Market:
    """Spending, access and demand of one world.

    Attributes:
        spending: (S, T) at the start of the run, million USD2020 a year.
        reach: (S, T) share of a sector's world market in each territory; rows sum to 1.
        access: (J, T) weight of a seller by seat and territory.
        fringe: (S, T) attraction of sellers without R&D.
        price: (S, T) spending / demand: sales per unit of attraction.
        common: (S, T) log quality that has become common knowledge.
        spread: (J, S, T) where the sales of old products go; sums to 1 over T.
        remaining: (S, months) share of a line's attraction left by age in months.
    """

    def __init__(self, spending: np.ndarray, access: np.ndarray, fringe: np.ndarray) -> None:
        self.spending = np.ascontiguousarray(spending)
        self.reach = np.ascontiguousarray(spending / spending.sum(axis=1, keepdims=True))
        self.access = np.ascontiguousarray(access)
        self.fringe = np.ascontiguousarray(fringe)
        self.price = np.ones_like(self.spending)
        self.demand = self.spending.copy()
        self.reference: np.ndarray | None = None
        self.common = np.zeros_like(self.spending)
        self.outlay = self.spending.copy()
        self.dirty: list[np.ndarray] = []
        self.sold: Sold | None = None
        spread = self.access[:, None, :] * self.reach[None, :, :]
        self.spread = spread / spread.sum(axis=2, keepdims=True)
        self.remaining = np.zeros((0, 0))

    def keep_ages(self, rate: np.ndarray) -> None:
        """Tabulate exp(-rate age) by sector and age in months, up to the oldest a line may get (three lives)."""
        months = int(36.0 / rate.min()) + 13
        self.remaining = np.exp(-np.outer(rate, np.arange(months)) / 12.0)

    def touch(self, lines: np.ndarray) -> None:
        """Mark lines whose sellers changed."""
        if len(lines):
            self.dirty.append(np.asarray(lines, dtype=np.int64))

    def settle(self, world: World) -> None:
        """Recompute the lines whose sellers changed."""
        if not self.dirty:
            return
        lines = np.unique(np.concatenate(self.dirty))
        self.dirty = []
        table, uses, p = world.lines, world.uses, world.p
        _settle_lines(
            lines, table.first_use, uses.next_use, uses.active, uses.user, uses.mask, world.orgs.jurisdiction,
            table.sector, table.potential, self.reach, self.access, p["market.sigma_within"], p["market.sigma_across"],
            p["market.imitator_strength"], table.attraction, uses.sales_at, uses.profit_at, table.users,
        )  # fmt: skip


def open_lines(world: World, inventions: np.ndarray) -> np.ndarray:
    """Open a product line for each invention (without a seller yet); return line slots."""
    inv = world.inventions
    potential = potential_now(world, inventions, true=True)
    typical = world.arrivals.mean_value[inv.jurisdiction[inventions], inv.sector[inventions]]
    pull = np.clip(potential / np.maximum(typical, 1e-12), 1e-3, 1e3) ** world.p["adoption.value_elasticity"]
    lines = world.lines.add(
        len(inventions),
        uid=inv.uid[inventions],
        invention=inventions,
        sector=inv.sector[inventions],
        place=world.orgs.jurisdiction[inv.owner[inventions]],
        seller=np.where(inv.developer[inventions] >= 0, inv.developer[inventions], inv.owner[inventions]),
        potential=potential,
        pull=pull,
        appeal=_appeal(world, inventions, potential),
        launched=world.month,
    )
    inv.line[inventions] = lines
    return lines


def _appeal(world: World, inventions: np.ndarray, potential: np.ndarray) -> np.ndarray:
    """Return what a second seller at the maker's seat would gain at launch relative to the cost to imitate, (n,)."""
    inv, p, v, arrivals = world.inventions, world.p, world.valuation, world.arrivals
    place, sector = inv.jurisdiction[inventions], inv.sector[inventions]
    gain = potential * v.alone[place, sector] * v.shared[2] / (v.discount[sector] + v.hazard[sector])
    relative = np.maximum(inv.expected[inventions] / np.maximum(arrivals.mean_value[place, sector], 1e-12), 1e-4)
    develop = (
        p["development.cost_share"] * arrivals.per_rd[place, sector] * relative ** p["development.cost_elasticity"]
    )
    return np.asarray(gain / np.maximum(world.sectors["imitation_cost"][sector] * develop, 1e-12))


def start_use(
    world: World,
    inventions: np.ndarray,
    users: np.ndarray,
    mask: np.ndarray | int,
    route: np.ndarray | int,
    *,
    licensor: np.ndarray | int = -1,
    royalty: np.ndarray | float = 0.0,
    infringing: np.ndarray | bool = False,
    aware: np.ndarray | bool = False,
    right: np.ndarray | int = -1,
) -> np.ndarray:
    """Let ``users`` sell in the lines of launched ``inventions``; return use slots.

    Args:
        inventions: launched inventions, int (n,).
        users: organizations, int (n,).
        mask: territories in which they sell, bit mask.
        route: code of ``ROUTES``.
        licensor, royalty: who receives which share of sales.
        infringing, aware, right: a right of others used without leave, and whether the user knew.
    """
    uses, lines = world.uses, world.lines
    line = world.inventions.line[inventions].astype(np.int64)
    slots = uses.add(
        len(inventions), line=line, invention=inventions, user=users, mask=mask, route=route, licensor=licensor,
        royalty=royalty, infringing=infringing, aware=aware, right=right, started=world.month,
    )  # fmt: skip
    _chain(slots, line, lines.first_use, uses.next_use)
    world.market.touch(line)
    return slots


def end_use(world: World, slots: np.ndarray) -> None:
    """Stop uses (injunction, exit)."""
    slots = slots[world.uses.active[slots]]
    world.uses.active[slots] = False
    world.uses.ended[slots] = world.month
    world.market.touch(world.uses.line[slots])


def make_legal(
    world: World, slots: np.ndarray, licensor: np.ndarray | int = -1, royalty: np.ndarray | float = 0.0
) -> None:
    """Turn infringing uses into licensed ones (or free ones where ``licensor`` is -1)."""
    uses = world.uses
    uses.infringing[slots] = False
    uses.licensor[slots] = licensor
    uses.royalty[slots] = royalty
    uses.route[slots] = np.where(np.broadcast_to(licensor, slots.shape) >= 0, LICENSE, FREE)


def decay_rate(world: World) -> np.ndarray:
    """Return obsolescence per year by sector: 1 / product life, float64 (S,)."""
    return 1.0 / world.sectors["product_life"]


def potential_now(world: World, inventions: np.ndarray, *, true: bool = False) -> np.ndarray:
    """Return the yearly market potential of one real technology now, M USD2020/year, float64 (n,).

    Obsolescence runs from the launch, or from when it would usually be on the market if it is not. What is learnt later
    about the value is known three years after the making or at launch; before that the expectation at filing counts
    (unless ``true``).
    """
    known = outlook(world)
    # where the truth is asked for it counts whatever the age
    return np.asarray(potentials(as_slots(inventions), world.month, *known[:-1], -1e9 if true else known[-1]))
