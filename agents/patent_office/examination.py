"""Examination: scarce hours served by priority; what is perceived decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.patent_office.decisions import GRANTED, PENDING, REFUSED, WITHDRAWN, decide
from agents.patent_office.dockets import AMENDED, FAST, ORDINARY, push, take
from ecosystem.domain.indicators import TALLIES
from ecosystem.kernel.luck import ALWAYS, inverse_normal, pair, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

STAGE_AMENDING, STAGE_AMENDED = 2, 3
FIRST_ACTIONS = ("first_actions", "first_action_sum", "ordinary_first_actions", "ordinary_first_action_sum",
                 "accelerated_first_actions", "accelerated_first_action_sum")  # fmt: skip
_FIRST_ACTIONS = np.array([TALLIES[name] for name in FIRST_ACTIONS])
SERVICE = ("office.amended_hours", "office.minimum_docket_months", "office.spare_hours_limit")
"""Parameters of ``_serve``, in its order."""
JUDGMENT = ("office.search_noise", "office.clear_margin", "office.round_success", "office.most_rounds")
"""Parameters of ``_judge``, in its order."""
LUCK = ("office.examiner", "office.search", "office.rounds", "office.reply", "office.shared_search")
"""Purposes of the draws of ``_judge``, in its order."""

i8, f8, u8 = nb.int64, nb.float64, nb.uint64
B, I1, I2, I4, I8 = nb.boolean[::1], nb.int8[::1], nb.int16[::1], nb.int32[::1], nb.int64[::1]
F4, F8, U8 = nb.float32[::1], nb.float64[::1], nb.uint64[::1]
II8, III8, FF8, FFF8 = nb.int64[:, ::1], nb.int64[:, :, ::1], nb.float64[:, ::1], nb.float64[:, :, ::1]


@rule("examination", "office.examine")
def examine(world: World) -> None:
    """Each office serves amended files, then accelerated ones that are due, then ordinary ones in order of request.

    Capacity in first actions a month is ``staff output x usual workload / (hours a file x own share)``; search done
    outside lowers the own share. Files are decided on ``x = nu + lambda h_ref/h + s sqrt(h_ref/h) z + leniency``.
    An owner who has learnt that the invention is worth little (``later`` below the office's threshold) gives up instead
    of replying to an objection. The others reply in ``1 + Geometric`` rounds. Utility models are registered after a
    formal check.
    """
    rights, offices, levers, p, month = world.rights, world.offices, world.levers, world.p, world.month
    calendar, dockets, key = world.calendar, world.offices.dockets, world.draw.key
    models = calendar.pop("office.register", month)
    due = calendar.pop("office.accelerated_due", month)
    back = calendar.pop("office.reply", month)
    fallen = calendar.pop("office.give_up", month)
    dockets.reserve(len(due) + len(back))
    offices.room(rights.n)
    replies, files = _serve(
        due, back, world.scale, levers["office.hours_per_file"], own_share(world), levers["office.target_months"],
        np.array([p[name] for name in SERVICE]), dockets.slots, dockets.head, dockets.tail,
        offices.accelerated_waiting, rights.office, rights.owner, rights.outcome, world.orgs.alive, rights.stage,
        offices.opened, offices.learnt, offices.output, offices.workload, offices.requests, offices.wait, offices.carry,
        offices.capacity, offices.hours, offices.arrived_work, offices.backlog, offices.backlog_amended,
        offices.backlog_accelerated,
    )  # fmt: skip
    decided, outcome, answered, when, given_up, until = _judge(
        replies, files, models, fallen, month, world.scale, np.array([p[name] for name in JUDGMENT]),
        np.array([key(name, ALWAYS) for name in LUCK]), levers["office.flattery"], levers["office.step"],
        levers["office.reply_months"], offices.leniency, offices.hours, offices.abandon_below, offices.from_request,
        world.orgs.alive, world.inventions.later, world.inventions.uid, world.inventions.jurisdiction,
        levers["office.work_sharing"], rights.uid, rights.office, rights.owner, rights.outcome, rights.invention,
        rights.field, world.law.uncertainty / p["law.floor"], rights.novelty, rights.sector, rights.requested,
        rights.filed, rights.accelerated,
        rights.examiner, rights.leniency, rights.hours, rights.first_action, rights.stage, offices.rounds,
        world.tally.values, _FIRST_ACTIONS,
    )  # fmt: skip
    calendar.put("office.reply", when, answered)
    calendar.put("office.give_up", until, given_up)
    decide(world, decided, outcome)


def own_share(world: World) -> np.ndarray:
    """Return own hours on a file relative to the place's baseline, float64 (P,).

    (1 - q o)(1 - q w f) over the same at the baseline: q is the part of the hours that search takes, o the share of
    searches done outside, w the share of second filings whose search is taken over from the first office, f the share of
    second filings in the files decided last year.
    """
    q, places, levers = world.p["office.search_hours_share"], world.P, world.levers
    second = world.offices.second_share
    out: np.ndarray = np.ones(places)
    for name, files in (("office.search_outsourced", 1.0), ("office.work_sharing", second)):
        out *= (1.0 - q * levers[name][:places] * files) / (1.0 - q * levers.base(name)[:places] * files)
    return out


@nb.njit(f8(f8, f8), cache=True)
def pressure(wait: float, target: float) -> float:
    """Return ``1 + 0.5 clip((W - W_target) / W_target, -0.5, 0.5)``: how much more an office works or hires."""
    return 1.0 + 0.5 * min(0.5, max(-0.5, (wait - target) / target))


@nb.njit(f8(i8, f8, f8, f8, f8, f8, u8), cache=True)
def seen(
    uid: int, novelty: float, leniency: float, hours: float, flattery: float, noise: float, key: np.uint64
) -> float:
    """Return the inventive step x that the examiner sees in a file, sd.

    Prior art that is not found always flatters (lambda), and less is found in fewer hours h (share of the usual ones).
    Both lambda and the noise are larger where the law is unsettled and little prior art is on file.
    """
    short = 1.0 / hours
    return novelty + flattery * short + noise * np.sqrt(short) * inverse_normal(u01(np.uint64(uid), key)) + leniency


@nb.njit(i8(i8, i8, nb.boolean, f8, u8), cache=True)
def search_of(uid: int, family: int, second: bool, shared: float, key: np.uint64) -> int:
    """Return the identity whose search decides a file: the family's at the first office, and with chance ``shared`` at
    a second office that reuses that search, errors included; else the file's own."""
    if not second or u01(np.uint64(uid), key) < shared:
        return family
    return uid


@nb.njit(
    nb.types.UniTuple(I8, 2)(
        I8, I8, f8, F8, F8, F8, F8, III8, II8, II8, F8, I1, I4, I1, B, I1,
        B, B, F8, F8, F8, F8, F8, F8, F8, F8, F8, F8, F8,
    ),
    cache=True,
)  # fmt: skip
def _serve(
    due: np.ndarray, back: np.ndarray, scale: float, usual: np.ndarray, own: np.ndarray, wanted: np.ndarray,
    constants: np.ndarray, queue: np.ndarray, head: np.ndarray, tail: np.ndarray, accelerated_waiting: np.ndarray,
    office: np.ndarray, owner: np.ndarray, outcome: np.ndarray, alive: np.ndarray, stage: np.ndarray,
    opened: np.ndarray, learnt: np.ndarray, output: np.ndarray, workload: np.ndarray, requests: np.ndarray,
    wait: np.ndarray, carry: np.ndarray, capacity: np.ndarray, hours: np.ndarray, arrived_work: np.ndarray,
    backlog: np.ndarray, backlog_amended: np.ndarray, backlog_fast: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Bring files that are due to the dockets; return (amended files, files for a first action) taken up by all offices.

    An office that has not opened takes nothing; one that still learns its workload works at the pace of its requests,
    bent toward its target wait. Where the docket runs short, spare hours go into the files at hand.
    """
    amended_hours, docket_months, spare = constants[0], constants[1], constants[2]
    offices = len(opened)
    # What comes back and what is due.
    replied = np.zeros(offices)
    for i in back:
        stage[i] = STAGE_AMENDED
        replied[office[i]] += 1.0
        push(queue, tail, AMENDED, office[i], i)
    for i in due:
        accelerated_waiting[office[i]] -= 1.0
        push(queue, tail, FAST, office[i], i)
    waiting = tail - head
    replies = np.empty(waiting[AMENDED].sum(), np.int64)
    files = np.empty(waiting[FAST].sum() + waiting[ORDINARY].sum(), np.int64)
    n = m = 0
    for j in range(offices):
        arrived_work[j] += scale * amended_hours * replied[j]
        cost, target = usual[j] * own[j], wanted[j]
        ready = opened[j]
        if not ready:
            stock = scale * (waiting[ORDINARY, j] + waiting[FAST, j])
            ready = requests[j] > 0.0 and stock >= target * requests[j]
            opened[j] = ready
            hours[j] = usual[j]
        if ready:
            reply_cost = amended_hours * cost
            if learnt[j]:
                work = output[j] * workload[j] / scale
            else:
                work = waiting[AMENDED, j] * reply_cost + pressure(wait[j], target) * requests[j] / scale * cost
            capacity[j] = work * scale / cost
            budget = carry[j] + work
            n, budget = take(queue, head, tail, AMENDED, j, budget, reply_cost, 0, replies, n, alive, owner, outcome)
            before = m
            m, budget = take(queue, head, tail, FAST, j, budget, cost, 0, files, m, alive, owner, outcome)
            floor = int(docket_months * requests[j] / scale)
            m, budget = take(queue, head, tail, ORDINARY, j, budget, cost, floor, files, m, alive, owner, outcome)
            stretch = 1.0
            rest = tail[:, j] - head[:, j]
            if rest[ORDINARY] <= floor and rest[FAST] == 0 and rest[AMENDED] == 0:
                done = (m - before) * cost
                if done > 0.0 and budget > 0.0:
                    stretch = min(spare, 1.0 + budget / done)
                budget = 0.0
            carry[j] = budget
            hours[j] = usual[j] * stretch
        # What waits now, in real files, and the expected wait in months of requests.
        backlog[j] = scale * (tail[ORDINARY, j] - head[ORDINARY, j])
        backlog_amended[j] = scale * (tail[AMENDED, j] - head[AMENDED, j])
        backlog_fast[j] = scale * ((tail[FAST, j] - head[FAST, j]) + accelerated_waiting[j])
        wait[j] = backlog[j] / requests[j] if requests[j] > 0.0 else 0.0
    return replies[:n].copy(), files[:m].copy()


@nb.njit(i8(i8, i8, f8, i8, u8), cache=True)
def _reply_month(uid: int, rounds: int, mean: float, month: int, key: np.uint64) -> int:
    """Return the month of the next reply: whole months later whose mean is the lever's, at least one."""
    luck = u01(pair(np.uint64(uid), np.uint64(rounds)), key)
    return month + max(1, int(np.floor(mean + luck)))


@nb.njit(
    nb.types.UniTuple(I8, 6)(
        I8, I8, I8, I8, i8, f8, F8, U8, F8, F8, F8, FF8, F8, F8, B,
        B, F4, I8, I1, F8, I8, I1, I4, I1, I4, I1, FF8, F4, I1, I4, I4, B, I2, F4, F4, I4, I1, I1, FFF8, I8,
    ),
    cache=True,
)  # fmt: skip
def _judge(
    replies: np.ndarray, files: np.ndarray, models: np.ndarray, fallen: np.ndarray, month: int, scale: float,
    constants: np.ndarray, keys: np.ndarray, flattery: np.ndarray, step: np.ndarray, reply_months: np.ndarray,
    habit: np.ndarray, given: np.ndarray, abandon_below: np.ndarray, from_request: np.ndarray,
    alive: np.ndarray, later: np.ndarray, family: np.ndarray, origin: np.ndarray, shared: np.ndarray,
    uid: np.ndarray, office: np.ndarray, owner: np.ndarray, outcome: np.ndarray,
    invention: np.ndarray, field: np.ndarray, unsettled: np.ndarray, novelty: np.ndarray, sector: np.ndarray,
    requested: np.ndarray, filed: np.ndarray,
    accelerated: np.ndarray, examiner: np.ndarray, leniency: np.ndarray, hours: np.ndarray, first_action: np.ndarray,
    stage: np.ndarray, rounds: np.ndarray, tally: np.ndarray, at: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Examine files; count first actions and months waited in the tallies ``at`` (in the order of ``FIRST_ACTIONS``).

    Returns:
        (files decided: utility models, then what is clearly above the step, then files in their last round, then those
        given up or left by dead owners; their outcomes; files to be replied to; month of the reply; files to be given
        up; month in which), int64.
    """
    noise, margin, success, most = constants[0], constants[1], constants[2], constants[3]
    ln_fail = np.log(min(max(1.0 - success, 1e-300), 1.0 - 1e-12))
    total = len(replies) + len(files)
    settled, passes, gone = (
        np.empty(len(replies), np.int64),
        np.empty(len(replies), np.int64),
        np.empty(total, np.int64),
    )
    clear, answered, when = np.empty(len(files), np.int64), np.empty(total, np.int64), np.empty(total, np.int64)
    given_up, until = np.empty(len(files), np.int64), np.empty(len(files), np.int64)
    n_settled = n_gone = n_clear = n_answered = n_up = 0
    # Replies: the last round decides, the others lead to a further one.
    for i in replies:
        j = office[i]
        if not (alive[owner[i]] and outcome[i] == PENDING):
            gone[n_gone] = i
            n_gone += 1
            continue
        rounds[i] -= 1
        if rounds[i] <= 0:
            luck = search_of(uid[i], family[invention[i]], origin[invention[i]] != j, shared[j], keys[4])
            u = unsettled[j, field[i]]
            x = seen(luck, novelty[i], leniency[i], hours[i], flattery[j] * u, noise * u, keys[1])
            settled[n_settled], passes[n_settled] = i, GRANTED if x > step[j] else REFUSED
            n_settled += 1
        else:
            stage[i] = STAGE_AMENDING
            answered[n_answered] = i
            when[n_answered] = _reply_month(uid[i], rounds[i], reply_months[j], month, keys[3])
            n_answered += 1
    # First actions: search and judge, allow at once what is clearly above the step, object to the rest.
    for i in files:
        j, s, me = office[i], sector[i], np.uint64(uid[i])
        if not (alive[owner[i]] and outcome[i] == PENDING):
            gone[n_gone] = i
            n_gone += 1
            continue
        number = int(u01(me, keys[0]) * habit.shape[1])
        examiner[i], leniency[i], hours[i], first_action[i] = number, habit[j, number], given[j], month
        tally[at[0], j, s] += scale
        tally[at[1], j, s] += scale * (month - (requested[i] if from_request[j] else filed[i]))
        turn = 4 if accelerated[i] else 2
        tally[at[turn], j, s] += scale
        tally[at[turn + 1], j, s] += scale * (month - requested[i])
        luck = search_of(uid[i], family[invention[i]], origin[invention[i]] != j, shared[j], keys[4])
        u = unsettled[j, field[i]]
        x = seen(luck, novelty[i], leniency[i], hours[i], flattery[j] * u, noise * u, keys[1])
        if x > step[j] + margin:
            clear[n_clear] = i
            n_clear += 1
            continue
        tries = max(1.0, np.ceil(np.log1p(-u01(me, keys[2])) / ln_fail))
        rounds[i] = np.int64(min(tries, np.rint(most)))
        stage[i] = STAGE_AMENDING
        then = _reply_month(uid[i], rounds[i], reply_months[j], month, keys[3])
        if later[invention[i]] < abandon_below[j]:
            given_up[n_up], until[n_up] = i, then
            n_up += 1
        else:
            answered[n_answered], when[n_answered] = i, then
            n_answered += 1
    # All that is decided, with its outcome.
    size = len(models) + n_clear + n_settled + len(fallen) + n_gone
    decided, result = np.empty(size, np.int64), np.empty(size, np.int64)
    n = 0
    for part, count, what in (
        (models, len(models), GRANTED), (clear, n_clear, GRANTED), (settled, n_settled, PENDING),
        (fallen, len(fallen), WITHDRAWN), (gone, n_gone, WITHDRAWN),
    ):  # fmt: skip
        for k in range(count):
            decided[n] = part[k]
            result[n] = passes[k] if what == PENDING else what
            n += 1
    return (
        decided, result, answered[:n_answered].copy(), when[:n_answered].copy(), given_up[:n_up].copy(),
        until[:n_up].copy(),
    )  # fmt: skip
