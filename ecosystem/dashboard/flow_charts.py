"""Charts and tables of a pair of portraits, as pure functions: the way of rights, the network, exchange between places."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import networkx as nx

from ecosystem.dashboard.charts import CREATOR, OFFICE, OUTCOME, Option, _base, _nodes_and_edges, _rank, _sankey
from ecosystem.dashboard.flows import PARTIES, Flow, links
from ecosystem.dashboard.portrait import FATES, MOVES, NOBODY, OUTCOMES, WAITS, Actor, Portrait
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import brief, compact, number, place, short_place, text
from ecosystem.dashboard.theme import OKABE_ITO, Palette, ink_on, mark

FATE, USER = 3, 4
Links = dict[tuple[int, str, str], float]
Edges = dict[tuple[str, str], float]
MORE, LESS = OKABE_ITO[0], OKABE_ITO[1]
"""Colors of differences: blue for more, orange for less."""
MORE_DARK = OKABE_ITO[4]
TALL = 500
"""Pixels of the taller Sankey of a pair."""
GAP = 17
MARGIN = 24
MOST_ACTORS = 150
SMALLEST = 0.01
"""A difference below this share of the largest one is not drawn; the table has them all."""
SHAPES = {
    "large_firm": "circle", "sme": "circle", "university": "rect", "assertion_entity": "triangle", "investor": "diamond",
    "abroad": "roundRect",
}  # fmt: skip
_COLORS = {
    "large_firm": OKABE_ITO[0], "sme": OKABE_ITO[4], "university": OKABE_ITO[2], "assertion_entity": OKABE_ITO[5],
    "investor": "#5f6b78", "abroad": "#8a97a6", "granted": OKABE_ITO[2], "refused": OKABE_ITO[5],
    "withdrawn": OKABE_ITO[1], "pending": OKABE_ITO[4], "licensed": OKABE_ITO[0], "pooled": OKABE_ITO[4],
    "sold": OKABE_ITO[3], "pledged": OKABE_ITO[5], "other_deal": OKABE_ITO[1], "own_use": OKABE_ITO[2],
    "unused": "#8a97a6", "lapsed": "#5f6b78",
}  # fmt: skip


def change_of(base: dict[Any, float], scenario: dict[Any, float]) -> dict[Any, float]:
    """Return scenario less base by key, keys of the base first."""
    return {key: scenario.get(key, 0.0) - base.get(key, 0.0) for key in {**base, **scenario}}


def signed(value: float, write: Callable[[float], str] = compact) -> str:
    """Write a difference with its sign."""
    return "0" if value == 0 else ("+" if value > 0 else "−") + write(abs(value))


# -- the way of rights ------------------------------------------------------------------------------------------------


def way(flows: Sequence[Flow], office: str = "") -> Links:
    """Return the links of the way of rights; only granted rights have a fate, and only used ones a user."""
    kept = [flow for flow in flows if not office or flow.path[OFFICE] == office]
    out = links(kept, (CREATOR, OFFICE, OUTCOME))
    granted = [flow for flow in kept if flow.path[OUTCOME] == "granted"]
    used = [flow for flow in granted if flow.path[USER] != NOBODY]
    for step, part, ends in ((OUTCOME, granted, (OUTCOME, FATE)), (FATE, used, (FATE, USER))):
        for (_, a, b), amount in links(part, ends).items():
            out[step, a, b] = amount
    return out


def columns(found: Links) -> dict[int, tuple[float, int]]:
    """Return the sum and the number of nodes of each column of a Sankey."""
    into: Counter[tuple[int, str]] = Counter()
    out: Counter[tuple[int, str]] = Counter()
    for (step, a, b), amount in found.items():
        out[step, a] += amount  # type: ignore[assignment]
        into[step + 1, b] += amount  # type: ignore[assignment]
    sums: dict[int, tuple[float, int]] = {}
    for node in {*into, *out}:
        total, n = sums.get(node[0], (0.0, 0))
        sums[node[0]] = total + max(into[node], out[node]), n + 1
    return sums


def heights(pair: Sequence[Links], tall: int = TALL) -> list[int]:
    """Return pixel heights under which a right is as wide in each Sankey: one scale for all, the largest is ``tall``.

    A Sankey draws one right as k = min over columns of (height - gaps) / sum; so height = max over columns of
    (k sum + gaps) with the k that the largest needs.
    """
    each = [columns(found) for found in pair]
    k = min(
        ((tall - MARGIN - (n - 1) * GAP) / total for found in each for total, n in found.values() if total > 0),
        default=0.0,
    )
    return [
        round(max((k * total + (n - 1) * GAP for total, n in found.values()), default=60.0)) + MARGIN for found in each
    ]


def word_of(step: int, word: str) -> str:
    """Return the words of a node."""
    if step == OFFICE:
        return text("flows.office", place=short_place(word))
    return text(f"fates.{word}") if step == FATE or word == "granted" else text(f"flows.{word}")


def _order(places: Sequence[str]) -> Callable[[int, str], int]:
    orders = (PARTIES, tuple(places), OUTCOMES, FATES, PARTIES)
    return lambda step, word: _rank(orders[step], word)


def _color(places: Sequence[str], colors: Palette) -> Callable[[int, str], str]:
    def color(step: int, word: str) -> str:
        if step == OFFICE:
            return mark(places.index(word)).color if word in places[:-1] else colors.neutral
        return _COLORS.get(word, colors.neutral)

    return color


def share_of(found: Links, word: str) -> float:
    """Return the share of granted rights with a fate, or of applications with an outcome."""
    step = OFFICE if word in OUTCOMES else OUTCOME
    total = sum(v for (k, _, _), v in found.items() if k == step)
    return sum(v for (k, _, b), v in found.items() if k == step and b == word) / total if total else math.nan


def describe_way(found: Links, which: str) -> str:
    """Return one data sentence on the way of rights."""
    total = sum(v for (step, _, _), v in found.items() if step == CREATOR)
    fates = "; ".join(f"{text(f'fates.{fate}')} {_percent(share_of(found, fate))}" for fate in FATES)
    return text(
        "way.describe", which=which, total=compact(total), granted=_percent(share_of(found, "granted")), fates=fates
    )


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{number(100 * share, 2)} %"


def way_chart(found: Links, places: Sequence[str], which: str, colors: Palette) -> Option:
    """Draw the way of rights of one run."""
    nodes, edges = _nodes_and_edges(found, word_of, _color(places, colors), _order(places))
    return _sankey(nodes, edges, colors, describe_way(found, which))


def way_difference(base: Links, scenario: Links, places: Sequence[str], colors: Palette, dark: bool) -> Option:
    """Draw what changed: a band is as wide as the difference, blue for more, orange for less."""
    change = change_of(base, scenario)
    top = max((abs(v) for v in change.values()), default=0.0)
    drawn = {key: v for key, v in change.items() if abs(v) > SMALLEST * top}
    nodes, edges = _nodes_and_edges(
        {key: abs(v) for key, v in drawn.items()}, word_of, _color(places, colors), _order(places)
    )
    net: dict[str, float] = {}
    for (step, a, b), v in drawn.items():
        for at, word, sign in ((step, a, v), (step + 1, b, v)):
            # A node in the middle is told by what reaches it, a creator by what leaves it.
            if at == CREATOR or at == step + 1:
                key = word_of(at, word) + "\u200b" * at
                net[key] = net.get(key, 0.0) + sign
    for node in nodes:
        words = node["name"].rstrip("\u200b")
        node["label"]["formatter"] = f"{words}  {{amount|{signed(net.get(node['name'], 0.0), brief)}}}"
    for edge, v in zip(edges, drawn.values(), strict=True):
        edge["lineStyle"] = {"color": (MORE_DARK if dark else MORE) if v > 0 else LESS, "opacity": 0.55}
        edge["tooltip"] = {"formatter": f"{edge['source']} – {edge['target']}: {signed(v)}"}
    largest = sorted(change.items(), key=lambda item: -abs(item[1]))[:5]
    parts = "; ".join(f"{word_of(k, a)} – {word_of(k + 1, b)} {signed(v)}" for (k, a, b), v in largest if v)
    return _sankey(nodes, edges, colors, text("way.describe_difference", parts=parts or text("way.no_change")))


def way_table(base: Links, scenario: Links, alone: bool) -> str:
    """Return all links, those that changed most first within each step."""
    change = change_of(base, scenario)
    order = sorted(change, key=lambda key: (key[0], -abs(change[key]), -base.get(key, 0.0)))
    head = [text("flows.step"), text("flows.from"), text("flows.to"), text("flow_views.base")]
    head += [] if alone else [text("flow_views.scenario"), text("flow_views.difference")]
    rows = []
    for key in order:
        step, a, b = key
        row = [text(f"way.step_{step}"), word_of(step, a), word_of(step + 1, b), compact(base.get(key, 0.0))]
        rows.append(row + ([] if alone else [compact(scenario.get(key, 0.0)), signed(change[key])]))
    return table(text("flows.caption"), head, rows)


# -- the network ------------------------------------------------------------------------------------------------------


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
        across=_percent(across / total if total else math.nan), largest=largest, core=core,
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
            "x": 400 * at[one][0],
            "y": 300 * at[one][1],
            "symbol": SHAPES[actors[one].party],
            "symbolSize": min(7 + 2.5 * math.sqrt(degree[one]) + (8 if one == uid else 0), 30),
            "itemStyle": {"color": _COLORS[actors[one].party], "opacity": 1.0 if one in degree else 0.25},
            "category": PARTIES.index(actors[one].party),
            "label": {"show": bool(uid), "color": colors.ink, "position": "right", "fontSize": 11},
        }
        for one in visible
    ]
    top = max((abs(v) for v in edges.values()), default=1.0)
    drawn = []
    for (a, b), v in edges.items():
        color = colors.soft if shown != "difference" else (MORE_DARK if dark else MORE) if v > 0 else LESS
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
    option = _base(colors, words)
    option.update(
        {
            "animation": False,
            "tooltip": _tip(colors),
            "legend": {
                "top": 0, "left": 0, "selectedMode": False, "itemGap": 12,
                "textStyle": {"color": colors.ink, "fontSize": 12}, "data": [text(f"network.{p}") for p in PARTIES],
            },
            "series": [
                {
                    "type": "graph", "layout": "none", "top": 62, "bottom": 14, "left": 40, "right": 60, "roam": False,
                    "edgeSymbol": ["none", "arrow"], "edgeSymbolSize": 5, "data": nodes, "links": drawn,
                    "categories": [
                        {"name": text(f"network.{p}"), "symbol": SHAPES[p], "itemStyle": {"color": _COLORS[p]}}
                        for p in PARTIES
                    ],
                    "emphasis": {"focus": "adjacency", "label": {"show": True, "color": colors.ink}},
                }
            ],
        }
    )  # fmt: skip
    return option


def _tip(colors: Palette) -> Option:
    return {
        "trigger": "item", "confine": True, "backgroundColor": colors.card, "borderColor": colors.grid,
        "textStyle": {"color": colors.ink},
    }  # fmt: skip


def network_table(pair: Sequence[Portrait], uid: str, alone: bool, most: int = 200) -> str:
    """Return the licenses between actors, those that changed most first."""
    base, scenario = (ego(one.licenses, uid) for one in pair)
    names = names_of(actors_of(pair))
    change = change_of(base, scenario)
    order = sorted(change, key=lambda key: (-abs(change[key]), -base.get(key, 0.0), names[key[0]], names[key[1]]))[
        :most
    ]
    return _pair_table(text("network.caption", n=len(order)), order, base, scenario, lambda uid: names[uid], alone)


def _pair_table(
    caption: str,
    order: Sequence[tuple[str, str]],
    base: Edges,
    scenario: Edges,
    word: Callable[[str], str],
    alone: bool,
) -> str:
    head = [text("flows.from"), text("flows.to"), text("flow_views.base")]
    head += [] if alone else [text("flow_views.scenario"), text("flow_views.difference")]
    rows = []
    for key in order:
        row = [word(key[0]), word(key[1]), compact(base.get(key, 0.0))]
        b, s = base.get(key, 0.0), scenario.get(key, 0.0)
        rows.append(row + ([] if alone else [compact(s), signed(s - b)]))
    return table(caption, head, rows, 2)


# -- exchange between places ------------------------------------------------------------------------------------------


def around(places: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return places on a circle, the first at the upper left; the last one, the rest of the world, in the middle below."""
    n = len(places)
    out = {}
    for k, code in enumerate(places):
        angle = 2 * math.pi * (k + 0.5) / n - math.pi * 0.5 - 2 * math.pi / n
        out[code] = (round(300 * math.cos(angle), 1), round(170 * math.sin(angle), 1))
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
            color = (MORE_DARK if dark else MORE) if v > 0 else LESS
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
    option = _base(colors, words)
    option.update(
        {
            "animation": False,
            "tooltip": _tip(colors),
            "series": [
                {
                    "type": "graph", "layout": "none", "top": 72, "bottom": 44, "left": 60, "right": 60, "roam": False,
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
    return _pair_table(text("exchange.caption", what=text(f"exchange.{kind}")), order, base, scenario, place, alone)


# -- queues -----------------------------------------------------------------------------------------------------------


def class_words() -> list[str]:
    """Return the classes of waiting time in words."""
    lows = (0, *WAITS)
    return [text("queues.class", low=a, high=b) for a, b in zip(lows, WAITS, strict=False)] + [
        text("queues.class_open", low=WAITS[-1])
    ]


def shares(amounts: Sequence[float]) -> list[float]:
    """Return parts of the sum in percent; zeros where there is nothing."""
    total = sum(amounts)
    return [100 * v / total if total else 0.0 for v in amounts]


def two_columns(
    labels: Sequence[str], base: Sequence[float | None], scenario: Sequence[float | None] | None, unit: str, sentence: str,
    colors: Palette, dark: bool, lines: bool = False,
) -> Option:  # fmt: skip
    """Draw baseline and scenario side by side, as bars by class or as lines by year."""
    option = _base(colors, sentence)
    look: Option = {"type": "line", "symbolSize": 6} if lines else {"type": "bar", "barMaxWidth": 26}
    series: list[Option] = [
        {
            **look, "name": text("flow_views.base"), "data": _round(base), "color": colors.soft,
            "lineStyle": {"type": [7, 4], "width": 2.2}, "symbol": "none" if lines else "circle",
        }
    ]  # fmt: skip
    if scenario is not None:
        series.append(
            {
                **look, "name": text("flow_views.scenario"), "data": _round(scenario), "lineStyle": {"width": 2.8},
                "color": MORE_DARK if dark else MORE, "symbol": "circle",
            }
        )  # fmt: skip
    option.update(
        {
            "grid": {"left": 8, "right": 18, "top": 58, "bottom": 8, "containLabel": True},
            "legend": {"top": 0, "left": 0, "selectedMode": False, "textStyle": {"color": colors.ink, "fontSize": 13}},
            "tooltip": {**_tip(colors), "trigger": "axis"},
            "xAxis": {
                "type": "category", "data": list(labels), "boundaryGap": not lines,
                "axisLine": {"lineStyle": {"color": colors.soft}}, "axisLabel": {"color": colors.soft, "hideOverlap": True},
            },
            "yAxis": {
                "type": "value", "name": unit, "nameTextStyle": {"color": colors.soft, "align": "left"}, "min": 0,
                "axisLabel": {"color": colors.soft}, "splitLine": {"lineStyle": {"color": colors.grid}},
            },
            "series": series,
        }
    )  # fmt: skip
    return option


def _round(values: Sequence[float | None]) -> list[float | None]:
    return [None if v is None else float(f"{v:.4g}") for v in values]


def columns_table(
    caption: str,
    head: str,
    labels: Sequence[str],
    base: Sequence[float | None],
    scenario: Sequence[float | None] | None,
) -> str:
    """Return the numbers of `two_columns` as an HTML table."""
    top = [head, text("flow_views.base")] + ([] if scenario is None else [text("flow_views.scenario")])
    rows = [
        [label, number(base[k])] + ([] if scenario is None else [number(scenario[k])]) for k, label in enumerate(labels)
    ]
    return table(caption, top, rows)


__all__ = [
    "MOVES",
    "actors_of",
    "around",
    "change_of",
    "class_words",
    "columns",
    "columns_table",
    "ego",
    "exchange_chart",
    "exchange_table",
    "heights",
    "names_of",
    "network_chart",
    "network_table",
    "positions",
    "share_of",
    "shares",
    "signed",
    "summary",
    "two_columns",
    "way",
    "way_chart",
    "way_difference",
    "way_table",
]  # fmt: skip
