"""The tour of a first visit: five stops, in nobody's way, seen once, there again on demand, by keyboard too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitors, accessible

pytestmark = pytest.mark.browser


def test_the_tour_is_offered_once_and_can_be_had_again(visitors: Visitors) -> None:
    visit = visitors.enter(search="", chart="first", tour=True)
    page = visit.page
    tour = page.get_by_test_id("tour")
    expect(tour).to_be_visible()
    assert page.evaluate("document.activeElement.closest('.eco-tour')") is None  # nobody is interrupted
    assert accessible(page) == []
    page.keyboard.press("Tab")
    seen = []
    for stop in range(5):
        expect(tour).to_contain_text(f"{stop + 1} / 5")
        expect(page.locator(".eco-toured")).to_have_count(1)
        assert page.locator(".eco-toured").evaluate("e => e.getBoundingClientRect().top < innerHeight")
        seen.append(page.locator(".eco-toured").first.get_attribute("class"))
        if stop < 4:
            tour.get_by_role("button", name="Next").focus()
            page.keyboard.press("Enter")
    assert len(set(seen)) == 5
    tour.get_by_role("button", name="Start").click()
    expect(tour).to_have_count(0)
    expect(page.locator(".eco-toured")).to_have_count(0)
    page.reload()
    page.wait_for_selector("[data-testid=chart-first] canvas")
    expect(tour).to_have_count(0)
    # From another tab it leads back to the first one; Escape ends it and gives the focus back.
    page.get_by_role("link", name="Method").click()
    expect(page.get_by_test_id("tab-method")).to_be_visible()
    button = page.get_by_role("button", name="Tour", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("tab-explore")).to_be_visible()
    expect(tour).to_contain_text("1 / 5")
    page.keyboard.press("Escape")
    expect(tour).to_have_count(0)
    expect(button).to_be_focused()
    assert visit.faults == []
