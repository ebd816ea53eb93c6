"""Renewal: owners keep a right while what it is still worth exceeds the fee (Schankerman & Pakes 1986)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.renewal_fees import TERM_LEVERS, Tables
from agents.validation import give_up
from ecosystem.domain.indicators import flow, ratio
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

YEAR = 12
LATE_YEARS = 12
UTILITY_MODEL = 1
DUE = "renewal.due"

flow("patents_lapsed", "patents", "patents ended by an unpaid renewal fee")
flow("patents_expired", "patents", "patents ended by the end of their term")
flow("renewals_due", "fees", "renewal fees due for rights in force")
flow("renewals_paid", "fees", "renewal fees paid")
ratio("renewal_rate", "share", "renewal fees paid / due", 0, "renewals_paid", "renewals_due")
ratio("late_renewal_rate", "share", "renewal fees paid / due from the twelfth year of life on", 0,
      "late_renewals_paid", "late_renewals_due")  # fmt: skip


i8, f8, b1 = nb.int64, nb.float64, nb.boolean
B, I1, I4, I8 = nb.boolean[::1], nb.int8[::1], nb.int32[::1], nb.int64[::1]
F8, FF8, FFF8, FFFF8 = nb.float64[::1], nb.float64[:, ::1], nb.float64[:, :, ::1], nb.float64[:, :, :, ::1]


def enter_renewals(world: World, slots: np.ndarray, when: np.ndarray) -> None:
    """Enter the next dates (n,) of rights (n,) into the calendar.

    Every right in force has exactly one entry, so a new term or fee acts on it within a year.
    """
    if not len(slots):
        return
    # Nearly all that are renewed fall due again in a year; only the others need sorting by month.
    year = world.month + YEAR
    soon = when != year
    if soon.any():
        world.calendar.put(DUE, when[soon], slots[soon])
        slots = slots[~soon]
    world.calendar.put(DUE, year, slots)


@nb.njit(i8(i8, I1, I1, F8, F8), cache=True, inline="always")
def term_of(i: int, kind: np.ndarray, office: np.ndarray, years: np.ndarray, model_years: np.ndarray) -> int:
    """Return the longest life of a right from filing under today's law, months."""
    j = office[i]
    return int(np.floor(YEAR * (model_years[j] if kind[i] == UTILITY_MODEL else years[j]) + 0.5))


@nb.njit(i8(i8, i8, I1, I1, I4, F8, F8), cache=True)
def next_date(
    i: int, month: int, kind: np.ndarray, office: np.ndarray, filed: np.ndarray, years: np.ndarray,
    model_years: np.ndarray,
) -> int:  # fmt: skip
    """Return the month of a right's next birthday, or of the end of its term if earlier."""
    birthday = filed[i] + YEAR * ((month - filed[i]) // YEAR + 1)
    end = filed[i] + term_of(i, kind, office, years, model_years)
    return min(birthday, end) if end > month else month + 1


@nb.njit(nb.void(i8, b1, f8, I1, I1, B, F8, F8), cache=True)
def recount(
    i: int, now: bool, scale: float, kind: np.ndarray, office: np.ndarray, counted: np.ndarray, patents: np.ndarray,
    models: np.ndarray,
) -> None:  # fmt: skip
    """Let a right enter the counts of rights in force (``now``) or leave them, once each."""
    if counted[i] != now:
        counted[i] = now
        step = scale if now else -scale
        if kind[i] == UTILITY_MODEL:
            models[office[i]] += step
        else:
            patents[office[i]] += step


@rule("renewal", "renewal.decide")
def renew(world: World) -> None:
    """Owners of rights whose fee is due pay it if the right is worth it and they can; others let it lapse.

    Fees are due at the start of years of life measured from filing; rights end at the latest with their term. Owners
    with too little money pay for their most valuable rights first.
    """
    rights, offices, levers, orgs, month = world.rights, world.offices, world.levers, world.orgs, world.month
    due = world.calendar.pop(DUE, month)
    if not len(due):
        return
    offices.room(rights.n)
    tables, tally = Tables.of(world), world.tally
    years, model_years = levers[TERM_LEVERS[0]], levers[TERM_LEVERS[1]]
    live, asked, year, fee = _look(
        due, month, world.scale, rights.in_force, rights.filed, rights.kind, rights.office, rights.sector,
        years, model_years, tables.fees, levers["office.renewal_scale"], rights.lapsed, offices.counted,
        offices.patents_in_force, offices.utility_models_in_force, tally["patents_expired"],
    )  # fmt: skip
    paid = np.ones(0, np.bool_)
    if len(asked):
        tables.renew(world)
        chosen = live[asked]
        value, fee, territories = give_up(world, chosen, fee, year, tables.lowest)
        paid, first, who, at, amount = _decide(
            chosen, year, fee, value, tables.lowest, world.scale, rights.owner, rights.office,
            rights.kind, rights.sector, orgs.alive, orgs.passive, orgs.jurisdiction, orgs.weight, orgs.cash, orgs.credit,
            tally["renewals_due"], tally["renewals_paid"], tally["late_renewals_due"], tally["late_renewals_paid"],
        )  # fmt: skip
        for payer, a, b in (("outside", 0, first), ("organizations", first, len(who))):
            world.accounts.pay("renewal_fee", payer, who[a:b], "office", at[a:b], amount[a:b], place=at[a:b])
        rights.territories[chosen[paid]] = territories[paid]
    kept, when = _close(
        live, asked, paid, month, world.scale, rights.kind, rights.office, rights.sector, rights.filed,
        years, model_years, rights.in_force, rights.lapsed, offices.counted, offices.patents_in_force,
        offices.utility_models_in_force, tally["patents_lapsed"],
    )  # fmt: skip
    enter_renewals(world, kept, when)


@nb.njit(
    nb.types.Tuple((I8, I8, I8, F8))(I8, i8, f8, B, I4, I1, I1, I1, F8, F8, FFF8, F8, I4, B, F8, F8, FF8), cache=True
)
def _look(
    due: np.ndarray, month: int, scale: float, in_force: np.ndarray, filed: np.ndarray, kind: np.ndarray,
    office: np.ndarray, sector: np.ndarray, years: np.ndarray, model_years: np.ndarray, fees: np.ndarray,
    multiple: np.ndarray, lapsed: np.ndarray, counted: np.ndarray, patents: np.ndarray, models: np.ndarray,
    expired: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """End rights whose term is over; of the others return (all, positions of those with a fee, their year, fee).

    Rights that others ended only leave the counts.
    """
    live, asked, year = np.empty(len(due), np.int64), np.empty(len(due), np.int64), np.empty(len(due), np.int64)
    fee = np.empty(len(due))
    n = m = 0
    for i in due:
        j, age = office[i], month - filed[i]
        if not in_force[i]:
            recount(i, False, scale, kind, office, counted, patents, models)
            continue
        if age >= term_of(i, kind, office, years, model_years):
            in_force[i], lapsed[i] = False, month
            recount(i, False, scale, kind, office, counted, patents, models)
            if kind[i] != UTILITY_MODEL:
                expired[j, sector[i]] += scale
            continue
        k = min(age // YEAR, fees.shape[2] - 1)
        price = fees[1 if kind[i] == UTILITY_MODEL else 0, j, k] * multiple[j]
        if price > 0.0 and age % YEAR == 0:
            asked[m], year[m], fee[m] = n, k, price
            m += 1
        live[n] = i
        n += 1
    return live[:n].copy(), asked[:m].copy(), year[:m].copy(), fee[:m].copy()


@nb.njit(
    nb.types.Tuple((B, i8, I8, I8, F8))(
        I8, I8, F8, F8, FFFF8, f8, I4, I1, I1, I1, B, B, I1, F8, F8, F8, FF8, FF8, FF8, FF8,
    ),
    cache=True,
)  # fmt: skip
def _decide(
    slots: np.ndarray, year: np.ndarray, fee: np.ndarray, value: np.ndarray, lowest: np.ndarray, scale: float,
    owner: np.ndarray, office: np.ndarray, kind: np.ndarray, sector: np.ndarray, alive: np.ndarray,
    passive: np.ndarray, seat: np.ndarray, weight: np.ndarray, cash: np.ndarray, credit: np.ndarray,
    due: np.ndarray, paid: np.ndarray, late_due: np.ndarray, late_paid: np.ndarray,
) -> tuple[np.ndarray, int, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Choose the rights to be renewed and count them.

    Returns:
        (whether renewed (n,), number paid from abroad, payer: its seat or organization, office, amount in real totals),
        those paid from abroad first.
    """
    n = len(slots)
    keep = np.zeros(n, np.bool_)
    need, bill = np.zeros(len(alive)), np.empty(n)
    first, all_paid = 0, 0
    for i in range(n):
        r = slots[i]
        o, j, s = owner[r], office[r], sector[r]
        bill[i] = fee[i] * scale / weight[o]
        keep[i] = alive[o] and value[i] > lowest[1 if kind[r] == UTILITY_MODEL else 0, j, year[i], s]
        if keep[i] and not passive[o]:
            need[o] += bill[i]
    # Owners with too little money pay for their most valuable rights first.
    short = np.empty(n, np.int64)
    m = 0
    for i in range(n):
        o = owner[slots[i]]
        if keep[i] and not passive[o] and need[o] > max(0.0, cash[o] + credit[o]):
            short[m] = i
            m += 1
    if m > 0:
        poor = short[:m]
        poor = poor[np.argsort(-value[poor], kind="mergesort")]
        poor = poor[np.argsort(owner[slots[poor]], kind="mergesort")]
        running, start, before = 0.0, 0.0, -1
        for i in poor:
            o = owner[slots[i]]
            if o != before:
                before, start = o, max(start, running + bill[i] - bill[i])
            running += bill[i]
            keep[i] = running - start <= max(0.0, cash[o] + credit[o]) * (1.0 + 1e-12)
    for i in range(n):
        first += keep[i] and passive[owner[slots[i]]]
        all_paid += keep[i]
    who, at, amount = np.empty(all_paid, np.int64), np.empty(all_paid, np.int64), np.empty(all_paid)
    outside, inside = 0, first
    for i in range(n):
        r = slots[i]
        o, j, s, late = owner[r], office[r], sector[r], year[i] >= LATE_YEARS
        due[j, s] += scale
        if late:
            late_due[j, s] += scale
        if not keep[i]:
            continue
        paid[j, s] += scale
        if late:
            late_paid[j, s] += scale
        if passive[o]:
            who[outside], at[outside], amount[outside] = seat[o], j, fee[i] * scale
            outside += 1
        else:
            who[inside], at[inside], amount[inside] = o, j, fee[i] * scale
            inside += 1
    return keep, first, who, at, amount


@nb.njit(nb.types.UniTuple(I8, 2)(I8, I8, B, i8, f8, I1, I1, I1, I4, F8, F8, B, I4, B, F8, F8, FF8), cache=True)
def _close(
    live: np.ndarray, asked: np.ndarray, paid: np.ndarray, month: int, scale: float, kind: np.ndarray,
    office: np.ndarray, sector: np.ndarray, filed: np.ndarray, years: np.ndarray, model_years: np.ndarray,
    in_force: np.ndarray, lapsed: np.ndarray, counted: np.ndarray, patents: np.ndarray, models: np.ndarray,
    ended: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """End rights whose fee is not paid; return (the others, their next dates), int64."""
    kept, when = np.empty(len(live), np.int64), np.empty(len(live), np.int64)
    n = m = 0
    for k in range(len(live)):
        i = live[k]
        lost = False
        if m < len(asked) and asked[m] == k:
            lost = not paid[m]
            m += 1
        if lost:
            in_force[i], lapsed[i] = False, month
            recount(i, False, scale, kind, office, counted, patents, models)
            if kind[i] != UTILITY_MODEL:
                ended[office[i], sector[i]] += scale
        else:
            kept[n], when[n] = i, next_date(i, month, kind, office, filed, years, model_years)
            n += 1
    return kept[:n].copy(), when[:n].copy()


def count_in_force(world: World, rights: np.ndarray, change: int) -> None:
    """Add (+1) or remove (-1) rights in the counts of rights in force, once each.

    A right that others ended (a court) leaves the count when its next renewal falls due, unless they call this.
    """
    offices, table = world.offices, world.rights
    offices.room(table.n)
    _recount(
        np.ascontiguousarray(rights, dtype=np.int64), change > 0, world.scale, table.kind, table.office, offices.counted,
        offices.patents_in_force, offices.utility_models_in_force,
    )  # fmt: skip


@nb.njit(nb.void(I8, b1, f8, I1, I1, B, F8, F8), cache=True)
def _recount(
    rights: np.ndarray, now: bool, scale: float, kind: np.ndarray, office: np.ndarray, counted: np.ndarray,
    patents: np.ndarray, models: np.ndarray,
) -> None:  # fmt: skip
    for i in rights:
        recount(i, now, scale, kind, office, counted, patents, models)


def strike(world: World, rights: np.ndarray) -> None:
    """End rights in force that were declared invalid (for the courts), slots (n,)."""
    table = world.rights
    table.in_force[rights] = False
    table.invalidated[rights] = world.month
    count_in_force(world, rights, -1)
