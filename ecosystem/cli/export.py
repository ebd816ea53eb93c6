"""``ecosystem export``: the networks of a run for Gephi, networkx and spreadsheets."""

from __future__ import annotations

from pathlib import Path

import click

FORMATS = ("gexf", "graphml", "csv")


@click.command(short_help="Write a run's networks (and tables, as CSV) for other programs.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--format", "format_", type=click.Choice(FORMATS), required=True, help="File format.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="New folder (default: DIR-FORMAT).")
@click.option("--json", "json_", is_flag=True, help="Print the names of the files as JSON.")
@click.option("--progress/--no-progress", default=None, help="Progress bar (default: on a terminal).")
def export(folder: Path, format_: str, out: Path | None, json_: bool, progress: bool | None) -> None:
    """Write the deal network and the citation network of the run in DIR; csv writes all ten tables too.

    \b
    Examples:
      ecosystem export baseline --format gexf
      ecosystem export baseline --format csv --out tables
    """
    from ecosystem.cli.show import as_json, bar
    from ecosystem.lab.network import export_run
    from ecosystem.lab.run_folder import load_run

    target = out if out is not None else folder.with_name(f"{folder.name}-{format_}")
    with bar("writing", progress, "file") as report:
        files = export_run(load_run(folder), target, format_, progress=report)
    if json_:
        as_json([str(path) for path in files])
    else:
        for path in files:
            click.echo(str(path))
