"""From invention to product: development budget, time, chance of success, freedom to operate, launch.

A firm's development money (the part of R&D that is neither basic nor applied) fills a fund; every quarter it takes the
waiting inventions with the highest value per cost into development until the fund is empty. University inventions get
there only through a taker or a spin-off. A product that reads on living rights of others must be cleared first
(``clearance``); follow-on inventions stopped there are blocked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.court import watch
from agents.firm.clearance import AROUND, DROP, INFRINGE, LICENSE, clear
from agents.firm.licensing import settle_licenses
from agents.organizations import FIRM
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.knowledge import STATUS
from ecosystem.domain.market import OWN, ROUTES, open_lines, potential_now, start_use
from ecosystem.domain.valuation import NONE, PATENT, SECRET, UTILITY
from ecosystem.kernel.luck import fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, DEVELOPING, LAUNCHED, DROPPED, BLOCKED, RETIRED, SHELVED = range(len(STATUS))
_INSTRUMENT = np.array([NONE, NONE, SECRET, PATENT, UTILITY])

flow("launches", "products", "inventions brought to market", 1)
flow("launched_steps", "M USD2020/year", "market potential of launched inventions", 1)
flow("developments_begun", "inventions", "inventions taken into development", 0)
ratio("commercialization_share", "share", "launches / inventions of the same months", 1, "launches", "inventions")
ratio("invention_to_market_months", "months", "mean time from invention to launch", -1, "launch_age", "launches")
ratio("blocked_followon_share", "share",
      "follow-on inventions stopped for want of freedom to operate / those with a living right of others in their way", -1,
      "followon_blocked", "followon_met")  # fmt: skip
flow("followon_met", "inventions", "follow-on inventions with a living right of others in their way", 0)
ratio("unintended_infringement_rate", "share", "launches that infringe a right their firm did not know / launches", -1,
      "launches_unaware", "launches")  # fmt: skip


def development_cost(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return the cost to develop one real invention into a product, M USD2020, float64 (n,)."""
    inv, p, arrivals = world.inventions, world.p, world.arrivals
    place, sector = inv.jurisdiction[inventions], inv.sector[inventions]
    relative = inv.expected[inventions] / np.maximum(arrivals.mean_value[place, sector], 1e-12)
    return (
        p["development.cost_share"]
        * arrivals.per_rd[place, sector]
        * np.maximum(relative, 1e-4) ** p["development.cost_elasticity"]
    )


def developer_of(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return who would develop an invention: the taker of a license, else the owner, int64 (n,)."""
    inv = world.inventions
    return np.where(inv.developer[inventions] >= 0, inv.developer[inventions], inv.owner[inventions]).astype(np.int64)


def adopt_for_development(
    world: World, inventions: np.ndarray, users: np.ndarray, licensors: np.ndarray | int, royalty: np.ndarray | float
) -> None:
    """Let ``users`` develop inventions that are not on the market yet (license, purchase, spin-off).

    Args:
        inventions: unlaunched inventions, int (n,).
        users: who develops them, int (n,).
        licensors: who receives the royalty, -1 nobody.
        royalty: share of sales.
    """
    inv = world.inventions
    inv.developer[inventions] = users
    inv.licensor[inventions] = licensors
    inv.royalty[inventions] = royalty
    inv.status[inventions] = IDEA
    wait(world, np.asarray(inventions, dtype=np.int64))


def wait(world: World, inventions: np.ndarray) -> None:
    """Put inventions on the list that their developer looks at every third month."""
    turn = world.orgs.anniversary[developer_of(world, inventions)] % 3
    for k in range(3):
        world.waiting[k].append(inventions[turn == k])


@rule("commercialization", "development.begin")
def begin(world: World) -> None:
    """Fill development funds and take the best waiting inventions into development."""
    p, orgs, inv = world.p, world.orgs, world.inventions
    firms = orgs.living(FIRM)
    place = orgs.jurisdiction[firms]
    share = (
        1.0
        - world.levers["science.business_basic_share"][place]
        - world.levers["science.business_applied_share"][place]
    )
    fund = orgs.development_fund
    fund[firms] = np.minimum(
        fund[firms] + orgs.rd[firms] * share / 12.0, p["development.fund_years"] * orgs.rd[firms] * share
    )
    new = world.new_inventions
    if len(new):
        wait(world, new[orgs.kind[inv.owner[new]] == FIRM])
    bucket = world.waiting[world.month_of_year % 3]
    candidates = np.concatenate(bucket) if bucket else np.zeros(0, np.int64)
    bucket.clear()
    candidates = candidates[inv.status[candidates] == IDEA]
    who = developer_of(world, candidates)
    fresh = (world.month - inv.month[candidates]) <= 12 * p["development.window_years"]
    late = (~fresh & (inv.developer[candidates] < 0)) | ~orgs.alive[who]
    inv.status[candidates[late]] = np.where(inv.developer[candidates[late]] < 0, SHELVED, DROPPED)
    candidates, who = candidates[~late], who[~late]
    if not len(candidates):
        return
    cost = development_cost(world, candidates)
    sector = inv.sector[candidates]
    home = orgs.jurisdiction[who]
    v = world.valuation
    profit = potential_now(world, candidates) * v.alone[home, sector]
    worth = profit * v.worth[_INSTRUMENT[inv.protected_by[candidates]], home, sector] * (1.0 - inv.royalty[candidates])
    ahead = np.exp(-v.rate * world.sectors["development_years"][sector])
    value = worth * ahead * p["development.success"]
    passive = orgs.passive[who]
    good = (value > cost) | passive
    bucket.append(candidates[~good])
    candidates, who, cost, value, passive = (a[good] for a in (candidates, who, cost, value, passive))
    order = np.lexsort((inv.uid[candidates], -value / cost, who))
    candidates, who, cost, passive = (a[order] for a in (candidates, who, cost, passive))
    per_unit = cost * world.scale / orgs.weight[who]
    first = np.r_[True, who[1:] != who[:-1]] if len(who) else np.zeros(0, bool)
    running = np.cumsum(per_unit)
    before = np.repeat(running[first] - per_unit[first], np.diff(np.r_[np.flatnonzero(first), len(who)]))
    inside = running - before <= fund[who]
    # a project larger than a small group's whole fund begins with the chance that one real firm could pay for it
    luck = world.draw.uniform("development.lumpy", inv.uid[candidates])
    inside |= (luck * per_unit < fund[who]) & first & (per_unit > fund[who])
    inside |= passive & world.draw.bernoulli("development.outside", inv.uid[candidates], 0.15)
    start = candidates[inside]
    paying = inside & ~passive
    spent = np.bincount(who[paying], weights=per_unit[paying], minlength=orgs.n)
    fund[:] = np.maximum(fund - spent, 0.0)
    inv.status[start] = DEVELOPING
    bucket.append(candidates[~inside])
    years = world.sectors["development_years"][inv.sector[start]]
    luck = world.draw.uniform("development.time", inv.uid[start])
    months = np.maximum(1, np.round(12.0 * years * (0.5 + luck))).astype(np.int64)
    world.calendar.put("launch", world.month + months, start)
    world.tally.add("developments_begun", orgs.jurisdiction[who[inside]], world.scale, inv.sector[start])


@rule("commercialization", "development.launch", after="development.begin")
def launch(world: World) -> None:
    """Finished developments that succeed are cleared and launched."""
    inv, orgs, p = world.inventions, world.orgs, world.p
    due = world.calendar.pop("launch", world.month)
    due = due[inv.status[due] == DEVELOPING]
    if not len(due):
        return
    who = developer_of(world, due)
    works = world.draw.bernoulli("development.success", inv.uid[due], p["development.success"]) & orgs.alive[who]
    inv.status[due[~works]] = DROPPED
    due, who = due[works], who[works]
    if not len(due):
        return
    blocking = blocking_rights(world, due, who)
    met = (blocking >= 0).any(axis=1)
    route = np.full(len(due), OWN)
    unaware = np.zeros(len(due), bool)
    if met.any():
        route, unaware = _clear_parents(world, due, who, blocking, met)
    stopped = route == DROP
    inv.status[due[stopped]] = BLOCKED
    place = orgs.jurisdiction[who]
    world.tally.add("followon_blocked", place[stopped], world.scale, inv.sector[due[stopped]])
    due, who, blocking, unaware, route = (a[~stopped] for a in (due, who, blocking, unaware, route))
    if not len(due):
        return
    inv.status[due] = LAUNCHED
    inv.launched[due] = world.month
    open_lines(world, due)
    infringing = route == INFRINGE
    code = np.where(
        inv.developer[due] < 0, OWN, np.where(inv.licensor[due] >= 0, ROUTES.index("license"), ROUTES.index("purchase"))
    )
    uses = start_use(
        world, due, who, world.everywhere, code, licensor=inv.licensor[due], royalty=inv.royalty[due],
        infringing=infringing, aware=infringing & ~unaware,
        right=np.where(infringing, blocking.max(axis=1), -1),
    )  # fmt: skip
    watch(world, uses[infringing])
    place, sector = orgs.jurisdiction[who], inv.sector[due]
    world.tally.add("launches", place, world.scale, sector)
    world.tally.add("launched_steps", place, world.scale * world.lines.potential[inv.line[due]], sector)
    world.tally.add("launch_age", place, world.scale * (world.month - inv.month[due]), sector)
    world.tally.add("launches_unaware", place, world.scale * unaware, sector)


def blocking_rights(world: World, inventions: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Return rights on parents, in force at the user's seat and owned by others, under which a product falls.

    int64 (n, 3), -1 for none. Whether the product falls under the claims of a parent is one draw per child and parent
    against the right's breadth, so a broader law blocks a superset.
    """
    inv, rights, orgs = world.inventions, world.rights, world.orgs
    parents = np.stack([inv.parent1[inventions], inv.parent2[inventions], inv.parent3[inventions]], axis=1)
    seat = orgs.jurisdiction[users]
    at = np.where(parents >= 0, inv.right_at[np.maximum(parents, 0), seat[:, None]], -1)
    rows = np.maximum(at, 0)
    if not rights.n:
        return np.full_like(at, -1, dtype=np.int64)
    living = (at >= 0) & rights.in_force[rows] & (rights.owner[rows] != users[:, None])
    keys = fold(np.repeat(inv.uid[inventions], 3), np.tile(np.arange(3), len(inventions)))
    reads = world.draw.uniform("clearance.reads", keys, month=0).reshape(-1, 3) < rights.breadth[rows]
    out = np.where(living & reads, at, -1).astype(np.int64)
    # one owner counts once
    owner = np.where(out >= 0, rights.owner[np.maximum(out, 0)], -1)
    out[:, 1] = np.where((out[:, 1] >= 0) & (owner[:, 1] == owner[:, 0]), -1, out[:, 1])
    same = (owner[:, 2] == owner[:, 0]) | (owner[:, 2] == owner[:, 1])
    out[:, 2] = np.where((out[:, 2] >= 0) & same, -1, out[:, 2])
    return out


def _clear_parents(
    world: World, due: np.ndarray, who: np.ndarray, blocking: np.ndarray, met: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    inv, orgs, p, v = world.inventions, world.orgs, world.p, world.valuation
    at = np.flatnonzero(met)
    slots, users, rights = due[at], who[at], blocking[at]
    sector, place = inv.sector[slots].astype(np.int64), orgs.jurisdiction[users].astype(np.int64)
    profit = potential_now(world, slots) * v.alone[place, sector]
    gain = profit / (v.discount[sector] + v.hazard[sector])
    redesign = p["development.redesign_cost"] * development_cost(world, slots)
    result = clear(world, inv.uid[slots], users, gain, rights, np.zeros(rights.shape), redesign)
    world.tally.add("followon_met", place, world.scale, sector)
    licensed = np.flatnonzero(result.route == LICENSE)
    row, k = np.nonzero(rights[licensed] >= 0)
    if len(row):
        taker = licensed[row]
        settle_licenses(world, users[taker], rights[taker, k], result.price[taker, k], np.zeros(len(row)))
    world.tally.add("followon_licensed", place[licensed], world.scale, sector[licensed])
    route = np.full(len(due), OWN)
    route[at] = np.where(
        (result.route == INFRINGE) | (result.route == DROP), result.route, np.where(result.route == AROUND, AROUND, OWN)
    )
    unaware = np.zeros(len(due), bool)
    unaware[at] = (result.route == INFRINGE) & ~result.aware
    return route, unaware


flow("followon_licensed", "inventions", "follow-on inventions cleared by license", 0)
