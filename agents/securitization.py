"""Securitization: owners sell the future royalties of a license to a vehicle for cash today, investors hold its notes.

The vehicle of a place cannot tell good royalties from bad ones: it pays a x m times the yearly royalty, a the share that
investors pay (``finance.royalty_advance``) and m what a yearly royalty is usually worth, the mean of all royalties of the
place, and partly of those that the vehicle got before (investors learn). An owner knows its own:
m_i = (1 - exp(-rho T)) / rho, rho = discount + obsolescence + exit of licensees of the sector, T the years until the product
is withdrawn; an owner short of cash discounts more. It sells where a m > m_i, so the pool gets the worse royalties
(Akerlof 1970, QJE 84:488). Afterwards licensees pay the vehicle, which passes all on to households.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.insurer import open_seat
from agents.organizations import FIRM, VEHICLE
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.ledgers import DEALS
from ecosystem.kernel.memory import recalled, remembered
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.domain.market import Sold
    from ecosystem.world import World

flow("royalty_financing", "M USD2020", "cash received for the sale of future royalties", 1)
ratio("sold_royalty_worth_ratio", "ratio", "worth of the royalties sold, as their owners know it / price paid for them", 0,
      "royalty_worth", "royalty_financing")  # fmt: skip

SALE = DEALS.index("royalty_sale")
QUARTER = 3
_NAMED = 6_006


def multiple(rate: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Return the present value of one a year for so many years at a rate, (1 - exp(-rate years)) / rate, float64 (n,)."""
    return np.asarray(-np.expm1(-rate * np.maximum(years, 0.0)) / rate)


def vehicles(world: World) -> np.ndarray:
    """Return the organization slot of the vehicle of each place, -1 where there is none, int64 (J,)."""
    return remembered(world, "royalty_vehicles", lambda: np.full(world.J, -1, np.int64))


@rule("market", "vehicle.buy", after="market.sell")
def buy(world: World) -> None:
    """Owners with running royalties decide once a year, in the quarter of their anniversary, whether to sell them."""
    share = world.levers["finance.royalty_advance"]
    held: np.ndarray | None = recalled(world, "royalty_vehicles")
    if world.month % QUARTER or (held is None and not share.any()):
        return
    _pass_on(world)
    if not share.any():
        return
    uses, orgs, p = world.uses, world.orgs, world.p
    sold = world.market.sold
    if sold is None or not len(sold.owing):
        return
    use, yearly = sold.owing, 12.0 * sold.owed
    owner = uses.licensor[use].astype(np.int64)
    good = uses.active[use] & (owner >= 0) & (yearly > 0.0)
    good &= orgs.alive[owner] & ~orgs.passive[owner] & (orgs.kind[owner] == FIRM)
    good &= share[orgs.jurisdiction[owner]] > 0.0
    use, yearly, owner = use[good], yearly[good], owner[good]
    if not len(use):
        return
    place = orgs.jurisdiction[owner].astype(np.int64)
    rho, years = _outlook(world, use)
    usual = multiple(rho, years)
    mean = _believed(world, sold, place, yearly, usual)
    short = (orgs.cash[owner] < p["investor.liquidity_years"] * orgs.rd[owner]) | orgs.finance_constrained[owner]
    own = multiple(rho + np.where(short, p["securitization.cash_premium"], 0.0), years)
    price = share[place] * mean[place] * yearly
    cost = p["securitization.cost"] * world.scale
    sells = (price - cost > own * yearly) & (orgs.anniversary[owner] // QUARTER == world.month_of_year // QUARTER)
    use, owner, place, price, worth = use[sells], owner[sells], place[sells], price[sells], (usual * yearly)[sells]
    if not len(use):
        return
    slots = vehicles(world)
    for j in np.unique(place):
        if slots[j] < 0:
            slots[j] = open_seat(world, int(j), VEHICLE, _NAMED)
    vehicle, pay = slots[place], world.accounts.pay
    # The ledger keeps lump sums in single precision; the price is what the ledger says.
    each = (price / world.scale).astype(np.float32)
    price = each.astype(np.float64) * world.scale
    pay("royalty_notes", "households", place, "organizations", vehicle, price, place=place)
    pay("royalty_sale", "organizations", vehicle, "organizations", owner, price, place=place)
    fee = np.minimum(cost, price)
    pay("deal_cost", "organizations", owner, "services", place, fee, place=place)
    uses.licensor[use] = vehicle
    invention = uses.invention[use]
    world.deals.add(
        len(use), month=world.month, kind=SALE, giver=owner, taker=vehicle, right=uses.right[use], invention=invention,
        field=world.inventions.field[invention], from_place=place, to_place=place, upfront=each,
        royalty_rate=uses.royalty[use],
    )  # fmt: skip
    world.tally.add("royalty_financing", place, price)
    world.tally.add("royalty_worth", place, worth)


def _outlook(world: World, uses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (usual discount rate, years left) of royalties of uses, float64 (n,) each.

    Products are withdrawn after two lives (``agents.firm.sell``).
    """
    lines, v = world.lines, world.valuation
    line = world.uses.line[uses]
    sector = lines.sector[line].astype(np.int64)
    years = 2.0 * world.sectors["product_life"][sector] - (world.month - lines.launched[line]) / 12.0
    return v.discount[sector] + v.hazard[sector], years


def _believed(world: World, sold: Sold, place: np.ndarray, yearly: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Return what investors think a yearly royalty is worth, float64 (J,): mean on offer, mixed with that of the pool."""
    J = world.J
    offered = np.bincount(place, yearly * usual, J) / np.maximum(np.bincount(place, yearly, J), 1e-300)
    payee = world.uses.licensor[sold.owing].astype(np.int64)
    at = np.flatnonzero(payee >= 0)
    at = at[world.orgs.kind[payee[at]] == VEHICLE]
    if not len(at):
        return offered
    home, owed = world.orgs.jurisdiction[payee[at]].astype(np.int64), sold.owed[at]
    total = np.bincount(home, owed, J)
    pool = np.divide(
        np.bincount(home, owed * multiple(*_outlook(world, sold.owing[at])), J),
        total,
        out=offered.copy(),
        where=total > 0,
    )
    return np.asarray(offered + world.p["securitization.experience"] * (pool - offered))


def _pass_on(world: World) -> None:
    """Pay what vehicles hold to the investors of their place."""
    slots = vehicles(world)
    place = np.flatnonzero(slots >= 0)
    if len(place):
        cash = np.maximum(0.0, world.orgs.cash[slots[place]])
        world.accounts.pay("note_return", "organizations", slots[place], "households", place, cash, place=place)
