"""Compulsory licenses: a user whom an owner refused, and who has no other way, gets leave at a set royalty.

Where the law gives them reach (``law.compulsory_license``), a refused user with a gain S left after the royalty to each
owner (``law.compulsory_royalty`` x S) and the cost of the procedure gets the license. The owner is paid, yet one more user
sells: what exclusion is worth in its experience falls by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.clearance import DROP, LICENSE, Clearance
from ecosystem.domain.indicators import flow
from ecosystem.domain.switches import friction

if TYPE_CHECKING:
    from ecosystem.world import World

flow("compulsory_licenses", "deals", "licenses granted against the owner's will, at the user's place", 0)


def force(
    world: World, key: np.ndarray, users: np.ndarray, gain: np.ndarray, rights: np.ndarray, cleared: Clearance
) -> np.ndarray:
    """Give refused users compulsory licenses: writes route, price and net of ``cleared``; return who got one, bool (n,).

    Args:
        key: identities of the decisions, int64 (n,).
        users: organizations, int (n,).
        gain: present value of using the technology, M USD2020 for one real use, float64 (n,).
        rights: blocking rights, int (n, k), -1 for none.
    """
    reach = world.levers["law.compulsory_license"]
    if not (reach > 0.0).any():
        return np.zeros(len(users), np.bool_)
    seat = world.orgs.jurisdiction[users].astype(np.int64)
    real = rights >= 0
    each = world.levers["law.compulsory_royalty"][seat] * np.maximum(gain, 0.0)
    left = gain - real.sum(axis=1) * (each + friction(world, "transfer.transaction_cost")[seat])
    forced = (cleared.route == DROP) & cleared.aware & (left > 0.0) & real.any(axis=1)
    forced &= world.draw.bernoulli("clearance.compulsory", key, reach[seat])
    cleared.route[forced] = LICENSE
    cleared.price[forced] = np.where(real, each[:, None], 0.0)[forced]
    cleared.net[forced] = left[forced]
    world.tally.add("compulsory_licenses", seat[forced], world.scale)
    return np.asarray(forced)
