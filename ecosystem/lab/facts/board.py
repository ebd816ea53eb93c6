"""The scoreboard of facts as a page, and the command that writes it."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecosystem.lab.facts.registry import FACTS, USES, published, score, summary
from ecosystem.lab.model import model_digest

if TYPE_CHECKING:
    import pandas as pd

    from ecosystem.world import World

PAGE = Path(__file__).parents[3] / "docs" / "facts.md"
TITLES = {
    "input": "Put in",
    "calibrate": "May be fitted",
    "validate": "Only scored",
}


def number(value: float) -> str:
    """Return three significant digits, a dash where there is no value."""
    return "–" if math.isnan(value) else f"{value:.3g}"


def page(table: pd.DataFrame, facts: pd.DataFrame, header: str) -> str:
    """Return the scoreboard in Markdown: one table for each use, then what every statistic is."""
    facts = facts.set_index("id")
    counted = summary(table)
    lines = ["# Stylised facts", "", header, "", "| use | facts | computed | inside |", "|---|---|---|---|"]
    lines += [
        f"| {TITLES[u]} (`{u}`) | {c.facts} | {c.computed} | {c.inside} |"
        for u, c in ((u, counted.loc[u]) for u in USES)
    ]
    for use in USES:
        lines += ["", f"## {TITLES[use]}", "", "| fact | value | band | inside | remark |", "|---|---|---|---|---|"]
        for row in table[table["use"] == use].to_dict("records"):
            inside = "yes" if row["inside"] else "no"
            band = f"{number(row['low'])} to {number(row['high'])}"
            lines.append(f"| `{row['id']}` | {number(row['value'])} | {band} | {inside} | {row['reason']} |")
    lines += ["", "## How each is computed", "", "| fact | published statistic | computed as |", "|---|---|---|"]
    for name in table["id"]:
        doc = " ".join((FACTS[name].__doc__ or "").split()) if name in FACTS else "no function"
        lines.append(f"| `{name}` | {facts.loc[name, 'statistic']} | {doc} |".replace("\n", " "))
    return "\n".join(lines) + "\n"


def scoreboard(
    world: World, target: Path | None = PAGE, facts_file: str | Path | None = None, today: datetime.date | None = None
) -> pd.DataFrame:
    """Score a finished world, write the page with date and digest of the model (if ``target``), return the table."""
    table = score(world, facts_file)
    day = today or datetime.datetime.now(datetime.UTC).date()
    header = (
        f"Written by `python -m ecosystem.lab.facts` on {day:%Y-%m-%d}: one run of {world.month // 12} years, scale "
        f"{world.scale:g}, seed {world.seed}, model `{model_digest()}`. Nothing is fitted here; a fact that cannot be "
        "computed counts as outside."
    )
    if target is not None:
        target.write_text(page(table, published(facts_file), header), encoding="utf-8")
    return table


@click.command()
@click.option("--scale", default=500.0, show_default=True, help="Real objects for each simulated one.")
@click.option("--years", default=30, show_default=True, help="Years to run.")
@click.option("--seed", default=1, show_default=True, help="Luck of the run.")
@click.option("--facts", "facts_file", type=click.Path(dir_okay=False), help="Another file of facts, same columns.")
@click.option("--page", "target", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, help="Page to write.")
def main(scale: float, years: int, seed: int, facts_file: str | None, target: Path) -> None:
    """Run the baseline world, score the stylised facts, write the page."""
    from ecosystem import Scenario, World

    world = World(Scenario.baseline(scale=scale, years=years), seed=seed).run()
    table = scoreboard(world, target, facts_file)
    click.echo(table.to_string(index=False, float_format=lambda v: f"{v:.3g}"))
