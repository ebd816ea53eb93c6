"""Investors: venture funds pick start-ups from noisy signals, banks lend against rights.

A granted right makes a start-up's quality easier to read (a signal) and can be pledged (a collateral). All money comes
from households and goes back to them: venture supply and bank deposits out, returns and repaid deposits in; what is
lost at the exit of a firm is the households' loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.government import QUARTER, fill, profit_before_tax
from agents.handle import Handle
from agents.holdings import rights_of
from agents.insurer import open_seat
from agents.organizations import BANK, FIRM, GUARANTEE, INSURER, SME_EMPLOYEES, VEHICLE, VENTURE, affordable
from agents.purse import borrowers, dilute, start_ups, syndicate
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.ledgers import DEALS
from ecosystem.domain.regions import settle
from ecosystem.domain.valuation import right_present_value
from ecosystem.kernel.luck import fold
from ecosystem.kernel.schedule import rule
from ecosystem.kernel.table import Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

flow("startup_funding_total", "M USD2020", "money received by firms younger than 6 years from funds and government", 1)
flow("venture_invested", "M USD2020", "money that venture funds put into firms")
flow("venture_relief_paid", "M USD2020", "tax relief paid to venture investors")
flow("venture_returned", "M USD2020", "money that venture funds paid back to households")
flow("pledge_loans", "M USD2020", "loans with a right as collateral", 1)
flow("pledge_losses", "M USD2020", "pledge loans lost at the exit of the borrower", -1)
flow("guarantee_losses", "M USD2020", "lost pledge loans that a public fund made good", -1)
ratio("loan_acceptance_rate", "share", "granted / requested loans with a right as collateral", 1,
      "pledge_loans_granted", "pledge_loans_requested")  # fmt: skip

_FUNDING = 1
"""Month of a quarter in which venture funds invest."""
_NAMED = 6_002
_YOUNG_MONTHS = 72
"""Start-ups of the indicator are younger than six years (its definition)."""
PLEDGE = DEALS.index("pledge_loan")


class Stakes(Table):
    """Shares in firms held by venture funds; rows in order of start."""

    fund = Column(np.int32, "organization slot", "who holds it")
    firm = Column(np.int32, "organization slot", "in whom")
    share = Column(np.float64, "share", "share of the firm's profit")
    month = Column(np.int32, "month", "when it was bought")
    paid = Column(np.float64, "M USD2020", "price, real-world total")


class Investor(Handle):
    """A venture fund, bank, guarantee fund, insurer or vehicle that buys royalties."""

    table = "orgs"
    kinds = (VENTURE, BANK, GUARANTEE, INSURER, VEHICLE)


def open_investors(world: World) -> None:
    """Create the venture funds and one bank of each jurisdiction, without money."""
    world.stakes = Stakes(256)
    funds = round(world.p["investor.funds"])
    for place in range(world.P):
        for kind, n, weight in ((VENTURE, funds, world.p["investor.real_funds"]), (BANK, 1, 1.0)):
            rows = world.orgs.add(
                n, uid=fold(_NAMED, place, kind, np.arange(n)), kind=kind, jurisdiction=place,
                territory=_seat(world, place), weight=weight,
            )  # fmt: skip
            settle(world, rows)


def distance_hurdle(world: World) -> np.ndarray:
    """Return what funds ask for beyond the usual of firms in each region, ln quality, float64 (R,), mean 0 by R&D.

    Venture money sits in regions by R&D^a. A region's reach is the mean nearness of that money; h = c (mean reach - reach):
    who is far from the money is watched less closely and must look better (Sorenson & Stuart 2001).
    """
    regions, p = world.regions, world.p
    same = regions.place[:, None] == regions.place
    money = regions.share ** p["investor.concentration"]
    money = money / (same @ money)
    near = np.where(same, regions.weights(p["investor.near_neighbor"], p["investor.near_place"]), 0.0)
    reach = near @ money
    usual = same @ (regions.share * reach)
    return np.asarray(p["investor.distance_hurdle"] * (usual - reach))


def _seat(world: World, place: int) -> int:
    return int(np.flatnonzero(np.asarray(world.territories.place) == place)[0])


@rule("funding", "investor.raise")
def raise_money(world: World) -> None:
    """Call a quarter's venture supply from households, up to ``dry_powder_years`` of supply not yet invested.

    The money called for the second and third month of the quarter does not count as waiting.
    """
    if world.month % QUARTER != _FUNDING:
        return
    orgs = world.orgs
    funds = orgs.living(VENTURE)
    if not len(funds):
        return
    place, weight = orgs.jurisdiction[funds].astype(np.int64), orgs.weight[funds]
    supply = world.levers["finance.venture_supply"]
    rows = np.bincount(place, minlength=world.J)
    mine = supply[place] / rows[place]
    room = np.maximum(
        0.0, (world.p["investor.dry_powder_years"] + (QUARTER - 1) / 12.0) * mine - orgs.cash[funds] * weight
    )
    world.accounts.pay(
        "venture_supply",
        "households",
        place,
        "organizations",
        funds,
        np.minimum(mine * QUARTER / 12.0, room),
        place=place,
    )


@rule("funding", "investor.fund", after="investor.raise")
def fund(world: World) -> None:
    """Fund the start-ups believed best, once a year each, until the money of the place's funds is gone.

    signal s = q + tau z, q hidden quality with prior N(0, 1); belief s / (1 + tau^2); tau is smaller with a right in
    force. Firms far from the money must look better (``distance_hurdle``). Money buys ``equity_share`` of later profits.
    Acts once a quarter, for the firms with their anniversary in it.
    """
    if world.month % QUARTER != _FUNDING:
        return
    orgs, p, draw = world.orgs, world.p, world.draw
    funds = orgs.living(VENTURE)
    since = world.month - 12 * p["investor.startup_years"]
    firms = start_ups(
        world.month_of_year // QUARTER, int(np.floor(since)), orgs.kind, orgs.alive, orgs.passive, orgs.founded,
        orgs.anniversary,
    )  # fmt: skip
    if not len(firms) or not len(funds):
        return
    count, _ = rights_of(world, firms, 1)
    uid = orgs.uid[firms]
    tau = np.where(count > 0, p["investor.noise_with_right"], p["investor.noise"])
    signal = orgs.quality_signal[firms] + tau * draw.normal("investor.signal", uid)
    belief = signal / (1.0 + tau**2)
    belief -= distance_hurdle(world)[orgs.region[firms]]
    # relief lowers what a share costs an investor, and with it the quality that is good enough
    relief = world.levers["finance.venture_relief"]
    cheaper = np.log1p(-relief) - np.log1p(-world.base_levers["finance.venture_relief"])
    good = belief > p["investor.hurdle"] + cheaper[orgs.jurisdiction[firms]]
    firms, uid, belief = firms[good], uid[good], belief[good]
    place = orgs.jurisdiction[firms].astype(np.int64)
    ask = np.maximum(p["investor.ask_least"], p["investor.ask_years"] * orgs.rd[firms]) * orgs.weight[firms]
    order = np.lexsort((uid, -belief, place))
    firms, place, ask = firms[order], place[order], ask[order]
    money = np.maximum(0.0, orgs.cash[funds]) * orgs.weight[funds]
    fund_place = orgs.jurisdiction[funds].astype(np.int64)
    purse = np.bincount(fund_place, money, world.J)
    got = fill(ask, place, purse)
    firms, place, got = firms[got > 0], place[got > 0], got[got > 0]
    if not len(firms):
        return
    orgs_share = p["investor.equity_share"]
    stakes = world.stakes
    dilute(stakes.firm, stakes.share, firms, orgs.n, 1.0 - orgs_share)
    # Funds of a place invest together, each by its money.
    fund_index, index, amount, part = syndicate(fund_place, money, purse, place, got)
    owner, firm = funds[fund_index], firms[index]
    world.accounts.pay("venture", "organizations", owner, "organizations", firm, amount, place=place[index])
    stakes.add(len(firm), fund=owner, firm=firm, share=orgs_share * part, month=world.month, paid=amount)
    orgs.venture_funding[firms] += got / orgs.weight[firms]
    world.tally.add("venture_invested", place, got, orgs.sector[firms])
    if relief.any():
        repaid = relief[place] * got
        world.accounts.pay("venture_relief", "government", place, "households", place, repaid, place=place)
        world.tally.add("venture_relief_paid", place, repaid, orgs.sector[firms])
    young = world.month - orgs.founded[firms] < _YOUNG_MONTHS
    world.tally.add("startup_funding_total", place[young], got[young], orgs.sector[firms[young]])


@rule("funding", "investor.support", after="investor.fund")
def support(world: World) -> None:
    """Count this month's grants to young firms as money received by start-ups."""
    orgs = world.orgs
    firms = orgs.living(FIRM)
    firms = firms[(orgs.rd_public[firms] > 0) & (world.month - orgs.founded[firms] < _YOUNG_MONTHS)]
    if len(firms):
        money = orgs.rd_public[firms] * orgs.weight[firms] / 12.0
        world.tally.add("startup_funding_total", orgs.jurisdiction[firms], money, orgs.sector[firms])


@rule("firm_life", "investor.harvest", after="government.tax")
def harvest(world: World) -> None:
    """Pay the stakes' share of the year's profit to the funds, and on to households (December)."""
    stakes = world.stakes
    if world.month_of_year != 11 or not stakes.n:
        return
    orgs, p = world.orgs, world.p
    first = int(np.searchsorted(stakes.month, np.int32(world.month - round(12 * p["investor.stake_years"]))))
    rows = np.arange(first, stakes.n)
    rows = rows[orgs.alive[stakes.firm[rows]]]
    if not len(rows):
        return
    firm, owner = stakes.firm[rows].astype(np.int64), stakes.fund[rows].astype(np.int64)
    place = orgs.jurisdiction[firm].astype(np.int64)
    tax = world.levers["government.profit_tax"][place]
    profit = np.maximum(0.0, profit_before_tax(world, firm)) * (1.0 - tax)
    claim = stakes.share[rows] * profit
    claims = np.bincount(firm, claim, orgs.n)[firm]
    able = np.maximum(0.0, np.minimum(orgs.cash[firm], affordable(world, firm)))
    cut = np.divide(np.minimum(able, claims), claims, out=np.zeros(len(rows)), where=claims > 0)
    amount = claim * cut * orgs.weight[firm]
    pay = world.accounts.pay
    pay("venture_return", "organizations", firm, "organizations", owner, amount, place=place)
    pay("venture_payout", "organizations", owner, "households", place, amount, place=place)
    world.tally.add("venture_returned", place, amount)


@rule("funding", "investor.pledge", after="investor.fund")
def pledge(world: World) -> None:
    """Lend against rights in force to small or finance-constrained firms that lack cash (yearly, on their month).

    A firm asks, for each of its newest rights, min(need, PV of the right); the bank values the right at PV e^{error}
    and lends at most loan_to_value of that, or loan_to_value / (1 - g) where a fund bears the share g of a loss: the bank
    keeps what it risks itself at the same part of the value. No loan results if the offer is far below what was asked or
    too small.
    """
    orgs, p = world.orgs, world.p
    firms, need, bank_of = borrowers(
        world.month_of_year, orgs.kind, orgs.alive, orgs.passive, orgs.anniversary, orgs.jurisdiction, orgs.rd, orgs.cash,
        orgs.finance_constrained, orgs.employees, p["investor.liquidity_years"], float(SME_EMPLOYEES), BANK, world.J,
    )  # fmt: skip
    if not len(firms):
        return
    _, newest = rights_of(world, firms, round(p["investor.rights_looked_at"]))
    row, _ = np.nonzero(newest >= 0)
    right = newest[newest >= 0]
    if not len(right):
        return
    firm = firms[row]
    place = orgs.jurisdiction[firm].astype(np.int64)
    listed = (newest >= 0).sum(axis=1)[row]
    value = right_present_value(world, right)
    # One object stands for ``scale`` real rights of ``weight`` real firms.
    asked = np.minimum(need[row] / listed * orgs.weight[firm] / world.scale, value)
    error = p["investor.valuation_error"] * world.draw.normal("investor.valuation", world.rights.uid[right])
    most = world.levers["finance.loan_to_value"] / (1.0 - world.levers["finance.guarantee"])
    offer = np.minimum(asked, most[place] * value * np.exp(error))
    worth_asking = asked > p["investor.least_loan"]
    done = worth_asking & (offer >= np.maximum(p["investor.least_cover"] * asked, p["investor.least_loan"]))
    world.tally.add("pledge_loans_requested", place[worth_asking], world.scale)
    if not done.any():
        return
    # The ledger keeps lump sums in single precision; the loan is what the ledger says.
    loan = offer[done].astype(np.float32).astype(np.float64)
    firm, right, place = firm[done], right[done], place[done]
    bank = bank_of[place]
    total = loan * world.scale
    pay = world.accounts.pay
    pay("deposit", "households", place, "organizations", bank, total, place=place)
    pay("pledge_loan", "organizations", bank, "organizations", firm, total, place=place)
    np.add.at(orgs.debt, firm, total / orgs.weight[firm])
    world.rights.pledged[right] = True
    deals = world.deals.add(
        len(firm), month=world.month, kind=PLEDGE, giver=firm, taker=bank, right=right,
        invention=world.rights.invention[right], field=world.rights.field[right], from_place=place, to_place=place,
        upfront=loan,
    )  # fmt: skip
    world.calendar.put("investor.repay", world.month + QUARTER, deals)
    world.tally.add("pledge_loans_granted", place, world.scale)
    world.tally.add("pledge_loans", place, total, world.rights.sector[right])


@rule("funding", "investor.repay", after="investor.pledge")
def repay(world: World) -> None:
    """Collect installments and interest on pledge loans each quarter from their start; write off loans of dead firms.

    A borrower owes what its debt exceeds the schedule by (loans fall to zero in equal steps, arrears add up) and the
    interest on its debt; short of money it pays what it can. At the end of its last loan, or at its exit, what is left
    is the lender's loss. The collateral of a loan is released at its end. All loans of a firm start in its month of the
    year, so that their quarters coincide.
    """
    due = world.calendar.pop("investor.repay", world.month)
    if not len(due):
        return
    orgs, deals, p = world.orgs, world.deals, world.p
    months = round(p["investor.loan_months"])
    age = world.month - deals.month[due]
    firm, of = np.unique(deals.giver[due].astype(np.int64), return_inverse=True)
    bank = np.zeros(len(firm), np.int64)
    bank[of] = deals.taker[due]
    place = orgs.jurisdiction[firm].astype(np.int64)
    alive, weight = orgs.alive[firm], orgs.weight[firm]
    loan = deals.upfront[due].astype(np.float64) * world.scale
    schedule = np.bincount(of, loan * np.maximum(0.0, 1.0 - age / months), len(firm)) / weight
    debt = orgs.debt[firm]
    interest = debt * p["investor.interest"] * QUARTER / 12.0
    owed = np.maximum(0.0, debt - schedule) + interest
    paid = np.where(alive, np.minimum(owed, affordable(world, firm)), 0.0)
    pay = world.accounts.pay
    pay("pledge_repayment", "organizations", firm, "organizations", bank, paid * weight, place=place)
    pay("deposit_repayment", "organizations", bank, "households", place, paid * weight, place=place)
    left = np.maximum(0.0, debt - np.maximum(0.0, paid - interest))
    ended = ~alive[of] | (age >= months)
    running = np.bincount(of, ~ended, len(firm)) > 0
    lost = np.where(running, 0.0, left) * weight
    world.tally.add("pledge_losses", place, lost)
    make_good(world, bank, place, lost)
    orgs.debt[firm] = np.where(running, left, 0.0)
    released = deals.right[due[ended]]
    world.rights.pledged[released[released >= 0]] = False
    world.calendar.put("investor.repay", world.month + QUARTER, due[~ended])


def make_good(world: World, bank: np.ndarray, place: np.ndarray, lost: np.ndarray) -> None:
    """Let the guarantee fund of each place bear its share of losses of banks (n,); the government refills the fund.

    Args:
        bank: organization slots, int64 (n,).
        lost: real totals, M USD2020, float64 (n,).
    """
    borne = world.levers["finance.guarantee"][place] * lost
    some = borne > 0.0
    if not some.any():
        return
    bank, place, borne = bank[some], place[some], borne[some]
    orgs = world.orgs
    fund = np.full(world.J, -1, np.int64)
    known = np.flatnonzero(orgs.kind == GUARANTEE)
    fund[orgs.jurisdiction[known]] = known
    for j in np.unique(place):
        if fund[j] < 0:
            fund[j] = open_seat(world, int(j), GUARANTEE, _NAMED)
    pay = world.accounts.pay
    pay("guarantee_payout", "government", place, "organizations", fund[place], borne, place=place)
    pay("guarantee_claim", "organizations", fund[place], "organizations", bank, borne, place=place)
    pay("deposit_repayment", "organizations", bank, "households", place, borne, place=place)
    world.tally.add("guarantee_losses", place, borne)


def _loans_outstanding(world: World) -> np.ndarray:
    orgs = world.orgs
    firms = orgs.living(FIRM)
    return np.bincount(orgs.jurisdiction[firms], orgs.debt[firms] * orgs.weight[firms], world.J)


stock("loans_outstanding", "M USD2020", "debt of firms at the end of the month", 0, _loans_outstanding)
