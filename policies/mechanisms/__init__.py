"""Mechanisms of measures that levers alone cannot express: one Python file each, found without a list.

A mechanism is a function ``mechanism(world, place, strength, values)`` that is called each month while its measure has
strength above 0 in a place, before levers settle. It may pull levers and read what the agents have counted; it never
writes an outcome.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from ecosystem.kernel.registry import Registry

Mechanism = Callable[[Any, int, float, Mapping[str, float]], None]

MECHANISMS: Registry[Mechanism] = Registry("mechanism")


def mechanism(name: str) -> Callable[[Mechanism], Mechanism]:
    """Register a function as the mechanism ``name``."""
    return MECHANISMS.register(name)


@cache
def known_mechanisms() -> Registry[Mechanism]:
    """Return all mechanisms by name: those of this folder, then those of other packages."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    for point in sorted(entry_points(group="ecosystem.mechanisms"), key=lambda p: p.name):
        point.load()
    return MECHANISMS
