"""Incubators: places with advice and bridging money for young start-ups, given by a dim view of quality.

Residents are the start-ups below ``incubator.years`` whose rank c q + sqrt(1 - c^2) z (q hidden quality, standardized; z
own luck) lies above the quantile that leaves ``startup.incubator_share``. Advice lowers the hazard of failure while they
stay, money keeps them liquid; since founders come where firms left, what survives leaves less room for new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, polygamma, psi

from agents.organizations import FIRM
from ecosystem.domain.indicators import flow, stock
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("incubator_money", "M USD2020", "bridging money that residents of incubators receive")


def _residents(world: World) -> np.ndarray:
    if not world.levers["startup.incubator_share"].any():
        return np.zeros(world.J)
    firms = world.orgs.living(FIRM)
    firms = firms[resident(world, firms)]
    return np.bincount(world.orgs.jurisdiction[firms], world.orgs.weight[firms], world.J)


stock("incubator_residents", "firms", "start-ups with a place in an incubator", 0, _residents, yearly=True)


def admitted(quality: np.ndarray, luck: np.ndarray, correlation: float, share: np.ndarray) -> np.ndarray:
    """Return who gets a place: c q + sqrt(1 - c^2) z above the quantile 1 - share, bool (n,)."""
    rank = correlation * quality + np.sqrt(1.0 - correlation * correlation) * luck
    out: np.ndarray = (share > 0.0) & (rank > ndtri(1.0 - share))
    return out


def resident(world: World, firms: np.ndarray) -> np.ndarray:
    """Return which firms have a place now, bool (n,).

    Hidden quality of founded firms is -ln of a gamma frailty of mean 1 with shape k = 1 / variance: mean ln k - psi(k),
    spread sqrt(psi'(k)).
    """
    orgs, p = world.orgs, world.p
    shape = 1.0 / p["firm.frailty"]
    quality = (orgs.quality_signal[firms] - (np.log(shape) - psi(shape))) / np.sqrt(polygamma(1, shape))
    luck = world.draw.normal("incubator.apply", orgs.uid[firms], month=ALWAYS)
    share = world.levers["startup.incubator_share"][orgs.jurisdiction[firms]]
    young = (orgs.origin[firms] > 0) & (world.month - orgs.founded[firms] < 12.0 * p["incubator.years"])
    return young & admitted(quality, luck, p["incubator.selection"], share)


def mentoring(world: World, firms: np.ndarray) -> np.ndarray | float:
    """Return what is left of the exit hazard under the advice of an incubator, float64 (n,) or 1."""
    if not world.levers["startup.incubator_share"].any():
        return 1.0
    left: np.ndarray = 1.0 - world.p["incubator.mentoring"] * resident(world, firms)
    return left


@rule("funding", "incubator.bridge", before="government.settle")
def bridge(world: World) -> None:
    """Pay residents a quarter's bridging money, three months apart."""
    if world.month % 3 != 2 or not world.levers["startup.incubator_share"].any():
        return
    orgs = world.orgs
    firms = orgs.living(FIRM)
    firms = firms[resident(world, firms)]
    if not len(firms):
        return
    place = orgs.jurisdiction[firms].astype(np.int64)
    amount = 0.25 * world.p["incubator.bridge"] * orgs.weight[firms]
    world.accounts.pay("incubator_bridge", "government", place, "organizations", firms, amount, place=place)
    world.tally.add("incubator_money", place, amount, orgs.sector[firms])
