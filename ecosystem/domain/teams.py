"""Teams: who leads an invention, who works on it, how skilled and how mixed they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.roster import Roster, academics, build_roster
from ecosystem.domain.roster import ring as ring
from ecosystem.kernel.luck import EXACT_RACE, pair, racers, u01

if TYPE_CHECKING:
    from ecosystem.world import World

flow("industry_university_coinventions", "inventions", "inventions with a firm and a university inventor", 1)
ratio(
    "cross_field_team_share", "share", "inventions whose team spans two or more of the fields / inventions", 1,
    "cross_field_teams", "inventions",
)  # fmt: skip

TEAM_MAX = 12
"""Largest team kept by name; of the usual sizes less than two in a thousand are larger."""
TRIES = 20
"""Weighted draws before the search for a further member goes through the list in order."""

u8, i8, i4, i1, f8, f4, b1 = nb.uint64, nb.int64, nb.int32, nb.int8, nb.float64, nb.float32, nb.boolean


@dataclass(frozen=True, slots=True)
class Teams:
    """Teams of n inventions.

    Attributes:
        lead: inventor slot of the lead, -1 where a place has no inventor at all, int64 (n,).
        size: persons, int64 (n,), >= 1.
        skill: mean of skill x motivation over the members, float64 (n,), > 0 (1 without a lead).
        field: first field of the lead (core field of the organization without a lead), int64 (n,).
        cross_field: the members come from two or more fields, bool (n,).
        industry_university: members come from firms and from universities or institutes, bool (n,).
        members: inventor slots, the lead first, padded with -1, int64 (n, TEAM_MAX).
    """

    lead: np.ndarray
    size: np.ndarray
    skill: np.ndarray
    field: np.ndarray
    cross_field: np.ndarray
    industry_university: np.ndarray
    members: np.ndarray


@nb.njit(
    nb.types.Tuple((i8[::1], i8[::1], i8[::1], f8[::1]))(i8[::1], i8[::1], f8[::1], i8),
    cache=True,
)
def arrange(
    slots: np.ndarray, group: np.ndarray, weight: np.ndarray, groups: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Counting sort of ``slots`` by ``group`` with running sums of ``weight`` that start anew in every group."""
    low = np.zeros(groups, np.int64)
    high = np.zeros(groups, np.int64)
    for i in range(len(slots)):
        high[group[i]] += 1
    total = 0
    for g in range(groups):
        low[g] = total
        total += high[g]
        high[g] = low[g]
    out = np.empty(len(slots), np.int64)
    cum = np.empty(len(slots))
    for i in range(len(slots)):
        g = group[i]
        at = high[g]
        out[at] = slots[i]
        cum[at] = weight[i] + (cum[at - 1] if at > low[g] else 0.0)
        high[g] = at + 1
    return out, low, high, cum


@nb.njit(i8(f8[::1], i8, i8, f8), cache=True)
def pick(cum: np.ndarray, a: int, b: int, u: float) -> int:
    """Return the position in [a, b) that the uniform ``u`` hits in proportion to the steps of ``cum``."""
    target = u * cum[b - 1]
    n = b - a
    # Halving without a branch to guess.
    while n > 1:
        half = n >> 1
        a += half * int(cum[a + half - 1] <= target)
        n -= half
    return a


@nb.njit(i8(f8[::1], f8), cache=True)
def pick_row(cum: np.ndarray, u: float) -> int:
    """Return the first category whose cumulative share exceeds ``u`` of the last."""
    target = u * cum[-1]
    for k in range(len(cum)):
        if cum[k] > target:
            return k
    return len(cum) - 1


@nb.njit(b1(i8[:], i8, i8), cache=True)
def _holds(team: np.ndarray, size: int, who: int) -> bool:
    for k in range(size):  # noqa: SIM110 (compiled: no generators)
        if team[k] == who:
            return True
    return False


@nb.njit(b1(f8[:, ::1], i8, i8), cache=True)
def _of_sector(sector_cum: np.ndarray, s: int, f: int) -> bool:
    if s < 0:
        return False
    return sector_cum[s, f] > (sector_cum[s, f - 1] if f > 0 else 0.0)


@nb.njit(
    i8(u8, i8, i8, u8[::1], f8[::1], i8[::1], i8[::1], b1[::1], i4[::1], i1[::1], i8, i8[:], i8, u8, i8[::1], f8[::1]),
    cache=True,
)  # fmt: skip
def _ring_pick(
    me: np.uint64, a: int, b: int, ring: np.ndarray, weight: np.ndarray, uid: np.ndarray, slots: np.ndarray,
    active: np.ndarray, employer: np.ndarray, home: np.ndarray, place: int, team: np.ndarray, size: int,
    key: np.uint64, position: np.ndarray, luck: np.ndarray,
) -> int:  # fmt: skip
    """Weighted race over a pool, exact when small, else over points of its hash ring; skips members and leavers."""
    best = -1
    best_score = np.inf
    if b <= a:
        return best
    for t in range(racers(me, a, b, ring, uid, key, position, luck)):
        c, u = position[t], luck[t]
        # Most lose by far: since -ln u >= 1 - u, they need neither a logarithm nor a look at the person.
        if (1.0 - u) * (1.0 - 1e-12) >= best_score * weight[c]:
            continue
        who = slots[c]
        if weight[c] <= 0.0 or not active[who] or employer[who] < 0 or home[who] != place or _holds(team, size, who):
            continue
        score = -np.log(u) / weight[c]
        if score < best_score:
            best, best_score = who, score
    return best


@nb.njit(
    nb.void(
        i8[::1], i8[::1], i1[::1], i1[::1], i1[::1],
        i8[::1], i8[::1], i8[::1], f8[::1], i1[::1],
        i8[::1], i8[::1], i8[::1], i8[::1], f8[::1], u8[::1],
        i4[::1], i1[::1], b1[::1], f4[::1], f4[::1], i1[::1], i4[::1],
        f8[:, ::1], f8[:, ::1], f8[::1], f8, f8, i8,
        u8, u8, u8,
        i8[:, ::1], i8[::1], f8[::1], i8[::1], b1[::1], b1[::1],
    ),
    cache=True,
)  # fmt: skip
def _form(
    uid: np.ndarray, org: np.ndarray, org_place: np.ndarray, org_sector: np.ndarray, org_core: np.ndarray,
    roster: np.ndarray, low: np.ndarray, high: np.ndarray, cum: np.ndarray, academic: np.ndarray,
    pool_slots: np.ndarray, pool_low: np.ndarray, pool_high: np.ndarray, pool_uid: np.ndarray,
    pool_weight: np.ndarray, ring: np.ndarray, employer: np.ndarray, home: np.ndarray,
    active: np.ndarray, skill: np.ndarray,
    motivation: np.ndarray, field: np.ndarray, count: np.ndarray, sector_cum: np.ndarray,
    near_cum: np.ndarray, size_cdf: np.ndarray, outside: float, across: float, places: int, key_lead: np.uint64,
    key_size: np.uint64, key_member: np.uint64, members: np.ndarray, size_out: np.ndarray, skill_out: np.ndarray,
    field_out: np.ndarray, cross_out: np.ndarray, mixed_out: np.ndarray,
) -> None:  # fmt: skip
    fields = near_cum.shape[0]
    position, luck = np.empty(EXACT_RACE, np.int64), np.empty(EXACT_RACE)
    for i in range(len(uid)):
        me = np.uint64(uid[i])
        o = org[i]
        place, sector, core = int(org_place[o]), int(org_sector[o]), int(org_core[o])
        team = members[i]
        a, b = low[o], high[o]
        mine = academic[o]
        n = 0
        # The lead: in proportion to skill x motivation among the own people; who left since the roster is passed over.
        if b > a and cum[b - 1] > 0.0:
            for t in range(TRIES):
                who = roster[pick(cum, a, b, u01(pair(me, np.uint64(t)), key_lead))]
                if active[who] and employer[who] == o:
                    team[0] = who
                    n = 1
                    break
            if n == 0:
                for c in range(a, b):
                    who = roster[c]
                    if active[who] and employer[who] == o:
                        team[0] = who
                        n = 1
                        break
        if n == 0:
            # An organization with less than one simulated inventor borrows a lead from its place, in a field of its
            # sector, among those of its own class (firms, or universities and institutes), else of the other.
            u = u01(pair(me, np.uint64(TRIES)), key_lead)
            first = pick_row(sector_cum[sector], u) if sector >= 0 else core
            for turn in range(4):
                side = mine if turn % 2 == 0 else 1 - mine
                for d in range(fields):
                    f = (first + d) % fields
                    # The first two turns stay in the fields of the sector (or in the core field).
                    if turn < 2 and d > 0 and not _of_sector(sector_cum, sector, f):
                        continue
                    g = (side * places + place) * fields + f
                    who = _ring_pick(
                        me, pool_low[g], pool_high[g], ring, pool_weight, pool_uid, pool_slots, active,
                        employer, home, place, team, 0, key_lead, position, luck,
                    )  # fmt: skip
                    if who >= 0:
                        team[0] = who
                        n = 1
                        break
                if n > 0:
                    break
        if n == 0:
            size_out[i] = 1
            skill_out[i] = 1.0
            field_out[i] = core
            continue
        u = u01(me, key_size)
        size = 1
        while size < TEAM_MAX and u > size_cdf[size - 1]:
            size += 1
        own = b - a
        for k in range(1, size):
            found = -1
            slot = pair(me, np.uint64(1000 * k))
            if own > size:
                for t in range(TRIES):
                    who = roster[pick(cum, a, b, u01(pair(slot, np.uint64(t)), key_member))]
                    if active[who] and employer[who] == o and not _holds(team, n, who):
                        found = who
                        break
            if found < 0:
                for c in range(a, b):
                    who = roster[c]
                    if active[who] and employer[who] == o and not _holds(team, n, who):
                        found = who
                        break
            if found < 0 and u01(slot, key_member) < outside:
                f = pick_row(near_cum[field[team[0]]], u01(pair(slot, np.uint64(101)), key_member))
                side = 1 - mine if u01(pair(slot, np.uint64(102)), key_member) < across else mine
                g = (side * places + place) * fields + f
                found = _ring_pick(
                    slot, pool_low[g], pool_high[g], ring, pool_weight, pool_uid, pool_slots, active,
                    employer, home, place, team, n, key_member, position, luck,
                )  # fmt: skip
            if found >= 0:
                team[n] = found
                n += 1
        total = 0.0
        for k in range(n):
            who = team[k]
            total += skill[who] * motivation[who]
            count[who] += 1
            if field[who] != field[team[0]]:
                cross_out[i] = True
            at = employer[who]
            if at >= 0 and at < len(academic) and academic[at] != mine:
                mixed_out[i] = True
        size_out[i] = n
        skill_out[i] = total / n
        field_out[i] = field[team[0]]


def sizes(mean: float, dispersion: float) -> np.ndarray:
    """Return the cumulative distribution of team size 1, 2, ... TEAM_MAX: one plus a negative binomial.

    P(size = 1 + k) = C(k + r - 1, k) p^r (1 - p)^k with r = ``dispersion`` and p = r / (r + mean - 1)
    (findings on populations: r = 2, p = 1/2, mean 3, a quarter alone and a quarter in pairs).
    """
    p = dispersion / (dispersion + mean - 1.0)
    mass = np.empty(TEAM_MAX)
    mass[0] = p**dispersion
    for k in range(1, TEAM_MAX):
        mass[k] = mass[k - 1] * (k + dispersion - 1.0) / k * (1.0 - p)
    cdf = np.cumsum(mass)
    cdf[-1] = 1.0
    return cdf


def roster(world: World, slots: np.ndarray) -> Roster:
    """Return the roster, built anew every ``teams.roster_months``; a younger organization has nobody on it yet."""
    p = world.p
    known: Roster | None = getattr(world, "roster", None)
    if known is None or world.month - known.built >= p["teams.roster_months"]:
        cdf = sizes(p["teams.mean_size"], p["teams.dispersion"])
        known = world.roster = build_roster(world, cdf)
    young = world.orgs.n - len(known.low)
    if young > 0 and len(slots) and slots.max() >= len(known.low):
        none = np.zeros(young, np.int64)
        known.low, known.high = np.concatenate([known.low, none]), np.concatenate([known.high, none])
        known.academic = academics(world)
    return known


def renew_roster(world: World) -> None:
    """Have the roster built anew at its next use (after many moved at once)."""
    world.roster = None


def form_teams(world: World, organizations: np.ndarray, uid: np.ndarray) -> Teams:
    """Form the teams of n inventions and count the invention with every member.

    The lead is drawn among the organization's inventors in proportion to skill x motivation, further members likewise
    without repetition up to a size of one plus a negative binomial. Where the organization has too few, each missing
    member comes with chance ``teams.outside_chance`` from its place, in a field near the lead's, mostly from the same
    class of employer. An organization without any simulated inventor borrows its lead from the place.

    Args:
        organizations: organization slots, int (n,).
        uid: identities of the inventions, int64 (n,).
    """
    orgs, people, p, key = world.orgs, world.inventors, world.p, world.draw.key
    org = np.ascontiguousarray(organizations, dtype=np.int64)
    n = len(org)
    r = roster(world, org)
    members = np.full((n, TEAM_MAX), -1, np.int64)
    size, skill, field = np.ones(n, np.int64), np.ones(n), np.zeros(n, np.int64)
    cross, mixed = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    if n:
        _form(
            np.ascontiguousarray(uid, dtype=np.int64), org, orgs.jurisdiction, orgs.sector, orgs.field,
            r.slots, r.low, r.high, r.cum, r.academic,
            r.pool_slots, r.pool_low, r.pool_high, r.pool_uid, r.pool_weight, r.ring,
            people.employer, people.jurisdiction, people.active, people.skill, people.motivation, people.field,
            people.inventions, r.sector_cum, r.near_cum, r.size_cdf, p["teams.outside_chance"], p["teams.across_share"],
            world.J, key("team.lead"), key("team.size"), key("team.member"),
            members, size, skill, field, cross, mixed,
        )  # fmt: skip
    return Teams(members[:, 0].copy(), size, skill, field, cross, mixed, members)
