"""Regions are data: shares of R&D and a graph of neighbors in the file of each place (``[[regions]]``).

A place that names no regions is one region. Neighbors must name each other, and every region must be reached from every
other one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecosystem.kernel.errors import InputError, listing, unknown
from ecosystem.kernel.parameters import number

_NEEDED = ("code", "title", "share", "neighbors", "source", "year")
_OPTIONAL = ("low", "high", "territory")


@dataclass(frozen=True, slots=True)
class Region:
    """One region: ``share`` of the place's R&D (shares of a place sum to 1), codes of the regions that touch it.

    ``territory`` names the national market to which it belongs, empty where that does not matter.
    """

    code: str
    title: str
    share: float
    neighbors: tuple[str, ...] = ()
    source: str = "by definition: the whole place"
    year: int | None = None
    low: float | None = None
    high: float | None = None
    territory: str = ""


def read_regions(raw: Any, code: str, title: str, territories: tuple[str, ...], where: str) -> tuple[Region, ...]:
    """Check the regions of one place and return them in the order of the file.

    Args:
        raw: the entries, or None: the place is one region.
        code, title: of the place.
        territories: codes of its territories.
        where: the file.

    Raises:
        InputError: a key is missing or unknown, a code is given twice, shares do not sum to 1, a neighbor is unknown or
            does not name the region in return, or the graph falls apart.
    """
    if raw is None:
        return (Region(code, title, 1.0),)
    where = f"{where}, regions"
    if not isinstance(raw, list) or not raw:
        raise InputError("The regions are no list of tables", where=where, do="Write one [[regions]] table a region")
    found = tuple(_region(item, territories, where) for item in raw)
    names = [r.code for r in found]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise InputError(f"{listing(twice)} given to two regions", where=where, do="Give each region its own code")
    total = sum(r.share for r in found)
    if abs(total - 1.0) > 1e-6:
        raise InputError(f"The shares of the regions sum to {total:g}, they must sum to 1", where=where)
    by_code = {r.code: r for r in found}
    for r in found:
        for other in r.neighbors:
            if other not in by_code:
                raise unknown("region", other, names, where=f"{where}, neighbors of {r.code}")
            if other == r.code:
                raise InputError(f"{r.code} names itself as a neighbor", where=where)
            if r.code not in by_code[other].neighbors:
                raise InputError(
                    f"{r.code} names {other} as a neighbor, but {other} does not name {r.code}", where=where,
                    do=f"Add {r.code!r} to the neighbors of {other}",
                )  # fmt: skip
    cut_off = sorted(by_code.keys() - _reached(found[0].code, by_code))
    if cut_off:
        raise InputError(f"No way over neighbors leads from {found[0].code} to {listing(cut_off)}", where=where,
                         do="Add the neighbor that is missing (a ferry or a bridge counts)")  # fmt: skip
    return found


def _region(item: Any, territories: tuple[str, ...], where: str) -> Region:
    if not isinstance(item, Mapping):
        raise InputError(f"A table was expected, not {item!r}", where=where)
    for key in item:
        if key not in _NEEDED + _OPTIONAL:
            raise unknown("key", key, _NEEDED + _OPTIONAL, where=where)
    missing = [key for key in _NEEDED if key not in item]
    if missing:
        raise InputError(f"{listing(missing)} missing", where=f"{where}, {item.get('code', '?')}", do="Add it")
    code = item["code"]
    if not isinstance(code, str) or not code.isidentifier() or code != code.lower():
        raise InputError(f"The code {code!r} of a region is no short lower-case name", where=where)
    where = f"{where}, {code}"
    for key in ("title", "source"):
        if not isinstance(item[key], str) or not item[key].strip():
            raise InputError(f"The {key} is empty or no text", where=where, do="Write a text")
    if not isinstance(item["year"], int) or isinstance(item["year"], bool):
        raise InputError(f"The year {item['year']!r} is no whole number", where=where)
    share = number(item["share"], "share", where)
    if not 0.0 < share <= 1.0:
        raise InputError(f"The share {share:g} is not above 0 and at most 1", where=where)
    low, high = (number(item[k], k, where) if k in item else None for k in ("low", "high"))
    if (low is None) != (high is None) or (low is not None and high is not None and not low <= share <= high):
        raise InputError(f"Share {share:g} is not between low and high, or one of them is missing", where=where)
    if low is None and item["source"].startswith("assumption"):
        raise InputError("An assumption needs its range", where=where, do="Add low and high")
    neighbors = item["neighbors"]
    if not isinstance(neighbors, list) or not all(isinstance(n, str) for n in neighbors):
        raise InputError("The neighbors are no list of codes", where=where, do='Write neighbors = ["code", ...]')
    territory = item.get("territory", "")
    if territory and territory not in territories:
        raise unknown("territory", territory, list(territories), where=where)
    return Region(code, item["title"], share, tuple(neighbors), item["source"], item["year"], low, high, str(territory))


def _reached(start: str, by_code: Mapping[str, Region]) -> set[str]:
    seen, front = {start}, [start]
    while front:
        new = [n for n in by_code[front.pop()].neighbors if n not in seen]
        seen.update(new)
        front += new
    return seen
