"""Duplicated research: what was made before by somebody else, and how often a search finds that in time.

An invention is a duplicate if its inventive step lies below ``invention.duplicate_step`` and its closest predecessor is a
published invention of another owner. Inventors who find the predecessor before they begin take up another idea: the step is
drawn once more. How many find it beyond the usual is ``science.findability``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.indicators import flow, ratio

if TYPE_CHECKING:
    from ecosystem.world import World

ratio("duplicate_inventions_share", "share",
      "inventions that an earlier, findable invention of another owner had already made / inventions", -1,
      "duplicate_inventions", "inventions")  # fmt: skip
flow(
    "ideas_given_up_after_search",
    "inventions",
    "ideas given up because a search found that they had been made before",
    0,
)


def is_duplicate(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return whether inventions repeat a published invention of another owner, bool (n,)."""
    inv = world.inventions
    before = inv.parent1[inventions]
    known = (inv.novelty[inventions] < world.p["invention.duplicate_step"]) & (before >= 0)
    known &= inv.published[before] <= world.month
    return np.asarray(known & (inv.owner[before] != inv.owner[inventions]))


def search_before(world: World, inventions: np.ndarray) -> None:
    """Let makers of new inventions find out in time, and count the duplicates that are left.

    Args:
        inventions: slots of new inventions, int (n,).
    """
    inv = world.inventions
    twin = inventions[is_duplicate(world, inventions)]
    find = world.levers["science.findability"]
    if find.any() and len(twin):
        place, uid = inv.jurisdiction[twin].astype(np.int64), inv.uid[twin]
        found = twin[world.draw.bernoulli("invention.found_before", uid, find[place])]
        uid = inv.uid[found]
        first, second = (world.draw.normal(name, uid) for name in ("invention.novelty", "invention.second_idea"))
        inv.novelty[found] += (second - first).astype(np.float32)
        world.tally.add("ideas_given_up_after_search", inv.jurisdiction[found].astype(np.int64), world.scale)
        twin = twin[is_duplicate(world, twin)]
    world.tally.add("duplicate_inventions", inv.jurisdiction[twin].astype(np.int64), world.scale, inv.sector[twin])
