"""Protection: none, publication, secrecy, utility model, patent, or the right made for the creation; then where.

The owner compares what the line is expected to earn under each instrument it is aware of, less its cost: values come from
``ecosystem.domain.valuation`` (attempts to copy arrive, the experienced share is kept out), so what protection is worth
follows from the market. A patent also teaches: attempts to copy rise by ``protection.disclosure``. The choice is a logit:
the largest of net value plus an error in proportion to the cost of a patent. Instruments are open to the natures of
creation that they fit (``ecosystem/data/rights.toml``). Then territories: file where the expected
gain exceeds fee, attorney and translation. The loops are in ``agents.firm.instruments``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from agents.firm.instruments import ACADEMIC, FILE, PASSIVE, RIGHT, all_filings, choose_instruments, gains, sort_out
from agents.patent_office import file_applications
from agents.patent_office.registers import register
from agents.transfer.pools import keeps
from agents.university import discloses
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.kinds import by_place, fits
from ecosystem.domain.knowledge import NATURES
from ecosystem.domain.potential import outlook
from ecosystem.domain.rights import KINDS
from ecosystem.domain.switches import filing_fee
from ecosystem.domain.valuation import INSTRUMENTS, LAYOUT, NONE, VARIETY
from ecosystem.kernel.luck import ALWAYS
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

flow("secrets_kept", "inventions", "inventions kept secret", 0)
flow("publications", "inventions", "inventions published without a right", 0)
ratio("missed_protection_share", "share",
      "inventions left without protection or publication although an instrument had a positive expected net value", -1,
      "protection_missed", "inventions")  # fmt: skip
ratio("filed_inventive_step", "sd", "mean true inventive step of inventions filed for a patent at home", 1,
      "filed_steps", "families")  # fmt: skip
ratio("foreign_filing_share", "share", "filed inventions also filed abroad, by seat of the owner", 0,
      "families_abroad", "families")  # fmt: skip

PATENT_KIND = KINDS.index("patent")
_COPYRIGHT = KINDS.index("copyright")
_LAST_SEARCHED = KINDS.index("utility_model")
"""Kinds up to this one go the way of patents; the others are entered in registers."""
_FITS = np.array([[w == "none" or bool(fits()[KINDS.index(w), n]) for n in range(len(NATURES))] for w in INSTRUMENTS])


@rule("protection", "protection.choose")
def choose(world: World) -> None:
    """Owners of this month's inventions choose an instrument and file; owners of the rest of the world file as figures say."""
    slots = np.asarray(world.new_inventions, dtype=np.int64)
    if not len(slots):
        return
    orgs, inv, P = world.orgs, world.inventions, world.P
    share = np.minimum(1.0, world.row_filings[:P] / world.row_families)
    role, outside, office = sort_out(
        slots, world.month, inv.owner, inv.uid, orgs.passive, orgs.kind, share, world.draw.key("protection.outside")
    )
    academic = np.flatnonzero(role == ACADEMIC)
    own = role != PASSIVE
    if len(academic):
        results = slots[academic]
        titled = discloses(world, results)
        world.disclosed = results[titled]
        role[academic[~titled]] = PASSIVE
    _choose(world, slots[own], role[own], outside, office)


def _choose(world: World, slots: np.ndarray, role: np.ndarray, outside: np.ndarray, outside_office: np.ndarray) -> None:
    """Choose for ``slots``; file them together with the filings of passive owners."""
    orgs, inv, p, levers, v, draw = world.orgs, world.inventions, world.p, world.levers, world.valuation, world.draw
    tally, place, P = world.tally, world.territories.place, world.P
    grant = world.experience.grant_rate()
    gross = filing_fee(world) + levers["office.attorney_cost"]
    reward = levers["office.filing_reward"]
    breadths = by_place(world, "breadth")
    gain_special, cost_special = special_gains(world, breadths)
    gain, refused = gains(
        v.worth, v.where, place, v.discount, v.hazard, p["protection.disclosure"], levers["law.term_years"],
        levers["law.utility_model_years"],
    )  # fmt: skip
    mine, owner, seat, kind, profit, bonus = choose_instruments(
        slots, world.month, world.scale, inv.uid, inv.owner, inv.jurisdiction, inv.nature, role, *outlook(world),
        orgs.jurisdiction, orgs.kind, orgs.awareness, orgs.cash, orgs.credit, orgs.weight, gain, v.alone,
        gross * (1.0 - levers["office.filing_subsidy"]), gross, levers["law.utility_model_cost"], reward,
        p["protection.model_reward"] * reward, levers["law.utility_model"], concealable_share(world),
        p["protection.choice_noise"], p["protection.secret_cost"], p["protection.publish_share"],
        draw.key("protection.error"), draw.key("protection.aware"), draw.key("invention.concealable", ALWAYS),
        draw.key("protection.publish"),
        inv.protected_by, inv.published, tally["protection_missed"], tally["secrets_kept"], tally["publications"],
        world.arrivals.filing_share, _FITS, levers["law.software_patents"], breadths[_COPYRIGHT], gain_special, cost_special,
        draw.key("protection.eligible", ALWAYS), keeps(world, slots), refused, ndtri(np.clip(grant, 0.01, 0.99)),
        inv.novelty, world.experience.filed_novelty, p["protection.novelty_weight"], p["protection.novelty_error"],
        draw.key("protection.novelty", ALWAYS),
    )  # fmt: skip
    patents = kind == PATENT_KIND
    steps = inv.novelty[mine[patents]].astype(np.float64) * world.scale
    tally.add("filed_steps", seat[patents], steps, inv.sector[mine[patents]].astype(np.int64))
    world.accounts.pay("filing_reward", "government", seat, "organizations", owner, bonus, place=seat)
    inventions, office, kind, breadth = all_filings(
        outside, outside_office, mine, owner, seat, kind, profit, world.scale, inv.uid, inv.sector, orgs.cash,
        orgs.credit, orgs.weight, gross, gross + levers["office.foreign_cost"],
        levers["office.attorney_cost"] + levers["office.foreign_cost"], levers["office.outward_cost"], breadth_table(world),
        p["protection.model_breadth"], breadths, v.worth, v.where, place, v.discount, levers["law.term_years"], grant[:P],
        p["protection.foreign_market"], p["protection.outward_threshold"], draw.key("protection.abroad"),
        tally["families"], tally["families_abroad"],
    )  # fmt: skip
    rights = np.empty(len(inventions), np.int64)
    searched = kind <= _LAST_SEARCHED
    rights[searched] = file_applications(
        world, inventions[searched], office[searched], kind[searched], breadth[searched]
    )
    if not searched.all():
        special = np.flatnonzero(~searched)
        rights[special] = register(
            world, kind[special], office[special], inventions[special], breadth[special], inv.owner[inventions[special]],
            inv.novelty[inventions[special]],
        )  # fmt: skip
    first = len(outside) + len(mine)
    inv.protected_by[outside] = FILE
    inv.right[inventions[:first]] = rights[:first]
    inv.right_at[inventions, office] = rights


def special_gains(world: World, breadths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the rights made for plant varieties and layouts add to a unit of yearly profit, and what they cost.

    (1 - exp(-(r+d) T)) (W - W_none) h, h the share of profit at home; 0 where the law knows no such right.

    Args:
        breadths: breadth of every kind in every place, float64 (kinds, J).

    Returns:
        float64 (2, J, S), float64 (2, J) in M USD2020.
    """
    v = world.valuation
    home = (v.where * (world.territories.place == np.arange(world.J)[:, None])[:, None, :]).sum(axis=2)
    gain, kinds = np.zeros((2, world.J, world.S)), RIGHT[[VARIETY, LAYOUT]]
    for k, instrument in enumerate((VARIETY, LAYOUT)):
        term = 1.0 - np.exp(-v.discount[None, :] * v.terms[kinds[k]][:, None])
        gain[k] = term * (v.worth[instrument] - v.worth[NONE]) * home * (breadths[kinds[k]] > 0.0)[:, None]
    return np.maximum(gain, 0.0), by_place(world, "cost")[kinds]


def concealable_share(world: World) -> np.ndarray:
    """Return the share of products that do not betray how they are made, by sector, float64 (S,); lasting per invention.

    The chance is half of the sector's effectiveness of secrecy (Cohen, Nelson & Walsh 2000); what shows in the product cannot be
    kept secret once it is sold.
    """
    return np.asarray(world.p["protection.concealable"] * world.sectors["secrecy_effect"])


def breadth_table(world: World) -> np.ndarray:
    """Return the chance that a substitute falls under the claims, float64 (J, S): law x how well claims fit the sector.

    Claims on a molecule are hard to go around, claims on one part of a complex product are not (Levin et al. 1987; Cohen,
    Nelson & Walsh 2000): the sector's effectiveness of patents relative to a typical one scales the lever ``law.breadth``.
    """
    fit = world.sectors["patent_effect"] / world.p["protection.typical_effect"]
    return np.minimum(np.maximum(np.outer(world.levers["law.breadth"], fit), 0.0), 0.95)
