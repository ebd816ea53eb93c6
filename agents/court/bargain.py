"""What parties do with a dispute: drop, settle or sue; with the evidence on the table drop, settle or go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.backing import Backing, advance, backed_view
from agents.court.border import count_stopped
from agents.court.docket import panel_leniency
from agents.court.forum import count_costs, count_suits
from agents.court.money import book, both_bills, transfer
from agents.court.view import AWARD_D, AWARD_P, COST_D, COST_P, INVALID, LOSS, VALUE, View
from agents.organizations import FIRM, SME_EMPLOYEES
from ecosystem.domain import market, valuation
from ecosystem.domain.ledgers import CASE_OUTCOMES, CASE_STAGES
from ecosystem.domain.potential import F4, F8, FF8, I1, I8, B, f8
from ecosystem.kernel.luck import ALWAYS, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

DISCOVERY, JUDGMENT = "court.discovery", "judgment"
LETTER, SUIT, TRIAL = range(len(CASE_STAGES))
SETTLED, DROPPED, INVALIDATED = (CASE_OUTCOMES.index(word) for word in ("settled", "dropped", "invalid"))
LICENSE = 0
u8 = nb.uint64


@rule("disputes", "disputes.bargain", after="disputes.detect", before="court.judge")
def bargain_disputes(world: World) -> None:
    """Answer this month's letters, then let suits whose evidence is exchanged settle, drop or go to judgment."""
    fade = np.exp(-1.0 / world.p["court.record_months"])
    world.orgs.enforcement_record[:] *= fade
    _answer_letters(world, world.courts.fresh)
    _after_discovery(world, world.calendar.pop(DISCOVERY, world.month))


def _answer_letters(world: World, disputes: np.ndarray) -> None:
    """Settle in the shadow of a credible suit, else sue; without a credible threat the letter goes unanswered.

    A threat is credible if the owner's value of suing P J - C - K is positive, the owner is none who never sues
    (custom of the place) and can pay. Parties who talk agree if the owner expects no more than the defendant fears.
    """
    if not len(disputes):
        return
    d, orgs, r, levers, p, tally = world.disputes, world.orgs, world.rights, world.levers, world.p, world.tally
    v, known = backed_view(world, disputes, np.ones(world.J), 1.0)
    borne = np.zeros(len(disputes)) if known is None else known.owner
    owner, defendant = d.plaintiff[disputes].astype(np.int64), d.defendant[disputes].astype(np.int64)
    gain = valuation.user_gain(world, r.invention[d.right[disputes]], defendant)
    act, ask = _answer(
        disputes, owner, v.place, v.seen, borne, gain, p["court.reasonable_royalty"], p["court.bluff"],
        levers["court.hurdle"], levers["court.agreeable_share"], p["court.talks_fail"], orgs.uid, orgs.cash, orgs.credit,
        world.courts.cases.uid, world.draw.key("court.custom", ALWAYS), world.draw.key("court.talk", ALWAYS), d.stakes,
        d.truly_valid, d.truly_infringed, d.abusive, d.outcome, orgs.kind, orgs.employees, orgs.jurisdiction,
        world.scale, tally["abusive_assertions"], tally["disputes_dropped"], tally["sme_detected"],
        tally["sme_enforced"], tally["overseas_detected"], tally["overseas_enforced"],
    )  # fmt: skip
    settles, sues = np.flatnonzero(act == _SETTLES), np.flatnonzero(act == _GOES)
    settle(world, disputes[settles], v.place[settles], ask[settles])
    _sue(
        world, disputes[sues], v, sues, levers["court.hurdle"][v.place[sues]], None if known is None else known.of(sues)
    )


_DROPS, _SETTLES, _GOES = range(3)


@nb.njit(
    nb.types.Tuple((I1, F8))(
        I8, I8, I8, FF8, F8, F8, f8, f8, F8, F8, f8, I8, F8, F8, I8, u8, u8, F4, B, B, B, I1, I1, F8, I1, f8, FF8, FF8, FF8,
        FF8, FF8, FF8,
    ),
    cache=True,
)  # fmt: skip
def _answer(
    disputes: np.ndarray, owner: np.ndarray, place: np.ndarray, seen: np.ndarray, borne: np.ndarray, gain: np.ndarray,
    royalty: float, bluff: float,
    hurdle: np.ndarray, agreeable: np.ndarray, fail: float, org_uid: np.ndarray, cash: np.ndarray, credit: np.ndarray,
    uid: np.ndarray, key_custom: np.uint64, key_talk: np.uint64, stakes: np.ndarray, valid: np.ndarray,
    infringed: np.ndarray, abusive: np.ndarray, outcome: np.ndarray, kind: np.ndarray, employees: np.ndarray,
    seat: np.ndarray, scale: float, abuse: np.ndarray, dropped: np.ndarray, sme: np.ndarray, sme_acts: np.ndarray,
    overseas: np.ndarray, overseas_acts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Return what follows each letter and the middle of both values, where a settlement lies; count them by place.

    An owner makes a demand if its value of suing, with only the share ``bluff`` of its cost spent before the other side
    gives in, is positive. It is abusive if the simulation knows it to be so: no valid right, no infringement, or above
    three royalties asked. Only a demand with a credible threat behind it is settled.
    """
    act, ask = np.empty(len(disputes), np.int8), np.empty(len(disputes))
    last = abuse.shape[1] - 1
    for i in range(len(disputes)):
        d, o, j = disputes[i], owner[i], place[i]
        rest = 1.0 - borne[i]
        value, loss = seen[VALUE, i] - rest * hurdle[j], seen[LOSS, i]
        never = u01(np.uint64(org_uid[o]), key_custom) < agreeable[j]
        pays = max(0.0, cash[o] + credit[o]) >= rest * (seen[COST_P, i] + hurdle[j])
        threat = value > 0.0 and not never and pays
        ask[i] = 0.5 * (value + loss)
        if not threat:
            act[i] = _DROPS
            outcome[d] = DROPPED
            dropped[j, last] += scale
        elif value <= loss and u01(np.uint64(uid[d]), key_talk) >= fail:
            act[i] = _SETTLES
        else:
            act[i] = _GOES
        dear = threat and ask[i] > 3.0 * max(royalty * gain[i], np.float64(stakes[d]))
        # who writes hopes that the other side gives in before much has been spent
        writes = not never and value + (1.0 - bluff) * rest * seen[COST_P, i] > 0.0
        abusive[d] = writes and (not valid[d] or not infringed[d] or dear)
        if abusive[d]:
            abuse[j, last] += scale
        home = seat[o]
        if kind[o] == FIRM and employees[o] < SME_EMPLOYEES:
            sme[home, last] += scale
            if threat:
                sme_acts[home, last] += scale
        if home != j:
            overseas[home, last] += scale
            if threat:
                overseas_acts[home, last] += scale
    return act, ask


def _drop(world: World, disputes: np.ndarray, place: np.ndarray) -> None:
    if len(disputes):
        world.disputes.outcome[disputes] = DROPPED
        world.tally.add("disputes_dropped", place, world.scale)


def settle(world: World, disputes: np.ndarray, place: np.ndarray, amount: np.ndarray) -> None:
    """End disputes by a license for a lump sum (M USD2020 of one real dispute, (n,)), cut to what can be paid."""
    if not len(disputes):
        return
    d, orgs, r = world.disputes, world.orgs, world.rights
    owner, defendant = d.plaintiff[disputes].astype(np.int64), d.defendant[disputes].astype(np.int64)
    right = d.right[disputes].astype(np.int64)
    paid = transfer(world, "settlement", defendant, owner, np.maximum(amount, 0.0), place)
    book(world, "license_income", owner, paid)
    book(world, "settlement_income", owner, paid)
    book(world, "license_payments", defendant, paid)
    d.outcome[disputes] = SETTLED
    d.damages[disputes] = paid
    use = d.use[disputes].astype(np.int64)
    copied = use >= 0
    copied[copied] = world.uses.infringing[use[copied]]
    if copied.any():
        count_stopped(world, use[copied])
        market.make_legal(world, use[copied], owner[copied], 0.0)
    world.deals.add(
        len(disputes), month=world.month, kind=LICENSE, giver=owner, taker=defendant, right=right,
        invention=r.invention[right], field=r.field[right], from_place=orgs.jurisdiction[owner],
        to_place=orgs.jurisdiction[defendant], upfront=paid,
    )  # fmt: skip
    tally, scale = world.tally, world.scale
    tally.add("settlements", place, scale)
    tally.add("license_and_sale_deals", orgs.jurisdiction[defendant].astype(np.int64), scale)
    tally.add("settlement_payments", place, paid * scale)
    compensate(world, disputes, place, paid)


def compensate(world: World, disputes: np.ndarray, place: np.ndarray, paid: np.ndarray) -> None:
    """Count what owners got beside what they lost by true infringements of valid rights."""
    d, tally, scale = world.disputes, world.tally, world.scale
    true = d.truly_valid[disputes] & d.truly_infringed[disputes]
    tally.add("compensation_paid", place, paid * scale)
    tally.add("harm_compensable", place[true], d.stakes[disputes][true].astype(np.float64) * scale)


def _sue(
    world: World, disputes: np.ndarray, v: View, rows: np.ndarray, hurdle: np.ndarray, known: Backing | None
) -> None:  # fmt: skip
    """File suits: the first share of the cost is sunk, a panel is drawn, the docket gives a date."""
    if not len(disputes):
        return
    d, orgs, courts, cases, p = world.disputes, world.orgs, world.courts, world.courts.cases, world.p
    place, court = v.place[rows], d.court[disputes].astype(np.int64)
    owner, defendant = d.plaintiff[disputes].astype(np.int64), d.defendant[disputes].astype(np.int64)
    wait = np.maximum(1, np.ceil(courts.wait_months[court])).astype(np.int64)
    d.stage[disputes] = SUIT
    d.suit_month[disputes] = world.month
    d.due[disputes] = world.month + wait
    d.panel_leniency[disputes] = panel_leniency(world, court, cases.uid[disputes])
    cases.award_plaintiff[disputes] = v.seen[AWARD_P, rows]
    cases.award_defendant[disputes] = v.seen[AWARD_D, rows]
    sunk = p["court.cost_sunk"]
    of_owner, of_defendant = sunk * v.seen[COST_P, rows] + hurdle, sunk * v.seen[COST_D, rows]
    advance(world, known, owner, of_owner, defendant, of_defendant)
    d.cost_plaintiff[disputes], d.cost_defendant[disputes] = both_bills(
        world, owner, of_owner, defendant, of_defendant, place
    )
    count_suits(world, disputes, place)
    count_costs(world, disputes, place, (d.cost_plaintiff[disputes] + d.cost_defendant[disputes]).astype(np.float64))
    np.add.at(orgs.enforcement_record, owner, world.scale / orgs.weight[owner])
    np.add.at(courts.suits, court, world.scale)
    world.tally.add("suits", place, world.scale)
    world.tally.add("npe_suits", place[cases.entity[disputes]], world.scale)
    # Evidence is exchanged before the docket reaches the case.
    talk = np.minimum(wait, int(p["court.discovery_months"]))
    world.calendar.put(DISCOVERY, world.month + talk, disputes)


def _after_discovery(world: World, disputes: np.ndarray) -> None:
    """Drop what looks hopeless now, settle where expectations meet, send the rest to judgment."""
    disputes = _still_alive(world, disputes)
    if not len(disputes):
        return
    d = world.disputes
    v, _ = backed_view(world, disputes, world.levers["court.discovery"], 1.0 - world.p["court.cost_sunk"])
    value, loss = v.seen[VALUE], v.seen[LOSS]
    drops = value < 0.0
    settles = ~drops & (value <= loss)
    goes = ~drops & ~settles
    _drop(world, disputes[drops], v.place[drops])
    settle(world, disputes[settles], v.place[settles], 0.5 * (value + loss)[settles])
    tried = disputes[goes]
    if len(tried):
        d.stage[tried] = TRIAL
        world.courts.cases.attacked[tried] = v.seen[INVALID, goes] > world.p["court.attack_threshold"]
        world.calendar.put(JUDGMENT, np.maximum(d.due[tried], world.month).astype(np.int64), tried)


def _still_alive(world: World, disputes: np.ndarray) -> np.ndarray:
    """Drop suits whose right was declared invalid meanwhile or one of whose sides is gone; return the others."""
    if not len(disputes):
        return disputes
    d, orgs = world.disputes, world.orgs
    disputes = disputes[d.outcome[disputes] != INVALIDATED]  # a specialised body has ended the suit
    invalid = world.rights.invalidated[d.right[disputes]] <= world.month
    forum = world.courts.cases.forum[disputes]
    invalid |= (forum != 0) & (forum & world.rights.territories[d.right[disputes]] == 0)
    gone = invalid | ~orgs.alive[d.plaintiff[disputes]] | ~orgs.alive[d.defendant[disputes]]
    if gone.any():
        _drop(world, disputes[gone], world.courts.jurisdiction[d.court[disputes[gone]]].astype(np.int64))
    return disputes[~gone]
