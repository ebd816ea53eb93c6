"""The command line: what it prints, what it writes, and one paragraph with exit code 2 for every mistake."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ecosystem import Scenario, World
from ecosystem.cli import main
from ecosystem.kernel.digest import digest
from ecosystem.kernel.errors import InputError
from ecosystem.lab import run_folder
from ecosystem.lab.network import citation_graph, deal_graph, export_run
from ecosystem.lab.run_folder import load_run, write_run
from ecosystem.lab.tables import TABLES, all_tables

ROOT = Path(__file__).resolve().parents[2]
TINY = {"years": 2, "scale": 5000, "burn_in_years": 1}


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``ecosystem`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ecosystem.cli", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment}, timeout=300, check=False,
    )  # fmt: skip


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that a command answered with one paragraph and exit code 2."""
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.fixture(scope="module")
def scenario_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "tiny.toml"
    Scenario.baseline(title="Tiny", **TINY).save(path)
    return path


@pytest.fixture(scope="module")
def folder(scenario_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run written by the command."""
    out = tmp_path_factory.mktemp("runs") / "deep" / "run"
    result = command("run", scenario_file, "--seed", "3", "--out", out, PYTHONHASHSEED="1")
    assert result.returncode == 0, result.stderr
    assert "patent filings" in result.stdout
    assert "not a forecast" in result.stdout
    assert result.stderr == ""
    return out


@pytest.fixture(scope="module")
def world() -> World:
    """The same run from Python."""
    world = World(Scenario.baseline(**TINY), seed=3)
    world.run()
    return world


def test_command_and_python_give_one_digest(folder: Path, world: World, scenario_file: Path) -> None:
    run = load_run(folder)
    assert run.info["digest"] == digest(all_tables(world))
    other = command("run", scenario_file, "--seed", "3", "--json", PYTHONHASHSEED="2")
    assert json.loads(other.stdout)["digest"] == run.info["digest"]
    assert json.loads(command("run", scenario_file, "--seed", "4", "--json").stdout)["digest"] != run.info["digest"]


def test_a_lever_at_its_own_value_changes_nothing(folder: Path, scenario_file: Path, world: World) -> None:
    own = f"office.examiners@us={world.levers.base('office.examiners')[0]!r}".replace("np.float64(", "").rstrip(")")
    result = command("run", scenario_file, "--seed", "3", "--json", "--lever", own)
    assert json.loads(result.stdout)["digest"] == load_run(folder).info["digest"]


def test_a_run_can_be_repeated_from_its_folder(folder: Path, tmp_path: Path) -> None:
    run = load_run(folder)
    again = World(run.scenario, seed=run.seed)
    again.run()
    info = write_run(again, tmp_path / "again")
    assert info == run.info
    for name in TABLES:
        assert (tmp_path / "again" / f"{name}.parquet").read_bytes() == (folder / f"{name}.parquet").read_bytes()


def test_the_folder_describes_the_run(folder: Path) -> None:
    run = load_run(folder)
    assert sorted(p.name for p in folder.iterdir()) == sorted([*(f"{n}.parquet" for n in TABLES), "run.json"])
    assert run.intact()
    assert run.scenario == Scenario.baseline(title="Tiny", **TINY)
    assert run.scenario.key() == run.info["scenario_key"]
    assert run.info["weights"]["rights"] == 5000.0
    assert {"python", "numpy", "numba", "mesa"} <= run.info["versions"].keys()
    assert run.info["parameters"]["changed"] == {}
    assert run.info["rows"] == {name: len(table) for name, table in run.tables().items()}


def test_a_changed_table_is_noticed(folder: Path, tmp_path: Path) -> None:
    run = load_run(folder)
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert load_run(copy).intact()
    run.table("inventions").assign(quality=1.0).to_parquet(copy / "inventions.parquet")
    assert not load_run(copy).intact()
    (copy / "rights.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(InputError, match="cannot be read"):
        load_run(copy).table("rights")


COLUMNS = {
    "indicators": "month year jurisdiction sector indicator value unit",
    "organizations": "uid kind size_class jurisdiction region sector year employees inventors sales profit rd_basic "
    "rd_applied rd_development rd_public cash productivity ip_awareness absorptive_capacity rights_held patents_filed "
    "license_income license_payments venture_funding founded_month exited_month origin weight",
    "inventions": "uid owner jurisdiction field sector nature month quality value team_size cross_field "
    "industry_university parents public_funding launched_month protected_by status",
    "rights": "uid invention kind office owner_at_filing owner applicant_size accelerated field filed_month "
    "requested_month published_month first_action_month decided_month outcome examiner examiner_leniency "
    "examiner_hours true_novelty granted_in_error lapsed_month invalidated_month territories sep pledged",
    "deals": "month kind giver taker right field from_jurisdiction to_jurisdiction upfront royalty_rate exclusive "
    "brokered_by joint",
    "adoptions": "month user invention route foreign months_since_launch",
    "citations": "citing cited month self examiner",
    "disputes": "month court right plaintiff defendant plaintiff_kind stakes stage_reached outcome damages injunction "
    "judged_month cost_plaintiff cost_defendant panel_leniency",
    "inventors": "uid jurisdiction origin fields skill first_month last_month inventions moves employer_last",
    "accounts": "year from_sector to_sector kind jurisdiction measure amount",
}


def test_tables_keep_the_contract(folder: Path, world: World) -> None:
    run = load_run(folder)
    for name, columns in COLUMNS.items():
        table = run.table(name)
        assert set(columns.split()) <= set(table.columns), name
        assert set(columns.split()) <= set(pq.read_schema(folder / f"{name}.parquet").names)
        if "month" in table:
            assert not len(table) or table["month"].min() >= 0
    assert set(run.table("indicators")["jurisdiction"]) <= {*world.places, "all"}
    assert set(run.table("organizations")["year"]) == {2025, 2026}
    assert run.table("inventions")["uid"].is_unique
    assert run.table("rights")["uid"].is_unique
    assert len(run.table("inventions"))
    assert len(run.table("rights"))
    assert (run.table("accounts")["amount"] > 0).all()
    for name in ("inventions", "rights", "inventors"):
        assert run.table(name)["uid"].dtype == "int64"
        assert run.table(name)["uid"].min() > 0


def test_networks_hold_every_deal_and_citation(folder: Path, tmp_path: Path) -> None:
    run = load_run(folder)
    deals, citations = deal_graph(run.tables()), citation_graph(run.tables())
    both = run.table("deals").dropna(subset=["giver", "taker"])
    assert deals.number_of_edges() == len(both)
    assert citations.number_of_edges() == len(run.table("citations").drop_duplicates(["citing", "cited"]))
    firm = str(run.table("organizations")["uid"].iloc[0])
    assert deals.nodes[firm]["kind"] == "firm"
    for format, read in (("gexf", nx.read_gexf), ("graphml", nx.read_graphml)):
        result = command("export", folder, "--format", format, "--out", tmp_path / format)
        assert result.returncode == 0, result.stderr
        back = read(tmp_path / format / f"citations.{format}")
        assert set(back.edges) == set(citations.edges)
        assert read(tmp_path / format / f"deals.{format}").number_of_edges() == len(both)
    files = json.loads(command("export", folder, "--format", "csv", "--out", tmp_path / "csv", "--json").stdout)
    assert {Path(f).stem for f in files} == {*TABLES, "nodes", "flows"}
    assert len(pd.read_csv(tmp_path / "csv" / "rights.csv")) == len(run.table("rights"))
    refused(command("export", folder, "--format", "csv", "--out", tmp_path / "csv"), "already holds")
    with pytest.raises(InputError, match="Nearest match: gexf"):
        export_run(run, tmp_path / "x", "gex")


def test_levers_and_parameters_are_listed_with_their_sources() -> None:
    listed = json.loads(command("levers", "--json").stdout)
    assert {"name", "unit", "range", "doc", "read_by", "values"} <= listed[0].keys()
    shown = command("levers", "show", "office.examiners")
    assert "read by" in shown.stdout
    assert json.loads(command("levers", "show", "office.examiners", "--json").stdout)["values"]["us"]["source"]
    assert command("levers").stdout == command("levers", "list").stdout
    everything = json.loads(command("parameters", "--json").stdout)
    assumed = json.loads(command("parameters", "--unsourced", "--json").stdout)
    assert 0 < len(assumed) <= len(everything)
    assert all(p["assumption"] for p in assumed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rum"], ["'rum'", "Nearest match: run"]),
        (["run", "--sede", "1"], ["'--sede'", "Nearest match: --seed"]),
        (["run", "--years", "ten"], ["'ten'", "--years"]),
        (["run", "--years", "-1"], ["1 to 200"]),
        (["run", "--scale", "0"], ["1 to 50000"]),
        (["run", "--seed", "-1"], ["--seed"]),
        (["run", "--jurisdictions", "us,eux"], ["'eux'", "Nearest match: eu"]),
        (["run", "--jurisdictions", ","], ["empty"]),
        (["run", "--lever", "office.examinrs@us=3"], ["Nearest match: office.examiners"]),
        (["run", "--lever", "office.examiners@us=1e9"], ["1 to 100000 examiners", "us stands at"]),
        (["run", "--lever", "office.examiners@usa=9"], ["'usa'", "Nearest match: us"]),
        (["run", "--lever", "office.examiners"], ["NAME@JURISDICTION=VALUE"]),
        (["run", "--lever", "office.examiners@us=x"], ["'x' is no number"]),
        (["run", "--measure", "nothing"], ["ID@JURISDICTION"]),
        (["run", "--measure", "no_such_measure@us"], ["no measure named 'no_such_measure'"]),
        (["run", "no_such_file.toml"], ["No such file", "no_such_file.toml"]),
        (["run", "--out", str(ROOT)], ["already holds other files"]),
        (["run", "--out", str(ROOT / "Makefile")], ["is a file"]),
        (["run", "--out", str(ROOT / "Makefile" / "x")], ["cannot be written"]),
        (["levers", "show", "office.examinrs"], ["Nearest match: office.examiners"]),
        (["levers", "shw"], ["show"]),
        (["export", str(ROOT), "--format", "csv"], ["no run.json"]),
        (["export", str(ROOT), "--format", "gex"], ["gexf"]),
        (["app", "--port", "0"], ["1 to 65535"]),
    ],
)  # fmt: skip
def test_mistakes_are_answered_in_one_paragraph(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)
    out, err = capsys.readouterr()
    refused(subprocess.CompletedProcess(arguments, code, out, err), *words)


def test_mistakes_show_no_traceback_in_a_process_of_their_own(tmp_path: Path) -> None:
    torn = tmp_path / "torn.toml"
    torn.write_bytes(b'title = "\xff')
    refused(command("run", torn), "UTF-8", "torn.toml")
    refused(command("rum"), "Nearest match: run")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    refused(command("run", "--out", tmp_path / "x"), "cannot be written")


def test_a_full_disk_leaves_nothing_behind(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_folder.pq, "write_table", full)
    with pytest.raises(InputError, match="disk is full"):
        write_run(world, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "ecosystem.cli", "run", "--years", "200", "--out", out, "--progress"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stderr is not None
    while "month" not in process.stderr.read(40):  # the bar is drawn: the world is being built
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout == ""
    assert "Traceback" not in stderr
    assert stderr.rstrip().endswith("Interrupted: this run was not finished, and nothing was written.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("compare --measure us_rd_tax_credit@jp --years 200 --scale 5000 --replicates 40",
         "Interrupted: the comparison was not finished, and nothing was written."),
        ("measures check --ids us_rd_tax_credit,jp_more_examiners --pairs 400",
         "Interrupted: the check was not finished."),
    ],
)  # fmt: skip
def test_ctrl_c_ends_the_workers_too(arguments: str, words: str, early: bool) -> None:
    """An interrupt of the whole group, while workers load (early) and while they compute: one sentence, nobody left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ecosystem.cli", *arguments.split(), "--workers", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    try:
        until(lambda: len(workers_of(process.pid)) == 2)
        if not early:
            until(lambda: all(cpu_seconds(pid) > 3.0 for pid in workers_of(process.pid)))
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 130, stderr
        assert (stdout, stderr.strip()) == ("", words)
        until(lambda: not members(process.pid))
    finally:
        for pid in members(process.pid):
            os.kill(pid, signal.SIGKILL)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def stat_of(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def members(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = ((int(p.name), stat_of(int(p.name))) for p in Path("/proc").iterdir() if p.name.isdigit())
    return [pid for pid, stat in found if len(stat) > 3 and stat[3] == str(session) and stat[0] != "Z"]


def workers_of(session: int) -> list[int]:
    """Return the spawned workers of a session."""
    out = []
    for pid in members(session):
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                out.append(pid)
    return out


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used; a lot for one that is gone."""
    stat = stat_of(pid)
    return sum(map(int, stat[11:13])) / os.sysconf("SC_CLK_TCK") if stat else 1e9


def test_a_comparison_is_read_by_group(capsys: pytest.CaptureFixture[str]) -> None:
    from ecosystem.domain.indicators import INDICATORS
    from ecosystem.lab.groups import GROUPS

    words = "compare --measure us_rd_tax_credit@jp --years 2 --scale 20000 --replicates 2 --workers 1 --groups"
    assert main([*words.split(), "--no-progress"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
    assert heads == [group for group in GROUPS if group in heads]
    assert {"firms below 250 employees", "universities and institutes"} <= set(heads)
    below = lines[lines.index("-- firms below 250 employees") + 1].split()
    assert below[:2] == ["business_rd_sme", "jp"]
    assert not [line for line in lines[1:] if line.startswith("business_rd ") or "nan" in line or "inf %" in line]
    assert {name for names in GROUPS.values() for name in names} <= set(INDICATORS)


def test_help_has_an_example_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        [],
        ["run"],
        ["levers"],
        ["levers", "show"],
        ["levers", "list"],
        ["parameters"],
        ["export"],
        ["app"],
    ):
        assert main([*arguments, "--help"]) == 0
        assert "Example" in capsys.readouterr().out
    assert main(["--version"]) == 0
