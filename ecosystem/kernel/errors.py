"""Errors that speak to a policymaker: what, where, allowed values, nearest match, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """A user's mistake, told in one readable paragraph; commands answer it with exit code 2.

    Args:
        what: the mistake in one sentence.
        where: file, key or option that holds it.
        allowed: what would have been accepted.
        nearest: the closest accepted value, if any is close.
        do: what to do next.
    """

    def __init__(self, what: str, *, where: str = "", allowed: str = "", nearest: str = "", do: str = "") -> None:
        parts = [what.rstrip(".") + "."]
        if where:
            parts.append(f"Where: {where}.")
        if allowed:
            parts.append(f"Allowed: {allowed}.")
        if nearest:
            parts.append(f"Nearest match: {nearest}.")
        if do:
            parts.append(do.rstrip(".") + ".")
        super().__init__(" ".join(parts))


def nearest(name: str, known: Iterable[str], n: int = 3) -> str:
    """Return up to ``n`` known names closest to ``name``, comma-separated, or an empty string."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n, cutoff=0.5)
    if not close:
        tail = name.rsplit(".", 1)[-1]
        close = [k for k in known if tail and tail in k][:n]
    return ", ".join(close)


def listing(names: Iterable[str], most: int = 12) -> str:
    """Return names as one short readable list."""
    names = sorted(names)
    text = ", ".join(names[:most])
    return text + (f" and {len(names) - most} more" if len(names) > most else "")


def unknown(kind: str, name: object, known: Iterable[str], *, where: str = "", do: str = "") -> InputError:
    """Return the error for a name nobody knows, with the nearest match."""
    known = list(known)
    return InputError(
        f"There is no {kind} named {str(name)!r}",
        where=where,
        allowed=listing(known),
        nearest=nearest(str(name), known),
        do=do,
    )
