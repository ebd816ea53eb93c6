"""Training of firms' researchers: they know more, look outside for what others found, and are wanted elsewhere.

Each year the share ``talent.training`` of a firm's researchers attends; the employer pays its part or does not send them.
With tau the trained share of its staff, a firm's absorptive capacity rises by the factor 1 + c tau, and with chance s tau
an invention gets one more search among inventions of others. What was learnt is out of date after ``training.years``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.inventor.population import QUARTER, market_day, whose_turn
from agents.organizations import FIRM, within_means
from ecosystem.domain.indicators import flow, stock
from ecosystem.kernel.luck import fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


def _trained_share(world: World) -> np.ndarray:
    inv = world.inventors
    mine = inv.active & (inv.employer >= 0)
    people = np.bincount(inv.jurisdiction[mine], minlength=world.J)
    return np.asarray(np.bincount(inv.jurisdiction[mine & inv.trained], minlength=world.J) / np.maximum(people, 1))


flow("researchers_trained", "researchers", "researchers of firms trained by public programs", 0)
flow("trained_moves", "moves", "changes of employer of trained researchers", 0)
stock("trained_share", "share", "working researchers trained in recent years", 0, _trained_share, yearly=True)


@rule("talent", "training.train", after="talent.hire")
def train(world: World) -> None:
    """Train those whose quarter of the year it is; let old training lapse; count who is trained by employer."""
    if not market_day(world):
        return
    inv, orgs, p, draw = world.inventors, world.orgs, world.p, world.draw
    lever = world.levers["talent.training"]
    if not lever.any() and not inv.trained.any():
        return
    people = whose_turn(world, world.month // QUARTER % 4)
    old = people[inv.trained[people]]
    inv.trained[old[draw.bernoulli("training.lapse", inv.uid[old], -np.expm1(-1.0 / p["training.years"]))]] = False
    people = people[inv.employer[people] >= 0]
    employer = inv.employer[people].astype(np.int64)
    mine = (orgs.kind[employer] == FIRM) & ~orgs.passive[employer] & ~inv.trained[people]
    people, employer = people[mine], employer[mine]
    chosen = draw.bernoulli("training.course", inv.uid[people], lever[inv.jurisdiction[people]])
    people, employer = people[chosen], employer[chosen]
    cost = np.full(len(people), p["training.fee"] * world.scale)
    able = within_means(world, employer, cost)
    people, employer, cost = people[able], employer[able], cost[able]
    place = inv.jurisdiction[people].astype(np.int64)
    world.accounts.pay("training_fee", "organizations", employer, "services", place, cost, place=place)
    grant = np.bincount(place, minlength=world.J) * p["training.grant"] * world.scale
    at = np.arange(world.J)
    world.accounts.pay("training_grant", "government", at, "services", at, grant, place=at)
    inv.skill[people] *= np.exp(p["training.skill"])
    inv.trained[people] = True
    world.tally.add("researchers_trained", place, float(world.scale))
    orgs.trained[:] = 0.0
    here = np.flatnonzero(inv.trained & inv.active & (inv.employer >= 0))
    count = np.bincount(inv.employer[here], minlength=orgs.n)
    orgs.trained[:] = np.minimum(1.0, count / np.maximum(orgs.inventors, 1))


def search(world: World, uid: np.ndarray, field: np.ndarray, owner: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Return parents with what trained staff found besides: one invention of another owner where a search is left.

    Args:
        uid, field, owner: identities, fields and organizations of the new inventions, int64 (n,).
        parents: int64 (n, 3), -1 for none.
    """
    share = world.orgs.trained
    if not share.any() or not len(uid):
        return parents
    chance = world.p["training.search"] * share[owner]
    tries = world.draw.bernoulli("training.search", uid, chance) & (parents < 0).any(axis=1)
    mine = np.flatnonzero(tries & (world.orgs.kind[owner] == FIRM))
    if not len(mine):
        return parents
    found = world.ancestry.parents(world, fold(uid[mine], 91), field[mine], owner[mine])
    others = (found >= 0) & (world.inventions.owner[np.maximum(found, 0)] != owner[mine][:, None])
    others &= (found[:, :, None] != parents[mine][:, None, :]).all(axis=2)
    some = others.any(axis=1)
    row, pick = mine[some], others[some].argmax(axis=1)
    out = parents.copy()
    out[row, (parents[row] < 0).argmax(axis=1)] = found[some, pick]
    return out


def poaching(world: World, people: np.ndarray) -> np.ndarray:
    """Return the additional hazard of trained people to look for another employer, 1/year, float64 (n,)."""
    return np.asarray(world.p["training.poached"] * world.inventors.trained[people])
