"""The brief in a real browser: a click saves one file; it opens from disk without network and script, and prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ecosystem.dashboard import share
from tests.browser.visits import Visitors, accessible

pytestmark = pytest.mark.browser

LINK = share.search_of("explore", share.start().with_measure("us_rd_tax_credit", on="us", strength=0.0))


def saved(page: Page, folder: Path) -> Path:
    """Press the button and return the file that the browser saved."""
    with page.expect_download() as download:
        page.get_by_test_id("brief").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_brief_of_explore_opens_from_disk_and_prints(visitors: Visitors, tmp_path: Path) -> None:
    visit = visitors.enter(search=LINK, chart="first")
    page = visit.page
    expect(page.get_by_test_id("look-status")).to_have_text(re.compile("3 pairs of runs"), timeout=120_000)
    page.get_by_label("Name of the scenario").fill("Credit gone")
    page.get_by_label("Name of the scenario").press("Enter")
    tile = page.get_by_test_id("tile-patents_granted").locator(".eco-value").inner_text()
    path = saved(page, tmp_path)
    assert re.fullmatch(r"brief_\w+\.html", path.name)
    # The link beside the button opens the same page in a window.
    with page.expect_popup() as window:
        page.get_by_test_id("brief-open").click()
    assert window.value.locator("h1").inner_text() == "Credit gone"
    # From disk: no network, no script.
    alone = visitors.browser.new_context(
        offline=True, java_script_enabled=False, viewport={"width": 360, "height": 700}
    )
    asked: list[str] = []
    brief = alone.new_page()
    brief.on("request", lambda request: asked.append(request.url))
    brief.goto(path.as_uri())
    assert brief.locator("h1").inner_text() == "Credit gone"
    assert tile in brief.locator("main ul").first.inner_text()
    assert brief.locator("svg").count() >= 6
    assert "3" in brief.locator("table").first.locator("tbody tr").first.inner_text()
    assert asked == [path.as_uri()]
    assert len(brief.pdf(format="A4")) > 20_000
    alone.close()
    seen = visitors.browser.new_context().new_page()
    seen.goto(path.as_uri())
    assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert accessible(seen) == []
    seen.context.close()
    assert visit.faults == []


def test_a_brief_of_compare_holds_every_scenario(visitors: Visitors, tmp_path: Path) -> None:
    visit = visitors.enter(search=LINK.replace("tab=explore", "tab=compare"), chart="differences")
    page = visit.page
    expect(page.get_by_test_id("compare-status")).to_have_text(re.compile("^3 pairs"), timeout=120_000)
    words = saved(page, tmp_path).read_text(encoding="utf-8")
    names = page.locator("[data-testid=card-verdicts] thead th").all_inner_texts()[1:]
    assert len(names) == 3
    assert all(f"Scenario: {name}" in words for name in names)
    assert visit.faults == []
