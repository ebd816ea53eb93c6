"""What all charts share: the empty option, the tooltip, the color of a scenario, round axes, names that do not overlap."""

from __future__ import annotations

import math
from typing import Any

from ecosystem.dashboard.theme import FONT, OKABE_ITO, Palette

Option = dict[str, Any]
HEIGHT = 310
PLOT = 218
"""Pixels of a line chart and of its plot between the axes."""


def frame(colors: Palette, sentence: str) -> Option:
    """Return an option without data whose text for screen readers is ``sentence``."""
    return {
        "animationDuration": 400,
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT, "color": colors.ink},
        "aria": {"enabled": True, "label": {"description": sentence}},
    }


def tooltip(colors: Palette, trigger: str = "item") -> Option:
    """Return a tooltip in the colors of the page; ``trigger`` is ``item`` or ``axis``."""
    return {
        "trigger": trigger, "confine": True, "backgroundColor": colors.card, "borderColor": colors.grid,
        "textStyle": {"color": colors.ink},
    }  # fmt: skip


def scenario_color(dark: bool) -> str:
    """Return the color of the scenario in every chart that shows it beside its baseline."""
    return OKABE_ITO[4] if dark else OKABE_ITO[0]


def axis_top(top: float, ticks: int = 4) -> tuple[float, float]:
    """Return the end and the step of an axis that holds 0 and ``top``; steps are 1, 2, 2.5, 5 times a power of ten."""
    if top <= 0 or not math.isfinite(top):
        return 1.0, 0.25
    raw = top / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw * (1 - 1e-9))
    return step * math.ceil(top / step * (1 - 1e-9)), step


def spread(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions near the wanted ones, in their order, ``gap`` apart and inside [low, high] if they fit."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed: list[float] = []
    for i in order:
        placed.append(max(wanted[i], placed[-1] + gap if placed else low))
    ceiling = high
    for k in reversed(range(len(placed))):
        placed[k] = min(placed[k], ceiling)
        ceiling = placed[k] - gap
    out = [0.0] * len(wanted)
    for k, i in enumerate(order):
        out[i] = placed[k]
    return out
