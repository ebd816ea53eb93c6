"""What rules keep between months."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

from ecosystem.kernel.memory import of_the_month, recalled, remembered


def test_a_thing_is_made_once_and_goes_with_its_owner() -> None:
    owner = SimpleNamespace()
    assert recalled(owner, "book") is None
    book = remembered(owner, "book", list)
    book.append(1)
    assert remembered(owner, "book", list) is book
    assert recalled(pickle.loads(pickle.dumps(owner)), "book") == [1]
    assert recalled(SimpleNamespace(), "book") is None


def test_a_months_figure_is_computed_once_a_month() -> None:
    world, calls = SimpleNamespace(month=-3), []

    def compute() -> int:
        calls.append(world.month)
        return world.month

    assert [of_the_month(world, "x", compute) for _ in range(3)] == [-3] * 3
    world.month = -2
    assert of_the_month(world, "x", compute) == -2
    assert calls == [-3, -2]
