"""Patent pools: owners of complementary rights license them together, for one royalty instead of a stack.

Once a year the owners of a field at an office weigh a pool. A product there reads on n separate owners on average; each
alone asks S / (n + 1), and all must agree, each with chance q. Owner i, with share s_i of what is read (rights weighted by
quality), expects n s_i q^n S / (n + 1) a product. In a pool of members with share m, n' = n (1 - m) + min(1, n m)
licensors are left; the pool earns min(1, n m) q^n' S / (n' + 1), and i gets its share by number of rights. It joins if the
difference beats its cost; owners of few but good rights stay out (Lerner & Tirole 2004, American Economic Review 94:691;
Layne-Farrar & Lerner 2011). Members license each other for nothing, so a member's further patent no longer keeps fellow
members out: it files less (Lampe & Moser 2013, RAND Journal of Economics 44:757).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.money import within_means
from agents.holdings import holdings
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, stock
from ecosystem.domain.switches import all_meet
from ecosystem.kernel.memory import remembered
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

B, BB, F8, I1, I4, I8 = (
    nb.types.Array(t, d, "C")
    for t, d in ((nb.boolean, 1), (nb.boolean, 2), (nb.float64, 1), (nb.int8, 1), (nb.int32, 1), (nb.int64, 1))
)
f8, i8 = nb.float64, nb.int64
MEMBERS = (FIRM, UNIVERSITY, INSTITUTE)
ROUNDS = 5
_NONE = np.zeros(0, np.int64)

flow("pool_licenses", "deals", "licenses of patent pools", 1)
flow("pool_income", "M USD2020", "license income passed on by patent pools to their members, at the member's place", 0)
stock("patent_pools", "pools", "patent pools by office", 0, lambda world: count_pools(world))
stock("pooled_rights", "rights", "rights licensed through a pool, by office", 0,
      lambda world: count_pooled(world), yearly=True)  # fmt: skip


@dataclass(slots=True)
class Pools:
    """Members of pools and what products read on.

    Attributes:
        members: organizations by (office, field), ascending, int64.
        shares: their shares of income, float64, in the same order.
        keeps: share of the field's rights that fellow members do not hold, float64, in the same order.
        keys, kept: the same for all pools: (office x F + field) x 2^32 + organization, ascending, and ``keeps``.
        pooled: rights in pools, int64.
        products, owners: faded count of products that read on rights of others, and of their separate owners, (J, F).
    """

    products: np.ndarray
    owners: np.ndarray
    pooled: np.ndarray = field(default_factory=lambda: _NONE)
    members: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    shares: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    keeps: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    keys: np.ndarray = field(default_factory=lambda: _NONE)
    kept: np.ndarray = field(default_factory=lambda: np.zeros(0))


def pools(world: World) -> Pools:
    """Return the pools of the world, made when first asked for."""
    shape = world.J, world.F
    return remembered(world, "patent_pools", lambda: Pools(np.zeros(shape), np.zeros(shape)))


def count_pools(world: World) -> np.ndarray:
    """Return pools by office, float64 (J,)."""
    out = np.zeros(world.J)
    for office, _ in pools(world).members:
        out[office] += 1.0
    return out


def count_pooled(world: World) -> np.ndarray:
    """Return real rights in force in pools by office, float64 (J,)."""
    if not pools(world).members:
        return np.zeros(world.J)
    rights = world.rights
    return world.scale * np.bincount(rights.office[rights.in_force & rights.pooled], minlength=world.J)


def members(world: World, office: int, f: int) -> np.ndarray:
    """Return the members of the pool of a field at an office, int64; none if there is no pool."""
    return pools(world).members.get((office, f), _NONE)


def note_products(world: World, office: np.ndarray, fields: np.ndarray, owners: np.ndarray) -> None:
    """Remember on how many separate owners products read, int (n,) each."""
    known = pools(world)
    np.add.at(known.products, (office, fields), 1.0)
    np.add.at(known.owners, (office, fields), owners.astype(np.float64))


@rule("transfer", "pools.form", before="transfer.meet")
def form(world: World) -> None:
    """Once a year owners join, leave or dissolve the pools of complex fields; in between new rights of members enter."""
    if world.month_of_year != 0:
        return
    known, rights, orgs, p = pools(world), world.rights, world.orgs, world.p
    fade = np.exp(-1.0 / p["pools.memory_years"])
    # where a product reads on a single owner there is nothing to pool
    several = (known.owners > known.products) & complex_fields(world)
    rows, key = _poolable(
        holdings(world).rights,
        several,
        rights.in_force,
        rights.kind,
        rights.office,
        rights.field,
        rights.owner,
        orgs.alive,
    )
    order = np.argsort(key, kind="stable")
    rows, key = rows[order], key[order]
    rights.pooled[known.pooled] = False
    for book in (known.members, known.shares, known.keeps):
        book.clear()
    if len(rows):
        _weigh(world, rows, key)
    known.pooled = np.flatnonzero(rights.pooled) if known.members else _NONE
    known.products *= fade
    known.owners *= fade
    _index(world)


@nb.njit(nb.types.UniTuple(I8, 2)(I8, BB, B, I1, I1, I1, I4, B), cache=True)
def _poolable(
    rights: np.ndarray, several: np.ndarray, in_force: np.ndarray, kind: np.ndarray, office: np.ndarray,
    field: np.ndarray, owner: np.ndarray, alive: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return patents in force of the cells (office, field) ``several``, and (office x F + field) x 2^32 + owner of each."""
    rows, key = np.empty(len(rights), np.int64), np.empty(len(rights), np.int64)
    n = 0
    for r in rights:
        if in_force[r] and kind[r] == 0 and several[office[r], field[r]] and owner[r] >= 0 and alive[owner[r]]:
            rows[n], key[n] = r, ((office[r] * several.shape[1] + field[r]) << 32) + owner[r]
            n += 1
    return rows[:n].copy(), key[:n].copy()


def complex_fields(world: World) -> np.ndarray:
    """Return which fields serve mostly sectors whose products read on many rights, bool (F,)."""
    many = world.sectors["rights_per_product"] >= world.p["transfer.complex_rights"]
    return np.asarray(world.sector_of_field @ many.astype(np.float64) > 0.5)


def _weigh(world: World, rows: np.ndarray, key: np.ndarray) -> None:
    """Let the owners of rights ``rows``, sorted by ``key`` (see ``_poolable``), settle on a pool in each cell, or on none."""
    known, orgs, p, levers, v = pools(world), world.orgs, world.p, world.levers, world.valuation
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    owner, count = key[first] & 0xFFFFFFFF, np.diff(np.r_[first, len(key)])
    quality = np.add.reduceat(world.inventions.quality[world.rights.invention[rows]].astype(np.float64), first)
    able = (count >= p["pools.least_rights"]) & ~orgs.passive[owner] & np.isin(orgs.kind[owner], MEMBERS)
    cell = key[first] >> 32
    low = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    high, cell = np.r_[low[1:], len(cell)], cell[low]
    office, f = cell // world.F, cell % world.F
    support = levers["transfer.pool_support"][office]
    cost = p["pools.member_cost"] * orgs.weight[owner]
    memory = 1.0 / (1.0 - np.exp(-1.0 / p["pools.memory_years"]))
    s = np.argmax(world.sector_of_field[f], axis=1)
    worth = world.arrivals.mean_value[office, s] * v.alone[office, s] / (v.discount[s] + v.hazard[s])
    money = known.products[office, f] / memory * world.scale * p["pools.price_share"] * worth
    chance = all_meet(world, np.minimum(0.98, p["adoption.meet"] * levers["transfer.matching"][office]))
    inside = _settle(
        low, high, able, quality, count, known.owners[office, f] / known.products[office, f], chance, money, cost,
        1.0 - support, round(p["pools.least_members"]),
    )  # fmt: skip
    pooled = np.repeat(inside, count)
    world.rights.pooled[rows[pooled]] = True
    for c in np.flatnonzero(np.add.reduceat(inside, low)).tolist():
        mine = np.arange(low[c], high[c])[inside[low[c] : high[c]]]
        pool, who, total = (int(office[c]), int(f[c])), owner[mine], count[mine].sum()
        fees = within_means(world, who, cost[mine])
        world.accounts.pay(
            "pool_cost", "organizations", who, "services", pool[0], (1.0 - support[c]) * fees, place=pool[0]
        )
        world.accounts.pay(
            "pool_support", "government", pool[0], "services", pool[0], float(support[c] * fees.sum()), place=pool[0]
        )
        known.members[pool] = who
        known.shares[pool] = count[mine] / total
        known.keeps[pool] = 1.0 - (total - count[mine]) / count[low[c] : high[c]].sum()


@nb.njit(B(B, F8, I8, f8, f8, f8, F8, i8), cache=True)
def join(
    able: np.ndarray, weight: np.ndarray, count: np.ndarray, n: float, chance: float, money: float, cost: np.ndarray,
    least: int,
) -> np.ndarray:  # fmt: skip
    """Return who is in the pool, bool (owners,): from all who are able those leave who gain nothing, until none does.

    Args:
        able: possible members, bool.
        weight: share of what products read on, sums to 1.
        count: rights in force.
        n: separate owners that a product reads on.
        chance: chance q that one owner and a user agree.
        money: S summed over the products of a year, M USD2020.
        cost: yearly cost of membership, M USD2020.
        least: smallest pool.
    """
    inside = able.copy()
    alone = n * chance**n / (n + 1.0)
    for _ in range(ROUNDS):
        share, rights, members = 0.0, 0, 0
        for i in range(len(inside)):
            if inside[i]:
                share += weight[i]
                rights += count[i]
                members += 1
        if members < least:
            break
        met = min(1.0, n * share)
        left = n * (1.0 - share) + met
        pooled = met * chance**left / (left + 1.0)
        same = True
        for i in range(len(inside)):
            if inside[i] and not money * (pooled * count[i] / rights - alone * weight[i]) > cost[i]:
                inside[i] = same = False
        if same:
            return inside
    if inside.sum() < least:
        inside[:] = False
    return inside


@nb.njit(B(I8, I8, B, F8, I8, F8, F8, F8, F8, F8, i8), cache=True)
def _settle(
    low: np.ndarray, high: np.ndarray, able: np.ndarray, quality: np.ndarray, count: np.ndarray, n: np.ndarray,
    chance: np.ndarray, money: np.ndarray, cost: np.ndarray, borne: np.ndarray, least: int,
) -> np.ndarray:  # fmt: skip
    """Return who joins, bool (owners,), cell by cell: those of cell c are ``low[c]`` to ``high[c]`` (see ``join``)."""
    out = np.zeros(len(able), np.bool_)
    for c in range(len(low)):
        a, b = low[c], high[c]
        if able[a:b].sum() >= least:
            weight = quality[a:b] / quality[a:b].sum()
            out[a:b] = join(able[a:b], weight, count[a:b], n[c], chance[c], money[c], borne[c] * cost[a:b], least)
    return out


def _index(world: World) -> None:
    """Arrange all members for ``keeps``."""
    known = pools(world)
    if not known.members:
        known.keys, known.kept = _NONE, np.zeros(0)
        return
    keys = np.concatenate([((j * world.F + f) << 32) + who for (j, f), who in known.members.items()])
    order = np.argsort(keys)
    known.keys, known.kept = keys[order], np.concatenate(list(known.keeps.values()))[order]


def keeps(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return the share of rivals that a patent on each invention would still keep out at its owner's seat, float64 (n,).

    1 for who is in no pool of the field there; fellow members have a license of the pool.
    """
    known, inv = pools(world), world.inventions
    out = np.ones(len(inventions))
    if len(known.keys):
        owner = inv.owner[inventions].astype(np.int64)
        seat = world.orgs.jurisdiction[owner].astype(np.int64)
        key = ((seat * world.F + inv.field[inventions]) << 32) + owner
        at = np.minimum(np.searchsorted(known.keys, key), len(known.keys) - 1)
        found = known.keys[at] == key
        out[found] = known.kept[at[found]]
    return out


def bundle(world: World, rights: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Return blocking rights (n, k) with each pool's rights of a row reduced to one, and to none for its members."""
    known, table = pools(world), world.rights
    if not known.members or not table.pooled[rights[rights >= 0]].any():
        return rights
    out = rights.copy()
    for i in np.flatnonzero(((rights >= 0) & table.pooled[np.maximum(rights, 0)]).any(axis=1)).tolist():
        seen = set()
        for c in range(rights.shape[1]):
            r = int(rights[i, c])
            if r < 0 or not table.pooled[r]:
                continue
            pool = (int(table.office[r]), int(table.field[r]))
            if pool in seen or bool(np.isin(users[i], members(world, *pool))):
                out[i, c] = -1
            seen.add(pool)
    return out


def pass_on(world: World, rights: np.ndarray, received: np.ndarray) -> None:
    """Pass income that owners of ``rights`` got for their pools on to all members, M USD2020 of one real deal, (n,)."""
    known, table, orgs = pools(world), world.rights, world.orgs
    for r, amount in zip(rights.tolist(), received.tolist(), strict=True):
        pool = (int(table.office[r]), int(table.field[r]))
        world.tally.add("pool_licenses", pool[0], float(world.scale))
        who, giver = known.members.get(pool, _NONE), int(table.owner[r])
        others = who != giver
        if not others.any() or amount <= 0.0:
            continue
        who, part = who[others], amount * world.scale * known.shares[pool][others]
        payer, place = np.full(len(who), giver), orgs.jurisdiction[who].astype(np.int64)
        part = within_means(world, payer, part)
        world.accounts.pay("pool_share", "organizations", payer, "organizations", who, part, place=place)
        np.subtract.at(orgs.license_income, payer, part / orgs.weight[giver])
        np.add.at(orgs.license_income, who, part / orgs.weight[who])
        world.tally.add("pool_income", place, part)
