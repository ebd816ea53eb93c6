"""Column store for state: declare once, grow together, index by slot.

State lives in columns, identity lives in agents: a rule is a plain function on whole columns, a Mesa agent is a
thin handle on one row. Rows are never deleted; exit is a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from mmap import mmap
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

NEVER = 2**30
"""Month that never comes (fits int32 with room for arithmetic)."""
_PAGED = 1 << 18
"""Columns of this many bytes or more get memory of their own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: dtype, unit, meaning, value of a fresh row.

    ``codes`` names the values of an integer code column (exports write the names). ``width`` names an axis given to the
    table's constructor; such a column is two-dimensional, (rows, size of the axis).
    """

    dtype: Any
    unit: str
    doc: str
    fill: float = 0
    codes: tuple[str, ...] = ()
    width: str = ""

    if TYPE_CHECKING:  # a declared column is read as an array

        def __get__(self, table: object, owner: type | None = None) -> np.ndarray: ...


class Table:
    """Subclass and declare ``Column``s; each becomes a NumPy attribute of equal length.

    Columns are views of length ``n`` into arrays with spare capacity: write into them (``t.cash[slots] = x``), never
    rebind them, and fetch them again after ``add``, which may move them.
    """

    columns: ClassVar[dict[str, Column]] = {}
    _fills: ClassVar[list[tuple[str, float]]] = []

    def __init_subclass__(cls) -> None:
        bases = reversed(cls.__mro__)
        cls.columns = {k: v for base in bases for k, v in vars(base).items() if isinstance(v, Column)}
        cls._fills = [(name, column.fill) for name, column in cls.columns.items() if column.fill]

    def __init__(self, capacity: int = 16, **widths: int) -> None:
        self.n = self._filled = 0
        self._widths = widths
        self._capacity = max(16, capacity)
        self._data = {name: self._fresh(column, self._capacity) for name, column in self.columns.items()}
        self._view()

    def _fresh(self, column: Column, rows: int) -> np.ndarray:
        # Fresh memory of the system costs nothing until written, so that a table may reserve room for the whole run
        # (NumPy's zeros may take used memory and clear it). Other fills are written when rows are added.
        shape = (rows, self._widths[column.width]) if column.width else (rows,)
        size = int(np.prod(shape)) * np.dtype(column.dtype).itemsize
        if size < _PAGED:
            return np.zeros(shape, dtype=column.dtype)
        return np.frombuffer(mmap(-1, size), dtype=column.dtype).reshape(shape)

    def _view(self) -> None:
        n = self.n
        own = self.__dict__
        for name, array in self._data.items():
            own[name] = array[:n]

    def __len__(self) -> int:
        return self.n

    def add(self, n: int = 1, **values: Any) -> np.ndarray:
        """Append ``n`` rows and return their slots (int64, shape (n,)).

        Raises:
            KeyError: a value for a column that does not exist.
        """
        first, self.n = self.n, self.n + n
        self._filled = first
        if self.n > self._capacity:
            self._grow()
        self._view()
        for name, fill in self._fills:
            if name not in values:
                self._data[name][first : self.n] = fill
        for name, value in values.items():
            if name not in self._data:
                raise KeyError(f"{type(self).__name__} has no column {name!r}; it has {sorted(self.columns)}")
            self._data[name][first : self.n] = value
        return np.arange(first, self.n)

    def _grow(self) -> None:
        capacity = max(self.n, int(self._capacity * 1.5))
        for name, column in self.columns.items():
            grown = self._fresh(column, capacity)
            grown[: self._filled] = self._data[name][: self._filled]
            self._data[name] = grown
        self._capacity = capacity

    @property
    def nbytes(self) -> int:
        """Bytes of the rows of all columns."""
        return sum(a[: self.n].nbytes for a in self._data.values())

    def __setattr__(self, name: str, value: object) -> None:
        if name in type(self).columns:
            raise AttributeError(f"write into the column: {type(self).__name__}.{name}[:] = ...")
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        state = {k: v for k, v in self.__dict__.items() if k not in self.columns}
        state["_data"] = {k: v[: self.n].copy() for k, v in self._data.items()}
        state["_capacity"] = self.n
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._view()

    def row(self, slot: int) -> dict[str, Any]:
        """Return one row as a dictionary with code columns as words."""
        out: dict[str, Any] = {}
        for name, column in self.columns.items():
            value = self._data[name][slot].tolist()
            out[name] = column.codes[value] if column.codes and 0 <= value < len(column.codes) else value
        return out


def code_of(column: Column, word: str) -> int:
    """Return the integer code of ``word`` in a code column."""
    return column.codes.index(word)
