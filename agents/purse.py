"""The compiled loops of public and venture money: who is paid how much. See ``agents.government`` and ``agents.investor``."""

from __future__ import annotations

import numba as nb
import numpy as np

from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.market import ROUTES

i8, i4, i1, f8, b1 = nb.int64, nb.int32, nb.int8, nb.float64, nb.boolean
I8, I4, I1, F8, B1 = i8[::1], i4[::1], i1[::1], f8[::1], b1[::1]
_OWN, _LICENSE, _PURCHASE = (ROUTES.index(word) for word in ("own", "license", "purchase"))


@nb.njit(nb.types.Tuple((I8, I8, F8, F8))(I1, B1, I1, F8, F8, F8, F8, F8), cache=True)
def science_money(
    kind: np.ndarray, alive: np.ndarray, place: np.ndarray, weight: np.ndarray, reference: np.ndarray,
    rd_public: np.ndarray, funding: np.ndarray, defense: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Share the public research money of each place among its universities and institutes; write ``rd_public``.

    Args:
        funding: yearly money of each place, M USD2020, float64 (J,).
        defense: share of it that is for defense, float64 (J,).

    Returns:
        (slots, places, civil money of the month, defense money of the month), the last two real-world totals (n,).
    """
    J = len(funding)
    slots, size = np.empty(len(kind), np.int64), np.empty(len(kind))
    n = 0
    some = False
    for o in range(len(kind)):
        if alive[o] and (kind[o] == UNIVERSITY or kind[o] == INSTITUTE):
            slots[n], size[n] = o, reference[o] * weight[o]
            some = some or size[n] != 0.0
            n += 1
    total, all_money, institutes = np.zeros(J), np.zeros(J), np.zeros(J)
    for i in range(n):
        if not some:
            size[i] = weight[slots[i]]
        total[place[slots[i]]] += size[i]
    yearly, at = np.empty(n), np.empty(n, np.int64)
    for i in range(n):
        o = slots[i]
        j = at[i] = place[o]
        yearly[i] = funding[j] * (size[i] / total[j]) if total[j] > 0.0 else 0.0
        rd_public[o] = yearly[i] / weight[o]
        money = rd_public[o] * weight[o]
        all_money[j] += money
        if kind[o] == INSTITUTE:
            institutes[j] += money
    # defense money goes to institutes first
    inside, outside = np.zeros(J), np.zeros(J)
    for j in range(J):
        due = defense[j] * all_money[j]
        rest = all_money[j] - institutes[j]
        if institutes[j] > 0.0:
            inside[j] = min(1.0, max(0.0, due / institutes[j]))
        if rest > 0.0:
            outside[j] = min(1.0, max(0.0, due - institutes[j]) / rest)
    civil, secret = np.empty(n), np.empty(n)
    for i in range(n):
        paid = yearly[i] / 12.0
        secret[i] = paid * (inside[at[i]] if kind[slots[i]] == INSTITUTE else outside[at[i]])
        civil[i] = paid - secret[i]
    return slots[:n].copy(), at, civil, secret


@nb.njit(
    nb.types.Tuple((I8, I8, F8))(
        i8, I1, B1, B1, I1, I1, I1, F8, F8, F8, F8, F8, F8, f8, F8, f8[:, ::1]
    ),
    cache=True,
)  # fmt: skip
def credit_due(
    month_of_year: int, kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, anniversary: np.ndarray,
    place: np.ndarray, sector: np.ndarray, rank: np.ndarray, rd: np.ndarray, public: np.ndarray, weight: np.ndarray,
    small: np.ndarray, large: np.ndarray, limit: float, booked: np.ndarray, cell: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return (firms, places, tax relief in real-world totals) of a month; add it up by place and by place and sector."""
    slots, at, amount = np.empty(len(kind), np.int64), np.empty(len(kind), np.int64), np.empty(len(kind))
    n = 0
    for o in range(len(kind)):
        if kind[o] != FIRM or not alive[o] or passive[o] or anniversary[o] != month_of_year:
            continue
        j = place[o]
        relief = (small[j] if rank[o] < limit else large[j]) * max(0.0, rd[o] - public[o]) * weight[o]
        slots[n], at[n], amount[n] = o, j, relief
        booked[j] += relief
        cell[j, sector[o]] += relief
        n += 1
    return slots[:n].copy(), at[:n].copy(), amount[:n].copy()


@nb.njit(I8(i8, i8, I1, B1, B1, I4, I1), cache=True)
def start_ups(
    quarter: int, since: int, kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, founded: np.ndarray,
    anniversary: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return living firms founded after month ``since`` with their anniversary in a quarter of the year, int64."""
    out = np.empty(len(kind), np.int64)
    n = 0
    for o in range(len(kind)):
        if kind[o] == FIRM and alive[o] and not passive[o] and founded[o] > since and anniversary[o] // 3 == quarter:
            out[n] = o
            n += 1
    return out[:n].copy()


@nb.njit(nb.types.Tuple((I8, I8, F8, F8))(I8, F8, F8, I8, F8), cache=True)
def syndicate(
    fund_place: np.ndarray, money: np.ndarray, purse: np.ndarray, place: np.ndarray, got: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split what firms got among the funds of their place, each by its money.

    Returns:
        (index of the fund, index of the firm, amount, fund's part of the place's money), by fund, then firm.
    """
    n = 0
    for f in range(len(money)):
        for i in range(len(place)):
            n += place[i] == fund_place[f] and money[f] > 0.0
    fund, firm, amount, share = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n), np.empty(n)
    k = 0
    for f in range(len(money)):
        j = fund_place[f]
        part = money[f] / purse[j] if purse[j] > 0.0 else 0.0
        if part == 0.0:
            continue
        for i in range(len(place)):
            if place[i] == j:
                fund[k], firm[k], amount[k], share[k] = f, i, got[i] * part, part
                k += 1
    return fund[:k].copy(), firm[:k].copy(), amount[:k].copy(), share[:k].copy()


@nb.njit(nb.void(I4, F8, I8, i8, f8), cache=True)
def dilute(stake_firm: np.ndarray, share: np.ndarray, firms: np.ndarray, organizations: int, kept: float) -> None:
    """Scale down the stakes held in firms that sell new shares."""
    sells = np.zeros(organizations, np.bool_)
    for o in firms:
        sells[o] = True
    for i in range(len(stake_firm)):
        if sells[stake_firm[i]]:
            share[i] *= kept


@nb.njit(
    nb.int64[::1](
        nb.int64, nb.int64, nb.boolean[::1], nb.boolean[::1], nb.int8[::1], nb.int32[::1], nb.int32[::1],
        nb.int32[::1], nb.boolean[::1], nb.int8[::1], nb.boolean[::1], nb.boolean[::1],
    ),
    cache=True,
)  # fmt: skip
def on_offer(
    first: int, youngest: int, active: np.ndarray, infringing: np.ndarray, route: np.ndarray, line: np.ndarray,
    user: np.ndarray, launched: np.ndarray, sold: np.ndarray, kind: np.ndarray, alive: np.ndarray,
    passive: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return the lawful uses of young lines by firms from which a government may buy, ascending from ``first``."""
    out = np.empty(len(active) - first, np.int64)
    n = 0
    for i in range(first, len(active)):
        if not active[i] or infringing[i] or not (route[i] == _OWN or route[i] == _LICENSE or route[i] == _PURCHASE):
            continue
        if launched[line[i]] < youngest or not sold[line[i]]:
            continue
        u = user[i]
        if alive[u] and not passive[u] and kind[u] == FIRM:
            out[n] = i
            n += 1
    return out[:n].copy()


@nb.njit(nb.types.Tuple((I8, F8, I8))(i8, I1, B1, B1, I1, I1, F8, F8, B1, F8, f8, f8, i8, i8), cache=True)
def borrowers(
    month_of_year: int, kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, anniversary: np.ndarray,
    place: np.ndarray, rd: np.ndarray, cash: np.ndarray, constrained: np.ndarray, employees: np.ndarray, years: float,
    limit: float, bank: int, places: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return (firms that ask for loans this month, what each needs, bank of each place or -1).

    A firm needs ``years`` of its R&D less its cash; it asks if it is small or short of money for R&D.
    """
    bank_of = np.full(places, -1, np.int64)
    for o in range(len(kind)):
        if kind[o] == bank and alive[o] and not passive[o]:
            bank_of[place[o]] = o
    firms, need = np.empty(len(kind), np.int64), np.empty(len(kind))
    n = 0
    for o in range(len(kind)):
        if kind[o] != FIRM or not alive[o] or passive[o] or anniversary[o] != month_of_year or bank_of[place[o]] < 0:
            continue
        lack = years * rd[o] - cash[o]
        if lack > 0.0 and (constrained[o] or employees[o] < limit):
            firms[n], need[n] = o, lack
            n += 1
    return firms[:n].copy(), need[:n].copy(), bank_of
