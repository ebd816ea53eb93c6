"""From a world to a result: flows of hand-made rights and deals, a real run, cancelling."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from agents.organizations import FIRM, INSTITUTE, UNIVERSITY, VENTURE, Organizations
from ecosystem.dashboard import flows, store
from ecosystem.dashboard.catalog import INDICATORS_SHOWN
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.results import Result, from_world, simulate
from ecosystem.domain.ledgers import DEALS, Deals
from ecosystem.domain.rights import Rights
from tests.browser.made_up import every_chart, made_up

ALONE = made_up(Choice(jurisdictions=("jp",), years=1))


def small_world() -> SimpleNamespace:
    """Two places and the rest of the world; five organizations; rights and deals made by hand."""
    orgs = Organizations()
    kinds = [FIRM, FIRM, UNIVERSITY, FIRM, VENTURE, INSTITUTE]
    orgs.add(6, kind=kinds, employees=[5000, 20, 900, 300, 5, 100], jurisdiction=[0, 1, 0, 2, 0, 1])
    rights = Rights()
    rights.add(
        6,
        kind=[0, 0, 0, 0, 0, 1],
        office=[0, 1, 0, 0, 1, 0],
        owner=[0, 1, 2, 1, 5, 0],
        owner_at_filing=[0, 1, 2, 3, 5, 0],
        outcome=[1, 1, 1, 2, 0, 1],
        in_force=[True, False, True, False, False, True],
        filed=[0, 5, 7, 8, 9, 3],
    )
    rights.add(1, kind=0, office=0, owner=0, owner_at_filing=0, outcome=1, in_force=True, filed=-4)
    deals = Deals()
    license_, sale, loan = DEALS.index("license"), DEALS.index("sale"), DEALS.index("pledge_loan")
    deals.add(
        5,
        month=[10, 11, 12, 13, -2],
        kind=[license_, sale, loan, license_, license_],
        giver=[0, 0, 1, 0, 0],
        taker=[1, 3, 4, 1, 1],
        right=[0, 0, 1, 6, 2],
        from_place=[0, 0, 1, 0, 0],
        to_place=[1, 2, 0, 1, 1],
    )
    return SimpleNamespace(orgs=orgs, rights=rights, deals=deals, scale=100.0, places=["us", "eu", "row"], ROW=2, P=2)


def test_right_flows_follow_hand_made_rights() -> None:
    found = {flow.path: flow.amount for flow in flows.right_flows(small_world())}
    assert found == {
        ("large_firm", "us", "granted", "licensed", "sme"): 50.0,
        ("large_firm", "us", "granted", "sold", "abroad"): 50.0,
        ("sme", "eu", "ended", "own", "sme"): 100.0,  # a loan moves no technology
        ("university", "us", "granted", "own", "university"): 100.0,  # its license lies before the horizon
        ("abroad", "us", "refused", "own", "sme"): 100.0,
        ("university", "eu", "pending", "own", "university"): 100.0,
    }


def test_deal_flows_count_the_deals_of_the_horizon() -> None:
    found = {flow.path: flow.amount for flow in flows.deal_flows(small_world())}
    assert found == {
        ("us", "large_firm", "license", "eu", "sme"): 200.0,
        ("us", "large_firm", "sale", "row", "abroad"): 100.0,
        ("eu", "sme", "pledge_loan", "us", "investor"): 100.0,
    }


def test_an_empty_world_has_no_flows() -> None:
    world = small_world()
    world.rights, world.deals = Rights(), Deals()
    assert flows.right_flows(world) == flows.deal_flows(world) == ()
    empty = Result(**{**{f: getattr(ALONE, f) for f in ALONE.__slots__}, "rights": (), "deals": ()})
    for option in every_chart(empty).values():
        json.dumps(option, allow_nan=False)


def test_every_indicator_of_the_page_is_declared_with_a_unit_and_a_meaning() -> None:
    import ecosystem.world  # noqa: F401 - declares the indicators
    from ecosystem.domain.indicators import INDICATORS

    for name in INDICATORS_SHOWN:
        assert INDICATORS[name].unit
        assert INDICATORS[name].doc


@pytest.mark.slow
def test_a_real_run_becomes_a_result_and_survives_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecosystem import Scenario, World

    choice = Choice(jurisdictions=("us", "jp"), years=2, scale=5000, seed=4)
    steps: list[tuple[int, int]] = []
    result = simulate(choice, progress=lambda done, total: steps.append((done, total)))
    assert result is not None
    assert steps == [(k, 144) for k in range(1, 145)]
    assert result.years == (2025, 2026)
    assert result.places == ("us", "jp")
    assert Result.from_json(result.to_json()) == result
    world = World(Scenario(jurisdictions=("us", "jp"), years=2, scale=5000.0), seed=4)
    world.run()
    again = from_world(world, choice)
    assert again.digest == result.digest
    _, values = world.records.totals("patent_filings", 12)
    np.testing.assert_allclose(np.array(list(again.series["patent_filings"].values.values())).T, values[:, :2])
    filed = (world.rights.filed >= 0) & (world.rights.kind == 0)
    assert sum(flow.amount for flow in again.rights) == pytest.approx(filed.sum() * world.scale)
    for option in every_chart(again).values():
        json.dumps(option, allow_nan=False)
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    store.save(result)
    assert store.load(choice) == result
    assert store.load(Choice(seed=5)) is None


@pytest.mark.slow
def test_a_run_can_be_cancelled_while_the_world_settles() -> None:
    seen: list[int] = []
    choice = Choice(jurisdictions=("jp",), years=1, scale=5000)
    assert simulate(choice, lambda done, _: seen.append(done), lambda: len(seen) >= 3) is None
    assert seen == [1, 2, 3]
