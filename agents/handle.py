"""Mesa agents as thin handles on rows: state lives in columns, identity lives in agents."""

from __future__ import annotations

from typing import Any, ClassVar

import mesa

from ecosystem.kernel.table import Table


class Handle(mesa.Agent):
    """A row of a table with identity: what networks, dashboards and inspectors hold.

    Columns of the table are readable attributes (``firm.cash``); code columns give their word.
    """

    table: ClassVar[str] = ""
    """Attribute of the world that holds the table."""
    kinds: ClassVar[tuple[int, ...]] = ()
    """Kinds (column ``kind``) that this class handles; empty for all rows."""

    def __init__(self, model: mesa.Model, slot: int) -> None:
        super().__init__(model)
        self.slot = slot

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("model", "slot"):
            raise AttributeError(name)
        rows: Table = getattr(self.model, type(self).table)
        column = rows.columns.get(name)
        if column is None:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}; columns: {sorted(rows.columns)}")
        value = getattr(rows, name)[self.slot].tolist()
        return column.codes[value] if column.codes else value

    def inspect(self) -> dict[str, Any]:
        """Return the whole row with code columns as words."""
        row: dict[str, Any] = getattr(self.model, type(self).table).row(self.slot)
        return row

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.slot}>"
