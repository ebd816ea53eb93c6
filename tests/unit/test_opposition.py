"""Opposition and review by a specialised body: who attacks, what falls, and what no one attacks."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from agents.court.tribunal import AMENDED, MAINTAINED, REVIEW, REVOKED, is_young, review
from agents.patent_office import opposition
from agents.patent_office.opposition import OPPOSITION, quarter_end
from ecosystem import Scenario, World
from ecosystem.domain import valuation


@pytest.fixture
def world(small_world: World) -> World:
    copy: World = pickle.loads(pickle.dumps(small_world))
    return copy


def live_rights(world: World, office: int) -> np.ndarray:
    r = world.rights
    rows = np.flatnonzero(r.in_force & (r.office == office) & (r.kind == 0) & (r.owner >= 0))
    return rows[~world.orgs.passive[r.owner[rows]]]


def file(world: World, rows: np.ndarray, novelty: float, value: float, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Let rivals look at ``rows`` with a novelty and a value; return the new challenges."""
    monkeypatch.setattr(valuation, "right_present_value", lambda w, r: np.full(len(r), value))
    world.rights.novelty[rows] = novelty
    world.orgs.cash[:] = np.maximum(world.orgs.cash, 10.0)
    world.accounts.close_opening()
    before = world.challenges.n
    opposition._file(world, rows)
    return np.arange(before, world.challenges.n)


def test_bad_and_valuable_rights_are_opposed_and_fall(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = live_rights(world, 1)
    assert len(rows) > 10
    assert not len(file(world, rows, 4.0, 10.0, monkeypatch))
    assert not len(file(world, rows, -1.0, 1e-6, monkeypatch))
    bad = file(world, rows, -1.0, 10.0, monkeypatch)
    assert len(bad) > 0.5 * len(rows)
    t = world.challenges
    assert (t.kind[bad] == OPPOSITION).all()
    assert (t.challenger[bad] != t.owner[bad]).all()
    opposition._decide(world, bad)
    assert (t.outcome[bad] == REVOKED).mean() > 0.9
    fallen = t.right[bad][t.outcome[bad] == REVOKED]
    assert not world.rights.in_force[fallen].any()
    assert (world.rights.invalidated[fallen] == world.month).all()
    assert world.accounts.imbalance() < 1e-9


def test_middling_rights_come_out_narrower(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = live_rights(world, 1)
    middle = world.levers["office.step"][1] + world.p["opposition.standard"]
    new = file(world, rows, middle, 10.0, monkeypatch)
    before = world.rights.breadth.copy()
    opposition._decide(world, new)
    t = world.challenges
    ruling, right = t.outcome[new], t.right[new]
    assert {MAINTAINED, AMENDED, REVOKED} <= set(ruling.tolist())
    narrower = right[ruling == AMENDED]
    np.testing.assert_allclose(
        world.rights.breadth[narrower], world.p["opposition.narrowing"] * before[narrower], rtol=1e-6
    )
    assert world.rights.in_force[narrower].all()
    kept = right[ruling == MAINTAINED]
    assert np.array_equal(world.rights.breadth[kept], before[kept])


def stepped(world: World, closed: int, months: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Step a copy whose rivals look at every grant; one place has no window for them, the others one of nine months.

    Returns:
        (patents granted, oppositions against them) in the months stepped, by place.
    """
    world = pickle.loads(pickle.dumps(world))
    world.p = world.p.with_values({"opposition.watched": 1.0, "opposition.stake": 1.0, "opposition.standard": 1.5})
    for j, code in enumerate(world.places[: world.P]):
        length = 0.0 if j == closed else 9.0
        world.levers.set("office.opposition_months", length, by="test", on=code, standing=True)
    start, before = world.month, world.challenges.n
    for _ in range(months):
        world.step()
    rights, t = world.rights, world.challenges
    opposed = t.right[before:][t.kind[before:] == OPPOSITION]
    opposed = opposed[rights.decided[opposed] >= start]  # windows that were open stay open
    granted = (rights.decided >= start) & (rights.outcome == 1) & (rights.kind == 0)
    by_place = [np.bincount(rights.office[rows], minlength=world.P) for rows in (granted, opposed)]
    return by_place[0], by_place[1]


def test_a_place_without_a_window_knows_no_opposition() -> None:
    start = World(Scenario.baseline(scale=5000, years=1), seed=1)
    for closed in (1, 3):
        granted, opposed = stepped(start, closed)
        assert granted[closed] > 10, "there is something to oppose"
        assert opposed[closed] == 0
        # the same world with the window of another place closed instead: now rivals oppose here, and not there
        assert (np.delete(opposed, closed) > 0).all(), opposed


def test_quarters_end_in_their_last_month() -> None:
    assert quarter_end(np.array([-3, -1, 0, 2, 3, 11])).tolist() == [-1, -1, 2, 2, 5, 11]


def suits(world: World, n: int) -> np.ndarray:
    """Enter ``n`` fresh suits under clearly invalid rights of the first place in fields that are young."""
    d, cases = world.disputes, world.courts.cases
    rows = live_rights(world, 0)
    rows = rows[np.arange(n) % len(rows)]
    world.science.born[:] = world.month - 12
    firms = world.orgs.living(0)
    world.orgs.cash[:] = np.maximum(world.orgs.cash, 1000.0)
    slots = d.add(
        n, month=world.month, court=0, right=rows, plaintiff=world.rights.owner[rows], use=-1, stakes=5.0, stage=1,
        defendant=firms[np.arange(n) % len(firms)], suit_month=world.month, truly_valid=False, truly_infringed=True,
    )  # fmt: skip
    cases.add(d.n - cases.n)
    cases.uid[slots], cases.validity[slots], cases.infringement[slots] = 1 + slots, -1.5, 1.0
    cases.practising[slots] = True
    world.courts.fresh = slots
    return slots


def test_a_tribunal_is_open_in_young_fields_only_and_frees_everybody(world: World) -> None:
    slots = suits(world, 40)
    world.courts.judged_now = np.zeros(0, np.int64)
    world.levers["court.tribunal"][:] = 0.95
    world.science.born[:] = world.month - 120
    assert not is_young(world, world.disputes.right[slots]).any()
    review(world)
    assert not (world.challenges.kind == REVIEW).any() or world.challenges.dispute[-1] < slots[0]
    world.science.born[:] = world.month - 12
    review(world)
    rows = np.flatnonzero((world.challenges.kind == REVIEW) & (world.challenges.dispute >= slots[0]))
    assert len(rows) > 10
    assert (world.disputes.cost_defendant[world.challenges.dispute[rows]] > 0).all()
    world.month = int(world.challenges.due[rows[0]])
    world.draw.month = world.month
    world.courts.fresh = world.courts.judged_now = np.zeros(0, np.int64)
    review(world)
    ruled = world.challenges.outcome[rows]
    assert (ruled == REVOKED).any()
    assert not world.rights.in_force[world.challenges.right[rows[ruled == REVOKED]]].any()
    assert len(world.courts.judged_now)
    assert world.tally["young_decisions"].sum() > 0


def test_without_a_tribunal_nothing_is_reviewed(world: World) -> None:
    suits(world, 40)
    world.courts.judged_now = np.zeros(0, np.int64)
    world.levers["court.tribunal"][:] = 0.0
    before = world.challenges.n
    review(world)
    assert world.challenges.n == before
