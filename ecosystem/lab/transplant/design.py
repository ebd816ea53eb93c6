"""Which runs a transplant needs: each measure at strength 1 and 0 on each place, everything else as it is.

A strength that equals the one in force changes nothing, so that run is the base run, which all cells share. A measure
that needs several territories is not put on a place with one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ecosystem.kernel.errors import InputError, unknown
from ecosystem.lab.experiment import Experiment, Plan, Variant
from ecosystem.scenario import PLACES, Scenario, known_measures
from policies.places import known_places

FILE = "transplant.json"
"""Stands beside the frozen plan and says that these runs are a transplant's."""
HEADLINES = (
    "inventions", "invention_quality", "adoption_attempts", "adoptions_drop", "license_and_sale_deals", "welfare",
    "public_outlay",
)  # fmt: skip
"""Indicators that every run keeps, for all places."""
ONE_TERRITORY = "not applicable: one territory"


@dataclass(frozen=True, slots=True)
class Settings:
    """What is transplanted.

    Attributes:
        measures: ids.
        places: codes of the places they are put on; all others are simulated too.
        first_year: years before this one (0 is the first year in force) do not count; a measure's direct indicator
            counts from the year that its own check names.
    """

    measures: tuple[str, ...]
    places: tuple[str, ...] = PLACES
    replicates: int = 8
    scale: float = 5000.0
    years: int = 10
    seed: int = 1
    first_year: int = 2
    burn_in_years: int = 10

    @classmethod
    def of(cls, measures: Sequence[str] | None = None, places: Sequence[str] = PLACES, **more: Any) -> Settings:
        """Check a choice of measures (None: all) and places; raise InputError for an unknown or repeated one."""
        known = known_measures()
        names = tuple(sorted(known)) if measures is None else tuple(measures)
        for name in names:
            if name not in known:
                raise unknown("measure", name, known, where="--measures", do="'ecosystem measures' lists them")
        for code in places:
            if code not in PLACES:
                raise unknown("jurisdiction", code, PLACES, where="--onto")
        for what, words in (("measure", names), ("jurisdiction", tuple(places))):
            if not words:
                raise InputError(f"No {what} is named", where="--measures" if what == "measure" else "--onto")
            if len(set(words)) < len(words):
                raise InputError(f"A {what} is named twice", where="--measures" if what == "measure" else "--onto")
        settings = cls(names, tuple(places), **more)
        if not 2 <= settings.replicates <= 10_000:
            raise InputError(f"{settings.replicates} replicates give no interval", where="--replicates",
                             allowed="2 to 10000")  # fmt: skip
        return replace(settings, first_year=min(settings.first_year, settings.years - 1))

    def cells(self) -> list[tuple[str, str]]:
        """Return every (measure, place)."""
        return [(id, place) for id in self.measures for place in self.places]

    def strengths(self, id: str, place: str) -> tuple[str, str]:
        """Return the variants that hold strength 0 and 1; the baseline where that strength is in force."""
        in_force = known_measures()[id].strength_in_force(place)
        zero, one = (_BASE if s == in_force else variant_name(id, place, s) for s in (0, 1))
        return zero, one

    def applicable(self, id: str, place: str) -> bool:
        """Return True if a place has what the measure needs."""
        return bool(known_measures()[id].applies_to(len(known_places()[place].territories)))

    def outputs(self) -> tuple[str, ...]:
        """Return the indicators kept: the headlines and each measure's own."""
        return tuple(dict.fromkeys([*HEADLINES, *(known_measures()[id].indicator for id in self.measures)]))

    def experiment(self) -> Experiment:
        """Return the experiment with a variant for each measure, place and strength that is not in force."""
        known = known_measures()
        variants: list[dict[str, Any]] = []
        for id, place in self.cells():
            if not self.applicable(id, place):
                continue
            for strength in (0, 1):
                if strength != known[id].strength_in_force(place):
                    use = {"id": id, "on": [place], "strength": float(strength)}
                    variants.append({"name": variant_name(id, place, strength), "measures": [use]})
        scenario = Scenario.baseline(
            title="Transplant", scale=self.scale, years=self.years, burn_in_years=self.burn_in_years
        )
        return Experiment(scenario, variants=tuple(Variant.of(v, "transplant") for v in variants),
                          replicates=self.replicates, seed=self.seed, outputs=self.outputs())  # fmt: skip

    def plan(self) -> Plan:
        """Return the frozen plan."""
        return Plan.of(self.experiment())

    def save(self, folder: Path) -> None:
        """Write the settings beside the plan."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> Settings:
        """Read the settings of a folder; raise InputError if it holds no transplant."""
        path = Path(folder) / FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            content["measures"], content["places"] = tuple(content["measures"]), tuple(content["places"])
            return cls(**content)
        except (OSError, NotADirectoryError):
            raise InputError(f"This folder holds no transplant (there is no {FILE} in it)", where=str(folder),
                             do="Name a folder written by 'ecosystem transplant --out FOLDER'") from None  # fmt: skip
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"The settings of the transplant cannot be read: {error}", where=str(path)) from None


_BASE = "baseline"


def variant_name(id: str, place: str, strength: float) -> str:
    """Return the name of the variant with a measure at a strength on a place."""
    return f"{id}@{place}={strength:g}"
