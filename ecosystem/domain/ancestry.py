"""Who builds on whom: exact draws of parents in O(log) time.

A parent is drawn with weight quality x age kernel x field proximity among all earlier inventions. Each month's inventions
are appended sorted by field, so the table itself is the index: a cell is a (month, field) run of rows, ``cum`` a running
sum of quality. A draw takes three keyed uniforms: field by proximity x mass, month by binary search in the mass under the
age kernel, row by binary search in ``cum`` inside the cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.switches import off
from ecosystem.kernel.luck import pair, u01

if TYPE_CHECKING:
    from ecosystem.world import World

SEARCHES = 3
TRIES = 2
"""Whose candidate is too far away tries once more."""
LOOKS = 2
"""Further looks of residents of parks at what their neighbors made."""
AGAIN = np.uint64(0xD1B54A32D192ED03)
"""Added to the identity of a search for each further candidate."""
b1, i1, i4, i8, f4, f8, u8 = nb.boolean, nb.int8, nb.int32, nb.int64, nb.float32, nb.float64, nb.uint64


@nb.njit(nb.void(f8[:, ::1], f8[::1], i8, f8[:, ::1], f8[:, ::1], f8[:, ::1]), cache=True)
def _reach(
    mass: np.ndarray, kernel: np.ndarray, months: int, proximity: np.ndarray, aged: np.ndarray, near: np.ndarray
) -> None:
    """Fill the running sums that a draw searches.

    ``aged[f, m]`` = sum over months up to m of mass x kernel(age); ``near[g, f]`` = sum over fields up to f of
    proximity(g, f) x aged mass of f.
    """
    F = len(proximity)
    for f in range(F):
        total = 0.0
        for m in range(months):
            total += mass[f, m] * kernel[months - m]
            aged[f, m] = total
    for g in range(F):
        total = 0.0
        for f in range(F):
            total += proximity[g, f] * aged[f, months - 1]
            near[g, f] = total


@nb.njit(i8(f8[::1], i8, i8, f8), cache=True, inline="always")
def _search(cum: np.ndarray, a: int, b: int, x: float) -> int:
    """Return the first position in [a, b) whose running sum exceeds ``x`` (else the last), without a branch to guess."""
    n = b - a
    while n > 1:
        half = n >> 1
        a += half * int(cum[a + half - 1] <= x)
        n -= half
    return a


@nb.njit(
    nb.void(
        i8, i8[::1], u8[::1], i8[::1], f8[:, ::1], f8[:, ::1], i8[:, ::1], f8[::1], i8, u8, u8, u8, i8[::1]
    ),
    cache=True,
)  # fmt: skip
def _candidates(
    n: int, what: np.ndarray, who: np.ndarray, field: np.ndarray, near: np.ndarray, aged: np.ndarray, start: np.ndarray,
    cum: np.ndarray, months: int, key_field: np.uint64, key_month: np.uint64, key_row: np.uint64, found: np.ndarray,
) -> None:  # fmt: skip
    """Draw a row for each of ``n`` searches (child x 3 + number; identity) into ``found``; -1 where the cell is empty."""
    F = near.shape[1]
    # One short loop a step, over the searches still under way, so that memory is read ahead.
    # The field f, in proportion to proximity x aged mass.
    for s in range(n):
        f0 = field[what[s] // SEARCHES]
        found[s] = _search(near[f0], 0, F, u01(who[s], key_field) * near[f0, F - 1])
    # The month m, in proportion to quality x kernel(age); the cell (m, f) is kept as one number.
    for s in range(n):
        f = found[s]
        m = _search(aged[f], 0, months, u01(who[s], key_month) * aged[f, months - 1])
        found[s] = m * F + f
    # The row, in proportion to quality. Columns are gathered before they are needed: reads that do not wait for one
    # another overlap, and memory is what costs here.
    low, high, x = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    for s in range(n):
        low[s], high[s] = start[found[s] // F, found[s] % F], start[found[s] // F, found[s] % F + 1]
    for s in range(n):
        below = cum[low[s] - 1] if low[s] > 0 else 0.0
        top = cum[high[s] - 1] if high[s] > low[s] else below
        x[s] = below + u01(who[s], key_row) * (top - below)
    for s in range(n):
        found[s] = _search(cum, low[s], high[s], x[s]) if high[s] > low[s] else -1


@nb.njit(
    i8[:, ::1](
        i8[::1], i8[::1], i8[::1], f8[:, ::1], f8[:, ::1], i8[:, ::1], f8[::1], i8, i8, f8, f8, f8[:, ::1], f8[::1], f8,
        i8[::1], i1[::1], b1[::1], i4[::1], i1[::1], i4[::1], u8, u8, u8, u8, u8, u8, u8,
    ),
    cache=True,
)  # fmt: skip
def _draw(
    uid: np.ndarray, field: np.ndarray, owner: np.ndarray, near: np.ndarray, aged: np.ndarray, start: np.ndarray,
    cum: np.ndarray, months: int, month: int, chance: float, tacit: float, close: np.ndarray, home: np.ndarray,
    together: float, place: np.ndarray, region: np.ndarray, park: np.ndarray, owned_by: np.ndarray, made_in: np.ndarray,
    published: np.ndarray, key_try: np.uint64, key_field: np.uint64, key_month: np.uint64, key_row: np.uint64,
    key_tacit: np.uint64, key_far: np.uint64, key_park: np.uint64,
) -> np.ndarray:  # fmt: skip
    """Draw up to three parents for each child; -1 where a search is not made, finds nothing or nothing within reach."""
    out = np.full((len(uid), SEARCHES), -1, np.int64)
    size = len(uid) * SEARCHES
    what, who, found = np.empty(size, np.int64), np.empty(size, np.uint64), np.empty(size, np.int64)
    holder, known = np.empty(size, np.int64), np.empty(size, np.bool_)
    n, residents = 0, 0
    for i in range(len(uid)):
        residents += int(park[owner[i]])
        for k in range(SEARCHES):
            me = np.uint64(uid[i]) + np.uint64(k) * np.uint64(0x632BE59BD9B4E019)
            what[n], who[n] = SEARCHES * i + k, me
            n += int(u01(me, key_try) < chance)
    tried, made = 0, n
    for turn in range(TRIES):
        _candidates(n, what, who, field, near, aged, start, cum, months, key_field, key_month, key_row, found)
        for s in range(n):
            p = max(found[s], 0)
            holder[s], known[s] = owned_by[p], published[p] <= month
        # Own inventions are known; of others what is published, the rest leaks; what is far is used less, and who finds
        # nothing near enough looks once more.
        far = 0
        for s in range(n):
            p, i, k, o = found[s], what[s] // SEARCHES, what[s] % SEARCHES, holder[s]
            tried += 1
            if p < 0:
                continue
            me, r = pair(np.uint64(uid[i]), np.uint64(k + SEARCHES * turn)), region[owner[i]]
            if o != owner[i] and not known[s] and u01(me, key_tacit) >= tacit:
                continue
            if o == owner[i] or (o < 0 and made_in[p] == place[r]):
                ready = home[r]
            else:
                ready = close[r, region[o]] if o >= 0 else 0.0
            if u01(me, key_far) >= ready:
                what[far], who[far] = what[s], who[s] + AGAIN
                far += 1
                continue
            out[i, k] = p
        n = far
    if residents == 0 or together <= 1.0:
        return out
    # A resident looks on its site as well: so often that works of the park are taken ``together`` times as readily.
    more = min(1.0, (together - 1.0) * tried / (made * LOOKS))
    for turn in range(TRIES, TRIES + LOOKS):
        n = 0
        for i in range(len(uid)):
            for k in range(SEARCHES if park[owner[i]] else 0):
                me = np.uint64(uid[i]) + np.uint64(k) * np.uint64(0x632BE59BD9B4E019)
                what[n], who[n] = SEARCHES * i + k, me + np.uint64(turn) * AGAIN
                n += int(u01(me, key_try) < chance)
        _candidates(n, what, who, field, near, aged, start, cum, months, key_field, key_month, key_row, found)
        for s in range(n):
            p, i, k = found[s], what[s] // SEARCHES, what[s] % SEARCHES
            o = owned_by[p] if p >= 0 else -1
            if o < 0 or o == owner[i] or not park[o] or region[o] != region[owner[i]]:
                continue
            me = pair(np.uint64(uid[i]), np.uint64(k + SEARCHES * turn))
            if (published[p] <= month or u01(me, key_tacit) < tacit) and u01(me, key_park) < more:
                out[i, k] = p
    return out


@nb.njit(nb.void(i8[::1], f8[::1], i8, i8, f8[:, ::1], i8[:, ::1], f8[::1]), cache=True)
def _append(
    field: np.ndarray, weight: np.ndarray, rows: int, month: int, mass: np.ndarray, start: np.ndarray, cum: np.ndarray
) -> None:
    base = cum[rows - 1] if rows > 0 else 0.0
    total = 0.0
    for i in range(len(field)):
        total += weight[i]
        cum[rows + i] = base + total
        mass[field[i], month] += weight[i]
        start[month, field[i] + 1] += 1
    start[month, 0] = rows
    for f in range(len(mass)):
        start[month, f + 1] += start[month, f]


class Ancestry:
    """The index of earlier inventions.

    Args:
        fields: number of technology fields.
        months: months of the whole run.

    Attributes:
        months, rows: months and inventions indexed so far.
        mass: quality by field and month, float64 (fields, months + 1).
        start: first row of each cell, the last column one past the month, int64 (months + 2, fields + 1).
        cum: running sum of quality by row, float64 (>= rows,).
        ln_quality: ln of the table's quality by row, float32 (>= rows,).
    """

    def __init__(self, fields: int, months: int) -> None:
        self.fields = fields
        self.months = 0
        self.mass = np.zeros((fields, months + 1))
        self.start = np.zeros((months + 2, fields + 1), np.int64)
        self.cum = np.zeros(1024)
        self.ln_quality = np.zeros(1024, np.float32)
        self.rows = 0
        self._kernel, self._proximity = np.zeros(0), np.zeros(0)
        self._aged = np.zeros_like(self.mass)
        self._near = np.zeros((fields, fields))

    def append(self, field: np.ndarray, weight: np.ndarray) -> None:
        """Add a month of inventions, already sorted by field: fields (n,), qualities > 0 as weights (n,)."""
        n, field = len(field), np.ascontiguousarray(field, np.int64)
        if self.rows + n > len(self.cum):
            more = max(self.rows + n, int(1.5 * len(self.cum)))
            cum, ln_quality = np.zeros(more), np.zeros(more, np.float32)
            cum[: self.rows], ln_quality[: self.rows] = self.cum[: self.rows], self.ln_quality[: self.rows]
            self.cum, self.ln_quality = cum, ln_quality
        self.ln_quality[self.rows : self.rows + n] = np.log(np.maximum(weight.astype(np.float32), 1e-30))
        _append(field, weight, self.rows, self.months, self.mass, self.start, self.cum)
        self.months += 1
        self.rows += n

    def kernel(self, world: World) -> np.ndarray:
        """Return the age kernel by age in months: (1 - exp(-a / peak)) exp(-a / fading), a in years, float64."""
        if not len(self._kernel):
            p = world.p
            age = np.arange(self.mass.shape[1] + 1) / 12.0
            rising = 1.0 - np.exp(-age / p["ancestry.peak_years"])
            self._kernel = rising * np.exp(-age / p["ancestry.fading_years"])
            # A copy: compiled loops take no read-only array.
            self._proximity = np.array(world.proximity, order="C")
        return self._kernel

    def parents(self, world: World, uid: np.ndarray, field: np.ndarray, owner: np.ndarray) -> np.ndarray:
        """Return the parents that the owner can know and reach, int64 (n, 3), -1 for none.

        Own and published inventions are known; others leak with a small chance (``ancestry.tacit_share``). What comes
        from far away is used less (``Regions.citations``), own work as readily as that of an average owner of the place;
        residents of one park build on each other's work ``region.park_spillover`` times as readily. With
        ``switch.cumulative`` = 0 there are no parents, with ``switch.spillovers`` = 0 only own ones.

        Args:
            uid, field, owner: identities, fields and organization slots of the children, int64 (n,).
        """
        if not self.months or not len(uid) or off(world, "cumulative"):
            return np.full((len(uid), SEARCHES), -1, np.int64)
        p, key, inv, orgs, regions = world.p, world.draw.key, world.inventions, world.orgs, world.regions
        kernel = self.kernel(world)
        _reach(self.mass, kernel, self.months, self._proximity, self._aged, self._near)
        found = np.asarray(
            _draw(
                uid, field, owner, self._near, self._aged, self.start, self.cum, self.months, world.month,
                p["ancestry.parents_chance"], p["ancestry.tacit_share"], regions.citations(world), regions.home,
                p["region.park_spillover"], regions.place, orgs.region, orgs.park, inv.owner, inv.jurisdiction, inv.published,
                key("ancestry.try"), key("ancestry.field"), key("ancestry.month"), key("ancestry.row"),
                key("ancestry.tacit"), key("ancestry.far"), key("ancestry.park"),
            )
        )  # fmt: skip
        if off(world, "spillovers"):
            found[inv.owner[np.maximum(found, 0)] != owner[:, None]] = -1
        return found
