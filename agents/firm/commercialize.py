"""From invention to product: development budget, time, chance of success, freedom to operate, launch.

A firm's development money (the part of R&D that is neither basic nor applied) fills a fund; every half-year it takes the
waiting inventions with the highest value per cost into development until the fund is empty. University inventions get
there only through a taker or a spin-off. A product that reads on living rights of others must be cleared first
(``clearance``); follow-on inventions stopped there are blocked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court import watch
from agents.firm.clearance import AROUND, DROP, INFRINGE, LICENSE, clear
from agents.firm.compulsory import force
from agents.firm.failure import chance_of_success
from agents.firm.licensing import settle_licenses
from agents.organizations import FIRM
from agents.transfer.pools import bundle, pass_on
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.knowledge import PROTECTION, STATUS
from ecosystem.domain.market import OWN, ROUTES, open_lines, potential_now, start_use
from ecosystem.domain.valuation import INSTRUMENTS
from ecosystem.kernel.luck import pair, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, DEVELOPING, LAUNCHED, DROPPED, BLOCKED, RETIRED, SHELVED = range(len(STATUS))
_INSTRUMENT = np.array([INSTRUMENTS.index(w if w in INSTRUMENTS else "none") for w in PROTECTION])

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
    """Put inventions on the list that their developer looks at every sixth month."""
    turn = world.orgs.anniversary[developer_of(world, inventions)] % TURNS
    for k in range(TURNS):
        world.waiting[k].append(inventions[turn == k])


TURNS = 6
"""A firm looks over its waiting inventions every sixth month."""
_LATE, _WAIT, _GO, _GONE = range(4)
_FIXED = nb.types.Array(nb.float64, 1, "C", readonly=True)


@nb.njit(
    nb.void(
        nb.int64[::1], nb.int64, nb.float64, nb.float64, nb.float64, nb.float64, nb.float64, nb.float64, nb.int8[::1],
        nb.int32[::1], nb.int32[::1], nb.int32[::1], nb.int8[::1], nb.int8[::1], nb.int8[::1], nb.float32[::1],
        nb.float32[::1], nb.float32[::1], nb.int8[::1], nb.boolean[::1], nb.boolean[::1], nb.float64[:, ::1],
        nb.float64[:, :, ::1], nb.float64[:, ::1], nb.float64[:, ::1], _FIXED, nb.float64[::1],
        nb.int64[::1], nb.int64[::1], nb.float64[::1], nb.float64[::1], nb.int64[::1],
    ),
    cache=True,
)  # fmt: skip
def _appraise(
    inventions: np.ndarray, month: int, window: float, learning: float, rate: float, success: float, share: float,
    elasticity: float, status: np.ndarray, made: np.ndarray, owner: np.ndarray, developer: np.ndarray,
    place: np.ndarray, sector: np.ndarray, protected: np.ndarray, expected: np.ndarray, potential: np.ndarray,
    royalty: np.ndarray, seat: np.ndarray, alive: np.ndarray, passive: np.ndarray, alone: np.ndarray,
    worth: np.ndarray, per_rd: np.ndarray, mean_value: np.ndarray, years: np.ndarray, decay: np.ndarray,
    instrument: np.ndarray, who: np.ndarray, cost: np.ndarray, value: np.ndarray, fate: np.ndarray,
) -> None:  # fmt: skip
    """See ``appraise``; fills who, cost, value and fate."""
    for i in range(len(inventions)):
        k = inventions[i]
        w = developer[k] if developer[k] >= 0 else owner[k]
        who[i] = w
        if status[k] != 0:
            fate[i] = 3
            continue
        age = month - made[k]
        if not alive[w] or (developer[k] < 0 and age > 12.0 * window):
            fate[i] = 0
            continue
        s, j = sector[k], seat[w]
        relative = max(expected[k] / max(mean_value[place[k], s], 1e-12), 1e-4)
        cost[i] = share * per_rd[place[k], s] * relative**elasticity
        y = potential[k] if age >= 12.0 * learning else expected[k]
        late = max(age - 12.0 * (years[s] + window), 0.0) / 12.0
        profit = y * np.exp(-decay[s] * late) * alone[j, s]
        v = profit * worth[instrument[protected[k]], j, s] * (1.0 - royalty[k])
        value[i] = v * np.exp(-rate * years[s]) * success
        fate[i] = 2 if value[i] > cost[i] or passive[w] else 1


def appraise(world: World, inventions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return (developer, cost, value, fate) of waiting inventions: value = Y K1 V (1 - royalty) exp(-r years) success.

    Y market potential now, K1 profit of a lone seller per potential, V present value of a unit of yearly profit under the
    instrument that protects it (``ecosystem.domain.valuation``). Fate: too late, wait, go, no longer an idea.
    """
    inv, orgs, p, v, arrivals = world.inventions, world.orgs, world.p, world.valuation, world.arrivals
    n = len(inventions)
    who, fate, cost, value = np.zeros(n, np.int64), np.zeros(n, np.int64), np.ones(n), np.zeros(n)
    _appraise(
        inventions, world.month, p["development.window_years"], p["valuation.learning_years"], v.rate,
        p["development.success"], p["development.cost_share"], p["development.cost_elasticity"], inv.status, inv.month,
        inv.owner, inv.developer, inv.jurisdiction, inv.sector, inv.protected_by, inv.expected, inv.potential,
        inv.royalty, orgs.jurisdiction, orgs.alive, orgs.passive, v.alone, v.worth, arrivals.per_rd,
        arrivals.mean_value, world.sectors["development_years"], v.decay, _INSTRUMENT, who, cost, value, fate,
    )  # fmt: skip
    pull = demand_pull(world)
    if pull.any():
        years = world.sectors["development_years"][inv.sector[inventions]]
        first = inv.expected[inventions] * np.exp(-v.rate * years) * p["development.success"]
        looked = fate != _GONE
        value[looked] = np.maximum(0.0, value + pull[orgs.jurisdiction[who]] * first)[looked]
        usual = (fate == _WAIT) | (fate == _GO)
        fate[usual] = np.where((value > cost) | orgs.passive[who], _GO, _WAIT)[usual]
    return who, cost, value, fate


def demand_pull(world: World) -> np.ndarray:
    """Return what firms expect public first demand to add to a line's profit beyond the usual, float64 (J,).

    margin x (B - B0) x years / Y per unit of first-year potential: B yearly purchases of new products, B0 those of the
    base year, Y the potential of the lines among which they were last shared out.
    """
    budget = world.levers["government.procurement"]
    extra = budget - world.base_levers["government.procurement"]
    if not extra.any():
        return extra
    p, size = world.p, world.new_lines_potential
    per_unit = np.divide(extra, size, out=np.zeros(world.J), where=size > 0)
    out: np.ndarray = p["government.procurement_margin"] * p["government.procurement_years"] * per_unit
    return out


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
    bucket = world.waiting[world.month_of_year % TURNS]
    candidates = np.concatenate(bucket) if bucket else np.zeros(0, np.int64)
    bucket.clear()
    if not len(candidates):
        return
    who, cost, value, fate = appraise(world, candidates)
    inv.status[candidates[fate == _LATE]] = np.where(inv.developer[candidates[fate == _LATE]] < 0, SHELVED, DROPPED)
    bucket.append(candidates[fate == _WAIT])
    good = fate == _GO
    candidates, who, cost, value = candidates[good], who[good], cost[good], value[good]
    passive = orgs.passive[who]
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
    inside |= passive & world.draw.bernoulli("development.outside", inv.uid[candidates], p["development.outside_share"])
    start = candidates[inside]
    paying = inside & ~passive
    spent = np.bincount(who[paying], weights=per_unit[paying], minlength=orgs.n)
    fund[:] = np.maximum(fund - spent, 0.0)
    schedule_launch(world, start)
    bucket.append(candidates[~inside])
    world.tally.add("developments_begun", orgs.jurisdiction[who[inside]], world.scale, inv.sector[start])


def schedule_launch(world: World, inventions: np.ndarray) -> None:
    """Begin to develop inventions; they are finished after a time uniform around the usual of their sector."""
    inv = world.inventions
    inv.status[inventions] = DEVELOPING
    years = world.sectors["development_years"][inv.sector[inventions]]
    luck = world.draw.uniform("development.time", inv.uid[inventions])
    months = np.maximum(1, np.round(12.0 * years * (0.5 + luck))).astype(np.int64)
    world.calendar.put("launch", world.month + months, inventions)


@rule("commercialization", "development.launch", after="development.begin")
def launch(world: World) -> None:
    """Finished developments that succeed are cleared and launched."""
    inv, orgs = world.inventions, world.orgs
    due = world.calendar.pop("launch", world.month)
    due = due[inv.status[due] == DEVELOPING]
    if not len(due):
        return
    who = developer_of(world, due)
    works = world.draw.bernoulli("development.success", inv.uid[due], chance_of_success(world, due)) & orgs.alive[who]
    seat = orgs.jurisdiction[who].astype(np.int64)
    world.tally.add("developments_ended", seat, float(world.scale))
    world.tally.add("developments_failed", seat[~works], float(world.scale))
    inv.status[due[~works]] = DROPPED
    due, who = due[works], who[works]
    if not len(due):
        return
    blocking = bundle(world, blocking_rights(world, due, who), who)
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
    """Return rights on parents, in force in the territory of the user's seat and owned by others, under which a product falls.

    int64 (n, 3), -1 for none. Whether the product falls under the claims of a parent is one draw per child and parent
    against the right's breadth, so a broader law blocks a superset.
    """
    inv, rights = world.inventions, world.rights
    out = np.full((len(inventions), 3), -1, np.int64)
    if rights.n:
        _blocking(
            np.ascontiguousarray(inventions, np.int64), np.ascontiguousarray(users, np.int64), inv.uid, inv.parent1,
            inv.parent2, inv.parent3, inv.right_at, world.orgs.jurisdiction, rights.in_force, rights.owner,
            rights.territories, world.orgs.territory, rights.breadth, world.draw.key("clearance.reads", 0), out,
        )  # fmt: skip
    return out


@nb.njit(
    nb.void(
        nb.int64[::1], nb.int64[::1], nb.int64[::1], nb.int32[::1], nb.int32[::1], nb.int32[::1], nb.int32[:, ::1],
        nb.int8[::1], nb.boolean[::1], nb.int32[::1], nb.int32[::1], nb.int8[::1], nb.float32[::1], nb.uint64,
        nb.int64[:, ::1],
    ),
    cache=True,
)  # fmt: skip
def _blocking(
    inventions: np.ndarray, users: np.ndarray, uid: np.ndarray, parent1: np.ndarray, parent2: np.ndarray,
    parent3: np.ndarray, right_at: np.ndarray, seat: np.ndarray, in_force: np.ndarray, owner: np.ndarray,
    territories: np.ndarray, home: np.ndarray, breadth: np.ndarray, key: np.uint64, out: np.ndarray,
) -> None:  # fmt: skip
    """Fill the blocking rights of each invention; one owner counts once (see ``blocking_rights``)."""
    for i in range(len(inventions)):
        k, user = inventions[i], users[i]
        for slot in range(3):
            parent = parent1[k] if slot == 0 else (parent2[k] if slot == 1 else parent3[k])
            if parent < 0:
                continue
            r = right_at[parent, seat[user]]
            if r < 0 or not in_force[r] or owner[r] == user or not (territories[r] >> home[user]) & 1:
                continue
            if u01(pair(np.uint64(uid[k]), np.uint64(slot)), key) >= breadth[r]:
                continue
            twice = False
            for other in range(slot):
                twice |= out[i, other] >= 0 and owner[out[i, other]] == owner[r]
            if not twice:
                out[i, slot] = r


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
    forced = force(world, inv.uid[slots], users, gain, rights, result)
    world.tally.add("followon_met", place, world.scale, sector)
    licensed = np.flatnonzero(result.route == LICENSE)
    row, k = np.nonzero(rights[licensed] >= 0)
    if len(row):
        taker = licensed[row]
        right, price = rights[taker, k], result.price[taker, k]
        against, pooled = forced[taker], world.rights.pooled[right] & ~forced[taker]
        for kind, some in (
            ("license", ~pooled & ~against), ("pool_license", pooled), ("compulsory_license", against),
        ):  # fmt: skip
            if some.any():
                _, paid = settle_licenses(
                    world, users[taker[some]], right[some], price[some], np.zeros(int(some.sum())), kind=kind
                )
                if kind == "pool_license":
                    pass_on(world, right[some], paid)
    world.tally.add("followon_licensed", place[licensed], world.scale, sector[licensed])
    route = np.full(len(due), OWN)
    route[at] = np.where(
        (result.route == INFRINGE) | (result.route == DROP), result.route, np.where(result.route == AROUND, AROUND, OWN)
    )
    unaware = np.zeros(len(due), bool)
    unaware[at] = (result.route == INFRINGE) & ~result.aware
    return route, unaware


flow("followon_licensed", "inventions", "follow-on inventions cleared by license", 0)
