"""The table beside a chart as a file: CSV, Parquet or JSON with exactly the numbers that are shown.

A cell that reads as a number is one (``1.23 million`` is 1230000, a dash is missing); a column holds numbers if all its
cells do. The caption, which names the unit, travels along.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser

from ecosystem.dashboard.text import MAGNITUDES, text

Cell = str | int | float | None
KINDS = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
_SIZES = {word: size for size, word in MAGNITUDES if word}
_NUMBER = re.compile(rf"([+−-]?)([\d,]*\.?\d+)(?: ({'|'.join(_SIZES)}))?( %)?")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: caption with the unit, heads of the columns, rows of cells."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def csv(self) -> str:
        """Return the table as CSV; the caption stands in a last column of its own."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*self.heads, text("data.table")])
        writer.writerows([["" if cell is None else cell for cell in row] + [self.caption] for row in self.rows])
        return out.getvalue()

    def json(self) -> str:
        """Return the table as JSON: caption, columns, and one object a row."""
        rows = [dict(zip(self.heads, row, strict=True)) for row in self.rows]
        content = {"table": self.caption, "columns": self.heads, "rows": rows}
        return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)

    def parquet(self) -> bytes:
        """Return the table as Parquet; the caption stands in the metadata of the file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = [list(column) for column in zip(*self.rows, strict=True)] or [[] for _ in self.heads]
        made = pa.table(dict(zip(self.heads, columns, strict=True)))
        out = io.BytesIO()
        pq.write_table(made.replace_schema_metadata({"table": self.caption}), out)
        return out.getvalue()

    def file(self, kind: str) -> str:
        """Return the file of a kind in base64, as it travels to the browser; an unknown kind is CSV."""
        if kind == "parquet":
            return base64.b64encode(self.parquet()).decode()
        # A spreadsheet takes a CSV file for UTF-8 only if it says so.
        words = self.json() if kind == "json" else "\ufeff" + self.csv()
        return base64.b64encode(words.encode()).decode()


class _Reader(HTMLParser):
    """Collects the caption and the cells of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.caption = ""
        self.rows: list[list[str]] = []
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td") and self.rows:
            self.rows[-1].append("")
            self._in = "cell"
        elif tag == "caption":
            self._in = "caption"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td", "caption"):
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "caption":
            self.caption += data
        elif self._in == "cell":
            self.rows[-1][-1] += data


def number_of(cell: str) -> tuple[bool, int | float | None]:
    """Return whether a cell reads as a number, and the number; a dash is a missing one."""
    if cell.strip() in ("–", ""):
        return True, None
    found = _NUMBER.fullmatch(cell.strip())
    if found is None:
        return False, None
    sign, digits, word, _ = found.groups()
    plain = digits.replace(",", "")
    value: int | float = int(plain) if plain.isdigit() else float(plain)
    if word:
        value = float(f"{value * _SIZES[word]:.12g}")
    return True, -value if sign in ("−", "-") else value


def sheet(markup: str) -> Sheet:
    """Return the first table of a page's markup.

    Raises:
        ValueError: there is no table.
    """
    reader = _Reader()
    reader.feed(markup.split("</table>")[0])
    if not reader.rows:
        raise ValueError("no table")
    heads, *rows = reader.rows
    names: list[str] = []
    for head in heads:  # a file needs names that differ
        names.append(head if head not in names else f"{head} {names.count(head) + 2}")
    columns: list[list[Cell]] = []
    for k in range(len(heads)):
        cells = [row[k] if k < len(row) else "" for row in rows]
        read = [number_of(cell) for cell in cells]
        numeric = all(ok for ok, _ in read) and any(value is not None for _, value in read)
        if numeric:
            mixed = any(isinstance(value, float) for _, value in read)
            columns.append([float(v) if mixed and v is not None else v for _, v in read])
            if all(cell.endswith("%") or value is None for cell, (_, value) in zip(cells, read, strict=True)):
                names[k] += " (%)"
        else:
            columns.append(list(cells))
    return Sheet(reader.caption.strip(), tuple(names), tuple(zip(*columns, strict=True)))
