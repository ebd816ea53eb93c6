"""Comparisons of the page: the numbers of ``ecosystem compare``, no run twice, cancelled and preempted without loss."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecosystem.dashboard.charts import bands
from ecosystem.dashboard.effects import courses, effects, headline, sentence
from ecosystem.dashboard.engine import Engine, Look, Plan, narrowed
from ecosystem.dashboard.shelf import Shelf, read, write
from ecosystem.dashboard.theme import palette
from ecosystem.dashboard.worker import BurnIns
from ecosystem.lab.compare import CLEAR, compare
from ecosystem.lab.paired import Interrupted, run_seed
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import Scenario

NAMES = ("business_rd", "patents_granted", "pendency_months", "suits", "public_outlay")
TINY = Plan("quick", 0, 20_000.0, 2, 1)
LONG = Plan("full", 1, 20_000.0, 4, 2)
BASE = Scenario.baseline(scale=20_000.0, years=2, burn_in_years=2, jurisdictions=("us", "jp"))
CREDIT = BASE.with_measure("us_rd_tax_credit", on="us", strength=0.0)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    engine = Engine(workers=1, names=NAMES)
    yield engine
    engine.close()


def wait(look: Look, seconds: float = 240.0) -> Look:
    end = time.monotonic() + seconds
    while not look.finished and time.monotonic() < end:
        time.sleep(0.02)
    assert look.finished, look.status()
    assert not look.problem, look.problem
    return look


def test_numbers_are_those_of_compare_and_nothing_is_computed_twice(engine: Engine, tmp_path: Path) -> None:
    look = wait(engine.look("one", BASE, CREDIT, TINY))
    found = look.comparison()
    assert found is not None
    asked = compare(BASE, CREDIT, TINY.pairs, outputs=NAMES, workers=1)
    pd.testing.assert_frame_equal(found.effects(), asked.effects())
    pd.testing.assert_frame_equal(found.by_year(), asked.by_year())
    pd.testing.assert_frame_equal(found.outlays(), asked.outlays())
    assert found.warnings == asked.warnings
    assert engine.computed == 4
    # The page's own rows are cells of that table.
    table = asked.effects().set_index(["indicator", "jurisdiction"])
    for key, effect in effects(found, NAMES).items():
        row = table.loc[key]
        for name in ("base", "scenario", "difference", "low", "high", "share_higher", "verdict"):
            assert getattr(effect, name) == row[name]
    # Another visitor's look at the same scenario costs nothing, another scenario only its own runs.
    assert wait(engine.look("two", BASE, CREDIT, TINY)).comparison().effects().equals(found.effects())  # type: ignore[union-attr]
    assert engine.computed == 4
    other = BASE.with_measure("us_rd_tax_credit", on="jp", strength=0.0)
    wait(engine.look("two", BASE, other, TINY))
    assert engine.computed == 6
    # Nor does a server of tomorrow.
    engine._disk.submit(int).result()
    tomorrow = Engine(workers=1, names=NAMES)
    try:
        again = wait(tomorrow.look("one", BASE, CREDIT, TINY)).comparison()
        assert again is not None
        pd.testing.assert_frame_equal(again.effects(), found.effects())
        assert tomorrow.computed == 0
    finally:
        tomorrow.close()


def test_a_baseline_alone_is_run_once_a_seed_and_says_that_nothing_changes(engine: Engine) -> None:
    look = wait(engine.look("one", BASE, BASE, TINY))
    assert engine.computed == TINY.pairs
    comparison = look.comparison()
    assert comparison is not None
    assert set(comparison.effects()["verdict"]) == {"equal in every pair"}
    course = courses(comparison, ["business_rd"], "us", alone=True)["business_rd"]
    runs = [run.window(0, 1)[0, 0] for run, _ in narrowed(comparison, ["business_rd"]).runs]
    assert course.low[0] == min(runs)
    assert course.high[0] == max(runs)


def test_a_new_look_of_a_visitor_ends_the_last_one_and_a_quick_look_overtakes(engine: Engine) -> None:
    full = engine.look("one", BASE, CREDIT, LONG)
    end = time.monotonic() + 200
    while engine._lanes[0].present is None and time.monotonic() < end:
        time.sleep(0.01)
    quick = engine.look("two", BASE, BASE.with_measure("us_rd_tax_credit", on="jp", strength=0.5), TINY)
    wait(quick)
    assert not full.finished
    again = engine.look("one", BASE, BASE.with_measure("us_rd_tax_credit", on="jp", strength=0.4), LONG)
    assert full.cancelled
    assert full.finished
    wait(again)
    engine.leave("one")
    assert [key for key in engine._own if key[0] == "one"] == []


def test_a_cancelled_look_ends_and_keeps_what_it_has(engine: Engine) -> None:
    look = engine.look("one", BASE, CREDIT, replace(LONG, pairs=40))
    end = time.monotonic() + 240
    while look.done < 1 and time.monotonic() < end:
        time.sleep(0.02)
    engine.cancel(look)
    assert look.cancelled
    done = look.done
    assert 1 <= done < 40
    assert "Stopped after" in look.status()
    end = time.monotonic() + 60
    while (engine._lanes[0].present is not None or engine._runs) and time.monotonic() < end:
        time.sleep(0.02)
    assert engine._runs == {}
    assert look.comparison() is not None


def test_a_run_that_fails_is_told(engine: Engine) -> None:
    look = engine.look("one", BASE, CREDIT, TINY)
    look.scenario = BASE
    broken = Engine(workers=1, names=("no_such_indicator",))
    try:
        failed = broken.look("one", BASE, CREDIT, TINY)
        end = time.monotonic() + 200
        while not failed.finished and time.monotonic() < end:
            time.sleep(0.02)
        assert "no_such_indicator" in failed.problem
        assert failed.status() == ""
    finally:
        broken.close()


def made_up(seed: int, places: int = 2, years: int = 5) -> Yearly:
    """Return made-up yearly values with a ratio in the middle."""
    luck = np.random.default_rng(seed)
    top = luck.uniform(1e3, 2e3, (years, len(NAMES), places + 1))
    bottom = np.full_like(top, np.nan)
    bottom[:, 2] = luck.uniform(1e2, 2e2, (years, places + 1))
    return Yearly(NAMES, ("us", "jp", "all"), top, bottom, 5000.0, {("m", "us"): luck.uniform(1, 2, years)})


def test_a_run_survives_the_disk_and_a_damaged_file_is_none(tmp_path: Path) -> None:
    run, path = made_up(1), tmp_path / "x.npz"
    write(run, path)
    back = read(path)
    assert back is not None
    assert (back.names, back.places, back.scale) == (run.names, run.places, run.scale)
    assert back.top.tobytes() == run.top.tobytes()
    assert back.bottom.tobytes() == run.bottom.tobytes()
    assert {k: v.tolist() for k, v in back.outlays.items()} == {k: v.tolist() for k, v in run.outlays.items()}
    content = path.read_bytes()
    for cut in (0, 10, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:cut])
        assert read(path) is None
    assert read(tmp_path / "none.npz") is None


def test_the_shelf_forgets_the_least_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    one = made_up(1)
    shelf = Shelf(most=3 * (one.top.nbytes + one.bottom.nbytes + 40))
    for k in range(3):
        shelf.keep(str(k), made_up(k))
    assert shelf.held("0") is not None
    shelf.keep("3", made_up(3))
    assert shelf.held("1") is None
    assert shelf.held("0") is not None


def test_burn_ins_are_kept_by_seed_within_their_limit() -> None:
    from collections import OrderedDict

    kept: OrderedDict[tuple[int, str], bytes] = OrderedDict()
    luck = np.random.default_rng(0)
    contents = [luck.bytes(1000) for _ in range(4)]
    for seed in range(3):
        BurnIns(seed, kept, most=2500)["key"] = contents[seed]
    assert "key" not in BurnIns(0, kept)
    assert BurnIns(2, kept)["key"] == contents[2]
    assert len(BurnIns(1, kept)) == 1


def test_a_kept_burn_in_changes_no_bit_and_a_stopped_run_says_so() -> None:
    kept: dict[str, bytes] = {}
    first = run_seed([BASE, CREDIT], 1, NAMES, frozen=kept)
    assert len(kept) == 1
    again = run_seed([CREDIT], 1, NAMES, frozen=kept)
    assert again[0].top.tobytes() == first[1].top.tobytes()
    with pytest.raises(Interrupted):
        run_seed([CREDIT], 1, NAMES, frozen=kept, cancelled=lambda: True)


def hand_made(shift: float, pairs: int = 6) -> Look:
    """Return a look at made-up pairs in which the scenario's business R&D is higher by ``shift``."""
    scenario = CREDIT
    look = Look(BASE, scenario, TINY, tuple(range(pairs)))
    for seed in look.seeds:
        base = made_up(seed)
        top = base.top.copy()
        top[:, 0] += shift + 0.1 * seed
        for kind, run in ((False, base), (True, replace(base, top=top))):
            look._names[kind, seed] = f"{kind}{seed}"
            look._found[f"{kind}{seed}"] = run
    return look


def test_a_clear_effect_has_a_size_an_interval_and_a_natural_frequency() -> None:
    comparison = hand_made(100.0).comparison()
    assert comparison is not None
    effect = effects(comparison, NAMES)["business_rd", "us"]
    assert effect.clear
    assert headline(effect).startswith("+")
    assert "higher in 6 of 6 paired runs" in sentence(effect)
    assert "95 % interval" in sentence(effect)
    same = effects(comparison, NAMES)["patents_granted", "us"]
    assert headline(same) == "No change"


def test_a_clear_effect_that_rounds_to_nothing_is_told_in_words() -> None:
    comparison = hand_made(100.0).comparison()
    assert comparison is not None
    effect = effects(comparison, NAMES)["business_rd", "us"]
    assert headline(replace(effect, relative=0.003)) == "Higher, by less than half a percent"
    assert headline(replace(effect, relative=-0.003, verdict=CLEAR[1])) == "Lower, by less than half a percent"
    assert headline(replace(effect, relative=0.0051)) == "+0.51 %"
    assert headline(replace(effect, base=0.0, relative=math.nan)) == "Higher, from none"


def test_the_chart_holds_the_numbers_of_the_comparison() -> None:
    comparison = hand_made(100.0).comparison()
    assert comparison is not None
    course = courses(comparison, NAMES, "us", alone=False)["business_rd"]
    rows = comparison.by_year()
    rows = rows[(rows["indicator"] == "business_rd") & (rows["jurisdiction"] == "us")]
    assert list(course.scenario) == list(rows["scenario"])
    assert list(course.low) == list(rows["base"] + rows["low"])
    option = bands.band_chart(course, palette(False), False)
    base, now, low, high, band = (s["data"] for s in option["series"])
    assert now != base
    for a, b, width in zip(low, high, band, strict=True):
        assert b - a == pytest.approx(width)
    difference = bands.band_chart(course, palette(False), False, difference=True)
    assert set(difference["series"][0]["data"]) == {0.0}
    assert difference["yAxis"]["min"] == -difference["yAxis"]["max"]
    assert "6 pairs" in option["aria"]["label"]["description"]
    assert "2025" in bands.course_table(course)


def test_the_axis_starts_at_zero_unless_everything_lies_far_above() -> None:
    comparison = hand_made(1.0).comparison()
    assert comparison is not None
    course = courses(comparison, ["business_rd"], "us", alone=False)["business_rd"]
    wide = replace(course, base=tuple(v / 10 if k == 0 and v else v for k, v in enumerate(course.base)),
                   low=course.base, high=course.base, scenario=course.base)  # fmt: skip
    assert not bands.starts_above_zero(wide)
    narrow = replace(course, base=(100.0,) * 5, scenario=(101.0,) * 5, low=(99.0,) * 5, high=(103.0,) * 5)
    start, end, _ = bands.axis(narrow, 1.0, False)
    assert 0 < start <= 99.0
    assert end >= 103.0
    assert bands.starts_above_zero(narrow)
