"""Made-up results with the shape of real ones, for tests of charts and page that must not wait for a world."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecosystem.dashboard import runner
from ecosystem.dashboard.catalog import INDICATORS_SHOWN, PROTECTION, RESEARCH, TRANSFER
from ecosystem.dashboard.charts import deals, lines, rights, spindle
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.flows import OUTCOMES, PARTIES, TRADES, Flow
from ecosystem.dashboard.frames import SHOWN, Frames
from ecosystem.dashboard.results import Result, Series
from ecosystem.dashboard.theme import DARK, LIGHT
from ecosystem.domain.indicators import INDICATORS
from ecosystem.domain.ledgers import DEALS
from ecosystem.lab.compare import Comparison
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import Scenario

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
    quarters = {
        name: {code: [v / (1 if name == "patents_in_force" else 4) for v in column if v for _ in range(4)] for code, column in
               series[name].values.items()}
        for name in SHOWN
    }  # fmt: skip
    crossing = {
        f"{a}>{b}": [100.0 * SIZES[a] * (1 + math.sin(k / 3 + SIZES[b])) for k in range(4 * len(years))]
        for a in choice.jurisdictions
        for b in choice.jurisdictions
        if a != b
    }
    return Result(
        title=choice.title, choice=choice, places=choice.jurisdictions, years=years, scale=float(choice.scale),
        seed=choice.seed, version="0.0.0", digest=f"{hash(choice.key) & 0xFFFFFFFFFFFF:012x}", seconds=1.0,
        series=series, rights=tuple(rights), deals=tuple(deals), weights={"objects": 500.0, "firms": 83.0},
        frames=Frames(quarters, crossing),
    )  # fmt: skip


def every_chart(result: Result) -> dict[str, dict[str, Any]]:
    """Return every chart of a result by name."""
    out = {panel.id: lines.lines(result, panel.indicator, LIGHT) for panel in (*PROTECTION, *TRANSFER, *RESEARCH)}
    out["rights"] = rights.sankey_rights(result, LIGHT)
    out |= {f"rights {code}": rights.sankey_rights(result, DARK, code) for code in result.places}
    out |= {f"deals {side}": deals.sankey_deals(result, DARK, side) for side in (0, 1)}
    out |= {f"chain {code}": spindle.spindle(result, code, LIGHT) for code in result.places}
    return out


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


def _wave(*parts: object) -> float:
    """Return a number between -1 and 1 that looks like chance and is the same everywhere."""
    return zlib.crc32(" ".join(map(str, parts)).encode()) / 2**31 - 1


def yearly(scenario: Scenario, seed: int, names: Sequence[str]) -> Yearly:
    """Return a run without a simulation: places grow smoothly, measures move what their place does, luck is shared."""
    places = (*scenario.jurisdictions, "row")
    years = scenario.years
    top = np.full((years, len(names), len(places) + 1), np.nan)
    bottom = top.copy()
    for i, name in enumerate(names):
        _, unit, level = LEVELS.get(name, ("", INDICATORS[name].unit, 4e4))
        for j, code in enumerate(places):
            moved = sum(
                (use.strength - 0.5) * (0.02 + 0.05 * _wave(use.id, name))
                for use in scenario.measures
                if code in use.on and _wave("moves", use.id, name) > -0.4
            )
            for k in range(years):
                luck = 1 + 0.02 * _wave("luck", seed, name, code, k)
                own = 1 + 0.002 * _wave("own", seed, name, code, k, moved)
                size = SIZES.get(code, 0.8) * (1 + 0.012 * (j + 1)) ** k
                if INDICATORS[name].kind == "ratio":
                    share = 0.4 if unit == "share" else level if name in LEVELS else 12.0
                    bottom[k, i, j] = 1e5 * size
                    top[k, i, j] = 1e5 * size * share * luck * own * (1 + moved * min(1.0, k / 3))
                else:
                    top[k, i, j] = level * size * luck * own * (1 + moved * min(1.0, k / 3))
        top[:, i, -1], bottom[:, i, -1] = top[:, i, :-1].sum(axis=1), bottom[:, i, :-1].sum(axis=1)
    outlays = {
        (use.id, code): np.full(years, 1e3 * use.strength * (1 + 0.01 * _wave("cost", seed, use.id, code)))
        for use in scenario.measures
        for code in use.on
    }
    return Yearly(tuple(names), (*places, "all"), top, bottom, scenario.scale, outlays)


def comparison(base: Scenario, scenario: Scenario, pairs: int, names: Sequence[str]) -> Comparison:
    """Return a comparison of made-up runs."""
    seeds = tuple(range(1, pairs + 1))
    runs = [(yearly(base, seed, names), yearly(scenario, seed, names)) for seed in seeds]
    return Comparison(base, scenario, seeds, runs, list(scenario.warnings()))


def work_yearly(content: dict[str, Any], seed: int, outputs: tuple[str, ...], lane: int) -> Yearly | None:
    """Take the place of a simulation in a worker of the comparisons."""
    time.sleep(0.05)
    return yearly(Scenario.from_dict(content), seed, outputs)
