"""The market potential of one technology now, for compiled loops; ``ecosystem.domain.market.potential_now`` asks it too.

``Y = value exp(-decay age)``: value is what is expected at filing until it is launched or three years old, then the truth;
age runs from the launch, or from when it would usually be on the market.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from ecosystem.world import World

b1, i8, f8 = nb.boolean, nb.int64, nb.float64
B, I1, I4, I8 = nb.boolean[::1], nb.int8[::1], nb.int32[::1], nb.int64[::1]
II4, II8 = nb.int32[:, ::1], nb.int64[:, ::1]
F4, F8, FF8, FFF8 = nb.float32[::1], nb.float64[::1], nb.float64[:, ::1], nb.float64[:, :, ::1]
R8 = nb.types.Array(nb.float64, 1, "C", readonly=True)
"""Types of columns and tables in the signatures of compiled loops (R8 is read only, as the columns of sectors are)."""

Outlook = tuple[
    np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, float
]  # fmt: skip
POTENTIAL = (I4, I4, I4, I1, F4, F4, F8, F8, f8)
"""Types of ``outlook``."""


def outlook(world: World) -> Outlook:
    """Return what ``potential_of`` reads beside invention and month, in its order."""
    inv, v = world.inventions, world.valuation
    return inv.month, inv.line, inv.launched, inv.sector, inv.potential, inv.expected, v.decay, v.usual, v.learning


def as_slots(rows: np.ndarray) -> np.ndarray:
    """Return slots as compiled loops want them: int64, in one piece."""
    return np.ascontiguousarray(rows, dtype=np.int64)


@nb.njit(f8(i8, i8, *POTENTIAL), cache=True, inline="always")
def potential_of(
    k: int,
    month: int,
    made: np.ndarray,
    line: np.ndarray,
    launched: np.ndarray,
    sector: np.ndarray,
    potential: np.ndarray,
    expected: np.ndarray,
    decay: np.ndarray,
    usual: np.ndarray,
    learning: float,
) -> float:
    """Return the yearly market potential Y of one real technology ``k`` now, M USD2020/year."""
    s = sector[k]
    if line[k] >= 0 or month - made[k] >= learning:
        value = np.float64(potential[k])
    else:
        value = np.float64(expected[k])
    start = np.float64(launched[k]) if line[k] >= 0 else made[k] + usual[s]
    if month <= start:
        return value
    return value * np.exp(-decay[s] * ((month - start) / 12.0))


@nb.njit(F8(I8, i8, *POTENTIAL), cache=True)
def potentials(
    rows: np.ndarray,
    month: int,
    made: np.ndarray,
    line: np.ndarray,
    launched: np.ndarray,
    sector: np.ndarray,
    potential: np.ndarray,
    expected: np.ndarray,
    decay: np.ndarray,
    usual: np.ndarray,
    learning: float,
) -> np.ndarray:
    """Return ``potential_of`` each of ``rows``, M USD2020/year, float64 (n,)."""
    out = np.empty(len(rows))
    for i in range(len(rows)):
        out[i] = potential_of(rows[i], month, made, line, launched, sector, potential, expected, decay, usual, learning)
    return out
