"""A factor is one number that an experiment varies: a parameter, or a lever of one place, over a range.

``firm.credit_share`` names a parameter, ``office.examiners@us`` a lever of a place. Ranges stand in the declarations of
the model; an experiment may narrow them, never leave them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecosystem import scenario_text as text
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.scenario import ROW, Scenario, declared_parameters
from policies.places import known_places, lever_specs

DECLARED = "declared"
"""In a file: vary the factor over its whole declared range."""
_KEYS = ("low", "high", "log", "values")


@dataclass(frozen=True, slots=True)
class Factor:
    """One varied number.

    Attributes:
        name: ``parameter`` or ``lever@place``.
        low, high: the range.
        log: spread evenly on a logarithmic scale.
        values: the only values to take, instead of a range.
    """

    name: str
    low: float
    high: float
    log: bool = False
    values: tuple[float, ...] = ()

    @property
    def lever(self) -> str:
        """Name of the lever, empty for a parameter."""
        return self.name.partition("@")[0] if "@" in self.name else ""

    @property
    def place(self) -> str:
        """Code of the lever's place, empty for a parameter."""
        return self.name.partition("@")[2]

    def at(self, share: np.ndarray) -> np.ndarray:
        """Return the values at shares of the range, both float64 (n,): ``low + u (high - low)``, or its logarithm's.

        With a list of values the unit interval is cut into as many equal parts.
        """
        share = np.asarray(share, dtype=np.float64)
        if self.values:
            return np.array(self.values)[np.minimum((share * len(self.values)).astype(int), len(self.values) - 1)]
        if self.log:
            inner = np.exp(np.log(self.low) + share * (np.log(self.high) - np.log(self.low)))
            # the ends are met exactly, whatever exp and log do to the last bit
            inner = np.where(share <= 0.0, self.low, np.where(share >= 1.0, self.high, inner))
            return np.clip(inner, self.low, self.high)
        return np.clip(self.low + share * (self.high - self.low), self.low, self.high)

    def levels(self, n: int) -> np.ndarray:
        """Return ``n`` values evenly over the range, ends included (the middle for one), or the listed values."""
        if self.values:
            return np.array(self.values)
        return self.at(np.linspace(0.0, 1.0, n) if n > 1 else np.array([0.5]))

    def to_plain(self) -> Any:
        """Return the value of a key of ``[uncertainties]``."""
        if self.values:
            return {"values": list(self.values)}
        return {"low": self.low, "high": self.high, "log": True} if self.log else [self.low, self.high]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the model says about a factor: range, value in the scenario, unit and source."""

    low: float
    high: float
    value: float
    unit: str
    source: str


def declaration(name: str, scenario: Scenario, where: str = "[uncertainties]") -> Declaration:
    """Return a factor's declared range and its value in the scenario; raise InputError for an unknown name.

    A lever's range is the one found for its place where there is one, else the one allowed everywhere.
    """
    lever, at, place = name.partition("@")
    if not at:
        declared = declared_parameters()
        if name not in declared:
            if name in lever_specs():
                raise InputError(
                    f"{name} is a lever, and levers belong to places", where=where,
                    do=f'Write "{name}@{scenario.jurisdictions[0]}"',
                )  # fmt: skip
            raise unknown("parameter or lever", name, [*declared, *lever_specs()], where=where,
                          do="'ecosystem parameters' and 'ecosystem levers' list them")  # fmt: skip
        p = declared[name]
        return Declaration(p.low, p.high, scenario.parameters.get(name, p.value), p.unit, p.source)
    specs, places = lever_specs(), known_places(*map(Path, scenario.places_folders))
    if lever not in specs:
        raise unknown("lever", lever, specs, where=where, do="'ecosystem levers' lists them")
    if place not in (*scenario.jurisdictions, ROW):
        raise unknown("jurisdiction", place, scenario.jurisdictions, where=f"{where}, {name}")
    here, spec = places[place].levers[lever], specs[lever]
    low = spec.low if here.low is None else here.low
    high = spec.high if here.high is None else here.high
    value = scenario.levers.get(place, {}).get(lever, here.value)
    return Declaration(min(low, value), max(high, value), value, spec.unit, here.source)


def allowed(name: str, scenario: Scenario) -> tuple[float, float]:
    """Return the widest range that a factor may be varied over."""
    if "@" in name:
        spec = lever_specs()[name.partition("@")[0]]
        return spec.low, spec.high
    declared = declaration(name, scenario)
    return declared.low, declared.high


def factor(name: str, value: Any, scenario: Scenario, where: str = "[uncertainties]") -> Factor:
    """Return a factor from the value of its key: ``"declared"``, ``[low, high]``, or a table; else raise InputError."""
    declared = declaration(name, scenario, where)
    low, high = allowed(name, scenario)
    note = f"source of the range: {declared.source}"

    def inside(number: Any, what: str) -> float:
        return text.number(number, what, where, low, high, declared.unit, note)

    if value is None or value == DECLARED:
        out = Factor(name, declared.low, declared.high)
    elif isinstance(value, list | tuple):
        if len(value) != 2:
            raise InputError(f"The range of {name} is {text.shown(value)}", where=where,
                             allowed=f'[low, high], {{ values = [...] }} or "{DECLARED}"')  # fmt: skip
        out = Factor(name, inside(value[0], f"The lower end of {name}"), inside(value[1], f"The upper end of {name}"))
    elif isinstance(value, Mapping):
        table = text.table(value, name, where)
        text.only_keys(table, _KEYS, f"{where}, {name}", kind="key of a range")
        if "values" in table:
            listed = table["values"]
            if not isinstance(listed, list | tuple) or not listed or len(table) > 1:
                raise InputError(f"values of {name} must be a list of numbers, and stand alone", where=where)
            numbers = tuple(inside(v, f"A value of {name}") for v in listed)
            return Factor(name, min(numbers), max(numbers), values=numbers)
        log = table.get("log", False)
        if not isinstance(log, bool):
            raise InputError(f"log of {name} is {text.shown(log)}", where=where, allowed="true or false")
        out = Factor(name, inside(table.get("low", declared.low), f"The lower end of {name}"),
                     inside(table.get("high", declared.high), f"The upper end of {name}"), log)  # fmt: skip
    else:
        raise InputError(f"The range of {name} is {text.shown(value)}", where=where,
                         allowed=f'[low, high], {{ values = [...] }} or "{DECLARED}"')  # fmt: skip
    if not out.low < out.high:
        raise InputError(f"The range of {name} runs from {out.low:g} to {out.high:g}", where=where,
                         do="Give a lower end below the upper end")  # fmt: skip
    if out.log and out.low <= 0.0:
        raise InputError(f"The range of {name} starts at {out.low:g}, which has no logarithm", where=where,
                         do="Give a lower end above zero, or leave log out")  # fmt: skip
    return out


def factors(content: Any, scenario: Scenario) -> tuple[Factor, ...]:
    """Return the factors of ``[uncertainties]`` by name: a table of ranges, or a list of names with declared ranges.

    They are sorted, so that the order in which a file names them decides nothing.
    """
    if isinstance(content, list | tuple):
        if content and all(isinstance(item, Factor) for item in content):
            content = {f.name: f.to_plain() for f in content}
        else:
            content = dict.fromkeys(text.words(content, "uncertainties", "uncertainties", empty=True), DECLARED)
    return tuple(factor(name, value, scenario) for name, value in sorted(_flat(content).items()))


def _flat(content: Any) -> dict[str, Any]:
    """Return nested tables as dotted names, down to the tables that describe a range."""
    out: dict[str, Any] = {}

    def walk(prefix: str, node: Any, depth: int) -> None:
        for key, item in text.table(node, "uncertainties", "[uncertainties]").items():
            name = f"{prefix}.{key}" if prefix else key
            if isinstance(item, Factor):
                item = item.to_plain()
            if isinstance(item, Mapping) and depth < 8 and item and not item.keys() & set(_KEYS):
                walk(name, item, depth + 1)
            elif name in out:
                raise InputError(f"{name} is given twice", where="[uncertainties]", do="Keep one of the two")
            else:
                out[name] = item

    walk("", content, 0)
    return out


def placed(scenario: Scenario, point: Mapping[str, float]) -> Scenario:
    """Return the scenario with the values of a design point."""
    if not point:
        return scenario
    levers = {code: dict(row) for code, row in scenario.levers.items()}
    parameters = dict(scenario.parameters)
    for name, value in point.items():
        lever, at, place = name.partition("@")
        if at:
            levers.setdefault(place, {})[lever] = value
        else:
            parameters[name] = value
    return replace(scenario, levers=levers, parameters=parameters)


__all__ = ["DECLARED", "Declaration", "Factor", "declaration", "factor", "factors", "placed"]
