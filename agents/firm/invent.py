"""Invention: arrivals from effort, science and people; teams, parents, quality and value.

A real firm invents at the rate ``z p u v Rbar^eB (E / Rbar)^eW O m`` a year: ``z`` place, ``p`` sector, ``u`` lasting
ability, ``v`` passing luck, ``E`` effort in real terms, ``Rbar`` its slow average, ``O`` opportunity from science, ``m``
motivation. Two elasticities are needed since inventions rise nearly in proportion to R&D across firms and with 0.4 within
them (Griliches 1990; Hall, Griliches & Hausman 1986). Its simulated objects are Poisson with rate x weight / scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.firm.duplicates import search_before
from agents.firm.failure import exploring
from agents.inventor.growth import attention
from agents.inventor.honors import tilt
from agents.inventor.project_platform import bring_together
from agents.inventor.training import search
from agents.organizations import FIRM, SME_EMPLOYEES
from agents.university import joint_partner, university_arrivals
from ecosystem.domain.conception import CONSTANTS, COUNTS, LUCK, arrivals, conceive, direct, poisson
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.knowledge import NATURES
from ecosystem.domain.teams import form_teams
from ecosystem.kernel.luck import ALWAYS, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

TECHNICAL, SMALL = NATURES.index("technical"), NATURES.index("small_technical")
i1, i8, f8, u8 = nb.int8, nb.int64, nb.float64, nb.uint64

flow("inventions", "inventions", "inventions made", 1)
flow("inventions_in_environment", "inventions", "inventions in environmental technology (field 24)", 1)
ratio("invention_quality", "index", "mean technological quality of inventions", 1, "quality_sum", "inventions")
ratio("share_exploratory_inventions", "share", "inventions in a field new to the organization / inventions", 0,
      "exploratory", "inventions")  # fmt: skip
ratio("external_knowledge_use_share", "share", "inventions of firms with a parent owned by others / inventions of firms",
      0, "external_parent", "firm_inventions")  # fmt: skip
ratio("team_size", "persons", "mean inventors per invention", 0, "team_members", "inventions")
flow("citations", "citations", "citations to earlier inventions", 0)
stock("inventions_per_researcher", "inventions per researcher and year",
      "inventions of the last twelve months / researchers", 1, lambda world: world.arrivals.per_researcher(world),
      yearly=True)  # fmt: skip


class Arrivals:
    """Productivity of R&D by place and sector, set once so that the base year's inventions come out.

    Attributes:
        zeta: (J, S) inventions a year per unit of ability-weighted lasting effort of one real firm.
        mean_value: (J, S) mean first-year market potential of an invention, M USD2020.
        per_rd: (J, S) R&D money behind one invention, M USD2020.
        filing_share: (J, S) experienced share of inventions that are filed (for real-unit counts).
        year: (12, J) inventions of the last twelve months by month of the year.
        small_chance: (J, S) chance that an invention is a small one.
        sector_cum, near_cum, home_cum: running sums of ``sector_fields``, ``proximity`` and ``sector_of_field``.
    """

    def __init__(self, world: World) -> None:
        p, orgs = world.p, world.orgs
        self.zeta = np.zeros((world.J, world.S))
        self.mean_value = np.zeros((world.J, world.S))
        self.per_rd = np.ones((world.J, world.S))
        self.filing_share = np.full((world.J, world.S), 0.5)
        self.year = np.zeros((12, world.J))
        filings = world.fact("resident_filings") + world.fact("utility_model_filings")
        shares = world.sectors["rd_share"] * world.sectors["patents_per_rd"]
        shares = shares / shares.sum()
        firms = orgs.living(FIRM)
        ability = orgs.effect[firms] * orgs.rd[firms] ** p["firm.elasticity_between"] * orgs.weight[firms]
        power = np.zeros((world.J, world.S))
        money = np.zeros((world.J, world.S))
        np.add.at(power, (orgs.jurisdiction[firms], orgs.sector[firms]), ability)
        np.add.at(money, (orgs.jurisdiction[firms], orgs.sector[firms]), orgs.rd[firms] * orgs.weight[firms])
        r_d = p["market.discount"] + 1.0 / world.sectors["product_life"]
        alone = world.valuation.alone
        for j in range(world.P):
            count = filings[j] * world.by_place("invention.per_filing")[j] * shares
            self.zeta[j] = count / power[j]
            self.per_rd[j] = money[j] / count
            self.mean_value[j] = p["firm.value_margin"] * self.per_rd[j] * r_d / alone[j]
        self.mean_value[world.ROW] = self.mean_value[: world.P].mean(axis=0)
        self.per_rd[world.ROW] = self.per_rd[: world.P].mean(axis=0)
        small = world.sectors["small_invention_share"]
        chance = world.by_place("invention.small_share")[:, None] * (small > 0) * small
        self.small_chance = chance / max(small.max(), 1e-9)
        self.sector_cum = np.cumsum(world.sector_fields, axis=1)
        self.near_cum = np.cumsum(world.proximity, axis=1)
        self.home_cum = np.ascontiguousarray(np.cumsum(world.sector_of_field, axis=1))

    def per_researcher(self, world: World) -> np.ndarray:
        """Return inventions of the last twelve months per researcher, (J,)."""
        people = np.bincount(world.inventors.jurisdiction[world.inventors.active], minlength=world.J) * float(
            world.scale
        )
        return self.year.sum(axis=0) / np.maximum(people, 1.0)


@nb.njit(f8(f8, f8, f8, f8), cache=True)
def ln_effort(heads: float, rd: float, cost: float, theta: float) -> float:
    """Return ln E, effort E = L^theta M^(1-theta) of one real firm in million USD of the start.

    L the researchers employed at their starting ``cost`` (over theta), M the R&D money; equal to R&D spending at the
    starting wage when all posts are filled (findings on population: money alone would make talent policy weak).
    """
    return theta * np.log(max(heads * cost / theta, 1e-9)) + (1.0 - theta) * np.log(max(rd, 1e-9))


@nb.njit(
    f8[::1](
        i8[::1], i1[::1], i1[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], f8[::1],
        f8[::1], f8, f8, f8, f8, f8[:, ::1], f8[:, ::1], f8, u8,
    ),
    cache=True,
)  # fmt: skip
def _rates(
    firms: np.ndarray, place: np.ndarray, sector: np.ndarray, heads: np.ndarray, rd: np.ndarray, memory: np.ndarray,
    effect: np.ndarray, shock: np.ndarray, weight: np.ndarray, uid: np.ndarray, filed: np.ndarray,
    cost: np.ndarray, theta: float, between: float, within: float, shock_mean: float, productivity: np.ndarray,
    filing_share: np.ndarray, scale: float, key: np.uint64,
) -> np.ndarray:  # fmt: skip
    """Return expected simulated inventions of the month by firm; add the month's filings of one real firm to ``filed``.

    ln rate = ln(u v) + eB ln Rbar + eW (ln E - ln Rbar) + ln(z p O m), the last term ``productivity`` (J, S).
    """
    out = np.empty(len(firms))
    for i in range(len(firms)):
        o = firms[i]
        j, s = place[o], sector[o]
        effort = ln_effort(heads[o], rd[o], cost[j], theta)
        lasting = np.log(max(memory[o], 1e-9))
        drive = np.exp(shock[o] - shock_mean + between * lasting + within * (effort - lasting))
        monthly = productivity[j, s] * effect[o] * drive / 12.0
        filed[o] += poisson(u01(np.uint64(uid[o]), key), monthly * filing_share[j, s])
        out[i] = monthly * weight[o] / scale
    return out


@nb.njit(nb.void(i8[::1], i1[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8, f8), cache=True)
def _remember(
    firms: np.ndarray, place: np.ndarray, heads: np.ndarray, rd: np.ndarray, memory: np.ndarray, cost: np.ndarray,
    theta: float, keep: float,
) -> None:  # fmt: skip
    """Let the slow average of effort follow effort: Rbar <- keep Rbar + (1 - keep) E."""
    for i in range(len(firms)):
        o = firms[i]
        effort = np.exp(ln_effort(heads[o], rd[o], cost[place[o]], theta))
        memory[o] = keep * memory[o] + (1.0 - keep) * effort


def firm_arrivals(world: World, firms: np.ndarray) -> np.ndarray:
    """Return expected simulated inventions of the month by firm, float64 (n,); real-unit filings are counted beside."""
    p, orgs, a = world.p, world.orgs, world.arrivals
    science = opportunity(world) ** (p["firm.science_elasticity"] * world.sectors["science_weight"])
    motivation = world.motivation ** p["invention.motivation_weight"]
    return np.asarray(
        _rates(
            firms, orgs.jurisdiction, orgs.sector, orgs.heads, orgs.rd, orgs.rd_memory, orgs.effect, orgs.shock,
            orgs.weight, orgs.uid, orgs.patents_filed, world.researcher_cost, p["firm.wage_share"],
            p["firm.elasticity_between"], p["firm.elasticity_within"], 0.5 * p["firm.shock_sd"] ** 2,
            a.zeta * science * motivation[:, None] * tilt(world), a.filing_share, world.scale,
            world.draw.key("firm.real_filings"),
        )
    )  # fmt: skip


def opportunity(world: World) -> np.ndarray:
    """Return accessible science by place and sector relative to its reference, float64 (J, S)."""
    return world.science.access(world) @ world.sector_fields.T


@rule("invention", "invention.arrive")
def arrive(world: World) -> None:
    """Firms, universities and the rest of the world make this month's inventions."""
    orgs = world.orgs
    firms = orgs.living(FIRM)
    schools, monthly = university_arrivals(world)
    abroad = world.passive_firms
    filed = world.row_families * world.sectors["rd_share"][orgs.sector[abroad]] / world.scale / 12.0
    who = np.concatenate([firms, schools, abroad])
    rate = np.concatenate([firm_arrivals(world, firms), monthly, filed])
    owner, uid = arrivals(who, rate, orgs.uid, world.month + 10_000, world.draw.key("invention.count"))
    create(world, owner, uid)


def create(world: World, owner: np.ndarray, uid: np.ndarray) -> np.ndarray:
    """Create inventions of ``owner`` (n,); return their slots, sorted by field as the index of parents needs them."""
    p, key, orgs, inv, a = world.p, world.draw.key, world.orgs, world.inventions, world.arrivals
    teams = bring_together(world, owner, uid, form_teams(world, owner, uid))
    teams.skill[:] *= attention(world, owner)
    order, owner, uid, field, sector, far = direct(
        owner, uid, teams.field, orgs.jurisdiction, orgs.sector, orgs.field,
        exploring(world), p["invention.core_share"], a.sector_cum, a.near_cum,
        a.home_cum,
        key("invention.field"), key("invention.core"), key("invention.explore"), key("invention.distant"),
        key("invention.sector"),
    )  # fmt: skip
    partner = joint_partner(world, uid, owner, sector)
    parents = search(world, uid, field, owner, world.ancestry.parents(world, uid, field, owner))
    n, first = len(uid), inv.n
    slots = inv.add(n)
    count = np.zeros((len(COUNTS), world.J, world.S))
    quality = conceive(
        order, owner, uid, field, sector, far, parents, partner,
        teams.lead, teams.size, teams.skill, teams.cross_field,
        orgs.jurisdiction, orgs.sector, orgs.employees, orgs.rd, orgs.rd_public, SME_EMPLOYEES,
        world.ancestry.ln_quality, np.log(np.maximum(world.science.access(world), 1e-6)), a.small_chance, a.mean_value,
        np.array([p[name] for name in CONSTANTS]), np.array([key(name) for name in LUCK]),
        world.month, first, SMALL, TECHNICAL, world.environment_field, world.scale,
        inv.uid, inv.creator, inv.owner, inv.lead, inv.jurisdiction, inv.field, inv.sector, inv.nature, inv.month,
        inv.novelty, inv.quality, inv.known, inv.later, inv.expected, inv.potential, inv.team_size, inv.cross_field,
        inv.exploratory, inv.industry_university, inv.partner, inv.parent1, inv.parent2, inv.parent3,
        inv.public_funding, count,
    )  # fmt: skip
    world.ancestry.append(field, quality)
    search_before(world, slots)
    world.new_inventions = slots
    a.year[world.month % 12] = count[0].sum(axis=1) * world.scale
    for name, counted in zip(COUNTS, count, strict=True):
        world.tally[name][:, :-1] += counted if name == "quality_sum" else world.scale * counted
    return slots


@rule("invention", "invention.luck_of_firms", before="invention.arrive")
def luck_of_firms(world: World) -> None:
    """Once a year the passing luck of a firm moves: AR(1), and its slow average of effort follows its effort."""
    p, orgs = world.p, world.orgs
    firms = orgs.living(FIRM)
    keep = np.exp(-1.0 / (12.0 * p["firm.memory_years"]))
    _remember(
        firms, orgs.jurisdiction, orgs.heads, orgs.rd, orgs.rd_memory, world.researcher_cost, p["firm.wage_share"], keep
    )
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    rho = p["firm.shock_persistence"]
    orgs.shock[due] = rho * orgs.shock[due] + np.sqrt(1.0 - rho**2) * p["firm.shock_sd"] * world.draw.normal(
        "firm.shock", orgs.uid[due]
    )
    if world.month == -world.burn_in_months:
        orgs.shock[firms] = p["firm.shock_sd"] * world.draw.normal("firm.first_shock", orgs.uid[firms], month=ALWAYS)
