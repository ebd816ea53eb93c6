"""What falls due when: slots put into months, popped in order of arrival."""

from __future__ import annotations

import itertools

import numpy as np


class Calendar:
    """Buckets of slots by kind of event and month."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, int], list[np.ndarray]] = {}

    def put(self, kind: str, months: np.ndarray | int, slots: np.ndarray) -> None:
        """Enter ``slots`` (int (n,)) under their months (int or (n,)); order within a month is order of arrival."""
        if not len(slots):
            return
        slots = np.asarray(slots, dtype=np.int64)
        if isinstance(months, int | np.integer):
            self._due.setdefault((kind, int(months)), []).append(slots)
            return
        months = np.asarray(months)
        order = np.argsort(months, kind="stable")
        months, slots = months[order], slots[order]
        cuts = [0, *(np.flatnonzero(months[1:] != months[:-1]) + 1).tolist(), len(slots)]
        for a, b in itertools.pairwise(cuts):
            self._due.setdefault((kind, int(months[a])), []).append(slots[a:b])

    def pop(self, kind: str, month: int) -> np.ndarray:
        """Remove and return the slots due in ``month``, int64 (n,)."""
        parts = self._due.pop((kind, month), None)
        if parts is None:
            return np.zeros(0, np.int64)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def waiting(self, kind: str) -> int:
        """Return how many slots of a kind wait in all months."""
        return sum(len(part) for (k, _), parts in self._due.items() if k == kind for part in parts)
