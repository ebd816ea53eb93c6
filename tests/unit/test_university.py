"""Universities on hand-made columns: money in, science and inventions out, and who is told of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents import university
from agents.inventor import population
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY
from ecosystem.domain.indicators import Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.science import Science
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.luck import fold
from ecosystem.kernel.parameters import Parameter, Parameters, read
from tests.unit.test_teams import ROOT, add_firm, add_people, make_world

FACTS = {
    "researchers": (400_000.0, 200_000.0, 0.0), "business_researcher_share": (0.8, 0.7, 0.5),
    "career_years": (25.0, 25.0, 25.0), "foreign_share": (0.0, 0.0, 0.0), "gerd": (200_000.0, 60_000.0, 0.0),
    "business_share": (0.75, 0.78, 0.0), "higher_education_share": (0.12, 0.12, 0.0),
    "government_share": (0.08, 0.08, 0.0), "universities": (900.0, 400.0, 0.0),
}  # fmt: skip


def campus(**values: float) -> Any:
    """Two places with twelve firms each and their universities, before the first month."""
    world = make_world(**values)
    extra = Parameter("firm.credit_share", 0.3, "share", 0.0, 1.0, "test")
    switches = read(ROOT / "ecosystem" / "domain" / "switches.toml")
    world.p = Parameters({k: world.p.info(k) for k in world.p} | switches | {"firm.credit_share": extra})
    world.fields = type("Fields", (), {"names": [f"f{i}" for i in range(world.F)]})()
    world.sectors = {"rd_share": np.array([0.5, 0.3, 0.2])}
    world.fact = lambda name: np.array(FACTS[name])
    world.home_territory = [0, 1, 2]
    world.levers = {
        name: np.full(3, value)
        for name, value in {
            "talent.education": 1.0, "talent.inventor_reward": 0.02, "university.inventor_share": 0.33,
            "university.ownership": 0.9, "university.royalty_asked": 0.25, "awareness.large": 0.8,
            "science.basic_share": 0.45, "science.joint_share": 0.2, "talent.visa_merit": 0.0,
            "talent.option_share": 0.0, "talent.training": 0.0, "talent.mobility": 0.08, "science.centers": 0.0,
        }.items()
    }  # fmt: skip
    world.levers["science.public_funding"] = np.array([38_000.0, 12_000.0, 0.0])
    world.calendar, world.tally, world.month = Calendar(), Tally(world.J, world.S), -3
    world.draw.month = -3
    world.accounts = Accounts(world.places)
    world.accounts.open("organizations", world.orgs, bounded=True)
    for name in ("households", "government", "outside"):
        world.accounts.open(name)
    for place in (0, 1):
        money = FACTS["gerd"][place] * FACTS["business_share"][place]
        for i in range(12):
            firm = add_firm(world, 100 * place + i, place=place, sector=i % world.S)
            world.orgs.weight[firm] = 83.0
            world.orgs.rd[firm] = money / 12 / 83.0
            world.orgs.base[firm] = 20 * world.orgs.rd[firm]
            world.orgs.heads[firm] = FACTS["researchers"][place] * FACTS["business_researcher_share"][place] / 12 / 83
    world.wage = np.ones(3)
    university.open_universities(world)
    population.open_inventors(world)
    world.science = Science(world.J, world.F)
    world.inventions = Inventions(place=world.J)
    world.accounts.close_opening()
    fund(world)
    return world


def fund(world: Any) -> None:
    s, orgs = world.academia.slots, world.orgs
    place = orgs.jurisdiction[s]
    size = orgs.rd_reference[s] * orgs.weight[s]
    share = size / np.bincount(place, size, world.J)[place]
    orgs.rd_public[s] = world.levers["science.public_funding"][place] * share / orgs.weight[s]


def month(world: Any) -> None:
    world.draw.month = world.month
    s, orgs = world.academia.slots, world.orgs
    place = orgs.jurisdiction[s].astype(np.int64)
    world.accounts.pay(
        "science", "government", place, "organizations", s, orgs.rd_public[s] * orgs.weight[s] / 12.0, place=place
    )
    university.contract(world)
    university.research(world)
    world.month += 1


def test_sizes_are_bins_of_the_law() -> None:
    size = university.size_bins(400, 1.38)
    assert size.mean() == pytest.approx(1.0)
    assert (np.diff(size) <= 0).all()
    assert np.log(size).std() == pytest.approx(1.38, abs=0.06)


def test_start_adds_up_to_the_accounts_of_the_place() -> None:
    world = campus()
    orgs, s = world.orgs, world.academia.slots
    for j in (0, 1):
        mine = s[orgs.jurisdiction[s] == j]
        money = (orgs.rd * orgs.weight)[mine]
        assert money.sum() == pytest.approx(FACTS["gerd"][j] * 0.2)
        institutes = orgs.kind[mine] == INSTITUTE
        assert money[institutes].sum() == pytest.approx(FACTS["gerd"][j] * 0.08)
        people = FACTS["researchers"][j] * (1 - FACTS["business_researcher_share"][j])
        assert (orgs.heads * orgs.weight)[mine].sum() == pytest.approx(people)
        assert orgs.weight[mine].sum() == pytest.approx(FACTS["universities"][j])
        assert (orgs.weight[mine] >= 1).all()
    assert set(orgs.kind[s]) == {UNIVERSITY, INSTITUTE}
    assert world.academia.contract_share[:2] == pytest.approx([2000 / 150_000, 0.0])


def test_research_spends_what_comes_in_and_money_is_conserved() -> None:
    world = campus()
    orgs, s = world.orgs, world.academia.slots
    orgs.cash[orgs.kind == FIRM] = 1e3
    world.accounts.close_opening()
    for _ in range(60):
        month(world)
    place = orgs.jurisdiction[s]
    yearly = np.bincount(place, orgs.rd[s] * orgs.weight[s], world.J)
    assert yearly[:2] == pytest.approx([40_000, 12_000], rel=0.02)
    assert (orgs.cash[s] >= 0).all()
    assert world.accounts.imbalance() < 1e-9
    people = np.bincount(place, orgs.wanted[s] * orgs.weight[s], world.J)
    assert people[:2] == pytest.approx([80_000, 60_000], rel=0.02)
    paid = world.accounts.flow("research_wages")[0] / world.accounts.flow("research_materials")[0]
    assert paid == pytest.approx(1.5)
    assert world.tally["rd_basic_spent"][0].sum() / world.tally["rd_spent_total"][0].sum() == pytest.approx(0.45)
    assert world.tally["university_rd"][0].sum() == pytest.approx(world.tally["rd_spent_total"][0].sum())


def test_without_income_a_university_cannot_spend() -> None:
    world = campus()
    world.levers["science.public_funding"][:] = 0.0
    fund(world)
    orgs, s = world.orgs, world.academia.slots
    for _ in range(240):
        month(world)
    assert orgs.rd[s[orgs.jurisdiction[s] == 1]].max() < 0.02 * orgs.rd_reference[s].max()
    assert (orgs.cash[s] >= 0).all()


def test_arrivals_follow_disclosures_per_million() -> None:
    world = campus()
    month(world)
    slots, rate = university.university_arrivals(world)
    place = world.orgs.jurisdiction[slots]
    told = university.expected_disclosure(world)
    yearly = np.bincount(place, rate, world.J) * 12 * world.scale * told
    research = np.array([0.12 + 0.08 * world.p["university.institute_yield"]] * 2) * [200_000, 60_000]
    assert yearly[:2] == pytest.approx(research * [0.275, 0.54], rel=0.02)
    before = rate.sum()
    world.month = 1
    world.levers["science.basic_share"][:] = 0.7
    assert university.university_arrivals(world)[1].sum() < before


def test_joint_partner_is_a_firm_of_the_sector_and_place() -> None:
    world = campus()
    n = 3000
    uid = fold(np.arange(n), 3)
    slots = np.resize(world.academia.slots, n)
    sector = np.arange(n) % world.S
    firm = university.joint_partner(world, uid, slots, sector)
    some = firm >= 0
    assert some.mean() == pytest.approx(0.2, abs=0.03)
    assert (world.orgs.sector[firm[some]] == sector[some]).all()
    assert (world.orgs.jurisdiction[firm[some]] == world.orgs.jurisdiction[slots[some]]).all()
    world.levers["science.joint_share"][:] = 0.4
    again = university.joint_partner(world, uid, slots, sector)
    assert (again[some] == firm[some]).all(), "more joint inventions are a superset"


def add_inventions(world: Any, n: int, public: float = 1.0) -> np.ndarray:
    school = int(world.academia.slots[0])
    lead = add_people(world, school, 1, 5000, awareness=1.0)[0]
    uid = fold(np.arange(n), 4)
    known = world.draw.normal("test.known", uid)
    return world.inventions.add(n, uid=uid, creator=school, lead=lead, jurisdiction=0, known=known,
                                public_funding=public)  # fmt: skip


def test_disclosure_depends_on_ownership_share_and_awareness() -> None:
    world = campus()
    made = add_inventions(world, 4000)
    usual = university.discloses(world, made)
    assert usual.mean() == pytest.approx(0.9 * 0.6, abs=0.04)
    assert world.inventions.known[made[usual]].mean() > 0.2, "the more valuable ones are told"
    world.levers["university.inventor_share"][:] = 0.6
    more = university.discloses(world, made)
    assert more.mean() > usual.mean() + 0.02
    assert (more | ~usual).all(), "a superset"
    world.levers["university.ownership"][:] = 0.0
    assert not university.discloses(world, made).any()
    world.inventions.public_funding[made] = 0.0
    assert university.discloses(world, made).mean() > 0.5, "ownership rules concern public money"
    world.inventors.awareness[world.inventions.lead[made]] = 0.0
    assert not university.discloses(world, made).any()


def test_expected_disclosure_oracle() -> None:
    world = campus()
    month(world)
    made = add_inventions(world, 20_000, public=0.95)
    world.inventors.awareness[world.inventions.lead[made[0]]] = 0.8
    assert university.discloses(world, made).mean() == pytest.approx(
        university.expected_disclosure(world)[0], abs=0.015
    )


def test_the_loop_over_contracts_equals_whole_columns() -> None:
    world = campus()
    orgs, a = world.orgs, world.academia
    firms = orgs.living(FIRM)
    orgs.cash[firms] = np.where(np.arange(len(firms)) % 3 == 0, 0.1, 1e3)
    orgs.alive[firms[4]] = False
    before = orgs.cash.copy()
    can = np.maximum(0.0, orgs.cash + orgs.credit)
    university.contract(world)
    firms = orgs.living(FIRM)
    due = np.minimum(a.contract_share[orgs.jurisdiction[firms]] * orgs.rd[firms] / 4.0, can[firms])
    served = due > 0
    assert served.any()
    assert (a.seller[firms[served]] >= 0).all()
    assert before[firms] - orgs.cash[firms] == pytest.approx(due, rel=1e-9)
    total = due * orgs.weight[firms]
    income = np.bincount(a.seller[firms[served]], total[served], len(a.slots)) / orgs.weight[a.slots]
    assert a.contracts == pytest.approx(4.0 * income)
    assert orgs.cash[a.slots] - before[a.slots] == pytest.approx(income)
    place = np.bincount(orgs.jurisdiction[firms], total, world.J)
    assert world.tally["contract_research"].sum(axis=1) == pytest.approx(place)
