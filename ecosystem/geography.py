"""Where things happen: places with the rest of the world last, their territories, regions, facts and fees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecosystem.domain.regions import Regions
from ecosystem.kernel.errors import InputError
from policies.places import Place

MOST_TERRITORIES = 31
"""Sets of territories are kept as bits of a 32-bit number."""


@dataclass(frozen=True, slots=True)
class Territories:
    """National markets and courts.

    Attributes:
        code: names, in order.
        place: place of each, int64 (T,).
        share: share of its place's market, float64 (T,).
        unitary: part that takes part in the unitary right and the unified court, float64 (T,), 0 to 1.
        cost: agent and translation when a granted right is validated there, M USD2020, float64 (T,).
        renewal: national renewal fees relative to the place's patent schedule, float64 (T,).
    """

    code: list[str]
    place: np.ndarray
    share: np.ndarray
    unitary: np.ndarray
    cost: np.ndarray
    renewal: np.ndarray


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
        rows = [(t, i) for i, p in enumerate(places) for t in p.territories]
        codes = [t.code for t, _ in rows]
        if len(set(codes)) < len(codes):
            twice = next(code for code in codes if codes.count(code) > 1)
            raise InputError(f"The territory {twice!r} belongs to two places", do="Rename it in one of them")
        if len(codes) > MOST_TERRITORIES:
            raise InputError(f"{len(codes)} territories are more than {MOST_TERRITORIES}", do="Join some of them")
        self.territories = Territories(
            codes,
            np.array([i for _, i in rows], dtype=np.int64),
            np.array([t.share for t, _ in rows]),
            np.array([t.unitary for t, _ in rows]),
            np.array([t.validation + t.translation for t, _ in rows]),
            np.array([t.renewal for t, _ in rows]),
        )
        # territory of a new organization: -1 where a place has several, then its region decides
        first = [np.flatnonzero(self.territories.place == i) for i in range(len(places))]
        self.home = np.array([int(mine[0]) if len(mine) == 1 else -1 for mine in first])
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
