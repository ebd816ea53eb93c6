"""Where a granted right comes into force: territory by territory, or by one unitary right.

A place with several territories grants one bundle. With the yearly value R of a right that covers the whole place and the
share c of the place's market that it covers, the right is worth ``R (c / W)^a`` a year (``valuation.coverage_exponent``).
The owner adds the territory that gains most while

    max over n of sum_{i < n} [dR y_i e^(-(rho + d) i) - f_{k+i} e^(-rho i)] > agent + translation,

n the years for which it is then renewed, f the national fee. A unitary right costs one fee and one translation and covers
what takes part; its owner fears that one judgment ends it everywhere, which takes a share of its value, exponential over
owners (findings on the law, section 1). At each renewal a territory whose part is not worth its fee is given up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.organizations import within_means
from agents.renewal_fees import TERM_LEVERS, Tables
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.market import potential_now
from ecosystem.domain.potential import F8, FF8, I1, I4, I8, B, as_slots, f8, i8
from ecosystem.domain.valuation import right_value
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

PATENT = 0
COVERED_AFTER = 24
COUNT = "validation.count"

flow("unitary_rights", "patents", "granted patents that take the unitary right", 0)
ratio("unitary_uptake", "share", "patents that take the unitary right / patents granted where territories differ", 0,
      "unitary_rights", "bundles_granted")  # fmt: skip
ratio("territories_validated", "territories", "territories where a granted patent comes into force, 0 if nowhere", 0,
      "validations", "bundles_granted")  # fmt: skip
ratio("territories_covered_per_patent", "territories",
      "mean number of territories where a granted patent is in force two years after grant", 1,
      "territories_covered", "patents_two_years_old")  # fmt: skip


def several(world: World) -> np.ndarray:
    """Return which places have more than one territory, bool (J,)."""
    return np.asarray(np.bincount(world.territories.place, minlength=world.J) > 1)


def count_territories(mask: np.ndarray) -> np.ndarray:
    """Return the number of territories in bit masks, int64 (n,)."""
    return np.bitwise_count(np.asarray(mask, dtype=np.int64)).astype(np.int64)


def validate(world: World, slots: np.ndarray) -> np.ndarray:
    """Let owners of newly granted patents choose where these come into force; return those that do, int64.

    Patents of places with one territory come into force there. Agents and translators are paid; who cannot pay for all that
    it wants validates in the territory that gains most, or nowhere. What is validated nowhere lapses.
    """
    rights = world.rights
    patent = slots[rights.kind[slots] == PATENT]
    if len(patent):
        world.calendar.put(COUNT, world.month + COVERED_AFTER, patent)
    many = several(world)
    if not many.any():
        return slots
    chosen = patent[many[rights.office[patent]]]
    if not len(chosen):
        return slots
    t, p, levers, orgs, v = world.territories, world.p, world.levers, world.orgs, world.valuation
    place, owner = rights.office[chosen].astype(np.int64), rights.owner[chosen].astype(np.int64)
    open_to = world.draw.bernoulli(
        "validation.open", rights.uid[chosen], levers["law.unitary_available"][place], month=ALWAYS
    )
    fear = p["validation.central_attack"] * world.draw.exponential("validation.fear", orgs.uid[owner], month=ALWAYS)
    mask, first, unitary, cost, least = _choose(
        as_slots(chosen), _value_at_grant(world, chosen), world.month, owner, orgs.jurisdiction, rights.office, rights.sector,
        rights.filed, open_to, np.minimum(fear, 1.0), v.where.reshape(-1, world.T), world.S, t.place, t.unitary, t.cost,
        t.renewal, Tables.of(world).fees[PATENT] * levers["office.renewal_scale"][: world.P, None],
        levers["law.unitary_fee_scale"], p["validation.unitary_cost"], p["valuation.coverage_exponent"], float(v.rate),
        np.ascontiguousarray(v.decay), levers[TERM_LEVERS[PATENT]],
    )  # fmt: skip
    outside = orgs.passive[owner]
    poor = ~outside
    poor[poor] = ~within_means(world, owner[poor], cost[poor] * world.scale)
    mask[poor], unitary[poor], cost[poor] = first[poor], False, least[poor]
    if poor.any():
        unpaid = ~outside
        unpaid[unpaid] = ~within_means(world, owner[unpaid], cost[unpaid] * world.scale)
        mask[unpaid], unitary[unpaid], cost[unpaid] = 0, False, 0.0
    none = mask == 0
    for payer, who, some in (("outside", orgs.jurisdiction[owner], outside), ("organizations", owner, ~outside)):
        at = place[some]
        world.accounts.pay("validation", payer, who[some], "services", at, cost[some] * world.scale, place=at)
    rights.territories[chosen] = mask
    rights.unitary[chosen] = unitary
    rights.lapsed[chosen[none]] = world.month
    tally, sector, scale = world.tally, rights.sector[chosen].astype(np.int64), world.scale
    tally.add("bundles_granted", place, scale, sector)
    tally.add("patents_lapsed", place[none], scale, sector[none])
    tally.add("validations", place, scale * count_territories(mask), sector)
    tally.add("unitary_rights", place[unitary], scale, sector[unitary])
    return slots[~np.isin(slots, chosen[none])] if none.any() else slots


def _value_at_grant(world: World, slots: np.ndarray) -> np.ndarray:
    """Return the yearly value of rights as their owners know it when they must choose, M USD2020/year, float64 (n,).

    From the first filing to the grant at a regional office four to five years go by (priority year, search, examination),
    in which most is learnt about a patent's value (Pakes 1986); the offices of the model count from the request. So the
    owner knows what the market will show.
    """
    made = world.rights.invention[slots].astype(np.int64)
    known = potential_now(world, made, true=True) / np.maximum(potential_now(world, made), 1e-300)
    return np.asarray(right_value(world, slots) * known)


@rule("renewal", "validation.count", after="renewal.decide")
def count(world: World) -> None:
    """Count where patents granted two years ago are still in force."""
    slots = world.calendar.pop(COUNT, world.month)
    if not len(slots):
        return
    rights = world.rights
    place, sector = rights.office[slots].astype(np.int64), rights.sector[slots].astype(np.int64)
    world.tally.add("patents_two_years_old", place, world.scale, sector)
    covered = np.where(rights.in_force[slots], count_territories(rights.territories[slots]), 0)
    world.tally.add("territories_covered", place, world.scale * covered, sector)


def give_up(
    world: World, slots: np.ndarray, fee: np.ndarray, year: np.ndarray, lowest: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (value, fee, territories kept) of rights due for renewal: territories not worth their fee are given up.

    The value returned is what ``lowest`` is to be compared with; 0 where no territory is kept. Rights of places with one
    territory, and those that are no patents, are returned as they are.

    Args:
        slots: rights, int64 (n,).
        fee: fee of the place's schedule, M USD2020, float64 (n,).
        year: year of life, int64 (n,).
        lowest: lowest yearly value at which the place's schedule is paid, float64 (kinds, P, ages, S).
    """
    rights = world.rights
    value, mask = right_value(world, slots), rights.territories[slots].astype(np.int64)
    bundle = np.flatnonzero(several(world)[rights.office[slots]] & (rights.kind[slots] == PATENT))
    if not len(bundle):
        return value, fee, mask
    t, some = world.territories, slots[bundle]
    office, sector = rights.office[some].astype(np.int64), rights.sector[some].astype(np.int64)
    seat = world.orgs.jurisdiction[rights.owner[some]]
    threshold = lowest[PATENT, office, year[bundle], sector]
    kept, multiple, worth = _give_up(
        mask[bundle], value[bundle], rights.unitary[some], threshold, np.ascontiguousarray(world.valuation.where[seat, sector]),
        t.unitary, t.renewal, world.levers["law.unitary_fee_scale"][office], world.p["valuation.coverage_exponent"],
    )  # fmt: skip
    value, fee = value.copy(), fee.copy()
    mask[bundle], value[bundle] = kept, worth
    fee[bundle] *= multiple
    return value, fee, mask


@nb.njit(f8(f8, f8, F8, i8, f8, f8, f8), cache=True)
def _net(value: float, multiple: float, fees: np.ndarray, age: int, rate: float, decay: float, term: float) -> float:
    """Return the most that a yearly value is worth after renewal fees, over the years for which it may be kept."""
    loss = rate + decay
    year = (1.0 - np.exp(-loss)) / loss if loss > 0.0 else 1.0
    best, total = 0.0, 0.0
    for k in range(age, min(len(fees), int(term))):
        i = k - age
        # the fee of the year in which a right is granted has been paid for the application
        due = multiple * fees[k] * np.exp(-rate * i) if i > 0 else 0.0
        total += value * year * np.exp(-loss * i) - due
        best = max(best, total)
    return best


@nb.njit(
    nb.types.Tuple((I8, I8, B, F8, F8))(
        I8, F8, i8, I8, I1, I1, I1, I4, B, F8, FF8, i8, I8, F8, F8, F8, FF8, F8, f8, f8, f8, F8, F8,
    ),
    cache=True,
)  # fmt: skip
def _choose(
    slots: np.ndarray, value: np.ndarray, month: int, owner: np.ndarray, seat: np.ndarray, office: np.ndarray,
    sector: np.ndarray, filed: np.ndarray, open_to: np.ndarray, fear: np.ndarray, where: np.ndarray, sectors: int,
    place: np.ndarray, unitary: np.ndarray, cost: np.ndarray, renewal: np.ndarray, fees: np.ndarray, scale: np.ndarray,
    translation: float, exponent: float, rate: float, decay: np.ndarray, term: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Choose where each right comes into force (see the module).

    Returns:
        (territories, territory that gains most, unitary right taken, cost, cost of that territory).
    """
    n, T = len(slots), len(place)
    mask, first = np.zeros(n, np.int64), np.zeros(n, np.int64)
    taken, bill, least = np.zeros(n, np.bool_), np.zeros(n), np.zeros(n)
    for i in range(n):
        r = slots[i]
        j, s = office[r], sector[r]
        age, row = (month - filed[r]) // 12, seat[owner[i]] * sectors + s
        whole = 0.0
        for t in range(T):
            if place[t] == j:
                whole += where[row, t]
        # states one by one
        chosen, total, money, covered = 0, 0.0, 0.0, 0.0
        start = 0
        for turn in range(2):
            if turn == 1:
                # the unitary right, then the others beside it
                if not open_to[i]:
                    break
                best_mask, best_total, best_money = chosen, total, money
                chosen, covered = 0, 0.0
                for t in range(T):
                    if place[t] == j and unitary[t] >= 0.5:
                        chosen |= 1 << t
                        covered += where[row, t] * unitary[t]
                if chosen == 0:
                    chosen, total, money = best_mask, best_total, best_money
                    break
                worth = value[i] * (covered / whole) ** exponent * (1.0 - fear[i])
                total = _net(worth, scale[j], fees[j], age, rate, decay[s], term[j]) - translation
                money = translation
            while True:
                before = (covered / whole) ** exponent if covered > 0.0 else 0.0
                gain, at = 0.0, -1
                for t in range(T):
                    if place[t] != j or (chosen >> t) & 1:
                        continue
                    more = value[i] * (((covered + where[row, t]) / whole) ** exponent - before)
                    net = _net(more, renewal[t], fees[j], age, rate, decay[s], term[j]) - cost[t]
                    if net > gain:
                        gain, at = net, t
                if at < 0:
                    break
                chosen |= 1 << at
                covered += where[row, at]
                total += gain
                money += cost[at]
                if turn == 0 and start == 0:
                    start = 1
                    first[i], least[i] = 1 << at, cost[at]
            if turn == 1:
                if total > best_total:
                    taken[i] = True
                else:
                    chosen, total, money = best_mask, best_total, best_money
        mask[i], bill[i] = chosen, money
    return mask, first, taken, bill, least


@nb.njit(nb.types.Tuple((I8, F8, F8))(I8, F8, B, F8, FF8, F8, F8, F8, f8), cache=True)
def _give_up(
    mask: np.ndarray, value: np.ndarray, taken: np.ndarray, threshold: np.ndarray, where: np.ndarray, unitary: np.ndarray,
    renewal: np.ndarray, scale: np.ndarray, exponent: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Give up the parts of bundles that are not worth their fee; return (territories kept, fee multiple, value).

    A unitary right stands or falls as one part. What is kept passes the owner's test as a whole.
    """
    n, T = len(mask), where.shape[1]
    kept, multiple, worth = mask.copy(), np.zeros(n), np.zeros(n)
    for i in range(n):
        whole, joint = 0.0, 0
        for t in range(T):
            if (mask[i] >> t) & 1:
                whole += where[i, t]
                if taken[i] and unitary[t] >= 0.5:
                    joint |= 1 << t
        covered = whole
        while kept[i] != 0:
            # the part with the least to spare goes first
            worst, gone, lost = 0.0, 0, 0.0
            for t in range(-1, T):
                if t < 0:
                    if kept[i] & joint == 0:
                        continue
                    part, fee = joint, scale[i]
                else:
                    if not (kept[i] >> t) & 1 or (joint >> t) & 1:
                        continue
                    part, fee = 1 << t, renewal[t]
                share = 0.0
                for u in range(T):
                    if (part >> u) & 1:
                        share += where[i, u]
                left = max(covered - share, 0.0) if kept[i] != part else 0.0
                more = value[i] * ((covered / whole) ** exponent - (left / whole) ** exponent)
                spare = more - fee * threshold[i]
                if spare <= 0.0 and (gone == 0 or spare < worst):
                    worst, gone, lost = spare, part, share
            if gone == 0:
                break
            kept[i] &= ~gone
            covered = max(covered - lost, 0.0)
        for t in range(T):
            if (kept[i] >> t) & 1 and not (joint >> t) & 1:
                multiple[i] += renewal[t]
        if kept[i] & joint:
            multiple[i] += scale[i]
        if kept[i] != 0:
            worth[i] = max(value[i], threshold[i] * (1.0 + 1e-9) + 1e-300)
    return kept, multiple, worth
