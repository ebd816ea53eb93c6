"""The matrix as one picture: a row a measure, a block of columns an outcome, a column a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecosystem.lab.compare import CLEAR, EQUAL, FEW, UNCLEAR
from ecosystem.lab.svg import GRAY, GRID, INK, SOFT, line, picture, rect, shade, text
from ecosystem.lab.transplant.design import ONE_TERRITORY
from ecosystem.lab.transplant.matrix import DIRECT, Matrix
from ecosystem.scenario import known_measures

BLOCKS = (
    ("creation", "Creation"), ("diffusion", "Diffusion"), ("licenses", "Licenses"), ("welfare", "Welfare"),
    ("cost", "Public cost"), (DIRECT, "Own aim"),
)  # fmt: skip
CELL, ROW, GAP, LEFT, HEAD, FOOT = 27.0, 17.0, 12.0, 290.0, 92.0, 74.0
STRONG = 0.85
"""Quantile of the clear effects of a block at which the color is full."""


def heat_map(matrix: Matrix, words: str) -> str:
    """Return the picture; ``words`` stands under the title (date, model, size)."""
    settings = matrix.settings
    groups: dict[str, list[str]] = {}
    for id in settings.measures:
        groups.setdefault(known_measures()[id].group, []).append(id)
    cells = {(r["measure"], r["place"], r["outcome"]): r for r in matrix.table.to_dict("records")}
    full = {block: _full(matrix, block) for block, _ in BLOCKS}
    places = settings.places
    block_width = CELL * len(places) + GAP
    width = LEFT + block_width * len(BLOCKS) + 8
    height = HEAD + ROW * (len(settings.measures) + len(groups)) + FOOT
    parts = [text(8, 22, "Every measure on every place: strength 1 against strength 0", size=16, more="font-weight='600'"),
             text(8, 40, words, fill=SOFT)]  # fmt: skip
    for b, (_, title) in enumerate(BLOCKS):
        x = LEFT + b * block_width
        parts.append(
            text(x + CELL * len(places) / 2, HEAD - 24, title, size=12, anchor="middle", more="font-weight='600'")
        )
        parts += [
            text(x + CELL * (k + 0.5), HEAD - 8, code, anchor="middle", fill=SOFT) for k, code in enumerate(places)
        ]
    y = HEAD
    for group, ids in groups.items():
        parts += [text(8, y + 13, group.capitalize(), size=12, more="font-weight='600'"),
                  line(8, y + ROW - 1, width - 8, y + ROW - 1, GRID)]  # fmt: skip
        y += ROW
        for id in ids:
            title = known_measures()[id].title
            label = f"{title if len(title) <= 40 else title[:39] + '…'} ({known_measures()[id].origin})"
            parts.append(text(LEFT - 8, y + 12.5, label, size=10.5, anchor="end"))
            for b, (block, _) in enumerate(BLOCKS):
                for k, place in enumerate(places):
                    row = cells[id, place, block]
                    parts += _cell(LEFT + b * block_width + CELL * k, y, row, full[block])
            y += ROW
    parts += _legend(y + 16)
    return picture(width, height, parts, "Heat map of the effects of every measure on every place")


def _full(matrix: Matrix, block: str) -> float:
    """Return the relative effect that has the full color: per measure for its own aim, which differ in kind."""
    t = matrix.table
    clear = t[(t["outcome"] == block) & t["verdict"].isin(CLEAR)]["relative"].abs()
    clear = clear[np.isfinite(clear)]
    return float(clear.quantile(STRONG)) if len(clear) else 1.0


def sense(row: Mapping[Any, Any]) -> float:
    """Return +1 if a clear effect is for the better, -1 for the worse (of a direct indicator: as claimed or not)."""
    return float(np.sign(row["effect"]) * (row["good"] or 1))


def _cell(x: float, y: float, row: Mapping[Any, Any], full: float) -> list[str]:
    w, h = CELL - 2, ROW - 2
    verdict = row["verdict"]
    percent = "" if row["relative"] != row["relative"] or row["relative"] is None else (
        f" ({100 * row['relative']:+.3g} % of {'GDP' if row['relative_to'] == 'gdp' else 'the value at strength 0'})"
    )  # fmt: skip
    words = f"{row['measure']} on {row['place']}, {row['outcome']}: {verdict}"
    if row["effect"] == row["effect"] and row["effect"] is not None:
        words += f"; {row['effect']:.4g} [{row['low']:.4g}, {row['high']:.4g}] {row['unit']}{percent}"
        words += f"; {row['pairs']} pairs"
    middle, base = x + w / 2, y + 12
    if verdict in CLEAR:
        size = min(1.0, abs(row["relative"]) / full) if np.isfinite(row["relative"]) else 1.0
        good = sense(row) * size
        ink = "#ffffff" if size > 0.6 else INK
        out = [rect(x, y, w, h, shade(good or 1e-9), words),
               text(middle, base, "+" if row["effect"] > 0 else "−", size=11, anchor="middle", fill=ink,
                    more="pointer-events='none'")]  # fmt: skip
    elif verdict == ONE_TERRITORY:
        out = [rect(x, y, w, h, "#ffffff", words, f"stroke='{GRID}'"), line(x, y + h, x + w, y, GRID)]
    else:
        mark = {FEW: "?", EQUAL: "=", UNCLEAR: "·"}.get(verdict, "!")
        out = [rect(x, y, w, h, GRAY, words),
               text(middle, base, mark, size=10, anchor="middle", fill=SOFT, more="pointer-events='none'")]  # fmt: skip
    if row["strength_in_force"]:
        out.append(f"<path d='M{x + w - 5:.1f} {y:.1f} h5 v5 z' fill='{INK}' pointer-events='none'/>")
    return out


def _legend(y: float) -> list[str]:
    out = []
    x = 8.0
    marks = [(shade(0.9), "+ −", "better; sign of the effect"), (shade(-0.9), "+ −", "worse; sign of the effect"),
             (GRAY, "·", UNCLEAR), (GRAY, "?", FEW), (GRAY, "=", "no effect in any pair")]  # fmt: skip
    for fill, mark, words in marks:
        ink = "#ffffff" if fill != GRAY else SOFT
        out += [rect(x, y, CELL, 15, fill), text(x + CELL / 2, y + 11.5, mark, size=10, anchor="middle", fill=ink),
                text(x + CELL + 5, y + 12, words, size=10.5)]  # fmt: skip
        x += CELL + 24 + 5.6 * len(words)
    out += [rect(8, y + 22, CELL, 15, "#ffffff", "", f"stroke='{GRID}'"), line(8, y + 37, 8 + CELL, y + 22, GRID),
            text(8 + CELL + 5, y + 34, ONE_TERRITORY, size=10.5),
            f"<path d='M{266:.1f} {y + 24:.1f} h8 v8 z' fill='{INK}'/>",
            text(280, y + 34, "in force there already at some strength (the effect is that of taking it from 0 to 1)", size=10.5),
            text(8, y + 54, "Color: size relative to the strong effects of its block. Own aim: blue as claimed, orange "
                 "against the claim. Compares policies; not a forecast.", size=10.5, fill=SOFT)]  # fmt: skip
    return out
