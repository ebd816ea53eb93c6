"""Rights: applications and what they become, one row a right at an office."""

from __future__ import annotations

import numpy as np

from ecosystem.kernel.table import NEVER, Column, Table

KINDS = ("patent", "utility_model", "design", "trade_mark", "plant_variety", "chip_layout", "copyright", "secret",
         "geographical_indication", "trade_name", "unfair_competition")  # fmt: skip
STAGES = ("deferred", "queued", "amending", "amended", "decided")
OUTCOMES = ("pending", "granted", "refused", "withdrawn")
SIZES = ("small", "large", "university", "other")


class Rights(Table):
    """One simulated right stands for ``scale`` real ones at one office (family = invention). Fees are per real right."""

    uid = Column(np.int64, "id", "stable identity: invention, office, kind")
    invention = Column(np.int32, "invention slot", "what it protects (family)")
    kind = Column(np.int8, "code", "kind of right", 0, KINDS)
    office = Column(np.int8, "place", "office that examines or registers it")
    owner = Column(np.int32, "organization slot", "owner now")
    owner_at_filing = Column(np.int32, "organization slot", "applicant")
    applicant_size = Column(np.int8, "code", "size of the applicant", 0, SIZES)
    field = Column(np.int8, "field", "technology field")
    sector = Column(np.int8, "sector", "market it is for")
    novelty = Column(np.float32, "sd", "true inventive step of what is claimed")
    breadth = Column(np.float32, "share", "chance that an imitation falls under the claims")
    territories = Column(np.int32, "bit mask", "territories in which it is or will be in force")
    unitary = Column(np.bool_, "1", "unitary right: one fee and one court for the territories that take part")
    accelerated = Column(np.bool_, "1", "accelerated examination asked")
    stage = Column(np.int8, "code", "where it stands in examination", 0, STAGES)
    outcome = Column(np.int8, "code", "decision", 0, OUTCOMES)
    filed = Column(np.int32, "month", "application")
    requested = Column(np.int32, "month", "request for examination", NEVER)
    published = Column(np.int32, "month", "publication", NEVER)
    first_action = Column(np.int32, "month", "first action of the examiner", NEVER)
    decided = Column(np.int32, "month", "final decision", NEVER)
    examiner = Column(np.int16, "examiner number", "who examined it", -1)
    leniency = Column(np.float32, "sd", "examiner's habitual generosity (instrument)")
    hours = Column(np.float32, "share of the office's usual hours", "time spent, relative", 0)
    granted_in_error = Column(np.bool_, "1", "granted although below the standard, truth known to the simulation")
    refused_in_error = Column(np.bool_, "1", "refused although above the standard")
    in_force = Column(np.bool_, "1", "granted, paid for, not invalidated, not expired")
    lapsed = Column(np.int32, "month", "end by unpaid fee or end of term", NEVER)
    invalidated = Column(np.int32, "month", "declared invalid", NEVER)
    sep = Column(np.bool_, "1", "essential to a standard")
    pooled = Column(np.bool_, "1", "licensed through the patent pool of its field at its office")
    pledged = Column(np.bool_, "1", "serves as collateral")
    for_license = Column(np.bool_, "1", "owner offers it to others")
