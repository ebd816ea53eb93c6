"""Units in words: how large the numbers of a series are, what they count, in which time."""

from __future__ import annotations

from ecosystem.dashboard.results import Series
from ecosystem.dashboard.text import magnitude


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
