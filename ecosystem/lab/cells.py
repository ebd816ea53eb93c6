"""Cells of tidy tables: words for codes, keys for slots, missing values for what never comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pandas.arrays import IntegerArray

from ecosystem.kernel.table import NEVER


def words(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical[str]:
    """Return words for codes; a code below zero becomes the empty word."""
    names = list(names)
    codes = np.asarray(codes, dtype=np.int64)
    if "" not in names:
        names.append("")
    return pd.Categorical.from_codes(np.where(codes < 0, names.index(""), codes), categories=pd.Index(names))


def labels(values: np.ndarray, name: Callable[[int], str]) -> pd.Categorical[str]:
    """Return a word for every different integer, in the order of the integers."""
    known, codes = np.unique(np.asarray(values, dtype=np.int64), return_inverse=True)
    codes = codes.astype(np.int64)
    return pd.Categorical.from_codes(codes, categories=pd.Index([name(int(v)) for v in known], dtype="str"))


def months(values: np.ndarray) -> IntegerArray:
    """Return months, missing where they never come (or lie before all time)."""
    values = np.asarray(values, dtype=np.int64)
    return IntegerArray(values, (values >= NEVER) | (values <= -NEVER))


def keys(uid: np.ndarray, slots: np.ndarray) -> IntegerArray:
    """Return the identities of slots, missing for slots below zero."""
    slots = np.asarray(slots, dtype=np.int64)
    none = slots < 0
    if not len(uid):
        return IntegerArray(np.zeros(len(slots), np.int64), np.ones(len(slots), np.bool_))
    return IntegerArray(np.where(none, 0, uid[np.where(none, 0, slots)]), none)


def lists(entries: np.ndarray, lengths: np.ndarray) -> pd.Series:
    """Return a column of lists from their entries end to end."""
    out = np.empty(len(lengths), dtype=object)
    out[:] = np.split(entries, np.cumsum(lengths)[:-1]) if len(lengths) > 1 else [entries] * len(lengths)
    return pd.Series(out, dtype=object)
