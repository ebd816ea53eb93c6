"""Stand-ins for a run, so that the laboratory's promises are tested in seconds; also a command that runs them.

python -m tests.contract.standin OUT REPLICATES WORKERS WORK
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecosystem import Scenario
from ecosystem.lab.experiment import Experiment, Plan
from ecosystem.lab.runner.job import Job, Outcome, Series

OUTPUTS = ("inventions", "suits")
YEARS = 3
POISON = (1, 1, 0)
"""The run that the bad stand-ins stumble over: variant 1, point 1, replicate 0."""
MARKER = "LAB_TEST_MARKER"
"""Environment variable: a file that a stand-in writes when it has misbehaved once."""


def plan(replicates: int = 2, points: int = 3, **more: object) -> Plan:
    """Return a plan of two variants; its model is fixed, so that edits of the real one do not disturb the tests."""
    content: dict[str, object] = {
        "title": "Stand-in", "years": YEARS, "scale": 5000, "burn_in_years": 1, "outputs": list(OUTPUTS),
        "replicates": replicates, "variants": [{"name": "more", "levers": {"us": {"office.examiners": 9000}}}],
    }  # fmt: skip
    if points > 1:
        content |= {"uncertainties": {"firm.credit_share": [0.1, 0.3]}, "design": {"kind": "grid", "n": points}}
    return replace(Plan.of(Experiment.from_dict({**content, **more})), model="stand-in", files={"a.py": "1"})


def tiny(job: Job) -> Outcome:
    """Return numbers that hang on seed and scenario alone."""
    scenario: Scenario = job.content
    words = f"{job.seed} {sorted(scenario.levers.items())} {sorted(scenario.parameters.items())}"
    start = int.from_bytes(hashlib.sha256(words.encode()).digest()[:4])
    count = len(OUTPUTS) * YEARS
    value = np.array([((start + 7919 * i) % 10007) / 100.0 for i in range(count)])
    codes = np.repeat(np.arange(len(OUTPUTS), dtype=np.int16), YEARS)
    year = np.tile(np.arange(2025, 2025 + YEARS, dtype=np.int16), len(OUTPUTS))
    names = {"indicator": list(OUTPUTS), "jurisdiction": ["all"], "sector": [""]}
    series = Series(codes, np.zeros(count, np.int16), np.zeros(count, np.int16), year, value, names)
    digest = hashlib.sha256(value.tobytes()).hexdigest()
    return Outcome(job.id, "done", series, digest, started=time.time(), seconds=0.001)


def slow(job: Job) -> Outcome:
    """Take a moment, so that a kill finds runs under way."""
    time.sleep(0.03)
    return tiny(job)


def dying(job: Job) -> Outcome:
    """Kill the process at one run, always."""
    if job.id == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return tiny(job)


def dying_once(job: Job) -> Outcome:
    """Kill the process at one run, the first time."""
    marker = Path(os.environ[MARKER])
    if job.id == POISON and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return tiny(job)


def stuck(job: Job) -> Outcome:
    """Never come back from one run."""
    if job.id == POISON:
        time.sleep(600)
    return tiny(job)


def raising(job: Job) -> Outcome:
    """Raise at one run."""
    if job.id == POISON:
        raise ZeroDivisionError("no firms left to divide by")
    return tiny(job)


def main(out: str, replicates: str, workers: str, work: str) -> None:
    """Run a plan of stand-ins into a folder and print what is done."""
    from ecosystem.lab.batch import run_batch

    state = run_batch(plan(int(replicates)), out, workers=int(workers), work=globals()[work])
    sys.stdout.write(f"{state}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
