"""The roster: working inventors by employer, and by class, place and field of a place, drawn up each quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.kernel.luck import fold
from ecosystem.kernel.memory import recalled, remembered
from ecosystem.kernel.table import code_of

if TYPE_CHECKING:
    from ecosystem.world import World

u8, i8, i4, i1, f8, f4, b1 = nb.uint64, nb.int64, nb.int32, nb.int8, nb.float64, nb.float32, nb.boolean


@dataclass(slots=True)
class Roster:
    """Working inventors by employer with running sums of their weight, and pools of a place by class and field.

    The sums start anew with every employer and the pools are hash rings, so that an organization more or less leaves
    the choices of the others alone.

    Attributes:
        built: month in which it was drawn up.
        slots, cum: people in the order of their employers, int64 (n,), and running sums of their weight, float64 (n,).
        low, high: first and one past last position of every organization, int64 (organizations,).
        academic: 1 for universities and institutes, int8 (organizations,).
        pool_slots, pool_uid, pool_weight, ring: people by class, place and field, in the order of their hashes (n,).
        pool_low, pool_high: first and one past last position of every pool, int64 (2 x places x fields,).
        sector_cum, near_cum: cumulative shares of fields by sector (S, F) and by field (F, F).
        size_cdf: cumulative distribution of team size, float64 (TEAM_MAX,).
    """

    built: int
    slots: np.ndarray
    cum: np.ndarray
    low: np.ndarray
    high: np.ndarray
    academic: np.ndarray
    pool_slots: np.ndarray
    pool_uid: np.ndarray
    pool_weight: np.ndarray
    ring: np.ndarray
    pool_low: np.ndarray
    pool_high: np.ndarray
    sector_cum: np.ndarray
    near_cum: np.ndarray
    size_cdf: np.ndarray


@nb.njit(
    i8(
        i4[::1], b1[::1], i1[::1], i1[::1], f4[::1], f4[::1], i8[::1], b1[::1], i1[::1], i8, i8, i8[::1], i8[::1],
        i8[::1], f8[::1], i8[::1], i8[::1], i8[::1], i8[::1], f8[::1], u8[::1], i8[::1], i8[::1],
    ),
    cache=True,
)  # fmt: skip
def _muster(
    employer: np.ndarray, active: np.ndarray, home: np.ndarray, field: np.ndarray, skill: np.ndarray,
    motivation: np.ndarray, uid: np.ndarray, alive: np.ndarray, academic: np.ndarray, places: int, fields: int,
    turn: np.ndarray, hashed: np.ndarray,
    slots: np.ndarray, cum: np.ndarray, low: np.ndarray, high: np.ndarray,
    pool_slots: np.ndarray, pool_uid: np.ndarray, pool_weight: np.ndarray, ring: np.ndarray,
    pool_low: np.ndarray, pool_high: np.ndarray,
) -> int:  # fmt: skip
    """Counting sorts of the people at work: by employer in the order of slots, by pool in the order of hashes.

    Returns the number of people; fills slots .. pool_high (see ``Roster``), where ``low`` .. ``pool_high`` start at 0.
    """
    n = 0
    group = np.full(len(employer), -1, np.int32)
    weight = np.empty(len(employer))
    for who in range(len(employer)):
        o = employer[who]
        if active[who] and o >= 0 and alive[o]:
            g = (academic[o] * places + home[who]) * fields + field[who]
            group[who] = g
            weight[who] = max(0.0, np.float64(skill[who]) * np.float64(motivation[who]))
            high[o] += 1
            pool_high[g] += 1
            n += 1
    total = 0
    for o in range(len(high)):
        low[o] = total
        total += high[o]
        high[o] = low[o]
    total = 0
    for g in range(len(pool_high)):
        pool_low[g] = total
        total += pool_high[g]
        pool_high[g] = pool_low[g]
    for who in range(len(employer)):
        if group[who] >= 0:
            o = employer[who]
            at = high[o]
            slots[at] = who
            cum[at] = weight[who] + (cum[at - 1] if at > low[o] else 0.0)
            high[o] = at + 1
    for k in range(len(turn)):
        who = turn[k]
        g = group[who]
        if g >= 0:
            at = pool_high[g]
            pool_slots[at] = who
            pool_uid[at] = uid[who]
            pool_weight[at] = weight[who]
            ring[at] = np.uint64(hashed[k]) << np.uint64(1)
            pool_high[g] = at + 1
    return n


def academics(world: World) -> np.ndarray:
    """Return 1 for universities and institutes, 0 for others, int8 (organizations,)."""
    orgs, column = world.orgs, world.orgs.columns["kind"]
    school = orgs.kind == code_of(column, "university")
    return (school | (orgs.kind == code_of(column, "institute"))).astype(np.int8)


class Ring:
    """Order of all inventors ever on the hash ring of ``Pool``; newcomers are merged in, nobody is sorted twice.

    Attributes:
        order: inventor slots by hashed identity, int64 (n,).
        hashed: their hashed identities, ascending, int64 (n,).
    """

    def __init__(self) -> None:
        self.order = np.zeros(0, np.int64)
        self.hashed = np.zeros(0, np.int64)

    def of(self, uid: np.ndarray) -> Ring:
        """Bring the ring up to all inventors, whose identities are ``uid``, int64 (n,)."""
        first = len(self.order)
        if first < len(uid):
            late = fold(uid[first:], 7)
            order = np.argsort(late)
            late = late[order]
            where = np.searchsorted(self.hashed, late)
            self.order = np.insert(self.order, where, first + order)
            self.hashed = np.insert(self.hashed, where, late)
        return self


def ring(world: World) -> Ring:
    """Return all inventors in the order of the hash ring."""
    return remembered(world, "inventor_ring", Ring).of(world.inventors.uid)


def build_roster(world: World, size_cdf: np.ndarray) -> Roster:
    """Arrange the working inventors by employer, and by class, place and field.

    Args:
        size_cdf: cumulative distribution of team size, float64 (TEAM_MAX,).
    """
    people, orgs, around = world.inventors, world.orgs, ring(world)
    n, organizations, pools = people.n, max(1, orgs.n), 2 * world.J * world.F
    # Rosters take turns in the same memory: fresh pages cost more than drawing one up.
    room: tuple[np.ndarray, ...] | None = recalled(world, "roster_room")
    if room is None or len(room[0]) < n:
        size = n + n // 4
        kinds = (np.int64, np.float64, np.int64, np.int64, np.float64, np.uint64)
        room = world.roster_room = tuple(np.empty(size, kind) for kind in kinds)
    slots, cum, pool_slots, pool_uid, pool_weight, points = room
    low, high = np.zeros(organizations, np.int64), np.zeros(organizations, np.int64)
    pool_low, pool_high = np.zeros(pools, np.int64), np.zeros(pools, np.int64)
    academic = academics(world)
    n = _muster(
        people.employer, people.active, people.jurisdiction, people.field, people.skill, people.motivation,
        people.uid, orgs.alive, academic, world.J, world.F,
        around.order, around.hashed,
        slots, cum, low, high, pool_slots, pool_uid, pool_weight, points, pool_low, pool_high,
    )  # fmt: skip
    return Roster(
        world.month, slots[:n], cum[:n], low, high, academic,
        pool_slots[:n], pool_uid[:n], pool_weight[:n], points[:n], pool_low, pool_high,
        np.cumsum(world.sector_fields, axis=1), np.cumsum(world.proximity, axis=1), size_cdf,
    )  # fmt: skip
