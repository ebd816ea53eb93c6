"""Purchase instead of license: an owner who does not sell in the market itself may pass on the right as a whole.

To an owner without sales in the line a right is worth the royalties it brings, k = share x V; to the user who takes it over it
is worth V, for it keeps others out of its own sales and collects from them. Where V > k + cost of the deal both prefer an
assignment to the license they have just agreed on; they meet in the middle, price = license price + (V + k) / 2, if the
user has the money at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.attempts import LINE, RIGHT, SEAT, TECH, USER, sells_already
from agents.firm.clearance import LICENSE, Clearance
from agents.firm.licensing import pay_license
from agents.organizations import affordable
from agents.transfer.deals import SALE, reassign
from ecosystem.domain import valuation

if TYPE_CHECKING:
    from ecosystem.world import World


def prefers_assignment(
    worth: np.ndarray, keep: np.ndarray, price: np.ndarray, cost: np.ndarray, money: np.ndarray
) -> np.ndarray:
    """Return where both sides prefer an assignment, bool (n,).

    Args:
        worth: V, worth of the right to a user, M USD2020 of one real right, float64 (n,).
        keep: k, worth to an owner who only licenses.
        price: price of the license agreed on.
        cost: cost of the deal.
        money: what the user can pay for one real right.
    """
    return np.asarray((worth > keep + cost) & (price + 0.5 * (worth + keep) + cost <= money))


def assignments(
    world: World, rows: np.ndarray, clash: np.ndarray, technical: np.ndarray, cleared: Clearance, forced: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (positions in ``clash`` that become purchases, their prices, M USD2020 of one real right).

    Args:
        rows: attempts (see ``attempts.weigh``); clash: those that met a right, int64 (n,).
        technical: the right is one on the technology, bool (n,).
        cleared: how they got clear; forced: by a compulsory license, bool (n,).
    """
    none = np.zeros(0, np.int64), np.zeros(0)
    at = np.flatnonzero((cleared.route == LICENSE) & technical & ~forced)
    if not len(at):
        return none
    rights, orgs, uses, p = world.rights, world.orgs, world.uses, world.p
    right, tech = rows[RIGHT, clash[at]], rows[TECH, clash[at]]
    owner = rights.owner[right].astype(np.int64)
    free = ~rights.pledged[right] & ~rights.pooled[right] & ~rights.sep[right]
    free &= (world.inventions.owner[tech] == owner) & (rights.invention[right] == tech)
    free &= orgs.alive[owner] & ~orgs.passive[owner] & ~orgs.passive[rows[USER, clash[at]]]
    at, right, owner = at[free], right[free], owner[free]
    lines = np.ascontiguousarray(rows[LINE, clash[at]])
    idle = ~sells_already(lines, owner, world.lines.first_use, uses.next_use, uses.active, uses.user)
    _, first = np.unique(right, return_index=True)
    idle &= np.isin(np.arange(len(right)), first)
    at, right = at[idle], right[idle]
    if not len(at):
        return none
    user, seat = rows[USER, clash[at]], rows[SEAT, clash[at]]
    worth = valuation.right_present_value(world, right)
    keep, price = p["assignment.licensor_share"] * worth, cleared.price[at, 0]
    cost = world.levers["transfer.transaction_cost"][seat]
    money = p["transfer.cash_part"] * affordable(world, user) * orgs.weight[user] / world.scale
    both = prefers_assignment(worth, keep, price, cost, money)
    return at[both], (price + 0.5 * (worth + keep))[both]


def take_over(world: World, tech: np.ndarray, users: np.ndarray, rights: np.ndarray, price: np.ndarray) -> None:
    """Pay for technologies and their families, enter the sales in the ledger and pass on what licensees owe.

    Args:
        tech, users, rights: inventions, buyers, the rights that were in their way, int64 (n,).
        price: M USD2020 of one real right, float64 (n,).
    """
    inv, orgs, uses, tally, scale = world.inventions, world.orgs, world.uses, world.tally, world.scale
    seller = inv.owner[tech].astype(np.int64)
    seats = orgs.jurisdiction[users].astype(np.int64)
    world.deals.add(
        len(tech), month=world.month, kind=SALE, giver=seller, taker=users, right=rights, invention=tech,
        field=inv.field[tech], from_place=orgs.jurisdiction[seller], to_place=seats, upfront=price, exclusive=True,
        joint=inv.partner[tech] >= 0,
    )  # fmt: skip
    pay_license(world, users, seller, price)
    room = affordable(world, users) * orgs.weight[users]
    cost = np.minimum(world.levers["transfer.transaction_cost"][seats] * scale, room)
    world.accounts.pay("deal_cost", "organizations", users, "services", seats, cost, place=seats)
    tally.add("license_and_sale_deals", seats, scale, inv.sector[tech])
    reassign(world, tech, users)
    for line, old, new in zip(inv.line[tech].tolist(), seller.tolist(), users.tolist(), strict=True):
        use = int(world.lines.first_use[line])
        while use >= 0:
            if uses.licensor[use] == old:
                uses.licensor[use] = new
            use = int(uses.next_use[use])
