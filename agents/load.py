"""The nine classes of agents, and the handles that Mesa sees."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import numpy as np

import agents
from agents.assertion_entity import AssertionEntity
from agents.court import Court
from agents.firm import Firm
from agents.government import Government
from agents.handle import Handle
from agents.intermediary import Intermediary
from agents.inventor import Inventor
from agents.investor import Investor
from agents.patent_office import PatentOffice
from agents.university import University

if TYPE_CHECKING:
    from ecosystem.world import World

CLASSES: tuple[type[Handle], ...] = (
    Firm, University, Inventor, PatentOffice, Court, Investor, AssertionEntity, Government, Intermediary,
)  # fmt: skip

for _module in pkgutil.walk_packages(agents.__path__, "agents."):
    # every file of agents may register rules and indicators; there is no list to edit
    importlib.import_module(_module.name)


def synchronize(world: World) -> None:
    """Give every living row a handle and remove the handles of rows that left."""
    seen: dict[type[Handle], dict[int, Handle]] = world.__dict__.setdefault("_handle_of", {})
    for kind in CLASSES:
        table = getattr(world, kind.table)
        rows = np.arange(table.n)
        if kind.kinds:
            rows = rows[np.isin(table.kind, kind.kinds)]
        for column in ("alive", "active"):
            if column in table.columns:
                rows = rows[getattr(table, column)[rows]]
        mine = seen.setdefault(kind, {})
        living = set(rows.tolist())
        for slot in [s for s in mine if s not in living]:
            mine.pop(slot).remove()
        for slot in rows.tolist():
            if slot not in mine:
                mine[slot] = kind(world, slot)
