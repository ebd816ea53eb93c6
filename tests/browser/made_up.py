"""Made-up results with the shape of real ones, for tests of charts and page that must not wait for a world."""

from __future__ import annotations

import math
import time

from ecosystem.dashboard import runner
from ecosystem.dashboard.catalog import INDICATORS_SHOWN
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.flows import OUTCOMES, PARTIES, TRADES, Flow
from ecosystem.dashboard.results import Result, Series
from ecosystem.domain.ledgers import DEALS

SIZES = {"us": 1.0, "eu": 0.6, "jp": 0.5, "cn": 2.2}
LEVELS = {
    "patent_filings": ("flow", "applications", 6e5),
    "patents_granted": ("flow", "patents", 3.2e5),
    "patents_in_force": ("stock", "patents", 3.1e6),
    "pendency_months": ("ratio", "months", 24.0),
    "business_rd": ("flow", "M USD2020", 5.2e5),
    "launch_revenue_new_products": ("flow", "M USD2020", 9e5),
}


def made_up(choice: Choice) -> Result:
    """Return a smooth world in which every place grows at its own pace."""
    years = tuple(range(choice.start_year, choice.start_year + choice.years))
    series = {}
    for n, name in enumerate(INDICATORS_SHOWN):
        kind, unit, level = LEVELS.get(name, ("flow", "M USD2020" if name.startswith("rd_") else "a year", 4e4))
        values: dict[str, list[float | None]] = {}
        for k, code in enumerate(choice.jurisdictions):
            size = SIZES[code] if kind != "ratio" else 1 + 0.3 * math.sin(n + 2 * k)
            values[code] = [
                level * size * (1 + 0.015 * (k + 1)) ** t * (1 + 0.05 * math.sin(t + n + k + choice.seed))
                for t in range(len(years))
            ]
        series[name] = Series(name, kind, unit, f"made-up {name.replace('_', ' ')}", "made up", values)
    rights, deals = [], []
    offices = (*choice.jurisdictions, "row")
    for c, creator in enumerate(("large_firm", "sme", "university", "abroad")):
        for o, office in enumerate(offices[:-1]):
            for u, outcome in enumerate(OUTCOMES):
                amount = 1e5 * SIZES[office] / (c + 1) / (u + 1)
                rights.append(Flow((creator, office, outcome, "own", creator), amount))
                if outcome in ("granted", "ended"):
                    rights += [
                        Flow((creator, office, outcome, trade, PARTIES[(c + t + o) % 3]), amount * 0.1 / (t + 1))
                        for t, trade in enumerate(TRADES[:3])
                    ]
    for g, giver in enumerate(offices):
        for t, taker in enumerate(offices):
            for d, kind in enumerate(DEALS):
                path = (giver, PARTIES[(g + d) % 4], kind, taker, PARTIES[(t + 2 * d) % 3])
                deals.append(Flow(path, 3e4 / (1 + d) / (1 + abs(g - t))))
    return Result(
        title=choice.title, choice=choice, places=choice.jurisdictions, years=years, scale=float(choice.scale),
        seed=choice.seed, version="0.0.0", digest=f"{hash(choice.key) & 0xFFFFFFFFFFFF:012x}", seconds=1.0,
        series=series, rights=tuple(rights), deals=tuple(deals), weights={"objects": 500.0, "firms": 83.0},
    )  # fmt: skip


def work(choice: Choice, slot: int) -> Result | None:
    """Take the place of a simulation in a worker: some months of waiting, then made-up numbers."""
    total = 12 * choice.years
    for month in range(total):
        cell = runner.CELLS * slot
        runner._board[cell + runner.DONE], runner._board[cell + runner.TOTAL] = month, total
        if runner._board[cell + runner.CANCEL]:
            return None
        time.sleep(0.004)
    return made_up(choice)
