"""How the page looks: colors, line types and markers that also differ without color, and what Solara must not do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"

# Okabe & Ito (2008), "Color universal design": distinct for all common kinds of color vision.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
LINES: tuple[str | list[int], ...] = ("solid", [9, 4], [2, 3], [9, 3, 2, 3], [5, 5], [14, 4], [4, 2])
SYMBOLS = ("circle", "triangle", "diamond", "rect", "pin", "roundRect", "arrow")
FONT = "Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colors of chart furniture on a light or a dark page."""

    ink: str
    soft: str
    grid: str
    card: str
    neutral: str


LIGHT = Palette(ink="#1b2733", soft="#52606d", grid="#e3e8ee", card="#ffffff", neutral="#8a97a6")
DARK = Palette(ink="#e8edf2", soft="#a9b6c3", grid="#33404d", card="#17212b", neutral="#7d8b9a")


def palette(dark: bool) -> Palette:
    """Return the colors for a light or a dark page."""
    return DARK if dark else LIGHT


@dataclass(frozen=True, slots=True)
class Mark:
    """How one place is drawn: color, line type and marker."""

    color: str
    line: str | list[int]
    symbol: str


def mark(index: int) -> Mark:
    """Return the mark of the ``index``-th place; marks repeat after seven places."""
    return Mark(OKABE_ITO[index % 7], LINES[index % 7], SYMBOLS[index % 7])


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2), 0 black to 1 white."""
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors (WCAG 2.2), 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def ink_on(color: str) -> str:
    """Return white or the darkest ink, whichever reads better on ``color``."""
    return max("#ffffff", "#101820", key=lambda ink: contrast(ink, color))


def settle_solara(title: str) -> None:
    """Keep Solara from calling home and give it our style files; safe to call more than once.

    Environment variables (see `serve`) do the same earlier; this makes ``solara run app.py`` equal.
    """
    import solara.checks
    import solara.server.settings as settings

    # The check of an installation puts hidden frames of another site into the page.
    solara.checks.should_perform_solara_check = lambda: False
    settings.telemetry.mixpanel_enable = False
    settings.theme.show_banner = False
    settings.theme.loader = "plain"
    settings.theme.title = title
    if str(ASSETS) not in settings.assets.extra_locations:
        settings.assets.extra_locations = [*settings.assets.extra_locations, str(ASSETS)]
