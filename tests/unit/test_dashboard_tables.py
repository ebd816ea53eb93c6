"""Tables and tiles hold the numbers of their charts."""

from __future__ import annotations

import pytest

from ecosystem.dashboard import tables
from ecosystem.dashboard.catalog import CHAIN, TILES
from ecosystem.dashboard.charts import deals, rights
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.text import number
from ecosystem.dashboard.tiles import tile, tiles
from ecosystem.dashboard.units import unit_words
from tests.browser.made_up import made_up

RESULT = made_up(Choice())
ALONE = made_up(Choice(jurisdictions=("jp",), years=1))


def test_the_table_holds_the_numbers_of_the_chart() -> None:
    html = tables.lines_table(RESULT, "patents_in_force")
    assert html.count("<tr>") == 1 + len(RESULT.years)
    size, _ = unit_words(RESULT.series["patents_in_force"])
    last = RESULT.series["patents_in_force"].values["cn"][-1]
    assert f"<td>{number(last / size, 4)}</td></tr></tbody>" in html
    assert 'scope="row">2025<' in html


def test_tables_escape_what_they_show() -> None:
    html = tables.table("<b>", ["<i>"], [["<script>"]])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_every_table_is_complete() -> None:
    assert tables.rights_table(RESULT).count("<tr>") == 1 + len(rights.chain_links(rights.chain_flows(RESULT)))
    for side in (0, 1):
        assert tables.deals_table(RESULT, side).count("<tr>") == 1 + len(deals.deal_links(RESULT, side))
    assert tables.chain_table(RESULT).count("<tr>") == 1 + len(CHAIN)


def test_tiles_add_up_places_and_give_the_range_of_ratios() -> None:
    html = tiles(RESULT, TILES)
    assert html.count("<li ") == len(TILES)
    total = sum(values[-1] or 0 for values in RESULT.series["patent_filings"].values.values())
    assert number(total / 1e6) in tile(RESULT, "patent_filings")
    waits = [values[-1] for values in RESULT.series["pendency_months"].values.values()]
    assert f"{number(min(waits))}–{number(max(waits))}" in tile(RESULT, "pendency_months")
    with pytest.raises(ValueError, match="no total"):
        RESULT.series["pendency_months"].total()
    assert "<svg" not in tiles(ALONE, TILES)
