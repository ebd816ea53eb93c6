"""What goes from place to place in a pair of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecosystem.dashboard.charts.difference import SMALLEST, Edges, change_of, pair_table, sign_color
from ecosystem.dashboard.charts.frame import Option, frame, tooltip
from ecosystem.dashboard.text import compact, place, short_place, signed, text
from ecosystem.dashboard.theme import Palette, ink_on, mark


def around(places: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return places on a circle, the first at the upper left; the last one, the rest of the world, in the middle below."""
    n = len(places)
    out = {}
    for k, code in enumerate(places):
        angle = 2 * math.pi * (k + 0.5) / n - math.pi * 0.5 - 2 * math.pi / n
        out[code] = (round(210 * math.cos(angle), 1), round(190 * math.sin(angle), 1))
    return out


def exchange_chart(base: Edges, scenario: Edges, places: Sequence[str], kind: str, shown: str, colors: Palette,
                   dark: bool, which: str) -> Option:  # fmt: skip
    """Draw what goes from place to place; widths of baseline and scenario are on one scale."""
    change = change_of(base, scenario)
    edges = {"base": base, "scenario": scenario, "difference": change}[shown]
    widest = change.values() if shown == "difference" else [*base.values(), *scenario.values()]
    top = max((abs(v) for v in widest), default=0.0)
    at = around(places)
    nodes = []
    for k, code in enumerate(places):
        color = mark(k).color if k < len(places) - 1 else colors.neutral
        nodes.append(
            {
                "name": place(code), "x": at[code][0], "y": at[code][1], "symbolSize": 54, "symbol": "roundRect",
                "itemStyle": {"color": color},
                "label": {"show": True, "formatter": short_place(code), "color": ink_on(color), "fontWeight": 700},
            }
        )  # fmt: skip
    drawn = []
    for (a, b), v in edges.items():
        if not v or abs(v) < SMALLEST * top:
            continue
        color = mark(places.index(a)).color if a in places[:-1] else colors.neutral
        if shown == "difference":
            color = sign_color(v, dark)
        words = signed(v) if shown == "difference" else compact(v)
        drawn.append(
            {
                "source": place(a),
                "target": place(b),
                "value": v,
                "lineStyle": {
                    "width": round(1 + 11 * abs(v) / top, 2), "curveness": 0.16, "opacity": 0.7, "color": color,
                    "type": "dashed" if shown == "difference" and v < 0 else "solid",
                },
                "tooltip": {"formatter": f"{place(a)} → {place(b)}: {words}"},
            }
        )  # fmt: skip
    order = sorted(edges.items(), key=lambda item: -abs(item[1]))[:5]
    write = signed if shown == "difference" else compact
    parts = "; ".join(f"{place(a)} → {place(b)} {write(v)}" for (a, b), v in order if v)
    words = text("exchange.describe", what=text(f"exchange.{kind}"), which=which, parts=parts or text("way.no_change"))
    option = frame(colors, words)
    option.update(
        {
            "animation": False,
            "tooltip": tooltip(colors),
            "series": [
                {
                    "type": "graph", "layout": "none", "left": "center", "top": "middle", "roam": False,
                    "edgeSymbol": ["none", "arrow"], "edgeSymbolSize": 11, "data": nodes, "links": drawn,
                    "emphasis": {"focus": "adjacency"},
                }
            ],
        }
    )  # fmt: skip
    return option


def exchange_table(base: Edges, scenario: Edges, kind: str, alone: bool) -> str:
    """Return what goes from place to place, largest first; in a comparison those that changed most."""
    change = change_of(base, scenario)
    order = sorted(change, key=lambda key: (-abs(change[key]), -base.get(key, 0.0)))
    return pair_table(text("exchange.caption", what=text(f"exchange.{kind}")), order, base, scenario, place, alone)
