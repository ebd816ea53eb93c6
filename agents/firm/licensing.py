"""Paying for a license that came out of a clearance: lump sum now, running royalty later, one row in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import affordable
from ecosystem.domain.ledgers import DEALS

if TYPE_CHECKING:
    from ecosystem.world import World


def settle_licenses(
    world: World,
    takers: np.ndarray,
    rights: np.ndarray,
    price: np.ndarray,
    yearly_sales: np.ndarray,
    kind: str = "license",
) -> tuple[np.ndarray, np.ndarray]:
    """Write license deals and pay their lump sums; return (royalty rate, lump sum) float64 (n,), for one real deal.

    The price (a present value) is paid as a running royalty up to the sector's usual rate, the rest at once; a taker who
    cannot pay the rest at once pays what it can.
    """
    table, orgs, p, levers = world.rights, world.orgs, world.p, world.levers
    giver = table.owner[rights].astype(np.int64)
    sector = table.sector[rights].astype(np.int64)
    worth = yearly_sales / world.valuation.discount[sector]
    usual = world.sectors["royalty_rate"][sector]
    rate = np.where(
        worth > 0.0, np.minimum(usual, p["adoption.royalty_years"] * 0.5 * price / np.maximum(worth, 1e-12)), 0.0
    )
    upfront = np.maximum(price - rate * worth, 0.0)
    most = affordable(world, takers) * orgs.weight[takers] / world.scale
    upfront = np.minimum(upfront, 0.9 * most)
    place_from, place_to = orgs.jurisdiction[giver], orgs.jurisdiction[takers]
    world.deals.add(
        len(takers), month=world.month, kind=DEALS.index(kind), giver=giver, taker=takers, right=rights,
        invention=table.invention[rights], field=table.field[rights], from_place=place_from, to_place=place_to,
        upfront=upfront, royalty_rate=rate, exclusive=False, joint=world.inventions.partner[table.invention[rights]] >= 0,
    )  # fmt: skip
    pay_license(world, takers, giver, upfront)
    fee = np.minimum(levers["transfer.transaction_cost"][place_to], 0.05 * most)
    world.accounts.pay("deal_cost", "organizations", takers.astype(np.int64), "services", place_to.astype(np.int64),
                       fee * world.scale, place=place_to.astype(np.int64))  # fmt: skip
    world.tally.add("licenses", place_to, world.scale)
    world.tally.add("license_and_sale_deals", place_to, world.scale)
    cross = place_from != place_to
    world.tally.add("cross_border_licenses", place_to[cross], world.scale)
    world.tally.add("cross_border_licenses", place_from[cross], world.scale)
    return rate, upfront


def pay_license(
    world: World, takers: np.ndarray, givers: np.ndarray, amount: np.ndarray, kind: str = "license_fee"
) -> None:
    """Pay lump sums (M USD2020 for one real deal, (n,)) and book them in both sides' running totals."""
    orgs, scale = world.orgs, world.scale
    takers, givers = np.asarray(takers, np.int64), np.asarray(givers, np.int64)
    world.accounts.pay(kind, "organizations", takers, "organizations", givers, amount * scale,
                       place=orgs.jurisdiction[takers].astype(np.int64))  # fmt: skip
    np.add.at(orgs.license_payments, takers, amount * scale / orgs.weight[takers])
    np.add.at(orgs.license_income, givers, amount * scale / orgs.weight[givers])
    world.tally.add("license_fees", orgs.jurisdiction[givers], amount * scale)
