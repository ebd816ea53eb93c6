"""Loops that dropped their LLVM modules still run, and other loops that call them can still be compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from ecosystem.kernel.compiled import release
from ecosystem.kernel.luck import inverse_normal, u01


def test_released_loops_run_and_can_be_called_by_new_ones() -> None:
    before = inverse_normal(0.3)
    release.__wrapped__()
    (compiled,) = inverse_normal.overloads.values()
    assert compiled.library._shared_module is None
    assert inverse_normal(0.3) == before

    @nb.njit
    def new(uid: int, key: int) -> float:
        return inverse_normal(u01(np.uint64(uid), np.uint64(key)))

    assert new(3, 5) == inverse_normal(u01(np.uint64(3), np.uint64(5)))
