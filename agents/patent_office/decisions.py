"""Final decisions are booked once, with their month, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.patent_office.figures import SIZE_WORDS
from agents.renewal import count_in_force, schedule_renewal
from ecosystem.kernel.table import NEVER

if TYPE_CHECKING:
    from ecosystem.world import World

PENDING, GRANTED, REFUSED, WITHDRAWN = range(4)
DECIDED = 4
WORDS = ("pending", "granted", "refused", "withdrawn")


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
    result: np.ndarray = np.broadcast_to(np.asarray(outcome), slots.shape)[open_]
    slots = slots[open_]
    rights.outcome[slots] = result
    rights.stage[slots] = DECIDED
    rights.decided[slots] = world.month
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
    rights, offices, tally, scale, month = world.rights, world.offices, world.tally, world.scale, world.month
    office, sector = rights.office[slots].astype(np.int64), rights.sector[slots].astype(np.int64)
    granted, merits = outcome == GRANTED, outcome != WITHDRAWN
    filed = rights.filed[slots]
    start = np.where(offices.from_request[office], rights.requested[slots], filed)
    tally.add("examined_decisions", office, scale, sector)
    tally.add("pendency_sum", office, scale * (month - start), sector)
    second = world.inventions.right[rights.invention[slots]] != slots
    tally.add("second_decisions", office[second], scale, sector[second])
    tally.add("second_pendency_sum", office[second], scale * (month - filed[second]), sector[second])
    _let_applicants_learn(world, office, granted)
    size = rights.applicant_size[slots]
    for code, word in enumerate(SIZE_WORDS[:3]):
        which = size == code
        tally.add(f"decided_{word}", office[which], scale, sector[which])
        tally.add(f"granted_{word}", office[which & granted], scale, sector[which & granted])
    step = world.levers["office.step"][office]
    above = rights.novelty[slots] > step
    false_grant, false_refusal = granted & ~above, (outcome == REFUSED) & above
    rights.granted_in_error[slots] = false_grant
    rights.refused_in_error[slots] = false_refusal
    wrong = false_grant | false_refusal
    tally.add("decisions_total", office[merits], scale, sector[merits])
    tally.add("wrong_decisions", office[wrong], scale, sector[wrong])
    tally.add("wrong_grants", office[false_grant], scale, sector[false_grant])
    tally.add("wrong_refusals", office[false_refusal], scale, sector[false_refusal])
    below_own = merits & (rights.novelty[slots] + world.levers["office.flattery"][office] <= step)
    tally.add("decided_below_own_standard", office[below_own], scale, sector[below_own])
    slip = below_own & granted
    tally.add("granted_below_own_standard", office[slip], scale, sector[slip])


def _let_applicants_learn(world: World, office: np.ndarray, granted: np.ndarray) -> None:
    """Add decisions to the experience from which applicants expect their chance of a grant at each office."""
    experience = world.experience
    experience.decisions += np.bincount(office, minlength=world.J)
    experience.grants += np.bincount(office[granted], minlength=world.J)
