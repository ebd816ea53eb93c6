"""Switches on mechanisms: each is a parameter ``switch.<name>`` of 0 or 1, and 1 is the world as it is, bit for bit.

A switched-off mechanism is left out where it belongs, in the rule that owns it; nothing else is adjusted. They show why
models of protection disagree: which mechanism is left out decides whether stronger rights help (findings on the balance of
protection). Levers that carry a mechanism are read through the functions here by all who read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ecosystem.world import World


def off(world: World, name: str) -> bool:
    """Return whether a mechanism is switched off."""
    return bool(world.p[f"switch.{name}"] < 0.5)


def friction(world: World, lever: str) -> np.ndarray:
    """Return a lever that measures a friction of licensing (cost of a deal, errors of valuation), float64 (J,).

    All zero where markets for licenses are perfect (``switch.licensing_frictions`` = 0).
    """
    value = world.levers[lever]
    return np.zeros_like(value) if off(world, "licensing_frictions") else value


def all_meet[Chance: (float, np.ndarray)](world: World, chance: Chance) -> Chance:
    """Return chances that owner and user find each other: all 1 where markets for licenses are perfect."""
    if not off(world, "licensing_frictions"):
        return chance
    return np.ones_like(chance) if isinstance(chance, np.ndarray) else 1.0


def never_sue(world: World) -> np.ndarray:
    """Return the share of owners who never sue, float64 (J,): all of them with ``switch.litigation`` = 0."""
    value = world.levers["court.agreeable_share"]
    return np.ones_like(value) if off(world, "litigation") else value


def filing_fee(world: World) -> np.ndarray:
    """Return the office's fee for a patent application, M USD2020, float64 (J,): none with ``switch.examination`` = 0."""
    value = world.levers["office.filing_fee"]
    return np.zeros_like(value) if off(world, "examination") else value
