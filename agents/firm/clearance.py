"""Freedom to operate: license, invent around, infringe or drop when others' rights stand in the way.

With S the gain of using a technology free of rights, the user weighs
- inventing around: a geometric number of tries, each again under the claims with chance ``breadth``;
- infringing: detection x proof x validity, times damages and the value lost to an injunction, plus legal cost, against
  an owner whose threat is credible; a share of users refrains by custom (``enforcement.refrain``);
- a license from each of the n owners: both sides must meet, and see values with noise; each owner asks its loss plus
  S / (n + 1) (Nash shares among n owners and the user) plus transaction cost. The deal stands if what is left beats the
  user's best alternative. Failure grows with n without being typed in (Shapiro 2001; Heller & Eisenberg 1998).
A user who does not know of a right goes ahead and infringes unknowingly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from ecosystem.domain.ledgers import ROUTES
from ecosystem.kernel.luck import fold

if TYPE_CHECKING:
    from ecosystem.world import World

FREE, LICENSE, PURCHASE, AROUND, INFRINGE, DROP = range(len(ROUTES))


@dataclass(frozen=True, slots=True)
class Clearance:
    """How each user got clear.

    Attributes:
        route: code of ``ROUTES``, int64 (n,).
        price: what is paid to each owner, M USD2020 for one real use, float64 (n, k).
        net: gain left to the user, M USD2020 for one real use, float64 (n,).
        aware: the user knew of the rights, bool (n,).
        wanted: the user looked for a license, bool (n,).
        redress: chance that an infringer is stopped or pays, float64 (n,).
    """

    route: np.ndarray
    price: np.ndarray
    net: np.ndarray
    aware: np.ndarray
    wanted: np.ndarray
    redress: np.ndarray


def clear(
    world: World,
    key: np.ndarray,
    users: np.ndarray,
    gain: np.ndarray,
    rights: np.ndarray,
    loss: np.ndarray,
    redesign: np.ndarray,
) -> Clearance:
    """Decide for users whose technology reads on rights of others.

    Args:
        key: identities of the decisions, int64 (n,).
        users: organizations, int (n,).
        gain: present value of using the technology, net of its other cost, M USD2020 for one real use, float64 (n,).
        rights: blocking rights, int (n, k), -1 for none; at least one per row.
        loss: present value that each owner loses if the user sells, float64 (n, k).
        redesign: cost of one try to invent around, M USD2020, float64 (n,).
    """
    p, levers, orgs, table = world.p, world.levers, world.orgs, world.rights
    draw = world.draw
    k = rights.shape[1]
    place = orgs.jurisdiction[users].astype(np.int64)
    real = rights >= 0
    rows = np.maximum(rights, 0)
    owner = table.owner[rows]
    n_owners = np.maximum(real.sum(axis=1), 1)
    keys = fold(np.repeat(key, k), np.tile(np.arange(k) + 1, len(key)))

    breadth = np.clip(table.breadth[rows], 0.0, 0.99)
    u = draw.uniform("clearance.tries", keys).reshape(-1, k)
    tries = np.where(real, np.maximum(1.0, np.ceil(np.log(u) / np.log(np.maximum(breadth, 1e-6)))), 0.0).sum(axis=1)
    around = np.where(tries <= p["development.redesign_tries"] * n_owners, gain - tries * redesign, -np.inf)

    years = np.minimum(1.0 / world.valuation.decay[np.maximum(orgs.sector[users], 0)], 10.0)
    caught = 1.0 - np.exp(-levers["enforcement.detection"][place] * levers["law.enforcement"][place] * years)
    record = np.minimum(1.0, 0.1 * orgs.enforcement_record[owner].max(axis=1, initial=0.0, where=real))
    caught = caught + (1.0 - caught) * record * 0.5
    stakes = np.maximum(gain, 0.0)
    cost = levers["court.cost"][place] * stakes**0.6 + levers["court.hurdle"][place]
    award = 0.5 * stakes * p["adoption.royal"] * levers["court.damages"][place]
    credible = award + 0.3 * levers["court.injunction"][place] * stakes > cost
    caught = np.where(credible, caught * (1.0 - levers["court.agreeable_share"][place]), 0.0)
    none = (1.0 - caught) ** n_owners
    harm = (
        0.5 * (p["adoption.royal"] * levers["court.damages"][place] + 0.5 * levers["court.injunction"][place]) * stakes
    )
    infringe = gain - (1.0 - none) * (harm + cost)
    refrains = draw.bernoulli("clearance.refrain", key, levers["enforcement.refrain"][place])
    infringe_willing = np.where(refrains, -np.inf, infringe)
    outside = np.maximum(np.maximum(around, infringe_willing), 0.0)

    meets = (
        draw.uniform("clearance.meet", keys).reshape(-1, k)
        < np.minimum(0.98, p["adoption.meet"] * levers["transfer.matching"][place])[:, None]
    )
    noise = levers["transfer.valuation_noise"][place]
    surplus = (
        gain - outside - np.where(real, loss, 0.0).sum(axis=1) - n_owners * levers["transfer.transaction_cost"][place]
    )
    error_owner = ndtri(draw.uniform("clearance.owner_error", keys)).reshape(-1, k)
    error_user = draw.normal("clearance.user_error", key)
    ask = np.where(
        real,
        loss
        + np.maximum(surplus, 0.0)[:, None] * np.exp(noise[:, None] * error_owner) / (n_owners + 1.0)[:, None]
        + 0.5 * levers["transfer.transaction_cost"][place][:, None],
        0.0,
    )
    seen = (gain - outside) * np.exp(0.5 * noise * error_user)
    willing = (surplus > 0.0) & np.where(real, meets, True).all(axis=1) & (ask.sum(axis=1) <= seen)

    aware = draw.bernoulli("clearance.search", key, orgs.awareness[users] * p["adoption.search"])
    route = np.where(around >= infringe_willing, AROUND, INFRINGE)
    route = np.where(outside <= 0.0, DROP, route)
    route = np.where(willing, LICENSE, route)
    route = np.where(aware, route, np.where(gain > 0.0, INFRINGE, DROP))
    licensed = route == LICENSE
    price = np.where(licensed[:, None], ask, 0.0)
    net = np.select(
        [licensed, route == AROUND, route == INFRINGE],
        [gain - price.sum(axis=1), around, infringe],
        0.0,
    )
    return Clearance(route, price, net, aware, aware & (surplus > 0.0), 1.0 - none)
