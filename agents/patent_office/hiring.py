"""Hiring: staff follows the work that arrives and the wait, with a lag; beginners learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.patent_office.offices import count_staff, stay
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


@rule("examination", "office.hire", after="office.examine")
def hire(world: World) -> None:
    """Offices remember the month's work, plan their staff, hire with a lag and lose people.

    ``E* = E_lever (A / A_ref) (1 + 0.5 clip((W - W_target) / W_target, -0.5, 0.5))`` with A the moving average of work
    that arrives. Without this rule a queue is a random walk (findings on offices, point 2).
    """
    offices, p, places = world.offices, world.p, world.P
    _remember(world)
    lever = world.levers["office.examiners"][:places]
    target = world.levers["office.target_months"][:places]
    stress = 1.0 + 0.5 * np.clip((offices.wait - target) / target, -0.5, 0.5)
    busy = offices.load / np.where(offices.learnt, offices.load_reference, 1.0)
    offices.planned[:] = np.where(offices.learnt, lever * busy * stress, lever)
    keep, later = stay(world)
    before = offices.examiners.copy()
    cohorts = offices.cohorts * keep
    experienced = offices.experienced * later
    leavers = before - cohorts.sum(axis=1) - experienced
    experienced += cohorts[:, -1]
    cohorts[:, 1:] = cohorts[:, :-1].copy()
    cohorts[:, 0] = offices.pipeline[:, 0]
    pipeline = np.roll(offices.pipeline, -1, axis=1)
    pipeline[:, -1] = 0.0
    staff = cohorts.sum(axis=1) + experienced
    coming = pipeline.sum(axis=1) - (pipeline.shape[1] - 1) * leavers
    gap = offices.planned - staff - coming
    trainable = staff * p["office.hiring_limit"] / 12.0
    pipeline[:, -1] = np.clip(leavers + gap / p["office.hiring_months"], 0.0, np.maximum(trainable, leavers))
    surplus = np.clip(staff - offices.planned, 0.0, staff * p["office.release"] / 12.0)
    offices.experienced[:] = np.maximum(0.0, experienced - surplus)
    offices.cohorts, offices.pipeline = cohorts, pipeline
    count_staff(world)
    world.tally.add("examiner_years", offices.jurisdiction, offices.examiners / 12.0)


def _remember(world: World) -> None:
    """Update the moving averages; fix the usual workload at the start of the horizon.

    The average of the first months is the plain mean, then exponential with the office's memory. The workload is fixed
    once the office has opened, has a memory's worth of months behind it, and the burn-in is over.
    """
    offices, memory = world.offices, world.p["office.load_memory_months"]
    offices.months_seen[:] += (offices.arrived > 0) | (offices.months_seen > 0)
    weight = np.where(offices.months_seen > 0, 1.0 / np.clip(offices.months_seen, 1.0, memory), 0.0)
    offices.requests[:] += weight * (offices.arrived - offices.requests)
    offices.load[:] += weight * (offices.arrived_work - offices.load)
    ready = offices.opened & ~offices.learnt & (offices.months_seen >= memory)
    if world.month >= -1 and ready.any():
        offices.load_reference[ready] = offices.load[ready]
        offices.workload[ready] = offices.load[ready] / offices.output[ready]
        offices.learnt[ready] = True
