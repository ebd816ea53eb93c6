"""What inventors receive beyond their pay: a part of what their inventions earn, and of what their firm earns.

The usual rewards of the start are part of wages; only what the levers ``talent.inventor_reward`` and
``talent.option_share`` add is paid besides, out of the earnings of the year, never more than the firm can pay. The
government forgoes part of the tax on gains from options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.government import profit_before_tax
from agents.organizations import FIRM, affordable
from ecosystem.domain.indicators import flow
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("inventor_rewards", "M USD2020", "rewards for inventions beyond the usual, paid by firms", 0)
flow("option_gains", "M USD2020", "gains of researchers on shares and options of their firms", 0)


@rule("firm_life", "talent.reward", before="government.tax")
def reward(world: World) -> None:
    """In December firms pay inventors their part of the year's earnings from own inventions, and holders of options theirs."""
    if world.month_of_year != 11:
        return
    more = np.maximum(0.0, world.levers["talent.inventor_reward"] - world.talent.reward)
    share = world.levers["talent.option_share"]
    if not more.any() and not share.any():
        return
    orgs = world.orgs
    firms = orgs.living(FIRM)
    place = orgs.jurisdiction[firms].astype(np.int64)
    earned = np.maximum(0.0, orgs.own_rents[firms] + orgs.license_income[firms])
    due = more[place] * earned, share[place] * np.maximum(0.0, profit_before_tax(world, firms))
    for name, each in zip(("inventor_rewards", "option_gains"), due, strict=True):
        amount = np.minimum(each, affordable(world, firms)) * orgs.weight[firms]
        world.accounts.pay(name, "organizations", firms, "households", place, amount, place=place)
        world.tally.add(name, place, amount, orgs.sector[firms])
        if name == "option_gains":
            relief = world.p["options.relief"] * np.bincount(place, amount, world.J)
            at = np.arange(world.J)
            world.accounts.pay("option_relief", "government", at, "households", at, relief, place=at)
