"""What a researcher costs: wages rise when R&D money outruns people, so that money partly turns into pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.recruits import turnover
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, stock
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("sme_researchers_hired", "researchers", "researchers who start at an SME", 1)
stock("wage_index", "1", "wage of researchers relative to month 0", 0, lambda world: world.wage)


def clearing_wage(per_head: np.ndarray, reference: np.ndarray, elasticity: float) -> np.ndarray:
    """Return w = (money / (N w0))^(1 / (1 + e)), float64 (J,): supply N w^e meets demand money / w.

    Args:
        per_head: R&D money per researcher now.
        reference: the same in the reference; places without money keep w = 1.
        elasticity: short-run supply elasticity e (Goolsbee 1998: small, so that much of new money is pay).
    """
    some = (per_head > 0) & (reference > 0)
    return np.where(some, np.where(some, per_head, 1.0) / np.where(some, reference, 1.0), 1.0) ** (1 / (1 + elasticity))


@rule("talent", "talent.clear_wage")
def clear_wage(world: World) -> None:
    """Move wages toward the clearing wage; before month 0 the reference moves along and the wage is 1."""
    orgs, t, p = world.orgs, world.talent, world.p
    paying = orgs.alive & ~orgs.passive
    money = np.bincount(orgs.jurisdiction[paying], (orgs.rd * orgs.weight)[paying], world.J)
    if t.subsidized is not None:
        money += t.subsidized
    per_head = money / np.maximum(t.count, 1.0)
    if not t.frozen:
        t.per_head = per_head
        t.frozen = world.month >= 0
    target = clearing_wage(per_head, t.per_head, p["talent.supply_elasticity"])
    closing = 1.0 - np.exp(-1.0 / p["talent.wage_months"])
    world.wage[:] += closing * (target - world.wage)


@rule("talent", "talent.staff", after="talent.hire")
def staff(world: World) -> None:
    """Move the researchers at work toward those wanted, within the supply N w^e of the place."""
    orgs, t, p = world.orgs, world.talent, world.p
    slots = orgs.living(FIRM, UNIVERSITY, INSTITUTE)
    closing = 1.0 - np.exp(-1.0 / p["talent.hiring_months"])
    heads = orgs.heads[slots] + closing * (orgs.wanted[slots] - orgs.heads[slots])
    place = orgs.jurisdiction[slots]
    supply = t.count * world.scale * world.wage ** p["talent.supply_elasticity"]
    total = np.bincount(place, heads * orgs.weight[slots], world.J)
    short = np.minimum(1.0, supply / np.maximum(total, 1e-9))
    heads *= short[place]
    _count_hires(world, slots, heads)
    orgs.heads[slots] = heads


def _count_hires(world: World, slots: np.ndarray, heads: np.ndarray) -> None:
    """Count who starts at a small firm: what it grows by and those who replace leavers, in real units.

    A simulated researcher stands for more people than a small firm employs, so that moves of simulated ones say little.
    """
    orgs = world.orgs
    small = (orgs.kind[slots] == FIRM) & orgs.is_sme(slots)
    slots, place = slots[small], orgs.jurisdiction[slots[small]].astype(np.int64)
    old = orgs.heads[slots]
    hires = np.maximum(0.0, heads[small] - old + turnover(world)[place] / 12.0 * old)
    world.tally.add("sme_researchers_hired", place, hires * orgs.weight[slots], orgs.sector[slots])
