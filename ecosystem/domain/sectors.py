"""Sectors are markets: columns of what differs between them, merged into wide groups where the scale is coarse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ecosystem.kernel.errors import InputError, unknown

FILE = Path(__file__).parent.parent / "data" / "sectors.toml"
TITLES = {
    "pharma": "Pharmaceuticals and biotechnology",
    "medical": "Medical devices",
    "chemicals": "Chemicals, materials and energy",
    "semiconductors": "Semiconductors",
    "electronics": "Computers, communication and instruments",
    "software": "Software and information",
    "machinery": "Machinery and electrical equipment",
    "transport": "Transport equipment",
    "consumer": "Food and consumer goods",
    "agriculture": "Agriculture",
    "services": "Other services",
}
COARSE_SCALE = 2000
SHARE = "rd_share"
GROUP = "coarse_group"
BINARY = ("complexity",)


class Sectors(Mapping[str, np.ndarray]):
    """Columns over sectors, float64 (S,), by name: ``sectors["royalty_rate"]``.

    A merged sector g holds x_g = sum_{s in g} w_s x_s / sum_{s in g} w_s with w the R&D shares; R&D shares add up,
    and a column of 0 and 1 takes the majority of R&D. Source of the values: ecosystem/data/sectors.toml.

    Args:
        parameters: values by name; read are those named ``sector.<column>.<code>``.
        coarse: merge sectors by the column ``coarse_group``.

    Raises:
        InputError: a column lacks a sector, a column is missing, or the R&D shares do not sum to 1.
    """

    def __init__(self, parameters: Mapping[str, float], coarse: bool = False) -> None:
        table: dict[str, dict[str, float]] = {}
        for name in parameters:
            head, _, rest = name.partition(".")
            column, _, code = rest.partition(".")
            if head == "sector" and code:
                table.setdefault(column, {})[code] = float(parameters[name])
        if SHARE not in table or GROUP not in table:
            raise InputError(f"No sectors among the parameters: {SHARE} or {GROUP} is missing", where=str(FILE))
        self.codes: tuple[str, ...] = tuple(table[SHARE])
        fine: dict[str, np.ndarray] = {}
        for column, values in table.items():
            for code in values:
                if code not in self.codes:
                    raise unknown("sector", code, self.codes, where=f"sector.{column}")
            missing = [code for code in self.codes if code not in values]
            if missing:
                raise InputError(f"Column {column!r} has no value for sector {missing[0]!r}", where=str(FILE))
            fine[column] = np.array([values[code] for code in self.codes])
        for column, array in fine.items():
            if column.startswith(SHARE) and abs(array.sum() - 1) > 1e-6:
                raise InputError(f"The shares in {column!r} sum to {array.sum():g}, not to 1", where=str(FILE))
        self.fine_shares = fine[SHARE]
        self.coarse = coarse
        groups = fine[GROUP].astype(np.int64) if coarse else np.arange(len(self.codes))
        self.group = np.unique(groups, return_inverse=True)[1].astype(np.int64)
        self.names: list[str] = [
            "+".join(code for code, g in zip(self.codes, self.group, strict=True) if g == k)
            for k in range(int(self.group.max()) + 1)
        ]
        self.titles: list[str] = ["; ".join(TITLES.get(code, code) for code in name.split("+")) for name in self.names]
        self._columns = {column: self._merge(column, array, fine) for column, array in fine.items()}

    def _merge(self, column: str, array: np.ndarray, fine: Mapping[str, np.ndarray]) -> np.ndarray:
        if column.startswith(SHARE):
            merged = np.bincount(self.group, weights=array, minlength=self.S)
            merged /= merged.sum()
        elif self.coarse:
            weight = fine[SHARE]
            merged = np.bincount(self.group, weights=array * weight, minlength=self.S)
            merged /= np.bincount(self.group, weights=weight, minlength=self.S)
            if column in BINARY:
                merged = (merged >= 0.5).astype(np.float64)
        else:
            merged = array.copy()
        merged.flags.writeable = False
        return merged

    @property
    def S(self) -> int:
        """Number of sectors."""
        return len(self.names)

    def __getitem__(self, column: str) -> np.ndarray:
        try:
            return self._columns[column]
        except KeyError:
            raise unknown("sector column", column, self._columns, where=str(FILE)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def by_place(self, column: str, places: Sequence[str]) -> np.ndarray:
        """Return a column for each place, float64 (J, S): the override ``<column>_<place>`` where data give one."""
        return np.stack([self._columns.get(f"{column}_{place}", self[column]) for place in places])

    @property
    def sales_share(self) -> np.ndarray:
        """Share of each sector in the sales of firms with R&D: rd_share / rd_intensity, normalized, float64 (S,)."""
        sales = self[SHARE] / self["rd_intensity"]
        return sales / sales.sum()
