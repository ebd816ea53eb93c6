"""Whatever dies, no finished run is lost, none is done twice, and the results are those of a quiet day."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from ecosystem.kernel.errors import InputError
from ecosystem.lab.batch import run_batch
from ecosystem.lab.runner.supervisor import Supervisor
from ecosystem.lab.store.database import Database
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.store.status import FAILURES, INCOMPLETE, failures, status
from tests.contract import standin

ROOT = Path(__file__).resolve().parents[2]


def quiet_digest(tmp_path: Path, replicates: int = 2) -> str:
    """Return the digest of an undisturbed run in one process."""
    return run_batch(standin.plan(replicates), tmp_path / "quiet", workers=0, work=standin.tiny).digest


def attempts(folder: Path) -> dict[tuple[int, int, int], list[str]]:
    """Return the states of all attempts by run, in order."""
    with Database(folder / "runs.sqlite") as database:
        out: dict[tuple[int, int, int], list[str]] = {}
        for v, p, r, state in database.select(
            "SELECT variant, point, replicate, status FROM attempts ORDER BY attempt"
        ):
            out.setdefault((v, p, r), []).append(state)
    return out


def test_a_killed_worker_costs_one_attempt_and_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(standin.MARKER, str(tmp_path / "died"))
    state = run_batch(standin.plan(), tmp_path / "out", workers=2, work=standin.dying_once)
    assert state.code == 0
    assert state.digest == quiet_digest(tmp_path)
    tries = attempts(tmp_path / "out")
    assert tries.pop(standin.POISON) == ["lost", "done"]
    assert set(map(tuple, tries.values())) == {("done",)}


def test_a_poison_run_is_named_and_all_others_finish(tmp_path: Path) -> None:
    plan, out = standin.plan(), tmp_path / "out"
    state = run_batch(plan, out, workers=2, work=standin.dying)
    assert (state.done, state.failed, state.missing, state.code) == (len(plan) - 1, 1, 0, FAILURES)
    (failure,) = failures(Folder.load(out))
    assert failure.id == standin.POISON
    assert (failure.variant, dict(failure.point)) == ("more", {"firm.credit_share": 0.2})
    assert failure.seed == plan.seed(standin.POISON)
    assert failure.attempts == 2
    assert "died twice" in failure.error
    assert "SIGKILL" in failure.error
    # the command names a scenario that exists and a seed
    words = failure.command.split()
    assert words[:2] == ["ecosystem", "run"]
    assert Path(words[2]).read_text() == plan.scenario(standin.POISON).to_toml()
    # resuming leaves it alone; retrying does it again, and the old errors stay on record
    assert run_batch(plan, out, workers=1, work=standin.tiny).failed == 1
    again = run_batch(plan, out, workers=1, work=standin.tiny, retry=True)
    assert (again.code, again.digest) == (0, quiet_digest(tmp_path))
    assert attempts(out)[standin.POISON] == ["lost", "failed", "done"]


def test_an_error_in_the_model_is_a_result(tmp_path: Path) -> None:
    state = run_batch(standin.plan(), tmp_path / "out", workers=2, work=standin.raising)
    assert (state.failed, state.missing) == (1, 0)
    (failure,) = failures(Folder.load(tmp_path / "out"))
    assert (failure.error_type, failure.error, failure.attempts) == (
        "ZeroDivisionError",
        "no firms left to divide by",
        1,
    )
    with Database(tmp_path / "out" / "runs.sqlite") as database:
        ((trace,),) = database.select("SELECT traceback FROM attempts WHERE status = 'failed'")
    assert "standin.py" in trace


def test_a_run_beyond_its_time_is_ended(tmp_path: Path) -> None:
    with Supervisor(standin.stuck, 2, grace=0.2) as supervisor:
        plan = standin.plan()
        jobs = [
            [standin.Job(run.id, run.scenario, run.seed, seconds=0.3) for run in bundle] for bundle in plan.bundles()
        ]
        found = {outcome.id: outcome for outcome in supervisor.outcomes(jobs)}
    assert len(found) == len(plan)
    failed = [o for o in found.values() if o.status != "done"]
    assert [(o.id, o.error_type) for o in failed] == [(standin.POISON, "TimeLimit")]


def started(out: Path, replicates: int, work: str = "slow") -> subprocess.Popen[str]:
    """Start a parent with two workers in a process of its own."""
    command = [sys.executable, "-m", "tests.contract.standin", str(out), str(replicates), "2", work]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def done_in(out: Path) -> int:
    """Return the number of runs on record."""
    if not (out / "runs.sqlite").exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{out / 'runs.sqlite'}?mode=ro", uri=True, timeout=5)) as sql:
            return int(sql.execute("SELECT count(*) FROM runs").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def wait_until(condition: object, seconds: float = 60.0) -> None:
    """Wait until a function returns something true."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def test_the_parent_killed_twice_loses_nothing_and_leaves_no_orphan(tmp_path: Path) -> None:
    out, replicates = tmp_path / "out", 40
    for kill in (1, 2):
        before = done_in(out)
        parent = started(out, replicates)
        wait_until(lambda n=before: done_in(out) >= n + 20)
        children = psutil.Process(parent.pid).children(recursive=True)
        assert len(children) >= 2
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive, f"orphans after kill {kill}"
        state = status(Folder.load(out))
        assert state.code == INCOMPLETE
        assert state.missing > 0
    last = started(out, replicates, "tiny")
    assert last.communicate(timeout=120)[0].startswith("240 done, 0 failed, 0 missing")
    assert status(Folder.load(out)).digest == quiet_digest(tmp_path, replicates)
    assert set(map(tuple, attempts(out).values())) == {("done",)}  # nothing was done twice


def test_an_interrupt_finishes_what_is_under_way(tmp_path: Path) -> None:
    plan, out, seen = standin.plan(5), tmp_path / "out", []

    def report(done: int, total: int) -> None:
        seen.append(done)

    state = run_batch(plan, out, workers=2, work=standin.slow, progress=report, stopping=lambda: len(seen) > 6)
    assert 6 <= state.done < len(plan)
    assert state.failed == 0
    assert run_batch(plan, out, workers=2, work=standin.tiny).digest == quiet_digest(tmp_path, 5)


def test_a_truncated_log_leaves_whole_runs_only(tmp_path: Path) -> None:
    plan, out = standin.plan(), tmp_path / "out"
    folder = Folder.prepared(out, plan)
    with folder.database(write=True) as database:
        for bundle in plan.bundles():
            for run in bundle:
                database.write(run, standin.tiny(standin.Job(run.id, run.scenario, run.seed)))
        # the moment of the power cut: database and log as they stand, the log not yet taken in
        kept = {path: path.read_bytes() for path in out.glob("runs.sqlite*")}
    log = out / "runs.sqlite-wal"
    size, counts = len(kept[log]), set()
    for share in (0.99, 0.8, 0.5, 0.3, 0.1, 0.0):
        for path in out.glob("runs.sqlite*"):
            path.unlink()
        for path, content in kept.items():
            if not path.name.endswith("-shm"):
                path.write_bytes(content[: int(size * share)] if path == log else content)
        if share > 0.15:  # below that the tables themselves are not there yet
            with folder.database() as database:
                rows = database.select(
                    "SELECT count(s.year) FROM runs r LEFT JOIN series s ON s.run = r.id GROUP BY r.id"
                )
                assert {n for (n,) in rows} <= {len(standin.OUTPUTS) * standin.YEARS}
                counts.add(len(rows))
        assert run_batch(plan, out, workers=0, work=standin.tiny).digest == quiet_digest(tmp_path)
    assert len(counts) > 2


def test_a_damaged_database_is_refused_in_words(tmp_path: Path) -> None:
    plan, out = standin.plan(40), tmp_path / "out"
    digest = run_batch(plan, out, workers=0, work=standin.tiny).digest
    path = out / "runs.sqlite"
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(InputError, match=r"damaged.*Move this file away and repeat the same command"):
        run_batch(plan, out, workers=0, work=standin.tiny)
    path.unlink()
    assert run_batch(plan, out, workers=0, work=standin.tiny).digest == digest


def test_a_full_disk_keeps_finished_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, out = standin.plan(40), tmp_path / "out"
    connected = Database._connected

    def small(self: Database, write: bool) -> sqlite3.Connection:
        sql = connected(self, write)
        sql.execute("PRAGMA max_page_count = 24")
        return sql

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_connected", small)
        with pytest.raises(
            InputError, match=r"disk is full.*Every run finished before is kept.*repeat the same command"
        ):
            run_batch(plan, out, workers=1, work=standin.tiny)
    state = status(Folder.load(out))
    assert 0 < state.done < len(plan)
    assert run_batch(plan, out, workers=0, work=standin.tiny).digest == quiet_digest(tmp_path, 40)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root may write to")
def test_a_forbidden_folder_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written.*Choose a folder that you may write to"):
        run_batch(standin.plan(), "/proc/laboratory", workers=1, work=standin.tiny)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        run_batch(standin.plan(), tmp_path / "file", workers=1, work=standin.tiny)
    with pytest.raises(InputError, match="cannot be written"):
        run_batch(standin.plan(), tmp_path / "file" / "below", workers=1, work=standin.tiny)


def test_workers_that_cannot_start_are_reported_at_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from ecosystem.lab.runner.job import Job\nfrom ecosystem.lab.runner.supervisor import Supervisor\n"
        "list(Supervisor(len, 1).outcomes([[Job((0, 0, 0), None, 1)]]))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, timeout=120)
    assert "__name__ == '__main__'" in done.stderr
    assert "InputError" in done.stderr


def test_a_second_command_on_one_folder_is_refused(tmp_path: Path) -> None:
    plan, out = standin.plan(), tmp_path / "out"
    folder = Folder.prepared(out, plan)
    with folder.locked(), pytest.raises(InputError, match="Another command is running"):
        run_batch(plan, out, workers=0, work=standin.tiny)
    assert run_batch(plan, out, workers=0, work=standin.tiny).code == 0
    shutil.rmtree(out)
