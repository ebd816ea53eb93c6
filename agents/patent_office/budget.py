"""Office money: fees come in, examiners are paid, the government settles the rest once a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.switches import off
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

DECEMBER = 11


@rule("examination", "office.pay_staff", after="office.hire")
def pay_staff(world: World) -> None:
    """Pay the examiners (office to households) and settle surplus or deficit with the government each December."""
    offices, accounts = world.offices, world.accounts
    place = offices.jurisdiction.astype(np.int64)
    if not off(world, "examination"):
        accounts.pay("examiner_pay", "office", place, "households", place,
                     offices.examiners * offices.examiner_cost, place=place)  # fmt: skip
    if world.month_of_year == DECEMBER:
        balance = accounts.holders["office"].pots[place].copy()
        accounts.pay("office_surplus", "office", place, "government", place, np.maximum(balance, 0.0), place=place)
        accounts.pay("office_deficit", "government", place, "office", place, np.maximum(-balance, 0.0), place=place)
