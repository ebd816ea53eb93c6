"""Two runs side by side: what changed, in which color it is drawn, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ecosystem.dashboard.charts.frame import scenario_color
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import compact, number, signed, text
from ecosystem.dashboard.theme import OKABE_ITO

Edges = dict[tuple[str, str], float]
LESS = OKABE_ITO[1]
SMALLEST = 0.01
"""A difference below this share of the largest one is not drawn; the table has them all."""


def sign_color(change: float, dark: bool) -> str:
    """Return the color of a difference: blue for more, orange for less."""
    return scenario_color(dark) if change > 0 else LESS


def change_of(base: dict[Any, float], scenario: dict[Any, float]) -> dict[Any, float]:
    """Return scenario less base by key, keys of the base first."""
    return {key: scenario.get(key, 0.0) - base.get(key, 0.0) for key in {**base, **scenario}}


def percent(share: float) -> str:
    """Write a share in percent; a dash where there is none."""
    return "–" if math.isnan(share) else f"{number(100 * share, 2)} %"


def pair_table(
    caption: str,
    order: Sequence[tuple[str, str]],
    base: Edges,
    scenario: Edges,
    word: Callable[[str], str],
    alone: bool,
) -> str:
    """Return amounts between two ends in both runs, in the given order, as an HTML table."""
    head = [text("flows.from"), text("flows.to"), text("flow_views.base")]
    head += [] if alone else [text("flow_views.scenario"), text("flow_views.difference")]
    rows = []
    for key in order:
        row = [word(key[0]), word(key[1]), compact(base.get(key, 0.0))]
        b, s = base.get(key, 0.0), scenario.get(key, 0.0)
        rows.append(row + ([] if alone else [compact(s), signed(s - b)]))
    return table(caption, head, rows, 2)
