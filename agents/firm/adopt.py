"""Adoption: rivals and newcomers try to use launched technology.

Attempts arrive per line and month, drawn before any right is looked at, so that deterrence does not shrink their number.
The one who tries is found by a race over the firms of the sector at home or abroad, weighted by absorptive capacity. The
attempt ends in free use, license, purchase, inventing around, infringement or drop. Imitation costs about 65 % of
development (Mansfield, Schwartz & Wagner 1981, Economic Journal 91:907).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court import watch
from agents.firm.clearance import AROUND, DROP, FREE, INFRINGE, LICENSE, PURCHASE, clear
from agents.firm.commercialize import development_cost
from agents.firm.licensing import settle_licenses
from agents.firm.protect import concealable_share
from agents.organizations import FIRM
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.knowledge import PROTECTION
from ecosystem.domain.ledgers import ROUTES as OUTCOMES
from ecosystem.domain.market import ROUTES, decay_rate, end_use, start_use
from ecosystem.domain.valuation import NONE, PATENT, SECRET, UTILITY, owner_loss, user_gain
from ecosystem.kernel.luck import Pool, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("adoption_attempts", "attempts", "attempts to use others' launched technology", 0)
for _route in OUTCOMES:
    flow(f"adoptions_{_route}", "attempts", f"attempts that end by the route {_route}", 0)
flow("public_domain_use", "adoptions", "adoptions by the route free of published or lapsed technology", 1)
ratio("imitations_blocked_share", "share",
      "attempts that end as license, purchase, inventing around or drop because of a right / attempts", 0,
      "imitations_blocked", "adoption_attempts")  # fmt: skip
ratio("wilful_infringement_rate", "share", "attempts that end as infringement with knowledge of the right / attempts", -1,
      "wilful_infringements", "adoption_attempts")  # fmt: skip
ratio("domestic_share_of_adopted_technology", "share", "adoptions of domestic technology / adoptions", 0,
      "adoptions_domestic", "adoptions_made")  # fmt: skip
ratio("imitation_cost_ratio", "ratio", "mean imitation cost / innovation cost of adopted products", 0,
      "imitation_cost_sum", "adoptions_made")  # fmt: skip
flow("adoptions_in_environment", "adoptions", "adoptions of environmental technology (field 24)", 1)

_INSTRUMENT = np.zeros(len(PROTECTION), np.int64)
_INSTRUMENT[[PROTECTION.index(w) for w in ("secret", "patent", "utility_model")]] = (SECRET, PATENT, UTILITY)
_ROUTE_OF_USE = np.array([ROUTES.index({"free": "free", "drop": "free"}.get(w, w)) for w in OUTCOMES])


def sellers(world: World) -> Pool:
    """Return the pool of firms that may try, grouped by place and sector (rest of the world included); made quarterly.

    Attempts of firms that left since then come to nothing.
    """
    orgs = world.orgs
    if world.pool_month == world.month // 3 and world.pool is not None:
        return world.pool
    firms = np.flatnonzero(orgs.alive & (orgs.kind == FIRM))
    group = orgs.jurisdiction[firms].astype(np.int64) * world.S + orgs.sector[firms]
    world.pool = Pool.of(firms, orgs.uid[firms], group, world.J * world.S, orgs.absorptive[firms])
    world.pool_month = world.month // 3
    return world.pool


@rule("adoption", "adoption.attempt")
def attempt(world: World) -> None:
    """Attempts of the month, from arrival to use."""
    if world.p["switch.imitation"] < 0.5:
        world.experience.fade(world)
        return
    lines_due, users = _who_tries(world)
    if not len(lines_due):
        world.experience.fade(world)
        return
    inv, orgs, table, p = world.inventions, world.orgs, world.rights, world.p
    tech = world.lines.invention[lines_due].astype(np.int64)
    seat = orgs.jurisdiction[users].astype(np.int64)
    sector = inv.sector[tech].astype(np.int64)
    key = fold(inv.uid[tech], orgs.uid[users])
    cost = world.sectors["imitation_cost"][sector] * development_cost(world, tech)
    gain = user_gain(world, tech, users) * np.minimum(1.5, orgs.absorptive[users] ** 0.5) - cost

    at = inv.right_at[tech, seat]
    rows = np.maximum(at, 0)
    live = (at >= 0) & table.in_force[rows] if table.n else np.zeros(len(tech), bool)
    if table.n:
        live &= table.owner[rows] != users
        caught = live & (world.draw.uniform("adoption.claims", key, month=0) < table.breadth[rows])
    else:
        caught = live
    held = (inv.protected_by[tech] == PROTECTION.index("secret")) & ~live & (world.draw.uniform("invention.concealable", inv.uid[tech], month=-10**6) < concealable_share(world)[sector])
    breach = p["protection.secret_breach"]
    leaks = world.sectors["leak_rate"][sector] * (1.0 - breach * world.levers["law.secrecy"][seat])
    kept_secret = held & (world.draw.uniform("adoption.leak", key, month=0) > np.minimum(leaks, 1.0))

    route = np.where(gain > 0.0, FREE, DROP)
    route = np.where(kept_secret, DROP, route)
    price = np.zeros(len(tech))
    aware = np.ones(len(tech), bool)
    redress = np.zeros(len(tech))
    blocked_by = np.where(caught, at, -1)
    clash = np.flatnonzero(caught & (gain > 0.0))
    if len(clash):
        loss = owner_loss(world, tech[clash])[:, None]
        redesign = p["development.redesign_cost"] * cost[clash]
        result = clear(
            world, key[clash], users[clash], gain[clash], at[clash][:, None].astype(np.int64), loss, redesign
        )
        route[clash] = result.route
        price[clash] = result.price[:, 0]
        aware[clash] = result.aware
        redress[clash] = result.redress
    _record(world, tech, users, seat, sector, route, aware, blocked_by, lines_due)
    _learn(world, tech, seat, sector, route, live, held, gain, redress)
    _use(world, tech, users, route, price, at, aware)
    joined = route != DROP
    world.tally.add("imitation_cost_sum", seat[joined], world.scale * world.sectors["imitation_cost"][sector[joined]],
                    sector[joined])  # fmt: skip


def _who_tries(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Draw which lines are tried this month and by whom; a firm that sells in the line already does not try."""
    p, lines, orgs, inv = world.p, world.lines, world.orgs, world.inventions
    live = world.live_lines
    if not len(live):
        return live, live
    sector = lines.sector[live]
    usual = p["adoption.rate"] * world.sectors["imitation_rate"] / 12.0
    fading = np.exp(
        -p["adoption.value_elasticity"] * decay_rate(world)[sector] * (world.month - lines.launched[live]) / 12.0
    )
    rate = usual[sector] * np.minimum(lines.pull[live] * fading, 12.0)
    u = world.draw.uniform("adoption.arrival", lines.uid[live])
    maybe = np.flatnonzero(u < rate * (1.0 + p["protection.disclosure"]))
    public = inv.published[lines.invention[live[maybe]]] <= world.month
    go = maybe[u[maybe] < -np.expm1(-rate[maybe] * (1.0 + p["protection.disclosure"] * public))]
    tried = live[go]
    tech = lines.invention[tried]
    owner = inv.owner[tech]
    home = orgs.jurisdiction[owner].astype(np.int64)
    abroad = world.draw.bernoulli("adoption.abroad", lines.uid[tried], p["adoption.foreign_share"])
    by_place = np.zeros((world.S, world.J))
    np.add.at(by_place.T, world.territories.place, world.market.reach.T)
    foreign = np.repeat(by_place[None], world.J, axis=0)
    foreign[np.arange(world.J), :, np.arange(world.J)] = 1e-12
    row = home * world.S + lines.sector[tried]
    other = world.draw.categorical("adoption.place", lines.uid[tried], foreign.reshape(-1, world.J), row)
    seat = np.where(abroad, other, home)
    group = seat * world.S + lines.sector[tried]
    user = world.draw.partner("adoption.user", lines.uid[tried], group, sellers(world), avoid=orgs.uid[owner])
    fine = (user >= 0) & orgs.alive[user]
    tried, user = tried[fine], user[fine]
    new = ~sells_already(world, tried, user)
    return tried[new], user[new]


@nb.njit(nb.boolean[::1](nb.int64[::1], nb.int64[::1], nb.int32[::1], nb.int32[::1], nb.boolean[::1], nb.int32[::1]),
         cache=True)  # fmt: skip
def _sells(
    lines: np.ndarray, users: np.ndarray, first_use: np.ndarray, next_use: np.ndarray, active: np.ndarray, user: np.ndarray,
) -> np.ndarray:  # fmt: skip
    out = np.zeros(len(lines), np.bool_)
    for i in range(len(lines)):
        u = first_use[lines[i]]
        while u >= 0:
            if active[u] and user[u] == users[i]:
                out[i] = True
                break
            u = next_use[u]
    return out


def sells_already(world: World, lines: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Return True where the user is an active seller of the line, bool (n,)."""
    uses = world.uses
    return np.asarray(_sells(lines.astype(np.int64), users.astype(np.int64), world.lines.first_use, uses.next_use,
                             uses.active, uses.user))  # fmt: skip


def _record(world: World, tech: np.ndarray, users: np.ndarray, seat: np.ndarray, sector: np.ndarray, route: np.ndarray,
            aware: np.ndarray, blocked_by: np.ndarray, lines: np.ndarray) -> None:  # fmt: skip
    inv, orgs, tally, scale = world.inventions, world.orgs, world.tally, world.scale
    foreign = orgs.jurisdiction[inv.owner[tech]] != seat
    world.adoptions.add(
        len(tech), month=world.month, user=users, invention=tech, route=route, foreign=foreign, aware=aware,
        blocked_by=blocked_by, months_since_launch=np.minimum(world.month - world.lines.launched[lines], 32_000),
    )  # fmt: skip
    tally.add("adoption_attempts", seat, scale, sector)
    for code, word in enumerate(OUTCOMES):
        mine = route == code
        tally.add(f"adoptions_{word}", seat[mine], scale, sector[mine])
    free = (route == FREE) & (inv.published[tech] <= world.month)
    tally.add("public_domain_use", seat[free], scale, sector[free])
    by_right = (blocked_by >= 0) & np.isin(route, (LICENSE, PURCHASE, AROUND, DROP))
    tally.add("imitations_blocked", seat[by_right], scale, sector[by_right])
    wilful = (route == INFRINGE) & aware
    tally.add("wilful_infringements", seat[wilful], scale, sector[wilful])
    made = route != DROP
    tally.add("adoptions_made", seat[made], scale, sector[made])
    home = made & ~foreign
    tally.add("adoptions_domestic", seat[home], scale, sector[home])
    green = made & (inv.field[tech] == world.environment_field)
    tally.add("adoptions_in_environment", seat[green], scale, sector[green])


def _learn(world: World, tech: np.ndarray, seat: np.ndarray, sector: np.ndarray, route: np.ndarray, live: np.ndarray,
           held: np.ndarray, gain: np.ndarray, redress: np.ndarray) -> None:  # fmt: skip
    """Owners learn from attempts that were worth while how much each instrument keeps out.

    An infringer counts by the chance that the owner stops it or is paid.
    """
    worth = gain > 0.0
    kind = _INSTRUMENT[world.inventions.protected_by[tech]]
    instrument = np.where(live, np.where(kind == UTILITY, UTILITY, PATENT), np.where(held, SECRET, NONE))
    kept = np.where(route == INFRINGE, redress, np.isin(route, (LICENSE, PURCHASE, DROP)))
    told = worth & (instrument != NONE)
    world.experience.fade(world)
    world.experience.observe(instrument[told], seat[told], sector[told], kept[told])


def _use(world: World, tech: np.ndarray, users: np.ndarray, route: np.ndarray, price: np.ndarray, at: np.ndarray,
         aware: np.ndarray) -> None:  # fmt: skip
    """Begin to sell: at home and, where no right of the family stands, abroad."""
    go = np.flatnonzero(route != DROP)
    if not len(go):
        return
    inv, v, orgs = world.inventions, world.valuation, world.orgs
    tech, users, route, price, at, aware = tech[go], users[go], route[go], price[go], at[go], aware[go]
    mask = _open_territories(world, tech, users, route)
    royalty = np.zeros(len(go))
    licensor = np.full(len(go), -1, np.int64)
    paid = np.flatnonzero(route == LICENSE)
    if len(paid):
        sector = inv.sector[tech[paid]].astype(np.int64)
        gain = user_gain(world, tech[paid], users[paid])
        sales = gain * (v.discount[sector] + v.hazard[sector]) * world.p["market.sigma_across"]
        royalty[paid], _ = settle_licenses(world, users[paid], at[paid].astype(np.int64), price[paid], sales)
        licensor[paid] = world.rights.owner[at[paid]]
        world.tally.add("royalty_bearing_uses", orgs.jurisdiction[users[paid]], world.scale)
    stolen = route == INFRINGE
    uses = start_use(
        world, tech, users, mask, _ROUTE_OF_USE[route], licensor=licensor, royalty=royalty, infringing=stolen,
        aware=stolen & aware, right=np.where(stolen, at, -1),
    )  # fmt: skip
    watch(world, uses[stolen])


flow("royalty_bearing_uses", "uses", "uses begun under a license", 0)


def _open_territories(world: World, tech: np.ndarray, users: np.ndarray, route: np.ndarray) -> np.ndarray:
    """Bit mask of the user's own territories plus those abroad where no right on the technology is in force."""
    rights = world.rights
    seat = world.orgs.jurisdiction[users]
    mask = np.zeros(len(tech), np.int64)
    for t in range(world.T):
        place = world.territories.place[t]
        at = world.inventions.right_at[tech, place]
        barred = (at >= 0) & rights.in_force[np.maximum(at, 0)] if rights.n else np.zeros(len(tech), bool)
        if rights.n:
            barred &= rights.owner[np.maximum(at, 0)] != users
        mask |= np.where((seat == place) | ~barred | (route == AROUND), 1 << t, 0)
    return mask


def quit_lines_of(world: World, organizations: np.ndarray) -> None:
    """End the uses of organizations that left the market."""
    gone = np.zeros(world.orgs.n, bool)
    gone[organizations] = True
    live = world.live_uses
    end_use(world, live[gone[world.uses.user[live]]])
