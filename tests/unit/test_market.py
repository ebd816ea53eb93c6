"""The market: a lone seller prices high, every further seller lowers share and margin, exclusion is worth the difference."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.domain.market import (
    FREE,
    INFRINGE,
    LICENSE,
    end_use,
    lerner,
    make_legal,
    open_lines,
    potential_now,
    start_use,
)  # fmt: skip

if TYPE_CHECKING:
    from ecosystem.world import World


@pytest.fixture
def world(small_world: World) -> World:
    """A copy to play with."""
    copy: World = pickle.loads(pickle.dumps(small_world))
    return copy


@given(st.floats(0.0, 1.0), st.floats(1.5, 5.0), st.floats(0.1, 10.0))
def test_margins_lie_between_those_of_competition_and_monopoly(share: float, across: float, more: float) -> None:
    within = across + more
    assert lerner(0.0, within, across) == pytest.approx(1 / within)
    assert lerner(1.0, within, across) == pytest.approx(1 / across)
    assert 1 / within - 1e-12 <= lerner(share, within, across) <= 1 / across + 1e-12
    assert lerner(min(1.0, share + 0.1), within, across) >= lerner(share, within, across) - 1e-12


def new_line(world: World) -> tuple[int, int, np.ndarray]:
    """Open a line on an invention that has none; return (line, invention, firms of one place that can sell)."""
    inv, orgs = world.inventions, world.orgs
    free = np.flatnonzero((inv.line < 0) & (inv.owner >= 0) & (inv.potential > 0))
    tech = int(free[-1])
    line = int(open_lines(world, np.array([tech]))[0])
    firms = orgs.living(0)
    firms = firms[orgs.jurisdiction[firms] == 0]
    return line, tech, firms


def rows_of(world: World, line: int) -> np.ndarray:
    return np.flatnonzero((world.uses.line == line) & world.uses.active)


def sell(world: World, tech: int, user: int, **how: object) -> int:
    slot = start_use(world, np.array([tech]), np.array([user]), world.everywhere, 0, **how)  # type: ignore[arg-type]
    world.market.settle(world)
    return int(slot[0])


def test_a_lone_seller_has_the_monopoly_margin_and_the_whole_line(world: World) -> None:
    line, tech, firms = new_line(world)
    use = sell(world, tech, int(firms[0]))
    uses = world.uses
    np.testing.assert_allclose(uses.profit_at[use], uses.sales_at[use] / world.p["market.sigma_across"], rtol=1e-6)
    np.testing.assert_allclose(uses.sales_at[use], world.lines.attraction[line], rtol=1e-6)
    assert world.lines.users[line] == 1


def test_every_further_seller_lowers_margin_and_profit_and_raises_what_buyers_get(world: World) -> None:
    line, tech, firms = new_line(world)
    first = sell(world, tech, int(firms[0]))
    uses = world.uses
    profit, margin, attraction, all_profit = [], [], [], []
    for n in range(1, 5):
        if n > 1:
            sell(world, tech, int(firms[n]))
        uses = world.uses
        rows = rows_of(world, line)
        assert len(rows) == world.lines.users[line] == n
        np.testing.assert_allclose(uses.sales_at[rows].sum(axis=0), world.lines.attraction[line], rtol=1e-6)
        profit.append(uses.profit_at[first].sum())
        margin.append(uses.profit_at[first].sum() / uses.sales_at[first].sum())
        all_profit.append(uses.profit_at[rows].sum())
        attraction.append(world.lines.attraction[line].sum())
    assert (np.diff(profit) < 0).all()
    assert (np.diff(margin) < 0).all()
    assert (np.diff(attraction) > 0).all()
    assert all_profit[-1] < all_profit[0]


def test_shares_follow_the_documented_equations(world: World) -> None:
    line, tech, firms = new_line(world)
    uses_ = [sell(world, tech, int(f)) for f in firms[:3]]
    p, uses, market = world.p, world.uses, world.market
    within, across, later = p["market.sigma_within"], p["market.sigma_across"], p["market.imitator_strength"]
    strength = np.array([1.0, later, later])
    t = int(world.home_territory[0])
    access = market.access[0, t] * strength
    share = access / access.sum()
    margin = (1 - share) / within + share / across
    pull = access * (1 - margin) ** (within - 1)
    q = pull.sum()
    outer = (across - 1) / (within - 1)
    attraction = world.lines.potential[line] * market.reach[world.lines.sector[line], t]
    attraction *= q**outer * market.access[0, t] ** (1 - outer)
    assert world.lines.attraction[line, t] == pytest.approx(attraction, rel=1e-6)
    np.testing.assert_allclose(uses.sales_at[uses_, t], attraction * pull / q, rtol=1e-6)
    np.testing.assert_allclose(uses.profit_at[uses_, t], attraction * pull / q * margin, rtol=1e-6)


def test_a_seller_who_leaves_gives_the_market_back(world: World) -> None:
    _, tech, firms = new_line(world)
    first = sell(world, tech, int(firms[0]))
    alone = world.uses.profit_at[first].copy()
    second = sell(world, tech, int(firms[1]))
    assert (world.uses.profit_at[first] < alone).any()
    end_use(world, np.array([second]))
    end_use(world, np.array([second]))
    world.market.settle(world)
    np.testing.assert_allclose(world.uses.profit_at[first], alone, rtol=1e-6)
    assert not world.uses.profit_at[second].any()
    assert world.uses.ended[second] == world.month


def test_a_use_sells_only_where_its_mask_allows(world: World) -> None:
    line, tech, firms = new_line(world)
    use = int(start_use(world, np.array([tech]), firms[:1], 0b10, FREE)[0])
    world.market.settle(world)
    assert np.flatnonzero(world.uses.sales_at[use]).tolist() == [1]
    assert np.flatnonzero(world.lines.attraction[line]).tolist() == [1]


def test_settlement_makes_a_use_legal(world: World) -> None:
    _, tech, firms = new_line(world)
    use = sell(world, tech, int(firms[0]), infringing=True, aware=True)
    world.uses.route[use] = INFRINGE
    make_legal(world, np.array([use]), int(firms[1]), 0.03)
    row = world.uses.row(use)
    assert (row["infringing"], row["licensor"], row["royalty"], row["route"]) == (False, int(firms[1]), 0.03, "license")
    assert world.uses.route[use] == LICENSE
    make_legal(world, np.array([use]))
    assert world.uses.row(use)["route"] == "free"


def test_what_is_learnt_later_counts_only_once_it_is_known(small_world: World) -> None:
    inv, w = small_world.inventions, small_world
    young = np.flatnonzero((inv.line < 0) & (w.month - inv.month < 12))[:50]
    np.testing.assert_allclose(potential_now(w, young), inv.expected[young], rtol=1e-6)
    np.testing.assert_allclose(potential_now(w, young, true=True), inv.potential[young], rtol=1e-6)
    assert not np.allclose(inv.expected[young], inv.potential[young])


def test_launched_technology_fades_with_the_life_of_its_sector(small_world: World) -> None:
    inv, w = small_world.inventions, small_world
    sold = np.flatnonzero(inv.line >= 0)
    age = (w.month - inv.launched[sold]) / 12.0
    fade = np.exp(-age / w.sectors["product_life"][inv.sector[sold]])
    np.testing.assert_allclose(potential_now(w, sold), inv.potential[sold] * fade, rtol=1e-6)
    assert age.max() > 3.0


def test_sales_spend_exactly_what_buyers_spend(small_world: World) -> None:
    """Spending = price x demand in every sector and territory."""
    market = small_world.market
    np.testing.assert_allclose(market.price * market.demand, market.outlay, rtol=1e-12)
    np.testing.assert_allclose(market.reach.sum(axis=1), 1.0)
    assert (market.price > 0).all()
