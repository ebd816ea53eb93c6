"""The frozen plan: every run of an experiment is decided before the first one starts.

A run is a value, not an event: variant x point x replicate, with a key that hashes everything its result depends on. What
is missing after a crash is a difference of sets, and a folder is continued only under the plan it was begun with.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ecosystem import __version__
from ecosystem.kernel.errors import InputError
from ecosystem.lab.experiment.experiment import Experiment
from ecosystem.lab.experiment.factors import declaration, placed
from ecosystem.lab.model import model_digest, model_files
from ecosystem.scenario import Scenario

if TYPE_CHECKING:
    from ecosystem.lab.experiment.cost import Cost

FORMAT = 1
MOST_RUNS = 10_000_000
BUNDLE = 24
"""Most runs that follow each other in one process on one burn-in: more would leave other processes idle at the end."""
PACKAGES = ("numba", "numpy", "pandas", "scipy")
RunId = tuple[int, int, int]
"""Variant, point, replicate."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: a scenario and a seed, and its place in the plan."""

    id: RunId
    key: str
    scenario: Scenario
    seed: int


@dataclass(frozen=True)
class Plan:
    """An experiment with its points made, bound to the model it was planned on.

    It is plain data: what was run can be read and exported when the model has long moved on; only to run it the
    experiment is checked against the model that is installed.

    Attributes:
        content: the experiment's keys.
        policies: the variants that are run, as their keys.
        factors: what is varied, with the unit, source and range that the model declared.
        points: design points.
        scenario_key: hash of the scenario, which covers folders of places.
        model: digest of the model's code and data.
        files: hash of each of these files, so that a refusal can say which ones changed.
        versions: of what was installed when it was planned; for the record.
    """

    content: Mapping[str, Any]
    policies: tuple[Mapping[str, Any], ...]
    factors: tuple[Mapping[str, Any], ...]
    points: tuple[dict[str, float], ...]
    scenario_key: str
    model: str
    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, experiment: Experiment) -> Plan:
        """Return the plan of an experiment on the model as it is installed; raise InputError if it is too large."""
        runs = len(experiment.policies) * experiment.design.size(experiment.uncertainties) * experiment.replicates
        if runs > MOST_RUNS:
            raise InputError(f"The experiment has {runs:,} runs, more than can be planned", where=experiment.title,
                             allowed=f"up to {MOST_RUNS:,}", do="Take fewer points, variants or replicates")  # fmt: skip
        points = tuple(experiment.points())
        for point in points[:1]:
            placed(experiment.scenario, point)
        factors = []
        for f in experiment.uncertainties:
            declared = declaration(f.name, experiment.scenario)
            factors.append({
                "factor": f.name, "low": f.low, "high": f.high, "log": f.log, "values": list(f.values),
                "value_in_scenario": declared.value, "unit": declared.unit, "source": declared.source,
            })  # fmt: skip
        policies = tuple(v.to_dict() for v in experiment.policies)
        key = experiment.scenario.key()
        return cls(
            experiment.to_dict(), policies, tuple(factors), points, key, model_digest(), model_files(), _versions()
        )

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment, checked against the model that is installed."""
        return Experiment.from_dict(self.content)

    @cached_property
    def id(self) -> str:
        """The experiment's id: the first 16 hex digits of the SHA-256 of the frozen plan."""
        content = {k: v for k, v in self.content.items() if k != "title"}
        frozen = json.dumps([content, self.policies, self.points, self.scenario_key, self.model], sort_keys=True)
        return hashlib.sha256(frozen.encode()).hexdigest()[:16]

    @property
    def title(self) -> str:
        """The experiment's title."""
        return str(self.content.get("title", ""))

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Names of the policies that are run."""
        return tuple(str(p["name"]) for p in self.policies)

    @property
    def replicates(self) -> int:
        """Replicates of every variant at every point, before any stopping rule adds some."""
        return int(self.content["replicates"])

    def __len__(self) -> int:
        return len(self.variants) * len(self.points) * self.replicates

    def ids(self, replicates: Mapping[int, int] | None = None) -> Iterator[RunId]:
        """Return the ids of all runs; ``replicates``: point -> number, where it differs."""
        for point in range(len(self.points)):
            for replicate in range((replicates or {}).get(point, self.replicates)):
                for variant in range(len(self.variants)):
                    yield variant, point, replicate

    @cached_property
    def _bases(self) -> list[Scenario]:
        return [v.put(self.experiment.scenario) for v in self.experiment.policies]

    def scenario(self, id: RunId) -> Scenario:
        """Return the scenario of a run."""
        variant, point, _ = id
        return placed(self._bases[variant], self.points[point])

    def seed(self, id: RunId) -> int:
        """Return the seed of a run, 63 bits: of its replicate alone with common luck, else of the whole id."""
        variant, point, replicate = id
        words: list[Any] = [self.experiment.seed, "replicate", replicate]
        if self.experiment.luck == "independent":
            words += [variant, point]
        return int.from_bytes(hashlib.blake2b(json.dumps(words).encode(), digest_size=8).digest()) >> 1

    def run(self, id: RunId) -> Run:
        """Return a run of the plan."""
        scenario, seed = self.scenario(id), self.seed(id)
        return Run(id, run_key(scenario, seed, self.model), scenario, seed)

    def bundles(
        self,
        replicates: Mapping[int, int] | None = None,
        leave: Collection[RunId] = (),
        shard: tuple[int, int] = (0, 1),
    ) -> Iterator[list[Run]]:
        """Return the runs in bundles; those of one bundle share a burn-in and should follow each other in one process.

        The burn-in knows parameters and luck, not policies and levers: variants of a point share it, and so do points
        that differ in levers alone.

        Args:
            replicates: point -> number, where it differs.
            leave: runs to leave out.
            shard: (k, n): only every n-th bundle, from the k-th.
        """
        alike: dict[tuple[Any, ...], list[int]] = {}
        for number, point in enumerate(self.points):
            burn_in = tuple((name, value) for name, value in point.items() if "@" not in name)
            alike.setdefault(burn_in, []).append(number)
        most = max([self.replicates, *(replicates or {}).values()])
        count = 0
        for replicate in range(most):
            for points in alike.values():
                ids = [
                    (variant, point, replicate)
                    for point in points
                    if replicate < (replicates or {}).get(point, self.replicates)
                    for variant in range(len(self.variants))
                ]
                for first in range(0, len(ids), BUNDLE):
                    count += 1
                    if count % shard[1] == shard[0]:
                        bundle = [self.run(id) for id in ids[first : first + BUNDLE] if id not in leave]
                        if bundle:
                            yield bundle

    def cost(self, workers: int | None = None) -> Cost:
        """Return what the plan will take: time, memory, disk."""
        from ecosystem.lab.experiment.cost import cost_of

        return cost_of(self, workers)

    # -- the frozen file ----------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        return {
            "format": FORMAT,
            "id": self.id,
            "experiment": dict(self.content),
            "policies": [dict(p) for p in self.policies],
            "factors": [dict(f) for f in self.factors],
            "points": [dict(p) for p in self.points],
            "scenario_key": self.scenario_key,
            "model": self.model,
            "files": dict(self.files),
            "versions": dict(self.versions),
        }

    def to_json(self) -> str:
        """Return the text of ``plan.json``."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str) -> Plan:
        """Read a frozen plan; raise InputError if it is none or does not hold together."""
        needed = {"format", "id", "experiment", "policies", "factors", "points", "scenario_key", "model"}
        if not isinstance(content, Mapping) or not needed <= content.keys():
            raise InputError("The plan lacks some of its parts", where=where, allowed=", ".join(sorted(needed)))
        if content["format"] != FORMAT:
            raise InputError(f"The plan has format {content['format']!r}", where=where, allowed=str(FORMAT),
                             do="Use the version of the simulator that wrote it")  # fmt: skip
        plan = cls(
            content["experiment"], tuple(content["policies"]), tuple(content["factors"]), tuple(content["points"]),
            content["scenario_key"], content["model"], content.get("files", {}), content.get("versions", {}),
        )  # fmt: skip
        if plan.id != content["id"]:
            raise InputError("The plan was changed after it was frozen: its content does not match its id", where=where,
                             do="Restore the file, or run the changed experiment into a new folder")  # fmt: skip
        return plan

    def differences(self, other: Plan) -> list[str]:
        """Return in words how another plan differs from this one, empty if both have one id."""
        if self.id == other.id:
            return []
        out = _differing(dict(self.content), dict(other.content))
        out = [line for line in out if not line.startswith("title:")]
        if not out and self.points != other.points:
            out.append("the design's points differ (another version of the library that draws them)")
        if self.model != other.model:
            names = sorted(n for n in {*self.files, *other.files} if self.files.get(n) != other.files.get(n))
            shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
            out.append(f"the model: {self.model} -> {other.model}" + (f" (changed: {shown})" if names else ""))
        return out or ["the content of a folder of places"]


def run_key(scenario: Scenario, seed: int, model: str) -> str:
    """Return a run's key: the first 16 hex digits of the SHA-256 of model, scenario and seed."""
    return hashlib.sha256(f"{model}/{scenario.key()}/{seed}".encode()).hexdigest()[:16]


def _versions() -> dict[str, str]:
    found = {"ecosystem": __version__, "python": platform.python_version()}
    return found | {name: version(name) for name in PACKAGES}


def _differing(old: Any, new: Any, path: str = "") -> list[str]:
    """Return the leaves that differ between two trees of plain data, as ``path: old -> new``."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(k for k in new if k not in old)]
        return [
            line
            for key in keys
            for line in _differing(
                old.get(key, "(none)"), new.get(key, "(none)"), f"{path}.{key}" if path else str(key)
            )
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True), 1)
        return [line for i, (a, b) in pairs for line in _differing(a, b, f"{path}[{i}]")]
    short = (json.dumps(side, ensure_ascii=False) for side in (old, new))
    a, b = (words if len(words) <= 120 else words[:117] + "..." for words in short)
    return [] if old == new else [f"{path}: {a} -> {b}"]
