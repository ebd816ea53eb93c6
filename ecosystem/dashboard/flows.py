"""Flows of rights and deals: who creates, at which office, what becomes of it, who uses it in the end.

A flow is a path of words and an amount of real rights or deals; charts and tables add flows up as they need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import ASSERTION, FIRM, INSTITUTE, SME_EMPLOYEES, UNIVERSITY
from ecosystem.domain.ledgers import DEALS
from ecosystem.domain.rights import KINDS

if TYPE_CHECKING:
    from ecosystem.world import World

PARTIES = ("large_firm", "sme", "university", "assertion_entity", "investor", "abroad")
PATENT = KINDS.index("patent")
OUTCOMES = ("granted", "ended", "refused", "withdrawn", "pending")
TRADES = ("licensed", "sold", "other_deal", "own")
LICENSES = tuple(DEALS.index(word) for word in DEALS if "license" in word)
SALES = (DEALS.index("sale"),)
# A loan or the sale of future royalties moves money, not the use of the technology.
FINANCE = tuple(DEALS.index(word) for word in ("pledge_loan", "royalty_sale"))


@dataclass(frozen=True, slots=True)
class Flow:
    """``amount`` real rights or deals that went along ``path``."""

    path: tuple[str, ...]
    amount: float


def parties(world: World, slots: np.ndarray) -> np.ndarray:
    """Return the index in `PARTIES` of organizations, int64 (n,); the rest of the world is one party."""
    orgs = world.orgs
    kind = orgs.kind[slots]
    party = np.full(len(slots), PARTIES.index("investor"), dtype=np.int64)
    firm = kind == FIRM
    party[firm] = np.where(orgs.employees[slots][firm] < SME_EMPLOYEES, 1, 0)
    party[(kind == UNIVERSITY) | (kind == INSTITUTE)] = PARTIES.index("university")
    party[kind == ASSERTION] = PARTIES.index("assertion_entity")
    party[orgs.jurisdiction[slots] == world.ROW] = PARTIES.index("abroad")
    return party


def count(columns: list[np.ndarray], words: list[tuple[str, ...]], amounts: np.ndarray) -> tuple[Flow, ...]:
    """Add ``amounts`` up by the combinations of code columns, in the order of the codes.

    Args:
        columns: int64 (n,) each, codes into the words of the same position.
        words: one tuple a column.
        amounts: float64 (n,).
    """
    shape = tuple(len(w) for w in words)
    if not len(amounts):
        return ()
    cells = np.bincount(np.ravel_multi_index(columns, shape), amounts, int(np.prod(shape)))
    used = np.flatnonzero(cells)
    codes = np.stack(np.unravel_index(used, shape), axis=1)
    return tuple(
        Flow(tuple(words[k][code] for k, code in enumerate(row)), float(cells[cell]))
        for row, cell in zip(codes, used, strict=True)
    )


def right_flows(world: World) -> tuple[Flow, ...]:
    """Follow all invention patents filed in the horizon: creator, office, outcome, trade, user.

    A right with several deals is divided equally among them, so that each right counts once.
    """
    rights, deals = world.rights, world.deals
    chosen = np.flatnonzero((rights.filed >= 0) & (rights.kind == PATENT))
    outcome = rights.outcome[chosen].astype(np.int64)
    # words of rights: pending, granted, refused, withdrawn; a granted right that ended is told apart
    kept = np.array([4, 0, 2, 3])[outcome]
    kept[(kept == 0) & ~rights.in_force[chosen]] = 1

    # A right's deals: one row a deal; a right without any deal keeps one row, used by its owner.
    moves = (deals.right >= 0) & (deals.month >= 0) & ~np.isin(deals.kind, FINANCE)
    index_of = np.full(rights.n, -1, dtype=np.int64)
    index_of[chosen] = np.arange(len(chosen))
    dealt = np.flatnonzero(moves)
    dealt = dealt[index_of[deals.right[dealt]] >= 0]
    position = index_of[deals.right[dealt]]
    number = np.bincount(position, minlength=len(chosen))
    alone = np.flatnonzero(number == 0)

    row = np.concatenate([position, alone])
    kind = deals.kind[dealt]
    trade = np.full(len(dealt), TRADES.index("other_deal"), dtype=np.int64)
    trade[np.isin(kind, LICENSES)] = TRADES.index("licensed")
    trade[np.isin(kind, SALES)] = TRADES.index("sold")
    trade = np.concatenate([trade, np.full(len(alone), TRADES.index("own"), dtype=np.int64)])
    user = np.concatenate([deals.taker[dealt], rights.owner[chosen[alone]]]).astype(np.int64)
    amounts = world.scale / np.maximum(1, number[row]).astype(np.float64)
    creator = parties(world, rights.owner_at_filing[chosen].astype(np.int64))
    return count(
        [creator[row], rights.office[chosen][row].astype(np.int64), kept[row], trade, parties(world, user)],
        [PARTIES, tuple(world.places), OUTCOMES, TRADES, PARTIES],
        amounts,
    )


def deal_flows(world: World) -> tuple[Flow, ...]:
    """Count the deals of the horizon: place and party of the giver, kind of deal, place and party of the taker."""
    deals = world.deals
    chosen = np.flatnonzero(deals.month >= 0)
    giver, taker = deals.giver[chosen].astype(np.int64), deals.taker[chosen].astype(np.int64)
    known = (giver >= 0) & (taker >= 0)
    chosen, giver, taker = chosen[known], giver[known], taker[known]
    return count(
        [
            deals.from_place[chosen].astype(np.int64),
            parties(world, giver),
            deals.kind[chosen].astype(np.int64),
            deals.to_place[chosen].astype(np.int64),
            parties(world, taker),
        ],
        [tuple(world.places), PARTIES, DEALS, tuple(world.places), PARTIES],
        np.full(len(chosen), float(world.scale)),
    )


def links(flows: Iterable[Flow], steps: tuple[int, ...]) -> dict[tuple[int, str, str], float]:
    """Add flows up to links between neighboring steps of the paths: (step, from, to) -> amount, in order of first use.

    Args:
        steps: positions in the path that are shown, in their order.
    """
    out: dict[tuple[int, str, str], float] = {}
    for flow in flows:
        for k, (a, b) in enumerate(pairwise(steps)):
            link = (k, flow.path[a], flow.path[b])
            out[link] = out.get(link, 0.0) + flow.amount
    return out
