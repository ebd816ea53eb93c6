"""Development partnerships: an innovator and an industry partner develop together, and public money bears part of the cost.

Of the inventions that a firm looked at and did not begin, some meet a partner of their sector. The two go on if
value (1 + complement) > cost (1 - g), g the public part; each pays its part of what is left out of its development fund,
and the partner gets its part of the profit as a royalty on sales.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.commercialize import TURNS, appraise, schedule_launch
from agents.organizations import FIRM
from agents.university import firm_pool
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.knowledge import STATUS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

IDEA, DEVELOPING, LAUNCHED = STATUS.index("idea"), STATUS.index("developing"), STATUS.index("launched")
COHORT_YEARS = 8
"""Years after which a cohort of inventions counts as finished (definition of the indicator)."""

ratio("commercialization_rate", "share", "inventions launched within 8 years of their month / inventions, by cohort", 1,
      "cohort_launched", "cohort_inventions")  # fmt: skip
flow("partner_projects", "projects", "developments begun by an innovator with an industry partner", 0)
flow("partner_grants", "M USD2020", "public money for developments with an industry partner", 0)


def goes_on(value: np.ndarray, cost: np.ndarray, support: np.ndarray, complement: float) -> np.ndarray:
    """Return which projects two partners begin: V (1 + c) > C (1 - g), bool (n,).

    >>> goes_on(np.array([1.0, 1.0]), np.array([1.5, 1.5]), np.array([0.0, 0.3]), 0.2).tolist()
    [False, True]
    """
    out: np.ndarray = value * (1.0 + complement) > cost * (1.0 - support)
    return out


@rule("commercialization", "development.partner", after="development.begin", before="development.launch")
def develop_together(world: World) -> None:
    """Have inventions that their owners looked at this month and left waiting meet partners."""
    lever = world.levers["development.partner_support"]
    bucket = world.waiting[world.month_of_year % TURNS]
    if not lever.any() or not bucket:
        return
    orgs, inv, p, draw = world.orgs, world.inventions, world.p, world.draw
    ideas = np.concatenate(bucket)
    ideas = ideas[(inv.status[ideas] == IDEA) & (inv.licensor[ideas] < 0)]
    who, cost, value, _ = appraise(world, ideas)
    place = orgs.jurisdiction[who].astype(np.int64)
    support = lever[place]
    firm = (orgs.kind[who] == FIRM) & ~orgs.passive[who] & orgs.alive[who] & (support > 0.0) & (value > 0.0)
    good = firm & goes_on(value, cost, support, p["partner.complement"])
    good &= draw.bernoulli("partner.meet", inv.uid[ideas], p["partner.meet"])
    ideas, who, cost, place, support = (a[good] for a in (ideas, who, cost, place, support))
    if not len(ideas):
        return
    cell = place * world.S + inv.sector[ideas]
    partner = draw.partner("partner.choose", inv.uid[ideas], cell, firm_pool(world), avoid=orgs.uid[who])
    fine = (partner >= 0) & orgs.alive[np.maximum(partner, 0)]
    ideas, who, cost, place, support, partner = (a[fine] for a in (ideas, who, cost, place, support, partner))
    left = cost * (1.0 - support) * world.scale
    theirs = p["partner.share"] * left / orgs.weight[partner]
    mine = (1.0 - p["partner.share"]) * left / orgs.weight[who]
    # as for single developers, a project larger than a group's whole fund begins with the chance that a real one can pay
    luck = draw.uniform("partner.lumpy", inv.uid[ideas])
    fund, start = orgs.development_fund, np.zeros(len(ideas), np.bool_)
    for k in np.argsort(inv.uid[ideas], kind="stable").tolist():
        a, b = who[k], partner[k]
        if fund[a] > luck[k] * mine[k] and fund[b] > luck[k] * theirs[k]:
            fund[a], fund[b] = max(0.0, fund[a] - mine[k]), max(0.0, fund[b] - theirs[k])
            start[k] = True
    ideas, who, partner, place = ideas[start], who[start], partner[start], place[start]
    if not len(ideas):
        return
    world.waiting[world.month_of_year % TURNS] = [_without(batch, ideas) for batch in bucket]
    inv.licensor[ideas] = partner
    inv.royalty[ideas] = p["partner.share"] * p["market.line_margin"]
    schedule_launch(world, ideas)
    grant = (cost * support)[start] * world.scale
    world.accounts.pay("partner_grant", "government", place, "organizations", who, grant, place=place)
    sector = inv.sector[ideas]
    world.tally.add("partner_grants", place, grant, sector)
    world.tally.add("partner_projects", place, world.scale, sector)
    world.tally.add("developments_begun", place, world.scale, sector)


def _without(batch: np.ndarray, gone: np.ndarray) -> np.ndarray:
    return batch[~np.isin(batch, gone)]


@rule("record", "development.cohorts", before="record.month")
def close_cohort(world: World) -> None:
    """Count the cohort of inventions made eight years ago, and how many of it were launched since."""
    inv, born = world.inventions, world.month - 12 * COHORT_YEARS
    low, high = np.searchsorted(inv.month, np.array([born, born + 1], np.int32)).tolist()
    if low == high:
        return
    cohort = np.arange(low, high)
    cohort = cohort[~world.orgs.passive[inv.creator[cohort]]]
    place, sector = inv.jurisdiction[cohort], inv.sector[cohort]
    world.tally.add("cohort_inventions", place, world.scale, sector)
    came = inv.launched[cohort] <= world.month
    world.tally.add("cohort_launched", place[came], world.scale, sector[came])
