"""Who leaves, enters and moves, and which employer they choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.firm.manage import learn_from_movers
from agents.inventor.honors import inspiration
from agents.inventor.options import hold, join_startups, skill_to_be
from agents.inventor.population import END_OF_CAREER, QUARTER, market_day, newcomers, staff_target, whose_turn
from agents.inventor.study import lesson, students
from agents.inventor.training import poaching
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.regions import near_partner
from ecosystem.domain.teams import arrange
from ecosystem.kernel.luck import Pool, fold, pair
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("new_inventor_inflow", "inventors", "people who start their first research job", 1)
flow("inventor_exits", "inventors", "researchers who end their career", 0)
flow("inventor_moves", "moves", "changes of employer within a place", 0)
ratio("local_move_share", "share", "changes of employer that stay in the region / changes of employer within a place", 0,
      "local_moves", "inventor_moves")  # fmt: skip
flow("moves_stopped", "moves", "moves to a rival that a non-compete rule stopped", 0)


@rule("talent", "talent.leave", after="talent.clear_wage")
def leave(world: World) -> None:
    """Careers end; the people of organizations that closed look for a new employer; acts once a quarter."""
    if not market_day(world):
        return
    inv, orgs = world.inventors, world.orgs
    due = world.calendar.pop(END_OF_CAREER, world.month)
    inv.active[due] = False
    drop_staff(world, inv.employer[due])
    world.tally.add("inventor_exits", inv.jurisdiction[due], float(world.scale))
    closed = ~orgs.alive & (orgs.inventors > 0)
    if closed.any():
        people = np.flatnonzero((inv.employer >= 0) & inv.active)
        people = people[closed[inv.employer[people]]]
        orgs.inventors[closed] = 0
        seek(world, people, np.full(len(people), -1, np.int64))
        inv.employer[people] = -1


def count_up(number: np.ndarray) -> np.ndarray:
    """Return 0, 1, ... ``number[0]`` - 1, 0, 1, ... ``number[1]`` - 1 and so on, int64 (sum of ``number``,)."""
    end = np.cumsum(number)
    return np.arange(int(end[-1]) if len(end) else 0) - np.repeat(end - number, number)


def is_academic(world: World, employer: np.ndarray) -> np.ndarray:
    """Return True for universities and institutes, bool (n,)."""
    kind = world.orgs.kind[employer]
    return (kind == UNIVERSITY) | (kind == INSTITUTE)


def drop_staff(world: World, employer: np.ndarray) -> None:
    """Count people out of the staff of the employers that they leave (-1: none), int (n,)."""
    some = employer[employer >= 0]
    if len(some):
        np.subtract.at(world.orgs.inventors, some, np.int32(1))


def seek(world: World, people: np.ndarray, employer: np.ndarray) -> None:
    """Have people, each with the employer he would leave (-1: none), choose an employer this month."""
    if len(people):
        world.talent.seeking.append((people.astype(np.int64), employer.astype(np.int64)))


@rule("talent", "talent.enter", after="talent.migrate")
def enter(world: World) -> None:
    """Graduates enter who chose their studies ``talent.education_years`` ago.

    Entrants a month = usual intake x (1 + g)^years x students of six years ago (``study``); 60 % stay briefly. Acts
    once a quarter for its three months.
    """
    if not market_day(world):
        return
    t, p = world.talent, world.p
    lag = len(t.education)
    years = max(0, world.month) / 12.0
    row = world.month // QUARTER % lag
    due = QUARTER * t.intake * (1.0 + p["talent.intake_growth"]) ** years * t.education[row]
    learned = t.lesson[row].copy()
    t.education[row], t.lesson[row] = students(world), lesson(world)
    t.entry_credit += due
    number = np.floor(t.entry_credit).astype(np.int64)
    t.entry_credit -= number
    n = int(number.sum())
    if n == 0:
        return
    place = np.repeat(np.arange(world.J), number)
    ordinal = count_up(number)
    uid = fold(7_000_003 * (1 + np.asarray(world.place_number)[place]), world.month + 100_000, ordinal, 32)
    employer = choose_employers(world, uid, place, np.full(n, -1, np.int64))
    if world.levers["talent.option_share"].any():
        employer = join_startups(world, uid, place, skill_to_be(world, uid), employer, _board(world)[0])
    brief = world.draw.bernoulli("talent.brief", uid, p["talent.short_share"])
    career = np.maximum(world.fact("career_years"), 2.0)[place]
    spread = p["talent.career_spread"]
    whole = career * (1.0 + spread * (2.0 * world.draw.uniform("talent.new_length", uid) - 1.0))
    length = np.where(brief, p["talent.short_years"] * world.draw.exponential("talent.new_left", uid), whole)
    slots = newcomers(world, uid, employer, place, place, length, np.zeros(n), learned[place])
    world.inventors.motivation[slots] *= inspiration(world, place, world.inventors.field[slots])
    _start(world, employer)
    world.tally.add("new_inventor_inflow", place, float(world.scale))


@rule("talent", "talent.move", after="talent.enter")
def move(world: World) -> None:
    """Some look around, some are let go: they seek another employer of their place.

    Chance a year, in the person's own quarter = ``talent.mobility`` + layoff rate x share of staff above what the
    employer wants: a higher lever adds moves and shifts none. Acts once a quarter.
    """
    if not market_day(world):
        return
    inv, orgs, p = world.inventors, world.orgs, world.p
    people = whose_turn(world, world.month // QUARTER % 4)
    people = people[inv.employer[people] >= 0]
    if not len(people):
        return
    employer = inv.employer[people].astype(np.int64)
    free = ~orgs.passive[employer]
    people, employer = people[free], employer[free]
    target = staff_target(world, employer)
    staff = np.maximum(orgs.inventors[employer], 1)
    surplus = np.clip((staff - target) / staff, 0.0, 1.0)
    hazard = world.levers["talent.mobility"][inv.jurisdiction[people]] + p["talent.layoff_rate"] * surplus
    hazard = hazard * hold(world, employer, inv.jurisdiction[people]) + poaching(world, people)
    goes = world.draw.bernoulli("talent.move", inv.uid[people], np.minimum(1.0, hazard))
    seek(world, people[goes], employer[goes])


@rule("talent", "talent.hire", after="talent.move")
def hire(world: World) -> None:
    """All who seek choose among vacancies; a non-compete rule may stop a move to a rival (same sector).

    A mover carries knowledge: absorptive capacity of the new employer closes a small part of the gap to its cap.
    """
    t, inv, orgs, p = world.talent, world.inventors, world.orgs, world.p
    if not t.seeking:
        return
    people = np.concatenate([a for a, _ in t.seeking])
    old = np.concatenate([b for _, b in t.seeking])
    t.seeking = []
    people, once = np.unique(people, return_index=True)
    old = old[once]
    place = inv.jurisdiction[people].astype(np.int64)
    new = choose_employers(world, inv.uid[people], place, inv.field[people].astype(np.int64), old)
    if world.levers["talent.option_share"].any():
        new = join_startups(world, inv.uid[people], place, inv.skill[people], new, _board(world)[0])
    rival = (old >= 0) & (new >= 0) & (new != old)
    to_sector, from_sector = orgs.sector[np.maximum(new, 0)], orgs.sector[np.maximum(old, 0)]
    rival &= (to_sector >= 0) & (to_sector == from_sector)
    stopped = np.zeros(len(people), np.bool_)
    stopped[rival] = world.draw.bernoulli(
        "talent.noncompete", inv.uid[people[rival]], world.levers["law.noncompete"][place[rival]]
    )
    world.tally.add("moves_stopped", place[stopped], float(world.scale))
    goes = (new >= 0) & (new != old) & ~stopped
    people, old, new, place = people[goes], old[goes], new[goes], place[goes]
    drop_staff(world, old)
    inv.employer[people] = new
    moved = old >= 0
    inv.moves[people[moved]] += 1
    world.tally.add("trained_moves", place[moved & inv.trained[people]], float(world.scale))
    _change_drive(world, people[moved], old[moved], new[moved])
    business = moved & (orgs.kind[new] == FIRM)
    target = new[business]
    gap = np.maximum(0.0, p["talent.absorptive_cap"] - orgs.absorptive[target])
    np.add.at(orgs.absorptive, target, p["talent.carried_knowledge"] * gap / (1.0 + orgs.inventors[target]))
    learn_from_movers(world, old[business], target)
    _start(world, new)
    world.tally.add("inventor_moves", place[moved], float(world.scale))
    local = moved & (orgs.region[new] == orgs.region[np.maximum(old, 0)])
    world.tally.add("local_moves", place[local], float(world.scale))


def _change_drive(world: World, people: np.ndarray, old: np.ndarray, new: np.ndarray) -> None:
    """Motivation follows the rewards of the class of employer."""
    drive = world.talent.drive
    place = world.inventors.jurisdiction[people]
    before = drive[is_academic(world, old).astype(np.int64), place]
    after = drive[is_academic(world, new).astype(np.int64), place]
    world.inventors.motivation[people] *= after / before


def _start(world: World, employer: np.ndarray) -> None:
    np.add.at(world.orgs.inventors, employer[employer >= 0], np.int32(1))


def choose_employers(
    world: World, uid: np.ndarray, place: np.ndarray, field: np.ndarray, old: np.ndarray | None = None
) -> np.ndarray:
    """Return an employer for each seeker, -1 where a place has none, int64 (n,).

    First a sector (or academia), in proportion to its vacancies and to the fit of the seeker's field; then a post in
    it, by a race over posts in which those near the old employer weigh more (who moves mostly stays in the region).
    Vacancies = wanted x weight / scale - inventors, in posts of at most one person; every employer has a small turnover
    of posts besides.

    Args:
        uid: identities of the seekers, int64 (n,).
        place: where they look, int64 (n,).
        field: their field, -1 for none yet, int64 (n,).
        old: employer that they leave, -1 for none; all without one if None.
    """
    S = world.S
    pool, chance = _board(world)
    # one row of chances a place and field; none yet is the last field
    row = place * (world.F + 1) + np.where(field < 0, world.F, field)
    kind_chosen = world.draw.categorical("talent.sector", uid, chance, row)
    where = np.where(chance[row].any(axis=1), place * (S + 1) + kind_chosen, -1)
    if old is None:
        return world.draw.partner("talent.post", uid, where, pool)
    near = world.regions.weights(world.p["talent.near_neighbor"], world.p["talent.near_place"])
    return near_partner(world, "talent.post", uid, where, pool, old, near)


u8, i8, i4, i1, f8, b1 = nb.uint64, nb.int64, nb.int32, nb.int8, nb.float64, nb.boolean


@nb.njit(
    nb.types.Tuple((i8[::1], i8[::1], i8[::1], i8[::1], f8[::1], f8[:, ::1]))(
        i8[::1], i1[::1], b1[::1], b1[::1], i1[::1], i1[::1], f8[::1], f8[::1], i4[::1], f8[::1], f8, f8, i8
    ),
    cache=True,
)  # fmt: skip
def open_posts(
    uid: np.ndarray, kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, sector: np.ndarray, place: np.ndarray,
    wanted: np.ndarray, weight: np.ndarray, inventors: np.ndarray, rd_share: np.ndarray, churn: float, scale: float,
    places: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """List the posts of all employers and count vacancies by place and sector (academia last).

    Vacancy v = max(0, T - n) + churn T with T = wanted x weight / scale and n people, in ceil(v) posts of equal size.

    Returns:
        (employer, identity ``fold(employer, number, 33)``, place on the ring ``fold(identity, 7)``, group = place x
        (S + 1) + sector, size) of each post, (posts,), and vacancies, float64 (J, S + 1).
    """
    S = len(rd_share)
    size, number = np.zeros(len(kind)), np.zeros(len(kind), np.int64)
    total = np.zeros((places, S + 1))
    n = 0
    for o in range(len(kind)):
        if not alive[o] or not (kind[o] == FIRM or kind[o] == UNIVERSITY or kind[o] == INSTITUTE):
            continue
        s = sector[o]
        target = rd_share[max(s, 0)] if passive[o] else wanted[o] * weight[o] / scale
        vacancy = max(0.0, target - (0.0 if passive[o] else inventors[o])) + churn * target
        if vacancy > 0.0:
            number[o] = np.int64(np.ceil(vacancy))
            size[o] = vacancy / number[o]
            total[place[o], s if s >= 0 else S] += vacancy
            n += number[o]
    owner, post, hashed, group, part = (
        np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    )  # fmt: skip
    k = 0
    for o in range(len(kind)):
        at = place[o] * (S + 1) + (sector[o] if sector[o] >= 0 else S)
        for i in range(number[o]):
            one = pair(pair(np.uint64(uid[o]), np.uint64(i)), np.uint64(33))
            owner[k], post[k], hashed[k] = o, np.int64(one), np.int64(pair(one, np.uint64(7)))
            group[k], part[k] = at, size[o]
            k += 1
    return owner, post, hashed, group, part, total


def _board(world: World) -> tuple[Pool, np.ndarray]:
    """Return the month's vacant posts by place and sector (academia last) and the chances of choosing a sector.

    Chances, float64 (J x (F + 1), S + 1): a row for each place and field = vacancies x fit of the field, sum 1 or 0.

    All choose from the posts of one board, so entrants and movers decide from the same state.
    """
    t, orgs, S = world.talent, world.orgs, world.S
    if t.board is not None and t.board[0] == world.month:
        return t.board[1], t.board[2]
    owner, uid, hashed, group, part, total = open_posts(
        orgs.uid, orgs.kind, orgs.alive, orgs.passive, orgs.sector, orgs.jurisdiction, orgs.wanted, orgs.weight,
        orgs.inventors, np.array(world.sectors["rd_share"]), world.p["talent.churn"], float(world.scale), world.J,
    )  # fmt: skip
    order = np.argsort(hashed)
    index, low, high, _ = arrange(order, group[order], part, world.J * (S + 1))
    ring = hashed[index].astype(np.uint64) << np.uint64(1)
    pool = Pool(owner[index], uid[index], part[index], ring, low, high)
    if t.fit is None:
        t.fit = np.ones((world.F + 1, S + 1))
        anywhere = world.p["talent.field_mobility"]
        t.fit[:-1, :S] = anywhere + (1.0 - anywhere) * world.F * world.sector_fields.T
    chance = (total[:, None, :] * t.fit).reshape(-1, S + 1)
    chance /= np.maximum(chance.sum(axis=1), 1e-300)[:, None]
    t.board = (world.month, pool, chance)
    return pool, chance
