"""Welfare: what buyers, firms and researchers gain, less what the public pays.

Welfare of a place in a month = consumer surplus + profits after R&D + wages above the outside wage - c x public outlay.
Transfers between private parties cancel. ``c`` is the cost of public funds (a unit of tax costs more than a unit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.indicators import flow
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow(
    "welfare",
    "M USD2020",
    "consumer surplus, profits after R&D and wage gains less the social cost of public outlays",
    1,
)
flow("profits_after_rd", "M USD2020", "profits of firms less their own R&D spending, dispute cost left out", 1)
flow("wage_gains", "M USD2020", "wages of researchers above the wage they could earn outside", 1)
flow("public_outlay", "M USD2020", "net payments of the government for research, support, purchases and offices", -1)

_NOT_OUTLAY = ("public_transfer",)
"""Kinds of payment that give tax back to households: no outlay."""


@rule("record", "record.welfare", before="record.month")
def account(world: World) -> None:
    """Add up the month's welfare from its parts."""
    tally = world.tally
    surplus = tally["consumer_surplus"].sum(axis=1)
    profits = tally["profits"].sum(axis=1) - tally["business_rd"].sum(axis=1)
    people = world.talent.count * world.scale
    wages = (world.wage - 1.0) * world.researcher_cost / 12.0 * people
    outlay = _outlay(world)
    social = world.p["welfare.cost_of_public_funds"] * outlay
    for name, value in (
        ("profits_after_rd", profits), ("wage_gains", wages), ("public_outlay", outlay),
        ("welfare", surplus + profits + wages - social),
    ):  # fmt: skip
        tally[name][:, -1] += value


def _outlay(world: World) -> np.ndarray:
    """Return what the governments paid this month beyond refunds, M USD2020, float64 (J,)."""
    paid = np.zeros(world.J)
    for (payer, _, kind, _), cell in world.accounts.cells.items():
        if payer == "government" and kind not in _NOT_OUTLAY:
            paid += cell
    month = paid - world.outlay_so_far
    world.outlay_so_far = np.zeros(world.J) if world.month_of_year == 11 else paid
    return month
