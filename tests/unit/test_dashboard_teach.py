"""Lessons: locked until predicted, told from what was recorded, the same in every class, printed with and without key."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecosystem.dashboard.lessons import FOLDER, Lesson, known_lessons, read_lesson
from ecosystem.dashboard.lessons import recorded as store
from ecosystem.dashboard.lessons.play import Play
from ecosystem.dashboard.lessons.results import also_table, answer, effect_of, happened, result_line
from ecosystem.dashboard.lessons.worksheet import worksheet
from ecosystem.dashboard.session import Session
from ecosystem.dashboard.tabs.teach import notice, open_in_explore, votes
from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError
from ecosystem.lab.compare import Comparison
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import Scenario, known_measures

LESSONS = list(known_lessons())


def made_up(
    base: Scenario, scenario: Scenario, replicates: int, *, seed: int, outputs: tuple[str, ...], workers: int | None
) -> Comparison:
    """Return a comparison with known numbers: with a measure, each indicator is up by its place in the list."""
    places, years = (*base.jurisdictions, "row", "all"), base.years
    rng = np.random.default_rng(seed)

    def run(up: float, luck: np.ndarray) -> Yearly:
        top = np.full((years, len(outputs), len(places)), 1e6) + luck
        top += up * np.arange(len(outputs))[None, :, None]
        bottom = np.full(top.shape, np.nan)
        for k, name in enumerate(outputs):
            if INDICATORS[name].kind == "ratio":
                bottom[:, k], top[:, k] = 4e6, top[:, k]
        return Yearly(outputs, places, top, bottom, base.scale, {("credit", "us"): np.arange(years) * up})

    runs = []
    for _ in range(replicates):
        luck = rng.normal(0, 100, (years, len(outputs), len(places)))
        runs.append((run(0.0, luck), run(1000.0, luck + rng.normal(0, 10, luck.shape))))
    return Comparison(base, scenario, tuple(range(seed, seed + replicates)), runs, [])


def played(lesson: Lesson) -> store.Record:
    return store.read(lesson, json.loads(json.dumps(store.record(lesson, compare=made_up))))


def at(play: Play, do: str) -> Play:
    """Play on to the next step of a kind, predicting what is asked and running what stands in the way."""
    while play.present is not None and play.present.do != do:
        play.commit({"choice": "higher"})
        play.run()
        play.go(1)
    return play


@pytest.mark.parametrize("id", LESSONS)
def test_lessons_name_only_what_exists_and_fit_into_their_minutes(id: str) -> None:
    lesson = known_lessons()[id]
    assert len(lesson.title.split()) <= 7
    assert sum(step.minutes for step in lesson.steps) <= lesson.minutes
    assert {step.do for step in lesson.steps} == {"say", "predict", "run", "reveal", "ask"}
    assert len(lesson.debrief) >= 3
    for name in lesson.indicators():
        assert name in INDICATORS
    for run in lesson.runs.values():
        assert run.on in lesson.pinned.places
        for measure, strength in run.measures.items():
            assert strength != known_measures()[measure].strength_in_force(run.on), f"{measure} changes nothing there"


def test_there_are_three_lessons_in_their_order() -> None:
    assert [known_lessons()[id].title for id in LESSONS] == [
        "Faster patents or better patents?", "From lab to market", "Paying for patents",
    ]  # fmt: skip


@pytest.mark.parametrize("id", LESSONS)
def test_the_recorded_runs_belong_to_the_lesson_as_it_is(id: str) -> None:
    """A lesson that was edited after its runs were recorded shows no numbers that are not its own."""
    lesson = known_lessons()[id]
    content = json.loads(store.path_of(lesson).read_text(encoding="utf-8"))
    assert content["pinned"] == store.pinned(lesson), "run: python -m ecosystem.dashboard.lessons record"
    record = store.recorded(id)
    assert record is not None
    for comparison in record.runs.values():
        assert len(comparison.runs) == lesson.pinned.pairs
        assert comparison.seeds[0] == lesson.pinned.seed
    for step in lesson.steps:
        if step.do == "predict":
            effect = effect_of(lesson, record, step)
            assert effect.pairs == lesson.pinned.pairs
            assert effect.low <= effect.difference <= effect.high
    assert store.path_of(lesson).stat().st_size < 300_000


def test_a_record_gives_the_effects_of_the_comparison_it_came_from() -> None:
    lesson = known_lessons()["paying_for_patents"]
    p, names = lesson.pinned, lesson.indicators()
    run = next(iter(lesson.runs))
    direct = made_up(lesson.base(), lesson.scenario(run), p.pairs, seed=p.seed, outputs=names, workers=None)
    kept = played(lesson).runs[run]
    columns = ["base", "scenario", "difference", "low", "high", "share_higher", "cost_per_unit", "events"]
    one, two = (c.effects().set_index(["indicator", "jurisdiction"]) for c in (direct, kept))
    two = two[two.index.get_level_values("jurisdiction") == lesson.runs[run].on]
    one = one.loc[two.index]
    assert len(two) == len(names)
    np.testing.assert_allclose(one[columns].to_numpy(float), two[columns].to_numpy(float), rtol=1e-6, atol=1e-3)
    assert list(one["verdict"]) == list(two["verdict"])


def test_a_record_of_another_state_of_the_lesson_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = known_lessons()["lab_to_market"]
    monkeypatch.setattr(store, "RECORDED", tmp_path)
    monkeypatch.setattr(store, "path_of", lambda _: tmp_path / "x.json")
    read = store.recorded.__wrapped__
    assert read(lesson.id) is None, "no file"
    content = store.record(lesson, compare=made_up)
    store.write(content, tmp_path / "x.json")
    assert read(lesson.id) is not None
    other: dict[str, Any] = copy.deepcopy(content)
    other["pinned"]["seed"] = 99
    store.write(other, tmp_path / "x.json")
    assert read(lesson.id) is None


def test_runs_older_than_the_model_carry_a_banner() -> None:
    record = played(known_lessons()["lab_to_market"])
    assert notice(record) == ""
    old = replace(record, model="0" * 16, made="2020-02-03")
    assert "2020-02-03" in notice(old)
    assert "earlier state of the model" in notice(old)
    assert "record" in notice(None)


def test_the_run_stays_locked_until_every_prediction_on_it_is_in() -> None:
    lesson = known_lessons()["paying_for_patents"]
    play = at(Play(lesson), "predict")
    assert not play.can_next
    play.go(1)
    assert play.present is not None
    assert play.present.do == "predict", "no way around the prediction"
    run = next(k for k, step in enumerate(lesson.steps) if step.do == "run")
    play.step = run
    assert [step.id for step in play.missing()] == ["filings", "inventions"]
    play.run()
    assert not play.ran
    play.step = run - 2
    play.commit({"choice": "higher"})
    play.step = run
    play.run()
    assert not play.ran, "one of two predictions is in"
    play.step = run - 1
    play.commit({"choice": "unclear"})
    play.go(1)
    assert play.can_run
    assert not play.can_next
    play.run()
    assert play.ran == {"filing"}
    assert play.can_next


def test_a_prediction_cannot_be_changed_after_its_run() -> None:
    play = at(Play(known_lessons()["faster_or_better"]), "reveal")
    asked = play.lesson.prediction(play.present.of if play.present else "")
    play.step = play.lesson.steps.index(asked)
    play.commit({"choice": "lower"})
    assert play.predicted[asked.id] == "higher"


@pytest.mark.parametrize("sent", [None, 7, "higher", {}, {"choice": "best"}, {"choice": ["higher"]}, {"hands": {}}])
def test_nonsense_is_no_prediction(sent: object) -> None:
    play = at(Play(known_lessons()["faster_or_better"]), "predict")
    play.commit(sent)
    assert not play.predicted


def test_hands_are_counted_within_reason() -> None:
    play = at(Play(known_lessons()["faster_or_better"]), "predict")
    play.commit({"choice": "higher", "hands": {"higher": "12", "lower": -3, "unclear": "many", "other": 5}})
    assert play.hands[play.present.id if play.present else ""] == {"higher": 12, "lower": 0, "unclear": 0}
    play.commit({"choice": "higher", "hands": {"higher": 10**9}})
    assert max(play.hands[play.present.id if play.present else ""].values()) == 999


def test_a_lesson_can_be_played_to_its_end() -> None:
    play = Play(known_lessons()["lab_to_market"])
    for _ in range(100):
        play.commit({"choice": "lower"})
        play.run()
        play.go(1)
    assert play.present is None
    assert not play.can_next
    assert play.ran == set(play.lesson.runs)


def test_the_reveal_marks_prediction_and_result() -> None:
    lesson = known_lessons()["paying_for_patents"]
    asked = lesson.prediction("inventions")
    markup = votes(asked, "higher", {"higher": 20, "lower": 5, "unclear": 10}, "unclear")
    assert markup.count("eco-came") == 1
    assert markup.index(asked.higher) < markup.index("we predicted") < markup.index(asked.lower)
    assert markup.index(asked.unclear) < markup.index("the result")
    assert 'style="width:50%"' in markup
    assert "hands" not in votes(asked, "higher", {}, "higher")


def test_what_a_reveal_says_follows_from_the_numbers() -> None:
    lesson = known_lessons()["paying_for_patents"]
    record = played(lesson)
    asked = lesson.prediction("inventions")
    up = effect_of(lesson, record, asked)
    assert happened(up) == "higher"
    turned = {id: replace(c, runs=[(s, b) for b, s in c.runs]) for id, c in record.runs.items()}
    down = effect_of(lesson, replace(record, runs=turned), asked)
    assert happened(down) == "lower"
    same = {id: replace(c, runs=[(b, b) for b, _ in c.runs]) for id, c in record.runs.items()}
    assert happened(effect_of(lesson, replace(record, runs=same), asked)) == "unclear"
    one = next(step for step in lesson.steps if step.of == "inventions")
    assert len({answer(one, outcome) for outcome in ("higher", "lower", "unclear")}) == 3
    assert "of 6 paired runs" in result_line(up)


class Reader(HTMLParser):
    """Collects tags, addresses and words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(v) for name, v in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("id", LESSONS)
def test_worksheets_print_alone_and_only_the_key_tells(id: str) -> None:
    lesson = known_lessons()[id]
    record = played(lesson)
    sheet, key = Reader(), Reader()
    sheet.feed(worksheet(lesson, record, key=False))
    key.feed(worksheet(lesson, record, key=True))
    for page in (sheet, key):
        assert page.addresses == [], "the page needs nothing from elsewhere"
        assert "script" not in page.tags
        assert lesson.title in page.words
        assert record.model in page.words
        for question, _ in lesson.debrief:
            assert " ".join(question.split()) in page.words
    for step in lesson.steps:
        if step.do == "predict":
            line = result_line(effect_of(lesson, record, step))
            assert line in key.words
            assert line not in sheet.words
            for option in (step.higher, step.lower, step.unclear):
                assert option in sheet.words
        elif step.do == "ask":
            assert " ".join(step.key.split()) in key.words
            assert " ".join(step.key.split()) not in sheet.words


def test_words_of_a_lesson_are_escaped() -> None:
    lesson = known_lessons()["lab_to_market"]
    steps = tuple(replace(step, title="<script>x</script>", text="<b>") for step in lesson.steps)
    page = worksheet(replace(lesson, title="<i>T</i>", steps=steps), played(lesson), key=True)
    assert "<script>x" not in page
    assert "<i>T" not in page
    assert "<b>" not in page


def test_the_table_of_a_reveal_lists_what_the_lesson_names() -> None:
    lesson = known_lessons()["faster_or_better"]
    markup = also_table(lesson, played(lesson), "care")
    assert markup.count("<tr>") == 1 + len(lesson.runs["care"].also)


def test_going_on_takes_the_measure_to_explore_and_can_be_undone() -> None:
    session, lesson = Session(), known_lessons()["paying_for_patents"]
    open_in_explore(session, lesson, "filing")
    assert session.view.tab == "explore"
    assert session.view.place == "us"
    assert {use.id: use.strength for use in session.scenario.measures} == dict(lesson.runs["filing"].measures)
    session.undo()
    assert not session.differs


FILING, RESEARCH = 'run = "filing"', 'run = "research"'
BROKEN = {
    "a run before its prediction": [
        (f'id = "filings"\n{FILING}', f'id = "filings"\n{RESEARCH}'),
        (f'id = "inventions"\n{FILING}', f'id = "inventions"\n{RESEARCH}'),
    ],
    "an unknown kind": [('do = "say"', 'do = "sing"')],
    "an unknown run": [(f'do = "run"\n{RESEARCH}', 'do = "run"\nrun = "nothing"')],
    "a reveal of nothing": [('of = "research"', 'of = "nothing"')],
    "a second prediction of that name": [('id = "inventions"', 'id = "filings"')],
    "an unknown key": [("minutes = 45", "minutes = 45\ncolor = 1")],
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_lesson_is_refused(tmp_path: Path, fault: str) -> None:
    words = (FOLDER / "paying_for_patents.toml").read_text(encoding="utf-8")
    for old, new in BROKEN[fault]:
        assert old in words
        words = words.replace(old, new, 1)
    path = tmp_path / "x.toml"
    path.write_text(words, encoding="utf-8")
    with pytest.raises(InputError):
        read_lesson(path)
