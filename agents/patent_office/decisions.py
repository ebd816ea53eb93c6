"""Final decisions are booked once, with their month, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.patent_office.figures import SIZE_WORDS
from agents.renewal import count_in_force, schedule_renewal
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
    "granted_below_own_standard",
)  # fmt: skip
"""What examined decisions are counted as, one tally each."""
_COUNTED = np.array([TALLIES[name] for name in COUNTED])


def decide(world: World, slots: np.ndarray, outcome: int | np.ndarray) -> None:
    """Write the final decision of pending patent applications and count it; granted ones come into force.

    Args:
        slots: rights, int64 (n,); those decided already are left alone.
        outcome: GRANTED, REFUSED or WITHDRAWN, int or (n,).
    """
    if not len(slots):
        return
    rights, offices, tally, scale = world.rights, world.offices, world.tally, world.scale
    open_ = rights.outcome[slots] == PENDING
    result: np.ndarray = np.broadcast_to(np.asarray(outcome, dtype=np.int64), slots.shape)[open_]
    slots = slots[open_]
    rights.outcome[slots] = result
    rights.stage[slots] = DECIDED
    note_decided(world, slots)
    office, sector = rights.office[slots].astype(np.int64), rights.sector[slots].astype(np.int64)
    offices.pending[:] -= scale * np.bincount(office, minlength=offices.n)[: offices.n]
    for code in (GRANTED, REFUSED, WITHDRAWN):
        which = result == code
        if which.any():
            tally.add(f"patents_{WORDS[code]}", office[which], scale, sector[which])
            column = getattr(offices, WORDS[code])
            column += scale * np.bincount(office[which], minlength=offices.n)[: offices.n]
    examined = rights.first_action[slots] < NEVER
    _count_examined(world, slots[examined], result[examined])
    come_into_force(world, slots[result == GRANTED])


def note_decided(world: World, slots: np.ndarray) -> None:
    """Date decisions and keep the list of this month's."""
    offices = world.offices
    world.rights.decided[slots] = world.month
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
    rights = world.rights
    rights.in_force[slots] = True
    count_in_force(world, slots, +1)
    publish(world, slots)
    schedule_renewal(world, slots)


def publish(world: World, slots: np.ndarray) -> None:
    """Make applications public, and with them the content of their inventions, unless that happened before."""
    rights, inventions = world.rights, world.inventions
    slots = slots[rights.published[slots] == NEVER]
    if not len(slots):
        return
    rights.published[slots] = world.month
    np.minimum.at(inventions.published, rights.invention[slots], world.month)


def _count_examined(world: World, slots: np.ndarray, outcome: np.ndarray) -> None:
    """Count decisions after a first action: pendency, sizes, and errors against the truth."""
    if not len(slots):
        return
    rights, offices, levers = world.rights, world.offices, world.levers
    _count(
        world.tally.values, _COUNTED, float(world.scale), world.month, slots, outcome, rights.office, rights.sector,
        rights.filed, rights.requested, offices.from_request, rights.invention, world.inventions.right,
        rights.applicant_size, rights.novelty, levers["office.step"], levers["office.flattery"],
        rights.granted_in_error, rights.refused_in_error,
    )  # fmt: skip
    _let_applicants_learn(world, rights.office[slots].astype(np.int64), outcome == GRANTED)


i8, i4, i1, f8, f4, b1 = nb.int64, nb.int32, nb.int8, nb.float64, nb.float32, nb.boolean


@nb.njit(
    nb.void(
        f8[:, :, ::1], i8[::1], f8, i8, i8[::1], i8[::1], i1[::1], i1[::1], i4[::1], i4[::1], b1[::1], i4[::1],
        i4[::1], i1[::1], f4[::1], f8[::1], f8[::1], b1[::1], b1[::1],
    ),
    cache=True,
)  # fmt: skip
def _count(
    tally: np.ndarray, at: np.ndarray, scale: float, month: int, slots: np.ndarray, outcome: np.ndarray,
    office: np.ndarray, sector: np.ndarray, filed: np.ndarray, requested: np.ndarray, from_request: np.ndarray,
    invention: np.ndarray, first_right: np.ndarray, size: np.ndarray, novelty: np.ndarray, step: np.ndarray,
    flattery: np.ndarray, granted_in_error: np.ndarray, refused_in_error: np.ndarray,
) -> None:  # fmt: skip
    """Count examined decisions in the tallies ``at`` (in the order of ``COUNTED``) and mark errors."""
    for k in range(len(slots)):
        i = slots[k]
        j, s, result = office[i], sector[i], outcome[k]
        granted = result == GRANTED
        tally[at[0], j, s] += scale
        tally[at[1], j, s] += scale * (month - (requested[i] if from_request[j] else filed[i]))
        if first_right[invention[i]] != i:
            tally[at[2], j, s] += scale
            tally[at[3], j, s] += scale * (month - filed[i])
        if size[i] < SIZES_COUNTED:
            tally[at[4 + 2 * size[i]], j, s] += scale
            if granted:
                tally[at[5 + 2 * size[i]], j, s] += scale
        above = novelty[i] > step[j]
        false_grant, false_refusal = granted and not above, result == REFUSED and above
        granted_in_error[i], refused_in_error[i] = false_grant, false_refusal
        if false_grant or false_refusal:
            tally[at[10], j, s] += scale
            tally[at[11 if false_grant else 12], j, s] += scale
        if result != WITHDRAWN:
            tally[at[13], j, s] += scale
            if novelty[i] + flattery[j] <= step[j]:
                tally[at[14], j, s] += scale
                if granted:
                    tally[at[15], j, s] += scale


def _let_applicants_learn(world: World, office: np.ndarray, granted: np.ndarray) -> None:
    """Add decisions to the experience from which applicants expect their chance of a grant at each office."""
    experience = world.experience
    experience.decisions += np.bincount(office, minlength=world.J)
    experience.grants += np.bincount(office[granted], minlength=world.J)
