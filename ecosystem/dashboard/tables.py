"""Tables beside the charts: the same numbers as HTML, for reading, copying and screen readers."""

from __future__ import annotations

from html import escape

from ecosystem.dashboard.catalog import CHAIN
from ecosystem.dashboard.charts.deals import deal_links, deal_word
from ecosystem.dashboard.charts.rights import chain_flows, chain_links, node_word
from ecosystem.dashboard.charts.spindle import chain_widths
from ecosystem.dashboard.results import Result
from ecosystem.dashboard.text import compact, number, place, text
from ecosystem.dashboard.units import unit_words


def table(caption: str, head: list[str], rows: list[list[str]], label: int = 1) -> str:
    """Return one HTML table; the first ``label`` cells of a row are its header."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{escape(cell)}</th>' if k < label else f"<td>{escape(cell)}</td>"
            for k, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="eco-table" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def lines_table(result: Result, indicator: str) -> str:
    """Return the yearly values of one indicator by place."""
    series = result.series[indicator]
    size, unit = unit_words(series)
    columns = list(series.values)
    rows = [
        [str(year), *(number(None if (v := series.values[c][k]) is None else v / size, 4) for c in columns)]
        for k, year in enumerate(result.years)
    ]
    return table(unit, [text("table.year"), *(place(c) for c in columns)], rows)


def rights_table(result: Result, office: str = "") -> str:
    """Return the links of the Sankey of rights, largest first within each step."""
    found = chain_links(chain_flows(result, office))
    order = sorted(found.items(), key=lambda item: (item[0][0], -item[1]))
    rows = [
        [text(f"flows.step_{step}"), node_word(step, a), node_word(step + 1, b), compact(amount)]
        for (step, a, b), amount in order
    ]
    return table(
        text("flows.caption"),
        [text("flows.step"), text("flows.from"), text("flows.to"), text("flows.amount")],
        rows,
    )


def deals_table(result: Result, side: int) -> str:
    """Return the links of the Sankey of deals, largest first within each step."""
    order = sorted(deal_links(result, side).items(), key=lambda item: (item[0][0], -item[1]))
    rows = [
        [
            text("deals.given" if step == 0 else "deals.taken"),
            deal_word(step, a, side),
            deal_word(step + 1, b, side),
            compact(amount),
        ]
        for (step, a, b), amount in order
    ]
    return table(
        text("deals.caption"),
        [text("flows.step"), text("flows.from"), text("flows.to"), text("deals.amount")],
        rows,
    )


def chain_table(result: Result) -> str:
    """Return the relative widths of all chains."""
    widths = chain_widths(result)
    rows = [
        [text(f"chain.{stage}"), *(number(widths[code][k], 3) for code in result.places)]
        for k, (stage, _) in enumerate(CHAIN)
    ]
    return table(text("chain.caption"), [text("chain.stage"), *(place(code) for code in result.places)], rows)
