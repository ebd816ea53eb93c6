"""A subsidy for newly hired researchers of small firms: who is cheaper to hire is hired more, and wages rise.

With s the lever ``government.hiring_subsidy``, paid in the first T years of a hire, and 1 / l the length a hire stays, the
firm saves s min(1, T l) of what a researcher costs over the stay, and wants so many more. The government pays s of the
pay of those hired in the last T years; the money bids for the same people as all R&D money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM, SME_EMPLOYEES
from ecosystem.domain.indicators import flow
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("hiring_subsidies_paid", "M USD2020", "subsidies for newly hired researchers of small firms", 0)


def turnover(world: World) -> np.ndarray:
    """Return the share of researchers who leave an employer in a year: who looks around and whose career ends, (J,)."""
    return np.asarray(world.levers["talent.mobility"] + 1.0 / np.maximum(world.fact("career_years"), 2.0))


def cost_left(world: World, slots: np.ndarray, place: np.ndarray | int) -> np.ndarray | float:
    """Return the part of a researcher's cost that firms bear themselves, float64 (n,), or 1 where nothing is paid."""
    subsidy = world.levers["government.hiring_subsidy"]
    if not subsidy.any():
        return 1.0
    saved = subsidy * np.minimum(1.0, world.p["firm.subsidy_years"] * turnover(world))
    return np.asarray(1.0 - np.where(world.orgs.size_rank[slots] < SME_EMPLOYEES, saved[place], 0.0))


@rule("funding", "firm.hiring_subsidy", after="firm.spend", before="government.settle")
def pay_subsidy(world: World) -> None:
    """Pay the subsidy of the month for recent hires of small firms; it goes on to them as pay."""
    orgs, p, t = world.orgs, world.p, world.talent
    subsidy = world.levers["government.hiring_subsidy"]
    if not subsidy.any():
        if t.subsidized is not None:
            t.subsidized, orgs.recruits[:] = None, 0.0
        return
    firms = orgs.living(FIRM)
    firms = firms[orgs.size_rank[firms] < SME_EMPLOYEES]
    place = orgs.jurisdiction[firms].astype(np.int64)
    closing = 1.0 - np.exp(-1.0 / p["talent.hiring_months"])
    hires = closing * np.maximum(0.0, orgs.wanted[firms] - orgs.heads[firms])
    hires += turnover(world)[place] / 12.0 * orgs.heads[firms]
    stay = 1.0 - 1.0 / (12.0 * p["firm.subsidy_years"])
    orgs.recruits[firms] = np.where(subsidy[place] > 0.0, stay * orgs.recruits[firms] + hires, 0.0)
    pay_of_one = (world.researcher_cost * world.wage)[place] / 12.0
    recent = np.minimum(orgs.recruits[firms], orgs.heads[firms])
    amount = subsidy[place] * pay_of_one * recent * orgs.weight[firms]
    pay = world.accounts.pay
    pay("hiring_subsidy", "government", place, "organizations", firms, amount, place=place)
    pay("rd_wages", "organizations", firms, "households", place, amount, place=place)
    t.subsidized = 12.0 * np.bincount(place, amount, world.J)
    for name in ("hiring_subsidies_paid", "business_rd", "business_rd_sme"):
        world.tally.add(name, place, amount, orgs.sector[firms])
