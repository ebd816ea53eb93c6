"""The compiled loops of the choice of protection: what each instrument is worth, which one, and where.

Symbols: Y K1 is the yearly profit of a lone seller (``profit``), W the present value of one unit of it under an instrument
(``worth``), r + d discount and obsolescence (``rate``), g the chance of grant, T the term. See ``agents.firm.protect``.
"""

from __future__ import annotations

from math import erf, sqrt

import numba as nb
import numpy as np

from agents.organizations import INSTITUTE, UNIVERSITY
from ecosystem.domain.knowledge import NATURES, PROTECTION
from ecosystem.domain.potential import F4, F8, FF8, FFF8, I1, I4, I8, POTENTIAL, B, f8, i8, potential_of
from ecosystem.domain.rights import KINDS
from ecosystem.domain.valuation import INSTRUMENTS, NONE, PATENT, SECRET, UTILITY, VARIETY
from ecosystem.kernel.luck import inverse_normal, pair, u01

SMALL, SOFTWARE = NATURES.index("small_technical"), NATURES.index("software")
SPECIAL = np.array([INSTRUMENTS.index(n) if n in INSTRUMENTS else -1 for n in NATURES])
"""The instrument made for a nature (plant varieties, layouts of circuits), -1 for none."""
NO, PUBLISH, KEEP, FILE, MODEL = (
    PROTECTION.index(w) for w in ("none", "publication", "secret", "patent", "utility_model")
)
RIGHT = np.array([KINDS.index(w) if w in KINDS else -1 for w in INSTRUMENTS])
"""The kind of right behind an instrument."""
PASSIVE, ACADEMIC, COMPANY = range(3)
FARTHEST = 8.5
"""No normal of a 52-bit uniform lies farther out, in standard deviations."""


@nb.njit(
    nb.types.Tuple((I1, I8, I8))(I8, i8, I4, I8, B, I1, F8, nb.uint64),
    cache=True,
)
def sort_out(
    slots: np.ndarray,
    month: int,
    owner: np.ndarray,
    uid: np.ndarray,
    passive: np.ndarray,
    kind: np.ndarray,
    share: np.ndarray,
    key: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the role of each owner and the filings (inventions, offices) of passive owners: each office by its share."""
    n, offices = len(slots), len(share)
    role = np.empty(n, np.int8)
    passives = 0
    for i in range(n):
        o = owner[slots[i]]
        if passive[o]:
            role[i] = PASSIVE
            passives += 1
        else:
            role[i] = ACADEMIC if kind[o] == UNIVERSITY or kind[o] == INSTITUTE else COMPANY
    mine, office = np.empty(passives * offices, np.int64), np.empty(passives * offices, np.int64)
    m = 0
    for i in range(n):
        if role[i] == PASSIVE:
            for j in range(offices):
                if u01(pair(np.uint64(uid[slots[i]]), np.uint64(j + 1)), key) < share[j]:
                    mine[m], office[m] = slots[i], j
                    m += 1
    return role, mine[:m], office[:m]


@nb.njit(nb.types.Tuple((FFF8, FF8))(FFF8, FFF8, I8, F8, F8, f8, F8, F8), cache=True)
def gains(
    worth: np.ndarray,
    where: np.ndarray,
    place: np.ndarray,
    rate: np.ndarray,
    hazard: np.ndarray,
    disclosure: float,
    years: np.ndarray,
    years_model: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (what each instrument adds to the value of one unit of yearly profit, what a refused application costs).

    The first is (instruments, J, S); patent, once granted: (1 - exp(-(r+d) T)) (W_patent - W_none) h, h the share of
    profit at home; utility model: the same with its own term, and it is registered unexamined; secret: W_secret - W_none.
    The second is W_none - W_taught, (J, S), W_taught the value once the refused application has taught others.
    """
    J, S, T = where.shape
    out, refused = np.zeros((4, J, S)), np.zeros((J, S))
    for j in range(J):
        for s in range(S):
            home = 0.0
            for t in range(T):
                home += where[j, s, t] * (1.0 if place[t] == j else 0.0)
            base = worth[NONE, j, s]
            taught = 1.0 / (rate[s] + hazard[s] * (1.0 + disclosure))
            term = 1.0 - np.exp(-rate[s] * years[j])
            term_model = 1.0 - np.exp(-rate[s] * years_model[j])
            out[SECRET, j, s] = worth[SECRET, j, s] - base
            out[PATENT, j, s] = term * (worth[PATENT, j, s] - base) * home
            out[UTILITY, j, s] = term_model * (worth[UTILITY, j, s] - base) * home
            refused[j, s] = base - taught
    return out, refused


@nb.njit(f8(f8, f8, f8, f8), cache=True)
def own_chance(usual: float, novelty: float, typical: float, weight: float) -> float:
    """Return Phi(z_g + w (nu - m)): the chance of grant that an owner expects for its own invention.

    Args:
        usual: z_g, the normal quantile of the experienced grant rate.
        novelty: nu, the inventive step as the owner sees it, sd.
        typical: m, the mean of what is filed, so that a typical applicant expects the experienced rate.
        weight: w, how far the outcome follows the step that the owner sees.
    """
    return 0.5 * (1.0 + erf((usual + weight * (novelty - typical)) / sqrt(2.0)))


@nb.njit(f8(nb.uint64, i8, nb.uint64), cache=True, inline="always")
def _gumbel(uid: np.uint64, option: int, key: np.uint64) -> float:
    return -np.log(-np.log(u01(pair(uid, np.uint64(option)), key)))


@nb.njit(
    nb.types.Tuple((I8, I8, I8, I8, F8, F8))(
        I8, i8, f8, I8, I4, I1, I1, I1, *POTENTIAL, I1, I1, F8, F8, F8, F8, FFF8, FF8, F8, F8, F8, F8, F8, F8, F8, f8, f8, f8,
        nb.uint64, nb.uint64, nb.uint64, nb.uint64, I1, I4, FF8, FF8, FF8, FF8, nb.boolean[:, ::1], F8, F8, FFF8, FF8,
        nb.uint64, F8, FF8, F8, F4, F8, f8, f8, nb.uint64,
    ),
    cache=True,
)  # fmt: skip
def choose_instruments(
    slots: np.ndarray, month: int, scale: float, uid: np.ndarray, owner: np.ndarray, made_at: np.ndarray,
    nature: np.ndarray, role: np.ndarray, made: np.ndarray, line: np.ndarray, launched: np.ndarray, sector: np.ndarray,
    potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray, learning: float,
    seat: np.ndarray, kind: np.ndarray, awareness: np.ndarray, cash: np.ndarray, credit: np.ndarray,
    weight: np.ndarray, gain: np.ndarray, alone: np.ndarray, cost: np.ndarray, gross: np.ndarray,
    cost_model: np.ndarray, reward: np.ndarray, reward_model: np.ndarray, has_model: np.ndarray, hidden: np.ndarray,
    noise: float, cost_secret: float, publish_share: float, key_error: np.uint64, key_aware: np.uint64, key_hidden: np.uint64,
    key_publish: np.uint64, protected_by: np.ndarray, published: np.ndarray, missed: np.ndarray, secrets: np.ndarray,
    publications: np.ndarray, filing_share: np.ndarray, fits: np.ndarray, eligible: np.ndarray, copied: np.ndarray,
    gain_special: np.ndarray, cost_special: np.ndarray, key_eligible: np.uint64, keeps: np.ndarray,
    refused: np.ndarray, usual_chance: np.ndarray, novelty: np.ndarray, typical: np.ndarray, novelty_weight: float,
    novelty_error: float, key_novelty: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Choose argmax_i (net_i + spread gumbel_i) for each invention, net_i = Y K1 gain_i - cost_i + reward_i.

    Small inventions are shapes and structures that show in the product: they cannot be kept secret. An instrument is
    open to natures of creation that it fits (``fits``, instruments x natures). Of programs the share ``eligible`` may be
    claimed in a patent, and what copyright keeps out anyhow (``copied``) is no gain. A plant variety or a layout has a
    right of its own (``gain_special``, two kinds x J x S; 0 where the law knows none).

    A patent keeps out only the share ``keeps`` (n,) of rivals who have no license of it through a pool. Its chance of
    grant is the owner's own (``own_chance``), from the inventive step seen with an error; ``typical`` (J,), the mean step
    of what is filed, is learnt in two years.

    ``role`` tells whose inventions they are; universities do not keep secrets, and their untitled results (PASSIVE
    stands for them here) are published. What an owner cannot pay, in the order of its inventions, it does not file.

    Returns:
        (invention, owner, seat, right's kind, profit, reward in real totals) of what is filed at home.
    """
    n = len(slots)
    J, S = alone.shape
    out = np.empty((4, n), np.int64)
    profits, bonus = np.empty(n), np.empty(n)
    spent = np.zeros(len(cash))
    cases, filings = np.zeros((J, S)), np.zeros((J, S))
    steps, patents = np.zeros(J), np.zeros(J)
    m = 0
    for i in range(n):
        k = slots[i]
        o, s = owner[k], sector[k]
        j = seat[o]
        if role[i] == PASSIVE:
            protected_by[k] = PUBLISH
            published[k] = month + 1
            publications[made_at[k], s] += scale
            continue
        me = np.uint64(uid[k])
        profit = (
            potential_of(k, month, made, line, launched, sector, potential, expected, decay, usual, learning)
            * alone[j, s]
        )
        own = SPECIAL[nature[k]]
        price_own = 0.0
        net_own = -np.inf
        if own >= 0 and gain_special[own - VARIETY, j, s] > 0.0:
            price_own = cost_special[own - VARIETY, j]
            net_own = profit * gain_special[own - VARIETY, j, s] - price_own
        if nature[k] == SOFTWARE:
            profit *= 1.0 - copied[j]
        patentable = fits[PATENT, nature[k]] and (nature[k] != SOFTWARE or u01(me, key_eligible) < eligible[j])
        modelable = fits[UTILITY, nature[k]] and has_model[j] > 0.5
        means = max(0.0, cash[o] + credit[o]) * weight[o]
        spread = noise * max(cost[j], cost_secret)
        can_hide = nature[k] != SMALL and fits[SECRET, nature[k]] and u01(me, key_hidden) < hidden[s]
        net_secret = profit * gain[SECRET, j, s] - cost_secret if can_hide else -np.inf
        step = np.float64(novelty[k]) + novelty_error * inverse_normal(u01(me, key_novelty))
        net_patent = -np.inf
        if patentable:
            g = own_chance(usual_chance[j], step, typical[j], novelty_weight)
            worth = g * gain[PATENT, j, s] - (1.0 - g) * refused[j, s]
            net_patent = profit * worth * keeps[i] - cost[j] + reward[j]
        net_model = -np.inf
        if modelable:
            net_model = profit * gain[UTILITY, j, s] - cost_model[j] + reward_model[j]
        choice, best = NONE, spread * _gumbel(me, NONE, key_error)
        if can_hide:
            seen = net_secret + spread * _gumbel(me, SECRET, key_error)
            if seen > best:
                choice, best = SECRET, seen
        if u01(me, key_aware) < awareness[o]:
            if patentable and means / scale >= cost[j]:
                seen = net_patent + spread * _gumbel(me, PATENT, key_error)
                if seen > best:
                    choice, best = PATENT, seen
            if modelable:
                seen = net_model + spread * _gumbel(me, UTILITY, key_error)
                if seen > best:
                    choice, best = UTILITY, seen
            if net_own > -np.inf and means / scale >= price_own:
                seen = net_own + spread * _gumbel(me, own, key_error)
                if seen > best:
                    choice, best = own, seen
        if role[i] == ACADEMIC and choice == SECRET:
            choice = NONE
        if choice >= PATENT:
            spent[o] += (gross[j] if choice == PATENT else (cost_model[j] if choice == UTILITY else price_own)) * scale
            if spent[o] > means:
                choice = NONE
        cases[j, s] += 1.0
        if choice == NONE:
            protected_by[k] = NO
            if max(net_secret, net_patent, net_model, net_own) > 0.0:
                missed[j, s] += scale
            if role[i] == ACADEMIC or u01(me, key_publish) < publish_share:
                protected_by[k] = PUBLISH
                published[k] = month + 1
                publications[made_at[k], s] += scale
        elif choice == SECRET:
            protected_by[k] = KEEP
            secrets[j, s] += scale
        else:
            protected_by[k] = FILE + choice - PATENT
            filings[j, s] += 1.0 if choice <= UTILITY else 0.0
            if choice == PATENT:
                steps[j] += step
                patents[j] += 1.0
            out[0, m], out[1, m], out[2, m] = k, o, j
            out[3, m] = RIGHT[choice]
            profits[m] = profit
            bonus[m] = (reward[j] if choice == PATENT else (reward_model[j] if choice == UTILITY else 0.0)) * scale
            m += 1
    for j in range(J):
        if patents[j] > 0.0:
            typical[j] += (steps[j] / patents[j] - typical[j]) / 24.0
        for s in range(S):
            if cases[j, s] > 0.0:
                # two-year memory of the share that is filed
                filing_share[j, s] += (filings[j, s] / cases[j, s] - filing_share[j, s]) / 24.0
    return out[0, :m], out[1, :m], out[2, :m], out[3, :m], profits[:m], bonus[:m]


@nb.njit(
    nb.types.Tuple((I8, I8, I8, F8))(
        I8, I8, I8, I8, I8, I8, F8, f8, I8, I1, F8, F8, F8, F8, F8, F8, F8, FF8, f8, FF8, FFF8, FFF8, I8, F8, F8, F8, f8,
        f8, nb.uint64, FF8, FF8,
    ),
    cache=True,
)  # fmt: skip
def all_filings(
    outside: np.ndarray, outside_office: np.ndarray, mine: np.ndarray, owner: np.ndarray, seat: np.ndarray,
    kind: np.ndarray, profit: np.ndarray, scale: float, uid: np.ndarray, sector: np.ndarray, cash: np.ndarray,
    credit: np.ndarray, weight: np.ndarray, gross: np.ndarray, foreign: np.ndarray, service: np.ndarray,
    outward: np.ndarray, breadth: np.ndarray, breadth_model: float, breadth_special: np.ndarray, worth: np.ndarray,
    where: np.ndarray, place: np.ndarray, rate: np.ndarray,
    years: np.ndarray, grant: np.ndarray, market: float, threshold: float, key: np.uint64, families: np.ndarray,
    families_abroad: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Add second filings: where Y K1 x share earned there x (W_patent - W_none) x term x grant x error exceeds the cost.

    The cost abroad is the office's fee and attorneys' and translators' ``service``, the latter times ``outward`` of the
    owner's place. Home applications of the month are paid first, then those abroad in the order of inventions and offices.

    Returns:
        (invention, office, kind, breadth) of all filings: of passive owners, at home, abroad.
    """
    P, S, T = len(grant), where.shape[1], where.shape[2]
    n, m = len(outside), len(mine)
    most = n + m + m * P
    slots, offices, kinds = np.empty(most, np.int64), np.empty(most, np.int64), np.zeros(most, np.int64)
    width = np.empty(most)
    spent = np.zeros(len(cash))
    term = np.empty((S, P))
    for s in range(S):
        for j in range(P):
            term[s, j] = 1.0 - np.exp(-rate[s] * years[j])
    for i in range(n):
        slots[i], offices[i] = outside[i], outside_office[i]
        width[i] = breadth[outside_office[i], sector[outside[i]]]
    for i in range(m):
        s = sector[mine[i]]
        slots[n + i], offices[n + i], kinds[n + i] = mine[i], seat[i], kind[i]
        width[n + i] = breadth[seat[i], s] * (breadth_model if kind[i] == 1 else 1.0)
        if kind[i] > 1:
            width[n + i] = breadth_special[kind[i], seat[i]]
        if kind[i] == 0:
            spent[owner[i]] += gross[seat[i]] * scale
            families[seat[i], s] += scale
    end = n + m
    far = np.exp(0.5 * FARTHEST)
    by_place = np.empty(P)
    for i in range(m):
        if kind[i] != 0:
            continue
        k, o, h = mine[i], owner[i], seat[i]
        s = sector[k]
        by_place[:] = 0.0
        for t in range(T):
            if place[t] < P:
                by_place[place[t]] += where[h, s, t]
        goes = False
        for j in range(P):
            if j == h:
                continue
            value = profit[i] * market * by_place[j] * (worth[PATENT, j, s] - worth[NONE, j, s]) * term[s, j] * grant[j]
            # most values are far from the threshold: no error can carry them over it
            cost = foreign[j] - (1.0 - outward[h]) * service[j]
            if value * far <= cost * threshold:
                continue
            error = np.exp(0.5 * inverse_normal(u01(pair(np.uint64(uid[k]), np.uint64(j + 1)), key)))
            if value * error <= cost * threshold:
                continue
            spent[o] += cost * scale
            if spent[o] <= max(0.0, cash[o] + credit[o]) * weight[o]:
                slots[end], offices[end], width[end] = k, j, breadth[j, s]
                end += 1
                goes = True
        if goes:
            families_abroad[h, s] += scale
    return slots[:end], offices[:end], kinds[:end], width[:end]
