"""The way of the rights of one world: creators, offices, outcomes, trade, users."""

from __future__ import annotations

from typing import Any

from ecosystem.dashboard.charts.frame import Option
from ecosystem.dashboard.charts.sankey import (
    COLORS,
    CREATOR,
    OFFICE,
    OUTCOME,
    TRADE,
    USER,
    nodes_and_edges,
    rank,
    sankey,
)
from ecosystem.dashboard.flows import OUTCOMES, PARTIES, TRADES, Flow, links
from ecosystem.dashboard.results import Result
from ecosystem.dashboard.text import compact, number, short_place, text
from ecosystem.dashboard.theme import Palette, mark


def node_word(step: int, word: str) -> str:
    """Return the words of a node of the chain of rights."""
    if step == OFFICE:
        return text("flows.office", place=short_place(word))
    return text(f"flows.{word}")


def chain_flows(result: Result, office: str = "") -> list[Flow]:
    """Return the rights flows that the Sankey shows; ``office`` keeps one office only.

    A right that was not granted ends there: only granted rights go on to trade and users.
    """
    return [flow for flow in result.rights if not office or flow.path[OFFICE] == office]


def chain_links(flows: list[Flow]) -> dict[tuple[int, str, str], float]:
    """Return the links of the Sankey of rights, in the order of creators, offices, outcomes, trades, users."""
    out = links(flows, (CREATOR, OFFICE, OUTCOME))
    granted = [flow for flow in flows if flow.path[OUTCOME] in ("granted", "ended")]
    for (k, a, b), amount in links(granted, (OUTCOME, TRADE)).items():
        out[(k + OUTCOME, a, b)] = amount
    for (k, a, b), amount in links(granted, (TRADE, USER)).items():
        out[(k + TRADE, a, b)] = amount
    return out


def describe_chain(result: Result, office: str = "") -> str:
    """Return one data sentence about the fate of the rights filed in the years shown."""
    flows = chain_flows(result, office)
    total = sum(flow.amount for flow in flows)

    def share(keep: Any) -> str:
        return number(100 * sum(flow.amount for flow in flows if keep(flow)) / total, 2) if total else "–"

    return text(
        "describe.chain",
        total=compact(total),
        granted=share(lambda f: f.path[OUTCOME] in ("granted", "ended")),
        refused=share(lambda f: f.path[OUTCOME] in ("refused", "withdrawn")),
        pending=share(lambda f: f.path[OUTCOME] == "pending"),
        licensed=share(lambda f: f.path[OUTCOME] in ("granted", "ended") and f.path[TRADE] == "licensed"),
        sold=share(lambda f: f.path[OUTCOME] in ("granted", "ended") and f.path[TRADE] == "sold"),
    )


def sankey_rights(result: Result, colors: Palette, office: str = "") -> Option:
    """Draw the way of rights: creators, offices, outcomes, trade, users; amounts are real rights."""
    orders = (PARTIES, (*result.places, "row"), OUTCOMES, TRADES, PARTIES)

    def color(step: int, word: str) -> str:
        if step == OFFICE:
            return mark(result.places.index(word)).color if word in result.places else colors.neutral
        return COLORS.get(word, colors.neutral)

    nodes, edges = nodes_and_edges(
        chain_links(chain_flows(result, office)), node_word, color, lambda step, word: rank(orders[step], word)
    )
    return sankey(nodes, edges, colors, describe_chain(result, office))
