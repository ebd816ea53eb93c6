"""What a scenario changes against its baseline, one line each, in plain words."""

from __future__ import annotations

from typing import Any

from ecosystem.dashboard import panel
from ecosystem.dashboard.text import number, place, text
from ecosystem.scenario import Scenario, declared_parameters


def changes(scenario: Scenario) -> list[dict[str, Any]]:
    """Return what differs from the baseline, one line each, with a key to take it back."""
    out: list[dict[str, Any]] = []
    for use in scenario.measures:
        out += [
            {
                "key": f"measure|{use.id}|{code}",
                "place": place(code),
                "text": panel.use_words(use, code),
                "amber": False,
            }
            for code in use.on
        ]
    for code, levers in scenario.levers.items():
        out += [
            {"key": f"lever|{name}|{code}", "place": place(code), "text": f"{name} = {value:g}", "amber": False}
            for name, value in levers.items()
        ]
    for code, limit in scenario.budgets.items():
        words = text("changes.budget", limit=number(limit))
        out.append({"key": f"budget|{code}|", "place": place(code), "text": words, "amber": False})
    for name, value in scenario.parameters.items():
        usual = declared_parameters()[name].value
        words = text("changes.assumption", name=name, value=f"{value:g}", usual=f"{usual:g}")
        out.append({"key": f"parameter|{name}|", "place": text("changes.assumed"), "text": words, "amber": True})
    return out
