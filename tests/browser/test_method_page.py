"""Tab Method and the formulas in a real browser: a formula on click, a result opened as a heat map, commands, terms."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitors, accessible

pytestmark = pytest.mark.browser

CSV = (
    "measure,place,outcome,unit,base,effect,low,high,relative,pairs,verdict\n"
    "my_measure,us,welfare,USD,100,10,5,15,0.1,8,higher\n"
)


def test_a_tile_tells_its_formula_on_click(visitors: Visitors) -> None:
    visit = visitors.enter(search="", chart="first")
    tile = visit.page.get_by_test_id("tile-patents_granted")
    tile.get_by_text("Formula", exact=True).click()
    expect(tile).to_contain_text("Patents granted by the office of the place")
    expect(tile).to_contain_text("sum of the twelve months")
    assert visit.faults == []


def test_every_part_opens_and_a_result_becomes_a_heat_map(visitors: Visitors, tmp_path: Path) -> None:
    visit = visitors.enter(search="?tab=method", chart="")
    page = visit.page
    for name, part in (
        ("Formulas", "formulas"), ("Evidence", "evidence"), ("Assumptions", "assumptions"), ("Glossary", "glossary"),
        ("The same numbers elsewhere", "again"), ("What it cannot say", "limits"), ("Results as a heat map", "matrix"),
    ):  # fmt: skip
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_test_id(f"part-{part}")).to_be_visible()
        assert accessible(page) == []
    expect(page.get_by_test_id("heat").locator("tbody tr").first).to_be_visible()
    page.locator("select[name=about]").select_option("welfare")
    expect(page.get_by_test_id("heat").locator("caption")).to_contain_text("Welfare")
    path = tmp_path / "mine.csv"
    path.write_text(CSV, encoding="utf-8")
    page.get_by_test_id("heat-file").set_input_files(path)
    expect(page.get_by_test_id("heat-name")).to_contain_text("mine.csv")
    expect(page.get_by_test_id("heat").locator("tbody")).to_contain_text("8 pairs")
    path.write_bytes(b"\xff\x00nonsense\n,,,\n")
    page.get_by_test_id("heat-file").set_input_files(path)
    expect(page.get_by_role("alert")).to_contain_text("no matrix of effects")
    expect(page.get_by_test_id("heat-name")).to_contain_text("mine.csv")
    assert accessible(page) == []
    assert visit.faults == []
