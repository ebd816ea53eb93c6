"""Payments of disputes: never more than the payer can pay, booked with both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.indicators import TALLIES
from ecosystem.domain.potential import F8, I8, as_slots

if TYPE_CHECKING:
    from ecosystem.world import World

# Settlements are licenses too; the flow is declared where the market for technology lives.
TALLIES.setdefault("license_and_sale_deals", len(TALLIES))


def within_means(world: World, payer: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return ``total`` (real totals, (n,)) cut to what the payers can pay, served in order where one pays twice."""
    orgs = world.orgs
    paid: np.ndarray = _within(as_slots(payer), total, orgs.cash, orgs.credit, orgs.weight)
    return paid


@nb.njit(F8(I8, F8, F8, F8, F8), cache=True)
def _within(
    payer: np.ndarray, total: np.ndarray, cash: np.ndarray, credit: np.ndarray, weight: np.ndarray
) -> np.ndarray:  # fmt: skip
    """Serve claims in order from cash and credit lines."""
    wanted = np.zeros(len(cash))
    paid = np.empty(len(payer))
    for i in range(len(payer)):
        who = payer[i]
        room = max(0.0, cash[who] + credit[who]) * weight[who]
        paid[i] = min(max(room - wanted[who], 0.0), total[i])
        wanted[who] += total[i]
    return paid


def transfer(world: World, kind: str, payer: np.ndarray, payee: np.ndarray, amount: np.ndarray,
             place: np.ndarray) -> np.ndarray:  # fmt: skip
    """Pay from organization to organization; return what was paid per real dispute, M USD2020.

    Args:
        amount: M USD2020 of one real dispute, (n,).
    """
    total = within_means(world, payer, amount * world.scale)
    world.accounts.pay(kind, "organizations", payer, "organizations", payee, total, place=place)
    return total / world.scale


def legal_bill(world: World, payer: np.ndarray, amount: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Pay own costs of disputes to attorneys and court; return what was paid per real dispute.

    What a party cannot pay stays unpaid: attorneys and court write it off.
    """
    paid = within_means(world, payer, amount * world.scale)
    fee = world.p["court.fee_share"]
    accounts = world.accounts
    accounts.pay("legal_cost", "organizations", payer, "services", place, (1.0 - fee) * paid, place=place)
    accounts.pay("court_fee", "organizations", payer, "court", place, fee * paid, place=place)
    book(world, "legal_cost", payer, paid / world.scale)
    world.tally.add("litigation_costs", place, paid)
    return paid / world.scale


def both_bills(
    world: World, owner: np.ndarray, of_owner: np.ndarray, defendant: np.ndarray, of_defendant: np.ndarray,
    place: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Pay the own costs of owners, then those of defendants; return what each paid per real dispute."""
    paid = legal_bill(
        world, np.concatenate([owner, defendant]), np.concatenate([of_owner, of_defendant]),
        np.concatenate([place, place]),
    )  # fmt: skip
    return paid[: len(owner)], paid[len(owner) :]


def book(world: World, column: str, slots: np.ndarray, amount: np.ndarray) -> None:
    """Add amounts of one real dispute to a running total kept for one real organization."""
    _book(getattr(world.orgs, column), as_slots(slots), amount, world.scale, world.orgs.weight)


@nb.njit(nb.void(F8, I8, F8, nb.float64, F8), cache=True)
def _book(column: np.ndarray, slots: np.ndarray, amount: np.ndarray, scale: float, weight: np.ndarray) -> None:
    """Add amounts x scale / weight."""
    for i in range(len(slots)):
        column[slots[i]] += amount[i] * scale / weight[slots[i]]
