"""The way of rights in a pair of runs: both on one scale, or what changed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from ecosystem.dashboard.charts.difference import SMALLEST, change_of, percent, sign_color
from ecosystem.dashboard.charts.frame import Option
from ecosystem.dashboard.charts.sankey import COLORS, CREATOR, OFFICE, OUTCOME, USER, nodes_and_edges, rank, sankey
from ecosystem.dashboard.flows import PARTIES, Flow, links
from ecosystem.dashboard.portrait import FATES, NOBODY, OUTCOMES
from ecosystem.dashboard.tables import table
from ecosystem.dashboard.text import brief, compact, short_place, signed, text
from ecosystem.dashboard.theme import Palette, mark

FATE = 3
Links = dict[tuple[int, str, str], float]
TALL = 500
"""Pixels of the taller Sankey of a pair."""
GAP = 17
MARGIN = 24


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
    return lambda step, word: rank(orders[step], word)


def _color(places: Sequence[str], colors: Palette) -> Callable[[int, str], str]:
    def color(step: int, word: str) -> str:
        if step == OFFICE:
            return mark(places.index(word)).color if word in places[:-1] else colors.neutral
        return COLORS.get(word, colors.neutral)

    return color


def share_of(found: Links, word: str) -> float:
    """Return the share of granted rights with a fate, or of applications with an outcome."""
    step = OFFICE if word in OUTCOMES else OUTCOME
    total = sum(v for (k, _, _), v in found.items() if k == step)
    return sum(v for (k, _, b), v in found.items() if k == step and b == word) / total if total else math.nan


def describe_way(found: Links, which: str) -> str:
    """Return one data sentence on the way of rights."""
    total = sum(v for (step, _, _), v in found.items() if step == CREATOR)
    fates = "; ".join(f"{text(f'fates.{fate}')} {percent(share_of(found, fate))}" for fate in FATES)
    return text(
        "way.describe", which=which, total=compact(total), granted=percent(share_of(found, "granted")), fates=fates
    )


def way_chart(found: Links, places: Sequence[str], which: str, colors: Palette) -> Option:
    """Draw the way of rights of one run."""
    nodes, edges = nodes_and_edges(found, word_of, _color(places, colors), _order(places))
    return sankey(nodes, edges, colors, describe_way(found, which))


def way_difference(base: Links, scenario: Links, places: Sequence[str], colors: Palette, dark: bool) -> Option:
    """Draw what changed: a band is as wide as the difference, blue for more, orange for less."""
    change = change_of(base, scenario)
    top = max((abs(v) for v in change.values()), default=0.0)
    drawn = {key: v for key, v in change.items() if abs(v) > SMALLEST * top}
    nodes, edges = nodes_and_edges(
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
        edge["lineStyle"] = {"color": sign_color(v, dark), "opacity": 0.55}
        edge["tooltip"] = {"formatter": f"{edge['source']} – {edge['target']}: {signed(v)}"}
    largest = sorted(change.items(), key=lambda item: -abs(item[1]))[:5]
    parts = "; ".join(f"{word_of(k, a)} – {word_of(k + 1, b)} {signed(v)}" for (k, a, b), v in largest if v)
    return sankey(nodes, edges, colors, text("way.describe_difference", parts=parts or text("way.no_change")))


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
