"""A batch or transplant result of the command line as a heat map: one row a policy, one column a place.

The file is a CSV with the columns of ``docs/transplant.csv`` or of the effects of a batch. It is read, never executed,
and nothing of it reaches the file system.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from html import escape
from typing import Any

from ecosystem.dashboard.effects import title
from ecosystem.dashboard.text import known, number, place, signed, text
from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.errors import InputError
from ecosystem.lab.compare import CLEAR, EQUAL, FEW, UNCLEAR
from ecosystem.lab.model import ROOT
from ecosystem.lab.svg import shade
from ecosystem.scenario import known_measures

MOST_BYTES = 2_000_000
MOST_ROWS = 20_000
KEPT = ROOT / "docs" / "transplant.csv"
"""The matrix that comes with the program; a wheel does not hold it."""
COLUMNS = {
    "row": ("measure", "variant", "policies"), "column": ("place", "jurisdiction"), "about": ("outcome", "output", "indicator"),
}  # fmt: skip
MARKS = {FEW: "?", EQUAL: "=", UNCLEAR: "·"}
FULL = 0.85
"""Quantile of the sizes of clear effects at which a color is full."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A result: cells by (what it is about, row, column)."""

    abouts: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str, str], dict[str, Any]]


def _float(words: str | None) -> float:
    try:
        value = float(words or "nan")
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def read(content: Any, where: str = "") -> Heat:
    """Return the result of a file.

    Raises:
        InputError: too large, no such table, or nothing in it.
    """
    where = where or text("share.file")
    if not isinstance(content, str) or len(content) > MOST_BYTES:
        raise InputError(text("heat.large", most=MOST_BYTES // 1_000_000), where=where)
    try:
        table = csv.DictReader(io.StringIO(content.removeprefix("\ufeff")))
        heads = [str(head) for head in table.fieldnames or []]
        names = {key: next((n for n in wanted if n in heads), "") for key, wanted in COLUMNS.items()}
        if not all(names.values()) or "verdict" not in heads:
            raise InputError(text("heat.columns"), where=where, allowed=text("heat.allowed"))
        cells: dict[tuple[str, str, str], dict[str, Any]] = {}
        for line in table:
            if len(cells) >= MOST_ROWS:
                raise InputError(text("heat.many", most=f"{MOST_ROWS:,}"), where=where)
            key = tuple(str(line.get(names[k]) or "")[:80] for k in ("about", "row", "column"))
            if not all(key):
                continue
            cell: dict[str, Any] = {
                n: _float(line.get(n)) for n in ("effect", "low", "high", "base", "relative", "pairs", "good")
            }
            cell |= {n: str(line.get(n) or "")[:60] for n in ("verdict", "unit", "indicator")}
            if math.isnan(cell["effect"]):
                cell["effect"] = _float(line.get("difference"))
            if math.isnan(cell["pairs"]):
                cell["pairs"] = _float(line.get("n"))
            cells[key[0], key[1], key[2]] = cell
    except csv.Error as error:
        raise InputError(text("heat.no_csv", words=str(error)[:100]), where=where) from None
    if not cells:
        raise InputError(text("heat.empty"), where=where)
    abouts, rows, columns = (tuple(dict.fromkeys(key[k] for key in cells)) for k in range(3))
    return Heat(abouts, rows, columns, cells)


def kept() -> Heat | None:
    """Return the matrix that comes with the program; None where there is none."""
    try:
        return read(KEPT.read_text(encoding="utf-8"), KEPT.name)
    except (OSError, InputError):
        return None


def about_words(name: str) -> str:
    """Return what cells are about, in words."""
    if known(f"heat.about_{name}"):
        return text(f"heat.about_{name}")
    return title(name) if name in INDICATORS else name.replace("_", " ").capitalize()


def row_words(name: str) -> str:
    """Return the title of a row."""
    measure = known_measures().get(name)
    return measure.title if measure is not None else name.replace("_", " ")


def size_of(cell: dict[str, Any]) -> float:
    """Return the size of an effect against its base, as far as the file tells it."""
    if not math.isnan(cell["relative"]):
        return abs(float(cell["relative"]))
    return abs(cell["effect"] / cell["base"]) if cell["base"] and not math.isnan(cell["base"]) else math.nan


def good_of(cell: dict[str, Any], about: str) -> float:
    """Return +1 if a clear effect is for the better, -1 for the worse."""
    good = cell["good"]
    if math.isnan(good):
        name = cell["indicator"] or about
        good = float(INDICATORS[name].good) if name in INDICATORS else 1.0
    return math.copysign(1.0, cell["effect"]) * (good or 1.0)


def cell_words(cell: dict[str, Any]) -> str:
    """Return a cell in words: never an effect without its interval and number of pairs."""
    if cell["verdict"] not in CLEAR:
        keys = {EQUAL: "equal", UNCLEAR: "unclear", FEW: "few"}
        key = keys.get(cell["verdict"], "")
        return text(f"verdicts.{key}") if key else cell["verdict"]
    ends = [cell["low"], cell["high"]]
    if any(math.isnan(v) for v in ends):
        return str(cell["verdict"])
    pairs = "" if math.isnan(cell["pairs"]) else text("heat.pairs", pairs=f"{cell['pairs']:.0f}")
    return text("heat.cell", verdict=text(f"verdicts.{cell['verdict']}"), low=signed(ends[0]), high=signed(ends[1]),
                unit=cell["unit"], pairs=pairs).strip()  # fmt: skip


def heat_table(heat: Heat, about: str) -> str:
    """Return the heat map as an HTML table: color, sign, and all words on demand."""
    clear = sorted(
        size for key, cell in heat.cells.items()
        if key[0] == about and cell["verdict"] in CLEAR and not math.isnan(size := size_of(cell))
    )  # fmt: skip
    full = clear[min(len(clear) - 1, int(FULL * len(clear)))] if clear else 1.0
    head = "".join(f'<th scope="col">{escape(place(code))}</th>' for code in heat.columns)
    body = []
    for row in heat.rows:
        parts = "".join(_cell(heat.cells.get((about, row, column)), about, full) for column in heat.columns)
        body.append(f'<tr><th scope="row">{escape(row_words(row))}</th>{parts}</tr>')
    caption = escape(text("heat.caption", about=about_words(about)))
    return (
        f'<div class="eco-table eco-heat" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}'
        f'</caption><thead><tr><th scope="col">{escape(text("heat.row"))}</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(cell: dict[str, Any] | None, about: str, full: float) -> str:
    if cell is None:
        return "<td>–</td>"
    words = cell_words(cell)
    if cell["verdict"] not in CLEAR:
        mark = MARKS.get(cell["verdict"], "–")
        return (
            f'<td title="{escape(words, quote=True)}"><span aria-hidden="true">{mark}</span>'
            f'<span class="eco-hidden">{escape(words)}</span></td>'
        )
    size = size_of(cell)
    share = 1.0 if math.isnan(size) or not full else min(1.0, size / full)
    color = shade(good_of(cell, about) * share)
    ink = "#ffffff" if share > 0.6 else "#1b2733"
    sign = "+" if cell["effect"] > 0 else "−"
    percent = "" if math.isnan(size) else f"{number(100 * size, 2)} %"
    return (
        f'<td style="background:{color};color:{ink}" title="{escape(words, quote=True)}">'
        f'<span aria-hidden="true">{sign}{escape(percent)}</span><span class="eco-hidden">{escape(words)}</span></td>'
    )
