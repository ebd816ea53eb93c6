"""Experiments: files and objects are the same thing, designs fill their ranges, and mistakes get one clear paragraph."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecosystem import Scenario
from ecosystem.kernel.errors import InputError
from ecosystem.lab.experiment import Design, Experiment, Factor, Plan, Stop, Variant
from ecosystem.lab.experiment.design import KINDS
from ecosystem.lab.experiment.factors import placed
from ecosystem.lab.experiment.variants import crossed
from ecosystem.scenario import declared_parameters, known_measures

A, B, C = "firm.credit_share", "firm.wage_share", "office.examiners@us"
FILE = """
title = "Examiners and credit"
years = 2
scale = 5000
replicates = 6
outputs = ["patent_filings", "inventions"]

[[variants]]
name = "more examiners"
levers.us = { "office.examiners" = 12000 }

[[variants]]
name = "fewer"
[variants.levers.eu]
office.examiners = 3000

[uncertainties]
firm.credit_share = "declared"
"office.examiners@cn" = [10000, 16000]
firm.wage_share = { values = [0.5, 0.6] }

[design]
kind = "sobol"
n = 8

[stop]
output = "inventions"
half_width = 10
versus = "baseline"
"""


def experiment(**content: Any) -> Experiment:
    """Return an experiment on a small scenario."""
    return Experiment.from_dict({"years": 2, "scale": 5000, "outputs": ["inventions"], **content})


def points(kind: str, n: int, names: tuple[str, ...] = (A, C), **more: Any) -> list[dict[str, float]]:
    """Return the points of a design over declared ranges."""
    return experiment(uncertainties=list(names), design={"kind": kind, "n": n, **more}).points()


def test_file_object_and_plan_are_one_thing(tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text(FILE)
    first = Experiment.load(tmp_path / "e.toml")
    assert [v.name for v in first.variants] == ["baseline", "more examiners", "fewer"]
    first.save(tmp_path / "again.toml")
    assert Experiment.load(tmp_path / "again.toml") == first
    assert Experiment.from_dict(first.to_dict()) == first
    assert Experiment.load(tmp_path / "again.toml").key() == first.key()
    plan = first.plan()
    assert Plan.from_dict(json.loads(plan.to_json()), "plan.json") == plan
    same = Experiment(
        Scenario.baseline(title="Examiners and credit", years=2, scale=5000),
        variants={"more examiners": {"levers": {"us": {"office.examiners": 12000}}},
                  "fewer": {"levers": {"eu": {"office.examiners": 3000}}}},
        uncertainties={A: None, "office.examiners@cn": (10000, 16000), B: {"values": [0.5, 0.6]}},
        design={"kind": "sobol", "n": 8}, replicates=6, outputs=("patent_filings", "inventions"),
        stop={"output": "inventions", "half_width": 10, "versus": "baseline"},
    )  # fmt: skip
    assert same == first
    assert hash(same) == hash(first)


def test_the_experiment_of_the_documents_is_one(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "laboratory.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "experiment.toml"
    path.write_text("\n".join(blocks), encoding="utf-8")
    made = Experiment.load(path)
    assert len(made.plan()) == 3 * 8 * 8
    assert made.stop is not None
    assert set(re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)) == set(KINDS)


def test_the_declared_range_is_the_default() -> None:
    (factor,) = experiment(uncertainties=[A]).uncertainties
    declared = declared_parameters()[A]
    assert (factor.low, factor.high) == (declared.low, declared.high)


def test_grid_and_ofat_are_what_their_names_say() -> None:
    grid = points("grid", 3)
    assert len(grid) == 9
    assert len({p[A] for p in grid}) == len({p[C] for p in grid}) == 3
    ofat = points("ofat", 4)
    base = ofat[0]
    assert base[A] == declared_parameters()[A].value
    assert len(ofat) == 1 + 2 * 4
    assert all(sum(p[name] != base[name] for name in p) <= 1 for p in ofat)
    listed = experiment(uncertainties={A: {"values": [0.1, 0.2]}}, design={"kind": "grid"}).points()
    assert [p[A] for p in listed] == [0.1, 0.2]


@pytest.mark.parametrize("kind", ["lhs", "sobol"])
def test_samples_fill_every_part_of_every_range(kind: str) -> None:
    names = (A, B, C)
    made = experiment(uncertainties=list(names), design={"kind": kind, "n": 32})
    for factor in made.uncertainties:
        shares = [(p[factor.name] - factor.low) / (factor.high - factor.low) for p in made.points()]
        counts = np.histogram(shares, bins=16, range=(0.0, 1.0))[0]
        assert (counts == 2).all()  # both designs hold exactly n / 16 points in each sixteenth
    assert made.points() == made.points()
    other = Experiment.from_dict({**made.to_dict(), "seed": 2})
    assert other.points() != made.points()


def test_morris_moves_one_factor_a_step() -> None:
    made = points("morris", 5, (A, B, C))
    assert len(made) == 5 * 4
    for trajectory in range(5):
        steps = made[4 * trajectory : 4 * trajectory + 4]
        moved = [{name for name in a if a[name] != b[name]} for a, b in pairwise(steps)]
        assert sorted(map(len, moved)) == [1, 1, 1]
        assert set().union(*moved) == {A, B, C}


def test_saltelli_points_recover_known_indices() -> None:
    from SALib.analyze import sobol

    made = points("saltelli", 512, (A, B))
    assert len(made) == 512 * 4
    factors = experiment(uncertainties=[A, B]).uncertainties
    x, y = (np.array([(p[f.name] - f.low) / (f.high - f.low) for p in made]) for f in factors)
    problem = {"num_vars": 2, "names": ["x", "y"], "bounds": [[0.0, 1.0]] * 2}
    found = sobol.analyze(problem, 3.0 * x + y, calc_second_order=False, seed=1)
    assert found["S1"] == pytest.approx([0.9, 0.1], abs=0.02)  # variances 9/12 and 1/12
    assert len(points("saltelli", 8, (A, B), second_order=True)) == 8 * 6


def test_a_factorial_crosses_every_policy() -> None:
    made = experiment(
        variants={n: {"levers": {code: {"office.examiners": 9000}}} for n, code in (("a", "us"), ("b", "jp"), ("c", "cn"))},
        design="factorial",
    )  # fmt: skip
    names = [v.name for v in made.policies]
    assert names == ["baseline", "a", "b", "c", "a + b", "a + c", "b + c", "a + b + c"]
    assert made.points() == [{}]
    both = made.plan().scenario((4, 0, 0))
    assert set(both.levers) == {"us", "jp"}
    many = [Variant("baseline"), *(Variant(str(i), levers={"us": {f"l{i}": 1.0}}) for i in range(13))]
    with pytest.raises(InputError, match="8,192 variants"):
        crossed(many)


def test_a_factorial_crosses_measures() -> None:
    first, second = sorted(known_measures())[:2]
    on = [{"id": name, "on": "jp", "strength": 0.5} for name in (first, second)]
    made = experiment(variants=[{"name": use["id"], "measures": [use]} for use in on], design="factorial")
    assert Experiment.from_dict(made.to_dict()) == made
    plan = made.plan()
    used = [[use.id for use in plan.scenario((v, 0, 0)).measures] for v in range(len(plan.variants))]
    assert used == [[], [first], [second], [first, second]]


def test_values_at_the_ends_are_exact_on_any_scale() -> None:
    for factor in (Factor("x", 0.1, 0.7), Factor("x", 0.1, 0.7, log=True)):
        assert factor.at(np.array([0.0, 1.0])).tolist() == [0.1, 0.7]
    middle = Factor("x", 1.0, 100.0, log=True).at(np.array([0.5]))
    assert middle[0] == pytest.approx(10.0)
    assert Factor("x", 1.0, 3.0, values=(3.0, 1.0)).at(np.array([0.0, 0.49, 0.51, 1.0])).tolist() == [
        3.0,
        3.0,
        1.0,
        1.0,
    ]


def test_luck_is_common_to_policies_and_worlds_or_not_at_all() -> None:
    content: dict[str, Any] = {"variants": {"a": {"levers": {"us": {"office.examiners": 9000}}}}, "replicates": 3}
    content |= {"uncertainties": {A: [0.1, 0.3]}, "design": {"kind": "grid", "n": 2}}
    common = experiment(**content).plan()
    assert len({common.seed(id) for id in common.ids()}) == 3
    more = experiment(**{**content, "replicates": 5}).plan()
    assert [more.seed((0, 0, r)) for r in range(3)] == [common.seed((0, 0, r)) for r in range(3)]
    apart = experiment(**content, luck="independent").plan()
    assert len({apart.seed(id) for id in apart.ids()}) == len(apart) == 12
    assert len({common.run(id).key for id in common.ids()}) == 12


def test_bundles_share_a_burn_in_and_shards_share_nothing() -> None:
    content: dict[str, Any] = {"variants": {"a": {"levers": {"us": {"office.examiners": 9000}}}}, "replicates": 3}
    content |= {"uncertainties": [A, "office.examiners@jp"], "design": {"kind": "grid", "n": 3}}
    plan = experiment(**content).plan()
    bundles = list(plan.bundles())
    assert sorted(run.id for b in bundles for run in b) == sorted(plan.ids())
    for bundle in bundles:
        assert len({(run.scenario.burn_in_key(), run.seed) for run in bundle}) == 1
    assert len(bundles) == 3 * 3  # replicates x values of the parameter: the lever is no matter
    parts = [{run.id for b in plan.bundles(shard=(k, 4)) for run in b} for k in range(4)]
    assert sum(map(len, parts)) == len(set().union(*parts)) == len(plan)
    done = set(list(plan.ids())[:20])
    assert {run.id for b in plan.bundles(leave=done) for run in b} == set(plan.ids()) - done


def test_a_point_sets_parameters_and_levers() -> None:
    scenario = placed(Scenario.baseline(), {A: 0.2, C: 9000.0})
    assert (scenario.parameters, scenario.levers) == ({A: 0.2}, {"us": {"office.examiners": 9000.0}})


def test_the_stopping_rule_knows_its_interval() -> None:
    stop = Stop.of({"output": "x", "half_width": 1.0})
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    # t(0.975, 4) = 2.7764, s = sqrt(2.5)
    assert stop.half_width_of(values) == pytest.approx(2.7764451 * math.sqrt(2.5 / 5))
    assert stop.half_width_of([1.0]) == math.inf
    base = {r: 100.0 * r for r in range(6)}
    treated = {r: 100.0 * r + 7.0 for r in range(6)}
    assert stop.narrow({0: base, 1: treated}, versus=0)  # differences are constant
    assert not stop.narrow({0: base, 1: treated}, versus=None)
    assert not stop.narrow({}, versus=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"replicate": 3}, r"no key of an experiment named 'replicate'.*Nearest match: replicates"),
        ({"uncertainties": {"firm.credit_shar": [0, 1]}}, r"Nearest match: firm.credit_share"),
        ({"uncertainties": {A: [0.1, 7]}}, r"outside its range.*Allowed: .*source of the range"),
        ({"uncertainties": {A: [0.3, 0.1]}}, r"runs from 0.3 to 0.1"),
        ({"uncertainties": {A: 0.2}}, r"Allowed: \[low, high\]"),
        ({"uncertainties": {"office.examiners": [1, 2]}}, r'is a lever.*Write "office.examiners@us"'),
        ({"uncertainties": {"office.examiners@uk": [1, 2]}}, r"no jurisdiction named 'uk'"),
        ({"design": "sobo"}, r"Nearest match: sobol"),
        ({"design": {"kind": "sobol", "n": 100}, "uncertainties": [A]}, r"no power of two.*Take 64 or 128"),
        ({"design": {"kind": "lhs", "levels": 4}}, r"levels belongs to morris"),
        ({"design": {"kind": "morris", "levels": 5}}, r"even number.*Take 6"),
        ({"design": {"points": [{B: 0.5}]}, "uncertainties": [A]}, r"no uncertainty named"),
        ({"outputs": ["inventionz"]}, r"Nearest match: inventions"),
        ({"variants": [{"name": "a", "lever": {}}]}, r"no key of a variant named 'lever'"),
        ({"variants": [{"name": "a", "levers": {"us": {"office.examiner": 1}}}]}, r"variant a.*Nearest match: office.examiners"),
        ({"variants": [{"name": "a"}, {"name": "a"}]}, r"Two variants are named 'a'"),
        ({"variants": [{"name": "a", "measures": [{"id": "no_such", "on": "us"}]}]}, r"no measure named 'no_such'"),
        ({"variants": [{"name": "a", "package": "no_such@us"}]}, r"no package named 'no_such'"),
        ({"variants": [{"name": "a", "levers": {"us": {"office.examiners": 9000}}}], "uncertainties": [C]},
         r"set by variant a and varied too"),
        ({"replicates": 0}, r"replicates = 0"),
        ({"replicates": 5, "stop": {"output": "suits", "half_width": 1}}, r"Name it under outputs too"),
        ({"replicates": 2, "stop": {"output": "inventions", "half_width": 1}}, r"cannot start a stopping rule"),
        ({"replicates": 5, "stop": {"output": "inventions", "half_width": 1, "versus": "x"}}, r"no variant to compare with"),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_paragraph(content: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        experiment(**content)
    assert "\n" not in str(error.value)


def test_what_is_too_large_is_refused_at_once() -> None:
    with pytest.raises(InputError, match=r"1,000,000 points|points, more than can be planned"):
        experiment(uncertainties=[A, B, C], design={"kind": "grid", "n": 200}).points()
    with pytest.raises(InputError, match="runs, more than can be planned"):
        experiment(uncertainties=[A, B], design={"kind": "grid", "n": 999}, replicates=100).plan()
    with pytest.raises(InputError, match="varies uncertainties, and there are none"):
        experiment(design="lhs").plan()
    assert Design.of("grid").size([Factor("x", 0, 1)] * 40) == 3**40
