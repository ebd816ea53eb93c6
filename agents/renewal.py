"""Renewal: owners keep a right while what it is still worth exceeds the fee (Schankerman & Pakes 1986)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.organizations import affordable
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.valuation import right_value
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

YEAR = 12
LATE_YEARS = 12
UTILITY_MODEL = 1
DUE = "renewal.due"
TERM_LEVERS = ("law.term_years", "law.utility_model_years")

flow("patents_lapsed", "patents", "patents ended by an unpaid renewal fee")
flow("patents_expired", "patents", "patents ended by the end of their term")
flow("renewals_due", "fees", "renewal fees due for rights in force")
flow("renewals_paid", "fees", "renewal fees paid")
ratio("renewal_rate", "share", "renewal fees paid / due", 0, "renewals_paid", "renewals_due")
ratio("late_renewal_rate", "share", "renewal fees paid / due from the twelfth year of life on", 0,
      "late_renewals_paid", "late_renewals_due")  # fmt: skip


def schedule_renewal(world: World, slots: np.ndarray) -> None:
    """Enter the next birthday of rights (or the end of their term, if earlier) into the calendar.

    Every right in force has exactly one entry, so a new term or fee acts on it within a year.
    """
    rights, month = world.rights, world.month
    when = _next_date(slots, rights.filed[slots].astype(np.int64), term_months(world, slots), month)
    # Nearly all fall due again in a year; only the others need sorting by month.
    soon = when != month + YEAR
    if soon.any():
        world.calendar.put(DUE, when[soon], slots[soon])
        slots = slots[~soon]
    world.calendar.put(DUE, month + YEAR, slots)


@nb.njit(nb.int64[::1](nb.int64[::1], nb.int64[::1], nb.int64[::1], nb.int64), cache=True)
def _next_date(slots: np.ndarray, filed: np.ndarray, term: np.ndarray, month: int) -> np.ndarray:
    out = np.empty(len(slots), np.int64)
    for k in range(len(slots)):
        birthday = filed[k] + YEAR * ((month - filed[k]) // YEAR + 1)
        end = filed[k] + term[k]
        out[k] = min(birthday, end) if end > month else month + 1
    return out


def term_months(world: World, slots: np.ndarray) -> np.ndarray:
    """Return the longest life of rights from filing under today's law, months, int64 (n,)."""
    rights = world.rights
    months = np.stack([np.floor(YEAR * world.levers[name] + 0.5) for name in TERM_LEVERS]).astype(np.int64)
    out: np.ndarray = months[(rights.kind[slots] == UTILITY_MODEL).astype(np.int64), rights.office[slots]]
    return out


def thresholds(fees: np.ndarray, term_years: float, rate: float, decay: np.ndarray) -> np.ndarray:
    """Return the lowest yearly value at which a right is renewed at each age; M USD2020/year, float64 (ages, n).

    An owner who expects the value r to fall at the rate d renews at age k if some number n of further years pays:
    ``r sum_i a e^(-(rho + d) i) > sum_i fee_(k+i) e^(-rho i)``, i < n, a the value of a year's flow. Hence
    ``r*_k = min over n of (fees discounted / annuity)``: exact for lumps (years without a fee follow, the minimum
    covers the whole block and what comes after), and myopic for rising yearly fees, where n = 1 is the minimum.
    Beyond the term nothing is bought, so a longer term lowers the threshold of the last lumps and adds ages.

    Args:
        fees: fee due at age k (years since filing), float64 (ages,).
        term_years: longest life.
        rate: discount rate a year.
        decay: expected fall of the value a year, float64 (n,), by sector.
    """
    ages = len(fees)
    k = np.arange(ages)
    whole = np.clip(term_years - k, 0.0, 1.0)
    loss = rate + np.asarray(decay, dtype=np.float64)
    out = np.full((ages, len(loss)), np.inf)
    cost = np.cumsum(_shifted(fees * (whole > 0)) * np.exp(-rate * k), axis=1)
    share = _shifted(whole)
    for s, d in enumerate(loss):
        year = (1.0 - np.exp(-d * share)) / d if d > 0 else share
        worth = np.cumsum(year * np.exp(-d * k), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:, s] = np.where(worth > 0, cost / worth, np.inf).min(axis=1)
    return out


def _shifted(row: np.ndarray) -> np.ndarray:
    """Return the matrix whose row k holds ``row[k:]``, padded with zeros; (ages, ages)."""
    ages = len(row)
    wide = np.r_[row, np.zeros(ages)]
    shifted: np.ndarray = wide[np.arange(ages)[:, None] + np.arange(ages)[None, :]]
    return shifted


def fees_by_age(schedule: np.ndarray, term_years: float) -> np.ndarray:
    """Return the fee due at age 0, 1, ... years, float64 (ages,), from fees by year of life (year 1 starts at filing).

    Beyond the term for which the schedule was made, its last fee goes on in its last rhythm (every year, or every
    four years for the American lumps), so that a longer term is not free.
    """
    fees = schedule[1:].copy()
    due = np.flatnonzero(fees)
    if len(due):
        rhythm = max(1, int(due[-1] - due[-2])) if len(due) > 1 else 1
        later = np.arange(due[-1] + rhythm, len(fees), rhythm)
        fees[later[later >= term_years]] = fees[due[-1]]
    return fees


class Tables:
    """Renewal thresholds of every place and kind, recomputed only where fees, term or prospects have changed.

    Attributes:
        fees: listed fee by kind, place and age in years, float64 (2, P, ages).
        lowest: lowest yearly value that is renewed, by kind, place, age and sector, float64 (2, P, ages, S).
    """

    def __init__(self, world: World) -> None:
        schedules = (world.fees.patent, world.fees.utility_model)
        self.fees = np.stack(
            [
                [
                    fees_by_age(schedules[kind][j], float(world.levers.base(TERM_LEVERS[kind])[j]))
                    for j in range(world.P)
                ]
                for kind in range(2)
            ]
        )
        self.lowest = np.full((*self.fees.shape, world.S), np.inf)
        self.known: dict[tuple[int, int], tuple[float, float, float, bytes]] = {}

    def renew(self, world: World) -> None:
        """Bring the tables up to date."""
        rate, decay = float(world.valuation.rate), np.asarray(world.valuation.decay, dtype=np.float64)
        scale = world.levers["office.renewal_scale"]
        mark = decay.tobytes()
        for kind, fees in enumerate(self.fees):
            years = world.levers[TERM_LEVERS[kind]]
            for j in range(world.P):
                state = (float(scale[j]), float(years[j]), rate, mark)
                if self.known.get((kind, j)) != state:
                    self.known[kind, j] = state
                    self.lowest[kind, j] = thresholds(fees[j] * scale[j], float(years[j]), rate, decay)


@rule("renewal", "renewal.decide")
def renew(world: World) -> None:
    """Owners of rights whose fee is due pay it if the right is worth it and they can; others let it lapse.

    Fees are due at the start of years of life measured from filing; rights end at the latest with their term. Owners
    with too little money pay for their most valuable rights first.
    """
    rights, month = world.rights, world.month
    due = world.calendar.pop(DUE, month)
    if not len(due):
        return
    ended = ~rights.in_force[due]
    _end(world, due[ended], "")
    due = due[~ended]
    age = month - rights.filed[due]
    old = age >= term_months(world, due)
    _end(world, due[old], "patents_expired")
    live, age = due[~old], age[~old]
    office, kind = rights.office[live].astype(np.int64), (rights.kind[live] == UTILITY_MODEL).astype(np.int64)
    tables = _tables(world)
    year = np.minimum(age // YEAR, tables.fees.shape[2] - 1)
    fee = tables.fees[kind, office, year] * world.levers["office.renewal_scale"][office]
    birthday = age % YEAR == 0
    asked = (fee > 0) & birthday
    kept = ~asked
    chosen = live[asked]
    if len(chosen):
        kept[asked] = _decide(world, chosen, kind[asked], office[asked], year[asked], fee[asked])
    _end(world, live[~kept], "patents_lapsed")
    schedule_renewal(world, live[kept])


def _tables(world: World) -> Tables:
    tables: Tables | None = world.offices.__dict__.get("renewal_tables")
    if tables is None:
        tables = world.offices.renewal_tables = Tables(world)
    return tables


def _decide(
    world: World, slots: np.ndarray, kind: np.ndarray, office: np.ndarray, year: np.ndarray, fee: np.ndarray
) -> np.ndarray:
    """Return which rights are renewed, take the fees and count them; bool (n,)."""
    rights, orgs, scale, tally = world.rights, world.orgs, world.scale, world.tally
    tables = _tables(world)
    tables.renew(world)
    owner = rights.owner[slots].astype(np.int64)
    value = right_value(world, slots)
    worth = (value > tables.lowest[kind, office, year, rights.sector[slots]]) & orgs.alive[owner]
    passive = orgs.passive[owner]
    worth &= passive | _can_pay(world, owner, fee * scale / orgs.weight[owner], value, worth & ~passive)
    at, total, sector = office[worth], fee[worth] * scale, rights.sector[slots]
    for payer, who, payers in (
        ("organizations", ~passive[worth], owner[worth]),
        ("outside", passive[worth], orgs.jurisdiction[owner[worth]].astype(np.int64)),
    ):
        if who.any():
            world.accounts.pay("renewal_fee", payer, payers[who], "office", at[who], total[who], place=at[who])
    tally.add("renewals_due", office, scale, sector)
    tally.add("renewals_paid", at, scale, sector[worth])
    late = year >= LATE_YEARS
    tally.add("late_renewals_due", office[late], scale, sector[late])
    tally.add("late_renewals_paid", office[late & worth], scale, sector[late & worth])
    return worth


def _can_pay(world: World, owner: np.ndarray, fee: np.ndarray, value: np.ndarray, wants: np.ndarray) -> np.ndarray:
    """Return which wishes the owners' money covers, the most valuable rights first; bool (n,), False where not wanted.

    Args:
        fee: fee in money of one real organization, (n,).
    """
    out = np.zeros(len(owner), np.bool_)
    mine = np.flatnonzero(wants)
    if not len(mine):
        return out
    total = np.bincount(owner[mine], fee[mine], world.orgs.n)[owner[mine]]
    short = total > affordable(world, owner[mine])
    out[mine[~short]] = True
    mine = mine[short]
    if not len(mine):
        return out
    mine = mine[np.lexsort((-value[mine], owner[mine]))]
    cost, who = fee[mine], owner[mine]
    running = np.cumsum(cost)
    first = np.r_[True, who[1:] != who[:-1]]
    start = np.maximum.accumulate(np.where(first, running - cost, -np.inf))
    out[mine] = running - start <= affordable(world, who) * (1.0 + 1e-12)
    return out


def _end(world: World, slots: np.ndarray, count: str) -> None:
    """Take rights out of force; those ended by others only leave the counts."""
    if not len(slots):
        return
    rights = world.rights
    if count:
        rights.in_force[slots] = False
        rights.lapsed[slots] = world.month
        patents = slots[rights.kind[slots] != UTILITY_MODEL]
        world.tally.add(count, rights.office[patents], world.scale, rights.sector[patents])
    count_in_force(world, slots, -1)


def count_in_force(world: World, rights: np.ndarray, change: int) -> None:
    """Add (+1) or remove (-1) rights in the counts of rights in force, once each.

    A right that others ended (a court) leaves the count when its next renewal falls due, unless they call this.
    """
    offices, table = world.offices, world.rights
    offices.room(table.n)
    rights = rights[offices.counted[rights] != (change > 0)]
    if not len(rights):
        return
    offices.counted[rights] = change > 0
    office, models = table.office[rights], table.kind[rights] == 1
    step = change * world.scale
    offices.patents_in_force[:] += step * np.bincount(office[~models], minlength=offices.n)[: offices.n]
    offices.utility_models_in_force[:] += step * np.bincount(office[models], minlength=offices.n)[: offices.n]


def strike(world: World, rights: np.ndarray) -> None:
    """End rights in force that were declared invalid (for the courts), slots (n,)."""
    table = world.rights
    table.in_force[rights] = False
    table.invalidated[rights] = world.month
    count_in_force(world, rights, -1)
