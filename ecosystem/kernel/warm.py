"""Compile all fast loops once, so that the first run of a user does not wait for them.

The command is ``python -m ecosystem.kernel.warm``; ``make install`` calls it.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def forget() -> None:
    """Delete compiled loops: the cache does not see that a loop called from another file has changed."""
    for folder in ("ecosystem", "agents", "policies"):
        for pattern in ("*.nbi", "*.nbc"):
            for path in (ROOT / folder).rglob(pattern):
                path.unlink(missing_ok=True)


def warm() -> float:
    """Build a small world and run it for a year, which loads and compiles every loop; return the seconds it took."""
    start = time.perf_counter()
    # The kernel knows no world; this command does, at run time only.
    scenario = import_module("ecosystem.scenario").Scenario.baseline(years=1, scale=5000, burn_in_years=1)
    world = import_module("ecosystem.world").World(scenario, seed=1)
    world.run()
    return time.perf_counter() - start


if __name__ == "__main__":
    from ecosystem.kernel import platform as _platform  # noqa: F401 - before anything that loads NumPy

    sys.stderr.write("Compiling the fast loops of the simulator (once; about a minute) ...\n")
    sys.stderr.flush()
    forget()
    seconds = warm()
    sys.stderr.write(f"Compiled in {seconds:.0f} s.\n")
