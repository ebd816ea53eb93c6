"""Mission programs: public money for generic technology in chosen fields, spent by firms' consortia and shared laboratories.

A place's money g x GDP is split: laboratories (universities and institutes) get ``mission.lab_share`` for research whose
results all may use; the rest goes to firms whose core field is chosen, in proportion to R&D and up to ``mission.ask`` of
it. The money buys researchers, who are scarce: what the chosen fields gain others lose by wages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow
from ecosystem.domain.science import slug
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("inventions_in_chosen_fields", "inventions", "inventions in the fields that mission programs choose", 1)
flow("mission_money", "M USD2020", "public money of mission programs")

_QUARTER, _CALL = 3, 1
"""Grants of firms are renewed in the second month of a quarter; money of missions comes on top of them."""


def chosen_fields(world: World) -> np.ndarray:
    """Return how a program's laboratories spread their money over the fields, float64 (F,), sum 1; 0 for others."""
    names = [f"mission.field.{slug(name)}" for name in world.fields.names]
    known = set(world.p)
    weights = np.array([world.p[name] if name in known else 0.0 for name in names])
    return weights / max(weights.sum(), 1e-12)


def share_out(size: np.ndarray, place: np.ndarray, purse: np.ndarray, most: float) -> np.ndarray:
    """Return money by firm: in proportion to ``size`` in each place, at most ``most`` x size, float64 (n,).

    >>> share_out(np.array([1.0, 3.0, 4.0]), np.array([0, 0, 1]), np.array([2.0, 9.0]), 0.5).tolist()
    [0.5, 1.5, 2.0]
    """
    total = np.bincount(place, size, len(purse))
    rate = np.divide(purse, total, out=np.zeros(len(purse)), where=total > 0)
    out: np.ndarray = size * np.minimum(rate, most)[place]
    return out


@rule("funding", "government.mission", after="government.grant", before="firm.spend")
def pay_missions(world: World) -> None:
    """Pay laboratories each month and consortia of firms once a quarter, when their other grants are set."""
    lever = world.levers["government.mission"]
    if not lever.any():
        world.science.program = None
        return
    orgs, p, pay = world.orgs, world.p, world.accounts.pay
    yearly = lever * world.fact("gdp")
    fields = chosen_fields(world)
    labs = orgs.living(UNIVERSITY, INSTITUTE)
    place = orgs.jurisdiction[labs].astype(np.int64)
    size = orgs.rd_reference[labs] * orgs.weight[labs]
    money = share_out(size, place, p["mission.lab_share"] * yearly, 1.0)
    orgs.rd_public[labs] += money / orgs.weight[labs]
    pay("mission_research", "government", place, "organizations", labs, money / 12.0, place=place)
    world.tally.add("mission_money", place, money / 12.0)
    found = np.bincount(place, money, world.J) / 12.0 / world.wage ** p["talent.wage_share"]
    world.science.program = p["mission.shared"] * found[:, None] * fields
    if world.month % _QUARTER != _CALL:
        return
    firms = orgs.living(FIRM)
    firms = firms[(fields[orgs.field[firms]] > 0.0) & (orgs.rd[firms] > 0.0)]
    place = orgs.jurisdiction[firms].astype(np.int64)
    size = orgs.rd[firms] * orgs.weight[firms]
    money = share_out(size, place, (1.0 - p["mission.lab_share"]) * yearly, p["mission.ask"])
    orgs.rd_public[firms] += money / orgs.weight[firms]
    paid = money * _QUARTER / 12.0
    pay("mission_grant", "government", place, "organizations", firms, paid, place=place)
    world.tally.add("mission_money", place, paid, orgs.sector[firms])


@rule("invention", "mission.count", after="invention.arrive")
def count(world: World) -> None:
    """Count the month's inventions in the chosen fields, whether there is a program or not."""
    new, inv = world.new_inventions, world.inventions
    mine = new[chosen_fields(world)[inv.field[new]] > 0.0]
    if len(mine):
        world.tally.add("inventions_in_chosen_fields", inv.jurisdiction[mine], world.scale, inv.sector[mine])
