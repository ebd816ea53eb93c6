"""The researchers of the start, and how a newcomer comes to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.inventor.study import lesson, students
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import stock
from ecosystem.domain.science import field_weights
from ecosystem.kernel.luck import ALWAYS, Pool, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

BUSINESS, ACADEMIC = 0, 1
START_UP_MONTHS = 72
END_OF_CAREER = "talent.end_of_career"
QUARTER = 3
"""Months between two rounds of the market for researchers: its rules act in January, April, July and October."""

stock("researchers", "researchers", "working researchers", 1, lambda world: world.talent.count * float(world.scale))
stock("motivation", "1", "mean motivation of working researchers, start = 1", 1, lambda world: world.motivation)
stock("foreign_inventor_share", "share", "working researchers who come from another place", 0,
      lambda world: world.talent.foreign / np.maximum(world.talent.count, 1))  # fmt: skip
stock("startup_inventor_skill", "index", "mean skill of inventors employed by firms younger than 6 years", 1,
      lambda world: world.talent.startup_skill)  # fmt: skip


@dataclass(slots=True)
class Talent:
    """State of the market for researchers that is no column: per-place arrays of length J unless said otherwise.

    Attributes:
        start: month in which the world was created.
        stock: simulated inventors that the data ask for at the start.
        per_head: R&D money per simulated inventor in the reference, M USD2020/year; moves along until month 0.
        education: intake relative to the usual that is on its way, by quarter modulo the lag, float64 (lag, J).
        lesson: what these know beyond the usual, ln, same shape.
        intake: usual entrants a month that hold the stock, simulated inventors.
        arrivals: usual immigrants a month that hold the foreign share, simulated inventors.
        pull: weight of a place as an origin of migrants, per inventor.
        entry_credit, migration_credit: fractions of people carried over to the next month.
        drive: extrinsic part of motivation relative to the start, float64 (2, J): business, academic.
        reward, share: levers behind it in the reference.
        count, foreign: working inventors and those of them from abroad.
        classes, class_motivation: working inventors and their summed motivation by class of employer, (2, J).
        startup_skill: mean skill in firms younger than six years.
        seeking: those who choose an employer this month with the employer they would leave.
        turns: inventors who look around in each month of the year, working or just gone, ascending, int64 each.
        listed: inventors entered into ``turns`` so far.
        at_work: inventors at work and some who have left since January, ascending, int64.
        counted: inventors looked at for ``at_work`` so far.
        fit: fit of a field (last: none yet) to the posts of a sector (last: academia), float64 (F + 1, S + 1).
        pool: candidates for migration by place, renewed each quarter.
        subsidized: pay of recent hires that subsidies cover, M USD2020/year (J,), None where there is none.
        board: month, vacant posts and their number by place and sector, for all choices of one month.
    """

    start: int
    stock: np.ndarray
    per_head: np.ndarray
    education: np.ndarray
    lesson: np.ndarray
    intake: np.ndarray
    arrivals: np.ndarray
    pull: np.ndarray
    entry_credit: np.ndarray
    migration_credit: np.ndarray
    drive: np.ndarray
    reward: np.ndarray
    share: np.ndarray
    count: np.ndarray
    foreign: np.ndarray
    classes: np.ndarray
    class_motivation: np.ndarray
    startup_skill: np.ndarray
    frozen: bool = False
    seeking: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    turns: list[np.ndarray] = field(default_factory=lambda: [np.zeros(0, np.int64)] * 4)
    listed: int = 0
    at_work: np.ndarray | None = None
    counted: int = 0
    fit: np.ndarray | None = None
    pool: Pool | None = None
    board: tuple[int, Pool, np.ndarray] | None = None
    appeal: np.ndarray = field(default_factory=lambda: np.zeros(0))
    subsidized: np.ndarray | None = None


def market_day(world: World) -> bool:
    """Return True in the months in which researchers leave, move, migrate and enter (first of each quarter)."""
    return world.month % QUARTER == 0


def by_place(world: World, name: str) -> np.ndarray:
    """Return a parameter that may differ by place, float64 (J,): ``name.<code>`` where given, else ``name.default``."""
    known = set(world.p)
    keys = [f"{name}.{code}" for code in world.places]
    return np.array([world.p[key] if key in known else world.p[f"{name}.default"] for key in keys])


def mean_stay(world: World, career: np.ndarray) -> np.ndarray:
    """Return the mean length of a researcher's career in years: short stays and whole careers."""
    short = world.p["talent.short_share"]
    return short * world.p["talent.short_years"] + (1.0 - short) * career


def staff_target(world: World, slots: np.ndarray) -> np.ndarray:
    """Return how many simulated inventors employers want: wanted x weight / scale, float64 (n,)."""
    orgs = world.orgs
    return np.where(orgs.alive[slots], orgs.wanted[slots] * orgs.weight[slots] / world.scale, 0.0)


def open_inventors(world: World) -> None:
    """Create researchers/scale inventors in every place and allot them to employers in proportion to heads.

    Fractions are rounded systematically along a stable order of identities: an employer with 0.4 expected inventors
    has one with chance 0.4, and the sum is exact.
    """
    J, p, levers = world.J, world.p, world.levers
    stock_ = world.fact("researchers") / world.scale
    career = np.maximum(world.fact("career_years"), 2.0)
    lag = max(1, round(12 / QUARTER * p["talent.education_years"]))
    foreign = world.fact("foreign_share")
    remaining = 0.5 * career * (1.0 + p["talent.career_spread"] ** 2 / 3.0)  # of someone met in a whole career
    arrivals = foreign * stock_ / remaining / 12.0
    pull = by_place(world, "talent.emigration")
    origin = origins(stock_, pull, np.ones(J))
    leaving = arrivals @ origin
    intake = np.maximum(0.0, stock_ - (arrivals - leaving) * 12.0 * remaining) / mean_stay(world, career) / 12.0
    world.wage = np.ones(J)
    world.talent = Talent(
        start=world.month, stock=stock_, per_head=np.zeros(J),
        education=np.tile(students(world), (lag, 1)), lesson=np.tile(lesson(world), (lag, 1)),
        intake=intake, arrivals=arrivals, pull=pull,
        entry_credit=np.zeros(J), migration_credit=np.zeros(J), drive=np.ones((2, J)),
        reward=levers["talent.inventor_reward"].copy(), share=levers["university.inventor_share"].copy(),
        count=np.zeros(J), foreign=np.zeros(J), classes=np.zeros((2, J)), class_motivation=np.zeros((2, J)),
        startup_skill=np.zeros(J),
    )  # fmt: skip
    world.motivation = np.ones(J)
    for j in range(J):
        _open_place(world, j, float(career[j]), origin[j])
    census(world)


def origins(stock: np.ndarray, pull: np.ndarray, wage: np.ndarray, elasticity: float = 0.5) -> np.ndarray:
    """Return from where the migrants to each place come, float64 (J to, J from), rows sum to 1.

    Weight of an origin i: people N_i x readiness x w_i^-elasticity.
    """
    weight = np.tile(stock * pull * wage**-elasticity, (len(stock), 1))
    np.fill_diagonal(weight, 0.0)
    total = weight.sum(axis=1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)


def _open_place(world: World, j: int, career: float, origin: np.ndarray) -> None:
    n = round(world.talent.stock[j])
    if n == 0:
        return
    orgs, draw, p = world.orgs, world.draw, world.p
    uid = fold(np.full(n, 7_000_003 * (1 + world.place_number[j])), np.arange(n), 30)
    business = float(world.fact("business_researcher_share")[j])
    employer = np.full(n, -1, np.int64)
    first = 0
    local = np.flatnonzero(orgs.alive & (orgs.jurisdiction == j))
    for kinds, share in (((FIRM,), business), ((UNIVERSITY, INSTITUTE), 1.0 - business)):
        mine = local[np.isin(orgs.kind[local], kinds)]
        number = round(n * business) if kinds == (FIRM,) else n - round(n * business)
        if len(mine) == 0 or share <= 0.0:
            continue
        heads = orgs.heads[mine] * orgs.weight[mine]
        if heads.sum() <= 0.0:  # the rest of the world has no books of its staff: by the R&D share of sectors
            sector = orgs.sector[mine]
            heads = np.where(sector >= 0, world.sectors["rd_share"][np.maximum(sector, 0)], 1.0)
        counts = allot(heads / heads.sum() * number, orgs.uid[mine])
        employer[first : first + number] = np.repeat(mine, counts)
        first += number
    foreign = world.fact("foreign_share")[j] if origin.sum() > 0 else 0.0
    abroad = draw.bernoulli("talent.foreign", uid, foreign, month=ALWAYS)
    came = np.where(abroad, draw.categorical("talent.origin", uid, np.tile(origin, (n, 1)), month=ALWAYS), j)
    # In the stock, short stays have the weight of their length, whole careers are met somewhere in their middle.
    short = p["talent.short_share"] * p["talent.short_years"]
    in_short = short / (short + (1.0 - p["talent.short_share"]) * career)
    u = draw.uniform("talent.stay", uid, month=ALWAYS)
    brief = u < in_short
    spread = p["talent.career_spread"]
    low, high = career * (1.0 - spread), career * (1.0 + spread)
    length = np.sqrt(low**2 + draw.uniform("talent.length", uid, month=ALWAYS) * (high**2 - low**2))
    done = draw.uniform("talent.elapsed", uid, month=ALWAYS)
    done = np.where(abroad, np.sqrt(done), done)  # they came in the middle of their careers and have been here a while
    soon = p["talent.short_years"] * draw.exponential("talent.left", uid, month=ALWAYS)
    left = np.where(brief, soon, (1 - done) * length)
    past = np.where(brief, 0.0, done * length)
    slots = newcomers(world, uid, employer, np.full(n, j), came, left, past)
    world.inventors.foreign[slots] = abroad


def allot(quota: np.ndarray, uid: np.ndarray) -> np.ndarray:
    """Round quotas to integers of the same sum, each up with the chance of its fraction, int64 (n,).

    Systematic rounding along the order of hashed identities: counts are the steps of floor(cumulated quota + 1/2).
    """
    order = np.argsort(fold(uid, 31))
    steps = np.floor(np.cumsum(quota[order]) + 0.5 + 1e-9)
    counts = np.empty(len(quota), np.int64)
    counts[order] = np.diff(np.r_[0.0, steps]).astype(np.int64)
    return counts


def draw_fields(world: World, uid: np.ndarray, employer: np.ndarray) -> np.ndarray:
    """Return first fields: the employer's core field or one of its sector (basic science at universities)."""
    orgs, draw = world.orgs, world.draw
    some = np.maximum(employer, 0)
    # the last row stands for academia
    row = np.where((employer >= 0) & (orgs.sector[some] >= 0), orgs.sector[some], world.S)
    profile = np.vstack([world.sector_fields, field_weights(world)])
    drawn = draw.categorical("talent.field", uid, profile, row, month=ALWAYS)
    core = draw.bernoulli("talent.core", uid, world.p["talent.core_field_share"], month=ALWAYS) & (employer >= 0)
    return np.where(core, orgs.field[some], drawn)


def newcomers(
    world: World,
    uid: np.ndarray,
    employer: np.ndarray,
    place: np.ndarray,
    origin: np.ndarray,
    years_left: np.ndarray,
    years_past: np.ndarray,
    learned: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Add inventors, give them skill, fields, motivation and an end of career; return slots (n,)."""
    p, draw, inventors = world.p, world.draw, world.inventors
    n = len(uid)
    first = draw_fields(world, uid, employer)
    spread = p["talent.motivation_sd"]
    intrinsic = np.exp(spread * draw.normal("talent.intrinsic", uid, month=ALWAYS) - 0.5 * spread**2)
    some = np.maximum(employer, 0)
    kind = world.orgs.kind[some]
    academic = ((kind == UNIVERSITY) | (kind == INSTITUTE)) & (employer >= 0)
    last = world.month + np.maximum(1, np.ceil(12.0 * years_left)).astype(np.int64)
    # careers end on the nearest market day after this month
    last = np.maximum(QUARTER * ((last + QUARTER // 2) // QUARTER), QUARTER * (world.month // QUARTER + 1))
    slots = inventors.add(
        n,
        uid=uid,
        employer=employer,
        jurisdiction=place,
        origin=origin,
        field=first,
        field2=draw.categorical("talent.second_field", uid, world.proximity, first, month=ALWAYS),
        skill=np.exp(p["talent.skill_sd"] * draw.normal("talent.skill", uid, month=ALWAYS) + learned),
        motivation=intrinsic * world.talent.drive[academic.astype(np.int64), place],
        awareness=np.where(employer >= 0, world.orgs.awareness[some], 0.0),
        first_month=world.month - np.round(12.0 * years_past).astype(np.int64),
        last_month=last,
    )
    world.calendar.put(END_OF_CAREER, last, slots)
    return slots


def whose_turn(world: World, quarter: int) -> np.ndarray:
    """Return the working inventors who look around in a quarter of the year (by identity), ascending, int64."""
    t, inv = world.talent, world.inventors
    if t.listed < inv.n:
        turn = (inv.uid[t.listed :] >> 9) % 4
        for m in range(4):
            t.turns[m] = np.concatenate([t.turns[m], t.listed + np.flatnonzero(turn == m)])
        t.listed = inv.n
    mine = t.turns[quarter]
    mine = t.turns[quarter] = mine[inv.active[mine]]
    return mine


def working(world: World) -> np.ndarray:
    """Return all inventors at work and some who have left since January, ascending, int64."""
    t, inv = world.talent, world.inventors
    if t.at_work is None or world.month % 12 == 0:
        t.at_work = np.flatnonzero(inv.active)
        t.counted = inv.n
    elif t.counted < inv.n:
        t.at_work = np.concatenate([t.at_work, np.arange(t.counted, inv.n)])
        t.counted = inv.n
    return t.at_work


i8, i4, i1, f8, f4, b1 = nb.int64, nb.int32, nb.int8, nb.float64, nb.float32, nb.boolean


@nb.njit(
    nb.void(
        i8[::1], i4[::1], b1[::1], i1[::1], i1[::1], f4[::1], f4[::1], b1[::1], b1[::1],
        i8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],
    ),
    cache=True,
)  # fmt: skip
def count_people(
    people: np.ndarray, employer: np.ndarray, active: np.ndarray, place: np.ndarray, origin: np.ndarray,
    motivation: np.ndarray, skill: np.ndarray, academic: np.ndarray, young: np.ndarray,
    staff: np.ndarray, count: np.ndarray, foreign: np.ndarray, classes: np.ndarray, driven: np.ndarray,
    start_ups: np.ndarray,
) -> None:  # fmt: skip
    """Count who works of ``people`` by employer, place and class of employer, with sums of motivation and skill."""
    for i in people:
        if not active[i]:
            continue
        j = place[i]
        count[j] += 1.0
        if origin[i] != j:
            foreign[j] += 1.0
        e = employer[i]
        if e < 0:
            continue
        staff[e] += 1
        side = 1 if academic[e] else 0
        classes[side, j] += 1.0
        driven[side, j] += motivation[i]
        if young[e]:
            start_ups[0, j] += skill[i]
            start_ups[1, j] += 1.0


@rule("talent", "talent.take_census", after="talent.motivate")
def census(world: World) -> None:
    """Count inventors by employer and place; set ``orgs.inventors``, ``world.motivation``; acts once a quarter.

    Between two market days nobody starts, leaves or moves.
    """
    if not market_day(world) and world.talent.count.any():
        return
    inv, orgs, t, J = world.inventors, world.orgs, world.talent, world.J
    staff = np.zeros(orgs.n, np.int64)
    start_ups = np.zeros((2, J))
    for array in (t.count, t.foreign, t.classes, t.class_motivation):
        array[:] = 0.0
    academic = (orgs.kind == UNIVERSITY) | (orgs.kind == INSTITUTE)
    young = (orgs.kind == FIRM) & (world.month - orgs.founded < START_UP_MONTHS)
    count_people(
        working(world), inv.employer, inv.active, inv.jurisdiction, inv.origin, inv.motivation, inv.skill,
        academic, young, staff, t.count, t.foreign, t.classes, t.class_motivation, start_ups,
    )  # fmt: skip
    orgs.inventors[:] = staff
    t.startup_skill = start_ups[0] / np.maximum(start_ups[1], 1.0)
    people = t.classes.sum(axis=0)
    world.motivation = np.where(people > 0, t.class_motivation.sum(axis=0) / np.maximum(people, 1.0), 1.0)
