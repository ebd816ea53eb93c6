"""Innovation Ecosystem Simulator: compares intellectual-property and innovation policies; not a forecast."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ecosystem.kernel import platform

platform.pin_features()  # before NumPy

__version__ = "0.1.0"

_FACE = {"Scenario": "ecosystem.scenario", "World": "ecosystem.world", "compare": "ecosystem.lab.compare"}
__all__ = ["Scenario", "World", "__version__", "compare"]


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(import_module(_FACE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
