"""The two systems, IP and STI: how far each has come, whether they keep pace, and where the chain is narrow.

Each chosen indicator is scaled to x = clip(0.01 + 0.98 (v - low) / (high - low), 0.01, 0.99) between frozen reference
values (turned round where less is better). With weights w, U1 = sum w x over IP, U2 over STI, C = 2 sqrt(U1 U2) / (U1 + U2),
T = (U1 + U2) / 2, D = sqrt(C T); modified C = sqrt((1 - |U1 - U2|) min / max) (Wang, Kong, Ren, Zhi & Dai 2021, J. Natural
Resources 36(3):793-810). Weights, reference values and widths are data (``ecosystem/data/coupling.toml``), made once from
the baselines by ``python -m ecosystem.lab.coupling``, never from the runs compared.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.indicators import INDICATORS, TALLIES, stock
from ecosystem.kernel.memory import of_the_month

if TYPE_CHECKING:
    from ecosystem.world import World

FILE = Path(__file__).parent.parent / "ecosystem" / "data" / "coupling.toml"
SYSTEMS = ("ip", "sti")
STAGES = ("creation", "protection", "exploitation", "people")
CHAIN = ("basic_research", "applied_research", "development", "commercialization", "industry")
CLASSES = (
    "extreme imbalance", "severe imbalance", "moderate imbalance", "mild imbalance", "verge of imbalance",
    "barely coordinated", "primary coordination", "intermediate coordination", "good coordination",
    "quality coordination",
)  # fmt: skip
"""Classes of the coupling coordination degree D by tenths."""


@dataclass(frozen=True, slots=True)
class Member:
    """One indicator of a system.

    Attributes:
        per: what it is divided by: a counted flow, a stock or a fact of the place; empty for nothing.
        system, stage: where it counts.
        good: +1 or -1, whether more is better.
        low, high: frozen reference values.
        weight: entropy weight within its system.
    """

    name: str
    per: str
    system: str
    stage: str
    good: int
    low: float
    high: float
    weight: float


@dataclass(frozen=True, slots=True)
class Reference:
    """What ``coupling.toml`` holds: the indicators of both systems, and the usual width of the chain per GDP."""

    members: tuple[Member, ...]
    widths: dict[str, tuple[str, float]]


@cache
def reference(path: Path = FILE) -> Reference:
    """Return the frozen reference values."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    members = tuple(Member(**item) for item in raw["indicator"])
    return Reference(members, {name: (raw["chain"][name]["flow"], raw["chain"][name]["usual"]) for name in CHAIN})


def value(world: World, name: str) -> np.ndarray:
    """Return an indicator, counter or fact of places over the past twelve months, float64 (J,); ratios may be NaN."""
    if name not in INDICATORS and name not in TALLIES:
        return world.fact(name)
    indicator = INDICATORS.get(name)
    if indicator is None or indicator.kind == "flow":
        return _counted(world, indicator.numerator if indicator else name)
    if indicator.compute is not None:
        found = np.asarray(indicator.compute(world), dtype=np.float64)
        return found if found.ndim == 1 else found.sum(axis=1)
    below = _counted(world, indicator.denominator)
    return np.where(below > 0, _counted(world, indicator.numerator) / np.where(below > 0, below, 1.0), np.nan)


def _counted(world: World, tally: str) -> np.ndarray:
    """Return a counter's sum over eleven recorded months and the present one, a year's worth if there are fewer, (J,)."""
    months = len(world.records.months)
    rows = list(range(max(0, months - 11), months))
    total = world.tally[tally].sum(axis=1)
    if rows:
        total = total + world.records.counts(tally, rows).sum(axis=(0, 2))
    return np.asarray(total * (12.0 / (len(rows) + 1)))


def measure(world: World, member: Member) -> np.ndarray:
    """Return the value of one member by place, float64 (J,); NaN where nothing is known."""
    found = value(world, member.name)
    if not member.per:
        return found
    below = value(world, member.per)
    return np.where(below > 0, found / np.where(below > 0, below, 1.0), np.nan)


def scaled(found: np.ndarray, member: Member) -> np.ndarray:
    """Return values scaled to [0.01, 0.99] between the reference values, more is better; unknown ones are in the middle."""
    part = (found - member.low) / (member.high - member.low)
    part = part if member.good > 0 else 1.0 - part
    return np.asarray(np.where(np.isnan(found), 0.5, np.clip(0.01 + 0.98 * part, 0.01, 0.99)))


def degree(u1: np.ndarray, u2: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (C, modified C, D) of two systems, each float64 of the same shape.

    >>> [float(np.round(x, 3)) for x in degree(np.array(0.4), np.array(0.4))]
    [1.0, 1.0, 0.632]
    """
    c = 2.0 * np.sqrt(u1 * u2) / np.maximum(u1 + u2, 1e-12)
    modified = np.sqrt((1.0 - np.abs(u1 - u2)) * np.minimum(u1, u2) / np.maximum(np.maximum(u1, u2), 1e-12))
    return c, modified, np.sqrt(c * 0.5 * (u1 + u2))


def class_of(d: float) -> str:
    """Return the class of a coupling coordination degree.

    >>> class_of(0.63)
    'primary coordination'
    """
    return CLASSES[min(9, max(0, int(10.0 * d)))]


def assess(world: World) -> dict[str, np.ndarray]:
    """Return the state of both systems, the scores of stages and the widths of the chain, each float64 (J,).

    The rest of the world, which decides nothing, has zeros.
    """
    return of_the_month(world, "coupling_now", lambda: _assess(world))


def _assess(world: World) -> dict[str, np.ndarray]:
    frozen = reference()
    inside = np.arange(world.J) != world.ROW
    u = {name: np.zeros(world.J) for name in SYSTEMS}
    score, number = {name: np.zeros(world.J) for name in STAGES}, dict.fromkeys(STAGES, 0)
    for member in frozen.members:
        x = scaled(measure(world, member), member)
        u[member.system] += member.weight * x
        if member.stage:
            score[member.stage] += x
            number[member.stage] += 1
    out = {"u1": u["ip"] * inside, "u2": u["sti"] * inside}
    out["c"], out["modified"], out["d"] = degree(out["u1"], out["u2"])
    out["class"] = np.minimum(9, np.floor(10.0 * out["d"])) * inside + inside
    stages = np.array([score[name] / max(1, number[name]) for name in STAGES]) * inside
    out |= dict(zip(STAGES, stages, strict=True))
    out["gap"] = stages.max(axis=0) - stages.min(axis=0)
    gdp = np.maximum(world.fact("gdp"), 1e-9)
    width = np.array([_counted(world, flow) / gdp / usual for flow, usual in (frozen.widths[name] for name in CHAIN)])
    width = np.divide(width, width.mean(axis=0), out=np.zeros_like(width), where=width.mean(axis=0) > 0)
    out |= dict(zip(CHAIN, width * inside, strict=True))
    return out


def _reader(key: str) -> Callable[[World], np.ndarray]:
    return lambda world: assess(world)[key]


for _name, _key, _doc in (
    ("coupling_u1", "u1", "state of the IP system (U1): entropy-weighted indicators on frozen reference values"),
    ("coupling_u2", "u2", "state of the STI system (U2): entropy-weighted indicators on frozen reference values"),
    ("coupling_c", "c", "coupling C = 2 sqrt(U1 U2) / (U1 + U2); crowds near 1, so see U1 and U2"),
    ("coupling_c_modified", "modified", "modified coupling C = sqrt((1 - |U1 - U2|) min / max)"),
    ("coupling_d", "d", "coupling coordination degree D = sqrt(C (U1 + U2) / 2), a mean level more than a balance"),
):
    stock(_name, "0-1", _doc, 1, _reader(_key), yearly=True)
stock("coupling_class", "class", "class of the coupling coordination degree, 1 (extreme imbalance) to 10 (quality "
      "coordination)", 1, _reader("class"), yearly=True)  # fmt: skip
stock("chain_gap", "0-1", "largest less smallest of the scores of creation, protection, exploitation and people", -1,
      _reader("gap"), yearly=True)  # fmt: skip
for _stage in STAGES:
    stock(f"stage_score_{_stage}", "0-1", f"score of {_stage}: mean of its indicators on frozen reference values", 1,
          _reader(_stage), yearly=True)  # fmt: skip
for _part in CHAIN:
    stock(f"chain_width_{_part}", "relative width", f"width of the chain at {_part.replace('_', ' ')}: amount per GDP over "
          "the usual one, mean of the five parts = 1", 0, _reader(_part), yearly=True)  # fmt: skip
