"""A lesson in a real browser: locked until predicted, played to its end, printed; the tab Method opens and is searched."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from ecosystem.dashboard.lessons import Lesson, known_lessons
from ecosystem.dashboard.lessons.recorded import recorded
from ecosystem.dashboard.lessons.results import answer, effect_of, happened, result_line
from tests.browser.visits import Visit, Visitors, accessible

pytestmark = pytest.mark.browser

PATIENCE = 60_000


def enter(visitors: Visitors, tab: str, width: int = 1280, scheme: str = "light") -> Visit:
    """Open a tab that shows no chart at first."""
    visit = visitors.enter(width=width, scheme=scheme, search=f"?tab={tab}", chart="")
    expect(visit.page.get_by_test_id(f"tab-{tab}")).to_be_visible(timeout=PATIENCE)
    return visit


def press(page: Page, name: str) -> None:
    button = page.get_by_test_id("stage").get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled(timeout=PATIENCE)
    button.click()


def play(page: Page, lesson: Lesson, choices: dict[str, str]) -> None:
    """Play all steps of a lesson as its teacher does, and check what each one lets happen."""
    record = recorded(lesson.id)
    assert record is not None
    for step in lesson.steps:
        expect(page.get_by_test_id("step-title")).to_have_text(step.title, timeout=PATIENCE)
        onward = page.get_by_role("button", name=re.compile("^(Next|To the debrief)$"))
        if step.do == "predict":
            expect(onward).to_be_disabled()
            commit = page.get_by_role("button", name="This is our prediction")
            expect(commit).to_be_disabled()
            page.get_by_role("radio", name=answer(step, choices[step.id])).check()
            page.get_by_label(f"Hands up: {step.higher}").fill("12")
            commit.click()
        elif step.do == "run":
            expect(onward).to_be_disabled()
            press(page, "Run")
            expect(page.get_by_test_id("ran")).to_be_visible(timeout=PATIENCE)
        elif step.do == "reveal":
            asked = lesson.prediction(step.of)
            effect = effect_of(lesson, record, asked)
            expect(page.get_by_test_id("result")).to_have_text(result_line(effect), timeout=PATIENCE)
            agree = "agree" if choices[asked.id] == happened(effect) else "differ"
            expect(page.get_by_test_id("verdict")).to_contain_text(agree)
            expect(page.locator(".eco-came")).to_contain_text(answer(asked, happened(effect)))
            expect(page.get_by_text("12 hands")).to_be_visible()
            expect(page.locator(f"[data-testid=chart-lesson-{asked.id}] canvas")).to_be_visible(timeout=PATIENCE)
        expect(onward).to_be_enabled(timeout=PATIENCE)
        onward.click()
    expect(page.get_by_test_id("debrief")).to_be_visible(timeout=PATIENCE)


def test_a_lesson_is_played_to_its_end(visitors: Visitors) -> None:
    visit = enter(visitors, "teach")
    page, lesson = visit.page, next(iter(known_lessons().values()))
    page.get_by_role("button", name=f"Start the lesson: {lesson.title}").click()
    play(page, lesson, {step.id: "lower" for step in lesson.steps if step.do == "predict"})
    table = page.locator(".eco-end-table tbody tr")
    expect(table).to_have_count(sum(step.do == "predict" for step in lesson.steps))
    assert accessible(page) == []
    page.get_by_role("button", name=re.compile("^Accelerated examination")).click()
    expect(page.get_by_test_id("tab-explore")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Accelerated examination").first).to_be_visible()
    assert visit.faults == []


def test_two_visitors_play_apart_and_the_projector_enlarges(visitors: Visitors) -> None:
    one, other = enter(visitors, "teach"), enter(visitors, "teach")
    lesson = next(iter(known_lessons().values()))
    one.page.get_by_role("button", name=f"Start the lesson: {lesson.title}").click()
    text = one.page.locator(".eco-stage-body")
    before = text.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    press(one.page, "Large type")
    expect(one.page.locator(".eco-projector")).to_be_visible(timeout=PATIENCE)
    assert text.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") > 1.4 * before
    expect(other.page.get_by_test_id("stage")).to_have_count(0)
    press(one.page, "Next")
    expect(one.page.get_by_test_id("step-title")).to_be_focused(timeout=PATIENCE)
    press(one.page, "All lessons")
    expect(one.page.get_by_test_id(f"lesson-{lesson.id}")).to_be_visible(timeout=PATIENCE)
    assert one.faults == []
    assert other.faults == []


def test_the_worksheet_opens_as_a_page_of_its_own(visitors: Visitors) -> None:
    visit = enter(visitors, "teach")
    lesson = next(iter(known_lessons().values()))
    for name, keys in (("Worksheet", 0), ("Worksheet with key", 1)):
        with visit.context.expect_page() as opened:
            visit.page.get_by_role("button", name=f"{name}: {lesson.title}").click()
        sheet = opened.value
        sheet.wait_for_load_state()
        expect(sheet.get_by_role("heading", level=1)).to_contain_text(lesson.title)
        assert (sheet.locator(".key").count() > 0) == bool(keys)
        sheet.emulate_media(media="print")
        assert sheet.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.faults == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_all_parts_of_the_method_open(visitors: Visitors, width: int, scheme: str) -> None:
    visit = enter(visitors, "method", width, scheme)
    page = visit.page
    parts = page.get_by_role("navigation", name="Parts of this page").get_by_role("button")
    for k in range(parts.count()):
        name = parts.nth(k).inner_text()
        parts.nth(k).click()
        expect(page.get_by_role("heading", level=2, name=name)).to_be_visible(timeout=PATIENCE)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the window"
        assert accessible(page) == [], name
    parts.nth(1).click()
    page.get_by_test_id("seek-formulas").fill("wrong grant")
    expect(page.get_by_test_id("list-formulas").locator("code").first).to_have_text(
        "wrong_grant_share", timeout=PATIENCE
    )
    assert visit.faults == []
