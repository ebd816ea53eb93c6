"""A lesson under way: where the class is, what it predicted, what it may do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ecosystem.dashboard.lessons import OUTCOMES, Lesson, Step
from ecosystem.dashboard.text import text

MOST_HANDS = 999


@dataclass
class Play:
    """A lesson under way.

    Attributes:
        step: index of the step shown; the number of steps shows the end.
        predicted: answer by prediction.
        hands: how many in the class gave each answer, by prediction.
        ran: runs that were started.
    """

    lesson: Lesson
    step: int = 0
    large: bool = False
    predicted: dict[str, str] = field(default_factory=dict)
    hands: dict[str, dict[str, int]] = field(default_factory=dict)
    ran: set[str] = field(default_factory=set)

    @property
    def present(self) -> Step | None:
        """The step shown; None at the end."""
        return self.lesson.steps[self.step] if self.step < len(self.lesson.steps) else None

    def commit(self, sent: Any) -> None:
        """Take the class's prediction; nonsense is left aside, and nothing changes once its run has started."""
        step = self.present
        content = sent if isinstance(sent, dict) else {}
        choice = str(content.get("choice"))
        if step is None or step.do != "predict" or step.run in self.ran or choice not in OUTCOMES:
            return
        self.predicted[step.id] = choice
        counted = content.get("hands")
        self.hands[step.id] = _hands(counted if isinstance(counted, dict) else {})

    def missing(self) -> tuple[Step, ...]:
        """Return the predictions that the run of this step still waits for."""
        return tuple(p for p in self.lesson.asked_before(self.step) if p.id not in self.predicted)

    @property
    def can_run(self) -> bool:
        """True when this step's run may start."""
        step = self.present
        return step is not None and step.do == "run" and step.run not in self.ran and not self.missing()

    def run(self) -> None:
        """Start the run of this step, if its predictions are in."""
        if self.can_run:
            assert self.present is not None
            self.ran.add(self.present.run)

    @property
    def can_next(self) -> bool:
        """True when the lesson may go on: a prediction must be in, a run must have been started."""
        step = self.present
        if step is None:
            return False
        if step.do == "predict":
            return step.id in self.predicted
        return step.do != "run" or step.run in self.ran

    def go(self, by: int) -> None:
        """Go on or back one step."""
        if by > 0 and not self.can_next:
            return
        self.step = min(max(self.step + by, 0), len(self.lesson.steps))

    def locked(self) -> str:
        """Return why the lesson does not go on; empty if it does."""
        step = self.present
        if step is None or self.can_next:
            return ""
        if step.do == "predict":
            return text("teach.locked_predict")
        return text("teach.locked_run" if self.missing() else "teach.ready_run")


def _hands(counted: dict[Any, Any]) -> dict[str, int]:
    out = {}
    for one in OUTCOMES:
        try:
            out[one] = min(max(int(str(counted.get(one) or 0)), 0), MOST_HANDS)
        except ValueError:
            out[one] = 0
    return out if any(out.values()) else {}
