"""Compiled loops keep no memory that only the compiler needs.

Numba keeps the LLVM module of every loop it has loaded, in case another loop is compiled that calls it. That happens when
a source file has changed, else never: so the parsed module gives way to its bitcode, which is parsed again on demand.
Numbers do not depend on it.
"""

from __future__ import annotations

import ctypes
import sys
import zlib
from functools import cache
from typing import Any

from llvmlite import binding  # type: ignore[import-untyped]
from numba.core.dispatcher import Dispatcher

PACKAGES = ("ecosystem", "agents", "policies")


@cache
def release() -> int:
    """Once a process, let the loops of this program drop their LLVM modules; return how many did."""
    released = 0
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in PACKAGES:
            continue
        for dispatcher in list(vars(module).values()):
            if isinstance(dispatcher, Dispatcher):
                released += sum(_pack(getattr(compiled, "library", None)) for compiled in dispatcher.overloads.values())
    if released and sys.platform == "linux":
        # what was freed lies scattered between what stays: only on request does the C library hand it back
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    return released


def _pack(library: Any) -> bool:
    """Replace the parsed module of one loop by its bitcode; return False where there is none."""
    parsed = getattr(library, "_shared_module", None)
    if parsed is None or not hasattr(library, "_get_module_for_linking"):
        return False
    bitcode = zlib.compress(parsed.as_bitcode(), 1)

    def parse_again() -> Any:
        if library._shared_module is None:
            library._shared_module = binding.parse_bitcode(zlib.decompress(bitcode))
        return library._shared_module

    library._get_module_for_linking = parse_again
    library._shared_module = None
    # the machine code is loaded: its file image was kept for writing the cache, which has been written
    library._compiled_object = None
    return True
