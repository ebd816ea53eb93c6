"""``ecosystem batch``: experiments of thousands of runs; see what they cost, run, resume, merge, export."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecosystem.cli.report import publish, report, rerun
from ecosystem.cli.show import as_json, bar, columns, figure
from ecosystem.kernel.errors import InputError

if TYPE_CHECKING:
    from ecosystem.lab.experiment.cost import Cost
    from ecosystem.lab.experiment.plan import Plan
    from ecosystem.lab.store.folder import Folder
    from ecosystem.lab.store.status import Status

Experiment = click.argument("experiment", type=click.Path(path_type=Path), metavar="EXPERIMENT.toml")
Folder_ = click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
Json = click.option("--json", "json_", is_flag=True, help="Print the result as JSON.")
Bar = click.option("--progress/--no-progress", default=None, help="Progress bar (default: on a terminal).")
Workers = click.option("--workers", "-j", type=int, metavar="N",
                       help="Processes (default: all processors; 0: this process alone).")  # fmt: skip
Timeout = click.option("--timeout", type=float, metavar="SECONDS", help="End a run that takes longer (default: never).")
Scheduler = click.option("--scheduler", default="", metavar="ADDRESS",
                         help="Run on a dask cluster: tcp://127.0.0.1:8786, tls://HOST:PORT or local.")  # fmt: skip


@click.group(short_help="Plan, run, resume and export experiments of many runs.")
def batch() -> None:
    """Run an experiment file: policies compared, uncertain worlds, replicates with common luck.

    \b
    Examples:
      ecosystem batch plan experiment.toml
      ecosystem batch run experiment.toml --out results/examiners
      ecosystem batch status results/examiners
    """


def _load(path: Path) -> Plan:
    from ecosystem.lab.experiment import Experiment, Plan

    experiment = Experiment.load(path)
    for warning in experiment.scenario.warnings():
        click.echo(f"Warning: {warning}", err=True)
    return Plan.of(experiment)


def _cost_lines(plan: Plan, cost: Cost) -> list[str]:
    from ecosystem.lab.experiment.cost import duration

    stop, most = plan.experiment.stop, ""
    if stop is not None:
        most = f"; the stopping rule may add some, up to {cost.most_runs:,} runs in {duration(cost.most_seconds)}"
    parts = f"{len(plan.variants):,} variants x {len(plan.points):,} points x {plan.replicates:,} replicates"
    basis = "measured" if cost.measured else "estimated"
    return [
        f"experiment {plan.id}  {plan.title}".rstrip(),
        f"runs       {cost.runs:,} = {parts}",
        f"a run      {figure(cost.run_seconds)} s ({basis}), of which {figure(cost.burn_in_seconds)} s burn-in, which "
        "variants share",
        f"time       about {duration(cost.seconds)} on {cost.workers} processes{most}",
        f"memory     about {cost.memory_mb:,.0f} MB",
        f"disk       about {figure(cost.disk_mb)} MB",
    ]


@batch.command(short_help="Say how many runs there are and what they take; runs nothing.")
@Experiment
@Workers
@Json
def plan(experiment: Path, workers: int | None, json_: bool) -> None:
    """Say what EXPERIMENT.toml takes, before anything of it is run or written.

    \b
    Example:
      ecosystem batch plan experiment.toml --workers 8
    """
    frozen = _load(experiment)
    cost = frozen.cost(workers)
    if json_:
        as_json({"id": frozen.id, "points": len(frozen.points), "variants": list(frozen.variants),
                 "replicates": frozen.replicates, **cost.to_dict()})  # fmt: skip
    else:
        click.echo("\n".join(_cost_lines(frozen, cost)))
    cost.check()


@batch.command(short_help="Try a few runs of an experiment; writes nothing.")
@Experiment
@click.option("--runs", type=click.IntRange(1, 1000), default=3, show_default=True, help="Runs to try.")
@Workers
@Timeout
@Json
@Bar
def check(
    experiment: Path, runs: int, workers: int | None, timeout: float | None, json_: bool, progress: bool | None
) -> int:
    """Run a few runs of EXPERIMENT.toml, spread over its points and variants: does it work, how long will it take?

    Exit code 4 if a run failed.

    \b
    Example:
      ecosystem batch check experiment.toml
    """
    from ecosystem.lab.batch import trial
    from ecosystem.lab.store.status import FAILURES

    frozen = _load(experiment)
    with bar("trying", progress, "run") as report:
        found = trial(frozen, runs, workers=workers, timeout=timeout, progress=report)
    if json_:
        as_json({"id": frozen.id, **found.to_dict()})
    else:
        rows = []
        for variant, point, outcome in found.outcomes:
            where = ", ".join(f"{name} = {figure(value)}" for name, value in point.items()) or "as the scenario"
            state = f"{outcome.error_type}: {outcome.error}" if outcome.error_type else "done"
            rows.append([variant, f"{outcome.seconds:.2f}", f"{outcome.peak_mb:,.0f}", state, where])
        click.echo(columns(rows, ["variant", "seconds", "MB", "state", "point"], right=(1, 2)))
        click.echo("\n".join(_cost_lines(frozen, found.cost)))
    found.cost.check()
    return FAILURES if found.failed else 0


def read_shard(words: str | None) -> tuple[int, int] | None:
    """Return (k, n) of ``K/N``, or None for no words."""
    if words is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", words)
    if match is None:
        raise InputError(f"{words!r} names no part", where="--shard", allowed="K/N, as 3/20 for the third of twenty")
    return int(match[1]), int(match[2])


@contextmanager
def until_interrupted() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed; a second Ctrl-C acts at once."""
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt("Interrupted; finished runs are kept. The same command goes on from here.")
        asked.append(number)
        click.echo("\nFinishing the runs under way; press Ctrl-C again to stop at once.", err=True)

    if threading.current_thread() is not threading.main_thread():  # signals belong to the main thread
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


def _run(frozen: Plan, out: Path, progress: bool | None, json_: bool, **how: Any) -> int:
    from ecosystem.lab.batch import run_batch

    with until_interrupted() as stopping, bar("running", progress, "run") as report:
        state = run_batch(frozen, out, progress=report, stopping=stopping, **how)
        interrupted = stopping()
    if interrupted and state.missing:
        raise KeyboardInterrupt(f"Interrupted: {state}. The same command goes on from here.")
    part = how.get("shard")
    _say(out, state, json_, part=part)
    from ecosystem.lab.store.status import FAILURES

    if part is None:
        return state.code
    # a part is done when its own runs are; what is missing is other commands' work
    return FAILURES if state.failed else 0


def _say(out: Path, state: Status, json_: bool, part: tuple[int, int] | None = None) -> None:
    if json_:
        as_json(state.to_dict())
        return
    click.echo(str(state))
    click.echo(f"digest {state.digest}")
    if part is not None:
        click.echo(f"Part {part[0]} of {part[1]} has ended; when all have: ecosystem batch merge {out}")
    elif state.failed:
        click.echo(f"'ecosystem batch status {out} --failed' says which runs failed and how to repeat them")


@batch.command(short_help="Run an experiment, or go on where it stopped.")
@Experiment
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for plan and results."
)
@Workers
@Scheduler
@click.option("--shard", metavar="K/N", help="Only part K of N, for job arrays: part 1 to N, then 'batch merge'.")
@Timeout
@Json
@Bar
def run(
    experiment: Path, out: Path, workers: int | None, scheduler: str, shard: str | None, timeout: float | None,
    json_: bool, progress: bool | None,
) -> int:  # fmt: skip
    """Run EXPERIMENT.toml into DIR; the same command goes on after an interrupt, a crash or a power cut.

    Exit code 0: all done; 3: some runs are missing; 4: some failed.

    \b
    Examples:
      ecosystem batch run experiment.toml --out results/examiners
      ecosystem batch run experiment.toml --out results/examiners --shard 3/20
      ecosystem batch run experiment.toml --out results/examiners --scheduler tcp://127.0.0.1:8786
    """
    frozen = _load(experiment)
    part = read_shard(shard)
    if not scheduler:
        frozen.cost(workers or None).check(out)
    return _run(frozen, out, progress, json_, workers=workers, scheduler=scheduler, shard=part, timeout=timeout)


@batch.command(short_help="Run the failed runs of a folder once more.")
@Folder_
@Workers
@Scheduler
@Timeout
@Json
@Bar
def retry(
    folder: Path, workers: int | None, scheduler: str, timeout: float | None, json_: bool, progress: bool | None
) -> int:
    """Run the failed runs in DIR once more (and those that are missing); the old errors stay on record.

    \b
    Example:
      ecosystem batch retry results/examiners --timeout 600
    """
    from dataclasses import replace

    from ecosystem.lab.model import model_digest, model_files

    # the plan on the model as it is installed now: one that has changed since is noticed
    now = replace(_folder(folder).plan, model=model_digest(), files=model_files())
    return _run(now, folder, progress, json_, workers=workers, scheduler=scheduler, timeout=timeout, retry=True)


def _folder(path: Path) -> Folder:
    from ecosystem.lab.store.folder import Folder

    return Folder.load(path)


@batch.command(short_help="Say how many runs are done, failed and missing.")
@Folder_
@click.option("--failed", "list_failed", is_flag=True, help="List the failed runs with the command that repeats each.")
@Json
def status(folder: Path, list_failed: bool, json_: bool) -> int:
    """Say how far the experiment in DIR is. Exit code 0: all done; 3: some runs are missing; 4: some failed.

    \b
    Examples:
      ecosystem batch status results/examiners
      ecosystem batch status results/examiners --failed
    """
    from ecosystem.lab.store.status import failures
    from ecosystem.lab.store.status import status as status_of

    here = _folder(folder)
    state = status_of(here)
    if list_failed:
        found = failures(here)
        if json_:
            as_json([failure.to_dict() for failure in found])
            return state.code
        for failure in found:
            point = ", ".join(f"{name} = {value!r}" for name, value in failure.point.items())
            click.echo(
                f"{failure.run_key}  {failure.variant}, replicate {failure.id[2]}" + (f", {point}" if point else "")
            )
            click.echo(f"    {failure.error_type}: {failure.error} ({failure.attempts} attempts)")
            click.echo(f"    {failure.command}")
    if not json_:
        click.echo(f"experiment {here.plan.id}  {here.plan.title}".rstrip())
    _say(folder, state, json_)
    return state.code


@batch.command(short_help="Join the parts of a job array, or folders of one experiment.")
@Folder_
@click.argument("others", nargs=-1, type=click.Path(path_type=Path), metavar="[DIR2]...")
@click.option("--remove", is_flag=True, help="Delete the parts' databases once they are taken in.")
@Json
def merge(folder: Path, others: tuple[Path, ...], remove: bool, json_: bool) -> int:
    """Take the runs of all parts in DIR, and of other folders of the same experiment, into one database.

    Doing it again changes nothing.

    \b
    Examples:
      ecosystem batch merge results/examiners --remove
      ecosystem batch merge results/examiners other_machine/examiners
    """
    from ecosystem.lab.store.merge import merge as merge_into
    from ecosystem.lab.store.status import status as status_of

    here = _folder(folder)
    new = merge_into(here, others, remove=remove)
    state = status_of(here)
    if not json_:
        click.echo(f"{new:,} runs were new")
    _say(folder, state, json_)
    return state.code


@batch.command(short_help="Write the results as CSV or Parquet, a file a table.")
@Folder_
@click.option("--format", "format_", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True,
              help="File format.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR2", help="New folder for the files.")
@Json
def export(folder: Path, format_: str, out: Path, json_: bool) -> None:
    """Write variants, factors, points, runs, outputs and failures of the experiment in DIR; equal results, equal files.

    What differs from one execution to the next (machine, attempt, start, duration) stands alone in log.csv.

    \b
    Example:
      ecosystem batch export results/examiners --format parquet --out tables
    """
    from ecosystem.lab.store.export import FORMATS
    from ecosystem.lab.store.export import export as write

    files = write(_folder(folder), out, FORMATS[FORMATS.index(format_)])
    if json_:
        as_json([str(path) for path in files])
    else:
        click.echo("\n".join(map(str, files)))


for _command in (report, publish, rerun):
    batch.add_command(_command)
