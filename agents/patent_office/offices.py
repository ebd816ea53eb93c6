"""Offices: one row a jurisdiction that has a patent office; their dockets and staff cohorts lie beside the columns."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agents.handle import Handle
from agents.patent_office.dockets import Dockets
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.table import Column, Table

if TYPE_CHECKING:
    from ecosystem.world import World

FIRST_YEAR = 12


class Offices(Table):
    """State of the offices; slot equals place. Files, applications and rights are counted in real ones."""

    uid = Column(np.int64, "id", "stable identity")
    jurisdiction = Column(np.int8, "place", "jurisdiction")
    examiners = Column(np.float64, "examiners", "in service, beginners included")
    experienced = Column(np.float64, "examiners", "at full output")
    trainees = Column(np.float64, "examiners", "still learning")
    announced = Column(np.float64, "examiners", "hired, not yet in service")
    planned = Column(np.float64, "examiners", "staff that the office wants now")
    output = Column(np.float64, "examiners", "staff in units of experienced examiners: learning and training deducted")
    workload = Column(np.float64, "files/examiner/month", "usual output of an experienced examiner, in first actions")
    capacity = Column(np.float64, "files/month", "first actions that the staff can do at the hours a file gets now")
    requests = Column(np.float64, "files/month", "requests for examination, moving average")
    load = Column(np.float64, "files/month", "work that arrives (first actions and replies), moving average")
    load_reference = Column(np.float64, "files/month", "work for which the planned examiners are meant")
    months_seen = Column(np.float64, "months", "months with requests so far")
    arrived = Column(np.float64, "files", "requests of this month")
    arrived_work = Column(np.float64, "files", "work arrived this month, in first actions")
    backlog = Column(np.float64, "files", "waiting for a first action in ordinary turn")
    backlog_accelerated = Column(np.float64, "files", "accelerated, waiting for a first action")
    backlog_amended = Column(np.float64, "files", "amended, waiting for re-examination")
    second_share = Column(np.float64, "share", "second filings in the files decided last year")
    wait = Column(np.float64, "months", "expected wait to first action: backlog over requests")
    hours = Column(np.float64, "share of usual hours", "hours that a file really got this month", 1)
    carry = Column(np.float64, "simulated files", "capacity left over for the next month")
    opened = Column(np.bool_, "1", "has begun to decide")
    learnt = Column(np.bool_, "1", "usual workload is known and fixed")
    filed = Column(np.float64, "applications", "patent applications since the start")
    granted = Column(np.float64, "applications", "granted since the start")
    refused = Column(np.float64, "applications", "refused since the start")
    withdrawn = Column(np.float64, "applications", "withdrawn since the start")
    pending = Column(np.float64, "applications", "patent applications not decided")
    pending_utility_models = Column(np.float64, "applications", "utility models not registered yet")
    patents_in_force = Column(np.float64, "patents", "patents in force")
    utility_models_in_force = Column(np.float64, "utility models", "utility models in force")
    novelty_offset = Column(np.float64, "sd", "applicants' selection")
    abandon_below = Column(np.float64, "sd", "value learnt later below which an objected application is given up")
    from_request = Column(np.bool_, "1", "pendency counts from the request")
    examiner_cost = Column(np.float64, "M USD2020/month", "cost of an examiner month")
    mask = Column(np.int64, "bit mask", "territories of the jurisdiction")

    dockets: Dockets
    """Files that wait, by class and office."""
    cohorts: np.ndarray
    """Beginners by office and month of service, float64 (P, learning months)."""
    pipeline: np.ndarray
    """Announced hires by office and months to the first day, float64 (P, recruitment months)."""
    leniency: np.ndarray
    """Habitual generosity by office and examiner number, sd, float64 (P, pool)."""
    rounds: np.ndarray
    """Rounds of replies still to come, by right slot, int8 with spare room."""
    counted: np.ndarray
    """Rights that the in-force counts include, by right slot, bool with spare room."""
    decided: tuple[int, list[np.ndarray]]
    """Month of the last decisions and their rights."""
    accelerated_waiting: np.ndarray
    """Accelerated files not yet due, simulated files by office."""

    def room(self, rights: int) -> None:
        """Make the arrays by right slot long enough for ``rights`` rows."""
        if rights > len(self.rounds):
            more = max(rights, 2 * len(self.rounds)) - len(self.rounds)
            self.rounds = np.r_[self.rounds, np.zeros(more, np.int8)]
            self.counted = np.r_[self.counted, np.zeros(more, np.bool_)]


class PatentOffice(Handle):
    """The patent office of a jurisdiction: examines by priority, grants or refuses, hires."""

    table = "offices"


def place_parameter(world: World, name: str) -> np.ndarray:
    """Return ``name.<place code>`` where it exists, else ``name.default``, for each jurisdiction; float64 (P,)."""
    known = set(world.p)
    codes = [f"{name}.{code}" for code in world.places[: world.P]]
    return np.array([world.p[c if c in known else f"{name}.default"] for c in codes], dtype=np.float64)


def output_by_month(world: World) -> np.ndarray:
    """Return the output of a beginner by month of service, rising linearly to one; float64 (learning months,).

    Months of the first year are charged the experienced colleagues' time for training.
    """
    months = round(world.p["office.learning_months"])
    age = np.arange(months)
    start = world.p["office.beginner_output"]
    rising = start + (1.0 - start) * (age + 0.5) / months
    return rising - np.where(age < FIRST_YEAR, world.p["office.trainer_loss"], 0.0)


def stay(world: World) -> tuple[np.ndarray, float]:
    """Return the monthly chance to stay for beginners by month of service and for experienced examiners."""
    months = round(world.p["office.learning_months"])
    later = (1.0 - world.p["office.attrition"]) ** (1.0 / 12.0)
    first = (1.0 - world.p["office.attrition_first_year"]) ** (1.0 / 12.0)
    return np.where(np.arange(months) < FIRST_YEAR, first, later), later


def open_offices(world: World) -> None:
    """Open one office for each jurisdiction, staffed as planned and in a steady state of hiring.

    The dockets start empty and the office decides nothing until its backlog has reached target wait x requests: what an
    applicant waits for is a stock that was there before the simulation begins, and no capacity explains it (findings
    on offices, point 2). Until the start of the horizon the office works at the pace of its requests, bent toward the
    target wait; from then on the usual workload of an examiner is known and fixed, and staff and hours decide.
    """
    offices, p, places = world.offices, world.p, world.P
    codes = world.places[:places]
    names = [hashlib.blake2b(f"office {c}".encode(), digest_size=8).digest() for c in codes]
    territory = np.asarray(world.territories.place)
    offices.add(
        places,
        uid=np.array([int.from_bytes(x, "little") >> 1 for x in names], dtype=np.int64),
        jurisdiction=np.arange(places),
        novelty_offset=place_parameter(world, "office.novelty_offset"),
        abandon_below=ndtri(place_parameter(world, "office.abandon_share")),
        from_request=place_parameter(world, "office.pendency_from_request") > 0,
        examiner_cost=place_parameter(world, "office.examiner_cost"),
        mask=[int(sum(1 << t for t in np.flatnonzero(territory == j).tolist())) for j in range(places)],
    )
    offices.dockets = Dockets(places)
    offices.accelerated_waiting = np.zeros(places)
    offices.decided = (world.month - 1, [])
    offices.rounds = np.zeros(1024, np.int8)
    offices.counted = np.zeros(1024, np.bool_)
    pool = round(p["office.examiner_pool"])
    number = fold(np.repeat(offices.uid, pool), np.tile(np.arange(1, pool + 1), places))
    luck = world.draw.normal("office.leniency", number, month=ALWAYS)
    offices.leniency = p["office.leniency_sd"] * luck.reshape(places, pool)
    staff(world, world.levers["office.examiners"][:places])


def staff(world: World, total: np.ndarray) -> None:
    """Fill the offices with ``total`` examiners (P,) whose hires just replace those who leave."""
    offices = world.offices
    keep, later = stay(world)
    survivors = np.r_[1.0, np.cumprod(keep)]
    experienced = survivors[-1] / max(1.0 - later, 1e-12)
    hires = total / (survivors[:-1].sum() + experienced)
    offices.cohorts = hires[:, None] * survivors[None, :-1]
    offices.pipeline = np.repeat(hires[:, None], round(world.p["office.recruitment_months"]), axis=1)
    offices.experienced[:] = hires * experienced
    count_staff(world)
    offices.planned[:] = total


def count_staff(world: World) -> None:
    """Derive head counts and output from the cohorts."""
    offices = world.offices
    offices.trainees[:] = offices.cohorts.sum(axis=1)
    offices.announced[:] = offices.pipeline.sum(axis=1)
    offices.examiners[:] = offices.experienced + offices.trainees
    taught = offices.cohorts @ output_by_month(world)
    offices.output[:] = np.maximum(offices.experienced + taught, 0.1 * offices.experienced)
