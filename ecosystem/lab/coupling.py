"""Make ``ecosystem/data/coupling.toml`` again: reference values and entropy weights from the four baselines.

Reference values lie half a range below the least and above the largest baseline, so that there is room to move. Entropy
weights: with p the share of a place in the sum of a scaled indicator, e = -sum p ln p / ln n and w = (1 - e) / sum (1 - e)
within each system, so that what differs more between places weighs more.

Run ``python -m ecosystem.lab.coupling``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from agents.coupling import CHAIN, FILE, SYSTEMS, Member, scaled
from ecosystem.lab.yearly import Yearly, yearly
from ecosystem.scenario import Scenario
from ecosystem.world import World

CHOSEN = (
    # name, per, system, stage, good
    ("patent_filings", "rd_spent_total", "ip", "", 1),
    ("patents_in_force", "gdp", "ip", "", 1),
    ("missed_protection_share", "", "ip", "protection", -1),
    ("protection_awareness", "", "ip", "protection", 1),
    ("first_action_months", "", "ip", "protection", -1),
    ("wrong_decision_share", "", "ip", "protection", -1),
    ("license_and_sale_deals", "inventions", "ip", "exploitation", 1),
    ("royalties_paid", "gdp", "ip", "exploitation", 1),
    ("university_to_firm_transfers", "university_rd", "ip", "exploitation", 1),
    ("commercialization_share", "", "sti", "exploitation", 1),
    ("rd_spent_total", "gdp", "sti", "creation", 1),
    ("rd_basic_spent", "rd_spent_total", "sti", "creation", 1),
    ("inventions", "rd_spent_total", "sti", "creation", 1),
    ("invention_quality", "", "sti", "creation", 1),
    ("researchers", "gdp", "sti", "people", 1),
    ("new_inventor_inflow", "researchers", "sti", "people", 1),
    ("foreign_inventor_share", "", "sti", "people", 1),
    ("motivation", "", "sti", "people", 1),
    ("launch_revenue_new_products", "gdp", "sti", "", 1),
)  # fmt: skip
FLOWS = dict(zip(CHAIN, ("rd_basic_spent", "rd_applied_spent", "rd_development_spent", "launches",
                         "launch_revenue_new_products"), strict=True))  # fmt: skip
SEEDS, YEARS, SCALE = range(1, 7), 5, 2000.0
ROOM = 0.5
"""Reference values lie so many ranges of the baselines beyond them."""
LEAST_RANGE = 0.2
"""A range is at least this part of the mean, so that what hardly differs between places does not swing the index."""


def baselines() -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the codes of places, and what the index needs in the baselines by name, mean of seeds, float64 (places,)."""
    names = {name for row in CHOSEN for name in row[:2]} | set(FLOWS.values())
    facts = names & {"gdp"}
    runs: list[Yearly] = []
    for seed in SEEDS:
        world = World(Scenario.baseline(scale=SCALE, years=YEARS), seed=seed).run()
        runs.append(yearly(world, sorted(names - facts - {""})))
    places = runs[0].places[: world.P]
    mean = np.nanmean([run.window() for run in runs], axis=0)
    out = {name: mean[i, : world.P] for i, name in enumerate(runs[0].names)}
    return list(places), out | {name: world.fact(name)[: world.P] for name in facts}


def frozen(found: dict[str, np.ndarray]) -> list[Member]:
    """Return the members with reference values and entropy weights from the values of the baselines."""
    members, scores = [], []
    for name, per, system, stage, good in CHOSEN:
        v = found[name] / found[per] if per else found[name]
        span = max(v.max() - v.min(), LEAST_RANGE * abs(v.mean()))
        middle = 0.5 * (v.max() + v.min())
        reach = (0.5 + ROOM) * span
        low = max(0.0, middle - reach)  # nothing chosen can be negative
        member = Member(name, per, system, stage, good, round_to(low), round_to(middle + reach), 0.0)
        members.append(member)
        scores.append(scaled(v, member))
    return weighted(members, np.array(scores))


def weighted(members: list[Member], scores: np.ndarray) -> list[Member]:
    """Return the members with entropy weights that sum to 1 within each system; ``scores`` (members, places)."""
    share = scores / scores.sum(axis=1, keepdims=True)
    spread = 1.0 + (share * np.log(share)).sum(axis=1) / np.log(scores.shape[1])
    total = {s: sum(d for d, m in zip(spread, members, strict=True) if m.system == s) for s in SYSTEMS}
    return [replace(m, weight=round_to(d / total[m.system])) for d, m in zip(spread, members, strict=True)]


def round_to(x: float, digits: int = 5) -> float:
    """Return a number with so many significant digits."""
    return float(f"{x:.{digits}g}")


def text(places: list[str], members: list[Member], found: dict[str, np.ndarray]) -> str:
    """Return the content of the file."""
    lines = [
        "# Coupling of the IP and the STI system: reference values and entropy weights, frozen.",
        f"# Made by `python -m ecosystem.lab.coupling` from the baselines of {', '.join(places)}: mean of {len(SEEDS)} seeds and",
        f"# {YEARS} years at scale {SCALE:g}. Runs that are compared never change it.",
        "",
    ]
    for name in CHAIN:
        usual = float((found[FLOWS[name]] / found["gdp"]).mean())
        lines += [f"[chain.{name}]", f'flow = "{FLOWS[name]}"', f"usual = {round_to(usual)!r}", ""]
    for m in members:
        lines += ["[[indicator]]", f'name = "{m.name}"', f'per = "{m.per}"', f'system = "{m.system}"',
                  f'stage = "{m.stage}"', f"good = {m.good}", f"low = {m.low!r}", f"high = {m.high!r}",
                  f"weight = {m.weight!r}", ""]  # fmt: skip
    return "\n".join(lines[:-1]) + "\n"


def main(path: Path = FILE) -> None:
    """Write the file."""
    places, found = baselines()
    path.write_text(text(places, frozen(found), found), encoding="utf-8")
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
