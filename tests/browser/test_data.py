"""The numbers of a chart leave the page as files, and the chart as a picture."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page

from tests.browser.visits import Visitors, accessible

pytestmark = pytest.mark.browser


def taken(page: Page, folder: Path, chart: str, button: str) -> Path:
    menu = page.get_by_test_id(f"data-{chart}")
    if not menu.evaluate("e => e.open"):
        menu.locator("summary").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_chart_is_taken_along_in_every_kind_of_file(visitors: Visitors, tmp_path: Path) -> None:
    visit = visitors.enter(search="?tab=world", chart="filed")
    page = visit.page
    page.get_by_test_id("card-filed").get_by_text("Table", exact=True).click()
    shown = [
        [cell.replace(",", "") for cell in row.split("\t")]
        for row in page.get_by_test_id("card-filed").locator("table").inner_text().splitlines()
    ]
    first = next(row for row in shown if row[0] == "2025")
    rows = list(csv.reader(taken(page, tmp_path, "filed", "CSV").read_text(encoding="utf-8-sig").splitlines()))
    assert [float(cell) for cell in rows[1][:-1]] == [float(cell) for cell in first]
    content = json.loads(taken(page, tmp_path, "filed", "JSON").read_text(encoding="utf-8"))
    table = pq.read_table(taken(page, tmp_path, "filed", "Parquet"))
    assert table.to_pylist() == content["rows"]
    assert list(content["rows"][0].values()) == [float(cell) for cell in first]
    picture = taken(page, tmp_path, "filed", "Picture")
    assert picture.name == "filed.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 10_000
    for chart in ("rights", "chain"):
        assert taken(page, tmp_path, chart, "Picture").stat().st_size > 5_000
    assert accessible(page) == []
    assert visit.faults == []
