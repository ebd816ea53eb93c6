"""Firms: budget, invent, protect, develop, sell, adopt, grow, enter and leave."""

from __future__ import annotations

from agents.handle import Handle
from agents.organizations import FIRM


class Firm(Handle):
    """A firm (or ``weight`` equal firms) that does R&D."""

    table = "orgs"
    kinds = (FIRM,)
