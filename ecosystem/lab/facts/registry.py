"""The registry of facts, and the score of a run against published bands. Nothing is fitted here."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ecosystem.kernel.errors import InputError, unknown
from ecosystem.lab.facts.evidence import Evidence

if TYPE_CHECKING:
    from ecosystem.lab.run_folder import Run
    from ecosystem.world import World

FILE = Path(__file__).parents[2] / "data" / "evidence" / "stylized_facts.csv"
USES = ("input", "calibrate", "validate")
_COLUMNS = ("id", "area", "statistic", "low", "high", "use")

Statistic = Callable[[Evidence], float]
FACTS: dict[str, Statistic] = {}


class NotYet(Exception):
    """The model has nothing from which the statistic could be computed; the message says what is missing."""


def register(name: str) -> Callable[[Statistic], Statistic]:
    """Declare the function that computes the fact with this id."""

    def add(function: Statistic) -> Statistic:
        if name in FACTS:
            raise ValueError(f"the fact {name!r} is declared twice")
        FACTS[name] = function
        return function

    return add


def fact(name: str) -> Callable[[Any], float]:
    """Return the function of a fact: it takes a world, a run or tables and returns the number, or raises NotYet."""
    if name not in FACTS:
        raise unknown("fact", name, FACTS, where="the registry of facts")
    return lambda run: FACTS[name](Evidence.of(run))


def published(facts_file: str | Path | None = None) -> pd.DataFrame:
    """Return the published bands: the shipped table or another file of the same columns; raise InputError for a bad one."""
    path = Path(facts_file) if facts_file is not None else FILE
    try:
        table = pd.read_csv(path, dtype={name: str for name in _COLUMNS if name not in ("low", "high")})
    except (OSError, ValueError) as error:
        raise InputError(f"The file of facts cannot be read: {error}", where=str(path)) from None
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise InputError(
            f"The column {missing[0]!r} is missing", where=str(path), do=f"Needed are {', '.join(_COLUMNS)}"
        )
    for name in ("low", "high"):
        values = pd.to_numeric(table[name], errors="coerce")
        if values.isna().any():
            raise InputError(
                f"{name!r} is no number in the row {table['id'][values.isna()].iloc[0]!r}", where=str(path)
            )
        table[name] = values.astype(float)
    wrong = table["low"] > table["high"]
    if wrong.any():
        raise InputError(f"'low' is above 'high' in the row {table['id'][wrong].iloc[0]!r}", where=str(path))
    strange = table[~table["use"].isin(USES)]
    if len(strange):
        raise unknown("use of a fact", str(strange["use"].iloc[0]), USES, where=str(path))
    twice = table["id"][table["id"].duplicated()]
    if len(twice):
        raise InputError(f"The fact {twice.iloc[0]!r} stands there twice", where=str(path))
    return table


def score(run: World | Run | Evidence, facts_file: str | Path | None = None) -> pd.DataFrame:
    """Return the facts of a run beside their bands: id, area, use, value, low, high, inside, reason.

    ``value`` is missing and ``inside`` False where the fact cannot be computed; ``reason`` then says why.
    """
    evidence = Evidence.of(run)
    rows = []
    for row in published(facts_file).to_dict("records"):
        name, value, reason = str(row["id"]), math.nan, ""
        try:
            if name not in FACTS:
                raise NotYet("no function computes a fact of this id")
            value = float(FACTS[name](evidence))
            if not math.isfinite(value):
                raise NotYet("the run holds too few cases")
        except NotYet as why:
            value, reason = math.nan, str(why)
        low, high = float(row["low"]), float(row["high"])
        rows.append((name, row["area"], row["use"], value, low, high, low <= value <= high, reason))
    return pd.DataFrame(rows, columns=["id", "area", "use", "value", "low", "high", "inside", "reason"])


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return by use how many facts there are, were computed and lie inside their band; a fact not computed is outside."""
    groups = {use: table[table["use"] == use] for use in USES}
    return pd.DataFrame(
        {
            "facts": [len(g) for g in groups.values()],
            "computed": [int(g["value"].notna().sum()) for g in groups.values()],
            "inside": [int(g["inside"].sum()) for g in groups.values()],
        },
        index=list(USES),
    )
