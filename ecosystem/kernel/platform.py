"""Make floating-point functions answer alike on all x86 processors: import this before NumPy.

NumPy's exp, log and power with AVX-512 differ in the last bit from those without. Switching these paths off costs
nothing visible and makes the bytes of a run independent of the generation of the processor.
"""

from __future__ import annotations

import os
import sys

DISABLED = "X86_V4 AVX512_ICL AVX512_SPR"
"""Groups of processor features that NumPy must not use (names of NumPy 2.4 and later)."""


def pin_features() -> bool:
    """Ask NumPy to leave the AVX-512 paths alone; return False if NumPy was loaded with them."""
    if "numpy" in sys.modules:
        return os.environ.get("NPY_DISABLE_CPU_FEATURES") == DISABLED
    os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", DISABLED)
    # tables reserve room for the whole run; with huge pages each column would hold two megabytes more than it uses
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    return True


PINNED = pin_features()
"""True where this module came before NumPy."""
