"""Who holds which rights: an index by owner of rights in force or pending, renewed each quarter, exact in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.teams import arrange

if TYPE_CHECKING:
    from ecosystem.world import World

RENEWED_MONTHS = 3
i8, b1, i4 = nb.int64, nb.boolean, nb.int32


class Holdings:
    """Index of rights by owner.

    Attributes:
        month: when it was renewed.
        rights: rights that were in force or pending then, ascending, int64.
        order, low, high: the same by owner; ``order[low[o] : high[o]]`` are those of organization o.
        seen: rows of the table of rights then.
        sold: rights that changed hands since, int64.
        loose: rights to be looked up in ``sold``, bool by right slot below ``seen``.
    """

    def __init__(self) -> None:
        none = np.zeros(0, np.int64)
        self.month = -(10**6)
        self.rights, self.order, self.low, self.high, self.sold = none, none, none, none, none
        self.seen = 0
        self.loose = np.zeros(0, np.bool_)

    def renew(self, world: World) -> None:
        """Drop rights that ended, enter new ones and sort by owner, each quarter."""
        if 0 <= world.month - self.month < RENEWED_MONTHS:
            return
        table = world.rights
        rows = np.concatenate([self.rights, np.arange(self.seen, table.n)])
        rows = rows[table.in_force[rows] | (table.outcome[rows] == 0)]
        owner = table.owner[rows].astype(np.int64)
        owned = owner >= 0
        self.rights, self.seen, self.month = rows, table.n, world.month
        self.order, self.low, self.high, _ = arrange(
            rows[owned], owner[owned], np.ones(int(owned.sum())), max(1, world.orgs.n)
        )
        self.sold = np.zeros(0, np.int64)
        self.loose = np.zeros(table.n, np.bool_)


def holdings(world: World) -> Holdings:
    """Return the index of rights by owner, up to date."""
    known: Holdings | None = world.__dict__.get("holdings")
    if known is None:
        known = world.holdings = Holdings()
    known.renew(world)
    return known


def note_sale(world: World, rights: np.ndarray) -> None:
    """Tell the index that rights changed hands, int (n,)."""
    known: Holdings | None = world.__dict__.get("holdings")
    if known is None or not len(rights):
        return
    old = rights[rights < known.seen]
    old = np.unique(old[~known.loose[old]]).astype(np.int64)
    known.loose[old] = True
    known.sold = np.concatenate([known.sold, old])


@nb.njit(b1(i8[::1], i8), cache=True)
def _enter(newest: np.ndarray, right: int) -> bool:
    """Enter a right into a list of the newest, descending, that ends with -1 where it is not full."""
    k = len(newest) - 1
    if k < 0 or newest[k] > right:
        return False
    while k > 0 and newest[k - 1] < right:
        newest[k] = newest[k - 1]
        k -= 1
    newest[k] = right
    return True


@nb.njit(
    nb.void(
        i8[::1], i8[::1], i8[::1], i8[::1], b1[::1], i8[::1], b1[::1], b1[::1], i4[::1], i8[::1], i8[::1], i8[:, ::1]
    ),
    cache=True,
)  # fmt: skip
def _gather(
    firms: np.ndarray, order: np.ndarray, low: np.ndarray, high: np.ndarray, loose: np.ndarray, extra: np.ndarray,
    in_force: np.ndarray, pledged: np.ndarray, owner: np.ndarray, position: np.ndarray, count: np.ndarray,
    newest: np.ndarray,
) -> None:  # fmt: skip
    """Count rights in force of firms and list their newest unpledged ones."""
    for k in range(len(firms)):
        o = firms[k]
        if o >= len(low):
            continue
        for c in range(low[o], high[o]):
            i = order[c]
            if in_force[i] and not loose[i]:
                count[k] += 1
                if not pledged[i]:
                    _enter(newest[k], i)
    for i in extra:
        o = owner[i]
        k = position[o] if o >= 0 else -1
        if k >= 0 and in_force[i]:
            count[k] += 1
            if not pledged[i]:
                _enter(newest[k], i)


def rights_of(world: World, firms: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (rights in force of each firm, int64 (n,); its newest unpledged ones, int64 (n, most), -1 for none).

    Args:
        firms: distinct organizations, int64 (n,).
    """
    rights, known = world.rights, holdings(world)
    position = np.full(world.orgs.n, -1, np.int64)
    position[firms] = np.arange(len(firms))
    count, newest = np.zeros(len(firms), np.int64), np.full((len(firms), most), -1, np.int64)
    extra = np.concatenate([known.sold, np.arange(known.seen, rights.n)])
    _gather(
        np.ascontiguousarray(firms, dtype=np.int64), known.order, known.low, known.high, known.loose, extra,
        rights.in_force, rights.pledged, rights.owner, position, count, newest,
    )  # fmt: skip
    return count, newest
