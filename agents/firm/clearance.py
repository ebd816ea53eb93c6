"""Freedom to operate: license, invent around, infringe or drop when others' rights stand in the way.

With S the gain of using a technology free of rights, the user weighs
- inventing around: a geometric number of tries, each again under the claims with chance ``breadth``;
- infringing: detection x proof x validity, times damages and the value lost to an injunction, plus the legal cost that no
  insurer bears, against an owner whose threat is credible; a share of users refrains by custom (``enforcement.refrain``);
- a license from each of the n owners: both sides must meet, and see values with noise; each owner asks its loss plus
  S / (n + 1) (Nash shares among n owners and the user) plus transaction cost. The deal stands if what is left beats the
  user's best alternative. Failure grows with n without being typed in (Shapiro 2001; Heller & Eisenberg 1998).
A user who does not know of a right, by its own search or by a warning, goes ahead and infringes unknowingly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.insurer import insured
from ecosystem.domain.ledgers import ROUTES
from ecosystem.domain.potential import F4, F8, FF8, I1, I4, I8, II8, B, f8
from ecosystem.domain.switches import all_meet, friction, never_sue
from ecosystem.kernel.luck import inverse_normal, pair, u01

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
    p, levers, orgs, table, draw = world.p, world.levers, world.orgs, world.rights, world.draw
    return Clearance(
        *_clear(
            np.ascontiguousarray(key, dtype=np.int64), np.ascontiguousarray(users, dtype=np.int64),
            np.ascontiguousarray(gain), np.ascontiguousarray(rights, dtype=np.int64), np.ascontiguousarray(loss),
            np.ascontiguousarray(redesign), table.owner, table.breadth, orgs.jurisdiction, orgs.sector, orgs.awareness,
            orgs.enforcement_record, 1.0 - insured(world, users), world.valuation.decay,
            levers["enforcement.detection"], levers["law.enforcement"],
            levers["court.cost"], levers["court.hurdle"], levers["court.damages"], levers["court.injunction"],
            never_sue(world), levers["enforcement.refrain"], all_meet(world, levers["awareness.warning"]),
            all_meet(world, levers["transfer.matching"]),
            friction(world, "transfer.valuation_noise"), friction(world, "transfer.transaction_cost"),
            p["development.redesign_tries"],
            p["adoption.royal"], all_meet(world, p["adoption.meet"]), p["adoption.search"], p["clearance.merit"],
            p["clearance.threat"], p["clearance.injunction_loss"], p["clearance.record"], p["clearance.record_limit"],
            draw.key("clearance.tries"), draw.key("clearance.refrain"), draw.key("clearance.meet"),
            draw.key("clearance.owner_error"), draw.key("clearance.user_error"), draw.key("clearance.search"),
        )
    )  # fmt: skip


@nb.njit(
    nb.types.Tuple((I8, FF8, F8, B, B, F8))(
        I8, I8, F8, II8, FF8, F8, I4, F4, I1, I1, F8, F8, F8, F8, *(F8,) * 12, *(f8,) * 9, *(nb.uint64,) * 6
    ),
    cache=True,
)  # fmt: skip
def _clear(
    key: np.ndarray, users: np.ndarray, gain: np.ndarray, rights: np.ndarray, loss: np.ndarray, redesign: np.ndarray,
    owner: np.ndarray, breadth: np.ndarray, seat: np.ndarray, sector: np.ndarray, awareness: np.ndarray,
    record: np.ndarray, borne: np.ndarray, decay: np.ndarray, detection: np.ndarray, enforcement: np.ndarray,
    court_cost: np.ndarray, hurdle: np.ndarray, damages: np.ndarray, injunction: np.ndarray, agreeable: np.ndarray,
    refrain: np.ndarray, warning: np.ndarray, matching: np.ndarray, valuation_noise: np.ndarray,
    transaction: np.ndarray, most_tries: float, royal: float, meet: float, search: float, merit: float, threat: float,
    injunction_loss: float, per_suit: float, record_limit: float, key_tries: np.uint64, key_refrain: np.uint64,
    key_meet: np.uint64, key_owner: np.uint64, key_user: np.uint64, key_search: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return the columns of ``Clearance``; one row after the other as the module describes."""
    n, k = rights.shape
    route, price, net = np.empty(n, np.int64), np.zeros((n, k)), np.zeros(n)
    aware, wanted, redress = np.empty(n, np.bool_), np.empty(n, np.bool_), np.empty(n)
    ask = np.empty(k)
    for i in range(n):
        me, user, S = np.uint64(key[i]), users[i], gain[i]
        j = seat[user]
        owners, tries, losses, known = 0, 0.0, 0.0, 0.0
        for c in range(k):
            r = rights[i, c]
            if r < 0:
                continue
            owners += 1
            # a geometric number of tries, each under the claims again with chance ``breadth``
            width = min(max(np.float64(breadth[r]), 0.0), 0.99)
            u = u01(pair(me, np.uint64(c + 1)), key_tries)
            tries += max(1.0, np.ceil(np.log(u) / np.log(max(width, 1e-6))))
            losses += loss[i, c]
            known = max(known, record[owner[r]])
        owners = max(owners, 1)
        around = S - tries * redesign[i] if tries <= most_tries * owners else -np.inf

        # infringing: caught x (harm + cost), where the owner's threat to sue is credible
        years = min(1.0 / decay[max(sector[user], 0)], 10.0)
        caught = 1.0 - np.exp(-detection[j] * enforcement[j] * years)
        caught = caught + (1.0 - caught) * min(1.0, per_suit * known) * record_limit
        stakes = max(S, 0.0)
        cost = court_cost[j] * stakes**0.6 + hurdle[j]
        credible = merit * stakes * royal * damages[j] + threat * injunction[j] * stakes > cost
        caught = caught * (1.0 - agreeable[j]) if credible else 0.0
        none = (1.0 - caught) ** float(owners)
        harm = merit * (royal * damages[j] + injunction_loss * injunction[j]) * stakes
        infringe = S - (1.0 - none) * (harm + borne[i] * cost)
        willing_to_infringe = -np.inf if u01(me, key_refrain) < refrain[j] else infringe
        outside = max(max(around, willing_to_infringe), 0.0)

        # a license: every owner asks its loss + a Nash share of the surplus; what is left must beat the outside option
        surplus = S - outside - losses - owners * transaction[j]
        licensed = False
        total = 0.0
        if surplus > 0.0:
            licensed = True
            chance = min(1.0 if meet >= 1.0 else 0.98, meet * matching[j])
            for c in range(k):
                ask[c] = 0.0
                if rights[i, c] >= 0:
                    it = pair(me, np.uint64(c + 1))
                    licensed = licensed and u01(it, key_meet) < chance
                    error = np.exp(valuation_noise[j] * inverse_normal(u01(it, key_owner)))
                    ask[c] = loss[i, c] + surplus * error / (owners + 1.0) + 0.5 * transaction[j]
                    total += ask[c]
            if licensed:
                error = inverse_normal(u01(me, key_user))
                licensed = total <= (S - outside) * np.exp(0.5 * valuation_noise[j] * error)

        finds = awareness[user] * search
        aware[i] = u01(me, key_search) < finds + (1.0 - finds) * warning[j]
        wanted[i] = aware[i] and surplus > 0.0
        redress[i] = 1.0 - none
        if not aware[i]:
            route[i] = INFRINGE if S > 0.0 else DROP
        elif licensed:
            route[i] = LICENSE
        elif outside <= 0.0:
            route[i] = DROP
        else:
            route[i] = AROUND if around >= willing_to_infringe else INFRINGE
        if route[i] == LICENSE:
            price[i] = ask
            net[i] = S - total
        elif route[i] == AROUND:
            net[i] = around
        elif route[i] == INFRINGE:
            net[i] = infringe
    return route, price, net, aware, wanted, redress
