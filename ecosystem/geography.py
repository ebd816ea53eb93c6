"""Where things happen: places with the rest of the world last, their territories, regions, facts and fees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecosystem.domain.regions import Regions
from ecosystem.kernel.errors import InputError
from policies.places import Place


@dataclass(frozen=True, slots=True)
class Territories:
    """National markets and courts.

    Attributes:
        code: names, in order.
        place: place of each, int64 (T,).
        share: share of its place's market, float64 (T,).
    """

    code: list[str]
    place: np.ndarray
    share: np.ndarray


@dataclass(frozen=True, slots=True)
class FeeSchedules:
    """Renewal fees due at the start of year of life k from filing, million USD2020, float64 (places, 51)."""

    patent: np.ndarray
    utility_model: np.ndarray


class Geography:
    """The places of one world.

    Args:
        places: the jurisdictions of the scenario and, last, the rest of the world.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = list(places)
        self.codes = [p.code for p in places]
        rows = [(t.code, i, t.share) for i, p in enumerate(places) for t in p.territories]
        self.territories = Territories(
            [r[0] for r in rows], np.array([r[1] for r in rows], dtype=np.int64), np.array([r[2] for r in rows])
        )
        self.home = np.array([int(np.flatnonzero(self.territories.place == i)[0]) for i in range(len(places))])
        self.fees = FeeSchedules(
            np.stack([p.fees["patent"].due for p in places]), np.stack([p.fees["utility_model"].due for p in places])
        )
        self.regions = Regions(self.codes, [p.regions for p in places], self.territories.code)
        self.number = [int.from_bytes(code.encode(), "big") % 1_000_003 for code in self.codes]

    def fact(self, name: str) -> np.ndarray:
        """Return a baseline fact of every place, float64 (places,); raise InputError if a place lacks it."""
        values = []
        for place in self.places:
            if name not in place.profile:
                raise InputError(f"The profile of {place.code} lacks {name!r}", where=str(place.path))
            values.append(place.profile[name].value)
        return np.array(values, dtype=np.float64)
