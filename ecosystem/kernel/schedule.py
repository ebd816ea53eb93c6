"""The month, written down once: named phases in order, named rules in each, every rule timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ecosystem.kernel.errors import unknown

Rule = Callable[[Any], None]

PHASES: tuple[str, ...] = (
    "measures", "funding", "research", "invention", "protection", "examination", "transfer", "commercialization",
    "market", "adoption", "disputes", "renewal", "talent", "firm_life", "law", "record",
)  # fmt: skip
"""The sixteen steps of the month, in order (model description, section 3)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with its phase, its name and what it must follow or precede."""

    phase: str
    name: str
    rule: Rule
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


_entries: dict[str, Entry] = {}


def rule(phase: str, name: str, *, after: str = "", before: str = "") -> Callable[[Rule], Rule]:
    """Register a function ``rule(world)`` under ``name`` in a phase of the month.

    Args:
        phase: one of ``PHASES``.
        name: unique dotted name, as ``office.examine``.
        after, before: names of rules of the same phase that must run earlier or later.

    Raises:
        InputError: there is no such phase.
        ValueError: the name is taken.
    """
    if phase not in PHASES:
        raise unknown("phase", phase, PHASES)
    if name in _entries:
        raise ValueError(f"a rule named {name!r} is already registered in phase {_entries[name].phase!r}")

    def keep(function: Rule) -> Rule:
        _entries[name] = Entry(phase, name, function, tuple(filter(None, [after])), tuple(filter(None, [before])))
        return function

    return keep


class Schedule:
    """The registered rules in the order in which a month runs them; ``print(schedule)`` shows the month."""

    def __init__(self) -> None:
        self.entries = [e for phase in PHASES for e in _ordered([x for x in _entries.values() if x.phase == phase])]
        self.seconds: dict[str, float] = {e.name: 0.0 for e in self.entries}
        self.months = 0

    def add(self, phase: str, name: str, function: Rule, *, after: str = "", before: str = "") -> None:
        """Add a rule to this schedule only (a measure's hook)."""
        if phase not in PHASES:
            raise unknown("phase", phase, PHASES)
        mine = Entry(phase, name, function, tuple(filter(None, [after])), tuple(filter(None, [before])))
        entries = [*self.entries, mine]
        self.entries = [e for p in PHASES for e in _ordered([x for x in entries if x.phase == p])]
        self.seconds[name] = 0.0

    def run(self, world: Any) -> None:
        """Run one month."""
        clock = time.perf_counter
        seconds = self.seconds
        before = clock()
        for entry in self.entries:
            entry.rule(world)
            now = clock()
            seconds[entry.name] += now - before
            before = now
        self.months += 1

    def profile(self) -> list[tuple[str, str, float]]:
        """Return (phase, rule, microseconds a month), slowest first."""
        months = max(1, self.months)
        rows = [(e.phase, e.name, self.seconds[e.name] / months * 1e6) for e in self.entries]
        return sorted(rows, key=lambda r: -r[2])

    def __str__(self) -> str:
        lines = []
        for number, phase in enumerate(PHASES, 1):
            names = [e.name for e in self.entries if e.phase == phase]
            lines.append(f"{number:>2} {phase:<18} {', '.join(names)}")
        return "\n".join(lines)


def _ordered(entries: list[Entry]) -> list[Entry]:
    """Stable topological order of one phase: registration order, bent only by after/before; ties by name."""
    entries = sorted(entries, key=lambda e: e.name)
    names = {e.name for e in entries}
    needs = {e.name: {a for a in e.after if a in names} for e in entries}
    for e in entries:
        for later in e.before:
            if later in names:
                needs[later].add(e.name)
    done: list[Entry] = []
    placed: set[str] = set()
    while len(done) < len(entries):
        ready = [e for e in entries if e.name not in placed and needs[e.name] <= placed]
        if not ready:
            raise ValueError(f"rules of one phase wait for each other: {sorted(names - placed)}")
        done.append(ready[0])
        placed.add(ready[0].name)
    return done
