"""The study of emergence reads optima from curves as it should, keeps what was run, and says what failed."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from ecosystem.lab.emergence import runs as kept_runs
from ecosystem.lab.emergence.curves import Curve, calibration, count_draws, curve, order
from ecosystem.lab.emergence.outcome import COLUMNS
from ecosystem.lab.emergence.page import Setting, page
from ecosystem.lab.emergence.picture import figure, nice
from ecosystem.lab.emergence.plan import DRAWN, LEVELS, SWEEPS, Run, draws, plan
from ecosystem.lab.emergence.runs import Kept, complete, name_of, table, write
from ecosystem.lab.model import model_digest
from ecosystem.scenario import Scenario, declared_parameters

BASE = Scenario.baseline(scale=5000, years=4)
X = np.array([0.0, 0.3, 0.6, 0.95])


def hump(top: float, height: float = 1.0) -> np.ndarray:
    return 10.0 - height * (X - top) ** 2


def test_the_best_level_and_how_flat_it_is() -> None:
    c = Curve(X, np.stack([hump(0.6), hump(0.3)]))
    assert c.best in (0.3, 0.6)
    assert c.interior
    assert c.peaks().tolist() == [0.6, 0.3]
    assert c.as_good() == (0.3, 0.6), "level 0 loses 1.8 % against the best mean"
    end = Curve(X, np.stack([X, X]) + 1.0)
    assert (end.best, end.interior) == (0.95, False)
    assert end.as_good() == (0.95, 0.95)
    assert not end.flat
    assert not c.flat
    assert Curve(X, np.stack([X, X]) + 1000.0).flat


def test_changes_are_paired() -> None:
    """Seeds far apart, all rising by 2: no interval is left."""
    c = Curve(np.array([0.0, 1.0]), np.array([[10.0, 12.0], [30.0, 32.0], [50.0, 52.0]]))
    assert c.change(0.0, 1.0) == (pytest.approx(2.0 / 30.0), pytest.approx(0.0))


def test_the_order_needs_two_standard_errors() -> None:
    low, high = Curve(X, np.stack([hump(0.3)] * 4)), Curve(X, np.stack([hump(0.95)] * 4))
    assert order(low, high).holds
    assert not order(high, low).holds
    assert not order(low, low).holds
    mixed = Curve(X, np.stack([hump(0.0), hump(0.95), hump(0.95), hump(0.95)]))
    assert order(mixed, high).difference < 0.0
    assert not order(mixed, high).holds


def frame(values: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Runs of draws whose complex and discrete sectors are best at given levels."""
    rows = []
    for world, (a, b) in values.items():
        rows += [
            {"part": "draw", "world": world, "sweep": "both", "level": x, "seed": 1,
             "innovation_complex": hump(a)[i], "innovation_discrete": hump(b)[i]}
            for i, x in enumerate(X)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def test_draws_are_counted() -> None:
    found = count_draws(frame({"1": (0.3, 0.95), "2": (0.0, 0.0), "3": (0.95, 0.6), "4": (0.6, 0.95)}), "innovation")
    assert (found.number, found.interior, found.lowest, found.highest) == (4, 2, 1, 1)
    assert (found.below, found.equal, found.above) == (2, 1, 1)


def test_a_seed_that_lacks_a_level_is_left_out() -> None:
    rows = frame({"1": (0.3, 0.3)})
    rows = pd.concat([rows, rows.assign(seed=2).iloc[:2]])
    found = curve(rows, "innovation_complex")
    assert found is not None
    assert found.values.shape == (1, 4)
    assert curve(rows.iloc[:0], "innovation_complex") is None


def test_the_plan_moves_the_levers_it_says() -> None:
    (group,) = plan(BASE, ["sweep"], seeds=1)
    assert len(group) == 1 + len(SWEEPS) * len(LEVELS)
    assert max(LEVELS) == 0.95
    assert len(LEVELS) >= 8
    assert not group[0].scenario.levers
    last = group[-1]
    assert (last.sweep, last.level) == ("enforcement", 0.95)
    assert last.scenario.levers == {code: {"law.enforcement": 0.95} for code in BASE.jurisdictions}
    assert len({run.scenario.burn_in_key() for run in group}) == 1


def test_draws_fill_the_declared_ranges_and_are_always_the_same() -> None:
    points = draws(BASE, 24)
    assert points == draws(BASE, 24)
    assert len({tuple(p.values()) for p in points}) == 24
    for name in DRAWN:
        p = declared_parameters()[name]
        values = np.array([point[name] for point in points])
        assert p.low <= values.min() < p.low + 0.1 * (p.high - p.low)
        assert p.high - 0.1 * (p.high - p.low) < values.max() <= p.high


def outcome(value: float) -> dict[str, float]:
    return dict.fromkeys(COLUMNS, value)


def test_finished_runs_are_kept_and_a_cut_line_is_not(tmp_path: Path) -> None:
    (group,) = plan(BASE, ["sweep"], seeds=1)
    kept = Kept(tmp_path)
    kept.open()
    for run in group[:3]:
        write(kept.path, name_of(run, 2), outcome(run.level))
    with kept.path.open("a") as file:
        file.write(",".join(map(str, name_of(group[3], 2))) + ",1.0,2.0")
    again = Kept(tmp_path)
    assert [name_of(run, 2) in again for run in group[:5]] == [True, True, True, False, False]
    assert name_of(group[0], 1) not in again, "other years count as another run"
    found = table([group], again, 2)
    assert found["level"].iloc[1:].tolist() == [0.0, 0.15]
    assert found["innovation_complex"].iloc[2] == 0.15


def test_what_is_kept_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Run] = []

    def fake(group: list[Run], first_year: int, path: Path) -> list[dict[str, float]]:
        asked.extend(group)
        for run in group:
            write(path, name_of(run, first_year), outcome(1.0))
        return [outcome(1.0) for _ in group]

    monkeypatch.setattr(kept_runs, "run_group", fake)
    groups = plan(BASE, ["sweep", "switch"], seeds=1, few=1)
    told: list[tuple[int, int]] = []
    runs = complete(groups, Kept(tmp_path), 2, 0, lambda done, whole: told.append((done, whole)))
    keys = {name_of(run, 2) for group in groups for run in group}
    assert len(asked) == len(keys), "runs that two parts share are run once"
    assert len(runs) == sum(map(len, groups))
    assert told[-1] == (len(runs), len(runs))
    asked.clear()
    complete(groups, Kept(tmp_path), 2, 0)
    assert not asked


def test_a_line_cut_by_an_interrupt_does_not_spoil_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (group,) = plan(BASE, ["sweep"], seeds=1)
    kept = Kept(tmp_path)
    kept.open()
    with kept.path.open("a") as file:
        file.write("cut,off,1")
    kept = Kept(tmp_path)
    kept.open()
    write(kept.path, name_of(group[0], 2), outcome(3.0))
    assert name_of(group[0], 2) in Kept(tmp_path)


def study() -> pd.DataFrame:
    """A made-up study: complex sectors best at 0.45, discrete ones at 0.95."""
    rows = []
    for group in plan(BASE, ["sweep", "switch"], seeds=3, few=1):
        for run in group:
            level = 0.7 if np.isnan(run.level) else run.level
            row = {
                "part": run.part,
                "world": run.world,
                "sweep": run.sweep,
                "level": run.level,
                "seed": run.seed,
                **outcome(1.0),
            }
            row |= {
                "innovation_complex": 5.0 - (level - 0.45) ** 2,
                "innovation_discrete": 5.0 + level + 0.01 * run.seed,
            }
            row |= {"grants": 100.0, "models": 100.0, "suits": 3.0, "trials": 0.06, "letters": 50.0}
            rows.append(row)
    return pd.DataFrame(rows)


def test_calibration_counts_per_right_granted() -> None:
    c = calibration(study())
    assert c.suits == pytest.approx(0.015)
    assert c.letters == pytest.approx(0.25)
    assert c.trials == pytest.approx(0.02)


def test_the_page_says_what_holds_and_what_does_not() -> None:
    setting = Setting(BASE, 2, "2025-01-01", "python -m ecosystem.lab.emergence")
    text = page(study(), setting, {"complex": ["a"], "discrete": ["b"]}, "balance.svg")
    assert f"model `{model_digest()}`" in text
    answers = [line for line in text.splitlines() if line.startswith("- innovation, both levers")]
    assert len(answers) == 1
    assert "**holds**" in answers[0]
    assert "-0.50" in answers[0]
    welfare = [line for line in text.splitlines() if line.startswith("- welfare, both levers")]
    assert "**does not hold**" in welfare[0], "flat curves give no order"
    assert "| innovation | both levers together | complex | 0.45 (inside) |" in text
    assert "- no imitation: stronger protection is worse: holds in one group only." in text
    assert "`firm.settlements_in_return` = 1" in text


def test_the_figure_is_a_document_with_a_line_for_each_group() -> None:
    c = {"complex": Curve(X, np.stack([hump(0.3), hump(0.6)])), "discrete": Curve(X, np.stack([X + 1.0, X + 2.0]))}
    root = ElementTree.fromstring(figure([("innovation", c), ("a < b", c)]))
    names = [element.tag.rpartition("}")[2] for element in root]
    assert names.count("polyline") == 4
    assert names.count("polygon") == 4
    assert 3 <= len(nice(-1.7, 12.3)) <= 6
