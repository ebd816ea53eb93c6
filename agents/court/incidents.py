"""Independent inventors who stray into a claim: a thinned Poisson process over the rights in force, looked at quarterly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.docket import Courts
from agents.court.letters import send_letters
from agents.organizations import FIRM
from agents.patent_office import decided_now
from ecosystem.domain import valuation
from ecosystem.domain.potential import F4, F8, I1, I4, I8, B, f8, i8
from ecosystem.kernel.luck import ALWAYS, Pool, fold, pair, u01
from ecosystem.kernel.table import NEVER

if TYPE_CHECKING:
    from ecosystem.world import World

OWN = 0
"""Route code of uses of an own technology (``market.ROUTES``)."""
QUARTER = 3
_NONE = np.zeros(0, np.int64)
_LATER = 100_000


def quarter_ends(world: World) -> bool:
    """Return True in the last month of a quarter, when incidents are looked at and entities act."""
    return bool(world.month % QUARTER == QUARTER - 1)


def detect_incidents(world: World, courts: Courts) -> None:
    """Let independent inventors stray into claims: rate per right-year x sqrt(value) relative to the usual.

    Each right meets candidate months at a highest hazard that depends on its potential only (so that paired worlds
    meet the same ones); a candidate is accepted with actual over highest hazard, exactly a thinned Poisson process.
    The owners look once a quarter at all candidate months since.
    """
    courts.candidates = _NONE
    decided = decided_now(world)
    if len(decided):
        courts.entering.append(decided)
    if not quarter_ends(world):
        return
    r, p = world.rights, world.p
    _enter(world, courts)
    met, when, highest = _meet(world, courts)
    if not len(met):
        return
    courts.candidates = np.unique(met)
    place = r.office[met].astype(np.int64)
    value = valuation.right_present_value(world, met)
    root = np.sqrt(np.maximum(value, 0.0))
    _learn_mean(world, courts, place, root, 1.0 / highest)
    usual = courts.mean_root
    noticed = world.levers["enforcement.detection"] * world.levers["law.enforcement"]
    scaled = p["court.incident_rate"] / 12.0 * noticed / np.where(usual > 0, usual, np.inf)
    who = fold(r.uid[met], when + _LATER)
    seen = np.flatnonzero(world.draw.bernoulli("court.incident_noticed", who, scaled[place] * root / highest))
    if len(seen):
        met = met[seen]
        defendant, use = _independent(world, courts, met, who[seen])
        send_letters(world, met, defendant, use, p["court.incident_harm"] * value[seen], 0.0)


def _enter(world: World, courts: Courts) -> None:
    """Start the chains of rights that came into force in the quarter (at first: of all in force)."""
    r, month = world.rights, world.month
    if not courts.started:
        courts.started = True
        new = np.flatnonzero(r.in_force)
    else:
        new = np.concatenate(courts.entering) if courts.entering else _NONE
        new = new[r.in_force[new]]
    courts.entering = []
    _learn_potential(world, courts, new)
    if len(courts.next_incident) < r.n:
        room = r.n + r.n // 2 - len(courts.next_incident)
        courts.next_incident = np.concatenate([courts.next_incident, np.full(room, NEVER, np.int32)])
        courts.highest = np.concatenate([courts.highest, np.ones(room)])
    _start(
        new, month, r.uid, r.office, r.invention, r.filed, r.decided, world.inventions.potential,
        courts.reference_potential, _base(world), courts.next_incident, courts.highest,
        world.draw.key("court.incident_gap", ALWAYS),
    )  # fmt: skip
    if courts.listed_year == month // 12 and len(new):
        soon = new[courts.next_incident[new] < 12 * (month // 12 + 1)]
        courts.this_year = np.concatenate([courts.this_year, soon])


def _meet(world: World, courts: Courts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the candidates of the quarter: rights, months, highest hazards; their chains go on.

    Dates mostly lie years apart: a column holds them, which is searched once a year for those of the year.
    """
    r, month = world.rights, world.month
    end = 12 * (month // 12 + 1)
    if courts.listed_year != month // 12:
        courts.listed_year = month // 12
        courts.this_year = np.flatnonzero(courts.next_incident < end)
    met, when, highest, courts.this_year = _follow(
        courts.this_year, month, end, r.in_force, r.uid, r.office, r.invention, world.inventions.potential,
        courts.reference_potential, _base(world), courts.next_incident, courts.highest,
        world.draw.key("court.incident_gap", ALWAYS),
    )  # fmt: skip
    return met, when, highest


def _base(world: World) -> float:
    """Return the highest monthly hazard of a noticed incident on a right of usual potential."""
    return float(world.p["court.incident_rate"] / 12.0 * world.p["court.incident_headroom"])


@nb.njit(f8(f8, f8, f8), cache=True, inline="always")
def _highest(potential: float, reference: float, base: float) -> float:
    """Return base (0.2 + sqrt(potential) / usual); a floor keeps gaps finite where incidents are switched off."""
    return max(base * (0.2 + np.sqrt(potential) / reference), 1e-9)


@nb.njit(i8(i8, i8, i8, f8, nb.uint64), cache=True, inline="always")
def later_than(month: int, at: int, uid: int, hazard: float, key: np.uint64) -> int:
    """Follow a chain of exponential gaps, in whole months, from ``at`` to its first month later than ``month``."""
    while True:
        clock = pair(np.uint64(uid), np.uint64(at + _LATER))
        gap = np.ceil(-np.log1p(-u01(clock, key)) * (1.0 / hazard))
        at += int(min(max(gap, 1.0), 1200.0))
        if at > month:
            return at


@nb.njit(nb.void(I8, i8, I8, I1, I4, I4, I4, F4, F8, f8, I4, F8, nb.uint64), cache=True)
def _start(
    new: np.ndarray, month: int, uid: np.ndarray, office: np.ndarray, invention: np.ndarray, filed: np.ndarray,
    decided: np.ndarray, potential: np.ndarray, reference: np.ndarray, base: float, next_incident: np.ndarray,
    highest: np.ndarray, key: np.uint64,
) -> None:  # fmt: skip
    """Note the first candidate month of each right after its grant; the chain starts at filing."""
    for r in new:
        hazard = _highest(np.float64(potential[invention[r]]), reference[office[r]], base)
        since = max(min(int(decided[r]), month), month - QUARTER)
        highest[r] = hazard
        next_incident[r] = later_than(since, int(filed[r]), uid[r], hazard, key)


@nb.njit(
    nb.types.Tuple((I8, I8, F8, I8))(I8, i8, i8, B, I8, I1, I4, F4, F8, f8, I4, F8, nb.uint64), cache=True
)  # fmt: skip
def _follow(
    listed: np.ndarray, month: int, end: int, in_force: np.ndarray, uid: np.ndarray, office: np.ndarray,
    invention: np.ndarray, potential: np.ndarray, reference: np.ndarray, base: float, next_incident: np.ndarray,
    highest: np.ndarray, key: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return (rights, months, hazards) of the candidates up to ``month`` and the rights still listed before ``end``.

    A gap is a month at least, so that a right has no more than one candidate a month.
    """
    many = 0
    for r in listed:
        many += next_incident[r] <= month
    met, when, weight = (
        np.empty(QUARTER * many, np.int64), np.empty(QUARTER * many, np.int64), np.empty(QUARTER * many)
    )  # fmt: skip
    left = np.empty(len(listed), np.int64)
    n = m = 0
    for r in listed:
        at = int(next_incident[r])
        if at <= month and not in_force[r]:
            next_incident[r] = NEVER
            continue
        while at <= month:
            met[n], when[n], weight[n] = r, at, highest[r]
            n += 1
            highest[r] = _highest(np.float64(potential[invention[r]]), reference[office[r]], base)
            at = later_than(at, at, uid[r], highest[r], key)
        next_incident[r] = at
        if at < end:
            left[m] = r
            m += 1
    return met[:n].copy(), when[:n].copy(), weight[:n].copy(), left[:m].copy()


def _learn_potential(world: World, courts: Courts, new: np.ndarray) -> None:
    """Learn the usual sqrt(potential) of granted rights of each office; frozen after the burn-in once known."""
    usual = courts.reference_potential
    if not len(new) or (world.month >= 0 and np.isfinite(usual[courts.jurisdiction]).all()):
        return
    place = world.rights.office[new].astype(np.int64)
    root = np.sqrt(world.inventions.potential[world.rights.invention[new]].astype(np.float64))
    number = np.bincount(place, minlength=world.J)
    mean = np.bincount(place, weights=root, minlength=world.J) / np.maximum(number, 1)
    pace = np.where(np.isfinite(usual), np.minimum(1.0, number / 200.0), 1.0)
    known = np.where(np.isfinite(usual), usual, 0.0)
    learns = (number > 0) & ((world.month < 0) | ~np.isfinite(usual))
    usual[:] = np.where(learns, known + pace * (mean - known), usual)


def _learn_mean(world: World, courts: Courts, place: np.ndarray, root: np.ndarray, weight: np.ndarray) -> None:
    """Estimate the mean of sqrt(value) over all rights in force of a place, in the burn-in; frozen afterwards.

    Candidates are a sample with chance proportional to their highest hazard; the weights undo this.
    """
    mean = courts.mean_root
    if world.month >= 0 and (mean[world.courts.jurisdiction] > 0).all():
        return
    total = np.bincount(place, weights=weight, minlength=world.J)
    seen = np.bincount(place, weights=weight * root, minlength=world.J) / np.where(total > 0, total, 1.0)
    pace = np.where(mean > 0, QUARTER / world.p["court.load_months"], 1.0)
    learns = (total > 0) & ((world.month < 0) | (mean <= 0))
    mean[:] = np.where(learns, mean + pace * (seen - mean), mean)


def _independent(world: World, courts: Courts, rights: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Choose who strayed into each claim: a firm of the sector, mostly of the place; return (defendants, uses)."""
    renew_pools(world, courts)
    home, anywhere, newest = courts.pools
    r, orgs, draw = world.rights, world.orgs, world.draw
    sector = r.sector[rights].astype(np.int64)
    owner_uid = orgs.uid[r.owner[rights]]
    at_home = draw.bernoulli("court.home", who, world.p["court.home_defendants"])
    group = np.where(at_home, r.office[rights].astype(np.int64) * world.S + sector, -1)
    chosen = draw.partner("court.defendant_home", who, group, home, avoid=owner_uid)
    group = np.where(chosen < 0, sector, -1)
    abroad = draw.partner("court.defendant", who, group, anywhere, avoid=owner_uid)
    chosen = np.where(chosen < 0, abroad, chosen)
    return chosen, newest_use(world, chosen, newest)


def newest_use(world: World, users: np.ndarray, newest: np.ndarray) -> np.ndarray:
    """Return the newest own use of each user that is still alive, -1 where there is none, int64 (n,)."""
    use = np.where(users >= 0, newest[np.maximum(users, 0)] if len(newest) else -1, -1)
    living = use >= 0
    living[living] = world.uses.active[use[living]]
    return np.where(living, use, -1)


def renew_pools(world: World, courts: Courts) -> None:
    """Arrange possible defendants once a year: firms by place and sector, weighted by sales; their newest own line."""
    if courts.pools_year == world.month // 12:
        return
    orgs, uses = world.orgs, world.uses
    firms = np.flatnonzero(orgs.alive & (orgs.kind == FIRM) & (orgs.sector >= 0))
    sector = orgs.sector[firms].astype(np.int64)
    weight = orgs.weight[firms] * np.maximum(orgs.base[firms], 0.0)
    uid = orgs.uid[firms]
    home = Pool.of(firms, uid, orgs.jurisdiction[firms].astype(np.int64) * world.S + sector, world.J * world.S, weight)
    anywhere = Pool.of(firms, uid, sector, world.S, weight)
    newest = np.full(orgs.n, -1, np.int64)
    own = np.flatnonzero(uses.active & (uses.route == OWN))
    newest[uses.user[own]] = own
    courts.pools, courts.pools_year = (home, anywhere, newest), world.month // 12
