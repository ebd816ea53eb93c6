"""Measures of creation and their application: new rules on hand-made columns, and side effects on paired luck."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from agents.programs.centers import is_worth
from agents.programs.incubator import admitted, resident
from agents.programs.mission import chosen_fields, share_out
from agents.programs.partners import goes_on
from ecosystem import World
from tests.contract.pairs import Effect, appears, effects, frozen_short, with_levers

SIDE_EFFECTS = (
    # measure, indicator, sign of the effect of strength 1 against 0: what the file warns of
    ("us_rd_tax_credit", "wage_index", 1),  # money becomes wages
    ("us_basic_research_funding", "wage_index", 1),  # researchers are drawn from firms
    ("us_frontier_technology_programmes", "wage_index", 1),  # inventors are scarce
    ("us_inventor_property_incentives", "publications", -1),  # from open publication to patenting
    ("us_government_procurement", "public_outlay", 1),  # public cost
    ("cn_basic_research_push", "wage_index", 1),  # opportunity cost for firms
    ("cn_indigenous_innovation", "adoptions_drop", 1),  # less inward transfer
    ("x_open_science", "university_patent_filings", -1),  # universities own less
    ("x_open_science", "university_disclosures", -1),  # and tell less
)


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Effect]:
    """Every measure of the list at strength 0 and 1; the burn-in of a seed is shared."""
    return effects([row[:2] for row in SIDE_EFFECTS], first=1, years=4, pairs=6)


@pytest.mark.parametrize(("id", "indicator", "sign"), SIDE_EFFECTS)
def test_side_effects_appear(found: dict[tuple[str, str], Effect], id: str, indicator: str, sign: int) -> None:
    assert appears(found[id, indicator], sign), found[id, indicator]


# -- rules on hand-made columns ----------------------------------------------------------------------------------------


def test_mission_money_is_shared_by_research_and_capped() -> None:
    money = share_out(np.array([1.0, 3.0, 4.0]), np.array([0, 0, 1]), np.array([2.0, 9.0, 5.0]), 0.6)
    assert money.tolist() == pytest.approx([0.5, 1.5, 2.4])


def test_firms_join_a_center_where_it_is_worth_the_fee() -> None:
    worth = np.array([0.02, 0.069, 0.071, 1.0])
    assert is_worth(worth, 0.07, np.zeros(4)).tolist() == [False, False, True, True]


def test_more_places_keep_the_old_residents_and_better_firms_get_in_more_often() -> None:
    quality, luck = np.random.default_rng(0).standard_normal((2, 4000))
    few = admitted(quality, luck, 0.5, np.full(4000, 0.2))
    many = admitted(quality, luck, 0.5, np.full(4000, 0.5))
    assert few.mean() == pytest.approx(0.2, abs=0.03)
    assert not (few & ~many).any()
    assert quality[few].mean() > quality[many].mean() > quality.mean()


def test_partners_begin_what_one_alone_would_leave() -> None:
    value, cost = np.array([1.0, 1.0, 1.0]), np.array([0.9, 1.5, 3.0])
    assert goes_on(value, cost, np.full(3, 0.3), 0.25).tolist() == [True, True, False]
    assert goes_on(value, cost, np.zeros(3), 0.0).tolist() == [True, False, False]


@pytest.fixture(scope="module")
def frozen() -> bytes:
    return frozen_short()


def forked(frozen: bytes, **levers: float) -> World:
    return with_levers(frozen, "us", **levers)


def test_missions_pay_only_firms_and_laboratories_of_the_chosen_fields(frozen: bytes) -> None:
    plain, with_ = forked(frozen), forked(frozen, government__mission=0.0005)
    for world in (plain, with_):
        for _ in range(3):
            world.step()
    orgs = with_.orgs
    more = orgs.rd_public[: plain.orgs.n] - plain.orgs.rd_public
    firms = orgs.kind[: plain.orgs.n] == 0
    chosen = chosen_fields(with_)[orgs.field[: plain.orgs.n]] > 0.0
    assert (more[firms & chosen & (orgs.jurisdiction[: plain.orgs.n] == 0)] > 0.0).any()
    assert not more[firms & ~chosen].any()
    assert not more[orgs.jurisdiction[: plain.orgs.n] != 0].any()


def test_places_in_incubators_are_for_the_young_and_money_comes_from_the_government(frozen: bytes) -> None:
    world = forked(frozen, startup__incubator_share=0.5)
    for _ in range(12):
        world.step()
    firms = world.orgs.living(0)
    inside = firms[resident(world, firms)]
    assert len(inside)
    assert (world.month - world.orgs.founded[inside] < 12 * world.p["incubator.years"]).all()
    assert (world.orgs.jurisdiction[inside] == world.places.index("us")).all()
    assert world.accounts.imbalance() < 1e-9


def test_a_preference_for_domestic_technology_only_lowers_the_gain_from_foreign_one() -> None:
    from agents.firm.adopt import _prefer_domestic
    from agents.firm.attempts import GAIN, ROUTE, SEAT, TECH, WORTH
    from agents.firm.clearance import DROP, FREE

    rows, money = np.zeros((20, 3), np.int64), np.zeros((6, 3))
    rows[TECH], rows[SEAT], rows[ROUTE] = [0, 1, 1], [0, 0, 0], FREE
    money[GAIN], money[WORTH] = [1.0, 1.0, 0.1], [2.0, 2.0, 2.0]
    world = SimpleNamespace(
        levers={"government.domestic_preference": np.array([0.2, 0.0])},
        orgs=SimpleNamespace(jurisdiction=np.array([0, 1])), inventions=SimpleNamespace(owner=np.array([0, 1])),
    )  # fmt: skip
    left = _prefer_domestic(world, rows, money, np.array([1, 2]))  # type: ignore[arg-type]
    assert money[GAIN].tolist() == pytest.approx([1.0, 0.6, -0.3])
    assert rows[ROUTE].tolist() == [FREE, FREE, DROP]
    assert left.tolist() == [1]


def test_most_transfer_offices_cost_more_than_licenses_bring(frozen: bytes) -> None:
    world = forked(frozen)
    for _ in range(11):
        world.step()
    schools = world.academia.slots
    income = world.orgs.license_income[schools].copy()
    cost = (
        world.p["university.office_share"]
        * world.orgs.rd[schools]
        * world.levers["university.tto_efficiency"][world.orgs.jurisdiction[schools]]
    )
    assert (cost > income).mean() > 0.5
    paid = world.accounts.cells
    world.step()
    assert any("transfer_office" in key for key in paid)


def test_public_demand_makes_firms_begin_more(frozen: bytes) -> None:
    from agents.firm.commercialize import appraise, demand_pull

    plain, with_ = forked(frozen), forked(frozen, government__procurement=100_000.0)
    for world in (plain, with_):
        for _ in range(6):
            world.step()
    assert not demand_pull(plain).any()
    pull = demand_pull(with_)
    assert pull[0] > 0.0
    assert not pull[1:].any()
    ideas = np.concatenate([batch for bucket in with_.waiting for batch in bucket])
    _, _, value, _ = appraise(with_, ideas)
    with_.levers._value["government.procurement"][:] = with_.base_levers["government.procurement"]
    who, _, alone, fate = appraise(with_, ideas)
    here = (with_.orgs.jurisdiction[who] == 0) & (fate != 3)
    assert here.any()
    assert (value[here] > alone[here]).all()
    assert (value[~here] == alone[~here]).all()
