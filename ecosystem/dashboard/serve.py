"""Starts the dashboard: settings first, then the baseline in a worker, then the server, then the browser."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import tempfile
import threading
import time
import warnings
import webbrowser
from pathlib import Path

import click
from tqdm import tqdm

from ecosystem.dashboard import store
from ecosystem.dashboard.baseline import BASELINE, SCALES
from ecosystem.dashboard.engine import ENGINE, Look
from ecosystem.dashboard.runner import RUNNER
from ecosystem.dashboard.share import start
from ecosystem.dashboard.text import text
from ecosystem.dashboard.theme import ASSETS
from ecosystem.kernel.errors import InputError

BAR = "{desc}: {percentage:3.0f}% |{bar}|"
PATIENCE = 120.0
"""Seconds to wait for the first baseline before the browser opens all the same (the page shows the progress)."""


def settings() -> dict[str, str]:
    """Return the environment under which Solara keeps to itself: no call home, no banner, our style files."""
    home = store.folder() / "solara"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError:
        home = Path(tempfile.mkdtemp(prefix="ecosystem-solara-"))
    return {
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
        "SOLARA_THEME_SHOW_BANNER": "False",
        "SOLARA_THEME_LOADER": "plain",
        "SOLARA_THEME_VARIANT": "light",
        "SOLARA_THEME_TITLE": text("page.title"),
        "SOLARA_MODE": "production",
        "SOLARA_ASSETS_PROXY": "True",
        "SOLARA_ASSETS_EXTRA_LOCATIONS": str(ASSETS),
        "SOLARA_KERNEL_CULL_TIMEOUT": "30m",
        "SOLARA_HOME": str(home),
        "SOLARA_APP": "ecosystem.dashboard.page",
    }


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; port 0 takes a free one.

    Raises:
        InputError: port or address cannot be used, with what to do.
    """
    if not 0 <= port <= 65535:
        raise InputError(text("serve.port_bad", port=port), allowed="0 to 65535")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise InputError(text("serve.host_bad", host=host, words=error), do=text("serve.host_do")) from None
    door = socket.socket(family, kind, proto)
    if os.name == "posix":
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(address)
        door.listen(128)
    except PermissionError as error:
        door.close()
        raise InputError(text("serve.host_bad", host=f"{host}:{port}", words=error.strerror), allowed="") from None
    except OSError as error:
        door.close()
        import errno

        if error.errno == errno.EADDRINUSE:
            raise InputError(
                text("serve.port_taken", port=port, host=host),
                do=text("serve.port_do", other=port + 1 if port < 65535 else 8766),
            ) from None
        raise InputError(text("serve.host_bad", host=host, words=error.strerror), do=text("serve.host_do")) from None
    return door


def follow(look: Look, seconds: float = PATIENCE) -> None:
    """Show on the terminal how far the first worlds are until the page has charts."""
    end = time.monotonic() + seconds
    with tqdm(total=look.total, desc=text("serve.computing"), unit="world", bar_format=BAR, disable=None) as bar:
        while not look.finished and time.monotonic() < end:
            bar.n = look.done
            bar.refresh()
            time.sleep(0.1)
        bar.n = look.done
    if look.problem:
        click.echo(look.problem, err=True)


def main(host: str = "127.0.0.1", port: int = 8765, browser: bool = True, scales: tuple[int, ...] = SCALES) -> None:
    """Serve the dashboard until interrupted.

    Args:
        host: address to listen on; the default answers this computer alone.
        port: 0 takes a free port.
        browser: open the page once its first charts are ready.
        scales: worlds of the baseline of tab World, coarse first.

    Raises:
        InputError: port or address cannot be used.
    """
    door = listen(host, port)
    port = door.getsockname()[1]
    os.environ.update(settings())
    os.environ["SERVER_NAME"], os.environ["SERVER_PORT"] = host, str(port)
    BASELINE.scales = scales
    # The workers start now and simulate the baseline; whoever visits finds it, or waits for the same runs.
    first = ENGINE.look("server", start(), start(), ENGINE.quick)

    import uvicorn

    # On a plain http address Solara sets the stricter cookie by itself and warns each visit.
    warnings.filterwarnings("ignore", message="Cookies with samesite=none require https")
    starlette = importlib.import_module("solara.server.starlette")
    server = uvicorn.Server(uvicorn.Config(starlette.app, log_level="error", lifespan="on"))
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown if host not in ('0.0.0.0', '::') else 'localhost'}:{port}/"

    def welcome() -> None:
        while not server.started:
            time.sleep(0.05)
        follow(first)
        click.echo(text("serve.at", url=url))
        if browser:
            webbrowser.open(url)

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    # The server hands a signal on when it has closed its connections: end in order then, workers included.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
    threading.Thread(target=welcome, daemon=True).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[door])
    finally:
        RUNNER.close()
        ENGINE.close()
        door.close()
