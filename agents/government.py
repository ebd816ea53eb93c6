"""Governments: they fund science, rank proposals for grants, repay part of R&D, buy new products, and tax.

The money of a government is the pot "government" of its place; the table keeps the year's outlays by purpose. What the
pot lacks at the end of the funding phase is raised by a lump-sum tax on households, what it has too much is paid back,
so the pot returns to zero every month and every outlay is somebody's tax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.handle import Handle
from agents.organizations import FIRM, SME_EMPLOYEES, affordable
from agents.purse import credit_due, on_offer, science_money
from ecosystem.domain.indicators import flow
from ecosystem.domain.market import ROUTES
from ecosystem.kernel.luck import fold
from ecosystem.kernel.schedule import rule
from ecosystem.kernel.table import NEVER, Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

flow("public_research_money", "M USD2020", "public money paid to universities and institutes for research")
flow("defense_research_money", "M USD2020", "the part of public research money that is for defense")
flow("rd_grants_paid", "M USD2020", "R&D grants paid to firms")
flow("tax_credits_paid", "M USD2020", "tax relief paid for R&D of firms")
flow("procurement_spent", "M USD2020", "public purchases of newly launched products")
flow("profit_tax_paid", "M USD2020", "taxes on profits of firms")
flow("general_tax_paid", "M USD2020", "lump-sum tax on households that balances public budgets, repayments deducted")

QUARTER = 3
"""Months between two calls for grants and between two rounds of purchases."""
_CALL, _PURCHASES = 1, 2
"""Months of a quarter in which governments open calls and buy."""
_NAMED = 6_001
"""First part of the identity of a government."""


class Grants(Table):
    """Running and past R&D grants; money is the mean over the real firms of a row."""

    firm = Column(np.int32, "organization slot", "who receives it")
    place = Column(np.int8, "place", "who pays it")
    small = Column(np.bool_, "1", "from the money kept for firms below 250 employees")
    rate = Column(np.float64, "M USD2020/year", "yearly payment, mean over the real firms of the row")
    started = Column(np.int32, "month", "first payment")
    ends = Column(np.int32, "month", "first month without payment", NEVER)


class Governments(Table):
    """One row a jurisdiction, in the order of places; amounts are real-world totals of the year so far."""

    grants: Grants
    """All grants; rows in order of start."""
    first_grant: int
    """Rows of ``grants`` before this one have ended."""
    allotted: np.ndarray
    """Money for new grants that past calls left over, M USD2020/year, float64 (large and small, places)."""

    uid = Column(np.int64, "id", "stable identity")
    jurisdiction = Column(np.int8, "place", "place governed")
    science = Column(np.float64, "M USD2020/year", "money for universities and institutes so far")
    grants_paid = Column(np.float64, "M USD2020/year", "R&D grants to firms so far")
    credits = Column(np.float64, "M USD2020/year", "tax relief for R&D so far")
    procurement = Column(np.float64, "M USD2020/year", "purchases of new products so far")
    profit_tax = Column(np.float64, "M USD2020/year", "taxes on profits so far")
    general_tax = Column(np.float64, "M USD2020/year", "lump-sum tax on households less repayments so far")


class Government(Handle):
    """The government of one jurisdiction: funds, grants, repays, buys and taxes."""

    table = "governments"


def open_governments(world: World) -> None:
    """Create one government a jurisdiction."""
    rows = world.governments
    places = np.arange(world.P)
    rows.grants = Grants(256)
    rows.first_grant = 0
    rows.allotted = np.zeros((2, world.J))
    rows.add(world.P, uid=fold(_NAMED, places), jurisdiction=places)


def _book(world: World, column: str, by_place: np.ndarray) -> None:
    """Add totals by place (J,) to a column of the governments, starting afresh each January."""
    rows = world.governments
    getattr(rows, column)[:] += by_place[rows.jurisdiction]


@rule("funding", "government.fund_science")
def fund_science(world: World) -> None:
    """Pay universities and institutes the public research money of their place by their shares in its research.

    Sets ``orgs.rd_public`` (M USD/year of one real organization) = funding_j * (R w)_i / sum_j (R w) / w_i, R the
    research at the start.
    Defense money goes to institutes; only what exceeds all their money goes to universities.
    """
    orgs, rows = world.orgs, world.governments
    if world.month_of_year == 0:
        for name in ("science", "grants_paid", "credits", "procurement", "profit_tax", "general_tax"):
            getattr(rows, name)[:] = 0.0
    slots, place, civil, defense = science_money(
        orgs.kind, orgs.alive, orgs.jurisdiction, orgs.weight, orgs.rd_reference, orgs.rd_public,
        world.levers["science.public_funding"], world.levers["science.defense_share"],
    )  # fmt: skip
    if not len(slots):
        return
    pay = world.accounts.pay
    pay("public_research", "government", place, "organizations", slots, civil, place=place)
    pay("defense_research", "government", place, "organizations", slots, defense, place=place)
    secret = np.bincount(place, defense, world.J)
    by_place = np.bincount(place, civil, world.J) + secret
    _book(world, "science", by_place)
    world.tally["public_research_money"][:, -1] += by_place
    world.tally["defense_research_money"][:, -1] += secret


def is_small(world: World, slots: np.ndarray) -> np.ndarray:
    """Return True for firms that count as small in support rules, bool (n,).

    What counts is the lasting size toward which a firm is pulled, so that growth over the line is no effect of the
    support itself.
    """
    small: np.ndarray = world.orgs.size_rank[slots] < SME_EMPLOYEES
    return small


@rule("funding", "government.credit")
def credit(world: World) -> None:
    """Repay firms, in their anniversary month, rate x own R&D of a year (public money in R&D earns no relief)."""
    orgs, levers = world.orgs, world.levers
    booked = np.zeros(world.J)
    slots, place, amount = credit_due(
        world.month_of_year, orgs.kind, orgs.alive, orgs.passive, orgs.anniversary, orgs.jurisdiction, orgs.sector,
        orgs.size_rank, orgs.rd, orgs.rd_public, orgs.weight, levers["government.rd_credit_small"],
        levers["government.rd_credit_large"], float(SME_EMPLOYEES), booked, world.tally["tax_credits_paid"],
    )  # fmt: skip
    if len(slots):
        world.accounts.pay("rd_tax_credit", "government", place, "organizations", slots, amount, place=place)
        _book(world, "credits", booked)


def has_its_quarter(world: World, slots: np.ndarray) -> np.ndarray:
    """Return True for firms whose anniversary lies in the present quarter of the year, bool (n,)."""
    mine: np.ndarray = world.orgs.anniversary[slots] // QUARTER == world.month_of_year // QUARTER
    return mine


@rule("funding", "government.grant")
def grant(world: World) -> None:
    """Open the quarter's call, rank the proposals by noisy merit, fund the best, pay all running grants (once a quarter).

    Firms without a grant apply once a year (quarter of their anniversary). merit = ln effect + ln absorptive +
    N(0, merit_noise); the best are funded until the free money of their class (small or large) is gone; the marginal row
    is funded for part of the real firms it stands for, so a budget is never exceeded. Free money of a class = budget -
    running grants, of which each call may give out a quarter of the budget and what earlier calls left over.
    """
    if world.month % QUARTER != _CALL:
        return
    orgs, grants = world.orgs, world.governments.grants
    first = world.governments.first_grant
    while first < grants.n and grants.ends[first] <= world.month:
        first += 1
    world.governments.first_grant = first
    _end_of_the_dead(world, first)
    budget = world.levers["government.rd_grants"]
    kept = world.levers["government.sme_grant_share"]
    purse = np.stack([budget * (1.0 - kept), budget * kept])  # (class, place), M USD/year
    running = np.flatnonzero(grants.ends[first:] > world.month) + first
    used = _by_class(world, running, grants.rate[running] * orgs.weight[grants.firm[running]])
    rows = world.governments
    rows.allotted[:] = np.minimum(rows.allotted + purse * QUARTER / 12.0, purse)
    free = np.clip(purse - used, 0.0, rows.allotted)

    slots = orgs.living(FIRM)
    slots = slots[has_its_quarter(world, slots) & (orgs.rd[slots] > 0)]
    funded = np.zeros(orgs.n, np.bool_)
    funded[grants.firm[running]] = True
    slots = slots[~funded[slots]]
    if len(slots) and free.any():
        rows.allotted[:] = np.maximum(0.0, rows.allotted - _award(world, slots, free))
        running = np.flatnonzero(grants.ends[first:] > world.month) + first

    # A cut of the budget cuts running grants too: what is paid never exceeds the year's money.
    firm, place = grants.firm[running].astype(np.int64), grants.place[running]
    klass = grants.small[running].astype(np.int64)
    rate = grants.rate[running] * orgs.weight[firm]
    owed = _by_class(world, running, rate)
    cut = np.divide(purse, owed, out=np.ones_like(purse), where=owed > purse)
    rate = rate * cut[klass, place]
    everyone = orgs.kind == FIRM
    orgs.rd_public[everyone] = 0.0
    if not len(running):
        return
    orgs.rd_public[firm] = rate / orgs.weight[firm]
    paid = rate * QUARTER / 12.0
    world.accounts.pay("rd_grant", "government", place, "organizations", firm, paid, place=place)
    _book(world, "grants_paid", np.bincount(place, paid, world.J))
    world.tally.add("rd_grants_paid", place, paid, orgs.sector[firm])


def _by_class(world: World, grants: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Add amounts of grants by class and place, float64 (2, J)."""
    table = world.governments.grants
    cell = table.small[grants].astype(np.int64) * world.J + table.place[grants]
    return np.bincount(cell, amount, 2 * world.J).reshape(2, world.J)


def _end_of_the_dead(world: World, first: int) -> None:
    grants = world.governments.grants
    ended = ~world.orgs.alive[grants.firm[first:]] & (grants.ends[first:] > world.month)
    if ended.any():
        grants.ends[first:][ended] = world.month


def _award(world: World, slots: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Rank proposals, enter the grants and return what was given out by class and place, M USD/year, (2, J)."""
    orgs, p, draw = world.orgs, world.p, world.draw
    uid, small = orgs.uid[slots], is_small(world, slots)
    ask = np.where(small, p["government.grant_ask_small"], p["government.grant_ask_large"]) * orgs.rd[slots]
    merit = np.log(np.maximum(orgs.effect[slots], 1e-9)) + np.log(np.maximum(orgs.absorptive[slots], 1e-9))
    merit = merit + p["government.merit_noise"] * draw.normal("government.merit", uid)
    klass, place = small.astype(np.int64), orgs.jurisdiction[slots].astype(np.int64)
    order = np.lexsort((uid, -merit, place, klass))
    wanted = (ask * orgs.weight[slots])[order]
    pile = klass[order] * world.J + place[order]
    granted = fill(wanted, pile, free.ravel())
    won = granted > 0
    given = np.bincount(pile, granted, 2 * world.J).reshape(2, world.J)
    if not won.any():
        return given
    winners = slots[order][won]
    low, high = p["government.grant_months_low"], p["government.grant_months_high"]
    months = low + (high - low) * draw.uniform("government.grant_months", orgs.uid[winners])
    world.governments.grants.add(
        len(winners),
        firm=winners,
        place=place[order][won],
        small=small[order][won],
        rate=granted[won] / orgs.weight[winners],
        started=world.month,
        ends=world.month + QUARTER * np.maximum(1, np.rint(months / QUARTER)).astype(np.int64),
    )
    return given


def fill(wanted: np.ndarray, pile: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Give out money in the order of rows: each pile's rows get what they want until the pile's money is gone.

    Args:
        wanted: amounts, best first within each pile, float64 (n,).
        pile: pile of each row, rows sorted by pile, int (n,).
        free: money by pile, float64 (piles,).

    Returns:
        amounts given, float64 (n,); the marginal row gets what is left.

    >>> fill(np.array([3.0, 3.0, 1.0]), np.array([0, 0, 1]), np.array([4.0, 5.0])).tolist()
    [3.0, 1.0, 1.0]
    """
    before = np.cumsum(wanted) - wanted
    starts = np.flatnonzero(np.r_[True, pile[1:] != pile[:-1]]) if len(pile) else np.zeros(0, np.int64)
    counts = np.diff(np.r_[starts, len(pile)])
    before -= np.repeat(before[starts], counts)
    return np.clip(free[pile] - before, 0.0, wanted)


_OWN = ROUTES.index("own")


@rule("funding", "government.procure")
def procure(world: World) -> None:
    """Buy newly launched products of firms in the own place, once a quarter.

    The quarter's money goes to lines younger than ``procurement_years`` in proportion to sales potential x quality, at
    most ``procurement_cap`` of a line's potential; the seller pays its production cost to households.
    """
    if world.month % QUARTER != _PURCHASES:
        return
    budget = world.levers["government.procurement"] * QUARTER / 12.0
    orgs, uses, lines, p = world.orgs, world.uses, world.lines, world.p
    if not budget.any() or not uses.n:
        return
    youngest = world.month - round(12 * p["government.procurement_years"])
    recent = on_offer(
        int(np.searchsorted(uses.started, np.int32(youngest))), youngest, uses.active, uses.infringing, uses.route,
        uses.line, uses.user, lines.launched, lines.active, orgs.kind, orgs.alive, orgs.passive,
    )  # fmt: skip
    if not len(recent):
        return
    line, seller = uses.line[recent], uses.user[recent].astype(np.int64)
    place = orgs.jurisdiction[seller].astype(np.int64)
    size = lines.potential[line] * world.scale
    need = size * np.maximum(world.inventions.quality[uses.invention[recent]], 0.0)
    total = np.bincount(place, need, world.J)
    world.new_lines_potential = np.bincount(place, size, world.J)
    amount = budget[place] * np.divide(need, total[place], out=np.zeros(len(need)), where=total[place] > 0)
    amount = np.minimum(amount, p["government.procurement_cap"] * size * QUARTER / 12.0)
    margin, sector = p["government.procurement_margin"], lines.sector[line]
    pay = world.accounts.pay
    pay("procurement", "government", place, "organizations", seller, amount, place=place)
    pay("production_cost", "organizations", seller, "households", place, amount * (1.0 - margin), place=place)
    each = amount / orgs.weight[seller]
    np.add.at(orgs.sales, seller, each)
    np.add.at(orgs.gross_profit, seller, margin * each)
    own = uses.route[recent] == _OWN
    np.add.at(orgs.own_rents, seller[own], margin * each[own])
    _book(world, "procurement", np.bincount(place, amount, world.J))
    world.tally.add("procurement_spent", place, amount, sector)


def profit_before_tax(world: World, slots: np.ndarray) -> np.ndarray:
    """Return the year's profit so far of one real firm: gross profit + license balance - R&D - legal cost, (n,)."""
    o = world.orgs
    return (
        o.gross_profit[slots] + o.license_income[slots] - o.license_payments[slots] - o.rd_spent[slots]
        - o.legal_cost[slots]
    )  # fmt: skip


@rule("firm_life", "government.tax")
def tax(world: World) -> None:
    """Tax positive profits once a year, in December, after the year's sales are known; never more than can be paid."""
    if world.month_of_year != 11:
        return
    orgs = world.orgs
    slots = orgs.living(FIRM)
    if not len(slots):
        return
    place = orgs.jurisdiction[slots]
    due = world.levers["government.profit_tax"][place] * np.maximum(0.0, profit_before_tax(world, slots))
    amount = np.minimum(due, affordable(world, slots)) * orgs.weight[slots]
    world.accounts.pay("profit_tax", "organizations", slots, "government", place, amount, place=place)
    _book(world, "profit_tax", np.bincount(place, amount, world.J))
    world.tally.add("profit_tax_paid", place, amount, orgs.sector[slots])


@rule("funding", "government.settle", after="government.procure")
def settle(world: World) -> None:
    """Return every government's pot to zero: households pay what is missing and receive what is left over."""
    pot = world.accounts.holders["government"].pots.copy()
    places = np.arange(world.J)
    pay = world.accounts.pay
    pay("general_tax", "households", places, "government", places, np.maximum(0.0, -pot), place=places)
    pay("public_transfer", "government", places, "households", places, np.maximum(0.0, pot), place=places)
    _book(world, "general_tax", -pot)
    world.tally.add("general_tax_paid", places, -pot)
