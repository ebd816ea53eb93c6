"""Measures of application and of enforcement abroad: new rules on hand-made columns, side effects on paired luck."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from agents.court.backing import Backing
from agents.court.border import monthly
from agents.firm.assignment import prefers_assignment, take_over
from agents.firm.duplicates import is_duplicate
from agents.insurer import insured, pay_claims, worth_insuring
from agents.intermediary import disagreement_left
from agents.investor import make_good
from agents.organizations import FIRM, GUARANTEE, VEHICLE
from agents.securitization import multiple
from ecosystem import World
from tests.contract.pairs import Effect, appears, effects, frozen_short, with_levers

SIDE_EFFECTS = (
    # measure, indicator, sign of the effect of strength 1 against 0: what the file warns of
    ("cn_patent_trading", "rights_screened_by_entities", 1),
    ("cn_patent_information_database", "ideas_given_up_after_search", 1),
    ("eu_enforcement_cooperation", "border_checks", 1),
)


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Effect]:
    """Every measure of the list at strength 0 and 1 on five seeds."""
    return effects([row[:2] for row in SIDE_EFFECTS], first=1, years=5, pairs=5)


@pytest.mark.parametrize(("id", "indicator", "sign"), SIDE_EFFECTS)
def test_side_effects_appear(found: dict[tuple[str, str], Effect], id: str, indicator: str, sign: int) -> None:
    assert appears(found[id, indicator], sign), found[id, indicator]


# -- rules on hand-made columns ----------------------------------------------------------------------------------------


def test_the_owners_most_at_risk_insure_and_a_subsidy_brings_in_others() -> None:
    risk, none = np.array([0.2, 1.0, 1.1, 3.0]), np.zeros(4)
    assert worth_insuring(risk, none, 0.4, 0.3).tolist() == [False, False, True, True]
    assert worth_insuring(risk, none + 0.9, 0.4, 0.3).all()
    assert not worth_insuring(np.ones(4), none, 0.4, 0.0).any()


def test_aid_and_insurance_share_a_bill_without_paying_it_twice() -> None:
    some = np.array([0.0, 0.5, 0.5, 0.0])
    cover = np.array([0.0, 0.0, 0.75, 0.75])
    both = Backing(some, some, cover, cover)
    assert both.owner.tolist() == pytest.approx([0.0, 0.5, 0.875, 0.75])
    assert both.of(np.array([2])).defendant.tolist() == pytest.approx([0.875])


def test_a_royalty_is_worth_less_the_sooner_it_ends_and_the_dearer_money_is() -> None:
    rate, years = np.array([0.1, 0.1, 0.1, 0.25]), np.array([0.0, 10.0, 1000.0, 10.0])
    worth = multiple(rate, years)
    assert worth[0] == 0.0
    assert worth[1] == pytest.approx((1.0 - np.exp(-1.0)) / 0.1)
    assert worth[2] == pytest.approx(10.0)
    assert worth[3] < worth[1]


def test_a_chance_a_year_becomes_a_chance_a_month() -> None:
    month = monthly(np.array([0.0, 0.5]))
    assert month[0] == 0.0
    assert (1.0 - month[1]) ** 12 == pytest.approx(0.5)


def test_assignment_needs_a_gain_of_both_and_money() -> None:
    worth, price, money = np.array([1.0, 1.0, 1.0, 0.0]), np.full(4, 0.2), np.array([2.0, 0.5, 2.0, 2.0])
    cost = np.array([0.1, 0.1, 0.8, 0.1])
    assert prefers_assignment(worth, 0.3 * worth, price, cost, money).tolist() == [True, False, False, False]


def test_brokers_who_come_for_a_subsidy_see_less_clearly() -> None:
    def left(share: float) -> float:
        world = SimpleNamespace(
            J=1, p={"intermediary.clarity": 0.6, "intermediary.clarity_new": 0.9},
            levers={"transfer.brokered_share": np.array([share])},
            base_levers={"transfer.brokered_share": np.array([0.15])},
        )  # fmt: skip
        return float(disagreement_left(world)[0])  # type: ignore[arg-type]

    assert left(0.1) == left(0.15) == 0.6
    assert left(0.3) == pytest.approx(0.75)


def test_only_a_small_step_over_a_published_invention_of_another_owner_is_a_duplicate() -> None:
    never = 1_000_000
    inventions = SimpleNamespace(
        novelty=np.array([0.0, -2.0, -2.0, -2.0, -2.0, 1.0]), parent1=np.array([-1, 0, 5, 0, -1, 0]),
        published=np.array([3, never, never, never, never, never]), owner=np.array([7, 8, 8, 7, 8, 8]),
    )  # fmt: skip
    world = SimpleNamespace(inventions=inventions, month=10, p={"invention.duplicate_step": -0.8})
    # 1 repeats 0; 2 builds on an unpublished one; 3 is of the same owner; 4 has no predecessor; 5 goes far enough
    assert is_duplicate(world, np.arange(6)).tolist() == [False, True, False, False, False, False]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def frozen() -> bytes:
    return frozen_short()


def forked(frozen: bytes, **levers: float) -> World:
    return with_levers(frozen, "cn", **levers)


def test_premiums_fill_the_pool_and_claims_never_empty_it_below_zero(frozen: bytes) -> None:
    world = forked(frozen, finance__ip_insurance=0.6)
    orgs = world.orgs
    for _ in range(24):
        world.step()
        if world.insurers.n and orgs.cash[world.insurers.organization[0]] > 0.0:
            break
    who = np.flatnonzero(insured(world, np.arange(orgs.n)) > 0.0)
    cn = world.places.index("cn")
    assert len(who)
    assert (orgs.kind[who] == FIRM).all()
    assert (orgs.employees[who] < 400).all()  # small when they insured; some have grown since
    assert (orgs.jurisdiction[who] == cn).all()
    holder = int(world.insurers.organization[0])
    before, reserve = float(orgs.cash[who[0]] * orgs.weight[who[0]]), float(orgs.cash[holder])
    assert reserve > 0.0
    paid = pay_claims(world, who[:1], np.array([2.0 * reserve]))
    assert paid[0] == pytest.approx(reserve)
    assert orgs.cash[holder] == pytest.approx(0.0, abs=1e-9)
    assert float(orgs.cash[who[0]] * orgs.weight[who[0]]) == pytest.approx(before + reserve)
    assert world.accounts.imbalance() < 1e-9


def test_a_guarantee_bears_its_share_of_a_loss_and_of_nothing_else(frozen: bytes) -> None:
    world = forked(frozen, finance__guarantee=0.5)
    world.step()
    bank = np.flatnonzero(world.orgs.kind == 5)
    place = world.orgs.jurisdiction[bank].astype(np.int64)
    money = world.orgs.cash[bank].copy()
    make_good(world, bank, place, np.full(len(bank), 8.0))
    assert world.orgs.cash[bank].tolist() == pytest.approx(money.tolist())  # the bank passes it on to depositors
    cn = world.places.index("cn")
    funds = np.flatnonzero(world.orgs.kind == GUARANTEE)
    assert world.orgs.jurisdiction[funds].tolist() == [cn]
    assert world.tally["guarantee_losses"].sum(axis=1)[cn] == pytest.approx(4.0)
    assert world.tally["guarantee_losses"].sum() == pytest.approx(4.0)
    assert world.accounts.imbalance() < 1e-9


def test_whoever_takes_over_a_right_gets_its_royalties_and_pays_the_price(frozen: bytes) -> None:
    world = forked(frozen)
    world.step()
    inv, orgs, uses = world.inventions, world.orgs, world.uses
    tech = np.flatnonzero((inv.line >= 0) & (inv.right >= 0) & ~orgs.passive[inv.owner])
    tech = tech[world.rights.owner[inv.right[tech]] == inv.owner[tech]][:1]
    seller = int(inv.owner[tech[0]])
    buyer = int(next(o for o in orgs.living(FIRM)[::-1] if o != seller and orgs.cash[o] * orgs.weight[o] > 1.0))
    use = int(world.lines.first_use[inv.line[tech[0]]])
    uses.licensor[use] = seller
    money, weight = float(orgs.cash[seller] * orgs.weight[seller]), world.scale
    deals = world.deals.n
    take_over(world, tech, np.array([buyer]), inv.right[tech].astype(np.int64), np.array([1e-6]))
    assert inv.owner[tech[0]] == buyer
    assert world.rights.owner[inv.right[tech[0]]] == buyer
    assert uses.licensor[use] == buyer
    assert world.deals.n == deals + 1
    assert float(orgs.cash[seller] * orgs.weight[seller]) == pytest.approx(money + 1e-6 * weight)


def test_royalties_sold_go_to_the_vehicle_and_on_to_investors(frozen: bytes) -> None:
    world = forked(frozen, finance__royalty_advance=0.95)
    cn = world.places.index("cn")
    orgs, uses = world.orgs, world.uses
    # a license with a royalty on every young product of another firm of the place
    live = np.flatnonzero(uses.active & (orgs.jurisdiction[uses.user] == cn) & (uses.licensor < 0))[:40]
    giver = np.flatnonzero((orgs.kind == FIRM) & orgs.alive & ~orgs.passive & (orgs.jurisdiction == cn))
    uses.licensor[live], uses.royalty[live] = giver[np.arange(len(live)) % len(giver)], 0.05
    before = uses.licensor[live].copy()
    for _ in range(12):
        world.step()
    sold = live[(orgs.kind[uses.licensor[live]] == VEHICLE) & uses.active[live]]
    assert len(sold)
    assert len(sold) < len(live)
    rows = np.flatnonzero(world.deals.kind[: world.deals.n] == 9)
    assert set(world.deals.giver[rows].tolist()) <= set(before.tolist())
    assert (orgs.jurisdiction[uses.licensor[sold]] == cn).all()
    assert world.accounts.imbalance() < 1e-9


def test_watch_abroad_finds_a_superset_of_what_owners_find(frozen: bytes) -> None:
    plain, watched = forked(frozen), forked(frozen, enforcement__overseas_watch=0.8)
    for world in (plain, watched):
        for _ in range(18):
            world.step()
    found = [world.records.counts("overseas_found", list(range(24, 42))).sum(axis=(0, 2)) for world in (plain, watched)]
    cn = plain.places.index("cn")
    assert found[1][cn] >= found[0][cn]
    others = np.arange(plain.J) != cn
    assert abs(found[1][others].sum() - found[0][others].sum()) <= found[0].sum() + plain.scale
