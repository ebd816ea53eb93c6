"""Running one run again from its folder or archive, and saying whether it comes out the same."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecosystem.kernel.errors import InputError
from ecosystem.lab.experiment.plan import RunId
from ecosystem.lab.model import model_digest
from ecosystem.lab.runner.job import Job, Work
from ecosystem.lab.store.database import Database
from ecosystem.lab.store.folder import PLAN, RUNS, Folder

INSIDE = "results/"
"""Folder of an archive that holds plan and database."""
WANTED = (PLAN, RUNS, "transplant.json", "explain.json")
EQUAL, CLOSE, DIFFERENT = "equal", "equal to 1e-9", "different"
NEAR = 1e-9
MOST_BYTES = 8 << 30
Row = tuple[str, str, str, int]


@dataclass(frozen=True)
class Rerun:
    """What a repeated run showed.

    Attributes:
        verdict: equal (bit for bit), equal to 1e-9 (relative), or different.
        values: compared; differing: of them; largest: greatest relative difference.
        where: the first places that differ: (indicator, jurisdiction, sector, year), stored value, value now.
        same_model: the installed model is the one of the plan.
    """

    run_key: str
    variant: str
    id: RunId
    verdict: str
    values: int
    differing: int
    largest: float
    where: tuple[tuple[Row, float, float], ...]
    same_model: bool

    def to_dict(self) -> dict[str, object]:
        """Return it as plain data."""
        return {
            "run_key": self.run_key, "variant": self.variant, "point": self.id[1], "replicate": self.id[2],
            "verdict": self.verdict, "values": self.values, "differing": self.differing, "largest": self.largest,
            "where": [{"indicator": w[0], "jurisdiction": w[1], "sector": w[2], "year": w[3], "stored": a, "now": b}
                      for w, a, b in self.where], "same_model": self.same_model,
        }  # fmt: skip


def work_of(folder: Folder) -> Work:
    """Return the function that did the runs of a folder."""
    if (folder.path / "transplant.json").exists():
        from ecosystem.lab.transplant.work import measure_run

        return measure_run
    from ecosystem.lab.runner.worker import simulate

    return simulate


@contextlib.contextmanager
def opened(source: str | Path) -> Iterator[Folder]:
    """Give the folder of an experiment, or of an archive unpacked for the moment.

    Raises:
        InputError: neither a folder of an experiment nor an archive of one.
    """
    source = Path(source)
    if source.is_dir():
        yield Folder.load(source)
        return
    if not source.exists():
        raise InputError("There is no such folder or archive", where=str(source))
    if not zipfile.is_zipfile(source):
        raise InputError("This file is no archive of an experiment", where=str(source),
                         allowed="a folder of 'ecosystem batch run', or a .zip of 'ecosystem batch publish'")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="ecosystem-") as here:
        try:
            with zipfile.ZipFile(source) as archive:
                known = {i.filename: i for i in archive.infolist()}
                for name in WANTED:
                    item = known.get(INSIDE + name)
                    if item is None:
                        continue
                    if item.file_size > MOST_BYTES:
                        raise InputError(
                            f"{name} in the archive is larger than {MOST_BYTES >> 30} GB", where=str(source)
                        )
                    (Path(here) / name).write_bytes(archive.read(item))
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(f"The archive cannot be read: {error}", where=str(source)) from None
        if not (Path(here) / PLAN).exists():
            raise InputError(f"The archive holds no experiment (no {INSIDE}{PLAN})", where=str(source))
        yield Folder.load(here)


def rerun(source: str | Path, key: str, work: Work | None = None) -> Rerun:
    """Do a run again and compare it with what is stored.

    Args:
        source: folder of an experiment, or its published archive.
        key: the run's key, or the first digits of it, at least four.
        work: does the run; what did it first if None.

    Raises:
        InputError: no such run, several, one that failed, or one whose stored key does not fit the plan.
    """
    with opened(source) as folder:
        id, stored_key, digest, before = _stored(folder, key)
        run = folder.plan.run(id)
        if run.key != stored_key:
            raise InputError(f"The key {stored_key} does not fit what the plan says of this run ({run.key})",
                             where=str(source), do="Plan and database do not belong together")  # fmt: skip
        experiment = folder.plan.experiment
        job = Job(run.id, run.scenario, run.seed, experiment.outputs, experiment.sectors)
        outcome = (work or work_of(folder))(job)
        after: dict[Row, float] = {}
        if (s := outcome.series) is not None:
            words = [np.array(s.names[k])[getattr(s, k)] for k in ("indicator", "jurisdiction", "sector")]
            columns = (*(w.tolist() for w in words), s.year.tolist(), s.value.tolist())
            after = {(i, j, c, y): v for i, j, c, y, v in zip(*columns, strict=True)}
        verdict, differing, largest, where = compared(before, after, digest == outcome.digest)
        same = model_digest() == folder.plan.model
        return Rerun(run.key, folder.plan.variants[id[0]], id, verdict, len(before), differing, largest, where, same)


def compared(
    before: dict[Row, float], after: dict[Row, float], same_digest: bool
) -> tuple[str, int, float, tuple[tuple[Row, float, float], ...]]:
    """Return verdict, number of differing values, largest relative difference, and the first five that differ."""
    different, largest = [], 0.0
    exact = True
    for row in sorted(before.keys() | after.keys()):
        a, b = before.get(row, float("nan")), after.get(row, float("nan"))
        if a == b:
            continue
        exact = False
        size = abs(a - b) / max(abs(a), abs(b)) if np.isfinite(a) and np.isfinite(b) else float("inf")
        largest = max(largest, size)
        if not size <= NEAR:
            different.append((row, a, b))
    if exact and same_digest:
        return EQUAL, 0, 0.0, ()
    if different:
        return DIFFERENT, len(different), largest, tuple(different[:5])
    return CLOSE, 0, largest, ()


def _stored(folder: Folder, key: str) -> tuple[RunId, str, str, dict[Row, float]]:
    key = key.strip().lower()
    if len(key) < 4 or any(c not in "0123456789abcdef" for c in key):
        raise InputError(f"{key!r} is no key of a run", where="--run", allowed="four to sixteen hex digits",
                         do="'ecosystem batch export' writes the keys of all runs into runs.csv")  # fmt: skip
    found = []
    for path in folder.databases():
        with Database(path, folder.plan.id) as database:
            query = "SELECT id, variant, point, replicate, run_key, status, digest FROM runs WHERE run_key LIKE ?"
            for number, *id, full, state, digest in database.select(query, (key + "%",)):
                rows = database.select(
                    "SELECT i.name, j.name, c.name, s.year, s.value FROM series s JOIN names i ON i.id = s.indicator "
                    "JOIN names j ON j.id = s.jurisdiction JOIN names c ON c.id = s.sector WHERE s.run = ?", (number,),
                )  # fmt: skip
                values = {(i, j, c, y): v for i, j, c, y, v in rows}
                found.append(((id[0], id[1], id[2]), full, state, digest, values))
    keys = {f[1] for f in found}
    if not found:
        raise InputError(f"No run has the key {key}", where=str(folder.path),
                         do="'ecosystem batch export' writes the keys of all runs into runs.csv")  # fmt: skip
    if len(keys) > 1:
        raise InputError(f"{len(keys)} runs have keys that begin with {key}", where="--run", do="Give more digits")
    run, full, state, digest, values = found[0]
    if state != "done":
        raise InputError(f"Run {full} failed, so there is no result to compare with", where=str(folder.path),
                         do=f"'ecosystem batch status {folder.path} --failed' gives the command that repeats it")  # fmt: skip
    return run, full, digest, values
