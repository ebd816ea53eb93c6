"""Requests for examination: who asks, when, and who asks for acceleration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.patent_office.decisions import GRANTED, REFUSED, WITHDRAWN, decide
from agents.patent_office.dockets import ORDINARY, push
from agents.patent_office.filing import PATENT
from ecosystem.domain.switches import off
from ecosystem.kernel.luck import ALWAYS, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

DEFERRED, QUEUED = 0, 1

i8, f8, u8 = nb.int64, nb.float64, nb.uint64
B, I1, I4, I8, F8 = nb.boolean[::1], nb.int8[::1], nb.int32[::1], nb.int64[::1], nb.float64[::1]
II8, III8, FF8 = nb.int64[:, ::1], nb.int64[:, :, ::1], nb.float64[:, ::1]


@rule("examination", "office.request", before="office.examine")
def request_examination(world: World) -> None:
    """Applicants ask for examination after a lag, ask at once for acceleration, or let the application fall.

    Of a month's applications the share ``office.request_share`` asks, after ``L (f + (1 - f) E)`` months with L the
    mean lag, f a fixed part and E exponential, at the latest at the deadline; the others count as withdrawn then.
    The share ``office.accelerated_share`` of those who ask does so at once and joins the accelerated class, to be
    served after the promised months: it skips the deferral, so it also pulls work forward. With
    ``switch.examination`` = 0 nobody asks: the office knows at once.
    """
    rights, levers, p, key, month = world.rights, world.levers, world.p, world.draw.key, world.month
    calendar = world.calendar
    new = calendar.pop("office.intake", month)
    if len(new) and off(world, "examination"):
        calendar.put("office.to_publish", month, new)
        _know(world, new[rights.kind[new] == PATENT])
    elif len(new):
        asks, when, falls, deadline = _intend(
            new, month, rights.uid, rights.kind, rights.office, rights.accelerated, levers["office.request_share"],
            levers["office.accelerated_share"], levers["office.request_lag_months"], p["office.request_fixed_share"],
            p["office.request_deadline_months"], key("office.asks", ALWAYS), key("office.fast", ALWAYS),
            key("office.request_lag", ALWAYS),
        )  # fmt: skip
        calendar.put("office.request", when, asks)
        calendar.put("office.withdraw", deadline, falls)
        calendar.put("office.to_publish", month, new)
    decide(world, calendar.pop("office.withdraw", month), WITHDRAWN)
    _enqueue(world, calendar.pop("office.request", month))


def _know(world: World, slots: np.ndarray) -> None:
    """Decide applications at once and without error: granted where the inventive step is above what the law asks."""
    rights = world.rights
    rights.requested[slots] = rights.first_action[slots] = world.month
    above = rights.novelty[slots] > world.levers["office.step"][rights.office[slots]]
    decide(world, slots, np.where(above, GRANTED, REFUSED))


def _enqueue(world: World, slots: np.ndarray) -> None:
    """Put requests of this month into the classes of their offices."""
    rights, offices, dockets = world.rights, world.offices, world.offices.dockets
    offices.arrived[:] = 0.0
    offices.arrived_work[:] = 0.0
    if not len(slots):
        return
    dockets.reserve(len(slots))
    fast, due = _queue(
        slots, world.month, world.scale, rights.uid, rights.office, rights.sector, rights.accelerated, rights.requested,
        rights.stage, world.levers["office.accelerated_months"], world.draw.key("office.accelerated_due", ALWAYS),
        dockets.slots, dockets.tail, offices.arrived, offices.arrived_work, offices.accelerated_waiting,
        world.tally["examination_requests"],
    )  # fmt: skip
    world.calendar.put("office.accelerated_due", due, fast)


@nb.njit(nb.types.Tuple((I8, I8, I8, i8))(I8, i8, I8, I1, I1, B, F8, F8, F8, f8, f8, u8, u8, u8), cache=True)
def _intend(
    new: np.ndarray, month: int, uid: np.ndarray, kind: np.ndarray, office: np.ndarray, accelerated: np.ndarray,
    ask: np.ndarray, hurry: np.ndarray, lag: np.ndarray, fixed: float, deadline: float, key_asks: np.uint64,
    key_fast: np.uint64, key_lag: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:  # fmt: skip
    """Return (patent applications that will ask, their months, those that will not, the month in which they fall)."""
    asks, when, falls = np.empty(len(new), np.int64), np.empty(len(new), np.int64), np.empty(len(new), np.int64)
    n = m = 0
    for i in new:
        if kind[i] != PATENT:
            continue
        j, me = office[i], np.uint64(uid[i])
        if u01(me, key_asks) >= ask[j]:
            accelerated[i] = False
            falls[m] = i
            m += 1
            continue
        fast = u01(me, key_fast) < hurry[j]
        accelerated[i] = fast
        # L (f + (1 - f) E), E exponential of mean one.
        wait = 0.0 if fast else min(lag[j] * (fixed - (1.0 - fixed) * np.log1p(-u01(me, key_lag))), deadline)
        asks[n], when[n] = i, month + np.int64(np.floor(wait + 0.5))
        n += 1
    return asks[:n].copy(), when[:n].copy(), falls[:m].copy(), month + int(np.floor(deadline + 0.5))


@nb.njit(
    nb.types.UniTuple(I8, 2)(I8, i8, f8, I8, I1, I1, B, I4, I1, F8, u8, III8, II8, F8, F8, F8, FF8),
    cache=True,
)
def _queue(
    slots: np.ndarray, month: int, scale: float, uid: np.ndarray, office: np.ndarray, sector: np.ndarray,
    accelerated: np.ndarray, requested: np.ndarray, stage: np.ndarray, promised: np.ndarray, key: np.uint64,
    queue: np.ndarray, tail: np.ndarray, arrived: np.ndarray, work: np.ndarray, waiting: np.ndarray, tally: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Enter requests and count them; return (accelerated ones, month in which each is due)."""
    fast, due = np.empty(len(slots), np.int64), np.empty(len(slots), np.int64)
    n = 0
    for i in slots:
        j = office[i]
        requested[i], stage[i] = month, QUEUED
        arrived[j] += scale
        work[j] += scale
        tally[j, sector[i]] += scale
        if accelerated[i]:
            fast[n], due[n] = i, month + np.int64(np.floor(promised[j] + u01(np.uint64(uid[i]), key)))
            waiting[j] += 1.0
            n += 1
        else:
            push(queue, tail, ORDINARY, j, i)
    return fast[:n].copy(), due[:n].copy()
