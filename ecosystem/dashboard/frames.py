"""A run as a film: what each place filed, was granted and held, and which deals crossed borders, quarter by quarter.

Frames are recorded once, with the run; playing, stepping back and scrubbing only choose which one is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ecosystem.world import World

MONTHS = 3
"""Months of a frame."""
SHOWN = ("patent_filings", "patents_granted", "patents_in_force", "license_and_sale_deals")


@dataclass(frozen=True, slots=True)
class Frames:
    """Recorded frames of a run; real-world numbers.

    Attributes:
        values: by indicator and place, one number a frame (flows: sum of the quarter, stocks: its end).
        deals: by giver's and taker's place (``us>jp``), deals of each frame across their border.
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    deals: dict[str, list[float]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of frames."""
        return max((len(one) for columns in self.values.values() for one in columns.values()), default=0)

    @classmethod
    def of(cls, content: Any) -> Frames:
        """Return the frames of plain data."""
        return cls(**content)


def record(world: World) -> Frames:
    """Read the frames of a finished world; nothing is computed here that the model does not record."""
    places = tuple(world.places[: world.P])
    values = {}
    for name in SHOWN:
        _, found = world.records.totals(name, MONTHS)
        values[name] = {code: [float(v) for v in found[:, k]] for k, code in enumerate(places)}
    count = len(next(iter(values[SHOWN[0]].values()), []))
    deals = world.deals
    month = np.asarray(deals.month, dtype=np.int64)
    source, target = deals.from_place.astype(np.int64), deals.to_place.astype(np.int64)
    frame = month // MONTHS
    crossing = (month >= 0) & (frame < count) & (source != target) & (source < world.P) & (target < world.P)
    crossing &= (source >= 0) & (target >= 0)
    sums = np.zeros((count, world.P, world.P))
    np.add.at(sums, (frame[crossing], source[crossing], target[crossing]), float(world.scale))
    flows = {
        f"{a}>{b}": [float(v) for v in sums[:, i, j]]
        for i, a in enumerate(places)
        for j, b in enumerate(places)
        if i != j
    }
    return Frames(values, flows)
