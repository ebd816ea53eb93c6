"""What published applications teach: citations that they receive from inventions of other owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.indicators import ratio
from ecosystem.domain.potential import FF8, I1, I4, I8, f8, i8
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

WINDOW_MONTHS = 60
"""Citations count for five years from publication (definition of the indicator)."""

ratio("disclosure_citations", "per application",
      "citations from inventions of other owners within five years of publication / inventions filed", 1,
      "disclosed_citations", "families")  # fmt: skip


@nb.njit(nb.void(I8, i8, I4, I4, I4, I4, I4, I1, I1, f8, FF8), cache=True)
def _count(
    new: np.ndarray, month: int, owner: np.ndarray, one: np.ndarray, two: np.ndarray, three: np.ndarray,
    published: np.ndarray, seat: np.ndarray, sector: np.ndarray, scale: float, citations: np.ndarray,
) -> None:  # fmt: skip
    for i in new:
        for k in range(3):
            at = one[i] if k == 0 else (two[i] if k == 1 else three[i])
            if at >= 0 and owner[at] != owner[i] and 0 <= month - published[at] < WINDOW_MONTHS:
                citations[seat[at], sector[at]] += scale


@rule("invention", "invention.count_disclosed", after="invention.arrive")
def count_disclosed(world: World) -> None:
    """Count the citations of this month's inventions to what others published in the last five years."""
    inv = world.inventions
    _count(
        np.asarray(world.new_inventions, dtype=np.int64), world.month, inv.owner, inv.parent1, inv.parent2, inv.parent3,
        inv.published, inv.jurisdiction, inv.sector, world.scale, world.tally["disclosed_citations"],
    )  # fmt: skip
