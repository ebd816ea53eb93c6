"""A variant is one of the policies compared: measures, a named package, levers, put on the scenario of an experiment."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ecosystem import scenario_text as text
from ecosystem.kernel.errors import InputError
from ecosystem.scenario import MeasureUse, Scenario, known_package

BASELINE = "baseline"
"""Name of the variant without any policy, which every experiment has."""
MOST_ELEMENTS = 12
"""More policies than these are not crossed with each other: 2^12 = 4,096 variants."""
_KEYS = ("name", "measures", "package", "levers")


@dataclass(frozen=True, slots=True)
class PackageUse:
    """A named package put on places, or with ``without`` taken away from them."""

    name: str
    on: tuple[str, ...]
    start: str = ""
    without: bool = False

    @classmethod
    def of(cls, content: Any, where: str) -> PackageUse:
        """Check a package: ``"NAME@PLACE,PLACE"`` or a table; raise InputError for what is wrong with it."""
        if isinstance(content, str):
            name, at, places = content.partition("@")
            if not (name and at and places):
                raise InputError(f"{content!r} puts no package on a place", where=where, allowed="NAME@PLACE[,PLACE]")
            content = {"name": name, "on": [p.strip() for p in places.split(",")]}
        table = text.table(content, "package", where)
        text.only_keys(table, ("name", "on", "start", "without"), where, kind="key of a package")
        if not {"name", "on"} <= table.keys():
            raise InputError("A package needs name and on", where=where)
        named = text.word(table["name"], "package", where)
        known_package(named)
        on, without = table["on"], table.get("without", False)
        if not isinstance(without, bool):
            raise InputError(f"without is {text.shown(without)}", where=where, allowed="true or false")
        where_on = text.words([on] if isinstance(on, str) else on, "the package's places", where)
        return cls(named, where_on, text.year_month(table.get("start", ""), "start", where), without)

    def to_dict(self) -> dict[str, Any]:
        """Return the keys of the package's table; defaults are left out."""
        out: dict[str, Any] = {"name": self.name, "on": list(self.on)}
        if self.start:
            out["start"] = self.start
        if self.without:
            out["without"] = True
        return out

    def put(self, scenario: Scenario) -> Scenario:
        """Return the scenario with the package."""
        how = scenario.without_package if self.without else scenario.with_package
        return how(self.name, on=list(self.on), start=self.start)


@dataclass(frozen=True)
class Variant:
    """One policy; an empty one is the baseline."""

    name: str
    measures: tuple[MeasureUse, ...] = ()
    packages: tuple[PackageUse, ...] = ()
    levers: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Any, where: str) -> Variant:
        """Check one ``[[variants]]`` table; raise InputError for what is wrong with it."""
        if isinstance(content, Variant):
            return content
        table = text.table(content, "a variant", where)
        text.only_keys(table, _KEYS, where, kind="key of a variant")
        name = text.word(table.get("name", ""), "name of the variant", where)
        measures = table.get("measures", [])
        if not isinstance(measures, list | tuple):
            raise InputError(f"measures is {text.shown(measures)}, which is no list of tables", where=where)
        package = table.get("package", [])
        uses = package if isinstance(package, list | tuple) else [package]
        levers = {
            code: text.flat(row, where) for code, row in text.table(table.get("levers", {}), "levers", where).items()
        }
        return cls(
            name,
            tuple(MeasureUse.of(item, f"{where}, measure {i}") for i, item in enumerate(measures, 1)),
            tuple(PackageUse.of(item, f"{where}, package") for item in uses),
            {code: {k: _number(row[k], k, where) for k in sorted(row)} for code, row in sorted(levers.items())},
        )

    @property
    def empty(self) -> bool:
        """True for the baseline."""
        return not (self.measures or self.packages or self.levers)

    def to_dict(self) -> dict[str, Any]:
        """Return the keys of a ``[[variants]]`` table."""
        out: dict[str, Any] = {"name": self.name}
        if self.measures:
            out["measures"] = [use.to_dict() for use in self.measures]
        if self.packages:
            out["package"] = [use.to_dict() for use in self.packages]
        if self.levers:
            out["levers"] = {code: dict(row) for code, row in self.levers.items()}
        return out

    def put(self, scenario: Scenario) -> Scenario:
        """Return the scenario under this policy; raise InputError that names the variant where it does not fit."""
        try:
            for use in self.packages:
                scenario = use.put(scenario)
            for measure in self.measures:
                how = measure.to_dict()
                scenario = scenario.with_measure(how.pop("id"), on=how.pop("on"), **how)
            for code, row in self.levers.items():
                for name, value in row.items():
                    scenario = scenario.with_lever(name, on=code, value=value)
        except InputError as error:
            raise text.placed(error, f"variant {self.name}") from None
        return scenario

    def joined(self, other: Variant) -> Variant:
        """Return both policies together, named ``one + other``; raise InputError if they set a lever differently."""
        levers = {code: dict(row) for code, row in self.levers.items()}
        for code, row in other.levers.items():
            for name, value in row.items():
                if levers.setdefault(code, {}).setdefault(name, value) != value:
                    raise InputError(f"Variants {self.name} and {other.name} set lever {name} of {code} differently",
                                     where="[[variants]]", do="Policies of a factorial design must combine")  # fmt: skip
        return Variant(f"{self.name} + {other.name}", (*self.measures, *other.measures),
                       (*self.packages, *other.packages), levers)  # fmt: skip


def _number(value: Any, what: str, where: str) -> float:
    """Return a lever's value; its range is checked when the variant is put on a scenario."""
    return text.number(value, f"Lever {what}", where, -1e15, 1e15, "")


def variants(content: Any) -> tuple[Variant, ...]:
    """Return the variants of ``[[variants]]`` (a list of tables, or name -> table), the baseline first if none is empty."""
    if isinstance(content, Mapping):
        content = [{"name": name, **text.table(item, "a variant", "variants")} for name, item in content.items()]
    if not isinstance(content, list | tuple):
        raise InputError(f"variants is {text.shown(content)}, which is no list of tables", where="variants")
    out = [Variant.of(item, f"variants, entry {i}") for i, item in enumerate(content, 1)]
    if not any(v.empty for v in out):
        out.insert(0, Variant(BASELINE))
    names = [v.name for v in out]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise InputError(f"Two variants are named {name!r}", where="[[variants]]", do="Give each its own name")
    return tuple(out)


def crossed(elements: Sequence[Variant]) -> tuple[Variant, ...]:
    """Return every combination of the policies on and off, the baseline first, then by the number of policies."""
    baseline = next(v for v in elements if v.empty)
    policies = [v for v in elements if not v.empty]
    if len(policies) > MOST_ELEMENTS:
        raise InputError(
            f"A factorial design of {len(policies)} policies has {2 ** len(policies):,} variants", where="[design]",
            allowed=f"up to {MOST_ELEMENTS} policies", do="Choose the policies whose interaction matters",
        )  # fmt: skip
    out = [baseline]
    for size in range(1, len(policies) + 1):
        for chosen in itertools.combinations(policies, size):
            together = chosen[0]
            for other in chosen[1:]:
                together = together.joined(other)
            out.append(together)
    return tuple(out)
