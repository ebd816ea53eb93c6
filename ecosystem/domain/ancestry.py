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

from ecosystem.kernel.luck import fold, u01

if TYPE_CHECKING:
    from ecosystem.world import World

SEARCHES = 3


@nb.njit(
    nb.int64[:, ::1](
        nb.int64[::1], nb.int64[::1], nb.float64[:, ::1], nb.float64[:, ::1], nb.int64[:, ::1], nb.float64[::1],
        nb.int64, nb.float64, nb.uint64, nb.uint64, nb.uint64, nb.uint64,
    ),
    cache=True,
)  # fmt: skip
def _draw(
    uid: np.ndarray,
    field: np.ndarray,
    near: np.ndarray,
    mass: np.ndarray,
    start: np.ndarray,
    cum: np.ndarray,
    months: int,
    chance: float,
    key_try: np.uint64,
    key_field: np.uint64,
    key_month: np.uint64,
    key_row: np.uint64,
) -> np.ndarray:
    """Draw up to three parents for each child; -1 where a search is not made or finds nothing."""
    F = near.shape[1]
    out = np.full((len(uid), 3), -1, np.int64)
    for i in range(len(uid)):
        f0 = field[i]
        whole = near[f0, F - 1]
        if whole <= 0.0:
            continue
        for k in range(3):
            who = np.uint64(uid[i]) + np.uint64(k) * np.uint64(0x632BE59BD9B4E019)
            if u01(who, key_try) >= chance:
                continue
            x = u01(who, key_field) * whole
            f = 0
            while f < F - 1 and near[f0, f] <= x:
                f += 1
            total = mass[f, months - 1]
            if total <= 0.0:
                continue
            x = u01(who, key_month) * total
            lo, hi = 0, months - 1
            while lo < hi:
                m = (lo + hi) // 2
                if mass[f, m] <= x:
                    lo = m + 1
                else:
                    hi = m
            a, b = start[lo, f], start[lo, f + 1]
            if b <= a:
                continue
            low = cum[a - 1] if a > 0 else 0.0
            x = low + u01(who, key_row) * (cum[b - 1] - low)
            p, q = a, b - 1
            while p < q:
                m = (p + q) // 2
                if cum[m] <= x:
                    p = m + 1
                else:
                    q = m
            out[i, k] = p
    return out


class Ancestry:
    """The index of earlier inventions.

    Args:
        fields: number of technology fields.
        months: months of the whole run.
    """

    def __init__(self, fields: int, months: int) -> None:
        self.fields = fields
        self.months = 0
        self.mass = np.zeros((fields, months + 1))
        self.start = np.zeros((months + 2, fields + 1), np.int64)
        self.cum = np.zeros(1024)
        self.rows = 0

    def append(self, field: np.ndarray, weight: np.ndarray) -> None:
        """Add a month of inventions, already sorted by field: fields (n,), weights >= 0 (n,)."""
        n = len(field)
        if self.rows + n > len(self.cum):
            grown = np.zeros(max(self.rows + n, int(1.5 * len(self.cum))))
            grown[: self.rows] = self.cum[: self.rows]
            self.cum = grown
        base = self.cum[self.rows - 1] if self.rows else 0.0
        self.cum[self.rows : self.rows + n] = base + np.cumsum(weight)
        counts = np.bincount(field, minlength=self.fields)
        self.start[self.months] = self.rows + np.r_[0, np.cumsum(counts)]
        self.mass[:, self.months] = np.bincount(field, weights=weight, minlength=self.fields)
        self.months += 1
        self.rows += n

    def parents(self, world: World, uid: np.ndarray, field: np.ndarray) -> np.ndarray:
        """Return candidate parents, int64 (n, 3), -1 for none, before access is checked."""
        if not self.months or not len(uid):
            return np.full((len(uid), SEARCHES), -1, np.int64)
        p, draw = world.p, world.draw
        age = (self.months - np.arange(self.months)) / 12.0
        kernel = (1.0 - np.exp(-age / p["ancestry.peak_years"])) * np.exp(-age / p["ancestry.fading_years"])
        mass = np.cumsum(self.mass[:, : self.months] * kernel, axis=1)
        near = np.cumsum(world.proximity * mass[:, -1][None, :], axis=1)
        return _draw(
            np.ascontiguousarray(uid, np.int64), np.ascontiguousarray(field, np.int64), np.ascontiguousarray(near),
            np.ascontiguousarray(mass), self.start, self.cum, self.months, p["ancestry.parents_chance"],
            draw.key("ancestry.try"), draw.key("ancestry.field"), draw.key("ancestry.month"), draw.key("ancestry.row"),
        )  # fmt: skip


def accessible(world: World, uid: np.ndarray, owner: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Return the parents that the owner can know and reach, others set to -1; int64 (n, 3).

    Own and published inventions are known; others leak with a small chance. What comes from another place is used less.
    """
    inv, orgs, p = world.inventions, world.orgs, world.p
    if not inv.n:
        return parents
    found = parents >= 0
    rows = np.maximum(parents, 0)
    own = inv.owner[rows] == owner[:, None]
    public = inv.published[rows] <= world.month
    keys = fold(np.repeat(uid, SEARCHES), np.tile(np.arange(SEARCHES), len(uid)))
    tacit = world.draw.bernoulli("ancestry.tacit", keys, p["ancestry.tacit_share"]).reshape(parents.shape)
    abroad = inv.jurisdiction[rows] != orgs.jurisdiction[owner][:, None]
    reached = world.draw.bernoulli("ancestry.abroad", keys, p["ancestry.abroad_share"]).reshape(parents.shape)
    return np.where(found & (own | public | tacit) & (own | ~abroad | reached), parents, -1)
