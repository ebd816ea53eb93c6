"""Recorded runs of the lessons: the yearly values of every pair, so that effects come from the same functions as anywhere.

Files are written by ``python -m ecosystem.dashboard.lessons record`` and carry the digest of the model they came from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ecosystem.dashboard.lessons import FOLDER, Lesson, known_lessons
from ecosystem.lab.compare import CLEAR, Comparison, compare
from ecosystem.lab.model import model_digest
from ecosystem.lab.yearly import Yearly
from ecosystem.scenario import Scenario

RECORDED = FOLDER / "recorded"
DIGITS = 10
"""Significant digits kept: far more than are shown, so that small differences of large numbers survive."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded for one lesson.

    Attributes:
        model: digest of the model that made it.
        version: its release.
        made: day, ISO 8601.
        runs: comparison by id of the lesson's run.
    """

    model: str
    version: str
    made: str
    runs: dict[str, Comparison]

    @property
    def old(self) -> bool:
        """True when the model has changed since."""
        return self.model != model_digest()


def outcome(verdict: str) -> str:
    """Return what a verdict means for a prediction: higher, lower, or unclear."""
    return verdict if verdict in CLEAR else "unclear"


def pinned(lesson: Lesson) -> dict[str, Any]:
    """Return everything of a lesson that decides its numbers; a record holds it to be told apart from other runs."""
    p = lesson.pinned
    return {
        "seed": p.seed, "pairs": p.pairs, "scale": p.scale, "years": p.years, "places": list(p.places),
        "runs": {run.id: {"on": run.on, "measures": dict(run.measures)} for run in lesson.runs.values()},
        "indicators": list(lesson.indicators()), "shown": list(lesson.shown_places()),
    }  # fmt: skip


def _numbers(values: np.ndarray) -> Any:
    if values.ndim == 1:
        return [None if np.isnan(v) else float(f"{v:.{DIGITS}g}") for v in values]
    return [_numbers(part) for part in values]


def _array(content: Any) -> np.ndarray:
    return np.array(content, dtype=np.float64)  # None becomes NaN


def _pack(run: Yearly, names: Sequence[str], places: Sequence[str]) -> dict[str, Any]:
    """Return the chosen indicators and places of a run as plain data; the last place stays the sum of all."""
    i = [run.names.index(name) for name in names]
    j = [run.places.index(code) for code in (*places, "all")]
    top, bottom = (a[:, i][:, :, j] for a in (run.top, run.bottom))
    ratios = [k for k in range(len(names)) if not np.isnan(bottom[:, k]).all()]
    outlays = {f"{name}@{code}": _numbers(v) for (name, code), v in run.outlays.items() if code in places}
    return {"top": _numbers(top), "bottom": {names[k]: _numbers(bottom[:, k]) for k in ratios}, "outlays": outlays}


def _unpack(content: dict[str, Any], names: Sequence[str], places: Sequence[str], scale: float) -> Yearly:
    top = _array(content["top"])
    bottom = np.full(top.shape, np.nan)
    for name, values in content["bottom"].items():
        bottom[:, names.index(name)] = _array(values)
    outlays = {(key.split("@")[0], key.split("@")[1]): _array(v) for key, v in content["outlays"].items()}
    return Yearly(tuple(names), (*places, "all"), top, bottom, scale, outlays)


Compare = Callable[..., Comparison]


def record(lesson: Lesson, *, workers: int | None = None, compare: Compare = compare) -> dict[str, Any]:
    """Run a lesson's experiments and return what its file holds.

    Args:
        workers: processes; None for one a processor.
    """
    from ecosystem import __version__

    p, names, places = lesson.pinned, lesson.indicators(), lesson.shown_places()
    base: list[dict[str, Any]] = []
    runs: dict[str, list[dict[str, Any]]] = {}
    for id in lesson.runs:
        found = compare(lesson.base(), lesson.scenario(id), p.pairs, seed=p.seed, outputs=names, workers=workers)
        base = [_pack(b, names, places) for b, _ in found.runs]
        runs[id] = [_pack(s, names, places) for _, s in found.runs]
    return {
        "lesson": lesson.id, "model": model_digest(), "version": __version__,
        "made": datetime.now(UTC).date().isoformat(), "pinned": pinned(lesson), "base": base, "runs": runs,
    }  # fmt: skip


def read(lesson: Lesson, content: dict[str, Any]) -> Record:
    """Return a record from the content of its file."""
    names, places, scale = lesson.indicators(), lesson.shown_places(), lesson.pinned.scale
    base = [_unpack(item, names, places, scale) for item in content["base"]]
    seeds = tuple(range(lesson.pinned.seed, lesson.pinned.seed + len(base)))
    runs = {}
    for id, items in content["runs"].items():
        pairs = list(zip(base, [_unpack(item, names, places, scale) for item in items], strict=True))
        scenario: Scenario = lesson.scenario(id)
        runs[id] = Comparison(lesson.base(), scenario, seeds, pairs, [])
    return Record(content["model"], content["version"], content["made"], runs)


def path_of(lesson: Lesson, folder: Path = RECORDED) -> Path:
    """Return where a lesson's record lies."""
    return folder / f"{lesson.id}.json"


def write(content: dict[str, Any], path: Path) -> None:
    """Write a record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")


@cache
def recorded(id: str) -> Record | None:
    """Return the record of a lesson; None where there is none or it belongs to another state of the lesson."""
    lesson = known_lessons()[id]
    try:
        content = json.loads(path_of(lesson).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return read(lesson, content) if content["pinned"] == pinned(lesson) else None


def digests() -> dict[str, str]:
    """Return the model digest of every record by path relative to this package."""
    return {
        f"recorded/{path.name}": json.loads(path.read_text(encoding="utf-8"))["model"]
        for path in sorted(RECORDED.glob("*.json"))
    }
