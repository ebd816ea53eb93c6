"""Tab Method: everything the model has is found there, assumptions are marked, the code it shows gives the same scenario."""

from __future__ import annotations

import re
import tomllib

import pytest
from click.testing import CliRunner

from ecosystem.dashboard import method
from ecosystem.dashboard.engine import QUICK
from ecosystem.dashboard.method import GLOSSARY, Entry, read_board, search
from ecosystem.dashboard.session import Session
from ecosystem.dashboard.tabs import method as tab
from ecosystem.domain.indicators import INDICATORS
from ecosystem.scenario import Scenario, declared_parameters, known_measures
from policies.places import known_places

PAGE = """# Stylised facts

Written by `python -m ecosystem.lab.facts` on 2030-01-02: one run of 30 years, scale 500, seed 1, model `00112233445566aa`.

| use | facts | computed | inside |
|---|---|---|---|
| Put in (`input`) | 1 | 1 | 1 |

## Put in

| fact | value | band | inside | remark |
|---|---|---|---|---|
| `one` | 0.8 | 0.4 to 0.9 | yes |  |

## Only scored

| fact | value | band | inside | remark |
|---|---|---|---|---|
| `two` | – | 0.02 to 0.06 | no | the model has <none> |
| `three` | 1 | 0.5 to 2 | yes |  |

## How each is computed

| fact | published statistic | computed as |
|---|---|---|
| `one` | share of all | Share of ``scale`` things. |
| `two` | rate | Rate of the other. |
"""


def test_every_indicator_has_its_formula_unit_and_direction() -> None:
    entries = {entry.name: dict(entry.rows) for entry in method.formulas()}
    assert set(entries) == set(INDICATORS)
    rows = entries["wrong_grant_share"]
    assert rows["Formula"] == INDICATORS["wrong_grant_share"].formula
    assert rows["Unit"] == "share"
    assert rows["Better"] == "lower"
    assert rows["A year"] == "divides the sums of its twelve months"
    assert entries["launches"]["Better"] == "higher"


def test_every_assumption_is_listed_and_amber_and_nothing_else_is() -> None:
    declared = declared_parameters()
    entries = {entry.name: entry for entry in method.assumed_parameters()}
    assert set(entries) == {name for name, p in declared.items() if p.source.startswith("assumption")}
    assert set(entries) < set(declared)
    assert all(entry.amber for entry in (*entries.values(), *method.assumed_levers()))
    lever = next(entry for entry in method.assumed_levers() if entry.name == "office.hours_per_file")
    held = [p for p in known_places().values() if p.levers[lever.name].source.startswith("assumption")]
    assert len(lever.rows) == 2 + len(held)


def test_search_needs_every_word_and_puts_titles_first() -> None:
    entries = [
        Entry("a", "Other", (("What", "a court and a patent"),)),
        Entry("b", "Patent court", (("What", "x"),)),
        Entry("c", "Patent", (("What", "x"),)),
    ]
    assert [e.name for e in search(entries, "PATENT court")] == ["b", "a"]
    assert [e.name for e in search(entries, "  ")] == ["a", "b", "c"]
    assert search(entries, "zebra") == []


def test_indicators_are_found_by_name_with_and_without_underscores() -> None:
    for query in ("pendency_months", "pendency months"):
        assert "pendency_months" in [entry.name for entry in search(method.formulas(), query)[:8]]


def test_the_scoreboard_is_read_whole_and_failures_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    board = read_board(PAGE)
    assert board is not None
    assert (board.made, board.model) == ("2030-01-02", "00112233445566aa")
    assert [(f.id, f.use, f.inside) for f in board.facts] == [
        ("one", "input", True), ("two", "validate", False), ("three", "validate", True),
    ]  # fmt: skip
    assert board.score("validate") == (1, 2)
    assert board.facts[0].what == "Share of scale things."
    monkeypatch.setattr(method, "board", lambda: board)
    markup = tab.evidence()
    assert markup.index("Missed: 1 facts") < markup.index("Met: 2 facts")
    assert "the model has &lt;none&gt;" in markup
    assert "The model has changed since" in markup
    monkeypatch.setattr(method, "board", lambda: None)
    assert "ecosystem.lab.facts" in tab.evidence()
    assert read_board("# Something else") is None


def test_the_scoreboard_of_the_repository_is_complete() -> None:
    """Each fact that the page of facts lists stands on the tab, with what it means."""
    page = method.FACTS.read_text(encoding="utf-8")
    board = read_board(page)
    assert board is not None
    assert {f.id for f in board.facts} == set(re.findall(r"^\| `(\w+)`", page, re.M))
    assert all(f.what for f in board.facts)


def test_the_glossary_is_large_and_refers_to_itself() -> None:
    terms = tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))
    assert len(terms) >= 60
    assert len({item["term"] for item in terms.values()}) == len(terms)
    for id, item in terms.items():
        assert set(item) <= {"term", "text", "see"}
        assert set(item.get("see", [])) <= set(terms) - {id}
        sentences = re.split(r"[.;:!?]+\s", item["text"])
        assert max(len(s.split()) for s in sentences) <= 27, f"{id}: too long a sentence"


def test_the_python_shown_builds_the_scenario_of_the_page() -> None:
    session = Session()
    session.put("us_rd_tax_credit", "jp", 0.3, start="2030")
    session.change(Scenario.from_dict({**session.scenario.to_dict(), "title": 'a "b" \\ 試験', "years": 12}))
    code = method.python_code(session.scenario, QUICK)
    found: dict[str, object] = {"__name__": "elsewhere"}
    exec(compile(code, "shown", "exec"), found)
    for name, wanted in (("scenario", session.scenario), ("base", session.base)):
        built = found[name]
        assert isinstance(built, Scenario)
        assert built.scale == QUICK.scale
        assert {**built.to_dict(), "scale": 0} == {**wanted.to_dict(), "scale": 0}
    assert f"replicates={QUICK.pairs}, seed=1" in code


def test_the_command_shown_is_understood(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Click parses every option; the run itself is replaced."""
    from ecosystem.cli import compare as cli

    asked = {}
    monkeypatch.setattr(cli.compare, "callback", lambda **options: asked.update(options))
    words = method.command_line(QUICK).split()
    assert words[:2] == ["ecosystem", "compare"]
    result = CliRunner().invoke(cli.compare, words[2:])
    assert result.exit_code == 0, result.output
    assert (asked["scale"], asked["replicates"], asked["seed"]) == (QUICK.scale, QUICK.pairs, 1)


def test_the_summary_counts_what_there_is() -> None:
    markup = tab.works()
    known = method.counts()
    assert f"{known.rules} rules in all" in markup
    assert sum(rules for _, rules in method.phases()) == known.rules
    assert known.assumed_parameters == len(method.assumed_parameters())


def test_limits_name_what_each_measure_leaves_out() -> None:
    assert {entry.name for entry in method.left_out()} == set(known_measures())
    assert len(method.LIMITS) >= 8
    assert "no forecast" in tab.limits()


def test_words_of_entries_are_escaped() -> None:
    markup = method.listed([Entry("<a>", "<b>", (("<c>", "<d>"),))])
    assert not re.search(r"<[abcd]>", markup)
