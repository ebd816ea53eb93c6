"""Dockets: files that wait for an examiner, first in, first out, by class and office."""

from __future__ import annotations

import numba as nb
import numpy as np

ORDINARY, FAST, AMENDED = range(3)
"""Classes: waiting for a first action in ordinary turn, accelerated and due, replied to."""
CLASSES = 3

i8, f8 = nb.int64, nb.float64
B, I1, I4, I8 = nb.boolean[::1], nb.int8[::1], nb.int32[::1], nb.int64[::1]
II8, III8 = nb.int64[:, ::1], nb.int64[:, :, ::1]


class Dockets:
    """Queues of right slots by class and office; compiled loops push and take.

    Attributes:
        slots: rights in order, int64 (CLASSES, offices, room).
        head, tail: first and one past last of those that wait, int64 (CLASSES, offices).
    """

    def __init__(self, offices: int) -> None:
        self.slots = np.empty((CLASSES, offices, 256), np.int64)
        self.head = np.zeros((CLASSES, offices), np.int64)
        self.tail = np.zeros((CLASSES, offices), np.int64)

    def reserve(self, more: int) -> None:
        """Make room for ``more`` further files in every queue, moving those that wait to the front if need be."""
        if int(self.tail.max()) + more <= self.slots.shape[2]:
            return
        waiting = self.waiting()
        room = max(self.slots.shape[2], 2 * (int(waiting.max()) + more))
        slots = np.empty((*self.head.shape, room), np.int64)
        for c, j in np.ndindex(*self.head.shape):
            slots[c, j, : waiting[c, j]] = self.slots[c, j, self.head[c, j] : self.tail[c, j]]
        self.slots, self.head, self.tail = slots, np.zeros_like(self.head), waiting

    def waiting(self) -> np.ndarray:
        """Return how many files wait, int64 (CLASSES, offices)."""
        out: np.ndarray = self.tail - self.head
        return out

    def files(self, kind: int, office: int) -> np.ndarray:
        """Return the files of a class that wait at an office, in order, int64."""
        out: np.ndarray = self.slots[kind, office, self.head[kind, office] : self.tail[kind, office]]
        return out


@nb.njit(nb.void(III8, II8, i8, i8, i8), cache=True, inline="always")
def push(slots: np.ndarray, tail: np.ndarray, kind: int, office: int, right: int) -> None:
    """Append a right to a queue that has room."""
    slots[kind, office, tail[kind, office]] = right
    tail[kind, office] += 1


_SMALL = 1e-9


@nb.njit(nb.types.Tuple((i8, f8))(III8, II8, II8, i8, i8, f8, f8, i8, I8, i8, B, I4, I1), cache=True)
def take(
    slots: np.ndarray, head: np.ndarray, tail: np.ndarray, kind: int, office: int, budget: float, cost: float,
    leave: int, out: np.ndarray, n: int, alive: np.ndarray, owner: np.ndarray, outcome: np.ndarray,
) -> tuple[int, float]:  # fmt: skip
    """Take from a queue what ``budget`` pays for at ``cost`` each, leaving ``leave`` files.

    Files of dead owners and files decided elsewhere cost nothing.

    Returns:
        (n, rest of the budget), after ``out`` was filled from position n on.
    """
    while True:
        first = head[kind, office]
        m = min(tail[kind, office] - first - leave, int((budget + _SMALL) / cost))
        if m <= 0:
            return n, budget
        living = 0
        for k in range(m):
            i = slots[kind, office, first + k]
            living += int(alive[owner[i]] and outcome[i] == 0)
            out[n] = i
            n += 1
        head[kind, office] += m
        budget -= cost * living
