"""The report of a folder as one HTML file: an experiment, a transplant, a comparison, or a single run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecosystem import __version__
from ecosystem.kernel.errors import InputError
from ecosystem.lab import svg
from ecosystem.lab.analysis import effects, robustness
from ecosystem.lab.analysis.sensitivity import METHODS, NOISY, everything
from ecosystem.lab.analysis.values import good, unit, values
from ecosystem.lab.citable import html, record
from ecosystem.lab.store.export import frame
from ecosystem.lab.store.folder import PLAN, Folder
from ecosystem.lab.store.status import failures, status

NOT = "Compares policies; not a forecast."
MOST_LINES = 8
_EFFECTS = [
    "output",
    "variant",
    "unit",
    "base",
    "effect",
    "low",
    "high",
    "n",
    "share_higher",
    "variance_reduction",
    "verdict",
]


def report(path: str | Path, *, jurisdiction: str = "all", goals: Sequence[str] = ()) -> str:
    """Return the report of a folder; raise InputError if it holds nothing that can be reported."""
    path = Path(path)
    if (path / PLAN).exists():
        folder = Folder.load(path)
        if (path / "explain.json").exists():
            return _explanation(folder)
        if (path / "transplant.json").exists():
            return _transplant(folder)
        return _experiment(folder, jurisdiction, goals)
    if (path / "run.json").exists():
        return _run(path)
    if (path / "compare.json").exists():
        return _comparison(path)
    raise InputError("This folder holds no results (neither plan.json, run.json nor compare.json)", where=str(path),
                     do="Name a folder written by 'ecosystem run', 'compare', 'batch run' or 'transplant'")  # fmt: skip


# -- experiments ------------------------------------------------------------------------------------------------------


def _opening(folder: Folder) -> list[str]:
    plan, state = folder.plan, status(folder)
    title = plan.title or f"Experiment {plan.id}"
    parts = [html.head(1, title), html.para(NOT, "note")]
    rows = [["experiment", plan.id], ["model", plan.model], ["program", f"{record.PROGRAM} {__version__}"],
            ["digest of the results", state.digest], ["runs", str(state)],
            ["variants x worlds x replicates",
             f"{len(plan.variants)} x {len(plan.points)} x {plan.replicates}"]]  # fmt: skip
    parts.append(html.table(["", ""], rows))
    if state.missing or state.failed:
        parts.append(html.para(f"{state.missing:,} runs are missing and {state.failed:,} failed. What follows is taken from "
                               "the runs that are done, and may be biased by those that are not.", "warn"))  # fmt: skip
        failed = failures(folder)[:50]
        if failed:
            parts.append(html.table(["variant", "replicate", "run", "error"],
                                    [[f.variant, f.id[2], f.run_key, f"{f.error_type}: {f.error}"] for f in failed]))  # fmt: skip
    return parts


def _closing(folder: Folder) -> list[str]:
    plan, cite = folder.plan, record.citation(folder)
    parts = [html.head(2, "Methods"), html.para(record.methods(folder))]
    if plan.factors:
        heads = ["factor", "low", "high", "value_in_scenario", "unit", "source"]
        parts += [html.head(3, "What is uncertain"), html.table(heads, [[f[h] for h in heads] for f in plan.factors])]
    used = record.parameters(plan)
    changed = used[used["changed"]]
    parts += [html.head(3, "Parameters"),
              html.para(f"{len(used):,} parameters and levers are in use; {len(changed)} were changed by the scenario. "
                        "'ecosystem batch publish' writes all with unit, range and source.")]  # fmt: skip
    if len(changed):
        heads = ["name", "jurisdiction", "value", "unit", "source"]
        parts.append(html.table(heads, changed[heads].values.tolist()))
    here = record.environment()
    parts += [
        html.head(3, "Environment of this report"),
        html.para(f"Python {here['python']}, {here['system']}, model installed {here['model']}"
                  + ("" if here["model"] == plan.model else f" (results: {plan.model})")),
        html.para("Planned with " + ", ".join(f"{k} {v}" for k, v in sorted(plan.versions.items())) + "."),
        html.head(2, "How to cite"), html.pre(cite.bibtex()),
    ]  # fmt: skip
    with folder.database() as database:
        first = database.select(
            "SELECT run_key FROM runs WHERE status = 'done' ORDER BY variant, point, replicate LIMIT 1"
        )
    if first:
        parts.append(html.para("Any run can be repeated and compared with what is stored, as the first one by:"))
        parts.append(html.pre(f"ecosystem batch rerun {folder.path} --run {first[0][0]}"))
    return parts


def _experiment(folder: Folder, jurisdiction: str, goals: Sequence[str]) -> str:
    if folder.shards():
        raise InputError("The parts of this experiment are not merged yet", where=str(folder.path),
                         do=f"ecosystem batch merge {folder.path}")  # fmt: skip
    parts = _opening(folder)
    outputs = [str(o) for o in folder.plan.content["outputs"]]
    values(folder, outputs[0], jurisdiction)
    whole = status(folder).missing == 0 and status(folder).failed == 0
    parts += _effects(folder, jurisdiction)
    parts += _over_time(folder, outputs, jurisdiction)
    if folder.plan.content["design"].get("kind") == "factorial" and whole:
        parts += _interactions(folder, outputs, jurisdiction)
    if len(folder.plan.points) > 1 and len(folder.plan.variants) > 1 and whole:
        parts += _regret(folder, outputs, jurisdiction)
    if goals:
        table = robustness.satisfice(folder, list(goals), jurisdiction)
        parts += [html.head(2, "Goals"), html.para(f"Share of worlds in which a variant meets {' and '.join(goals)}, on the "
                  "mean of its replicates (Wilson's 95 % interval)."),
                  html.table(list(table.columns), table.values.tolist())]  # fmt: skip
    if folder.plan.content["design"].get("kind") in METHODS.values() and whole:
        parts += _sensitivity(folder, jurisdiction)
    return html.document(folder.plan.title or folder.plan.id, [*parts, *_closing(folder)])


def _effects(folder: Folder, jurisdiction: str) -> list[str]:
    table = effects.effects(folder, jurisdiction)
    parts = [html.head(2, "Effects")]
    if not len(table):
        return [*parts, html.para("The experiment compares no policies.")]
    worlds = len(folder.plan.points)
    basis = "over pairs of runs" if worlds == 1 else f"over the means of {worlds} worlds"
    parts.append(html.para(f"Mean of the years, {jurisdiction}, against the baseline, with the 95 % interval {basis}. "
                           "variance_reduction: how many times smaller the variance of an effect is than with independent "
                           "luck.", "note"))  # fmt: skip
    for output, part in table.groupby("output", sort=False):
        rows = [
            (str(r["variant"]), r["effect"], r["low"], r["high"], str(r["verdict"])) for r in part.to_dict("records")
        ]
        parts.append(html.figure(svg.forest(rows[:60], str(output), str(part["unit"].iloc[0]))))
    parts.append(html.table(_EFFECTS, table[_EFFECTS].values.tolist()))
    return parts


def _over_time(folder: Folder, outputs: Sequence[str], jurisdiction: str) -> list[str]:
    words = "Line: median of all runs of a variant; band: 10 to 90 % of them, over luck and worlds."
    parts = [html.head(2, "Over time"), html.para(words, "note")]
    for output in outputs:
        table = frame(folder, output)
        table = table[(table["jurisdiction"] == jurisdiction) & (table["sector"] == "")]
        if not len(table):
            continue
        found = table.groupby(["variant", "year"], sort=True)["value"].quantile(np.array([0.1, 0.5, 0.9])).unstack()
        years = sorted(table["year"].unique().tolist())
        bands = []
        for name in folder.plan.variants[:MOST_LINES]:
            if name in found.index.get_level_values(0):
                rows = found.loc[name].reindex(years)
                middle, low, high = (rows[q].to_numpy(dtype=float) for q in (0.5, 0.1, 0.9))
                bands.append((name, middle, low, high))
        parts.append(html.figure(svg.fan(years, bands, output, f"{unit(output)}, {jurisdiction}")))
    if len(folder.plan.variants) > MOST_LINES:
        parts.append(html.para(f"The first {MOST_LINES} of {len(folder.plan.variants)} variants are drawn.", "note"))
    return parts


def _interactions(folder: Folder, outputs: Sequence[str], jurisdiction: str) -> list[str]:
    parts = [html.head(2, "What policies do together"),
             html.para("The interaction of a set is what it does beyond what all its parts do; for a single policy, its "
                       "effect.", "note")]  # fmt: skip
    for output in outputs:
        try:
            table = effects.interactions(folder, output, jurisdiction)
        except InputError:  # an output without a value in some run
            continue
        rows = [
            (str(r["policies"]), r["interaction"], r["low"], r["high"], str(r["verdict"]))
            for r in table.to_dict("records")
        ]
        parts.append(html.figure(svg.forest(rows, output, f"{unit(output)}: effect, then interactions")))
    return parts


def _regret(folder: Folder, outputs: Sequence[str], jurisdiction: str) -> list[str]:
    words = "Regret: how much better the best policy would have been in the same world with the same luck."
    parts = [html.head(2, "Regret over uncertain worlds"), html.para(words, "note")]
    for output in outputs:
        if not good(output):
            continue
        try:
            table = robustness.regret(folder, output, jurisdiction)
        except InputError:
            continue
        parts += [html.head(3, f"{output} ({unit(output)}, {'more' if good(output) > 0 else 'less'} is better)"),
                  html.table(list(table.columns), table.values.tolist())]  # fmt: skip
    return parts


def _sensitivity(folder: Folder, jurisdiction: str) -> list[str]:
    parts = [html.head(2, "Sensitivity")]
    try:
        table = everything(folder, jurisdiction)
    except InputError as error:
        return [*parts, html.para(str(error), "warn")]
    parts.append(html.para("Analyzed are means over replicates. noise_share: part of their variance between points that is "
                           f"luck; above {NOISY:g} the indices are to be read with care.", "note"))  # fmt: skip
    shown = [c for c in table.columns if c not in ("unit", "replicates")]
    parts.append(html.table(shown, table[shown].values.tolist()))
    return parts


# -- transplants, comparisons, runs -----------------------------------------------------------------------------------


def _transplant(folder: Folder) -> str:
    from ecosystem.lab.transplant.heatmap import heat_map
    from ecosystem.lab.transplant.matrix import matrix

    found = matrix(folder)
    s = found.settings
    words = f"{s.replicates} pairs, {s.years} years, scale {s.scale:g}, model {folder.plan.model}"
    heads = [
        "measure",
        "place",
        "outcome",
        "strength_in_force",
        "base",
        "effect",
        "low",
        "high",
        "unit",
        "pairs",
        "verdict",
    ]
    parts = [*_opening(folder), html.figure(heat_map(found, words)),
             html.head(2, "All effects"), html.table(heads, found.table[heads].values.tolist())]  # fmt: skip
    return html.document("The transplant matrix", [*parts, *_closing(folder)])


def _explanation(folder: Folder) -> str:
    from ecosystem.lab.transplant.explain import explained

    table = explained(folder)
    heads = ["outcome", "feature", "as_it_is", "effect_low", "effect_high", "moved", "low", "high", "clear", "pairs"]
    parts = _opening(folder)
    for outcome, part in table.groupby("outcome", sort=False):
        rows = [
            (str(r["feature"]), 100 * r["moved"], 100 * r["low"], 100 * r["high"], "") for r in part.to_dict("records")
        ]
        parts.append(html.figure(svg.forest(rows, f"What moves the effect on {outcome}",
                                            "percentage points, from the low to the high end of each feature")))  # fmt: skip
    parts.append(html.table(heads, table[heads].values.tolist()))
    return html.document(folder.plan.title, [*parts, *_closing(folder)])


def _comparison(path: Path) -> str:
    try:
        about: dict[str, Any] = json.loads((path / "compare.json").read_text(encoding="utf-8"))
        table = pd.read_csv(path / "effects.csv")
        years = pd.read_csv(path / "by_year.csv")
    except (OSError, ValueError) as error:
        raise InputError(f"The comparison cannot be read: {error}", where=str(path)) from None
    title = about["scenario"].get("title") or "Comparison"
    parts = [html.head(1, title), html.para(NOT, "note"),
             html.table(["", ""], [["model", about["model"]], ["program", f"{record.PROGRAM} {about['version']}"],
                                   ["pairs", str(len(about["seeds"]))]])]  # fmt: skip
    parts += [html.para(w, "warn") for w in about.get("warnings", [])]
    parts.append(html.head(2, "Effects that are distinguishable from luck"))
    clear = table[table["verdict"].isin(["higher", "lower"])]
    for place, part in clear.groupby("jurisdiction", sort=False):
        part = part.assign(percent=100 * part["relative"])
        part = part[np.isfinite(part["percent"])]
        part = part.loc[part["percent"].abs().sort_values(ascending=False).index].head(25)
        base = part["base"].abs()
        rows = [(str(r["indicator"]), r["percent"], 100 * r["low"] / b, 100 * r["high"] / b, str(r["verdict"]))
                for r, b in zip(part.to_dict("records"), base, strict=True)]  # fmt: skip
        if rows:
            parts.append(
                html.figure(svg.forest(rows, f"{place}: the largest", "percent of the base, mean of all years"))
            )
    for name in ("welfare", "inventions", "public_outlay"):
        part = years[(years["indicator"] == name) & (years["jurisdiction"] == "all")]
        if len(part):
            middle, low, high = (part[c].to_numpy(dtype=float) for c in ("difference", "low", "high"))
            words, of = f"{name}: difference by year", str(part["unit"].iloc[0])
            parts.append(html.figure(svg.fan(part["year"].tolist(), [("difference", middle, low, high)], words, of)))
    heads = ["indicator", "jurisdiction", "unit", "base", "scenario", "difference", "low", "high", "pairs", "verdict"]
    scenarios = json.dumps({k: about[k] for k in ("base", "scenario")}, indent=1)
    parts += [html.head(2, "All effects"), html.table(heads, table[heads].values.tolist())]
    parts += [html.head(2, "What was compared"), html.pre(scenarios)]
    return html.document(title, parts)


def _run(path: Path) -> str:
    from ecosystem.lab.experiment.experiment import OUTPUTS
    from ecosystem.lab.run_folder import load_run

    run = load_run(path)
    table = run.table("indicators")
    table = table[table["sector"].astype(str) == ""]
    title = run.scenario.title or "Run"
    info = run.info
    parts = [html.head(1, title), html.para(NOT + " One run: differences between runs may be luck.", "note"),
             html.table(["", ""], [["seed", str(run.seed)], ["scenario", info.get("scenario_key", "")[:16]],
                                   ["digest", info["digest"]]])]  # fmt: skip
    for name in [*OUTPUTS, "welfare", "public_outlay"]:
        part = table[table["indicator"] == name]
        if not len(part):
            continue
        by = part.groupby(["jurisdiction", "year"], observed=True)["value"].mean().unstack(0)
        places = [c for c in run.scenario.jurisdictions if c in by.columns]
        none = np.full(len(by), np.nan)
        bands = [(str(c), by[c].to_numpy(dtype=float), none, none) for c in places]
        if bands:
            words = f"{part['unit'].iloc[0]}, mean of the months of a year"
            parts.append(html.figure(svg.fan(by.index.tolist(), bands, name, words)))
    parts += [html.head(2, "Scenario"), html.pre(run.scenario.to_toml()), html.head(2, "Versions"),
              html.table(["package", "version"], [[k, str(v)] for k, v in info.get("versions", {}).items()])]  # fmt: skip
    return html.document(title, parts)


def write(path: str | Path, out: Path, **how: Any) -> Path:
    """Write the report of a folder into a file; raise InputError where it cannot be written."""
    from ecosystem.lab.run_folder import output_trouble

    words = report(path, **how)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(words, encoding="utf-8")
    except OSError as error:
        raise output_trouble(error, str(out)) from None
    return out
