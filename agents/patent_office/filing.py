"""An application enters an office: a row of rights, its fees, its place in the month's intake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM, INSTITUTE, SME_EMPLOYEES, UNIVERSITY
from agents.patent_office import figures  # noqa: F401  (declares what is counted)
from ecosystem.kernel.luck import fold

if TYPE_CHECKING:
    from ecosystem.world import World

PATENT, UTILITY_MODEL = 0, 1
SMALL, LARGE, ACADEMIC, OTHER = range(4)


def file_applications(
    world: World, inventions: np.ndarray, office: np.ndarray, kind: np.ndarray, breadth: np.ndarray | None = None
) -> np.ndarray:
    """Enter applications and return their right slots, int64 (n,).

    Inventive step of what is claimed: ``nu = novelty + offset_j - c ln(breadth / usual breadth)``; broader claims reach
    further into what is known. The owner pays fee and attorney (and translation abroad); the government of the office
    repays ``office.filing_subsidy`` of fee and attorney to applicants of its own place. Payments are due at once.

    Args:
        inventions, office: slots and places, int (n,).
        kind: 0 patent, 1 utility model, int (n,).
        breadth: share of imitations that the claims cover, (n,); the usual breadth of the place if None.
    """
    n = len(inventions)
    if n == 0:
        return np.zeros(0, np.int64)
    inv, offices, levers, p = world.inventions, world.offices, world.levers, world.p
    office = np.asarray(office, dtype=np.int64)
    kind = np.asarray(kind, dtype=np.int64)
    owner = inv.owner[inventions].astype(np.int64)
    usual = levers["law.breadth"][office]
    claimed = usual if breadth is None else np.asarray(breadth, dtype=np.float64)
    wider = np.log(np.maximum(claimed, 1e-6) / np.maximum(usual, 1e-6))
    sector, field = inv.sector[inventions], inv.field[inventions]
    size = applicant_size(world, owner)
    slots: np.ndarray = world.rights.add(
        n,
        uid=fold(inv.uid[inventions], offices.uid[office], kind),
        invention=inventions,
        kind=kind,
        office=office,
        owner=owner,
        owner_at_filing=owner,
        applicant_size=size,
        field=field,
        sector=sector,
        novelty=inv.novelty[inventions] + offices.novelty_offset[office] - p["office.claim_height"] * wider,
        breadth=claimed,
        territories=offices.mask[office],
        filed=world.month,
    )
    offices.room(world.rights.n)
    pay_for_filing(world, owner, office, kind)
    world.calendar.put("office.intake", world.month, slots)
    count_filings(world, owner, office, kind, size, sector)
    return slots


def applicant_size(world: World, owner: np.ndarray) -> np.ndarray:
    """Return the size code of applicants: small or large firm, university or institute, other; int64 (n,)."""
    orgs = world.orgs
    kind = orgs.kind[owner]
    firm = np.where(orgs.employees[owner] < SME_EMPLOYEES, SMALL, LARGE)
    academic = np.where((kind == UNIVERSITY) | (kind == INSTITUTE), ACADEMIC, OTHER)
    return np.where(kind == FIRM, firm, academic)


def pay_for_filing(world: World, owner: np.ndarray, office: np.ndarray, kind: np.ndarray) -> None:
    """Move the money of a cohort of applications (per real application times ``scale``)."""
    orgs, levers, pay = world.orgs, world.levers, world.accounts.pay
    model = kind == UTILITY_MODEL
    cost = levers["law.utility_model_cost"][office]
    share = world.p["office.utility_model_fee_share"]
    fee = np.where(model, share * cost, levers["office.filing_fee"][office]) * world.scale
    attorney = np.where(model, (1.0 - share) * cost, levers["office.attorney_cost"][office]) * world.scale
    home = orgs.jurisdiction[owner].astype(np.int64)
    abroad = np.where(home != office, levers["office.foreign_cost"][office] * world.scale, 0.0)
    subsidy = np.where(home == office, levers["office.filing_subsidy"][office] * (fee + attorney), 0.0)
    passive = orgs.passive[owner]
    for payer, who, slot in (("organizations", ~passive, owner), ("outside", passive, home)):
        if not who.any():
            continue
        payers, at = slot[who], office[who]
        pay("filing_fee", payer, payers, "office", at, fee[who], place=at)
        pay("attorney_fee", payer, payers, "services", at, (attorney + abroad)[who], place=at)
        pay("filing_subsidy", "government", at, payer, payers, subsidy[who], place=at)


def count_filings(
    world: World, owner: np.ndarray, office: np.ndarray, kind: np.ndarray, size: np.ndarray, sector: np.ndarray
) -> None:
    """Count a cohort of applications."""
    offices, tally, scale = world.offices, world.tally, world.scale
    patent = kind == PATENT
    domestic = world.orgs.jurisdiction[owner] == office
    number = scale * np.bincount(office[patent], minlength=offices.n)[: offices.n]
    offices.filed[:] += number
    offices.pending[:] += number
    offices.pending_utility_models[:] += scale * np.bincount(office[~patent], minlength=offices.n)[: offices.n]
    counts = {
        "patent_filings": patent,
        "utility_model_filings": ~patent,
        "nonresident_filings": patent & ~domestic,
        "university_patent_filings": patent & domestic & (size == ACADEMIC),
        "sme_filings": domestic & (size == SMALL),
        "firm_filings": domestic & (size <= LARGE),
    }
    for name, which in counts.items():
        if which.any():
            tally.add(name, office[which], scale, sector[which])
