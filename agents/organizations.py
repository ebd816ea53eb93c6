"""Everyone who owns, buys, sells or funds: firms, universities, institutes, assertion entities, investors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.kernel.table import NEVER, Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

KINDS = ("firm", "university", "institute", "assertion_entity", "venture_fund", "bank", "guarantee_fund", "insurer",
         "royalty_vehicle")  # fmt: skip
ORIGINS = ("initial", "founder", "spin_off", "university_spin_off")
FIRM, UNIVERSITY, INSTITUTE, ASSERTION, VENTURE, BANK, GUARANTEE, INSURER, VEHICLE = range(9)
SME_EMPLOYEES = 250


class Organizations(Table):
    """One row stands for ``weight`` real organizations of its kind and holds the values of one of them."""

    uid = Column(np.int64, "id", "stable identity")
    kind = Column(np.int8, "code", "kind of organization", 0, KINDS)
    jurisdiction = Column(np.int8, "place", "seat")
    territory = Column(np.int8, "territory", "seat")
    region = Column(np.int8, "region", "seat")
    park = Column(np.bool_, "1", "seated in the science park of its region")
    sector = Column(np.int8, "sector", "main market, -1 for none", -1)
    field = Column(np.int8, "field", "core technology field")
    weight = Column(np.float64, "organizations", "real organizations that the row stands for", 1)
    alive = Column(np.bool_, "1", "active", True)
    passive = Column(np.bool_, "1", "of the rest of the world: acts by data, decides nothing")
    origin = Column(np.int8, "code", "how it came to be", 0, ORIGINS)
    founded = Column(np.int32, "month", "start", -NEVER)
    exited = Column(np.int32, "month", "end", NEVER)
    anniversary = Column(np.int8, "month of the year", "when strategic choices are taken")
    employees = Column(np.float64, "persons", "staff of one real organization")
    size_rank = Column(np.float64, "persons", "staff toward which size is pulled")
    base = Column(np.float64, "M USD2020/year", "attraction of its old products: their sales at starting prices")
    cash = Column(np.float64, "M USD2020", "money at hand of one real organization")
    credit = Column(np.float64, "M USD2020", "credit line: how far cash may fall below zero")
    debt = Column(np.float64, "M USD2020", "loans outstanding of one real organization")
    productivity = Column(np.float64, "ln", "quality lead over common knowledge")
    awareness = Column(np.float64, "share", "chance that it thinks of a given instrument of protection")
    absorptive = Column(np.float64, "1", "absorptive capacity (mean about 1)", 1)
    management = Column(np.float64, "sd", "level of management practices")
    risk = Column(np.float64, "share", "chance to explore a distant field")
    effect = Column(np.float64, "1", "lasting inventive ability", 1)
    shock = Column(np.float64, "ln", "passing inventive luck, AR(1)")
    intensity = Column(np.float64, "ln", "lasting taste for R&D")
    rd = Column(np.float64, "M USD2020/year", "R&D spending of one real organization")
    rd_memory = Column(np.float64, "effort", "slow average of own effort")
    rd_reference = Column(np.float64, "M USD2020/year", "R&D at the start of the horizon")
    rd_public = Column(np.float64, "M USD2020/year", "public money in R&D")
    basic_share = Column(np.float64, "share", "basic research in R&D")
    applied_share = Column(np.float64, "share", "applied research in R&D")
    development_fund = Column(np.float64, "M USD2020", "development budget not yet committed to products")
    heads = Column(np.float64, "persons", "researchers employed by one real organization")
    wanted = Column(np.float64, "persons", "researchers it would employ at the going wage")
    inventors = Column(np.int32, "simulated inventors", "simulated inventors employed (all weights together)")
    returns = Column(np.float64, "M USD2020/year", "experienced yearly income from own inventions, five-year mean")
    finance_constrained = Column(np.bool_, "1", "R&D limited by money at hand")
    enforcement_record = Column(np.float64, "suits", "suits brought, fading: deters infringers")
    hazard = Column(np.float64, "1", "hidden frailty that scales its exit hazard", 1)
    quality_signal = Column(np.float64, "ln", "hidden quality that investors see with noise")
    trained = Column(np.float64, "share", "researchers trained by public programs in recent years")
    recruits = Column(np.float64, "persons", "researchers of one real organization hired while their pay is subsidized")
    advised = Column(np.int32, "month", "last counsel beyond the usual", -NEVER)
    insured = Column(np.int32, "month", "end of its insurance against the cost of disputes", -NEVER)
    royalty_asked = Column(np.float64, "share of the taker's gain", "share that it asks in a license")
    income_past = Column(np.float64, "M USD2020", "income from own inventions of all closed years")
    income_mark = Column(np.float64, "M USD2020", "income from own inventions up to the last budget")
    # running totals of the year, per real organization, emptied each December
    sales = Column(np.float64, "M USD2020/year", "sales of the year so far")
    gross_profit = Column(np.float64, "M USD2020/year", "sales less production cost of the year so far")
    own_rents = Column(np.float64, "M USD2020/year", "profit from lines of own inventions of the year so far")
    license_income = Column(np.float64, "M USD2020/year", "royalties, fees and sale prices received so far")
    settlement_income = Column(
        np.float64, "M USD2020/year", "settlements and damages received so far, part of the license income"
    )
    license_payments = Column(np.float64, "M USD2020/year", "royalties, fees and sale prices paid so far")
    legal_cost = Column(np.float64, "M USD2020/year", "cost of disputes so far, damages paid included")
    venture_funding = Column(np.float64, "M USD2020/year", "venture money received so far")
    patents_filed = Column(np.float64, "applications/year", "real-unit count of one organization so far")
    rd_spent = Column(np.float64, "M USD2020/year", "R&D spent so far")

    def living(self, *kinds: int, active: bool = True) -> np.ndarray:
        """Return slots of living organizations of the given kinds, int64; ``active`` leaves out passive ones."""
        mask = self.kind == kinds[0]
        for kind in kinds[1:]:
            mask |= self.kind == kind
        mask &= self.alive
        if active:
            mask &= ~self.passive
        return np.flatnonzero(mask)

    def is_sme(self, slots: np.ndarray) -> np.ndarray:
        """Return True for firms below 250 employees, bool (n,)."""
        return self.employees[slots] < SME_EMPLOYEES


def affordable(world: World, slots: np.ndarray) -> np.ndarray:
    """Return what one real organization can still pay: cash plus its credit line, >= 0, M USD2020, float64 (n,)."""
    orgs = world.orgs
    return np.maximum(0.0, orgs.cash[slots] + orgs.credit[slots])


def set_credit(world: World, firms: np.ndarray) -> None:
    """Set credit lines to a share of the sales of old products (``firm.credit_share``); what is drawn is not called in."""
    orgs = world.orgs
    line = world.p["firm.credit_share"] * orgs.base[firms]
    orgs.credit[firms] = np.maximum(line, -orgs.cash[firms])


def within_means(world: World, who: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Return which of several purchases their buyers can pay for, in the order given, bool (n,).

    Args:
        who: buyers, int (n,); one may stand several times.
        cost: real-world totals, M USD2020, float64 (n,).
    """
    order = np.argsort(who, kind="stable")
    buyer, price = who[order], cost[order]
    running = np.cumsum(price)
    first = np.r_[True, buyer[1:] != buyer[:-1]] if len(buyer) else np.zeros(0, bool)
    start = np.repeat((running - price)[first], np.diff(np.r_[np.flatnonzero(first), len(buyer)]))
    fits = np.empty(len(who), bool)
    fits[order] = running - start <= affordable(world, buyer) * world.orgs.weight[buyer]
    return fits
