"""Payments of disputes: never more than the payer can pay, booked with both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import affordable
from ecosystem.domain.indicators import TALLIES

if TYPE_CHECKING:
    from ecosystem.world import World

# Settlements are licenses too; the flow is declared where the market for technology lives.
TALLIES.setdefault("license_and_sale_deals", len(TALLIES))


def within_means(world: World, payer: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return ``total`` (real totals, (n,)) cut to what the payers can pay, served in order where one pays twice."""
    if not len(payer):
        return total
    room = affordable(world, payer) * world.orgs.weight[payer]
    order = np.argsort(payer, kind="stable")
    who, want = payer[order], total[order]
    before = np.cumsum(want) - want
    first = np.r_[True, who[1:] != who[:-1]]
    before = before - before[first][np.cumsum(first) - 1]
    paid = np.empty_like(want)
    paid[order] = np.clip(room[order] - before, 0.0, want)
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
    """Pay own cost of a dispute to attorneys and court; return what was paid per real dispute.

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


def book(world: World, column: str, slots: np.ndarray, amount: np.ndarray) -> None:
    """Add amounts of one real dispute to a running total kept for one real organization."""
    np.add.at(getattr(world.orgs, column), slots, amount * world.scale / world.orgs.weight[slots])
