"""Results on disk: a damaged or foreign file is no result."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecosystem.dashboard import store
from ecosystem.dashboard.choice import Choice
from tests.browser.made_up import made_up

RESULT = made_up(Choice())


def test_a_damaged_or_foreign_file_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    choice = Choice()
    assert store.load(choice) is None
    store.save(RESULT)
    assert store.load(choice) == RESULT
    (path,) = (tmp_path / "dashboard").glob("*.json")
    whole = path.read_bytes()
    for damage in (b"", whole[: len(whole) // 2], b"[]", b'{"format": 0}', b'{"format": 1}', b"\xff\xfe\x00"):
        path.write_bytes(damage)
        assert store.load(choice) is None
    monkeypatch.setattr(store, "model_digest", lambda: "another model")
    path.write_bytes(whole)
    assert store.load(choice) is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(blocked))
    store.save(RESULT)
    assert store.load(RESULT.choice) is None
