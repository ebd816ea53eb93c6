"""Before any test loads NumPy: the same bytes on every processor."""

from __future__ import annotations

from ecosystem.kernel import platform as _platform  # noqa: F401
