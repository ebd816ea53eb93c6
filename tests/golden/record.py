"""Write down the digests of the golden runs anew: ``python -m tests.golden.record``.

Do this only when results are meant to change, and say so in CHANGELOG.md.
"""

from __future__ import annotations

from ecosystem.kernel import platform as _platform  # isort: skip  # noqa: F401

import json
from pathlib import Path

FILE = Path(__file__).with_name("digests.json")
RUNS = {
    "four jurisdictions": {"scale": 20_000, "years": 2, "burn_in_years": 2},
    "japan alone": {"scale": 10_000, "years": 2, "burn_in_years": 1, "jurisdictions": ["jp"]},
}


def digests() -> dict[str, str]:
    """Run the golden scenarios with seed 1 and return their digests."""
    from ecosystem import Scenario, World
    from ecosystem.kernel.digest import digest
    from ecosystem.lab.tables import all_tables

    return {name: digest(all_tables(World(Scenario.baseline(**run), seed=1).run())) for name, run in RUNS.items()}


def main() -> None:
    """Write the file."""
    from ecosystem.lab.run_folder import math_fingerprint

    content = {"math_fingerprint": math_fingerprint(), "digests": digests()}
    FILE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
