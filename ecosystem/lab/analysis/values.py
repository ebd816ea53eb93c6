"""The numbers that analyses start from: one value a run, and nothing missing without saying so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecosystem.kernel.errors import InputError, listing, unknown
from ecosystem.lab.experiment.plan import RunId
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.store.status import wanted


@dataclass(frozen=True)
class Values:
    """An output of all runs.

    Attributes:
        value: mean over the reported years, float64 (variants, points, replicates), NaN where a run is missing or failed,
            or where the output has no value.
        replicates: planned replicates of each point.
        missing: runs that are not done.
    """

    output: str
    jurisdiction: str
    variants: tuple[str, ...]
    points: tuple[Mapping[str, float], ...]
    value: np.ndarray
    replicates: tuple[int, ...]
    missing: tuple[RunId, ...]

    def whole(self) -> Values:
        """Return itself; raise InputError that names what is missing if anything is."""
        if self.missing:
            named = listing([f"{self.variants[v]}, point {p}, replicate {r}" for v, p, r in self.missing], most=4)
            raise InputError(
                f"{len(self.missing)} runs are missing or failed, and this analysis would be wrong without them",
                where=named, do="Run the experiment to its end ('ecosystem batch status DIR --failed' lists what failed)",
            )  # fmt: skip
        holes = [(v, p) for v, p in np.argwhere(np.isnan(self.value[:, :, : min(self.replicates)]).any(axis=2))]
        if holes:
            v, p = holes[0]
            raise InputError(
                f"{self.output} has no value in {len(holes)} variants and points, as in variant {self.variants[v]}, point {p}",
                where=f"output {self.output}, {self.jurisdiction}", do="Choose an output that every run has, or a finer --scale",
            )  # fmt: skip
        return self

    def number(self, variant: str) -> int:
        """Return the number of a variant; raise InputError for an unknown one."""
        if variant not in self.variants:
            raise unknown("variant", variant, self.variants)
        return self.variants.index(variant)

    @property
    def baseline(self) -> int:
        """The first variant: the baseline where the experiment names none of its own."""
        return self.variants.index("baseline") if "baseline" in self.variants else 0

    def differences(self, variant: str, versus: str = "") -> np.ndarray:
        """Return paired differences to another variant (the baseline if none is named), float64 (points, replicates)."""
        other = self.number(versus) if versus else self.baseline
        return np.asarray(self.value[self.number(variant)] - self.value[other])


def values(folder: Folder, output: str, jurisdiction: str = "all") -> Values:
    """Read one output of an experiment.

    Raises:
        InputError: an output or place that was not kept, parts that are not merged, no results.
    """
    plan = folder.plan
    kept = [str(o) for o in plan.content["outputs"]]
    if output not in kept:
        raise unknown("output", output, kept, where=str(folder.path))
    places = [*map(str, plan.content["jurisdictions"]), "row", "all"]
    if jurisdiction not in places:
        raise unknown("jurisdiction", jurisdiction, places, where=str(folder.path))
    if folder.shards():
        raise InputError("The parts of this experiment are not merged yet", where=str(folder.path),
                         do=f"ecosystem batch merge {folder.path}")  # fmt: skip
    with folder.database() as database:
        more = wanted(database)
        replicates = tuple(more.get(p, plan.replicates) for p in range(len(plan.points)))
        done = database.ids("done")
        out = np.full((len(plan.variants), len(plan.points), max(replicates)), np.nan)
        for (v, p, r), value in database.means(output, jurisdiction):
            out[v, p, r] = value
    missing = tuple(id for id in plan.ids(more) if id not in done)
    return Values(output, jurisdiction, plan.variants, plan.points, out, replicates, missing)


def good(output: str) -> int:
    """Return +1 where more of an output is better, -1 where less is, 0 where neither is."""
    import ecosystem.world  # noqa: F401 - declares the indicators
    from ecosystem.domain.indicators import INDICATORS

    return int(INDICATORS[output].good) if output in INDICATORS else 0


def unit(output: str) -> str:
    """Return the unit of an output, empty for an unknown one."""
    import ecosystem.world  # noqa: F401 - declares the indicators
    from ecosystem.domain.indicators import INDICATORS

    return INDICATORS[output].unit if output in INDICATORS else ""
