"""What an experiment will take, before it is started: time, memory, disk; refused where the machine has too little.

A month costs a fixed part and a part that grows with the simulated objects, whose number grows with the years behind them:
``ms = a + share / scale (b + c T)``, T years in all, share the activity of the jurisdictions relative to the four places.
Measured on the reference machine at scales 100 to 5000, 3 to 30 years, one and four jurisdictions; on another machine a
few simulated months are timed and the figures scaled.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from ecosystem.kernel.errors import InputError
from ecosystem.lab.experiment.plan import Plan
from ecosystem.lab.processes import processors
from ecosystem.scenario import PLACES, Scenario

FIXED_MS, FIRST_MS, GROWTH_MS = 4.6, 2700.0, 120.0
"""a; b and c of the equation, per month: fits the measured 5.0 and 13.3 ms of 10 years at scales 5000 and 500."""
REFERENCE_MS = 4.6
"""A month of the smallest world on the machine that the figures above come from."""
RUN_SECONDS = 0.15
"""Building a world, taking its outputs and storing them."""
OUTPUT_SECONDS = 2e-4
"""Taking and storing one output of one year."""
START_SECONDS = 4.0
"""Starting the workers."""
PROCESS_MB = 330.0
WORLD_MB_YEAR, WORLD_MB_OBJECTS = 0.4, 2900.0
"""Memory of a process, and what a simulated year adds to it at scale s: 0.4 + 2900 / s MB."""
PARENT_MB = 300.0
ROW_BYTES = 30.0
RUN_BYTES = 600.0


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate of what a plan takes.

    Attributes:
        runs: to be done at least; ``most_runs`` where a stopping rule may add some.
        seconds: on ``workers`` processes; one run takes ``run_seconds``, of which the burn-in that some runs share.
        memory_mb: of all processes together.
        disk_mb: of the database.
    """

    runs: int
    most_runs: int
    workers: int
    run_seconds: float
    burn_in_seconds: float
    seconds: float
    most_seconds: float
    memory_mb: float
    disk_mb: float
    measured: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain data."""
        return {name: round(v, 3) if isinstance(v := getattr(self, name), float) else v for name in self.__slots__}

    def check(self, folder: Path | None = None) -> None:
        """Raise InputError if the machine has too little memory, or the disk of ``folder`` too little room."""
        available = available_mb()
        if available and self.memory_mb > available:
            fit = int((available - PARENT_MB) / ((self.memory_mb - PARENT_MB) / self.workers))
            do = f"Take --workers {fit}" if fit >= 1 else "Take a larger --scale, fewer years, or another machine"
            raise InputError(
                f"The runs would need about {self.memory_mb:,.0f} MB of memory on {self.workers} processes",
                where="memory", allowed=f"{available:,.0f} MB are free", do=do,
            )  # fmt: skip
        if folder is not None:
            while not folder.exists() and folder != folder.parent:
                folder = folder.parent
            free = shutil.disk_usage(folder).free / 1e6
            if self.disk_mb > free:
                raise InputError(
                    f"The results would need about {self.disk_mb:,.0f} MB on the disk", where=str(folder),
                    allowed=f"{free:,.0f} MB are free", do="Choose another disk, or keep fewer outputs",
                )  # fmt: skip


def cost_of(plan: Plan, workers: int | None = None, measured: tuple[float, float] | None = None) -> Cost:
    """Return what a plan will take.

    Args:
        workers: processes; all processors if None.
        measured: seconds of a run and of its burn-in, where a trial has shown them.
    """
    workers = workers or processors()
    scenario, stop = plan.experiment.scenario, plan.experiment.stop
    runs = len(plan)
    most_runs = runs if stop is None else runs // plan.replicates * stop.most
    outputs = len(plan.experiment.outputs) * scenario.years
    if measured is not None:
        run, burn_in = measured
    else:
        month = month_ms(scenario) * speed() / 1000.0
        burn_in = 12 * scenario.burn_in_years * month
        run = burn_in + 12 * scenario.years * month + RUN_SECONDS + OUTPUT_SECONDS * outputs
    each = (run - burn_in * (1.0 - _burn_ins_a_run(plan))) / min(workers, max(1, runs))
    rows = outputs * (len(scenario.jurisdictions) + 2) * (15 if plan.experiment.sectors else 1)
    per_year = WORLD_MB_YEAR + WORLD_MB_OBJECTS / scenario.scale * share(scenario)
    worker_mb = PROCESS_MB + per_year * (scenario.years + scenario.burn_in_years)
    return Cost(
        runs, most_runs, workers, run, burn_in, START_SECONDS + each * runs, START_SECONDS + each * most_runs,
        PARENT_MB + workers * worker_mb, most_runs * (RUN_BYTES + ROW_BYTES * rows) / 1e6, measured is not None,
    )  # fmt: skip


def _burn_ins_a_run(plan: Plan) -> float:
    """Return the burn-ins per run: below one where runs share theirs; from the first 200 bundles."""
    if plan.experiment.luck == "independent":
        return 1.0
    sizes = [len(bundle) for bundle in islice(plan.bundles(), 200)]
    return len(sizes) / sum(sizes)


def month_ms(scenario: Scenario) -> float:
    """Return the milliseconds a simulated month takes on the reference machine."""
    years = scenario.years + scenario.burn_in_years
    return FIXED_MS + share(scenario) / scenario.scale * (FIRST_MS + GROWTH_MS * years)


def share(scenario: Scenario) -> float:
    """Return the simulated activity of the jurisdictions, 1 for the four places: nine parts filings, one part people."""
    from policies.places import known_places

    places = known_places(*map(Path, scenario.places_folders))

    def total(codes: tuple[str, ...], *facts: str) -> float:
        return sum(places[code].profile[fact].value for code in codes for fact in facts)

    filings = "resident_filings", "utility_model_filings"
    of_filings = total(scenario.jurisdictions, *filings) / total(PLACES, *filings)
    return 0.9 * of_filings + 0.1 * total(scenario.jurisdictions, "researchers") / total(PLACES, "researchers")


@lru_cache(maxsize=1)
def speed() -> float:
    """Return how many times longer this machine takes than the reference: a year of the smallest world, timed."""
    from ecosystem.world import World

    scenario = Scenario.baseline(years=1, scale=5000, burn_in_years=0)
    World(scenario, seed=1).run()  # loads the compiled loops
    world = World(scenario, seed=1)
    begun = time.perf_counter()
    world.run()
    return (time.perf_counter() - begun) * 1000.0 / 12.0 / REFERENCE_MS


def available_mb() -> float:
    """Return the memory that new processes may use, MB; 0 where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            free = next(float(line.split()[1]) * 1024.0 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return 0.0
    for limit, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
        for root in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")):
            try:
                left = float((root / limit).read_text()) - float((root / used).read_text())
            except (OSError, ValueError):
                continue
            # pages of files count as used, and are given back when they are needed
            free = min(free, left + _file_pages(root))
    return free / 1e6


def _file_pages(root: Path) -> float:
    try:
        lines = (root / "memory.stat").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.split()[0] in ("inactive_file", "active_file"))


def duration(seconds: float) -> str:
    """Return a duration in words that fit its size."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
