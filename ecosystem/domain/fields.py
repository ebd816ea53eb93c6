"""Technology fields: the 35 of WIPO, how near they are to each other, and in which sectors they are used."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ecosystem.domain.sectors import Sectors
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.kernel.parameters import number

FILE = Path(__file__).parent.parent / "data" / "fields.toml"
AREAS = {
    "E": "electrical engineering", "I": "instruments", "C": "chemistry", "M": "mechanical engineering", "O": "other",
}  # fmt: skip
ENVIRONMENT = "Environmental technology"


class Fields:
    """Names, areas and weights of the fields, all in WIPO order.

    Attributes:
        names: names of the fields.
        area: letter of the area of each field.
        area_code: index into AREAS, int64 (F,).
        basic: share of each field in basic research, float64 (F,), sums to 1.
        proximity: W_fg of field f to field g, float64 (F, F), rows sum to 1: own 1, same area or named bridge 0.4,
            else 0.1, before normalizing.
        sector_fields: share of each field in the inventions of a sector, float64 (S, F), rows sum to 1.
        standardized: fields whose technologies standards bodies choose, int64.
        source: source of names, sectors, basic and proximity.

    Args:
        sectors: the sectors of the world, fine or coarse.
        path: the file that holds fields and proximity (default: ecosystem/data/fields.toml).

    Raises:
        InputError: an unknown sector, field or area; a sector without any field.
    """

    def __init__(self, sectors: Sectors, path: Path = FILE) -> None:
        raw = _read(path)
        rows = raw["field"]
        where = str(path)
        self.names: list[str] = [row["name"] for row in rows]
        if len(set(self.names)) != len(self.names):
            raise InputError("A field is named twice", where=where)
        self.area: list[str] = [row["area"] for row in rows]
        for letter in self.area:
            if letter not in AREAS:
                raise unknown("area", letter, AREAS, where=where)
        self.area_code = np.array([list(AREAS).index(letter) for letter in self.area], dtype=np.int64)
        self.source: dict[str, str] = dict(raw["source"])
        basic = np.array([number(row["basic"], f"basic of {row['name']}", where) for row in rows])
        self.basic = basic / basic.sum()
        self.proximity = self._proximity(raw["proximity"], where)
        self.sector_fields = self._concordance(rows, sectors, where)
        named = raw.get("standards", {"fields": []})["fields"]
        self.standardized = np.array([self.index(name) for name in named], dtype=np.int64)
        for array in (self.area_code, self.basic, self.proximity, self.sector_fields):
            array.flags.writeable = False

    @property
    def F(self) -> int:
        """Number of fields."""
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the position of a field; raise InputError for an unknown name."""
        if name not in self.names:
            raise unknown("technology field", name, self.names)
        return self.names.index(name)

    def _proximity(self, raw: dict[str, Any], where: str) -> np.ndarray:
        same = self.area_code[:, None] == self.area_code[None, :]
        near = np.where(same, number(raw["area"], "area", where), number(raw["other"], "other", where))
        bridge = number(raw["bridge"], "bridge", where)
        for names in raw["bridges"]:
            slots = np.array([self.index(name) for name in names])
            near[np.ix_(slots, slots)] = np.maximum(near[np.ix_(slots, slots)], bridge)
        np.fill_diagonal(near, number(raw["own"], "own", where))
        return near / near.sum(axis=1, keepdims=True)

    def _concordance(self, rows: list[dict[str, Any]], sectors: Sectors, where: str) -> np.ndarray:
        fine = np.zeros((len(sectors.codes), len(rows)))
        for f, row in enumerate(rows):
            for code, weight in row["sectors"].items():
                if code not in sectors.codes:
                    raise unknown("sector", code, sectors.codes, where=f"{where}, field {row['name']}")
                fine[sectors.codes.index(code), f] = number(weight, f"weight of {code}", where)
        total = fine.sum(axis=1, keepdims=True)
        if not (total > 0).all():
            raise InputError(f"Sector {sectors.codes[int(np.argmin(total))]!r} has no technology field", where=where)
        # a merged sector mixes the fields of its parts by their R&D
        mixed = np.zeros((sectors.S, len(rows)))
        np.add.at(mixed, sectors.group, fine / total * sectors.fine_shares[:, None])
        return mixed / mixed.sum(axis=1, keepdims=True)


@cache
def _read(path: Path) -> dict[str, Any]:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    missing = {"source", "proximity", "field"} - raw.keys()
    if missing:
        raise InputError(f"The table {sorted(missing)[0]!r} is missing", where=str(path))
    return raw
