"""Hiring: staff follows the work that arrives and the wait, with a lag; beginners learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.patent_office.offices import output_by_month, stay
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

f8, B, F8, FF8 = nb.float64, nb.boolean[::1], nb.float64[::1], nb.float64[:, ::1]


@rule("examination", "office.count_second", before="office.hire")
def count_second_filings(world: World) -> None:
    """Each January offices note which share of last year's decided files had been filed elsewhere first."""
    if world.month_of_year or not world.records.months:
        return
    rows = list(range(max(0, len(world.records.months) - 12), len(world.records.months)))
    second, all_ = (
        world.records.counts(name, rows).sum(axis=(0, 2)) for name in ("second_decisions", "examined_decisions")
    )
    place = world.offices.jurisdiction
    world.offices.second_share[:] = second[place] / np.maximum(all_[place], 1e-9)


@rule("examination", "office.hire", after="office.examine")
def hire(world: World) -> None:
    """Offices remember the month's work, plan their staff, hire with a lag and lose people.

    ``E* = E_lever (A / A_ref) (1 + 0.5 clip((W - W_target) / W_target, -0.5, 0.5))`` with A the moving average of work
    that arrives. Without this rule a queue is a random walk (findings on offices, point 2).
    """
    offices, p, levers = world.offices, world.p, world.levers
    _remember(
        world.month >= -1, p["office.load_memory_months"], offices.months_seen, offices.arrived, offices.arrived_work,
        offices.requests, offices.load, offices.opened, offices.learnt, offices.load_reference, offices.workload,
        offices.output,
    )  # fmt: skip
    keep, later = stay(world)
    _hire(
        levers["office.examiners"], levers["office.target_months"], offices.wait, offices.load, offices.load_reference,
        offices.learnt, keep, later, output_by_month(world), p["office.hiring_limit"], p["office.hiring_months"],
        p["office.release"], offices.cohorts, offices.pipeline, offices.experienced, offices.planned, offices.trainees,
        offices.announced, offices.examiners, offices.output, offices.jurisdiction, world.tally["examiner_years"],
    )  # fmt: skip


@nb.njit(nb.void(nb.boolean, f8, F8, F8, F8, F8, F8, B, B, F8, F8, F8), cache=True)
def _remember(
    started: bool, memory: float, months_seen: np.ndarray, arrived: np.ndarray, arrived_work: np.ndarray,
    requests: np.ndarray, load: np.ndarray, opened: np.ndarray, learnt: np.ndarray, load_reference: np.ndarray,
    workload: np.ndarray, output: np.ndarray,
) -> None:  # fmt: skip
    """Update the moving averages; fix the usual workload at the start of the horizon.

    The average of the first months is the plain mean, then exponential with the office's memory. The workload is fixed
    once the office has opened, has a memory's worth of months behind it, and the burn-in is over.
    """
    for j in range(len(months_seen)):
        if arrived[j] > 0.0 or months_seen[j] > 0.0:
            months_seen[j] += 1.0
        weight = 1.0 / min(max(months_seen[j], 1.0), memory) if months_seen[j] > 0.0 else 0.0
        requests[j] += weight * (arrived[j] - requests[j])
        load[j] += weight * (arrived_work[j] - load[j])
        if started and opened[j] and not learnt[j] and months_seen[j] >= memory:
            load_reference[j], workload[j], learnt[j] = load[j], load[j] / output[j], True


@nb.njit(
    nb.void(
        F8, F8, F8, F8, F8, B, F8, f8, F8, f8, f8, f8, FF8, FF8, F8, F8, F8, F8, F8, F8, nb.int8[::1], FF8
    ),
    cache=True,
)  # fmt: skip
def _hire(
    wanted: np.ndarray, target: np.ndarray, wait: np.ndarray, load: np.ndarray, reference: np.ndarray, learnt: np.ndarray,
    keep: np.ndarray, later: float, curve: np.ndarray, limit: float, lag: float, release: float, cohorts: np.ndarray,
    pipeline: np.ndarray, experienced: np.ndarray, planned: np.ndarray, trainees: np.ndarray, announced: np.ndarray,
    examiners: np.ndarray, output: np.ndarray, place: np.ndarray, years: np.ndarray,
) -> None:  # fmt: skip
    """Plan, let people leave, move cohorts on by a month, announce hires, and derive head counts and output."""
    months, ahead = cohorts.shape[1], pipeline.shape[1]
    for j in range(len(planned)):
        stress = 1.0 + 0.5 * min(max((wait[j] - target[j]) / target[j], -0.5), 0.5)
        planned[j] = wanted[j] * (load[j] / reference[j]) * stress if learnt[j] else wanted[j]
        before, staying = examiners[j], 0.0
        for k in range(months):
            cohorts[j, k] *= keep[k]
            staying += cohorts[j, k]
        old = experienced[j] * later
        leavers = before - staying - old
        old += cohorts[j, months - 1]
        cohorts[j, 1:] = cohorts[j, :-1].copy()
        cohorts[j, 0] = pipeline[j, 0]
        pipeline[j, :-1] = pipeline[j, 1:].copy()
        pipeline[j, ahead - 1] = 0.0
        staff = cohorts[j].sum() + old
        gap = planned[j] - staff - (pipeline[j].sum() - (ahead - 1) * leavers)
        trainable = staff * limit / 12.0
        pipeline[j, ahead - 1] = min(max(leavers + gap / lag, 0.0), max(trainable, leavers))
        surplus = min(max(staff - planned[j], 0.0), staff * release / 12.0)
        experienced[j] = max(0.0, old - surplus)
        trainees[j], announced[j] = cohorts[j].sum(), pipeline[j].sum()
        examiners[j] = experienced[j] + trainees[j]
        taught = 0.0
        for k in range(months):
            taught += cohorts[j, k] * curve[k]
        output[j] = max(experienced[j] + taught, 0.1 * experienced[j])
        years[place[j], -1] += examiners[j] / 12.0
