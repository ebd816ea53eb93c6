"""Where disputes come from: infringing uses that are detected, and independent inventors who stray into a claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.docket import Courts, court_of_place
from agents.organizations import ASSERTION, FIRM
from agents.patent_office import decided_now, strike
from ecosystem.domain import market, valuation
from ecosystem.kernel.luck import ALWAYS, Pool, fold, pair, u01
from ecosystem.kernel.schedule import rule
from ecosystem.kernel.table import NEVER

if TYPE_CHECKING:
    from ecosystem.world import World

OWN = 0
"""Route code of uses of an own technology (``market.ROUTES``)."""


def watch(world: World, uses: np.ndarray) -> None:
    """Put infringing uses (slots, int (n,)) where their owners may find them."""
    if len(uses):
        world.courts.open_uses = np.concatenate([world.courts.open_uses, np.asarray(uses, dtype=np.int64)])


def territory_share(world: World, rights: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return the share of a seller's profit that is earned where the right is in force, float64 (n,)."""
    where = world.valuation.where[world.orgs.jurisdiction[owners], world.rights.sector[rights]]
    bits = (world.rights.territories[rights][:, None] >> np.arange(where.shape[1])[None, :]) & 1
    return (where * bits).sum(axis=1)


def validity_margin(world: World, rights: np.ndarray) -> np.ndarray:
    """Return the true margin of validity under the law of the place, sd, float64 (n,).

    v = nu - step - standard + presumption: the court has all prior art before it, without the flattery of art not
    found, and asks ``court.standard`` more than the office does; the presumption of validity is the margin that a
    challenger must overcome. (``rights.novelty`` already holds what the claims of this office's applicants reach.)
    """
    r, levers = world.rights, world.levers
    place = r.office[rights]
    law = levers["court.presumption"] - levers["office.step"] - world.p["court.standard"]
    return r.novelty[rights].astype(np.float64) + law[place]


def send_letters(world: World, rights: np.ndarray, defendants: np.ndarray, uses: np.ndarray, harm: np.ndarray,
                 reach: np.ndarray | float) -> np.ndarray:  # fmt: skip
    """Enter disputes into the ledger; return their slots (those that can start: living parties, a court, some harm).

    Args:
        rights: rights asserted, int (n,).
        defendants: alleged infringers, int (n,).
        uses: the uses attacked, -1 for a product outside the model's lines, int (n,).
        harm: the owner's harm, M USD2020 of one real dispute, (n,).
        reach: mean true margin of infringement: high for copies, 0 for independent inventors, sd.
    """
    r, orgs, courts = world.rights, world.orgs, world.courts
    owners = r.owner[rights].astype(np.int64)
    court = court_of_place(world)[r.office[rights]]
    good = (
        (defendants >= 0) & (owners >= 0) & (owners != defendants) & (court >= 0) & r.in_force[rights]
        & orgs.alive[owners] & ~orgs.passive[owners] & (harm > 0.0)
    )  # fmt: skip
    good[good] = orgs.alive[defendants[good]]
    if not good.any():
        return np.zeros(0, np.int64)
    reach = np.broadcast_to(reach, rights.shape)[good]
    rights, defendants, uses, harm = rights[good], defendants[good], uses[good], harm[good]
    owners, court = owners[good], court[good]
    place = courts.jurisdiction[court].astype(np.int64)
    right_uid, defendant_uid = r.uid[rights], orgs.uid[defendants]
    # The truth about a pair of right and product does not change with the month of the letter.
    who = fold(right_uid, defendant_uid)
    uid = fold(who, world.month + 100_000)
    validity = validity_margin(world, rights)
    infringement = reach + world.draw.normal("court.reach", who, month=ALWAYS) - world.levers["court.burden"][place]
    slots = world.disputes.add(
        len(rights), month=world.month, court=court, right=rights, plaintiff=owners, defendant=defendants, use=uses,
        stakes=harm, truly_valid=validity > 0.0, truly_infringed=infringement > 0.0,
    )  # fmt: skip
    cases = courts.cases
    if cases.n < world.disputes.n:
        cases.add(world.disputes.n - cases.n)
    cases.uid[slots] = uid
    cases.validity[slots] = validity
    cases.infringement[slots] = infringement
    cases.entity[slots] = orgs.kind[owners] == ASSERTION
    cases.practising[slots] = practises(world, owners)
    courts.fresh = np.concatenate([courts.fresh, slots])
    world.tally.add("letters", place, world.scale)
    return slots


def practises(world: World, owners: np.ndarray) -> np.ndarray:
    """Return True for owners who sell products that an injunction would protect, bool (n,): firms in business."""
    return (world.orgs.kind[owners] == FIRM) & (world.orgs.base[owners] > 0.0)


@rule("disputes", "disputes.detect", before="disputes.bargain")
def detect_infringements(world: World) -> None:
    """Find this month's infringements: copies seen by their owners, and independent inventors inside a claim.

    A copy is detected with hazard 1 - (1 - d)^(1/12) a month, and the owner is in time and has proof with chance e
    (levers ``enforcement.detection``, ``law.enforcement``).
    """
    courts = world.courts
    courts.fresh = np.zeros(0, np.int64)
    _detect_copies(world, courts)
    _detect_incidents(world, courts)


_GONE, _OVER, _OPEN, _SEEN = range(4)


@nb.njit(
    nb.int8[::1](
        nb.int64[::1], nb.boolean[::1], nb.boolean[::1], nb.int32[::1], nb.int32[::1], nb.boolean[::1], nb.int8[::1],
        nb.int8[::1], nb.int64[::1], nb.int64[::1], nb.float64[::1], nb.uint64,
    ),
    cache=True,
)  # fmt: skip
def _look(
    slots: np.ndarray, active: np.ndarray, infringing: np.ndarray, right: np.ndarray, user: np.ndarray,
    in_force: np.ndarray, outcome: np.ndarray, office: np.ndarray, right_uid: np.ndarray, user_uid: np.ndarray,
    hazard: np.ndarray, key: np.uint64,
) -> np.ndarray:  # fmt: skip
    """Return what becomes of each use that infringes: ended, no right in its way any more, unseen, seen.

    A right that lapsed, expired or was refused stands in nobody's way. Draws are keyed by the pair of right and user.
    """
    out = np.zeros(len(slots), np.int8)
    for k in range(len(slots)):
        i = slots[k]
        r = right[i]
        if not active[i] or not infringing[i] or r < 0:
            continue
        if not in_force[r]:
            out[k] = _OVER if outcome[r] != 0 else _OPEN
            continue
        who = pair(np.uint64(right_uid[r]), np.uint64(user_uid[user[i]]))
        out[k] = _SEEN if u01(who, key) < hazard[office[r]] else _OPEN
    return out


def _detect_copies(world: World, courts: Courts) -> None:
    uses, r = world.uses, world.rights
    yearly = world.levers["enforcement.detection"]
    hazard = (1.0 - (1.0 - yearly) ** (1.0 / 12.0)) * world.levers["law.enforcement"]
    slots = courts.open_uses
    fate = _look(
        slots, uses.active, uses.infringing, uses.right, uses.user, r.in_force, r.outcome, r.office, r.uid,
        world.orgs.uid, hazard, world.draw.key("court.detect"),
    )  # fmt: skip
    market.make_legal(world, slots[fate == _OVER])
    courts.open_uses = slots[fate == _OPEN]
    slots = slots[fate == _SEEN]
    if not len(slots):
        return
    right, user = uses.right[slots].astype(np.int64), uses.user[slots].astype(np.int64)
    inventions = uses.invention[slots].astype(np.int64)
    owner = r.owner[right].astype(np.int64)
    royalty = world.p["court.reasonable_royalty"] * valuation.user_gain(world, inventions, user)
    loss = np.maximum(valuation.owner_loss(world, inventions), royalty) * territory_share(world, right, owner)
    send_letters(world, right, user, slots, loss, world.p["court.copy_reach"])


def _detect_incidents(world: World, courts: Courts) -> None:
    """Let independent inventors stray into claims: rate per right-year x sqrt(value) relative to the usual.

    Each right meets candidate months at a highest hazard that depends on its potential only (so that paired worlds
    meet the same ones); a candidate is accepted with actual over highest hazard, exactly a thinned Poisson process.
    """
    r, p, month = world.rights, world.p, world.month
    if not courts.started:
        courts.started = True
        new = np.flatnonzero(r.in_force)
    else:
        new = decided_now(world)
        new = new[r.in_force[new]]
    _learn_potential(world, courts, new)
    _next_incident(world, courts, new, r.filed[new].astype(np.int64))
    met = _due(world, courts)
    met = met[r.in_force[met]]
    courts.candidates = met
    if not len(met):
        return
    highest = courts.highest[met]
    _next_incident(world, courts, met, np.full(len(met), month))
    place = r.office[met].astype(np.int64)
    value = valuation.right_present_value(world, met)
    root = np.sqrt(np.maximum(value, 0.0))
    _learn_mean(world, courts, place, root, 1.0 / highest)
    usual = courts.mean_root[place]
    noticed = world.levers["enforcement.detection"] * world.levers["law.enforcement"]
    rate = p["court.incident_rate"] / 12.0 * root / np.where(usual > 0, usual, np.inf) * noticed[place]
    chance = np.minimum(1.0, rate / highest)
    noticed_now = world.draw.bernoulli("court.incident_noticed", r.uid[met], chance)
    met, value = met[noticed_now], value[noticed_now]
    if not len(met):
        return
    defendant, use = _independent(world, courts, met)
    harm = p["court.incident_harm"] * value
    send_letters(world, met, defendant, use, harm, 0.0)


def _highest(world: World, courts: Courts, rights: np.ndarray) -> np.ndarray:
    """Return the highest monthly hazard of a noticed incident on each right, from its technology's potential alone."""
    relative = _root_potential(world, rights) / courts.reference_potential[world.rights.office[rights]]
    p = world.p
    # The floor keeps gaps finite where incidents are switched off.
    return np.maximum(p["court.incident_rate"] / 12.0 * p["court.incident_headroom"] * (0.2 + relative), 1e-9)


def _root_potential(world: World, rights: np.ndarray) -> np.ndarray:
    return np.sqrt(world.inventions.potential[world.rights.invention[rights]].astype(np.float64))


def _learn_potential(world: World, courts: Courts, new: np.ndarray) -> None:
    """Learn the usual sqrt(potential) of granted rights of each office; frozen after the burn-in once known."""
    usual = courts.reference_potential
    if not len(new) or (world.month >= 0 and np.isfinite(usual[courts.jurisdiction]).all()):
        return
    place = world.rights.office[new].astype(np.int64)
    number = np.bincount(place, minlength=world.J)
    mean = np.bincount(place, weights=_root_potential(world, new), minlength=world.J) / np.maximum(number, 1)
    pace = np.where(np.isfinite(usual), np.minimum(1.0, number / 200.0), 1.0)
    known = np.where(np.isfinite(usual), usual, 0.0)
    learns = (number > 0) & ((world.month < 0) | ~np.isfinite(usual))
    usual[:] = np.where(learns, known + pace * (mean - known), usual)


def _next_incident(world: World, courts: Courts, rights: np.ndarray, after: np.ndarray) -> None:
    """Note each right's first candidate month later than now; its chain starts at filing.

    Dates mostly lie years apart: a column holds them, from which ``_due`` lists those of the year.
    """
    r, month = world.rights, world.month
    if len(courts.next_incident) < r.n:
        room = r.n + r.n // 2 - len(courts.next_incident)
        courts.next_incident = np.concatenate([courts.next_incident, np.full(room, NEVER, np.int32)])
        courts.highest = np.concatenate([courts.highest, np.ones(room)])
    courts.highest[rights] = _highest(world, courts, rights)
    key = world.draw.key("court.incident_gap", ALWAYS)
    when = _first_after(month, after, r.uid[rights], courts.highest[rights], key)
    courts.next_incident[rights] = when
    soon = when < 12 * (month // 12 + 1)
    if soon.any():
        courts.this_year = np.concatenate([courts.this_year, rights[soon]])


@nb.njit(nb.int64[::1](nb.int64, nb.int64[::1], nb.int64[::1], nb.float64[::1], nb.uint64), cache=True)
def _first_after(month: int, after: np.ndarray, uid: np.ndarray, hazard: np.ndarray, key: np.uint64) -> np.ndarray:
    """Follow each chain of exponential gaps, in whole months, from ``after`` to its first month later than now."""
    out = np.empty(len(uid), np.int64)
    for k in range(len(uid)):
        at = after[k]
        while True:
            clock = pair(np.uint64(uid[k]), np.uint64(at + 100_000))
            gap = np.ceil(-np.log1p(-u01(clock, key)) * (1.0 / hazard[k]))
            at += np.int64(min(max(gap, 1.0), 1200.0))
            if at > month:
                break
        out[k] = at
    return out


def _due(world: World, courts: Courts) -> np.ndarray:
    """Return the rights whose candidate month is now, ascending, int64; the column is searched once a year."""
    year = world.month // 12
    if courts.listed_year != year:
        courts.listed_year = year
        courts.this_year = np.flatnonzero(
            (courts.next_incident >= world.month) & (courts.next_incident < 12 * (year + 1))
        )
    due = np.sort(courts.this_year[courts.next_incident[courts.this_year] == world.month])
    if len(due):
        due = due[np.r_[True, due[1:] != due[:-1]]]
    return due


def _learn_mean(world: World, courts: Courts, place: np.ndarray, root: np.ndarray, weight: np.ndarray) -> None:
    """Estimate the mean of sqrt(value) over all rights in force of a place, in the burn-in; frozen afterwards.

    Candidates are a sample with chance proportional to their highest hazard; the weights undo this.
    """
    mean = courts.mean_root
    if world.month >= 0 and (mean[world.courts.jurisdiction] > 0).all():
        return
    total = np.bincount(place, weights=weight, minlength=world.J)
    seen = np.bincount(place, weights=weight * root, minlength=world.J) / np.where(total > 0, total, 1.0)
    pace = np.where(mean > 0, 1.0 / world.p["court.load_months"], 1.0)
    learns = (total > 0) & ((world.month < 0) | (mean <= 0))
    mean[:] = np.where(learns, mean + pace * (seen - mean), mean)


def _independent(world: World, courts: Courts, rights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Choose who strayed into each claim: a firm of the sector, mostly of the place; return (defendants, uses)."""
    _renew_pools(world, courts)
    home, anywhere, newest = courts.pools
    r, orgs, draw = world.rights, world.orgs, world.draw
    uid, sector = r.uid[rights], r.sector[rights].astype(np.int64)
    owner_uid = orgs.uid[r.owner[rights]]
    at_home = draw.bernoulli("court.home", uid, world.p["court.home_defendants"])
    group = np.where(at_home, r.office[rights].astype(np.int64) * world.S + sector, -1)
    chosen = draw.partner("court.defendant_home", uid, group, home, avoid=owner_uid)
    group = np.where(chosen < 0, sector, -1)
    abroad = draw.partner("court.defendant", uid, group, anywhere, avoid=owner_uid)
    chosen = np.where(chosen < 0, abroad, chosen)
    use = np.where(chosen >= 0, newest[np.maximum(chosen, 0)] if len(newest) else -1, -1)
    living = (use >= 0) & (world.uses.active[np.maximum(use, 0)] if world.uses.n else False)
    return chosen, np.where(living, use, -1)


def _renew_pools(world: World, courts: Courts) -> None:
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


@nb.njit(
    nb.int64[::1](nb.int64[::1], nb.int64, nb.int32[::1], nb.boolean[::1], nb.boolean[::1], nb.float64[::1]),
    cache=True,
)
def _bound(
    rights: np.ndarray, n: int, right: np.ndarray, active: np.ndarray, infringing: np.ndarray, royalty: np.ndarray
) -> np.ndarray:
    """Return the active uses that infringe one of ``rights`` or pay for it."""
    struck = np.zeros(n, np.bool_)
    struck[rights] = True
    out = np.empty(len(right), np.int64)
    k = 0
    for i in range(len(right)):
        if right[i] >= 0 and struck[right[i]] and active[i] and (infringing[i] or royalty[i] > 0.0):
            out[k] = i
            k += 1
    return out[:k].copy()


def release_from_invalid(world: World, rights: np.ndarray) -> None:
    """Declare rights invalid: nobody owes leave or royalty for them any more, and everybody may use."""
    r, uses = world.rights, world.uses
    rights = np.unique(rights[r.in_force[rights]])
    if not len(rights):
        return
    strike(world, rights)
    free = _bound(rights, r.n, uses.right, uses.active, uses.infringing, uses.royalty)
    if len(free):
        market.make_legal(world, free)
    world.tally.add("invalidations", r.office[rights].astype(np.int64), world.scale)
