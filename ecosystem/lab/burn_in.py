"""A burn-in is simulated once and shared: policies act from the start of the horizon only, so the sharing is exact."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario
    from ecosystem.world import World


def settled(
    scenario: Scenario,
    seed: int,
    kept: MutableMapping[str, bytes],
    watch: Callable[[int, int], None] | None = None,
) -> World:
    """Return a world at the start of its horizon, bit for bit ``World(scenario, seed)``.

    Args:
        kept: frozen worlds of this seed by ``Scenario.burn_in_key``, read and filled.
        watch: told (months done, months in all) of a burn-in that must be simulated.
    """
    from ecosystem.world import World

    key = scenario.burn_in_key()
    if key not in kept:
        kept[key] = World(scenario.without_policy(), seed, progress=watch).frozen()
    return World.forked(kept[key], scenario)
