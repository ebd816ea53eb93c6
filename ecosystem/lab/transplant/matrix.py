"""The matrix: for each measure and place the paired effect on creation, diffusion, welfare, public cost and its claim.

Effect = mean over replicates of (value at strength 1 - value at strength 0) with the same luck; its 95 % interval is
Student's t on these differences. Flows are means a year over the counted years, ratios are pooled over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError
from ecosystem.lab.compare import CLEAR, EQUAL, FEW, UNCLEAR, interval, verdict
from ecosystem.lab.store.database import Database
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.transplant.design import ONE_TERRITORY, Settings
from ecosystem.lab.transplant.work import read_back
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import known_measures
from policies.places import known_places

NO_RESULT = "no result: runs failed"
DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that is read off every cell.

    Attributes:
        good: +1 where more is better, -1 where less is, 0 for the direct indicator, whose claim decides.
        per: what ``relative`` divides by: ``base`` (the value at strength 0) or ``gdp``.
        read: value and simulated cases (NaN for money) of a run on a place from a year on.
    """

    name: str
    title: str
    unit: str
    good: int
    per: str
    read: Callable[[Yearly, str, int], tuple[float, float]]


def _of(name: str) -> Callable[[Yearly, str, int], tuple[float, float]]:
    def read(run: Yearly, place: str, first: int) -> tuple[float, float]:
        if name not in run.names or place not in run.places:
            return np.nan, np.nan
        i, j = run.names.index(name), run.places.index(place)
        return float(run.window(first)[i, j]), float(run.events(first)[i, j])

    return read


def _quality(run: Yearly, place: str, first: int) -> tuple[float, float]:
    """Inventions weighted by their quality, a year: the numerator of their mean quality."""
    i, j = run.names.index("invention_quality"), run.places.index(place)
    return float(run.top[first:, i, j].mean()), float(run.bottom[first:, i, j].sum() / run.scale)


def _adoptions(run: Yearly, place: str, first: int) -> tuple[float, float]:
    """Uses of others' technology that come about, by any route: attempts less those dropped."""
    j = run.places.index(place)
    tried, dropped = (run.top[first:, run.names.index(n), j] for n in ("adoption_attempts", "adoptions_drop"))
    used = tried - dropped
    return float(used.mean()), float(used.sum() / run.scale)


OUTCOMES = (
    Outcome("creation", "Creation: inventions", "inventions a year", 1, "base", _of("inventions")),
    Outcome("quality", "Creation: inventions weighted by quality", "quality points a year", 1, "base", _quality),
    Outcome("diffusion", "Diffusion: technologies of others put to use", "adoptions a year", 1, "base", _adoptions),
    Outcome("licenses", "Diffusion: licenses and sales", "deals a year", 1, "base", _of("license_and_sale_deals")),
    Outcome("welfare", "Welfare", "M USD2020 a year", 1, "gdp", _of("welfare")),
    Outcome("cost", "Public cost: outlays of the government", "M USD2020 a year", -1, "gdp", _of("public_outlay")),
)  # fmt: skip
COLUMNS = [
    "measure", "place", "outcome", "indicator", "unit", "good", "strength_in_force", "base", "effect", "low", "high",
    "relative", "relative_low", "relative_high", "relative_to", "pairs", "planned", "cases", "variance_reduction",
    "verdict",
]  # fmt: skip


@dataclass(frozen=True)
class Matrix:
    """The effects of a transplant.

    Attributes:
        table: a row a measure, place and outcome; columns as in ``COLUMNS``.
        differences: relative effects by replicate: (measure, place, outcome) -> float64 (replicates,), NaN where missing.
        booked: what the measure itself was booked to cost, strength 1 less strength 0, M USD2020 a year.
    """

    settings: Settings
    table: pd.DataFrame
    differences: Mapping[tuple[str, str, str], np.ndarray]
    booked: Mapping[tuple[str, str], float]

    def between(self, outcome: str) -> pd.DataFrame:
        """Return the measures whose relative effect differs most between two places, clear after all comparisons.

        The difference of two places' effects is paired by luck; its interval is widened for the number of pairs of
        places compared (Bonferroni).
        """
        from scipy.stats import t

        rows = []
        codes = self.settings.places
        pairs = max(1, len(codes) * (len(codes) - 1) // 2)
        for id in self.settings.measures:
            for i, a in enumerate(codes):
                for b in codes[i + 1 :]:
                    x, y = (self.differences.get((id, p, outcome)) for p in (a, b))
                    if x is None or y is None:
                        continue
                    d = (x - y)[~np.isnan(x - y)]
                    if len(d) < 2 or not d.std(ddof=1) > 0.0:
                        continue
                    half = t.ppf(1.0 - 0.025 / pairs, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
                    if abs(d.mean()) > half:
                        rows.append((id, a, b, d.mean(), d.mean() - half, d.mean() + half, abs(d.mean()) / half))
        frame = pd.DataFrame(rows, columns=["measure", "place", "other", "difference", "low", "high", "clarity"])
        best = frame.sort_values("clarity", ascending=False).drop_duplicates("measure")
        return best.drop(columns="clarity").reset_index(drop=True)


def matrix(folder: Folder) -> Matrix:
    """Return the matrix from the runs of a folder.

    Raises:
        InputError: no transplant, or runs are missing.
    """
    settings = Settings.load(folder.path)
    _complete(folder)
    with folder.database() as database:
        names = {name: i for i, name in enumerate(folder.plan.variants)}
        base = _runs(folder, database, names["baseline"])
        rows: list[dict[str, Any]] = []
        differences, booked = {}, {}
        for id, place in settings.cells():
            if not settings.applicable(id, place):
                rows += [_row(settings, id, place, o, verdict=ONE_TERRITORY) for o in _outcomes(id)]
                continue
            sides = [
                base if v == "baseline" else _runs(folder, database, names[v]) for v in settings.strengths(id, place)
            ]
            shared = sorted(sides[0].keys() & sides[1].keys())
            pairs = [(sides[0][r], sides[1][r]) for r in shared]
            booked[id, place] = _booked(pairs, id, place, settings.first_year)
            for outcome in _outcomes(id):
                row, each = _cell(settings, id, place, outcome, pairs)
                rows.append(row)
                by_replicate = np.full(settings.replicates, np.nan)
                by_replicate[shared] = each
                differences[id, place, outcome.name] = by_replicate
    return Matrix(settings, pd.DataFrame(rows, columns=COLUMNS), differences, booked)


def _complete(folder: Folder) -> None:
    from ecosystem.lab.store.status import status

    state = status(folder)
    if state.missing:
        raise InputError(f"The transplant is not finished: {state}", where=str(folder.path),
                         do="Repeat the command that began it; it goes on where it stopped")  # fmt: skip


def _outcomes(id: str) -> Iterator[Outcome]:
    yield from OUTCOMES
    name = known_measures()[id].indicator
    yield Outcome(DIRECT, "What the measure aims at", INDICATORS[name].unit, 0, "base", _of(name))


def _runs(folder: Folder, database: Database, variant: int) -> dict[int, Yearly]:
    """Return the finished runs of a variant, replicate -> run."""
    scenario = folder.plan.content
    start, years, scale = int(scenario["start_year"]), int(scenario["years"]), float(scenario["scale"])
    out = {}
    runs = database.select(
        "SELECT id, replicate FROM runs WHERE variant = ? AND point = 0 AND status = 'done'", (variant,)
    )
    for number, replicate in runs:
        rows = database.select(
            "SELECT i.name, j.name, s.year, s.value FROM series s JOIN names i ON i.id = s.indicator "
            "JOIN names j ON j.id = s.jurisdiction WHERE s.run = ?", (number,),
        )  # fmt: skip
        out[replicate] = read_back(rows, start, years, scale)
    return out


def _first(settings: Settings, id: str, outcome: Outcome) -> int:
    if outcome.name == DIRECT:
        return min(known_measures()[id].check.first_year, settings.years - 1)
    return settings.first_year


def _booked(pairs: list[tuple[Yearly, Yearly]], id: str, place: str, first: int) -> float:
    none = np.zeros(1)
    each = [b.outlays.get((id, place), none)[first:].sum() - a.outlays.get((id, place), none)[first:].sum()
            for a, b in pairs]  # fmt: skip
    years = pairs[0][0].years - first if pairs else 1
    return float(np.mean(each)) / years if each else float("nan")


def _row(settings: Settings, id: str, place: str, outcome: Outcome, **more: Any) -> dict[str, Any]:
    measure = known_measures()[id]
    direct = outcome.name == DIRECT
    return {
        "measure": id, "place": place, "outcome": outcome.name, "indicator": measure.indicator if direct else "",
        "unit": outcome.unit, "good": measure.direction if direct else outcome.good,
        "strength_in_force": measure.strength_in_force(place),
        "relative_to": "gdp" if outcome.per == "gdp" else "strength 0",
        "planned": settings.replicates, "pairs": 0, **more,
    }  # fmt: skip


def _cell(
    settings: Settings, id: str, place: str, outcome: Outcome, pairs: list[tuple[Yearly, Yearly]]
) -> tuple[dict[str, Any], np.ndarray]:
    """Return one row of the table and the relative differences by replicate."""
    first = _first(settings, id, outcome)
    read = np.array([[outcome.read(run, place, first) for run in pair] for pair in pairs]).reshape(-1, 2, 2)
    values, cases = read[:, :, 0], read[:, :, 1]
    known = ~np.isnan(values).any(axis=1)
    each = np.full(len(pairs), np.nan)
    if known.sum() < 2:
        return _row(settings, id, place, outcome, pairs=int(known.sum()),
                    verdict=FEW if len(pairs) >= 2 else NO_RESULT), each  # fmt: skip
    difference = values[:, 1] - values[:, 0]
    mean, _, half = (float(x) for x in interval(difference[known]))
    base = float(values[known, 0].mean())
    events = float(np.min(cases[known].sum(axis=0)))
    whole = _gdp(place) if outcome.per == "gdp" else abs(base)
    part = 1.0 / whole if whole > 0.0 else np.nan
    each[known] = difference[known] * part
    words = verdict(mean - half, mean + half, mean, events)
    if words in CLEAR and half == 0.0:  # counts that moved by the same one or two simulated objects in every pair
        words = FEW
    spread, alone = difference[known].var(ddof=1), values[known].var(axis=0, ddof=1).sum()
    return _row(
        settings, id, place, outcome, base=base, effect=mean, low=mean - half, high=mean + half, relative=mean * part,
        relative_low=(mean - half) * part, relative_high=(mean + half) * part, pairs=int(known.sum()), cases=events,
        variance_reduction=alone / spread if spread > 0 else np.nan, verdict=words,
    ), each  # fmt: skip


def _gdp(place: str) -> float:
    return float(known_places()[place].profile["gdp"].value)


__all__ = ["CLEAR", "EQUAL", "FEW", "UNCLEAR", "Matrix", "Outcome", "matrix"]
