"""Adoption: rivals and newcomers try to use launched technology.

Attempts arrive per line and month, drawn before any right is looked at, so that deterrence does not shrink their number.
The one who tries is found by a race over the firms of the sector at home or abroad, weighted by absorptive capacity. The
attempt ends in free use, license, purchase, inventing around, infringement or drop. Imitation costs about 65 % of
development (Mansfield, Schwartz & Wagner 1981, Economic Journal 91:907). The loops are in ``agents.firm.attempts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.court import watch
from agents.firm.assignment import assignments, take_over
from agents.firm.attempts import (
    BLOCK,
    CLAIM,
    COST,
    GAIN,
    INSTRUMENT,
    KEY,
    LINE,
    LOSS,
    PRICE,
    RIGHT,
    ROUTE,
    SEAT,
    SECTOR,
    TECH,
    USER,
    WORTH,
    arrivals,
    conclude,
    weigh,
)  # fmt: skip
from agents.firm.clearance import DROP, INFRINGE, LICENSE, PURCHASE, clear
from agents.firm.compulsory import force
from agents.firm.licensing import settle_licenses
from agents.organizations import FIRM
from agents.patent_office.registers import register
from ecosystem.domain.indicators import TALLIES, flow, ratio
from ecosystem.domain.kinds import by_place
from ecosystem.domain.ledgers import DEALS
from ecosystem.domain.ledgers import ROUTES as OUTCOMES
from ecosystem.domain.market import ROUTES, start_use
from ecosystem.domain.potential import outlook
from ecosystem.domain.rights import KINDS
from ecosystem.kernel.luck import ALWAYS, Pool, fold
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

for _kind in KINDS:
    if _kind != "secret":
        flow(
            f"imitations_caught_by_{_kind}",
            "attempts",
            f"attempts worth while that fall under a right of kind {_kind}",
            0,
        )
flow("royalty_bearing_uses", "uses", "uses begun under a license", 0)

_ROUTE_OF_USE = np.array([ROUTES.index({"free": "free", "drop": "free"}.get(w, w)) for w in OUTCOMES])
_CAUGHT = np.array([TALLIES.get(f"imitations_caught_by_{word}", -1) for word in KINDS])
_ON_TECHNOLOGY = np.array([word in ("patent", "utility_model", "plant_variety", "chip_layout") for word in KINDS])
_ROOM = 1 << 40
VOLUNTARY, COMPULSORY = DEALS.index("license"), DEALS.index("compulsory_license")
_COUNTED = np.array([TALLIES[name] for name in (
    "adoption_attempts", "adoptions_made", "adoptions_domestic", "adoptions_in_environment", "public_domain_use",
    "imitations_blocked", "wilful_infringements", "imitation_cost_sum", *(f"adoptions_{word}" for word in OUTCOMES),
)])  # fmt: skip
"""Rows of the tallies in the order that ``attempts.conclude`` counts."""


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
    p, experience = world.p, world.experience
    if p["switch.imitation"] < 0.5 or not len(world.live_lines):
        experience.fade(world)
        return
    rows, money, clash = _weigh(world, *_who_tries(world))
    experience.fade(world)
    n = rows.shape[1]
    if not n:
        return
    inv, orgs, rights, tally = world.inventions, world.orgs, world.rights, world.tally
    clash = _prefer_domestic(world, rows, money, clash)
    _invoke(world, rows, clash)
    kind = rights.kind[rows[BLOCK, clash]].astype(np.int64)
    np.add.at(tally.values, (_CAUGHT[kind], rows[SEAT, clash], rows[SECTOR, clash]), world.scale)
    redesign = (
        np.where(_ON_TECHNOLOGY[kind], p["development.redesign_cost"], p["sign.rebrand_cost"]) * money[COST, clash]
    )
    find = world.levers["science.findability"]
    if find.any():
        redesign *= 1.0 - p["development.redesign_found"] * find[rows[SEAT, clash]]
    # only those who meet a right and gain from going on have to get clear of it
    cleared = clear(
        world, rows[KEY, clash], rows[USER, clash], money[GAIN, clash], rows[RIGHT, clash, None],
        money[LOSS, clash, None], redesign,
    )  # fmt: skip
    forced = np.zeros(n, np.bool_)
    forced[clash] = force(
        world, rows[KEY, clash], rows[USER, clash], money[GAIN, clash], rows[RIGHT, clash, None], cleared
    )
    bought, price = assignments(world, rows, clash, _ON_TECHNOLOGY[kind], cleared, forced[clash])
    cleared.route[bought], cleared.price[bought, 0] = PURCHASE, price
    foreign, aware, go, mask = conclude(
        rows, money, clash, cleared.route, cleared.price, cleared.aware, cleared.redress, world.month, world.scale,
        inv.owner, inv.published, inv.field, orgs.jurisdiction, inv.right_at, rights.in_force, rights.owner,
        world.territories.place, world.environment_field, world.sectors["imitation_cost"], experience.attempts,
        experience.kept, tally.values, _COUNTED, rights.territories, orgs.territory,
    )  # fmt: skip
    world.adoptions.add(
        n, month=world.month, user=rows[USER], invention=rows[TECH], route=rows[ROUTE], foreign=foreign, aware=aware,
        blocked_by=rows[BLOCK], months_since_launch=np.minimum(world.month - world.lines.launched[rows[LINE]], 32_000),
    )  # fmt: skip
    if len(go):
        _use(world, rows[:, go], money[:, go], aware[go], mask, forced[go])
    if forced.any():
        # against the owner's will its right kept nobody out
        cells = tuple(rows[row, forced] for row in (INSTRUMENT, SEAT, SECTOR))
        np.subtract.at(experience.kept, cells, 1.0)


def _who_tries(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Draw which lines are tried this month and which firm tries (-1 none); return (line slots, organization slots)."""
    p, lines, orgs, inv, draw = world.p, world.lines, world.orgs, world.inventions, world.draw
    tried, uid, group, avoid = arrivals(
        world.live_lines, world.month, lines.uid, lines.sector, lines.pull, lines.appeal, lines.users,
        world.valuation.shared, p["adoption.least_appeal"], lines.launched, lines.invention, inv.published, inv.owner,
        orgs.jurisdiction, orgs.uid, p["adoption.rate"] * world.sectors["imitation_rate"] / 12.0, world.valuation.decay,
        p["adoption.value_elasticity"], p["protection.disclosure"], p["adoption.foreign_share"], world.market.reach,
        world.territories.place, world.J, draw.key("adoption.arrival"), draw.key("adoption.abroad"),
        draw.key("adoption.place"),
    )  # fmt: skip
    return tried, draw.partner("adoption.user", uid, group, sellers(world), avoid=avoid)


def _weigh(world: World, tried: np.ndarray, users: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what ``attempts.weigh`` finds of the lines tried by ``users``."""
    p, lines, uses, orgs, inv, rights = world.p, world.lines, world.uses, world.orgs, world.inventions, world.rights
    v, sectors, draw = world.valuation, world.sectors, world.draw
    by_use = by_place(world, "breadth")
    # the rest of the world has no courts
    by_use[:, world.ROW] = 0.0
    rows, money, clash = weigh(
        tried, users, world.month, orgs.alive, orgs.uid, orgs.jurisdiction, orgs.absorptive, lines.invention, lines.users,
        lines.first_use, uses.next_use, uses.active, uses.user, inv.uid, inv.owner, inv.jurisdiction, inv.protected_by,
        inv.right_at, *outlook(world), rights.in_force, rights.owner, rights.breadth, v.alone, v.shared, v.discount,
        v.hazard, world.arrivals.per_rd, world.arrivals.mean_value, p["development.cost_share"],
        p["development.cost_elasticity"], sectors["imitation_cost"], sectors["leak_rate"], world.levers["law.secrecy"],
        p["protection.secret_breach"], draw.key("adoption.claims", 0), draw.key("adoption.leak", 0),
        inv.nature, lines.seller, lines.styled, lines.design, lines.mark, lines.origin, lines.claim, rights.office, orgs.region,
        p["sign.lookalike"] * sectors["visibility"], by_use, draw.key("adoption.look", 0),
        rights.territories, orgs.territory, world.territories.place, v.where,
    )  # fmt: skip
    return rows, money, clash


def _invoke(world: World, rows: np.ndarray, clash: np.ndarray) -> None:
    """Write a right by use when it is first invoked against an attempt, in the place of the attempt; the line keeps it."""
    at = clash[rows[BLOCK, clash] <= CLAIM]
    if not len(at):
        return
    kind, lines, place = CLAIM - rows[BLOCK, at], rows[LINE, at], rows[SEAT, at]
    known = world.claims
    names = (kind * world.J + place) * _ROOM + lines
    fresh = np.array([i for i, name in enumerate(names.tolist()) if name not in known], dtype=np.int64)
    if len(fresh):
        _, first = np.unique(names[fresh], return_index=True)
        fresh = fresh[first]
        seller = world.lines.seller[lines[fresh]].astype(np.int64)
        here = place[fresh]
        slots = register(
            world, kind[fresh], here, world.lines.invention[lines[fresh]], by_place(world, "breadth")[kind[fresh], here],
            seller, world.draw.normal("sign.distinct", fold(world.lines.uid[lines[fresh]], kind[fresh]), month=ALWAYS),
        )  # fmt: skip
        known.update(zip(names[fresh].tolist(), slots.tolist(), strict=True))
    rows[BLOCK, at] = rows[RIGHT, at] = [known[name] for name in names.tolist()]


def _prefer_domestic(world: World, rows: np.ndarray, money: np.ndarray, clash: np.ndarray) -> np.ndarray:
    """Lower the gain from foreign technology by what public buyers and grant givers would not take; return the clashes left.

    gain -= preference x worth (``government.domestic_preference`` of the user's place); who gains nothing drops the attempt.
    """
    preference = world.levers["government.domestic_preference"]
    if not preference.any():
        return clash
    seat = rows[SEAT]
    foreign = world.orgs.jurisdiction[world.inventions.owner[rows[TECH]]] != seat
    money[GAIN] -= np.where(foreign, preference[seat] * money[WORTH], 0.0)
    lost = foreign & (money[GAIN] <= 0.0)
    rows[ROUTE, lost] = DROP
    return clash[money[GAIN, clash] > 0.0]


def _use(
    world: World, rows: np.ndarray, money: np.ndarray, aware: np.ndarray, mask: np.ndarray, forced: np.ndarray
) -> None:
    """Begin to sell in the territories of ``mask``; licensees settle first."""
    n = rows.shape[1]
    users, route, at = rows[USER], rows[ROUTE], rows[RIGHT]
    royalty, licensor = np.zeros(n), np.full(n, -1, np.int64)
    paid = np.flatnonzero(route == LICENSE)
    if len(paid):
        v, sector = world.valuation, rows[SECTOR, paid]
        sales = money[WORTH, paid] * (v.discount[sector] + v.hazard[sector]) * world.p["market.sigma_across"]
        royalty[paid], _ = settle_licenses(
            world, users[paid], at[paid], money[PRICE, paid], sales, kind=np.where(forced[paid], COMPULSORY, VOLUNTARY)
        )
        licensor[paid] = world.rights.owner[at[paid]]
        world.tally.add("royalty_bearing_uses", world.orgs.jurisdiction[users[paid]], world.scale)
    sold = np.flatnonzero(route == PURCHASE)
    if len(sold):
        take_over(world, rows[TECH, sold], users[sold], at[sold], money[PRICE, sold])
        mask[sold] = world.everywhere
    stolen = route == INFRINGE
    uses = start_use(
        world, rows[TECH], users, mask, _ROUTE_OF_USE[route], licensor=licensor, royalty=royalty, infringing=stolen,
        aware=stolen & aware, right=np.where(stolen, at, -1),
    )  # fmt: skip
    watch(world, uses[stolen])
