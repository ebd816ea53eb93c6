"""Examination: scarce hours served by priority; what is perceived decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.patent_office.decisions import (
    DECIDED,
    GRANTED,
    PENDING,
    REFUSED,
    WITHDRAWN,
    come_into_force,
    decide,
    note_decided,
)
from agents.patent_office.offices import Docket
from ecosystem.domain.indicators import TALLIES
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

AMENDING, AMENDED = 2, 3
_SMALL = 1e-9


@rule("examination", "office.examine")
def examine(world: World) -> None:
    """Each office serves amended files, then accelerated ones that are due, then ordinary ones in order of request.

    Capacity in first actions a month is ``staff output x usual workload / (hours a file x own share)``; search done
    outside lowers the own share. Files are decided on ``x = nu + lambda h_ref/h + s sqrt(h_ref/h) z + leniency``.
    """
    _register_utility_models(world)
    fallen = _collect(world)
    cost = world.levers["office.hours_per_file"][: world.P] * own_share(world)
    taken = [_serve(world, j, float(cost[j])) for j in range(world.offices.n)]
    replies, files = (np.concatenate(served) for served in zip(*taken, strict=True))
    alive, here = _alive(world, replies), _alive(world, files)
    settled, passes = _reexamine(world, replies[alive])
    clear = _first_action(world, files[here])
    gone = np.concatenate([fallen, replies[~alive], files[~here]])
    outcome = np.concatenate(
        [np.full(len(clear), GRANTED), np.where(passes, GRANTED, REFUSED), np.full(len(gone), WITHDRAWN)]
    )
    decide(world, np.concatenate([clear, settled, gone]), outcome)
    _measure_backlog(world)


def own_share(world: World) -> np.ndarray:
    """Return own hours on a file relative to the place's baseline: ``(1 - q o) / (1 - q o_base)``, float64 (P,).

    q is the part of the hours that search takes, o the share of searches done outside.
    """
    q, places = world.p["office.search_hours_share"], world.P
    outside = world.levers["office.search_outsourced"][:places]
    return (1.0 - q * outside) / (1.0 - q * world.levers.base("office.search_outsourced")[:places])


def perceived(world: World, slots: np.ndarray) -> np.ndarray:
    """Return the inventive step that the examiner sees in files with hours and examiner, sd, float64 (n,).

    Prior art that is not found always flatters (lambda), and less is found in fewer hours.
    """
    rights = world.rights
    short = 1.0 / rights.hours[slots].astype(np.float64)
    flattery = world.levers["office.flattery"][rights.office[slots]]
    z = world.draw.normal("office.search", rights.uid[slots], month=ALWAYS)
    noise = world.p["office.search_noise"] * np.sqrt(short) * z
    return rights.novelty[slots] + flattery * short + noise + rights.leniency[slots]


def _register_utility_models(world: World) -> None:
    """Register utility models after a formal check; whether they deserve it shows on challenge only."""
    rights, offices, month = world.rights, world.offices, world.month
    slots = world.calendar.pop("office.register", month)
    if not len(slots):
        return
    office = rights.office[slots].astype(np.int64)
    rights.outcome[slots] = GRANTED
    rights.stage[slots] = DECIDED
    note_decided(world, slots)
    rights.granted_in_error[slots] = rights.novelty[slots] <= world.p["office.utility_model_step"]
    offices.pending_utility_models[:] -= world.scale * np.bincount(office, minlength=offices.n)[: offices.n]
    world.tally.add("utility_models_granted", office, world.scale, rights.sector[slots])
    come_into_force(world, slots)


def _collect(world: World) -> np.ndarray:
    """Bring replies and accelerated files that are due to the dockets; return files that were given up."""
    rights, offices, month = world.rights, world.offices, world.month
    due = world.calendar.pop("office.accelerated_due", month)
    back = world.calendar.pop("office.reply", month)
    rights.stage[back] = AMENDED
    where_due, where_back = rights.office[due], rights.office[back]
    replies = np.bincount(where_back, minlength=offices.n)[: offices.n]
    offices.arrived_work[:] += world.scale * world.p["office.amended_hours"] * replies
    offices.accelerated_waiting -= np.bincount(where_due, minlength=offices.n)[: offices.n]
    for j in range(offices.n):
        offices.accelerated[j].push(due[where_due == j])
        offices.amended[j].push(back[where_back == j])
    return world.calendar.pop("office.give_up", month)


def _serve(world: World, j: int, cost: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (amended files, files for a first action) that office j takes up; ``cost`` is the own time of one.

    An office that has not opened takes nothing; one that still learns its workload works at the pace of its requests,
    bent toward its target wait. Where the docket runs short, spare hours go into the files at hand.
    """
    offices, levers, p, scale = world.offices, world.levers, world.p, world.scale
    ordinary, fast, amended = offices.ordinary[j], offices.accelerated[j], offices.amended[j]
    hours = float(levers["office.hours_per_file"][j])
    target = float(levers["office.target_months"][j])
    requests = float(offices.requests[j])
    if not offices.opened[j]:
        backlog = scale * (len(ordinary) + len(fast))
        if requests <= 0.0 or backlog < target * requests:
            offices.hours[j] = hours
            return ordinary.take(0), ordinary.take(0)
        offices.opened[j] = True
    reply_cost = p["office.amended_hours"] * cost
    if offices.learnt[j]:
        work = offices.output[j] * offices.workload[j] / scale
    else:
        work = len(amended) * reply_cost + pressure(float(offices.wait[j]), target) * requests / scale * cost
    offices.capacity[j] = work * scale / cost
    budget = float(offices.carry[j]) + work
    replies, budget = _take(world, amended, budget, reply_cost)
    quick, budget = _take(world, fast, budget, cost)
    floor = int(p["office.minimum_docket_months"] * requests / scale)
    files, budget = _take(world, ordinary, budget, cost, floor)
    stretch = 1.0
    idle = len(ordinary) <= floor and not len(fast) and not len(amended)
    if idle:
        done = (len(quick) + len(files)) * cost
        if done > 0.0 and budget > 0.0:
            stretch = min(p["office.spare_hours_limit"], 1.0 + budget / done)
        budget = 0.0
    offices.carry[j] = budget
    offices.hours[j] = hours * stretch
    return replies, np.concatenate([quick, files])


def pressure(wait: float, target: float) -> float:
    """Return ``1 + 0.5 clip((W - W_target) / W_target, -0.5, 0.5)``: how much more an office works or hires."""
    return 1.0 + 0.5 * min(0.5, max(-0.5, (wait - target) / target))


def _take(world: World, docket: Docket, budget: float, cost: float, leave: int = 0) -> tuple[np.ndarray, float]:
    """Take from a docket what the budget pays for, leaving ``leave`` files; files of dead owners cost nothing."""
    parts = []
    while True:
        n = min(len(docket) - leave, int((budget + _SMALL) / cost))
        if n <= 0:
            break
        slots = docket.take(n)
        budget -= cost * float(np.count_nonzero(_alive(world, slots)))
        parts.append(slots)
    return (np.concatenate(parts) if parts else docket.take(0)), budget


def _alive(world: World, slots: np.ndarray) -> np.ndarray:
    rights = world.rights
    return world.orgs.alive[rights.owner[slots]] & (rights.outcome[slots] == PENDING)


def _first_action(world: World, slots: np.ndarray) -> np.ndarray:
    """Search and judge: return what is clearly above the step and allowed at once, object to the rest.

    An owner who has learnt that the invention is worth little (``later`` below the office's threshold) gives up instead
    of replying. The others reply in ``1 + Geometric`` rounds.
    """
    if not len(slots):
        return slots
    rights, offices, p, draw, month = world.rights, world.offices, world.p, world.draw, world.month
    office, uid = rights.office[slots].astype(np.int64), rights.uid[slots]
    pool = offices.leniency.shape[1]
    number = (draw.uniform("office.examiner", uid, month=ALWAYS) * pool).astype(np.int64)
    rights.examiner[slots] = number
    rights.leniency[slots] = offices.leniency[office, number]
    rights.hours[slots] = offices.hours[office]
    rights.first_action[slots] = month
    _count_first_actions(world, slots, office)
    clear = perceived(world, slots) > world.levers["office.step"][office] + p["office.clear_margin"]
    objected, at = slots[~clear], office[~clear]
    later = world.inventions.later[rights.invention[objected]]
    gives_up = later < offices.abandon_below[at]
    rounds = draw.geometric("office.rounds", rights.uid[objected], p["office.round_success"], month=ALWAYS)
    offices.rounds[objected] = np.minimum(rounds, round(p["office.most_rounds"]))
    rights.stage[objected] = AMENDING
    when = month + _reply_months(world, objected)
    world.calendar.put("office.give_up", when[gives_up], objected[gives_up])
    world.calendar.put("office.reply", when[~gives_up], objected[~gives_up])
    return slots[clear]


def _reply_months(world: World, slots: np.ndarray) -> np.ndarray:
    """Return whole months to the next reply whose mean is the lever's, at least one, int64 (n,)."""
    rights = world.rights
    mean = world.levers["office.reply_months"][rights.office[slots]]
    key = fold(rights.uid[slots], world.offices.rounds[slots].astype(np.int64))
    luck = world.draw.uniform("office.reply", key, month=ALWAYS)
    return np.maximum(1, np.floor(mean + luck)).astype(np.int64)


def _reexamine(world: World, slots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answer replies; return files in their last round and whether what is perceived lies above the step."""
    if not len(slots):
        return slots, np.zeros(0, np.bool_)
    rights, offices = world.rights, world.offices
    offices.rounds[slots] -= 1
    last = offices.rounds[slots] <= 0
    final = slots[last]
    passes = perceived(world, final) > world.levers["office.step"][rights.office[final]]
    again = slots[~last]
    rights.stage[again] = AMENDING
    world.calendar.put("office.reply", world.month + _reply_months(world, again), again)
    return final, passes


def _count_first_actions(world: World, slots: np.ndarray, office: np.ndarray) -> None:
    rights = world.rights
    _first_actions(
        world.tally.values, _FIRST_ACTIONS, float(world.scale), world.month, slots, office, rights.sector,
        rights.requested, rights.filed, world.offices.from_request, rights.accelerated,
    )  # fmt: skip


FIRST_ACTIONS = ("first_actions", "first_action_sum", "ordinary_first_actions", "ordinary_first_action_sum",
                 "accelerated_first_actions", "accelerated_first_action_sum")  # fmt: skip
_FIRST_ACTIONS = np.array([TALLIES[name] for name in FIRST_ACTIONS])


@nb.njit(
    nb.void(
        nb.float64[:, :, ::1], nb.int64[::1], nb.float64, nb.int64, nb.int64[::1], nb.int64[::1], nb.int8[::1],
        nb.int32[::1], nb.int32[::1], nb.boolean[::1], nb.boolean[::1],
    ),
    cache=True,
)  # fmt: skip
def _first_actions(
    tally: np.ndarray, at: np.ndarray, scale: float, month: int, slots: np.ndarray, office: np.ndarray,
    sector: np.ndarray, requested: np.ndarray, filed: np.ndarray, from_request: np.ndarray, accelerated: np.ndarray,
) -> None:  # fmt: skip
    """Count first actions and months waited in the tallies ``at`` (in the order of ``FIRST_ACTIONS``)."""
    for k in range(len(slots)):
        i, j = slots[k], office[k]
        s = sector[i]
        tally[at[0], j, s] += scale
        tally[at[1], j, s] += scale * (month - (requested[i] if from_request[j] else filed[i]))
        turn = 4 if accelerated[i] else 2
        tally[at[turn], j, s] += scale
        tally[at[turn + 1], j, s] += scale * (month - requested[i])


def _measure_backlog(world: World) -> None:
    """Count what waits, in real files, and the expected wait in months of requests."""
    offices, scale = world.offices, world.scale
    offices.backlog[:] = [scale * len(d) for d in offices.ordinary]
    offices.backlog_amended[:] = [scale * len(d) for d in offices.amended]
    due = np.array([len(d) for d in offices.accelerated], dtype=np.float64)
    offices.backlog_accelerated[:] = scale * (due + offices.accelerated_waiting)
    rate = np.where(offices.requests > 0, offices.requests, 1.0)
    offices.wait[:] = np.where(offices.requests > 0, offices.backlog / rate, 0.0)
