"""The form of tab World: every form becomes a choice or is answered in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.dashboard.choice import JURISDICTIONS, Choice, read_choice
from ecosystem.kernel.errors import InputError

GOOD = {"jurisdictions": ["us", "jp"], "years": 5, "scale": 5000, "seed": 3}


def test_a_good_form_becomes_a_choice_in_the_order_of_the_places() -> None:
    assert read_choice({**GOOD, "jurisdictions": ["jp", "us"]}) == Choice(("us", "jp"), 5, 5000, 3)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"jurisdictions": []}, "at least one"),
        ({"jurisdictions": ["xx"]}, "no jurisdiction named 'xx'"),
        ({"jurisdictions": "us"}, "at least one"),
        ({"years": 0}, "Years 0 is outside the range"),
        ({"years": 51}, "1 to 50"),
        ({"years": ""}, "Years is not a number"),
        ({"years": 2.5}, "outside the range"),
        ({"scale": 7}, "Scale 7 is outside"),
        ({"scale": 777}, "not offered"),
        ({"seed": -1}, "Seed -1"),
        ({"seed": float("nan")}, "Seed is not a number"),
        ({"seed": float("inf")}, "Seed is not a number"),
    ],
)
def test_a_bad_form_is_answered_in_words(part: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_choice({**GOOD, **part})


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=3))


@given(st.fixed_dictionaries({key: anything for key in GOOD}))
def test_no_form_breaks_the_page(form: dict[str, object]) -> None:
    try:
        choice = read_choice(form)
    except InputError:
        return
    assert set(choice.jurisdictions) <= set(JURISDICTIONS)
    assert 1 <= choice.years <= 50
