"""A point of the fit: values of parameters and of levers' baselines, and the world that stands on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ecosystem.kernel.errors import unknown
from ecosystem.kernel.levers import Levers
from ecosystem.lab.calibration.statistics import Reported
from ecosystem.scenario import Scenario, declared_parameters
from ecosystem.world import World
from policies.application import Measures
from policies.places import known_places, lever_specs

APART = "/"
"""Between place and lever in the name of a baseline: ``us/court.hurdle``."""


class Based(World):
    """A world in which some levers stand at other baselines, from the first month of the burn-in.

    A scenario's levers hold from the start of the horizon; a baseline is what the place has always been.
    """

    def __init__(self, scenario: Scenario, seed: int, baselines: Mapping[tuple[str, str], float]) -> None:
        self._baselines = dict(baselines)
        super().__init__(scenario, seed)

    def _open_places(self) -> None:
        super()._open_places()
        if not self._baselines:
            return
        levers = {p.code: dict(p.levers) for p in self.geography.places}
        for (code, name), value in self._baselines.items():
            if code in levers:
                levers[code][name] = replace(levers[code][name], value=value, low=None, high=None)
        self.levers = Levers(lever_specs(), self.places, levers)
        self.measures = Measures(self)


@dataclass(frozen=True)
class Setting:
    """Values by name: a parameter (``invention.per_filing.us``) or a lever's baseline (``us/court.hurdle``)."""

    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters among the values."""
        return {name: v for name, v in self.values.items() if APART not in name}

    @property
    def baselines(self) -> dict[tuple[str, str], float]:
        """The baselines of levers among the values: (place, lever) -> value."""
        pairs = {name: tuple(name.split(APART, 1)) for name in self.values if APART in name}
        return {(pair[0], pair[1]): self.values[name] for name, pair in pairs.items()}

    def key(self, **about: Any) -> str:
        """Return a hash (hex) of the values and of what else decides a result."""
        content = {"values": {name: float(v).hex() for name, v in sorted(self.values.items())}, **about}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]

    def world(self, seed: int, scale: float, years: int) -> World:
        """Return the finished run of the default world on these values; raise InputError for a bad name or value."""
        scenario = Scenario.baseline(scale=scale, years=years, parameters=self.parameters)
        return Based(scenario, seed, self.baselines).run()

    def run(self, seed: int, scale: float, years: int) -> Reported:
        """Return the reported years of that run."""
        return Reported(self.world(seed, scale, years))


@dataclass(frozen=True, slots=True)
class Range:
    """Where a value stands now and may stand."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    source: str


def declared(name: str) -> Range:
    """Return the declared range of a parameter or of a lever's baseline; raise InputError for an unknown one.

    The baseline of a lever may move within the range that its place gives; a figure without a range stays what it is.
    """
    if APART not in name:
        parameters = declared_parameters()
        if name not in parameters:
            raise unknown("parameter", name, parameters, do="'ecosystem parameters' lists them")
        p = parameters[name]
        return Range(name, p.value, p.low, p.high, p.unit, p.source)
    code, lever = name.split(APART, 1)
    places = known_places()
    if code not in places:
        raise unknown("jurisdiction", code, places)
    if lever not in places[code].levers:
        raise unknown("lever", lever, places[code].levers, do="'ecosystem levers' lists them")
    v = places[code].levers[lever]
    low, high = (v.value, v.value) if v.low is None or v.high is None else (v.low, v.high)
    return Range(name, v.value, low, high, lever_specs()[lever].unit, v.source)
