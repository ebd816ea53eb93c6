"""Requests for examination: who asks, when, and who asks for acceleration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.patent_office.decisions import WITHDRAWN, decide
from agents.patent_office.filing import PATENT
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

DEFERRED, QUEUED = 0, 1


@rule("examination", "office.request", before="office.examine")
def request_examination(world: World) -> None:
    """Applicants ask for examination after a lag, ask at once for acceleration, or let the application fall.

    Of a month's applications the share ``office.request_share`` asks, after ``L (f + (1 - f) E)`` months with L the
    mean lag, f a fixed part and E exponential, at the latest at the deadline; the others count as withdrawn then.
    The share ``office.accelerated_share`` of those who ask does so at once and joins the accelerated class, to be
    served after the promised months: it skips the deferral, so it also pulls work forward.
    """
    rights, levers, p, draw, month = world.rights, world.levers, world.p, world.draw, world.month
    new = world.calendar.pop("office.intake", month)
    new_patents = new[rights.kind[new] == PATENT]
    if len(new_patents):
        office, uid = rights.office[new_patents], rights.uid[new_patents]
        asks = draw.bernoulli("office.asks", uid, levers["office.request_share"][office], month=ALWAYS)
        fast = asks & draw.bernoulli("office.fast", uid, levers["office.accelerated_share"][office], month=ALWAYS)
        fixed = p["office.request_fixed_share"]
        luck = draw.exponential("office.request_lag", uid, month=ALWAYS)
        lag = levers["office.request_lag_months"][office] * (fixed + (1.0 - fixed) * luck)
        deadline = p["office.request_deadline_months"]
        lag = np.where(fast, 0.0, np.where(asks, np.minimum(lag, deadline), deadline))
        rights.accelerated[new_patents] = fast
        when = month + np.floor(lag + 0.5).astype(np.int64)
        world.calendar.put("office.request", when[asks], new_patents[asks])
        world.calendar.put("office.withdraw", when[~asks], new_patents[~asks])
    world.calendar.put("office.to_publish", month, new)
    decide(world, world.calendar.pop("office.withdraw", month), WITHDRAWN)
    _enqueue(world, world.calendar.pop("office.request", month))


def _enqueue(world: World, slots: np.ndarray) -> None:
    """Put requests of this month into the classes of their offices."""
    rights, offices = world.rights, world.offices
    offices.arrived[:] = 0.0
    offices.arrived_work[:] = 0.0
    if not len(slots):
        return
    rights.requested[slots] = world.month
    rights.stage[slots] = QUEUED
    office = rights.office[slots].astype(np.int64)
    offices.arrived[:] = world.scale * np.bincount(office, minlength=offices.n)
    offices.arrived_work[:] = offices.arrived
    world.tally.add("examination_requests", office, world.scale, rights.sector[slots])
    fast = rights.accelerated[slots]
    for j in range(offices.n):
        offices.ordinary[j].push(slots[(office == j) & ~fast])
    if fast.any():
        quick = slots[fast]
        promised = world.levers["office.accelerated_months"][office[fast]]
        luck = world.draw.uniform("office.accelerated_due", rights.uid[quick], month=ALWAYS)
        world.calendar.put("office.accelerated_due", world.month + np.floor(promised + luck).astype(np.int64), quick)
        offices.accelerated_waiting += np.bincount(office[fast], minlength=offices.n)
