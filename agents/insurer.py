"""IP insurance: small firms pay a premium for each right, and a pool pays most of their own cost of disputes.

There is one pool a place, opened where the government pays a share s of premiums (``finance.ip_insurance``). It takes the
same rate for every right: rate <- (1 - a) rate + a (1 + loading) claims / insured rights, each December. A firm knows how
often its own rights are likely to be infringed, r = sqrt(value of its newest right) relative to the mean right (the
incidents of ``agents.court.incidents`` follow it), and takes out a policy of twelve months where
(1 - s) rate <= (1 + aversion) r rate / (1 + loading). So the owners most at risk come first (adverse selection), and
who is insured sues more (moral hazard).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.holdings import rights_of
from agents.organizations import FIRM, INSURER, SME_EMPLOYEES, affordable
from ecosystem.domain import valuation
from ecosystem.domain.indicators import flow
from ecosystem.domain.regions import settle
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.memory import recalled, remembered
from ecosystem.kernel.schedule import rule
from ecosystem.kernel.table import Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

flow("insurance_premiums", "M USD2020", "premiums of IP insurance, the subsidized share included", 0)
flow("insurance_claims", "M USD2020", "cost of disputes that IP insurance paid", 0)
flow("insured_rights", "rights", "rights insured in the year", 0)

_NAMED = 6_005


class Insurers(Table):
    """One row a pool."""

    jurisdiction = Column(np.int8, "place", "seat")
    organization = Column(np.int32, "organization slot", "who holds the reserve")
    rate = Column(np.float64, "M USD2020", "premium of one real right and year")
    claims = Column(np.float64, "M USD2020", "claims of the year so far, whether paid in full or not, real totals")
    rights = Column(np.float64, "rights", "rights insured in the year so far, real number")


def insurers(world: World) -> Insurers:
    """Return the table of pools; a place without a pool has no row."""
    return remembered(world, "insurers", Insurers)


def open_seat(world: World, place: int, kind: int, named: int) -> int:
    """Create an institution of a kind at a place and return its organization slot."""
    seat = int(np.flatnonzero(np.asarray(world.territories.place) == place)[0])
    rows = world.orgs.add(1, uid=fold(named, place, kind), kind=kind, jurisdiction=place, territory=seat, weight=1.0,
                          founded=world.month)  # fmt: skip
    settle(world, rows)
    return int(rows[0])


def _pool_of(world: World) -> np.ndarray:
    """Return the row of the pool of each place, -1 for none, int64 (J,); pools open where premiums are subsidized."""
    table = insurers(world)
    out = np.full(world.J, -1, np.int64)
    out[table.jurisdiction[: table.n]] = np.arange(table.n)
    for place in np.flatnonzero((world.levers["finance.ip_insurance"] > 0.0) & (out < 0)):
        row = table.add(1, jurisdiction=place, organization=open_seat(world, int(place), INSURER, _NAMED),
                        rate=world.p["insurer.first_rate"])  # fmt: skip
        out[place] = row[0]
    return out


def worth_insuring(risk: np.ndarray, subsidy: np.ndarray, loading: float, aversion: float) -> np.ndarray:
    """Return whether a policy pays: (1 - s) (1 + loading) <= (1 + aversion) r, bool (n,).

    Args:
        risk: r, infringements of the own rights relative to the mean, float64 (n,).
        subsidy: s, share of the premium that the government pays, float64 (n,).
    """
    return np.asarray((1.0 - subsidy) * (1.0 + loading) <= (1.0 + aversion) * risk)


@rule("funding", "insurer.underwrite", after="investor.repay")
def underwrite(world: World) -> None:
    """Small firms with rights in force decide once a year, in their month, whether to insure them for twelve months."""
    subsidy = world.levers["finance.ip_insurance"]
    if not subsidy.any():
        return
    orgs, p = world.orgs, world.p
    pool = _pool_of(world)
    firms = orgs.living(FIRM)
    due = (orgs.anniversary[firms] == world.month_of_year) & (orgs.employees[firms] < SME_EMPLOYEES)
    firms = firms[due & (subsidy[orgs.jurisdiction[firms]] > 0.0)]
    knows = world.draw.uniform("insurer.knows", orgs.uid[firms], month=ALWAYS) < orgs.awareness[firms]
    firms = firms[knows]
    if not len(firms):
        return
    count, newest = rights_of(world, firms, 1)
    has = newest[:, 0] >= 0
    firms, count, newest = firms[has], count[has], newest[has, 0]
    if not len(firms):
        return
    place = orgs.jurisdiction[firms].astype(np.int64)
    usual = world.courts.mean_root[place]
    root = np.sqrt(np.maximum(valuation.right_present_value(world, newest), 0.0))
    risk = np.divide(root, usual, out=np.zeros(len(firms)), where=usual > 0.0)
    table = insurers(world)
    rights = count * world.scale
    premium = table.rate[pool[place]] * rights
    share = subsidy[place]
    wants = worth_insuring(risk, share, p["insurer.loading"], p["insurer.aversion"])
    wants &= (1.0 - share) * premium <= affordable(world, firms) * orgs.weight[firms]
    firms, place, premium, share, rights = (a[wants] for a in (firms, place, premium, share, rights))
    if not len(firms):
        return
    holder = table.organization[pool[place]].astype(np.int64)
    pay = world.accounts.pay
    pay("insurance_premium", "organizations", firms, "organizations", holder, (1.0 - share) * premium, place=place)
    pay("insurance_subsidy", "government", place, "organizations", holder, share * premium, place=place)
    overhead = p["insurer.loading"] / (1.0 + p["insurer.loading"])
    pay("insurance_overhead", "organizations", holder, "services", place, overhead * premium, place=place)
    orgs.insured[firms] = world.month + 12
    table.rights[:] += np.bincount(pool[place], rights, table.n)
    world.tally.add("insurance_premiums", place, premium)
    world.tally.add("insured_rights", place, rights)


@rule("record", "insurer.rate", before="record.month")
def rate(world: World) -> None:
    """Each December pools set the rate of the next year by the claims of this one."""
    table: Insurers | None = recalled(world, "insurers")
    if table is None or world.month_of_year != 11 or not table.n:
        return
    p = world.p
    known = table.rights[:] > 0.0
    seen = (1.0 + p["insurer.loading"]) * np.divide(
        table.claims[:], table.rights[:], out=np.zeros(table.n), where=known
    )
    table.rate[:] += np.where(known, p["insurer.experience"] * (seen - table.rate[:]), 0.0)
    table.claims[:] = 0.0
    table.rights[:] = 0.0


def insured(world: World, who: np.ndarray) -> np.ndarray:
    """Return the share of the own cost of disputes that insurance bears, float64 (n,), 0 without a policy."""
    return np.where(world.orgs.insured[who] > world.month, world.p["insurer.cover"], 0.0)


def pay_claims(world: World, who: np.ndarray, claim: np.ndarray) -> np.ndarray:
    """Pay claims out of the reserve, all alike cut where it does not suffice; return what was paid, real totals (n,).

    Args:
        who: insured organizations, int (n,).
        claim: real totals, M USD2020, float64 (n,).
    """
    table, orgs = insurers(world), world.orgs
    out = np.zeros(len(claim))
    if not table.n:
        return out
    row = np.full(world.J, -1, np.int64)
    row[table.jurisdiction[: table.n]] = np.arange(table.n)
    place = orgs.jurisdiction[who].astype(np.int64)
    pool = row[place]
    good = (pool >= 0) & (claim > 0.0)
    asked = np.bincount(pool[good], claim[good], table.n)
    reserve = np.maximum(0.0, orgs.cash[table.organization[: table.n]])
    part = np.divide(np.minimum(reserve, asked), asked, out=np.zeros(table.n), where=asked > 0.0)
    out[good] = claim[good] * part[pool[good]]
    table.claims[:] += asked
    holder = table.organization[pool[good]].astype(np.int64)
    world.accounts.pay("insurance_claim", "organizations", holder, "organizations", who[good], out[good],
                       place=place[good])  # fmt: skip
    world.tally.add("insurance_claims", place[good], out[good])
    return out
