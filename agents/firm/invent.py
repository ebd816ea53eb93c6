"""Invention: arrivals from effort, science and people; teams, parents, quality and value.

A real firm invents at the rate ``z p u v Rbar^eB (E / Rbar)^eW O m`` a year: ``z`` place, ``p`` sector, ``u`` lasting
ability, ``v`` passing luck, ``E`` effort in real terms, ``Rbar`` its slow average, ``O`` opportunity from science, ``m``
motivation. Two elasticities are needed since inventions rise nearly in proportion to R&D across firms and with 0.4 within
them (Griliches 1990; Hall, Griliches & Hausman 1986). Its simulated objects are Poisson with rate x weight / scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import FIRM
from agents.university import joint_partner, university_arrivals
from ecosystem.domain.ancestry import accessible
from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.knowledge import NATURES
from ecosystem.domain.teams import form_teams
from ecosystem.kernel.luck import ALWAYS, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

TECHNICAL, SMALL = NATURES.index("technical"), NATURES.index("small_technical")

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

    def per_researcher(self, world: World) -> np.ndarray:
        """Return inventions of the last twelve months per researcher, (J,)."""
        people = np.bincount(world.inventors.jurisdiction[world.inventors.active], minlength=world.J) * float(
            world.scale
        )
        return self.year.sum(axis=0) / np.maximum(people, 1.0)


def firm_rates(world: World, firms: np.ndarray) -> np.ndarray:
    """Return inventions a year of one real firm, float64 (n,)."""
    p, orgs, arrivals = world.p, world.orgs, world.arrivals
    place, sector = orgs.jurisdiction[firms], orgs.sector[firms]
    effort = real_effort(world, firms)
    lasting = np.maximum(orgs.rd_memory[firms], 1e-9)
    weight = world.sectors["science_weight"][sector]
    access = opportunity(world)[place, sector]
    return (
        arrivals.zeta[place, sector]
        * orgs.effect[firms]
        * np.exp(orgs.shock[firms] - 0.5 * p["firm.shock_sd"] ** 2)
        * lasting ** p["firm.elasticity_between"]
        * (effort / lasting) ** p["firm.elasticity_within"]
        * access ** (p["firm.science_elasticity"] * weight)
        * world.motivation[place] ** p["invention.motivation_weight"]
    )


def real_effort(world: World, firms: np.ndarray) -> np.ndarray:
    """Return effort: researchers at work and materials, in million USD of the start, float64 (n,).

    E = L^theta M^(1-theta): L the researchers employed at their starting cost, M the rest of the money; equal to R&D
    spending at the starting wage when all posts are filled (findings on population: money alone would make talent
    policy weak).
    """
    p, orgs = world.p, world.orgs
    theta = p["firm.wage_share"]
    people = orgs.heads[firms] * world.researcher_cost[orgs.jurisdiction[firms]] / theta
    return np.maximum(people, 1e-9) ** theta * np.maximum(orgs.rd[firms], 1e-9) ** (1.0 - theta)


def opportunity(world: World) -> np.ndarray:
    """Return accessible science by place and sector relative to its reference, float64 (J, S)."""
    return world.science.access(world) @ world.sector_fields.T


@rule("invention", "invention.arrive")
def arrive(world: World) -> None:
    """Firms, universities and the rest of the world make this month's inventions."""
    draw, orgs = world.draw, world.orgs
    firms = orgs.living(FIRM)
    rate = firm_rates(world, firms)
    place, sector = orgs.jurisdiction[firms], orgs.sector[firms]
    orgs.patents_filed[firms] += draw.poisson(
        "firm.real_filings", orgs.uid[firms], rate / 12.0 * world.arrivals.filing_share[place, sector]
    )
    makers = [firms]
    rates = [rate * orgs.weight[firms] / world.scale / 12.0]
    schools, monthly = university_arrivals(world)
    makers.append(schools)
    rates.append(monthly)
    abroad = world.passive_firms
    makers.append(abroad)
    rates.append(world.row_families * world.sectors["rd_share"][orgs.sector[abroad]] / world.scale / 12.0)
    who = np.concatenate(makers)
    count = draw.poisson("invention.count", orgs.uid[who], np.concatenate(rates))
    owner = np.repeat(who, count)
    ordinal = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    create(world, owner.astype(np.int64), ordinal.astype(np.int64))


def create(world: World, owner: np.ndarray, ordinal: np.ndarray) -> np.ndarray:
    """Create inventions of ``owner`` (n,); return their slots, sorted by field as the index of parents needs them."""
    p, draw, orgs, inv = world.p, world.draw, world.orgs, world.inventions
    arrivals = world.arrivals
    n = len(owner)
    uid = fold(orgs.uid[owner], world.month + 10_000, ordinal) if n else np.zeros(0, np.int64)
    place = orgs.jurisdiction[owner].astype(np.int64)
    teams = form_teams(world, owner, uid)
    academic = orgs.sector[owner] < 0
    field = np.where(academic, teams.field, orgs.field[owner]).astype(np.int64)
    firm_sector = np.maximum(orgs.sector[owner], 0)
    drawn = draw.categorical("invention.field", uid, world.sector_fields, firm_sector)
    own = draw.bernoulli("invention.core", uid, 0.6)
    field = np.where(academic | own, field, drawn)
    tolerance = p["firm.explore"] * world.levers["talent.risk_tolerance"][place]
    far = draw.bernoulli("invention.explore", uid, tolerance)
    distant = draw.categorical("invention.distant", uid, world.proximity, field)
    exploratory = far & (distant != field)
    field = np.where(exploratory, distant, field)
    home = draw.categorical("invention.sector", uid, world.sector_of_field, field)
    sector = np.where(academic, home, firm_sector)
    order = np.lexsort((uid, field))
    owner, uid, place, field, sector, exploratory = (a[order] for a in (owner, uid, place, field, sector, exploratory))
    size, skill, cross, lead = teams.size[order], teams.skill[order], teams.cross_field[order], teams.lead[order]
    academic = academic[order]
    partner = np.full(n, -1, np.int64)
    if academic.any():
        partner[academic] = joint_partner(world, uid[academic], owner[academic], sector[academic])

    parents = accessible(world, uid, owner, world.ancestry.parents(world, uid, field))
    some = (parents >= 0).sum(axis=1)
    inherited = np.where(parents >= 0, np.log(inv.quality[np.maximum(parents, 0)]) if inv.n else 0.0, 0.0).sum(axis=1)
    inherited = inherited / np.maximum(some, 1)
    science = np.log(np.maximum(world.science.access(world)[place, field], 1e-6))
    sd = p["ancestry.luck"]
    ln_quality = (
        p["ancestry.inheritance"] * inherited
        + p["ancestry.science"] * science
        + p["ancestry.team"] * np.log(np.maximum(skill, 1e-3))
        + p["ancestry.diversity"] * cross
        + sd * draw.normal("invention.quality", uid)
        - 0.5 * sd**2
    )
    ln_quality = np.clip(ln_quality, -3.0, 3.0)
    quality = np.exp(ln_quality)
    small = draw.bernoulli(
        "invention.small", uid,
        world.by_place("invention.small_share")[place] * (world.sectors["small_invention_share"][sector] > 0)
        * world.sectors["small_invention_share"][sector] / max(world.sectors["small_invention_share"].max(), 1e-9),
    )  # fmt: skip
    known = draw.normal("invention.known", uid)
    later = draw.normal("invention.later", uid)
    a, b = p["firm.sigma_known"], p["firm.sigma_later"]
    size_factor = np.where(small, p["invention.small_value"], 1.0)
    mean = arrivals.mean_value[place, sector] * quality * size_factor
    expected = mean * np.exp(a * known - 0.5 * a**2)
    potential = expected * np.exp(b * later - 0.5 * b**2)
    small_firm = ~academic & orgs.is_sme(owner)
    novelty = (
        draw.normal("invention.novelty", uid)
        + p["ancestry.novelty_of_quality"] * ln_quality
        + np.where(small, p["invention.small_novelty"], 0.0)
        + np.where(small_firm, p["invention.small_firm_novelty"], 0.0)
    )
    public = np.where(
        orgs.rd[owner] > 0, np.minimum(1.0, orgs.rd_public[owner] / np.maximum(orgs.rd[owner], 1e-9)), 0.0
    )
    slots = inv.add(
        n, uid=uid, creator=owner, owner=owner, lead=lead, jurisdiction=place, field=field, sector=sector,
        nature=np.where(small, SMALL, TECHNICAL), month=world.month, novelty=novelty, quality=quality, known=known,
        later=later, expected=expected, potential=potential, team_size=np.minimum(size, 100), cross_field=cross,
        exploratory=exploratory, industry_university=partner >= 0, partner=partner, parent1=parents[:, 0],
        parent2=parents[:, 1], parent3=parents[:, 2], public_funding=public,
    )  # fmt: skip
    world.ancestry.append(field, quality)
    world.new_inventions = slots
    world.arrivals.year[world.month % 12] = np.bincount(place, minlength=world.J) * world.scale
    _count(world, slots, parents, academic)
    return slots


def _count(world: World, slots: np.ndarray, parents: np.ndarray, academic: np.ndarray) -> None:
    inv, tally, scale = world.inventions, world.tally, world.scale
    place, sector = inv.jurisdiction[slots], inv.sector[slots]
    tally.add("inventions", place, scale, sector)
    tally.add("quality_sum", place, scale * inv.quality[slots], sector)
    tally.add("team_members", place, scale * inv.team_size[slots], sector)
    tally.add("exploratory", place, scale * inv.exploratory[slots], sector)
    tally.add("cross_field_teams", place, scale * inv.cross_field[slots], sector)
    tally.add("industry_university_coinventions", place, scale * (inv.partner[slots] >= 0), sector)
    green = inv.field[slots] == world.environment_field
    tally.add("inventions_in_environment", place[green], scale, sector[green])
    rows = np.maximum(parents, 0)
    others = ((parents >= 0) & (inv.owner[rows] != inv.owner[slots][:, None])).any(axis=1)
    firm = ~academic
    tally.add("firm_inventions", place[firm], scale, sector[firm])
    tally.add("external_parent", place[firm], scale * others[firm], sector[firm])
    tally.add("citations", place, scale * (parents >= 0).sum(axis=1), sector)


@rule("invention", "invention.luck_of_firms", before="invention.arrive")
def luck_of_firms(world: World) -> None:
    """Once a year the passing luck of a firm moves: AR(1), and its slow average of effort follows its effort."""
    p, orgs = world.p, world.orgs
    firms = orgs.living(FIRM)
    keep = np.exp(-1.0 / (12.0 * p["firm.memory_years"]))
    orgs.rd_memory[firms] = keep * orgs.rd_memory[firms] + (1.0 - keep) * real_effort(world, firms)
    due = firms[orgs.anniversary[firms] == world.month_of_year]
    rho = p["firm.shock_persistence"]
    orgs.shock[due] = rho * orgs.shock[due] + np.sqrt(1.0 - rho**2) * p["firm.shock_sd"] * world.draw.normal(
        "firm.shock", orgs.uid[due]
    )
    if world.month == -world.burn_in_months:
        orgs.shock[firms] = p["firm.shock_sd"] * world.draw.normal("firm.first_shock", orgs.uid[firms], month=ALWAYS)
