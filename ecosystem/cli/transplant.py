"""``ecosystem transplant``: every measure on every place, and what in the place decides its effect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecosystem.cli.batch import until_interrupted
from ecosystem.cli.show import as_json, bar, columns, figure
from ecosystem.kernel.errors import InputError

if TYPE_CHECKING:
    from ecosystem.lab.experiment.plan import Plan
    from ecosystem.lab.store.status import Status
    from ecosystem.lab.transplant.design import Settings


def _list(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


@click.command(short_help="Every measure on every place: matrix of effects, and what decides them.")
@click.option("--measures", default="all", show_default=True, metavar="all|ID,...", help="Measures.")
@click.option("--onto", default="us,eu,jp,cn", show_default=True, metavar="LIST", help="Places they are put on.")
@click.option("--replicates", type=int, default=8, show_default=True, help="Pairs of runs a cell.")
@click.option("--scale", type=float, default=5000.0, show_default=True, help="Real objects a simulated one stands for.")
@click.option("--years", type=int, default=10, show_default=True, help="Years of a run.")
@click.option("--seed", type=int, default=1, show_default=True, help="Luck of all runs.")
@click.option("--explain", metavar="ID", help="Move the features of each place and try this measure again.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for the runs.")
@click.option("--docs", type=click.Path(path_type=Path), metavar="DIR2",
              help="Run nothing: write page, table and picture of the finished runs in DIR into DIR2.")  # fmt: skip
@click.option("--estimate", is_flag=True, help="Say how many runs there are and what they take; run nothing.")
@click.option("--workers", "-j", type=int, metavar="N", help="Processes (default: all processors; 0: this one alone).")
@click.option("--timeout", type=float, metavar="SECONDS", help="End a run that takes longer (default: never).")
@click.option("--json", "json_", is_flag=True, help="Print the effects as JSON.")
@click.option("--progress/--no-progress", default=None, help="Progress bar (default: on a terminal).")
def transplant(
    measures: str, onto: str, replicates: int, scale: float, years: int, seed: int, explain: str | None, out: Path,
    docs: Path | None, estimate: bool, workers: int | None, timeout: float | None, json_: bool, progress: bool | None,
) -> int:  # fmt: skip
    """Put each measure on each place at full strength and not at all, on the same luck, and compare.

    The same command goes on after an interrupt. DIR gets transplant.csv, .svg and .md. With --explain the runs stand in
    DIR-explain, and the page written by --docs tells of them too. Exit code 4 if runs failed.

    \b
    Examples:
      ecosystem transplant --out results/transplant
      ecosystem transplant --replicates 4 --years 8 --out results/quick
      ecosystem transplant --explain cn_ip_operation_platform --onto us,cn --out results/transplant
      ecosystem transplant --out results/transplant --docs docs
    """
    from ecosystem.lab.transplant.design import Settings

    if docs is not None:
        return _docs(out, docs, json_)
    ids = None if measures.strip() == "all" else _list(measures)
    if explain is not None:
        ids = [explain]
    settings = Settings.of(ids, _list(onto), replicates=replicates, scale=scale, years=years, seed=seed)
    if explain is not None:
        return _explain(settings, explain, out, estimate, workers, timeout, json_, progress)
    plan = settings.plan()
    if estimate:
        return _estimate([plan], workers, json_)
    plan.cost(workers or None).check(out)
    state = _run(plan, settings, out, workers, timeout, progress, "runs")
    return _matrix(out, state, json_)


def _estimate(plans: list[Plan], workers: int | None, json_: bool) -> int:
    from ecosystem.lab.experiment.cost import duration

    costs = [plan.cost(workers) for plan in plans]
    runs, seconds = sum(c.runs for c in costs), sum(c.seconds for c in costs)
    if json_:
        as_json({"runs": runs, "seconds": round(seconds, 1), "workers": costs[0].workers,
                 "memory_mb": round(max(c.memory_mb for c in costs))})  # fmt: skip
    else:
        click.echo(f"{runs:,} runs of {costs[0].run_seconds:.2f} s, burn-ins shared: about {duration(seconds)} on "
                   f"{costs[0].workers} processes, {max(c.memory_mb for c in costs):,.0f} MB of memory")  # fmt: skip
    return 0


def _run(
    plan: Plan, settings: Settings, out: Path, workers: int | None, timeout: float | None, progress: bool | None,
    words: str, also: object = None,
) -> Status:  # fmt: skip
    from ecosystem.lab.batch import run_batch
    from ecosystem.lab.store.folder import Folder, writing_trouble
    from ecosystem.lab.transplant.work import measure_run

    folder = Folder.prepared(out, plan)
    try:
        if callable(also):
            also(folder.path)
        else:
            settings.save(folder.path)
    except OSError as error:
        raise writing_trouble(error, str(out)) from None
    with until_interrupted() as stopping, bar(words, progress, "run") as report:
        state = run_batch(
            plan, out, workers=workers, timeout=timeout, progress=report, stopping=stopping, work=measure_run
        )
        stopped = stopping()
    if stopped and state.missing:
        raise KeyboardInterrupt(f"Interrupted: {state}. The same command goes on from here.")
    return state


def _matrix(out: Path, state: Status, json_: bool) -> int:
    import json

    from ecosystem.lab.store.folder import Folder
    from ecosystem.lab.transplant.matrix import CLEAR, matrix
    from ecosystem.lab.transplant.page import write_results

    folder = Folder.load(out)
    files = write_results(folder)
    table = matrix(folder).table
    if json_:
        as_json({"digest": state.digest, "model": folder.plan.model,
                 "effects": json.loads(table.to_json(orient="records"))})  # fmt: skip
        return state.code
    count = table.groupby("outcome", sort=False)["verdict"].agg(lambda v: int(v.isin(CLEAR).sum()))
    cells = table.groupby("outcome", sort=False).size()
    click.echo(columns([[str(o), str(int(cells[o])), str(int(count[o]))] for o in cells.index],
                       ["outcome", "cells", "clear"], right=(1, 2)))  # fmt: skip
    click.echo(str(state))
    click.echo("Written: " + ", ".join(str(f) for f in files))
    return state.code


def _explain(
    settings: Settings, id: str, out: Path, estimate: bool, workers: int | None, timeout: float | None, json_: bool,
    progress: bool | None,
) -> int:  # fmt: skip
    import json

    import pandas as pd

    from ecosystem.lab.compare import FEW_EVENTS
    from ecosystem.lab.store.folder import Folder
    from ecosystem.lab.transplant import explain as of

    places = [p for p in settings.places if settings.applicable(id, p)]
    for place in settings.places:
        if place not in places:
            click.echo(f"Warning: {id} is not applicable in {place}: one territory", err=True)
    if not places:
        raise InputError(f"{id} needs several territories, which no place of --onto has", where="--onto")
    plans = {place: of.plan(settings, id, place) for place in places}
    if estimate:
        return _estimate([plan for plan, _ in plans.values()], workers, json_)
    code, tables = 0, []
    for place, (plan, labels) in plans.items():
        path = of.explanation_folder(out, id, place)
        plan.cost(workers or None).check(path)
        state = _run(plan, settings, path, workers, timeout, progress, f"{id}@{place}",
                     lambda p, place=place, labels=labels: of.save(p, settings, id, place, labels))  # fmt: skip
        code = max(code, state.code)
        tables.append(of.explained(Folder.load(path)))
    table = pd.concat(tables, ignore_index=True)
    if json_:
        as_json({"effects": json.loads(table.to_json(orient="records"))})
        return code
    rows = [
        [r["place"], r["outcome"], r["feature"], figure(100 * r["as_it_is"]), figure(100 * r["effect_low"]),
         figure(100 * r["effect_high"]), figure(100 * r["moved"]), f"[{figure(100 * r['low'])}, {figure(100 * r['high'])}]",
         "clear" if r["clear"] else "few cases" if r["cases"] < FEW_EVENTS else "luck"]
        for r in table.to_dict("records")
    ]  # fmt: skip
    heads = ["place", "effect on", "feature", "as it is, %", "at low", "at high", "moved", "95 % interval", ""]
    click.echo(columns(rows, heads, right=(3, 4, 5, 6)))
    click.echo("Effects in percent (welfare: of GDP); moved: percentage points. Compares policies; not a forecast.")
    return code


def _docs(out: Path, docs: Path, json_: bool) -> int:
    from ecosystem.lab.store.folder import Folder
    from ecosystem.lab.transplant.page import write_results

    files = write_results(Folder.load(out), docs)
    if json_:
        as_json([str(f) for f in files])
    else:
        click.echo("\n".join(map(str, files)))
    return 0
