"""The tabs of the page, found without a list: each module here holds one ``TAB``.

A tab's words stand in ``locale/en/<id>.toml`` (at least ``[tabs.<id>] name``), its styles in ``assets/<id>.css``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from ecosystem.dashboard.session import Session
from ecosystem.dashboard.text import known, text
from ecosystem.dashboard.theme import ASSETS


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of the dashboard.

    Attributes:
        id: the word of the URL (``?tab=``) and of the locale.
        order: place in the row of tabs, left to right; the first one opens by default.
        show: a Solara component called with the visitor's session and whether the page is dark.
        scenario: the tab is about the visitor's scenario, so the shell shows undo, share, save and load.
    """

    id: str
    order: int
    show: Callable[[Session, bool], Any]
    scenario: bool = True

    @property
    def name(self) -> str:
        """The tab's name in the language of the page."""
        key = f"tabs.{self.id}.name"
        return text(key) if known(key) else self.id.capitalize()


@cache
def known_tabs() -> tuple[Tab, ...]:
    """Return all tabs in their order."""
    modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(__path__, f"{__name__}.")]
    found: list[Tab] = [module.TAB for module in modules]
    return tuple(sorted(found, key=lambda tab: (tab.order, tab.id)))


@cache
def styles() -> str:
    """Return the styles of all tabs: every file of the assets but the common one."""
    files = sorted(path for path in ASSETS.glob("*.css") if path.name != "custom.css")
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def tab_named(name: str) -> Tab:
    """Return the tab with this id; the first one for any other word."""
    return next((tab for tab in known_tabs() if tab.id == name), known_tabs()[0])
