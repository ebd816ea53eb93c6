"""Migration between places: people are conserved, the rest of the world is a place like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.inventor.hiring import count_up, drop_staff, is_academic, seek
from agents.inventor.population import QUARTER, market_day, origins
from ecosystem.domain.indicators import flow
from ecosystem.domain.teams import ring
from ecosystem.kernel.luck import Pool, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

u8, i8, i1, f8, b1 = nb.uint64, nb.int64, nb.int8, nb.float64, nb.boolean

flow("net_inventor_immigration", "inventors", "researchers who arrive less those who depart", 1)
flow("inventor_immigration", "inventors", "researchers who arrive from another place", 0)


def migrants(world: World) -> Pool:
    """Return working inventors by place as candidates for migration, the skilled more likely: weight skill^gamma."""
    t, inv = world.talent, world.inventors
    if t.pool is None or market_day(world):
        around = ring(world)
        late = inv.skill[len(t.appeal) :].astype(np.float64)
        t.appeal = np.concatenate([t.appeal, late ** world.p["talent.migrant_selection"]])
        t.pool = Pool(*_muster(
            around.order, around.hashed, inv.active, inv.jurisdiction, inv.uid, t.appeal, world.J
        ))  # fmt: skip
    return t.pool


@nb.njit(
    nb.types.Tuple((i8[::1], i8[::1], f8[::1], u8[::1], i8[::1], i8[::1]))(
        i8[::1], i8[::1], b1[::1], i1[::1], i8[::1], f8[::1], i8
    ),
    cache=True,
)  # fmt: skip
def _muster(
    order: np.ndarray, hashed: np.ndarray, active: np.ndarray, place: np.ndarray, uid: np.ndarray, appeal: np.ndarray,
    places: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Counting sort of the working inventors by place, in the order of the hash ring: the columns of a ``Pool``."""
    low, high = np.zeros(places, np.int64), np.zeros(places, np.int64)
    for who in order:
        if active[who]:
            high[place[who]] += 1
    n = 0
    for j in range(places):
        low[j] = n
        n += high[j]
        high[j] = low[j]
    slots, names, weight, ring_ = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n), np.empty(n, np.uint64)
    for k in range(len(order)):
        who = order[k]
        if active[who]:
            at = high[place[who]]
            slots[at], names[at], weight[at] = who, uid[who], appeal[who]
            ring_[at] = np.uint64(hashed[k]) << np.uint64(1)
            high[place[who]] = at + 1
    return slots, names, weight, ring_, low, high


def by_merit(world: World, trip: np.ndarray, source: np.ndarray, to: np.ndarray, who: np.ndarray) -> np.ndarray:
    """Return who gets the visas: for the share |``talent.visa_merit``| of them the better (below 0: weaker) of two applicants.

    Args:
        trip, source, to, who: identity, origin, destination and first applicant of each visa, int64 (n,).
    """
    merit = world.levers["talent.visa_merit"][to]
    if not merit.any():
        return who
    skill, draw = world.inventors.skill, world.draw
    other = draw.partner("talent.second_applicant", trip, source, migrants(world))
    looked_at = draw.bernoulli("talent.by_merit", trip, np.abs(merit)) & (who >= 0) & (other >= 0)
    better = skill[np.maximum(other, 0)] > skill[np.maximum(who, 0)]
    return np.where(looked_at & (better == (merit > 0.0)), other, who)


@rule("talent", "talent.migrate", after="talent.leave")
def migrate(world: World) -> None:
    """People move between places: arrivals_j = usual x openness_j x w_j^eta, from origins by people and wages.

    The usual flow holds the foreign share of the data over half a career. Whoever leaves one place arrives in another.
    Acts once a quarter for its three months.
    """
    if not market_day(world):
        return
    t, p, inv, draw = world.talent, world.p, world.inventors, world.draw
    eta = p["talent.migration_elasticity"]
    t.migration_credit += QUARTER * t.arrivals * world.levers["talent.openness"] * world.wage**eta
    number = np.floor(t.migration_credit).astype(np.int64)
    n = int(number.sum())
    if n == 0:
        return
    to = np.repeat(np.arange(world.J), number)
    ordinal = count_up(number)
    trip = fold(9_000_011 * (1 + np.asarray(world.place_number)[to]), world.month + 100_000, ordinal, 34)
    source = draw.categorical("talent.source", trip, origins(t.count, t.pull, world.wage, eta), to)
    who = draw.partner("talent.migrant", trip, source, migrants(world))
    who = by_merit(world, trip, source, to, who)
    fits = (who >= 0) & (source != to)
    fits[fits] = inv.active[who[fits]] & (inv.jurisdiction[who[fits]] == source[fits])
    _, once = np.unique(who, return_index=True)
    first = np.zeros(n, np.bool_)
    first[once] = True
    fits &= first
    who, to, source = who[fits], to[fits], source[fits]
    t.migration_credit -= np.bincount(to, minlength=world.J)
    np.minimum(t.migration_credit, 2.0 + QUARTER * t.arrivals, out=t.migration_credit)
    old = inv.employer[who].astype(np.int64)
    drop_staff(world, old)
    academic = (is_academic(world, np.maximum(old, 0)) & (old >= 0)).astype(np.int64)
    inv.motivation[who] *= t.drive[academic, to] / t.drive[academic, source]
    inv.employer[who] = -1
    inv.jurisdiction[who] = to
    inv.foreign[who] = True
    seek(world, who, np.full(len(who), -1, np.int64))
    scale = float(world.scale)
    world.tally.add("inventor_immigration", to, scale)
    world.tally.add("net_inventor_immigration", to, scale)
    world.tally.add("net_inventor_immigration", source, -scale)
