"""Tabs Compare and Flows in a real browser: charts come by themselves, follow the controls, and axe finds nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ecosystem.dashboard import share
from tests.browser.visits import Visitors, accessible

pytestmark = pytest.mark.browser

TIMEOUT = 60_000


def link(tab: str) -> str:
    """Return a link to a scenario without the research tax credit of the United States."""
    scenario = share.start().with_measure("us_rd_tax_credit", on="us", strength=0.0)
    return share.search_of(tab, scenario)


def sentence(page: Page, chart: str) -> str:
    return page.get_by_test_id(f"chart-{chart}").get_attribute("aria-label") or ""


def clean(page: Page) -> None:
    for summary in page.locator("summary").all():
        summary.click()
    page.wait_for_timeout(800)
    assert accessible(page) == []


def test_scenarios_are_compared_with_intervals(visitors: Visitors) -> None:
    visit = visitors.enter(search=link("compare"), chart="trade-off")
    page = visit.page
    expect(page.get_by_test_id("compare-status")).to_have_text(re.compile("^3 pairs"), timeout=TIMEOUT)
    assert page.locator("h1").count() == 1
    assert re.search(r"Your scenario: .* 3 pairs", sentence(page, "differences"))
    expect(page.get_by_test_id("card-verdicts").locator("thead th")).to_have_count(
        4, timeout=TIMEOUT
    )  # indicator and three scenarios
    page.locator("select[name=outcome]").select_option("business_rd")
    expect(page.get_by_test_id("chart-levels")).to_have_attribute(
        "aria-label", re.compile("^Business R&D"), timeout=TIMEOUT
    )
    page.locator("select[name=slot-2]").select_option("")
    page.locator("select[name=slot-3]").select_option("")
    expect(page.get_by_test_id("card-verdicts").locator("thead th")).to_have_count(2, timeout=TIMEOUT)
    page.get_by_role("button", name="Keep your scenario").click()
    expect(page.get_by_test_id("card-verdicts").locator("thead th")).to_have_count(3, timeout=TIMEOUT)
    expect(page.locator("select[name=slot-2]")).to_have_value("kept:0")
    clean(page)
    assert visit.faults == []


def test_flows_of_baseline_and_scenario_are_drawn(visitors: Visitors) -> None:
    visit = visitors.enter(search=link("flows"), chart="way-scenario")
    page = visit.page
    assert sentence(page, "way-base").startswith("Baseline: ")
    for chart in (
        "network",
        "exchange",
        "applications_pending",
        "courts",
        "waits",
        "profile-chain",
        "profile-coupling",
    ):
        expect(page.get_by_test_id(f"chart-{chart}").locator("canvas")).to_be_visible(timeout=TIMEOUT)
    expect(page.get_by_test_id("chart-profile-coupling")).to_have_attribute(
        "aria-label", re.compile(r"\(U1\): .*\(U2\): .*\(D\): .*3 pairs"), timeout=TIMEOUT
    )
    page.locator("select[name=way-view]").select_option("difference")
    expect(page.get_by_test_id("chart-way-difference").locator("canvas")).to_be_visible()
    page.locator("select[name=ego]").select_option(index=1)
    expect(page.get_by_test_id("chart-network")).to_have_attribute("aria-label", re.compile("^Scenario: "))
    page.locator("select[name=exchange]").select_option("people")
    expect(page.get_by_test_id("chart-exchange")).to_have_attribute(
        "aria-label", re.compile("^researchers|^Researchers")
    )
    assert page.locator("main .v-sheet").count() == 0  # a sheet of Solara's would have a color of its own
    clean(page)
    assert visit.faults == []


@pytest.mark.parametrize("tab", ["compare", "flows"])
def test_a_phone_shows_all_of_it(visitors: Visitors, tab: str) -> None:
    chart = {"compare": "differences", "flows": "way-base"}[tab]
    visit = visitors.enter(width=360, scheme="dark", search=link(tab), chart=chart)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert accessible(visit.page) == []
    assert visit.faults == []
