"""Firm life: growth by many or few opportunities, dividends, exit, entry of founders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincinv

from agents.firm.failure import note_failed, second_tries
from agents.firm.manage import first_practices
from agents.firm.park import open_doors
from agents.firm.population import learn_protection_at_start, refresh_absorptive, set_wanted
from agents.organizations import FIRM, ORIGINS, set_credit
from agents.programs.incubator import mentoring
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.regions import settle
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("firm_exits", "firms", "exits of firms that do R&D", 0)
flow("firm_entries", "firms", "entries of firms that do R&D", 1)
ratio("startup_survival", "share", "firms alive five years after founding / those founded then", 1,
      "startups_alive", "startups_founded")  # fmt: skip
stock("firms", "firms", "firms that do R&D", 0, lambda world: _count_firms(world))
stock("concentration", "index", "mean over sectors of the Herfindahl index of R&D, real firms", -1,
      lambda world: _herfindahl(world), yearly=True)  # fmt: skip
stock("protection_awareness", "share", "mean awareness of instruments of protection among firms", 1,
      lambda world: _awareness(world), yearly=True)  # fmt: skip


def _count_firms(world: World) -> np.ndarray:
    orgs = world.orgs
    firms = orgs.living(FIRM)
    return np.bincount(orgs.jurisdiction[firms], weights=orgs.weight[firms], minlength=world.J)


def _herfindahl(world: World) -> np.ndarray:
    orgs = world.orgs
    firms = orgs.living(FIRM)
    cell = (orgs.jurisdiction[firms], orgs.sector[firms])
    total, squares = np.zeros((world.J, world.S)), np.zeros((world.J, world.S))
    np.add.at(total, cell, orgs.rd[firms] * orgs.weight[firms])
    np.add.at(squares, cell, orgs.rd[firms] ** 2 * orgs.weight[firms])
    with np.errstate(divide="ignore", invalid="ignore"):
        index = np.where(total > 0, squares / total**2, 0.0)
    return index.mean(axis=1)


def _awareness(world: World) -> np.ndarray:
    orgs = world.orgs
    firms = orgs.living(FIRM)
    w = np.bincount(orgs.jurisdiction[firms], weights=orgs.weight[firms], minlength=world.J)
    a = np.bincount(orgs.jurisdiction[firms], weights=orgs.weight[firms] * orgs.awareness[firms], minlength=world.J)
    return a / np.maximum(w, 1e-12)


@rule("firm_life", "firm.grow", after="firm.dividends")
def grow(world: World) -> None:
    """Yearly growth: a normal whose variance is exponential is Laplace, the tent that growth rates show.

    ``d ln n = g (n / 300)^-b sqrt(E) N - d ln(n / n0)``: the number of opportunities a firm meets is random (Bottazzi &
    Secchi 2003). Old products keep their share of the market in sum: what one gains others lose.
    """
    p, orgs = world.p, world.orgs
    firms = orgs.living(FIRM)
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    if not len(due):
        return
    n = orgs.employees[due]
    spread = p["firm.growth_sd"] * (n / 300.0) ** -p["firm.growth_size_slope"]
    luck = np.sqrt(world.draw.exponential("firm.opportunities", orgs.uid[due])) * world.draw.normal(
        "firm.growth", orgs.uid[due]
    )
    young = world.month - orgs.founded[due] < 96
    pull = np.where(young & (orgs.origin[due] > 0), p["firm.young_drift"], p["firm.size_drift"])
    change = np.clip(spread * luck - pull * np.log(n / orgs.size_rank[due]), -0.9, 0.9)
    orgs.employees[due] = np.maximum(n * np.exp(change), 1.0)
    orgs.base[due] *= np.exp(change)
    cell = orgs.jurisdiction[firms].astype(np.int64) * world.S + orgs.sector[firms]
    held = np.bincount(cell, weights=orgs.base[firms] * orgs.weight[firms], minlength=world.J * world.S)
    factor = np.where(held > 0, world.base_total / np.maximum(held, 1e-12), 1.0)
    orgs.base[firms] *= factor[cell]
    set_credit(world, firms)


@rule("firm_life", "firm.dividends", after="firm.budget")
def dividends(world: World) -> None:
    """In its month a firm pays out cash above what it keeps for R&D and overhead."""
    p, orgs = world.p, world.orgs
    firms = orgs.living(FIRM)
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    keep = p["firm.cash_buffer"] * (orgs.rd[due] + p["firm.overhead_share"] * orgs.base[due])
    spare = np.maximum(orgs.cash[due] - keep, 0.0)
    place = orgs.jurisdiction[due].astype(np.int64)
    world.accounts.pay("dividends", "organizations", due, "households", place, spare * orgs.weight[due], place=place)


@rule("firm_life", "firm.exit", after="firm.grow")
def leave(world: World) -> None:
    """Exit: young firms by hidden frailty, old ones less the larger they are, any when its credit is used up.

    Start-ups: gamma frailty with variance t and mean hazard h gives S(t) = (1 + t h T)^(-1/t), the survival of US firms.
    Firms above ``firm.exit_merger_size`` end by merger, which leaves their laboratories at work. A firm's turn comes every
    third month.
    """
    p, orgs = world.p, world.orgs
    firms = orgs.living(FIRM)
    firms = firms[(orgs.anniversary[firms] - world.month_of_year) % 3 == 0]
    place = orgs.jurisdiction[firms]
    age = (world.month - orgs.founded[firms]) / 12.0
    young = age < 8.0
    support = np.where(young, 1.0 - world.levers["startup.support"][place], 1.0) * mentoring(world, firms)
    mature = world.fact("exit_rate")[place] * p["firm.exit_scale"] * (orgs.employees[firms] / 60.0) ** -0.5
    startup = p["firm.startup_hazard"] * orgs.hazard[firms]
    hazard = np.where((orgs.origin[firms] > 0) & young, startup, np.minimum(mature, 0.5)) * support
    goes = world.draw.bernoulli("firm.exit", orgs.uid[firms], -np.expm1(-hazard / 4.0))
    broke = orgs.cash[firms] < -0.98 * orgs.credit[firms] - 1e-9
    broke &= world.draw.bernoulli("firm.insolvent", orgs.uid[firms], 1.0 - (1.0 - p["firm.insolvency_chance"]) ** 3)
    small = orgs.employees[firms] < p["firm.exit_merger_size"]
    gone = firms[(goes | broke) & small]
    close(world, gone)


def close(world: World, gone: np.ndarray) -> None:
    """Close firms: cash goes to the owners, what is owed to banks is lost, inventors are free.

    Their products leave the market when it next clears.
    """
    if not len(gone):
        return
    orgs = world.orgs
    place = orgs.jurisdiction[gone].astype(np.int64)
    cash = orgs.cash[gone] * orgs.weight[gone]
    left, owed = np.maximum(cash, 0.0), np.maximum(-cash, 0.0)
    world.accounts.pay("liquidation", "organizations", gone, "households", place, left, place=place)
    world.accounts.pay("default", "outside", place, "organizations", gone, owed, place=place)
    orgs.alive[gone] = False
    orgs.exited[gone] = world.month
    world.tally.add("firm_exits", place, orgs.weight[gone], orgs.sector[gone])
    note_failed(world, gone)
    world.vacated += np.bincount(
        place * world.S + orgs.sector[gone], weights=orgs.weight[gone], minlength=world.J * world.S
    )


@rule("firm_life", "firm.enter", after="firm.exit")
def enter(world: World) -> None:
    """Founders come in proportion to the firms that left, moved by the lever market.entry.

    Entrants of a place and sector accumulate in real firms until they fill one simulated firm; they open once a quarter.
    """
    _survival(world)
    if world.month % 3 != 1:
        return
    rate = np.repeat(world.levers["market.entry"], world.S)
    world.founders += world.vacated * rate + second_tries(world)
    world.vacated[:] = 0.0
    group = np.repeat(world.typical_weight, world.S)
    count = np.where(group > 0.0, world.founders // np.maximum(group, 1e-9), 0.0).astype(np.int64)
    if count.any():
        world.founders -= count * group
        cell = np.repeat(np.arange(len(count)), count)
        ordinal = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count)
        uid = fold(cell + 1, world.month + 10_000, ordinal + 77)
        place, sector = cell // world.S, cell % world.S
        field = world.draw.categorical("firm.new_field", uid, world.sector_fields, sector)
        found_firms(world, place, sector, field, ORIGINS.index("founder"), uid, world.p["firm.startup_cash"])


def found_firms(
    world: World, place: np.ndarray, sector: np.ndarray, field: np.ndarray, origin: int, uid: np.ndarray, cash: float
) -> np.ndarray:
    """Found firms (each row ``weight`` equal ones) and return their slots.

    Args:
        place, sector, field: where and in what, int (n,).
        origin: code of ``ORIGINS``.
        uid: identities of the new organizations, stable (folded from founder or cell and month), int64 (n,).
        cash: what founders put in per real firm, paid by the households of the place, M USD2020.
    """
    p, orgs, draw = world.p, world.orgs, world.draw
    weight = world.typical_weight[place]
    intensity = p["firm.intensity_sd"] * draw.normal("firm.intensity", uid, month=ALWAYS) + p["firm.startup_intensity"]
    size = p["firm.startup_employees"]
    frailty = _gamma(draw.uniform("firm.frailty", uid, month=ALWAYS), p["firm.frailty"])
    rd = np.exp(world.returns.level[place, sector] + p["firm.rd_size_elasticity"] * np.log(size) + intensity)
    slots = orgs.add(
        len(uid), uid=uid, kind=FIRM, jurisdiction=place, territory=world.home_territory[place], sector=sector, field=field,
        weight=weight, origin=origin, founded=world.month, anniversary=(world.month + 1) % 12, employees=size,
        size_rank=_long_run_size(world, place, draw.uniform("firm.long_run_size", uid, month=ALWAYS)),
        base=size * world.typical_sales_per_head[place, sector] * 0.3, intensity=intensity,
        effect=np.exp(p["firm.effect_sd"] * draw.normal("firm.effect", uid, month=ALWAYS)),
        quality_signal=-np.log(np.maximum(frailty, 1e-3)), hazard=frailty, rd=rd, rd_reference=rd, rd_memory=rd,
    )  # fmt: skip
    settle(world, slots)
    open_doors(world, slots)
    learn_protection_at_start(world, slots)
    set_wanted(world, slots, place)
    first_practices(world, slots)
    refresh_absorptive(world, slots)
    world.accounts.pay("founding", "households", place, "organizations", slots, cash * weight, place=place)
    set_credit(world, slots)
    world.tally.add("firm_entries", place, weight, sector)
    world.calendar.put("fifth_birthday", world.month + 60, slots)
    return slots


def found_firm(
    world: World, place: int, sector: int, field: int, origin: int, uid: int, cash: float, invention: int = -1
) -> int:
    """Found one firm (see ``found_firms``) on an unlaunched invention that it develops, -1 none; return its slot."""
    at, kind, core, who = (np.array([x], dtype=np.int64) for x in (place, sector, field, uid))
    slot = int(found_firms(world, at, kind, core, origin, who, cash)[0])
    if invention >= 0:
        world.inventions.developer[invention] = slot
    return slot


def _long_run_size(world: World, place: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return the sizes that entrants grow toward: quantiles of the place's starting firms that do not end by merger."""
    out = np.empty(len(u))
    for j in range(world.P):
        mine = place == j
        sizes = world.start_sizes[j]
        out[mine] = sizes[np.minimum((u[mine] * len(sizes)).astype(np.int64), len(sizes) - 1)]
    return out


def _survival(world: World) -> None:
    orgs = world.orgs
    five = world.calendar.pop("fifth_birthday", world.month)
    place = orgs.jurisdiction[five]
    world.tally.add("startups_founded", place, orgs.weight[five])
    world.tally.add("startups_alive", place, orgs.weight[five] * orgs.alive[five])


def _gamma(u: np.ndarray, variance: float) -> np.ndarray:
    """Return gamma variates of mean 1 and the given variance by inverse CDF."""
    shape = 1.0 / variance
    return np.asarray(gammaincinv(shape, u) / shape)


@rule("firm_life", "firm.learn_protection", after="firm.enter")
def learn_protection(world: World) -> None:
    """Awareness of instruments drifts toward the norm of place and size, a tenth of the gap a year."""
    orgs = world.orgs
    firms = orgs.living(FIRM)
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    before = orgs.awareness[due].copy()
    learn_protection_at_start(world, due)
    orgs.awareness[due] = before + 0.1 * (orgs.awareness[due] - before)
