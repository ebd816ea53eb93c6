"""Protection: none, publication, secrecy, utility model or patent; then where.

The owner compares what the line is expected to earn under each instrument it is aware of, less its cost: values come from
``ecosystem.domain.valuation`` (attempts to copy arrive, the experienced share is kept out), so what protection is worth
follows from the market. A patent also teaches: attempts to copy rise by ``protection.disclosure``. The choice is a logit:
the largest of net value plus an error in proportion to the cost of a patent. Then territories: file where the expected
gain exceeds fee, attorney and translation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM, INSTITUTE, UNIVERSITY, affordable, within_means
from agents.patent_office import file_applications
from agents.university import discloses
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.knowledge import PROTECTION
from ecosystem.domain.market import potential_now
from ecosystem.domain.valuation import NONE, PATENT, SECRET, UTILITY
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

NO, PUBLISH, KEEP, FILE, MODEL = (
    PROTECTION.index(w) for w in ("none", "publication", "secret", "patent", "utility_model")
)

flow("secrets_kept", "inventions", "inventions kept secret", 0)
flow("publications", "inventions", "inventions published without a right", 0)
ratio("missed_protection_share", "share",
      "inventions left without protection or publication although an instrument had a positive expected net value", -1,
      "protection_missed", "inventions")  # fmt: skip
ratio("foreign_filing_share", "share", "filed inventions also filed abroad, by seat of the owner", 0,
      "families_abroad", "families")  # fmt: skip


@rule("protection", "protection.choose")
def choose(world: World) -> None:
    """Owners of this month's inventions choose an instrument and file."""
    slots = world.new_inventions
    if not len(slots):
        return
    orgs, inv = world.orgs, world.inventions
    passive = orgs.passive[inv.owner[slots]]
    _file_from_outside(world, slots[passive])
    slots = slots[~passive]
    academic = np.isin(orgs.kind[inv.owner[slots]], (UNIVERSITY, INSTITUTE))
    titled = np.ones(len(slots), bool)
    if academic.any():
        titled[academic] = discloses(world, slots[academic])
        world.disclosed = slots[academic & titled]
        _publish(world, slots[academic & ~titled])
    slots = slots[titled]
    _choose(world, slots)


def _choose(world: World, slots: np.ndarray) -> None:
    orgs, inv, p, levers, v = world.orgs, world.inventions, world.p, world.levers, world.valuation
    owner = inv.owner[slots]
    home = orgs.jurisdiction[owner].astype(np.int64)
    sector = inv.sector[slots].astype(np.int64)
    academic = orgs.kind[owner] != FIRM
    # universities have no product of their own: they judge by what a taker in the place would earn
    profit = potential_now(world, slots) * v.alone[home, sector]
    share_home = (v.where[home, sector] * (world.territories.place == home[:, None])).sum(axis=1)
    rate = v.discount[sector]
    grant = world.experience.grant_rate()[home]
    cost_patent = patent_cost(world, home, home)
    term = 1.0 - np.exp(-rate * levers["law.term_years"][home])
    term_model = 1.0 - np.exp(-rate * levers["law.utility_model_years"][home])
    base = v.worth[NONE, home, sector]
    taught = 1.0 / (rate + v.hazard[sector] * (1.0 + p["protection.disclosure"]))
    gain_patent = grant * term * (v.worth[PATENT, home, sector] - base) * share_home - (base - taught) * (1.0 - grant)
    gain_model = term_model * (v.worth[UTILITY, home, sector] - base) * share_home
    gain_secret = v.worth[SECRET, home, sector] - base
    reward = levers["office.filing_reward"][home]
    reward_model = p["protection.model_reward"] * reward
    has_model = levers["law.utility_model"][home] > 0.5
    net = np.stack(
        [
            np.zeros(len(slots)),
            np.where(concealable(world, slots), profit * gain_secret - p["protection.secret_cost"], -np.inf),
            profit * gain_patent - cost_patent + reward,
            np.where(has_model, profit * gain_model - levers["law.utility_model_cost"][home] + reward_model, -np.inf),
        ],
        axis=1,
    )
    uid = inv.uid[slots]
    keys = fold(np.repeat(uid, 4), np.tile(np.arange(4), len(uid)))
    gumbel = -np.log(-np.log(world.draw.uniform("protection.error", keys))).reshape(-1, 4)
    spread = p["protection.choice_noise"] * np.maximum(cost_patent, p["protection.secret_cost"])[:, None]
    seen = net + spread * gumbel
    seen[:, 0] = spread[:, 0] * gumbel[:, 0]
    aware = world.draw.bernoulli("protection.aware", uid, orgs.awareness[owner])
    seen[~aware, 2:] = -np.inf
    money = affordable(world, owner) * orgs.weight[owner] / world.scale
    seen[money < cost_patent, 2] = -np.inf
    choice = np.argmax(seen, axis=1)
    choice = np.where(academic & (choice == 1), 0, choice)
    wanted = np.flatnonzero(choice >= 2)
    price = np.where(
        choice[wanted] == 2, gross_patent_cost(world, home[wanted]), levers["law.utility_model_cost"][home[wanted]]
    )
    unpaid = wanted[~within_means(world, owner[wanted], price * world.scale)]
    choice[unpaid] = 0
    best = net[:, 1:].max(axis=1)
    missed = (choice == 0) & (best > 0)
    world.tally.add("protection_missed", home, world.scale * missed, sector)

    inv.protected_by[slots] = np.array([NO, KEEP, FILE, MODEL])[choice]
    world.tally.add("secrets_kept", home[choice == 1], world.scale, sector[choice == 1])
    open_now = (choice == 0) & (academic | world.draw.bernoulli("protection.publish", uid, 0.3))
    _publish(world, slots[open_now])
    filed = choice >= 2
    world.arrivals.filing_share[:] += _learn_share(world, home, sector, filed)
    kind = np.where(choice == 2, 0, 1)[filed]
    mine, seat = slots[filed], home[filed]
    breadth = breadth_of(world, mine, seat) * np.where(kind == 1, p["protection.model_breadth"], 1.0)
    bonus = np.where(kind == 1, reward_model[filed], reward[filed]) * world.scale
    world.accounts.pay(
        "filing_reward", "government", seat, "organizations", owner[filed].astype(np.int64), bonus, place=seat
    )
    abroad, office = _choose_abroad(world, slots[choice == 2])
    rights = file_applications(
        world, np.r_[mine, abroad], np.r_[seat, office], np.r_[kind, np.zeros(len(abroad), np.int64)],
        breadth=np.r_[breadth, breadth_of(world, abroad, office)],
    )  # fmt: skip
    inv.right[mine] = rights[: len(mine)]
    inv.right_at[np.r_[mine, abroad], np.r_[seat, office]] = rights
    world.tally.add("families", home[choice == 2], world.scale, sector[choice == 2])


def concealable(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return whether a product does not betray how it is made, bool (n,): one lasting draw per invention.

    The chance is half of the sector's effectiveness of secrecy (Cohen, Nelson & Walsh 2000); what shows in the product cannot be
    kept secret once it is sold.
    """
    inv = world.inventions
    chance = world.p["protection.concealable"] * world.sectors["secrecy_effect"][inv.sector[inventions]]
    return world.draw.bernoulli("invention.concealable", inv.uid[inventions], chance, month=ALWAYS)


def _learn_share(world: World, home: np.ndarray, sector: np.ndarray, filed: np.ndarray) -> np.ndarray:
    """Return the change of the experienced filing share by place and sector (two-year memory)."""
    shape = world.arrivals.filing_share.shape
    made, done = np.zeros(shape), np.zeros(shape)
    np.add.at(made, (home, sector), 1.0)
    np.add.at(done, (home, sector), filed.astype(float))
    seen = made > 0
    change = np.where(seen, done / np.maximum(made, 1.0) - world.arrivals.filing_share, 0.0)
    return change / 24.0


def breadth_of(world: World, inventions: np.ndarray, office: np.ndarray) -> np.ndarray:
    """Return the chance that a substitute falls under the claims: the law's breadth x how well claims fit the sector.

    Claims on a molecule are hard to go around, claims on one part of a complex product are not (Levin et al. 1987; Cohen,
    Nelson & Walsh 2000): the sector's effectiveness of patents relative to a typical one scales the lever ``law.breadth``.
    """
    fit = world.sectors["patent_effect"][world.inventions.sector[inventions]] / world.p["protection.typical_effect"]
    return np.clip(world.levers["law.breadth"][office] * fit, 0.0, 0.95)


def patent_cost(world: World, office: np.ndarray, home: np.ndarray) -> np.ndarray:
    """Return what one real patent application costs its owner up to grant, M USD2020, float64 (n,)."""
    levers = world.levers
    cost = levers["office.filing_fee"][office] + levers["office.attorney_cost"][office]
    foreign = office != home
    subsidy = np.where(foreign, 0.0, levers["office.filing_subsidy"][office])
    return cost * (1.0 - subsidy) + np.where(foreign, levers["office.foreign_cost"][office], 0.0)


def gross_patent_cost(world: World, office: np.ndarray) -> np.ndarray:
    """Return fee and attorney of one real application at home before anything is repaid, M USD2020, float64 (n,)."""
    return world.levers["office.filing_fee"][office] + world.levers["office.attorney_cost"][office]


def _publish(world: World, slots: np.ndarray) -> None:
    inv = world.inventions
    if len(slots):
        inv.protected_by[slots] = PUBLISH
        inv.published[slots] = world.month + 1
        world.tally.add("publications", inv.jurisdiction[slots], world.scale, inv.sector[slots])


def _choose_abroad(world: World, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Second filings: where grant chance x what exclusion there is worth exceeds the cost; return (inventions, offices)."""
    orgs, inv, p, v = world.orgs, world.inventions, world.p, world.valuation
    owner = inv.owner[slots]
    home = orgs.jurisdiction[owner].astype(np.int64)
    sector = inv.sector[slots].astype(np.int64)
    P = world.P
    profit = potential_now(world, slots) * v.alone[home, sector] * p["protection.foreign_market"]
    by_place = np.zeros((len(slots), P))
    for t in range(world.T):
        if world.territories.place[t] < P:
            by_place[:, world.territories.place[t]] += v.where[home, sector, t]
    gain = (v.worth[PATENT, :P, :] - v.worth[NONE, :P, :])[:, sector].T
    term = 1.0 - np.exp(-np.outer(v.discount[sector], world.levers["law.term_years"][:P]))
    value = profit[:, None] * by_place * gain * term * world.experience.grant_rate()[None, :P]
    offices = np.tile(np.arange(P), len(slots)).reshape(-1, P)
    cost = patent_cost(world, offices, home[:, None])
    error = np.exp(
        0.5 * world.draw.normal("protection.abroad", fold(np.repeat(inv.uid[slots], P), offices.ravel() + 1))
    )
    go = (offices != home[:, None]) & (value * error.reshape(-1, P) > cost * p["protection.outward_threshold"])
    row, office = np.nonzero(go)
    # home applications of the month are paid first
    price = np.r_[gross_patent_cost(world, home), cost[row, office]] * world.scale
    fits = within_means(world, np.r_[owner, owner[row]], price)[len(slots) :]
    row, office = row[fits], office[fits]
    abroad = np.zeros(len(slots), bool)
    abroad[row] = True
    world.tally.add("families_abroad", home, world.scale * abroad, sector)
    return slots[row], office


def _file_from_outside(world: World, slots: np.ndarray) -> None:
    """Owners of the rest of the world file at each office as the figures say."""
    inv = world.inventions
    if not len(slots):
        return
    P = world.P
    keys = fold(np.repeat(inv.uid[slots], P), np.tile(np.arange(P) + 1, len(slots)))
    share = np.minimum(1.0, world.row_filings[:P] / world.row_families)
    go = (world.draw.uniform("protection.outside", keys).reshape(-1, P) < share).ravel()
    mine, office = np.repeat(slots, P)[go], np.tile(np.arange(P), len(slots))[go]
    rights = file_applications(world, mine, office, np.zeros_like(office), breadth=breadth_of(world, mine, office))
    inv.right_at[mine, office] = rights
    inv.right[mine] = rights
    inv.protected_by[mine] = FILE
