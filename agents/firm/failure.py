"""What failure costs decides how many dare: inventors who look far from home, founders who try again.

Exploring fails more often than staying close (``failure.far``). An inventor explores if what it brings outweighs the
chance of failing times what a failure costs; people differ, so that the odds of exploring move by exp(-k (c - c0)), c the
lever ``talent.failure_cost`` and c0 its value of the base year. Of founders whose young firm failed, the share
s (c0 - c) more found again within the quarter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.indicators import flow, ratio

if TYPE_CHECKING:
    from ecosystem.world import World

flow("second_tries", "firms", "new firms of founders whose last firm failed, beyond the usual", 0)
ratio("development_failure_share", "share", "developments that fail technically / developments that end", -1,
      "developments_failed", "developments_ended")  # fmt: skip
YOUNG_MONTHS = 96


def exploring(world: World) -> np.ndarray:
    """Return the chance that an inventor explores a field new to the employer, float64 (J,)."""
    usual = np.asarray(world.p["firm.explore"] * world.levers["talent.risk_tolerance"])
    less = world.levers["talent.failure_cost"] - world.base_levers["talent.failure_cost"]
    if not less.any():
        return usual
    p = np.clip(usual, 1e-9, 1.0 - 1e-9)
    odds = p / (1.0 - p) * np.exp(-world.p["failure.sensitivity"] * less)
    return np.where(less == 0.0, usual, odds / (1.0 + odds))


def note_failed(world: World, gone: np.ndarray) -> None:
    """Remember young firms that closed, by place and sector in real numbers, until founders next decide."""
    orgs = world.orgs
    young = gone[(orgs.origin[gone] > 0) & (world.month - orgs.founded[gone] < YOUNG_MONTHS)]
    cell = orgs.jurisdiction[young].astype(np.int64) * world.S + orgs.sector[young]
    world.failed += np.bincount(cell, weights=orgs.weight[young], minlength=world.J * world.S)


def second_tries(world: World) -> np.ndarray:
    """Return founders, real numbers by place and sector (J * S,), who try again beyond the usual; forget who failed."""
    less = world.base_levers["talent.failure_cost"] - world.levers["talent.failure_cost"]
    again: np.ndarray = np.repeat(world.p["failure.second_tries"] * less, world.S) * world.failed
    world.failed[:] = 0.0
    if less.any():
        world.tally["second_tries"][:, :-1] += again.reshape(world.J, world.S)
    return again


def chance_of_success(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return the chance that the development of inventions works, float64 (n,).

    Success x (1 - a (far - far0) - b (cross - cross0)): what is far from home or joins fields fails more often; far0 and
    cross0 are usual shares, so that the mean stays what ``development.success`` says.
    """
    p, inv = world.p, world.inventions
    far = p["failure.far"] * (inv.exploratory[inventions] - p["failure.usual_far"])
    cross = p["failure.cross"] * (inv.cross_field[inventions] - p["failure.usual_cross"])
    return np.asarray(p["development.success"] * (1.0 - far - cross))
