"""A portrait of one run: who passes what to whom. Baseline and scenario on the same luck make a pair of portraits.

A portrait shows where things go in one pair of runs. How sure a change is, only `ecosystem.lab.compare` says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecosystem.dashboard.flows import FINANCE, LICENSES, PARTIES, PATENT, SALES, Flow, count, parties
from ecosystem.domain.ledgers import DEALS, ROUTES
from ecosystem.kernel.table import NEVER

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario
    from ecosystem.world import World

OUTCOMES = ("granted", "refused", "withdrawn", "pending")
FATES = ("licensed", "pooled", "sold", "pledged", "other_deal", "own_use", "unused", "lapsed")
"""What becomes of a granted right: its deals; without any, use by the owner, no use yet, or its end."""
NOBODY = "nobody"
"""User of a right that nobody uses: it lapsed, or waits."""
MOVES = ("licenses", "adoptions", "people")
WAITS = (12, 24, 36, 48, 60)
"""Upper ends of the classes of waiting time, months; the last class is open."""
POOL, PLEDGE = DEALS.index("pool_license"), DEALS.index("pledge_loan")
DROP = ROUTES.index("drop")


@dataclass(frozen=True, slots=True)
class Actor:
    """An organization in the network of licenses."""

    party: str
    place: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """One run; amounts are real-world totals.

    Attributes:
        places: codes, the rest of the world last.
        years: calendar years reported.
        rights: invention patents filed: creator, office, outcome, fate, user.
        actors: organizations with a license, by identity.
        licenses: licenses from giver to taker, by their identities.
        moves: by kind of `MOVES`, from place to place; a place to itself is left out.
        suits: simulated suits of the years reported, by place of the court; few of them say little.
        suits_waiting: suits that wait for their turn in court at the end of each year, by place.
        suit_wait: months from filing to the turn, mean of the suits filed in the year, by place; None without suits.
        waits: decisions of the office by class of waiting time since filing (`WAITS`), by place.
    """

    places: tuple[str, ...]
    years: tuple[int, ...]
    scale: float
    seed: int
    rights: tuple[Flow, ...]
    actors: dict[str, Actor]
    licenses: dict[tuple[str, str], float]
    moves: dict[str, dict[tuple[str, str], float]]
    suits: dict[str, int]
    suits_waiting: dict[str, tuple[float, ...]]
    suit_wait: dict[str, tuple[float | None, ...]]
    waits: dict[str, tuple[float, ...]]


def fate_of(
    number: np.ndarray, pooled: np.ndarray, in_force: np.ndarray, launched: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return rights without a deal of their own, and their fates as indexes of `FATES`.

    Args:
        number: deals of each right, int64 (n,).
        pooled, in_force: bool (n,).
        launched: the invention came to market, bool (n,).
    """
    alone = np.flatnonzero(number == 0)
    fate = np.full(len(alone), FATES.index("unused"), dtype=np.int64)
    fate[launched[alone]] = FATES.index("own_use")
    fate[pooled[alone]] = FATES.index("pooled")
    fate[~in_force[alone]] = FATES.index("lapsed")
    return alone, fate


def fate_of_deals(kind: np.ndarray) -> np.ndarray:
    """Return the fate that each kind of deal means, int64 (n,)."""
    fate = np.full(len(kind), FATES.index("other_deal"), dtype=np.int64)
    fate[np.isin(kind, LICENSES)] = FATES.index("licensed")
    fate[kind == POOL] = FATES.index("pooled")
    fate[np.isin(kind, SALES)] = FATES.index("sold")
    fate[kind == PLEDGE] = FATES.index("pledged")
    return fate


def right_fates(world: World) -> tuple[Flow, ...]:
    """Follow all invention patents filed in the horizon; one with several deals is divided equally among them."""
    rights, deals = world.rights, world.deals
    chosen = np.flatnonzero((rights.filed >= 0) & (rights.kind == PATENT))
    # words of rights: pending, granted, refused, withdrawn
    outcome = np.array([3, 0, 1, 2])[rights.outcome[chosen].astype(np.int64)]
    index_of = np.full(rights.n, -1, dtype=np.int64)
    index_of[chosen] = np.arange(len(chosen))
    # The sale of future royalties moves money, not the use of the technology.
    counted = (deals.right >= 0) & (deals.month >= 0) & ((deals.kind == PLEDGE) | ~np.isin(deals.kind, FINANCE))
    dealt = np.flatnonzero(counted)
    dealt = dealt[index_of[deals.right[dealt]] >= 0]
    position = index_of[deals.right[dealt]]
    number = np.bincount(position, minlength=len(chosen))
    launched = world.inventions.launched[rights.invention[chosen]] <= world.month
    alone, rest = fate_of(number, rights.pooled[chosen], rights.in_force[chosen], launched)
    row = np.concatenate([position, alone])
    fate = np.concatenate([fate_of_deals(deals.kind[dealt]), rest])
    # A lender takes the right as a collateral; its owner goes on using it.
    taker = np.where(deals.kind[dealt] == PLEDGE, rights.owner[chosen[position]], deals.taker[dealt])
    user = parties(world, np.concatenate([taker, rights.owner[chosen[alone]]]).astype(np.int64))
    user[np.isin(fate, (FATES.index("unused"), FATES.index("lapsed")))] = len(PARTIES)
    creator = parties(world, rights.owner_at_filing[chosen].astype(np.int64))
    return count(
        [creator[row], rights.office[chosen][row].astype(np.int64), outcome[row], fate, user],
        [PARTIES, tuple(world.places), OUTCOMES, FATES, (*PARTIES, NOBODY)],
        world.scale / np.maximum(1, number[row]).astype(np.float64),
    )


def matrix(
    places: tuple[str, ...], source: np.ndarray, target: np.ndarray, scale: float
) -> dict[tuple[str, str], float]:
    """Add up what went from place to place; what stays in its place is left out.

    Args:
        source, target: place codes, int (n,).
    """
    n = len(places)
    cells = np.bincount(source.astype(np.int64) * n + target, minlength=n * n).reshape(n, n) * scale
    return {
        (a, b): float(cells[i, j]) for i, a in enumerate(places) for j, b in enumerate(places) if i != j and cells[i, j]
    }


def moves(world: World) -> dict[str, dict[tuple[str, str], float]]:
    """Return licenses of the horizon, adoptions of the horizon, and researchers at its end by origin and residence."""
    deals, adoptions, people = world.deals, world.adoptions, world.inventors
    places, scale = tuple(world.places), float(world.scale)
    made = (deals.month >= 0) & np.isin(deals.kind, LICENSES)
    used = (adoptions.month >= 0) & (adoptions.route != DROP)
    here = people.active
    return {
        "licenses": matrix(places, deals.from_place[made], deals.to_place[made], scale),
        "adoptions": matrix(
            places,
            world.inventions.jurisdiction[adoptions.invention[used]],
            world.orgs.jurisdiction[adoptions.user[used]],
            scale,
        ),
        "people": matrix(places, people.origin[here], people.jurisdiction[here], scale),
    }


def network(world: World) -> tuple[dict[str, Actor], dict[tuple[str, str], float]]:
    """Return who licenses to whom in the horizon: organizations by identity, and licenses between them."""
    deals = world.deals
    made = np.flatnonzero((deals.month >= 0) & np.isin(deals.kind, LICENSES) & (deals.giver >= 0) & (deals.taker >= 0))
    slots = np.unique(np.concatenate([deals.giver[made], deals.taker[made]])).astype(np.int64)
    names = dict(zip(slots.tolist(), (str(u) for u in world.orgs.uid[slots].tolist()), strict=True))
    words = parties(world, slots)
    seats = world.orgs.jurisdiction[slots]
    actors = {
        names[s]: Actor(PARTIES[p], world.places[j]) for s, p, j in zip(slots.tolist(), words, seats, strict=True)
    }
    edges: dict[tuple[str, str], float] = {}
    for a, b in zip(deals.giver[made].tolist(), deals.taker[made].tolist(), strict=True):
        if a != b:
            edges[names[a], names[b]] = edges.get((names[a], names[b]), 0.0) + float(world.scale)
    return actors, edges


def waiting_at(ends: np.ndarray, filed: np.ndarray, due: np.ndarray, weight: float) -> tuple[float, ...]:
    """Return how many wait at each of the months ``ends``: filed by then, and their turn comes later."""
    return tuple(float(np.count_nonzero((filed <= end) & (due > end)) * weight) for end in ends)


def waiting_classes(months: np.ndarray, weight: float) -> tuple[float, ...]:
    """Return how many decisions fall into each class of `WAITS` and the open class above."""
    return tuple((np.bincount(np.searchsorted(WAITS, months), minlength=len(WAITS) + 1) * weight).tolist())


def portrait(world: World, start_year: int) -> Portrait:
    """Read a finished world; nothing is computed here that the model does not record."""
    places = tuple(world.places)
    years = world.horizon_months // 12
    ends = 12 * np.arange(1, years + 1) - 1
    cases = world.disputes
    suits = np.flatnonzero(cases.suit_month < NEVER)
    filed, due, seat = cases.suit_month[suits], cases.due[suits], world.courts.jurisdiction[cases.court[suits]]
    rights = world.rights
    decided = np.flatnonzero((rights.kind == PATENT) & (rights.decided >= 0) & (rights.decided < NEVER))
    span, office = (rights.decided - rights.filed)[decided], rights.office[decided]
    number, waiting, wait, waits = {}, {}, {}, {}
    for j, code in enumerate(places[: world.P]):
        mine = seat == j
        number[code] = int(np.count_nonzero(mine & (filed >= 0)))
        waiting[code] = waiting_at(ends, filed[mine], due[mine], float(world.scale))
        known = mine & (due < NEVER)
        year = filed // 12
        wait[code] = tuple(
            float((due - filed)[known & (year == k)].mean()) if (known & (year == k)).any() else None
            for k in range(years)
        )
        waits[code] = waiting_classes(span[office == j], float(world.scale))
    actors, edges = network(world)
    return Portrait(
        places=places, years=tuple(range(start_year, start_year + years)), scale=float(world.scale), seed=int(world.seed),
        rights=right_fates(world), actors=actors, licenses=edges, moves=moves(world), suits=number,
        suits_waiting=waiting, suit_wait=wait, waits=waits,
    )  # fmt: skip


def portray(scenario: Scenario, seed: int, cancelled: Callable[[], bool] | None = None) -> Portrait | None:
    """Run a scenario with one seed and return its portrait; None when cancelled.

    The burn-in is kept in the worker, so that baseline and scenario share it, as in ``ecosystem compare``.
    """
    from ecosystem.dashboard.worker import BurnIns, _kept
    from ecosystem.world import World

    burn_ins, key = BurnIns(seed, _kept), scenario.burn_in_key()
    if key not in burn_ins:
        burn_ins[key] = World(scenario.without_policy(), seed=seed).frozen()
        if cancelled is not None and cancelled():
            return None
    world = World.forked(burn_ins[key], scenario).run(cancelled=cancelled)
    return portrait(world, scenario.start_year) if world.finished else None
