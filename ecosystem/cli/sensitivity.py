"""``ecosystem sensitivity``: which of the uncertain numbers move the outputs, and the effects of the policies."""

from __future__ import annotations

from pathlib import Path

import click

from ecosystem.cli.batch import until_interrupted
from ecosystem.cli.show import as_json, bar, columns, figure


@click.command(short_help="Which uncertain numbers move the outputs and the policies' effects.")
@click.argument("experiment", type=click.Path(path_type=Path), metavar="EXPERIMENT.toml")
@click.option("--method", type=click.Choice(["morris", "sobol"]), default="morris", show_default=True,
              help="morris: few runs, ranks factors; sobol: many runs, shares of the variance.")  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder for plan and results."
)
@click.option("--on", default="all", show_default=True, metavar="PLACE", help="Place of the outputs.")
@click.option("--workers", "-j", type=int, metavar="N", help="Processes (default: all processors; 0: this one alone).")
@click.option("--timeout", type=float, metavar="SECONDS", help="End a run that takes longer (default: never).")
@click.option("--json", "json_", is_flag=True, help="Print the indices as JSON.")
@click.option("--progress/--no-progress", default=None, help="Progress bar (default: on a terminal).")
def sensitivity(
    experiment: Path, method: str, out: Path, on: str, workers: int | None, timeout: float | None, json_: bool,
    progress: bool | None,
) -> int:  # fmt: skip
    """Run EXPERIMENT.toml on the design that the method needs, and analyze it; the same command goes on after a stop.

    A [design] of the fitting kind (morris, saltelli) in the file is kept, with its n. Runs that are missing or failed are
    named, and nothing is analyzed then. Replicates are averaged first, and the share of luck in what remains is reported.
    DIR gets sensitivity.csv.

    \b
    Examples:
      ecosystem sensitivity experiment.toml --method morris --out results/screening
      ecosystem sensitivity experiment.toml --method sobol --on us --out results/indices
    """
    import json

    from ecosystem.kernel.errors import unknown
    from ecosystem.lab.analysis.sensitivity import Noise, designed, everything
    from ecosystem.lab.batch import run_batch
    from ecosystem.lab.experiment import Experiment, Plan
    from ecosystem.lab.store.folder import Folder, writing_trouble

    wanted = designed(Experiment.load(experiment), method)
    places = [*wanted.scenario.jurisdictions, "row", "all"]
    if on not in places:
        raise unknown("jurisdiction", on, places, where="--on")
    plan = Plan.of(wanted)
    plan.cost(workers or None).check(out)
    with until_interrupted() as stopping, bar("running", progress, "run") as report:
        state = run_batch(plan, out, workers=workers, timeout=timeout, progress=report, stopping=stopping)
        stopped = stopping()
    if stopped and state.missing:
        raise KeyboardInterrupt(f"Interrupted: {state}. The same command goes on from here.")
    table = everything(Folder.load(out), on)
    try:
        table.to_csv(out / "sensitivity.csv", index=False, float_format="%.6g", lineterminator="\n")
    except OSError as error:
        raise writing_trouble(error, str(out)) from None
    if json_:
        as_json({"method": method, "digest": state.digest, "indices": json.loads(table.to_json(orient="records"))})
        return state.code
    names = ["mu", "mu_star", "mu_star_conf", "sigma"] if method == "morris" else ["S1", "S1_conf", "ST", "ST_conf"]
    for (output, of), part in table.groupby(["output", "of"], sort=False):
        luck = Noise(float(part["noise_share"].iloc[0]), int(part["replicates"].iloc[0]))
        click.echo(f"{output}, {of} ({part['unit'].iloc[0]}). Noise: {luck}")
        rows = [[str(r["factor"]), *(figure(r[n]) for n in names)] for r in part.to_dict("records")]
        click.echo(columns(rows, ["factor", *names], right=(1, 2, 3, 4)))
        click.echo()
    click.echo(f"{state}. Written to {out / 'sensitivity.csv'}")
    return state.code
