"""Infringing uses that their owners detect, and what a judgment of invalidity sets free."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.border import count_begun, count_found, monthly
from agents.court.docket import Courts
from agents.court.incidents import detect_incidents
from agents.court.letters import send_letters, territory_share
from agents.patent_office import strike
from ecosystem.domain import market, valuation
from ecosystem.domain.potential import F8, I1, I4, I8, B
from ecosystem.kernel.luck import pair, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


def watch(world: World, uses: np.ndarray) -> None:
    """Put infringing uses (slots, int (n,)) where their owners may find them."""
    if len(uses):
        count_begun(world, np.asarray(uses, dtype=np.int64))
        world.courts.open_uses = np.concatenate([world.courts.open_uses, np.asarray(uses, dtype=np.int64)])


@rule("disputes", "disputes.detect", before="disputes.bargain")
def detect_infringements(world: World) -> None:
    """Find infringements: copies seen by their owners each month, once a quarter independent inventors inside a claim.

    A copy is detected with hazard 1 - (1 - d)^(1/12) a month, and the owner is in time and has proof with chance e
    (levers ``enforcement.detection``, ``law.enforcement``).
    """
    courts = world.courts
    courts.fresh = np.zeros(0, np.int64)
    _detect_copies(world, courts)
    detect_incidents(world, courts)


@nb.njit(
    nb.types.Tuple((I8, I8, I8))(I8, B, B, I4, I4, B, I1, I1, I8, I8, F8, nb.uint64, I4, I1, I1, I4, F8, F8, F8), cache=True
)  # fmt: skip
def _look(
    slots: np.ndarray, active: np.ndarray, infringing: np.ndarray, right: np.ndarray, user: np.ndarray,
    in_force: np.ndarray, outcome: np.ndarray, office: np.ndarray, right_uid: np.ndarray, user_uid: np.ndarray,
    hazard: np.ndarray, key: np.uint64, territories: np.ndarray, home: np.ndarray, seat: np.ndarray, owner: np.ndarray,
    watched: np.ndarray, told: np.ndarray, proof: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return the uses with no right in their way any more, those unseen, those seen; uses that ended are forgotten.

    A right that lapsed, expired, was refused or was given up in the user's territory does not stand in its way. Draws are
    keyed by the pair of right and user.
    """
    over, unseen, seen = np.empty(len(slots), np.int64), np.empty(len(slots), np.int64), np.empty(len(slots), np.int64)
    a = b = c = 0
    for i in slots:
        r = right[i]
        if not active[i] or not infringing[i] or r < 0:
            continue
        if not in_force[r]:
            if outcome[r] != 0:
                over[a] = i
                a += 1
                continue
        elif seat[user[i]] == office[r] and not (territories[r] >> home[user[i]]) & 1:
            over[a] = i
            a += 1
            continue
        else:
            j, o = office[r], owner[r]
            chance = hazard[j]
            if o >= 0 and seat[o] != j and watched[seat[o]] > 0.0:
                chance = 1.0 - (1.0 - chance) * (1.0 - watched[seat[o]] * proof[j])
            if o >= 0 and home[o] != home[user[i]] and told[j] > 0.0:
                chance = 1.0 - (1.0 - chance) * (1.0 - told[j] * proof[j])
            if u01(pair(np.uint64(right_uid[r]), np.uint64(user_uid[user[i]])), key) < chance:
                seen[c] = i
                c += 1
                continue
        unseen[b] = i
        b += 1
    return over[:a].copy(), unseen[:b].copy(), seen[:c].copy()


def _detect_copies(world: World, courts: Courts) -> None:
    uses, r = world.uses, world.rights
    yearly = world.levers["enforcement.detection"]
    hazard = (1.0 - (1.0 - yearly) ** (1.0 / 12.0)) * world.levers["law.enforcement"]
    over, courts.open_uses, seen = _look(
        courts.open_uses, uses.active, uses.infringing, uses.right, uses.user, r.in_force, r.outcome, r.office, r.uid,
        world.orgs.uid, hazard, world.draw.key("court.detect"), r.territories, world.orgs.territory, world.orgs.jurisdiction,
        r.owner, monthly(world.levers["enforcement.overseas_watch"]), monthly(world.levers["enforcement.cross_border"]),
        world.levers["law.enforcement"],
    )  # fmt: skip
    if len(over):
        market.make_legal(world, over)
    if not len(seen):
        return
    count_found(world, seen)
    right, user, inventions = uses.right[seen], uses.user[seen], uses.invention[seen]
    royalty = world.p["court.reasonable_royalty"] * valuation.user_gain(world, inventions, user)
    loss = np.maximum(valuation.owner_loss(world, inventions), royalty) * territory_share(world, right, r.owner[right])
    send_letters(world, right, user, seen, loss, world.p["court.copy_reach"])


@nb.njit(I8(I8, nb.int64, I4, B, B, F8), cache=True)
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
    """Declare rights invalid by a court and count them."""
    rights = release(world, rights)
    world.tally.add("invalidations", world.rights.office[rights].astype(np.int64), world.scale)


def release_in(world: World, rights: np.ndarray, territories: np.ndarray) -> None:
    """Declare rights invalid in some territories (bit masks, int64 (n,)); those left in none have ended."""
    r = world.rights
    for i in np.flatnonzero(r.in_force[rights]):
        r.territories[rights[i]] &= ~np.int32(territories[i])
    ended = r.territories[rights] == 0
    part = rights[~ended & r.in_force[rights]]
    world.tally.add("invalidations", r.office[part].astype(np.int64), world.scale)
    release_from_invalid(world, rights[ended])


def release(world: World, rights: np.ndarray) -> np.ndarray:
    """Declare rights invalid: nobody owes leave or royalty for them any more, and everybody may use.

    Returns:
        Those that were in force until now, int (n,).
    """
    r, uses = world.rights, world.uses
    rights = np.unique(rights[r.in_force[rights]])
    if not len(rights):
        return rights
    strike(world, rights)
    free = _bound(rights, r.n, uses.right, uses.active, uses.infringing, uses.royalty)
    if len(free):
        market.make_legal(world, free)
    return rights
