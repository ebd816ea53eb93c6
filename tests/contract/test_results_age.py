"""Committed results name the model they came from; those that are older than the code are listed."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from ecosystem.dashboard.lessons.recorded import digests
from ecosystem.lab.model import model_digest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ("docs/facts.md", "docs/start_table.md", "docs/transplant.md")
"""Pages and files that hold results of runs."""


def test_every_result_names_its_model_and_the_old_ones_are_listed() -> None:
    now = model_digest()
    old = []
    for name in RESULTS:
        named = re.search(r"model `([0-9a-f]{16})`", (ROOT / name).read_text(encoding="utf-8"))
        assert named, f"{name} does not say which model it came from"
        if named[1] != now:
            old.append(f"{name} ({named[1]}, now {now})")
    for name, model in digests().items():
        assert re.fullmatch("[0-9a-f]{16}", model), f"lessons/{name} does not say which model it came from"
        if model != now:
            old.append(f"ecosystem/dashboard/lessons/{name} ({model}, now {now})")
    if old:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn(f"results older than the code, to be made again: {', '.join(old)}", stacklevel=1)


def test_no_result_is_missing_from_the_list() -> None:
    """Every page under docs that carries a model digest is on the list."""
    pages = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "docs").rglob("*.md")
        if re.search(r"model `[0-9a-f]{16}`", path.read_text(encoding="utf-8"))
    }
    assert pages <= set(RESULTS)
