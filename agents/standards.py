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

import numba as nb
import numpy as np

from agents.court import watch
from agents.firm.licensing import settle_licenses
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.switches import never_sue, off
from ecosystem.domain.valuation import user_gain
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.memory import remembered
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

HALF_YEAR = 6
F8, FF8, FFF8, I8 = nb.float64[::1], nb.float64[:, ::1], nb.float64[:, :, ::1], nb.int64[::1]
f8 = nb.float64
NEVER = -(10**6)
POOLED = -2
"""Stands for all members of a pool in a list of licensors."""

flow("standard_essential_licenses", "deals", "licenses of rights marked essential, at the owner's place", 1)
flow("standard_holdouts", "sellers", "sellers who use essential rights of an owner without its leave", -1)
flow("technologies_standardized", "families", "families chosen for a standard, at the owner's place", 0)
ratio("standard_royalty_rate", "share of sales", "sum of the rates asked for essential rights of one product, mean of products",
      -1, "standard_rates", "standard_products")  # fmt: skip
stock("essential_rights", "rights", "essential rights in force, by office", 0,
      lambda world: essential_in_force(world), yearly=True)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Licensors:
    """Who licenses the essential rights of each field at each office, the largest owners first.

    Attributes:
        number: separate licensors who approach a seller, int64 (F, P).
        owner: the licensor, POOLED for all members of a pool, int64 (F, P, L).
        share: its share of the essential rights in force there, 0 beyond ``number``, float64 (F, P, L).
        right: one of its rights, int64 (F, P, L).
    """

    number: np.ndarray
    owner: np.ndarray
    share: np.ndarray
    right: np.ndarray


@dataclass(slots=True)
class Standards:
    """What standards bodies keep.

    Attributes:
        essential: essential rights by field, int64; ended ones are dropped twice a year.
        licensed: month in which the license of (user, owner, field) ends.
        who: licensors as arranged twice a year, None before the first standard.
        seen: rows of the table of uses looked at.
    """

    essential: dict[int, np.ndarray] = field(default_factory=dict)
    licensed: dict[tuple[int, int, int], int] = field(default_factory=dict)
    who: Licensors | None = None
    seen: int = 0


def standards(world: World) -> Standards:
    """Return what standards bodies keep, made when first asked for."""
    return remembered(world, "standards", Standards)


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


def licensors(world: World) -> Licensors:
    """Return who licenses the essential rights in force in every field at every office."""
    rights, F, P = world.rights, world.F, world.P
    most = max(1, round(world.p["standards.licensors"]))
    shape = (F, P, most)
    out = Licensors(np.zeros((F, P), np.int64), np.full(shape, -1), np.zeros(shape), np.full(shape, -1))
    essential = standards(world).essential
    rows = np.concatenate([np.zeros(0, np.int64), *essential.values()])
    rows = rows[rights.in_force[rows] & (rights.office[rows] < P)]
    if not len(rows):
        return out
    who = np.where(rights.pooled[rows], POOLED, rights.owner[rows]).astype(np.int64)
    cell = rights.field[rows].astype(np.int64) * P + rights.office[rows]
    key, first, count = np.unique((cell << 32) + who - POOLED, return_index=True, return_counts=True)
    total = np.bincount(cell, minlength=F * P)
    cell, who = key >> 32, (key & 0xFFFFFFFF) + POOLED
    order = np.lexsort((who, -count, cell))
    cell = cell[order]
    rank = np.arange(len(cell)) - np.searchsorted(cell, cell)
    order, cell, rank = order[rank < most], cell[rank < most], rank[rank < most]
    out.number[:] = np.bincount(cell, minlength=F * P).reshape(F, P)
    at = (cell // P, cell % P, rank)
    out.owner[at], out.share[at], out.right[at] = who[order], count[order] / total[cell], rows[first[order]]
    return out


def rates_asked(
    world: World, who: Licensors, fields: np.ndarray, places: np.ndarray, others: np.ndarray | int = 0
) -> np.ndarray:
    """Return the royalty that each licensor asks of sellers, share of sales, float64 (n, L), 0 where there is none.

    Args:
        fields, places: field of the product and seat of the seller, int64 (n,).
        others: further owners outside the standard on whose rights the product reads, (n,).
    """
    number = who.number[fields, places] + np.asarray(others, np.int64)
    return np.asarray(
        _rates(
            np.ascontiguousarray(fields, np.int64), np.ascontiguousarray(places, np.int64), number, who.share,
            1.0 / world.p["market.sigma_across"], world.p["standards.aggregate_rate"], world.levers["standards.frand"],
        )
    )  # fmt: skip


@nb.njit(FF8(I8, I8, I8, FFF8, f8, f8, F8), cache=True)
def _rates(
    fields: np.ndarray, places: np.ndarray, number: np.ndarray, share: np.ndarray, margin: float, fair: float,
    promise: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return min(h, b)^f h^(1 - f) for each product and licensor (see ``rates_asked``)."""
    out = np.zeros((len(fields), share.shape[2]))
    for i in range(len(fields)):
        h, f = margin / (number[i] + 1.0), promise[places[i]]
        for k in range(share.shape[2]):
            b = share[fields[i], places[i], k]
            if b > 0.0:
                out[i, k] = min(h, fair * b) ** f * h ** (1.0 - f)
    return out


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
    state.who = licensors(world)
    seek(world, first + np.flatnonzero(uses.active[first:]), state.who)


def seek(world: World, new: np.ndarray, who: Licensors) -> None:
    """Let licensors approach new sellers (uses, int64 (n,)): these take the license, or hold out and may be found."""
    state, orgs, uses, p, levers = standards(world), world.orgs, world.uses, world.p, world.levers
    user, tech = uses.user[new].astype(np.int64), uses.invention[new].astype(np.int64)
    place, fields = orgs.jurisdiction[user].astype(np.int64), world.inventions.field[tech].astype(np.int64)
    some = (place < world.P) & ~orgs.passive[user]
    some[some] = who.number[fields[some], place[some]] > 0
    new, user, tech, place, fields = (a[some] for a in (new, user, tech, place, fields))
    if not len(new):
        return
    gain = np.maximum(user_gain(world, tech, user), 0.0)
    rate = rates_asked(world, who, fields, place)
    world.tally.add("standard_rates", place, world.scale * rate.sum(axis=1))
    world.tally.add("standard_products", place, world.scale)
    # an owner asks where the royalty pays for the talks
    talks = 0.0 if off(world, "licensing_frictions") else p["standards.talks_cost"]
    i, k = np.nonzero(rate * (gain * p["market.sigma_across"])[:, None] > talks)
    price, at = gain[i] * p["market.sigma_across"] * rate[i, k], place[i]
    life = np.minimum(1.0 / world.valuation.decay[world.inventions.sector[tech[i]].astype(np.int64)], 10.0)
    caught = 1.0 - np.exp(-levers["enforcement.detection"][at] * levers["law.enforcement"][at] * life)
    caught *= 1.0 - never_sue(world)[at]
    stop = p["clearance.injunction_loss"] * levers["court.injunction"][at] * (1.0 - levers["standards.frand"][at])
    fight = levers["court.cost"][at] * price**0.6 + levers["court.hurdle"][at]
    damages = np.maximum(1.0, levers["court.damages"][at]) * price
    holding_out = caught * (damages + stop * gain[i] / who.number[fields[i], at] + fight)
    custom = world.draw.bernoulli(
        "standards.refrain", orgs.uid[user[i]], levers["enforcement.refrain"][at], month=ALWAYS
    )
    accepts = (price + talks <= holding_out) | custom
    owner, right = who.owner[fields[i], at, k], who.right[fields[i], at, k]
    until = world.month + round(12 * p["standards.license_years"])
    signs, caught_out = [], []
    asked = zip(user[i].tolist(), owner.tolist(), fields[i].tolist(), at.tolist(), strict=True)
    for n, (taker, giver, f, j) in enumerate(asked):
        known = state.licensed.get((taker, giver, f), NEVER) > world.month
        if taker == giver or known or (giver == POOLED and _member(world, taker, f, j)):
            continue
        if accepts[n]:
            state.licensed[taker, giver, f] = until
            signs.append(n)
        elif giver != POOLED:
            world.tally.add("standard_holdouts", j, float(world.scale))
            use = int(new[i[n]])
            if not uses.infringing[use]:
                uses.infringing[use], uses.aware[use], uses.right[use] = True, True, right[n]
                caught_out.append(use)
    watch(world, np.array(caught_out, dtype=np.int64))
    if signs:
        _sign(world, user[i[signs]], right[signs], price[signs])


def _member(world: World, user: int, f: int, office: int) -> bool:
    """Return whether the user is a member of the pool, whose members license each other."""
    from agents.transfer.pools import members

    return bool((members(world, office, f) == user).any())


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
