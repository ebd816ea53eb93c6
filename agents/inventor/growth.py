"""What inventors want and know: motivation follows rewards, awareness follows the employer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.inventor.population import ACADEMIC, BUSINESS, market_day, working
from agents.organizations import INSTITUTE, UNIVERSITY
from ecosystem.domain.teams import renew_roster
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


def depth(world: World) -> np.ndarray:
    """Return the part of business inventors' effort that goes into the worth of an invention, start = 1, float64 (J,).

    Rewards paid by number pull effort from worth to number (Holmstrom & Milgrom 1991): with c the share so paid and r the
    promised share, worth gets (1 + k r (1 - c)) / (1 + k r) of the effort.
    """

    def worth(reward: np.ndarray, counted: np.ndarray) -> np.ndarray:
        k = world.p["talent.reward_weight"]
        return np.asarray((1.0 + k * reward * (1.0 - counted)) / (1.0 + k * reward))

    lever, start = world.levers, world.base_levers
    now = worth(lever["talent.inventor_reward"], lever["talent.count_reward"])
    return now / worth(start["talent.inventor_reward"], start["talent.count_reward"])


def attention(world: World, owner: np.ndarray) -> np.ndarray | float:
    """Return the factor on a team's force by which the depth of its employer's inventors shows in quality, (n,), or 1.

    Quality goes with depth^``talent.attention`` and with force^``ancestry.team``.
    """
    focus = depth(world)
    if (focus == 1.0).all():
        return 1.0
    p, orgs = world.p, world.orgs
    power = p["talent.attention"] / max(p["ancestry.team"], 1e-9)
    return np.where(orgs.sector[owner] >= 0, focus[orgs.jurisdiction[owner]] ** power, 1.0)


@rule("talent", "talent.motivate", after="talent.staff")
def motivate(world: World) -> None:
    """Effort follows the promised share of the value: m = (1 + k r) / (1 + k r0), approached over years.

    An inventor who chooses effort e for r V e + b e - e^2 / 2 sets e = b + r V: linear in the promised share r, with
    V the yearly value of own inventions relative to the intrinsic reward b (k, by class of employer). Firms promise
    ``talent.inventor_reward``, universities ``university.inventor_share`` of license income. r0: shares of the start.
    """
    if not market_day(world):
        return
    t, p, inv, orgs = world.talent, world.p, world.inventors, world.orgs
    k_firm, k_school = p["talent.reward_weight"], p["talent.license_share_weight"]
    target = np.empty((2, world.J))
    reward = world.levers["talent.inventor_reward"] + p["options.effort"] * world.levers["talent.option_share"]
    target[BUSINESS] = (1 + k_firm * reward) / (1 + k_firm * t.reward)
    target[ACADEMIC] = (1 + k_school * world.levers["university.inventor_share"]) / (1 + k_school * t.share)
    before = t.drive.copy()
    t.drive += (1.0 - np.exp(-0.25 / p["talent.motivation_years"])) * (target - t.drive)
    ratio = t.drive / before
    people = working(world)
    people = people[inv.active[people] & (inv.employer[people] >= 0)]
    employer = inv.employer[people]
    if (ratio != 1.0).any():
        school = ((orgs.kind == UNIVERSITY) | (orgs.kind == INSTITUTE)).astype(np.int64)
        inv.motivation[people] *= ratio[school[employer], inv.jurisdiction[people]]
    learn = 1.0 - np.exp(-0.25 / p["talent.learning_years"])
    inv.awareness[people] += learn * (orgs.awareness[employer] - inv.awareness[people])
    renew_roster(world)
