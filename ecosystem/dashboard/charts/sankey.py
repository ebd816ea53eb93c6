"""What every Sankey shares: nodes in a fixed order, links, colors of the parties and of what becomes of a right."""

from __future__ import annotations

from typing import Any

from ecosystem.dashboard.charts.frame import Option, frame, tooltip
from ecosystem.dashboard.text import brief
from ecosystem.dashboard.theme import OKABE_ITO, Palette

# Where a step of the way of a right stands in the path of a `Flow`.
CREATOR, OFFICE, OUTCOME, TRADE, USER = range(5)
COLORS = {
    "large_firm": OKABE_ITO[0], "sme": OKABE_ITO[4], "university": OKABE_ITO[2], "assertion_entity": OKABE_ITO[5],
    "investor": "#5f6b78", "abroad": "#8a97a6", "granted": OKABE_ITO[2], "ended": "#5f6b78", "refused": OKABE_ITO[5],
    "withdrawn": OKABE_ITO[1], "pending": OKABE_ITO[4], "licensed": OKABE_ITO[0], "pooled": OKABE_ITO[4],
    "sold": OKABE_ITO[3], "pledged": OKABE_ITO[5], "other_deal": OKABE_ITO[1], "own": "#8a97a6", "own_use": OKABE_ITO[2],
    "unused": "#8a97a6", "lapsed": "#5f6b78",
}  # fmt: skip


def sankey(nodes: list[Option], edges: list[Option], colors: Palette, sentence: str) -> Option:
    """Return the Sankey of finished nodes and links."""
    option = frame(colors, sentence)
    option.update(
        {
            "tooltip": tooltip(colors),
            "series": [
                {
                    "type": "sankey",
                    "left": 4,
                    "right": 150,
                    "top": 12,
                    "bottom": 12,
                    "nodeWidth": 14,
                    "nodeGap": 17,
                    "nodeAlign": "left",
                    "layoutIterations": 0,
                    "draggable": False,
                    "emphasis": {"focus": "trajectory"},
                    "lineStyle": {"color": "gradient", "opacity": 0.38, "curveness": 0.5},
                    "label": {
                        "color": colors.ink,
                        "fontSize": 12,
                        # Bands pass behind the words: a rim in the color of the card keeps them readable.
                        "textBorderColor": colors.card,
                        "textBorderWidth": 3,
                        "rich": {
                            "amount": {
                                "color": colors.soft,
                                "fontSize": 12,
                                "textBorderColor": colors.card,
                                "textBorderWidth": 3,
                            }
                        },
                    },
                    "data": nodes,
                    "links": edges,
                }
            ],
        }
    )
    return option


def nodes_and_edges(
    found: dict[tuple[int, str, str], float], words: Any, color: Any, order: Any
) -> tuple[list[Option], list[Option]]:
    """Return nodes in their fixed order with words and amounts, and the links between them.

    Args:
        words: (step, word) -> name.
        color: (step, word) -> color.
        order: (step, word) -> rank within the step: the order never depends on the amounts.
    """
    into: dict[tuple[int, str], float] = {}
    out: dict[tuple[int, str], float] = {}
    for (step, a, b), amount in found.items():
        out[(step, a)] = out.get((step, a), 0.0) + amount
        into[(step + 1, b)] = into.get((step + 1, b), 0.0) + amount
    keys = sorted({*into, *out}, key=lambda key: (key[0], order(*key), key[1]))

    def name(step: int, word: str) -> str:
        # The same words may stand at two steps: invisible characters keep the names of nodes apart.
        return words(step, word) + "\u200b" * step

    nodes = [
        {
            "name": name(*key),
            "depth": key[0],
            "itemStyle": {"color": color(*key), "borderWidth": 0},
            "label": {"formatter": f"{words(*key)}  {{amount|{brief(max(into.get(key, 0.0), out.get(key, 0.0)))}}}"},
        }
        for key in keys
    ]
    edges = [
        {"source": name(step, a), "target": name(step + 1, b), "value": float(f"{amount:.4g}")}
        for (step, a, b), amount in found.items()
        if amount > 0
    ]
    return nodes, edges


def rank(words: tuple[str, ...], word: str) -> int:
    """Return the place of a word in a fixed order; unknown words come last."""
    return words.index(word) if word in words else len(words)
