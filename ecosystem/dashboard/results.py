"""A finished run as the page needs it: yearly series by place, flows of rights and deals, and what they rest on."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ecosystem.dashboard.catalog import INDICATORS_SHOWN
from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.flows import Flow, deal_flows, right_flows
from ecosystem.dashboard.frames import Frames, record

if TYPE_CHECKING:
    from ecosystem.world import World

FORMAT = 2
"""Raise when the stored form changes: older files in the cache are then left alone."""


@dataclass(frozen=True, slots=True)
class Series:
    """One indicator: yearly values by place, in real-world totals.

    Attributes:
        kind: flow (sum of the year), ratio (of sums of the year) or stock (end of the year).
        values: one list a place, aligned with the years of the result; None where nothing happened.
    """

    name: str
    kind: str
    unit: str
    doc: str
    formula: str
    values: dict[str, list[float | None]]

    def total(self) -> list[float | None]:
        """Return the sum over places by year; only flows and stocks have one."""
        if self.kind == "ratio":
            raise ValueError(f"a ratio has no total over places: {self.name}")
        columns = zip(*self.values.values(), strict=True)
        return [None if all(v is None for v in column) else sum(v or 0.0 for v in column) for column in columns]


@dataclass(frozen=True, slots=True)
class Result:
    """One finished run.

    Attributes:
        places: jurisdictions of the run, the rest of the world left out.
        years: calendar years reported.
        scale: real objects a simulated one stands for.
        digest: hash of the values of all tables: equal runs have equal digests.
        rights: patents filed in the years shown, by creator, office, outcome, deal and user.
        deals: deals of the years shown, by place and kind of giver, kind of deal, place and kind of taker.
        weights: real units a simulated one stands for, by kind.
        frames: the run quarter by quarter.
    """

    title: str
    choice: Choice
    places: tuple[str, ...]
    years: tuple[int, ...]
    scale: float
    seed: int
    version: str
    digest: str
    seconds: float
    series: dict[str, Series]
    rights: tuple[Flow, ...] = ()
    deals: tuple[Flow, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)
    frames: Frames = field(default_factory=Frames)

    def to_json(self) -> str:
        """Return the result as JSON text."""
        return json.dumps({"format": FORMAT, **dataclasses.asdict(self)}, allow_nan=False)

    @classmethod
    def from_json(cls, stored: str) -> Result:
        """Return the result of `to_json`.

        Raises:
            ValueError: another format, or not a result.
        """
        data = json.loads(stored)
        if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
            raise ValueError("not a stored result of this version")
        try:
            data["choice"] = Choice(**{**data["choice"], "jurisdictions": tuple(data["choice"]["jurisdictions"])})
            data["places"] = tuple(data["places"])
            data["years"] = tuple(data["years"])
            data["series"] = {name: Series(**series) for name, series in data["series"].items()}
            for name in ("rights", "deals"):
                data[name] = tuple(Flow(tuple(flow["path"]), flow["amount"]) for flow in data[name])
            data["frames"] = Frames.of(data["frames"])
            return cls(**data)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a stored result: {error}") from error


def _column(values: np.ndarray) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]


def from_world(world: World, choice: Choice, seconds: float = 0.0) -> Result:
    """Read a finished world; nothing is computed here that the model does not record."""
    from ecosystem import __version__
    from ecosystem.domain.indicators import INDICATORS
    from ecosystem.kernel.digest import digest
    from ecosystem.lab.tables import all_tables

    places = tuple(world.places[: world.P])
    series: dict[str, Series] = {}
    years: tuple[int, ...] = ()
    for name in INDICATORS_SHOWN:
        indicator = INDICATORS[name]
        months, values = world.records.totals(name, 12)
        years = tuple(choice.start_year + int(m) // 12 for m in months)
        columns = {place: _column(values[:, i]) for i, place in enumerate(places)}
        series[name] = Series(name, indicator.kind, indicator.unit, indicator.doc, indicator.formula, columns)
    return Result(
        title=choice.title,
        choice=choice,
        places=places,
        years=years,
        scale=float(world.scale),
        seed=choice.seed,
        version=__version__,
        digest=digest(all_tables(world)),
        seconds=seconds,
        series=series,
        rights=right_flows(world),
        deals=deal_flows(world),
        weights={"objects": float(world.scale), "firms": float(world.firm_weight)},
        frames=record(world),
    )


class Cancelled(Exception):
    """The visitor does not want the run any more."""


def simulate(
    choice: Choice,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result | None:
    """Build the world that the visitor chose, run it, and return its result; None when cancelled.

    Args:
        progress: called with (months done, months in all), the months before the start included.
        cancelled: asked every month.
    """
    from ecosystem.scenario import Scenario
    from ecosystem.world import World

    start = time.perf_counter()
    scenario = Scenario(
        jurisdictions=choice.jurisdictions,
        start_year=choice.start_year,
        years=choice.years,
        scale=float(choice.scale),
    )
    before = 12 * scenario.burn_in_years
    total = before + 12 * scenario.years

    def settling(done: int, _: int) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled
        if progress is not None:
            progress(done, total)

    try:
        world = World(scenario, seed=choice.seed, progress=settling)
        world.run(progress=lambda done, _: settling(before + done, total))
    except Cancelled:
        return None
    return from_world(world, choice, time.perf_counter() - start)
