"""Interdisciplinary platforms: a project meets someone from a distant field whom it would not have found.

With chance ``science.platform_reach`` an invention is made on a platform: one researcher of the place from another field,
drawn without regard to proximity and half of the time from the other class of employer, joins the team. Coordination
takes ``platform.coordination`` of the team's effort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.indicators import flow
from ecosystem.domain.teams import TEAM_MAX, Teams, roster
from ecosystem.kernel.luck import Pool

if TYPE_CHECKING:
    from ecosystem.world import World

flow("platform_projects", "inventions", "inventions made on public platforms across fields", 0)


def bring_together(world: World, owner: np.ndarray, uid: np.ndarray, teams: Teams) -> Teams:
    """Add a member from a distant field to the teams that a platform puts together; changes ``teams`` in place.

    Args:
        owner, uid: organization slots and identities of the inventions, int64 (n,).
    """
    reach = world.levers["science.platform_reach"]
    if not reach.any() or not len(uid):
        return teams
    orgs, people, p, draw = world.orgs, world.inventors, world.p, world.draw
    place = orgs.jurisdiction[owner].astype(np.int64)
    joins = draw.bernoulli("platform.project", uid, reach[place]) & (teams.lead >= 0) & (teams.size < TEAM_MAX)
    at = np.flatnonzero(joins)
    if not len(at):
        return teams
    r = roster(world, owner)
    F, me, where = world.F, uid[at], place[at]
    lead_field = people.field[teams.lead[at]].astype(np.int64)
    mine = r.academic[owner[at]].astype(np.int64)
    across = draw.bernoulli("platform.across", me, p["platform.across_share"])
    side = np.where(across, 1 - mine, mine)
    # a field other than the lead's, by the people who work in it
    number = (r.pool_high - r.pool_low).reshape(2, world.J, F)
    weight = number[side, where].astype(np.float64)
    weight[np.arange(len(at)), lead_field] = 0.0
    far = draw.categorical("platform.field", me, weight)
    group = np.where(weight.any(axis=1), (side * world.J + where) * F + far, -1)
    pool = Pool(r.pool_slots, r.pool_uid, r.pool_weight, r.ring, r.pool_low, r.pool_high)
    who = draw.partner("platform.member", me, group, pool)
    some = np.maximum(who, 0)
    fits = (who >= 0) & people.active[some] & (people.jurisdiction[some] == where)
    fits &= ~(teams.members[at] == who[:, None]).any(axis=1)
    at, who, where = at[fits], who[fits], where[fits]
    size = teams.size[at]
    teams.members[at, size] = who
    force = people.skill[who].astype(np.float64) * people.motivation[who]
    teams.skill[at] = (teams.skill[at] * size + force) / (size + 1) * (1.0 - p["platform.coordination"])
    teams.size[at] = size + 1
    teams.cross_field[at] = True
    teams.industry_university[at] |= r.academic[people.employer[who]] != r.academic[owner[at]]
    np.add.at(people.inventions, who, np.int32(1))
    world.tally.add("platform_projects", where, float(world.scale))
    return teams
