"""Final decisions are booked once, with their month, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.patent_office.figures import SIZE_WORDS
from agents.renewal import UTILITY_MODEL, enter_renewals, next_date, recount
from agents.renewal_fees import TERM_LEVERS
from agents.validation import validate
from ecosystem.domain.indicators import TALLIES
from ecosystem.kernel.table import NEVER

if TYPE_CHECKING:
    from ecosystem.world import World

PENDING, GRANTED, REFUSED, WITHDRAWN = range(4)
DECIDED = 4
WORDS = ("pending", "granted", "refused", "withdrawn")
SIZES_COUNTED = 3
COUNTED = (
    "examined_decisions", "pendency_sum", "second_decisions", "second_pendency_sum",
    *(f"{what}_{word}" for word in SIZE_WORDS[:SIZES_COUNTED] for what in ("decided", "granted")),
    "wrong_decisions", "wrong_grants", "wrong_refusals", "decisions_total", "decided_below_own_standard",
    "granted_below_own_standard", "patents_granted", "patents_refused", "patents_withdrawn", "utility_models_granted",
)  # fmt: skip
"""What decisions are counted as, one tally each."""
_COUNTED = np.array([TALLIES[name] for name in COUNTED])
_OUTCOMES, _MODELS = COUNTED.index("patents_granted") - GRANTED, COUNTED.index("utility_models_granted")

i8, f8 = nb.int64, nb.float64
B, I1, I4, I8 = nb.boolean[::1], nb.int8[::1], nb.int32[::1], nb.int64[::1]
F4, F8, FFF8 = nb.float32[::1], nb.float64[::1], nb.float64[:, :, ::1]


def decide(world: World, slots: np.ndarray, outcome: int | np.ndarray) -> None:
    """Write the final decision of pending applications and count it; granted ones come into force.

    Args:
        slots: rights, int64 (n,); patents decided already are left alone, utility models are registered as they are.
        outcome: GRANTED, REFUSED or WITHDRAWN, int or int64 (n,).
    """
    if not len(slots):
        return
    rights, offices, levers, experience = world.rights, world.offices, world.levers, world.experience
    result = outcome if isinstance(outcome, np.ndarray) else np.full(len(slots), outcome, np.int64)
    granted, decided = _decide(
        world.tally.values, _COUNTED, float(world.scale), world.month, slots, result,
        rights.kind, rights.office, rights.sector, rights.filed, rights.requested, rights.first_action, rights.invention,
        world.inventions.right, rights.applicant_size, rights.novelty, offices.from_request, levers["office.step"],
        levers["office.flattery"], world.p["office.utility_model_step"],
        rights.outcome, rights.stage, rights.decided, rights.granted_in_error, rights.refused_in_error,
        offices.granted, offices.refused, offices.withdrawn, offices.pending, offices.pending_utility_models,
        experience.decisions, experience.grants,
    )  # fmt: skip
    note_decided(world, decided)
    come_into_force(world, granted)


def note_decided(world: World, slots: np.ndarray) -> None:
    """Keep the list of this month's decisions."""
    offices = world.offices
    if offices.decided[0] != world.month:
        offices.decided = (world.month, [])
    offices.decided[1].append(slots)


def decided_now(world: World) -> np.ndarray:
    """Return the rights decided or registered this month so far, ascending, int64."""
    month, parts = world.offices.decided
    if month != world.month or not parts:
        return np.zeros(0, np.int64)
    return np.sort(np.concatenate(parts))


def come_into_force(world: World, slots: np.ndarray) -> None:
    """Put granted rights into force, publish them if still secret, and enter their renewals."""
    if not len(slots):
        return
    rights, offices, levers = world.rights, world.offices, world.levers
    offices.room(rights.n)
    slots = validate(world, slots)
    when = _enforce(
        slots, world.month, world.scale, rights.kind, rights.office, rights.filed, rights.invention,
        levers[TERM_LEVERS[0]], levers[TERM_LEVERS[1]], rights.in_force, rights.published, world.inventions.published,
        offices.counted, offices.patents_in_force, offices.utility_models_in_force,
    )  # fmt: skip
    enter_renewals(world, slots, when)


def publish(world: World, slots: np.ndarray) -> None:
    """Make applications public, and with them the content of their inventions, unless they fell or are public."""
    if len(slots):
        rights = world.rights
        _publish(slots, world.month, rights.outcome, rights.invention, rights.published, world.inventions.published)


@nb.njit(nb.void(i8, i8, I4, I4, I4), cache=True, inline="always")
def _disclose(i: int, month: int, invention: np.ndarray, published: np.ndarray, known: np.ndarray) -> None:
    if published[i] == NEVER:
        published[i] = month
        known[invention[i]] = min(known[invention[i]], month)


@nb.njit(nb.void(I8, i8, I1, I4, I4, I4), cache=True)
def _publish(
    slots: np.ndarray, month: int, outcome: np.ndarray, invention: np.ndarray, published: np.ndarray, known: np.ndarray
) -> None:
    for i in slots:
        if outcome[i] != WITHDRAWN:
            _disclose(i, month, invention, published, known)


@nb.njit(I8(I8, i8, f8, I1, I1, I4, I4, F8, F8, B, I4, I4, B, F8, F8), cache=True)
def _enforce(
    slots: np.ndarray, month: int, scale: float, kind: np.ndarray, office: np.ndarray, filed: np.ndarray,
    invention: np.ndarray, years: np.ndarray, model_years: np.ndarray, in_force: np.ndarray, published: np.ndarray,
    known: np.ndarray, counted: np.ndarray, patents: np.ndarray, models: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Put rights into force; return the month of the next renewal of each, int64 (n,)."""
    when = np.empty(len(slots), np.int64)
    for k in range(len(slots)):
        i = slots[k]
        in_force[i] = True
        recount(i, True, scale, kind, office, counted, patents, models)
        _disclose(i, month, invention, published, known)
        when[k] = next_date(i, month, kind, office, filed, years, model_years)
    return when


@nb.njit(
    nb.types.UniTuple(I8, 2)(
        FFF8, I8, f8, i8, I8, I8,
        I1, I1, I1, I4, I4, I4, I4, I4, I1, F4, B, F8, F8, f8,
        I1, I1, I4, B, B, F8, F8, F8, F8, F8, F8, F8,
    ),
    cache=True,
)  # fmt: skip
def _decide(
    tally: np.ndarray, at: np.ndarray, scale: float, month: int, slots: np.ndarray, result: np.ndarray,
    kind: np.ndarray, office: np.ndarray, sector: np.ndarray, filed: np.ndarray, requested: np.ndarray,
    first_action: np.ndarray, invention: np.ndarray, first_right: np.ndarray, size: np.ndarray, novelty: np.ndarray,
    from_request: np.ndarray, step: np.ndarray, flattery: np.ndarray, model_step: float,
    outcome: np.ndarray, stage: np.ndarray, decided: np.ndarray, granted_in_error: np.ndarray,
    refused_in_error: np.ndarray, granted_now: np.ndarray, refused_now: np.ndarray, withdrawn_now: np.ndarray,
    pending: np.ndarray, pending_models: np.ndarray, decisions: np.ndarray, grants: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Write decisions, count them in the tallies ``at`` (in the order of ``COUNTED``) and mark errors.

    Whether a utility model deserves registration (nu above its step) shows on challenge only.

    Returns:
        (rights granted or registered, rights decided now), int64.
    """
    granted, now = np.empty(len(slots), np.int64), np.empty(len(slots), np.int64)
    n = m = 0
    for k in range(len(slots)):
        i = slots[k]
        j, s, what = office[i], sector[i], result[k]
        model = kind[i] == UTILITY_MODEL
        if not model and outcome[i] != PENDING:
            continue
        outcome[i], stage[i], decided[i] = what, DECIDED, month
        now[m] = i
        m += 1
        if what == GRANTED:
            granted[n] = i
            n += 1
        if model:
            granted_in_error[i] = novelty[i] <= model_step
            pending_models[j] -= scale
            tally[at[_MODELS], j, s] += scale
            continue
        pending[j] -= scale
        tally[at[_OUTCOMES + what], j, s] += scale
        if what == GRANTED:
            granted_now[j] += scale
        elif what == REFUSED:
            refused_now[j] += scale
        else:
            withdrawn_now[j] += scale
        # The rest counts what was examined.
        if first_action[i] >= NEVER:
            continue
        decisions[j] += 1.0
        if what == GRANTED:
            grants[j] += 1.0
        tally[at[0], j, s] += scale
        tally[at[1], j, s] += scale * (month - (requested[i] if from_request[j] else filed[i]))
        if first_right[invention[i]] != i:
            tally[at[2], j, s] += scale
            tally[at[3], j, s] += scale * (month - filed[i])
        if size[i] < SIZES_COUNTED:
            tally[at[4 + 2 * size[i]], j, s] += scale
            if what == GRANTED:
                tally[at[5 + 2 * size[i]], j, s] += scale
        # Errors against the truth.
        above = novelty[i] > step[j]
        false_grant, false_refusal = what == GRANTED and not above, what == REFUSED and above
        granted_in_error[i], refused_in_error[i] = false_grant, false_refusal
        if false_grant or false_refusal:
            tally[at[10], j, s] += scale
            tally[at[11 if false_grant else 12], j, s] += scale
        if what != WITHDRAWN:
            tally[at[13], j, s] += scale
            if novelty[i] + flattery[j] <= step[j]:
                tally[at[14], j, s] += scale
                if what == GRANTED:
                    tally[at[15], j, s] += scale
    return granted[:n].copy(), now[:m].copy()
