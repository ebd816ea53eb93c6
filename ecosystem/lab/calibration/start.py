"""The start table: the first reported years of a default run beside the real figures, and the page that shows it.

``python -m ecosystem.lab.calibration.start`` runs the default world and writes ``docs/start_table.md``.
"""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import click

from ecosystem.lab.calibration.evidence import GRADES, Figure, figures, shown
from ecosystem.lab.calibration.statistics import STATISTICS, Reported, Sample
from ecosystem.lab.facts.registry import NotYet

ROWS = Path(__file__).parent / "start.toml"
PAGE = Path(__file__).parents[3] / "docs" / "start_table.md"
LOOSE, TIGHT = 0.25, 0.15
FEW = 30.0
"""Below this many expected cases a deviation cannot be told from luck."""
APART = 0.1
"""Real figures of two places that differ by less than a tenth have no order to be right about."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the start table.

    Attributes:
        of: what of the quantity (a type of R&D, a performer, an origin ...), empty where it needs none.
        real: the figure in the statistic's unit; ``low`` and ``high`` its range or NaN.
        grade: A, B, C or M, the weakest of the figures behind it.
        source: rows it is made from, or a text.
        shown_only: why nothing is fitted on it, else empty.
        put_in: the run is given this figure or a sum of such figures: it must return it, and that is no evidence.
    """

    quantity: str
    place: str
    of: str
    real: float
    low: float
    high: float
    grade: str
    source: str
    shown_only: str = ""
    put_in: bool = False

    @property
    def key(self) -> str:
        """Name of the row: quantity, what of it, place."""
        return ".".join(part for part in (self.quantity, self.of, self.place) if part)


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """Return the rows of the start table with their real figures."""
    return tuple(_row(item) for item in tomllib.loads(ROWS.read_text(encoding="utf-8"))["row"])


def _row(item: dict[str, object]) -> Row:
    put_in = bool(item.get("put_in"))
    only = "put in" if put_in else str(item.get("shown_only", ""))
    head = (str(item["quantity"]), str(item["place"]), str(item.get("of", "")))
    if "value" in item:
        value, low, high = (float(str(item.get(k, "nan"))) for k in ("value", "low", "high"))
        return Row(*head, value, low, high, str(item["grade"]), str(item["source"]), only, put_in)
    read = shown if only else figures
    plus, minus = _names(item, "figures"), _names(item, "less")
    over = _names(item, "over")
    found, less, below = read(plus), read(minus), read(over)
    unit = (below[0].value if below else 1.0) * (100.0 if item.get("percent") else 1.0)
    value = (sum(f.value for f in found) - sum(f.value for f in less)) / unit
    low, high = (found[0].low / unit, found[0].high / unit) if len(found) == 1 and not less else (math.nan, math.nan)
    used: list[Figure] = [*found, *less, *below]
    source = " + ".join(plus) + "".join(f" - {n}" for n in minus)
    source = (f"({source})" if minus and over else source) + "".join(f" / {n}" for n in over)
    return Row(*head, value, low, high, max((f.grade for f in used), key=GRADES.index), source, only, put_in)


def _names(item: dict[str, object], key: str) -> list[str]:
    value = item.get(key, [])
    return [value] if isinstance(value, str) else [str(v) for v in value]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Line:
    """A row with what the runs say.

    Attributes:
        value: the simulated figure, pooled over runs; NaN where it cannot be computed, ``reason`` then says why.
        cases: simulated objects on which it would rest if it were real; infinite for money.
    """

    row: Row
    value: float
    cases: float
    reason: str = ""

    @property
    def deviation(self) -> float:
        """Simulated / real - 1."""
        return self.value / self.row.real - 1.0

    def within(self, tolerance: float) -> bool:
        """Return True if the deviation is computed and at most ``tolerance``."""
        return abs(self.deviation) <= tolerance

    @property
    def few(self) -> bool:
        """True if so few cases are expected that the deviation may be luck."""
        return self.cases < FEW


def measured(runs: Sequence[Reported], wanted: Iterable[Row] | None = None) -> list[Line]:
    """Return the lines of the table, statistics pooled over ``runs`` (equal scale and years, other seeds)."""
    out = []
    for row in rows() if wanted is None else wanted:
        try:
            samples = [STATISTICS[row.quantity](run, row.place, row.of) for run in runs]
        except NotYet as why:
            out.append(Line(row, math.nan, 0.0, str(why)))
            continue
        whole: Sample = samples[0]
        for sample in samples[1:]:
            whole = whole + sample
        reason = "" if math.isfinite(whole.value) else "the run holds no case"
        out.append(Line(row, whole.value, whole.expected_cases(row.real, runs[0].world.scale), reason))
    return out


def ranked(lines: Sequence[Line]) -> dict[str, bool]:
    """Return by quantity whether places stand in the real order, pairs with nearly equal real figures left out."""
    out: dict[str, bool] = {}
    for a in lines:
        for b in lines:
            same = (a.row.quantity, a.row.place != b.row.place) == (b.row.quantity, True)
            # grant rates of places differ in their definition but are one quantity; other parts are compared with their like
            one = a.row.quantity == "grant_rate"
            if not same or (a.row.of != b.row.of and not one):
                continue
            if a.row.real > (1.0 + APART) * b.row.real and math.isfinite(a.value) and math.isfinite(b.value):
                name = a.row.quantity if one or not a.row.of else f"{a.row.quantity}.{a.row.of}"
                out[name] = out.get(name, True) and a.value > b.value
    return out


def number(value: float) -> str:
    """Return three significant digits with thousands marked, a dash where there is no value."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def page(lines: Sequence[Line], header: str) -> str:
    """Return the start table in Markdown."""
    computed = [line for line in lines if not line.reason]
    made = [line for line in computed if not line.row.put_in]
    groups = (
        ("produced by the model", made),
        ("of these, figures of grade A and B", [line for line in made if line.row.grade in ("A", "B")]),
        ("of these, not few", [line for line in made if not line.few]),
        ("put in: the run must return them", [line for line in computed if line.row.put_in]),
    )
    ranks = ranked([line for line in lines if not line.row.put_in])
    out = ["# The start table", "", header, "", "| | rows | within 25 % | within 15 % |", "|---|---|---|---|"]
    for words, group in groups:
        within = (sum(line.within(tolerance) for line in group) for tolerance in (LOOSE, TIGHT))
        out.append(f"| {words} | {len(group)} | {' | '.join(map(str, within))} |")
    out += [
        "",
        f"Order of the places right in {sum(ranks.values())} of {len(ranks)} quantities that the model produces (pairs whose "
        f"real figures differ by less than a tenth are left out). Wrong: "
        f"{', '.join(n for n, ok in ranks.items() if not ok) or 'none'}.", "",
        "Grade: A agency or author, B secondary source, C weak, M from memory. *Few*: fewer than thirty simulated cases are "
        "expected, so that luck may explain the deviation; a finer scale or more runs would tell.", "",
        "| quantity | place | simulated | real | deviation | 25 % | 15 % | grade | source | remark |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for line in lines:
        row = line.row
        marks = ["–", "–"] if line.reason else ["yes" if line.within(t) else "no" for t in (LOOSE, TIGHT)]
        deviation = "–" if line.reason else f"{line.deviation:+.0%}"
        few = f"few: {line.cases:.0f} cases" if line.few else ""
        kept = row.shown_only if row.put_in or not row.shown_only else f"not fitted: {row.shown_only}"
        remark = line.reason or "; ".join(filter(None, (few, kept)))
        name = row.quantity.replace("_", " ") + (f" ({row.of.replace('_', ' ')})" if row.of else "")
        out.append(
            f"| {name} | {row.place} | {number(line.value)} | {number(row.real)} | {deviation} | {marks[0]} | {marks[1]} | "
            f"{row.grade} | {row.source} | {remark} |"
        )
    out += ["", "## How each is computed", "", "| quantity | in the run |", "|---|---|"]
    for name in dict.fromkeys(row.quantity for row in rows()):
        text = " ".join((STATISTICS[name].__doc__ or "").split())
        out.append(f"| {name.replace('_', ' ')} | {text} |")
    return "\n".join(out) + "\n"


def header(scale: float, years: int, seeds: Sequence[int], today: datetime.date | None = None) -> str:
    """Return the sentence that says which runs a page is made from."""
    from ecosystem.lab.model import model_digest

    day = today or datetime.datetime.now(datetime.UTC).date()
    return (
        f"Written by `python -m ecosystem.lab.calibration.start` on {day:%Y-%m-%d}: the first {years} reported years of the "
        f"default world, scale {scale:g}, seeds {', '.join(map(str, seeds))}, model `{model_digest()}`."
    )


@click.command()
@click.option("--scale", default=500.0, show_default=True, help="Real objects for each simulated one.")
@click.option("--years", default=3, show_default=True, help="Reported years.")
@click.option("--seeds", default=2, show_default=True, help="Runs, with seeds 1, 2, ...")
@click.option("--page", "target", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, help="Page to write.")
def main(scale: float, years: int, seeds: int, target: Path) -> None:
    """Run the default world, compare its start with real figures, write the page."""
    from ecosystem import Scenario, World

    runs = (World(Scenario.baseline(scale=scale, years=years), seed).run() for seed in range(1, seeds + 1))
    lines = measured([Reported(world) for world in runs])
    target.write_text(page(lines, header(scale, years, range(1, seeds + 1))), encoding="utf-8")
    for line in lines:
        note = line.reason[:60] or ("few" if line.few else "")
        click.echo(
            f"{line.row.key:42} {number(line.value):>12} {number(line.row.real):>12} "
            f"{'–' if line.reason else format(line.deviation, '+.0%'):>7}  {note}"
        )
    click.echo(f"Written to {target}")


if __name__ == "__main__":
    main()
