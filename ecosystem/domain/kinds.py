"""Kinds of right are a table in data: what each fits, how it arises, how long and how far it reaches."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.knowledge import NATURES
from ecosystem.domain.rights import KINDS
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.kernel.parameters import number

if TYPE_CHECKING:
    from ecosystem.world import World

FILE = Path(__file__).parent.parent / "data" / "rights.toml"
ARISES = ("examined", "registered", "use")
ROUTES = ("civil", "administrative", "border", "criminal")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of right; ``levers`` names the levers that stand for a column in a place.

    Attributes:
        natures: kinds of creation that it fits.
        term_years: longest life in years, 0 for no end while kept or used.
        cost: M USD2020 to obtain one real right.
        breadth: chance that an imitation is caught by it.
        height: novelty needed, standard deviations of inventions.
        disclosure: share of the knowledge that becomes public with it.
        enforcement: routes open to the owner.
        months: from filing to the decision.
        renewal: years between renewals (0 none before the end of the term) and the fee of one, M USD2020.
        by_place: numbers that differ in a place, by column and code of the place.
    """

    name: str
    title: str
    natures: tuple[str, ...]
    arises: str
    term_years: float
    cost: float
    breadth: float
    height: float
    disclosure: float
    enforcement: tuple[str, ...]
    source: str
    levers: dict[str, str] = field(default_factory=dict)
    months: int = 0
    renewal: tuple[int, float] = (0, 0.0)
    by_place: dict[str, dict[str, float]] = field(default_factory=dict)


@cache
def kinds_of_right(path: Path = FILE) -> dict[str, Kind]:
    """Return the kinds by name, in the order of KINDS.

    Raises:
        InputError: a kind is missing or unknown, or one of its entries is.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    for name in raw:
        if name not in KINDS:
            raise unknown("kind of right", name, KINDS, where=str(path))
    found = {}
    for name in KINDS:
        if name not in raw:
            raise InputError(f"The kind of right {name!r} is missing", where=str(path))
        row, where = raw[name], f"{path}, [{name}]"
        missing = {"title", "natures", "arises", "term_years", "cost", "breadth", "height", "disclosure", "enforcement",
                   "levers", "by_place", "months", "renewal", "range", "source"} - row.keys()  # fmt: skip
        if missing:
            raise InputError(f"{sorted(missing)[0]!r} is missing", where=where)
        natures = NATURES if row["natures"] == ["any"] else tuple(row["natures"])
        for known, given, what in ((NATURES, natures, "nature"), (ARISES, (row["arises"],), "way to arise"),
                                   (ROUTES, row["enforcement"], "route of enforcement")):  # fmt: skip
            for item in given:
                if item not in known:
                    raise unknown(what, item, known, where=where)
        numbers = {k: number(row[k], k, where) for k in ("term_years", "cost", "breadth", "height", "disclosure")}
        low, high = row["range"]
        if not low <= numbers["breadth"] <= high or not 0 <= numbers["disclosure"] <= 1 or not row["source"].strip():
            raise InputError("Breadth lies outside its range, disclosure outside 0 to 1, or no source", where=where)
        found[name] = Kind(name, row["title"], natures, row["arises"], **numbers, enforcement=tuple(row["enforcement"]),
                           source=row["source"], levers=dict(row["levers"]), months=int(row["months"]),
                           renewal=(int(row["renewal"][0]), float(row["renewal"][1])),
                           by_place=dict(row["by_place"]))  # fmt: skip
    return found


@cache
def fits() -> np.ndarray:
    """Return whether a kind of right (row) fits a nature of creation (column), bool (kinds, natures)."""
    kinds = kinds_of_right()
    return np.array([[nature in kinds[name].natures for nature in NATURES] for name in KINDS])


@cache
def _usual(column: str, places: tuple[str, ...]) -> np.ndarray:
    rows = kinds_of_right().values()
    return np.array(
        [[kind.by_place.get(column, {}).get(code, getattr(kind, column)) for code in places] for kind in rows]
    )


@cache
def _levers(column: str) -> tuple[tuple[int, str], ...]:
    kinds = enumerate(kinds_of_right().values())
    return tuple((k, kind.levers[column]) for k, kind in kinds if column in kind.levers)


def by_place(world: World, column: str) -> np.ndarray:
    """Return a number of every kind in every place, float64 (kinds, J): the lever that stands for it, data, or the usual.

    Args:
        column: ``term_years`` (0 for no end), ``cost``, ``breadth`` or ``height``.
    """
    out: np.ndarray = _usual(column, tuple(world.places)).astype(np.float64)
    for k, lever in _levers(column):
        out[k] = world.levers[lever]
    return out
