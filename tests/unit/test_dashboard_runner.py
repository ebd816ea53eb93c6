"""Runs in worker processes: progress, cancelling, failures, and the digest of the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecosystem.dashboard.baseline import Baseline
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.runner import Runner
from ecosystem.dashboard.tabs.world import command
from tests.browser.made_up import work


@pytest.mark.slow
def test_runs_report_progress_finish_and_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    runner = Runner(workers=1, work=work)
    try:
        long, queued = Choice(years=50), Choice(years=2, seed=9)
        job, waiting = runner.start(long), runner.start(queued)
        end = time.monotonic() + 60
        while job.progress[0] < 5 and time.monotonic() < end:
            time.sleep(0.02)
        assert job.state == "running"
        assert 0 < job.progress[0] < job.progress[1] == 600
        assert waiting.state == "waiting"
        job.cancel()
        assert job.wait(30)
        assert job.state == "cancelled"
        assert waiting.wait(60)
        assert waiting.state == "done"
        assert waiting.result is not None
        assert waiting.result.seed == 9
        base = Baseline(runner=runner, scales=(5000, 2000))
        base.start()
        end = time.monotonic() + 60
        while not base.finished and time.monotonic() < end:
            time.sleep(0.02)
        assert base.result is not None
        assert base.result.scale == 2000
        later = Baseline(runner=runner, scales=(5000, 2000))
        later.start()
        assert later.finished, "the stored baseline is used"
        assert later.result == base.result
    finally:
        runner.close()


@pytest.mark.slow
def test_a_worker_gives_the_digest_of_the_command_line() -> None:
    choice = Choice(jurisdictions=("jp",), years=1, scale=5000, seed=7)
    runner = Runner(workers=1)
    try:
        job = runner.start(choice)
        words = [sys.executable, "-m", "ecosystem.cli", *command(choice).split()[1:], "--json"]
        told = json.loads(subprocess.run(words, capture_output=True, check=True, timeout=300).stdout)
        assert job.wait(300)
        assert job.result is not None, job.problem
        assert job.result.digest == told["digest"]
    finally:
        runner.close()


def broken(choice: Choice, slot: int) -> None:
    """A run that meets an error, or whose process dies."""
    import os

    if choice.seed == 1:
        raise RuntimeError("a defect")
    os._exit(9)


@pytest.mark.slow
def test_a_failed_run_says_so_and_the_next_one_finds_a_worker() -> None:
    runner = Runner(workers=1, work=broken)
    try:
        job = runner.start(Choice(seed=1))
        assert job.wait(60)
        assert job.state == "failed"
        assert "RuntimeError" in job.problem
        assert "a defect" in job.problem
        lost = runner.start(Choice(seed=2))
        assert lost.wait(60)
        assert "ended by the system" in lost.problem
        runner._work = work
        after = runner.start(Choice(years=1))
        assert after.wait(60)
        assert after.state == "done"
    finally:
        runner.close()
