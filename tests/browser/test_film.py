"""The film of a world in a real browser: play, pause, step, back, scrub, speed, by keyboard too, and little motion."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitors, accessible

pytestmark = pytest.mark.browser


def test_the_film_is_played_stepped_and_scrubbed(visitors: Visitors) -> None:
    visit = visitors.enter(search="?tab=world", chart="filed")
    page = visit.page
    film, when, play = page.get_by_test_id("film"), page.get_by_test_id("film-when"), page.get_by_test_id("film-play")
    scrub = film.get_by_role("slider")
    scrub.focus()
    page.keyboard.press("Home")
    expect(when).to_have_text("2025, quarter 1")
    first = film.locator("tbody").inner_text()
    page.keyboard.press(".")
    expect(when).to_have_text("2025, quarter 2")
    assert film.locator("tbody").inner_text() != first
    page.keyboard.press(",")
    assert film.locator("tbody").inner_text() == first  # a step back is exact
    expect(scrub).to_have_attribute("aria-valuetext", "2025, quarter 1")
    # Little motion is asked for: a year a second, nothing glides.
    page.keyboard.press("Space")
    expect(play).to_have_text("Pause")
    expect(when).to_have_text("2026, quarter 1", timeout=3000)
    assert film.locator("circle").first.evaluate("e => getComputedStyle(e).transitionDuration") in ("0s", "0s, 0s")
    play.click()
    expect(play).to_have_text("Play")
    page.emulate_media(reduced_motion="no-preference")
    film.get_by_role("button", name="To the start").click()
    film.locator("select").select_option("12")
    play.focus()
    page.keyboard.press("Enter")
    expect(when).to_have_text(re.compile("^20(2[7-9]|3)"), timeout=5000)
    page.keyboard.press("Enter")
    expect(play).to_have_text("Play")
    held = when.inner_text()
    page.wait_for_timeout(500)
    assert when.inner_text() == held
    film.get_by_role("button", name="Step").click()
    assert when.inner_text() != held
    assert accessible(page) == []
    assert visit.faults == []
