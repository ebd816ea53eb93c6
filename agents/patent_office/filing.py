"""An application enters an office: a row of rights, its fees, its place in the month's intake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.organizations import FIRM, INSTITUTE, SME_EMPLOYEES, UNIVERSITY
from agents.patent_office import figures  # noqa: F401  (declares what is counted)
from ecosystem.domain.switches import filing_fee
from ecosystem.kernel.luck import pair

if TYPE_CHECKING:
    from ecosystem.world import World

PATENT, UTILITY_MODEL = 0, 1
SMALL, LARGE, ACADEMIC, OTHER = range(4)

B, I1, I4, I8 = nb.boolean[::1], nb.int8[::1], nb.int32[::1], nb.int64[::1]
F4, F8, FF8 = nb.float32[::1], nb.float64[::1], nb.float64[:, ::1]


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
    inv, orgs, offices, levers, p = world.inventions, world.orgs, world.offices, world.levers, world.p
    rights, tally = world.rights, world.tally
    inventions, office, kind = (np.ascontiguousarray(x, dtype=np.int64) for x in (inventions, office, kind))
    usual = levers["law.breadth"]
    claimed = usual[office] if breadth is None else np.ascontiguousarray(breadth, dtype=np.float64)
    slots: np.ndarray = rights.add(n)
    offices.room(rights.n)
    _enter(
        slots, inventions, office, kind, claimed, world.month, usual, p["office.claim_height"], inv.uid, inv.owner,
        inv.sector, inv.field, inv.novelty, orgs.kind, orgs.employees, offices.uid, offices.mask,
        offices.novelty_offset, rights.uid, rights.invention, rights.kind, rights.office, rights.owner,
        rights.owner_at_filing, rights.applicant_size, rights.field, rights.sector, rights.novelty, rights.breadth,
        rights.territories, rights.filed,
    )  # fmt: skip
    first, who, at, fee, attorney, subsidy = _bill(
        slots, world.scale, rights.kind, rights.office, rights.owner, rights.sector, rights.applicant_size,
        orgs.jurisdiction, orgs.passive, filing_fee(world), levers["office.attorney_cost"],
        levers["office.foreign_cost"], levers["office.outward_cost"], levers["office.filing_subsidy"],
        levers["law.utility_model_cost"],
        p["office.utility_model_fee_share"], offices.filed, offices.pending, offices.pending_utility_models,
        tally["patent_filings"], tally["utility_model_filings"], tally["nonresident_filings"],
        tally["university_patent_filings"], tally["sme_filings"], tally["firm_filings"],
    )  # fmt: skip
    pay = world.accounts.pay
    for payer, a, b in (("outside", 0, first), ("organizations", first, n)):
        pay("filing_fee", payer, who[a:b], "office", at[a:b], fee[a:b], place=at[a:b])
        pay("attorney_fee", payer, who[a:b], "services", at[a:b], attorney[a:b], place=at[a:b])
        pay("filing_subsidy", "government", at[a:b], payer, who[a:b], subsidy[a:b], place=at[a:b])
    world.calendar.put("office.intake", world.month, slots)
    return slots


@nb.njit(
    nb.void(
        I8, I8, I8, I8, F8, nb.int64, F8, nb.float64, I8, I4, I1, I1, F4, I1, F8, I8, I8, F8, I8, I4, I1, I1, I4, I4, I1,
        I1, I1, F4, F4, I4, I4,
    ),
    cache=True,
)  # fmt: skip
def _enter(
    slots: np.ndarray, inventions: np.ndarray, offices: np.ndarray, kinds: np.ndarray, claimed: np.ndarray, month: int,
    usual: np.ndarray, claim_height: float, inv_uid: np.ndarray, inv_owner: np.ndarray, inv_sector: np.ndarray,
    inv_field: np.ndarray, inv_novelty: np.ndarray, org_kind: np.ndarray, employees: np.ndarray,
    office_uid: np.ndarray, mask: np.ndarray, offset: np.ndarray, uid: np.ndarray, invention: np.ndarray,
    kind: np.ndarray, office: np.ndarray, owner: np.ndarray, owner_at_filing: np.ndarray, size: np.ndarray,
    field: np.ndarray, sector: np.ndarray, novelty: np.ndarray, breadth: np.ndarray, territories: np.ndarray,
    filed: np.ndarray,
) -> None:  # fmt: skip
    """Write the rows of applications: nu = novelty + offset_j - c ln(breadth / usual breadth_j)."""
    for i in range(len(slots)):
        r, k, j, o = slots[i], inventions[i], offices[i], inv_owner[inventions[i]]
        uid[r] = np.int64(pair(pair(np.uint64(inv_uid[k]), np.uint64(office_uid[j])), np.uint64(kinds[i])))
        invention[r], kind[r], office[r] = k, kinds[i], j
        owner[r] = owner_at_filing[r] = o
        field[r], sector[r] = inv_field[k], inv_sector[k]
        wider = np.log(max(claimed[i], 1e-6) / max(usual[j], 1e-6))
        novelty[r] = np.float64(inv_novelty[k]) + offset[j] - claim_height * wider
        breadth[r] = claimed[i]
        territories[r], filed[r] = mask[j], month
        if org_kind[o] == FIRM:
            size[r] = SMALL if employees[o] < SME_EMPLOYEES else LARGE
        else:
            size[r] = ACADEMIC if org_kind[o] == UNIVERSITY or org_kind[o] == INSTITUTE else OTHER


@nb.njit(
    nb.types.Tuple((nb.int64, I8, I8, F8, F8, F8))(
        I8, nb.float64, I1, I1, I4, I1, I1, I1, B, F8, F8, F8, F8, F8, F8, nb.float64, F8, F8, F8, *(FF8,) * 6,
    ),
    cache=True,
)  # fmt: skip
def _bill(
    slots: np.ndarray, scale: float, kind: np.ndarray, office: np.ndarray, owner: np.ndarray, sector: np.ndarray,
    size: np.ndarray, seat: np.ndarray, passive: np.ndarray, filing_fee: np.ndarray, attorney_cost: np.ndarray,
    foreign_cost: np.ndarray, outward: np.ndarray, subsidy_share: np.ndarray, model_cost: np.ndarray, model_fee: float,
    filed: np.ndarray,
    pending: np.ndarray, pending_models: np.ndarray, patents: np.ndarray, models: np.ndarray, nonresident: np.ndarray,
    university: np.ndarray, small: np.ndarray, firms: np.ndarray,
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Count a cohort of applications and return its bills (real application times ``scale``), passive owners first.

    Returns:
        (number of passive ones, payer: its seat or organization, office, fee, attorney with translation, subsidy).
    """
    n = len(slots)
    first = 0
    for i in range(n):
        first += passive[owner[slots[i]]]
    who, at = np.empty(n, np.int64), np.empty(n, np.int64)
    fee, attorney, subsidy = np.empty(n), np.empty(n), np.zeros(n)
    outside, inside = 0, first
    for i in range(n):
        r = slots[i]
        j, o, s = office[r], owner[r], sector[r]
        home = seat[o]
        if passive[o]:
            m = outside
            outside += 1
            who[m] = home
        else:
            m = inside
            inside += 1
            who[m] = o
        at[m] = j
        model = kind[r] == UTILITY_MODEL
        fee[m] = (model_fee * model_cost[j] if model else filing_fee[j]) * scale
        attorney[m] = ((1.0 - model_fee) * model_cost[j] if model else attorney_cost[j]) * scale
        if home == j:
            subsidy[m] = subsidy_share[j] * (fee[m] + attorney[m])
        else:
            attorney[m] += foreign_cost[j] * scale
            attorney[m] *= outward[home]
        if kind[r] == PATENT:
            filed[j] += scale
            pending[j] += scale
            patents[j, s] += scale
            if home != j:
                nonresident[j, s] += scale
            elif size[r] == ACADEMIC:
                university[j, s] += scale
        else:
            pending_models[j] += scale
            models[j, s] += scale
        if home == j and size[r] <= LARGE:
            firms[j, s] += scale
            if size[r] == SMALL:
                small[j, s] += scale
    return first, who, at, fee, attorney, subsidy
