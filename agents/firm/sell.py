"""Selling: the month's market. Households spend, sellers earn, royalties flow, old lines fade into common knowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.market import _add_lines, _earn, decay_rate, line_decay
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("sales", "M USD2020", "sales of firms that do R&D", 1)
flow("profits", "M USD2020", "gross profit less overhead of firms that do R&D", 1)
flow("consumer_surplus", "M USD2020", "gain of buyers from quality, variety and price against the start", 1)
flow("royalties_paid", "M USD2020", "running royalties received", 0)
flow("launch_revenue_new_products", "M USD2020", "sales of products in their first three years", 1)
ratio("new_product_share", "share", "sales in product lines / sales", 0, "line_sales", "sales")
ratio("markup", "share", "gross profit in product lines / sales in product lines", 0, "line_profit", "line_sales")
stock("products_on_market", "product lines", "product lines on the market", 1, lambda world: _lines_by_place(world))
stock("sellers_per_line", "sellers", "mean sellers of a product line", 0, lambda world: _sellers(world))
stock("productivity", "ln", "common log quality gained since the start, mean over sectors by spending", 1,
      lambda world: _common(world))  # fmt: skip


def _lines_by_place(world: World) -> np.ndarray:
    return np.bincount(world.lines.place[world.live_lines], minlength=world.J) * float(world.scale)


def _sellers(world: World) -> np.ndarray:
    lines = world.live_lines
    place = world.lines.place[lines]
    count = np.bincount(place, minlength=world.J)
    return np.bincount(place, weights=world.lines.users[lines], minlength=world.J) / np.maximum(count, 1)


def _common(world: World) -> np.ndarray:
    market = world.market
    by_territory = (market.common * market.outlay).sum(axis=0) / market.outlay.sum(axis=0)
    out = np.zeros(world.J)
    for t in range(world.T):
        out[world.territories.place[t]] += by_territory[t] * world.territories.share[t]
    return out


@rule("market", "market.sell")
def sell(world: World) -> None:
    """One month of sales."""
    market, orgs, uses, lines, p = world.market, world.orgs, world.uses, world.lines, world.p
    scale, T = world.scale, world.T
    world.live_lines, world.live_uses = _living(world)
    market.settle(world)
    live = world.live_lines
    decay = line_decay(world, live)
    firms = np.flatnonzero(orgs.alive & (orgs.kind == FIRM) & ~orgs.passive)
    place, sector = orgs.jurisdiction[firms].astype(np.int64), orgs.sector[firms].astype(np.int64)
    spread = market.access[:, None, :] * market.reach[None, :, :]
    spread = spread / spread.sum(axis=2, keepdims=True)
    base = (orgs.base[firms] * orgs.weight[firms])[:, None] * spread[place, sector]
    old = market.fringe.copy()
    np.add.at(old, sector, base)
    new = np.zeros_like(old)
    _add_lines(live, lines.sector, decay, lines.attraction, new)
    new *= scale
    demand = old + new
    across = p["market.sigma_across"]
    if market.reference is None and world.month >= 0:
        market.reference = demand.copy()
    if market.reference is not None:
        swing = (p["market.price_elasticity"] - 1.0) / (across - 1.0)
        market.outlay = market.spending * (demand / market.reference) ** swing
    market.demand = demand
    market.price = market.outlay / demand

    whole = np.zeros(lines.n)
    whole[live] = decay
    n = orgs.n
    sales, profit, rents = np.zeros((n, T)), np.zeros(n), np.zeros(n)
    use_sales = np.zeros(len(world.live_uses))
    _earn(world.live_uses, uses.line, uses.user, uses.route, lines.sector, whole, market.price, uses.sales_at,
          uses.profit_at, sales, profit, rents, use_sales)  # fmt: skip
    sales *= scale / 12.0
    line_profit, rents = profit * scale / 12.0, rents * scale / 12.0
    line_sales = sales.sum(axis=1)
    base_sales = base * market.price[sector] / 12.0
    sales[firms] += base_sales
    gross = line_profit.copy()
    gross[firms] += p["market.base_margin"] * base_sales.sum(axis=1)

    everyone = np.flatnonzero(sales.sum(axis=1) > 0.0)
    seat = orgs.jurisdiction[everyone].astype(np.int64)
    outside = orgs.passive[everyone]
    inside = everyone[~outside]
    home = seat[~outside]
    accounts = world.accounts
    for t in range(T):
        buyer = int(world.territories.place[t])
        accounts.pay("sales", "households", buyer, "organizations", inside, sales[inside, t], place=buyer)
        abroad = float(sales[everyone[outside], t].sum())
        accounts.pay("sales", "households", buyer, "outside", world.ROW, abroad, place=buyer)
    total = sales.sum(axis=1)
    overhead = p["firm.overhead_share"] * (total[inside] - line_sales[inside])
    accounts.pay("production", "organizations", inside, "households", home, total[inside] - gross[inside], place=home)
    overhead = np.minimum(overhead, np.maximum(gross[inside], 0.0))
    accounts.pay("overhead", "organizations", inside, "households", home, overhead, place=home)
    w = orgs.weight
    orgs.sales[inside] += total[inside] / w[inside]
    orgs.gross_profit[inside] += (gross[inside] - overhead) / w[inside]
    orgs.own_rents[inside] += rents[inside] / w[inside]
    _pay_royalties(world, use_sales * scale / 12.0)

    tally = world.tally
    kind = orgs.sector[inside]
    tally.add("sales", home, total[inside], kind)
    tally.add("line_sales", home, line_sales[inside], kind)
    tally.add("line_profit", home, line_profit[inside], kind)
    tally.add("profits", home, gross[inside] - overhead, kind)
    young = np.zeros(lines.n, bool)
    young[live] = world.month - lines.launched[live] < 36
    fresh = young[uses.line[world.live_uses]]
    sellers = uses.user[world.live_uses]
    by_seller = np.bincount(sellers[fresh], weights=use_sales[fresh], minlength=n) * (scale / 12.0)
    everyone = np.flatnonzero(by_seller)
    tally.add("launch_revenue_new_products", orgs.jurisdiction[everyone], by_seller[everyone], orgs.sector[everyone])
    _surplus_and_knowledge(world, live, decay, demand)


def _living(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return live lines and uses; products older than two lives are withdrawn once a year."""
    lines, uses = world.lines, world.uses
    if world.month_of_year == 0:
        life = world.sectors["product_life"][lines.sector]
        old = lines.active & (world.month - lines.launched > 24 * life)
        lines.active[old] = False
        ended = uses.active & old[uses.line] if uses.n else np.zeros(0, bool)
        uses.active[ended] = False
        uses.ended[ended] = world.month
    return np.flatnonzero(lines.active), np.flatnonzero(uses.active)


def _pay_royalties(world: World, use_sales: np.ndarray) -> None:
    """Users pay the running royalty of their license out of sales; use_sales in real totals of the month, (live uses,)."""
    uses, orgs = world.uses, world.orgs
    live = world.live_uses
    owing = np.flatnonzero((uses.royalty[live] > 0.0) & (uses.licensor[live] >= 0))
    if not len(owing):
        return
    rows = live[owing]
    payer, payee = uses.user[rows].astype(np.int64), uses.licensor[rows].astype(np.int64)
    amount = uses.royalty[rows] * use_sales[owing]
    from_place = orgs.jurisdiction[payer].astype(np.int64)
    world.accounts.pay("royalty", "organizations", payer, "organizations", payee, amount, place=from_place)
    np.add.at(orgs.license_payments, payer, amount / orgs.weight[payer])
    np.add.at(orgs.license_income, payee, amount / orgs.weight[payee])
    world.tally.add("royalties_paid", orgs.jurisdiction[payee], amount)


def _surplus_and_knowledge(world: World, live: np.ndarray, decay: np.ndarray, demand: np.ndarray) -> None:
    """Consumer surplus: spending x (ln(D / D0) / (sigma - 1) + B). A share of what decays in lines becomes common knowledge B."""
    market, lines = world.market, world.lines
    across = world.p["market.sigma_across"]
    fading = np.zeros_like(demand)
    _add_lines(live, lines.sector, decay * decay_rate(world)[lines.sector[live]], lines.attraction, fading)
    market.common += world.p["market.common_share"] * fading * world.scale / demand / (across - 1.0) / 12.0
    if market.reference is None:
        return
    gain = market.outlay * (np.log(demand / market.reference) / (across - 1.0) + market.common - world.common_at_start)
    for t in range(world.T):
        place = int(world.territories.place[t])
        world.tally.add("consumer_surplus", np.full(world.S, place), gain[:, t] / 12.0, np.arange(world.S))
