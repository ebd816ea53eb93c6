"""The month: rules in the order of phases and wishes; the calendar; registries that know the nearest name."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.kernel import schedule as module
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.registry import Registry
from ecosystem.kernel.schedule import PHASES, Schedule, rule


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_entries", {})


def order(schedule: Schedule) -> list[str]:
    seen: list[str] = []
    schedule.run(SimpleNamespace(seen=seen))
    return seen


def note(phase: str, name: str, **how: str) -> None:
    rule(phase, name, **how)(lambda world: world.seen.append(name))


def test_there_are_sixteen_steps() -> None:
    assert len(PHASES) == len(set(PHASES)) == 16


def test_rules_run_by_phase_then_by_wish_then_by_name(empty: None) -> None:
    note("record", "z")
    note("law", "b")
    note("law", "a", after="c")
    note("law", "c")
    note("law", "e", before="b")
    note("measures", "last")
    assert order(Schedule()) == ["last", "c", "a", "e", "b", "z"]


@given(
    st.permutations([("law", "b", ""), ("law", "a", "b"), ("talent", "t", ""), ("law", "d", "a"), ("funding", "x", "")])
)
def test_the_order_of_registration_does_not_matter(entries: list[tuple[str, str, str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_entries", {})
        for phase, name, after in entries:
            note(phase, name, after=after)
        assert order(Schedule()) == ["x", "t", "b", "a", "d"]


def test_rules_that_wait_for_each_other_are_named(empty: None) -> None:
    note("law", "a", after="b")
    note("law", "b", after="c")
    note("law", "c", after="a")
    note("law", "free")
    with pytest.raises(ValueError, match=r"wait for each other: \['a', 'b', 'c'\]"):
        Schedule()


def test_a_name_is_taken_once_and_a_phase_must_exist(empty: None) -> None:
    note("law", "a")
    with pytest.raises(ValueError, match="'a' is already registered in phase 'law'"):
        note("talent", "a")
    with pytest.raises(InputError, match=r"no phase named 'talents'.*Nearest match: talent"):
        note("talents", "b")


def test_a_hook_belongs_to_one_schedule(empty: None) -> None:
    note("law", "a")
    mine, other = Schedule(), Schedule()
    mine.add("law", "hook", lambda world: world.seen.append("hook"), before="a")
    assert order(mine) == ["hook", "a"]
    assert order(other) == ["a"]
    with pytest.raises(InputError, match="no phase"):
        mine.add("laws", "x", lambda world: None)


def test_it_times_and_prints_itself(empty: None) -> None:
    note("law", "a")
    s = Schedule()
    order(s)
    order(s)
    assert s.months == 2
    assert [(p, n) for p, n, _ in s.profile()] == [("law", "a")]
    assert s.profile()[0][2] >= 0.0
    lines = str(s).splitlines()
    assert len(lines) == 16
    assert lines[14].split() == ["15", "law", "a"]


def test_the_real_month_has_a_rule_in_every_step_and_keeps_every_wish() -> None:
    import agents.load  # noqa: F401

    s = Schedule()
    assert {e.phase for e in s.entries} == set(PHASES)
    at = {e.name: i for i, e in enumerate(s.entries)}
    assert len(at) == len(s.entries)
    phase_of = {e.name: e.phase for e in s.entries}
    for e in s.entries:
        for before, after in [(a, e.name) for a in e.after] + [(e.name, b) for b in e.before]:
            assert phase_of.get(before) == phase_of.get(after), f"{before} -> {after}: a wish across phases is not kept"
            assert at[before] < at[after]


# -- calendar -----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from("ab"), st.lists(st.integers(0, 5), max_size=6)), max_size=8))
def test_the_calendar_gives_back_everything_in_order_of_arrival(puts: list[tuple[str, list[int]]]) -> None:
    c, n = Calendar(), 0
    expected: dict[tuple[str, int], list[int]] = {}
    for kind, months in puts:
        slots = np.arange(n, n + len(months))
        c.put(kind, np.array(months, dtype=np.int64), slots)
        for month, slot in zip(months, slots.tolist(), strict=True):
            expected.setdefault((kind, month), []).append(slot)
        n += len(months)
    assert c.waiting("a") + c.waiting("b") == n
    for kind in "ab":
        for month in range(6):
            due = c.pop(kind, month)
            assert due.dtype == np.int64
            assert due.tolist() == expected.get((kind, month), [])
            assert len(c.pop(kind, month)) == 0
    assert c.waiting("a") == c.waiting("b") == 0


def test_one_month_for_many_slots() -> None:
    c = Calendar()
    c.put("a", 7, np.array([3, 1]))
    c.put("a", np.int64(7), np.array([2]))
    c.put("a", 8, np.zeros(0, np.int64))
    assert c.pop("a", 8).tolist() == []
    assert c.pop("a", 7).tolist() == [3, 1, 2]


# -- registries ---------------------------------------------------------------------------------------------------


def test_a_registry_refuses_duplicates_and_knows_the_nearest_name() -> None:
    things: Registry[int] = Registry("measure")
    things.add("bayh_dole", 1)
    assert things.register("training")(2) == 2
    assert things["bayh_dole"] == 1
    with pytest.raises(ValueError, match="measure 'training' is already registered"):
        things.add("training", 3)
    with pytest.raises(InputError, match=r"no measure named 'bay_dole'.*Nearest match: bayh_dole"):
        things["bay_dole"]
    assert things.get("bay_dole") is None
