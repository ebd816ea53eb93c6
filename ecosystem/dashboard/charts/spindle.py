"""The chain from science to the market of one place, as wide at each stage as it is there."""

from __future__ import annotations

from ecosystem.dashboard.catalog import CHAIN
from ecosystem.dashboard.charts.frame import Option, frame
from ecosystem.dashboard.results import Result
from ecosystem.dashboard.text import number, place, text
from ecosystem.dashboard.theme import Palette, ink_on, mark


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
    option = frame(colors, describe_widths(code, mine))
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
