"""The benchmark completes and prints every row, and the default world stays small; nothing here judges time."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bench.bench import DEFAULT, PEERS, ROOT, WORLDS, measure

PEERS_INSTALLED = all(find_spec(name) for name in ("starsim", "bamengine"))
pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(not PEERS_INSTALLED, reason="the peers live in .venv-bench: run `make bench`"),
]

MEMORY_MB = 500


def test_quick_form_prints_every_row(tmp_path: Path) -> None:
    kept = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench.bench", "--quick", "--json", str(kept)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for name in (*WORLDS, *PEERS):
        assert any(line.startswith(name) for line in lines), f"no row for {name}:\n{done.stdout}"
    assert "load average" in done.stdout

    session = json.loads(kept.read_text(encoding="utf-8"))
    assert set(session["results"]) == {*WORLDS, *PEERS}
    for name, rows in session["results"].items():
        assert len(rows) == session["rounds"] == 1
        for key in ("agents", "run_cpu_s", "run_wall_s", "ns_per_agent_step", "memory_mb"):
            assert math.isfinite(rows[0][key]), (name, key)
            assert rows[0][key] > 0, (name, key)
    default = session["results"][DEFAULT][0]
    for phase, rule, _ in default["profile_us"]:
        assert any(line.split()[:2] == [rule, phase] for line in lines), f"no profile of {rule}"
    assert {phase for phase, _, _ in default["profile_us"]} >= {"invention", "examination", "market", "renewal"}


def test_default_world_stays_under_500_mb() -> None:
    numbers = measure(DEFAULT)
    assert numbers["scale"] == 500
    assert numbers["years"] == 30
    assert numbers["memory_mb"] < MEMORY_MB
