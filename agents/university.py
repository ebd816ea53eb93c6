"""Universities and public institutes: they do science, invent, and decide what to disclose and what to publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np
from scipy.special import ndtr, ndtri

from agents.handle import Handle
from agents.inventor.population import QUARTER, by_place
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY, affordable
from agents.programs.centers import joint_members
from ecosystem.domain.indicators import flow
from ecosystem.domain.regions import seat
from ecosystem.domain.science import field_weights
from ecosystem.kernel.luck import ALWAYS, Pool, fold, u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

u8, i8, i1, f8, b1 = nb.uint64, nb.int64, nb.int8, nb.float64, nb.boolean

flow("university_rd", "M USD2020", "R&D performed by universities and institutes", 0)
flow("contract_research", "M USD2020", "R&D that firms pay universities and institutes for", 0)
flow("university_disclosures", "inventions", "university inventions disclosed with title taken", 1)
flow("transfer_office_cost", "M USD2020", "what universities pay for staff of transfer offices", -1)


class University(Handle):
    """A university or public institute (or ``weight`` equal ones)."""

    table = "orgs"
    kinds = (UNIVERSITY, INSTITUTE)


@dataclass(slots=True)
class Academia:
    """What universities have in common that is no column.

    Attributes:
        slots: slots of all universities and institutes, int64 (n,).
        cost: yearly wage cost of an academic researcher at the starting wage, M USD2020, float64 (J,).
        contract_share: share of firms' R&D money that buys research from universities, float64 (J,).
        per_million: disclosures per million USD of research, float64 (J,).
        seller: university (index into slots) from which each organization buys research, -2 not yet chosen, -1 none.
        settled: organizations of lower slots have chosen.
        contracts: yearly contract income of one real organization, M USD2020, float64 (n,).
        basic, disclosed, motivation: basic share, chance of disclosure and motivation in the reference (J,); move along
            until month 0, then frozen.
        partners: firms that may join inventions, by place and sector; renewed each quarter.
        members: organizations that are members of cooperative research centers, bool (n,).
    """

    slots: np.ndarray
    cost: np.ndarray
    contract_share: np.ndarray
    per_million: np.ndarray
    seller: np.ndarray
    contracts: np.ndarray
    basic: np.ndarray
    disclosed: np.ndarray
    motivation: np.ndarray
    members: np.ndarray
    settled: int = 0
    frozen: bool = False
    partners: Pool | None = None
    partners_month: int = 0


def size_bins(n: int, sd: float) -> np.ndarray:
    """Return the means of n equally frequent bins of a log-normal of mean 1, descending, float64 (n,), mean 1.

    E[x; bin] = Phi(z_high - sd) - Phi(z_low - sd): bins, not draws, so that the total of a place is exact.
    """
    edges = np.r_[-np.inf, ndtri(np.arange(1, n) / n), np.inf]
    return (n * np.diff(ndtr(edges - sd)))[::-1]


def open_universities(world: World) -> None:
    """Create universities and institutes of every place but the rest of the world.

    Their R&D adds up to gerd x (higher education + government share). Fields are spread like basic science at large.
    What public money does not cover at the start, firms pay for (contract research) in a fixed share of their R&D.
    """
    p, orgs, J = world.p, world.orgs, world.J
    gerd, school, state = world.fact("gerd"), world.fact("higher_education_share"), world.fact("government_share")
    people = world.fact("researchers") * (1.0 - world.fact("business_researcher_share"))
    money = gerd * (school + state)
    real = world.fact("universities")
    usual = max(1.0, world.scale * p["university.per_inventor_scale"])
    weights = field_weights(world)
    found = []
    for j in range(world.P):
        if real[j] <= 0.0 or money[j] <= 0.0:
            continue
        for kind, part in ((UNIVERSITY, school[j]), (INSTITUTE, state[j])):
            share = part / (school[j] + state[j])
            units = real[j] * share
            n = max(1, round(units / usual))
            if share <= 0.0:
                continue
            weight = units / n
            size = size_bins(n, p["university.size_sd"]) * money[j] * share / units
            uid = fold(np.full(n, 3_000_017 * (1 + world.place_number[j])), np.arange(n), kind)
            # Systematic spread of core fields in an order that has nothing to do with size.
            turn = np.empty(n)
            turn[np.argsort(fold(uid, 35))] = (np.arange(n) + 0.5) / n
            rows = orgs.add(
                n, uid=uid, kind=kind, jurisdiction=j, territory=world.home_territory[j], sector=-1,
                field=np.searchsorted(np.cumsum(weights)[:-1], turn, side="right"), weight=weight,
                founded=world.month - 600, anniversary=np.arange(n) % 12, rd=size, rd_reference=size, rd_memory=size,
                awareness=world.levers["awareness.large"][j], heads=size / money[j] * people[j],
                wanted=size / money[j] * people[j], employees=2.0 * size / money[j] * people[j],
                cash=size * p["university.reserve_months"] / 12.0,
                effect=np.exp(p["university.effect_sd"] * world.draw.normal("university.effect", uid, month=ALWAYS)),
            )  # fmt: skip
            seat(world, rows, size)
            # Ability has mean one over the money of the place, so that its inventions add up to the data.
            orgs.effect[rows] /= np.average(orgs.effect[rows], weights=size)
            orgs.royalty_asked[rows] = world.levers["university.royalty_asked"][j]
            world.accounts.endow("organizations", float((orgs.cash[rows] * weight).sum()))
            found.append(rows)
    slots = np.concatenate(found) if found else np.zeros(0, np.int64)
    business = gerd * world.fact("business_share")
    bought = np.maximum(0.0, money - world.levers["science.public_funding"])
    world.academia = Academia(
        slots, p["talent.wage_share"] * money / np.maximum(people, 1.0),
        np.minimum(p["university.contract_limit"], bought / np.maximum(business, 1e-9)),
        by_place(world, "university.disclosures_per_million"), np.full(orgs.n, -2, np.int64),
        np.zeros(len(slots)), np.zeros(J), np.ones(J), np.ones(J), np.zeros(orgs.n, np.bool_),
    )  # fmt: skip


@rule("research", "university.contract")
def contract(world: World) -> None:
    """Firms buy research: a fixed share of R&D goes to one university of their place, the larger ones more often.

    Acts once a quarter: contracts are paid for three months.
    """
    if world.month % QUARTER:
        return
    orgs, a = world.orgs, world.academia
    a.contracts[:] = 0.0
    if not len(a.slots):
        return
    _choose_sellers(world)
    who, whom, amount, place = _purchases(
        orgs.kind, orgs.alive, orgs.passive, orgs.jurisdiction, orgs.rd, orgs.cash, orgs.credit, orgs.weight, a.seller,
        a.contract_share, a.slots, a.contracts, world.tally["contract_research"],
    )  # fmt: skip
    world.accounts.pay("contract_research", "organizations", who, "organizations", whom, amount, place=place)


@nb.njit(
    nb.types.Tuple((i8[::1], i8[::1], f8[::1], i8[::1]))(
        i1[::1], b1[::1], b1[::1], i1[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], f8[::1], i8[::1], f8[::1],
        f8[:, ::1],
    ),
    cache=True,
)  # fmt: skip
def _purchases(
    kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, place: np.ndarray, rd: np.ndarray, cash: np.ndarray,
    credit: np.ndarray, weight: np.ndarray, seller: np.ndarray, share: np.ndarray, slots: np.ndarray,
    contracts: np.ndarray, cell: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Return (firms, universities, real-world totals, places) of the quarter's contracts; add up ``contracts`` and ``cell``."""
    n, last = 0, cell.shape[1] - 1
    who, whom = np.empty(len(kind), np.int64), np.empty(len(kind), np.int64)
    amount, where = np.empty(len(kind)), np.empty(len(kind), np.int64)
    for o in range(len(kind)):
        j = place[o]
        if kind[o] != FIRM or not alive[o] or passive[o] or share[j] <= 0.0 or seller[o] < 0:
            continue
        paid = min(share[j] * rd[o] * QUARTER / 12.0, max(0.0, cash[o] + credit[o])) * weight[o]
        if paid > 0.0:
            who[n], whom[n], amount[n], where[n] = o, slots[seller[o]], paid, j
            contracts[seller[o]] += paid
            cell[j, last] += paid
            n += 1
    for k in range(len(slots)):
        contracts[k] = 12.0 / QUARTER * contracts[k] / weight[slots[k]]
    return who[:n].copy(), whom[:n].copy(), amount[:n].copy(), where[:n].copy()


def _choose_sellers(world: World) -> None:
    """Have firms that are new choose, once, the university from which they buy research (see ``Academia.seller``)."""
    orgs, a = world.orgs, world.academia
    if a.settled == orgs.n:
        return
    if len(a.seller) < orgs.n:
        a.seller = np.concatenate([a.seller, np.full(orgs.n, -2, np.int64)])
    new, a.settled = np.arange(a.settled, orgs.n), orgs.n
    buys = (orgs.kind[new] == FIRM) & orgs.alive[new] & ~orgs.passive[new]
    new = new[buys & (a.contract_share[orgs.jurisdiction[new]] > 0.0)]
    if len(new):
        pool = Pool.of(
            np.arange(len(a.slots)), orgs.uid[a.slots], orgs.jurisdiction[a.slots], world.J,
            np.maximum(orgs.heads[a.slots], 1e-9),
        )  # fmt: skip
        place = orgs.jurisdiction[new].astype(np.int64)
        a.seller[new] = world.draw.partner("university.contract", orgs.uid[new], place, pool, month=ALWAYS)


@rule("research", "university.research", after="university.contract")
def research(world: World) -> None:
    """Universities spend what they receive, and a share of their reserves beyond a few months, on research.

    R = public money + contracts + (cash - reserve) / years; wages theta R go to households, the rest is bought. They
    want theta R / (w x cost of a researcher) people.
    """
    orgs, a, p, levers = world.orgs, world.academia, world.p, world.levers
    s = a.slots
    if not len(s):
        return
    income = orgs.rd_public[s] + a.contracts
    reserve = income * p["university.reserve_months"] / 12.0
    yearly = income + np.maximum(0.0, orgs.cash[s] - reserve - income / 12.0) / p["university.spending_years"]
    spent = np.minimum(yearly / 12.0, affordable(world, s))
    orgs.rd[s] = 12.0 * spent
    orgs.rd_spent[s] += spent
    place = orgs.jurisdiction[s].astype(np.int64)
    total = spent * orgs.weight[s]
    theta = p["talent.wage_share"]
    world.accounts.pay("research_wages", "organizations", s, "households", place, theta * total, place=place)
    world.accounts.pay("research_materials", "organizations", s, "outside", place, (1 - theta) * total, place=place)
    orgs.wanted[s] = theta * orgs.rd[s] / (world.wage[place] * np.maximum(a.cost[place], 1e-12))
    # The split of this month, as the levers have it (``science.advance`` writes it into the columns).
    basic = (levers["science.basic_share"] * world.science.agenda)[place]
    applied = (1.0 - basic) * p["science.academic_applied_share"]
    for name, part in (
        ("university_rd", 1.0), ("rd_spent_total", 1.0), ("rd_basic_spent", basic), ("rd_applied_spent", applied),
        ("rd_development_spent", 1.0 - basic - applied),
    ):  # fmt: skip
        world.tally.add(name, place, total * part)
    if not a.frozen:
        a.basic = levers["science.basic_share"].copy()
        a.motivation = academic_motivation(world)
        a.disclosed = np.maximum(0.05, expected_disclosure(world))
        a.frozen = world.month >= 0


@nb.njit(
    f8[::1](
        i8[::1], i1[::1], i1[::1], i1[::1], b1[::1], f8[::1], f8[::1], f8[::1], f8[::1],
        f8[::1], f8, f8[::1], f8[:, ::1], f8[::1], f8, f8, f8,
    ),
    cache=True,
)  # fmt: skip
def _rates(
    slots: np.ndarray, place: np.ndarray, field: np.ndarray, kind: np.ndarray, alive: np.ndarray, heads: np.ndarray,
    rd: np.ndarray, effect: np.ndarray, weight: np.ndarray, cost: np.ndarray, theta: float, productivity: np.ndarray,
    access: np.ndarray, wide: np.ndarray, elasticity: float, institute_yield: float, scale: float,
) -> np.ndarray:  # fmt: skip
    """Return expected simulated inventions of the month (see ``university_arrivals``), float64 (n,)."""
    out = np.zeros(len(slots))
    for i in range(len(slots)):
        o = slots[i]
        j = place[o]
        if alive[o]:
            # E = L^theta M^(1-theta): L the researchers at work at their starting cost over theta, M the money.
            people = max(heads[o] * cost[j] / theta, 1e-9)
            effort = people**theta * max(rd[o], 1e-9) ** (1.0 - theta)
            reach = 0.5 * access[j, field[o]] + 0.5 * wide[j]
            rate = productivity[j] * effort * effect[o] * (institute_yield if kind[o] == INSTITUTE else 1.0)
            out[i] = rate * reach**elasticity * weight[o] / scale / 12.0
    return out


@rule("invention", "university.count_joint", after="invention.arrive")
def count_joint(world: World) -> None:
    """Count inventions made with firms among the transfers from universities to firms."""
    inv, new = world.inventions, world.new_inventions
    joint = new[inv.industry_university[new]]
    if len(joint):
        place, sector = inv.jurisdiction[joint], inv.sector[joint]
        world.tally.add("university_to_firm_transfers", place, world.scale, sector)


@rule("transfer", "university.office", after="transfer.bargain")
def pay_office(world: World) -> None:
    """Universities pay the staff of their transfer offices once a year: share x R&D x effort, no more than they can."""
    if world.month_of_year != 11:
        return
    orgs, s = world.orgs, world.academia.slots
    place = orgs.jurisdiction[s].astype(np.int64)
    effort = world.levers["university.tto_efficiency"][place]
    due = np.minimum(world.p["university.office_share"] * orgs.rd[s] * effort, affordable(world, s)) * orgs.weight[s]
    world.accounts.pay("transfer_office", "organizations", s, "households", place, due, place=place)
    world.tally.add("transfer_office_cost", place, due)


def academic_motivation(world: World) -> np.ndarray:
    """Return mean motivation of university inventors by place, float64 (J,), 1 where there are none."""
    t = world.talent
    number = t.classes[1]
    return np.where(number > 0, t.class_motivation[1] / np.maximum(number, 1.0), 1.0)


def university_arrivals(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (slots, expected simulated inventions this month of all real units together), int64 and float64 (n,).

    Inventions a year of one real organization = d_j / q0_j x E x u x O x m x mix, with d disclosures per million USD
    of research, q0 the chance of disclosure in the reference, E real effort, u lasting ability (times the yield of
    institutes), O accessible science to the power ``university.science_elasticity`` (own field and basic science at
    large), m motivation of its people and mix = applied work + ``university.basic_yield`` x basic work, both relative
    to the reference.
    """
    orgs, a, p = world.orgs, world.academia, world.p
    if not len(a.slots):
        return a.slots, np.zeros(0)
    access = np.maximum(world.science.access(world), 1e-9)
    loss = 1.0 - p["university.basic_yield"]
    mix = (1.0 - loss * (world.levers["science.basic_share"] * world.science.agenda)) / (1.0 - loss * a.basic)
    rate = _rates(
        a.slots, orgs.jurisdiction, orgs.field, orgs.kind, orgs.alive, orgs.heads, orgs.rd, orgs.effect, orgs.weight,
        a.cost, p["talent.wage_share"], a.per_million / a.disclosed * mix * academic_motivation(world) / a.motivation,
        access, access @ field_weights(world), p["university.science_elasticity"], p["university.institute_yield"],
        world.scale,
    )  # fmt: skip
    return a.slots, rate


def joint_partner(world: World, uid: np.ndarray, organizations: np.ndarray, sector: np.ndarray) -> np.ndarray:
    """Return the firm that a university invention is made with, -1 for none, int64 (n,).

    With chance ``science.joint_share`` of the place an invention is made with a firm of its sector there, by a race
    over firms with weight R&D x absorptive capacity.

    Args:
        uid: identities of the inventions, int64 (n,).
        organizations: their owners, int64 (n,); only those without a sector (universities, institutes) seek firms.
        sector: sector that each invention is for, int64 (n,).
    """
    orgs, out = world.orgs, np.full(len(uid), -1, np.int64)
    joint = _joint(
        uid, organizations, orgs.sector, orgs.jurisdiction, world.levers["science.joint_share"],
        world.draw.key("university.joint"),
    )  # fmt: skip
    if len(joint):
        place = orgs.jurisdiction[organizations[joint]].astype(np.int64)
        firm = world.draw.partner("university.partner", uid[joint], place * world.S + sector[joint], firm_pool(world))
        out[joint] = np.where((firm >= 0) & orgs.alive[firm], firm, -1)
    return joint_members(world, uid, organizations, sector, out)


@nb.njit(i8[::1](i8[::1], i8[::1], i1[::1], i1[::1], f8[::1], u8), cache=True)
def _joint(
    uid: np.ndarray, owner: np.ndarray, org_sector: np.ndarray, place: np.ndarray, share: np.ndarray, key: np.uint64
) -> np.ndarray:
    """Return the positions of academic inventions that are made with a firm, int64."""
    out = np.empty(len(uid), np.int64)
    n = 0
    for i in range(len(uid)):
        if org_sector[owner[i]] < 0 and u01(np.uint64(uid[i]), key) < share[place[owner[i]]]:
            out[n] = i
            n += 1
    return out[:n].copy()


def firm_pool(world: World) -> Pool:
    """Return the firms by place and sector, chance in proportion to R&D x absorptive capacity; made anew each quarter."""
    a, orgs = world.academia, world.orgs
    if a.partners is None or world.month - a.partners_month >= 3:
        firms = orgs.living(FIRM)
        a.partners = Pool.of(
            firms, orgs.uid[firms], orgs.jurisdiction[firms].astype(np.int64) * world.S + orgs.sector[firms],
            world.J * world.S, np.maximum(0.0, orgs.rd[firms] * orgs.weight[firms] * orgs.absorptive[firms]),
        )  # fmt: skip
        a.partners_month = world.month
    return a.partners


def chance_of_telling(world: World, place: np.ndarray, known: np.ndarray | float) -> np.ndarray:
    """Return the chance that an inventor who knows how tells the university, float64 (n,).

    He tells if the expected gain beats the trouble: ln share + sigma known + noise > ln(trouble); probit in
    (ln(s / s0) + sigma k) / tau + z0, s the inventor's share, s0 and z0 the share and chance of usual practice.
    """
    p = world.p
    share = np.maximum(world.levers["university.inventor_share"][place], 0.01)
    gain = np.log(share / p["university.usual_inventor_share"]) + p["university.known_weight"] * known
    return ndtr(ndtri(p["university.usual_telling"]) + gain / p["university.telling_noise"])


def title_chance(world: World, place: np.ndarray, public: np.ndarray | float) -> np.ndarray:
    """Return the chance that the university takes title: 1 - public money's share x (1 - ownership), float64 (n,)."""
    return 1.0 - public * (1.0 - world.levers["university.ownership"][place])


def expected_disclosure(world: World) -> np.ndarray:
    """Return the chance by place that an invention is disclosed with title taken, at mean awareness, float64 (J,)."""
    orgs, a = world.orgs, world.academia
    place = np.arange(world.J)
    sites = orgs.jurisdiction[a.slots]
    money = np.maximum(orgs.rd[a.slots] * orgs.weight[a.slots], 1e-9)
    total = np.maximum(np.bincount(sites, money, world.J), 1e-9)
    aware = np.bincount(sites, money * orgs.awareness[a.slots], world.J) / total
    public = np.minimum(1.0, np.bincount(sites, orgs.rd_public[a.slots] * orgs.weight[a.slots], world.J) / total)
    # Mean over the value known at filing: a probit of a normal is a probit with its variance added.
    p = world.p
    spread = np.sqrt(1.0 + (p["university.known_weight"] / p["university.telling_noise"]) ** 2)
    told = ndtr(ndtri(chance_of_telling(world, place, 0.0)) / spread)
    return aware * told * title_chance(world, place, public)


def discloses(world: World, inventions: np.ndarray) -> np.ndarray:
    """Return True where a university invention is disclosed with title taken; else it is published openly.

    The lead inventor must think of it (awareness), find it worth the trouble (inventor's share, value known), and the
    university must be entitled (ownership of publicly funded results).

    Args:
        inventions: slots of university inventions, int (n,).
    """
    inv, inventors, draw = world.inventions, world.inventors, world.draw
    place = inv.jurisdiction[inventions].astype(np.int64)
    uid = inv.uid[inventions]
    lead = inv.lead[inventions]
    aware = np.where(lead >= 0, inventors.awareness[np.maximum(lead, 0)], world.orgs.awareness[inv.creator[inventions]])
    thinks = draw.bernoulli("university.think", uid, aware)
    tells = draw.bernoulli("university.tell", uid, chance_of_telling(world, place, inv.known[inventions]))
    title = draw.bernoulli("university.title", uid, title_chance(world, place, inv.public_funding[inventions]))
    out = thinks & tells & title
    world.tally.add("university_disclosures", place[out], float(world.scale))
    return out
