"""Science on hand-made columns: it takes years, crosses borders, and now and then makes a field young."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.organizations import UNIVERSITY
from ecosystem.domain.indicators import Tally
from ecosystem.domain.science import Science, advance, basic_effort, field_weights
from tests.unit.test_teams import add_firm, make_world


def lab(**values: float) -> Any:
    """One university and one firm in each of two places, at steady effort."""
    world = make_world(**({"science__past_growth": 0.0, "science__breakthroughs_per_year": 0.0} | values))
    world.fields = type("Fields", (), {"names": [f"f{i}" for i in range(world.F)]})()
    world.p = {**world.p, "switch.spillovers": 1.0}
    world.wage = np.ones(world.J)
    world.levers = {
        "science.basic_share": np.full(3, 0.5), "science.business_basic_share": np.full(3, 0.1),
        "science.business_applied_share": np.full(3, 0.2), "science.defense_share": np.zeros(3),
    }  # fmt: skip
    world.tally = Tally(world.J, world.S)
    world.science = Science(world.J, world.F)
    for place in (0, 1):
        school = add_firm(world, 10 + place, place=place, sector=-1, kind=UNIVERSITY)
        firm = add_firm(world, 20 + place, place=place)
        world.orgs.rd[[school, firm]] = 100.0, 200.0
        world.orgs.rd_public[school] = 100.0
    world.month = -1
    return world


def run(world: Any, months: int) -> None:
    for _ in range(months):
        world.draw.month = world.month
        advance(world)
        world.month += 1


def test_steady_effort_stays_steady_and_reference_is_one() -> None:
    world = lab()
    run(world, 1)
    before = world.science.stock.copy()
    run(world, 240)
    # The continuous steady state against monthly steps: within half a month of depreciation.
    assert world.science.stock[:2] == pytest.approx(before[:2], rel=0.01)
    assert world.science.access(world)[:2] == pytest.approx(np.ones((2, world.F)), rel=0.01)


def test_science_follows_effort_with_a_lag_of_six_years() -> None:
    world = lab()
    run(world, 2)
    effort, _ = basic_effort(world)
    world.orgs.rd[:] *= 2.0
    arrivals = []
    for _ in range(400):
        world.draw.month = world.month
        arrivals.append(float(world.science.pipeline[-1].sum()))
        advance(world)
        world.month += 1
    extra = (np.array(arrivals) - arrivals[0]) / (arrivals[-1] - arrivals[0])
    assert arrivals[-1] == pytest.approx(2 * arrivals[0], rel=0.02)
    assert (1.0 - extra).sum() / 12 == pytest.approx(6.0, abs=0.2), "mean lag in years"
    assert extra[12] < 0.03, "nearly nothing in the first year"
    assert effort.sum() > 0


def test_half_of_what_is_found_abroad_helps_at_home() -> None:
    world = lab(science__business_published_share=1.0)
    run(world, 2)
    world.orgs.rd[world.orgs.jurisdiction == 1] *= 2.0
    run(world, 1500)
    access = world.science.access(world)
    # Two places of equal size: (1 + .5 x 2) / 1.5 at home, (2 + .5) / 1.5 there; secret science counts only at home.
    assert access[0].mean() == pytest.approx(2.0 / 1.5, rel=0.02)
    assert access[1].mean() == pytest.approx(2.5 / 1.5, rel=0.02)


def test_wages_deflate_effort_and_levers_split_it() -> None:
    world = lab()
    run(world, 1)
    plain, secret = basic_effort(world)
    assert plain[0].sum() + secret[0].sum() == pytest.approx((100 * 0.5 + 200 * 0.1) / 12)
    assert secret[0].sum() == pytest.approx(200 * 0.1 / 12 * (1 - world.p["science.business_published_share"]))
    world.wage[0] = 2.0
    dear, _ = basic_effort(world)
    assert dear[0].sum() == pytest.approx(plain[0].sum() / 2**0.6)
    world.levers["science.basic_share"][:] = 0.8
    run(world, 1)
    assert world.orgs.basic_share[world.orgs.kind == UNIVERSITY] == pytest.approx(0.8)
    assert (world.orgs.basic_share + world.orgs.applied_share <= 1.0 + 1e-12).all()


def test_defense_money_goes_into_secret_science() -> None:
    world = lab()
    run(world, 1)
    plain, secret = basic_effort(world)
    world.levers["science.defense_share"][0] = 0.8
    plain2, secret2 = basic_effort(world)
    assert secret2[0].sum() > secret[0].sum()
    assert plain2[0].sum() + secret2[0].sum() == pytest.approx(plain[0].sum() + secret[0].sum())
    assert (plain2[1] == plain[1]).all()


def test_breakthroughs_make_a_field_young_for_a_while() -> None:
    world = lab(science__breakthroughs_per_year=4.0)
    run(world, 240)
    science = world.science
    hit = science.born > -100
    assert hit.any()
    count = world.tally["science_breakthroughs"].sum()
    assert 40 < count < 120, "four a year over twenty years"
    newest = int(science.born.argmax())
    age = (world.month - 1 - science.born[newest]) / 12
    raised = science.access(world)[0, newest]
    assert raised == pytest.approx(1 + np.exp(-age / world.p["science.breakthrough_fade_years"]), rel=0.02)


def test_defaults_cover_all_fields() -> None:
    world = lab()
    assert field_weights(world) == pytest.approx(np.full(world.F, 1 / world.F))
    world.science.weights = np.zeros(0)
    world.fields.names = ["Pharmaceuticals", "Furniture, games", "Micro-structural and nano-technology"]
    weights = field_weights(world)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] > 20 * weights[1]


def test_the_loops_equal_whole_columns() -> None:
    world = lab()
    world.levers["science.defense_share"][:] = 0.1, 0.3, 0.0
    world.wage[:] = 1.1, 0.9, 1.0
    run(world, 2)
    orgs, p, levers = world.orgs, world.p, world.levers
    effort, hidden = basic_effort(world)
    place = orgs.jurisdiction.astype(np.int64)
    school = orgs.kind == UNIVERSITY
    share = np.where(school, levers["science.basic_share"][place], levers["science.business_basic_share"][place])
    assert (orgs.basic_share == share).all()
    public = np.minimum(1.0, orgs.rd_public / np.maximum(orgs.rd, 1e-12))
    defense = np.minimum(1.0, levers["science.defense_share"][place] * p["science.defense_basic_ratio"])
    secret = np.where(school, defense * public, 1.0 - p["science.business_published_share"])
    money = orgs.rd * share * orgs.weight / 12.0
    own = p["science.own_field_share"]
    for got, part in ((effort, money * (1.0 - secret)), (hidden, money * secret)):
        home = np.bincount(place * world.F + orgs.field, part, world.J * world.F).reshape(world.J, world.F)
        spread = np.bincount(place, part, world.J)[:, None] * field_weights(world)
        want = (own * home + (1.0 - own) * spread) / world.wage[:, None] ** p["talent.wage_share"]
        assert got == pytest.approx(want, rel=1e-12)
    science = world.science
    rate, fade, opened = science._rates(world)
    before = [a.copy() for a in (science.pipeline, science.hidden_pipeline, science.stock, science.hidden)]
    arrivals = science.advance(world, effort, hidden)
    moved, buried = rate * before[0], rate * before[1]
    assert arrivals == pytest.approx(moved[-1])
    assert science.pipeline == pytest.approx(before[0] - moved + np.concatenate([[effort], moved[:-1]]))
    released = opened * before[3]
    assert science.hidden == pytest.approx(before[3] + buried[-1] - fade * before[3] - released)
    assert science.stock == pytest.approx(before[2] + moved[-1] + released - fade * before[2])
