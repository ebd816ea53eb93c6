"""What a run is about: places, years, scale, measures, levers and parameters, checked before anything is built."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ecosystem import scenario_text as text
from ecosystem.kernel.errors import InputError, listing, unknown
from ecosystem.kernel.parameters import Parameter, read

PLACES = ("us", "eu", "jp", "cn")
ROW = "row"
"""Code of the rest of the world, which every world holds besides its jurisdictions."""
BASES = ("baseline",)
YEARS = (1, 200)
START_YEARS = (1950, 2200)
SCALES = (1.0, 50_000.0)
BURN_IN_YEARS = (0, 50)
MAX_BYTES = 1_000_000
"""A scenario file above this size is refused before it is read."""


def _places(folders: tuple[str, ...]) -> Mapping[str, Any]:
    from policies.places import known_places

    return known_places(*(Path(folder) for folder in folders))


@lru_cache(maxsize=1)
def declared_parameters() -> Mapping[str, Parameter]:
    """Return every parameter declared in TOML files beside the code of agents, domain and world, by name."""
    root = Path(__file__).resolve().parent
    files = [
        *sorted((root.parent / "agents").rglob("*.toml")),
        *sorted((root / "domain").rglob("*.toml")),
        *sorted(root.glob("*.toml")),
        root / "data" / "sectors.toml",
    ]
    return read(*files)


def known_measures() -> Mapping[str, Any]:
    """Return the measures that are installed, by id."""
    measures: Mapping[str, Any] = importlib.import_module("policies.measures").known_measures()
    return measures


def known_package(name: str) -> Any:
    """Return a named package of measures; raise InputError for an unknown name."""
    packages = importlib.import_module("policies.packages").known_packages()
    if name not in packages:
        raise unknown("package", name, packages, do="'ecosystem measures packages' lists them")
    return packages[name]


def known_world(name: str) -> Any:
    """Return a named world; raise InputError for an unknown name."""
    worlds = importlib.import_module("policies.worlds").known_worlds()
    if name not in worlds:
        raise unknown("world", name, worlds, do="'ecosystem measures worlds' lists them")
    return worlds[name]


@dataclass(frozen=True, slots=True)
class MeasureUse:
    """A measure put on places for a time.

    Attributes:
        id: the measure.
        on: codes of jurisdictions.
        start, end: ``YYYY-MM``; empty for the start of the horizon and for no end.
        ramp_years: years until full strength; None leaves it to the measure.
        strength: level in [0, 1]; the level that is in force in a place changes nothing there.
    """

    id: str
    on: tuple[str, ...]
    start: str = ""
    end: str = ""
    ramp_years: float | None = None
    strength: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return the keys of a ``[[measures]]`` table; defaults are left out."""
        out: dict[str, Any] = {"id": self.id, "on": list(self.on)}
        if self.start:
            out["start"] = self.start
        if self.end:
            out["end"] = self.end
        if self.ramp_years is not None:
            out["ramp_years"] = self.ramp_years
        out["strength"] = self.strength
        return out

    @classmethod
    def of(cls, item: Any, where: str) -> MeasureUse:
        """Check one ``[[measures]]`` table; raise InputError for what is wrong with it."""
        if isinstance(item, MeasureUse):
            item = item.to_dict()
        table = text.table(item, "a measure", where)
        text.only_keys(table, [f.name for f in fields(cls)], where, kind="key of a measure")
        for key in ("id", "on"):
            if key not in table:
                raise InputError(f"A measure lacks the key {key!r}", where=where, allowed="id, on, start, end, ...")
        name = text.word(table["id"], "the measure's id", where)
        measures = known_measures()
        if name not in measures:
            raise unknown("measure", name, measures, where=where)
        on = table["on"]
        start = text.year_month(table.get("start", ""), "start", where)
        end = text.year_month(table.get("end", ""), "end", where)
        if start and end and end <= start:
            raise InputError(f"Measure {name} ends ({end}) before it starts ({start})", where=where)
        ramp = table.get("ramp_years")
        return cls(
            name,
            text.words([on] if isinstance(on, str) else on, "the measure's places", where),
            start,
            end,
            None if ramp is None else text.number(ramp, "ramp_years", where, 0.0, 50.0, "years"),
            text.number(table.get("strength", 1.0), "strength", where, 0.0, 1.0, "(a level)"),
        )


@dataclass(frozen=True)
class Scenario:
    """A question put to the simulator; wrong content is refused with an InputError that says what to do.

    Attributes:
        title: a name for people; it changes no result.
        base: named baseline on which the scenario stands.
        jurisdictions: codes of the places simulated in full, in order.
        start_year: year of the first reported month (January).
        years: years reported.
        scale: real objects (inventions, rights, deals, inventors) that one simulated object stands for.
        burn_in_years: years simulated before the report starts.
        measures: measures in use.
        levers: place -> lever -> value in the lever's unit, from the start of the horizon.
        parameters: parameter -> value in its unit.
        places_folders: further folders with place files (``xx.toml``).
        budgets: place -> million USD2020 a year that the scenario's measures may cost its government more than before;
            where they cost more, all are cut back alike. A place without an entry has no limit: the cost is reported.
    """

    title: str = ""
    base: str = "baseline"
    jurisdictions: tuple[str, ...] = PLACES
    start_year: int = 2025
    years: int = 30
    scale: float = 500.0
    burn_in_years: int = 10
    measures: tuple[MeasureUse, ...] = ()
    levers: dict[str, dict[str, float]] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    places_folders: tuple[str, ...] = ()
    budgets: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked = _checked(self)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return int(self.key()[:15], 16)

    @classmethod
    def baseline(cls, **overrides: Any) -> Scenario:
        """Return the baseline: the four jurisdictions as they are; keyword arguments change fields."""
        return cls.from_dict({"title": "Baseline", **overrides})

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str = "scenario") -> Scenario:
        """Build a scenario from the keys of a scenario file; raise InputError for an unknown key."""
        table = text.table(content, "a scenario", where)
        known = [f.name for f in fields(cls)]
        text.only_keys(table, known, where, kind="key of a scenario")
        try:
            return cls(**table)
        except InputError as error:
            raise (error if where == "scenario" else text.placed(error, text.printable(where))) from None

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a scenario file (TOML).

        Raises:
            InputError: no readable file, more than 1 MB, no UTF-8, no TOML, or wrong content.
        """
        path = Path(path)
        content = text.load_toml(path, MAX_BYTES)
        folders = content.get("places_folders")
        if isinstance(folders, list) and all(isinstance(f, str) for f in folders):
            content["places_folders"] = [str((path.parent / f).resolve()) for f in folders]
        return cls.from_dict(content, where=str(path))

    def save(self, path: str | Path) -> None:
        """Write the scenario as TOML; what ``load`` reads back is equal."""
        path = Path(path)
        try:
            path.write_text(self.to_toml(), encoding="utf-8")
        except OSError as error:
            raise InputError(f"The scenario cannot be written: {error.strerror}", where=str(path)) from None

    def to_dict(self) -> dict[str, Any]:
        """Return all keys of the scenario as plain data (JSON, TOML)."""
        out = {f.name: getattr(self, f.name) for f in fields(self)}
        out["jurisdictions"] = list(self.jurisdictions)
        out["measures"] = [use.to_dict() for use in self.measures]
        out["levers"] = {place: dict(levers) for place, levers in self.levers.items()}
        out["parameters"] = dict(self.parameters)
        out["places_folders"] = list(self.places_folders)
        out["budgets"] = dict(self.budgets)
        return out

    def to_toml(self) -> str:
        """Return the text of a scenario file with this content."""
        return text.to_toml(self.to_dict())

    def key(self) -> str:
        """Return the SHA-256 (hex) of everything that can change a result: equal content, equal key."""
        content = self.to_dict()
        del content["title"]
        content["places_folders"] = [_folder_hash(folder) for folder in self.places_folders]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def burn_in_key(self) -> str:
        """Return the part of the key that decides the burn-in: scenarios with equal ones can share it."""
        return self.without_policy().key()

    def without_policy(self) -> Scenario:
        """Return a copy without measures, levers and budgets: what the burn-in simulates."""
        return replace(self, measures=(), levers={}, budgets={})

    def with_lever(self, name: str, *, on: str | Iterable[str], value: float) -> Scenario:
        """Return a copy in which a lever of one place (or several) stands at ``value``."""
        levers = {place: dict(row) for place, row in self.levers.items()}
        for place in [on] if isinstance(on, str) else on:
            levers.setdefault(place, {})[name] = value
        return replace(self, levers=levers)

    def with_parameters(self, values: Mapping[str, float] | None = None, **more: float) -> Scenario:
        """Return a copy with parameters changed; names hold dots, so pass a mapping: ``{"firm.credit_share": 0.1}``."""
        return replace(self, parameters={**self.parameters, **(values or {}), **more})

    def with_measure(self, id: str, *, on: str | Iterable[str], **how: Any) -> Scenario:
        """Return a copy with a measure put on a place (or several); ``how``: start, end, ramp_years, strength."""
        where = f"measure {id}"
        use = MeasureUse.of({"id": id, "on": on if isinstance(on, str) else list(on), **how}, where)
        return replace(self, measures=(*self.measures, use))

    def with_package(self, name: str, *, on: str | Iterable[str], start: str | int = "") -> Scenario:
        """Return a copy with all measures of a named package put on a place (or several) at the package's strengths.

        A measure that needs several territories is left out where a place has one.
        """
        return self._with_all(known_package(name).strengths, on, start)

    def without_package(self, name: str, *, on: str | Iterable[str], start: str | int = "") -> Scenario:
        """Return a copy in which a place (or several) lacks all measures of a named package: the counterfactual."""
        return self._with_all(dict.fromkeys(known_package(name).strengths, 0.0), on, start)

    def _with_all(self, strengths: Mapping[str, float], on: str | Iterable[str], start: str | int) -> Scenario:
        out, measures, places = self, known_measures(), _places(self.places_folders)
        for code in [on] if isinstance(on, str) else on:
            territories = len(places[code].territories) if code in places else 1
            for id, strength in strengths.items():
                if measures[id].applies_to(territories):
                    out = out.with_measure(id, on=code, start=start, strength=strength)
        return out

    def in_world(self, name: str) -> Scenario:
        """Return a copy set in a named world: its parameters, and its levers in every jurisdiction."""
        world = known_world(name)
        out = self.with_parameters(world.parameters)
        for lever, value in world.levers.items():
            out = out.with_lever(lever, on=out.jurisdictions, value=value)
        return out

    def warnings(self) -> list[str]:
        """Return what is allowed but probably not meant."""
        from ecosystem.scenario_warnings import warnings

        return warnings(self)


def _checked(s: Scenario) -> dict[str, Any]:
    """Return the fields of a scenario in their exact types, or raise InputError."""
    out: dict[str, Any] = {
        "title": text.word(s.title, "title", "title", most=500, empty=True),
        "base": text.word(s.base, "base", "base"),
        "start_year": text.whole(s.start_year, "start_year", *START_YEARS, "(a year)"),
        "years": text.whole(s.years, "years", *YEARS, "years"),
        "scale": text.number(s.scale, "scale", "scale", *SCALES, "real objects a simulated object"),
        "burn_in_years": text.whole(s.burn_in_years, "burn_in_years", *BURN_IN_YEARS, "years"),
        "places_folders": text.words(s.places_folders, "places_folders", "places_folders", empty=True),
    }
    if out["base"] not in BASES:
        raise unknown("base", out["base"], BASES, where="base")
    for folder in out["places_folders"]:
        if not text.is_folder(folder):
            raise InputError(f"{folder!r} is no folder that can be read", where="places_folders")
    places = _places(out["places_folders"])
    codes = [code for code in places if code != ROW]
    out["jurisdictions"] = jurisdictions = text.words(s.jurisdictions, "jurisdictions", "jurisdictions")
    for code in jurisdictions:
        if code not in codes:
            raise unknown("jurisdiction", code, codes, where="jurisdictions")
    out["levers"] = _checked_levers(s.levers, jurisdictions, places)
    out["parameters"] = _checked_parameters(s.parameters)
    if not isinstance(s.measures, list | tuple):
        raise InputError(f"measures is {text.shown(s.measures)}, which is no list of measures", where="measures")
    uses = tuple(MeasureUse.of(item, f"measures, entry {i}") for i, item in enumerate(s.measures, 1))
    for i, use in enumerate(uses, 1):
        for code in use.on:
            _in_scenario(code, jurisdictions, codes, f"measures, entry {i} ({use.id})")
        if use in uses[: i - 1]:
            raise InputError(f"Measure {use.id} stands twice in the same words", where=f"measures, entry {i}")
    out["measures"] = uses
    budgets = {}
    for code, value in text.table(s.budgets, "budgets", "[budgets]").items():
        _in_scenario(code, jurisdictions, codes, "[budgets]")
        budgets[code] = text.number(value, f"The budget of {code}", "[budgets]", 0.0, 1e9, "million USD2020 a year")
    out["budgets"] = dict(sorted(budgets.items()))
    return out


def _in_scenario(code: str, jurisdictions: Iterable[str], known: Iterable[str], where: str) -> None:
    if code in jurisdictions:
        return
    if code in known:
        raise InputError(
            f"{code!r} is not among the jurisdictions of the scenario", where=where,
            allowed=listing(jurisdictions), do=f"Add {code!r} to jurisdictions",
        )  # fmt: skip
    raise unknown("jurisdiction", code, jurisdictions, where=where)


def _checked_levers(
    levers: Any, jurisdictions: tuple[str, ...], places: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    from policies.places import lever_specs

    specs = lever_specs()
    out: dict[str, dict[str, float]] = {}
    for code, row in text.table(levers, "levers", "levers").items():
        where = f"[levers.{text.shown(code)[1:-1]}]"
        if code != ROW or code not in places:
            _in_scenario(code, jurisdictions, places, where)
        for name, value in text.flat(row, where).items():
            if name not in specs:
                raise unknown("lever", name, specs, where=where, do="'ecosystem levers' lists them")
            spec = specs[name]
            what = f"Lever {name}"
            here = places[code].levers[name]
            source = f"{spec.doc}; range: policies/levers.toml; {code} stands at {here.value:g}, {here.source}"
            amount = text.number(value, what, where, spec.low, spec.high, spec.unit, source)
            out.setdefault(code, {})[name] = amount
    return {code: dict(sorted(out[code].items())) for code in sorted(out)}


def _checked_parameters(values: Any) -> dict[str, float]:
    out = {}
    flat = text.flat(text.table(values, "parameters", "[parameters]"), "[parameters]")
    declared: Mapping[str, Parameter] = declared_parameters() if flat else {}
    for name, value in flat.items():
        where = "[parameters]"
        if name not in declared:
            raise unknown("parameter", name, declared, where=where, do="'ecosystem parameters' lists them")
        p = declared[name]
        what = f"Parameter {name}"
        out[name] = text.number(value, what, where, p.low, p.high, p.unit, f"source of the range: {p.source}")
    return dict(sorted(out.items()))


def _folder_hash(folder: str) -> str:
    content = hashlib.sha256()
    for path in sorted(Path(folder).glob("*.toml")):
        content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()


__all__ = ["MeasureUse", "Scenario", "declared_parameters", "known_measures"]
