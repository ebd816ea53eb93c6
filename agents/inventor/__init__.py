"""Inventors: they enter, learn, move, migrate and retire; how many there are decides what R&D money buys."""

from __future__ import annotations

from agents.handle import Handle


class Inventor(Handle):
    """An inventor, standing for ``scale`` real researchers."""

    table = "inventors"


from agents.inventor import growth, hiring, migration, wages  # noqa: E402, F401 (rules register themselves)
from agents.inventor.population import open_inventors  # noqa: E402, F401
