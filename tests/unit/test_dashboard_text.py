"""Words, numbers and colors of the page: three digits, short forms, a missing text names the nearest, contrast."""

from __future__ import annotations

import math
import re

import pytest

from ecosystem.dashboard.text import brief, change, compact, magnitude, number, place, signed, text, with_unit
from ecosystem.dashboard.theme import DARK, LIGHT, OKABE_ITO, contrast, ink_on, mark
from ecosystem.kernel.errors import InputError


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (1234567, "1,230,000"),
        (0.0456, "0.0456"),
        (12.345, "12.3"),
        (-5.5, "−5.50"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_number_keeps_three_digits(value: float | None, written: str) -> None:
    assert number(value) == written


def test_long_numbers_are_written_short() -> None:
    assert compact(1_234_567) == "1.23 million"
    assert compact(999) == "999"
    assert brief(1_234_567) == "1.2M"
    assert brief(5_000) == "5k"
    assert magnitude([None, 3e9]) == (1e9, "billion")
    assert change(100, 150) == "+50 %"
    assert change(100, 40) == "−60 %"
    assert change(100, 100.2) == "±0 %"
    assert change(0, 5) == change(None, 5) == "–"
    assert [with_unit(24, "months"), with_unit(1.6, "1"), with_unit(0.5, "")] == ["24 months", "1.6", "0.5"]


def test_a_difference_has_its_sign() -> None:
    assert [signed(v) for v in (12.34, -5.5, 0.0, math.nan)] == ["+12.3", "−5.50", "0", "–"]
    assert signed(-2_000_000, compact) == "−2.00 million"


def test_a_missing_text_names_the_nearest() -> None:
    with pytest.raises(InputError, match=re.escape("page.tagline")):
        text("page.taglin")
    assert text("page.tagline") == "Compares policies; not a forecast."
    assert place("zz") == "ZZ"


def test_words_read_on_their_ground() -> None:
    """WCAG 2.2 AA: text 4.5 to 1, on light, on dark, and on the colors of the bars."""
    for colors in (LIGHT, DARK):
        assert contrast(colors.ink, colors.card) >= 7
        assert contrast(colors.soft, colors.card) >= 4.5
    for color in OKABE_ITO:
        assert contrast(ink_on(color), color) >= 4.5
    assert len({mark(k).color for k in range(7)}) == 7
