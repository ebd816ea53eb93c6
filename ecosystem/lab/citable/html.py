"""One HTML file that holds everything: no script, no style sheet and no picture is loaded from anywhere; it prints well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; color: #1f2933;
  background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #d9e2ec; }
h3 { font-size: 1rem; margin-top: 1.3rem; }
table { border-collapse: collapse; font-size: .86rem; margin: .6rem 0; width: 100%; }
th, td { padding: .2rem .5rem; border-bottom: 1px solid #e4e9ee; text-align: left; vertical-align: top; }
th { border-bottom: 1px solid #52606d; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
.note { color: #52606d; font-size: .88rem; } .warn { border-left: 4px solid #b25809; padding: .3rem .8rem; background: #fdf5ec; }
code, pre { font: .85rem ui-monospace, Menlo, Consolas, monospace; }
pre { white-space: pre-wrap; background: #f5f7fa; padding: .6rem; }
@media print {
  @page { margin: 16mm; } body { font-size: 10.5pt; margin: 0; max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; } svg, figure, tr, pre { break-inside: avoid; } thead { display: table-header-group; }
  .wide { overflow: visible; } a { color: inherit; text-decoration: none; } * { print-color-adjust: exact; }
}
"""


def document(title: str, parts: Iterable[str]) -> str:
    """Return a whole page."""
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        # whatever a title or a name in the results may hold: nothing is ever fetched or executed
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def head(level: int, words: str) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(words)}</h{level}>"


def para(words: str, kind: str = "") -> str:
    """Return a paragraph of plain text."""
    return f"<p{f' class={chr(39)}{kind}{chr(39)}' if kind else ''}>{escape(words)}</p>"


def pre(words: str) -> str:
    """Return text as it stands."""
    return f"<pre>{escape(words)}</pre>"


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """Return a table; numbers stand right and are rounded for reading."""
    rows = [list(row) for row in rows]
    numeric = [bool(rows) and all(isinstance(r[i], int | float | np.number) for r in rows) for i in range(len(heads))]

    def cells(tag: str, row: Sequence[Any]) -> str:
        return "".join(
            f"<{tag}{' class=n' if numeric[i] else ''}>{escape(shown(x))}</{tag}>" for i, x in enumerate(row)
        )

    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    top = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<div class='wide'><table>{top}<thead><tr>{cells('th', heads)}</tr></thead><tbody>\n{body}\n</tbody></table></div>"


def figure(svg: str) -> str:
    """Return a picture in the page."""
    return f"<figure style='margin:.6rem 0'>{svg}</figure>"


def shown(value: Any) -> str:
    """Return a cell's text: numbers to four digits, a dash where there is none."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{int(value):,}"
    if isinstance(value, float | np.floating):
        number = float(value)
        if np.isnan(number):
            return "–"
        return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.4g}"
    return str(value)
