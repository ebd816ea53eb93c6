"""What regions show: filings where centers begin, transfers next door to them, citations that stay in a region.

Regions first in line for a center (the ``region.first_share`` of a place with most R&D) and their neighbors are the same
with and without centers, so that two runs count the same regions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.organizations import FIRM, SME_EMPLOYEES
from agents.regional_center import count_small
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.ledgers import DEALS
from ecosystem.kernel.memory import remembered
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

B, I1, I4, I8, F8, FF8 = (nb.types.Array(t, d, "C") for t, d in (
    (nb.boolean, 1), (nb.int8, 1), (nb.int32, 1), (nb.int64, 1), (nb.float64, 1), (nb.float64, 2)))  # fmt: skip
i8, f8 = nb.int64, nb.float64
TRANSFERS = np.array([kind not in ("spin_off", "pledge_loan", "royalty_sale") for kind in DEALS])
"""Kinds of deals that are licenses and sales."""

ratio("covered_region_sme_filings", "per 1,000 SMEs a year",
      "applications of SMEs seated in the regions first in line for a center", 1,
      "first_region_filings", "first_region_sme_thousands")  # fmt: skip
ratio("neighbor_region_transfers", "per 1,000 rights a year",
      "licenses and sales with a side in a region next to one first in line for a center", 1,
      "next_region_transfers", "next_region_right_thousands")  # fmt: skip
ratio("local_spillover_citations", "share",
      "citations between different owners of one region / citations between different owners of one place", 1,
      "same_region_citations", "same_place_citations")  # fmt: skip
ratio("same_region_deal_share", "share", "licenses and sales within a region / licenses and sales within a place", 0,
      "same_region_deals", "same_place_deals")  # fmt: skip
flow("same_place_citations", "citations", "citations between different owners of one place", 0)


class RegionalBook:
    """What has been counted so far.

    Attributes:
        first, next: regions first in line for a center, and those of other regions that touch one, bool (R,).
        rights, deals: rows seen.
        thousands: thousands of rights in force of owners in ``next`` regions by place, at the last look, float64 (J,).
    """

    def __init__(self, world: World) -> None:
        regions = world.regions
        number = np.diff(regions.first)
        count = np.where(number > 1, np.ceil(world.p["region.first_share"] * number), 0)
        self.first = regions.rank < count[regions.place]
        self.next = (regions.adjacent @ self.first) & ~self.first
        self.rights, self.deals = world.rights.n, world.deals.n
        self.thousands = np.zeros(world.J)


@nb.njit(nb.void(i8, i8, I4, I1, I1, I1, F8, B, I1, I1, B, f8, FF8), cache=True)
def count_filings(
    low: int, high: int, owner: np.ndarray, office: np.ndarray, sector: np.ndarray, kind: np.ndarray,
    employees: np.ndarray, passive: np.ndarray, seat: np.ndarray, region: np.ndarray, first: np.ndarray, scale: float,
    out: np.ndarray,
) -> None:  # fmt: skip
    """Count home applications ``low`` to ``high`` of small firms seated in ``first`` regions."""
    for i in range(low, high):
        o = owner[i]
        if o < 0 or kind[o] != FIRM or passive[o] or employees[o] >= SME_EMPLOYEES or seat[o] != office[i]:
            continue
        if first[region[o]]:
            out[seat[o], sector[i]] += scale


@nb.njit(nb.void(i8, i8, I1, I4, I4, I1, I1, B, B, f8, FF8, FF8, FF8), cache=True)
def count_transfers(
    low: int, high: int, kind: np.ndarray, giver: np.ndarray, taker: np.ndarray, seat: np.ndarray, region: np.ndarray,
    transfer: np.ndarray, beside: np.ndarray, scale: float, next_door: np.ndarray, local: np.ndarray, home: np.ndarray,
) -> None:  # fmt: skip
    """Count deals ``low`` to ``high`` with a side in a ``beside`` region, within a region, and within a place."""
    last = next_door.shape[1] - 1
    for i in range(low, high):
        a, b = giver[i], taker[i]
        if not transfer[kind[i]] or a < 0 or b < 0:
            continue
        if beside[region[a]]:
            next_door[seat[a], last] += scale
        if beside[region[b]] and not (beside[region[a]] and seat[a] == seat[b]):
            next_door[seat[b], last] += scale
        if seat[a] == seat[b]:
            home[seat[a], last] += scale
            if region[a] == region[b]:
                local[seat[a], last] += scale


@nb.njit(nb.void(I8, I4, I4, I4, I4, I4, I1, I1, I1, i8, f8, FF8, FF8), cache=True)
def count_citations(
    new: np.ndarray, creator: np.ndarray, owner: np.ndarray, one: np.ndarray, two: np.ndarray, three: np.ndarray,
    sector: np.ndarray, seat: np.ndarray, region: np.ndarray, rest: int, scale: float, local: np.ndarray,
    home: np.ndarray,
) -> None:  # fmt: skip
    """Count citations of new inventions to those of other owners of the same place (but ``rest``) and region."""
    for i in new:
        me = creator[i]
        if me < 0 or seat[me] == rest:
            continue
        for k in range(3):
            at = one[i] if k == 0 else (two[i] if k == 1 else three[i])
            if at < 0 or owner[at] < 0 or owner[at] == me or seat[owner[at]] != seat[me]:
                continue
            home[seat[me], sector[i]] += scale
            if region[owner[at]] == region[me]:
                local[seat[me], sector[i]] += scale


@nb.njit(F8(B, I4, B, I1, I1, i8, f8), cache=True)
def thousands_of_rights(
    in_force: np.ndarray, owner: np.ndarray, beside: np.ndarray, seat: np.ndarray, region: np.ndarray, places: int,
    scale: float,
) -> np.ndarray:  # fmt: skip
    """Return thousands of rights in force of owners in ``beside`` regions by their place, float64 (J,)."""
    out = np.zeros(places)
    for i in range(len(in_force)):
        if in_force[i] and owner[i] >= 0 and beside[region[owner[i]]]:
            out[seat[owner[i]]] += scale / 1000.0
    return out


@rule("record", "regions.count", before="record.month")
def count_regions(world: World) -> None:
    """Count the month's filings, deals and citations by region; small firms each month, rights in force each January."""
    known = remembered(world, "regional_book", lambda: RegionalBook(world))
    inv, orgs, rights, deals, tally = world.inventions, world.orgs, world.rights, world.deals, world.tally
    count_filings(
        known.rights, rights.n, rights.owner, rights.office, rights.sector, orgs.kind, orgs.employees,
        orgs.passive, orgs.jurisdiction, orgs.region, known.first, world.scale, tally["first_region_filings"],
    )  # fmt: skip
    count_transfers(
        known.deals, deals.n, deals.kind, deals.giver, deals.taker, orgs.jurisdiction, orgs.region, TRANSFERS,
        known.next, world.scale, tally["next_region_transfers"], tally["same_region_deals"], tally["same_place_deals"],
    )  # fmt: skip
    count_citations(
        world.new_inventions, inv.creator, inv.owner, inv.parent1, inv.parent2, inv.parent3, inv.sector,
        orgs.jurisdiction, orgs.region, world.ROW, world.scale, tally["same_region_citations"],
        tally["same_place_citations"],
    )  # fmt: skip
    known.rights, known.deals = rights.n, deals.n
    if world.month % 12 == 0:
        known.thousands = thousands_of_rights(
            rights.in_force, rights.owner, known.next, orgs.jurisdiction, orgs.region, world.J, world.scale
        )
    small = np.where(known.first, count_small(world), 0.0)
    place = world.regions.place
    tally.add("first_region_sme_thousands", np.arange(world.J), np.bincount(place, small, world.J) / 12_000.0)
    tally.add("next_region_right_thousands", np.arange(world.J), known.thousands / 12.0)
