"""A run's fingerprint: a hash over the values of its tables, not over files, the same on every machine.

Integers, booleans and texts count exactly, floating-point numbers to nine significant digits, so that a last bit that
differs between processors does not show. Negative zero counts as zero, every NaN as the same missing value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

DIGITS = 9
_SMALLEST = 1e-290
_FIRST, _LAST = -291, 308
# Decimal literals are correctly rounded everywhere; log10 and pow are not.
_POWERS = np.array([float(f"1e{k}") for k in range(_FIRST, _LAST + 1)])
_MISSING, _PLUS_INFINITY, _MINUS_INFINITY = 10_001, 10_002, 10_003


def significant(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (mantissa, exponent) of numbers at nine significant digits: ``value = mantissa * 10**(exponent - 8)``.

    Only comparisons, products and quotients are used, which IEEE 754 fixes to the last bit.

    Args:
        values: float (n,).

    Returns:
        int64 (n,) with ``10**8 <= |mantissa| < 10**9`` or 0, and int16 (n,); NaN and infinities have mantissa 0 and
        exponents of their own.
    """
    x = np.asarray(values, dtype=np.float64)
    size = np.abs(x)
    plain = np.isfinite(x) & (size >= _SMALLEST)
    safe = np.where(plain, size, 1.0)
    exponent = np.searchsorted(_POWERS, safe, side="right") - 1 + _FIRST
    shift = exponent - (DIGITS - 1)
    low = np.clip(shift, _FIRST, 0)
    high = np.maximum(shift, 0)
    # Very small numbers need two steps, since 10**300 times 10**-290 would leave the table of powers.
    rest = shift - low - high
    scaled = safe / _POWERS[high - _FIRST] / _POWERS[np.minimum(low, 0) - _FIRST] / _POWERS[rest - _FIRST]
    mantissa = np.rint(scaled).astype(np.int64)
    over = mantissa >= 10**DIGITS
    mantissa[over] = 10 ** (DIGITS - 1)
    exponent = exponent + over
    mantissa = np.where(plain, np.where(x < 0, -mantissa, mantissa), 0)
    exponent = np.where(plain, exponent, 0)
    exponent = np.where(np.isnan(x), _MISSING, exponent)
    exponent = np.where(x == np.inf, _PLUS_INFINITY, np.where(x == -np.inf, _MINUS_INFINITY, exponent))
    return mantissa, exponent.astype(np.int16)


def _feed(state: hashlib._Hash, tag: str, *arrays: np.ndarray) -> None:
    state.update(f"<{tag}:{len(arrays[0]) if arrays else 0}>".encode())
    for array in arrays:
        state.update(np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False)).tobytes())


def _texts(state: hashlib._Hash, codes: np.ndarray, uniques: list[str]) -> None:
    _feed(state, "texts", codes.astype(np.int32))
    for word in uniques:
        data = str(word).encode()
        state.update(len(data).to_bytes(4, "little") + data)


def _column(state: hashlib._Hash, name: str, column: pd.Series) -> None:
    state.update(f"<column:{name}>".encode())
    kind = column.dtype
    if not len(column):
        return
    if pd.api.types.is_object_dtype(kind):  # lists: what tables write as texts has a text or categorical dtype
        lists = pa.array(column.to_numpy())
        _feed(state, "lists", np.diff(np.asarray(lists.offsets, dtype=np.int64)))
        entries = lists.flatten()
        if len(entries):
            _column(state, "entries", pd.Series(entries.to_pandas()))
    elif isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_string_dtype(kind):
        codes, uniques = pd.factorize(column)
        _texts(state, np.asarray(codes), [str(word) for word in uniques])
    elif pd.api.types.is_bool_dtype(kind) or pd.api.types.is_integer_dtype(kind):
        missing = column.isna().to_numpy()
        filled = column.fillna(False if pd.api.types.is_bool_dtype(kind) else 0)
        _feed(state, "integers", filled.to_numpy().astype(np.int64))
        if missing.any():
            _feed(state, "missing", np.flatnonzero(missing))
    elif pd.api.types.is_float_dtype(kind):
        _feed(state, "numbers", *significant(column.to_numpy(dtype=np.float64)))
    else:
        raise TypeError(f"column {name!r} of dtype {kind} has no digest")


def digest(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the SHA-256 (hex) over the values of tables, in the order of their names; row order counts."""
    state = hashlib.sha256(b"innovation ecosystem digest 1")
    for name in sorted(tables):
        table = tables[name]
        state.update(f"<table:{name}:{len(table)}>".encode())
        for column in table.columns:
            _column(state, column, table[column])
    return state.hexdigest()
