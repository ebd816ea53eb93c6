"""Charts as pure functions: a `Result` in, an ECharts option (a plain dictionary) out; no browser needed."""

from __future__ import annotations

import math
from typing import Any

from ecosystem.dashboard.catalog import CHAIN
from ecosystem.dashboard.flows import OUTCOMES, PARTIES, TRADES, Flow, links
from ecosystem.dashboard.results import Result, Series
from ecosystem.dashboard.text import brief, change, compact, magnitude, number, place, short_place, text
from ecosystem.dashboard.theme import FONT, OKABE_ITO, Palette, ink_on, mark

Option = dict[str, Any]

# Where a step of the chain of rights stands in the path of a `Flow`.
CREATOR, OFFICE, OUTCOME, TRADE, USER = range(5)

HEIGHT = 310
PLOT = 218
"""Pixels of a line chart and of its plot between the axes."""


def _base(colors: Palette, sentence: str) -> Option:
    return {
        "animationDuration": 400,
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT, "color": colors.ink},
        "aria": {"enabled": True, "label": {"description": sentence}},
    }


def unit_words(series: Series, before: bool = False) -> tuple[float, str]:
    """Return the divisor of the values and the words of their unit: magnitude, unit and period.

    Args:
        before: "million patents" after a number, rather than "patents, millions" at an axis.
    """
    size, word = magnitude([v for column in series.values.values() for v in column])
    unit = series.unit.removesuffix("/year")
    if unit == "M USD2020":
        money = {1.0: "million", 1e3: "billion", 1e6: "trillion", 1e9: "quadrillion"}[size]
        unit, word = f"{money} US dollars of 2020", ""
    if series.kind == "flow":
        unit = f"{unit} a year"
    if not word:
        return size, unit
    return size, f"{word} {unit}" if before else f"{unit}, {word}s"


def describe(series: Series, years: tuple[int, ...]) -> str:
    """Return one data sentence: what, from when to when, first and last value of every place."""
    size, unit = unit_words(series)
    parts = []
    for code, values in series.values.items():
        known = [(year, v) for year, v in zip(years, values, strict=True) if v is not None]
        if not known:
            parts.append(text("describe.none", place=place(code)))
            continue
        (_, first), (_, last) = known[0], known[-1]
        parts.append(
            text(
                "describe.place",
                place=place(code),
                first=number(first / size),
                last=number(last / size),
                change=change(first, last),
            )
        )
    return text(
        "describe.lines",
        doc=series.doc[:1].upper() + series.doc[1:],
        unit=unit,
        first=years[0] if years else "",
        last=years[-1] if years else "",
        places="; ".join(parts),
    )


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


def lines(result: Result, indicator: str, colors: Palette) -> Option:
    """Draw yearly values by place; color, line type and marker tell places apart, names stand at the line ends."""
    series = result.series[indicator]
    size, unit = unit_words(series)
    years = [str(year) for year in result.years]
    few = len(years) <= 12
    end, step = axis_top(max((v / size for c in series.values.values() for v in c if v is not None), default=0.0))
    # Names at the line ends are moved apart where lines end close together.
    ends = [next((v for v in reversed(c) if v is not None), 0.0) / size for c in series.values.values()]
    heights = [PLOT * (1 - v / end) for v in ends]
    moved = spread(heights, 15, 0, PLOT)
    drawn = []
    for index, (code, values) in enumerate(series.values.items()):
        look = mark(index)
        points: list[Any] = [None if v is None else float(f"{v / size:.4g}") for v in values]
        drawn.append(
            {
                "name": place(code),
                "type": "line",
                "data": points,
                "connectNulls": False,
                "color": look.color,
                "lineStyle": {"width": 2.5, "type": look.line},
                "symbol": look.symbol,
                "symbolSize": 7,
                "showAllSymbol": few,
                "showSymbol": True,
                "endLabel": {
                    "show": True,
                    "formatter": short_place(code),
                    "color": colors.ink,
                    "fontWeight": 600,
                    "offset": [0, round(moved[index] - heights[index], 1)],
                },
                "emphasis": {"focus": "series"},
            }
        )
    option = _base(colors, describe(series, result.years))
    option.update(
        {
            "grid": {"left": 8, "right": 40, "top": 58, "bottom": 8, "containLabel": True},
            "legend": {
                "top": 0,
                "left": 0,
                "itemWidth": 34,
                "itemGap": 14,
                "textStyle": {"color": colors.ink, "fontSize": 13},
                "inactiveColor": colors.neutral,
            },
            "tooltip": {
                "trigger": "axis",
                "confine": True,
                "backgroundColor": colors.card,
                "borderColor": colors.grid,
                "textStyle": {"color": colors.ink},
            },
            "xAxis": {
                "type": "category",
                "data": years,
                "boundaryGap": False,
                "axisLine": {"lineStyle": {"color": colors.soft}},
                "axisLabel": {"color": colors.soft, "hideOverlap": True, "margin": 10},
                "axisTick": {"alignWithLabel": True},
            },
            "yAxis": {
                "type": "value",
                "min": 0,
                "max": end,
                "interval": step,
                "name": unit,
                "nameLocation": "end",
                "nameGap": 10,
                "nameTextStyle": {"color": colors.soft, "align": "left", "padding": [0, 0, 0, -8]},
                "axisLabel": {"color": colors.soft},
                "splitLine": {"lineStyle": {"color": colors.grid}},
            },
            "series": drawn,
            # On a phone the legend takes two rows.
            "media": [{"query": {"maxWidth": 340}, "option": {"grid": {"top": 84}}}],
        }
    )
    return option


# Steps of the Sankey: a node's name carries its step, since the same party creates and uses.
_STEP_COLORS = {
    "large_firm": OKABE_ITO[0],
    "sme": OKABE_ITO[4],
    "university": OKABE_ITO[2],
    "assertion_entity": OKABE_ITO[5],
    "investor": "#5f6b78",
    "abroad": "#8a97a6",
    "granted": OKABE_ITO[2],
    "ended": "#5f6b78",
    "refused": OKABE_ITO[5],
    "withdrawn": OKABE_ITO[1],
    "pending": OKABE_ITO[4],
    "licensed": OKABE_ITO[0],
    "sold": OKABE_ITO[3],
    "other_deal": OKABE_ITO[1],
    "own": "#8a97a6",
}


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


def _sankey(nodes: list[Option], edges: list[Option], colors: Palette, sentence: str) -> Option:
    option = _base(colors, sentence)
    option.update(
        {
            "tooltip": {
                "trigger": "item",
                "confine": True,
                "backgroundColor": colors.card,
                "borderColor": colors.grid,
                "textStyle": {"color": colors.ink},
            },
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
                        "rich": {"amount": {"color": colors.soft, "fontSize": 12}},
                    },
                    "data": nodes,
                    "links": edges,
                }
            ],
        }
    )
    return option


def _nodes_and_edges(
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


def _rank(words: tuple[str, ...], word: str) -> int:
    return words.index(word) if word in words else len(words)


def sankey_rights(result: Result, colors: Palette, office: str = "") -> Option:
    """Draw the way of rights: creators, offices, outcomes, trade, users; amounts are real rights."""
    orders = (PARTIES, (*result.places, "row"), OUTCOMES, TRADES, PARTIES)

    def color(step: int, word: str) -> str:
        if step == OFFICE:
            return mark(result.places.index(word)).color if word in result.places else colors.neutral
        return _STEP_COLORS.get(word, colors.neutral)

    nodes, edges = _nodes_and_edges(
        chain_links(chain_flows(result, office)), node_word, color, lambda step, word: _rank(orders[step], word)
    )
    return _sankey(nodes, edges, colors, describe_chain(result, office))


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
        return _STEP_COLORS[word]

    nodes, edges = _nodes_and_edges(
        deal_links(result, side),
        lambda step, word: deal_word(step, word, side),
        color,
        lambda step, word: _rank(middle if step == 1 else ends, word),
    )
    return _sankey(nodes, edges, colors, describe_deals(result))


def chain_widths(result: Result, years: int = 5) -> dict[str, list[float | None]]:
    """Return how wide each place's chain is at each stage, relative to the place's own mean over the stages.

    share_jk = x_jk / sum_j x_jk is place j's share of stage k among the jurisdictions shown, x the mean of the last
    ``years`` years; width_jk = share_jk / mean_k share_jk. 1 is a chain as wide here as on average; units cancel.
    """
    amounts: dict[str, list[float]] = {code: [] for code in result.places}
    for _, indicator in CHAIN:
        for code, values in result.series[indicator].values.items():
            last = [v for v in values[-years:] if v is not None]
            amounts[code].append(sum(last) / len(last) if last else 0.0)
    totals = [sum(amounts[code][k] for code in result.places) for k in range(len(CHAIN))]
    out: dict[str, list[float | None]] = {}
    for code in result.places:
        shares = [amounts[code][k] / totals[k] if totals[k] > 0 else None for k in range(len(CHAIN))]
        known = [share for share in shares if share is not None]
        mean = sum(known) / len(known) if known else 0.0
        out[code] = [share / mean if share is not None and mean > 0 else None for share in shares]
    return out


def describe_widths(code: str, widths: list[float | None]) -> str:
    """Return one data sentence about the chain of one place."""
    parts = [f"{text(f'chain.{stage}')} {number(w, 3)}" for (stage, _), w in zip(CHAIN, widths, strict=True)]
    return text("describe.widths", place=place(code), widths="; ".join(parts))


def spindle(result: Result, code: str, colors: Palette) -> Option:
    """Draw the chain of one place as a spindle: stages from top to bottom, the bar as wide as the chain is there."""
    widths = chain_widths(result)
    top = max((w for column in widths.values() for w in column if w is not None), default=1.0) * 1.04
    mine = widths[code]
    look = mark(result.places.index(code))
    option = _base(colors, describe_widths(code, mine))
    option.update(
        {
            "grid": {"left": 0, "right": 0, "top": 4, "bottom": 4, "containLabel": True},
            "xAxis": {"type": "value", "min": 0, "max": top, "show": False},
            "yAxis": {
                "type": "category",
                "inverse": True,
                "data": [text(f"chain.{stage}") for stage, _ in CHAIN],
                "axisLine": {"show": False},
                "axisTick": {"show": False},
                "axisLabel": {"color": colors.ink, "fontSize": 12},
            },
            "series": [
                # An invisible bar in front centers the visible one.
                {
                    "type": "bar",
                    "stack": "width",
                    "silent": True,
                    "itemStyle": {"color": "transparent"},
                    "data": [None if w is None else float(f"{(top - w) / 2:.4g}") for w in mine],
                },
                {
                    "type": "bar",
                    "stack": "width",
                    "silent": True,
                    "barWidth": "76%",
                    "itemStyle": {"color": look.color, "borderRadius": 5},
                    "data": [
                        None if w is None else {"value": float(f"{w:.4g}"), "label": {"formatter": f"{w:.2f}"}}
                        for w in mine
                    ],
                    "label": {
                        "show": True,
                        "position": "inside",
                        "color": ink_on(look.color),
                        "fontWeight": 600,
                        "fontSize": 12,
                    },
                },
            ],
        }
    )
    return option
