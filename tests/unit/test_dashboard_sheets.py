"""The numbers of a chart as files: exactly those of the table beside it, in every kind of file."""

from __future__ import annotations

import base64
import csv
import io
import json

import pyarrow.parquet as pq
import pytest

from ecosystem.dashboard import tables
from ecosystem.dashboard.charts.bands import course_table
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.effects import courses
from ecosystem.dashboard.sheets import number_of, sheet
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import number
from ecosystem.scenario import Scenario
from tests.browser.made_up import comparison, made_up

BASE = Scenario.baseline(years=5, scale=5000.0)
COURSE = courses(
    comparison(BASE, BASE.with_measure("us_rd_tax_credit", on="us", strength=1.0), 4, ["business_rd"]),
    ["business_rd"], "us", False,
)["business_rd"]  # fmt: skip
MIXED = table("Words & <units>", ["Who", "What", "What", "Share"],
              [["A, \"B\"", "1.23 million", "−4", "12 %"], ["日本", "–", "+1,234.5", "3.5 %"]])  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1,234", 1234), ("−0.25", -0.25), ("+3", 3), ("1.5 billion", 1.5e9), ("12 %", 12), ("–", None), ("2025", 2025)],
)
def test_a_cell_that_reads_as_a_number_is_one(cell: str, value: float | None) -> None:
    assert number_of(cell) == (True, value)


@pytest.mark.parametrize("cell", ["no clear difference", "+1 to +2", "1 million patents", "United States", "1.2.3"])
def test_words_stay_words(cell: str) -> None:
    assert number_of(cell) == (False, None)


def test_the_numbers_are_those_shown() -> None:
    made = sheet(course_table(COURSE))
    assert [row[0] for row in made.rows] == list(COURSE.years)
    assert "billion US dollars of 2020" in made.caption
    for row, base, scenario in zip(made.rows, COURSE.base, COURSE.scenario, strict=True):
        assert base is not None
        assert scenario is not None
        assert row[1:3] == (pytest.approx(base / 1e3, rel=1e-3), pytest.approx(scenario / 1e3, rel=1e-3))
        assert number(row[1], 4) == number(base / 1e3, 4)  # type: ignore[arg-type]


def test_all_kinds_of_file_hold_the_same() -> None:
    made = sheet(MIXED)
    assert made.heads == ("Who", "What", "What 3", "Share (%)")
    assert made.rows == (('A, "B"', 1230000.0, -4.0, 12.0), ("日本", None, 1234.5, 3.5))
    content = json.loads(base64.b64decode(made.file("json")))
    assert content["table"] == "Words & <units>"
    assert [tuple(row.values()) for row in content["rows"]] == list(made.rows)
    rows = list(csv.reader(io.StringIO(base64.b64decode(made.file("csv")).decode("utf-8-sig"))))
    assert rows[0] == [*made.heads, "Table"]
    assert rows[2] == ["日本", "", "1234.5", "3.5", "Words & <units>"]
    read = pq.read_table(io.BytesIO(base64.b64decode(made.file("parquet"))))
    assert [tuple(row.values()) for row in read.to_pylist()] == list(made.rows)
    assert read.schema.metadata[b"table"] == b"Words & <units>"


def test_every_table_of_a_world_becomes_a_file() -> None:
    result = made_up(Choice(years=3))
    for markup in (
        tables.lines_table(result, "patent_filings"), tables.rights_table(result), tables.deals_table(result, 0),
        tables.chain_table(result),
    ):  # fmt: skip
        made = sheet(markup)
        assert any(isinstance(cell, float | int) for cell in made.rows[0])
        assert all(made.file(kind) for kind in ("csv", "json", "parquet"))
    with pytest.raises(ValueError, match="no table"):
        sheet("<p>nothing</p>")
