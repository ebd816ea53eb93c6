"""Conception: what a new invention is about, how good it is and what it is worth, in two compiled passes.

Every draw is ``u01(identity, key)`` of ``ecosystem.kernel.luck``, so that a draw which is not needed is not made. The
vector form of the same formulas is the oracle in ``tests/unit/test_invent.py``.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from ecosystem.kernel.luck import inverse_normal, pair, u01

u8, i8, i4, i1, f8, f4, b1 = nb.uint64, nb.int64, nb.int32, nb.int8, nb.float64, nb.float32, nb.boolean

COUNTS = (
    "inventions", "quality_sum", "team_members", "exploratory", "cross_field_teams",
    "industry_university_coinventions", "inventions_in_environment", "firm_inventions", "external_parent", "citations",
)  # fmt: skip
"""Tallies that ``conceive`` counts, in the order of its counters."""
LUCK = ("invention.quality", "invention.small", "invention.known", "invention.later", "invention.novelty")
"""Purposes of the draws of ``conceive``, in the order of its keys."""
CONSTANTS = (
    "ancestry.inheritance", "ancestry.science", "ancestry.team", "ancestry.diversity", "ancestry.luck",
    "firm.sigma_known", "firm.sigma_later", "invention.small_value", "ancestry.novelty_of_quality",
    "invention.small_novelty", "invention.small_firm_novelty",
)  # fmt: skip
"""Parameters of ``conceive``, in its order."""
_EXACT = 30.0
_SURE = 1e-12


@nb.njit(i8(f8, f8), cache=True)
def poisson(u: float, rate: float) -> int:
    """Return the Poisson count of one uniform, as ``Draw.poisson`` does (normal approximation above a rate of 30)."""
    # Since e^-rate >= 1 - rate, most who rarely invent need no exponential.
    if rate <= 0.0 or u <= 1.0 - rate - _SURE:
        return 0
    if rate > _EXACT:
        return max(0, int(np.floor(rate + np.sqrt(rate) * inverse_normal(u) + 0.5)))
    p = np.exp(-rate)
    total, k = p, 0
    while u > total and k < 1000:
        k += 1
        p *= rate / k
        total += p
    return k


@nb.njit(nb.types.UniTuple(i8[::1], 2)(i8[::1], f8[::1], i8[::1], i8, u8), cache=True)
def arrivals(
    who: np.ndarray, rate: np.ndarray, org_uid: np.ndarray, stamp: int, key: np.uint64
) -> tuple[np.ndarray, np.ndarray]:
    """Return owner and identity of the month's inventions: N ~ Poisson(rate) each; identity = (owner, month, ordinal).

    Args:
        who: organization slots (n,).
        rate: expected simulated inventions of the month (n,).
        org_uid: identities of all organizations.
        stamp: code of the month in the identities.
    """
    count = np.empty(len(who), np.int64)
    total = 0
    for i in range(len(who)):
        count[i] = poisson(u01(np.uint64(org_uid[who[i]]), key), rate[i])
        total += count[i]
    owner, uid = np.empty(total, np.int64), np.empty(total, np.int64)
    at = 0
    for i in range(len(who)):
        if count[i] > 0:
            parent = pair(np.uint64(org_uid[who[i]]), np.uint64(stamp))
            for k in range(count[i]):
                owner[at] = who[i]
                uid[at] = np.int64(pair(parent, np.uint64(k)))
                at += 1
    return owner, uid


@nb.njit(i8(f8[:, ::1], i8, f8), cache=True)
def category(cumulative: np.ndarray, row: int, u: float) -> int:
    """Return the category of a row of running sums that the uniform ``u`` hits, as ``Draw.categorical`` does."""
    lo, hi = 0, cumulative.shape[1] - 1
    x = u * cumulative[row, hi]
    while lo < hi:
        m = (lo + hi) // 2
        if cumulative[row, m] < x:
            lo = m + 1
        else:
            hi = m
    return lo


@nb.njit(
    nb.types.Tuple((i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], b1[::1]))(
        i8[::1], i8[::1], i8[::1], i1[::1], i1[::1], i1[::1], f8[::1], f8,
        f8[:, ::1], f8[:, ::1], f8[:, ::1], u8, u8, u8, u8, u8,
    ),
    cache=True,
)  # fmt: skip
def direct(
    owner: np.ndarray, uid: np.ndarray, team_field: np.ndarray, org_place: np.ndarray, org_sector: np.ndarray,
    org_field: np.ndarray, tolerance: np.ndarray, core: float, sector_cum: np.ndarray, near_cum: np.ndarray,
    home_cum: np.ndarray, key_field: np.uint64, key_core: np.uint64, key_explore: np.uint64, key_distant: np.uint64,
    key_sector: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Choose the direction of each invention; return (order, owner, uid, field, sector, exploratory) by field and identity.

    A firm works in its core field with chance ``core``, else in a field of its sector; academics in the field of the
    lead inventor. With chance ``tolerance`` of the place the invention moves to a near field and is exploratory there.
    The market is the firm's sector; for academics one drawn by R&D among the sectors that use the field.

    Args:
        tolerance: chance to explore by place (J,).
        sector_cum, near_cum, home_cum: running sums of fields by sector (S, F), of fields by field (F, F) and of
            sectors by field (F, S).
    """
    n = len(owner)
    field, sector, far = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n, np.bool_)
    for i in range(n):
        o, me = owner[i], np.uint64(uid[i])
        s = int(org_sector[o])
        academic = s < 0
        if academic:
            f = team_field[i]
        elif u01(me, key_core) < core:
            f = np.int64(org_field[o])
        else:
            f = category(sector_cum, s, u01(me, key_field))
        if u01(me, key_explore) < tolerance[org_place[o]]:
            distant = category(near_cum, f, u01(me, key_distant))
            far[i] = distant != f
            f = distant
        field[i] = f
        sector[i] = category(home_cum, f, u01(me, key_sector)) if academic else s
    # A counting sort by field; the few inventions of a field are put in the order of their identities by insertion.
    fields = near_cum.shape[0]
    at = np.zeros(fields + 1, np.int64)
    for i in range(n):
        at[field[i] + 1] += 1
    for f in range(fields):
        at[f + 1] += at[f]
    order, end = np.empty(n, np.int64), at.copy()
    for i in range(n):
        f = field[i]
        k = end[f]
        end[f] += 1
        while k > at[f] and uid[order[k - 1]] > uid[i]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = i
    return order, owner[order], uid[order], field[order], sector[order], far[order]


@nb.njit(
    f8[::1](
        i8[::1], i8[::1], i8[::1], i8[::1], i8[::1], b1[::1], i8[:, ::1], i8[::1],
        i8[::1], i8[::1], f8[::1], b1[::1],
        i1[::1], i1[::1], f8[::1], f8[::1], f8[::1], f8, f4[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],
        f8[::1], u8[::1], i8, i8, i8, i8, i8, f8,
        i8[::1], i4[::1], i4[::1], i4[::1], i1[::1], i1[::1], i1[::1], i1[::1], i4[::1],
        f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], i1[::1], b1[::1], b1[::1], b1[::1],
        i4[::1], i4[::1], i4[::1], i4[::1], f4[::1], f8[:, :, ::1],
    ),
    cache=True,
)  # fmt: skip
def conceive(
    order: np.ndarray, owner: np.ndarray, uid: np.ndarray, field: np.ndarray, sector: np.ndarray, far: np.ndarray,
    parents: np.ndarray, partner: np.ndarray,
    lead: np.ndarray, size: np.ndarray, skill: np.ndarray, cross: np.ndarray,
    org_place: np.ndarray, org_sector: np.ndarray, employees: np.ndarray, rd: np.ndarray, rd_public: np.ndarray,
    sme: float, ln_quality: np.ndarray, ln_science: np.ndarray, small_chance: np.ndarray, mean_value: np.ndarray,
    constants: np.ndarray, keys: np.ndarray, month: int, first: int, small_code: int, usual_code: int, green: int,
    scale: float,
    out_uid: np.ndarray, out_creator: np.ndarray, out_owner: np.ndarray, out_lead: np.ndarray, out_place: np.ndarray,
    out_field: np.ndarray, out_sector: np.ndarray, out_nature: np.ndarray, out_month: np.ndarray,
    out_novelty: np.ndarray, out_quality: np.ndarray, out_known: np.ndarray, out_later: np.ndarray,
    out_expected: np.ndarray, out_potential: np.ndarray, out_size: np.ndarray, out_cross: np.ndarray,
    out_far: np.ndarray, out_joint: np.ndarray,
    out_partner: np.ndarray, out_parent1: np.ndarray, out_parent2: np.ndarray, out_parent3: np.ndarray,
    out_public: np.ndarray, count: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Write n inventions into the columns from row ``first`` on, count them and return their quality, float64 (n,).

    ln q = h mean(ln q of parents) + c ln A + t ln(team) + d cross + sigma z - sigma^2 / 2, within +-3; A accessible
    science, z normal. V1 = mean x q x (factor if small) x exp(a k - a^2 / 2) is the value expected from what is known,
    V = V1 exp(b l - b^2 / 2) the true one; k and l normal. Inventive step = z' + e ln q + shifts of small inventions
    and of small firms.

    Args:
        order: position of each in the columns of the team (lead, size, skill, cross) (n,); all others are in order.
        ln_quality: ln q of earlier inventions by row; ln_science: ln A (J, F).
        small_chance, mean_value: chance of a small invention, and mean first-year market (J, S).
        constants, keys: see ``CONSTANTS`` and ``LUCK``; count: see ``COUNTS`` (10, J, S + 1).
    """
    h, c, t, d, sigma = constants[0], constants[1], constants[2], constants[3], constants[4]
    a, b, factor, e = constants[5], constants[6], constants[7], constants[8]
    step_small, step_small_firm = constants[9], constants[10]
    quality = np.empty(len(order))
    for r in range(len(order)):
        i, me, o, f, s = order[r], np.uint64(uid[r]), owner[r], field[r], sector[r]
        j = np.int64(org_place[o])
        academic = org_sector[o] < 0
        # Quality: parents, science, team and luck.
        cited, inherited, foreign = 0, np.float32(0.0), False
        for k in range(parents.shape[1]):
            p = parents[r, k]
            if p >= 0:
                cited += 1
                inherited += ln_quality[p]
                foreign |= out_owner[p] != o
        ln_q = (
            h * (np.float64(inherited) / max(cited, 1))
            + c * ln_science[j, f]
            + t * np.log(max(skill[i], 1e-3))
            + d * cross[i]
            + sigma * inverse_normal(u01(me, keys[0]))
            - 0.5 * (sigma * sigma)
        )
        ln_q = min(max(ln_q, -3.0), 3.0)
        q = np.exp(ln_q)
        quality[r] = q
        # Value: what is known at filing, and the truth.
        small = u01(me, keys[1]) < small_chance[j, s]
        known, later = inverse_normal(u01(me, keys[2])), inverse_normal(u01(me, keys[3]))
        expected = mean_value[j, s] * q * (factor if small else 1.0) * np.exp(a * known - 0.5 * (a * a))
        potential = expected * np.exp(b * later - 0.5 * (b * b))
        # The inventive step.
        novelty = inverse_normal(u01(me, keys[4])) + e * ln_q + (step_small if small else 0.0)
        novelty += step_small_firm if not academic and employees[o] < sme else 0.0
        at = first + r
        out_uid[at], out_creator[at], out_owner[at], out_lead[at] = uid[r], o, o, lead[i]
        out_place[at], out_field[at], out_sector[at], out_month[at] = j, f, s, month
        out_nature[at] = small_code if small else usual_code
        out_novelty[at], out_quality[at], out_known[at], out_later[at] = novelty, q, known, later
        out_expected[at], out_potential[at] = expected, potential
        out_size[at], out_cross[at], out_far[at] = min(size[i], 100), cross[i], far[r]
        out_partner[at], out_joint[at] = partner[r], partner[r] >= 0
        out_parent1[at], out_parent2[at], out_parent3[at] = parents[r, 0], parents[r, 1], parents[r, 2]
        out_public[at] = min(1.0, rd_public[o] / max(rd[o], 1e-9)) if rd[o] > 0.0 else 0.0
        count[0, j, s] += 1.0
        count[1, j, s] += np.float32(scale) * np.float32(q)
        count[2, j, s] += size[i]
        count[3, j, s] += far[r]
        count[4, j, s] += cross[i]
        count[5, j, s] += partner[r] >= 0
        count[6, j, s] += f == green
        count[7, j, s] += not academic
        count[8, j, s] += foreign and not academic
        count[9, j, s] += cited
    return quality
