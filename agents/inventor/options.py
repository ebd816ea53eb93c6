"""Researchers who hold a share in their firm: they stay longer, work harder and, if skilled, join start-ups.

With o the lever ``talent.option_share`` and r in (0, 1) a person's rank in skill: whoever looks for work also looks at a
start-up with chance r (1 - exp(-a o r)): shares are worth more to those who expect success, and start-ups pick the better
of two applicants. The log hazard to leave a firm falls by h o (unvested shares are lost); effort follows e o.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from agents.inventor.population import START_UP_MONTHS
from agents.organizations import FIRM
from ecosystem.domain.indicators import flow
from ecosystem.kernel.luck import ALWAYS, Pool

if TYPE_CHECKING:
    from ecosystem.world import World

flow("startup_offers_taken", "researchers", "researchers whom a share in the firm brought to a start-up", 0)


def skill_rank(world: World, skill: np.ndarray) -> np.ndarray:
    """Return the rank of log-normal skill among all researchers, 0 to 1, float64 (n,)."""
    return np.asarray(ndtr(np.log(np.maximum(skill, 1e-9)) / max(world.p["talent.skill_sd"], 1e-9)))


def skill_to_be(world: World, uid: np.ndarray) -> np.ndarray:
    """Return the skill that newcomers will have (before teaching), float64 (n,)."""
    return np.asarray(np.exp(world.p["talent.skill_sd"] * world.draw.normal("talent.skill", uid, month=ALWAYS)))


def join_startups(world: World, uid: np.ndarray, place: np.ndarray, skill: np.ndarray, new: np.ndarray,
                  pool: Pool) -> np.ndarray:  # fmt: skip
    """Return the employers after some have taken the offer of a start-up, int64 (n,).

    Args:
        uid, place, skill: of the seekers (n,).
        new: employer chosen among all, -1 none, int64 (n,).
        pool: all vacant posts of the month.
    """
    share = world.levers["talent.option_share"][place]
    if not share.any() or not len(uid):
        return new
    orgs, p = world.orgs, world.p
    young = (orgs.kind == FIRM) & ~orgs.passive & orgs.alive & (world.month - orgs.founded < START_UP_MONTHS)
    posts = np.flatnonzero(young[pool.slots])
    if not len(posts):
        return new
    rank = skill_rank(world, skill)
    keen = rank * -np.expm1(-p["options.appeal"] * share * rank)
    looks = world.draw.bernoulli("options.look", uid, keen) & (new >= 0)
    owner = pool.slots[posts]
    offers = Pool.of(owner, pool.uid[posts], orgs.jurisdiction[owner], world.J, pool.weight[posts])
    offer = world.draw.partner("options.offer", uid, np.where(looks, place, -1), offers)
    takes = offer >= 0
    out = np.where(takes, offer, new)
    world.tally.add("startup_offers_taken", place[takes & (out != new)], float(world.scale))
    return out


def hold(world: World, employer: np.ndarray, place: np.ndarray) -> np.ndarray | float:
    """Return the factor on the hazard to leave that a held share has, float64 (n,), or 1 where nobody holds any."""
    share = world.levers["talent.option_share"]
    if not share.any():
        return 1.0
    business = world.orgs.kind[employer] == FIRM
    return np.asarray(np.where(business, np.exp(-world.p["options.hold"] * share[place]), 1.0))
