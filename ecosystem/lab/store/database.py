"""The database of one experiment: SQLite, written by the parent alone, one transaction an attempt.

With a write-ahead log (WAL) a kill at any moment leaves whole runs only. A write-ahead log needs shared memory, which
network file systems lack; there a rollback journal with full synchronization takes its place, slower and as safe.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ecosystem.kernel.errors import InputError
from ecosystem.lab.experiment.plan import Run, RunId
from ecosystem.lab.runner.job import Outcome, Series

SCHEMA = 1
"""Version of the tables; a folder of another version is refused rather than misread."""
_SCHEMA_FILE = Path(__file__).with_name("schema.sql")
_NETWORK = {
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "9p", "ceph", "glusterfs", "lustre", "gpfs", "beegfs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "panfs", "pvfs2", "orangefs", "virtiofs",
}  # fmt: skip
_MOUNTS = Path("/proc/self/mounts")


def on_network(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Return True if a folder lies on a network file system, as far as the system says."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    where = str(folder.resolve())
    best, kind = "", ""
    for line in lines:
        parts = line.split()
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ")
        inside = point == "/" or where == point or where.startswith(point + "/")
        if inside and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind in _NETWORK


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says about a full disk, a forbidden folder or a damaged file into a paragraph for people."""
    kept = "Every run finished before is kept"
    try:
        yield
    except sqlite3.Error as error:
        words, name = str(error), getattr(error, "sqlite_errorname", "")
        where = str(path)
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")) or "disk is full" in words or "disk I/O" in words:
            raise InputError(f"The results cannot be written any more: {words}. {kept}", where=where,
                             do="Free some space (or check the disk) and repeat the same command; it goes on where it "
                             "stopped") from None  # fmt: skip
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise InputError(f"The database of results is damaged ({words})", where=where,
                             do="Move this file away and repeat the same command: the plan is kept and the runs are done "
                             "again") from None  # fmt: skip
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
            raise InputError(f"The results cannot be written: {words}", where=where,
                             do="Choose a folder that you may write to") from None  # fmt: skip
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise InputError(f"Another program holds the database of results ({words})", where=where,
                             do="End it and repeat the same command") from None  # fmt: skip
        raise


class Database:
    """Results of runs in one file.

    Args:
        path: the file; created if it is not there and ``write`` is true.
        experiment: id of the frozen plan; a database of another one is refused.
        write: open for writing.

    Raises:
        InputError: a damaged file, one of another experiment or version, no right to write.
    """

    def __init__(self, path: Path, experiment: str = "", *, write: bool = False) -> None:
        self.path = path
        self._names: dict[tuple[str, str], int] = {}
        with explained(path):
            self.sql = self._connected(write)
            try:
                if write:
                    self._prepare(experiment)
                self._check(experiment)
            except BaseException:
                self.sql.close()
                raise

    def _connected(self, write: bool) -> sqlite3.Connection:
        if write:
            return sqlite3.connect(self.path, isolation_level=None, timeout=30)
        if not self.path.exists():
            raise InputError("There are no results yet", where=str(self.path))
        # In a folder that nobody here may write to, the shared memory of a write-ahead log cannot be made; then the file is
        # read as it is, which is right where no log waits beside it. Elsewhere a run may be writing at this moment.
        log = Path(f"{self.path}-wal")
        still = not os.access(self.path.parent, os.W_OK) and not (log.exists() and log.stat().st_size)
        how = "mode=ro&immutable=1" if still else "mode=ro"
        return sqlite3.connect(f"{self.path.resolve().as_uri()}?{how}", uri=True, isolation_level=None, timeout=30)

    def _prepare(self, experiment: str) -> None:
        """Choose the journal, and make the tables of a new file or check an old one."""
        wal = not on_network(self.path.parent)
        wal = wal and self.sql.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal"
        if not wal:
            self.sql.execute("PRAGMA journal_mode=TRUNCATE")
        self.sql.execute(f"PRAGMA synchronous={'NORMAL' if wal else 'FULL'}")
        self.journal = "wal" if wal else "truncate"
        if not self.sql.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall():
            with self.transaction() as sql:
                for statement in _statements(_SCHEMA_FILE.read_text(encoding="utf-8")):
                    sql.execute(statement)
                sql.executemany("INSERT INTO meta VALUES (?, ?)", [("schema", str(SCHEMA)), ("experiment", experiment)])
        elif (problem := self.sql.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise InputError(f"The database of results is damaged ({' '.join(problem.split())[:200]})",
                             where=str(self.path), do="Move this file away and repeat the same command: the plan is kept "
                             "and the runs are done again")  # fmt: skip

    def _check(self, experiment: str) -> None:
        try:
            meta = dict(self.sql.execute("SELECT key, value FROM meta"))
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            raise InputError("This file holds no results of an experiment", where=str(self.path)) from None
        if meta.get("schema") != str(SCHEMA):
            raise InputError(f"The results were written in format {meta.get('schema')}", where=str(self.path),
                             allowed=str(SCHEMA), do="Use the version of the simulator that wrote them")  # fmt: skip
        if experiment and meta.get("experiment") != experiment:
            raise InputError(f"These are results of another experiment ({meta.get('experiment')}, not {experiment})",
                             where=str(self.path), do="Choose another folder")  # fmt: skip

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; with a write-ahead log its content moves into the database."""
        self.sql.close()

    # -- writing ------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing."""
        with explained(self.path):
            self.sql.execute("BEGIN IMMEDIATE")
            try:
                yield self.sql
                self.sql.execute("COMMIT")
            except BaseException:
                if self.sql.in_transaction:
                    self.sql.execute("ROLLBACK")
                self._names.clear()
                raise

    def write(self, run: Run, outcome: Outcome) -> None:
        """Record an attempt, and with it the run if this is the end of it; a run that is done stays as it is."""
        with self.transaction() as sql:
            self._attempt(sql, outcome)
            if outcome.status == "lost":
                return
            done = outcome.status == "done"
            known = sql.execute("SELECT id, status FROM runs WHERE (variant, point, replicate) = (?, ?, ?)", run.id)
            before = known.fetchone()
            if before is not None:
                if before[1] == "done":
                    return
                sql.execute("DELETE FROM runs WHERE id = ?", before[:1])
            error = ("", "") if done else (outcome.error_type, outcome.error)
            row = (*run.id, run.key, run.seed, outcome.status, outcome.digest if done else "", *error)
            number = sql.execute(
                "INSERT INTO runs (variant, point, replicate, run_key, seed, status, digest, error_type, error) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row,
            ).lastrowid  # fmt: skip
            if done and outcome.series is not None:
                self._series(sql, int(number or 0), outcome.series)

    def _attempt(self, sql: sqlite3.Connection, o: Outcome) -> None:
        last = sql.execute("SELECT max(attempt) FROM attempts WHERE (variant, point, replicate) = (?, ?, ?)", o.id)
        row = (
            *o.id, (last.fetchone()[0] or 0) + 1, o.status, o.started or time.time(), o.seconds, o.burn_in_seconds,
            o.peak_mb, o.host, o.pid, o.error_type, o.error, o.traceback,
        )  # fmt: skip
        sql.execute(f"INSERT INTO attempts VALUES ({', '.join('?' * len(row))})", row)

    def _series(self, sql: sqlite3.Connection, run: int, series: Series) -> None:
        def numbers(kind: str, codes: np.ndarray) -> list[int]:
            known = series.names[kind]
            look = np.array([self.name(kind, known[c]) if c in used else 0 for c in range(len(known))], np.int64)
            return look[codes].tolist()

        columns = []
        for kind in ("indicator", "jurisdiction", "sector"):
            codes = getattr(series, kind)
            used = set(np.unique(codes).tolist())
            columns.append(numbers(kind, codes))
        rows = zip([run] * len(series), *columns, series.year.tolist(), series.value.tolist(), strict=True)
        sql.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)", rows)

    def name(self, kind: str, name: str) -> int:
        """Return the number of a name, which is given one where it has none; call it inside a transaction."""
        if (kind, name) not in self._names:
            self.sql.execute("INSERT OR IGNORE INTO names (kind, name) VALUES (?, ?)", (kind, name))
            found = self.sql.execute("SELECT id FROM names WHERE (kind, name) = (?, ?)", (kind, name)).fetchone()
            self._names[kind, name] = int(found[0])
        return self._names[kind, name]

    def set_meta(self, key: str, value: str) -> None:
        """Keep a word about the whole experiment."""
        with self.transaction() as sql:
            sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # -- reading ------------------------------------------------------------------------------------------------------

    def meta(self, key: str) -> str:
        """Return what was kept under a key, or an empty text."""
        row = self.select("SELECT value FROM meta WHERE key = ?", (key,))
        return str(row[0][0]) if row else ""

    def select(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with explained(self.path):
            return self.sql.execute(query, values).fetchall()

    def ids(self, status: str) -> set[RunId]:
        """Return the runs in a state, ``done`` or ``failed``."""
        return set(self.select("SELECT variant, point, replicate FROM runs WHERE status = ?", (status,)))

    def means(self, indicator: str, jurisdiction: str) -> Iterator[tuple[RunId, float]]:
        """Return an output's mean over the years of every finished run."""
        query = """
            SELECT r.variant, r.point, r.replicate, avg(s.value) FROM series s JOIN runs r ON r.id = s.run
            WHERE s.indicator = (SELECT id FROM names WHERE kind = 'indicator' AND name = ?)
              AND s.jurisdiction = (SELECT id FROM names WHERE kind = 'jurisdiction' AND name = ?)
              AND s.sector = (SELECT id FROM names WHERE kind = 'sector' AND name = '')
            GROUP BY r.id
        """
        for variant, point, replicate, value in self.select(query, (indicator, jurisdiction)):
            yield (variant, point, replicate), value


def _statements(script: str) -> Iterator[str]:
    """Return the statements of a script one by one: ``executescript`` would commit between them."""
    words = ""
    for line in script.splitlines(keepends=True):
        words += line
        if sqlite3.complete_statement(words):
            yield words
            words = ""


def digest_of(rows: Iterator[tuple[int, int, int, str]] | list[tuple[Any, ...]]) -> str:
    """Return the digest of an experiment: the SHA-256 over (variant, point, replicate, digest) of its finished runs."""
    state = hashlib.sha256(b"experiment digest 1")
    for row in sorted(rows):
        state.update(("/".join(map(str, row)) + "\n").encode())
    return state.hexdigest()
