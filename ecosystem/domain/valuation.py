"""What a technology and a right are worth to those who hold or want them.

Value is what the market pays: an exclusive line earns ``Y K1`` a year; each imitator who succeeds takes away the share
``1 - w`` of that. With attempts arriving at ``a`` a year of which the share ``k`` is kept out, the line is worth
``Y K1 / (r + d + (1 - w) a (1 - k))``. The private value of a right is this value with the right less the value without:
profit with exclusion minus profit without, as its owner expects it from experience. There is no second value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.kinds import by_place
from ecosystem.domain.market import MOST_USERS, decay_rate, lerner
from ecosystem.domain.potential import F8, FF8, FFF8, I1, I4, I8, POTENTIAL, as_slots, b1, f8, i8, outlook, potential_of
from ecosystem.domain.rights import KINDS

if TYPE_CHECKING:
    from ecosystem.world import World

INSTRUMENTS = ("none", "secret", "patent", "utility_model", "plant_variety", "chip_layout")
NONE, SECRET, PATENT, UTILITY, VARIETY, LAYOUT = range(6)
SIGNS = ("design", "trade_mark", "geographical_indication", "trade_name", "unfair_competition")
"""Kinds that protect how a product looks or what it is called."""
_INSTRUMENT_OF_KIND = np.array([INSTRUMENTS.index(k) if k in INSTRUMENTS else NONE for k in KINDS])


class Experience:
    """What has been seen of attempts to copy, by instrument, place and sector; the base of every expectation.

    Attributes:
        attempts: (instruments, J, S) attempts remembered, fading.
        kept: (instruments, J, S) those that ended without a new seller beside the owner, or with a licensed one.
        grants, decisions: (J,) remembered decisions of the offices.
        filed_novelty: (J,) mean inventive step, as owners see it, of what they filed lately, sd.
    """

    def __init__(self, world: World) -> None:
        shape = (len(INSTRUMENTS), world.J, world.S)
        weight = world.p["valuation.prior_attempts"]
        prior = np.zeros(shape)
        prior[SECRET] = 1.0 - np.minimum(world.sectors["leak_rate"], 1.0)[None, :]
        prior[PATENT] = world.sectors["patent_effect"][None, :]
        prior[UTILITY] = 0.6 * prior[PATENT]
        breadth = by_place(world, "breadth")
        for instrument in (VARIETY, LAYOUT):
            prior[instrument] = breadth[KINDS.index(INSTRUMENTS[instrument])][:, None]
        self.attempts = np.full(shape, weight, dtype=np.float64)
        self.kept = prior * weight
        self.grants = 0.65 * np.full(world.J, 200.0)
        self.decisions = np.full(world.J, 200.0)
        self.filed_novelty = np.zeros(world.J)

    def share_kept(self) -> np.ndarray:
        """Return the experienced share of attempts kept out, (instruments, J, S), in [0, 1]."""
        return self.kept / self.attempts

    def grant_rate(self) -> np.ndarray:
        """Return the experienced grant rate of each office, (J,)."""
        return self.grants / self.decisions

    def fade(self, world: World) -> None:
        """Let a month of memory fade toward the weight of the starting belief."""
        keep = np.exp(-1.0 / (12.0 * world.p["valuation.memory_years"]))
        weight = world.p["valuation.prior_attempts"]
        share = self.share_kept()
        self.attempts = np.maximum(self.attempts * keep, weight)
        self.kept = share * self.attempts
        rate = self.grant_rate()
        self.decisions = np.maximum(self.decisions * keep, weight)
        self.grants = rate * self.decisions

    def observe(self, instrument: np.ndarray, place: np.ndarray, sector: np.ndarray, kept: np.ndarray) -> None:
        """Add attempts (n,) with the share of each that was kept out, float64 in [0, 1]."""
        np.add.at(self.attempts, (instrument, place, sector), 1.0)
        np.add.at(self.kept, (instrument, place, sector), kept)


class Valuation:
    """Tables of this month's margins and values, computed once a month.

    Attributes:
        alone: (J, S) profit a year of a lone seller from place j per unit of potential.
        where: (J, S, T) share of that profit earned in each territory.
        shared: (MOST_USERS + 1,) profit of one of n equal sellers relative to a lone one; index n.
        discount: (S,) r + d.
        usual: (S,) months from the making to the launch, as a rule.
        learning: months until the value of a technology is known though it is not launched.
        premiums: (kinds, J, S) share of profit that hangs on a right of each kind.
        terms: (kinds, J) longest life of a right, years; 0 for no end.
    """

    def __init__(self, world: World) -> None:
        p = world.p
        within, across = p["market.sigma_within"], p["market.sigma_across"]
        n = np.arange(1, MOST_USERS + 1)
        margin = lerner(1.0 / n, within, across)
        outer = (across - 1.0) / (within - 1.0)
        attraction = (n * (1.0 - margin) ** (within - 1.0)) ** outer
        profit = attraction / n * margin
        self.shared = np.r_[profit[0], profit] / profit[0]
        self.unit = float(profit[0])
        self.outer = outer
        self.rate = p["market.discount"]
        self.renew(world)

    def renew(self, world: World) -> None:
        """Recompute the tables from this month's prices."""
        market = world.market
        reach = market.access[:, None, :] * (market.reach * market.price)[None, :, :] * self.unit
        self.alone = reach.sum(axis=2)
        self.where = reach / self.alone[:, :, None]
        self.decay = decay_rate(world)
        self.usual = 12.0 * (world.sectors["development_years"] + world.p["development.window_years"])
        self.learning = 12.0 * world.p["valuation.learning_years"]
        self.discount = self.rate + self.decay
        lost = 1.0 - self.shared[2]
        hazard = world.p["adoption.rate"] * world.sectors["imitation_rate"] * lost
        kept = world.experience.share_kept()
        self.hazard = hazard
        self.worth = 1.0 / (self.discount[None, None, :] + hazard[None, None, :] * (1.0 - kept))
        """(instruments, J, S): PV of one unit of yearly profit under each instrument."""
        self.terms = by_place(world, "term_years")
        self.premiums = self._premiums(world)

    def _premiums(self, world: World) -> np.ndarray:
        """Return the share of profit that hangs on a right, 1 - W_none / W_with, float64 (kinds, J, S).

        W of the kinds that an invention is protected by comes from experience. A kind that protects a sign keeps the share
        ``sign.lookalike x visibility x breadth`` of attempts out; a secret or a copyright is no right to be renewed.
        """
        base = self.worth[NONE]
        worth = self.worth[_INSTRUMENT_OF_KIND]
        breadth = by_place(world, "breadth")
        copies = world.p["sign.lookalike"] * world.sectors["visibility"]
        for k, name in enumerate(KINDS):
            if name in SIGNS:
                kept = breadth[k][:, None] * copies[None, :]
                worth[k] = base * (self.discount + self.hazard) / (self.discount + self.hazard * (1.0 - kept))
        return np.maximum(0.0, 1.0 - base / worth)

    def premium(self, instrument: int) -> np.ndarray:
        """Return 1 - value without / value with the instrument, (J, S): the share of profit that hangs on it."""
        return np.maximum(0.0, 1.0 - self.worth[NONE] / self.worth[instrument])


def line_profit(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return the expected yearly profit of one real exclusive line for its owner, M USD2020/year, float64 (n,)."""
    out: np.ndarray = _line_profit(
        as_slots(inventions), world.month, *outlook(world), world.inventions.owner, world.orgs.jurisdiction,
        world.valuation.alone,
    )  # fmt: skip
    return out


def user_gain(world: World, inventions: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Return the expected present value that one real further seller gets from a technology, M USD2020, float64 (n,).

    The newcomer shares the line with those who sell already: profit of one of n + 1 equal sellers.
    """
    v = world.valuation
    out: np.ndarray = _user_gain(
        as_slots(inventions), as_slots(users), world.month, *outlook(world), world.orgs.jurisdiction, world.lines.users,
        v.alone, v.shared, v.discount, v.hazard,
    )  # fmt: skip
    return out


def owner_loss(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return the present value that the owner loses to one more seller, M USD2020, float64 (n,); 0 before the launch."""
    v = world.valuation
    out: np.ndarray = _owner_loss(
        as_slots(inventions), world.month, *outlook(world), world.inventions.owner, world.orgs.jurisdiction,
        world.lines.users, v.alone, v.shared, v.discount, v.hazard,
    )  # fmt: skip
    return out


def right_value(world: World, rights: np.ndarray) -> np.ndarray:
    """Return the expected yearly private value of one real right, M USD2020/year, float64 (n,).

    Profit of the line in the place times the share of it that hangs on exclusion; where the right is in force in the share
    c of the place's market only, times c^a, a = ``valuation.coverage_exponent``: who is kept out of the large territories
    has little left to gain in the others.
    """
    return _value(world, rights, present=False)


def right_present_value(world: World, rights: np.ndarray) -> np.ndarray:
    """Return the expected present value of one real right over its remaining life, M USD2020, float64 (n,)."""
    return _value(world, rights, present=True)


def _value(world: World, rights: np.ndarray, *, present: bool) -> np.ndarray:
    table, v = world.rights, world.valuation
    out: np.ndarray = _right_value(
        as_slots(rights), world.month, *outlook(world), world.inventions.owner, world.orgs.jurisdiction,
        table.invention, table.owner, table.sector, table.office, table.kind, table.territories, table.filed,
        v.alone, v.where, v.premiums, v.discount, v.terms, present, world.territories.place,
        world.p["valuation.coverage_exponent"],
    )  # fmt: skip
    return out


@nb.njit(F8(I8, i8, *POTENTIAL, I4, I1, FF8), cache=True)
def _line_profit(
    rows: np.ndarray, month: int, made: np.ndarray, line: np.ndarray, launched: np.ndarray, sector: np.ndarray,
    potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray, learning: float,
    owner: np.ndarray, seat: np.ndarray, alone: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return Y K1 at the seat of the owner."""
    out = np.empty(len(rows))
    for i in range(len(rows)):
        k = rows[i]
        Y = potential_of(k, month, made, line, launched, sector, potential, expected, decay, usual, learning)
        out[i] = Y * alone[seat[owner[k]], sector[k]]
    return out


@nb.njit(F8(I8, I8, i8, *POTENTIAL, I1, I4, FF8, F8, F8, F8), cache=True)
def _user_gain(
    rows: np.ndarray, users: np.ndarray, month: int, made: np.ndarray, line: np.ndarray, launched: np.ndarray,
    sector: np.ndarray, potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray,
    learning: float, seat: np.ndarray, sellers: np.ndarray, alone: np.ndarray, shared: np.ndarray,
    discount: np.ndarray, hazard: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return Y K(n + 1) / (r + d + h): profit of one of n + 1 equal sellers, discounted."""
    most = len(shared) - 1
    out = np.empty(len(rows))
    for i in range(len(rows)):
        k = rows[i]
        s = sector[k]
        n = sellers[line[k]] if line[k] >= 0 else 0
        Y = potential_of(k, month, made, line, launched, sector, potential, expected, decay, usual, learning)
        yearly = Y * alone[seat[users[i]], s] * shared[min(n + 1, most)]
        out[i] = yearly / (discount[s] + hazard[s])
    return out


@nb.njit(F8(I8, i8, *POTENTIAL, I4, I1, I4, FF8, F8, F8, F8), cache=True)
def _owner_loss(
    rows: np.ndarray, month: int, made: np.ndarray, line: np.ndarray, launched: np.ndarray, sector: np.ndarray,
    potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray, learning: float,
    owner: np.ndarray, seat: np.ndarray, sellers: np.ndarray, alone: np.ndarray, shared: np.ndarray,
    discount: np.ndarray, hazard: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return Y (K(n) - K(n + 1)) / (r + d + h) for launched technologies."""
    most = len(shared) - 1
    out = np.zeros(len(rows))
    for i in range(len(rows)):
        k = rows[i]
        if line[k] < 0:
            continue
        s = sector[k]
        n = sellers[line[k]]
        lost = shared[min(max(n, 1), most)] - shared[min(n + 1, most)]
        Y = potential_of(k, month, made, line, launched, sector, potential, expected, decay, usual, learning)
        out[i] = Y * alone[seat[owner[k]], s] * lost / (discount[s] + hazard[s])
    return out


@nb.njit(
    F8(
        I8, i8, *POTENTIAL, I4, I1, I4, I4, I1, I1, I1, I4, I4, FF8, FFF8, FFF8, F8, FF8, b1, I8, f8,
    ),
    cache=True,
)  # fmt: skip
def _right_value(
    rights: np.ndarray, month: int, made: np.ndarray, line: np.ndarray, launched: np.ndarray, sector: np.ndarray,
    potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray, learning: float,
    owner: np.ndarray, seat: np.ndarray, invention: np.ndarray, holder: np.ndarray, market: np.ndarray,
    office: np.ndarray, kind: np.ndarray, territories: np.ndarray, filed: np.ndarray, alone: np.ndarray,
    where: np.ndarray, premiums: np.ndarray, discount: np.ndarray, term: np.ndarray, present: bool,
    place: np.ndarray, exponent: float,
) -> np.ndarray:  # fmt: skip
    """Return Y K1 (share of profit in its territories) (1 - worth without / worth with), or its PV over the life left."""
    T = where.shape[2]
    out = np.empty(len(rights))
    for i in range(len(rights)):
        r = rights[i]
        k, s, j = invention[r], market[r], office[r]
        premium = premiums[kind[r], j, s]
        share, whole = 0.0, 0.0
        for t in range(T):
            if place[t] == j:
                whole += where[seat[holder[r]], s, t]
            if (territories[r] >> t) & 1:
                share += where[seat[holder[r]], s, t]
        if 0.0 < share < whole:
            share = whole * (share / whole) ** exponent
        Y = potential_of(k, month, made, line, launched, sector, potential, expected, decay, usual, learning)
        value = Y * alone[seat[owner[k]], sector[k]] * share * premium
        if present:
            rate = discount[s]
            years = term[kind[r], j] if term[kind[r], j] > 0.0 else 100.0
            left = max(0.0, years - (month - filed[r]) / 12.0)
            value = value * (1.0 - np.exp(-rate * left)) / rate
        out[i] = value
    return out
