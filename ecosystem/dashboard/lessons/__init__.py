"""Lessons as data: one TOML file each, and beside it the runs they show, recorded once so that every class sees the same.

A lesson is a list of steps: *say* (the teacher tells), *predict* (the class commits itself), *run*, *reveal* (prediction
beside result), *ask*. What a reveal says follows from the recorded result, never from the lesson's text alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from ecosystem.dashboard.share import START
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.scenario import Scenario

FOLDER = Path(__file__).parent
KINDS = ("say", "predict", "run", "reveal", "ask")
OUTCOMES = ("higher", "lower", "unclear")
"""What a class can predict and a run can show."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What makes a lesson give the same numbers in every class.

    Attributes:
        version: release of the simulator the lesson was written for.
        seed: seed of the first pair.
        places, years, scale: the world.
    """

    version: str
    seed: int
    pairs: int
    scale: float
    years: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One experiment: measures on a place, compared with the baseline.

    Attributes:
        measures: strength by measure.
        also: further indicators that the reveal lists.
    """

    id: str
    title: str
    on: str
    measures: Mapping[str, float]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson.

    Attributes:
        do: one of `KINDS`.
        id: name of a prediction.
        run: run that a prediction or a run step is about.
        of: prediction that a reveal answers.
        indicator: what is predicted, in the place of the run.
        higher, lower, unclear: the three answers (predict) or what each outcome teaches (reveal).
        key: what a good answer holds (ask).
    """

    do: str
    title: str
    text: str = ""
    minutes: int = 0
    id: str = ""
    run: str = ""
    of: str = ""
    indicator: str = ""
    higher: str = ""
    lower: str = ""
    unclear: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson."""

    id: str
    order: int
    title: str
    minutes: int
    audience: str
    goals: tuple[str, ...]
    pinned: Pinned
    runs: Mapping[str, Run]
    steps: tuple[Step, ...]
    debrief: tuple[tuple[str, str], ...]

    def prediction(self, id: str) -> Step:
        """Return the prediction step with this id."""
        return next(step for step in self.steps if step.do == "predict" and step.id == id)

    def asked_before(self, index: int) -> tuple[Step, ...]:
        """Return the predictions that must be in before the run of step ``index`` may start."""
        run = self.steps[index].run
        return tuple(step for step in self.steps[:index] if step.do == "predict" and step.run == run)

    def base(self) -> Scenario:
        """Return the baseline of the lesson."""
        p = self.pinned
        content = {**START, "jurisdictions": list(p.places), "years": p.years, "scale": p.scale}
        return Scenario.baseline(**content)

    def scenario(self, run: str) -> Scenario:
        """Return the scenario of one run."""
        one, scenario = self.runs[run], self.base()
        for id, strength in one.measures.items():
            scenario = scenario.with_measure(id, on=one.on, strength=strength)
        return scenario

    def indicators(self) -> tuple[str, ...]:
        """Return all indicators that the lesson shows."""
        asked = [step.indicator for step in self.steps if step.indicator]
        return tuple(dict.fromkeys(asked + [name for run in self.runs.values() for name in run.also]))

    def shown_places(self) -> tuple[str, ...]:
        """Return the places that the lesson shows, in their order."""
        used = {run.on for run in self.runs.values()}
        return tuple(code for code in self.pinned.places if code in used)


def _only(table: Mapping[str, Any], kind: type, where: str, extra: tuple[str, ...] = ()) -> None:
    allowed = [f.name for f in fields(kind)] + list(extra)
    for key in table:
        if key not in allowed:
            raise unknown("key", key, allowed, where=where)


def read_lesson(path: Path) -> Lesson:
    """Read and check one lesson.

    Raises:
        InputError: an unknown key, a step without what it needs, or a name that refers to nothing.
    """
    where = path.name
    with path.open("rb") as file:
        content = tomllib.load(file)
    _only(content, Lesson, where)
    _only(content["pinned"], Pinned, where)
    for table in content["runs"].values():
        _only(table, Run, where)
    for table in content["steps"]:
        _only(table, Step, where)
    pinned = {**content["pinned"], "places": tuple(content["pinned"]["places"])}
    runs = {id: Run(id=id, **{**table, "also": tuple(table.get("also", ()))}) for id, table in content["runs"].items()}
    steps = tuple(Step(**table) for table in content["steps"])
    debrief = tuple((item["question"], item["key"]) for item in content["debrief"])
    top = {key: content[key] for key in ("title", "minutes", "audience", "order")}
    lesson = Lesson(
        id=path.stem,
        goals=tuple(content["goals"]),
        pinned=Pinned(**pinned),
        runs=runs,
        steps=steps,
        debrief=debrief,
        **top,
    )
    _check(lesson, where)
    return lesson


def _check(lesson: Lesson, where: str) -> None:
    predicted: dict[str, Step] = {}
    ran: set[str] = set()
    for number, step in enumerate(lesson.steps, 1):
        here = f"{where}, step {number}"
        if step.do not in KINDS:
            raise unknown("kind of step", step.do, KINDS, where=here)
        if step.do in ("predict", "run") and step.run not in lesson.runs:
            raise unknown("run", step.run, lesson.runs, where=here)
        if step.do in ("predict", "reveal") and not (step.higher and step.lower and step.unclear):
            raise InputError("A prediction and a reveal need words for higher, lower and unclear", where=here)
        if step.do == "predict":
            if not step.id or step.id in predicted or not step.indicator:
                raise InputError("A prediction needs an id of its own and an indicator", where=here)
            if step.run in ran:
                raise InputError(f"The run {step.run!r} stands before its prediction {step.id!r}", where=here)
            predicted[step.id] = step
        elif step.do == "run":
            if not any(p.run == step.run for p in predicted.values()):
                raise InputError(f"The run {step.run!r} has no prediction before it", where=here)
            ran.add(step.run)
        elif step.do == "reveal" and (step.of not in predicted or predicted[step.of].run not in ran):
            raise InputError(f"The reveal of {step.of!r} needs a prediction and its run before it", where=here)
        elif step.do == "ask" and not step.key:
            raise InputError("A question needs a key", where=here)


@cache
def known_lessons() -> dict[str, Lesson]:
    """Return all lessons by id, in their order."""
    lessons = [read_lesson(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {lesson.id: lesson for lesson in sorted(lessons, key=lambda one: (one.order, one.id))}
