"""Who holds which rights: an index by owner of rights in force or pending, renewed each quarter, exact in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.kernel.memory import recalled, remembered

if TYPE_CHECKING:
    from ecosystem.world import World

RENEWED_MONTHS = 3
i8, i1, b1, i4 = nb.int64, nb.int8, nb.boolean, nb.int32


@nb.njit(nb.types.UniTuple(i8[::1], 4)(i8[::1], i8, b1[::1], i1[::1], i4[::1], i8), cache=True)
def _index(
    known: np.ndarray, seen: int, in_force: np.ndarray, outcome: np.ndarray, owner: np.ndarray, organizations: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Keep rights in force or pending among ``known`` ones and rows from ``seen`` on; a counting sort by owner.

    Returns:
        (rights, ascending; the same by owner; first and one past last position of each owner), int64.
    """
    rows = np.empty(len(known) + len(in_force) - seen, np.int64)
    low, high = np.zeros(organizations, np.int64), np.zeros(organizations, np.int64)
    n = 0
    for k in range(len(rows)):
        i = known[k] if k < len(known) else seen + k - len(known)
        if in_force[i] or outcome[i] == 0:
            rows[n] = i
            n += 1
            if owner[i] >= 0:
                high[owner[i]] += 1
    total = 0
    for o in range(organizations):
        low[o] = total
        total += high[o]
        high[o] = low[o]
    order = np.empty(total, np.int64)
    for k in range(n):
        o = owner[rows[k]]
        if o >= 0:
            order[high[o]] = rows[k]
            high[o] += 1
    return rows[:n].copy(), order, low, high


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
        self.rights, self.order, self.low, self.high = _index(
            self.rights, self.seen, table.in_force, table.outcome, table.owner, max(1, world.orgs.n)
        )
        self.seen, self.month = table.n, world.month
        self.sold = np.zeros(0, np.int64)
        self.loose = np.zeros(table.n, np.bool_)


def holdings(world: World) -> Holdings:
    """Return the index of rights by owner, up to date."""
    known = remembered(world, "holdings", Holdings)
    known.renew(world)
    return known


def note_sale(world: World, rights: np.ndarray) -> None:
    """Tell the index that rights changed hands, int (n,)."""
    known: Holdings | None = recalled(world, "holdings")
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
