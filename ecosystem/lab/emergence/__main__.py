"""``python -m ecosystem.lab.emergence``: run the study, or what is left of it, and write ``docs/balance.md``."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import click
import pandas as pd
from tqdm import tqdm

from ecosystem.domain.sectors import COARSE_SCALE, Sectors
from ecosystem.lab.emergence.outcome import GROUPS, OUTCOMES
from ecosystem.lab.emergence.page import WORDS, Setting, page, pair
from ecosystem.lab.emergence.picture import figure
from ecosystem.lab.emergence.plan import DRAWS, FEW_SEEDS, SEEDS, SWEEPS, USUAL, plan
from ecosystem.lab.emergence.runs import Kept, complete, table
from ecosystem.scenario import Scenario, declared_parameters

PAGE = Path(__file__).parents[3] / "docs" / "balance.md"
PARTS = ("sweep", "switch", "draw")


def groups_of_sectors(scale: float) -> dict[str, list[str]]:
    """Return the titles of complex and discrete sectors at a scale."""
    sectors = Sectors({name: p.value for name, p in declared_parameters().items()}, coarse=scale > COARSE_SCALE)
    titles = list(zip(sectors.titles, sectors["complexity"] > 0.5, strict=True))
    return {group: [t.lower() for t, mine in titles if mine == (group == GROUPS[0])] for group in GROUPS}


def picture(runs: pd.DataFrame) -> str:
    """Return the figure: a panel for each outcome and sweep."""
    panels = [
        (f"{outcome}, {WORDS[sweep]}", pair(runs, "sweep", USUAL, sweep, outcome))
        for outcome in OUTCOMES for sweep in SWEEPS
    ]  # fmt: skip
    return figure([(title, curves) for title, curves in panels if curves])


@click.command()
@click.option("--scale", default=2000.0, show_default=True, help="Real objects for each simulated one.")
@click.option("--years", default=30, show_default=True, help="Years of each run.")
@click.option("--first-year", default=12, show_default=True, help="Years from this one on count.")
@click.option("--seeds", default=SEEDS, show_default=True, help="Seeds of the sweep.")
@click.option("--few", default=FEW_SEEDS, show_default=True, help="Seeds of each draw; a switch gets twice as many.")
@click.option("--draws", "n", default=DRAWS, show_default=True, help="Draws of the parameters.")
@click.option("--parts", default=",".join(PARTS), show_default=True, help="What to run: sweep, switch, draw.")
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes (default: one a processor).")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), default=Path("results/emergence"), show_default=True,
              help="Folder that keeps finished runs; the same command goes on where it stopped.")  # fmt: skip
@click.option("--page", "target", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, help="Page to write.")
@click.option("--only-page", is_flag=True, help="Run nothing; write the page from what is kept.")
def main(
    scale: float, years: int, first_year: int, seeds: int, few: int, n: int, parts: str, workers: int | None, keep: Path,
    target: Path, only_page: bool,
) -> None:  # fmt: skip
    """Sweep how far rights reach and how well they are enforced; write page and figure."""
    chosen = [part.strip() for part in parts.split(",")]
    if not set(chosen) <= set(PARTS):
        raise click.BadParameter(f"{parts!r}; allowed: {', '.join(PARTS)}", param_hint="--parts")
    if not 0 <= first_year < years:
        raise click.BadParameter(f"{first_year} is not before the last of {years} years", param_hint="--first-year")
    base = Scenario.baseline(scale=scale, years=years)
    groups = plan(base, chosen, seeds, few, n)
    kept = Kept(keep)
    started = time.monotonic()
    if only_page:
        runs = table(groups, kept, first_year)
    else:
        with tqdm(total=sum(map(len, groups)), unit="run", disable=None) as bar:

            def report(done: int, _: int) -> None:
                bar.update(done - bar.n)

            runs = complete(groups, kept, first_year, workers, report)
    if not len(runs):
        raise click.ClickException(f"No run of this model and plan is kept in {keep}")
    day = f"{datetime.datetime.now(datetime.UTC).date():%Y-%m-%d}"
    setting = Setting(base, first_year, day, "python -m ecosystem.lab.emergence")
    figure_file = target.with_suffix(".svg")
    figure_file.write_text(picture(runs), encoding="utf-8")
    target.write_text(page(runs, setting, groups_of_sectors(scale), figure_file.name), encoding="utf-8")
    click.echo(f"{len(runs)} runs, {time.monotonic() - started:.0f} s; written to {target} and {figure_file.name}")


if __name__ == "__main__":
    main()
