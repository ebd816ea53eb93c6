"""What falls due when: slots put into months, popped in order of arrival.

Every kind of event is one set of chains, a chain a month: an entry knows the next one of its month, and places that
popped entries leave are used again.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from ecosystem.kernel.table import NEVER

i8 = nb.int64
I8, II8 = i8[::1], i8[:, ::1]
SLOT, NEXT = range(2)
HEAD, TAIL, SIZE = range(3)


@nb.njit(nb.boolean(I8, I8, i8, II8, II8, I8), cache=True)
def _enter(
    slots: np.ndarray, months: np.ndarray, first: int, entries: np.ndarray, chains: np.ndarray, free: np.ndarray
) -> bool:
    """Add entries at the ends of the chains of their months; do nothing and return False where room is lacking.

    Args:
        months: month of each slot, or one for all; month ``first`` has the first chain.
        entries: (SLOT, NEXT) of each, side by side in memory.
        chains: (HEAD, TAIL, SIZE) of each month; HEAD and TAIL mean nothing where SIZE is 0.
        free: first free entry (-1 none) and how many there are.
    """
    if len(slots) > free[1]:
        return False
    for month in months:
        if month < first or (month - first >= len(chains) and month < NEVER):
            return False
    for i in range(len(slots)):
        month = months[0 if len(months) == 1 else i]
        if month >= NEVER:
            continue
        e = free[0]
        free[0] = entries[e, NEXT]
        free[1] -= 1
        entries[e, SLOT], entries[e, NEXT] = slots[i], -1
        chain = chains[month - first]
        if chain[SIZE] == 0:
            chain[HEAD] = e
        else:
            entries[chain[TAIL], NEXT] = e
        chain[TAIL] = e
        chain[SIZE] += 1
    return True


@nb.njit(I8(i8, II8, II8, I8), cache=True)
def _take(chain: int, entries: np.ndarray, chains: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Return the slots of a chain in order of arrival and free its entries."""
    head, tail, n = chains[chain, HEAD], chains[chain, TAIL], chains[chain, SIZE]
    out = np.empty(n, np.int64)
    e = head
    for i in range(n):
        out[i] = entries[e, SLOT]
        e = entries[e, NEXT]
    if n > 0:
        entries[tail, NEXT] = free[0]
        free[0] = head
        free[1] += n
        chains[chain, SIZE] = 0
    return out


class _Kind:
    """The chains of one kind of event."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.entries = np.zeros((0, 2), np.int64)
        self.chains = np.zeros((0, 3), np.int64)
        self.free = np.array([-1, 0])

    def put(self, months: np.ndarray, slots: np.ndarray) -> None:
        if not _enter(slots, months, self.first, self.entries, self.chains, self.free):
            self._grow(months, len(slots))
            _enter(slots, months, self.first, self.entries, self.chains, self.free)

    def _grow(self, months: np.ndarray, n: int) -> None:
        """Make room for n entries in the given months."""
        real = months[months < NEVER]
        if len(real):
            first = min(self.first, int(real.min()))
            after = max(self.first + len(self.chains), int(real.max()) + 1)
            if first < self.first or after > self.first + len(self.chains):
                wide = np.zeros((after - first + 60, 3), np.int64)
                at = self.first - first
                wide[at : at + len(self.chains)] = self.chains
                self.first, self.chains = first, wide
        if n > self.free[1]:
            size = len(self.entries)
            more = max(n, size // 2, 64)
            entries = np.zeros((size + more, 2), np.int64)
            entries[:size] = self.entries
            # new entries go to the front of the chain of free ones
            entries[size:, NEXT] = np.arange(size + 1, size + more + 1)
            entries[-1, NEXT] = self.free[0]
            self.entries = entries
            self.free[:] = size, self.free[1] + more

    def pop(self, month: int) -> np.ndarray:
        chain = month - self.first
        if not 0 <= chain < len(self.chains):
            return np.zeros(0, np.int64)
        return np.asarray(_take(chain, self.entries, self.chains, self.free))

    def waiting(self) -> int:
        return len(self.entries) - int(self.free[1])


class Calendar:
    """Chains of slots by kind of event and month."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def put(self, kind: str, months: np.ndarray | int, slots: np.ndarray) -> None:
        """Enter ``slots`` (int (n,)) under their months (int or (n,)); order within a month is order of arrival.

        What is put into the month ``NEVER`` is not kept.
        """
        if not len(slots):
            return
        when = np.ascontiguousarray(months, dtype=np.int64).reshape(-1)
        known = self._kinds.get(kind)
        if known is None:
            if when.min() >= NEVER:
                return
            known = self._kinds[kind] = _Kind(int(when.min()))
        known.put(when, np.ascontiguousarray(slots, dtype=np.int64))

    def pop(self, kind: str, month: int) -> np.ndarray:
        """Remove and return the slots due in ``month``, int64 (n,)."""
        known = self._kinds.get(kind)
        return np.zeros(0, np.int64) if known is None else known.pop(month)

    def waiting(self, kind: str) -> int:
        """Return how many slots of a kind wait in all months."""
        known = self._kinds.get(kind)
        return 0 if known is None else known.waiting()
