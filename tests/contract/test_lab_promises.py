"""The laboratory keeps its word: however an experiment is run, its results are the same; nothing grows, nothing listens."""

from __future__ import annotations

import filecmp
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest

from ecosystem import Scenario, World
from ecosystem.cli import main
from ecosystem.kernel.errors import InputError
from ecosystem.lab import batch
from ecosystem.lab.batch import run_batch, trial
from ecosystem.lab.experiment import Experiment
from ecosystem.lab.runner.cluster import Cluster, check_address
from ecosystem.lab.runner.job import Job
from ecosystem.lab.runner.supervisor import Supervisor
from ecosystem.lab.runner.worker import opened, outputs
from ecosystem.lab.store.database import Database, on_network
from ecosystem.lab.store.export import export, frame
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.store.merge import merge
from ecosystem.lab.store.status import failures, status
from tests.contract import standin

TINY = Scenario.baseline(scale=8000, years=1, burn_in_years=1)


def tiny_experiment() -> Experiment:
    """Two policies in two worlds, two replicates: eight runs of a real but tiny world."""
    return Experiment(
        TINY,
        variants={"credit": {"levers": {"us": {"government.rd_credit_large": 0.4}}}},
        uncertainties={"firm.credit_share": (0.1, 0.4)},
        design={"kind": "grid", "n": 2},
        replicates=2,
        outputs=("business_rd", "patent_filings"),
    )


def test_serial_pool_and_shards_give_the_same_results(tmp_path: Path) -> None:
    plan = tiny_experiment().plan()
    serial = run_batch(plan, tmp_path / "serial", workers=0)
    assert (serial.done, serial.code) == (8, 0)
    pool = run_batch(plan, tmp_path / "pool", workers=2)
    assert not failures(Folder.load(tmp_path / "pool"))
    for k in (1, 2, 3):
        run_batch(plan, tmp_path / "parts", workers=0, shard=(k, 3))
    parts = Folder.load(tmp_path / "parts")
    assert status(parts) == serial  # also before they are merged
    assert merge(parts) == 8
    assert merge(parts) == 0
    assert merge(parts, [tmp_path / "serial"], remove=True) == 0
    assert not parts.shards()
    assert serial == pool == status(parts)
    # equal results, equal files; what differs stands in log.csv alone
    for name, format in (("serial", "csv"), ("parts", "csv"), ("pool", "parquet"), ("parts", "parquet")):
        export(Folder.load(tmp_path / name), tmp_path / f"{name}-{format}", format)  # type: ignore[arg-type]
    for a, b in (("serial-csv", "parts-csv"), ("pool-parquet", "parts-parquet")):
        names = sorted(p.name for p in (tmp_path / a).iterdir())
        assert "log.csv" in names
        same, different, missing = filecmp.cmpfiles(tmp_path / a, tmp_path / b, names, shallow=False)
        assert (different, missing) == (["log.csv"], [])
        assert len(same) == len(names) - 1
    table = pd.read_parquet(tmp_path / "pool-parquet" / "outputs.parquet")
    assert set(table["variant"]) == {"baseline", "credit"}
    spent = table[(table["indicator"] == "business_rd") & (table["jurisdiction"] == "us")]
    mean = spent.groupby("variant")["value"].mean()
    assert mean["credit"] > mean["baseline"]  # the lever reached the model
    pd.testing.assert_frame_equal(frame(parts, "business_rd").reset_index(drop=True),
                                  table[table["indicator"] == "business_rd"].reset_index(drop=True))  # fmt: skip


def test_merging_keeps_failures_until_a_run_is_done(tmp_path: Path) -> None:
    plan = standin.plan()
    for k in (1, 2):
        run_batch(plan, tmp_path / "here", workers=0, shard=(k, 2), work=standin.raising)
    here = Folder.load(tmp_path / "here")
    assert merge(here, remove=True) == len(plan)
    assert [f.id for f in failures(here)] == [standin.POISON]
    there = run_batch(plan, tmp_path / "there", workers=0, work=standin.tiny)
    assert merge(here, [tmp_path / "there"]) == 1
    assert status(here) == there
    run_batch(standin.plan(3), tmp_path / "third", workers=0, work=standin.tiny)
    with pytest.raises(InputError, match="different experiments: replicates: 2 -> 3"):
        merge(here, [tmp_path / "third"])
    with pytest.raises(InputError, match="nothing to merge"):
        merge(here)


def test_results_can_be_read_where_nobody_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run_batch(standin.plan(), tmp_path / "out", workers=0, work=standin.tiny)
    before = sorted((tmp_path / "out").iterdir())
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert status(Folder.load(tmp_path / "out")) == expected
    assert sorted((tmp_path / "out").iterdir()) == before  # reading made no file


def test_a_shared_burn_in_changes_nothing() -> None:
    names = ("patent_filings", "inventions", "business_rd")
    scenarios = [TINY, TINY.with_lever("office.examiners", on="us", value=12000), replace(TINY, title="twin")]
    for scenario in scenarios:
        alone = outputs(World(scenario, 7).run(), names, sectors=True)[1]
        assert outputs(opened(scenario, 7, shared=True).run(), names, sectors=True)[1] == alone
    other = outputs(opened(TINY, 8, shared=True).run(), names, sectors=True)[1]
    assert other != outputs(opened(TINY, 7, shared=True).run(), names, sectors=True)[1]


def test_a_policy_that_changes_nothing_has_an_effect_of_exactly_zero(tmp_path: Path) -> None:
    here = Scenario.baseline().jurisdictions[0]
    from policies.places import known_places

    value = known_places()[here].levers["office.examiners"].value
    experiment = Experiment(
        TINY, variants={"null": {"levers": {here: {"office.examiners": value}}}}, replicates=2, outputs=("inventions",)
    )
    run_batch(experiment.plan(), tmp_path / "out", workers=0)
    table = frame(Folder.load(tmp_path / "out"))
    keys = ["replicate", "year", "jurisdiction"]
    sides = [table[table["variant"] == name].set_index(keys)["value"] for name in ("null", "baseline")]
    assert len(sides[0]) > 0
    assert (sides[0] - sides[1] == 0.0).all()


def test_a_changed_plan_or_model_is_refused_with_what_differs(tmp_path: Path) -> None:
    plan, out = standin.plan(), tmp_path / "out"
    before = run_batch(plan, out, workers=0, work=standin.tiny)
    with pytest.raises(InputError, match=r"another plan.*replicates: 2 -> 3.*Choose a new folder"):
        run_batch(standin.plan(3), out, workers=0, work=standin.tiny)
    narrower = standin.plan(uncertainties={"firm.credit_share": [0.2, 0.3]})
    with pytest.raises(InputError, match=r"uncertainties.firm.credit_share\[1\]: 0.1 -> 0.2"):
        run_batch(narrower, out, workers=0, work=standin.tiny)
    with pytest.raises(InputError, match=r"the model: stand-in -> other \(changed: a.py\)"):
        run_batch(replace(plan, model="other", files={"a.py": "2"}), out, workers=0, work=standin.tiny)
    text = (out / "plan.json").read_text()
    (out / "plan.json").write_text(text.replace('"replicates": 2', '"replicates": 1'))
    with pytest.raises(InputError, match="changed after it was frozen"):
        status(Folder.load(out))
    (out / "plan.json").write_text(text)
    # another title is no other experiment
    assert (
        run_batch(replace(plan, content={**plan.content, "title": "Renamed"}), out, workers=0, work=standin.tiny)
        == before
    )
    # results of another experiment in the place of these
    run_batch(standin.plan(3), tmp_path / "other", workers=0, work=standin.tiny)
    (out / "runs.sqlite").write_bytes((tmp_path / "other" / "runs.sqlite").read_bytes())
    with pytest.raises(InputError, match="results of another experiment"):
        run_batch(plan, out, workers=0, work=standin.tiny)


def test_results_outlive_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, out = standin.plan(), tmp_path / "out"
    before = run_batch(plan, out, workers=0, work=standin.raising)
    names = [f.command for f in failures(Folder.load(out))]

    def gone(*arguments: object, **more: object) -> None:
        raise InputError("There is no lever named 'office.examiners'")

    monkeypatch.setattr("ecosystem.lab.experiment.plan.Experiment.from_dict", gone)
    assert status(Folder.load(out)) == before
    assert [f.command for f in failures(Folder.load(out))] == names
    export(Folder.load(out), tmp_path / "tables")
    factors = pd.read_csv(tmp_path / "tables" / "factors.csv")
    assert factors.loc[0, ["factor", "low", "high"]].tolist() == ["firm.credit_share", 0.1, 0.3]
    with pytest.raises(InputError, match="no lever named"):
        run_batch(Folder.load(out).plan, out, workers=0, work=standin.tiny)


def test_a_model_that_changes_under_way_stops_the_experiment(tmp_path: Path) -> None:
    plan = replace(tiny_experiment().plan(), model="an older one")
    with pytest.raises(InputError, match="changed while the experiment ran"):
        run_batch(plan, tmp_path / "out", workers=0)
    assert status(Folder.load(tmp_path / "out")).done == 0


def test_twenty_thousand_runs_take_no_memory_and_little_time(tmp_path: Path) -> None:
    plan = standin.plan(replicates=10_000, points=1)
    assert len(plan) == 20_000
    process, sizes, supervisors = psutil.Process(), [], []

    class Watched(Supervisor):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            supervisors.append(self)

    def report(done: int, total: int) -> None:
        if done % 500 == 0:
            sizes.append(process.memory_info().rss / 1e6)

    begun = time.perf_counter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "Supervisor", Watched)
        state = run_batch(plan, tmp_path / "out", workers=2, progress=report, work=standin.tiny)
    each = (time.perf_counter() - begun) / len(plan)
    assert state.done == len(plan)
    # 2,000 runs in, caches are warm; what comes later may not add up
    assert max(sizes) - sizes[4] < 25.0
    assert supervisors[0].most_in_flight <= 2
    assert each < 0.005, f"{each * 1000:.2f} ms a run"


def listening(process: psutil.Process) -> set[str]:
    """Return the addresses on which a process and its children listen."""
    found = set()
    for one in [process, *process.children(recursive=True)]:
        try:
            found |= {c.laddr.ip for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN}
        except psutil.Error:
            continue
    return found


def test_the_pool_opens_no_socket(tmp_path: Path) -> None:
    before, seen = listening(psutil.Process()), []

    def report(done: int, total: int) -> None:
        seen.append(listening(psutil.Process()))

    run_batch(standin.plan(), tmp_path / "out", workers=2, progress=report, work=standin.tiny)
    assert set().union(*seen) <= before


@pytest.mark.filterwarnings("ignore")
def test_dask_gives_the_same_results_names_poison_and_listens_on_loopback_only(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    plan = standin.plan()
    expected = run_batch(plan, tmp_path / "serial", workers=0, work=standin.raising)
    seen: set[str] = set()

    def report(done: int, total: int) -> None:
        seen.update(listening(psutil.Process()))

    found = run_batch(plan, tmp_path / "dask", workers=2, scheduler="local", progress=report, work=standin.raising)
    assert found == expected
    assert found.failed == 1
    assert seen
    assert seen <= {"127.0.0.1", "::1"}
    with Cluster(standin.tiny, "local", 1) as local:
        again = run_batch(plan, tmp_path / "dask", scheduler=local._cluster.scheduler_address, retry=True,
                          work=standin.tiny)  # fmt: skip
    assert again == run_batch(plan, tmp_path / "quiet", workers=0, work=standin.tiny)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://10.0.0.5:8786", "whoever reaches it can run code as you"),
        ("head-node:8786", "whoever reaches it can run code as you"),
        ("8786", "no address of a scheduler"),
        ("http://127.0.0.1:8786", "no address of a scheduler"),
        ("tcp://127.0.0.1:notaport", "no address of a scheduler"),
    ],
)
def test_a_wrong_or_open_scheduler_is_refused(address: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_address(address)


def test_the_allowed_addresses_pass() -> None:
    for address in ("local", "tcp://127.0.0.1:8786", "localhost:8786", "tcp://[::1]:8786", "tls://head:8786"):
        check_address(address)


def test_network_file_systems_get_a_plain_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\n/dev/sdb /home/local xfs rw 0 0\n")
    assert on_network(Path("/home/ann/results"), mounts)
    assert not on_network(Path("/home/local/results"), mounts)
    assert not on_network(Path("/homestead"), mounts)
    expected = run_batch(standin.plan(), tmp_path / "disk", workers=0, work=standin.tiny)
    monkeypatch.setattr("ecosystem.lab.store.database.on_network", lambda folder: True)
    assert run_batch(standin.plan(), tmp_path / "net", workers=0, work=standin.tiny) == expected
    with Database(tmp_path / "net" / "runs.sqlite") as database:
        assert database.select("PRAGMA journal_mode") != [("wal",)]


def test_a_stopping_rule_adds_replicates_where_luck_is_large(tmp_path: Path) -> None:
    stop = {"output": "inventions", "half_width": 12.0, "versus": "baseline", "batch": 5, "most": 60}
    plan = standin.plan(replicates=5, points=2, stop=stop)
    state = run_batch(plan, tmp_path / "out", workers=0, work=standin.tiny)
    assert state.missing == 0
    assert len(plan) < state.done <= 60 * 4
    assert run_batch(plan, tmp_path / "out", workers=0, work=standin.tiny) == state
    easy = standin.plan(replicates=5, points=2, stop={**stop, "half_width": 1000.0})
    assert run_batch(easy, tmp_path / "easy", workers=0, work=standin.tiny).done == len(easy)
    with pytest.raises(InputError, match="needs all results in one place"):
        run_batch(plan, tmp_path / "parts", workers=0, shard=(1, 2), work=standin.tiny)


def test_a_trial_writes_nothing_and_measures() -> None:
    plan = standin.plan()
    found = trial(plan, 4, workers=2, work=standin.raising)
    assert len(found.outcomes) == 4
    assert found.cost.measured
    assert found.cost.runs == len(plan)


def test_jobs_of_one_bundle_stay_together_until_the_end() -> None:
    with Supervisor(standin.slow, 2) as supervisor:
        plan = standin.plan(4)
        bundles = [[Job(r.id, r.scenario, r.seed) for r in b] for b in plan.bundles()]
        found = list(supervisor.outcomes(bundles))
    assert sorted(o.id for o in found) == sorted(plan.ids())
    where: dict[tuple[int, int], set[int]] = {}
    for outcome in found:
        where.setdefault(outcome.id[1:], set()).add(outcome.pid)
    split = [bundle for bundle, pids in where.items() if len(pids) > 1]
    assert len(split) <= 2  # only the last ones are shared out


def test_the_command_says_cost_runs_and_answers_in_exit_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_experiment().save("e.toml")
    assert main(["batch", "plan", "e.toml", "--json", "--workers", "1"]) == 0
    cost = json.loads(capsys.readouterr().out)
    assert (cost["runs"], cost["variants"]) == (8, ["baseline", "credit"])
    assert cost["seconds"] > 0
    assert main(["batch", "status", "out"]) == 2
    assert "holds no experiment" in capsys.readouterr().err
    assert main(["batch", "run", "e.toml", "--out", "out", "--workers", "0", "--shard", "1/2", "--json"]) == 0
    half = json.loads(capsys.readouterr().out)
    assert half["missing"] > 0
    assert main(["batch", "status", "out", "--json"]) == 3
    capsys.readouterr()
    assert main(["batch", "run", "e.toml", "--out", "out"]) == 2
    assert "batch merge" in capsys.readouterr().err
    assert main(["batch", "merge", "out", "--remove"]) == 3
    capsys.readouterr()
    assert main(["batch", "run", "e.toml", "--out", "out", "--workers", "0", "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert set(whole) == {"done", "failed", "missing", "digest"}
    assert (whole["done"], whole["missing"]) == (8, 0)
    assert main(["batch", "export", "out", "--out", "csv"]) == 0
    assert "outputs.csv" in capsys.readouterr().out
    for wrong in (["--shard", "3"], ["--shard", "0/4"], ["--shard", "5/4"], ["--timeout", "0"], ["--workers", "-1"]):
        assert main(["batch", "run", "e.toml", "--out", "out", *wrong]) == 2, wrong
        assert capsys.readouterr().err.count("\n") == 1


def test_a_machine_that_is_too_small_is_noticed_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = tiny_experiment().plan().cost(2)
    cost.check(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("ecosystem.lab.experiment.cost.available_mb", lambda: 900.0)
        with pytest.raises(InputError, match=r"about .* MB of memory on 2 processes.*--workers 1"):
            cost.check()
    with pytest.raises(InputError, match="on the disk"):
        replace(cost, disk_mb=1e12).check(tmp_path / "new" / "folder")
    assert not os.listdir(tmp_path)
