"""Management innovation: new ways to organize a firm, copied from peers and carried by those who move.

``m' = (1 - d) m + step x N + c a max(0, m_peer - m)`` a year, N Poisson in the size of the firm, the peer a firm of the same
sector and place met at random, ``a`` the share of the gap closed by absorptive capacity. Practices cannot be owned: nobody
pays and nobody is stopped. They raise inventions per R&D (``orgs.effect``), absorptive capacity and the demand that a new
product reaches. They are creations of the nature *organizational*, counted but not rows of inventions: they have neither
field nor market nor parents, and the citation network must not hold them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM
from ecosystem.domain.indicators import flow, stock
from ecosystem.kernel.luck import ALWAYS, Pool
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("management_copied", "firms", "firms that took over practices of a better peer", 1)


def _mean(world: World) -> np.ndarray:
    orgs = world.orgs
    firms = orgs.living(FIRM)
    place, weight = orgs.jurisdiction[firms], orgs.weight[firms]
    total = np.bincount(place, weights=orgs.management[firms] * weight, minlength=world.J)
    return total / np.maximum(np.bincount(place, weights=weight, minlength=world.J), 1e-12)


stock("management_practices", "sd", "mean level of management practices over firms", 1, _mean, yearly=True)


def first_practices(world: World, firms: np.ndarray) -> None:
    """Give firms the practices they start with: normal about ``management.start``; their ability already holds what it does."""
    orgs, p = world.orgs, world.p
    luck = world.draw.normal("management.first", orgs.uid[firms], month=ALWAYS)
    orgs.management[firms] = p["management.start"] + p["management.spread"] * luck


def raise_practices(world: World, firms: np.ndarray, change: np.ndarray) -> None:
    """Move the practices of distinct firms and with them the inventions they get from R&D: effect x exp(b change)."""
    orgs = world.orgs
    orgs.management[firms] += change
    orgs.effect[firms] *= np.exp(world.p["management.efficiency"] * change)


def absorption(world: World, firms: np.ndarray) -> np.ndarray:
    """Return the factor of absorptive capacity that practices make, exp(b (m - start)), float64 (n,)."""
    gap = world.orgs.management[firms] - world.p["management.start"]
    return np.asarray(np.exp(world.p["management.absorptive"] * gap))


def market_reach(world: World, firms: np.ndarray) -> np.ndarray:
    """Return the factor of demand that a new product reaches, exp(b (m - start)), float64 (n,)."""
    gap = world.orgs.management[firms] - world.p["management.start"]
    return np.asarray(np.exp(world.p["management.reach"] * gap))


def learn_from_movers(world: World, source: np.ndarray, target: np.ndarray) -> None:
    """Practices of former employers (n,) come with their people to firms (n,): the best of them counts once a firm."""
    orgs = world.orgs
    some = orgs.kind[source] == FIRM
    source, target = source[some], target[some]
    if not len(target):
        return
    gap = np.maximum(0.0, orgs.management[source] - orgs.management[target])
    most = np.zeros(orgs.n)
    np.maximum.at(most, target, world.p["management.carried"] * gap / (1.0 + orgs.inventors[target]))
    firms = np.flatnonzero(most)
    raise_practices(world, firms, most[firms])


@rule("firm_life", "firm.manage", after="firm.budget")
def manage(world: World) -> None:
    """Once a year, in the quarter after its anniversary, a firm finds new practices, copies and forgets; all from one state."""
    if world.month % 3 != 1:
        return
    orgs, p, draw = world.orgs, world.p, world.draw
    firms = orgs.living(FIRM)
    mine = firms[(world.month_of_year - 1 - orgs.anniversary[firms]) % 12 < 3]
    if not len(mine):
        return
    uid, level = orgs.uid[mine], orgs.management[mine]
    rate = p["management.rate"] * (np.maximum(orgs.employees[mine], 1.0) / 250.0) ** p["management.size_elasticity"]
    found = draw.poisson("management.new", uid, rate)
    group = orgs.jurisdiction[firms].astype(np.int64) * world.S + orgs.sector[firms]
    pool = Pool.of(firms, orgs.uid[firms], group, world.J * world.S, np.ones(len(firms)))
    own = orgs.jurisdiction[mine].astype(np.int64) * world.S + orgs.sector[mine]
    peer = draw.partner("management.peer", uid, own, pool, avoid=uid)
    gap = np.where(peer >= 0, np.maximum(0.0, orgs.management[peer] - level), 0.0)
    copied = np.minimum(1.0, p["management.copying"] * orgs.absorptive[mine]) * gap
    raise_practices(world, mine, p["management.step"] * found + copied - p["management.forgetting"] * level)
    place, sector = orgs.jurisdiction[mine].astype(np.int64), orgs.sector[mine].astype(np.int64)
    made = found * orgs.weight[mine]
    world.tally.add("creations_organizational", place, made, sector)
    world.tally.add("creations", place, made, sector)
    world.tally.add("management_copied", place, orgs.weight[mine] * (copied > 0.0), sector)
