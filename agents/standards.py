"""Standards: bodies choose technologies of members; who sells in the field afterwards needs their owners' leave.

Every few years the body of a field chooses among families in force of members (``standards.participation``) those of
highest ln quality + error. Their rights become essential: every product of the field reads on those in force at its
seller's seat. With n separate licensors (members of a pool count once) each could ask the Nash share h = m / (n + 1) of
the seller's margin m, since the design is locked in; a promise of strength f bounds it by b = the owner's share of a
fair aggregate rate: rate = min(h, b)^f h^(1 - f) (Lemley & Shapiro 2007, Texas Law Review 85:1991). The seller takes
the license if it costs no more than holding out: caught x (damages + injunction (1 - f) + legal cost); otherwise it sells
without leave and the owner may find it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from agents.court import watch
from agents.firm.licensing import settle_licenses
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.valuation import user_gain
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

HALF_YEAR = 6
POOLED = -2
"""Stands for all members of a pool in a list of licensors."""

flow("standard_essential_licenses", "deals", "licenses of rights marked essential, at the owner's place", 1)
flow("standard_holdouts", "sellers", "sellers who use essential rights of an owner without its leave", -1)
flow("technologies_standardized", "families", "families chosen for a standard, at the owner's place", 0)
ratio("standard_royalty_rate", "share of sales", "sum of the rates asked for essential rights of one product, mean of products",
      -1, "standard_rates", "standard_products")  # fmt: skip
stock("essential_rights", "rights", "essential rights in force, by office", 0,
      lambda world: essential_in_force(world), yearly=True)  # fmt: skip


@dataclass(slots=True)
class Standards:
    """What standards bodies keep.

    Attributes:
        essential: essential rights by field, int64; ended ones are dropped twice a year.
        licensed: month in which the license of (user, owner, field) ends.
        seen: rows of the table of uses looked at.
    """

    essential: dict[int, np.ndarray] = field(default_factory=dict)
    licensed: dict[tuple[int, int, int], int] = field(default_factory=dict)
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Licensors:
    """Who licenses the essential rights of a field at an office: owner (POOLED for a pool), share, right; (n,) each."""

    owner: np.ndarray
    share: np.ndarray
    right: np.ndarray


def standards(world: World) -> Standards:
    """Return what standards bodies keep, made when first asked for."""
    known: Standards | None = world.__dict__.get("standards")
    if known is None:
        known = world.standards = Standards()
    return known


def essential_in_force(world: World) -> np.ndarray:
    """Return essential rights in force by office, real numbers, float64 (J,)."""
    out = np.zeros(world.J)
    for rows in standards(world).essential.values():
        live = rows[world.rights.in_force[rows]]
        out += world.scale * np.bincount(world.rights.office[live], minlength=world.J)
    return out


@rule("transfer", "standards.set")
def set_standards(world: World) -> None:
    """Let the body of one field after the other choose the technologies of a new standard, each every few years."""
    every, fields = max(1, round(12 * world.p["standards.years"])), world.fields.standardized
    for k, f in enumerate(fields.tolist()):
        if (world.month - k * every // len(fields)) % every == 0:
            choose(world, f)


def choose(world: World, f: int) -> np.ndarray:
    """Choose technologies of field ``f``, mark their rights essential, and return the inventions, int64."""
    rights, inv, orgs, p, draw = world.rights, world.inventions, world.orgs, world.p, world.draw
    youngest = world.month - 12.0 * p["standards.candidate_years"]
    rows = np.flatnonzero(
        rights.in_force & (rights.kind == 0) & (rights.field == f) & ~rights.sep & (rights.filed >= youngest)
    )
    families = np.unique(rights.invention[rows]).astype(np.int64)
    owner = inv.owner[families].astype(np.int64)
    fine = owner >= 0
    fine[fine] = orgs.alive[owner[fine]] & np.isin(orgs.kind[owner[fine]], (FIRM, UNIVERSITY, INSTITUTE))
    families, owner = families[fine], owner[fine]
    if not len(families):
        return families
    place = orgs.jurisdiction[owner].astype(np.int64)
    member = draw.bernoulli(
        "standards.member", fold(orgs.uid[owner], f), world.levers["standards.participation"][place], month=ALWAYS
    )
    most = max(1, round(p["standards.essential_share"] * len(families)))
    families, place = families[member], place[member]
    error = draw.normal("standards.choice", inv.uid[families])
    score = np.log(np.maximum(inv.quality[families], 1e-6)) + p["standards.choice_noise"] * error
    best = np.lexsort((inv.uid[families], -score))[:most]
    chosen = families[best]
    family = inv.right_at[chosen]
    essential = np.unique(family[family >= 0]).astype(np.int64)
    rights.sep[essential] = True
    kept = standards(world).essential
    kept[f] = np.union1d(kept.get(f, np.zeros(0, np.int64)), essential)
    world.tally.add("technologies_standardized", place[best], world.scale)
    return chosen


def licensors(world: World, f: int, place: int) -> Licensors:
    """Return who licenses the essential rights of field ``f`` in force at an office, the largest owners first."""
    rights = world.rights
    rows = standards(world).essential.get(f, np.zeros(0, np.int64))
    rows = rows[rights.in_force[rows] & (rights.office[rows] == place)]
    who = np.where(rights.pooled[rows], POOLED, rights.owner[rows]).astype(np.int64)
    owner, first, count = np.unique(who, return_index=True, return_counts=True)
    order = np.lexsort((owner, -count))[: max(1, round(world.p["standards.licensors"]))]
    return Licensors(owner[order], count[order] / max(1, len(rows)), rows[first[order]])


def rates_asked(world: World, who: Licensors, place: int, others: int = 0) -> np.ndarray:
    """Return the royalty that each licensor asks of a seller of the place, share of sales, float64 (n,).

    Args:
        others: further owners outside the standard on whose rights the product reads.
    """
    margin = 1.0 / world.p["market.sigma_across"]
    hold_up = margin / (len(who.owner) + others + 1.0)
    fair = world.p["standards.aggregate_rate"] * who.share
    promise = world.levers["standards.frand"][place]
    return np.asarray(np.minimum(hold_up, fair) ** promise * hold_up ** (1.0 - promise))


@rule("adoption", "standards.implement", after="adoption.attempt")
def implement(world: World) -> None:
    """Twice a year new sellers in standardized fields take licenses of essential rights or hold out."""
    state, uses = standards(world), world.uses
    if world.month % HALF_YEAR:
        return
    first, state.seen = state.seen, uses.n
    if not state.essential:
        return
    for f, rows in state.essential.items():
        state.essential[f] = rows[world.rights.in_force[rows] | (world.rights.outcome[rows] == 0)]
    fields = world.inventions.field[uses.invention[first:]]
    new = first + np.flatnonzero(np.isin(fields, list(state.essential)) & uses.active[first:])
    for f in state.essential:
        mine = new[world.inventions.field[uses.invention[new]] == f]
        place = world.orgs.jurisdiction[uses.user[mine]]
        for j in np.unique(place).tolist():
            who = licensors(world, f, j) if j < world.P else None
            if who is not None and len(who.owner):
                _seek(world, f, j, mine[place == j], who)


def _seek(world: World, f: int, j: int, new: np.ndarray, who: Licensors) -> None:
    """Let the licensors of a field approach its new sellers at one place."""
    state, orgs, uses, p, levers = standards(world), world.orgs, world.uses, world.p, world.levers
    user = uses.user[new].astype(np.int64)
    new, user = new[~orgs.passive[user]], user[~orgs.passive[user]]
    if not len(new):
        return
    gain = np.maximum(user_gain(world, uses.invention[new], user), 0.0)
    sales = gain * p["market.sigma_across"]
    rate, n = rates_asked(world, who, j), len(who.owner)
    world.tally.add("standard_rates", j, world.scale * rate.sum() * len(new))
    world.tally.add("standard_products", j, float(world.scale * len(new)))
    price = sales[:, None] * rate
    life = np.minimum(1.0 / world.valuation.decay[world.inventions.sector[uses.invention[new]].astype(np.int64)], 10.0)
    caught = 1.0 - np.exp(-levers["enforcement.detection"][j] * levers["law.enforcement"][j] * life)
    caught *= 1.0 - levers["court.agreeable_share"][j]
    stop = p["clearance.injunction_loss"] * levers["court.injunction"][j] * (1.0 - levers["standards.frand"][j])
    fight = levers["court.cost"][j] * price**0.6 + levers["court.hurdle"][j]
    holding_out = caught[:, None] * (
        np.maximum(1.0, levers["court.damages"][j]) * price + stop * gain[:, None] / n + fight
    )
    cost = p["standards.talks_cost"]
    # an owner asks where the royalty pays for the talks
    asks = price > cost
    custom = world.draw.bernoulli("standards.refrain", orgs.uid[user], levers["enforcement.refrain"][j], month=ALWAYS)
    accepts = (price + cost <= holding_out) | custom[:, None]
    until = world.month + round(12 * p["standards.license_years"])
    taker, right, paid, caught_out = [], [], [], []
    for i, k in np.argwhere(asks).tolist():
        pair = (int(user[i]), int(who.owner[k]), f)
        if (
            pair[0] == pair[1]
            or state.licensed.get(pair, -(10**6)) > world.month
            or _member(world, pair[0], f, j, k, who)
        ):
            continue
        if accepts[i, k]:
            state.licensed[pair] = until
            taker.append(pair[0])
            right.append(int(who.right[k]))
            paid.append(float(price[i, k]))
        elif who.owner[k] != POOLED:
            world.tally.add("standard_holdouts", j, float(world.scale))
            if not uses.infringing[new[i]]:
                uses.infringing[new[i]], uses.aware[new[i]], uses.right[new[i]] = True, True, who.right[k]
                caught_out.append(int(new[i]))
    watch(world, np.array(caught_out, dtype=np.int64))
    if taker:
        _sign(world, np.array(taker), np.array(right), np.array(paid))


def _member(world: World, user: int, f: int, j: int, k: int, who: Licensors) -> bool:
    """Return whether the licensor is the pool and the user one of its members, who license each other."""
    if who.owner[k] != POOLED:
        return False
    from agents.transfer.pools import members

    return bool(np.isin(user, members(world, j, f)))


def _sign(world: World, taker: np.ndarray, right: np.ndarray, price: np.ndarray) -> None:
    """Sign licenses, for a lump sum; a pool passes its income on to its members."""
    rights, none = world.rights, np.zeros(len(taker))
    pooled = rights.pooled[right]
    for kind, rows in (("standard_license", ~pooled), ("pool_license", pooled)):
        if rows.any():
            _, paid = settle_licenses(world, taker[rows], right[rows], price[rows], none[rows], kind=kind)
            if kind == "pool_license":
                from agents.transfer.pools import pass_on

                pass_on(world, right[rows], paid)
    world.tally.add(
        "standard_essential_licenses", world.orgs.jurisdiction[rights.owner[right]].astype(np.int64), world.scale
    )
