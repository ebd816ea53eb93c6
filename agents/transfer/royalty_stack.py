"""The royalty stack: what different owners ask, together, of one product of a complex sector.

A product reads on rights of its parents' owners and, in standardized fields, on essential rights. Each of n separate
owners (a pool counts once) asks 2 / (n + 1) of the sector's usual rate: the usual rate if alone, and together ever more,
since none minds what his price does to the others (Cournot 1838; Shapiro 2001). Owners of essential rights ask what
their promise of fair terms leaves them (``agents.standards``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.commercialize import blocking_rights
from agents.standards import rates_asked, standards
from agents.transfer.pools import bundle, note_products
from ecosystem.domain.indicators import ratio
from ecosystem.domain.market import OWN
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

QUARTER, TURN = 3, 2

ratio("royalty_stack_per_product", "share of price",
      "sum of royalty rates asked by different owners on one new product, mean over products of complex sectors", -1,
      "royalty_stack_sum", "products_complex")  # fmt: skip


@rule("adoption", "pools.stack", after="adoption.attempt")
def measure_stack(world: World) -> None:
    """Once a quarter look at the products launched since: on whose rights they read and what these ask."""
    if world.month % QUARTER != TURN:
        return
    uses, inv, orgs = world.uses, world.inventions, world.orgs
    first = int(np.searchsorted(uses.started, np.int32(world.month - QUARTER + 1)))
    new = first + np.flatnonzero((uses.route[first:] == OWN) & uses.active[first:])
    tech, user = inv_of(world, new), uses.user[new].astype(np.int64)
    sector = inv.sector[tech].astype(np.int64)
    usable = (world.sectors["rights_per_product"][sector] >= world.p["transfer.complex_rights"]) & ~orgs.passive[user]
    tech, user, sector = tech[usable], user[usable], sector[usable]
    if not len(tech):
        return
    place, fields = orgs.jurisdiction[user].astype(np.int64), inv.field[tech].astype(np.int64)
    reading = blocking_rights(world, tech, user)
    separate = (reading >= 0).sum(axis=1)
    asking = (bundle(world, reading, user) >= 0).sum(axis=1)
    count, rates = np.zeros(len(tech), np.int64), np.zeros(len(tech))
    who = standards(world).who
    if who is not None:
        home = np.flatnonzero(place < world.P)
        count[home] = who.number[fields[home], place[home]]
        some = np.flatnonzero(count > 0)
        rates[some] = rates_asked(world, who, fields[some], place[some], asking[some]).sum(axis=1)
    usual = world.sectors["royalty_rate"][sector]
    stack = usual * 2.0 * asking / (asking + count + 1.0) + rates
    world.tally.add("royalty_stack_sum", place, world.scale * stack, sector)
    world.tally.add("products_complex", place, world.scale, sector)
    read = separate + count
    reads = read > 0
    note_products(world, place[reads], fields[reads], read[reads])


def inv_of(world: World, uses: np.ndarray) -> np.ndarray:
    """Return the technologies of uses, int64 (n,)."""
    return world.uses.invention[uses].astype(np.int64)
