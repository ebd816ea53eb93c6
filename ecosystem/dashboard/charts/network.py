"""Who licenses to whom in a pair of runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import networkx as nx

from ecosystem.dashboard.charts.difference import Edges, change_of, pair_table, percent, sign_color
from ecosystem.dashboard.charts.frame import Option, frame, tooltip
from ecosystem.dashboard.charts.sankey import COLORS
from ecosystem.dashboard.flows import PARTIES
from ecosystem.dashboard.portrait import Actor, Portrait
from ecosystem.dashboard.text import compact, short_place, signed, text
from ecosystem.dashboard.theme import Palette

MOST_ACTORS = 150
SHAPES = {
    "large_firm": "circle", "sme": "circle", "university": "rect", "assertion_entity": "triangle", "investor": "diamond",
    "abroad": "roundRect",
}  # fmt: skip


@lru_cache(maxsize=32)
def positions(edges: tuple[tuple[str, str], ...], most: int = MOST_ACTORS) -> dict[str, tuple[float, float]]:
    """Return fixed positions, -1 to 1, of the actors with most partners; the same edges give the same positions."""
    graph: nx.Graph = nx.Graph()
    graph.add_edges_from(sorted(edges))
    degree = dict(graph.degree())
    kept = sorted(degree, key=lambda uid: (-degree[uid], uid))[:most]
    part = graph.subgraph(kept)
    ordered: nx.Graph = nx.Graph()
    ordered.add_nodes_from(kept)
    ordered.add_edges_from(sorted(tuple(sorted(edge)) for edge in part.edges))
    found = nx.spring_layout(ordered, seed=1, iterations=60, k=1.6 / math.sqrt(max(len(kept), 1)))
    return {uid: (round(float(x), 4), round(float(y), 4)) for uid, (x, y) in found.items()}


def actors_of(pair: Sequence[Portrait]) -> dict[str, Actor]:
    """Return the actors of all portraits."""
    return {uid: actor for one in pair for uid, actor in one.actors.items()}


def names_of(actors: dict[str, Actor]) -> dict[str, str]:
    """Return a readable name of each actor: kind, place and a number within them."""
    counted: Counter[Actor] = Counter()
    out = {}
    for uid in sorted(actors, key=lambda uid: (len(uid), uid)):
        actor = actors[uid]
        counted[actor] += 1
        where = "" if actor.party == "abroad" else f" {short_place(actor.place)}"
        out[uid] = f"{text(f'network.{actor.party}')}{where} {counted[actor]}"
    return out


def ego(edges: Edges, uid: str) -> Edges:
    """Return the edges of one actor; all of them for an empty identity."""
    return {key: v for key, v in edges.items() if not uid or uid in key}


def summary(edges: Edges, actors: dict[str, Actor], which: str) -> str:
    """Return the network in one sentence: actors, licenses, borders, the largest part that hangs together."""
    graph: nx.Graph = nx.Graph()
    graph.add_edges_from(edges)
    total = sum(edges.values())
    across = sum(v for (a, b), v in edges.items() if actors[a].place != actors[b].place)
    largest = max((len(part) for part in nx.connected_components(graph)), default=0)
    core = max(nx.core_number(graph).values(), default=0) if len(graph) else 0
    return text(
        "network.describe", which=which, actors=len(graph), licenses=compact(total),
        across=percent(across / total if total else math.nan), largest=largest, core=core,
    )  # fmt: skip


def network_chart(pair: Sequence[Portrait], shown: str, uid: str, colors: Palette, dark: bool, which: str) -> Option:
    """Draw who licenses to whom; positions are those of all actors of both runs, so that only the lines differ.

    Args:
        shown: ``base``, ``scenario`` or ``difference``.
        uid: identity of one actor for its own licenses only, or empty.
    """
    base, scenario = pair[0].licenses, pair[1].licenses
    actors = actors_of(pair)
    names = names_of(actors)
    at = positions(tuple(sorted({*base, *scenario})))
    edges = {"base": base, "scenario": scenario, "difference": change_of(base, scenario)}[shown]
    edges = {key: v for key, v in ego(edges, uid).items() if v and key[0] in at and key[1] in at}
    degree: Counter[str] = Counter(one for key in edges for one in key)
    visible = [one for one in at if one in degree or not uid]
    nodes = [
        {
            "name": names[one],
            "x": 300 * at[one][0],
            "y": 300 * at[one][1],
            "symbol": SHAPES[actors[one].party],
            "symbolSize": min(7 + 2.5 * math.sqrt(degree[one]) + (8 if one == uid else 0), 30),
            "itemStyle": {"color": COLORS[actors[one].party], "opacity": 1.0 if one in degree else 0.25},
            "category": PARTIES.index(actors[one].party),
            "label": {"show": bool(uid), "color": colors.ink, "position": "right", "fontSize": 11},
        }
        for one in visible
    ]
    top = max((abs(v) for v in edges.values()), default=1.0)
    drawn = []
    for (a, b), v in edges.items():
        color = colors.soft if shown != "difference" else sign_color(v, dark)
        words = compact(v) if shown != "difference" else signed(v)
        drawn.append(
            {
                "source": names[a],
                "target": names[b],
                "value": v,
                "lineStyle": {
                    "color": color, "width": 1 + 2.5 * abs(v) / top, "opacity": 0.75, "curveness": 0.12,
                    "type": "dashed" if shown == "difference" and v < 0 else "solid",
                },
                "tooltip": {"formatter": f"{names[a]} → {names[b]}: {words}"},
            }
        )  # fmt: skip
    words = summary({key: v for key, v in edges.items() if v > 0}, actors, which)
    if shown == "difference":
        more, less = (sum(v for v in edges.values() if v * sign > 0) for sign in (1, -1))
        words = text("network.describe_difference", more=compact(more), less=compact(-less))
    option = frame(colors, words)
    option.update(
        {
            "animation": False,
            "tooltip": tooltip(colors),
            "legend": {
                "top": 0, "left": 0, "selectedMode": False, "itemGap": 12,
                "textStyle": {"color": colors.ink, "fontSize": 12}, "data": [text(f"network.{p}") for p in PARTIES],
            },
            "series": [
                {
                    "type": "graph", "layout": "none", "left": "center", "top": 72, "roam": False,
                    "edgeSymbol": ["none", "arrow"], "edgeSymbolSize": 5, "data": nodes, "links": drawn,
                    "categories": [
                        {"name": text(f"network.{p}"), "symbol": SHAPES[p], "itemStyle": {"color": COLORS[p]}}
                        for p in PARTIES
                    ],
                    "emphasis": {"focus": "adjacency", "label": {"show": True, "color": colors.ink}},
                }
            ],
        }
    )  # fmt: skip
    return option


def network_table(pair: Sequence[Portrait], uid: str, alone: bool, most: int = 200) -> str:
    """Return the licenses between actors, those that changed most first."""
    base, scenario = (ego(one.licenses, uid) for one in pair)
    names = names_of(actors_of(pair))
    change = change_of(base, scenario)
    order = sorted(change, key=lambda key: (-abs(change[key]), -base.get(key, 0.0), names[key[0]], names[key[1]]))[
        :most
    ]
    return pair_table(text("network.caption", n=len(order)), order, base, scenario, lambda uid: names[uid], alone)
