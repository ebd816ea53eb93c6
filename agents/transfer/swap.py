"""Cross licenses: large firms of complex sectors take each other's newest patented product, at no fee."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.organizations import FIRM, SME_EMPLOYEES, affordable
from agents.transfer.bargain import SIDES, prospects, sides, use_of
from agents.transfer.deals import KIND, count_deal, counters
from agents.transfer.listing import LAUNCHED, MONTHS
from agents.transfer.offers import u8
from ecosystem.domain.market import LICENSE, start_use
from ecosystem.domain.potential import F8, I1, I4, I8, R8, B, f8, i8
from ecosystem.domain.switches import friction
from ecosystem.kernel.luck import Pool, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

TURN = 1
"""Month of the quarter in which firms swap."""


@nb.njit(
    nb.types.Tuple((I8, I8, I8))(
        I8, I1, B, B, F8, I1, R8, f8, I1, i8, i8, I8, f8, u8, I4, I1, I4, I4, B, B
    ),
    cache=True,
)  # fmt: skip
def find_seekers(
    on_market: np.ndarray, kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, employees: np.ndarray,
    sector: np.ndarray, rights_per_product: np.ndarray, complex_rights: float, anniversary: np.ndarray, quarter: int,
    months: int, uid: np.ndarray, chance: float, key: np.uint64, owner: np.ndarray, status: np.ndarray,
    right: np.ndarray, line: np.ndarray, in_force: np.ndarray, exclusive: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return (large firms of complex sectors with a product, those of them that seek now, newest product by organization).

    A product is a launched invention of its own under a right in force and not licensed exclusively; -1 for none. A firm
    seeks in the quarter of its anniversary with the chance given.
    """
    newest = np.full(len(kind), -1, np.int64)
    wanted = np.zeros(len(kind), np.bool_)
    missing = 0
    some = False
    for o in range(len(kind)):
        if kind[o] == FIRM and alive[o] and not passive[o] and employees[o] >= SME_EMPLOYEES:
            wanted[o] = rights_per_product[sector[o]] >= complex_rights
            missing += wanted[o]
            if wanted[o] and not some and anniversary[o] // months == quarter:
                some = u01(np.uint64(uid[o]), key) < chance
    if not some:
        missing = 0
    # the newest first: the list ascends; it ends once all have theirs
    for k in range(len(on_market) - 1, -1, -1):
        if missing == 0:
            break
        i = on_market[k]
        o = owner[i]
        if o < 0 or not wanted[o] or newest[o] >= 0 or status[i] != LAUNCHED or line[i] < 0:
            continue
        if right[i] >= 0 and in_force[right[i]] and not exclusive[i]:
            newest[o] = i
            missing -= 1
    firms, seekers = np.empty(len(kind), np.int64), np.empty(len(kind), np.int64)
    n, m = 0, 0
    for o in range(len(kind)):
        if newest[o] < 0:
            continue
        firms[n] = o
        n += 1
        if anniversary[o] // months == quarter and u01(np.uint64(uid[o]), key) < chance:
            seekers[m] = o
            m += 1
    return firms[:n].copy(), seekers[:m].copy(), newest


@nb.njit(B(I8, I8, I8, F8, f8, F8, F8, F8, F8, I4, I4, B, I4, *SIDES), cache=True)
def weigh_swaps(
    one: np.ndarray, two: np.ndarray, newest: np.ndarray, cost: np.ndarray, scale: float, outlay: np.ndarray,
    cash: np.ndarray, credit: np.ndarray, weight: np.ndarray, first_use: np.ndarray, next_use: np.ndarray,
    active: np.ndarray, use_user: np.ndarray, month: int, made: np.ndarray, line: np.ndarray, launched: np.ndarray,
    sector: np.ndarray, potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray,
    learning: float, protected_by: np.ndarray, seat: np.ndarray, instrument: np.ndarray, sellers_of: np.ndarray,
    alone: np.ndarray, shared: np.ndarray, discount: np.ndarray, hazard: np.ndarray, kept: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return whether both sides of each pair can pay and gain, bool (n,).

    A side gains G (1 - outlay) - U from what it takes and loses L from what it gives, as in ``agents.transfer.bargain``.
    """
    good = np.zeros(len(one), np.bool_)
    gain, given, user, takes = np.empty(2), np.empty(2), np.empty(2, np.int64), np.empty(2, np.int64)
    for k in range(len(one)):
        user[0], user[1] = one[k], two[k]
        takes[0], takes[1] = newest[two[k]], newest[one[k]]
        for side in range(2):
            g, out, given[1 - side] = sides(
                takes[side], user[side], user[1 - side], month, made, line, launched, sector, potential, expected, decay,
                usual, learning, protected_by, seat, instrument, sellers_of, alone, shared, discount, hazard, kept,
            )  # fmt: skip
            gain[side] = g * (1.0 - outlay[0]) - (1.0 - out) * max(0.0, g - outlay[1] * g)
        good[k] = True
        for side in range(2):
            u = user[side]
            price = cost[seat[u]]
            able = max(0.0, cash[u] + credit[u]) * weight[u] >= price * scale
            free = use_of(line[takes[side]], u, first_use, next_use, active, use_user) < 0
            good[k] &= able and free and gain[side] - given[side] > price
    return good


@rule("transfer", "transfer.swap", after="transfer.bargain")
def swap(world: World) -> None:
    """Let large firms of complex sectors cross-license: each takes the other's newest patented product, at no fee.

    Both agree if each gains more than it loses and the cost of the deal. Acts once a quarter: firms seek in the quarter of
    their anniversary, and none signs more than three a quarter.
    """
    if world.month % MONTHS != TURN % MONTHS or not world.rights.n:
        return
    inv, orgs, p, draw, uses = world.inventions, world.orgs, world.p, world.draw, world.uses
    register = world.intermediaries.register
    register.reach(inv.n)
    firms, seekers, newest = find_seekers(
        register.on_market, orgs.kind, orgs.alive, orgs.passive, orgs.employees, orgs.sector,
        world.sectors["rights_per_product"], p["transfer.complex_rights"], orgs.anniversary,
        world.month_of_year // MONTHS, MONTHS, orgs.uid, p["transfer.swap_share"], draw.key("transfer.swap"), inv.owner,
        inv.status, inv.right, inv.line, world.rights.in_force, register.exclusive,
    )  # fmt: skip
    if not len(seekers):
        return
    sector = orgs.sector[firms].astype(np.int64)
    pool = Pool.of(firms, orgs.uid[firms], sector, world.S, orgs.rd[firms])
    who = orgs.uid[seekers]
    partner = draw.partner("transfer.swap_partner", who, orgs.sector[seekers], pool, avoid=who)
    seekers, partner = seekers[partner >= 0], partner[partner >= 0]
    if not len(seekers):
        return
    good = weigh_swaps(
        seekers, partner, newest, friction(world, "transfer.transaction_cost"), world.scale,
        np.array([p["transfer.outlay_launched"], p["transfer.outlay_copy"]]), orgs.cash, orgs.credit, orgs.weight,
        world.lines.first_use, uses.next_use, uses.active, uses.user, *prospects(world),
    )  # fmt: skip
    signed: dict[int, int] = {}
    pairs: set[tuple[int, int]] = set()
    for k in np.flatnonzero(good).tolist():
        a, b = int(seekers[k]), int(partner[k])
        pair = (min(a, b), max(a, b))
        if pair in pairs or signed.get(a, 0) >= MONTHS or signed.get(b, 0) >= MONTHS:
            continue
        side = np.array([a, b])
        if signed.get(a, 0) + signed.get(b, 0) and not _able(world, side):
            continue
        pairs.add(pair)
        signed[a], signed[b] = signed.get(a, 0) + 1, signed.get(b, 0) + 1
        _sign_swap(world, side, newest[side[::-1]])


def _able(world: World, side: np.ndarray) -> bool:
    """Return whether both sides can still pay the cost of one more deal."""
    orgs = world.orgs
    cost = friction(world, "transfer.transaction_cost")[orgs.jurisdiction[side]] * world.scale
    return bool((affordable(world, side) * orgs.weight[side] >= cost).all())


def _sign_swap(world: World, side: np.ndarray, takes: np.ndarray) -> None:
    """Sign one cross license: side i takes invention ``takes[i]``, which the other side owns."""
    orgs, inv, rights = world.orgs, world.inventions, world.rights
    place = orgs.jurisdiction[side].astype(np.int64)
    cost = friction(world, "transfer.transaction_cost")[place]
    owner, right = side[::-1].copy(), inv.right[takes]
    world.deals.add(
        2, month=world.month, kind=KIND["cross_license"], giver=owner, taker=side, right=right, invention=takes,
        field=inv.field[takes], from_place=place[::-1], to_place=place,
    )  # fmt: skip
    world.accounts.pay("deal_cost", "organizations", side, "services", place, cost * world.scale, place=place)
    start_use(world, takes, side, world.everywhere, LICENSE, licensor=owner, royalty=0.0, right=right)
    rights.for_license[right] = True
    tallies = counters(world)
    for i in range(2):
        count_deal(
            KIND["cross_license"], int(place[1 - i]), int(place[i]), int(inv.sector[takes[i]]), False, False, world.scale,
            *tallies,
        )  # fmt: skip
