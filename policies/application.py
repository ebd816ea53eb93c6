"""Measures at work: each month they pull levers, once a year their cost is booked.

A lever's base holds the real figure with everything in force, so only the change of strength against the one in force
pulls: a measure at the strength it already has changes nothing, bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ecosystem.domain.indicators import TALLIES
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.schedule import rule
from policies.measures import Measure, known_measures, level
from policies.mechanisms import known_mechanisms
from policies.places import FACTS

if TYPE_CHECKING:
    from ecosystem.world import World


class Measures:
    """All measures in one world, in the order of their ids.

    Attributes:
        number: row of each measure by id.
        strength: strength now, float64 (measures, jurisdictions).
        base: strength in force in the base year, same shape.
        afforded: part of the scenario's changes that a fixed budget allows, float64 (jurisdictions,).
        state: what mechanisms remember, by (measure, place).
        outlays: what each measure cost: (year, place code, measure, million USD2020).
    """

    def __init__(self, world: World) -> None:
        self.known: list[Measure] = [m for _, m in sorted(known_measures().items())]
        self.number = {m.id: i for i, m in enumerate(self.known)}
        self.codes = list(world.places[: world.P])
        self.territories = np.bincount(world.territories.place, minlength=world.J)
        self.base = np.array([[m.strength_in_force(code) for code in self.codes] for m in self.known]).reshape(
            -1, world.P
        )
        self.strength = self.base.copy()
        self.afforded = np.ones(world.P)
        self.uses: dict[tuple[int, int], list[Any]] = {}
        self.budgets: dict[int, float] = {}
        self.state: dict[tuple[str, int], Any] = {}
        self.outlays: list[tuple[int, str, str, float]] = []
        self.costly = [(i, m) for i, m in enumerate(self.known) if m.costs]
        _check_quantities(self.known)

    def take(self, world: World) -> None:
        """Take the uses and budgets of the world's scenario (at the start of the horizon)."""
        self.uses = {}
        for use in world.setup.measures:
            i = self.number[use.id]
            for code in use.on:
                place = self.codes.index(code)
                if not self.known[i].applies_to(int(self.territories[place])):
                    raise InputError(f"{use.id} needs {self.known[i].needs}; {code} has one", where=f"measure {use.id}",
                                     do="Put it on a place with several territories")  # fmt: skip
                self.uses.setdefault((i, place), []).append(use)
        self.budgets = {self.codes.index(code): amount for code, amount in world.setup.budgets.items()}

    def act(self, world: World) -> None:
        """Set this month's strengths and pull the levers."""
        for (i, place), uses in self.uses.items():
            measure = self.known[i]
            base = self.base[i, place]
            change = level(measure, self.codes[place], uses, world.month, world.setup.start_year) - base
            if change > 0.0 and measure.costs:
                change *= self.afforded[place]
            self.strength[i, place] = base + change
            if change != 0.0:
                self._pull(world, measure, place, change)

    def _pull(self, world: World, measure: Measure, place: int, change: float) -> None:
        by, code = f"{measure.id}@{self.codes[place]}", self.codes[place]
        for move in measure.moves:
            pull = world.levers.add if move.how == "add" else world.levers.scale
            pull(move.lever, move.pull(change), by=by, on=code)
        if measure.mechanism:
            known_mechanisms()[measure.mechanism](world, place, change, measure.values)

    def pay(self, world: World) -> None:
        """Pay each measure's own cost of the past twelve months: price x quantity x strength."""
        for i, measure in self.costly:
            for cost in measure.costs:
                if not cost.per or not self.strength[i].any():
                    continue
                amount = cost.price * _quantity(world, cost.per) * self.strength[i]
                places = np.flatnonzero(amount > 0.0)
                world.accounts.pay(cost.kind, cost.payer, places, cost.payee, places, amount[places], place=places,
                                   measure=measure.id)  # fmt: skip
                self._note(world, i, cost.payer, amount)

    def attribute(self, world: World) -> None:
        """Give each measure its part of the year's payments that rules made by a lever it moves.

        Part = a s / v for a lever with value v to which full strength adds a, or 1 - f^-s where it multiplies by f.
        """
        for i, measure in self.costly:
            for cost in measure.costs:
                if not cost.follows or not self.strength[i].any():
                    continue
                move = next(m for m in measure.moves if m.lever == cost.lever)
                strength = self.strength[i]
                value = np.maximum(world.levers[cost.lever][: world.P], 1e-300)
                part = move.amount * strength / value if move.how == "add" else 1.0 - move.amount**-strength
                amount = world.accounts.attribute(cost.follows, measure.id, np.append(np.clip(part, 0.0, 1.0), 0.0))
                self._note(world, i, cost.payer, amount[: world.P])

    def _note(self, world: World, i: int, payer: str, amount: np.ndarray) -> None:
        if payer != "government":
            return
        for place in np.flatnonzero(amount > 0.0):
            self.outlays.append((world.year, self.codes[place], self.known[i].id, float(amount[place])))

    def ration(self, world: World) -> None:
        """Cut back all changes alike where last year's extra outlay was above the fixed budget of the place."""
        for place, budget in self.budgets.items():
            spent = 0.0
            for year, code, name, amount in reversed(self.outlays):
                if year < world.year - 1:
                    break
                i = self.number[name]
                if code == self.codes[place] and self.strength[i, place] > self.base[i, place]:
                    spent += amount * (1.0 - self.base[i, place] / self.strength[i, place])
            if spent > 0.0:
                self.afforded[place] = min(1.0, self.afforded[place] * budget / spent)


def _check_quantities(known: list[Measure]) -> None:
    for measure in known:
        for cost in measure.costs:
            if cost.per and cost.per not in TALLIES and cost.per not in FACTS:
                raise InputError(f"Nothing counts {cost.per!r}, by which a cost is reckoned", where=str(measure.path),
                                 allowed="a counted flow or a fact of places")  # fmt: skip
            if cost.follows and cost.lever not in {m.lever for m in measure.moves}:
                raise InputError(f"A cost follows the lever {cost.lever!r}, which the measure does not move",
                                 where=str(measure.path))  # fmt: skip


def _quantity(world: World, per: str) -> np.ndarray:
    """Return a fact of places, or what was counted in the past twelve months, float64 (jurisdictions,)."""
    if per in FACTS:
        return world.fact(per)[: world.P]
    rows = list(range(max(0, len(world.records.months) - 12), len(world.records.months)))
    return world.records.counts(per, rows).sum(axis=(0, 2))[: world.P]


@rule("measures", "levers.settle")
def settle_levers(world: World) -> None:
    """Levers restart from their base and take this month's pulls."""
    world.levers.restart()
    if world.month >= 0:
        if world.month_of_year == 0 and world.measures.budgets:
            world.measures.ration(world)
        world.measures.act(world)
    world.levers.settle()


@rule("funding", "measures.pay", before="government.settle")
def pay_costs(world: World) -> None:
    """In December every measure's own cost of the year is paid."""
    if world.month_of_year == 11 and world.measures.costly:
        world.measures.pay(world)


@rule("record", "measures.attribute", before="record.month")
def attribute_costs(world: World) -> None:
    """In December payments that rules made on behalf of measures are booked to them."""
    if world.month_of_year == 11 and world.measures.costly:
        world.measures.attribute(world)
