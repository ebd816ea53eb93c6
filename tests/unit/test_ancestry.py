"""Ancestry: parents come with weight quality x age kernel x proximity, exactly, and from earlier months only."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ecosystem.domain.ancestry import Ancestry
from ecosystem.domain.regions import Regions
from ecosystem.kernel.luck import Draw, fold

F = 3
NEAR = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.0, 0.5, 0.5]])
PARAMETERS = {"ancestry.peak_years": 2.0, "ancestry.fading_years": 6.0, "ancestry.parents_chance": 0.8,
              "ancestry.tacit_share": 0.0, "ancestry.abroad_share": 0.0, "region.citation_neighbor": 0.6,
              "region.citation_place": 0.45, "region.park_spillover": 2.0, "switch.cumulative": 1.0,
              "switch.spillovers": 1.0}  # fmt: skip


def world(seed: int = 1, **changes: float) -> Any:
    """A world in which all earlier work is one's own, and so within reach."""
    rows = 5000
    return SimpleNamespace(
        p={**PARAMETERS, **changes}, draw=Draw(seed), proximity=NEAR, month=0,
        orgs=SimpleNamespace(region=np.array([0, 1], np.int8), park=np.zeros(2, bool)), regions=Regions.single(["a", "b"]),
        inventions=SimpleNamespace(
            owner=np.zeros(rows, np.int32), jurisdiction=np.zeros(rows, np.int8), published=np.zeros(rows, np.int32)
        ),
    )  # fmt: skip


def find(a: Ancestry, world: Any, uid: np.ndarray, field: np.ndarray, owner: int = 0) -> np.ndarray:
    return a.parents(world, uid, field, np.full(len(uid), owner))


def library(months: int = 6) -> tuple[Ancestry, np.ndarray, np.ndarray, np.ndarray]:
    """An index of some months; return it with month, field and quality of each row."""
    rng = np.random.default_rng(3)
    a = Ancestry(F, 40)
    all_month, all_field, all_quality = [], [], []
    for month in range(months):
        field = np.sort(rng.integers(0, F, size=(5, 0, 9, 1, 4, 3)[month % 6]))
        quality = rng.lognormal(size=len(field))
        a.append(field, quality)
        all_month += [month] * len(field)
        all_field += field.tolist()
        all_quality += quality.tolist()
    return a, np.array(all_month), np.array(all_field), np.array(all_quality)


@pytest.mark.parametrize("child_field", range(F))
def test_parents_are_drawn_exactly_by_quality_age_and_proximity(child_field: int) -> None:
    a, month, field, quality = library()
    age = (6 - month) / 12.0
    p = PARAMETERS
    kernel = (1 - np.exp(-age / p["ancestry.peak_years"])) * np.exp(-age / p["ancestry.fading_years"])
    weight = quality * kernel * NEAR[child_field, field]
    n = 30_000
    uid = fold(np.arange(n), 1)
    got = find(a, world(), uid, np.full(n, child_field))
    found = got[got >= 0]
    assert stats.binomtest(len(found), 3 * n, 0.8).pvalue > 1e-4
    some = weight > 0
    counts = np.bincount(found, minlength=len(weight))
    assert counts[~some].sum() == 0
    assert stats.chisquare(counts[some], len(found) * weight[some] / weight.sum()).pvalue > 1e-4


def test_the_three_searches_are_independent() -> None:
    a, *_ = library()
    n = 30_000
    got = find(a, world(**{"ancestry.parents_chance": 1.0}), fold(np.arange(n), 2), np.zeros(n, np.int64))
    top = np.argsort(np.bincount(got[:, 0]))[-4:]
    for i, j in ((0, 1), (1, 2), (0, 2)):
        table = np.array([[np.count_nonzero((got[:, i] == x) & (got[:, j] == y)) for x in top] for y in top])
        assert stats.chi2_contingency(table).pvalue > 1e-4


def test_the_same_child_finds_the_same_parents_in_any_company() -> None:
    a, *_ = library()
    uid, field = fold(np.arange(50), 3), np.arange(50) % F
    got = find(a, world(), uid, field)
    order = np.random.default_rng(0).permutation(50)
    assert np.array_equal(find(a, world(), uid[order], field[order]), got[order])
    assert np.array_equal(find(a, world(), uid[7:8], field[7:8])[0], got[7])
    assert not np.array_equal(find(a, world(2), uid, field), got)


def test_without_earlier_work_there_are_no_parents() -> None:
    a = Ancestry(F, 10)
    none = np.full((4, 3), -1)
    assert np.array_equal(find(a, world(), np.arange(4), np.zeros(4, np.int64)), none)
    a.append(np.zeros(0, np.int64), np.zeros(0))
    assert np.array_equal(find(a, world(), np.arange(4), np.zeros(4, np.int64)), none)
    a.append(np.zeros(2, np.int64), np.ones(2))
    # Field 2 does not look at field 0.
    assert np.array_equal(find(a, world(), np.arange(1, 5), np.full(4, 2)), none)
    assert (find(a, world(**{"ancestry.parents_chance": 1.0}), np.arange(1, 5), np.zeros(4, np.int64)) >= 0).all()


def test_worthless_work_is_never_built_on_and_the_index_grows() -> None:
    a = Ancestry(F, 60)
    for _ in range(50):
        a.append(np.repeat(np.arange(F), 20), np.tile([0.0, 1.0], 30))
    assert a.rows == 3000
    assert a.months == 50
    got = find(a, world(), fold(np.arange(5000), 1), np.arange(5000) % F)
    found = got[got >= 0]
    assert len(found)
    assert (found % 2 == 1).all()
    assert found.max() < 3000


def test_old_work_fades_and_the_newest_is_not_yet_used_most() -> None:
    a = Ancestry(F, 400)
    for _ in range(400):
        a.append(np.zeros(2, np.int64), np.ones(2))
    got = find(a, world(), fold(np.arange(40_000), 1), np.zeros(40_000, np.int64))
    age = 400 - got[got >= 0] // 2
    by_year = np.bincount(age // 12, minlength=30)
    assert by_year[0] < by_year[2] > by_year[15] > by_year[30 - 1]


def test_work_of_others_must_be_public_or_leak_and_be_near() -> None:
    a, *_ = library()
    uid, field = fold(np.arange(3000), 4), np.arange(3000) % F
    free = find(a, world(), uid, field)
    w = world()
    assert np.array_equal(find(a, w, uid, field, owner=1)[free >= 0] >= 0, np.zeros(np.count_nonzero(free >= 0), bool))
    w.orgs.region[:] = 1
    assert np.array_equal(find(a, w, uid, field, owner=1), free)
    w.inventions.published[:] = 5
    assert (find(a, w, uid, field, owner=1) < 0).all()
    w.p["ancestry.tacit_share"] = 0.3
    some = find(a, w, uid, field, owner=1)
    assert 0.25 < np.count_nonzero(some >= 0) / np.count_nonzero(free >= 0) < 0.35
    assert np.array_equal(some[some >= 0], free[some >= 0])


def mapped(near: float, abroad: float, **changes: float) -> Any:
    """Three regions, two of one place; each invention is held by the one organization of its region."""

    def region(code: str, share: float, *neighbors: str) -> Any:
        return SimpleNamespace(code=code, title=code, share=share, neighbors=neighbors, territory="")

    w = world(
        **{"ancestry.parents_chance": 1.0, "ancestry.abroad_share": abroad, "region.citation_place": near, **changes}
    )
    w.regions = Regions(["a", "b"], [[region("x", 0.5), region("y", 0.5)], [region("z", 1.0)]])
    w.orgs = SimpleNamespace(region=np.array([0, 0, 1, 2], np.int8), park=np.zeros(4, bool))
    return w


def holders(w: Any, n: int = 30_000) -> np.ndarray:
    """Who holds what organization 0 builds on, shares of the parents found by holder, and last how many were found."""
    a = Ancestry(F, 40)
    a.append(np.repeat(np.arange(F), 40), np.ones(40 * F))
    w.inventions.owner = np.tile([0, 1, 2, 3], 30 * F).astype(np.int32)
    w.inventions.jurisdiction = np.where(w.inventions.owner == 3, 1, 0).astype(np.int8)
    w.inventions.published = np.zeros(len(w.inventions.owner), np.int32)
    got = find(a, w, fold(np.arange(n), 9), np.arange(n) % F)
    got = got[got >= 0]
    return np.r_[np.bincount(w.inventions.owner[got], minlength=4) / len(got), len(got) / (3 * n)]


def test_what_lies_far_away_is_used_less_and_who_finds_nothing_near_looks_once_more() -> None:
    flat, steep = holders(mapped(1.0, 0.5)), holders(mapped(0.4, 0.5))
    np.testing.assert_allclose(flat[:4], np.array([1, 1, 1, 0.5]) / 3.5, atol=0.01)
    # own work counts as that of an average owner of the place, 0.7, and abroad half of it
    np.testing.assert_allclose(steep[:4], np.array([0.7, 1, 0.4, 0.35]) / 2.45, atol=0.01)
    taken = np.array([3.5, 2.45]) / 4
    np.testing.assert_allclose([flat[4], steep[4]], 1 - (1 - taken) ** 2, atol=0.01)


def test_residents_of_one_park_build_on_each_other_as_readily_as_the_parameter_says() -> None:
    w = mapped(0.4, 0.5)
    before = holders(w)
    w.orgs.park[1] = True
    np.testing.assert_array_equal(holders(w), before)
    w.orgs.park[0] = True
    after = holders(w)
    assert 1.5 * before[1] < after[1] < 2.2 * before[1]
    w.p["region.park_spillover"] = 1.0
    np.testing.assert_array_equal(holders(w), before)
