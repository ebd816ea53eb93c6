"""Science parks: start-ups and small R&D firms on one site, with a saving of overhead and close neighbors.

A firm applies the more the better it is: its rank x = c q + sqrt(1 - c^2) z with q its hidden quality (standardized), z
its own luck and c ``region.park_selection``. Residents are those with x above the quantile that leaves ``regional.park_share``
of all, so a higher share keeps the old residents and adds weaker ones. Parks lie beside the universities and institutes of
their region, which count as residents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, polygamma, psi

from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import flow, stock
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


def _residents(world: World) -> np.ndarray:
    orgs = world.orgs
    here = orgs.park & orgs.alive & (orgs.kind == FIRM)
    return np.bincount(orgs.jurisdiction[here], weights=orgs.weight[here], minlength=world.J)


flow("park_overhead_saved", "M USD2020", "overhead that residents of science parks save", 0)
stock("park_residents", "firms", "firms seated in a science park", 0, _residents, yearly=True)


def wants(world: World, firms: np.ndarray) -> np.ndarray:
    """Return which firms would sit in a park under the lever of their place, bool (n,).

    The hidden quality of firms of the start is standard normal, that of founded ones -ln of a gamma frailty of mean 1,
    whose mean and spread are -(psi(k) - ln k) and sqrt(psi'(k)) with k = 1 / variance.
    """
    orgs, p = world.orgs, world.p
    share = world.levers["regional.park_share"][orgs.jurisdiction[firms]]
    shape = 1.0 / p["firm.frailty"]
    founded = orgs.origin[firms] > 0
    middle = np.where(founded, np.log(shape) - psi(shape), 0.0)
    spread = np.where(founded, np.sqrt(polygamma(1, shape)), 1.0)
    quality = (orgs.quality_signal[firms] - middle) / spread
    c = p["region.park_selection"]
    luck = world.draw.normal("park.apply", orgs.uid[firms], month=ALWAYS)
    rank = c * quality + np.sqrt(1.0 - c * c) * luck
    return np.asarray(orgs.is_sme(firms) & (share > 0.0) & (rank > ndtri(1.0 - share)))


def open_doors(world: World, firms: np.ndarray) -> None:
    """Seat newly founded firms in the parks of their regions."""
    if world.levers["regional.park_share"].any():
        world.orgs.park[firms] = wants(world, firms)


@rule("firm_life", "park.move_in", after="firm.enter")
def move_in(world: World) -> None:
    """Once a year, in its month, a small firm moves into or out of the park of its region; one that outgrew it leaves."""
    orgs, share = world.orgs, world.levers["regional.park_share"]
    if not (share.any() or orgs.park.any()):
        return
    schools = orgs.living(UNIVERSITY, INSTITUTE)
    orgs.park[schools] = share[orgs.jurisdiction[schools]] > 0.0
    firms = orgs.living(FIRM)
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    orgs.park[due] = wants(world, due)


def overhead_kept(world: World, firms: np.ndarray) -> np.ndarray | float:
    """Return the part of overhead that firms bear: residents of parks save ``region.park_saving``; float64 (n,) or 1."""
    park = world.orgs.park[firms]
    return 1.0 - world.p["region.park_saving"] * park if park.any() else 1.0
