"""The compiled loops of adoption: which lines are tried, what an attempt meets, how it ends. See ``agents.firm.adopt``."""

from __future__ import annotations

import numba as nb
import numpy as np

from agents.firm.clearance import AROUND, DROP, FREE, INFRINGE, LICENSE, PURCHASE
from ecosystem.domain.knowledge import NATURES, PROTECTION
from ecosystem.domain.market import MOST_USERS
from ecosystem.domain.potential import F4, F8, FF8, FFF8, I1, I4, I8, II4, II8, POTENTIAL, R8, B, f8, i8, potential_of
from ecosystem.domain.rights import KINDS
from ecosystem.domain.valuation import NONE, PATENT, SECRET
from ecosystem.kernel.luck import pair, u01

KEPT_SECRET, FILED = PROTECTION.index("secret"), PROTECTION.index("patent")
SOFTWARE, COPYRIGHT = NATURES.index("software"), KINDS.index("copyright")
CLAIM = -2
"""Where BLOCK is CLAIM - k, a right by use of kind k is invoked that has no row yet."""
LINE, TECH, USER, SEAT, SECTOR, RIGHT, BLOCK, INSTRUMENT, ROUTE, KEY = range(10)
"""Whole numbers kept of an attempt: RIGHT stands at the user's seat, BLOCK is it where the product falls under its claims."""
GAIN, COST, LOSS, WORTH, PRICE = range(5)
"""Money of an attempt, M USD2020 of one real use: WORTH is the gain before imitation cost and skill."""
ATTEMPTS, MADE, DOMESTIC, GREEN, PUBLIC, BLOCKED, WILFUL, COST_SUM, BY_ROUTE = range(9)
"""Order of the tallies given to ``conclude``; from BY_ROUTE on one for each route."""


@nb.njit(
    nb.types.Tuple((I8, I8, I8, I8))(
        I8, i8, I8, I1, F8, F8, I4, F8, f8, I4, I4, I4, I4, I1, I8, F8, F8, f8, f8, f8, FF8, I8, i8, nb.uint64, nb.uint64,
        nb.uint64,
    ),
    cache=True,
)  # fmt: skip
def arrivals(
    live: np.ndarray, month: int, uid: np.ndarray, sector: np.ndarray, pull: np.ndarray, appeal: np.ndarray,
    sellers: np.ndarray, shared: np.ndarray, least: float, launched: np.ndarray, invention: np.ndarray,
    published: np.ndarray, owner: np.ndarray, seat: np.ndarray, org_uid: np.ndarray, usual: np.ndarray, decay: np.ndarray,
    elasticity: float, disclosure: float, foreign_share: float, reach: np.ndarray, place: np.ndarray, J: int,
    key: np.uint64, key_abroad: np.uint64, key_place: np.uint64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Draw which lines are tried this month and where the one who tries sits.

    Chance 1 - exp(-rate (1 + disclosure if published)), rate = usual_s min(pull exp(-elasticity decay_s age), 12). Only
    lines are tried whose gain for a further seller, appeal exp(-decay_s age) share(n + 1) / share(2), comes up to
    ``least`` of the cost to imitate: nobody tries what is plainly not worth it. No right is looked at here. From abroad,
    places are drawn by the size of the sector's market.

    Returns:
        (line, its identity, group = place x sectors + sector, identity of the owner) of each line tried.
    """
    S, T = reach.shape
    n = len(live)
    out = np.empty((4, n), np.int64)
    by_place = np.zeros((S, J))
    for s in range(S):
        for t in range(T):
            by_place[s, place[t]] += reach[s, t]
    # a bound of the chance spares nearly all lines the rest; counted without a branch, which could not be foreseen
    luck, maybe = np.empty(n), np.empty(n, np.int64)
    some = 0
    for i in range(n):
        line = live[i]
        u = u01(np.uint64(uid[line]), key)
        luck[some], maybe[some] = u, line
        some += u < usual[sector[line]] * min(pull[line], 12.0) * (1.0 + disclosure)
    tech = invention[maybe[:some]]
    public, owners = published[tech] <= month, owner[tech]
    m = 0
    for i in range(some):
        line, u = maybe[i], luck[i]
        s = sector[line]
        fading = np.exp(-elasticity * decay[s] * (month - launched[line]) / 12.0)
        rate = usual[s] * min(pull[line] * fading, 12.0)
        if u >= rate * (1.0 + disclosure):
            continue
        left = appeal[line] * np.exp(-decay[s] * (month - launched[line]) / 12.0)
        if left * shared[min(sellers[line] + 1, MOST_USERS)] < least * shared[2]:
            continue
        if u >= -np.expm1(-rate * (1.0 + disclosure * (1.0 if public[i] else 0.0))):
            continue
        me = np.uint64(uid[line])
        home = np.int64(seat[owners[i]])
        at = np.int64(home)
        if u01(me, key_abroad) < foreign_share:
            total = 0.0
            for j in range(J):
                total += 1e-12 if j == home else by_place[s, j]
            x = u01(me, key_place) * total
            running = 0.0
            for j in range(J):
                at = np.int64(j)
                running += 1e-12 if j == home else by_place[s, j]
                if running >= x:
                    break
        out[0, m], out[1, m] = line, uid[line]
        out[2, m], out[3, m] = at * S + s, org_uid[owners[i]]
        m += 1
    return out[0, :m], out[1, :m], out[2, :m], out[3, :m]


@nb.njit(B(I8, I8, I4, I4, B, I4), cache=True)
def sells_already(
    lines: np.ndarray, users: np.ndarray, first_use: np.ndarray, next_use: np.ndarray, active: np.ndarray, user: np.ndarray
) -> np.ndarray:  # fmt: skip
    """Return whether each user is an active seller of its line, bool (n,)."""
    out = np.zeros(len(lines), np.bool_)
    for i in range(len(lines)):
        u = first_use[lines[i]]
        while u >= 0 and not out[i]:
            out[i] = active[u] and user[u] == users[i]
            u = next_use[u]
    return out


@nb.njit(
    i8(
        i8, i8, i8, i8, i8, nb.uint64, nb.uint64, I4, B, I4, I4, I4, I1, B, I4, F4, I1, I1, I1, F8, FF8,
    ),
    cache=True,
)  # fmt: skip
def _sign(
    line: int, user: int, j: int, s: int, nature: int, key: np.uint64, key_look: np.uint64, seller: np.ndarray,
    styled: np.ndarray, design: np.ndarray, mark: np.ndarray, origin: np.ndarray, claim: np.ndarray, in_force: np.ndarray,
    owner: np.ndarray, breadth: np.ndarray, office: np.ndarray, seat: np.ndarray, region: np.ndarray,
    lookalike: np.ndarray, by_use: np.ndarray,
) -> int:  # fmt: skip
    """Return the right under which a copy of a program, a look or a name falls, CLAIM - kind for one by use, -1 for none.

    A program may be copied line by line (copyright). Of other attempts the share ``lookalike`` comes close to the look or
    name: they fall under a registered design, a trade mark, the name of a region to which the user does not belong, or a
    claim by use at the seller's seat, each with its breadth. Registered rights bind who sits where they are registered.
    """
    me = seller[line]
    if me < 0 or me == user:
        return -1
    if nature == SOFTWARE and u01(pair(key, np.uint64(1)), key_look) < by_use[COPYRIGHT, j]:
        return CLAIM - COPYRIGHT
    if u01(key, key_look) >= lookalike[s]:
        return -1
    registered = False
    for n in range(3):
        r = design[line] if n == 0 else (mark[line] if n == 1 else origin[line])
        if r < 0 or not in_force[r] or owner[r] == user:
            continue
        if n < 2 and office[r] != j:
            continue
        if n == 2 and seat[user] == office[r] and region[user] == region[owner[r]]:
            continue
        registered = registered or n == 1
        if u01(pair(key, np.uint64(2 + n)), key_look) < breadth[r]:
            return int(r)
    if seat[me] != j:
        return -1
    if styled[line] and design[line] < 0 and u01(pair(key, np.uint64(5)), key_look) < by_use[COPYRIGHT, j]:
        return CLAIM - COPYRIGHT
    if not registered and u01(pair(key, np.uint64(6)), key_look) < by_use[claim[line], j]:
        return CLAIM - int(claim[line])
    return -1


@nb.njit(
    nb.types.Tuple((II8, FF8, I8))(
        I8, I8, i8, B, I8, I1, F8, I4, I4, I4, I4, B, I4, I8, I4, I1, I1, II4, *POTENTIAL, B, I4, F4, FF8, F8, F8, F8,
        FF8, FF8, f8, f8, R8, R8, F8, f8, nb.uint64, nb.uint64, I1, I4, B, I4, I4, I4, I1, I1, I1, F8, FF8, nb.uint64,
        I4, I1, I8, FFF8,
    ),
    cache=True,
)  # fmt: skip
def weigh(
    tried: np.ndarray, found: np.ndarray, month: int, alive: np.ndarray, org_uid: np.ndarray, seat: np.ndarray,
    absorptive: np.ndarray, invention: np.ndarray, sellers: np.ndarray, first_use: np.ndarray, next_use: np.ndarray,
    active: np.ndarray, use_user: np.ndarray, uid: np.ndarray, owner: np.ndarray, made_at: np.ndarray,
    protected_by: np.ndarray, right_at: np.ndarray, made: np.ndarray, line_of: np.ndarray, launched: np.ndarray,
    sector: np.ndarray, potential: np.ndarray, expected: np.ndarray, decay: np.ndarray, usual: np.ndarray,
    learning: float, in_force: np.ndarray, right_owner: np.ndarray, breadth: np.ndarray, alone: np.ndarray,
    shared: np.ndarray, discount: np.ndarray, hazard: np.ndarray, per_rd: np.ndarray, mean_value: np.ndarray,
    cost_share: float, cost_elasticity: float, imitation_cost: np.ndarray, leak_rate: np.ndarray,
    secrecy: np.ndarray, breach: float, key_claims: np.uint64, key_leak: np.uint64, nature: np.ndarray,
    seller: np.ndarray, styled: np.ndarray, design: np.ndarray, mark: np.ndarray, origin: np.ndarray, claim: np.ndarray,
    office: np.ndarray, region: np.ndarray, lookalike: np.ndarray, by_use: np.ndarray, key_look: np.uint64,
    territories: np.ndarray, home: np.ndarray, place: np.ndarray, where: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Drop attempts of nobody, of the dead and of sellers of the line; weigh the others and see what stands in their way.

    gain = Y K1 x share of one of n + 1 equal sellers / (r + d + hazard) x min(1.5, sqrt(absorptive)) - imitation cost;
    loss = Y K1 x (share of n - share of n + 1) / (r + d + hazard) is what the owner loses. What no right on the technology
    catches may still copy a program, a look or a name (``_sign``). A right that is not in force in the user's own
    territory does not stop it there, but closes the territories of the place in which it is in force.

    Returns:
        (whole numbers (10, n), money (5, n), attempts that meet a right and are worth while).
    """
    fine = np.flatnonzero(found >= 0)
    fine = fine[alive[found[fine]]]
    fine = fine[~sells_already(tried[fine], found[fine], first_use, next_use, active, use_user)]
    # columns are gathered first: reads that do not wait for one another overlap, and memory is what costs here
    lines, users, n = tried[fine], found[fine], len(fine)
    tech, seats = invention[lines], seat[users]
    sector, made, line_of, launched = sector[tech], made[tech], line_of[tech], launched[tech]
    potential, expected, uid, owner = potential[tech], expected[tech], uid[tech], owner[tech]
    made_at, protected_by, sellers = made_at[tech], protected_by[tech], sellers[lines]
    at = np.empty(n, np.int64)
    for i in range(n):
        at[i] = right_at[tech[i], seats[i]]
    held_by = np.full(n, -1, np.int64)
    for i in range(n):
        if at[i] >= 0 and in_force[at[i]]:
            held_by[i] = right_owner[at[i]]

    rows, money = np.empty((10, n), np.int64), np.zeros((5, n))
    clash = np.empty(n, np.int64)
    clashes = 0
    for i in range(n):
        user, j, s, now = users[i], seats[i], sector[i], sellers[i]
        key = pair(np.uint64(uid[i]), np.uint64(org_uid[user]))
        Y = potential_of(i, month, made, line_of, launched, sector, potential, expected, decay, usual, learning)
        relative = np.float64(expected[i]) / max(mean_value[made_at[i], s], 1e-12)
        development = cost_share * per_rd[made_at[i], s] * max(relative, 1e-4) ** cost_elasticity
        cost = imitation_cost[s] * development
        worth = Y * alone[j, s] * shared[min(now + 1, MOST_USERS)] / (discount[s] + hazard[s])
        live = held_by[i] >= 0 and held_by[i] != user
        if live and not (territories[at[i]] >> home[user]) & 1:
            live = False
            for t in range(len(place)):
                if place[t] == j and (territories[at[i]] >> t) & 1:
                    worth -= worth * where[j, s, t]
        gain = worth * min(1.5, np.sqrt(absorptive[user])) - cost

        caught = live and u01(key, key_claims) < breadth[at[i]]
        held = protected_by[i] == KEPT_SECRET and not live
        keeps = held and u01(key, key_leak) > min(leak_rate[s] * (1.0 - breach * secrecy[j]), 1.0)

        rows[LINE, i], rows[TECH, i], rows[USER, i], rows[SEAT, i], rows[SECTOR, i] = lines[i], tech[i], user, j, s
        block = at[i] if caught else np.int64(-1)
        if not caught and gain > 0.0 and not keeps:
            block = _sign(
                lines[i], user, j, s, nature[tech[i]], key, key_look, seller, styled, design, mark, origin, claim, in_force,
                right_owner, breadth, office, seat, region, lookalike, by_use,
            )  # fmt: skip
            if block != -1:
                caught, live, at[i] = True, False, block
        rows[RIGHT, i], rows[BLOCK, i] = at[i], block
        rows[KEY, i] = np.int64(key)
        rows[ROUTE, i] = FREE if gain > 0.0 and not keeps else DROP
        if live:
            rows[INSTRUMENT, i] = PATENT + (protected_by[i] - FILED if protected_by[i] > FILED else 0)
        else:
            rows[INSTRUMENT, i] = SECRET if held and block == -1 else NONE
        money[GAIN, i], money[COST, i], money[WORTH, i] = gain, cost, worth
        if caught and gain > 0.0:
            share = shared[min(max(now, 1), MOST_USERS)] - shared[min(max(now + 1, 1), MOST_USERS)]
            money[LOSS, i] = Y * alone[seat[owner[i]], s] * share / (discount[s] + hazard[s])
            clash[clashes] = i
            clashes += 1
    return rows, money, clash[:clashes]


@nb.njit(
    nb.types.Tuple((B, B, I8, I8))(
        II8, FF8, I8, I8, FF8, B, F8, i8, f8, I4, I4, I1, I1, II4, B, I4, I8, i8, R8, FFF8, FFF8, FFF8, I8, I4, I1,
    ),
    cache=True,
)  # fmt: skip
def conclude(
    rows: np.ndarray, money: np.ndarray, clash: np.ndarray, route: np.ndarray, price: np.ndarray, known: np.ndarray,
    redress: np.ndarray, month: int, scale: float, owner: np.ndarray, published: np.ndarray, field: np.ndarray,
    seat: np.ndarray, right_at: np.ndarray, in_force: np.ndarray, right_owner: np.ndarray, place: np.ndarray,
    environment: int, imitation_cost: np.ndarray, attempts: np.ndarray, kept: np.ndarray, counts: np.ndarray,
    tally: np.ndarray, territories: np.ndarray, home: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Write how clearances ended into the attempts; count them; let owners learn; find where the new users may sell.

    Owners learn from attempts that were worth while how much each instrument keeps out; an infringer counts by the chance
    that the owner stops it or is paid. A new user sells at home, elsewhere where no right of another stands, and everywhere
    if it invented around. At home is its place, but its own territory only where the right leaves that one open.

    Returns:
        (technology owned abroad, user aware, attempts that end in use, territories as bit mask of these).
    """
    n, T = rows.shape[1], len(place)
    foreign, aware = np.empty(n, np.bool_), np.ones(n, np.bool_)
    go, masks = np.empty(n, np.int64), np.empty(n, np.int64)
    stopped = np.zeros(n)
    for c in range(len(clash)):
        i = clash[c]
        rows[ROUTE, i], money[PRICE, i], aware[i], stopped[i] = route[c], price[c, 0], known[c], redress[c]
    m = 0
    for i in range(n):
        k, j, s, end, user = rows[TECH, i], rows[SEAT, i], rows[SECTOR, i], rows[ROUTE, i], rows[USER, i]
        foreign[i] = seat[owner[k]] != j
        counts[tally[ATTEMPTS], j, s] += scale
        counts[tally[BY_ROUTE + end], j, s] += scale
        ended = end in (LICENSE, PURCHASE, DROP)
        if rows[BLOCK, i] >= 0 and (ended or end == AROUND):
            counts[tally[BLOCKED], j, s] += scale
        instrument = rows[INSTRUMENT, i]
        if money[GAIN, i] > 0.0 and instrument != NONE:
            attempts[instrument, j, s] += 1.0
            kept[instrument, j, s] += stopped[i] if end == INFRINGE else (1.0 if ended else 0.0)
        if end == DROP:
            continue
        if end == FREE and published[k] <= month:
            counts[tally[PUBLIC], j, s] += scale
        if end == INFRINGE and aware[i]:
            counts[tally[WILFUL], j, s] += scale
        counts[tally[MADE], j, s] += scale
        counts[tally[COST_SUM], j, s] += scale * imitation_cost[s]
        if not foreign[i]:
            counts[tally[DOMESTIC], j, s] += scale
        if field[k] == environment:
            counts[tally[GREEN], j, s] += scale
        mask = 0
        for t in range(T):
            at = right_at[k, place[t]]
            barred = at >= 0 and in_force[at] and right_owner[at] != user and (territories[at] >> t) & 1
            if not barred or end == AROUND or (place[t] == j and (territories[at] >> home[user]) & 1):
                mask |= 1 << t
        go[m], masks[m] = i, mask
        m += 1
    return foreign, aware, go[:m], masks[:m]
