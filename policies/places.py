"""Places are data: levers, facts and renewal fees of one jurisdiction in one file, each value with source and year.

A place is one TOML file; a folder of such files is all that a fifth place needs. The project's own stand in
``policies/places``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ecosystem.kernel.errors import InputError, listing, unknown
from ecosystem.kernel.levers import LeverSpec, LeverValue
from ecosystem.kernel.parameters import number
from policies.regions import Region, read_regions

HERE = Path(__file__).parent
FOLDER = HERE / "places"
LEVERS = HERE / "levers.toml"
REST_OF_WORLD = "row"
FEE_YEARS = 51
FEE_KINDS = ("patent", "utility_model")
FACTS = (
    "researchers", "business_researcher_share", "gdp", "gerd", "business_share", "higher_education_share",
    "government_share", "real_rd_firms", "universities", "resident_filings", "foreign_filings", "row_filings",
    "utility_model_filings", "patents_in_force", "utility_models_in_force", "grant_rate", "first_action_months",
    "total_pendency_months", "suits_per_1000_rights", "mean_examiner_requests", "foreign_share", "career_years",
    "exit_rate", "market_rate", "home_market_share", "outward_filing_share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One baseline figure of a place with unit, source and year."""

    value: float
    unit: str
    source: str
    year: int | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Territory:
    """A national market of a place with its own courts; the shares of a place's market sum to 1.

    Attributes:
        unitary: part of the territory that takes part in the unitary right and the unified court, 0 to 1.
        validation: agent and publication when a granted right is validated there, M USD2020.
        translation: translation at validation, M USD2020.
        renewal: national renewal fees over a whole life relative to the place's patent schedule.
    """

    code: str
    title: str
    share: float
    unitary: float = 0.0
    validation: float = 0.0
    translation: float = 0.0
    renewal: float = 1.0
    source: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Fees:
    """A renewal schedule: ``due[k]`` M USD2020 at the start of year of life k from filing, float64 (51,)."""

    due: np.ndarray = field(repr=False)
    source: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One jurisdiction as data."""

    code: str
    title: str
    territories: tuple[Territory, ...]
    levers: dict[str, LeverValue]
    profile: dict[str, Fact]
    fees: dict[str, Fees]
    path: Path
    regions: tuple[Region, ...] = ()


@cache
def lever_specs(path: Path = LEVERS) -> dict[str, LeverSpec]:
    """Return the declared levers by name, in the order of the file."""
    specs = {}
    for group, levers in _toml(path).items():
        for key, item in levers.items():
            name = f"{group}.{key}"
            _keys(item, {"unit", "range", "doc", "read_by"}, set(), where=f"{path}, [{name}]")
            low, high = item["range"]
            specs[name] = LeverSpec(name, item["unit"], float(low), float(high), item["doc"], item["read_by"])
    return specs


def load_place(path: Path) -> Place:
    """Read and check one place.

    Raises:
        InputError: the file cannot be read; a key is missing or unknown; a value is no number, lies outside its range
            or has no source; the shares of territories or regions do not sum to 1; neighbors do not fit.
    """
    path = Path(path)
    raw = _toml(path)
    _keys(raw, {"code", "title", "territories", "levers", "profile", "fees"}, {"regions"}, where=str(path))
    code = _text(raw["code"], "code", str(path))
    if not code.isidentifier() or code != code.lower():
        raise InputError(f"The code {code!r} of a place is no short lower-case name", where=f"{path}, code")
    title, territories = _text(raw["title"], "title", str(path)), _territories(raw["territories"], path)
    regions = read_regions(raw.get("regions"), code, title, tuple(t.code for t in territories), str(path))
    return Place(
        code,
        title,
        territories,
        _levers(raw["levers"], path),
        _profile(raw["profile"], path),
        _fees(raw["fees"], path),
        path,
        regions,
    )


def known_places(*folders: Path) -> dict[str, Place]:
    """Return all places by code: the project's and those of further folders; the rest of the world comes last.

    A file is read again only after it changed.

    Raises:
        InputError: two files give the same code, or a folder does not exist.
    """
    files: list[Stamp] = []
    for folder in (FOLDER, *map(Path, folders)):
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}", do="Name a folder that holds one TOML file for each place")
        files += map(_stamp, sorted(folder.glob("*.toml")))
    return dict(_read_places(tuple(files)))


Stamp = tuple[Path, int, int]
"""A file, the time of its last change (ns) and its size: with all three equal it is not read again."""


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.stat()
    except OSError:
        return path, 0, 0  # reading it says what is wrong
    return path, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=8)
def _read_places(files: tuple[Stamp, ...]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for path, *_ in files:
        place = load_place(path)
        if place.code in found:
            raise InputError(f"The code {place.code!r} is given to two places", where=f"{path} and "
                             f"{found[place.code].path}", do="Choose another code")  # fmt: skip
        found[place.code] = place
    order: list[str] = [c for c in ("us", "eu", "jp", "cn") if c in found]
    order += [c for c in found if c not in order and c != REST_OF_WORLD]
    return {code: found[code] for code in (*order, REST_OF_WORLD)}


def select(codes: Iterable[str], *folders: Path) -> list[Place]:
    """Return the named places in the order given, with the rest of the world put last.

    Raises:
        InputError: an unknown code, or one named twice.
    """
    places = known_places(*folders)
    chosen = [c for c in codes if c != REST_OF_WORLD]
    for code in chosen:
        if code not in places:
            raise unknown("jurisdiction", code, [c for c in places if c != REST_OF_WORLD])
        if chosen.count(code) > 1:
            raise InputError(f"Jurisdiction {code!r} is named twice")
    return [places[code] for code in (*chosen, REST_OF_WORLD)]


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The file {path} cannot be read", where=str(path), do=str(error)) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The file is no valid TOML: {error}", where=str(path)) from None


def _keys(item: Any, needed: set[str], optional: set[str], where: str) -> None:
    if not isinstance(item, Mapping):
        raise InputError(f"A table was expected, not {item!r}", where=where)
    for key in item:
        if key not in needed | optional:
            raise unknown("key", key, needed | optional, where=where)
    missing = needed - item.keys()
    if missing:
        raise InputError(f"{listing(missing)} missing", where=where, do="Add it")


def _text(value: Any, what: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(
            f"The {what} is empty or no text",
            where=where,
            do="Write a text; a source may be 'cal-nnnn: ...', a paper, or 'assumption: reason'"
            if what == "source"
            else "Write a text",
        )
    return value


def _sourced(item: Any, where: str, extra: set[str]) -> tuple[float, str, int, float | None, float | None]:
    """Check value, source, year, low and high of one entry and return them."""
    _keys(item, {"value", "source", "year"} | extra, {"low", "high"}, where)
    value = number(item["value"], "value", where)
    source = _text(item["source"], "source", where)
    if not isinstance(item["year"], int) or isinstance(item["year"], bool):
        raise InputError(f"The year {item['year']!r} is no whole number", where=where)
    low, high = (number(item[k], k, where) if k in item else None for k in ("low", "high"))
    if (low is None) != (high is None) or (low is not None and high is not None and not low <= value <= high):
        raise InputError(f"Value {value:g} is not between low and high, or one of them is missing", where=where)
    if low is None and source.startswith("assumption"):
        raise InputError("An assumption needs its range", where=where, do="Add low and high")
    return value, source, item["year"], low, high


def _territories(raw: Any, path: Path) -> tuple[Territory, ...]:
    where = f"{path}, territories"
    if not isinstance(raw, list) or not raw:
        raise InputError("A place needs at least one territory", where=where)
    found: list[Territory] = []
    for item in raw:
        own = {"unitary", "validation", "translation", "renewal"}
        _keys(item, {"code", "title", "share"}, own | {"source", "year"}, where)
        code, at = _text(item["code"], "code", where), f"{where}, {item['code']}"
        if code in [t.code for t in found]:
            raise InputError(f"The code {code!r} is given to two territories", where=where, do="Choose another code")
        figures = {key: number(item[key], key, at) for key in sorted(own & item.keys())}
        for key, value in figures.items():
            if value < 0 or (key == "unitary" and value > 1):
                raise InputError(
                    f"{key} = {value:g} cannot be", where=at, allowed="0 to 1" if key == "unitary" else ">= 0"
                )
        if (own | {"source", "year"}) & item.keys():
            _keys(item, {"code", "title", "share", "source", "year"}, own, at)
            if not isinstance(item["year"], int) or isinstance(item["year"], bool):
                raise InputError(f"The year {item['year']!r} is no whole number", where=at)
        if "renewal" not in figures and len(raw) > 1:
            # without figures of its own a territory asks its part of the place's schedule
            figures["renewal"] = number(item["share"], "share", at)
        source = _text(item["source"], "source", at) if "source" in item else ""
        found.append(Territory(code, _text(item["title"], "title", at), number(item["share"], "share", at),
                               **figures, source=source, year=item.get("year")))  # fmt: skip
    if abs(sum(t.share for t in found) - 1) > 1e-9 or min(t.share for t in found) <= 0:
        raise InputError("The shares of the territories are not positive or do not sum to 1", where=where)
    return tuple(found)


def _levers(raw: Any, path: Path) -> dict[str, LeverValue]:
    specs = lever_specs()
    if not isinstance(raw, Mapping):
        raise InputError("[levers] is no table", where=str(path))
    for name in raw:
        if name not in specs:
            raise unknown("lever", name, specs, where=f"{path}, [levers]", do="'ecosystem levers' lists them")
    missing = [name for name in specs if name not in raw]
    if missing:
        raise InputError(f"No value for {listing(missing)}", where=f"{path}, [levers]", do="Add them with a source")
    found = {}
    for name, spec in specs.items():
        where = f'{path}, [levers."{name}"]'
        value, source, year, low, high = _sourced(raw[name], where, set())
        if not spec.low <= value <= spec.high:
            raise InputError(
                f"Lever {name} = {value:g} {spec.unit} lies outside its range", where=where,
                allowed=f"{spec.low:g} to {spec.high:g} {spec.unit} ({spec.doc})",
            )  # fmt: skip
        found[name] = LeverValue(value, source, year, low, high)
    return found


def _profile(raw: Any, path: Path) -> dict[str, Fact]:
    _keys(raw, set(FACTS), set(), f"{path}, [profile]")
    found = {}
    for name in FACTS:
        where = f"{path}, [profile.{name}]"
        value, source, year, low, high = _sourced(raw[name], where, {"unit"})
        if value < 0 or (name.endswith(("_share", "exit_rate", "grant_rate")) and value > 1):
            raise InputError(f"Fact {name} = {value:g} cannot be", where=where)
        found[name] = Fact(value, _text(raw[name]["unit"], "unit", where), source, year, low, high)
    return found


def _fees(raw: Any, path: Path) -> dict[str, Fees]:
    needed = {f"{kind}{tail}" for kind in FEE_KINDS for tail in ("", "_source", "_year")}
    _keys(raw, needed, set(), f"{path}, [fees]")
    found = {}
    for kind in FEE_KINDS:
        where = f"{path}, fees.{kind}"
        due = np.zeros(FEE_YEARS)
        for entry in raw[kind]:
            if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], int):
                raise InputError(f"{entry!r} is no pair of year of life and amount", where=where)
            amount = number(entry[1], "amount", where)
            if not 0 < entry[0] < FEE_YEARS or amount < 0:
                raise InputError(f"Year {entry[0]} or amount {amount:g} cannot be", where=where,
                                 allowed=f"years 1 to {FEE_YEARS - 1}, amounts >= 0")  # fmt: skip
            due[entry[0]] = amount
        due.flags.writeable = False
        found[kind] = Fees(due, _text(raw[f"{kind}_source"], "source", where), raw[f"{kind}_year"])
    return found
