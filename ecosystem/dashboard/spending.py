"""What measures cost a government, in words: a size only where the interval leaves out zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecosystem.dashboard.text import number, signed, text
from ecosystem.domain.indicators import INDICATORS
from ecosystem.lab.compare import CLEAR, EQUAL, Comparison, interval, verdict


def extra_outlay(comparison: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and half width of the 95 % interval of the extra public cost, M USD2020 a year, float64 (places + 1,)."""
    each = np.array([replace(comparison, runs=[pair]).extra_outlay() for pair in comparison.runs])
    mean, _, half = interval(each)
    return mean, half


def cost_words(cost: float, half: float, pairs: int) -> str:
    """Return the extra cost of the measures, M USD2020 a year, with its interval: a size only where it is clear.

    Args:
        half: half width of the 95 % interval; NaN before the second pair.
    """
    low, high = cost - half, cost + half
    word = verdict(low, high, cost)
    if pairs < 2:
        return text("budget.one_pair")
    if word == EQUAL:
        return text("budget.equal", pairs=pairs)
    ends = {"low": signed(low, money), "high": signed(high, money), "pairs": pairs}
    if word not in CLEAR:
        return text("budget.unclear", **ends)
    return text("budget.saves" if cost < 0 else "budget.costs", amount=money(abs(cost)), **ends)


def price(name: str, cost: float) -> str:
    """Write the extra public cost of one unit of effect, million USD2020."""
    unit = INDICATORS[name].unit
    if unit == "M USD2020":
        return text("budget.per_money", amount=number(cost))
    return text("budget.per", amount=money(cost), unit=unit)


def money(amount: float) -> str:
    """Write million USD2020 in words."""
    for size, word in ((1e6, "trillion"), (1e3, "billion"), (1.0, "million"), (1e-3, "thousand")):
        if amount >= size:
            return text("budget.money", amount=number(amount / size), word=text(f"budget.{word}"))
    return text("budget.money", amount=number(amount * 1e6), word="").replace("  ", " ")
