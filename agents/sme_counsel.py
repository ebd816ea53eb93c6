"""Free counseling desks for small firms: so many a year learn of the instruments of protection and bargain better.

Desks have room for the share q = ``awareness.desks`` of small R&D firms a year, each in the quarter of its own month. What
usual room does is part of the usual awareness; a firm that the usual room would not have served, but more room does,
closes ``counsel.lesson`` of its gap to full awareness (with less room those left out fall back as much). Both fade toward
the norm of the place. For ``counsel.months`` an advised firm gets prices better by ``counsel.terms``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM
from ecosystem.domain.indicators import flow
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("firms_advised", "firms", "small R&D firms advised by free counseling desks", 0)


@rule("firm_life", "counsel.advise", after="firm.learn_protection")
def advise(world: World) -> None:
    """Advise small firms in their month, as far as desks have room."""
    orgs, p = world.orgs, world.p
    room, usual = world.levers["awareness.desks"], world.base_levers["awareness.desks"]
    firms = orgs.living(FIRM)
    firms = firms[(orgs.anniversary[firms] == world.month_of_year) & orgs.is_sme(firms)]
    if not len(firms):
        return
    place = orgs.jurisdiction[firms]
    luck = world.draw.uniform("counsel.advise", orgs.uid[firms])
    served, before = luck < room[place], luck < usual[place]
    world.tally.add(
        "firms_advised", place[served].astype(np.int64), orgs.weight[firms[served]], orgs.sector[firms[served]]
    )
    change = served.astype(np.int64) - before
    if not change.any():
        return
    gap = 1.0 - orgs.awareness[firms]
    orgs.awareness[firms] = np.clip(orgs.awareness[firms] + p["counsel.lesson"] * change * gap, 0.0, 1.0)
    orgs.advised[firms[change > 0]] = world.month


def better_terms(world: World, owner: np.ndarray, taker: np.ndarray) -> np.ndarray | float:
    """Return the factor on prices of technology: above 1 for an advised owner, below 1 for an advised taker, or 1."""
    advised = world.month - world.orgs.advised < world.p["counsel.months"]
    if not advised.any():
        return 1.0
    return np.asarray(1.0 + world.p["counsel.terms"] * (advised[owner].astype(np.float64) - advised[taker]))
