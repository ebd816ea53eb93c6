"""Registries filled by decorators at import: find a thing by name, or be told the nearest one."""

from __future__ import annotations

from collections.abc import Callable

from ecosystem.kernel.errors import unknown


class Registry[T](dict[str, T]):
    """A mapping name -> thing that refuses duplicates and answers a typo with the nearest name."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def add(self, name: str, thing: T) -> T:
        """Register ``thing``; raise ValueError if the name is taken."""
        if name in self:
            raise ValueError(f"{self.kind} {name!r} is already registered ({self[name]!r})")
        self[name] = thing
        return thing

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates."""
        return lambda thing: self.add(name, thing)

    def __missing__(self, name: str) -> T:
        raise unknown(self.kind, name, self)
