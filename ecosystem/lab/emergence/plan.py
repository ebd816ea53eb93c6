"""Which runs the study needs: sweeps of two levers, worlds with one mechanism left out, and draws of the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ecosystem.lab.experiment.design import Design
from ecosystem.lab.experiment.factors import factors
from ecosystem.scenario import Scenario

LEVELS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.85, 0.95)
"""Strength of protection; 0.95 is where the levers end (at 1 nothing can be invented around)."""
FEW_LEVELS = (0.0, 0.3, 0.6, 0.8, 0.95)
SWEEPS = {"both": ("law.breadth", "law.enforcement"), "breadth": ("law.breadth",), "enforcement": ("law.enforcement",)}
SEEDS, FEW_SEEDS, DRAWS = 8, 2, 24
DESIGN_SEED = 20250101
USUAL = "as it is"

SWITCHED: dict[str, Mapping[str, float]] = {
    USUAL: {},
    "no imitation": {"switch.imitation": 0},
    "R&D does not follow its return": {"switch.rd_feedback": 0},
    "inventions stand alone": {"switch.cumulative": 0},
    "perfect markets for licenses": {"switch.licensing_frictions": 0},
    "no imitation, inventions stand alone": {"switch.imitation": 0, "switch.cumulative": 0},
    "no imitation, perfect markets for licenses": {"switch.imitation": 0, "switch.licensing_frictions": 0},
    "nobody sues": {"switch.litigation": 0},
    "independent invention only": {"switch.spillovers": 0},
    "examination costless and without error": {"switch.examination": 0},
    "settlements left out of the return on R&D": {"firm.settlements_in_return": 0},
    "payments to other owners taken off the return": {"firm.payments_in_return": 1},
    "legal cost left out of the return": {"firm.legal_in_return": 0},
}
WORLDS = ("incentive", "sequential", "thicket")
"""Named worlds that the table of switches shows too."""
DRAWN = (
    "adoption.meet", "adoption.rate", "adoption.royal", "adoption.search", "ancestry.abroad_share", "ancestry.inheritance",
    "ancestry.parents_chance", "ancestry.tacit_share", "clearance.injunction_loss", "clearance.merit", "clearance.threat",
    "development.cost_share", "development.redesign_cost", "development.redesign_tries", "firm.adjustment",
    "firm.elasticity_within", "firm.return_elasticity", "firm.value_margin", "market.sigma_across", "market.sigma_within",
)  # fmt: skip
"""Parameters drawn over their declared ranges (a Latin hypercube)."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the study.

    Attributes:
        part: ``sweep``, ``switch`` or ``draw``.
        world: what is assumed, in words, or the number of the draw.
        sweep: a key of ``SWEEPS``, empty where both levers stay as they are.
        level: value of the swept levers, NaN where they stay as they are.
    """

    part: str
    world: str
    sweep: str
    level: float
    seed: int
    scenario: Scenario


def at_level(scenario: Scenario, sweep: str, level: float) -> Scenario:
    """Return a copy in which the levers of a sweep stand at one value in every jurisdiction."""
    for lever in SWEEPS[sweep]:
        scenario = scenario.with_lever(lever, on=scenario.jurisdictions, value=level)
    return scenario


def swept(
    part: str, world: str, scenario: Scenario, sweeps: Iterable[str], levels: Iterable[float], seed: int
) -> list[Run]:
    """Return the runs of one world and seed over some sweeps, those at the levers as they are first."""
    usual = [Run(part, world, "", float("nan"), seed, scenario)] if part != "draw" else []
    return usual + [
        Run(part, world, sweep, level, seed, at_level(scenario, sweep, level)) for sweep in sweeps for level in levels
    ]


def draws(base: Scenario, n: int) -> list[dict[str, float]]:
    """Return ``n`` points of the drawn parameters: a Latin hypercube over their declared ranges, always the same one."""
    chosen = factors(list(DRAWN), base)
    return Design.of({"kind": "lhs", "n": n}).make(chosen, {}, DESIGN_SEED) if n else []


def plan(
    base: Scenario, parts: Iterable[str], seeds: int = SEEDS, few: int = FEW_SEEDS, n: int = DRAWS
) -> list[list[Run]]:
    """Return the runs in groups that share a burn-in (equal parameters, equal seed).

    Args:
        parts: some of ``sweep``, ``switch``, ``draw``.
        seeds: of the sweep; twice ``few`` for each switch, ``few`` for each draw.
        n: draws.
    """
    groups = []
    if "sweep" in parts:
        groups += [swept("sweep", USUAL, base, SWEEPS, LEVELS, seed) for seed in range(1, seeds + 1)]
    if "switch" in parts:
        worlds = {name: base.with_parameters(values) for name, values in SWITCHED.items()}
        worlds |= {f"world {name}": base.in_world(name) for name in WORLDS}
        for name, scenario in worlds.items():
            groups += [swept("switch", name, scenario, ("both",), FEW_LEVELS, seed) for seed in range(1, 2 * few + 1)]
    if "draw" in parts:
        for number, values in enumerate(draws(base, n), 1):
            scenario = base.with_parameters(values)
            groups += [swept("draw", str(number), scenario, ("both",), FEW_LEVELS, seed) for seed in range(1, few + 1)]
    return groups
