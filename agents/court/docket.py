"""Courts as agents: a docket in real units that lengthens when suits outrun judges, and judges hired with a lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.forum import open_forums
from agents.handle import Handle
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.rights import KINDS
from ecosystem.kernel.luck import ALWAYS, Pool, fold
from ecosystem.kernel.schedule import rule
from ecosystem.kernel.table import Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

COURT_UID = 71_001
"""Salt that separates the identities of courts from those of other kinds."""
_LAST_SEARCHED = KINDS.index("utility_model")


def _wait(world: World) -> np.ndarray:
    """Mean docket over the courts of each place, weighed by their usual load, (J,)."""
    courts = world.courts
    load = np.where(courts.usual_load > 0.0, courts.usual_load, 1e-12)
    alone = np.bincount(courts.jurisdiction, minlength=world.J)[courts.jurisdiction] == 1
    weight = np.where(alone, 1.0, load)
    count = np.bincount(courts.jurisdiction, weights=weight, minlength=world.J)
    total = np.bincount(courts.jurisdiction, weights=weight * courts.wait_months, minlength=world.J)
    return total / np.where(count > 0.0, count, 1.0)


stock(
    "months_to_judgment", "months",
    "time from suit to judgment at the length that the docket has now, mean of the courts of the place", -1, _wait,
)  # fmt: skip
flow("letters", "letters", "letters to alleged infringers", 0)
flow("suits", "suits", "infringement suits filed", 0)
flow("npe_suits", "suits", "infringement suits filed by assertion entities", 0)
flow("trials", "judgments", "suits decided by judgment", 0)
flow("settlements", "settlements", "disputes ended by a settlement, before or after the suit", 0)
flow("disputes_dropped", "disputes", "disputes that the owner gave up", 0)
flow("patentee_wins", "judgments", "judgments that find a valid right infringed", 0)
flow("invalidations", "rights", "rights declared invalid by a court", 0)
flow("injunctions", "injunctions", "uses forbidden by a court", 0)
flow("damages_paid", "M USD2020", "damages paid by judgment", 0)
flow("settlement_payments", "M USD2020", "lump sums paid in settlements", 0)
flow("litigation_costs", "M USD2020", "own cost of both sides of disputes: attorneys and court fees", -1)
flow("abusive_assertions", "assertions",
     "demands on a right that the simulation knows to be invalid or not infringed, or above three royalties",
     -1)  # fmt: skip
ratio("patentee_win_share", "share", "judgments for the owner in all judgments", 0, "patentee_wins", "trials")
ratio("suits_per_1000_rights", "suits a year per 1,000 rights", "suits on rights in force", 0, "suits",
      "right_years_thousand")  # fmt: skip
ratio("wrong_judgment_share", "share", "judgments against the truth known to the simulation", -1, "wrong_judgments",
      "trials")  # fmt: skip
ratio("damages_to_harm_ratio", "ratio", "damages and settlements paid over the loss of owners truly infringed", 0,
      "compensation_paid", "harm_compensable")  # fmt: skip
ratio("sme_enforcement_rate", "share", "detected infringements of rights of SMEs on which the owner acts", 1,
      "sme_enforced", "sme_detected")  # fmt: skip
ratio("overseas_enforcement_rate", "share", "detected infringements abroad on which the owner acts", 1,
      "overseas_enforced", "overseas_detected")  # fmt: skip


class Courts(Table):
    """One row a court; loads are real suits a month."""

    uid = Column(np.int64, "id", "stable identity")
    jurisdiction = Column(np.int8, "place", "whose law it applies")
    territory = Column(np.int8, "territory", "where it sits; -1 for a unified court")
    usual_load = Column(np.float64, "suits/month", "suits of the burn-in, frozen at its end")
    load = Column(np.float64, "suits/month", "suits filed, smoothed")
    planned_load = Column(np.float64, "suits/month", "suits on which the ministry plans, slowly smoothed")
    staff = Column(np.float64, "share of usual", "judges at work relative to the usual", 1)
    capacity = Column(np.float64, "suits/month", "suits that the judges can decide or close")
    backlog = Column(np.float64, "suits", "suits waiting for their turn")
    wait_months = Column(np.float64, "months", "time from suit to judgment for a suit filed now")
    usual_wait = Column(np.float64, "months", "the same at the end of the burn-in")
    suits = Column(np.float64, "suits", "real suits of this month, not yet entered into the load")
    judged = Column(np.float64, "judgments", "real judgments so far")

    open_uses: np.ndarray
    """Slots of living uses that infringe a right and have not yet been detected, int64."""
    fresh: np.ndarray
    """Disputes whose letter went out this month, int64."""
    candidates: np.ndarray
    """Rights looked at this quarter, in its last month (a value-weighted random sample of those in force), int64."""
    entering: list[np.ndarray]
    """Rights decided since incidents were last looked at."""
    judged_now: np.ndarray
    """Disputes judged this month, int64."""
    at_place: np.ndarray
    """Court slot of each place (of its largest territory), -1 where there is none, int64 (J,)."""
    at_territory: np.ndarray
    """Court slot of each territory, -1 where there is none, int64 (T,)."""
    unified_at: np.ndarray
    """Slot of the court that decides for several territories of each place, -1 where there is none, int64 (J,)."""
    cases: Cases
    portfolio: np.ndarray
    """Rights that assertion entities have bought, int64."""
    started: bool
    next_incident: np.ndarray
    """Month of the next candidate incident by right slot, int32."""
    this_year: np.ndarray
    """Rights with a candidate incident left in the year of ``listed_year``, int64."""
    listed_year: int
    highest: np.ndarray
    """Highest monthly hazard of a noticed incident used for the next candidate, by right slot, float64."""
    reference_potential: np.ndarray
    """Usual sqrt(potential) of granted rights by place, learnt in the burn-in, float64 (J,); infinite: unknown."""
    mean_root: np.ndarray
    """Mean of sqrt(value) of rights in force by place, learnt in the burn-in, float64 (J,)."""
    right_years: np.ndarray
    """Thousands of real right-years a month by place, float64 (J,)."""
    pools: tuple[Pool, Pool, np.ndarray]
    pools_year: int


class Cases(Table):
    """What a file of the docket holds beside the ledger row of the same number; money per real dispute."""

    uid = Column(np.int64, "id", "identity of the dispute: right, defendant, month")
    validity = Column(np.float64, "sd", "true margin of validity under the law of the place")
    infringement = Column(np.float64, "sd", "true margin of infringement under the law of the place")
    practising = Column(np.bool_, "1", "the owner sells products under the right")
    entity = Column(np.bool_, "1", "the owner is an assertion entity")
    award_plaintiff = Column(np.float64, "M USD2020", "stake of the owner: damages and the worth of an injunction")
    award_defendant = Column(np.float64, "M USD2020", "stake of the defendant")
    attacked = Column(np.bool_, "1", "the defendant attacks validity")
    unified = Column(np.bool_, "1", "heard by the court that decides for several territories at once")
    forum = Column(np.int32, "bit mask", "territories fought over; 0 where the place has one court for all of it")
    stake_share = Column(np.float64, "share", "stakes of the territories fought over in all", 1)
    cost_multiple = Column(np.float64, "1", "cost of all courts called on over that of one suit about the whole", 1)


class Law:
    """The state of the law: how uncertain it is by place and field.

    Attributes:
        uncertainty: multiplier of the errors of judges and parties, float64 (J, F), >= the floor.
        field_stock: simulated inventions made so far, float64 (F,).
        months: months seen.
    """

    def __init__(self, places: int, fields: int, start: float) -> None:
        self.uncertainty = np.full((places, fields), start)
        self.inventions_seen = 0
        self.months = 0
        self.field_stock = np.zeros(fields)


class Court(Handle):
    """A court: decides validity, infringement and remedies as its docket reaches a suit."""

    table = "courts"


def open_courts(world: World) -> None:
    """Create one court for each territory, a unified court where several take part, the state of the law, empty dockets."""
    courts = Courts()
    world.courts = courts
    where = open_forums(world)
    slots = courts.add(
        len(where), uid=fold(where[:, 0], where[:, 1], COURT_UID), jurisdiction=where[:, 0], territory=where[:, 1]
    )
    courts.wait_months[slots] = usual_wait(world, slots)
    courts.usual_wait[slots] = courts.wait_months[slots]
    none = np.zeros(0, np.int64)
    courts.open_uses, courts.fresh, courts.candidates, courts.judged_now = none, none, none, none
    courts.cases = Cases()
    courts.started = False
    courts.entering = []
    courts.at_place = np.full(world.J, -1, np.int64)
    courts.at_place[where[::-1, 0]] = slots[::-1]
    joint = where[:, 1] < 0
    courts.at_territory, courts.unified_at = np.full(world.T, -1, np.int64), np.full(world.J, -1, np.int64)
    courts.at_territory[where[~joint, 1]], courts.unified_at[where[joint, 0]] = slots[~joint], slots[joint]
    courts.next_incident = np.zeros(0, np.int32)
    courts.this_year = none
    courts.pools_year = courts.listed_year = -1_000_000
    courts.highest = np.zeros(0)
    courts.reference_potential = np.full(world.J, np.inf)
    courts.mean_root = np.zeros(world.J)
    courts.right_years = np.zeros(world.J)
    courts.portfolio = none
    world.law = Law(world.J, world.F, world.p["law.floor"] + world.p["law.start_excess"])


def usual_wait(world: World, slots: np.ndarray) -> np.ndarray:
    """Return the time to judgment at usual load: minimum + k rho / (1 - rho), months, float64 (n,)."""
    rho = world.p["court.utilization"]
    least = world.levers["court.minimum_months"][world.courts.jurisdiction[slots]]
    return least + world.p["court.queue_months"] * rho / (1.0 - rho)


def panel_leniency(world: World, court: np.ndarray, cases: np.ndarray) -> np.ndarray:
    """Return the leniency of the panel that draws each case, sd; lasting by (court, panel), an instrument.

    Args:
        court: court slots, int (n,).
        cases: identities of the cases, int64 (n,).
    """
    panels = world.p["court.panels"]
    number = (world.draw.uniform("court.panel", cases, month=ALWAYS) * panels).astype(np.int64)
    who = fold(world.courts.uid[court], number)
    return world.p["court.panel_leniency"] * world.draw.normal("court.leniency", who, month=ALWAYS)


@nb.njit(nb.int64[::1](nb.boolean[::1], nb.int8[::1], nb.int8[::1], nb.int64), cache=True)
def _in_force(in_force: np.ndarray, kind: np.ndarray, office: np.ndarray, places: int) -> np.ndarray:
    """Count patents and utility models in force by office."""
    out = np.zeros(places, np.int64)
    for i in range(len(in_force)):
        out[office[i]] += in_force[i] and kind[i] <= _LAST_SEARCHED
    return out


@rule("disputes", "court.docket", after="court.judge")
def run_docket(world: World) -> None:
    """Let suits queue for judges: the wait grows without limit only while suits outrun judges.

    With load l, judges' capacity c and backlog b (real suits), db/dt = l - c b / (b + k c): the fluid approximation of
    a random queue (Wang, Tipper & Banerjee 1996, INFOCOM), which rests at b/c = k rho / (1 - rho). Wait = least time +
    b / c. Usual capacity = burn-in load / 0.9. Marked suits are few, so the load is smoothed over at least
    ``court.load_cases`` of them. Judges: staff moves toward lever x planned load x (1 + answer to a long wait).
    """
    courts, p, scale = world.courts, world.p, world.scale
    place = courts.jurisdiction
    arrivals = courts.suits.copy()
    courts.suits[:] = 0.0
    if world.month_of_year % 3 == 0 or not courts.right_years.any():
        held = _in_force(world.rights.in_force, world.rights.kind, world.rights.office, world.J)
        courts.right_years = held * scale / 12_000.0
    world.tally["right_years_thousand"][:, -1] += courts.right_years

    if world.month < 0:
        seen = world.burn_in_months + world.month + 1
        courts.usual_load[:] += (arrivals - courts.usual_load) / seen
        # Half a marked suit in the burn-in is the least that such a sample can tell.
        floor = 0.5 * scale / world.burn_in_months
        courts.load[:] = courts.planned_load[:] = np.maximum(courts.usual_load, floor)
    else:
        if not (courts.load > 0).all():
            courts.load[:] = courts.planned_load[:] = scale / 240.0
        floor = 0.5 * scale / max(world.burn_in_months, 120)
        marked = np.maximum(courts.usual_load, floor) / scale
        memory = np.maximum(p["court.load_months"], p["court.load_cases"] / marked)
        slow = np.maximum(p["court.planning_months"], 2.0 * memory)
        courts.load[:] += (arrivals - courts.load) / memory
        courts.planned_load[:] += (arrivals - courts.planned_load) / slow
    usual = np.maximum(courts.usual_load, floor)

    rho = p["court.utilization"]
    late = np.clip(courts.wait_months / courts.usual_wait - 1.0, 0.0, 0.5)
    planned = courts.planned_load / usual * (1.0 + p["court.hiring_response"] * late)
    courts.staff[:] += (planned - courts.staff) / p["court.hiring_months"]
    courts.capacity[:] = world.levers["court.judges"][place] * courts.staff * usual / rho
    if world.month < 0:
        courts.backlog[:] = courts.capacity * p["court.queue_months"] * rho / (1.0 - rho)
        courts.usual_wait[:] = usual_wait(world, np.arange(courts.n))
    else:
        room = p["court.queue_months"] * courts.capacity
        busy = courts.backlog / (courts.backlog + room)
        courts.backlog[:] = np.maximum(0.0, courts.backlog + courts.load - courts.capacity * busy)
    courts.wait_months[:] = world.levers["court.minimum_months"][place] + courts.backlog / courts.capacity
