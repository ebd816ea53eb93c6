"""The start table: real figures come from the evidence, withheld rows are never fitted, deviations are told as they are."""

from __future__ import annotations

import math

import pytest

from ecosystem import Scenario, World
from ecosystem.kernel.errors import InputError
from ecosystem.lab.calibration import start
from ecosystem.lab.calibration.evidence import figures, withheld
from ecosystem.lab.calibration.start import Line, Row, measured, page, ranked, rows
from ecosystem.lab.calibration.statistics import STATISTICS, Reported


def row(place: str, real: float, quantity: str = "applications") -> Row:
    return Row(quantity, place, "", real, math.nan, math.nan, "A", "made up", "")


def test_every_row_has_a_figure_and_a_documented_statistic() -> None:
    known = rows()
    assert len(known) > 70
    assert {r.quantity for r in known} == STATISTICS.keys()
    assert all(STATISTICS[r.quantity].__doc__ for r in known)
    real = {(r.quantity, r.place, r.of): r.real for r in known}
    assert real["applications", "us", ""] == 594_340.0  # cal-0062
    assert len(real) == len(known)


def test_what_is_kept_for_validation_cannot_be_read_for_a_fit() -> None:
    kept = withheld()
    assert kept
    with pytest.raises(InputError):
        figures([next(iter(kept))])


def test_deviations_and_order() -> None:
    lines = [Line(row("us", 100.0), 124.0, 50.0), Line(row("jp", 50.0), 130.0, 10.0), Line(row("eu", 99.0), 1.0, 50.0)]
    assert [line.within(0.25) for line in lines] == [True, False, False]
    assert lines[0].deviation == pytest.approx(0.24)
    assert [line.few for line in lines] == [False, True, False]
    assert ranked(lines) == {"applications": False}  # jp above us; eu is too near to us to have an order with it
    assert ranked(lines[::2]) == {}


def test_a_run_fills_the_table_and_says_what_it_cannot() -> None:
    run = Reported(World(Scenario.baseline(scale=20_000, years=2), seed=1).run())
    lines = measured([run])
    assert len(lines) == len(rows())
    by_name = {(line.row.quantity, line.row.place, line.row.of): line for line in lines}
    assert by_name["applications", "us", ""].value == pytest.approx(
        run.world.records.totals("patent_filings", 24)[1][0, 0] / 2, rel=1e-9
    )
    assert all(line.reason for line in lines if math.isnan(line.value))
    text = page(lines, start.header(20_000.0, 2, [1]))
    assert text.count("\n| applications |") == 5  # four places, and how it is computed
    assert "model `" in text


def test_what_is_put_in_is_no_evidence() -> None:
    given = Row("gerd_to_gdp", "us", "", 0.03, math.nan, math.nan, "A", "made up", "put in", put_in=True)
    text = page([Line(row("us", 100.0), 200.0, 50.0), Line(given, 0.03, math.inf)], "made up")
    assert "| produced by the model | 1 | 0 | 0 |" in text
    assert "| put in: the run must return them | 1 | 1 | 1 |" in text
    assert sum(r.put_in for r in rows()) == 36
