"""Who passes technology to whom in one world, by kind of deal."""

from __future__ import annotations

from ecosystem.dashboard.charts.frame import Option
from ecosystem.dashboard.charts.sankey import COLORS, nodes_and_edges, rank, sankey
from ecosystem.dashboard.flows import PARTIES, Flow, links
from ecosystem.dashboard.results import Result
from ecosystem.dashboard.text import compact, number, place, text
from ecosystem.dashboard.theme import Palette, mark

# Kinds of deal drawn together, so that the middle of the Sankey stays readable.
DEAL_GROUPS = {
    "license": "license",
    "cross_license": "cross_license",
    "pool_license": "license",
    "standard_license": "license",
    "compulsory_license": "license",
    "university_license": "university_license",
    "sale": "sale",
    "spin_off": "spin_off",
    "know_how": "know_how",
    "pledge_loan": "finance",
    "royalty_sale": "finance",
}


def deal_links(result: Result, side: int = 1) -> dict[tuple[int, str, str], float]:
    """Return links giver -> group of deals -> taker; ``side`` 0 shows places, 1 shows parties."""
    grouped = [
        Flow((flow.path[side], DEAL_GROUPS[flow.path[2]], flow.path[3 + side]), flow.amount) for flow in result.deals
    ]
    return links(grouped, (0, 1, 2))


def describe_deals(result: Result) -> str:
    """Return one data sentence about the deals of the years shown."""
    total = sum(flow.amount for flow in result.deals)
    across = sum(flow.amount for flow in result.deals if flow.path[0] != flow.path[3])
    groups: dict[str, float] = {}
    for flow in result.deals:
        group = DEAL_GROUPS[flow.path[2]]
        groups[group] = groups.get(group, 0.0) + flow.amount
    parts = [
        f"{text(f'deals.{group}')} {compact(amount)}" for group, amount in sorted(groups.items(), key=lambda g: -g[1])
    ]
    return text(
        "describe.deals",
        total=compact(total),
        kinds="; ".join(parts) or "–",
        across=number(100 * across / total, 2) if total else "–",
    )


def deal_word(step: int, word: str, side: int) -> str:
    """Return the words of a node of the Sankey of deals."""
    if step == 1:
        return text(f"deals.{word}")
    return place(word) if side == 0 else text(f"flows.{word}")


def sankey_deals(result: Result, colors: Palette, side: int = 1) -> Option:
    """Draw who gives and who takes technology by kind of deal, between parties or between places."""
    ends = (*result.places, "row") if side == 0 else PARTIES
    middle = tuple(dict.fromkeys(DEAL_GROUPS.values()))

    def color(step: int, word: str) -> str:
        if step == 1:
            return colors.neutral
        if side == 0:
            return mark(result.places.index(word)).color if word in result.places else colors.neutral
        return COLORS[word]

    nodes, edges = nodes_and_edges(
        deal_links(result, side),
        lambda step, word: deal_word(step, word, side),
        color,
        lambda step, word: rank(middle if step == 1 else ends, word),
    )
    return sankey(nodes, edges, colors, describe_deals(result))
