"""What analyses say of planted truths, and that nothing is analyzed where runs are missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecosystem.kernel.errors import InputError
from ecosystem.lab.analysis.effects import effects, interactions, over_worlds, summary
from ecosystem.lab.analysis.precision import needed, replications_needed
from ecosystem.lab.analysis.robustness import read_goals, regret, satisfice, wilson
from ecosystem.lab.analysis.sensitivity import designed, everything, noise, sensitivity
from ecosystem.lab.analysis.values import values
from ecosystem.lab.batch import run_batch
from ecosystem.lab.experiment import Experiment, Plan
from ecosystem.lab.runner.job import Job, Outcome, Series
from ecosystem.lab.store.folder import Folder

A, B = "firm.credit_share", "office.examiners@us"
RANGES = {A: [0.1, 0.4], B: [4000, 12000]}
POLICIES = {
    "more": {"levers": {"us": {"office.hours_per_file": 1.2}}},
    "less": {"levers": {"cn": {"office.hours_per_file": 0.8}}},
}


def folder(tmp_path: Path, work: Callable[[Job], Outcome], **more: object) -> Folder:
    """Return the finished folder of an experiment whose runs a function makes up."""
    content: dict[str, object] = {
        "title": "Planted", "years": 2, "scale": 8000, "burn_in_years": 1, "outputs": ["inventions"], "replicates": 3,
    }  # fmt: skip
    plan = replace(Plan.of(Experiment.from_dict({**content, **more})), model="stand-in", files={})
    run_batch(plan, tmp_path / "out", workers=0, work=work)
    return Folder.load(tmp_path / "out")


def made_up(job: Job, value: float) -> Outcome:
    """Return an outcome whose only output has this value in both years."""
    zero = np.zeros(2, np.int16)
    names = {"indicator": ["inventions"], "jurisdiction": ["all"], "sector": [""]}
    series = Series(zero, zero, zero, np.array([2025, 2026], np.int16), np.full(2, value), names)
    return Outcome(job.id, "done", series, digest=str(value))


def luck(seed: int, size: float = 1.0) -> float:
    """Return a number in -size..size that hangs on the seed."""
    return size * ((seed % 1009) / 504.5 - 1.0)


def policies(job: Job) -> tuple[bool, bool]:
    """Return which of the two policies a job holds."""
    levers = job.content.levers
    return "office.hours_per_file" in levers.get("us", {}), "office.hours_per_file" in levers.get("cn", {})


def synergy(job: Job) -> Outcome:
    """Alone they add 10 and 4, together 7 more; all runs of a replicate share their luck."""
    more, less = policies(job)
    return made_up(job, 100.0 + 10.0 * more + 4.0 * less + 7.0 * (more and less) + luck(job.seed, 30.0))


def test_interactions_of_a_factorial_design_are_found(tmp_path: Path) -> None:
    here = folder(tmp_path, synergy, variants=POLICIES, design="factorial")
    table = interactions(here, "inventions").set_index("policies")
    assert table.loc["more", "interaction"] == pytest.approx(10.0)
    assert table.loc["less", "interaction"] == pytest.approx(4.0)
    assert table.loc["more + less", "interaction"] == pytest.approx(7.0)
    assert table.loc["more + less", "together"] == pytest.approx(21.0)
    with pytest.raises(InputError, match="every combination"):
        interactions(folder(tmp_path / "b", synergy, variants=POLICIES), "inventions")


def test_paired_effects_know_how_much_common_luck_spares(tmp_path: Path) -> None:
    def unsure(job: Job) -> Outcome:
        more, _ = policies(job)
        return made_up(job, 100.0 + (10.0 + luck(job.seed // 7, 0.1)) * more + luck(job.seed, 30.0))

    table = effects(folder(tmp_path, unsure, variants=POLICIES, replicates=6)).set_index("variant")
    row = table.loc["more"]
    assert row["low"] < 10.0 < row["high"]
    assert row["verdict"] == "higher"
    assert row["variance_reduction"] > 100.0
    assert table.loc["less", "effect"] == 0.0
    assert table.loc["less", "verdict"] == "equal in every pair"


def linear(job: Job) -> Outcome:
    """One factor counts three times as much as the other; the policy is worth more where there are many examiners."""
    p = (job.content.parameters[A] - 0.1) / 0.3
    q = (job.content.levers["us"]["office.examiners"] - 4000) / 8000
    more, _ = policies(job)
    return made_up(job, 3.0 * p + q + more * 2.0 * q + luck(job.seed, 0.5))


def test_morris_finds_the_planted_slopes_and_ignores_shared_luck(tmp_path: Path) -> None:
    here = folder(tmp_path, linear, variants={"more": POLICIES["more"]}, uncertainties=RANGES, replicates=2,
                  design={"kind": "morris", "n": 4})  # fmt: skip
    table, luck_ = sensitivity(here, "inventions")
    found = table.set_index("factor")["mu"]
    assert found[A] == pytest.approx(3.0)
    assert found[B] == pytest.approx(1.0)
    assert luck_.share < 1e-12  # the luck of a replicate is the same everywhere
    effect, _ = sensitivity(here, "inventions", variant="more")
    assert effect.set_index("factor")["mu_star"][B] == pytest.approx(2.0)
    assert set(everything(here)["of"]) == {"baseline", "more - baseline"}


def test_sobol_shares_the_variance(tmp_path: Path) -> None:
    here = folder(tmp_path, linear, uncertainties=RANGES, replicates=1, design={"kind": "saltelli", "n": 128})
    table, luck_ = sensitivity(here, "inventions")
    found = table.set_index("factor")
    assert found.loc[A, "S1"] == pytest.approx(0.9, abs=0.05)
    assert found.loc[B, "ST"] == pytest.approx(0.1, abs=0.05)
    assert np.isnan(luck_.share)
    assert "cannot tell" in str(luck_)


def test_noise_is_reported_and_not_taken_for_factors() -> None:
    rng = np.random.default_rng(1)
    quiet = np.linspace(0.0, 10.0, 200)[:, None] + rng.normal(0.0, 0.1, (200, 4))
    loud = quiet * 0.01 + rng.normal(0.0, 1.0, (200, 4))
    assert noise(quiet, common=True).share < 0.01
    assert noise(loud, common=True).share > 0.8
    shared = quiet + rng.normal(0.0, 100.0, (1, 4))
    assert noise(shared, common=True).share == pytest.approx(noise(quiet, common=True).share)
    assert "take more replicates" in str(noise(loud, common=True))


def test_a_missing_run_is_named_and_nothing_is_analyzed(tmp_path: Path) -> None:
    def failing(job: Job) -> Outcome:
        if job.id == (0, 2, 1):
            raise ZeroDivisionError("no firms left")
        return linear(job)

    here = folder(tmp_path, failing, variants=POLICIES, uncertainties=RANGES, replicates=2,
                  design={"kind": "morris", "n": 2})  # fmt: skip
    assert values(here, "inventions").missing == ((0, 2, 1),)
    for analysis in (
        lambda: sensitivity(here, "inventions"), lambda: regret(here, "inventions"),
        lambda: satisfice(here, ["inventions>=1"]), lambda: replications_needed(here, "inventions", 1.0),
        lambda: everything(here),
    ):  # fmt: skip
        with pytest.raises(InputError, match=r"1 runs are missing or failed.*baseline, point 2, replicate 1"):
            analysis()
    # effects are still told, and say what they lack
    assert effects(here).set_index("variant").loc["more", "missing"] == 1


def test_a_file_without_uncertainties_or_another_design_is_refused_or_redesigned(tmp_path: Path) -> None:
    plain = Experiment.from_dict({"years": 1, "scale": 8000})
    with pytest.raises(InputError, match="Nothing is uncertain"):
        designed(plain, "morris")
    varied = Experiment.from_dict(
        {"years": 1, "scale": 8000, "uncertainties": RANGES, "design": {"kind": "grid", "n": 2}}
    )
    assert designed(varied, "sobol").design.kind == "saltelli"
    kept = Experiment.from_dict({**varied.to_dict(), "design": {"kind": "morris", "n": 3}})
    assert designed(kept, "morris").design.n == 3
    here = folder(tmp_path, linear, uncertainties=RANGES, replicates=1, design={"kind": "grid", "n": 2})
    with pytest.raises(InputError, match="gives no indices"):
        sensitivity(here, "inventions")
    with pytest.raises(InputError, match="no output named"):
        sensitivity(here, "suits")


def test_replicates_needed_reach_the_half_width(tmp_path: Path) -> None:
    for spread, target in ((1.0, 0.5), (3.0, 0.1), (0.01, 5.0)):
        n = needed(spread, target)
        from scipy.stats import t

        assert t.ppf(0.975, n - 1) * spread / np.sqrt(n) <= target
        assert n == 2 or t.ppf(0.975, n - 2) * spread / np.sqrt(n - 1) > target
    with pytest.raises(InputError, match="never reached"):
        needed(1.0, 0.0)
    here = folder(tmp_path, synergy, variants=POLICIES, replicates=5)
    found = replications_needed(here, "inventions", 1.0)
    assert found.low <= found.replicates <= found.high
    assert found.replicates > found.now
    # the paired effect has no luck at all here
    assert replications_needed(here, "inventions", 1.0, variant="more").replicates == 2


def test_regret_and_satisficing_follow_the_worlds(tmp_path: Path) -> None:
    def crossing(job: Job) -> Outcome:
        more, less = policies(job)
        p = (job.content.parameters[A] - 0.1) / 0.3
        return made_up(job, 10.0 + more * (4.0 * p - 2.0) + less * 0.5 + luck(job.seed, 5.0))

    here = folder(tmp_path, crossing, variants=POLICIES, uncertainties={A: RANGES[A]}, design={"kind": "grid", "n": 5},
                  replicates=2)  # fmt: skip
    table = regret(here, "inventions").set_index("variant")
    # worlds p = 0, 1/4, ... 1: "more" is worth -2, -1, 0, 1, 2, "less" always 0.5
    assert table.loc["more", "most"] == pytest.approx(2.5)
    assert table.loc["less", "mean"] == pytest.approx((0.5 + 1.5) / 5)
    assert table.loc["baseline", "best_share"] == 0.0
    assert (regret(here, "inventions", sign=-1)["mean"] != regret(here, "inventions")["mean"]).any()
    level = values(here, "inventions").value[0].mean()
    met = satisfice(here, {"inventions": f">={level + 0.25}"}).set_index("variant")
    assert met.loc["less", "share"] == 1.0
    assert met.loc["more", "met"] == 2
    assert met.loc["baseline", "share"] == 0.0
    assert read_goals(["a_b <= 1,000"]) == [("a_b", "<=", 1000.0)]
    for wrong in ("inventions", "inventions=5", ">=3", "inventions>=x", "inventions>=--"):
        with pytest.raises(InputError, match="is no goal"):
            read_goals([wrong])
    low, high = wilson(0, 10)
    assert low == 0.0
    assert 0.2 < high < 0.35


def test_intervals_are_taken_over_what_is_independent() -> None:
    one = np.array([[1.0, 2.0, 4.0]])
    assert over_worlds(one).tolist() == [1.0, 2.0, 4.0]
    two = np.array([[1.0, 3.0], [10.0, np.nan]])
    assert over_worlds(two).tolist() == [2.0, 10.0]
    assert len(over_worlds(two, common=False)) == 4
    s = summary(np.array([1.0, 2.0, 3.0, np.nan]))
    assert s["n"] == 3
    assert s["high"] - s["mean"] == pytest.approx(4.302653 / np.sqrt(3), rel=1e-5)
