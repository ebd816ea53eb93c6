"""Which court decides where a right is in force in several territories, and how far the courts of a place differ.

A dispute is fought in a set F of territories. With w_t the part of the owner's profit at stake in each and J the stake in
all, ``J(F) = J c^a``, c the sum of w over F (``court.forum_exponent``): parties often settle elsewhere by what the first
court says. Before national courts the owner sues where most is at stake (a territory that takes part in the unitary right
in part is a group of states without a court for all of it, and comes last) and adds territories while
``P J (c'^a - c^a) > C (w_t^a)^e``, e the elasticity of cost to stakes; every court costs and judges by itself. The unified
court hears the dispute once for all territories that take part, at the cost of one suit, and its judgment holds in all: so
does a revocation. National courts apply standards that differ from the law of the place by
``law.territory_divergence`` x z_t.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from agents.validation import count_territories, several
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.rights import KINDS
from ecosystem.kernel.luck import ALWAYS, fold

if TYPE_CHECKING:
    from ecosystem.world import World

_LAST_SEARCHED = KINDS.index("utility_model")
MANY = 3
TEST_CASES = 200

flow("unified_court_suits", "suits", "infringement suits before a court that decides for several territories", 0)
ratio("litigation_cost_per_case_multi_territory", "M USD2020",
      "cost of both sides over all territories / suits about rights in force in three or more of them", -1,
      "multi_territory_costs", "multi_territory_suits")  # fmt: skip


def standards(world: World) -> np.ndarray:
    """Return what the standard of each territory adds to a margin, sd, float64 (T + 1,); 0 last, for a unified court.

    Standards differ by the lever around a mean of 0, by market size, so that divergence alone favors neither side.
    """
    t, many = world.territories, several(world)
    out = np.zeros(len(t.place) + 1)
    if not many.any():
        return out
    spread = world.levers["law.territory_divergence"]
    for j in np.flatnonzero(many & (spread > 0.0)):
        mine = np.flatnonzero(t.place == j)
        z = world.draw.normal(
            "court.territory", fold(np.full(len(mine), 1 + int(j)), np.arange(len(mine))), month=ALWAYS
        )
        out[mine] = spread[j] * (z - z @ t.share[mine])
    return out


def open_forums(world: World) -> np.ndarray:
    """Return (place, territory) of the courts of the places with several territories, int64 (n, 2): the largest first.

    The unified court of a place in which territories take part comes last, with territory -1.
    """
    t = world.territories
    place, share = np.asarray(t.place, dtype=np.int64), np.asarray(t.share, dtype=np.float64)
    rows: list[tuple[int, int]] = []
    for j in range(world.P):
        mine = np.flatnonzero(place == j)
        rows += [(j, int(k)) for k in mine[np.argsort(-share[mine], kind="stable")]]
        if len(mine) > 1 and (t.unitary[mine] > 0.5).sum() > 1:
            rows.append((j, -1))
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def choose_forum(world: World, disputes: np.ndarray) -> None:
    """Assign disputes over patents of places with several territories to courts and territories; others stay as they are."""
    many = several(world)
    if not many.any() or not len(disputes):
        return
    # view() needs the forum's columns and this module's names
    from agents.court.view import AWARD_P, COST_P, VALUE, view

    d, cases, r, courts, levers, t = (
        world.disputes, world.courts.cases, world.rights, world.courts, world.levers, world.territories
    )  # fmt: skip
    right = d.right[disputes].astype(np.int64)
    mine = many[r.office[right]] & (r.kind[right] <= _LAST_SEARCHED)
    disputes, right = disputes[mine], right[mine]
    if not len(disputes):
        return
    place = r.office[right].astype(np.int64)
    mask = r.territories[right].astype(np.int64)
    inside = (mask[:, None] >> np.arange(world.T) & 1).astype(np.float64)
    owner = d.plaintiff[disputes]
    w = world.valuation.where[world.orgs.jurisdiction[owner], r.sector[right]] * inside
    w = w / np.maximum(w.sum(axis=1, keepdims=True), 1e-300)
    takes_part = np.where(t.unitary > 0.5, 1, 0) * inside.astype(np.int64)
    share = levers["court.unified_share"][place]
    uid = cases.uid[disputes]
    opted = world.draw.bernoulli("court.unified", uid, share, month=ALWAYS)
    unified = (
        (takes_part.sum(axis=1) > 1) & (courts.unified_at[place] >= 0) & (opted | (r.unitary[right] & (share > 0.0)))
    )

    a, e = world.p["court.forum_exponent"], world.p["court.cost_exponent"]
    # what the owner thinks of its chances follows from its value of going to the end in one suit about the whole
    seen = view(world, disputes, np.ones(world.J), 1.0).seen
    award, cost, shift = seen[AWARD_P], seen[COST_P], levers["court.fee_shifting"][place]
    chance = np.clip((seen[VALUE] + (1.0 + shift) * cost) / np.maximum(award + 2.0 * shift * cost, 1e-300), 0.0, 1.0)
    group = (t.unitary > 0.0) & (t.unitary < 1.0)
    order = np.argsort(np.where(group & (w > 0.0), 0.0, -1.0) - w + (w <= 0.0) * 2.0, axis=1, kind="stable")
    rows = np.arange(len(disputes))
    forum, covered, bill = np.zeros(len(disputes), np.int64), np.zeros(len(disputes)), np.zeros(len(disputes))
    for k in range(world.T):
        at = order[:, k]
        part = w[rows, at]
        more = (covered + part) ** a - covered**a
        price = np.where(part > 0.0, part, 0.0) ** (a * e)
        goes = (part > 0.0) & ((k == 0) | (chance * award * more > cost * price))
        forum[goes] |= 1 << at[goes]
        covered[goes] += part[goes]
        bill[goes] += price[goes]
    joint = takes_part @ (1 << np.arange(world.T, dtype=np.int64))
    whole = (w * takes_part).sum(axis=1)
    cases.unified[disputes] = unified
    cases.forum[disputes] = np.where(unified, joint, forum)
    stake = np.where(unified, whole, covered) ** a
    cases.stake_share[disputes] = stake
    cases.cost_multiple[disputes] = np.where(unified, stake**e, bill)
    d.court[disputes] = np.where(unified, courts.unified_at[place], courts.at_territory[order[:, 0]])


def count_suits(world: World, disputes: np.ndarray, place: np.ndarray) -> None:
    """Count suits about rights in force in three or more territories, and those before a unified court."""
    if several(world).any():
        some = count_territories(world.rights.territories[world.disputes.right[disputes]]) >= MANY
        world.tally.add("multi_territory_suits", place[some], world.scale)
        world.tally.add("unified_court_suits", place[world.courts.cases.unified[disputes]], world.scale)


def count_costs(world: World, disputes: np.ndarray, place: np.ndarray, paid: np.ndarray) -> None:
    """Count what both sides paid (M USD2020 of one real dispute, (n,)) on suits about rights in force in three or more."""
    if several(world).any():
        some = count_territories(world.rights.territories[world.disputes.right[disputes]]) >= MANY
        world.tally.add("multi_territory_costs", place[some], world.scale * paid[some])


def bit_of(world: World, disputes: np.ndarray) -> np.ndarray:
    """Return the territory in which the first court of each dispute sits, world.T for a unified court, int64 (n,)."""
    at = world.courts.territory[world.disputes.court[disputes]].astype(np.int64)
    return np.where(world.courts.cases.unified[disputes] | (at < 0), len(world.territories.place), at)


def verdicts(
    world: World, disputes: np.ndarray, first: np.ndarray, name: str, margin: np.ndarray, error: np.ndarray
) -> np.ndarray:
    """Return the territories in which margin + standard + q z > 0, bit mask, int64 (n,); 0 where one court decides.

    The court of the first territory has decided already; every other national court draws its own error.

    Args:
        first: what the first court found, bool (n,).
        name: purpose of the errors.
        margin: true margin and leniency, sd, float64 (n,).
        error: sd of a court's error, float64 (n,).
    """
    cases = world.courts.cases
    forum, lead = cases.forum[disputes].astype(np.int64), bit_of(world, disputes)
    out = np.where(first, np.where(cases.unified[disputes], forum, np.int64(1) << np.minimum(lead, 62)), 0)
    out[forum == 0] = 0
    others = np.flatnonzero((count_territories(forum) > 1) & ~cases.unified[disputes])
    if len(others):
        shift = standards(world)
        for t in range(len(world.territories.place)):
            here = others[(forum[others] >> t & 1 > 0) & (lead[others] != t)]
            z = world.draw.normal(name, fold(cases.uid[disputes[here]], 1 + t), month=ALWAYS)
            out[here[margin[here] + shift[t] + error[here] * z > 0.0]] |= 1 << t
    return np.asarray(out, dtype=np.int64)


def part_won(world: World, disputes: np.ndarray, won: np.ndarray) -> np.ndarray:
    """Return the share of the harm that a judgment reaches, float64 (n,): 1 where one court decides for the whole place.

    Of the territories fought over those won count by their part of the owner's profit, with the same concavity.
    """
    cases, r, d = world.courts.cases, world.rights, world.disputes
    share, forum = cases.stake_share[disputes].copy(), cases.forum[disputes].astype(np.int64)
    some = np.flatnonzero((forum != 0) & (won != forum))
    if len(some):
        right = d.right[disputes[some]]
        w = world.valuation.where[world.orgs.jurisdiction[d.plaintiff[disputes[some]]], r.sector[right]]
        bits = np.arange(world.T)
        part = (w * (won[some, None] >> bits & 1)).sum(axis=1) / (w * (forum[some, None] >> bits & 1)).sum(axis=1)
        share[some] *= part ** world.p["court.forum_exponent"]
    return np.asarray(share)


def divergence(world: World) -> np.ndarray:
    """Return the standard deviation over territories of the owner's chance to win a panel of test cases, float64 (J,).

    200 cases with standard normal margins of validity and infringement, the same in every place and month. The chance
    before the court of territory t is Phi((v + h_t) / q) Phi((i + h_t) / q); the share of disputes that a unified court
    hears is decided alike in all that take part.
    """
    out = np.zeros(world.J)
    many = several(world)
    if not many.any():
        return out
    number = fold(np.full(TEST_CASES, 200), np.arange(TEST_CASES))
    v = world.draw.normal("court.test_validity", number, month=ALWAYS)
    i = world.draw.normal("court.test_infringement", number, month=ALWAYS)
    shift, t, levers = standards(world), world.territories, world.levers
    for j in np.flatnonzero(many):
        mine = np.flatnonzero(t.place == j)
        q = max(levers["court.noise"][j], 1e-9)
        chance = np.array([(ndtr((v + h) / q) * ndtr((i + h) / q)).mean() for h in (*shift[mine], 0.0)])
        alike = np.where(t.unitary[mine] > 0.5, levers["court.unified_share"][j], 0.0)
        out[j] = float(np.std((1.0 - alike) * chance[:-1] + alike * chance[-1]))
    return out


stock("cross_territory_outcome_divergence", "share points",
      "standard deviation over territories of the owner's chance to win 200 fixed test cases", -1, divergence,
      yearly=True)  # fmt: skip
