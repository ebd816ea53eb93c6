"""The figure of the study as SVG: curves over the level of protection, one panel an outcome and sweep."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from ecosystem.lab.compare import interval
from ecosystem.lab.emergence.curves import Curve

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 190, 54, 34, 34
COLORS = {"complex": "#0b6e99", "discrete": "#b3541e"}
DASH = {"complex": "", "discrete": ' stroke-dasharray="6 4"'}


def band(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Return the change against the lowest level in percent and half its paired 95 % interval, float64 (levels,)."""
    scale = 100.0 / abs(curve.values[:, 0].mean())
    mean, _, half = interval(curve.values - curve.values[:, :1])
    return scale * mean, scale * np.nan_to_num(half)


def figure(panels: Sequence[tuple[str, dict[str, Curve]]], columns: int = 3) -> str:
    """Return an SVG document.

    Args:
        panels: title and the curve of each group of sectors.
    """
    rows = -(-len(panels) // columns)
    wide, high = columns * (WIDTH + LEFT) + 20, rows * (HEIGHT + TOP + GAP) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11">',
        "<title>Launched innovation and welfare over the level of protection, complex and discrete sectors</title>",
        f'<rect width="{wide}" height="{high}" fill="white"/>',
    ]
    for k, (title, curves) in enumerate(panels):
        x, y = LEFT + (k % columns) * (WIDTH + LEFT), TOP + (k // columns) * (HEIGHT + TOP + GAP)
        parts += panel(title, curves, x, y)
    x = LEFT
    for group, color in COLORS.items():
        line = f'<line x1="{x}" y1="{high - 14}" x2="{x + 30}" y2="{high - 14}" stroke="{color}" stroke-width="2"{DASH[group]}/>'
        parts += [line, f'<text x="{x + 36}" y="{high - 10}">{group} sectors</text>']
        x += 170
    parts.append(f'<text x="{x}" y="{high - 10}">shaded: 95 % interval of the paired change</text></svg>')
    return "\n".join(parts) + "\n"


def panel(title: str, curves: dict[str, Curve], x0: int, y0: int) -> list[str]:
    """Return one panel: frame, axis labels, bands and lines."""
    drawn = {group: (curve.levels, *band(curve)) for group, curve in curves.items()}
    ends = [0.0, *(v for _, mean, half in drawn.values() for v in (*(mean - half), *(mean + half)))]
    low, high = min(ends), max(ends)
    pad = 0.06 * (high - low) or 1.0
    low, high = low - pad, high + pad

    def at(level: float, value: float) -> str:
        return f"{x0 + WIDTH * level:.1f},{y0 + HEIGHT * (high - value) / (high - low):.1f}"

    out = [f'<text x="{x0}" y="{y0 - 10}" font-weight="bold">{escape(title)}</text>']
    out.append(f'<rect x="{x0}" y="{y0}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>')
    for tick in nice(low, high):
        px = at(0.0, tick).split(",")[1]
        out.append(f'<line x1="{x0}" y1="{px}" x2="{x0 + WIDTH}" y2="{px}" stroke="#ddd"/>')
        out.append(f'<text x="{x0 - 6}" y="{float(px) + 4:.1f}" text-anchor="end">{tick:+g} %</text>')
    out += [
        f'<text x="{x0 + WIDTH * level:.0f}" y="{y0 + HEIGHT + 15}" text-anchor="middle">{level:g}</text>'
        for level in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    for group, (levels, mean, half) in drawn.items():
        upper = [at(a, b) for a, b in zip(levels, mean + half, strict=True)]
        lower = [at(a, b) for a, b in zip(levels, mean - half, strict=True)]
        color = COLORS[group]
        out.append(f'<polygon points="{" ".join(upper + lower[::-1])}" fill="{color}" opacity="0.15"/>')
        points = " ".join(at(a, b) for a, b in zip(levels, mean, strict=True))
        out.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{DASH[group]}/>')
    return out


def nice(low: float, high: float) -> list[float]:
    """Return three to six round numbers between two ends."""
    step = 10.0 ** np.floor(np.log10((high - low) / 2.0))
    step = next(step * m for m in (1.0, 2.0, 5.0, 10.0) if (high - low) / (step * m) <= 6.0)
    return [float(v) for v in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]
