"""What is created besides technical inventions: programs, plant varieties, layouts of circuits.

An invention made in a field where another nature occurs is of that nature with the chance ``a_s`` of its sector
(columns ``software_share``, ``variety_share``, ``layout_share``; fields in ``ecosystem/data/fields.toml``): what a sector
makes and the field it works in decide together, so moving R&D between sectors or fields moves the natures. Designs and
brands are created when a product is launched (``agents.firm.signs``), management innovations by organizations
(``agents.firm.manage``); scientific results are the science stock (``ecosystem.domain.science``).
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.fields import FILE
from ecosystem.domain.indicators import TALLIES, flow, ratio
from ecosystem.domain.knowledge import NATURES
from ecosystem.domain.potential import FFF8, I1, I4, I8, B, f8
from ecosystem.kernel.luck import u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

COUNTED = (
    "technical", "small_technical", "software", "design", "brand", "plant_variety", "chip_layout", "organizational",
)  # fmt: skip
"""Natures that are counted one by one; scientific results are a stock."""
DRAWN = {"software": "software_share", "plant_variety": "variety_share", "chip_layout": "layout_share"}
"""Natures drawn at conception, and the column of the sector that holds their chance."""
TECHNICAL = NATURES.index("technical")
_WORDS = {
    "technical": "technical inventions", "small_technical": "small technical inventions", "software": "programs",
    "design": "designs of products", "brand": "brands", "plant_variety": "plant varieties",
    "chip_layout": "layouts of circuits", "organizational": "management innovations",
}  # fmt: skip

for _name in COUNTED:
    flow(f"creations_{_name}", "creations", f"{_WORDS[_name]} created", 0)
    ratio(f"share_of_creations_{_name}", "share", f"{_WORDS[_name]} / creations of all natures", 0,
          f"creations_{_name}", "creations")  # fmt: skip
_TALLIES = np.array([TALLIES[f"creations_{name}"] if name in COUNTED else -1 for name in NATURES])


def fields_of(world: World) -> dict[str, np.ndarray]:
    """Return the fields in which each nature occurs, bool (F,) by nature."""
    out = {}
    for nature, names in _field_names().items():
        out[nature] = np.zeros(world.F, np.bool_)
        out[nature][[world.fields.index(name) for name in names]] = True
    return out


@cache
def _field_names() -> dict[str, tuple[str, ...]]:
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))["natures"]
    return {nature: tuple(raw[nature]) for nature in DRAWN}


def chances(world: World) -> np.ndarray:
    """Return the chance that an invention is of each nature of DRAWN, by sector and field, float64 (natures, S, F)."""
    where = fields_of(world)
    return np.stack([np.outer(world.sectors[column], where[nature]) for nature, column in DRAWN.items()])


@rule("invention", "invention.nature", after="invention.arrive")
def set_natures(world: World) -> None:
    """Draw the nature of this month's inventions; those of the rest of the world are what it files, patents."""
    slots = np.asarray(world.new_inventions, dtype=np.int64)
    if not len(slots):
        return
    inv = world.inventions
    if world.nature_chances is None:
        world.nature_chances = chances(world)
    _draw(
        slots, world.nature_chances, np.array([NATURES.index(name) for name in DRAWN]), inv.uid, inv.owner, inv.sector, inv.field,
        world.orgs.passive, world.draw.key("invention.nature"), inv.nature,
    )  # fmt: skip
    _count(
        slots, inv.nature, inv.jurisdiction, inv.sector, world.scale, _TALLIES, TALLIES["creations"], world.tally.values
    )


@nb.njit(nb.void(I8, FFF8, I8, I8, I4, I1, I1, B, nb.uint64, I1), cache=True)
def _draw(
    slots: np.ndarray, chance: np.ndarray, code: np.ndarray, uid: np.ndarray, owner: np.ndarray, sector: np.ndarray,
    field: np.ndarray, passive: np.ndarray, key: np.uint64, nature: np.ndarray,
) -> None:  # fmt: skip
    """Set the nature of technical inventions: one uniform against the running sum of the chances."""
    for k in slots:
        if nature[k] != TECHNICAL or passive[owner[k]]:
            continue
        u, total = u01(np.uint64(uid[k]), key), 0.0
        for n in range(len(code)):
            total += chance[n, sector[k], field[k]]
            if u < total:
                nature[k] = code[n]
                break


@nb.njit(nb.void(I8, I1, I1, I1, f8, I8, nb.int64, FFF8), cache=True)
def _count(
    slots: np.ndarray, nature: np.ndarray, place: np.ndarray, sector: np.ndarray, scale: float, at: np.ndarray,
    every: int, tally: np.ndarray,
) -> None:  # fmt: skip
    """Count inventions by nature where they were made."""
    for k in slots:
        row = at[nature[k]]
        if row >= 0:
            tally[row, place[k], sector[k]] += scale
            tally[every, place[k], sector[k]] += scale
