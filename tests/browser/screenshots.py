"""Pictures of the dashboard at several widths, light and dark; ``make screenshots`` writes them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.visits import ARGUMENTS, CHROMIUM, PATIENCE, ROOT, Visitors, start_server, stop_server

VIEWS = (
    (360, "light"),
    (360, "dark"),
    (768, "light"),
    (1280, "light"),
    (1280, "dark"),
    (1920, "light"),
    (1920, "dark"),
)
SERVE = """
from ecosystem.dashboard.serve import main
if __name__ == "__main__":
    main(port={{port}}, browser=False, scales=({scale},))
"""
TABS = {
    "explore": "first", "compare": "trade-off", "flows": "profile-coupling", "world": "filed", "method": "", "teach": "",
}  # fmt: skip
"""Tabs pictured, each with a chart to wait for; two show none at first."""
FINISHED = "() => ![...document.querySelectorAll('.eco-status')].some(e => /\\d of \\d+ pairs/.test(e.innerText))"
"""True on the page when all pairs of runs are in."""


def main() -> int:
    """Take the pictures; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=int, default=500, help="scale of the baseline shown")
    options.add_argument("--out", type=Path, default=ROOT / "screenshots")
    chosen = options.parse_args()
    if not CHROMIUM.exists():
        sys.stderr.write(f"There is no Chromium at {CHROMIUM}: install it, or name one with CHROMIUM=/path.\n")
        return 2
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tool:
        server = start_server(Path(folder), SERVE.format(scale=chosen.scale))
        browser = tool.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            visitors = Visitors(browser, server)
            for tab, chart in TABS.items():
                for width, scheme in VIEWS:
                    visit = visitors.enter(width=width, scheme=scheme, search=f"?tab={tab}", chart=chart)
                    page = visit.page
                    page.wait_for_function(FINISHED, timeout=1000 * PATIENCE)
                    page.wait_for_timeout(1500)
                    # A sticky column would hang in the middle of a long picture.
                    page.add_style_tag(content=".eco-side { position: static !important; }")
                    path = chosen.out / f"{tab}_{width}_{scheme}.png"
                    page.screenshot(path=str(path), full_page=True)
                    sys.stdout.write(f"{path}\n")
                    visit.context.close()
        finally:
            browser.close()
            stop_server(server.process)
    return 0


if __name__ == "__main__":
    sys.exit(main())
