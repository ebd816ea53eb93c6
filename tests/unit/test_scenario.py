"""Scenarios: what they hold, what they refuse and in which words, and that equal content has an equal key."""

from __future__ import annotations

import os
import shutil
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from ecosystem.kernel.errors import InputError
from ecosystem.scenario import MAX_BYTES, Scenario
from policies.places import FOLDER, lever_specs

TEXT = """
title = "More examiners"
jurisdictions = ["us", "jp"]
years = 10

[levers.us]
"office.examiners" = 9000

[levers.jp.office]
examiners = 2000
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "scenario.toml"


def test_a_file_is_read_with_quoted_and_nested_names(file: Path) -> None:
    file.write_text(TEXT, encoding="utf-8")
    scenario = Scenario.load(file)
    assert scenario.title == "More examiners"
    assert scenario.jurisdictions == ("us", "jp")
    assert (scenario.years, scenario.scale, scenario.start_year) == (10, 500.0, 2025)
    assert scenario.levers == {"us": {"office.examiners": 9000.0}, "jp": {"office.examiners": 2000.0}}


def test_what_is_saved_is_read_back_equal(file: Path) -> None:
    scenario = Scenario.baseline(title='A "title"\n\x7f ü 漢', years=3).with_lever(
        "office.step", on=["us", "cn"], value=0.5
    )
    scenario = scenario.with_parameters({"firm.credit_share": 0.2})
    scenario.save(file)
    assert Scenario.load(file) == scenario
    assert Scenario.from_dict(scenario.to_dict()).key() == scenario.key()
    assert hash(Scenario.load(file)) == hash(scenario)


def test_equal_content_has_an_equal_key() -> None:
    one = Scenario.baseline(levers={"us": {"office.step": 1, "office.examiners": 9000}, "cn": {"office.step": 0}})
    two = Scenario.baseline(
        title="x", levers={"cn": {"office.step": -0.0}, "us": {"office.examiners": 9e3, "office.step": 1.0}}
    )
    assert one.key() == two.key()
    assert one.key() != two.with_lever("office.step", on="cn", value=0.1).key()
    assert Scenario.baseline(years=2).key() != Scenario.baseline(years=3).key()


def test_a_scenario_does_not_change() -> None:
    base = Scenario.baseline()
    base.with_lever("office.examiners", on="us", value=9000)
    assert base.levers == {}
    with pytest.raises(FrozenInstanceError):
        base.years = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"yeers": 3}, ["'yeers'", "Nearest match: years"]),
        ({"jurisdictions": ["us", "usa"]}, ["'usa'", "Nearest match: us"]),
        ({"jurisdictions": ["us", "us"]}, ["twice"]),
        ({"jurisdictions": []}, ["empty"]),
        ({"jurisdictions": "us"}, ["no list"]),
        ({"jurisdictions": ["row"]}, ["'row'"]),
        ({"years": -1}, ["years = -1", "1 to 200"]),
        ({"years": 0}, ["1 to 200"]),
        ({"years": 201}, ["1 to 200"]),
        ({"years": 2.5}, ["no whole number"]),
        ({"years": True}, ["no number"]),
        ({"years": float("nan")}, ["no number"]),
        ({"years": "ten"}, ["no number"]),
        ({"scale": 0}, ["scale = 0", "1 to 50000"]),
        ({"scale": float("inf")}, ["outside its range"]),
        ({"scale": 10**400}, ["outside its range"]),
        ({"base": "china"}, ["no base", "baseline"]),
        ({"title": 3}, ["no text"]),
        ({"levers": {"us": {"office.examinrs": 1}}}, ["'office.examinrs'", "match: office.examiners", "[levers.us]"]),
        ({"levers": {"us": {"office.examiners": 1e9}}}, ["1 to 100000 examiners", "levers.toml", "us stands at"]),
        ({"levers": {"us": {"office.examiners": "many"}}}, ["no number"]),
        ({"levers": {"us": 3}}, ["no table"]),
        ({"levers": {"xx": {"office.examiners": 9}}}, ["'xx'"]),
        ({"levers": {"us": {"office.examiners": 9, "office": {"examiners": 9}}}}, ["given twice"]),
        ({"jurisdictions": ["us"], "levers": {"cn": {"office.examiners": 9}}}, ["Add 'cn' to jurisdictions"]),
        ({"parameters": {"firm.credit_shar": 0.1}}, ["Nearest match: firm.credit_share"]),
        ({"parameters": {"firm.credit_share": 1e9}}, ["outside its range", "source of the range"]),
        ({"measures": [{"id": "no_such_measure", "on": "us"}]}, ["no measure named 'no_such_measure'"]),
        ({"measures": [{"id": "x"}]}, ["lacks the key 'on'"]),
        ({"measures": [{"idd": "x"}]}, ["Nearest match: id"]),
        ({"measures": "x"}, ["no list"]),
        ({"places_folders": ["/no/such/folder"]}, ["no folder"]),
    ],
)  # fmt: skip
def test_wrong_content_is_refused_in_words(content: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Scenario.from_dict(content)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'title = "cut of', "not valid TOML"),
        (b"[levers.us", "not valid TOML"),
        (b"\xff\xfe\x00t", "UTF-8"),
        (b"years = " + b"9" * 5000, "not valid TOML"),
        (b"a = " + b"[" * 4000, "not valid TOML"),
        (b"years = 3\nyears = 4", "not valid TOML"),
        (b"years = 2025-01-01", "no number"),
    ],
)
def test_broken_files_are_refused_with_their_name(file: Path, data: bytes, words: str) -> None:
    file.write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        Scenario.load(file)
    assert str(file) in str(caught.value)


def test_a_huge_file_is_refused_before_it_is_read(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(InputError, match=r"50\.0 MB"):
        Scenario.load(file)
    file.write_bytes(b"# " + b"x" * (MAX_BYTES - 10) + b"\nyears=3")
    assert Scenario.load(file).years == 3


@pytest.mark.parametrize("path", [os.devnull, ".", "/no/such/file.toml", "nul\0l"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        Scenario.load(path)


def test_a_file_from_windows_is_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfyears = 3\r\ntitle = 'x'\r\n")
    assert Scenario.load(file).years == 3


def test_a_further_place_comes_from_a_folder_beside_the_scenario(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8").replace('code = "jp"', 'code = "kr"')
    (folder / "kr.toml").write_text(text, encoding="utf-8")
    file = tmp_path / "kr.toml"
    file.write_text(
        'places_folders = ["mine"]\njurisdictions = ["us", "kr"]\n[levers.kr]\n"office.step" = 1\n', encoding="utf-8"
    )
    scenario = Scenario.load(file)
    assert scenario.jurisdictions == ("us", "kr")
    copied = tmp_path / "other"
    shutil.copytree(folder, copied)
    moved = Scenario.from_dict({**scenario.to_dict(), "places_folders": [str(copied)]})
    assert moved.key() == scenario.key()  # the content of the folder counts, not its name
    (copied / "kr.toml").write_text(text + "# changed\n", encoding="utf-8")
    assert moved.key() != scenario.key()


def test_every_lever_takes_the_ends_of_its_range() -> None:
    for name, spec in lever_specs().items():
        for value in (spec.low, spec.high):
            assert Scenario.baseline().with_lever(name, on="cn", value=value).levers["cn"][name] == value


def test_measures_are_read_and_a_late_start_only_warns() -> None:
    scenario = Scenario.baseline(years=3).with_measure(
        "us_rd_tax_credit", on="us", start=2027, end="2027-09", strength=0.3
    )
    assert scenario.measures[0].to_dict() == {
        "id": "us_rd_tax_credit", "on": ["us"], "start": "2027-01", "end": "2027-09", "strength": 0.3,
    }  # fmt: skip
    assert Scenario.from_dict(scenario.to_dict()) == scenario
    assert scenario.warnings() == []
    assert "2028-01" in scenario.with_measure("us_rd_tax_credit", on="jp", start=2028).warnings()[0]
    for wrong in (
        {"start": "2027-13"},
        {"strength": 2},
        {"start": 2027, "end": 2026},
        {"ramp_years": -1},
        {"on": "xx"},
    ):
        with pytest.raises(InputError):
            scenario.with_measure("us_rd_tax_credit", **{"on": "us", **wrong})
    with pytest.raises(InputError, match="Nearest match: us_rd_tax_credit"):
        scenario.with_measure("us_rd_tax_credits", on="us")
    with pytest.raises(InputError, match="twice"):
        scenario.with_measure("us_rd_tax_credit", on="us", start=2027, end="2027-09", strength=0.3)


def test_a_package_leaves_out_what_a_place_with_one_territory_cannot_use() -> None:
    abroad = {use.id for use in Scenario.baseline().with_package("eu_protection", on="us").measures}
    home = {use.id for use in Scenario.baseline().without_package("eu_protection", on="eu").measures}
    assert home - abroad == {"eu_harmonised_law", "eu_unified_procedure", "eu_single_application"}
    with pytest.raises(InputError, match="mars"):
        Scenario.baseline().with_package("eu_protection", on="mars")
