"""What in a place decides an effect: one feature of the place is moved at a time, and the measure is tried again.

A feature is a few levers that say the same about a place. It is moved from the lowest to the highest value among the
four places (or over its declared range, where they are equal); the effect of the measure is taken at both ends with the
same luck, and their difference, also paired, is what the feature does to the effect. Over several places this is the
regression of the effect on the features with a constant for each place, of which each slope is seen alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecosystem.kernel.errors import InputError
from ecosystem.lab.compare import FEW_EVENTS, interval
from ecosystem.lab.experiment import Experiment, Plan
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.transplant.design import Settings, variant_name
from ecosystem.lab.transplant.matrix import Outcome, _complete, _first, _gdp, _outcomes
from ecosystem.lab.transplant.work import read_back
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import PLACES, Scenario, declared_parameters, known_measures
from policies.places import known_places, lever_specs

FILE = "explain.json"
AS_IS, LOW, HIGH = "as it is", "low", "high"
OUTCOMES = ("creation", "diffusion", "welfare", "direct")
"""What is explained; public cost follows from the measure's own price."""
_MORE, _LESS = ("pharma", "medical"), ("software", "electronics")
_MIX = "sector.rd_share."


@dataclass(frozen=True, slots=True)
class Feature:
    """Something in which places differ.

    Attributes:
        levers: moved together, lowest to highest of the four places; a minus in front moves it the other way.
    """

    name: str
    title: str
    levers: tuple[str, ...] = ()


FEATURES = (
    Feature("basic_research", "share of basic research", ("science.basic_share", "science.business_basic_share")),
    Feature("awareness", "firms' awareness of intellectual property", ("awareness.small", "awareness.large")),
    Feature("court_quality", "quality of courts (smaller errors of judges and parties)",
            ("-court.noise", "-court.party_noise")),
    Feature("enforcement", "enforcement of rights", ("law.enforcement", "court.damages")),
    Feature("licensing_friction", "friction of licensing",
            ("transfer.transaction_cost", "transfer.valuation_noise", "-university.tto_efficiency")),
    Feature("outside_finance", "outside money that firms can raise", ("finance.outside_multiplier",)),
    Feature("mobility", "mobility and risk tolerance of researchers", ("talent.mobility", "talent.risk_tolerance")),
    Feature("industry_mix", "industry mix (life sciences up, software and electronics down; in all places at once)"),
)  # fmt: skip


def ends(feature: Feature, place: str) -> dict[str, tuple[float, float]]:
    """Return factor -> (value at the low end of the feature, value at its high end) for a place."""
    if not feature.levers:
        return _mix_ends()
    known, specs = known_places(), lever_specs()
    out = {}
    for signed in feature.levers:
        name = signed.removeprefix("-")
        values = [known[code].levers[name].value for code in PLACES]
        low, high = min(values), max(values)
        if not low < high:
            here = known[place].levers[name]
            low = here.low if here.low is not None else max(specs[name].low, 0.5 * here.value)
            high = here.high if here.high is not None else min(specs[name].high, 1.5 * here.value)
        out[f"{name}@{place}"] = (high, low) if signed.startswith("-") else (low, high)
    return {name: pair for name, pair in out.items() if pair[0] != pair[1]}


def _mix_ends() -> dict[str, tuple[float, float]]:
    """Move as much R&D as the declared ranges allow between two groups of sectors; the shares keep their sum."""
    known = declared_parameters()
    more, less = ([known[_MIX + code] for code in group] for group in (_MORE, _LESS))

    def room(group: Sequence[Any], up: bool) -> float:
        return sum((p.high - p.value) if up else (p.value - p.low) for p in group)

    to_more = min(room(more, True), room(less, False))
    to_less = min(room(more, False), room(less, True))
    out = {}
    for group, sign in ((more, 1.0), (less, -1.0)):
        for p in group:
            values = []
            for amount, up in ((-to_less, sign < 0), (to_more, sign > 0)):
                part = (p.high - p.value) if up else (p.value - p.low)
                values.append(p.value + sign * amount * part / room(group, up))
            out[p.name] = (values[0], values[1])
    return out


def position(feature: Feature, place: str) -> float:
    """Return where a place stands between the ends of a feature, 0 (low) to 1 (high); NaN for what no place owns."""
    if not feature.levers:
        return float("nan")
    here = known_places()[place].levers
    parts = [(here[name.partition("@")[0]].value - a) / (b - a) for name, (a, b) in ends(feature, place).items()]
    return float(np.mean(parts))


def explanation_folder(out: str | Path, id: str, place: str) -> Path:
    """Return the folder of the runs that explain a measure on a place: beside the folder of the matrix."""
    return Path(f"{out}-explain") / f"{id}@{place}"


def plan(settings: Settings, id: str, place: str) -> tuple[Plan, list[tuple[str, str]]]:
    """Return the plan that moves each feature of a place, and what each of its points moves.

    Raises:
        InputError: the place lacks what the measure needs.
    """
    if not settings.applicable(id, place):
        raise InputError(f"{id} needs several territories, and {place} has one", where="--explain",
                         do="Leave the place out of --onto")  # fmt: skip
    points: list[dict[str, float]] = [{}]
    labels = [(AS_IS, "")]
    ranges: dict[str, list[float]] = {}
    for feature in FEATURES:
        found = ends(feature, place)
        for name, pair in found.items():
            ranges[name] = [min(pair), max(pair)]
        for k, side in enumerate((LOW, HIGH)):
            points.append({name: pair[k] for name, pair in found.items()})
            labels.append((feature.name, side))
    in_force = known_measures()[id].strength_in_force(place)
    variants = [
        {"name": variant_name(id, place, s), "measures": [{"id": id, "on": [place], "strength": float(s)}]}
        for s in (0, 1) if s != in_force
    ]  # fmt: skip
    own = replace(settings, measures=(id,), places=(place,))
    scenario = Scenario.baseline(title=f"What decides {id} on {place}", scale=settings.scale, years=settings.years,
                                 burn_in_years=settings.burn_in_years)  # fmt: skip
    experiment = Experiment(
        scenario, variants=variants, uncertainties=ranges, design={"kind": "list", "points": points},  # type: ignore[arg-type]
        replicates=settings.replicates, seed=settings.seed, outputs=own.outputs(),
    )  # fmt: skip
    return Plan.of(experiment), labels


def save(path: Path, settings: Settings, id: str, place: str, labels: Sequence[tuple[str, str]]) -> None:
    """Write beside the plan what its points move."""
    replace(settings, measures=(id,), places=(place,)).save(path)
    content = {"measure": id, "place": place, "points": [list(label) for label in labels]}
    (path / FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def explained(folder: Folder) -> pd.DataFrame:
    """Return what each feature does to the effect of a folder's measure on its place.

    Columns: measure, place, outcome, feature, effect_low, effect_high (the effect at either end), moved (their
    difference, paired), low, high (95 % interval), clear, cases (simulated ones behind the scarcest side), as_it_is,
    position (of the place between the ends), pairs. All effects are shares: of the value at strength 0 with the place as
    it is, or of GDP.
    """
    settings = Settings.load(folder.path)
    _complete(folder)
    about = json.loads((folder.path / FILE).read_text(encoding="utf-8"))
    id, place = about["measure"], about["place"]
    runs = _all_runs(folder)
    zero, one = settings.strengths(id, place)
    names = list(folder.plan.variants)
    sides = names.index(zero), names.index(one)
    number = {tuple(label): k for k, label in enumerate(about["points"])}
    rows = []
    for outcome in _outcomes(id):
        if outcome.name not in OUTCOMES:
            continue
        part = _part(runs, sides, outcome, settings, id, place)

        def effects(point: int, outcome: Outcome = outcome, part: float = part) -> tuple[np.ndarray, float]:
            out = np.full(settings.replicates, np.nan)
            cases = np.zeros(2)
            first = _first(settings, id, outcome)
            for r in range(settings.replicates):
                pair = [run for variant in sides if (run := runs.get((variant, point, r))) is not None]
                if len(pair) == 2:
                    (a, x), (b, y) = (outcome.read(run, place, first) for run in pair)
                    out[r] = (b - a) * part
                    cases += (x, y)
            return out, float(cases.min())

        rows += _features(id, place, outcome, effects, number)
    return pd.DataFrame(rows)


def _part(
    runs: Mapping[tuple[int, int, int], Yearly], sides: tuple[int, int], outcome: Outcome, settings: Settings, id: str,
    place: str,
) -> float:  # fmt: skip
    """Return what a difference is multiplied with to be a share."""
    if outcome.per == "gdp":
        return 1.0 / _gdp(place)
    first = _first(settings, id, outcome)
    base = [outcome.read(run, place, first)[0] for (v, p, _), run in runs.items() if v == sides[0] and p == 0]
    whole = abs(float(np.nanmean(base))) if np.isfinite(base).any() else 0.0
    return 1.0 / whole if whole > 0.0 else float("nan")


def _features(
    id: str,
    place: str,
    outcome: Outcome,
    effects: Callable[[int], tuple[np.ndarray, float]],
    number: Mapping[tuple[str, ...], int],
) -> list[dict[str, Any]]:
    out = []
    usual, _ = effects(0)
    for feature in FEATURES:
        if (feature.name, LOW) not in number:
            continue
        (below, few), (above, fewer) = (effects(number[feature.name, side]) for side in (LOW, HIGH))
        moved = above - below
        known = np.isfinite(moved)
        mean, half = float("nan"), float("nan")
        if known.sum() >= 2:
            mean, _, half = (float(x) for x in interval(moved[known]))
        cases = min(few, fewer)
        out.append({
            "measure": id, "place": place, "outcome": outcome.name, "feature": feature.name,
            "effect_low": _mean(below), "effect_high": _mean(above), "moved": mean, "low": mean - half,
            "high": mean + half, "cases": cases,
            "clear": bool(abs(mean) > half > 0.0 and not cases < FEW_EVENTS), "as_it_is": _mean(usual),
            "position": position(feature, place), "pairs": int(known.sum()),
        })  # fmt: skip
    return out


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _all_runs(folder: Folder) -> dict[tuple[int, int, int], Yearly]:
    scenario = folder.plan.content
    start, years, scale = int(scenario["start_year"]), int(scenario["years"]), float(scenario["scale"])
    out = {}
    with folder.database() as database:
        for number, *id in database.select("SELECT id, variant, point, replicate FROM runs WHERE status = 'done'"):
            rows = database.select(
                "SELECT i.name, j.name, s.year, s.value FROM series s JOIN names i ON i.id = s.indicator "
                "JOIN names j ON j.id = s.jurisdiction WHERE s.run = ?", (number,),
            )  # fmt: skip
            out[id[0], id[1], id[2]] = read_back(rows, start, years, scale)
    return out


def decomposed(table: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return how far the features account for the difference of a measure's effect between places.

    ``part`` of a feature for places A and B = mean of its slopes in both x (position of A - position of B); the row
    ``all features`` adds them up, ``difference`` is what the runs of the places as they are show.
    """
    rows = []
    chosen = table[table["outcome"] == outcome]
    codes = list(dict.fromkeys(chosen["place"]))
    by = {(r["place"], r["feature"]): r for r in chosen.to_dict("records")}
    for i, a in enumerate(codes):
        for b in codes[i + 1 :]:
            parts = {}
            for feature in FEATURES:
                x, y = by.get((a, feature.name)), by.get((b, feature.name))
                if x is not None and y is not None and np.isfinite(x["position"] - y["position"]):
                    parts[feature.name] = 0.5 * (x["moved"] + y["moved"]) * (x["position"] - y["position"])
            actual = chosen[chosen["place"] == a]["as_it_is"].iloc[0] - chosen[chosen["place"] == b]["as_it_is"].iloc[0]
            rows += [(a, b, name, value, actual) for name, value in parts.items()]
            rows.append((a, b, "all features", sum(parts.values()), actual))
    return pd.DataFrame(rows, columns=["place", "other", "feature", "part", "difference"])


def explanations(out: str | Path) -> list[str]:
    """Return the explanations that stand beside a folder, as Markdown; nothing where there are none."""
    root = Path(f"{out}-explain")
    folders = [path for path in sorted(root.iterdir()) if (path / FILE).exists()] if root.is_dir() else []
    tables = [explained(Folder.load(path)) for path in folders]
    if not tables:
        return []
    table = pd.concat(tables, ignore_index=True)
    lines = ["", "## What in the place decides it", "", "One feature of the place is moved at a time, from the lowest to the "
             "highest value among the four places, and the measure is tried at both ends on the same luck. *Moved* is the "
             "change of the measure's effect, in percentage points, with its 95 % interval; **bold** where it is "
             "distinguishable from luck."]  # fmt: skip
    for id in dict.fromkeys(table["measure"]):
        lines += as_markdown(table[table["measure"] == id], str(id))
    return lines


def as_markdown(table: pd.DataFrame, id: str) -> list[str]:
    """Return the explanation of one measure as Markdown."""
    lines = ["", f"### {known_measures()[id].title} (`{id}`)"]
    places = list(dict.fromkeys(table["place"]))
    titles = {f.name: f.title for f in FEATURES}
    by = {(r["place"], r["outcome"], r["feature"]): r for r in table.to_dict("records")}
    for outcome in dict.fromkeys(table["outcome"]):
        lines += ["", f"Effect on {_LABELS[str(outcome)]}:", "", "| feature | " + " | ".join(places) + " |"]
        lines.append("|---" * (len(places) + 1) + "|")
        usual = []
        for p in places:
            value = next(r["as_it_is"] for k, r in by.items() if k[0] == p and k[1] == outcome)
            usual.append("–" if value != value else f"{100 * value:+.2g} %")
        lines.append("| *effect, the place as it is* | " + " | ".join(usual) + " |")
        for feature in dict.fromkeys(table["feature"]):
            cells = [_moved(by[p, outcome, feature]) if (p, outcome, feature) in by else "–" for p in places]
            lines.append(f"| {titles[str(feature)]} | " + " | ".join(cells) + " |")
        parts = decomposed(table, str(outcome))
        whole = parts[parts["feature"] == "all features"]
        if len(whole):
            lines += [
                "",
                "How far these features account for the differences between places: each slope times the distance of the "
                "two places.",
                "",
                "| places | difference | accounted for | most by |",
                "|---|---|---|---|",
            ]
            for r in whole.to_dict("records"):
                single = parts[(parts["place"] == r["place"]) & (parts["other"] == r["other"])]
                single = single[single["feature"] != "all features"]
                most = "–"
                if len(single) and np.isfinite(single["part"]).any():
                    top = single.loc[single["part"].abs().idxmax()]
                    most = f"{titles[str(top['feature'])]} ({100 * top['part']:+.2g})"
                lines.append(
                    f"| {r['place']} − {r['other']} | {100 * r['difference']:+.2g} | {100 * r['part']:+.2g} | {most} |"
                )
    return lines


_LABELS = {
    "creation": "inventions, percent", "diffusion": "technologies of others put to use, percent",
    "welfare": "welfare, percent of GDP", "direct": "what the measure aims at, percent",
}  # fmt: skip


def _moved(row: Mapping[Any, Any]) -> str:
    if row["moved"] != row["moved"] or row["cases"] < FEW_EVENTS:
        return "few cases"
    words = f"{100 * row['moved']:+.2g} [{100 * row['low']:.2g}, {100 * row['high']:.2g}]"
    return f"**{words}**" if row["clear"] else words
