"""What parties do with a dispute: drop, settle or sue; with the evidence on the table drop, settle or go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.court.beliefs import chance, cost_to_judgment, defendant_loss, plaintiff_value, stakes
from agents.court.docket import panel_leniency
from agents.court.money import book, legal_bill, transfer
from agents.organizations import FIRM, affordable
from ecosystem.domain import market, valuation
from ecosystem.domain.ledgers import CASE_OUTCOMES, CASE_STAGES
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

DISCOVERY, JUDGMENT = "court.discovery", "judgment"
LETTER, SUIT, TRIAL = range(len(CASE_STAGES))
PENDING, SETTLED, INVALID, NOT_INFRINGED, INFRINGED, DROPPED = range(len(CASE_OUTCOMES))
LICENSE = 0


@dataclass(slots=True)
class View:
    """How both sides see a set of disputes; money per real dispute, (n,)."""

    place: np.ndarray
    award_plaintiff: np.ndarray
    award_defendant: np.ndarray
    cost_plaintiff: np.ndarray
    cost_defendant: np.ndarray
    win_plaintiff: np.ndarray
    win_defendant: np.ndarray
    invalid: np.ndarray
    """Chance of invalidity as the defendant sees it."""
    shift: np.ndarray

    def value(self, left: float) -> np.ndarray:
        """The owner's value of going on with the share ``left`` of the cost still to come."""
        return plaintiff_value(
            self.win_plaintiff, self.award_plaintiff, self.cost_plaintiff, self.cost_defendant, self.shift, left
        )

    def loss(self, left: float) -> np.ndarray:
        """The defendant's loss from going on."""
        return defendant_loss(
            self.win_defendant, self.award_defendant, self.cost_defendant, self.cost_plaintiff, self.shift, left
        )


def court_error(world: World, place: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return the sd of the court's error: lever x legal uncertainty of the field."""
    return world.levers["court.noise"][place] * world.law.uncertainty[place, field]


def view(world: World, disputes: np.ndarray, remaining: np.ndarray | float) -> View:
    """Let both sides of disputes weigh their case.

    Both know the true margins with errors of their own, drawn once a dispute; evidence shrinks the same errors to the
    share ``remaining``. Where validity is left to another body the infringement court takes it for granted.
    """
    d, cases, levers, p = world.disputes, world.courts.cases, world.levers, world.p
    court = d.court[disputes]
    place = world.courts.jurisdiction[court].astype(np.int64)
    field = world.rights.field[d.right[disputes]]
    uid = cases.uid[disputes]
    uncertainty = world.law.uncertainty[place, field]
    error = levers["court.party_noise"][place] * uncertainty * remaining
    judge = court_error(world, place, field)
    split = levers["court.bifurcated"][place] > 0.5

    def sees(name: str, margin: np.ndarray) -> np.ndarray:
        return chance(margin, world.draw.normal(name, uid, month=ALWAYS), error, judge)

    validity, infringement = cases.validity[disputes], cases.infringement[disputes]
    valid_p = sees("court.plaintiff_validity", validity)
    valid_d = sees("court.defendant_validity", validity)
    win_p = sees("court.plaintiff_infringement", infringement) * np.where(split, 1.0, valid_p)
    win_d = sees("court.defendant_infringement", infringement) * np.where(split, 1.0, valid_d)

    injunction = np.where(
        cases.practising[disputes], levers["court.injunction"][place], levers["court.injunction_nonpractising"][place]
    )
    years = world.courts.wait_months[court] / 12.0
    harm, multiple = d.stakes[disputes].astype(np.float64), levers["court.damages"][place]
    award_p = stakes(harm, multiple, injunction, p["court.injunction_worth"], years, p["court.impatience"])
    award_d = stakes(harm, multiple, injunction, p["court.injunction_pain"], years, p["court.impatience"])
    cost = cost_to_judgment(award_p, levers["court.cost"][place], p["court.cost_exponent"])
    own = np.where(cases.entity[disputes], p["assertion.cost_share"], 1.0) * cost
    return View(place, award_p, award_d, own, cost, win_p, win_d, 1.0 - valid_d, levers["court.fee_shifting"][place])


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
    d, orgs, levers, p, draw = world.disputes, world.orgs, world.levers, world.p, world.draw
    uid = world.courts.cases.uid[disputes]
    owner = d.plaintiff[disputes].astype(np.int64)
    v = view(world, disputes, 1.0)
    hurdle = levers["court.hurdle"][v.place]
    value, loss = v.value(1.0) - hurdle, v.loss(1.0)
    never = draw.uniform("court.custom", orgs.uid[owner], month=ALWAYS) < levers["court.agreeable_share"][v.place]
    threat = (value > 0.0) & ~never & (affordable(world, owner) >= v.cost_plaintiff + hurdle)
    talks = draw.uniform("court.talk", uid, month=ALWAYS) >= p["court.talks_fail"]
    settles = threat & talks & (value <= loss)
    sues = threat & ~settles
    ask = np.where(threat, 0.5 * (np.maximum(value, 0.0) + loss), 0.0)
    _mark_abuse(world, disputes, v.place, ask)
    _count_acts(world, disputes, v.place, threat)
    _drop(world, disputes[~threat], v.place[~threat])
    settle(world, disputes[settles], v.place[settles], 0.5 * (value + loss)[settles])
    _sue(world, disputes[sues], v, np.flatnonzero(sues), hurdle[sues])


def _mark_abuse(world: World, disputes: np.ndarray, place: np.ndarray, ask: np.ndarray) -> None:
    """Flag what the simulation knows to be abusive: no valid right, no infringement, or above three royalties asked."""
    d = world.disputes
    right = d.right[disputes]
    inventions = world.rights.invention[right].astype(np.int64)
    royalty = world.p["court.reasonable_royalty"] * valuation.user_gain(
        world, inventions, d.defendant[disputes].astype(np.int64)
    )
    dear = ask > 3.0 * np.maximum(royalty, d.stakes[disputes])
    abusive = ~d.truly_valid[disputes] | ~d.truly_infringed[disputes] | dear
    d.abusive[disputes] = abusive
    world.tally.add("abusive_assertions", place[abusive], world.scale)


def _count_acts(world: World, disputes: np.ndarray, place: np.ndarray, acts: np.ndarray) -> None:
    d, orgs, tally, scale = world.disputes, world.orgs, world.tally, world.scale
    owner = d.plaintiff[disputes].astype(np.int64)
    home = orgs.jurisdiction[owner].astype(np.int64)
    for name, mine in (("sme", (orgs.kind[owner] == FIRM) & orgs.is_sme(owner)), ("overseas", home != place)):
        tally.add(f"{name}_detected", home[mine], scale)
        tally.add(f"{name}_enforced", home[mine & acts], scale)


def _drop(world: World, disputes: np.ndarray, place: np.ndarray) -> None:
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
    book(world, "license_payments", defendant, paid)
    d.outcome[disputes] = SETTLED
    d.damages[disputes] = paid
    use = d.use[disputes].astype(np.int64)
    copied = (use >= 0) & world.uses.infringing[np.maximum(use, 0)] if world.uses.n else np.zeros(len(use), bool)
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


def _sue(world: World, disputes: np.ndarray, v: View, rows: np.ndarray, hurdle: np.ndarray) -> None:
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
    for name in ("award_plaintiff", "award_defendant"):
        getattr(cases, name)[disputes] = getattr(v, name)[rows]
    sunk = p["court.cost_sunk"]
    d.cost_plaintiff[disputes] = legal_bill(world, owner, sunk * v.cost_plaintiff[rows] + hurdle, place)
    d.cost_defendant[disputes] = legal_bill(world, defendant, sunk * v.cost_defendant[rows], place)
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
    place = world.courts.jurisdiction[d.court[disputes]].astype(np.int64)
    v = view(world, disputes, world.levers["court.discovery"][place])
    left = 1.0 - world.p["court.cost_sunk"]
    value, loss = v.value(left), v.loss(left)
    drops = value < 0.0
    settles = ~drops & (value <= loss)
    goes = ~drops & ~settles
    _drop(world, disputes[drops], v.place[drops])
    settle(world, disputes[settles], v.place[settles], 0.5 * (value + loss)[settles])
    tried = disputes[goes]
    d.stage[tried] = TRIAL
    world.courts.cases.attacked[tried] = v.invalid[goes] > world.p["court.attack_threshold"]
    world.calendar.put(JUDGMENT, np.maximum(d.due[tried], world.month).astype(np.int64), tried)


def _still_alive(world: World, disputes: np.ndarray) -> np.ndarray:
    """Drop suits whose right was declared invalid meanwhile or one of whose sides is gone; return the others."""
    if not len(disputes):
        return disputes
    d, orgs = world.disputes, world.orgs
    invalid = world.rights.invalidated[d.right[disputes]] <= world.month
    gone = invalid | ~orgs.alive[d.plaintiff[disputes]] | ~orgs.alive[d.defendant[disputes]]
    if gone.any():
        _drop(world, disputes[gone], world.courts.jurisdiction[d.court[disputes[gone]]].astype(np.int64))
    return disputes[~gone]
