"""Registers: rights that an office enters without weighing them against all prior art, and claims that arise by use.

Plant varieties are tested for distinctness in the field, trade marks and names of regions for distinctive character;
designs and layouts get a formal check. Nobody's examination hours are spent: fees pay the registers' own staff. A kind that
is examined is granted if its distinctness exceeds the kind's height (``ecosystem/data/rights.toml``). Courts ask the same:
``rights.novelty`` is kept on the patents' scale, ``nu = z - height + step``. A claim by use (copyright, trade name, unfair
competition) becomes a row when it is first invoked. Renewals: kept while what the right keeps out until the next date is
worth its fee, and while somebody sells under it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM, INSTITUTE, SME_EMPLOYEES, UNIVERSITY, within_means
from agents.patent_office.filing import ACADEMIC, LARGE, OTHER, SMALL
from ecosystem.domain.indicators import TALLIES, flow, stock
from ecosystem.domain.kinds import by_place, kinds_of_right
from ecosystem.domain.rights import KINDS
from ecosystem.domain.valuation import right_value
from ecosystem.kernel.luck import fold
from ecosystem.kernel.memory import of_the_month
from ecosystem.kernel.schedule import rule
from ecosystem.kernel.table import NEVER

if TYPE_CHECKING:
    from ecosystem.world import World

REGISTERED = ("design", "trade_mark", "plant_variety", "chip_layout", "geographical_indication")
CLAIMED = ("copyright", "trade_name", "unfair_competition")
HELD = ("patent", "utility_model", *REGISTERED, *CLAIMED)
GRANTED, REFUSED, DECIDED = 1, 2, 4
DECIDE, DUE = "register.decide", "register.due"
_TITLE = {name: kind.title.lower() for name, kind in kinds_of_right().items()}
_EXAMINED = np.array([kind.arises == "examined" for kind in kinds_of_right().values()])
_MONTHS = np.array([kind.months for kind in kinds_of_right().values()])
_BLOCK = np.array([kind.renewal[0] for kind in kinds_of_right().values()])
_FEE = np.array([kind.renewal[1] for kind in kinds_of_right().values()])
_LOOK_YEARS = 3
"""A register finds out at least every third year that nobody holds or uses a right any more."""

for _name in REGISTERED:
    flow(f"{_name}_filings", "applications", f"applications by kind: {_TITLE[_name]}", 0)
    flow(f"{_name}_refusals", "applications", f"applications refused by kind: {_TITLE[_name]}", 0)
for _name in CLAIMED:
    flow(f"{_name}_claims", "claims", f"claims by use invoked for the first time: {_TITLE[_name]}", 0)
flow(
    "registrations_lapsed",
    "rights",
    "registered rights that ended by an unpaid fee, the end of sales or of the term",
    0,
)
_FILED = np.array([TALLIES.get(f"{n}_filings", TALLIES.get(f"{n}_claims", -1)) for n in KINDS])
_REFUSED = np.array([TALLIES.get(f"{n}_refusals", -1) for n in KINDS])


def _in_force(world: World) -> np.ndarray:
    """Return real rights in force by kind and place and those of SMEs (last row), float64 (kinds + 1, J); a pass a month."""
    return of_the_month(world, "held_by_kind", lambda: _held(world))


def _held(world: World) -> np.ndarray:
    r, orgs, J = world.rights, world.orgs, world.J
    live = np.flatnonzero(r.in_force)
    out = np.zeros((len(KINDS) + 1, J))
    cell = r.kind[live].astype(np.int64) * J + r.office[live]
    out[:-1] = np.bincount(cell, minlength=len(KINDS) * J).reshape(len(KINDS), J)
    owner = r.owner[live]
    small = owner[(orgs.kind[owner] == FIRM) & (orgs.employees[owner] < SME_EMPLOYEES) & ~orgs.passive[owner]]
    out[-1] = np.bincount(orgs.jurisdiction[small], minlength=J)
    out *= world.scale
    return out


def _of_kind(kind: str) -> Callable[[World], np.ndarray]:
    return lambda world: _in_force(world)[KINDS.index(kind)]


for _name in HELD:
    stock(f"rights_in_force_{_name}", "rights", f"rights in force at the end of the year, by kind: {_TITLE[_name]}", 0,
          _of_kind(_name), yearly=True)  # fmt: skip
stock("sme_rights_held", "rights", "rights in force owned by SMEs, by seat of the owner", 1,
      lambda world: _in_force(world)[-1], yearly=True)  # fmt: skip


def register(
    world: World, kind: np.ndarray, office: np.ndarray, inventions: np.ndarray, breadth: np.ndarray, owner: np.ndarray,
    distinctness: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Enter applications in registers, or claims by use at once in force; return right slots, int64 (n,).

    Owners pay what the kind costs, the share ``register.fee_share`` to the office.

    Args:
        kind: code of KINDS, int (n,).
        office: place, int (n,).
        inventions: creation that is protected, or that the product behind the sign uses, int (n,).
        breadth: chance that an imitation is caught, float (n,).
        owner: organizations, int (n,).
        distinctness: how far it stands out, sd, float (n,).
    """
    n, rights, orgs, inv = len(kind), world.rights, world.orgs, world.inventions
    if not n:
        return np.zeros(0, np.int64)
    kind, office, owner = (np.asarray(a, dtype=np.int64) for a in (kind, office, owner))
    height = by_place(world, "height")[kind, office]
    firm, staff = orgs.kind[owner] == FIRM, orgs.employees[owner]
    school = (orgs.kind[owner] == UNIVERSITY) | (orgs.kind[owner] == INSTITUTE)
    slots: np.ndarray = rights.add(
        n, uid=fold(inv.uid[inventions], world.offices.uid[office], kind), invention=inventions, kind=kind, office=office,
        owner=owner, owner_at_filing=owner, field=inv.field[inventions], sector=inv.sector[inventions], breadth=breadth,
        applicant_size=np.where(firm, np.where(staff < SME_EMPLOYEES, SMALL, LARGE), np.where(school, ACADEMIC, OTHER)),
        novelty=np.asarray(distinctness) - height + world.levers["office.step"][office],
        territories=world.offices.mask[office], filed=world.month, stage=1,
    )  # fmt: skip
    world.offices.room(rights.n)
    np.add.at(world.tally.values, (_FILED[kind], office, rights.sector[slots].astype(np.int64)), world.scale)
    cost = by_place(world, "cost")[kind, office] * world.scale
    for payer, who, some in (
        ("outside", orgs.jurisdiction[owner], orgs.passive[owner]),
        ("organizations", owner, ~orgs.passive[owner]),
    ):
        fee = world.p["register.fee_share"] * cost[some]
        at, who = office[some], who[some]
        world.accounts.pay("filing_fee", payer, who, "office", at, fee, place=at)
        world.accounts.pay("attorney_fee", payer, who, "services", at, cost[some] - fee, place=at)
    wait = _MONTHS[kind]
    later = wait > 0
    world.calendar.put(DECIDE, world.month + wait[later], slots[later])
    _decide(world, slots[~later])
    return slots


def _decide(world: World, slots: np.ndarray) -> None:
    """Grant what is distinct enough for its kind, or needs no test."""
    if not len(slots):
        return
    rights = world.rights
    kind, office = rights.kind[slots].astype(np.int64), rights.office[slots].astype(np.int64)
    good = ~_EXAMINED[kind] | (rights.novelty[slots] > world.levers["office.step"][office])
    rights.stage[slots], rights.decided[slots] = DECIDED, world.month
    rights.outcome[slots] = np.where(good, GRANTED, REFUSED)
    rights.in_force[slots] = good
    bad = slots[~good]
    where = (_REFUSED[kind[~good]], office[~good], rights.sector[bad].astype(np.int64))
    np.add.at(world.tally.values, where, world.scale)
    rights.published[slots[good]] = world.month
    _enter(world, slots[good])


def _enter(world: World, slots: np.ndarray) -> None:
    """Enter the next date of rights in force: the end of the term, of the time paid for, or the next look at its use."""
    if not len(slots):
        return
    rights, terms = world.rights, world.valuation.terms
    kind = rights.kind[slots].astype(np.int64)
    term = terms[kind, rights.office[slots]]
    end = np.where(term > 0.0, rights.filed[slots] + np.floor(12.0 * term + 0.5), NEVER).astype(np.int64)
    age = world.month - rights.filed[slots].astype(np.int64)
    following = end
    for block in (np.where(_BLOCK[kind] > 0, 12 * _BLOCK[kind], NEVER // 2), 12 * _LOOK_YEARS):
        following = np.minimum(following, rights.filed[slots] + block * (age // block + 1))
    world.calendar.put(DUE, np.maximum(following, world.month + 1), slots)


@rule("examination", "register.decide", after="office.examine")
def decide(world: World) -> None:
    """Registers decide what has become due; they sit once a quarter."""
    if world.month % 3 == 2:
        _decide(world, _due(world, DECIDE))


def _due(world: World, name: str) -> np.ndarray:
    """Return what has become due in the last three months."""
    return np.concatenate([world.calendar.pop(name, month) for month in range(world.month - 2, world.month + 1)])


@rule("renewal", "register.renew", after="renewal.decide")
def renew(world: World) -> None:
    """Owners keep a registered right whose coming years are worth the fee and under which something is sold.

    value x (1 - exp(-(r+d) n)) / (r+d) > fee, n the years until the next fee. Acts once a quarter.
    """
    if world.month % 3 != 1:
        return
    due = _due(world, DUE)
    rights, orgs, v = world.rights, world.orgs, world.valuation
    due = due[rights.in_force[due]]
    if not len(due):
        return
    kind, office = rights.kind[due].astype(np.int64), rights.office[due].astype(np.int64)
    owner, sector = rights.owner[due].astype(np.int64), rights.sector[due].astype(np.int64)
    line = world.inventions.line[rights.invention[due]]
    term = v.terms[kind, office]
    over = (term > 0.0) & (world.month - rights.filed[due] >= np.floor(12.0 * term + 0.5))
    used = (line < 0) | world.lines.active[np.maximum(line, 0)]
    rate = v.discount[sector]
    # a fee is due when a block of years is over, seen in the quarter that follows
    block = 12 * np.maximum(_BLOCK[kind], 1)
    fee = np.where((world.month - rights.filed[due]) % block < 3, _FEE[kind], 0.0)
    worth = right_value(world, due) * (1.0 - np.exp(-rate * _BLOCK[kind])) / rate
    keep = ~over & used & orgs.alive[owner] & ((fee == 0.0) | (worth > fee))
    paying = np.flatnonzero(keep & (fee > 0.0) & ~orgs.passive[owner])
    able = within_means(world, owner[paying], fee[paying] * world.scale)
    keep[paying[~able]] = False
    paying = paying[able]
    world.accounts.pay(
        "renewal_fee", "organizations", owner[paying], "office", office[paying], fee[paying] * world.scale,
        place=office[paying],
    )  # fmt: skip
    lost = due[~keep]
    rights.in_force[lost], rights.lapsed[lost] = False, world.month
    world.tally.add("registrations_lapsed", office[~keep], world.scale, sector[~keep])
    _enter(world, due[keep])
