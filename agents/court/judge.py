"""Judgment: the court sees the truth with error, and what follows binds the parties and, if invalid, everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.court.backing import advance, backed_view
from agents.court.bargain import JUDGMENT, _still_alive, compensate
from agents.court.border import count_stopped
from agents.court.detect import release_from_invalid, release_in
from agents.court.forum import bit_of, count_costs, part_won, standards, verdicts
from agents.court.money import book, both_bills, legal_bill, transfer
from agents.court.view import COST_D, COST_P, View, court_error, view
from ecosystem.domain import indicators, market
from ecosystem.domain.ledgers import CASE_OUTCOMES
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

NULLITY = "court.nullity"
INVALID, NOT_INFRINGED, INFRINGED = map(CASE_OUTCOMES.index, ("invalid", "not_infringed", "infringed"))

# Wrong decisions of offices and courts are counted together; the ratio over them is declared by the office.
for _name in ("wrong_decisions", "decisions_total"):
    indicators.TALLIES.setdefault(_name, len(indicators.TALLIES))


def found_invalid(world: World, disputes: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return whether the panel finds the right invalid: v + leniency + q z < 0, bool (n,)."""
    d, cases = world.disputes, world.courts.cases
    error = court_error(world, place, world.rights.field[d.right[disputes]])
    z = world.draw.normal("court.judge_validity", cases.uid[disputes], month=ALWAYS)
    own = standards(world)[bit_of(world, disputes)]
    return cases.validity[disputes] + d.panel_leniency[disputes] + own + error * z < 0.0


def found_infringed(world: World, disputes: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return whether the panel finds infringement: i + leniency + q z > 0, bool (n,)."""
    d, cases = world.disputes, world.courts.cases
    error = court_error(world, place, world.rights.field[d.right[disputes]])
    z = world.draw.normal("court.judge_infringement", cases.uid[disputes], month=ALWAYS)
    own = standards(world)[bit_of(world, disputes)]
    return cases.infringement[disputes] + d.panel_leniency[disputes] + own + error * z > 0.0


def _elsewhere(world: World, disputes: np.ndarray, place: np.ndarray, invalid: np.ndarray, infringed: np.ndarray,
               hears_validity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return the territories where the right falls and where the owner wins, bit masks; 0 where one court decides alone."""
    d, cases = world.disputes, world.courts.cases
    error = court_error(world, place, world.rights.field[d.right[disputes]])
    lenient = d.panel_leniency[disputes]
    valid = verdicts(world, disputes, ~invalid, "court.judge_validity", cases.validity[disputes] + lenient, error)
    forum = cases.forum[disputes].astype(np.int64)
    fallen = np.where(hears_validity, forum & ~valid, 0)
    won = verdicts(
        world, disputes, infringed, "court.judge_infringement", cases.infringement[disputes] + lenient, error
    )
    return fallen, won & ~fallen


@rule("disputes", "court.judge", before="court.docket")
def judge_cases(world: World) -> None:
    """Decide the suits that the docket has reached, and the nullity actions of places where these are separate."""
    suits = world.courts.judged_now = _still_alive(world, world.calendar.pop(JUDGMENT, world.month))
    _judge_suits(world, suits)
    _judge_nullity(world, world.calendar.pop(NULLITY, world.month))


def _judge_suits(world: World, disputes: np.ndarray) -> None:
    if not len(disputes):
        return
    d, cases, levers, p = world.disputes, world.courts.cases, world.levers, world.p
    court = d.court[disputes].astype(np.int64)
    place = world.courts.jurisdiction[court].astype(np.int64)
    left = 1.0 - p["court.cost_sunk"]
    v, known = backed_view(world, disputes, levers["court.discovery"], left)
    owner, defendant = d.plaintiff[disputes].astype(np.int64), d.defendant[disputes].astype(np.int64)

    split = (levers["court.bifurcated"][place] > 0.5) & ~cases.unified[disputes]
    attacked = cases.attacked[disputes]
    invalid = found_invalid(world, disputes, place) & attacked & ~split
    infringed = found_infringed(world, disputes, place) & ~invalid
    outcome = np.where(invalid, INVALID, np.where(infringed, INFRINGED, NOT_INFRINGED))
    fallen, won = _elsewhere(world, disputes, place, invalid, infringed, attacked & ~split)
    liable = d.truly_valid[disputes] & d.truly_infringed[disputes]
    # A defendant let off is rightly let off if the right is bad or the product lies outside it.
    wrong = np.where(invalid, d.truly_valid[disputes], infringed != liable)
    d.outcome[disputes] = outcome
    d.judged_month[disputes] = world.month
    d.wrong[disputes] = wrong

    advance(world, known, owner, left * v.seen[COST_P], defendant, left * v.seen[COST_D])
    costs = both_bills(world, owner, left * v.seen[COST_P], defendant, left * v.seen[COST_D], place)
    d.cost_plaintiff[disputes] += costs[0].astype(np.float32)
    d.cost_defendant[disputes] += costs[1].astype(np.float32)
    count_costs(world, disputes, place, costs[0] + costs[1])
    _shift_fees(world, v, infringed, owner, defendant)
    reached = infringed | (won != 0)
    _remedies(world, disputes[reached], place[reached], won[reached])
    free = ~reached & ~invalid
    _let_go(world, d.use[disputes[free]].astype(np.int64))
    one = cases.forum[disputes] == 0
    release_from_invalid(world, d.right[disputes[invalid & one]].astype(np.int64))
    release_in(world, d.right[disputes[fallen != 0]].astype(np.int64), fallen[fallen != 0])
    separate = split & attacked & infringed
    if separate.any():
        tried = disputes[separate]
        due = np.maximum(world.month + 1, d.suit_month[tried] + int(p["court.nullity_months"])).astype(np.int64)
        world.calendar.put(NULLITY, due, tried)

    tally, scale = world.tally, world.scale
    np.add.at(world.courts.judged, court, scale)
    tally.add("trials", place, scale)
    tally.add("patentee_wins", place[infringed], scale)
    for name, rows in (("wrong_judgments", wrong), ("wrong_decisions", wrong), ("decisions_total", ...)):
        tally.add(name, place[rows], scale)


def _shift_fees(world: World, v: View, won: np.ndarray, owner: np.ndarray, defendant: np.ndarray) -> None:
    """Let the loser repay the share phi of the winner's cost."""
    winner, loser = np.where(won, owner, defendant), np.where(won, defendant, owner)
    cost = world.levers["court.fee_shifting"][v.place] * np.where(won, v.seen[COST_P], v.seen[COST_D])
    paid = transfer(world, "fee_shift", loser, winner, cost, v.place)
    book(world, "legal_cost", loser, paid)
    book(world, "legal_cost", winner, -paid)


def _remedies(world: World, disputes: np.ndarray, place: np.ndarray, won: np.ndarray) -> None:
    """Award damages = multiple x harm; forbid the use, or set the royalty at which it may go on.

    Where courts decided for some territories only (``won``, bit masks), damages are those of these territories, and what is
    forbidden goes on in the others.
    """
    if not len(disputes):
        return
    d, cases, levers, p = world.disputes, world.courts.cases, world.levers, world.p
    owner, defendant = d.plaintiff[disputes].astype(np.int64), d.defendant[disputes].astype(np.int64)
    due = levers["court.damages"][place] * d.stakes[disputes].astype(np.float64) * part_won(world, disputes, won)
    paid = transfer(world, "damages", defendant, owner, due, place)
    book(world, "legal_cost", defendant, paid)
    book(world, "license_income", owner, paid)
    book(world, "settlement_income", owner, paid)
    d.damages[disputes] = paid
    world.tally.add("damages_paid", place, paid * world.scale)
    compensate(world, disputes, place, paid)
    chance = np.where(
        cases.practising[disputes], levers["court.injunction"][place], levers["court.injunction_nonpractising"][place]
    )
    # who promised fair terms for an essential right cannot stop a user
    chance = chance * (1.0 - levers["standards.frand"][place] * world.rights.sep[d.right[disputes]])
    forbidden = world.draw.bernoulli("court.injunction", cases.uid[disputes], chance, month=ALWAYS)
    d.injunction[disputes] = forbidden
    world.tally.add("injunctions", place[forbidden], world.scale)
    use = d.use[disputes].astype(np.int64)
    copied = use[use >= 0]
    count_stopped(world, copied[world.uses.active[copied]])
    ends = forbidden & (use >= 0)
    part = ends & (won != 0) & (world.rights.territories[d.right[disputes]] & ~won != 0)
    _leave(world, use[part], won[part])
    market.end_use(world, use[ends & ~part])
    goes_on = ~forbidden & (use >= 0)
    goes_on[goes_on] = world.uses.active[use[goes_on]] & world.rights.in_force[d.right[disputes[goes_on]]]
    market.make_legal(world, use[goes_on], owner[goes_on], p["court.royalty_rate"])


def _leave(world: World, use: np.ndarray, territories: np.ndarray) -> None:
    """Stop uses in some territories (bit masks, int64 (n,)); those that sell nowhere any more end."""
    uses = world.uses
    for slot, mask in zip(use.tolist(), territories.tolist(), strict=True):
        uses.mask[slot] &= ~mask
    use = use[uses.active[use]]
    world.market.touch(uses.line[use])
    market.end_use(world, use[uses.mask[use] == 0])


def _let_go(world: World, use: np.ndarray) -> None:
    """Leave a product that was found outside the claims to its maker."""
    use = use[use >= 0]
    market.make_legal(world, use[world.uses.infringing[use]])


def _judge_nullity(world: World, disputes: np.ndarray) -> None:
    """Decide on validity after infringement was already enforced: the injunction gap of split courts."""
    if not len(disputes):
        return
    d, p = world.disputes, world.p
    disputes = disputes[world.rights.in_force[d.right[disputes]]]
    place = world.courts.jurisdiction[d.court[disputes]].astype(np.int64)
    seen = view(world, disputes, world.levers["court.discovery"], 0.0).seen
    for side, cost in (("plaintiff", seen[COST_P]), ("defendant", seen[COST_D])):
        who = getattr(d, side)[disputes].astype(np.int64)
        living = world.orgs.alive[who]
        paid = legal_bill(world, who[living], p["court.nullity_cost"] * cost[living], place[living])
        count_costs(world, disputes[living], place[living], paid)
    invalid = found_invalid(world, disputes, place)
    wrong = invalid == d.truly_valid[disputes]
    fallen, _ = _elsewhere(world, disputes, place, invalid, invalid, np.ones(len(disputes), bool))
    one = world.courts.cases.forum[disputes] == 0
    release_from_invalid(world, d.right[disputes[invalid & one]].astype(np.int64))
    release_in(world, d.right[disputes[fallen != 0]].astype(np.int64), fallen[fallen != 0])
    world.tally.add("wrong_decisions", place[wrong], world.scale)
    world.tally.add("decisions_total", place, world.scale)
