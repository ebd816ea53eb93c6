"""Flows, network, exchange and interval charts of the page: pure functions on hand-made numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ecosystem.dashboard.charts import columns, difference, dots, exchange, network, way
from ecosystem.dashboard.charts.frame import scenario_color
from ecosystem.dashboard.effects import Effect
from ecosystem.dashboard.flows import Flow
from ecosystem.dashboard.pairs import name
from ecosystem.dashboard.portrait import (
    FATES,
    NOBODY,
    WAITS,
    Actor,
    Portrait,
    fate_of,
    fate_of_deals,
    matrix,
    waiting_at,
    waiting_classes,
)
from ecosystem.dashboard.theme import DARK, LIGHT
from ecosystem.domain.ledgers import DEALS
from ecosystem.lab.compare import CLEAR, FEW, UNCLEAR
from ecosystem.scenario import Scenario

PLACES = ("us", "jp", "row")
BASE = (
    Flow(("large_firm", "us", "granted", "licensed", "sme"), 20.0),
    Flow(("large_firm", "us", "granted", "own_use", "large_firm"), 30.0),
    Flow(("sme", "jp", "granted", "lapsed", NOBODY), 10.0),
    Flow(("sme", "jp", "refused", "lapsed", NOBODY), 40.0),
)
SCENARIO = (*BASE[:1], replace(BASE[1], amount=15.0), *BASE[2:], Flow(("sme", "us", "granted", "sold", "sme"), 5.0))
ACTORS = {
    "11": Actor("large_firm", "us"),
    "12": Actor("large_firm", "us"),
    "20": Actor("university", "jp"),
    "30": Actor("abroad", "row"),
}


def portrait(licenses: dict[tuple[str, str], float], rights: tuple[Flow, ...] = BASE) -> Portrait:
    used = {one for key in licenses for one in key}
    actors = {uid: actor for uid, actor in ACTORS.items() if uid in used}
    return Portrait(PLACES, (2025, 2026), 5000.0, 1, rights, actors, licenses, {}, {}, {}, {}, {})


def effect(indicator: str = "launches", difference: float = 4.0, half: float = 1.0, verdict: str = CLEAR[0]) -> Effect:
    return Effect(
        indicator=indicator, place="us", base=100.0, scenario=100.0 + difference, difference=difference,
        low=difference - half, high=difference + half, pairs=8, share_higher=1.0, relative=difference / 100.0, events=99.0,
        cost_per_unit=math.nan, verdict=verdict,
    )  # fmt: skip


# -- fates and queues -------------------------------------------------------------------------------------------------


def test_a_right_without_a_deal_ends_is_used_or_waits() -> None:
    number = np.array([1, 0, 0, 0, 0])
    pooled = np.array([False, False, False, True, False])
    in_force = np.array([True, True, False, True, True])
    launched = np.array([True, True, True, True, False])
    alone, fate = fate_of(number, pooled, in_force, launched)
    assert alone.tolist() == [1, 2, 3, 4]
    assert [FATES[f] for f in fate] == ["own_use", "lapsed", "pooled", "unused"]


@pytest.mark.parametrize(
    ("kind", "fate"),
    [("license", "licensed"), ("university_license", "licensed"), ("pool_license", "pooled"), ("sale", "sold"),
     ("pledge_loan", "pledged"), ("spin_off", "other_deal")],
)  # fmt: skip
def test_each_kind_of_deal_has_its_fate(kind: str, fate: str) -> None:
    assert FATES[fate_of_deals(np.array([DEALS.index(kind)]))[0]] == fate


def test_what_stays_in_its_place_does_not_cross_a_border() -> None:
    found = matrix(PLACES, np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 0]), 5.0)
    assert found == {("us", "jp"): 5.0, ("row", "us"): 10.0}


def test_a_suit_waits_from_its_filing_until_its_turn() -> None:
    filed, due = np.array([3, 10, 12]), np.array([12, 30, 23])
    # At the end of month 11 the first two wait; at the end of month 23 the third has had its turn, the second has not.
    assert waiting_at(np.array([11, 23, 35]), filed, due, 2.0) == (4.0, 2.0, 0.0)


def test_classes_of_waiting_time_hold_their_upper_end() -> None:
    months = np.array([1, WAITS[0], WAITS[0] + 1, WAITS[-1], WAITS[-1] + 1])
    assert waiting_classes(months, 1.0) == (2.0, 1.0, 0.0, 0.0, 1.0, 1.0)
    assert len(columns.class_words()) == len(WAITS) + 1


# -- the way of rights ------------------------------------------------------------------------------------------------


def test_only_granted_rights_go_on_and_only_used_ones_reach_a_user() -> None:
    found = way.way(BASE)
    assert found[0, "large_firm", "us"] == 50.0
    assert found[1, "jp", "refused"] == 40.0
    assert found[2, "granted", "lapsed"] == 10.0  # the refused 40 have no fate
    assert found[3, "licensed", "sme"] == 20.0
    assert not [key for key in found if key[2] == NOBODY]
    assert set(way.way(BASE, "jp")) == {
        (0, "sme", "jp"), (1, "jp", "granted"), (1, "jp", "refused"), (2, "granted", "lapsed"),
    }  # fmt: skip
    assert way.share_of(found, "granted") == pytest.approx(0.6)
    assert way.share_of(found, "licensed") == pytest.approx(1 / 3)


def test_both_pictures_have_one_scale() -> None:
    large = way.way(BASE)
    small = {key: v / 2 for key, v in large.items()}
    tall, low = way.heights([large, small])
    assert tall == way.TALL
    assert low < tall

    def pixels(found: way.Links, height: int) -> float:
        """Width of one right as a Sankey draws it."""
        free = height - way.MARGIN
        return min((free - (n - 1) * way.GAP) / total for total, n in way.columns(found).values())

    assert pixels(small, low) == pytest.approx(pixels(large, tall), rel=0.02)
    assert way.heights([{}])[0] > 0


def test_the_difference_shows_changed_links_only_with_their_sign() -> None:
    base, scenario = way.way(BASE), way.way(SCENARIO)
    option = way.way_difference(base, scenario, PLACES, LIGHT, False)
    drawn = option["series"][0]["links"]
    colors = {(e["source"].rstrip("\u200b"), e["target"].rstrip("\u200b")): e["lineStyle"]["color"] for e in drawn}
    assert colors["Granted", "Own use"] == difference.LESS
    assert colors["Granted", "Sold"] == scenario_color(False)
    assert ("Granted", "Licensed") not in colors
    words = option["aria"]["label"]["description"]
    assert "−15" in words
    assert "one pair" in words
    table = way.way_table(base, scenario, False)
    assert table.index("−15") < table.index("+5")
    assert "Scenario" not in way.way_table(base, base, True)


# -- the network ------------------------------------------------------------------------------------------------------


def test_positions_depend_on_the_edges_alone() -> None:
    edges = (("11", "20"), ("20", "30"), ("12", "30"))
    one = network.positions(edges)
    network.positions.cache_clear()
    assert network.positions(edges) == one
    assert network.positions(edges, 2).keys() == {"20", "30"}  # those with most partners
    assert network.positions(()) == {}


def test_actors_stay_where_they_are_and_only_lines_differ() -> None:
    pair = (portrait({("11", "20"): 5.0}), portrait({("11", "20"): 5.0, ("20", "30"): 10.0}))
    options = {
        shown: network.network_chart(pair, shown, "", LIGHT, False, shown)
        for shown in ("base", "scenario", "difference")
    }
    places = [{n["name"]: (n["x"], n["y"]) for n in o["series"][0]["data"]} for o in options.values()]
    assert places[0] == places[1] == places[2]
    assert len(places[0]) == 3
    lines = {shown: [(e["source"], e["target"]) for e in o["series"][0]["links"]] for shown, o in options.items()}
    assert lines["base"] == [("Large firm US 1", "University JP 1")]
    assert lines["difference"] == [("University JP 1", "Rest of the world 1")]


def test_one_actor_is_seen_with_its_partners_only() -> None:
    licenses = {("11", "20"): 5.0, ("12", "30"): 5.0}
    pair = (portrait(licenses), portrait(licenses))
    option = network.network_chart(pair, "base", "11", LIGHT, False, "Baseline")
    assert {n["name"] for n in option["series"][0]["data"]} == {"Large firm US 1", "University JP 1"}
    assert "Rest of the world" not in network.network_table(pair, "11", True)


def test_the_summary_counts_borders() -> None:
    words = network.summary({("11", "12"): 30.0, ("11", "20"): 10.0}, ACTORS, "Baseline")
    assert "3 organizations" in words
    assert "25 %" in words


# -- exchange and intervals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", [("us", "row"), PLACES, ("us", "eu", "jp", "cn", "kr", "row")])
def test_any_number_of_places_has_room(places: tuple[str, ...]) -> None:
    at = exchange.around(places)
    assert len(set(at.values())) == len(places)
    base = {(places[0], places[-1]): 4.0}
    option = exchange.exchange_chart(base, {}, places, "licenses", "difference", DARK, True, "Difference")
    (line,) = option["series"][0]["links"]
    assert line["lineStyle"]["type"] == "dashed"
    assert line["value"] == -4.0


def test_baseline_and_scenario_have_one_scale_of_width() -> None:
    base, scenario = {("us", "jp"): 10.0}, {("us", "jp"): 5.0}
    widths = [
        exchange.exchange_chart(base, scenario, PLACES, "people", shown, LIGHT, False, shown)["series"][0]["links"][0][
            "lineStyle"
        ]["width"]
        for shown in ("base", "scenario")
    ]
    assert widths[0] - 1 == pytest.approx(2 * (widths[1] - 1))


def test_a_level_lies_in_its_interval_and_a_baseline_has_none() -> None:
    row = dots.level(effect(), "A", 2.0, "#000000", "circle")
    assert (row.base, row.low, row.value, row.high) == (50.0, 51.5, 52.0, 52.5)
    alone = dots.level(effect(), "A", 2.0, "#000000", "circle", alone=True)
    assert alone.base == 50.0
    assert alone.value is alone.low is None


def test_the_axis_of_differences_holds_zero() -> None:
    row = dots.difference(effect(difference=-4.0), "A", 1.0, "#000000", "circle")
    axis = dots.dots([row], "products", "words", LIGHT, zero=True)["xAxis"]
    assert axis["min"] <= -5.0
    assert axis["max"] >= 0.0
    for end in (axis["min"], axis["max"]):  # zero and both ends are ticks of the axis
        assert end / axis["interval"] == pytest.approx(round(end / axis["interval"]))


def test_a_trade_off_has_arms_on_both_axes_and_no_size_for_what_is_unclear() -> None:
    cost = effect("public_outlay", 10.0, 2.0)
    gain = effect("launches", 1.0, 3.0, UNCLEAR)
    option = dots.trade_off([("A", cost, gain)], "us", LIGHT, [2])
    arms = [s["data"] for s in option["series"] if s["type"] == "line"]
    assert arms == [[[8.0, 1.0], [12.0, 1.0]], [[10.0, -2.0], [10.0, 4.0]]]
    words = option["aria"]["label"]["description"]
    assert "No clear difference" in words
    assert "8 pairs" in words
    assert "%" not in words
    assert "No clear difference" in dots.trade_table([("A", cost, gain)])


def test_a_row_gives_interval_pairs_and_verdict() -> None:
    row = dots.effect_row("A", effect(verdict=FEW))
    assert len(row) == len(dots.effect_head("Scenario"))
    assert "+3.00 to +5.00" in row
    assert "8" in row
    assert row[-1] == "Too few cases to tell"
    few = dots.effect_row("A", replace(effect(), pairs=1, low=math.nan, high=math.nan))
    assert not [cell for cell in few if cell.startswith("+")]  # no effect without an interval


def test_a_pair_has_another_name_for_another_scenario_only() -> None:
    base = Scenario.baseline(years=5)
    assert name(base, base) == name(replace(base, scale=2000.0), base)
    assert name(base, base) != name(base, base.with_measure("us_rd_tax_credit", on="us", strength=0.0))
