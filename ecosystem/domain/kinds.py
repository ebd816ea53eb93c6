"""Kinds of right are a table in data: what each fits, how it arises, how long and how far it reaches."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ecosystem.domain.knowledge import NATURES
from ecosystem.domain.rights import KINDS
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.kernel.parameters import number

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
                   "levers", "range", "source"} - row.keys()  # fmt: skip
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
                           source=row["source"], levers=dict(row["levers"]))  # fmt: skip
    return found
