"""``ecosystem report`` and ``ecosystem batch report|publish|rerun``: results that others can read, cite and repeat."""

from __future__ import annotations

from pathlib import Path

import click

from ecosystem.cli.show import as_json, figure
from ecosystem.kernel.errors import InputError


@click.command(short_help="One HTML file about the results in a folder; prints well.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="File to write (default: DIR/report.html)."
)
@click.option("--on", default="all", show_default=True, metavar="PLACE", help="Place of an experiment's outputs.")
@click.option("--goal", "goals", multiple=True, metavar="OUTPUT>=NUMBER",
              help="Say in which share of the worlds each policy meets it (several: all of them).")  # fmt: skip
@click.option("--json", "json_", is_flag=True, help="Print the name of the file as JSON.")
def report(folder: Path, out: Path | None, on: str, goals: tuple[str, ...], json_: bool) -> None:
    """Write a report of the experiment, transplant, comparison or single run in DIR.

    One file without scripts, and nothing is loaded from anywhere. What is missing or failed is said at its top.

    \b
    Examples:
      ecosystem report results/examiners
      ecosystem report results/examiners --on us --goal "patent_filings>=400000" --out examiners.html
    """
    from ecosystem.lab.citable.report import write

    target = out if out is not None else folder / "report.html"
    if target.is_dir():
        raise InputError("The report is one file, and this is a folder", where=str(target), do="Name a file with --out")
    write(folder, target, jurisdiction=on, goals=goals)
    if json_:
        as_json(str(target))
    else:
        click.echo(str(target))


@click.command(short_help="An archive with results, methods, ODD and code, ready to be cited.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.zip", help="Archive (default: DIR.zip).")
@click.option(
    "--author", "authors", multiple=True, metavar='"FAMILY, GIVEN"', help="Author of the results; several allowed."
)
@click.option("--license", "license_", default="CC-BY-4.0", show_default=True, help="License of the results (SPDX id).")
@click.option("--code/--no-code", default=True, help="Put the program's source into the archive (default: yes).")
@click.option("--json", "json_", is_flag=True, help="Print the names in the archive as JSON.")
def publish(folder: Path, out: Path | None, authors: tuple[str, ...], license_: str, code: bool, json_: bool) -> None:
    """Write the experiment in DIR as an RO-Crate: plan, database, tables, methods, ODD, parameters, environment, citation.

    \b
    Example:
      ecosystem batch publish results/examiners --author "Doe, Jane" --out examiners.zip
    """
    from ecosystem.lab.citable.crate import publish as write
    from ecosystem.lab.citable.report import report as report_of
    from ecosystem.lab.model import model_digest
    from ecosystem.lab.store.folder import Folder

    here = Folder.load(folder)
    target = out if out is not None else folder.with_name(folder.name + ".zip")
    names = write(here, target, authors=authors, license=license_, code=code, report=lambda: report_of(folder))
    if code and here.plan.model != model_digest():
        click.echo(f"Warning: the results come from model {here.plan.model}, and {model_digest()} is installed: the archive "
                   "holds no code.", err=True)  # fmt: skip
    if json_:
        as_json({"file": str(target), "names": names})
    else:
        click.echo(f"{target}: {len(names):,} files, {target.stat().st_size / 1e6:.1f} MB")


@click.command(short_help="Run one run again and say whether it comes out the same.")
@click.argument("source", type=click.Path(path_type=Path), metavar="DIR|FILE.zip")
@click.option(
    "--run", "key", required=True, metavar="KEY", help="The run's key (runs.csv of the export), or its first digits."
)
@click.option("--json", "json_", is_flag=True, help="Print the result as JSON.")
def rerun(source: Path, key: str, json_: bool) -> int:
    """Do the run with this key again, from a folder or a published archive, and compare it with what is stored.

    Says: equal, equal to 1e-9, or where it differs. Exit code 1 if it differs.

    \b
    Example:
      ecosystem batch rerun examiners.zip --run 3f9a0c2b17d45e68
    """
    from ecosystem.lab.citable.rerun import DIFFERENT
    from ecosystem.lab.citable.rerun import rerun as again

    found = again(source, key)
    if json_:
        as_json({k: (v if v != float("inf") else None) for k, v in found.to_dict().items()})
        return 1 if found.verdict == DIFFERENT else 0
    click.echo(f"{found.run_key}  {found.variant}, point {found.id[1]}, replicate {found.id[2]}: {found.verdict}")
    if not found.same_model:
        click.echo("The model that is installed is not the one the results came from.")
    if found.verdict == DIFFERENT:
        click.echo(f"{found.differing:,} of {found.values:,} values differ, by up to {found.largest:.2g} relative:")
        for (indicator, place, sector, year), before, now in found.where:
            where = ", ".join(filter(None, (indicator, place, sector, str(year))))
            click.echo(f"    {where}: stored {figure(before)} ({before!r}), now {figure(now)} ({now!r})")
        return 1
    return 0
