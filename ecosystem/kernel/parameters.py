"""No naked numbers: every behavioural number carries unit, range, source and, where it has one, a date."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ecosystem.kernel.errors import InputError, unknown


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the model, with everything needed to defend it.

    ``source`` starts with ``assumption:`` where nothing better than a reasoned guess exists.
    """

    name: str
    value: float
    unit: str
    low: float
    high: float
    source: str
    doc: str = ""
    date: str = ""

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise InputError(f"Parameter {self.name} has no source", do="Write 'assumption: reason' if none exists")
        if not self.low <= self.value <= self.high:
            raise InputError(
                f"Parameter {self.name} = {self.value:g} {self.unit} lies outside its range",
                allowed=f"{self.low:g} to {self.high:g} (source: {self.source})",
                do="Choose a value inside the range",
            )

    @property
    def assumed(self) -> bool:
        """True when the source is an assumption."""
        return self.source.startswith("assumption")


class Parameters(Mapping[str, float]):
    """Read-only mapping name -> value; ``info(name)`` returns the whole record."""

    def __init__(self, items: Mapping[str, Parameter]) -> None:
        self._items = dict(items)
        self._values = {k: p.value for k, p in self._items.items()}

    def __getitem__(self, name: str) -> float:
        try:
            return self._values[name]
        except KeyError:
            raise unknown("parameter", name, self._items, do="'ecosystem parameters' lists them") from None

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a parameter, or ``default`` where none has this name."""
        return self._values.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def info(self, name: str) -> Parameter:
        """Return the record of a parameter; raise InputError for an unknown name."""
        self[name]
        return self._items[name]

    def with_values(self, values: Mapping[str, Any], where: str = "[parameters]") -> Parameters:
        """Return a copy with some values replaced; each is checked against its range."""
        items = dict(self._items)
        for name, value in values.items():
            if name not in items:
                raise unknown("parameter", name, items, where=where, do="'ecosystem parameters' lists them")
            items[name] = replace(items[name], value=number(value, f"parameter {name}", where))
        return Parameters(items)


def number(value: Any, what: str, where: str) -> float:
    """Return ``value`` as a finite float; raise InputError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        raise InputError(f"The value of {what} is {value!r}, which is no finite number", where=where)
    return float(value)


def read(*paths: Path) -> dict[str, Parameter]:
    """Read parameters from TOML files: ``[group.name]`` with value, unit, range, source and optional doc, date.

    Raises:
        InputError: a missing key, a value outside its range, a name declared twice.
    """
    found: dict[str, Parameter] = {}

    def walk(prefix: str, node: dict[str, Any], path: Path) -> None:
        for key, item in node.items():
            name = f"{prefix}.{key}" if prefix else key
            if not isinstance(item, dict):
                raise InputError(f"Key {name!r} stands outside a parameter", where=str(path))
            if "value" not in item:
                walk(name, item, path)
                continue
            missing = {"value", "unit", "range", "source"} - item.keys()
            if missing:
                raise InputError(f"Parameter {name} lacks {', '.join(sorted(missing))}", where=str(path))
            if name in found:
                raise InputError(f"Parameter {name} is declared twice", where=str(path))
            low, high = item["range"]
            found[name] = Parameter(
                name, float(item["value"]), item["unit"], float(low), float(high), item["source"],
                item.get("doc", ""), str(item.get("date", "")),
            )  # fmt: skip

    for path in paths:
        walk("", tomllib.loads(path.read_text(encoding="utf-8")), path)
    return found
