"""Published figures for calibration, by row id; rows that are kept for validation are refused, always."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ecosystem.kernel.errors import InputError, unknown

FOLDER = Path(__file__).parents[2] / "data" / "evidence"
FIGURES = (FOLDER / "calibration.csv", FOLDER / "targets.csv")
WITHHELD = Path(__file__).parent / "withheld.toml"
GRADES = ("A", "B", "C", "M")
"""A agency or author, B secondary source, C weak, M from memory (then with its range)."""


class Withheld(InputError):
    """A figure is kept for validation: nothing may be fitted on it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure.

    Attributes:
        low, high: its range where the source gives one or it was recalled, else NaN.
        grade: A, B, C or M.
    """

    id: str
    value: float
    low: float
    high: float
    grade: str
    year: str
    place: str


def _number(text: str) -> float:
    return float(text) if text.strip() else math.nan


def _figure(row: dict[str, str]) -> Figure:
    words = (row.get("note") or "").split()
    grade = words[1].strip(";") if len(words) > 1 and words[0] == "grade" and words[1].strip(";") in GRADES else "A"
    return Figure(
        row["id"], _number(row["value"]), _number(row["low"]), _number(row["high"]), grade, row.get("year", ""),
        row.get("jurisdiction", ""),
    )  # fmt: skip


@lru_cache(maxsize=1)
def withheld() -> dict[str, str]:
    """Return the figures that restate a fact marked ``validate``, by id: the fact each restates."""
    table = tomllib.loads(WITHHELD.read_text(encoding="utf-8"))
    return {figure: fact for fact, figures in table.items() for figure in figures}


@lru_cache(maxsize=1)
def _published() -> dict[str, Figure]:
    found = {}
    for path in FIGURES:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                try:
                    found[row["id"]] = _figure(row)
                except ValueError:  # a figure that is words or a range
                    continue
    return found


def figures(ids: Iterable[str]) -> list[Figure]:
    """Return figures for fitting.

    Raises:
        InputError: no such row, or a row without a number.
        Withheld: a row restates a fact that is kept for validation.
    """
    kept = withheld()
    out = []
    for name in ids:
        if name in kept:
            raise Withheld(f"The figure {name} restates {kept[name]!r}, which is kept for validation",
                           where="calibration", do="Fit on another figure")  # fmt: skip
        out.append(shown([name])[0])
    return out


def shown(ids: Sequence[str]) -> list[Figure]:
    """Return figures for a table that compares and fits nothing; raise InputError for an unknown id."""
    known = _published()
    for name in ids:
        if name not in known:
            raise unknown("figure", name, known, where="ecosystem/data/evidence")
    return [known[name] for name in ids]
