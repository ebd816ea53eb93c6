"""``ecosystem app``: the dashboard in a browser."""

from __future__ import annotations

import click

from ecosystem.kernel.errors import InputError


@click.command(short_help="Open the dashboard in a browser.")
@click.option("--port", type=int, default=8765, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--no-browser", is_flag=True, help="Start the server only.")
def app(port: int, host: str, no_browser: bool) -> None:
    """Start the dashboard; the page opens with a finished baseline on it. Stop with Ctrl+C.

    \b
    Examples:
      ecosystem app
      ecosystem app --port 9000 --no-browser
    """
    if not 1 <= port <= 65535:
        raise InputError(f"The port {port} is outside its range", where="--port", allowed="1 to 65535")
    from ecosystem.dashboard.serve import main

    try:
        main(host=host, port=port, browser=not no_browser)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("The dashboard was stopped.") from None
