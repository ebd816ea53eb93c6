"""Paying for a license that came out of a clearance: lump sum now, running royalty later, one row in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.ledgers import DEALS
from ecosystem.domain.potential import F8, FF8, I1, I4, I8, R8, f8
from ecosystem.domain.switches import friction

if TYPE_CHECKING:
    from ecosystem.world import World


def settle_licenses(
    world: World,
    takers: np.ndarray,
    rights: np.ndarray,
    price: np.ndarray,
    yearly_sales: np.ndarray,
    kind: str | np.ndarray = "license",
) -> tuple[np.ndarray, np.ndarray]:
    """Write license deals and pay their lump sums; return (royalty rate, lump sum) float64 (n,), for one real deal.

    The price (a present value) is paid as a running royalty up to the sector's usual rate, the rest at once; a taker who
    cannot pay the rest at once pays what it can. ``kind`` is a word of ``DEALS`` for all, or their codes (n,).
    """
    table, orgs, inv, p, tally = world.rights, world.orgs, world.inventions, world.p, world.tally
    takers = np.ascontiguousarray(takers, dtype=np.int64)
    rights = np.ascontiguousarray(rights, dtype=np.int64)
    rate, upfront, fee, seats = _terms(
        takers, rights, np.ascontiguousarray(price), np.ascontiguousarray(yearly_sales), world.scale, table.owner,
        table.sector, orgs.jurisdiction, orgs.cash, orgs.credit, orgs.weight, world.valuation.discount,
        world.sectors["royalty_rate"], friction(world, "transfer.transaction_cost"), p["adoption.royalty_years"],
        tally["licenses"], tally["license_and_sale_deals"], tally["cross_border_licenses"],
    )  # fmt: skip
    giver, invention = table.owner[rights], table.invention[rights]
    code = DEALS.index(kind) if isinstance(kind, str) else kind
    world.deals.add(
        len(takers), month=world.month, kind=code, giver=giver, taker=takers, right=rights,
        invention=invention, field=table.field[rights], from_place=orgs.jurisdiction[giver], to_place=seats,
        upfront=upfront, royalty_rate=rate, exclusive=False, joint=inv.partner[invention] >= 0,
    )  # fmt: skip
    pay_license(world, takers, giver, upfront)
    world.accounts.pay("deal_cost", "organizations", takers, "services", seats, fee, place=seats)
    return rate, upfront


@nb.njit(
    nb.types.Tuple((F8, F8, F8, I8))(
        I8, I8, F8, F8, f8, I4, I1, I1, F8, F8, F8, F8, R8, F8, f8, FF8, FF8, FF8
    ),
    cache=True,
)  # fmt: skip
def _terms(
    takers: np.ndarray, rights: np.ndarray, price: np.ndarray, yearly_sales: np.ndarray, scale: float,
    owner: np.ndarray, sector: np.ndarray, seat: np.ndarray, cash: np.ndarray, credit: np.ndarray, weight: np.ndarray,
    discount: np.ndarray, usual: np.ndarray, transaction: np.ndarray, royalty_years: float, licenses: np.ndarray,
    deals: np.ndarray, cross_border: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Count licenses and return (royalty rate, lump sum, cost of the deal in real totals, seat of the taker).

    rate = min(usual rate, years x price / 2 / worth), worth = yearly sales / (r + d); lump sum = price - rate x worth,
    at most 90 % of what the taker can pay after the deals before it.
    """
    n = len(takers)
    rate, upfront, fee, seats = np.zeros(n), np.empty(n), np.empty(n), np.empty(n, np.int64)
    promised = np.zeros(len(cash))  # by earlier deals of the same takers, for one real deal
    for i in range(n):
        o, r = takers[i], rights[i]
        s, j, giver = sector[r], seat[o], seat[owner[r]]
        worth = yearly_sales[i] / discount[s]
        if worth > 0.0:
            rate[i] = min(usual[s], royalty_years * 0.5 * price[i] / max(worth, 1e-12))
        most = max(0.0, max(0.0, cash[o] + credit[o]) * weight[o] / scale - promised[o])
        upfront[i] = min(max(price[i] - rate[i] * worth, 0.0), 0.9 * most)
        fee[i] = min(transaction[j], 0.05 * most) * scale
        promised[o] += upfront[i] + fee[i] / scale
        seats[i] = j
        licenses[j, -1] += scale
        deals[j, -1] += scale
        if giver != j:
            cross_border[j, -1] += scale
            cross_border[giver, -1] += scale
    return rate, upfront, fee, seats


def pay_license(
    world: World, takers: np.ndarray, givers: np.ndarray, amount: np.ndarray, kind: str = "license_fee"
) -> None:
    """Pay lump sums (M USD2020 for one real deal, (n,)) and book them in both sides' running totals."""
    orgs = world.orgs
    takers, givers = np.ascontiguousarray(takers, np.int64), np.ascontiguousarray(givers, np.int64)
    total = np.ascontiguousarray(amount * world.scale)
    place = orgs.jurisdiction[takers].astype(np.int64)
    world.accounts.pay(kind, "organizations", takers, "organizations", givers, total, place=place)
    _book(takers, givers, total, orgs.jurisdiction, orgs.weight, orgs.license_payments, orgs.license_income,
          world.tally["license_fees"])  # fmt: skip


@nb.njit(nb.void(I8, I8, F8, I1, F8, F8, F8, FF8), cache=True)
def _book(
    takers: np.ndarray,
    givers: np.ndarray,
    total: np.ndarray,
    seat: np.ndarray,
    weight: np.ndarray,
    payments: np.ndarray,
    income: np.ndarray,
    fees: np.ndarray,
) -> None:
    """Add lump sums (real totals) to both sides' running totals and to the fees by seat of the giver."""
    for i in range(len(takers)):
        payments[takers[i]] += total[i] / weight[takers[i]]
        income[givers[i]] += total[i] / weight[givers[i]]
        fees[seat[givers[i]], -1] += total[i]
