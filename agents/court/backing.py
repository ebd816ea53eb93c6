"""Who else bears a party's cost of a dispute: the government of its home for disputes abroad, and an insurer.

A party whose own cost C is borne by others to the share b weighs going on with (1 - b) C: the owner's value rises and the
defendant's loss falls by b times the cost that is left. Costs that a loser repays stay with the party.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.court.money import book
from agents.court.view import COST_D, COST_P, LOSS, VALUE, View, view
from agents.insurer import insured, pay_claims
from ecosystem.domain.indicators import flow

if TYPE_CHECKING:
    from ecosystem.world import World

flow("overseas_aid", "M USD2020", "public money for the cost of disputes abroad", 0)


@dataclass(frozen=True, slots=True)
class Backing:
    """Shares of the own cost that others bear, float64 (n,) each.

    Attributes:
        aid_owner, aid_defendant: borne by the government of the party's home.
        cover_owner, cover_defendant: borne by its insurer, of what aid leaves.
    """

    aid_owner: np.ndarray
    aid_defendant: np.ndarray
    cover_owner: np.ndarray
    cover_defendant: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Share of the owner's cost borne by others."""
        return self.aid_owner + (1.0 - self.aid_owner) * self.cover_owner

    @property
    def defendant(self) -> np.ndarray:
        """Share of the defendant's cost borne by others."""
        return self.aid_defendant + (1.0 - self.aid_defendant) * self.cover_defendant

    def of(self, rows: np.ndarray) -> Backing:
        """Return the backing of some of the disputes, int (m,)."""
        return Backing(
            self.aid_owner[rows], self.aid_defendant[rows], self.cover_owner[rows], self.cover_defendant[rows]
        )


def backing(world: World, disputes: np.ndarray, place: np.ndarray) -> Backing | None:
    """Return who backs the parties of disputes before courts of ``place`` (n,); None where nobody does."""
    d, orgs = world.disputes, world.orgs
    sides = [d.plaintiff[disputes].astype(np.int64), d.defendant[disputes].astype(np.int64)]
    lever = world.levers["enforcement.overseas_aid"]
    aid, cover = [], []
    for side in sides:
        home = orgs.jurisdiction[side].astype(np.int64)
        aid.append(np.where(home != place, lever[home], 0.0))
        cover.append(insured(world, side))
    if not any(share.any() for share in (*aid, *cover)):
        return None
    return Backing(aid[0], aid[1], cover[0], cover[1])


def backed_view(world: World, disputes: np.ndarray, remaining: np.ndarray, left: float) -> tuple[View, Backing | None]:
    """Let both sides weigh their case (``view.view``) with the cost that others do not bear for them."""
    v = view(world, disputes, remaining, left)
    known = backing(world, disputes, v.place)
    if known is not None:
        v.seen[VALUE] += known.owner * left * v.seen[COST_P]
        v.seen[LOSS] -= known.defendant * left * v.seen[COST_D]
    return v, known


def advance(
    world: World, known: Backing | None, owner: np.ndarray, of_owner: np.ndarray, defendant: np.ndarray,
    of_defendant: np.ndarray,
) -> None:  # fmt: skip
    """Pay the borne shares of bills to the parties before these pay their bills.

    Args:
        owner, defendant: parties, int (n,).
        of_owner, of_defendant: their bills, M USD2020 of one real dispute, float64 (n,).
    """
    if known is None:
        return
    orgs, pay, scale = world.orgs, world.accounts.pay, world.scale
    for who, bill, aid, cover in (
        (owner, of_owner, known.aid_owner, known.cover_owner),
        (defendant, of_defendant, known.aid_defendant, known.cover_defendant),
    ):
        home = orgs.jurisdiction[who].astype(np.int64)
        given = aid * bill
        if given.any():
            pay("overseas_aid", "government", home, "organizations", who, given * scale, place=home)
            world.tally.add("overseas_aid", home, given * scale)
        claim = cover * (bill - given)
        paid = pay_claims(world, who, claim * scale) / scale if claim.any() else claim
        book(world, "legal_cost", who, -(given + paid))
