"""Native controls of every tab: a select with groups of options, and a button; the options that several tabs offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import solara

from ecosystem.dashboard.catalog import INDICATOR_GROUPS
from ecosystem.dashboard.effects import title
from ecosystem.dashboard.text import text
from ecosystem.domain.indicators import INDICATORS
from ecosystem.scenario import known_measures


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


def indicator_groups() -> list[dict[str, Any]]:
    """Return the indicators of the page in their groups as the groups of a `Pick`."""
    return [
        {
            **one_group([(one, title(one)) for one in members if one in INDICATORS])[0],
            "label": text(f"indicator_groups.{name}"),
        }
        for name, members in INDICATOR_GROUPS.items()
    ]


def direct_group() -> dict[str, Any]:
    """Return the indicators that a measure claims to move and no other group holds, as one more group."""
    listed = {one for members in INDICATOR_GROUPS.values() for one in members}
    direct = sorted({m.indicator for m in known_measures().values()} - listed, key=title)
    return {
        **one_group([(one, title(one)) for one in direct if one in INDICATORS])[0],
        "label": text("indicator_groups.direct"),
    }
