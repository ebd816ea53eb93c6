"""Public IP centers of regions: they counsel small firms and bring owners and users together, at home and next door.

A place with the lever ``regional.centre_reach`` at share q has centers in the first q of its regions by R&D (a part of a
region: a center of part strength). Strength of region r: min(1, c_r + s sum_q W_rq c_q), c the coverage, s the lever
``regional.centre_spillover``, W the row-normalized graph of neighbors. So a hub gains first and its neighbors follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.intermediary import CENTER, SEED
from agents.organizations import FIRM, SME_EMPLOYEES
from ecosystem.domain.indicators import flow
from ecosystem.kernel.luck import fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

QUARTER = 3
i1, i8, f8, b1 = nb.int8, nb.int64, nb.float64, nb.boolean

flow("firms_counseled", "firms", "small firms counseled by regional IP centers", 0)


def coverage(world: World) -> np.ndarray:
    """Return the part of each region that has a center of its own, float64 (R,), 0 to 1."""
    regions = world.regions
    number = np.diff(regions.first)
    wanted = (world.levers["regional.centre_reach"] * number)[regions.place]
    return np.asarray(np.clip(wanted - regions.rank, 0.0, 1.0))


def strength(world: World) -> np.ndarray | None:
    """Return how strongly centers act in each region, their neighbors' included, float64 (R,); None without any center."""
    if not world.levers["regional.centre_reach"].any():
        return None
    own, regions = coverage(world), world.regions
    spill = world.levers["regional.centre_spillover"][regions.place]
    return np.minimum(1.0, own + spill * (regions.neighbors @ own))


def lift(world: World) -> np.ndarray | None:
    """Return the factor on meetings by region, 1 + ``region.center_meetings`` x strength, float64 (R,), or None."""
    s = strength(world)
    return None if s is None else 1.0 + world.p["region.center_meetings"] * s


def center_of(world: World) -> np.ndarray:
    """Return the center that serves each region, its own or the strongest neighbor's, -1 for none, int64 (R,)."""
    rows, regions = world.intermediaries, world.regions
    own, slot = coverage(world), np.full(len(regions), -1, np.int64)
    centers = np.flatnonzero(rows.kind == CENTER)
    slot[rows.region[centers]] = centers
    slot[own <= 0.0] = -1
    beside = np.where(regions.adjacent & (slot >= 0), own, 0.0)
    near = beside.argmax(axis=1)
    return np.where(slot >= 0, slot, np.where(beside.max(axis=1, initial=0.0) > 0.0, slot[near], -1))


@rule("transfer", "center.open", before="transfer.meet")
def open_centers(world: World) -> None:
    """Open the centers that the lever asks for and that do not exist yet; one that it no longer asks for stays idle."""
    if world.month % QUARTER or not world.levers["regional.centre_reach"].any():
        return
    rows, regions = world.intermediaries, world.regions
    known = rows.region[rows.kind == CENTER]
    new = np.setdiff1d(np.flatnonzero(coverage(world) > 0.0), known)
    if len(new):
        place = regions.place[new]
        # the place within the place names a center, so that its identity does not hang on other places of the world
        uid = fold(SEED, np.asarray(world.place_number)[place], CENTER, new - regions.first[place])
        rows.add(len(new), uid=uid, kind=CENTER, jurisdiction=place, region=new, reach=0.0)


@nb.njit(f8[::1](i1[::1], b1[::1], b1[::1], f8[::1], i1[::1], f8[::1], i8), cache=True)
def small_firms(
    kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, employees: np.ndarray, region: np.ndarray,
    weight: np.ndarray, regions: int,
) -> np.ndarray:  # fmt: skip
    """Return small R&D firms by region, real numbers, float64 (R,)."""
    out = np.zeros(regions)
    for o in range(len(kind)):
        if kind[o] == FIRM and alive[o] and not passive[o] and employees[o] < SME_EMPLOYEES:
            out[region[o]] += weight[o]
    return out


def count_small(world: World) -> np.ndarray:
    """Return small R&D firms by region, real numbers, float64 (R,)."""
    orgs = world.orgs
    return np.asarray(
        small_firms(orgs.kind, orgs.alive, orgs.passive, orgs.employees, orgs.region, orgs.weight, len(world.regions))
    )


@rule("firm_life", "center.counsel", after="firm.learn_protection")
def counsel(world: World) -> None:
    """Once a quarter centers counsel small firms of their region and next door: these learn of instruments of protection.

    A center of full strength sees ``region.center_clients`` firms a year; a firm's chance in the quarter is that over four,
    over the small firms of its region. Counsel closes ``region.center_lesson`` of the gap to full awareness, which fades
    again toward the norm of the place.
    """
    if world.month % QUARTER:
        return
    s = strength(world)
    if s is None:
        return
    orgs, p = world.orgs, world.p
    firms = orgs.living(FIRM)
    firms = firms[orgs.is_sme(firms)]
    places = s * p["region.center_clients"] * QUARTER / 12.0
    chance = np.minimum(1.0, places / np.maximum(count_small(world), 1e-9))
    seen = firms[world.draw.bernoulli("center.counsel", orgs.uid[firms], chance[orgs.region[firms]])]
    orgs.awareness[seen] += p["region.center_lesson"] * (1.0 - orgs.awareness[seen])
    world.tally.add("firms_counseled", orgs.jurisdiction[seen], orgs.weight[seen], orgs.sector[seen])
