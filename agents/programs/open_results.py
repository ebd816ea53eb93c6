"""Open results: academic inventions published without a right, found in a repository and developed by whoever wants to.

A result in the repository is seen by one firm of its sector a quarter at most; it develops what it saw if that pays
without any right (``agents.firm.commercialize.appraise`` decides). The same result may be left alone for want of
exclusivity, where a license would have found a taker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.commercialize import adopt_for_development, appraise
from agents.organizations import INSTITUTE, UNIVERSITY
from agents.university import firm_pool
from ecosystem.domain.indicators import flow
from ecosystem.domain.knowledge import PROTECTION, STATUS
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, PUBLISHED = STATUS.index("idea"), PROTECTION.index("publication")

flow("open_results_taken_up", "inventions", "open academic results that firms take into development plans", 1)


@rule("transfer", "results.take_up", after="transfer.bargain")
def take_up(world: World) -> None:
    """Once a quarter firms see some of the open results of the last years and take up what pays without a right."""
    lever = world.levers["science.open_access"]
    if world.month % 3 != 1 or not lever.any():
        return
    inv, orgs, p, draw = world.inventions, world.orgs, world.p, world.draw
    first = int(np.searchsorted(inv.month, np.int32(world.month - round(12 * p["exchange.years"]))))
    rows = np.arange(first, inv.n)
    kind = orgs.kind[inv.creator[rows]]
    rows = rows[((kind == UNIVERSITY) | (kind == INSTITUTE)) & (inv.protected_by[rows] == PUBLISHED)]
    rows = rows[(inv.status[rows] == IDEA) & (inv.developer[rows] < 0) & (inv.published[rows] <= world.month)]
    if not len(rows):
        return
    place = inv.jurisdiction[rows].astype(np.int64)
    rows = rows[draw.bernoulli("results.deposit", inv.uid[rows], lever[place], month=ALWAYS)]
    rows = rows[draw.bernoulli("results.see", inv.uid[rows], p["exchange.search"])]
    place = inv.jurisdiction[rows].astype(np.int64)
    firm = draw.partner("results.finder", inv.uid[rows], place * world.S + inv.sector[rows], firm_pool(world))
    seen = (firm >= 0) & orgs.alive[np.maximum(firm, 0)]
    rows, firm = rows[seen], firm[seen]
    if not len(rows):
        return
    owner = inv.developer[rows].copy()
    inv.developer[rows] = firm
    _, cost, value, _ = appraise(world, rows)
    inv.developer[rows] = owner
    pays = value > cost
    rows, firm = rows[pays], firm[pays]
    if len(rows):
        adopt_for_development(world, rows, firm, -1, 0.0)
        seat, sector = orgs.jurisdiction[firm], inv.sector[rows]
        world.tally.add("open_results_taken_up", seat, world.scale, sector)
        world.tally.add("public_domain_use", seat, world.scale, sector)
