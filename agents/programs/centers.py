"""Cooperative research centers: universities work with member firms, who pay a fee, learn, and invent with them.

The government adds c x public research money of a place for centers at its universities; fees of members come on top.
sigma, the part of university research done in centers, drives three things: a member's worth v R a fit sigma / sigma0
(R its R&D, a absorptive capacity, fit how much of basic research lies near its field), against which it weighs the fee
once a year; how many academic inventions are made in centers, there with members; and how far the agenda turns applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM, UNIVERSITY, affordable
from ecosystem.domain.indicators import flow, stock
from ecosystem.domain.science import field_weights
from ecosystem.kernel.luck import ALWAYS, Pool
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("center_grants", "M USD2020", "public money of cooperative research centers")
flow("center_fees", "M USD2020", "fees that member firms pay to cooperative research centers")


def _members_by_place(world: World) -> np.ndarray:
    members = members_of(world)
    return np.bincount(world.orgs.jurisdiction[members], world.orgs.weight[members], world.J)


stock("center_members", "firms", "members of cooperative research centers", 0, _members_by_place, yearly=True)


def members_of(world: World) -> np.ndarray:
    """Return slots of living member firms, int64."""
    flags: np.ndarray = world.academia.members
    here = np.flatnonzero(flags)
    return here[world.orgs.alive[here]]


def center_share(world: World) -> np.ndarray:
    """Return the part of university research done in centers by place, float64 (J,): money of centers / all money."""
    orgs, levers = world.orgs, world.levers["science.centers"]
    if not levers.any():
        return np.zeros(world.J)
    grants = levers * world.levers["science.public_funding"]
    schools = world.academia.slots
    total = np.bincount(orgs.jurisdiction[schools], orgs.rd[schools] * orgs.weight[schools], world.J)
    members = members_of(world)
    fees = np.bincount(orgs.jurisdiction[members], orgs.weight[members], world.J) * world.p["center.fee"]
    return np.minimum(0.9, np.divide(grants + fees, total, out=np.zeros(world.J), where=total > 0))


def agenda(world: World) -> np.ndarray:
    """Return how much of the usual basic share of universities is left, float64 (J,): 1 - applied x sigma; 1 without centers."""
    return 1.0 - world.p["center.applied"] * center_share(world)


def is_worth(worth: np.ndarray, fee: float, error: np.ndarray) -> np.ndarray:
    """Return True where membership pays: worth x exp(error) > fee, bool (n,).

    >>> is_worth(np.array([0.1, 0.1]), 0.07, np.array([0.0, -1.0])).tolist()
    [True, False]
    """
    out: np.ndarray = worth * np.exp(error) > fee
    return out


@rule("funding", "university.centers", after="government.fund_science", before="government.settle")
def pay_centers(world: World) -> None:
    """Pay the universities of each place for their centers, by their share in its research."""
    lever, science = world.levers["science.centers"], world.science
    if not lever.any():
        science.agenda[:] = 1.0
        return
    science.agenda[:] = agenda(world)
    orgs = world.orgs
    schools = orgs.living(UNIVERSITY)
    if not len(schools):
        return
    place = orgs.jurisdiction[schools].astype(np.int64)
    size = orgs.rd_reference[schools] * orgs.weight[schools]
    total = np.bincount(place, size, world.J)
    yearly = (lever * world.levers["science.public_funding"])[place] * size / total[place]
    orgs.rd_public[schools] += yearly / orgs.weight[schools]
    world.accounts.pay("center_grant", "government", place, "organizations", schools, yearly / 12.0, place=place)
    world.tally.add("center_grants", place, yearly / 12.0)


@rule("firm_life", "firm.join_center", after="firm.budget")
def join(world: World) -> None:
    """Firms whose month it is join or leave the centers of their place, pay the fee, and learn."""
    orgs, p, a = world.orgs, world.p, world.academia
    if len(a.members) < orgs.n:
        a.members = np.concatenate([a.members, np.zeros(orgs.n - len(a.members), np.bool_)])
    share = center_share(world)
    if not share.any():
        if a.members.any():
            a.members[:] = False
        return
    firms = orgs.living(FIRM)
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    place = orgs.jurisdiction[due].astype(np.int64)
    fit = world.proximity @ field_weights(world)
    fit = fit / fit.mean()
    worth = (
        p["center.worth"]
        * orgs.rd[due]
        * orgs.absorptive[due]
        * fit[orgs.field[due]]
        * share[place]
        / p["center.usual"]
    )
    luck = p["center.noise"] * world.draw.normal("center.opinion", orgs.uid[due], month=ALWAYS)
    joins = is_worth(worth, p["center.fee"], luck) & (affordable(world, due) > p["center.fee"]) & (share[place] > 0.0)
    a.members[due] = joins
    members = due[joins]
    if not len(members):
        return
    schools = a.slots
    pool = Pool.of(
        schools, orgs.uid[schools], orgs.jurisdiction[schools].astype(np.int64), world.J,
        np.where(orgs.kind[schools] == UNIVERSITY, np.maximum(orgs.heads[schools], 1e-9), 0.0),
    )  # fmt: skip
    host = world.draw.partner("center.host", orgs.uid[members], place[joins], pool, month=ALWAYS)
    members, host, where = members[host >= 0], host[host >= 0], place[joins][host >= 0]
    total = p["center.fee"] * orgs.weight[members]
    world.accounts.pay("center_fee", "organizations", members, "organizations", host, total, place=where)
    world.tally.add("center_fees", where, total, orgs.sector[members])
    orgs.absorptive[members] = np.minimum(3.0, orgs.absorptive[members] * (1.0 + p["center.absorptive"]))


def joint_members(
    world: World, uid: np.ndarray, owner: np.ndarray, sector: np.ndarray, partner: np.ndarray
) -> np.ndarray:
    """Return partners of academic inventions: those given, and members where the invention is made in a center.

    An academic invention is made in a center with chance sigma of its place, there with a member of its sector with
    chance ``center.joint``; none if the sector has no member.

    Args:
        uid, owner, sector: of new inventions, int64 (n,).
        partner: partners found without centers, -1 for none, int64 (n,).
    """
    share = center_share(world)
    members = members_of(world) if share.any() else np.zeros(0, np.int64)
    if not len(members):
        return partner
    orgs = world.orgs
    open_ = np.flatnonzero((partner < 0) & (orgs.sector[owner] < 0))
    chance = world.p["center.joint"] * share[orgs.jurisdiction[owner[open_]]]
    open_ = open_[world.draw.bernoulli("center.joint", uid[open_], chance)]
    if not len(open_):
        return partner
    pool = Pool.of(
        members, orgs.uid[members], orgs.jurisdiction[members].astype(np.int64) * world.S + orgs.sector[members],
        world.J * world.S, orgs.rd[members] * orgs.weight[members] * orgs.absorptive[members],
    )  # fmt: skip
    cell = orgs.jurisdiction[owner[open_]].astype(np.int64) * world.S + sector[open_]
    out = partner.copy()
    out[open_] = world.draw.partner("center.partner", uid[open_], cell, pool)
    return out
