"""The transplant: planted effects come out in their cells, and features that decide them are found."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from ecosystem import Scenario, World
from ecosystem.cli import main
from ecosystem.kernel.errors import InputError
from ecosystem.lab.batch import run_batch
from ecosystem.lab.compare import FEW
from ecosystem.lab.runner.job import Job, Outcome
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.transplant import explain as of
from ecosystem.lab.transplant import work
from ecosystem.lab.transplant.design import HEADLINES, ONE_TERRITORY, Settings
from ecosystem.lab.transplant.heatmap import heat_map
from ecosystem.lab.transplant.matrix import matrix
from ecosystem.lab.yearly import yearly
from ecosystem.scenario import PLACES, known_measures
from policies.places import known_places

CREDIT, COURT, POOLS = "us_rd_tax_credit", "eu_unified_procedure", "cn_patent_pools"
SMALL = {"scale": 5000.0, "years": 3, "burn_in_years": 1, "replicates": 3, "first_year": 1}


def planted(job: Job) -> Outcome:
    """Make up a run: the measure adds inventions in proportion to awareness, and costs 50 a year.

    Each replicate has luck of its own, the same with and without the measure.
    """
    scenario: Scenario = job.content
    rows: list[work.Row] = []
    strengths = {(use.id, code): use.strength for use in scenario.measures for code in use.on}
    here = {id: m.strength_in_force for id, m in known_measures().items()}
    for place in (*PLACES, "row"):
        aware = scenario.levers.get(place, {}).get(
            "awareness.small", known_places()[place].levers["awareness.small"].value
        )
        s = strengths.get((POOLS, place), here[POOLS](place)) if place != "row" else 0.0
        shared = 1e6 * (1.0 + (job.seed % 97) / 97.0)
        values = {
            "inventions": shared + 1e5 * aware * s, "invention_quality": 2.0 * shared, "adoption_attempts": 5e5,
            "adoptions_drop": 1e5, "license_and_sale_deals": 4000.0, "welfare": 1000.0 + (job.seed % 13),
            "public_outlay": 500.0 + 50.0 * s,
        }  # fmt: skip
        for name in (*HEADLINES, *(known_measures()[i].indicator for i in (CREDIT, COURT, POOLS))):
            rows += [(name, place, 2025 + y, values.get(name, 100.0)) for y in range(scenario.years)]
        rows += [("invention_quality" + work.BELOW, place, 2025 + y, shared) for y in range(scenario.years)]
        rows += [(work.COST + POOLS, place, 2025 + y, 50.0 * s) for y in range(scenario.years)]
    return Outcome(job.id, "done", work._series(sorted(set(rows))), digest=str(job.seed))


@pytest.fixture
def small(tmp_path: Path) -> Folder:
    """Return the finished folder of a planted transplant of three measures onto the four places."""
    settings = Settings.of([CREDIT, COURT, POOLS], **SMALL)  # type: ignore[arg-type]
    run_batch(settings.plan(), tmp_path / "out", workers=0, work=planted)
    folder = Folder.load(tmp_path / "out")
    settings.save(folder.path)
    return folder


def test_runs_are_shared_where_a_strength_is_in_force_already() -> None:
    settings = Settings.of(None, **SMALL)  # type: ignore[arg-type]
    plan = settings.plan()
    known = known_measures()
    expected = 1
    for id, place in settings.cells():
        s0 = known[id].strength_in_force(place)
        zero, one = settings.strengths(id, place)
        assert (zero == "baseline") == (s0 == 0.0)
        assert (one == "baseline") == (s0 == 1.0)
        if settings.applicable(id, place):
            expected += (s0 != 0.0) + (s0 != 1.0)
    assert len(plan.variants) == expected
    assert not any(name.startswith(f"{COURT}@us") for name in plan.variants)  # one territory
    # all policies of a luck follow each other on one burn-in
    assert {run.seed for run in next(plan.bundles())} == {plan.seed((0, 0, 0))}
    assert len({run.scenario.burn_in_key() for run in next(plan.bundles())}) == 1


def test_planted_effects_stand_in_their_cells(small: Folder) -> None:
    found = matrix(small)
    table = found.table.set_index(["measure", "place", "outcome"])
    for place in PLACES:
        aware = known_places()[place].levers["awareness.small"].value
        cell = table.loc[POOLS, place, "creation"]
        assert cell["effect"] == pytest.approx(1e5 * aware)
        assert cell["pairs"] == 3
        cost = table.loc[POOLS, place, "cost"]
        assert cost["effect"] == pytest.approx(50.0)
        assert cost["relative"] == pytest.approx(50.0 / known_places()[place].profile["gdp"].value)
        assert cost["good"] == -1
        assert found.booked[POOLS, place] == pytest.approx(50.0)
        assert table.loc[POOLS, place, "diffusion"]["verdict"] == "equal in every pair"
        assert table.loc[POOLS, place, "diffusion"]["base"] == pytest.approx(4e5)
        assert table.loc[POOLS, place, "licenses"]["verdict"] == "equal in every pair"
    assert table.loc[COURT, "us", "welfare"]["verdict"] == ONE_TERRITORY
    assert table.loc[COURT, "eu", "welfare"]["verdict"] != ONE_TERRITORY
    assert table.loc[CREDIT, "us", "creation"]["strength_in_force"] > 0.0


def test_the_same_few_objects_in_every_pair_are_too_few_cases(small: Folder) -> None:
    # the planted effect on inventions has no spread at all: an interval of no width is no certainty
    assert matrix(small).table.set_index(["measure", "place", "outcome"]).loc[POOLS, "us", "creation"]["verdict"] == FEW


def test_the_picture_shows_every_cell_and_loads_nothing(small: Folder) -> None:
    picture = heat_map(matrix(small), "three pairs")
    tree = ET.fromstring(picture)
    titles = [t.text or "" for t in tree.iter("{http://www.w3.org/2000/svg}title")]
    assert sum(t.startswith((CREDIT, COURT, POOLS)) for t in titles) + 3 * 6 >= 3 * 4 * 6
    assert any(f"{COURT} on us" in t for t in titles) or ONE_TERRITORY in picture
    assert not re.search(r"(href|src)\s*=|url\(|<script", picture)


def test_the_command_runs_resumes_and_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(work, "measure_run", planted)
    command = ["transplant", "--measures", f"{POOLS},{COURT}", "--onto", "us,eu", "--replicates", "2", "--years", "3",
               "--out", "t", "--workers", "0"]  # fmt: skip
    assert main([*command, "--estimate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 2 * (1 + 2 + 2)
    assert not (tmp_path / "t").exists()
    assert main([*command, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert len(first["effects"]) == 2 * 2 * 7
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert main([*command[:-2], "--seed", "2"]) == 2
    assert "begun with another plan" in capsys.readouterr().err
    assert main(["transplant", "--explain", POOLS, "--onto", "us,jp", "--replicates", "2", "--years", "3", "--out", "t",
                 "--workers", "0", "--json"]) == 0  # fmt: skip
    rows = json.loads(capsys.readouterr().out)["effects"]
    assert {r["place"] for r in rows} == {"us", "jp"}
    assert main(["transplant", "--out", "t", "--docs", "docs"]) == 0
    page = (tmp_path / "docs" / "transplant.md").read_text()
    assert re.search(r"model `[0-9a-f]{16}`", page)
    assert "one territory" in page
    assert "What in the place decides it" in page
    assert {p.name for p in (tmp_path / "docs").iterdir()} == {"transplant.md", "transplant.csv", "transplant.svg"}


def test_what_decides_is_found_among_the_features(tmp_path: Path) -> None:
    settings = Settings.of([POOLS], ["us", "jp"], **SMALL)  # type: ignore[arg-type]
    tables = []
    for place in settings.places:
        plan, labels = of.plan(settings, POOLS, place)
        path = tmp_path / place
        run_batch(plan, path, workers=0, work=planted)
        of.save(path, settings, POOLS, place, labels)
        tables.append(of.explained(Folder.load(path)))
    us = tables[0][tables[0]["outcome"] == "creation"].set_index("feature")
    low, high = of.ends(next(f for f in of.FEATURES if f.name == "awareness"), "us")["awareness.small@us"]
    base = matrix_base(Folder.load(tmp_path / "us"))
    assert us.loc["awareness", "moved"] == pytest.approx(1e5 * (high - low) / base)
    assert us.drop("awareness")["moved"].abs().max() < 1e-12
    import pandas as pd

    parts = of.decomposed(pd.concat(tables), "creation").set_index("feature")
    assert parts.loc["awareness", "part"] == pytest.approx(parts.loc["all features", "part"])


def matrix_base(folder: Folder) -> float:
    """Return the mean of inventions of a planted place without the measure, over the replicates."""
    seeds = [folder.plan.seed((0, 0, r)) for r in range(folder.plan.replicates)]
    return float(np.mean([1e6 * (1.0 + (s % 97) / 97.0) for s in seeds]))


def test_the_industry_mix_moves_within_its_ranges_and_keeps_its_sum() -> None:
    feature = next(f for f in of.FEATURES if f.name == "industry_mix")
    found = of.ends(feature, "us")
    from ecosystem.scenario import declared_parameters

    known = declared_parameters()
    for side in (0, 1):
        assert sum(pair[side] for pair in found.values()) == pytest.approx(sum(known[n].value for n in found))
    for name, (low, high) in found.items():
        assert known[name].low - 1e-12 <= min(low, high) < max(low, high) <= known[name].high + 1e-12
    assert found["sector.rd_share.pharma"][1] > found["sector.rd_share.pharma"][0]
    assert found["sector.rd_share.software"][1] < found["sector.rd_share.software"][0]
    for other in of.FEATURES[:-1]:
        for place in PLACES:
            assert of.ends(other, place), other.name
            assert -1e-9 <= of.position(other, place) <= 1.0 + 1e-9


def test_a_stored_run_reads_back_as_it_was() -> None:
    scenario = Scenario.baseline(scale=8000, years=2, burn_in_years=1).with_measure(POOLS, on="cn")
    names = (*HEADLINES, known_measures()[POOLS].indicator)
    outcome = work.measure_run(Job((0, 0, 0), scenario, 5, names))
    s = outcome.series
    assert s is not None
    rows = [(s.names["indicator"][i], s.names["jurisdiction"][j], int(y), float(v))
            for i, j, y, v in zip(s.indicator, s.jurisdiction, s.year, s.value, strict=True)]  # fmt: skip
    back = work.read_back(rows, 2025, 2, 8000.0)
    world = yearly(World(scenario, seed=5).run(), names)
    for name in HEADLINES:
        for place in world.places[:-1]:
            i, j = world.names.index(name), world.places.index(place)
            k, m = back.names.index(name), back.places.index(place)
            assert np.array_equal(back.top[:, k, m], world.top[:, i, j], equal_nan=True), name
            assert np.array_equal(back.bottom[:, k, m], world.bottom[:, i, j], equal_nan=True), name
    direct = known_measures()[POOLS].indicator
    if direct not in HEADLINES and direct in back.names:
        k = back.names.index(direct)
        assert np.isnan(back.top[:, k, back.places.index("us")]).all()  # kept for the measure's own place only


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--measures", "no_such_measure"], "There is no measure named"),
        (["--measures", ","], "No measure is named"),
        (["--measures", f"{POOLS},{POOLS}"], "named twice"),
        (["--onto", "us,xx"], "There is no jurisdiction named"),
        (["--replicates", "1"], "give no interval"),
        (["--scale", "0"], "scale"),
        (["--explain", COURT, "--onto", "us"], "needs several territories"),
        (["--docs", "elsewhere"], "holds no experiment"),
    ],
)
def test_bad_input_is_one_paragraph(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["transplant", "--out", "t", *options]) == 2
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if not line.startswith("Warning")]
    assert len(lines) == 1
    assert words in lines[0]
    assert not (tmp_path / "t").exists()


def test_an_unfinished_transplant_is_not_shown(tmp_path: Path) -> None:
    settings = Settings.of([POOLS], ["us"], **SMALL)  # type: ignore[arg-type]
    plan = settings.plan()
    folder = Folder.prepared(tmp_path / "t", plan)
    settings.save(folder.path)
    with folder.database(write=True):
        pass
    with pytest.raises(InputError, match="not finished"):
        matrix(folder)
