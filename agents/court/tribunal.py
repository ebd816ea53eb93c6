"""A specialised body hears validity disputes in young fields: cheaper, faster and less often wrong than courts.

A defendant sued under a right in a young field petitions if the body is open to it (``court.tribunal``) and
P(invalid) L > C: L its loss from going on with the suit, C a share of its cost to judgment, P as it sees it. The body
rules after fixed months on v + q z, q a share of the error of the courts of the place. A right found invalid falls and
ends the suit; one that stands cannot be attacked again in court.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.court.bargain import DROPPED, INVALIDATED, SETTLED, SUIT
from agents.court.detect import release
from agents.court.money import both_bills
from agents.court.view import COST_D, COST_P, INVALID, LOSS, court_error, view
from agents.organizations import affordable
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.ledgers import CHALLENGES, RULINGS
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

REVIEW = CHALLENGES.index("tribunal")
MAINTAINED, AMENDED, REVOKED, MOOT = map(RULINGS.index, ("maintained", "amended", "revoked", "moot"))
DUE = "court.tribunal"

flow("tribunal_petitions", "petitions", "petitions of defendants to a specialised body, fields younger than 5 years", 0)
flow("tribunal_invalidations", "rights", "rights declared invalid by a specialised body", 0)
ratio("months_to_decision_new_fields", "months",
      "mean time from the challenge or suit to the decision that is due first, fields younger than 5 years", -1,
      "young_decision_months", "young_decisions")  # fmt: skip


def is_young(world: World, rights: np.ndarray) -> np.ndarray:
    """Return whether the field of each right had a breakthrough less than ``tribunal.young_years`` ago, bool (n,)."""
    born = world.science.born[world.rights.field[rights]]
    young: np.ndarray = (world.month - born < 12.0 * world.p["tribunal.young_years"]) & (born <= world.month)
    return young


def count_decision(world: World, rights: np.ndarray, place: np.ndarray, months: np.ndarray) -> None:
    """Count decisions on rights of young fields and how long they take."""
    young = is_young(world, rights)
    world.tally.add("young_decision_months", place[young], world.scale * months[young].astype(np.float64))
    world.tally.add("young_decisions", place[young], world.scale)


@rule("disputes", "court.tribunal", after="court.judge")
def review(world: World) -> None:
    """Let defendants of this month's suits petition, and rule on petitions whose time has come."""
    _rule(world, world.calendar.pop(DUE, world.month))
    d, disputes = world.disputes, world.courts.fresh
    if not len(disputes):
        return
    disputes = disputes[(d.stage[disputes] == SUIT) & (d.outcome[disputes] == 0)]
    disputes = disputes[is_young(world, d.right[disputes])]
    if not len(disputes):
        return
    # most suits are settled before anybody decides: they count with the date on which a decision was due
    months = world.courts.wait_months[d.court[disputes]].astype(np.float64)
    if (world.levers["court.tribunal"] > 0.0).any():
        months[np.isin(disputes, _petition(world, disputes))] = world.p["tribunal.months"]
    place = world.courts.jurisdiction[d.court[disputes]].astype(np.int64)
    count_decision(world, d.right[disputes], place, months)


def _petition(world: World, disputes: np.ndarray) -> np.ndarray:
    """Let defendants of suits in young fields petition for a review; return the suits of those who do, int64."""
    d, p, cases = world.disputes, world.p, world.courts.cases
    place = world.courts.jurisdiction[d.court[disputes]].astype(np.int64)
    open_to = world.draw.bernoulli(
        "court.tribunal_open", cases.uid[disputes], world.levers["court.tribunal"][place], month=ALWAYS
    )
    seen = view(world, disputes, np.ones(world.J), 1.0 - p["court.cost_sunk"]).seen
    cost = p["tribunal.cost_share"] * seen[COST_D]
    defendant, owner = d.defendant[disputes].astype(np.int64), d.plaintiff[disputes].astype(np.int64)
    goes = open_to & (seen[INVALID] * seen[LOSS] > cost) & (affordable(world, defendant) >= cost)
    disputes, place, cost, defendant, owner = (a[goes] for a in (disputes, place, cost, defendant, owner))
    if not len(disputes):
        return disputes
    paid_p, paid_d = both_bills(world, owner, p["tribunal.cost_share"] * seen[COST_P, goes], defendant, cost, place)
    d.cost_plaintiff[disputes] += paid_p.astype(np.float32)
    d.cost_defendant[disputes] += paid_d.astype(np.float32)
    due = world.month + max(1, round(p["tribunal.months"]))
    rows = world.challenges.add(
        len(disputes), month=world.month, kind=REVIEW, right=d.right[disputes], challenger=defendant, owner=owner,
        dispute=disputes, margin=cases.validity[disputes], due=due, cost=paid_d,
    )  # fmt: skip
    world.calendar.put(DUE, due, rows)
    world.tally.add("tribunal_petitions", place, world.scale)
    return disputes


def _rule(world: World, rows: np.ndarray) -> None:
    """Decide reviews; those whose suit was settled or given up, or whose right has ended, are moot."""
    if not len(rows):
        return
    t, d, r = world.challenges, world.disputes, world.rights
    over = np.isin(d.outcome[t.dispute[rows]], (SETTLED, DROPPED, INVALIDATED)) | ~r.in_force[t.right[rows]]
    t.outcome[rows[over]] = MOOT
    rows = rows[~over]
    if not len(rows):
        return
    suits, rights = t.dispute[rows].astype(np.int64), t.right[rows].astype(np.int64)
    place = world.courts.jurisdiction[d.court[suits]].astype(np.int64)
    error = world.p["tribunal.noise_share"] * court_error(world, place, r.field[rights])
    z = world.draw.normal("court.tribunal_ruling", world.courts.cases.uid[suits], month=ALWAYS)
    falls = t.margin[rows] + error * z < 0.0
    t.outcome[rows] = np.where(falls, REVOKED, MAINTAINED)
    world.courts.cases.attacked[suits[~falls]] = False
    open_still = d.outcome[suits] == 0
    ended = suits[falls & open_still]
    d.outcome[ended] = INVALIDATED
    d.judged_month[ended] = world.month
    d.wrong[ended] = d.truly_valid[ended]
    gone = release(world, rights[falls])
    world.tally.add("tribunal_invalidations", r.office[gone].astype(np.int64), world.scale)
    wrong = falls == d.truly_valid[suits]
    world.tally.add("wrong_decisions", place[wrong], world.scale)
    world.tally.add("decisions_total", place, world.scale)
    # a ruling settles the law of its field as a judgment does
    world.courts.judged_now = np.concatenate([world.courts.judged_now, suits])
