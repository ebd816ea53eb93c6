"""Published results hold together, and a run from the archive comes out the same or says where it does not."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ecosystem import Scenario, World
from ecosystem.cli import main
from ecosystem.kernel.errors import InputError
from ecosystem.lab.batch import run_batch
from ecosystem.lab.citable import record
from ecosystem.lab.citable.crate import publish
from ecosystem.lab.citable.odd import odd
from ecosystem.lab.citable.report import report
from ecosystem.lab.citable.rerun import CLOSE, DIFFERENT, EQUAL, compared, rerun
from ecosystem.lab.experiment import Experiment
from ecosystem.lab.store.export import frame
from ecosystem.lab.store.folder import Folder
from tests.contract import standin

TINY = Scenario.baseline(title="Tiny & <quick>", scale=8000, years=1, burn_in_years=1)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Return the folder of four runs of a real but tiny world."""
    experiment = Experiment(
        TINY,
        variants={"credit": {"levers": {"us": {"government.rd_credit_large": 0.4}}}},
        uncertainties={"firm.credit_share": (0.1, 0.4)}, design={"kind": "grid", "n": 2},
        replicates=1, outputs=("business_rd", "patent_filings"),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("lab2") / "out"
    assert run_batch(experiment.plan(), path, workers=0).done == 4
    return Folder.load(path)


def keys(folder: Folder) -> list[str]:
    """Return the keys of all runs."""
    with folder.database() as database:
        return [row[0] for row in database.select("SELECT run_key FROM runs ORDER BY variant, point, replicate")]


class Loads(HTMLParser):
    """Collects whatever a page would fetch or execute."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("script", "link", "iframe", "img", "object", "embed", "base"):
            self.found.append(tag)
        self.found += [f"{k}={v}" for k, v in attrs if k in ("src", "href", "srcset", "action") or k.startswith("on")]


def loads(page: str) -> list[str]:
    """Return what a page would fetch or execute."""
    parser = Loads()
    parser.feed(page)
    assert "main" in parser.tags
    return parser.found + re.findall(r"@import|url\(", page)


def test_publish_then_rerun_from_the_archive_is_equal(finished: Folder, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    names = publish(finished, archive, authors=["Doe, Jane", "A Group"], code=False, date="2026-01-02")
    with zipfile.ZipFile(archive) as opened:
        assert sorted(opened.namelist()) == sorted(names)
        crate = json.loads(opened.read("ro-crate-metadata.json"))
        entities = {e["@id"]: e for e in crate["@graph"]}
        assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
        for part in entities["./"]["hasPart"]:
            content = opened.read(part["@id"])
            assert entities[part["@id"]]["sha256"] == hashlib.sha256(content).hexdigest()
        for author in entities["./"]["author"]:
            assert entities[author["@id"]]["name"] in ("Doe, Jane", "A Group")
        assert finished.plan.id in opened.read("citation.bib").decode()
        assert 'family-names: "Doe"' in opened.read("CITATION.cff").decode()
        listed = opened.read("data/runs.csv").decode()
        table = opened.read("docs/parameters.csv").decode().splitlines()
        assert "# ODD protocol" in opened.read("docs/odd.md").decode()
        assert "numpy==" in opened.read("environment.txt").decode()
    for key in keys(finished):
        assert key in listed
    varied = [line for line in table if line.startswith("parameter,firm.credit_share,")]
    assert "True" in varied[0]
    assert len(table) > 500  # all of them, not only the varied one
    found = rerun(archive, keys(finished)[1])
    assert found.verdict == EQUAL
    assert found.values > 0
    assert found.same_model


def test_a_changed_result_is_shown_with_its_place(finished: Folder, tmp_path: Path) -> None:
    other = tmp_path / "changed"
    other.mkdir()
    (other / "plan.json").write_text((finished.path / "plan.json").read_text())
    with finished.database() as database, sqlite3.connect(other / "runs.sqlite") as copy:
        database.sql.backup(copy)
        copy.execute("UPDATE series SET value = value * 1.01 WHERE run = 1 AND value > 0")
    copy.close()
    with Folder.load(other).database() as database:
        key = database.select("SELECT run_key FROM runs WHERE id = 1")[0][0]
    found = rerun(other, key)
    assert found.verdict == DIFFERENT
    assert found.largest == pytest.approx(0.01 / 1.01, rel=1e-6)
    assert found.where[0][0][0] == "business_rd"


def test_words_for_equal_close_and_different() -> None:
    row = ("a", "us", "", 2025)
    assert compared({row: 1.0}, {row: 1.0}, True)[0] == EQUAL
    assert compared({row: 1.0}, {row: 1.0 + 1e-12}, True)[0] == CLOSE
    assert compared({row: 1.0}, {row: 1.0 + 1e-6}, False)[0] == DIFFERENT
    assert compared({row: 1.0}, {}, False)[:2] == (DIFFERENT, 1)


def test_the_report_is_one_file_without_requests(
    finished: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = report(finished.path, goals=["business_rd>=1"])
    assert loads(page) == []
    assert "default-src 'none'" in page
    assert "Tiny &amp; &lt;quick&gt;" in page
    assert "<quick>" not in page
    for words in ("Effects", "Over time", "Regret", "Goals", "Methods", "How to cite", "@media print", finished.plan.id,
                  f"--run {keys(finished)[0]}", "not a forecast"):  # fmt: skip
        assert words in page, words
    target = tmp_path / "r.html"
    assert main(["report", str(finished.path), "--out", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == str(target)
    assert loads(target.read_text()) == []


def test_a_report_says_what_is_missing_and_failed(tmp_path: Path) -> None:
    run_batch(standin.plan(), tmp_path / "out", workers=0, work=standin.raising)
    page = report(tmp_path / "out")
    assert "1 failed" in page
    assert "no firms left to divide by" in page
    assert "Regret" not in page  # refused: it would be wrong
    methods = record.methods(Folder.load(tmp_path / "out"))
    assert "1 failed (ZeroDivisionError) and are left out" in methods


def test_a_report_of_a_factorial_and_of_a_single_run(tmp_path: Path) -> None:
    from ecosystem.lab.run_folder import write_run

    plan = standin.plan(points=1, replicates=3, design={"kind": "factorial"}, variants=[
        {"name": "more", "levers": {"us": {"office.examiners": 9000}}},
        {"name": "hours", "levers": {"us": {"office.hours_per_file": 0.8}}},
    ])  # fmt: skip
    run_batch(plan, tmp_path / "f", workers=0, work=standin.tiny)
    assert "What policies do together" in report(tmp_path / "f")
    write_run(World(TINY, seed=1).run(), tmp_path / "run")
    page = report(tmp_path / "run")
    assert loads(page) == []
    assert page.count("<svg") >= 8


def test_the_odd_document_follows_the_model(finished: Folder) -> None:
    words = odd(finished.plan)
    for element in ("Purpose and patterns", "Entities", "scheduling", "Design concepts", "Initialization", "Input data",
                    "Submodels", "Stochasticity"):  # fmt: skip
        assert element in words
    from ecosystem.kernel.schedule import Schedule

    for entry in Schedule().entries:
        assert f"`{entry.name}`" in words


def test_equal_results_are_exported_and_published_equally(finished: Folder, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        publish(finished, tmp_path / name, code=False, date="2026-01-02")
    with zipfile.ZipFile(tmp_path / "a.zip") as a, zipfile.ZipFile(tmp_path / "b.zip") as b:
        same = [n for n in a.namelist() if a.read(n) == b.read(n)]
        assert set(a.namelist()) - set(same) <= {"results/runs.sqlite", "ro-crate-metadata.json"}
    assert len(frame(finished))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["batch", "rerun", "{}", "--run", "zzzz"], "is no key of a run"),
        (["batch", "rerun", "{}", "--run", "0000000000000000"], "No run has the key"),
        (["batch", "rerun", "nowhere.zip", "--run", "abcd"], "no such folder or archive"),
        (["batch", "rerun", "e.zip", "--run", "abcd"], "no archive of an experiment"),
        (["batch", "publish", "{}", "--out", "x.tar"], "does not end in .zip"),
        (["batch", "publish", "{}", "--out", "e.zip"], "there already"),
        (["batch", "publish", "{}", "--out", "n.zip", "--license", "no such"], "is no license"),
        (["batch", "publish", "empty"], "holds no experiment"),
        (["report", "empty"], "holds no results"),
        (["batch", "report", "{}", "--on", "xx"], "There is no jurisdiction named"),
        (["report", "{}", "--goal", "nonsense"], "is no goal"),
        (["sensitivity", "none.toml", "--out", "s"], "none.toml"),
    ],
)
def test_bad_input_is_one_paragraph(
    command: list[str], words: str, finished: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "e.zip").write_text("no zip at all")
    assert main([c.format(finished.path) for c in command]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert words in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.zip", "empty"]


def test_an_archive_without_an_experiment_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../results/plan.json", "{}")
    with pytest.raises(InputError, match="holds no experiment"):
        rerun(tmp_path / "a.zip", "abcd1234")


def test_sensitivity_command_runs_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                              monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    from ecosystem.lab import batch

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batch.run_batch, "__kwdefaults__", {**batch.run_batch.__kwdefaults__, "work": standin.tiny})
    Experiment.from_dict({
        "years": standin.YEARS, "scale": 5000, "burn_in_years": 1, "outputs": list(standin.OUTPUTS), "replicates": 2,
        "uncertainties": {"firm.credit_share": [0.1, 0.3], "office.examiners@us": [4000, 9000]},
        "design": {"kind": "morris", "n": 3},
    }).save("e.toml")  # fmt: skip
    command = ["sensitivity", "e.toml", "--method", "morris", "--out", "s", "--workers", "0"]
    assert main(command) == 0
    assert "Noise:" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)["indices"]
    assert {r["factor"] for r in table} == {"firm.credit_share", "office.examiners@us"}
    assert (tmp_path / "s" / "sensitivity.csv").exists()
    assert main([*command, "--on", "xx"]) == 2
    assert "There is no jurisdiction named" in capsys.readouterr().err
