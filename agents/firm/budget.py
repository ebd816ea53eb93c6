"""R&D budgets: follow size, user cost and what paid off; spend month by month within the money at hand.

Once a year, in its own month, a firm moves its own R&D part of the way to
``ln R* = ln c + 0.93 ln n + h + k ln(ret / ret0) - eta ln(uc / uc0)``: n staff, h lasting taste, ret the experienced return on
own R&D (five-year mean of rents from own lines and license income, less legal cost, over R&D; partly own, mostly of
the sector), uc = 1 - relief the user cost. For a finance-constrained firm each unit of relief also unlocks outside money:
eta = 1 + m (findings on population: a convex cost of finance would make constrained firms less elastic, not more).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.population import refresh_absorptive, set_wanted
from agents.organizations import FIRM, affordable
from ecosystem.domain.indicators import flow, ratio
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("business_rd", "M USD2020", "R&D performed by firms, own and public money", 1)
flow("business_rd_sme", "M USD2020", "R&D performed by firms below 250 employees", 1)
ratio("return_on_rd", "ratio", "rents from own lines and license income / R&D of firms", 1, "rd_income", "business_rd")
ratio("finance_constrained_share", "share", "R&D of firms that lack money for their target / R&D of firms", -1,
      "rd_constrained", "business_rd")  # fmt: skip

_MEMORY_YEARS = 5.0
_SELF_FINANCED_MONTHS = 24
"""Firms stand on their own feet for the last two years of the burn-in."""


class Returns:
    """Reference returns on R&D by place and sector, frozen at the start of the horizon.

    Attributes:
        now: (J, S) five-year mean of income over R&D; reference: the same, frozen at month 0 (moving before).
        level: (J, S) constant of the R&D rule, set so that the start is at rest.
    """

    def __init__(self, world: World) -> None:
        self.now = np.full((world.J, world.S), np.nan)
        self.reference = np.full((world.J, world.S), np.nan)
        self.level = np.zeros((world.J, world.S))
        orgs = world.orgs
        firms = orgs.living(FIRM)
        p = world.p
        target = p["firm.rd_size_elasticity"] * np.log(orgs.employees[firms]) + orgs.intensity[firms]
        gap = np.log(orgs.rd[firms]) - target
        count = np.zeros((world.J, world.S))
        np.add.at(self.level, (orgs.jurisdiction[firms], orgs.sector[firms]), gap)
        np.add.at(count, (orgs.jurisdiction[firms], orgs.sector[firms]), 1.0)
        self.level /= np.maximum(count, 1.0)

    def observe(self, world: World, firms: np.ndarray) -> None:
        """Update the sector means from the firms' five-year incomes."""
        orgs = world.orgs
        cell = (orgs.jurisdiction[firms], orgs.sector[firms])
        income, spent = np.zeros_like(self.now), np.zeros_like(self.now)
        np.add.at(income, cell, orgs.returns[firms] * orgs.weight[firms])
        np.add.at(spent, cell, orgs.rd[firms] * orgs.weight[firms])
        self.now = income / np.maximum(spent, 1e-12)
        if world.month <= 0:
            self.reference = np.maximum(self.now, 1e-6)


def user_cost(world: World, firms: np.ndarray) -> np.ndarray:
    """Return 1 - tax relief of each firm, by its size at the start of the horizon, float64 (n,)."""
    orgs = world.orgs
    place = orgs.jurisdiction[firms]
    small = orgs.size_rank[firms] < 250
    relief = np.where(
        small, world.levers["government.rd_credit_small"][place], world.levers["government.rd_credit_large"][place]
    )
    return 1.0 - relief


@rule("firm_life", "firm.budget")
def budget(world: World) -> None:
    """Firms whose month it is look back on what R&D brought and set next year's R&D."""
    p, orgs = world.p, world.orgs
    firms = orgs.living(FIRM)
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    so_far = orgs.income_past[due] + orgs.own_rents[due] + orgs.license_income[due]
    so_far -= p["firm.legal_in_return"] * orgs.legal_cost[due]
    so_far -= p["firm.payments_in_return"] * orgs.license_payments[due]
    so_far -= (1.0 - p["firm.settlements_in_return"]) * orgs.settlement_income[due]
    income = so_far - orgs.income_mark[due]
    orgs.income_mark[due] = so_far
    keep = np.exp(-1.0 / _MEMORY_YEARS)
    orgs.returns[due] = keep * orgs.returns[due] + (1.0 - keep) * income
    place = orgs.jurisdiction[due].astype(np.int64)
    world.tally.add("rd_income", place, np.maximum(income, 0.0) * orgs.weight[due], orgs.sector[due])
    if world.month_of_year == 11:
        world.returns.observe(world, firms)
    if p["switch.rd_feedback"] > 0.5 and world.month > 0:
        sector = orgs.sector[due].astype(np.int64)
        reference = world.returns.reference[place, sector]
        own = np.clip(orgs.returns[due] / np.maximum(orgs.rd[due], 1e-12) / reference, 0.1, 10.0)
        sectoral = np.clip(world.returns.now[place, sector] / reference, 0.1, 10.0)
        mine = p["firm.own_return_weight"]
        pull = p["firm.return_elasticity"] * (mine * np.log(own) + (1.0 - mine) * np.log(sectoral))
        pull = np.where(np.isfinite(pull), pull, 0.0)
    else:
        pull = np.zeros(len(due))
    fresh = (orgs.origin[due] > 0) & (world.month - orgs.founded[due] < 96)
    orgs.intensity[due] -= np.where(fresh, p["firm.startup_intensity"] / 8.0, 0.0)
    elasticity = p["firm.user_cost_elasticity"] + np.where(
        orgs.finance_constrained[due], world.levers["finance.outside_multiplier"][place], 0.0
    )
    cost = np.log(user_cost(world, due)) - np.log(world.user_cost_at_start(due))
    target = (
        world.returns.level[place, orgs.sector[due]]
        + p["firm.rd_size_elasticity"] * np.log(np.maximum(orgs.employees[due], 1.0))
        + orgs.intensity[due]
        + np.clip(pull, -1.0, 1.0)
        - elasticity * cost
    )
    noise = p["firm.rd_noise"] * (np.maximum(orgs.employees[due], 1.0) / 300.0) ** -p["firm.growth_size_slope"]
    step = p["firm.adjustment"] * (target - np.log(np.maximum(orgs.rd[due], 1e-9)))
    luck = noise * world.draw.normal("firm.rd_noise", orgs.uid[due])
    orgs.rd[due] *= np.exp(np.clip(step + luck, -0.7, 0.7))
    refresh_absorptive(world, due)


@rule("funding", "firm.spend", after="government.grant")
def spend(world: World) -> None:
    """Pay this month's R&D: wages to households, materials to the outside; no more than the money at hand.

    Public money adds in full where the firm is constrained; elsewhere the firm takes back all but the pass-through share,
    since the project would have been done anyway.
    """
    p, orgs = world.p, world.orgs
    firms = orgs.living(FIRM)
    place = orgs.jurisdiction[firms].astype(np.int64)
    public = orgs.rd_public[firms]
    taken_back = np.where(orgs.finance_constrained[firms], 0.0, (1.0 - p["firm.grant_passthrough"]) * public)
    taken_back = np.minimum(taken_back, 0.9 * orgs.rd[firms])
    wanted = (orgs.rd[firms] - taken_back + public) / 12.0
    can = affordable(world, firms)
    if world.month < -_SELF_FINANCED_MONTHS:
        # the burn-in opens without product lines; until they carry the R&D their owners do
        lacking = np.maximum(wanted - can, 0.0)
        world.accounts.pay("burn_in_capital", "households", place, "organizations", firms, lacking * orgs.weight[firms],
                           place=place)  # fmt: skip
        can = can + lacking
    spent = np.minimum(wanted, can)
    orgs.finance_constrained[firms] = spent < 0.98 * wanted
    total = spent * orgs.weight[firms]
    theta = p["firm.wage_share"]
    world.accounts.pay("rd_wages", "organizations", firms, "households", place, theta * total, place=place)
    world.accounts.pay("rd_materials", "organizations", firms, "outside", place, (1.0 - theta) * total, place=place)
    orgs.rd_spent[firms] += spent
    scale = np.where(orgs.rd[firms] > 0, spent * 12.0 / np.maximum(orgs.rd[firms], 1e-12), 1.0)
    set_wanted(world, firms, place)
    orgs.wanted[firms] *= np.minimum(scale, 2.0)
    basic = world.levers["science.business_basic_share"][place]
    applied = world.levers["science.business_applied_share"][place]
    orgs.basic_share[firms], orgs.applied_share[firms] = basic, applied
    tally, sector = world.tally, orgs.sector[firms]
    tally.add("business_rd", place, total, sector)
    tally.add("rd_spent_total", place, total, sector)
    tally.add("rd_basic_spent", place, basic * total, sector)
    tally.add("rd_applied_spent", place, applied * total, sector)
    tally.add("rd_development_spent", place, (1.0 - basic - applied) * total, sector)
    small = orgs.is_sme(firms)
    tally.add("business_rd_sme", place[small], total[small], sector[small])
    short = orgs.finance_constrained[firms]
    tally.add("rd_constrained", place[short], total[short], sector[short])
