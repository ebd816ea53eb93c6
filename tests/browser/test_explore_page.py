"""Tab Explore in a real browser: a measure moves the charts, a link restores them, nobody sees another's scenario."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visits import Visit, Visitors, accessible

pytestmark = pytest.mark.browser

TIMEOUT = 240_000
CREDIT = "measure-us_rd_tax_credit"


def enter(visitors: Visitors, search: str = "", **how: object) -> Visit:
    return visitors.enter(search=search, chart="first", **how)  # type: ignore[arg-type]


def finished(page: Page) -> None:
    """Wait until all pairs of the quick look are in."""
    expect(page.get_by_test_id("look-status")).to_have_text(re.compile("3 pairs of runs"), timeout=TIMEOUT)


def sentence(page: Page, slot: str = "first") -> str:
    return page.get_by_test_id(f"chart-{slot}").get_attribute("aria-label") or ""


def drop_credit(page: Page) -> None:
    """Take the research tax credit away from the United States, and wait for the results."""
    page.get_by_test_id(CREDIT).get_by_role("spinbutton").first.fill("0")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("changes")).to_contain_text("Research tax credit", timeout=30_000)
    expect(page.get_by_test_id("chart-first")).to_have_attribute(
        "aria-label", re.compile("scenario .* 3 pairs"), timeout=TIMEOUT
    )


def test_the_baseline_is_there_without_a_click(visitors: Visitors) -> None:
    visit = enter(visitors)
    page = visit.page
    finished(page)
    assert page.title() == "Explore – Innovation Ecosystem Simulator"
    assert page.locator("h1").count() == 1
    assert page.locator(".eco-tile").count() == 5
    assert page.locator(".eco-strip li").count() == 8
    assert "baseline" in sentence(page)
    assert "scenario" not in sentence(page)
    expect(page.get_by_test_id("changes")).to_contain_text("Move one measure")
    assert "Solara" not in page.inner_text("body")
    assert visit.faults == []


def test_a_measure_moves_the_chart_and_undo_brings_it_back(visitors: Visitors) -> None:
    visit = enter(visitors)
    page = visit.page
    finished(page)
    page.locator("select[name=first]").select_option("business_rd")
    expect(page.get_by_test_id("chart-first")).to_have_attribute("aria-label", re.compile("^Business R&D"))
    before, picture = sentence(page), page.get_by_test_id("chart-first").screenshot()
    drop_credit(page)
    page.wait_for_timeout(800)
    assert page.get_by_test_id("chart-first").screenshot() != picture
    assert "95 % interval" in sentence(page)
    tile = page.get_by_test_id("tile-patents_granted")
    expect(tile).to_contain_text("of 3 paired runs")
    expect(page.get_by_test_id("budget")).to_contain_text("3 pairs")
    page.get_by_test_id("card-first").get_by_text("Table", exact=True).click()
    expect(page.get_by_test_id("card-first").locator("thead th").nth(2)).to_have_text("Scenario")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("chart-first")).to_have_attribute("aria-label", before)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("button", name="Redo").click()
    expect(page.get_by_test_id("chart-first")).to_have_attribute("aria-label", re.compile("scenario"))
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_test_id("chart-first")).to_have_attribute("aria-label", before)
    expect(page.get_by_test_id("chart-first")).to_have_attribute("aria-label", re.compile("scenario"))
    page.get_by_role("button", name="Reset policies").click()
    expect(page.get_by_test_id("changes")).to_contain_text("Move one measure")
    assert visit.faults == []


def test_a_link_restores_the_scenario_and_visitors_are_apart(visitors: Visitors) -> None:
    one, two = enter(visitors), enter(visitors)
    drop_credit(one.page)
    one.page.get_by_role("button", name="Share", exact=True).click()
    link = one.page.get_by_test_id("share-link").input_value()
    assert "s=" in link
    assert len(link) < 400
    expect(two.page.get_by_test_id("changes")).to_contain_text("Move one measure")
    assert "scenario" not in sentence(two.page)
    three = enter(visitors, search=link[link.index("?") :])
    expect(three.page.get_by_test_id("changes")).to_contain_text("Research tax credit: Medium (0.65) to Off (0)")
    expect(three.page.get_by_test_id("chart-first")).to_have_attribute("aria-label", sentence(one.page))
    expect(three.page.get_by_role("alert")).to_have_count(0)
    # The address is the link itself: a reload gives the same scenario.
    one.page.reload()
    one.page.wait_for_selector("[data-testid=chart-first] canvas")
    expect(one.page.get_by_test_id("changes")).to_contain_text("Research tax credit")
    assert one.faults + two.faults + three.faults == []


def test_a_damaged_link_is_told_and_the_baseline_is_shown(visitors: Visitors) -> None:
    visit = enter(visitors, search="?tab=explore&s=eNonsense")
    expect(visit.page.get_by_role("alert")).to_contain_text("The link is damaged")
    expect(visit.page.get_by_test_id("changes")).to_contain_text("Move one measure")
    assert visit.faults == []


def test_a_file_is_saved_and_loaded_again(visitors: Visitors, tmp_path: Path) -> None:
    visit = enter(visitors)
    page = visit.page
    drop_credit(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save file").click()
    path = tmp_path / "mine.toml"
    download.value.save_as(path)
    assert 'id = "us_rd_tax_credit"' in path.read_text(encoding="utf-8")
    other = enter(visitors)
    other.page.locator("input[type=file]").set_input_files(path)
    expect(other.page.get_by_test_id("changes")).to_contain_text("Research tax credit")
    bad = tmp_path / "bad.toml"
    bad.write_text("years = ", encoding="utf-8")
    other.page.locator("input[type=file]").set_input_files(bad)
    expect(other.page.get_by_role("alert")).to_contain_text("no valid TOML")
    expect(other.page.get_by_test_id("changes")).to_contain_text("Research tax credit")
    assert visit.faults + other.faults == []


def test_the_full_result_refines_the_band_and_can_be_stopped(visitors: Visitors) -> None:
    visit = enter(visitors)
    page = visit.page
    drop_credit(page)
    finished(page)
    page.get_by_role("button", name="Compute the full result").click()
    expect(page.get_by_test_id("chart-first")).to_have_attribute(
        "aria-label", re.compile("[4-9] pairs"), timeout=TIMEOUT
    )
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_test_id("look-status")).to_have_text(re.compile("Stopped after|12 pairs"), timeout=20_000)
    assert visit.faults == []


def test_every_measure_can_be_found_and_its_card_read(visitors: Visitors) -> None:
    visit = enter(visitors)
    page = visit.page
    few = page.locator(".eco-measure:visible").count()
    assert few <= 8
    page.get_by_role("button", name=re.compile("More measures")).click()
    assert page.locator(".eco-measure:visible").count() > few
    page.get_by_role("searchbox").fill("tax credit")
    expect(page.get_by_test_id(CREDIT)).to_be_visible()
    expect(page.get_by_text("measures found")).to_be_visible()
    page.get_by_test_id(CREDIT).get_by_role("button", name=re.compile("About this measure")).click()
    card = page.get_by_test_id(CREDIT)
    for words in ("What it does", "Evidence", "Who gains", "Who loses", "Cost", "Where it is in force", "Not modeled"):
        expect(card.get_by_text(words, exact=True)).to_be_visible()
    assert visit.faults == []


def test_a_reform_can_be_started_from(visitors: Visitors) -> None:
    visit = enter(visitors)
    page = visit.page
    page.get_by_text("Start from a package or a reform").click()
    page.get_by_test_id("presets").locator("select").select_option("bayh_dole")
    page.get_by_role("button", name="Put it on United States").click()
    expect(page.get_by_test_id("changes")).to_contain_text("to Off (0)")
    expect(page.get_by_label("Name of the scenario")).to_have_value(re.compile("Bayh-Dole"))
    expect(page.get_by_test_id("timeline")).to_contain_text("United States", timeout=TIMEOUT)
    assert visit.faults == []


def test_an_assumption_is_shown_apart_and_has_its_own_reset(visitors: Visitors) -> None:
    visit = enter(visitors)
    page = visit.page
    page.get_by_text("Assumptions", exact=True).click()
    box = page.get_by_test_id("assumptions").get_by_role("spinbutton").last
    box.fill("1.5")
    box.press("Tab")
    expect(page.get_by_test_id("changes")).to_contain_text("Assumption: welfare.cost_of_public_funds = 1.5")
    page.get_by_role("button", name="Reset assumptions").click()
    expect(page.get_by_test_id("changes")).to_contain_text("Move one measure")
    assert visit.faults == []


def test_a_keyboard_is_enough(visitors: Visitors) -> None:
    visit = enter(visitors)
    page = visit.page
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => {
                    const e = document.activeElement;
                    const role = e.getAttribute("role") || e.type || e.tagName.toLowerCase();
                    return role + ":" + (e.getAttribute("aria-label") || e.innerText || e.name || "").trim();
                }"""
            )
        )
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", seen[-1]
    text = "\n".join(seen)
    for name in ("Skip to the results", "Explore", "World", "Share", "Save file", "United States", "switch:", "range:"):
        assert name in text, f"{name} not reached:\n{text}"
    slider = page.get_by_test_id(CREDIT).get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    expect(page.get_by_test_id("changes")).to_contain_text("to Full (1)")
    expect(slider).to_have_attribute("aria-valuetext", "1, Full")
    page.get_by_role("link", name="World").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("tab-world")).to_be_visible()
    page.get_by_role("link", name="Explore").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("changes")).to_contain_text("Research tax credit")
    assert visit.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_critical_or_serious(visitors: Visitors, scheme: str) -> None:
    visit = enter(visitors, scheme=scheme)
    page = visit.page
    drop_credit(page)
    page.get_by_role("button", name=re.compile("More measures")).click()
    page.get_by_test_id(CREDIT).get_by_role("button", name=re.compile("About this measure")).click()
    page.get_by_role("button", name="Share", exact=True).click()
    for summary in page.locator("summary").all():
        summary.click()
    page.wait_for_timeout(1200)
    assert accessible(page) == []
    assert visit.faults == []


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_nothing_is_wider_than_the_window(visitors: Visitors, width: int) -> None:
    visit = enter(visitors, width=width)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        """width => [...document.querySelectorAll(".eco-card, .eco-bar, .eco-tools, .eco-strip")]
            .filter(e => e.getBoundingClientRect().right > width + 1).map(e => e.className)""",
        width,
    )
    assert wide == []
    assert visit.faults == []
