"""``ecosystem run``: one scenario, one seed, one world."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecosystem.cli.scenario import Changes, assemble, scenario_options
from ecosystem.cli.show import as_json, bar, columns, figure
from ecosystem.kernel.errors import InputError

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario
    from ecosystem.world import World

Progress = Callable[[int, int], None]

HEADLINES = (
    "business_rd", "inventions", "patent_filings", "patents_granted", "patents_in_force", "pendency_months",
    "license_and_sale_deals", "launches", "commercialization_share", "suits", "startup_survival",
)  # fmt: skip
MAX_SEED = 2**63 - 1


@contextmanager
def between_months() -> Iterator[Callable[[Progress], Progress]]:
    """Let an interrupt take effect between two months, never inside a compiled loop, which would turn it into an error.

    Yields:
        a function that makes a report of progress notice the interrupt; a second interrupt acts at once.
    """
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    def watched(report: Progress) -> Progress:
        def tell(done: int, whole: int) -> None:
            report(done, whole)
            if asked:
                raise KeyboardInterrupt

        return tell

    if threading.current_thread() is not threading.main_thread():  # signals belong to the main thread
        yield watched
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield watched
    finally:
        signal.signal(signal.SIGINT, before)


def simulate(scenario: Scenario, seed: int, progress: bool | None) -> World:
    """Run a world to the end of its horizon under a progress bar."""
    from ecosystem.world import World

    with between_months() as watched:
        with bar("burn-in", progress) as report:
            world = World(scenario, seed=seed, progress=watched(report))
        with bar("simulating", progress) as report:
            world.run(progress=watched(report))
    return world


def headlines(world: World) -> list[dict[str, Any]]:
    """Return the headline indicators of the first and the last whole year, by jurisdiction."""
    from ecosystem.domain.indicators import INDICATORS

    rows = []
    for name in (name for name in HEADLINES if name in INDICATORS):
        months, values = world.records.totals(name, 12)
        for index, place in enumerate(world.places[: world.P]):
            if len(months):
                first, last = (float(values[i, index]) for i in (0, -1))
                rows.append(
                    {
                        "indicator": name,
                        "unit": INDICATORS[name].unit,
                        "jurisdiction": place,
                        "first": None if math.isnan(first) else first,
                        "last": None if math.isnan(last) else last,
                    }
                )
    return rows


def summary(world: World, rows: list[dict[str, Any]]) -> str:
    """Return the headline indicators as text: a line each, first and last year of every jurisdiction."""
    places = world.places[: world.P]
    lines = []
    for name in dict.fromkeys(row["indicator"] for row in rows):
        mine = {row["jurisdiction"]: row for row in rows if row["indicator"] == name}
        cells = [f"{figure(mine[place]['first'])} > {figure(mine[place]['last'])}" for place in places]
        lines.append([name.replace("_", " "), *cells, mine[places[0]]["unit"]])
    first, last = world.setup.start_year, world.setup.start_year + world.setup.years - 1
    heads = [f"{first} > {last}", *places, "unit (flows: a year)"]
    return columns(lines, heads, right=range(1, len(places) + 1))


@click.command(short_help="Run one scenario and write or show its results.")
@click.argument("scenario", required=False, type=click.Path(path_type=Path), metavar="[SCENARIO.toml]")
@scenario_options
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of all luck.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="New folder for run.json and the tables.")
@click.option("--json", "json_", is_flag=True, help="Print the summary as JSON.")
@click.option("--progress/--no-progress", default=None, help="Progress bar (default: on a terminal).")
def run(
    scenario: Path | None, changes: Changes, seed: int, out: Path | None, json_: bool, progress: bool | None
) -> None:
    """Run SCENARIO.toml (or the baseline) once; options stand above the file.

    \b
    Examples:
      ecosystem run
      ecosystem run --years 10 --scale 2000 --seed 7 --out quick
      ecosystem run china_plan.toml --lever office.examiners@cn=20000 --out china
    """
    if not 0 <= seed <= MAX_SEED:
        raise InputError(f"The seed {seed} is outside its range", where="--seed", allowed="0 to 2**63 - 1")
    setup = assemble(scenario, changes)
    for warning in setup.warnings():
        click.echo(f"Warning: {warning}", err=True)

    from ecosystem.kernel.digest import digest
    from ecosystem.lab.run_folder import check_free, write_run
    from ecosystem.lab.tables import all_tables

    if out is not None:
        check_free(out)
    try:
        done = simulate(setup, seed, progress)
        if out is not None:
            value = write_run(done, out)["digest"]
        else:
            value = digest(all_tables(done))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Interrupted: this run was not finished, and nothing was written.") from None
    rows = headlines(done)
    if json_:
        as_json({
            "digest": value, "seed": seed, "scenario_key": setup.key(), "out": None if out is None else str(out),
            "first_year": setup.start_year, "last_year": setup.start_year + setup.years - 1,
            "indicators": rows, "warnings": setup.warnings(),
        })  # fmt: skip
        return
    click.echo(summary(done, rows))
    click.echo("Compares policies; not a forecast. One run: differences between runs may be luck.")
    if out is not None:
        click.echo(f"Written to {out}")
    click.echo(f"digest {value}")
