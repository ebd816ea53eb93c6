"""Tab World in a real browser: charts without a click, a run of one's own, nobody else's world, nothing from outside."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visits import Visit, Visitors, accessible

pytestmark = pytest.mark.browser

CHARTS = (
    "filed", "granted", "in_force", "pendency", "deals", "university_licenses", "research", "inventions",
    "rights", "deal-flows", "chain-us", "chain-eu", "chain-jp", "chain-cn",
)  # fmt: skip
RUN_TIMEOUT = 180_000


def digest(page: Page) -> str:
    return page.locator("#eco-results").get_attribute("data-digest") or ""


def choose(page: Page, places: tuple[str, ...], years: int, scale: int, seed: int) -> None:
    """Fill the form in."""
    for code in ("us", "eu", "jp", "cn"):
        page.locator(f"input[name=jurisdiction][value={code}]").set_checked(code in places)
    page.locator("input[name=years]").fill(str(years))
    page.locator("select[name=scale]").select_option(str(scale))
    page.locator("input[name=seed]").fill(str(seed))


def run_small(visit: Visit, places: tuple[str, ...] = ("us", "jp"), years: int = 3, seed: int = 7) -> str:
    """Run a small world and return its digest."""
    page = visit.page
    before = digest(page)
    choose(page, places, years, 5000, seed)
    page.get_by_role("button", name="Run this world").click()
    expect(page.get_by_test_id("status")).to_have_text(re.compile("Finished in"), timeout=RUN_TIMEOUT)
    expect(page.locator("#eco-results")).not_to_have_attribute("data-digest", before)
    return digest(page)


def drawn(page: Page, name: str) -> bytes:
    """Return the picture of a chart."""
    chart = page.get_by_test_id(f"chart-{name}")
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(700)
    return chart.screenshot()


def colors_in(page: Page, name: str) -> int:
    """Return how many different colors a chart's canvas holds: an empty canvas has one."""
    return int(
        page.evaluate(
            """name => {
                const canvas = document.querySelector(`[data-testid="chart-${name}"] canvas`);
                const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
                const seen = new Set();
                for (let i = 0; i < data.length; i += 4) {
                    seen.add((data[i] >> 4) * 65536 + (data[i + 1] >> 4) * 256 + (data[i + 2] >> 4));
                }
                return seen.size;
            }""",
            name,
        )
    )


def test_the_baseline_is_there_without_a_click(visitors: Visitors) -> None:
    visit = visitors.enter()
    page = visit.page
    for name in CHARTS:
        expect(page.locator(f"[data-testid=chart-{name}] canvas")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(800)
    empty = [name for name in CHARTS if colors_in(page, name) < 4]
    assert not empty, f"charts that drew nothing: {empty}"
    expect(page.get_by_test_id("which")).to_have_text("Baseline")
    line = page.get_by_test_id("world-line").inner_text()
    assert re.search(r"seed 1 · model \d+\.\d+\.\d+ · digest [0-9a-f]{12}", line), line
    assert page.get_by_text("Compares policies; not a forecast.").first.is_visible()
    assert page.locator(".eco-tile").count() == 5
    assert page.title() == "World – Innovation Ecosystem Simulator"
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("h1").count() == 1
    assert "Solara" not in page.inner_text("body")
    assert visit.faults == []


def test_every_chart_has_its_sentence_its_table_and_its_source(visitors: Visitors) -> None:
    visit = visitors.enter()
    page = visit.page
    for name in CHARTS:
        sentence = page.get_by_test_id(f"chart-{name}").get_attribute("aria-label") or ""
        assert re.search(r"\d", sentence), f"{name}: {sentence!r}"
        assert page.get_by_test_id(f"chart-{name}").get_attribute("role") == "img"
    card = page.get_by_test_id("card-filed")
    card.get_by_text("Table", exact=True).click()
    rows = card.locator("table tbody tr")
    assert rows.count() == 30
    expect(rows.first.locator("th")).to_have_text("2025")
    card.get_by_text("What is counted", exact=True).first.click()
    expect(card.get_by_text("indicator patent_filings")).to_be_visible()
    assert visit.faults == []


def test_a_run_of_ones_own_changes_the_charts_and_the_baseline_comes_back(visitors: Visitors) -> None:
    visit = visitors.enter()
    page = visit.page
    baseline, before = digest(page), drawn(page, "filed")
    mine = run_small(visit)
    assert mine != baseline
    expect(page.get_by_test_id("which")).to_have_text("Your world")
    expect(page.get_by_test_id("world-line")).to_contain_text(
        "United States, Japan · 2025–2027 · scale 1 : 5000 · seed 7"
    )
    assert drawn(page, "filed") != before
    assert page.get_by_test_id("chart-chain-eu").count() == 0
    page.get_by_role("button", name="Back to the baseline").click()
    expect(page.locator("#eco-results")).to_have_attribute("data-digest", baseline)
    assert visit.faults == []


def test_the_same_choice_gives_the_same_digest_and_another_seed_another(visitors: Visitors) -> None:
    one, two = visitors.enter(), visitors.enter()
    first = run_small(one, ("jp",), 2, 11)
    assert run_small(two, ("jp",), 2, 11) == first
    assert run_small(two, ("jp",), 2, 12) != first
    assert one.faults + two.faults == []


def test_cancel_ends_a_run_and_leaves_the_charts(visitors: Visitors) -> None:
    visit = visitors.enter()
    page = visit.page
    before = digest(page)
    choose(page, ("us", "eu", "jp", "cn"), 50, 500, 3)
    page.get_by_role("button", name="Run this world").click()
    expect(page.get_by_role("button", name="Run this world")).to_be_disabled()
    expect(page.get_by_test_id("status")).to_have_text(re.compile("Simulating"), timeout=RUN_TIMEOUT)
    expect(page.locator("progress")).to_be_visible()
    start = time.monotonic()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_test_id("status")).to_have_text(re.compile("Cancelled"), timeout=20_000)
    assert time.monotonic() - start < 20
    page.wait_for_timeout(1000)
    expect(page.get_by_test_id("status")).to_have_text(re.compile("Cancelled"))
    assert digest(page) == before
    expect(page.get_by_role("button", name="Run this world")).to_be_enabled()
    assert visit.faults == []


def test_two_visitors_do_not_share_a_world(visitors: Visitors) -> None:
    one, two = visitors.enter(), visitors.enter()
    baseline = digest(two.page)
    mine = run_small(one)
    assert digest(two.page) == baseline
    expect(two.page.get_by_test_id("which")).to_have_text("Baseline")
    expect(two.page.get_by_test_id("status")).not_to_contain_text("Finished")
    late = visitors.enter()
    assert digest(late.page) == baseline
    assert digest(one.page) == mine
    assert one.faults + two.faults + late.faults == []


def test_a_bad_choice_is_answered_in_words(visitors: Visitors) -> None:
    visit = visitors.enter()
    page = visit.page
    choose(page, ("us",), 400, 5000, 1)
    page.get_by_role("button", name="Run this world").click()
    expect(page.get_by_role("alert")).to_contain_text("Years 400 is outside the range")
    choose(page, (), 3, 5000, 1)
    expect(page.get_by_text("Choose at least one jurisdiction.")).to_be_visible()
    expect(page.get_by_role("button", name="Run this world")).to_be_disabled()
    assert visit.faults == []


def test_the_keyboard_reaches_every_control(visitors: Visitors) -> None:
    visit = visitors.enter()
    page = visit.page
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    seen = []
    for _ in range(24):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => {
                    const e = document.activeElement;
                    return e.name ? e.name + (e.name === "jurisdiction" ? ":" + e.value : "") : (e.type === "range"
                        ? "range" : (e.getAttribute("aria-label") || e.innerText || e.tagName).trim());
                }"""
            )
        )
    wanted = [
        "Skip to the results", "Switch to the dark page", "jurisdiction:us", "jurisdiction:eu", "jurisdiction:jp",
        "jurisdiction:cn", "range", "years", "scale", "seed", "Run this world", "range",
    ]  # fmt: skip
    assert [name for name in seen if name in wanted] == wanted, seen
    box = page.locator("input[name=jurisdiction][value=cn]")
    box.focus()
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    page.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("input[name=years]")).to_have_value("29")
    assert visit.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_critical_or_serious(visitors: Visitors, scheme: str) -> None:
    visit = visitors.enter(scheme=scheme)
    page = visit.page
    for summary in page.locator("summary").all()[:4]:
        summary.click()
    page.wait_for_timeout(1000)
    assert accessible(page) == []
    assert visit.faults == []


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_nothing_is_wider_than_the_window(visitors: Visitors, width: int) -> None:
    visit = visitors.enter(width=width)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        """width => [...document.querySelectorAll(".eco-card, .eco-bar, .eco-hero")]
            .filter(e => e.getBoundingClientRect().right > width + 1).map(e => e.className)""",
        width,
    )
    assert wide == []
    assert visit.faults == []


def test_a_phone_shows_the_results_first_and_the_form_on_demand(visitors: Visitors) -> None:
    visit = visitors.enter(width=360, height=800)
    page = visit.page
    form = page.get_by_role("button", name="Choose a world")
    expect(form).to_have_attribute("aria-expanded", "false")
    assert accessible(page) == []
    expect(page.get_by_role("button", name="Run this world")).to_be_hidden()
    assert page.get_by_test_id("section-headline").bounding_box()["y"] < 850
    form.click()
    expect(page.get_by_role("button", name="Run this world")).to_be_visible()
    run_small(visit, ("jp",), 2, 5)
    expect(page.get_by_role("button", name="Back to the baseline")).to_be_visible()
    assert visit.faults == []


def test_dark_and_light_can_be_chosen_and_stay(visitors: Visitors) -> None:
    visit = visitors.enter()
    page = visit.page
    page.get_by_role("button", name="Switch to the dark page").click()
    expect(page.locator(".v-application.theme--dark").first).to_be_visible()
    page.reload()
    page.wait_for_selector("[data-testid=chart-filed] canvas")
    expect(page.get_by_role("button", name="Switch to the light page")).to_be_visible()
    dark = page.evaluate("getComputedStyle(document.querySelector('.eco')).backgroundColor")
    assert dark == "rgb(15, 22, 29)"
    assert visit.faults == []
