"""Native controls of the tabs Compare and Flows: a select with groups of options, and a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import solara


@solara.component_vue("vue/pick.vue")
def Pick(
    label: str, value: str, groups: list[dict[str, Any]], event_choose: Callable[[str], None], name: str = ""
) -> None:
    """A native select; groups are {label, options: [{value, label}]}."""


@solara.component_vue("vue/button.vue")
def Button(label: str, can: bool, event_press: Callable[[Any], None]) -> None:
    """A native button."""


def one_group(options: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return options (value, label) as the single group of a `Pick`."""
    return [{"label": "", "options": [{"value": value, "label": label} for value, label in options]}]
