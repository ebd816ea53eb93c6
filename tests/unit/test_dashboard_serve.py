"""The launcher: ports and addresses that cannot be used, and nothing that calls home."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ecosystem.dashboard import serve
from ecosystem.kernel.errors import InputError


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} on 127.0.0.1 is already in use.*--port {port + 1}"):
            serve.listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 70000, "not a port"),
        ("no.such.host.invalid", 8765, "cannot be listened on"),
        ("192.0.2.1", 0, "--host 127.0.0.1"),
    ],
)
def test_a_wrong_address_is_told_with_what_to_do(host: str, port: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        serve.listen(host, port)


def test_nothing_calls_home() -> None:
    chosen = serve.settings()
    assert chosen["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] == "False"
    assert chosen["SOLARA_THEME_SHOW_BANNER"] == "False"
    assert chosen["SOLARA_MODE"] == "production"
    assets = Path(chosen["SOLARA_ASSETS_EXTRA_LOCATIONS"])
    for name in ("custom.css", "custom.js", "theme.js"):
        content = (assets / name).read_text(encoding="utf-8")
        assert "http://" not in content
        assert "https://" not in content
