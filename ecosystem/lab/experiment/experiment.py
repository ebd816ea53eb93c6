"""An experiment: a scenario, the policies compared, what is uncertain, by which design, and how often.

The same object is a file (TOML), a Python object and the frozen plan of a folder; each becomes the others unchanged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecosystem import scenario_text as text
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.lab.experiment.design import Design
from ecosystem.lab.experiment.factors import Factor, declaration, factors
from ecosystem.lab.experiment.stopping import FEWEST, Stop
from ecosystem.lab.experiment.variants import Variant, crossed, variants
from ecosystem.scenario import MAX_BYTES, Scenario

if TYPE_CHECKING:
    from ecosystem.lab.batch import Report
    from ecosystem.lab.experiment.plan import Plan
    from ecosystem.lab.store.status import Status

LUCK = ("common", "independent")
OUTPUTS = (
    "business_rd", "inventions", "patent_filings", "patents_granted", "patents_in_force", "pendency_months",
    "license_and_sale_deals", "launches", "commercialization_share", "suits", "startup_survival",
)  # fmt: skip
"""Indicators kept where an experiment names none."""
_SCENARIO_KEYS = tuple(f.name for f in fields(Scenario))


@dataclass(frozen=True)
class Experiment:
    """What is run and compared; wrong content is refused with an InputError that says what to do.

    Attributes:
        scenario: what all runs share; its title is the experiment's.
        variants: the policies compared; the baseline is added where none is empty. Also name -> table.
        uncertainties: varied parameters and levers. Also name -> range, or a list of names (declared ranges).
        design: which points of the ranges. Also a kind's name or a table.
        replicates: runs of every variant at every point, each with its own luck.
        seed: decides the luck of all replicates and the luck of the design.
        luck: ``common``: replicate r has the same luck in every variant and point, so differences are paired;
            ``independent``: every run its own.
        outputs: indicators kept, by year and place.
        sectors: keep them by sector too.
        stop: when to stop adding replicates; None for a fixed number.
    """

    scenario: Scenario = field(default_factory=Scenario.baseline)
    variants: tuple[Variant, ...] = ()
    uncertainties: tuple[Factor, ...] = ()
    design: Design = field(default_factory=Design)
    replicates: int = 8
    seed: int = 1
    luck: str = "common"
    outputs: tuple[str, ...] = OUTPUTS
    sectors: bool = False
    stop: Stop | None = None

    def __post_init__(self) -> None:
        checked = self._checked()
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return int(self.key()[:15], 16)

    def _checked(self) -> dict[str, Any]:
        scenario = self.scenario if isinstance(self.scenario, Scenario) else Scenario.from_dict(self.scenario)
        out: dict[str, Any] = {
            "scenario": scenario,
            "variants": variants(self.variants),
            "uncertainties": factors(self.uncertainties, scenario),
            "design": Design.of(self.design),
            "replicates": text.whole(self.replicates, "replicates", 1, 100_000, "runs"),
            "seed": text.whole(self.seed, "seed", 0, 2**53, ""),
            "outputs": _outputs(self.outputs),
            "stop": None if self.stop is None else Stop.of(self.stop),
        }
        if self.luck not in LUCK:
            raise unknown("luck", self.luck, LUCK, where="luck")
        if not isinstance(self.sectors, bool):
            raise InputError(f"sectors is {text.shown(self.sectors)}", where="sectors", allowed="true or false")
        out["design"].check(out["uncertainties"])
        varied = {f.name for f in out["uncertainties"]}
        for variant in out["variants"]:
            variant.put(scenario)
            for code, row in variant.levers.items():
                for lever in row:
                    if f"{lever}@{code}" in varied:
                        raise InputError(f"Lever {lever} of {code} is set by variant {variant.name} and varied too",
                                         where="[uncertainties]", do="Keep one of the two")  # fmt: skip
        if out["stop"] is not None:
            self._check_stop(out)
        return out

    def _check_stop(self, out: Mapping[str, Any]) -> None:
        stop: Stop = out["stop"]
        if stop.output not in out["outputs"]:
            raise unknown("output", stop.output, out["outputs"], where="[stop]", do="Name it under outputs too")
        names = [v.name for v in self._policies(out["variants"], out["design"])]
        if stop.versus and (stop.versus not in names or len(names) < 2):
            raise unknown("variant to compare with", stop.versus, names, where="[stop]")
        places = (*out["scenario"].jurisdictions, "row", "all")
        if stop.jurisdiction not in places:
            raise unknown("jurisdiction", stop.jurisdiction, places, where="[stop]")
        if out["replicates"] < FEWEST or out["replicates"] > stop.most:
            raise InputError(f"replicates = {out['replicates']} cannot start a stopping rule", where="[stop]",
                             allowed=f"{FEWEST} to {stop.most} (most)", do="Change replicates or most")  # fmt: skip

    @staticmethod
    def _policies(all_variants: tuple[Variant, ...], design: Design) -> tuple[Variant, ...]:
        return crossed(all_variants) if design.kind == "factorial" else all_variants

    @property
    def policies(self) -> tuple[Variant, ...]:
        """The variants that are run: those named, or with a factorial design all their combinations."""
        return self._policies(self.variants, self.design)

    @property
    def title(self) -> str:
        """The experiment's title."""
        return self.scenario.title

    def points(self) -> list[dict[str, float]]:
        """Return the design points, each uncertainty -> value."""
        base = {f.name: declaration(f.name, self.scenario).value for f in self.uncertainties}
        return self.design.make(self.uncertainties, base, self.seed)

    # -- files --------------------------------------------------------------------------------------------------------

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str = "experiment") -> Experiment:
        """Build an experiment from the keys of its file; raise InputError for an unknown key."""
        table = text.table(content, "an experiment", where)
        own = [f.name for f in fields(cls) if f.name != "scenario"]
        text.only_keys(table, [*_SCENARIO_KEYS, *own], where, kind="key of an experiment")
        try:
            scenario = Scenario.from_dict({k: v for k, v in table.items() if k in _SCENARIO_KEYS})
            return cls(scenario, **{k: v for k, v in table.items() if k in own})
        except InputError as error:
            raise (error if where == "experiment" else text.placed(error, text.printable(where))) from None

    @classmethod
    def load(cls, path: str | Path) -> Experiment:
        """Read an experiment file (TOML); raise InputError where it is missing, unreadable or wrong."""
        path = Path(path)
        content = text.load_toml(path, MAX_BYTES)
        folders = content.get("places_folders")
        if isinstance(folders, list) and all(isinstance(f, str) for f in folders):
            content["places_folders"] = [str((path.parent / f).resolve()) for f in folders]
        return cls.from_dict(content, where=str(path))

    def to_dict(self) -> dict[str, Any]:
        """Return all keys of the experiment as plain data (JSON, TOML)."""
        out = self.scenario.to_dict()
        out |= {
            "replicates": self.replicates, "seed": self.seed, "luck": self.luck, "outputs": list(self.outputs),
            "sectors": self.sectors,
            "variants": [v.to_dict() for v in self.variants],
            "uncertainties": {f.name: f.to_plain() for f in self.uncertainties},
            "design": self.design.to_dict(),
        }  # fmt: skip
        if self.stop is not None:
            out["stop"] = self.stop.to_dict()
        return out

    def to_toml(self) -> str:
        """Return the text of an experiment file with this content."""
        return text.to_toml(self.to_dict())

    def save(self, path: str | Path) -> None:
        """Write the experiment as TOML; what ``load`` reads back is equal."""
        path = Path(path)
        try:
            path.write_text(self.to_toml(), encoding="utf-8")
        except OSError as error:
            raise InputError(f"The experiment cannot be written: {error.strerror}", where=str(path)) from None

    def key(self) -> str:
        """Return the SHA-256 (hex) of everything that can change a result."""
        content = {k: v for k, v in self.to_dict().items() if k not in _SCENARIO_KEYS}
        content["scenario"] = self.scenario.key()
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    # -- running ------------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return the frozen plan: all points and runs, and what they will cost (``plan().cost()``)."""
        from ecosystem.lab.experiment.plan import Plan

        return Plan.of(self)

    def run(self, out: str | Path, *, workers: int | None = None, progress: Report | None = None) -> Status:
        """Run what is missing into a folder, on all processors unless told otherwise; return what is done."""
        from ecosystem.lab.batch import run_batch

        return run_batch(self.plan(), out, workers=workers, progress=progress)


def _outputs(names: Any) -> tuple[str, ...]:
    """Return the indicators to keep, or raise InputError for an unknown one."""
    import ecosystem.world  # noqa: F401 - declares the indicators
    from ecosystem.domain.indicators import INDICATORS

    outputs = text.words(names, "outputs", "outputs")
    for name in outputs:
        if name not in INDICATORS:
            raise unknown("indicator", name, INDICATORS, where="outputs")
    return outputs
