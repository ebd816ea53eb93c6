"""What policy can move: named levers, arrays over places, that restart from their base every month.

Measures pull, nobody overwrites, and every pull is on record: ``value = (set or base) * product of scales + sum of
additions``, whatever the order in which pulls arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ecosystem.kernel.errors import InputError, unknown


@dataclass(frozen=True, slots=True)
class LeverSpec:
    """What a lever is: unit, allowed range, meaning, and the one mechanism that reads it."""

    name: str
    unit: str
    low: float
    high: float
    doc: str
    read_by: str


@dataclass(frozen=True, slots=True)
class LeverValue:
    """The baseline value of a lever in one place, with source and year."""

    value: float
    source: str
    year: int | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """One contribution to a lever in one place."""

    how: Literal["set", "scale", "add"]
    place: int
    amount: float
    by: str


class Levers(Mapping[str, np.ndarray]):
    """Current values, float64 (places,), by lever name.

    Args:
        specs: the declared levers.
        places: codes of the places, in order.
        base: values by place code and lever name.

    Raises:
        InputError: a place lacks a lever, names an unknown one, or holds a value outside the allowed range.
    """

    def __init__(
        self,
        specs: Mapping[str, LeverSpec],
        places: list[str],
        base: Mapping[str, Mapping[str, LeverValue]],
    ) -> None:
        self.specs = dict(specs)
        self.places = list(places)
        self.sources = {place: dict(base[place]) for place in places}
        for place in places:
            for name in base[place]:
                if name not in self.specs:
                    raise unknown("lever", name, self.specs, where=f"baseline of {place}")
        self._base: dict[str, np.ndarray] = {}
        for name, spec in self.specs.items():
            row = []
            for place in places:
                if name not in base[place]:
                    raise InputError(
                        f"The baseline of {place} has no value for lever {name}", do="Add it with a source"
                    )
                row.append(self.checked(spec, base[place][name].value, where=f"baseline of {place}"))
            self._base[name] = np.array(row, dtype=np.float64)
        self._value = {name: array.copy() for name, array in self._base.items()}
        self._pulls: dict[str, list[Pull]] = {}
        self._standing: dict[str, list[Pull]] = {}
        self._moved: set[str] = set()

    @staticmethod
    def checked(spec: LeverSpec, value: float, where: str) -> float:
        """Return ``value`` if it lies in the lever's range, else raise InputError."""
        if not spec.low <= value <= spec.high:
            raise InputError(
                f"Lever {spec.name} = {value:g} {spec.unit} lies outside its range",
                where=where,
                allowed=f"{spec.low:g} to {spec.high:g} {spec.unit} ({spec.doc})",
                do="Choose a value inside the range; 'ecosystem levers show' gives value and source for each place",
            )
        return float(value)

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self._value[name]
        except KeyError:
            raise unknown("lever", name, self.specs, do="'ecosystem levers' lists them") from None

    def __contains__(self, name: object) -> bool:
        return name in self.specs

    def __iter__(self) -> Iterator[str]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def base(self, name: str) -> np.ndarray:
        """Return the baseline values of a lever, float64 (places,)."""
        self[name]
        return self._base[name].copy()

    def place(self, code: str) -> int:
        """Return the index of a place; raise InputError for an unknown code."""
        if code not in self.places:
            raise unknown("jurisdiction", code, self.places)
        return self.places.index(code)

    def _pull(
        self, how: Literal["set", "scale", "add"], name: str, amount: float, by: str, on: str, standing: bool
    ) -> None:
        self[name]
        store = self._standing if standing else self._pulls
        store.setdefault(name, []).append(Pull(how, self.place(on), float(amount), by))

    def set(self, name: str, value: float, *, by: str, on: str, standing: bool = False) -> None:
        """Set a lever of one place for this month (for good if ``standing``)."""
        self.checked(self.specs[name] if name in self.specs else self._spec(name), value, where=by)
        self._pull("set", name, value, by, on, standing)

    def scale(self, name: str, factor: float, *, by: str, on: str, standing: bool = False) -> None:
        """Multiply a lever of one place for this month."""
        self._pull("scale", name, factor, by, on, standing)

    def add(self, name: str, amount: float, *, by: str, on: str, standing: bool = False) -> None:
        """Add to a lever of one place for this month."""
        self._pull("add", name, amount, by, on, standing)

    def _spec(self, name: str) -> LeverSpec:
        raise unknown("lever", name, self.specs, do="'ecosystem levers' lists them")

    def restart(self) -> None:
        """Forget this month's pulls; standing ones stay."""
        self._pulls = {}

    def settle(self) -> None:
        """Compute the values from base and pulls; values are clipped to the allowed range.

        Raises:
            InputError: two pulls set one lever of one place to different values.
        """
        touched = self._standing.keys() | self._pulls.keys()
        for name in self._moved - touched:
            self._value[name][:] = self._base[name]
        self._moved = set(touched)
        for name in touched:
            spec = self.specs[name]
            value = self._base[name].copy()
            for place in range(len(self.places)):
                pulls = [p for p in self.pulls(name) if p.place == place]
                if pulls:
                    value[place] = min(max(self._combine(value[place], pulls, name), spec.low), spec.high)
            self._value[name][:] = value

    def pulls(self, name: str) -> list[Pull]:
        """Return the pulls on a lever, sorted so that their order of arrival does not matter."""
        both: Iterable[Pull] = [*self._standing.get(name, ()), *self._pulls.get(name, ())]
        return sorted(both, key=lambda p: (p.place, p.how, p.by, p.amount))

    def _combine(self, base: float, pulls: list[Pull], name: str) -> float:
        values = {p.amount for p in pulls if p.how == "set"}
        if len(values) > 1:
            who = ", ".join(p.by for p in pulls if p.how == "set")
            raise InputError(f"Lever {name} of one place is set to different values {sorted(values)}", where=who)
        value = values.pop() if values else base
        for p in pulls:
            if p.how == "scale":
                value *= p.amount
        for p in pulls:
            if p.how == "add":
                value += p.amount
        return value

    def why(self, name: str, on: str) -> str:
        """Return in words how the value of a lever in one place comes about."""
        place = self.place(on)
        words = [f"{self.base(name)[place]:g} {self.specs[name].unit} base"]
        signs = {"set": "set to", "scale": "x", "add": "+"}
        words += [f"{signs[p.how]} {p.amount:g} by {p.by}" for p in self.pulls(name) if p.place == place]
        return "; ".join(words) + f"; now {self[name][place]:g}"
