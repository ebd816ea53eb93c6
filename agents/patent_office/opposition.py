"""Opposition: for some months after grant a rival whom a patent blocks may attack it before a board of the office.

A rival of the sector, drawn by sales, watches a grant with a fixed chance and opposes if P V_r > C: P the chance that
the right falls or is narrowed, seen through an error e, Phi(-(m + s e) / sqrt(s^2 + q^2)); V_r a share of the right's
value; C the cost. m = novelty - step - what rivals' prior art adds. The board sees y = m + q z: revoked below -w,
amended up to +w, else maintained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.court.beliefs import chance
from agents.court.detect import release
from agents.court.incidents import renew_pools
from agents.court.money import book, within_means
from agents.court.tribunal import AMENDED, MAINTAINED, MOOT, REVOKED, count_decision
from agents.organizations import affordable
from agents.patent_office.decisions import GRANTED, decided_now
from agents.patent_office.filing import PATENT
from ecosystem.domain import valuation
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.ledgers import CHALLENGES
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

OPPOSITION = CHALLENGES.index("opposition")
QUARTER = 3
WINDOW, DUE = "office.oppose", "office.opposition"

flow("oppositions", "oppositions", "oppositions filed against granted patents", 0)
flow("oppositions_decided", "oppositions", "oppositions decided", 0)
flow("rights_revoked_in_opposition", "rights", "patents revoked in opposition", 0)
ratio("opposition_rate", "share", "oppositions / patents granted", 0, "oppositions", "patents_granted")
ratio("opposition_revoked_share", "share", "oppositions decided by revocation / decided", 0,
      "rights_revoked_in_opposition", "oppositions_decided")  # fmt: skip
ratio("opposition_amended_share", "share", "oppositions decided by narrower claims / decided", 0,
      "oppositions_amended", "oppositions_decided")  # fmt: skip


@rule("disputes", "office.oppose", before="disputes.detect")
def oppose(world: World) -> None:
    """Watch this month's grants; at the end of a quarter rivals whose time has come oppose and boards decide."""
    rights, month = world.rights, world.month
    length = world.levers["office.opposition_months"]
    if (length > 0.0).any():
        new = decided_now(world)
        new = new[(rights.outcome[new] == GRANTED) & (rights.kind[new] == PATENT)]
        new = new[length[rights.office[new]] > 0.0]
        uid = rights.uid[new]
        watched = world.draw.bernoulli("opposition.watched", uid, world.p["opposition.watched"], month=ALWAYS)
        new = new[watched]
        when = world.draw.uniform("opposition.when", rights.uid[new], month=ALWAYS) * length[rights.office[new]]
        world.calendar.put(WINDOW, quarter_end(month + np.floor(when).astype(np.int64)), new)
    if month % QUARTER == QUARTER - 1:
        _file(world, world.calendar.pop(WINDOW, month))
        _decide(world, world.calendar.pop(DUE, month))


def quarter_end(month: np.ndarray) -> np.ndarray:
    """Return the last month of the quarter of each month, int64 (n,): rivals and boards act then."""
    return np.asarray(month - month % QUARTER + QUARTER - 1)


def _file(world: World, new: np.ndarray) -> None:
    """Let one rival of each right weigh an opposition."""
    rights, orgs, p, draw = world.rights, world.orgs, world.p, world.draw
    new = new[rights.in_force[new]]
    if not len(new):
        return
    renew_pools(world, world.courts)
    uid, owner = rights.uid[new], rights.owner[new].astype(np.int64)
    place = rights.office[new].astype(np.int64)
    rival = draw.partner(
        "opposition.rival", uid, rights.sector[new].astype(np.int64), world.courts.pools[1], avoid=orgs.uid[owner]
    )
    margin = rights.novelty[new] - world.levers["office.step"][place] - p["opposition.standard"]
    error = draw.normal("opposition.error", uid, month=ALWAYS)
    falls = 1.0 - chance(
        margin.astype(np.float64) - p["opposition.revoke"],
        error,
        p["opposition.party_noise"],
        p["opposition.board_noise"],
    )
    cost = world.levers["office.opposition_cost"][place]
    gain = falls * p["opposition.stake"] * valuation.right_present_value(world, new)
    goes = (rival >= 0) & (gain > cost)
    who = np.maximum(rival, 0)
    goes &= orgs.alive[who] & ~orgs.passive[who] & (affordable(world, who) >= cost)
    new, rival, owner, place, cost, margin = (a[goes] for a in (new, rival, owner, place, cost, margin))
    if not len(new):
        return
    _bill(world, rival, cost, place)
    _bill(world, owner, np.where(orgs.passive[owner], 0.0, cost), place)
    due = int(quarter_end(np.array(world.month + max(1, round(p["opposition.decision_months"])))))
    rows = world.challenges.add(
        len(new), month=world.month, kind=OPPOSITION, right=new, challenger=rival, owner=owner, margin=margin, due=due,
        cost=cost,
    )  # fmt: skip
    world.calendar.put(DUE, due, rows)
    world.tally.add("oppositions", place, world.scale, rights.sector[new])


def _bill(world: World, payer: np.ndarray, cost: np.ndarray, place: np.ndarray) -> None:
    """Pay agents for an opposition; what a party cannot pay they write off."""
    paid = within_means(world, payer, cost * world.scale)
    world.accounts.pay("opposition_cost", "organizations", payer, "services", place, paid, place=place)
    book(world, "legal_cost", payer, paid / world.scale)


def _decide(world: World, rows: np.ndarray) -> None:
    """Revoke, amend or maintain; rights that ended meanwhile need no decision."""
    if not len(rows):
        return
    t, rights, p = world.challenges, world.rights, world.p
    ended = ~rights.in_force[t.right[rows]]
    t.outcome[rows[ended]] = MOOT
    rows = rows[~ended]
    attacked = t.right[rows].astype(np.int64)
    place, sector = rights.office[attacked].astype(np.int64), rights.sector[attacked]
    z = world.draw.normal("opposition.board", rights.uid[attacked], month=ALWAYS)
    seen = t.margin[rows] + p["opposition.board_noise"] * z
    width = p["opposition.revoke"]
    ruling = np.where(seen < -width, REVOKED, np.where(seen < width, AMENDED, MAINTAINED))
    t.outcome[rows] = ruling
    narrower = attacked[ruling == AMENDED]
    rights.breadth[narrower] *= p["opposition.narrowing"]
    release(world, attacked[ruling == REVOKED])
    tally, scale = world.tally, world.scale
    tally.add("oppositions_decided", place, scale, sector)
    tally.add("oppositions_amended", place[ruling == AMENDED], scale, sector[ruling == AMENDED])
    tally.add("rights_revoked_in_opposition", place[ruling == REVOKED], scale, sector[ruling == REVOKED])
    count_decision(world, attacked, place, world.month - t.month[rows])
