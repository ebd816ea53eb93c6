"""The first and last rules of the month: values are renewed, the month is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


@rule("measures", "valuation.renew", after="levers.settle")
def renew_valuation(world: World) -> None:
    """Values of lines and rights follow last month's prices and experience."""
    world.valuation.renew(world)


@rule("record", "record.month")
def record_month(world: World) -> None:
    """Write down the month's counters and stocks."""
    world.records.record(world)


@rule("record", "record.year", after="record.month")
def record_year(world: World) -> None:
    """In December write down organizations and accounts, and empty the year's totals."""
    if world.month_of_year == 11:
        world.yearbook.close_year(world)
