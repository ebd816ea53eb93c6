"""Regions: where in a place an organization sits, who its neighbors are, and how much less it has to do with those far away.

Each place has regions with shares of its R&D and a graph of neighbors (``policies/places``). Nearness is a weight between
0 and 1 for a pair of regions: 1 in the same region, less for a neighbor, less again elsewhere in the place. Every
mechanism that falls with distance has its own two weights; this file holds the tables and the race that uses them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numba as nb
import numpy as np

from ecosystem.kernel.errors import InputError
from ecosystem.kernel.luck import ALWAYS, Pool, mix, pair, u01

if TYPE_CHECKING:
    from ecosystem.world import World

i8, i1, f8, u8, b1 = nb.int64, nb.int8, nb.float64, nb.uint64, nb.boolean
EXACT = 128
"""Groups up to this size are raced in full; larger ones through as many points of the hash ring."""
MOST_REGIONS = 127
"""Regions fit the eight bits of the column ``region``."""


class RegionData(Protocol):
    """One region as data (see ``policies.regions``)."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def share(self) -> float: ...
    @property
    def neighbors(self) -> tuple[str, ...]: ...
    @property
    def territory(self) -> str: ...


class Regions:
    """The regions of one world, place by place.

    Args:
        places: codes of the places, in order.
        regions: the regions of each place, in the order of its file.
        territories: codes of all territories of the world, in order.

    Attributes:
        code: ``place.region``, in order; a place of one region has its own code.
        title: names for people.
        place: place of each region, int64 (R,).
        first: first region of each place and, last, R, int64 (J + 1,).
        share: share of the place's R&D, float64 (R,).
        territory: territory to which a region belongs, -1 where the data name none, int64 (R,).
        adjacent: regions that touch, bool (R, R).
        neighbors: the same with rows that sum to 1 (0 for a region without neighbors), float64 (R, R).
        steps: distance in the graph of neighbors, -1 between places, int64 (R, R).
        rank: rank by share of R&D in its place, 0 the largest, int64 (R,).
        home: what a region takes on average from its own place (see ``citations``), float64 (R,).

    Raises:
        InputError: more regions than the column can hold.
    """

    def __init__(
        self, places: Sequence[str], regions: Sequence[Sequence[RegionData]], territories: Sequence[str] = ()
    ) -> None:
        flat = [(j, r) for j, mine in enumerate(regions) for r in mine]
        if len(flat) > MOST_REGIONS:
            raise InputError(f"The places of this world have {len(flat)} regions together", allowed=f"{MOST_REGIONS}",
                             do="Choose fewer places or coarser regions")  # fmt: skip
        n = len(flat)
        count = np.array([len(mine) for mine in regions], dtype=np.int64)
        self.first = np.r_[0, np.cumsum(count)]
        self.code = [places[j] if len(regions[j]) == 1 else f"{places[j]}.{r.code}" for j, r in flat]
        self.title = [r.title for _, r in flat]
        self.place = np.array([j for j, _ in flat], dtype=np.int64)
        self.share = np.array([r.share for _, r in flat])
        known = list(territories)
        self.territory = np.array([known.index(r.territory) if r.territory in known else -1 for _, r in flat])
        where = {(j, r.code): i for i, (j, r) in enumerate(flat)}
        self.adjacent = np.zeros((n, n), np.bool_)
        for i, (j, r) in enumerate(flat):
            self.adjacent[i, [where[j, other] for other in r.neighbors]] = True
        degree = self.adjacent.sum(axis=1, keepdims=True)
        self.neighbors = np.ascontiguousarray(self.adjacent / np.maximum(degree, 1))
        self.steps = _distances(self.adjacent)
        self.rank = np.zeros(n, np.int64)
        for a, b in zip(self.first[:-1], self.first[1:], strict=True):
            self.rank[a:b][np.argsort(-self.share[a:b], kind="stable")] = np.arange(b - a)
        self._citation: np.ndarray | None = None
        self.home = np.ones(n)

    @classmethod
    def single(cls, places: Sequence[str]) -> Regions:
        """Return a map on which every place is one region, for worlds without a geography."""

        class Whole:
            share, neighbors, territory = 1.0, (), ""

            def __init__(self, code: str) -> None:
                self.code = self.title = code

        return cls(places, [[Whole(code)] for code in places])

    def __len__(self) -> int:
        return len(self.code)

    def weights(self, neighbor: float, place: float, abroad: float = 1.0) -> np.ndarray:
        """Return the weight of a partner by own and other region, float64 (R, R): 1 in the own region.

        Args:
            neighbor, place: weight of a neighboring region and of any other region of the place.
            abroad: weight of regions of other places.
        """
        out = np.where(self.adjacent, neighbor, place)
        out = np.where(self.place[:, None] != self.place, abroad, out)
        np.fill_diagonal(out, 1.0)
        return np.ascontiguousarray(out, dtype=np.float64)

    def citations(self, world: World) -> np.ndarray:
        """Return how readily knowledge passes from one region (column) to another (row), float64 (R, R), at most 1.

        1 in the own region, ``region.citation_neighbor``, ``region.citation_place``; from abroad ``ancestry.abroad_share``
        of what a region takes on average from its own place, so that borders weigh as much as without regions.
        """
        if self._citation is None:
            p = world.p
            near = self.weights(p["region.citation_neighbor"], p["region.citation_place"])
            same = self.place[:, None] == self.place
            home = np.where(same, near * self.share, 0.0).sum(axis=1, keepdims=True)
            self.home = home[:, 0].copy()
            self._citation = np.ascontiguousarray(np.where(same, near, p["ancestry.abroad_share"] * home))
        return self._citation

    def draw(self, world: World, uid: np.ndarray, place: np.ndarray, purpose: str, power: float = 1.0) -> np.ndarray:
        """Return a region of their place for organizations, drawn by share of R&D to a power, int64 (n,).

        Args:
            uid, place: identities and places, int64 (n,).
            purpose: name of the draw, kept for the life of the organization.
        """
        chance = np.where(self.place == np.arange(len(self.first) - 1)[:, None], self.share**power, 0.0)
        return world.draw.categorical(purpose, uid, chance, np.asarray(place, dtype=np.int64), month=ALWAYS)


def _distances(adjacent: np.ndarray) -> np.ndarray:
    """Return the number of borders to cross between any two regions, -1 where there is no way, int64 (R, R)."""
    n = len(adjacent)
    steps = np.full((n, n), -1, np.int64)
    reached = np.eye(n, dtype=bool)
    for d in range(n):
        steps[reached & (steps < 0)] = d
        reached = reached @ (adjacent | np.eye(n, dtype=bool))
    return steps


def nearness(world: World, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how readily organizations ``a`` learn from what organizations ``b`` make, float64 (n,), above 0.

    1 within a region, less between neighbors, less within a place, least from abroad (``Regions.citations``); residents of
    one park learn ``region.park_spillover`` times as readily from each other, so 2 is the most at its usual value. The
    search for parents (``ecosystem.domain.ancestry``) does the same in a compiled loop.

    Args:
        a, b: slots of organizations, int (n,).
    """
    orgs = world.orgs
    near = world.regions.citations(world)[orgs.region[a], orgs.region[b]]
    together = orgs.park[a] & orgs.park[b] & (orgs.region[a] == orgs.region[b])
    return np.asarray(np.where(together, world.p["region.park_spillover"], 1.0) * near)


def seat(world: World, slots: np.ndarray, size: np.ndarray) -> None:
    """Give organizations of the start a region of their place so that size adds up to the shares of the regions.

    From the largest to the smallest, each draws among the regions in proportion to what these would still lack with it.

    Args:
        slots: new organizations of one place, int64 (n,).
        size: R&D or any other amount to be shared out, float64 (n,), >= 0.
    """
    orgs, regions = world.orgs, world.regions
    if not len(slots):
        return
    size = np.ascontiguousarray(size, dtype=np.float64)
    order = np.lexsort((orgs.uid[slots], -size)).astype(np.int64)
    u = world.draw.uniform("region.seat", orgs.uid[slots], month=ALWAYS)
    place = int(orgs.jurisdiction[slots[0]])
    a, b = int(regions.first[place]), int(regions.first[place + 1])
    fixed = regions.territory[a:b]
    for t in np.unique(orgs.territory[slots]):
        # regions that belong to a territory take the organizations of that territory
        mine = fixed == t if (fixed == t).any() else fixed < 0
        if t < 0 or not mine.any():
            mine = np.ones(b - a, np.bool_)
        here = order[orgs.territory[slots][order] == t]
        if len(here):
            quota = np.where(mine, regions.share[a:b], 0.0)
            orgs.region[slots[here]] = a + _spread(size[here], u[here], quota / quota.sum() * size[here].sum())
    _follow(world, slots)


def _follow(world: World, slots: np.ndarray) -> None:
    """Give organizations without a territory that of their region, or where the data name none one by market size."""
    orgs = world.orgs
    slots = slots[orgs.territory[slots] < 0]
    if not len(slots):
        return
    t = world.territories
    found = world.regions.territory[orgs.region[slots]]
    place = orgs.jurisdiction[slots].astype(np.int64)
    u = world.draw.uniform("region.territory", orgs.uid[slots], month=ALWAYS)
    drawn = np.empty(len(slots), np.int64)
    for j in np.unique(place):
        mine, here = np.flatnonzero(t.place == j), place == j
        at = np.searchsorted(np.cumsum(t.share[mine]), u[here], side="right")
        drawn[here] = mine[np.minimum(at, len(mine) - 1)]
    orgs.territory[slots] = np.where(found >= 0, found, drawn)


@nb.njit(i8[::1](f8[::1], f8[::1], f8[::1]), cache=True)
def _spread(size: np.ndarray, u: np.ndarray, quota: np.ndarray) -> np.ndarray:
    """Draw a category for each item in proportion to what its quota, float64 (k,), would still leave room for; int64 (n,).

    Where no quota has room for the whole item, in proportion to what is left; where nothing is left, to the quotas.
    """
    out = np.empty(len(size), np.int64)
    left, part = quota.copy(), np.empty(len(quota))
    for i in range(len(size)):
        total = 0.0
        for turn in range(3):
            for k in range(len(quota)):
                part[k] = max(left[k] - size[i], 0.0) if turn == 0 else max(left[k], 0.0) if turn == 1 else quota[k]
            total = part.sum()
            if total > 0.0:
                break
        at, running = 0, 0.0
        for k in range(len(quota)):
            if part[k] > 0.0:
                at = k
                running += part[k]
                if running > u[i] * total:
                    break
        out[i] = at
        left[at] -= size[i]
    return out


def settle(world: World, slots: np.ndarray) -> None:
    """Give newly founded organizations a region of their place, drawn by its share of R&D."""
    orgs = world.orgs
    if len(slots):
        orgs.region[slots] = world.regions.draw(world, orgs.uid[slots], orgs.jurisdiction[slots], "region.founded")
        _follow(world, slots)


def settle_near(world: World, slot: int, parent: int) -> None:
    """Give a spin-off a region: its parent's with chance ``region.spin_off_stay``, else another by share and nearness."""
    orgs, regions = world.orgs, world.regions
    home, place = int(orgs.region[parent]), int(orgs.jurisdiction[slot])
    chance = np.where(regions.place == place, regions.share, 0.0) * regions.citations(world)[home]
    if regions.place[home] == place:
        stay = world.p["region.spin_off_stay"]
        chance[home] = 0.0
        rest = chance.sum()
        chance *= (1.0 - stay) / rest if rest > 0.0 else 0.0
        chance[home] = stay if rest > 0.0 else 1.0
    uid = orgs.uid[[slot]]
    orgs.region[slot] = world.draw.categorical("region.spin_off", uid, chance[None, :], month=ALWAYS)[0]
    _follow(world, np.array([slot]))


@nb.njit(
    i8[::1](
        i8[::1], i8[::1], i8[::1], i8[::1], f8[:, ::1], f8, f8[::1], i1[::1], b1[::1],
        i8[::1], i8[::1], u8[::1], f8[::1], i8[::1], i8[::1], u8,
    ),
    cache=True,
)  # fmt: skip
def _race(
    seeker: np.ndarray, group: np.ndarray, avoid: np.ndarray, who: np.ndarray, near: np.ndarray, park_pull: float,
    pull: np.ndarray, region: np.ndarray, park: np.ndarray, low: np.ndarray, high: np.ndarray, ring: np.ndarray,
    weight: np.ndarray, uid: np.ndarray, slots: np.ndarray, key: np.uint64,
) -> np.ndarray:  # fmt: skip
    """Race as ``ecosystem.kernel.luck``, a candidate's weight times its nearness to the seeker's organization."""
    out = np.full(len(seeker), -1, np.int64)
    for i in range(len(seeker)):
        g = group[i]
        if g < 0:
            continue
        a, b = low[g], high[g]
        n = b - a
        me, home = np.uint64(seeker[i]), who[i]
        best_score = np.inf
        exact = n <= EXACT
        for t in range(n if exact else EXACT):
            c = a + t
            if not exact:
                h = mix(pair(me, np.uint64(t)) + key)
                lo, hi = a, b
                while lo < hi:
                    m = (lo + hi) // 2
                    if ring[m] < h:
                        lo = m + 1
                    else:
                        hi = m
                c = lo if lo < b else a
            o = slots[c]
            w = weight[c] * pull[region[o]]
            if home >= 0:
                w *= near[region[home], region[o]]
                if park[home] and park[o] and region[home] == region[o]:
                    w *= park_pull
            if w <= 0.0 or uid[c] == avoid[i]:
                continue
            u = u01(pair(me, np.uint64(uid[c])), key)
            # -ln u >= 1 - u: most candidates lose without a logarithm
            if (1.0 - u) * (1.0 - 1e-12) >= best_score * w:
                continue
            score = -np.log(u) / w
            if score < best_score:
                out[i], best_score = o, score
    return out


def near_partner(
    world: World, name: str, seeker: np.ndarray, group: np.ndarray, pool: Pool, who: np.ndarray, near: np.ndarray,
    *, park_pull: float = 1.0, pull: np.ndarray | None = None, avoid: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """Return for each seeker an organization of its group of the pool, near ones more often; int64 (n,), -1 for none.

    Weighted rendezvous as ``Draw.partner``: the clocks are keyed by the pair, so a better place moves choices to it and
    shifts no other luck.

    Args:
        name: purpose of the draw.
        seeker, group: identities and groups, int64 (n,).
        pool: candidates; its slots are organizations.
        who: organization from whose seat distance is measured, -1 for nowhere, int64 (n,).
        near: weight by own and other region, float64 (R, R), see ``Regions.weights``.
        park_pull: further weight among residents of one park.
        pull: further weight of candidates by region, float64 (R,); 1 if None.
        avoid: identity that a seeker may not choose, int64 (n,).
    """
    whole = [np.ascontiguousarray(x, dtype=np.int64) for x in (seeker, group, who)]
    banned = np.zeros(len(seeker), np.int64) if avoid is None else np.ascontiguousarray(avoid, dtype=np.int64)
    extra = np.ones(len(world.regions)) if pull is None else np.ascontiguousarray(pull, dtype=np.float64)
    return np.asarray(
        _race(
            whole[0], whole[1], banned, whole[2], near, float(park_pull), extra, world.orgs.region, world.orgs.park,
            pool.low, pool.high, pool.ring, pool.weight, pool.uid, pool.slots, world.draw.key(name),
        )
    )  # fmt: skip
