"""What commands write: aligned columns for people, JSON for programs, a progress bar on standard error."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

Report = Callable[[int, int], None]


def figure(value: float | None) -> str:
    """Return a number readable at a glance: three or more significant digits, thousands separated."""
    if value is None or value != value:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def columns(rows: Sequence[Sequence[str]], heads: Sequence[str], right: Sequence[int] = ()) -> str:
    """Return rows as aligned columns under their heads; the last column is cut to the width of the terminal."""
    table = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    total = max(80, shutil.get_terminal_size((120, 24)).columns)
    room = total - sum(widths[:-1]) - 2 * (len(widths) - 1)
    if len(heads) - 1 not in right:
        widths[-1] = max(20, min(widths[-1], room))
    lines = []
    for row in table:
        cells = []
        for i, cell in enumerate(row):
            if len(cell) > widths[i]:
                cell = cell[: widths[i] - 3] + "..."
            cells.append(cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def as_json(content: Any) -> None:
    """Write content as JSON on standard output."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def bar(words: str, wanted: bool | None, unit: str = "month") -> Iterator[Report]:
    """Give a function ``report(done, total)`` that draws a progress bar on standard error.

    Args:
        wanted: True or False for always or never; None draws only on a terminal.
    """
    from tqdm import tqdm

    with tqdm(desc=words, unit=unit, disable=None if wanted is None else not wanted, leave=False, ncols=90) as line:

        def report(done: int, total: int) -> None:
            if line.total != total:
                line.total = total
            line.update(done - line.n)

        yield report
