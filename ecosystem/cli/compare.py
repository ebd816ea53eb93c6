"""``ecosystem compare``: what a scenario changes, on the same luck, with intervals."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecosystem.cli.run import HEADLINES, MAX_SEED
from ecosystem.cli.scenario import Changes, assemble, scenario_options
from ecosystem.cli.show import as_json, bar, columns, figure
from ecosystem.kernel.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from ecosystem.lab.compare import Comparison

REPLICATES = 16


def wanted_rows(comparison: Comparison, frame: pd.DataFrame, all_: bool, groups: bool = False) -> pd.DataFrame:
    """Return the rows to print, of the places that the scenario touches unless all are wanted.

    Headline and direct indicators, all of them with ``all_``, or with ``groups`` those that speak about one group.
    """
    from ecosystem.lab.groups import ORDER
    from policies.measures import known_measures

    scenario = comparison.scenario
    if groups:
        rows = frame[frame["indicator"].isin(ORDER)].sort_values("indicator", key=lambda c: c.map(ORDER), kind="stable")
    else:
        names = {*HEADLINES, "welfare", *(known_measures()[use.id].indicator for use in scenario.measures)}
        rows = frame if all_ else frame[frame["indicator"].isin(names)]
    places = {code for use in scenario.measures for code in use.on} | set(scenario.levers)
    return rows if all_ else rows[rows["jurisdiction"].isin(places or set(scenario.jurisdictions))]


def text_by_group(rows: pd.DataFrame) -> str:
    """Return effects as aligned columns under the name of each group."""
    from ecosystem.lab.groups import GROUP_OF

    head, *lines = text_of(rows).splitlines()
    out, last = [head], ""
    for name, line in zip(rows["indicator"], lines, strict=True):
        if GROUP_OF[name] != last:
            last = GROUP_OF[name]
            out.append(f"-- {last}")
        out.append(line)
    return "\n".join(out)


def text_of(rows: pd.DataFrame) -> str:
    """Return effects as aligned columns."""
    effects: list[dict[Any, Any]] = rows.to_dict(orient="records")
    cells = [
        [r["indicator"], r["jurisdiction"], figure(r["base"]), figure(r["scenario"]), figure(r["difference"]),
         f"[{figure(r['low'])}, {figure(r['high'])}]",
         f"{100 * r['relative']:+.1f} %" if math.isfinite(r["relative"]) else "-", f"{r['share_higher']:.2f}",
         figure(r["cost_per_unit"]), r["verdict"]]
        for r in effects
    ]  # fmt: skip
    heads = ["indicator", "place", "base", "scenario", "difference", "95 % interval", "relative", "higher in",
             "cost a unit", "in words"]  # fmt: skip
    return columns(cells, heads, right=(2, 3, 4, 6, 7, 8))


def write(comparison: Comparison, out: Path) -> None:
    """Write effects.csv, by_year.csv, outlays.csv and compare.json into a new folder."""
    out.mkdir(parents=True, exist_ok=True)
    comparison.effects().to_csv(out / "effects.csv", index=False)
    comparison.by_year().to_csv(out / "by_year.csv", index=False)
    comparison.outlays().to_csv(out / "outlays.csv", index=False)
    (out / "compare.json").write_text(json.dumps(about(comparison), indent=2) + "\n", encoding="utf-8")


def about(comparison: Comparison) -> dict[str, Any]:
    """Return what was compared: scenarios, seeds, versions."""
    from ecosystem import __version__
    from ecosystem.lab.model import model_digest

    return {
        "version": __version__, "model": model_digest(), "seeds": list(comparison.seeds),
        "base": comparison.base.to_dict(), "scenario": comparison.scenario.to_dict(), "warnings": comparison.warnings,
    }  # fmt: skip


@click.command(short_help="Paired effects of a scenario with intervals.")
@click.argument("scenario", required=False, type=click.Path(path_type=Path), metavar="[SCENARIO.toml]")
@click.option(
    "--base", type=click.Path(path_type=Path), metavar="BASE.toml", help="Compare against (default: baseline)."
)
@scenario_options
@click.option("--replicates", type=int, default=REPLICATES, show_default=True, help="Pairs of runs.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the first pair.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes (default: one a processor).")
@click.option("--all", "all_", is_flag=True, help="Print every indicator and place.")
@click.option("--groups", is_flag=True,
              help="Print by group: small, larger and young firms, universities, regions.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="New folder for the tables.")
@click.option("--json", "json_", is_flag=True, help="Print all effects as JSON.")
@click.option("--progress/--no-progress", default=None, help="Progress bar (default: on a terminal).")
def compare(
    scenario: Path | None, base: Path | None, changes: Changes, replicates: int, seed: int, workers: int | None,
    all_: bool, groups: bool, out: Path | None, json_: bool, progress: bool | None,
) -> None:  # fmt: skip
    """Run SCENARIO.toml (with the options on top) and a base in pairs that share all luck.

    \b
    Examples:
      ecosystem compare --measure us_rd_tax_credit@jp --scale 5000 --years 10
      ecosystem compare --package eu_protection@cn --scale 5000 --groups
      ecosystem compare plan.toml --base before.toml --replicates 32 --out effects
    """
    if not 0 <= seed <= MAX_SEED - 10_000:
        raise InputError(f"The seed {seed} is outside its range", where="--seed", allowed="0 to 2**63 - 10001")
    setup = assemble(scenario, changes)
    if base or not scenario:
        before = assemble(base, changes.setting())
    else:
        before = setup.without_policy()
        if changes.world is not None:  # a world's levers are no policy of the scenario
            before = before.in_world(changes.world)
    from ecosystem.lab.compare import compare as run_pairs
    from ecosystem.lab.run_folder import check_free

    if out is not None:
        check_free(out)
    try:
        with bar("pairs", progress, unit="pair") as report:
            comparison = run_pairs(before, setup, replicates, seed=seed, workers=workers, progress=report)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Interrupted: the comparison was not finished, and nothing was written.") from None
    for warning in comparison.warnings:
        click.echo(f"Warning: {warning}", err=True)
    frame = comparison.effects()
    if out is not None:
        write(comparison, out)
    if json_:
        as_json({**about(comparison), "effects": json.loads(frame.to_json(orient="records"))})
        return
    rows = wanted_rows(comparison, frame, all_, groups)
    click.echo(text_by_group(rows) if groups else text_of(rows))
    click.echo(
        f"{replicates} pairs at scale {setup.scale:g}, mean of {setup.years} years. Compares policies; not a forecast."
    )
    if out is not None:
        click.echo(f"Written to {out}")
