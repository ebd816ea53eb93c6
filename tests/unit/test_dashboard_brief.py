"""The brief of a comparison: its numbers are those of the comparison, it needs nothing but itself, and it leaves nothing out."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ecosystem.dashboard.brief import NAMES, Part, brief, effect_cells, file_name
from ecosystem.dashboard.catalog import COMPARED
from ecosystem.dashboard.effects import effects, headline
from ecosystem.dashboard.engine import Plan
from ecosystem.dashboard.text import place, text
from ecosystem.lab.model import model_digest
from ecosystem.scenario import Scenario, known_measures
from tests.browser.made_up import comparison

CREDIT = "us_rd_tax_credit"
BASE = Scenario.baseline(years=6, scale=5000.0, title="Baseline")
CHANGED = replace(BASE.with_measure(CREDIT, on=["us", "jp"], strength=1.0), title="More <b>credit</b> & research")


def part(scenario: Scenario = CHANGED, pairs: int = 4, wanted: int = 4) -> Part:
    found = comparison(BASE, scenario, pairs, COMPARED)
    return Part(scenario.title if scenario is not BASE else "", found, Plan("quick", 0, 5000.0, wanted, 1))


class Reader(HTMLParser):
    """Reads tags, addresses and words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def test_a_brief_stands_alone_and_holds_every_part() -> None:
    page = brief([part()], "us", ("business_rd", "patents_granted"))
    read = Reader(page)
    assert read.addresses == []
    assert "script" not in read.tags
    assert "b" not in read.tags[: read.tags.index("h2")]  # a title is text, whatever it holds
    assert "url(" not in page
    for key in (
        "short",
        "changed",
        "effects",
        "over_time",
        "cost",
        "measures",
        "counted",
        "method",
        "caveats",
        "identity",
    ):
        assert f"<h2>{text(f'brief.{key}')}</h2>" in page, key
    assert model_digest() in page
    assert re.search(r"Digest of the results</td><td>[0-9a-f]{64}", page)
    assert known_measures()[CREDIT].not_modeled in read.words
    assert 'id = "us_rd_tax_credit"' in read.words
    assert page.count("<svg") >= 7  # two forests, business R&D and the five tiles over time
    for code in ("us", "jp"):
        assert text("brief.caption", place=place(code), pairs=4) in page


def test_the_numbers_of_a_brief_are_those_of_the_page() -> None:
    one = part()
    page = Reader(brief([one], "us")).words
    found = effects(one.comparison, [n for n in NAMES if n in one.comparison.runs[0][0].names])
    assert {e.verdict for e in found.values()} >= {"higher", "equal in every pair"}
    for effect in (found["business_rd", "us"], found["patents_granted", "jp"], found["patents_granted", "us"]):
        for cell in effect_cells(effect):
            assert cell in page
    assert f"Patents granted: {headline(found['patents_granted', 'us'])} (" in page


def test_no_effect_is_told_before_there_is_an_interval() -> None:
    page = brief([part(pairs=1)], "us")
    words = Reader(page).words
    assert text("effect.one_pair") in words
    assert text("brief.partial", pairs=1, total=4) in words
    assert not re.search(r"[+−]\d[\d.,]* %", words.split(text("brief.measures"))[0])
    assert "In percent" not in words
    rows = effect_cells(effects(part(pairs=1).comparison, ["business_rd"])["business_rd", "us"])
    assert rows[4:6] == ["–", "–"]


def test_the_baseline_has_a_brief_without_effects_and_costs() -> None:
    page = brief([part(BASE)], "all")
    assert f"<h1>{text('brief.title_alone')}</h1>" in page
    assert text("brief.changed_none") in page
    assert text("brief.cost") not in page
    assert f"<th>{text('brief.head_interval')}</th>" not in page
    assert f"<th>{text('brief.head_interval')}</th>" in brief([part()], "all")


def test_several_scenarios_stand_in_one_brief() -> None:
    other = replace(BASE.with_measure("jp_more_examiners", on="eu", strength=1.0), title="Examiners")
    page = brief([part(), part(other)], "us", ("business_rd",), ["A note."])
    assert page.count("<h1>") == 3
    assert "A note." in page
    assert text("brief.scenario_heading", name="Examiners") in page
    assert len(set(re.findall(r"Digest of the results \([^<]*</td><td>([0-9a-f]{64})", page))) == 2


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("More credit, 2027!", "brief_more_credit_2027.html"),
        ("試験 ../..", "brief_scenario.html"),
        ("", "brief_scenario.html"),
    ],
)
def test_the_file_of_a_brief_has_a_plain_name(heading: str, name: str) -> None:
    assert file_name(heading) == name
