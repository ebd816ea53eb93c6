"""Finished runs by year, in memory and on disk: a run is never computed twice, and tomorrow's page opens at once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ecosystem.dashboard import store
from ecosystem.lab.model import model_digest
from ecosystem.lab.yearly import Yearly

FORMAT = 1
"""Raise when the stored form changes."""
MOST_BYTES = 500_000_000
"""Of runs in memory, and of their files on disk; the least used go first."""
PRUNE_EVERY = 50


def name_of(scenario_key: str, seed: int, outputs: Sequence[str]) -> str:
    """Return what tells a run from all others: scenario, seed, indicators, model."""
    content = json.dumps([FORMAT, model_digest(), scenario_key, seed, list(outputs)])
    return hashlib.sha256(content.encode()).hexdigest()[:40]


def write(run: Yearly, path: Path) -> None:
    """Store a run; a folder that cannot be written is not an error."""
    about = {"names": run.names, "places": run.places, "scale": run.scale}
    paid = list(run.outlays)
    amounts = np.array([run.outlays[key] for key in paid]) if paid else np.zeros((0, run.years))
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(
                file, top=run.top, bottom=run.bottom, amounts=amounts, about=np.array(json.dumps([about, paid]))
            )
        Path(part).replace(path)


def read(path: Path) -> Yearly | None:
    """Return a stored run; None when there is none or its file cannot be read."""
    try:
        # Never pickled content: a damaged or planted file is at worst a run that is computed again.
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            about, paid = json.loads(str(file["about"]))
            top, bottom, amounts = (np.asarray(file[key], np.float64) for key in ("top", "bottom", "amounts"))
        names, places = tuple(about["names"]), tuple(about["places"])
        if top.shape != bottom.shape or top.shape[1:] != (len(names), len(places)) or len(paid) != len(amounts):
            return None
        outlays = {(str(m), str(code)): row for (m, code), row in zip(paid, amounts, strict=True)}
        with contextlib.suppress(OSError):
            os.utime(path)
        return Yearly(names, places, top, bottom, float(about["scale"]), outlays)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def size(run: Yearly) -> int:
    """Return the bytes of a run in memory."""
    return run.top.nbytes + run.bottom.nbytes + sum(a.nbytes for a in run.outlays.values())


@dataclass
class Shelf:
    """Runs by name."""

    most: int = MOST_BYTES
    _runs: OrderedDict[str, Yearly] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _written: int = 0

    def held(self, name: str) -> Yearly | None:
        """Return a run from memory."""
        with self._lock:
            run = self._runs.get(name)
            if run is not None:
                self._runs.move_to_end(name)
            return run

    def find(self, name: str) -> Yearly | None:
        """Return a run from memory or disk."""
        run = self.held(name)
        if run is None:
            run = read(self._path(name))
            if run is not None:
                self.keep(name, run)
        return run

    def keep(self, name: str, run: Yearly) -> None:
        """Take a run into memory."""
        with self._lock:
            if name not in self._runs:
                self._bytes += size(run)
            self._runs[name] = run
            while self._bytes > self.most and len(self._runs) > 1:
                _, old = self._runs.popitem(last=False)
                self._bytes -= size(old)

    def put(self, name: str, run: Yearly) -> None:
        """Write a run to disk."""
        write(run, self._path(name))
        self._written += 1
        if self._written % PRUNE_EVERY == 0:
            self.prune()

    def prune(self) -> None:
        """Remove the least used files beyond the limit."""
        with contextlib.suppress(OSError):
            files = [(path.stat().st_mtime, path.stat().st_size, path) for path in self._folder().glob("*.npz")]
            total = 0
            for _, length, path in sorted(files, key=lambda item: item[0], reverse=True):
                total += length
                if total > self.most:
                    path.unlink(missing_ok=True)

    @staticmethod
    def _folder() -> Path:
        return store.folder() / "runs"

    def _path(self, name: str) -> Path:
        return self._folder() / f"{name}.npz"
