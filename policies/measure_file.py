"""Reading measure files: every mistake is refused with the reason and the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ecosystem.kernel.errors import InputError, listing, unknown
from policies.measures import GRADES, GROUPS, SEVERAL_TERRITORIES, Check, Cost, Evidence, InForce, LeverMove, Measure
from policies.places import lever_specs

TEXTS = (
    "id", "title", "origin", "group", "does", "assumes", "eligibility", "legal_source", "indicator", "direction",
    "check_on", "watch_for", "gains", "loses", "not_modeled", "evidence_range",
)  # fmt: skip
NEEDED = (*TEXTS, "since", "evidence")
OPTIONAL = ("needs", "start", "end", "ramp_years", "levers", "mechanism", "cost", "in_force", "check")
MOST_WORDS = 20
"""Words of the two plain sentences."""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


def load_measure(path: Path) -> Measure:
    """Read and check one measure.

    Raises:
        InputError: no TOML, a key missing or unknown, an unknown lever, a move that leaves the lever's range whatever
            the place, a strength outside 0..1, an end before the start, a missing source.
    """
    return _Reader(Path(path)).measure()


class _Reader:
    """One file while it is checked; keeps the text so that an error can name the line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.lines = path.read_text(encoding="utf-8").splitlines()
            self.raw = tomllib.loads("\n".join(self.lines))
        except OSError as error:
            raise InputError(f"The file {path} cannot be read", where=str(path), do=str(error)) from None
        except UnicodeDecodeError:
            raise InputError("The file is no UTF-8 text", where=str(path)) from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"The file is no valid TOML: {error}", where=str(path)) from None

    def where(self, *keys: str) -> str:
        """Return the path and the line on which the last of the nested keys first stands."""
        start = 0
        for key in keys:
            pattern = re.compile(rf'(^|[\s\[{{,."]){re.escape(key)}["\].\s]*(=|\]|$|\.)')
            hits = (i for i in range(start, len(self.lines)) if pattern.search(self.lines[i]))
            start = next(hits, start)
        return f"{self.path}, line {start + 1}" + (f", {'.'.join(keys)}" if keys else "")

    def measure(self) -> Measure:
        """Return the checked measure."""
        raw = self.raw
        self.keys(raw, NEEDED, OPTIONAL)
        texts = {key: self.text(raw[key], key) for key in TEXTS}
        if texts["id"] != self.path.stem:
            raise InputError(f"The id {texts['id']!r} is not the name of the file", where=self.where("id"))
        self.one_of(texts["group"], GROUPS, "group")
        self.one_of(texts["direction"], ("up", "down"), "direction")
        for key in ("does", "assumes"):
            words = len(texts[key].split())
            if words > MOST_WORDS:
                raise InputError(
                    f"The sentence has {words} words", where=self.where(key), allowed=f"up to {MOST_WORDS}"
                )
        since = raw["since"]
        if not isinstance(since, int) or not 1400 <= since <= 2200:
            raise InputError(f"since = {since!r} is no year", where=self.where("since"))
        needs = raw.get("needs", "")
        self.one_of(needs, ("", SEVERAL_TERRITORIES), "needs")
        start, end = (self.month(raw.get(key, ""), key) for key in ("start", "end"))
        if start and end and end <= start:
            raise InputError(f"The measure ends ({end}) before it starts ({start})", where=self.where("end"))
        mechanism, values = self.mechanism(raw.get("mechanism", {}))
        moves = self.moves(raw.get("levers", {}))
        if not moves and not mechanism:
            raise InputError("The measure moves no lever and names no mechanism", where=str(self.path))
        texts["direction"] = ""
        return Measure(
            **{**texts, "direction": 1 if raw["direction"] == "up" else -1},  # type: ignore[arg-type]
            since=since, needs=needs, start=start, end=end,
            ramp_years=self.number(raw.get("ramp_years", 0.0), 0.0, 50.0, "ramp_years"),
            moves=moves, mechanism=mechanism, values=values,
            costs=tuple(self.cost(item) for item in self.tables(raw.get("cost", []), "cost")),
            evidence=tuple(self.finding(item) for item in self.tables(raw["evidence"], "evidence")),
            in_force=self.in_force(raw.get("in_force", {})), check=self.check(raw.get("check", {})), path=self.path,
        )  # fmt: skip

    def moves(self, raw: Any) -> tuple[LeverMove, ...]:
        """Return the lever moves."""
        specs = lever_specs()
        found = []
        for name, item in _flat(raw).items():
            where = self.where("levers", name) if name in str(self.lines) else self.where("levers")
            if name not in specs:
                raise unknown("lever", name, specs, where=where, do="'ecosystem levers' lists them")
            self.keys(item, ("source",), ("add", "scale"), "levers", name)
            hows = [how for how in ("add", "scale") if how in item]
            if len(hows) != 1:
                raise InputError("A lever needs either 'add' or 'scale'", where=where)
            spec, how = specs[name], hows[0]
            span = spec.high - spec.low
            low, high = (-span, span) if how == "add" else (1e-3, 1e3)
            amount = self.number(item[how], low, high, "levers", name, how)
            if (how == "add" and amount == 0.0) or (how == "scale" and amount == 1.0):
                raise InputError(f"Lever {name} does not move", where=where)
            found.append(LeverMove(name, how, amount, self.text(item["source"], "levers", name, "source")))  # type: ignore[arg-type]
        return tuple(found)

    def mechanism(self, raw: Any) -> tuple[str, dict[str, float]]:
        """Return the name of the mechanism and its numbers."""
        if not raw:
            return "", {}
        from policies.mechanisms import known_mechanisms

        self.keys(raw, ("name", "source"), ("values",), "mechanism")
        name = self.text(raw["name"], "mechanism", "name")
        self.text(raw["source"], "mechanism", "source")
        if name not in known_mechanisms():
            raise unknown("mechanism", name, known_mechanisms(), where=self.where("mechanism", "name"))
        values = raw.get("values", {})
        return name, {key: self.number(values[key], -1e12, 1e12, "values", key) for key in values}

    def cost(self, item: Any) -> Cost:
        """Return one cost."""
        own = "per" in item
        needed = (
            ("what", "source", "kind", "payer", "payee", "per", "price")
            if own
            else ("what", "source", "follows", "lever")
        )
        self.keys(item, needed, (), "cost")
        words: dict[str, Any] = {key: self.text(item[key], "cost", key) for key in needed if key != "price"}
        if own:
            price = self.number(item["price"], 0.0, 1e9, "cost", "price")
            return Cost(price=price, **words)
        if words["lever"] not in lever_specs():
            raise unknown("lever", words["lever"], lever_specs(), where=self.where("cost", "lever"))
        followed: dict[str, Any] = {"kind": words["follows"], "payer": "government", "payee": ""}
        return Cost(**words, **followed)

    def finding(self, item: Any) -> Evidence:
        """Return one finding."""
        keys = ("finding", "size", "place", "years", "source", "strength")
        self.keys(item, keys, (), "evidence")
        words = {key: self.text(item[key], "evidence", key) for key in keys}
        self.one_of(words["strength"], GRADES, "evidence", "strength")
        return Evidence(**words)

    def in_force(self, raw: Any) -> dict[str, InForce]:
        """Return the strengths in force by place."""
        found = {}
        for code, item in self.table(raw, "in_force").items():
            self.keys(item, ("strength", "source"), (), "in_force", code)
            strength = self.number(item["strength"], 0.0, 1.0, "in_force", code)
            found[code] = InForce(strength, self.text(item["source"], "in_force", code, "source"))
        return found

    def check(self, raw: Any) -> Check:
        """Return how the claim is checked."""
        self.keys(raw, (), ("scale", "years", "pairs", "first_year"), "check")
        usual = Check()
        return Check(
            scale=self.number(raw.get("scale", usual.scale), 1.0, 50_000.0, "check", "scale"),
            years=int(self.number(raw.get("years", usual.years), 1, 200, "check", "years")),
            pairs=int(self.number(raw.get("pairs", usual.pairs), 2, 1000, "check", "pairs")),
            first_year=int(self.number(raw.get("first_year", usual.first_year), 0, 199, "check", "first_year")),
        )

    # -- small checks -------------------------------------------------------------------------------------------------

    def table(self, item: Any, *keys: str) -> Mapping[str, Any]:
        """Return a table or refuse."""
        if not isinstance(item, Mapping):
            raise InputError(f"A table was expected, not {item!r}", where=self.where(*keys))
        return item

    def tables(self, item: Any, *keys: str) -> list[Any]:
        """Return a list of tables or refuse."""
        if not isinstance(item, list) or not all(isinstance(one, Mapping) for one in item):
            raise InputError(f"A list of tables [[{keys[-1]}]] was expected", where=self.where(*keys))
        return item

    def keys(self, item: Any, needed: Iterable[str], optional: Iterable[str], *path: str) -> None:
        """Refuse unknown and missing keys."""
        known = [*needed, *optional]
        for key in self.table(item, *path):
            if key not in known:
                raise unknown("key", key, known, where=self.where(*path, key))
        missing = [key for key in needed if key not in item]
        if missing:
            raise InputError(f"{listing(missing)} missing", where=self.where(*path), do="Add it")

    def text(self, value: Any, *keys: str) -> str:
        """Return a text that is not empty, or refuse."""
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"The {keys[-1]} is empty or no text", where=self.where(*keys), do="Write a text")
        return value

    def number(self, value: Any, low: float, high: float, *keys: str) -> float:
        """Return a number in a range, or refuse."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise InputError(f"{keys[-1]} = {value!r} lies outside its range", where=self.where(*keys),
                             allowed=f"a number from {low:g} to {high:g}")  # fmt: skip
        return float(value)

    def month(self, value: Any, *keys: str) -> str:
        """Return a month ``YYYY-MM`` or nothing, or refuse."""
        if value == "" or (isinstance(value, str) and _MONTH.fullmatch(value)):
            return value
        raise InputError(f"{value!r} is no month", where=self.where(*keys), allowed='a month as "2027-07"')

    def one_of(self, value: str, allowed: Iterable[str], *keys: str) -> None:
        """Refuse a word that is not among the allowed ones."""
        if value not in allowed:
            raise unknown(keys[-1], value, list(allowed), where=self.where(*keys))


def _flat(raw: Any, above: str = "") -> dict[str, Any]:
    """Return tables written ``[levers."a.b"]`` or ``[levers.a.b]`` by dotted name."""
    out: dict[str, Any] = {}
    for key, item in raw.items():
        name = f"{above}{key}"
        nested = isinstance(item, Mapping) and not {"add", "scale", "source"} & item.keys()
        out |= _flat(item, f"{name}.") if nested and item else {name: item}
    return out
