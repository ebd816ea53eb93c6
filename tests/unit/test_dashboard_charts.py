"""Charts of one world as plain data: numbers, order and words are those of the result."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.dashboard.catalog import CHAIN
from ecosystem.dashboard.charts import deals, frame, lines, rights, sankey, spindle
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.results import Result, Series
from ecosystem.dashboard.text import place
from ecosystem.dashboard.theme import LIGHT
from ecosystem.dashboard.units import unit_words
from tests.browser.made_up import every_chart, made_up

RESULT = made_up(Choice())
ALONE = made_up(Choice(jurisdictions=("jp",), years=1))


def with_series(kind: str, unit: str, values: dict[str, list[float | None]]) -> Series:
    return Series("x", kind, unit, "a doc", "a formula", values)


@pytest.mark.parametrize("result", [RESULT, ALONE], ids=["four places", "one place, one year"])
def test_every_chart_is_plain_data_with_a_sentence_of_numbers(result: Result) -> None:
    for name, option in every_chart(result).items():
        json.dumps(option, allow_nan=False)
        sentence = option["aria"]["label"]["description"]
        assert re.search(r"\d", sentence), name
        assert "{" not in sentence


def test_lines_show_the_values_of_the_series_in_the_unit_at_the_axis() -> None:
    option = lines.lines(RESULT, "patent_filings", LIGHT)
    size, unit = unit_words(RESULT.series["patent_filings"])
    assert option["yAxis"]["name"] == unit == "applications a year, millions"
    drawn = {series["name"]: series["data"] for series in option["series"]}
    assert list(drawn) == [place(code) for code in RESULT.places]
    for code in RESULT.places:
        wanted = np.array(RESULT.series["patent_filings"].values[code]) / size
        np.testing.assert_allclose(drawn[place(code)], wanted, rtol=1e-3)
    assert option["xAxis"]["data"][0] == "2025"
    assert option["yAxis"]["max"] >= max(max(data) for data in drawn.values())


def test_places_differ_without_color() -> None:
    looks = [
        (series["lineStyle"]["type"], series["symbol"])
        for series in lines.lines(RESULT, "business_rd", LIGHT)["series"]
    ]
    strokes = [json.dumps(line) for line, _ in looks]
    assert len(set(strokes)) == len({symbol for _, symbol in looks}) == 4


def test_gaps_stay_gaps() -> None:
    result = made_up(Choice(years=3))
    series = result.series["pendency_months"]
    series.values["jp"][1] = None
    drawn = lines.lines(result, "pendency_months", LIGHT)["series"][2]
    assert drawn["data"][1] is None
    assert drawn["connectNulls"] is False
    empty = with_series("ratio", "months", {"us": [None, None]})
    assert "no cases" in lines.describe(empty, (2025, 2026))


@given(st.floats(1e-6, 1e12))
def test_the_axis_holds_the_largest_value_in_few_round_steps(top: float) -> None:
    end, step = frame.axis_top(top)
    assert end >= top * (1 - 1e-6)
    assert end <= top * 2.6
    assert 1 <= round(end / step) <= 5
    assert f"{step:.6e}"[:3] in ("1.0", "2.0", "2.5", "5.0")


@given(st.lists(st.floats(0, 200), min_size=1, max_size=7))
def test_names_at_line_ends_do_not_overlap_and_keep_their_order(wanted: list[float]) -> None:
    placed = frame.spread(wanted, 15, 0, 218)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    steps = np.diff([placed[i] for i in order])
    assert (steps >= 15 - 1e-9).all()
    assert min(placed) >= -1e-9
    assert max(placed) <= 218 + 1e-9


def test_units_are_written_out() -> None:
    money = with_series("flow", "M USD2020", {"us": [2.5e6]})
    assert unit_words(money) == (1e6, "trillion US dollars of 2020 a year")
    stock = with_series("stock", "patents", {"us": [4.2e6]})
    assert unit_words(stock) == (1e6, "patents, millions")
    assert unit_words(stock, before=True) == (1e6, "million patents")
    assert unit_words(with_series("ratio", "months", {"us": [24.0]})) == (1.0, "months")


def test_every_right_is_followed_to_its_end() -> None:
    """What enters a node of the Sankey leaves it, but where the way of a right ends."""
    links = rights.chain_links(rights.chain_flows(RESULT))
    total = sum(flow.amount for flow in RESULT.rights)
    for step in (0, 1):
        assert sum(a for (k, _, _), a in links.items() if k == step) == pytest.approx(total)
    into: dict[tuple[int, str], float] = {}
    out: dict[tuple[int, str], float] = {}
    for (step, a, b), amount in links.items():
        out[(step, a)] = out.get((step, a), 0) + amount
        into[(step + 1, b)] = into.get((step + 1, b), 0) + amount
    ends = {(2, "refused"), (2, "withdrawn"), (2, "pending")}
    for node, amount in into.items():
        if node[0] < 4 and node not in ends:
            assert out[node] == pytest.approx(amount), node
        elif node in ends:
            assert node not in out


def test_the_sankey_has_no_cycle_and_a_fixed_order_of_nodes() -> None:
    for option in (
        rights.sankey_rights(RESULT, LIGHT),
        deals.sankey_deals(RESULT, LIGHT, 0),
        deals.sankey_deals(RESULT, LIGHT, 1),
    ):
        series = option["series"][0]
        depth = {node["name"]: node["depth"] for node in series["data"]}
        assert len(depth) == len(series["data"])
        for link in series["links"]:
            assert depth[link["source"]] + 1 == depth[link["target"]]
    names = [node["name"].rstrip("\u200b") for node in rights.sankey_rights(RESULT, LIGHT)["series"][0]["data"]]
    assert names[:4] == ["Large firms", "Small firms", "Universities", "Rest of the world"]
    assert names[4:8] == ["Office US", "Office EU", "Office JP", "Office CN"]


def test_one_office_shows_its_own_rights_only() -> None:
    links = rights.chain_links(rights.chain_flows(RESULT, "jp"))
    assert {b for (k, _, b) in links if k == 0} == {"jp"}
    wanted = sum(flow.amount for flow in RESULT.rights if flow.path[sankey.OFFICE] == "jp")
    assert sum(a for (k, _, _), a in links.items() if k == 0) == pytest.approx(wanted)


def test_chain_widths_are_relative_to_the_places_own_mean() -> None:
    result = made_up(Choice(jurisdictions=("us", "cn"), years=5))
    amounts = {"us": (30.0, 30.0, 10.0, 10.0), "cn": (10.0, 30.0, 30.0, 10.0)}
    for k, (_, indicator) in enumerate(CHAIN):
        for code in ("us", "cn"):
            result.series[indicator].values[code][:] = [amounts[code][k]] * 5
    widths = spindle.chain_widths(result)
    shares = np.array([0.75, 0.5, 0.25, 0.5])
    np.testing.assert_allclose(widths["us"], shares / shares.mean())
    np.testing.assert_allclose(widths["cn"], (1 - shares) / (1 - shares).mean())
    assert spindle.chain_widths(ALONE)["jp"] == pytest.approx([1.0] * 4)


def test_a_stage_without_anything_has_no_width() -> None:
    result = made_up(Choice(jurisdictions=("us", "jp"), years=2))
    result.series[CHAIN[0][1]].values.update(us=[0.0, 0.0], jp=[0.0, 0.0])
    assert spindle.chain_widths(result)["us"][0] is None
    json.dumps(spindle.spindle(result, "us", LIGHT), allow_nan=False)
