"""What a technology and a right are worth to those who hold or want them.

Value is what the market pays: an exclusive line earns ``Y K1`` a year; each imitator who succeeds takes away the share
``1 - w`` of that. With attempts arriving at ``a`` a year of which the share ``k`` is kept out, the line is worth
``Y K1 / (r + d + (1 - w) a (1 - k))``. The private value of a right is this value with the right less the value without:
profit with exclusion minus profit without, as its owner expects it from experience. There is no second value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.market import MOST_USERS, decay_rate, lerner, potential_now

if TYPE_CHECKING:
    from ecosystem.world import World

INSTRUMENTS = ("none", "secret", "patent", "utility_model")
NONE, SECRET, PATENT, UTILITY = range(4)


class Experience:
    """What has been seen of attempts to copy, by instrument, place and sector; the base of every expectation.

    Attributes:
        attempts: (instruments, J, S) attempts remembered, fading.
        kept: (instruments, J, S) those that ended without a new seller beside the owner, or with a licensed one.
        grants, decisions: (J,) remembered decisions of the offices.
    """

    def __init__(self, world: World) -> None:
        shape = (len(INSTRUMENTS), world.J, world.S)
        weight = world.p["valuation.prior_attempts"]
        prior = np.zeros(shape)
        prior[SECRET] = 1.0 - np.minimum(world.sectors["leak_rate"], 1.0)[None, :]
        prior[PATENT] = world.sectors["patent_effect"][None, :]
        prior[UTILITY] = 0.6 * prior[PATENT]
        self.attempts = np.full(shape, weight, dtype=np.float64)
        self.kept = prior * weight
        self.grants = 0.65 * np.full(world.J, 200.0)
        self.decisions = np.full(world.J, 200.0)

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
        self.discount = self.rate + self.decay
        lost = 1.0 - self.shared[2]
        hazard = world.p["adoption.rate"] * world.sectors["imitation_rate"] * lost
        kept = world.experience.share_kept()
        self.hazard = hazard
        self.worth = 1.0 / (self.discount[None, None, :] + hazard[None, None, :] * (1.0 - kept))
        """(instruments, J, S): PV of one unit of yearly profit under each instrument."""

    def premium(self, instrument: int) -> np.ndarray:
        """Return 1 - value without / value with the instrument, (J, S): the share of profit that hangs on it."""
        return np.maximum(0.0, 1.0 - self.worth[NONE] / self.worth[instrument])


def line_profit(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return the expected yearly profit of one real exclusive line for its owner, M USD2020/year, float64 (n,)."""
    inv = world.inventions
    place = world.orgs.jurisdiction[inv.owner[inventions]]
    return potential_now(world, inventions) * world.valuation.alone[place, inv.sector[inventions]]


def user_gain(world: World, inventions: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Return the expected present value that one real further seller gets from a technology, M USD2020, float64 (n,).

    The newcomer shares the line with those who sell already: profit of one of n + 1 equal sellers.
    """
    inv, v = world.inventions, world.valuation
    sector = inv.sector[inventions]
    line = inv.line[inventions]
    sellers = np.where(line >= 0, world.lines.users[np.maximum(line, 0)] if world.lines.n else 0, 0)
    share = v.shared[np.minimum(sellers + 1, MOST_USERS)]
    yearly = potential_now(world, inventions) * v.alone[world.orgs.jurisdiction[users], sector] * share
    return yearly / (v.discount[sector] + v.hazard[sector])


def owner_loss(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return the present value that the owner loses to one more seller, M USD2020, float64 (n,)."""
    inv, v = world.inventions, world.valuation
    sector = inv.sector[inventions]
    line = inv.line[inventions]
    launched = line >= 0
    sellers = np.where(launched, world.lines.users[np.maximum(line, 0)] if world.lines.n else 0, 0)
    now = v.shared[np.clip(sellers, 1, MOST_USERS)]
    then = v.shared[np.clip(sellers + 1, 1, MOST_USERS)]
    lost = np.where(launched, now - then, 0.0)
    return line_profit(world, inventions) * lost / (v.discount[sector] + v.hazard[sector])


def right_value(world: World, rights: np.ndarray) -> np.ndarray:
    """Return the expected yearly private value of one real right, M USD2020/year, float64 (n,).

    Profit of the line in the right's territories times the share of it that hangs on exclusion.
    """
    table, v = world.rights, world.valuation
    inventions = table.invention[rights].astype(np.int64)
    place = world.orgs.jurisdiction[table.owner[rights]]
    sector = table.sector[rights]
    office = table.office[rights]
    instrument = np.where(table.kind[rights] == 1, UTILITY, PATENT)
    premium = np.maximum(0.0, 1.0 - v.worth[NONE, office, sector] / v.worth[instrument, office, sector])
    share = _share_in(v.where[place, sector], table.territories[rights])
    return line_profit(world, inventions) * share * premium


def right_present_value(world: World, rights: np.ndarray) -> np.ndarray:
    """Return the expected present value of one real right over its remaining life, M USD2020, float64 (n,)."""
    table, v = world.rights, world.valuation
    years = np.where(
        table.kind[rights] == 1,
        world.levers["law.utility_model_years"][table.office[rights]],
        world.levers["law.term_years"][table.office[rights]],
    )
    left = np.maximum(0.0, years - (world.month - table.filed[rights]) / 12.0)
    rate = v.discount[table.sector[rights]]
    return right_value(world, rights) * (1.0 - np.exp(-rate * left)) / rate


def _share_in(where: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the profit share earned in the territories of a bit mask: (n, T), (n,) -> (n,)."""
    bits = (mask[:, None] >> np.arange(where.shape[1])[None, :]) & 1
    return (where * bits).sum(axis=1)
