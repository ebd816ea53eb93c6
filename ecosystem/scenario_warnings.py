"""What a scenario may hold but probably does not mean: measures that change nothing, contradict or leave the evidence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policies.measures import Measure, known_measures
from policies.places import lever_specs

if TYPE_CHECKING:
    from ecosystem.scenario import MeasureUse, Scenario

NOTHING = (
    "The scenario changes nothing: it holds no measure, lever, budget or parameter that differs from the baseline."
)


def warnings(scenario: Scenario) -> list[str]:
    """Return one sentence for each doubt, in the order of the scenario."""
    known = known_measures()
    uses = [(use, known[use.id], code) for use in scenario.measures for code in use.on]
    doubts = [text for use in scenario.measures for text in _late(scenario, use)]
    doubts += [text for use, measure, code in uses for text in _idle(use, measure, code)]
    doubts += _double(uses)
    doubts += _opposed(uses)
    doubts += _beyond(scenario)
    return doubts


def _late(scenario: Scenario, use: MeasureUse) -> list[str]:
    end = f"{scenario.start_year + scenario.years:04d}-01"
    if use.start >= end:
        return [f"Measure {use.id} starts in {use.start}, after the end of the horizon ({end}): it changes nothing."]
    return []


def _idle(use: MeasureUse, measure: Measure, code: str) -> list[str]:
    if use.strength == measure.strength_in_force(code):
        return [f"Measure {use.id} is already in force in {code} at strength {use.strength:g}: it changes nothing."]
    return []


def _double(uses: list[tuple[MeasureUse, Measure, str]]) -> list[str]:
    count: dict[tuple[str, str], int] = defaultdict(int)
    for use, _, code in uses:
        count[use.id, code] += 1
    return [
        f"Measure {name} stands {n} times on {code}: where the times overlap, the changes add up (at most strength 1)."
        for (name, code), n in count.items()
        if n > 1
    ]


def _opposed(uses: list[tuple[MeasureUse, Measure, str]]) -> list[str]:
    """Name pairs of measures that pull a lever of one place in opposite directions."""
    doubts = []
    pulls: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for use, measure, code in uses:
        change = use.strength - measure.strength_in_force(code)
        for move in measure.moves:
            size = move.amount if move.how == "add" else move.amount - 1.0
            if size * change:
                pulls[move.lever, code][use.id] = 1 if size * change > 0 else -1
    for (lever, code), by in pulls.items():
        up, down = ([name for name, sign in by.items() if sign == way] for way in (1, -1))
        doubts += [f"Measures {a} and {b} pull {lever} of {code} in opposite directions." for a in up for b in down]
    return doubts


def _beyond(scenario: Scenario) -> list[str]:
    """Name levers that a set of measures would push out of their allowed range in a place."""
    from policies.places import known_places

    known, specs = known_measures(), lever_specs()
    places = known_places(*scenario.places_folders)  # type: ignore[arg-type]
    doubts = []
    for code in scenario.jurisdictions:
        value = {name: v.value for name, v in places[code].levers.items()} | scenario.levers.get(code, {})
        moved: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for use in scenario.measures:
            measure = known[use.id]
            change = use.strength - measure.strength_in_force(code)
            if code in use.on and change:
                for move in measure.moves:
                    moved[move.lever].append((move.how, move.pull(change)))
        for lever, pulls in moved.items():
            end = value[lever]
            for how, amount in sorted(pulls, reverse=True):  # factors before additions
                end = end * amount if how == "scale" else end + amount
            spec = specs[lever]
            if not spec.low - 1e-12 <= end <= spec.high + 1e-12:
                doubts.append(f"Lever {lever} of {code} would reach {end:.4g} {spec.unit} and is kept within "
                              f"{spec.low:g} to {spec.high:g}: part of the measures has no effect.")  # fmt: skip
    return doubts


def changes_nothing(scenario: Scenario, base: Scenario) -> bool:
    """Return True if two scenarios differ in nothing that can change a result."""
    known = known_measures()

    def acting(s: Scenario) -> list[tuple[str, str, str, str, float, float]]:
        end = f"{s.start_year + s.years:04d}-01"
        return sorted(
            (use.id, code, use.start, use.end, use.ramp_years or 0.0, use.strength)
            for use in s.measures
            for code in use.on
            if use.strength != known[use.id].strength_in_force(code) and use.start < end
        )

    return (
        acting(scenario) == acting(base)
        and scenario.burn_in_key() == base.burn_in_key()
        and scenario.levers == base.levers
    )
