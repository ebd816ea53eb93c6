"""A dashboard of its own and visitors to it; every request to another machine is blocked and noted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 240
"""Seconds for the first baseline: compiled functions may not be cached yet on a new machine."""
SERVE = """
from ecosystem.dashboard import share
from ecosystem.dashboard.engine import ENGINE, Plan
from ecosystem.dashboard.serve import main
share.START["years"] = 4  # short worlds, so that the tests wait for the page and not for the model
ENGINE.quick, ENGINE.full = Plan("quick", 0, 5000.0, 3, 1), Plan("full", 1, 5000.0, 12, 4)
if __name__ == "__main__":
    main(port={port}, browser=False, scales=(5000,))
"""


@dataclass
class Server:
    """A running dashboard."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]


@dataclass
class Visit:
    """One visitor: a page, and everything that went wrong on it."""

    page: Page
    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    def watch(self, home: str) -> None:
        """Block and note every request to another host, every HTTP error and every error of the page."""
        host = urlsplit(home).netloc

        def gate(route: Route) -> None:
            parts = urlsplit(route.request.url)
            if parts.netloc == host or parts.scheme in ("data", "blob"):
                route.continue_()
            else:
                self.faults.append(f"external request: {route.request.url}")
                route.abort()

        self.context.route("**/*", gate)
        page = self.page
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("websocket", lambda w: host in w.url or self.faults.append(f"external socket: {w.url}"))
        page.on("response", lambda r: r.status < 400 or self.faults.append(f"HTTP {r.status}: {r.url}"))
        page.on("console", lambda m: m.type != "error" or self.faults.append(f"console error: {m.text[:300]}"))


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def start_server(folder: Path, code: str = SERVE) -> Server:
    """Start a dashboard with an empty cache and wait until it answers; its output goes to a file."""
    port = free_port()
    environment = {**os.environ, "ECOSYSTEM_CACHE_DIR": str(folder / "cache")}
    environment.pop("PYTEST_CURRENT_TEST", None)
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code.format(port=port)], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{port}/"
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return Server(url, log, process)
        except OSError:
            time.sleep(0.2)
    stop_server(process)
    raise AssertionError(f"the server did not answer:\n{log.read_text(errors='replace')}")


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """End a server and wait for it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)


def accessible(page: Page) -> list[str]:
    """Return the critical and serious findings of axe: none on an accessible page."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['impact']} {v['id']}: {[n['target'] for n in v['nodes'][:3]]}"
        for v in found
        if v["impact"] in ("critical", "serious")
    ]


@dataclass
class Visitors:
    """Opens visits and closes them at the end of a test."""

    browser: Browser
    server: Server
    open: list[Visit] = field(default_factory=list)

    def enter(
        self,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        search: str = "?tab=world",
        chart: str = "filed",
        tour: bool = False,
    ) -> Visit:
        """Open a tab as someone new and wait for one of its charts, without a click; for the tab alone without one.

        Args:
            tour: the visitor has not seen the tour yet.
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        if not tour:
            context.add_init_script("localStorage.setItem('ecosystem:tour', 'seen')")
        visit = Visit(context.new_page(), context)
        self.open.append(visit)
        visit.watch(self.server.url)
        visit.page.goto(self.server.url + search)
        awaited = f"[data-testid=chart-{chart}] canvas" if chart else "main[data-testid]"
        visit.page.wait_for_selector(awaited, timeout=1000 * PATIENCE)
        return visit
