"""Infringement across borders: watch abroad, cooperation of authorities, goods held at borders, and what it costs trade.

An infringement lies abroad where the right is in force at another place than its owner's, and across a border where owner and
infringer sit in different territories. Authorities that cooperate (``enforcement.cross_border``) tell owners of goods from
another territory and hold a part of these at the border: the infringer then sells in its own territory only. Each lawful
shipment into another territory bears the cost of the same checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain import market
from ecosystem.domain.indicators import flow, ratio
from ecosystem.kernel.luck import pair
from ecosystem.kernel.memory import remembered
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

WITHIN_MONTHS = 24
"""An infringement abroad counts as detected if it is found within two years (definition of the indicator)."""

ratio("overseas_detection_rate", "share",
      "infringements abroad of rights of domestic owners that are detected within 2 years / those begun", 1,
      "overseas_found", "overseas_begun")  # fmt: skip
ratio("cross_border_infringement_stopped_share", "share",
      "infringements across a border ended by judgment, settlement or customs / those begun", 1,
      "cross_border_stopped", "cross_border_begun")  # fmt: skip
flow("goods_held_at_border", "uses", "infringing uses whose goods customs held", 0)
flow("border_checks", "M USD2020", "cost of border checks to lawful trade", -1)


def monthly(yearly: np.ndarray) -> np.ndarray:
    """Return the hazard a month of a chance a year."""
    return np.asarray(1.0 - (1.0 - yearly) ** (1.0 / 12.0))


def abroad(world: World, rights: np.ndarray) -> np.ndarray:
    """Return whether rights are in force at another place than their owner's, bool (n,)."""
    r = world.rights
    owner = r.owner[rights]
    return (owner >= 0) & (world.orgs.jurisdiction[owner] != r.office[rights])


def crosses(world: World, uses: np.ndarray) -> np.ndarray:
    """Return whether owner and infringer of infringing uses sit in different territories, bool (n,)."""
    table, orgs = world.uses, world.orgs
    right = table.right[uses]
    owner = world.rights.owner[right]
    return (right >= 0) & (owner >= 0) & (orgs.territory[owner] != orgs.territory[table.user[uses]])


def count_begun(world: World, uses: np.ndarray) -> None:
    """Count infringements that begin, abroad by seat of the owner, across a border by place of the right."""
    right = world.uses.right[uses].astype(np.int64)
    uses, right = uses[right >= 0], right[right >= 0]
    if not len(uses):
        return
    out = right[abroad(world, right)]
    world.tally.add("overseas_begun", world.orgs.jurisdiction[world.rights.owner[out]].astype(np.int64), world.scale)
    over = right[crosses(world, uses)]
    world.tally.add("cross_border_begun", world.rights.office[over].astype(np.int64), world.scale)


def count_found(world: World, uses: np.ndarray) -> None:
    """Count infringements abroad that their owner detects in time."""
    right = world.uses.right[uses].astype(np.int64)
    soon = (world.month - world.uses.started[uses] <= WITHIN_MONTHS) & abroad(world, right)
    owner = world.rights.owner[right[soon]]
    world.tally.add("overseas_found", world.orgs.jurisdiction[owner].astype(np.int64), world.scale)


def count_stopped(world: World, uses: np.ndarray) -> None:
    """Count infringing uses across a border that end by judgment, settlement or customs, once each."""
    uses = uses[uses >= 0]
    uses = uses[world.uses.infringing[uses]]
    uses = uses[crosses(world, uses)]
    held = held_goods(world)
    uses = np.array([use for use in uses.tolist() if use not in held], dtype=np.int64)
    if len(uses):
        place = world.rights.office[world.uses.right[uses]].astype(np.int64)
        world.tally.add("cross_border_stopped", place, world.scale)


def held_goods(world: World) -> set[int]:
    """Return the uses whose goods customs have held."""
    return remembered(world, "held_goods", set[int])


@rule("disputes", "border.check", after="disputes.detect", before="disputes.bargain")
def check(world: World) -> None:
    """Customs hold infringing goods from other territories with chance lever x part a year; trade pays for the checks."""
    level = world.levers["enforcement.cross_border"]
    if not level.any():
        return
    _hold(world, level)
    _charge(world, level)


def _hold(world: World, level: np.ndarray) -> None:
    table, r, orgs = world.uses, world.rights, world.orgs
    uses = world.courts.open_uses
    uses = uses[table.active[uses] & table.infringing[uses] & (table.right[uses] >= 0)]
    right = table.right[uses].astype(np.int64)
    office = r.office[right].astype(np.int64)
    good = r.in_force[right] & (level[office] > 0.0) & (orgs.jurisdiction[table.user[uses]] == office)
    uses, right, office = uses[good], right[good], office[good]
    over = crosses(world, uses)
    uses, right, office = uses[over], right[over], office[over]
    if not len(uses):
        return
    own = np.int64(1) << orgs.territory[table.user[uses]].astype(np.int64)
    beyond = table.mask[uses] & r.territories[right] & ~own
    who = np.array([pair(np.uint64(a), np.uint64(b)) for a, b in zip(
        r.uid[right].tolist(), orgs.uid[table.user[uses]].tolist(), strict=True)], dtype=np.uint64).view(np.int64)  # fmt: skip
    hazard = monthly(level * world.p["border.held"])[office]
    held = (beyond != 0) & world.draw.bernoulli("border.held", who, hazard)
    uses, beyond = uses[held], beyond[held]
    if not len(uses):
        return
    count_stopped(world, uses)
    held_goods(world).update(uses.tolist())
    world.tally.add("goods_held_at_border", office[held], world.scale)
    table.mask[uses] &= ~beyond.astype(np.int32)
    world.market.touch(table.line[uses])
    market.end_use(world, uses[table.mask[uses] == 0])


def _charge(world: World, level: np.ndarray) -> None:
    """Charge sellers for shipments into other territories of places with checks: friction x lever x sales, a month's."""
    sold, orgs = world.market.sold, world.orgs
    if sold is None:
        return
    place = np.asarray(world.territories.place)
    rate = world.p["border.friction"] * level[place]
    n = len(sold.total)
    shipped = sold.sales @ rate
    home = orgs.territory[:n].astype(np.int64)
    shipped -= sold.sales[np.arange(n), home] * rate[home]
    payer = np.flatnonzero((shipped > 0.0) & orgs.alive[:n] & ~orgs.passive[:n])
    if not len(payer):
        return
    room = np.maximum(0.0, orgs.cash[payer] + orgs.credit[payer]) * orgs.weight[payer]
    amount = np.minimum(shipped[payer], room)
    seat = orgs.jurisdiction[payer].astype(np.int64)
    world.accounts.pay("border_check", "organizations", payer, "services", seat, amount, place=seat)
    world.tally.add("border_checks", seat, amount)
