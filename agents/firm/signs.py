"""Signs: when a product is launched its firm decides on a trade mark and a registered design, a region on its name.

The look of a product and its name do not stop others from using the technology; they stop look-alikes. Of the attempts to
imitate, the share ``sign.lookalike x visibility_s`` comes close to them (``agents.firm.adopt``). Registering adds
``Y K1 W (q_kind - q_claim) h - cost``: Y K1 the yearly profit of the line, W the present value of a unit of it, q the share
of profit that hangs on the kind (``Valuation.premiums``), h the part earned at home; the claim is what the law gives
without a register. The choice is a logit among what the firm is aware of. Where products owe their name to a region, its
producers apply for a geographical indication once; later products of members then sell under the name. How well a firm is
managed decides how much demand its new product reaches (``agents.firm.manage``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.manage import market_reach
from agents.organizations import within_means
from agents.patent_office.registers import register
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.kinds import by_place
from ecosystem.domain.knowledge import PROTECTION
from ecosystem.domain.rights import KINDS
from ecosystem.domain.valuation import INSTRUMENTS
from ecosystem.kernel.luck import fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

DESIGN, MARK, ORIGIN, NAME, UNFAIR, COPYRIGHT = (
    KINDS.index(w)
    for w in ("design", "trade_mark", "geographical_indication", "trade_name", "unfair_competition", "copyright")
)
_INSTRUMENT = np.array([INSTRUMENTS.index(w if w in INSTRUMENTS else "none") for w in PROTECTION])

flow("launches_with_mark", "products", "launches for which a trade mark is applied for", 0)
ratio("branded_launch_share", "share", "launches for which a trade mark is applied for / launches looked at", 0,
      "launches_with_mark", "launches_looked_at")  # fmt: skip
flow("launches_under_origin", "products", "launches under the protected name of a region", 0)


@rule("commercialization", "signs.launch", after="development.launch")
def launch(world: World) -> None:
    """Firms decide on the signs of the lines that they launched; acts once a quarter, before the market clears."""
    if world.month % 3:
        return
    table, orgs, p, draw = world.lines, world.orgs, world.p, world.draw
    lines = np.arange(np.searchsorted(table.launched, world.month - 2), table.n)
    if not len(lines):
        return
    seller = table.seller[lines].astype(np.int64)
    uid = table.uid[lines]
    table.claim[lines] = np.where(draw.bernoulli("sign.house_name", uid, p["sign.house_name"]), NAME, UNFAIR)
    free = orgs.alive[seller] & ~orgs.passive[seller]
    lines, seller, uid = lines[free], seller[free], uid[free]
    if not len(lines):
        return
    place, sector = orgs.jurisdiction[seller].astype(np.int64), table.sector[lines].astype(np.int64)
    looks = draw.bernoulli("sign.new_design", uid, p["sign.new_design"] * world.sectors["visibility"][sector])
    brands = draw.bernoulli("sign.new_brand", uid, p["sign.new_brand"])
    table.styled[lines] = looks
    for nature, some in (("design", looks), ("brand", brands)):
        world.tally.add(f"creations_{nature}", place[some], world.scale, sector[some])
        world.tally.add("creations", place[some], world.scale, sector[some])
    world.tally.add("launches_looked_at", place, world.scale, sector)
    cost, breadth = by_place(world, "cost"), by_place(world, "breadth")
    worth = _worth(world, lines, place, sector)
    _origins(world, lines, seller, place, sector, worth, cost, breadth)
    table.potential[lines] *= market_reach(world, seller)
    q = world.valuation.premiums
    for kind, some, column in ((DESIGN, looks, table.design), (MARK, brands, table.mark)):
        claim = np.where(kind == MARK, table.claim[lines], UNFAIR).astype(np.int64)
        gain = worth * (q[kind, place, sector] - q[claim, place, sector])
        at = np.flatnonzero(some & (breadth[kind, place] > 0.0))
        at = at[_registers(world, kind, uid[at], seller[at], gain[at], cost[kind, place[at]])]
        if len(at):
            column[lines[at]] = register(
                world, np.full(len(at), kind), place[at], table.invention[lines[at]], breadth[kind, place[at]], seller[at],
                draw.normal("sign.distinct", fold(uid[at], kind)),
            )  # fmt: skip
        if kind == MARK:
            world.tally.add("launches_with_mark", place[at], world.scale, sector[at])


def _worth(world: World, lines: np.ndarray, place: np.ndarray, sector: np.ndarray) -> np.ndarray:
    """Return Y K1 W h: present value of the profit that the lines are expected to earn at home, M USD2020, (n,)."""
    v, table = world.valuation, world.lines
    instrument = _INSTRUMENT[world.inventions.protected_by[table.invention[lines]]]
    home = (v.where[place, sector] * (world.territories.place[None, :] == place[:, None])).sum(axis=1)
    out: np.ndarray = table.potential[lines] * v.alone[place, sector] * v.worth[instrument, place, sector] * home
    return out


def _registers(
    world: World, kind: int, uid: np.ndarray, seller: np.ndarray, gain: np.ndarray, cost: np.ndarray
) -> np.ndarray:
    """Return who registers: aware, able to pay, and gain - cost + error above the error of doing nothing, bool (n,)."""
    draw, me = world.draw, fold(uid, kind) if len(uid) else uid
    aware = draw.bernoulli("sign.aware", me, world.orgs.awareness[seller])
    # the difference of two errors of a logit is logistic
    u = draw.uniform("sign.error", me)
    error = world.p["protection.choice_noise"] * cost * np.log(u / (1.0 - u))
    wants = aware & (gain - cost + error > 0.0)
    chosen = np.flatnonzero(wants)
    wants[chosen] = within_means(world, seller[chosen], cost[chosen] * world.scale)
    return wants


def _origins(
    world: World, lines: np.ndarray, seller: np.ndarray, place: np.ndarray, sector: np.ndarray, worth: np.ndarray,
    cost: np.ndarray, breadth: np.ndarray,
) -> None:  # fmt: skip
    """Sell products of a region under its protected name, or apply for the name if nobody has.

    Demand for such a product is higher by ``sign.origin_premium`` (Y grows). One application a region: it is made by the
    first producer to whom its own gain is worth the cost; a refused or lapsed one may be made again.
    """
    table, orgs, rights, known, p = world.lines, world.orgs, world.rights, world.origins, world.p
    rooted = world.draw.bernoulli("sign.origin", table.uid[lines], world.sectors["origin_share"][sector])
    rooted &= breadth[ORIGIN, place] > 0.0
    asked: dict[tuple[int, int], int] = {}
    for i in np.flatnonzero(rooted):
        j, region = int(place[i]), int(orgs.region[seller[i]])
        row = np.flatnonzero((known.jurisdiction == j) & (known.region == region))
        right = int(known.right[row[0]]) if len(row) else -1
        if right >= 0 and rights.in_force[right]:
            table.origin[lines[i]] = right
            table.potential[lines[i]] *= 1.0 + p["sign.origin_premium"]
            world.tally.add("launches_under_origin", j, world.scale, int(sector[i]))
        elif right < 0 or rights.outcome[right] != 0:
            asked.setdefault((j, region), int(i))
    for (j, region), first in asked.items():
        one = np.array([first])
        gain = p["sign.origin_premium"] * worth[one]
        if not _registers(world, ORIGIN, table.uid[lines[one]], seller[one], gain, cost[ORIGIN, place[one]])[0]:
            continue
        slot = register(
            world, np.array([ORIGIN]), place[one], table.invention[lines[one]], breadth[ORIGIN, place[one]], seller[one],
            world.draw.normal("sign.distinct", fold(table.uid[lines[one]], ORIGIN)),
        )  # fmt: skip
        row = np.flatnonzero((known.jurisdiction == j) & (known.region == region))
        if not len(row):
            row = known.add(1, jurisdiction=j, region=region)
        known.right[row] = slot
