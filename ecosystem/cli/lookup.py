"""``ecosystem levers`` and ``ecosystem parameters``: every number with unit, range and source."""

from __future__ import annotations

from typing import Any

import click

from ecosystem.cli.show import as_json, columns, figure
from ecosystem.kernel.errors import unknown


def lever_record(name: str) -> dict[str, Any]:
    """Return a lever with its value, source and year in every place."""
    from policies.places import known_places, lever_specs

    specs = lever_specs()
    if name not in specs:
        raise unknown("lever", name, specs, do="'ecosystem levers' lists them")
    spec = specs[name]
    values = {}
    for code, place in known_places().items():
        value = place.levers[name]
        values[code] = {"value": value.value, "source": value.source, "year": value.year}
    return {
        "name": name,
        "unit": spec.unit,
        "range": [spec.low, spec.high],
        "doc": spec.doc,
        "read_by": spec.read_by,
        "values": values,
    }


def _list_levers(json_: bool) -> None:
    from policies.places import known_places, lever_specs

    records = [lever_record(name) for name in lever_specs()]
    if json_:
        as_json(records)
        return
    places = list(known_places())
    rows = [[r["name"], *(figure(r["values"][code]["value"]) for code in places), r["unit"], r["doc"]] for r in records]
    click.echo(columns(rows, ["lever", *places, "unit", "meaning"], right=range(1, len(places) + 1)))


@click.group(invoke_without_command=True, short_help="What policy can move: value in every place, unit, range, source.")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
@click.pass_context
def levers(ctx: click.Context, json_: bool) -> None:
    """List levers, or show one with range, sources and the rule that reads it.

    \b
    Examples:
      ecosystem levers
      ecosystem levers list --json
      ecosystem levers show office.examiners
    """
    if ctx.invoked_subcommand is None:
        _list_levers(json_)


@levers.command("list", short_help="All levers with their value in every place.")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
def levers_list(json_: bool) -> None:
    """List all levers with their value in every place.

    \b
    Example:
      ecosystem levers list --json
    """
    _list_levers(json_)


@levers.command("show", short_help="One lever: range, sources, and who reads it.")
@click.argument("name")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
def levers_show(name: str, json_: bool) -> None:
    """Show one lever: unit, range, value and source in every place, and the rule that reads it.

    \b
    Example:
      ecosystem levers show office.examiners
    """
    record = lever_record(name)
    if json_:
        as_json(record)
        return
    low, high = record["range"]
    click.echo(f"{name}: {record['doc']}")
    click.echo(f"unit {record['unit']}; allowed {figure(low)} to {figure(high)}; read by the rule {record['read_by']}")
    rows = [[code, figure(v["value"]), str(v["year"] or "-"), v["source"]] for code, v in record["values"].items()]
    click.echo(columns(rows, ["place", "value", "year", "source"], right=(1,)))


@click.command(short_help="Every behavioral number with unit, range and source.")
@click.option("--unsourced", is_flag=True, help="Only those whose source is an assumption.")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
def parameters(unsourced: bool, json_: bool) -> None:
    """List the parameters of the model; assumptions are marked with *.

    \b
    Examples:
      ecosystem parameters
      ecosystem parameters --unsourced --json
    """
    from ecosystem.scenario import declared_parameters

    chosen = [p for _, p in sorted(declared_parameters().items()) if p.assumed or not unsourced]
    if json_:
        as_json([
            {"name": p.name, "value": p.value, "unit": p.unit, "range": [p.low, p.high], "source": p.source,
             "assumption": p.assumed, "doc": p.doc, "date": p.date}
            for p in chosen
        ])  # fmt: skip
        return
    rows = [
        [p.name + ("*" if p.assumed else ""), figure(p.value), p.unit, f"{figure(p.low)} to {figure(p.high)}", p.source]
        for p in chosen
    ]
    click.echo(columns(rows, ["parameter", "value", "unit", "range", "source"], right=(1,)))
    assumed = sum(p.assumed for p in declared_parameters().values())
    click.echo(f"{len(declared_parameters())} parameters; {assumed} rest on an assumption (*)")
