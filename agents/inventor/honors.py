"""Public honors: those honored and their peers in the honored fields work with more zeal for a while.

What is usual is part of the base figures; with h the lever ``talent.honors`` and h0 its value of the base year, the log
motivation of a field's researchers moves toward b (h - h0) over ``honors.years`` (and back when honors stop). Honored
fields are those with most researchers of the place when the world opens, the same in all scenarios.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.inventor.population import working
from ecosystem.domain.indicators import flow
from ecosystem.kernel.memory import recalled, remembered
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("inventions_in_honored_fields", "inventions", "inventions in the fields where honors are given", 1)
flow("honors_given", "honors", "public honors for researchers", 0)
_CEREMONY = 9
"""October, a month in which the market for researchers is open."""


class HonorBook:
    """Honored fields bool (J, F) and the lift of log motivation that honors beyond the usual have given, (J, F)."""

    def __init__(self, world: World) -> None:
        inv, number = world.inventors, int(world.p["honors.fields"])
        people = np.zeros((world.J, world.F))
        np.add.at(people, (inv.jurisdiction[inv.active], inv.field[inv.active]), 1.0)
        order = np.argsort(-people, axis=1, kind="stable")
        self.fields = np.zeros((world.J, world.F), np.bool_)
        np.put_along_axis(self.fields, order[:, :number], True, axis=1)
        self.lift = np.zeros((world.J, world.F))
        self.tilt = np.ones((world.J, world.S))


def book(world: World) -> HonorBook:
    """Return the book of honors, opened at first use."""
    return remembered(world, "honor_book", lambda: HonorBook(world))


@rule("talent", "honors.confer", after="talent.motivate")
def confer(world: World) -> None:
    """Once a year: move the lift of honored fields, raise the motivation of who is honored beyond the usual."""
    if world.month_of_year != _CEREMONY:
        return
    known, inv, p = book(world), world.inventors, world.p
    h = world.levers["talent.honors"]
    people_of = world.talent.count * world.scale / 1000.0
    world.tally["honors_given"][:, -1] += h * people_of
    more = h - world.base_levers["talent.honors"]
    if not more.any() and not known.lift.any():
        return
    before = known.lift.copy()
    target = p["honors.peers"] * more[:, None] * known.fields
    known.lift += -np.expm1(-1.0 / p["honors.years"]) * (target - known.lift)
    people = working(world)
    people = people[inv.active[people] & (inv.employer[people] >= 0)]
    place, field = inv.jurisdiction[people], inv.field[people]
    # the honored are drawn from the honored fields in proportion to what they invented
    work = (1.0 + inv.inventions[people]) * known.fields[place, field]
    total = np.bincount(place, work, world.J)
    honored = (more * people_of)[place] * work / np.maximum(total, 1e-12)[place]
    gain = 1.0 + p["honors.recipient"] * np.clip(honored / world.scale, -1.0, 1.0)
    inv.motivation[people] *= np.exp((known.lift - before)[place, field]) * gain
    mean = np.bincount(place, known.lift[place, field], world.J) / np.maximum(np.bincount(place, minlength=world.J), 1)
    known.tilt = np.exp(known.lift @ world.sector_fields.T - mean[:, None])


def inspiration(world: World, place: np.ndarray, field: np.ndarray) -> np.ndarray | float:
    """Return the factor on the motivation of newcomers to a field, float64 (n,), or 1."""
    known: HonorBook | None = recalled(world, "honor_book")
    return 1.0 if known is None or not known.lift.any() else np.exp(known.lift[place, field])


def tilt(world: World) -> np.ndarray | float:
    """Return how much stronger than on average motivation is in the fields of a sector, float64 (J, S), or 1."""
    known: HonorBook | None = recalled(world, "honor_book")
    return 1.0 if known is None or not known.lift.any() else known.tilt


@rule("record", "honors.count", before="record.month")
def count(world: World) -> None:
    """Count the month's inventions in honored fields."""
    new, inv = world.new_inventions, world.inventions
    here = new[book(world).fields[inv.jurisdiction[new], inv.field[new]]]
    world.tally.add("inventions_in_honored_fields", inv.jurisdiction[here], float(world.scale), inv.sector[here])
