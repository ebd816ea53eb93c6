"""Append-only ledgers: deals, adoptions, disputes, challenges. A row is a simulated object standing for ``scale`` real ones."""

from __future__ import annotations

import numpy as np

from ecosystem.kernel.table import NEVER, Column, Table

DEALS = (
    "license", "cross_license", "sale", "pool_license", "university_license", "standard_license", "spin_off",
    "know_how", "pledge_loan", "royalty_sale", "compulsory_license",
)  # fmt: skip
ROUTES = ("free", "license", "purchase", "invent_around", "infringe", "drop")
CASE_STAGES = ("letter", "suit", "trial")
CHALLENGES = ("opposition", "tribunal")
RULINGS = ("pending", "maintained", "amended", "revoked", "moot")
CASE_OUTCOMES = ("pending", "settled", "invalid", "not_infringed", "infringed", "dropped")


class Deals(Table):
    """Deals; money is per real deal."""

    month = Column(np.int32, "month", "when")
    kind = Column(np.int8, "code", "kind of deal", 0, DEALS)
    giver = Column(np.int32, "organization slot", "who gives the technology or pledges the right")
    taker = Column(np.int32, "organization slot", "who takes it or lends")
    right = Column(np.int32, "right slot", "right, -1 for none", -1)
    invention = Column(np.int32, "invention slot", "technology, -1 for none", -1)
    field = Column(np.int8, "field", "technology field")
    from_place = Column(np.int8, "place", "seat of the giver")
    to_place = Column(np.int8, "place", "seat of the taker")
    upfront = Column(np.float32, "M USD2020", "lump sum of one real deal")
    royalty_rate = Column(np.float32, "share of sales", "running royalty")
    exclusive = Column(np.bool_, "1", "exclusive")
    broker = Column(np.int16, "intermediary slot", "who brought the sides together, -1 nobody", -1)
    joint = Column(np.bool_, "1", "the technology came from a joint project")
    measure = Column(np.int16, "measure number", "measure that made it possible, -1 none", -1)


class Adoptions(Table):
    """Attempts to use a launched technology of others."""

    month = Column(np.int32, "month", "when")
    user = Column(np.int32, "organization slot", "who tries")
    invention = Column(np.int32, "invention slot", "technology")
    route = Column(np.int8, "code", "how it ended", 0, ROUTES)
    foreign = Column(np.bool_, "1", "technology owned abroad")
    aware = Column(np.bool_, "1", "the user knew of the right in its way")
    blocked_by = Column(np.int32, "right slot", "the right in its way, -1 none", -1)
    months_since_launch = Column(np.int16, "months", "age of the product")


class Disputes(Table):
    """Disputes over a right; money is per real dispute."""

    month = Column(np.int32, "month", "letter or discovery")
    court = Column(np.int16, "court slot", "where it is or would be heard")
    right = Column(np.int32, "right slot", "right in dispute")
    plaintiff = Column(np.int32, "organization slot", "owner")
    defendant = Column(np.int32, "organization slot", "alleged infringer")
    use = Column(np.int32, "use slot", "the use attacked, -1 none", -1)
    stakes = Column(np.float32, "M USD2020", "what the owner claims as harm, one real dispute")
    stage = Column(np.int8, "code", "furthest stage", 0, CASE_STAGES)
    outcome = Column(np.int8, "code", "how it ended", 0, CASE_OUTCOMES)
    truly_valid = Column(np.bool_, "1", "the right deserves to stand, truth known to the simulation")
    truly_infringed = Column(np.bool_, "1", "the use falls under the claims, truth known to the simulation")
    wrong = Column(np.bool_, "1", "judged against the truth")
    abusive = Column(
        np.bool_, "1", "assertion of a right known invalid or not infringed, or demand above three royalties"
    )
    damages = Column(np.float32, "M USD2020", "paid by judgment or settlement")
    injunction = Column(np.bool_, "1", "use forbidden")
    suit_month = Column(np.int32, "month", "filing of the suit", NEVER)
    judged_month = Column(np.int32, "month", "judgment", NEVER)
    due = Column(np.int32, "month", "when the docket reaches it", NEVER)
    cost_plaintiff = Column(np.float32, "M USD2020", "own cost")
    cost_defendant = Column(np.float32, "M USD2020", "own cost")
    panel_leniency = Column(np.float32, "sd", "panel's habitual inclination to the owner (instrument)")


class Challenges(Table):
    """Attacks on a granted right outside infringement suits; money is per real challenge."""

    month = Column(np.int32, "month", "when")
    kind = Column(np.int8, "code", "opposition at the office, or review by a specialised body", 0, CHALLENGES)
    right = Column(np.int32, "right slot", "right attacked")
    challenger = Column(np.int32, "organization slot", "who attacks")
    owner = Column(np.int32, "organization slot", "owner then")
    dispute = Column(np.int32, "dispute slot", "the suit behind it, -1 none", -1)
    margin = Column(np.float32, "sd", "true margin of validity under the standard of the body")
    due = Column(np.int32, "month", "when it is decided", NEVER)
    outcome = Column(np.int8, "code", "ruling", 0, RULINGS)
    cost = Column(np.float32, "M USD2020", "cost of each side")
