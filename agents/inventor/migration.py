"""Migration between places: people are conserved, the rest of the world is a place like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.inventor.hiring import count_up, drop_staff, is_academic, seek
from agents.inventor.population import QUARTER, market_day, origins
from ecosystem.domain.indicators import flow
from ecosystem.domain.teams import arrange, ring
from ecosystem.kernel.luck import Pool, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("net_inventor_immigration", "inventors", "researchers who arrive less those who depart", 1)
flow("inventor_immigration", "inventors", "researchers who arrive from another place", 0)


def migrants(world: World) -> Pool:
    """Return working inventors by place as candidates for migration, the skilled more likely: weight skill^gamma."""
    t, inv = world.talent, world.inventors
    if t.pool is None or market_day(world):
        around = ring(world)
        working = inv.active[around.order]
        slots = around.order[working]
        weight = inv.skill[slots].astype(np.float64) ** world.p["talent.migrant_selection"]
        place = inv.jurisdiction[slots].astype(np.int64)
        index, low, high, _ = arrange(np.arange(len(slots)), place, weight, world.J)
        slots, hashed = slots[index], around.hashed[working][index]
        t.pool = Pool(slots, inv.uid[slots], weight[index], hashed.astype(np.uint64) << np.uint64(1), low, high)
    return t.pool


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
    source = draw.categorical("talent.source", trip, origins(t.count, t.pull, world.wage, eta)[to])
    who = draw.partner("talent.migrant", trip, source, migrants(world))
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
