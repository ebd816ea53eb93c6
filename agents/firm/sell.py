"""Selling: the month's market. Households spend, sellers earn, royalties flow, old lines fade into common knowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.firm.park import overhead_kept
from agents.organizations import FIRM
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.knowledge import STATUS
from ecosystem.domain.market import Sold, add_lines, decay_rate, earn, end_use
from ecosystem.domain.potential import F8, FF8, I1, I8, B
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

RETIRED = STATUS.index("retired")

flow("sales", "M USD2020", "sales of firms that do R&D", 1)
flow("profits", "M USD2020", "gross profit less overhead of firms that do R&D", 1)
flow("consumer_surplus", "M USD2020", "gain of buyers from quality, variety and price against the start", 1)
flow("royalties_paid", "M USD2020", "running royalties received", 0)
flow("launch_revenue_new_products", "M USD2020", "sales of products in their first three years", 1)
ratio("new_product_share", "share", "sales in product lines / sales", 0, "line_sales", "sales")
ratio("markup", "share", "gross profit in product lines / sales in product lines", 0, "line_profit", "line_sales")
stock("products_on_market", "product lines", "product lines on the market", 1, lambda world: _lines_by_place(world),
      yearly=True)  # fmt: skip
stock("sellers_per_line", "sellers", "mean sellers of a product line", 0, lambda world: _sellers(world),
      yearly=True)  # fmt: skip
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
    """One month of sales. The market clears once a quarter; what it brings is paid month by month."""
    market, orgs = world.market, world.orgs
    if world.month % 3 == 0 or market.sold is None:
        world.live_lines, world.live_uses = _living(world)
        market.sold = _clear(world)
    sold = market.sold
    open_ = orgs.alive[: len(sold.total)]
    _settle_accounts(world, sold)
    there = open_[world.uses.user[sold.owing]]
    _pay_royalties(world, sold.owing[there], sold.owed[there])
    _surplus_and_knowledge(world, sold.fading)


def _clear(world: World) -> Sold:
    """Find prices and what every seller sells and earns in a month at these prices."""
    market, orgs, uses, lines, p = world.market, world.orgs, world.uses, world.lines, world.p
    scale, T, n = world.scale, world.T, world.orgs.n
    if not market.remaining.size:
        market.keep_ages(decay_rate(world))
    end_use(world, world.live_uses[~orgs.alive[uses.user[world.live_uses]]])
    market.settle(world)
    firms = np.flatnonzero(orgs.alive & (orgs.kind == FIRM) & ~orgs.passive)
    place, sector = orgs.jurisdiction[firms].astype(np.int64), orgs.sector[firms].astype(np.int64)
    base = (orgs.base[firms] * orgs.weight[firms])[:, None] * market.spread[place, sector]
    new, fading = np.zeros_like(market.fringe), np.zeros_like(market.fringe)
    add_lines(world.live_lines, lines.sector, lines.launched, world.month, market.remaining, decay_rate(world),
              lines.attraction, new, fading)  # fmt: skip
    old = market.fringe + np.stack(
        [np.bincount(sector, weights=base[:, t], minlength=world.S) for t in range(T)], axis=1
    )
    _set_prices(world, old + new * scale)

    sales, profit, rents, fresh = np.zeros((n, T)), np.zeros(n), np.zeros(n), np.zeros(n)
    owing, owed = np.empty(len(world.live_uses), np.int64), np.empty(len(world.live_uses))
    many = earn(
        world.live_uses, uses.line, uses.user, uses.route, uses.licensor, uses.royalty, lines.sector, lines.launched,
        world.month, market.remaining, market.price, uses.sales_at, uses.profit_at, scale / 12.0, sales, profit, rents,
        fresh, owing, owed,
    )  # fmt: skip
    line_sales, line_profit = sales.sum(axis=1), profit.copy()
    base_sales = base * market.price[sector] / 12.0
    sales[firms] += base_sales
    profit[firms] += p["market.base_margin"] * base_sales.sum(axis=1)
    total = sales.sum(axis=1)
    # quality lead: how much more a firm sells than its old products alone would, in quality terms
    lead = np.log(total[firms] / np.maximum(base_sales.sum(axis=1), 1e-12)) / (p["market.sigma_across"] - 1.0)
    orgs.productivity[firms] = lead
    return Sold(sales, total, profit, line_sales, line_profit, rents, fresh, owing[:many].copy(), owed[:many].copy(),
                fading * scale)  # fmt: skip


def _set_prices(world: World, demand: np.ndarray) -> None:
    """Spending follows prices with the elasticity of the sector; sales per unit of attraction = spending / demand."""
    market, p = world.market, world.p
    if market.reference is None and world.month >= 0:
        market.reference = demand.copy()
    if market.reference is not None:
        swing = (p["market.price_elasticity"] - 1.0) / (p["market.sigma_across"] - 1.0)
        market.outlay = market.spending * (demand / market.reference) ** swing
    market.demand = demand
    market.price = market.outlay / demand


@nb.njit(
    nb.types.Tuple((I8, I8, F8, F8, F8))(
        FF8, F8, F8, F8, F8, F8, F8, B, B, I1, I1, F8, nb.float64, F8, FF8, F8, F8, F8, FF8, FF8, FF8, FF8, FF8,
    ),
    cache=True,
)  # fmt: skip
def _book(
    sales: np.ndarray, total: np.ndarray, profit: np.ndarray, line_sales: np.ndarray, line_profit: np.ndarray,
    rents: np.ndarray, fresh: np.ndarray, alive: np.ndarray, passive: np.ndarray, seat: np.ndarray, sector: np.ndarray,
    weight: np.ndarray, overhead_share: float, kept: np.ndarray, saved: np.ndarray, sold: np.ndarray,
    gross: np.ndarray, own_rents: np.ndarray,
    all_sales: np.ndarray, all_line_sales: np.ndarray, all_line_profit: np.ndarray, all_profits: np.ndarray,
    all_fresh: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Book the month of living sellers into their running totals and into the tallies.

    overhead = kept x min(share x sales of old products, gross profit), kept < 1 in a park. Passive
    sellers are summed up by territory.

    Returns:
        (sellers that keep accounts, their seats, what production costs them, overhead; sales of passive sellers by
        territory (T,)).
    """
    n, T = len(total), sales.shape[1]
    inside, home = np.empty(n, np.int64), np.empty(n, np.int64)
    production, overhead, outside = np.empty(n), np.empty(n), np.zeros(T)
    m = 0
    for o in range(n):
        if not (total[o] > 0.0 and alive[o]):
            continue
        j, s = seat[o], sector[o]
        all_fresh[j, s] += fresh[o]
        if passive[o]:
            for t in range(T):
                outside[t] += sales[o, t]
            continue
        earned = profit[o]
        whole = min(overhead_share * (total[o] - line_sales[o]), max(earned, 0.0))
        over = whole * kept[o]
        saved[j, -1] += whole - over
        inside[m], home[m], production[m], overhead[m] = o, j, total[o] - earned, over
        m += 1
        sold[o] += total[o] / weight[o]
        gross[o] += (earned - over) / weight[o]
        own_rents[o] += rents[o] / weight[o]
        all_sales[j, s] += total[o]
        all_line_sales[j, s] += line_sales[o]
        all_line_profit[j, s] += line_profit[o]
        all_profits[j, s] += earned - over
    return inside[:m].copy(), home[:m].copy(), production[:m].copy(), overhead[:m].copy(), outside


def _settle_accounts(world: World, sold: Sold) -> None:
    """Households pay the living sellers, sellers pay for production and overhead."""
    orgs, pay, tally = world.orgs, world.accounts.pay, world.tally
    kept = np.zeros(orgs.n) + overhead_kept(world, np.arange(orgs.n))
    inside, home, production, overhead, outside = _book(
        sold.sales, sold.total, sold.profit, sold.line_sales, sold.line_profit, sold.rents, sold.fresh, orgs.alive,
        orgs.passive, orgs.jurisdiction, orgs.sector, orgs.weight, world.p["firm.overhead_share"], kept,
        tally["park_overhead_saved"], orgs.sales,
        orgs.gross_profit, orgs.own_rents, tally["sales"], tally["line_sales"], tally["line_profit"], tally["profits"],
        tally["launch_revenue_new_products"],
    )  # fmt: skip
    buyers = np.asarray(world.territories.place, dtype=np.int64)
    world.accounts.pay_grid("sales", "households", buyers, "organizations", inside, sold.sales)
    pay("sales", "households", buyers, "outside", world.ROW, outside, place=buyers)
    pay("production", "organizations", inside, "households", home, production, place=home)
    pay("overhead", "organizations", inside, "households", home, overhead, place=home)


def _living(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return live lines and uses; products older than two lives are withdrawn once a year."""
    lines, uses = world.lines, world.uses
    if world.month_of_year == 0:
        life = world.sectors["product_life"][lines.sector]
        old = lines.active & (world.month - lines.launched > 24 * life)
        lines.active[old] = False
        # nobody can license what has left the market
        world.inventions.status[lines.invention[old]] = RETIRED
        ended = uses.active & old[uses.line] if uses.n else np.zeros(0, bool)
        uses.active[ended] = False
        uses.ended[ended] = world.month
    return np.flatnonzero(lines.active), np.flatnonzero(uses.active)


def _pay_royalties(world: World, owing: np.ndarray, owed: np.ndarray) -> None:
    """Users pay the running royalty of their license out of sales: uses (n,) and real totals of the month (n,)."""
    uses, orgs = world.uses, world.orgs
    if not len(owing):
        return
    payer, payee = uses.user[owing].astype(np.int64), uses.licensor[owing].astype(np.int64)
    from_place = orgs.jurisdiction[payer].astype(np.int64)
    world.accounts.pay("royalty", "organizations", payer, "organizations", payee, owed, place=from_place)
    np.add.at(orgs.license_payments, payer, owed / orgs.weight[payer])
    np.add.at(orgs.license_income, payee, owed / orgs.weight[payee])
    world.tally.add("royalties_paid", orgs.jurisdiction[payee], owed)


def _surplus_and_knowledge(world: World, fading: np.ndarray) -> None:
    """Consumer surplus: spending x (ln(D / D0) / (sigma - 1) + B - B0). A share of what fades becomes common knowledge B.

    fading: attraction that decays in a year, real totals, (S, T).
    """
    market, p = world.market, world.p
    across = p["market.sigma_across"]
    market.common += p["market.common_share"] * fading / market.demand / (across - 1.0) / 12.0
    if market.reference is None:
        return
    quality = np.log(market.demand / market.reference) / (across - 1.0) + market.common - world.common_at_start
    gain = market.outlay * quality / 12.0
    place = np.repeat(world.territories.place[None, :], world.S, axis=0).ravel()
    sector = np.repeat(np.arange(world.S), world.T)
    world.tally.add("consumer_surplus", place, gain.ravel(), sector)
