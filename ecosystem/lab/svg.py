"""Small charts as SVG text: nothing is loaded from anywhere, they print, and every mark says its numbers on hover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

FONT = "font-family='system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif'"
INK, SOFT, GRID = "#1f2933", "#52606d", "#d9e2ec"
BLUE, ORANGE, GRAY = (33, 102, 172), (178, 88, 9), "#eef1f4"
SERIES = ("#2166ac", "#b25809", "#1b7837", "#762a83", "#8c510a", "#01665e", "#c51b7d", "#4d4d4d")


def text(
    x: float, y: float, words: str, *, size: float = 11, anchor: str = "start", fill: str = INK, more: str = ""
) -> str:
    """Return a line of text."""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size:g}' text-anchor='{anchor}' fill='{fill}' {more}>"
        f"{escape(words)}</text>"
    )


def rect(x: float, y: float, w: float, h: float, fill: str, title: str = "", more: str = "") -> str:
    """Return a rectangle, with words that show when it is pointed at."""
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(0.0, w):.1f}' height='{h:.1f}' fill='{fill}' {more}>{inner}</rect>"
    )


def line(x1: float, y1: float, x2: float, y2: float, color: str = GRID, width: float = 1.0, more: str = "") -> str:
    """Return a straight line."""
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{color}' stroke-width='{width:g}' {more}/>"


def picture(width: float, height: float, parts: Iterable[str], label: str) -> str:
    """Return a whole picture on white, with a description for those who do not see it."""
    body = "\n".join(parts)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' "
        f"height='{height:.0f}' role='img' aria-label='{escape(label, quote=True)}' {FONT}>\n"
        f"<title>{escape(label)}</title>\n{rect(0, 0, width, height, '#ffffff')}\n{body}\n</svg>\n"
    )


def shade(good: float) -> str:
    """Return a color from orange (-1, worse) over near white to blue (+1, better)."""
    end = BLUE if good >= 0 else ORANGE
    share = 0.25 + 0.75 * min(1.0, abs(good))
    return "#" + "".join(f"{round(255 + (c - 255) * share):02x}" for c in end)


def ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Return round numbers that cover a range."""
    if not high > low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / n
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * (1 - 1e-9))
    first = np.ceil(low / step - 1e-9)
    return [float(k * step) for k in np.arange(first, np.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """Return a number for an axis."""
    if value == 0:
        return "0"
    for size, sign in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {sign}"
    return f"{value:.3g}"


def forest(rows: Sequence[tuple[str, float, float, float, str]], title: str, unit: str, *, width: float = 760) -> str:
    """Return a forest plot: (label, middle, low, high, remark) a row, with a line at zero."""
    left, right, head, step = 250.0, 150.0, 44.0, 20.0
    height = head + step * len(rows) + 34
    finite = [v for r in rows for v in r[1:4] if np.isfinite(v)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    room = (high - low) * 0.05 or 1.0
    low, high = low - room, high + room
    wide = width - left - right

    def at(v: float) -> float:
        return left + (v - low) / (high - low) * wide

    parts = [text(8, 18, title, size=13, more="font-weight='600'"), text(8, 34, unit, fill=SOFT)]
    for tick in ticks(low, high):
        parts += [line(at(tick), head, at(tick), height - 26), text(at(tick), height - 10, short(tick), anchor="middle",
                                                                   fill=SOFT)]  # fmt: skip
    parts.append(line(at(0.0), head, at(0.0), height - 26, INK, 1.2))
    for i, (label, middle, below, above, remark) in enumerate(rows):
        y = head + step * (i + 0.5)
        parts.append(text(left - 8, y + 4, label if len(label) <= 42 else label[:40] + "…", anchor="end"))
        if not np.isfinite(middle):
            parts.append(text(left + 4, y + 4, remark, fill=SOFT))
            continue
        clear = np.isfinite(below) and (below > 0 or above < 0)
        color = SERIES[0] if clear else "#829ab1"
        if np.isfinite(below) and np.isfinite(above):
            parts.append(line(at(below), y, at(above), y, color, 2.0))
        parts.append(f"<circle cx='{at(middle):.1f}' cy='{y:.1f}' r='4' fill='{color if clear else '#ffffff'}' "
                     f"stroke='{color}' stroke-width='1.5'><title>{escape(label)}: {middle:.4g} [{below:.4g}, {above:.4g}]"
                     "</title></circle>")  # fmt: skip
        parts.append(text(width - right + 8, y + 4, remark, size=10, fill=SOFT))
    return picture(width, height, parts, title)


def fan(
    years: Sequence[int], bands: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]], title: str, unit: str, *,
    width: float = 760, height: float = 300,
) -> str:  # fmt: skip
    """Return lines with bands over years: (name, middle, low, high), each float64 (years,)."""
    left, right, head, foot = 70.0, 160.0, 44.0, 28.0
    values = np.concatenate([np.concatenate(b[1:]) for b in bands])
    values = values[np.isfinite(values)]
    if not len(values):
        values = np.zeros(1)
    low, high = float(values.min()), float(values.max())
    low = min(low, 0.0) if low < 0.35 * high else low
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low, high = low - (0.0 if low == 0.0 else room), high + room

    def x(k: int) -> float:
        return left + (width - left - right) * (k / max(1, len(years) - 1))

    def y(v: float) -> float:
        return height - foot - (v - low) / (high - low) * (height - head - foot)

    parts = [text(8, 18, title, size=13, more="font-weight='600'"), text(8, 34, unit, fill=SOFT)]
    for tick in ticks(low, high):
        parts += [line(left, y(tick), width - right, y(tick)), text(left - 6, y(tick) + 4, short(tick), anchor="end",
                                                                   fill=SOFT)]  # fmt: skip
    every = max(1, int(np.ceil(len(years) / 8)))
    for k in range(0, len(years), every):
        parts.append(text(x(k), height - 10, str(years[k]), anchor="middle", fill=SOFT))
    for i, (name, middle, below, above) in enumerate(bands):
        color = SERIES[i % len(SERIES)]
        good = [k for k in range(len(years)) if np.isfinite(below[k]) and np.isfinite(above[k])]
        if len(good) > 1:
            way = [f"{x(k):.1f},{y(above[k]):.1f}" for k in good] + [
                f"{x(k):.1f},{y(below[k]):.1f}" for k in good[::-1]
            ]
            parts.append(f"<polygon points='{' '.join(way)}' fill='{color}' fill-opacity='0.15'/>")
        seen = [k for k in range(len(years)) if np.isfinite(middle[k])]
        dash = "" if i == 0 else f"stroke-dasharray='{(6, 2 + 2 * (i % 3))[0]} {2 + 2 * (i % 3)}'"
        if len(seen) == 1:  # a line needs two years
            dot = f"cx='{x(seen[0]):.1f}' cy='{y(middle[seen[0]]):.1f}'"
            parts.append(f"<circle {dot} r='4' fill='{color}'><title>{escape(name)}</title></circle>")
        points = " ".join(f"{x(k):.1f},{y(middle[k]):.1f}" for k in seen)
        parts.append(f"<polyline points='{points}' fill='none' stroke='{color}' stroke-width='2' {dash}/>")
        if i < 12:
            yy = head + 10 + 18 * i
            parts += [line(width - right + 10, yy, width - right + 34, yy, color, 2, dash),
                      text(width - right + 40, yy + 4, name if len(name) <= 20 else name[:19] + "…", size=10)]  # fmt: skip
    return picture(width, height, parts, title)
