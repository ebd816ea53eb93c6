"""What a visitor takes along from a tab: the brief of what is shown, written when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import solara

from ecosystem.dashboard.brief import Part, brief, file_name, name_of
from ecosystem.dashboard.text import text, words_of


@solara.component_vue("vue/brief.vue")
def _Brief(
    words: dict[str, str],
    can: bool,
    sent: dict[str, Any],
    about: str,
    event_write: Callable[[Any], None],
) -> None: ...


@solara.component
def BriefButton(
    parts: Sequence[Part], code: str, shown: Sequence[str] = (), notes: Sequence[str] = (), name: str = ""
) -> None:
    """A button that writes a brief of these scenarios and hands it to the browser as a file.

    Args:
        parts: what is written about; without any the button waits.
        code: the place shown.
        shown: indicators drawn first.
        notes: what the reader must know about these numbers.
        name: of the file, if it is not that of the first scenario.
    """
    sent, set_sent = solara.use_state({"n": 0, "page": "", "file": ""})

    def write(_: Any = None) -> None:
        if parts:
            file = file_name(name or name_of(parts[0]))
            set_sent({"n": int(str(sent["n"])) + 1, "page": brief(parts, code, shown, notes), "file": file})

    about = " ".join([code, *shown, *(f"{part.scenario.key()} {part.pairs}" for part in parts)])
    words = {**words_of("brief", "write", "writing", "open"), "ready": text("brief.ready", file="FILE")}
    _Brief(words=words, can=bool(parts), sent=sent, about=about, event_write=write)
