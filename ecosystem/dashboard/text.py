"""Words and numbers for people: sentences come from ``locale/<language>.toml`` and ``locale/<language>/*.toml``."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ecosystem.kernel.errors import unknown

LANGUAGE = "en"
_LOCALE = Path(__file__).parent / "locale"


@lru_cache
def _words(language: str) -> dict[str, str]:
    flat: dict[str, str] = {}

    def walk(branch: dict[str, object], prefix: str) -> None:
        for key, value in branch.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{key}.")
            else:
                flat[prefix + key] = str(value).strip()

    # A tab brings its words in a file of its own beside the common ones.
    for path in (_LOCALE / f"{language}.toml", *sorted((_LOCALE / language).glob("*.toml"))):
        with path.open("rb") as file:
            walk(tomllib.load(file), "")
    return flat


def text(key: str, **slots: object) -> str:
    """Return the sentence at ``key`` with its slots filled.

    Raises:
        InputError: no such sentence.
    """
    words = _words(LANGUAGE)
    if key not in words:
        raise unknown("text", key, words)
    return words[key].format(**slots) if slots else words[key]


def words_of(group: str, *keys: str) -> dict[str, str]:
    """Return sentences of one group by their last word, as the page's own controls take them."""
    return {key: text(f"{group}.{key}") for key in keys}


def known(key: str) -> bool:
    """Return True if there is a sentence at ``key``."""
    return key in _words(LANGUAGE)


def place(code: str) -> str:
    """Return the name of a place; a place without a name in the locale is shown by its code."""
    return _words(LANGUAGE).get(f"places.{code}", code.upper())


def short_place(code: str) -> str:
    """Return the short name that stands at the end of a line: the code in capitals."""
    return _words(LANGUAGE).get(f"short_places.{code}", code.upper())


MAGNITUDES = ((1e9, "billion"), (1e6, "million"), (1e3, "thousand"), (1.0, ""))


def magnitude(values: list[float | None]) -> tuple[float, str]:
    """Return the divisor and its word under which the largest value has one to three digits before the point."""
    top = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    for size, word in MAGNITUDES:
        if top >= size and word:
            return size, word
    return 1.0, ""


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with ``digits`` significant digits and thousands separated; a missing one is a dash."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{min(places, 6)}f}".replace("-", "−")


def signed(value: float, write: Callable[[float], str] = number) -> str:
    """Write a difference with its sign; ``write`` writes its size."""
    if not value or not math.isfinite(value):
        return write(value)
    return ("+" if value > 0 else "−") + write(abs(value))


def with_unit(value: float, unit: str) -> str:
    """Write a value as it was given, with its unit; a pure number, whose unit is 1, stands alone."""
    return f"{value:g}" if unit == "1" else f"{value:g} {unit}".strip()


def compact(value: float | None) -> str:
    """Write a large number short: 1,234,567 is ``1.23 million``."""
    if value is None or not math.isfinite(value):
        return "–"
    size, word = magnitude([value])
    return f"{number(value / size)} {word}".strip()


def brief(value: float) -> str:
    """Write a number as short as a label needs: 1,234,567 is ``1.2M``."""
    size, word = magnitude([value])
    mark = _words(LANGUAGE).get(f"brief.{word}", "") if word else ""
    written = number(value / size, 2 if abs(value / size) < 100 else 3)
    return written.removesuffix(".0") + mark


def change(first: float | None, last: float | None) -> str:
    """Write the relative change between two values in percent with its sign; a dash where there is none."""
    if first is None or last is None or not first or not math.isfinite(first) or not math.isfinite(last):
        return "–"
    percent = 100 * (last / first - 1)
    if abs(percent) < 0.5:
        return "±0 %"
    return f"{'+' if percent > 0 else '−'}{number(abs(percent), 2 if abs(percent) < 100 else 3)} %"
