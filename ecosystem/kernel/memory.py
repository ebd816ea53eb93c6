"""What rules keep on a world between months: made when first asked for, pickled with the world, freed with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def remembered[T](owner: Any, name: str, make: Callable[[], T]) -> T:
    """Return what is kept under ``name`` on a world (or a table of it), made by ``make`` when first asked for."""
    kept: dict[str, Any] = owner.__dict__
    if name not in kept:
        kept[name] = make()
    found: T = kept[name]
    return found


def recalled(owner: Any, name: str) -> Any:
    """Return what is kept under ``name``, or None where nobody has asked for it yet."""
    return owner.__dict__.get(name)


def of_the_month[T](world: Any, name: str, compute: Callable[[], T]) -> T:
    """Return ``compute()`` as it was when first asked for in this month."""
    kept: tuple[int, T] | None = recalled(world, name)
    if kept is None or kept[0] != world.month:
        kept = world.__dict__[name] = (world.month, compute())
    return kept[1]
