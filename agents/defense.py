"""Defense: part of what defense money finds stays secret until it is declassified and offered to civil firms.

An invention is a defense one with the share of defense money behind it. The share ``defense.secret_share`` less what
dual-use programmes pass on at once (``science.dual_use``) is classified: no application is published, nobody is offered
it, its owner develops no civil product. Old ones are declassified with ``science.declassification`` a year: they are
filed, published and offered like any unused technology. In the other direction the makers of defense inventions license
civil products of their field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.firm.commercialize import IDEA, wait
from agents.firm.licensing import pay_license
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY, affordable, within_means
from agents.patent_office import file_applications
from agents.patent_office.filing import PATENT
from agents.transfer.deals import KIND, count_deal, counters
from ecosystem.domain.indicators import flow
from ecosystem.domain.knowledge import DEFENSE, PROTECTION
from ecosystem.domain.ledgers import ROUTES
from ecosystem.domain.switches import filing_fee
from ecosystem.kernel.luck import Pool
from ecosystem.kernel.memory import remembered
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

CIVIL, OPEN, SECRET, DECLASSIFIED = range(len(DEFENSE))
QUARTER, TURN = 3, 1
_NONE = np.zeros(0, np.int64)
_LICENSES = [
    KIND[word] for word in ("license", "university_license", "cross_license", "pool_license", "standard_license")
]
_CARRY = [*_LICENSES, KIND["sale"], KIND["spin_off"], KIND["know_how"]]

flow("defense_field_inventions", "inventions", "inventions from defense money, secret or not", 0)
flow("defense_inventions_classified", "inventions", "inventions from defense money kept secret", 0)
flow("defense_inventions_declassified", "inventions", "secret defense inventions made public and offered", 1)
flow(
    "dual_use_transfers",
    "transfers",
    "deals and adoptions that carry a technology from defense to civil use or back",
    1,
)
flow("defense_patents_licensed_out", "deals", "licenses of civil firms to rights that came from defense money", 1)


@dataclass(slots=True)
class Secrets:
    """Secret inventions in order of making, those of defense made since the last quarter, rows of ledgers looked at."""

    held: np.ndarray = field(default_factory=lambda: _NONE)
    recent: np.ndarray = field(default_factory=lambda: _NONE)
    deals: int = 0
    adoptions: int = 0


def secrets(world: World) -> Secrets:
    """Return what defense keeps, made when first asked for."""
    return remembered(world, "defense_secrets", Secrets)


def defense_share(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of defense in the money of institutes and of universities by place, float64 (J,) each.

    Defense money goes to institutes first, as ``government.fund_science`` pays it.
    """
    orgs, slots = world.orgs, world.academia.slots
    place = orgs.jurisdiction[slots].astype(np.int64)
    money = orgs.rd_public[slots] * orgs.weight[slots]
    total = np.bincount(place, money, world.J)
    state = np.bincount(place, np.where(orgs.kind[slots] == INSTITUTE, money, 0.0), world.J)
    due = world.levers["science.defense_share"] * total
    inside = np.divide(due, state, out=np.zeros(world.J), where=state > 0.0)
    outside = np.divide(due - state, total - state, out=np.zeros(world.J), where=total > state)
    return np.clip(inside, 0.0, 1.0), np.clip(outside, 0.0, 1.0)


@rule("protection", "defense.classify", before="protection.choose")
def classify(world: World) -> None:
    """Mark this month's inventions that come from defense money, and hold the secret ones."""
    new = np.asarray(world.new_inventions, dtype=np.int64)
    if not len(new):
        return
    inv, orgs, p, state = world.inventions, world.orgs, world.p, secrets(world)
    maker = inv.creator[new].astype(np.int64)
    place, kind = orgs.jurisdiction[maker].astype(np.int64), orgs.kind[maker]
    inside, outside = defense_share(world)
    firms = p["defense.firm_share"] * world.levers["science.defense_share"][place] * inv.public_funding[new]
    share = np.where(kind == INSTITUTE, inside[place], np.where(kind == UNIVERSITY, outside[place], firms))
    share = np.where(orgs.passive[maker], 0.0, share)
    mine = world.draw.bernoulli("defense.money", inv.uid[new], share)
    if not mine.any():
        return
    inv.defense[new[mine]] = OPEN
    chance = p["defense.secret_share"] * (1.0 - world.levers["science.dual_use"][place])
    hidden = mine & world.draw.bernoulli("defense.secret", inv.uid[new], chance)
    held = new[hidden]
    inv.defense[held] = SECRET
    inv.protected_by[held] = PROTECTION.index("secret")
    # a technology with a developer who has not begun is on nobody's list
    inv.developer[held] = inv.owner[held]
    world.new_inventions = new[~hidden]
    state.held = np.concatenate([state.held, held])
    state.recent = np.concatenate([state.recent, new[mine]])
    world.tally.add("defense_field_inventions", place[mine], world.scale)
    world.tally.add("defense_inventions_classified", place[hidden], world.scale)


@rule("protection", "defense.declassify", after="protection.choose")
def declassify(world: World) -> None:
    """Once a quarter declassify a share of old secret inventions: file them, let them be published and offered."""
    state, inv, orgs, levers = secrets(world), world.inventions, world.orgs, world.levers
    if world.month % QUARTER != TURN or not len(state.held):
        return
    old = state.held[inv.month[state.held] <= world.month - 12.0 * world.p["defense.secret_years"]]
    owner = inv.owner[old].astype(np.int64)
    place = orgs.jurisdiction[owner].astype(np.int64)
    chance = 1.0 - (1.0 - levers["science.declassification"][place]) ** (QUARTER / 12.0)
    out = world.draw.bernoulli("defense.declassify", inv.uid[old], chance) & orgs.alive[owner]
    cost = (filing_fee(world) + levers["office.attorney_cost"])[place] * world.scale
    out[out] = within_means(world, owner[out], cost[out])
    free, place = old[out], place[out]
    if not len(free):
        return
    state.held = state.held[~np.isin(state.held, free)]
    slots = file_applications(world, free, place, np.full(len(free), PATENT))
    inv.defense[free], inv.protected_by[free] = DECLASSIFIED, PROTECTION.index("patent")
    inv.right[free], inv.right_at[free, place] = slots, slots
    inv.developer[free], inv.status[free] = -1, IDEA
    wait(world, free[orgs.kind[inv.owner[free]] == FIRM])
    world.tally.add("defense_inventions_declassified", place, world.scale)


@rule("transfer", "defense.spin_in", after="transfer.bargain")
def spin_in(world: World) -> None:
    """Once a quarter makers of defense inventions license civil products of their field and place."""
    if world.month % QUARTER != TURN:
        return
    state, inv, orgs, p = secrets(world), world.inventions, world.orgs, world.p
    recent, state.recent = state.recent, _NONE
    taker = inv.creator[recent].astype(np.int64)
    place = orgs.jurisdiction[taker].astype(np.int64)
    wants = world.draw.bernoulli(
        "defense.spin_in", inv.uid[recent], p["defense.spin_in"] * world.levers["science.dual_use"][place]
    )
    recent, taker, place = recent[wants], taker[wants], place[wants]
    offered = world.intermediaries.register.on_market
    offered = offered[(inv.defense[offered] == CIVIL) & np.isin(inv.field[offered], inv.field[recent])]
    if not len(recent) or not len(offered):
        return
    giver = inv.owner[offered].astype(np.int64)
    offered = offered[(giver >= 0) & (inv.right[offered] >= 0)]
    group = orgs.jurisdiction[inv.owner[offered]].astype(np.int64) * world.F + inv.field[offered]
    pool = Pool.of(offered, inv.uid[offered], group, world.J * world.F, np.ones(len(offered)))
    tech = world.draw.partner("defense.civil_technology", inv.uid[recent], place * world.F + inv.field[recent], pool)
    price = p["defense.spin_in_price"]
    good = (tech >= 0) & orgs.alive[taker] & (inv.owner[np.maximum(tech, 0)] != taker)
    good[good] = within_means(world, taker[good], np.full(int(good.sum()), price * world.scale))
    taker, tech, place = taker[good], tech[good], place[good]
    if not len(tech):
        return
    giver = inv.owner[tech].astype(np.int64)
    paid = np.minimum(price, affordable(world, taker) * orgs.weight[taker] / world.scale)
    world.deals.add(
        len(tech), month=world.month, kind=KIND["license"], giver=giver, taker=taker, right=inv.right[tech], invention=tech,
        field=inv.field[tech], from_place=place, to_place=place, upfront=paid,
    )  # fmt: skip
    pay_license(world, taker, giver, paid)
    tallies = counters(world)
    for j, k in zip(place.tolist(), tech.tolist(), strict=True):
        count_deal(KIND["license"], j, j, int(inv.sector[k]), False, False, world.scale, *tallies)
    world.tally.add("dual_use_transfers", place, world.scale)


@rule("law", "defense.count")
def count_transfers(world: World) -> None:
    """Count this month's deals and adoptions that brought technology from defense money into civil use."""
    state, inv, deals, adoptions, orgs = secrets(world), world.inventions, world.deals, world.adoptions, world.orgs
    first, state.deals = state.deals, deals.n
    tech = deals.invention[first:].astype(np.int64)
    rows = np.flatnonzero((tech >= 0) & np.isin(deals.kind[first:], _CARRY))
    rows = rows[inv.defense[tech[rows]] != CIVIL]
    rows = rows[orgs.kind[deals.taker[first + rows]] == FIRM]
    place = deals.from_place[first + rows].astype(np.int64)
    licensed = np.isin(deals.kind[first + rows], _LICENSES) & (deals.right[first + rows] >= 0)
    world.tally.add("dual_use_transfers", place, world.scale)
    world.tally.add("defense_patents_licensed_out", place[licensed], world.scale)
    first, state.adoptions = state.adoptions, adoptions.n
    tech = adoptions.invention[first:].astype(np.int64)
    rows = np.flatnonzero((inv.defense[tech] != CIVIL) & (adoptions.route[first:] != ROUTES.index("drop")))
    rows = rows[adoptions.route[first + rows] != ROUTES.index("license")]  # licenses are deals, counted above
    world.tally.add("dual_use_transfers", orgs.jurisdiction[inv.creator[tech[rows]]].astype(np.int64), world.scale)
