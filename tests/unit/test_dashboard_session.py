"""One visitor's state, its link and its file: what is shared comes back, what is damaged is refused in words."""

from __future__ import annotations

import base64
import json
import random
import zlib
from html import escape
from pathlib import Path

import pytest

from ecosystem.dashboard import panel, share
from ecosystem.dashboard.panel import level_word
from ecosystem.dashboard.presets import known_presets, read_reform
from ecosystem.dashboard.session import Session, open_session
from ecosystem.kernel.errors import InputError
from ecosystem.scenario import MeasureUse, Scenario, known_measures

CREDIT = "us_rd_tax_credit"


def packed(content: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(content).encode())).decode().rstrip("=")


def test_a_link_gives_the_scenario_back() -> None:
    scenario = share.start().with_measure(CREDIT, on=["us", "jp"], strength=0.3, start=2030)
    scenario = Scenario.from_dict(
        {**scenario.to_dict(), "title": "Prüfung 試験", "years": 12, "budgets": {"us": 100.0},
         "parameters": {"welfare.cost_of_public_funds": 1.4}}
    )  # fmt: skip
    back, notice = share.unpack(share.pack(scenario))
    assert back == scenario
    assert notice == ""


def test_the_baseline_needs_no_link_and_a_link_is_short() -> None:
    assert share.pack(share.start()) == ""
    assert share.search_of("explore", share.start()) == "?tab=explore"
    scenario = share.start()
    for id in list(known_measures())[:12]:
        scenario = scenario.with_measure(id, on="us", strength=0.4)
    assert len(share.pack(scenario)) < 900


def test_a_link_of_another_model_is_read_with_a_notice() -> None:
    link = packed({"v": share.VERSION, "m": "0" * 16, "d": {"years": 9}})
    scenario, notice = share.unpack(link)
    assert scenario.years == 9
    assert "another version of the model" in notice


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"v": 99, "m": "", "d": {}}, "version 99"),
        ({"v": 1, "m": "", "d": []}, "damaged"),
        ([], "damaged"),
        ({"v": 1, "m": "", "d": {"places_folders": ["/etc"]}}, "no places_folders"),
        ({"v": 1, "m": "", "d": {"scale": 1}}, "no scale"),
        ({"v": 1, "m": "", "d": {"years": 200}}, "computes up to"),
        ({"v": 1, "m": "", "d": {"measures": [{"id": "us_rd_tax_credi", "on": "us"}]}}, "Nearest match"),
        ({"v": 1, "m": "", "d": {"measures": [{"id": CREDIT, "on": "us", "strength": 7}]}}, "outside its range"),
        ({"v": 1, "m": "", "d": {"measures": [{"id": CREDIT, "on": "us"}] * 401}}, "more than 400"),
        ({"v": 1, "m": "", "d": {"jurisdictions": "us"}}, "no list"),
    ],
)
def test_a_wrong_link_is_refused_in_words_and_leaves_the_baseline(content: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        share.unpack(packed(content))
    session = open_session("s=" + packed(content))
    assert session.scenario == share.start()
    assert words in session.problem


def test_a_small_link_that_unpacks_to_much_is_refused() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 5_000_000, 9)).decode()
    assert len(bomb) < share.MOST_LINK
    with pytest.raises(InputError, match="damaged"):
        share.unpack(bomb)


def test_no_search_breaks_the_page() -> None:
    luck = random.Random(3)
    good = share.search_of("explore", share.start().with_measure(CREDIT, on="us", strength=0.2))
    for _ in range(300):
        bent = list(good)
        for _ in range(luck.randint(1, 6)):
            bent[luck.randrange(len(bent))] = chr(luck.choice([0, 37, 38, 61, 65, 95, 233, 0x1F600]))
        session = open_session("".join(bent))
        assert isinstance(session.scenario, Scenario)
        assert session.scenario == share.start() or not session.problem
    for search in (None, "", "?", "s", "s=%FF%FE", "tab=<script>", "s=&s=&s=", "&".join(["s=a"] * 50)):
        assert isinstance(open_session(search), Session)


def test_a_saved_file_can_be_loaded_and_runs_on_the_command_line() -> None:
    scenario = share.start().with_measure(CREDIT, on="cn", strength=0.0, start="2030-07")
    content = share.write_file(scenario)
    back, notice = share.read_file("mine.toml", content)
    assert back == scenario
    assert notice == ""
    assert content.startswith("# ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no text"),
        ("x" * 300_000, "larger than"),
        ("years = ", "no valid TOML"),
        ("a = " + "[" * 5000, "no valid TOML"),
        ('places_folders = ["/"]', "folders of its own"),
        ("burn_in_years = 3", "another base or burn-in"),
        ("nonsense = 1", "There is no nonsense"),
    ],
)
def test_a_wrong_file_is_refused_in_words(content: object, words: str) -> None:
    session = Session()
    before = session.scenario
    session.load("x.toml", content)
    assert words in session.problem
    assert session.scenario is before


def test_undo_and_redo_walk_the_history() -> None:
    session = Session()
    states = [session.scenario]
    for strength in (0.0, 0.5, 1.0):
        session.put(CREDIT, "us", strength)
        states.append(session.scenario)
    for state in reversed(states[:-1]):
        session.undo()
        assert session.scenario == state
    session.undo()
    assert session.scenario == states[0]
    for state in states[1:]:
        session.redo()
        assert session.scenario == state
    session.undo()
    session.put(CREDIT, "jp", 0.0)
    assert session.future == []
    session.reset()
    assert not session.differs
    session.undo()
    assert session.use(CREDIT, "jp") is not None


def test_a_measure_is_put_once_on_a_place_and_its_strength_in_force_takes_it_away() -> None:
    session = Session()
    session.put(CREDIT, "us", 1.0)
    session.put(CREDIT, "us", 0.2, "2031")
    session.put(CREDIT, "jp", 0.4)
    assert session.use(CREDIT, "us") == MeasureUse(CREDIT, ("us",), "2031-01", "", None, 0.2)
    session.put(CREDIT, "us", known_measures()[CREDIT].strength_in_force("us"))
    assert session.use(CREDIT, "us") is None
    assert session.use(CREDIT, "jp") is not None
    session.drop(CREDIT, "jp")
    assert not session.differs


def test_a_measure_on_several_places_can_be_taken_off_one() -> None:
    session = Session(scenario=share.start().with_measure(CREDIT, on=["us", "eu", "jp"], strength=0.1))
    session.put(CREDIT, "eu", 0.9)
    assert session.use(CREDIT, "eu").strength == 0.9  # type: ignore[union-attr]
    assert session.use(CREDIT, "us").on == ("us", "jp")  # type: ignore[union-attr]


def test_what_the_scenario_refuses_is_told_and_changes_nothing() -> None:
    session = Session()
    session.put(CREDIT, "us", 3.0)
    assert "outside its range" in session.problem
    session.put("no_such_measure", "us", 1.0)
    assert "There is no measure" in session.problem
    assert session.past == []


def test_assumptions_move_the_base_along_and_survive_a_reset_of_policies() -> None:
    session = Session()
    session.change(session.scenario.with_parameters({"welfare.cost_of_public_funds": 1.5}))
    session.put(CREDIT, "us", 0.0)
    assert session.base.parameters == session.scenario.parameters
    assert session.base.measures == ()
    session.reset()
    assert session.scenario.parameters == {"welfare.cost_of_public_funds": 1.5}
    session.reset_assumptions()
    assert session.scenario.parameters == {}


def test_listeners_hear_every_change_until_they_leave() -> None:
    session, heard = Session(), []
    leave = session.subscribe(heard.append)
    session.put(CREDIT, "us", 0.0)
    session.undo()
    assert heard == [1, 2]
    leave()
    session.redo()
    assert heard == [1, 2]


def test_two_sessions_share_nothing() -> None:
    one, two = Session(), Session()
    one.put(CREDIT, "us", 0.0)
    one.see(place="jp")
    one.kept["world"] = 1
    assert not two.differs
    assert two.view.place == "us"
    assert two.kept == {}
    assert two.past == []
    assert one.id != two.id


@pytest.mark.parametrize(
    ("strength", "word"),
    [
        (0.0, "Off"),
        (0.05, "Low"),
        (1 / 3, "Low"),
        (0.34, "Medium"),
        (2 / 3, "Medium"),
        (0.7, "High"),
        (0.99, "High"),
        (1.0, "Full"),
    ],
)
def test_levels_have_words_with_fixed_cuts(strength: float, word: str) -> None:
    assert level_word(strength) == word


def test_presets_hold_only_measures_that_exist_and_change_something() -> None:
    presets = known_presets()
    assert presets
    for preset in presets.values():
        assert set(preset.measures) <= set(known_measures())
        place = preset.on or "us"
        scenario = preset.applied(share.start(), place)
        assert scenario.title == preset.title
        for use in scenario.measures:
            assert use.strength != known_measures()[use.id].strength_in_force(place)
    reforms = [p for p in presets.values() if p.kind == "reform"]
    assert all(preset.measures and preset.applied(share.start(), preset.on).measures for preset in reforms)


def test_a_reform_without_measures_is_left_out_and_a_wrong_file_is_refused(tmp_path: Path) -> None:
    good = 'title = "A"\nyear = 1990\non = "us"\nstory = "s"\nnotice = "n"\nsource = "x"\n\n[measures]\n'
    path = tmp_path / "a.toml"
    path.write_text(good + "not_yet_written = 1.0\n", encoding="utf-8")
    assert read_reform(path) is None
    path.write_text(good + f"not_yet_written = 1.0\n{CREDIT} = 0.0\n", encoding="utf-8")
    found = read_reform(path)
    assert found is not None
    assert found[0] == 1990
    assert dict(found[1].measures) == {CREDIT: 0.0}
    path.write_text(good.replace('source = "x"\n', "") + f"{CREDIT} = 0.0\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds"):
        read_reform(path)
    path.write_text(good + f"{CREDIT} = 7\n", encoding="utf-8")
    with pytest.raises(InputError, match="no level"):
        read_reform(path)


def test_the_panel_shows_every_measure_once_and_a_few_first() -> None:
    groups = panel.rows(share.start().with_measure(CREDIT, on="jp", strength=0.2, start=2031), "jp")
    rows = [row for group in groups for row in group["measures"]]
    assert sorted(row["id"] for row in rows) == sorted(known_measures())
    assert sum(row["first"] for row in rows) <= 8
    assert max(sum(row["first"] for row in group["measures"]) for group in groups) <= 2
    credit = next(row for row in rows if row["id"] == CREDIT)
    assert (credit["on"], credit["strength"], credit["start"]) == (True, 0.2, 2031)
    assert not next(row for row in rows if row["id"] != CREDIT)["on"]


def test_every_card_says_what_is_known_and_what_is_not() -> None:
    for id, measure in known_measures().items():
        card = panel.card(id)
        for words in (measure.does, measure.gains, measure.loses, measure.not_modeled):
            assert escape(words[1:]) in card, id
        assert "Evidence" in card
    assert panel.card("no_such_measure") == ""
