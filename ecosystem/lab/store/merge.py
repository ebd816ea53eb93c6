"""Merging: the databases of a job array's parts become one; doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ecosystem.kernel.errors import InputError
from ecosystem.lab.store.database import Database
from ecosystem.lab.store.folder import Folder

_ATTEMPT = (
    "variant, point, replicate, attempt, status, started, seconds, burn_in_seconds, peak_mb, host, pid, error_type, "
    "error, traceback"
)


def merge(folder: Folder, others: Iterable[str | Path] = (), *, remove: bool = False) -> int:
    """Take the runs of all parts (and of other folders of the same experiment) into the folder's database.

    A run that is done already stays; a failed one is replaced by one that is done.

    Args:
        others: folders of the same plan, as from other machines.
        remove: delete the folder's parts once their runs are taken in.

    Returns:
        The number of runs that were new.

    Raises:
        InputError: a folder of another plan, nothing to merge, a damaged database.
    """
    sources = folder.shards()
    for name in others:
        other = Folder.load(name)
        if other.plan.id != folder.plan.id:
            raise InputError("The two folders hold different experiments: "
                             + "; ".join(folder.plan.differences(other.plan)[:4]), where=f"{folder.path}, {name}",
                             do="Merge folders of one plan only")  # fmt: skip
        sources += other.databases()
    if not sources:
        raise InputError("There is nothing to merge: no parts (runs-K-of-N.sqlite) and no other folder were found",
                         where=str(folder.path))  # fmt: skip
    new = 0
    with folder.locked(), folder.database(write=True) as target:
        for path in sources:
            with Database(path, folder.plan.id) as source:
                new += _take(target, source)
        for id in target.ids("failed"):
            folder.keep_failure(folder.plan.run(id))
    if remove:
        for path in folder.shards():
            for leftover in folder.path.glob(f"*{path.name}*"):
                leftover.unlink()
    return new


def _take(target: Database, source: Database) -> int:
    done, known = target.ids("done"), target.ids("done") | target.ids("failed")
    names = {number: (kind, name) for number, kind, name in source.select("SELECT id, kind, name FROM names")}
    new = 0
    query = (
        "SELECT id, variant, point, replicate, run_key, seed, status, digest, error_type, error FROM runs ORDER BY id"
    )
    for number, *row in source.select(query):
        id = (row[0], row[1], row[2])
        if id in done or (id in known and row[5] == "failed"):
            continue
        with target.transaction() as sql:
            sql.execute("DELETE FROM runs WHERE (variant, point, replicate) = (?, ?, ?)", id)
            here = sql.execute(
                "INSERT INTO runs (variant, point, replicate, run_key, seed, status, digest, error_type, error) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row,
            ).lastrowid  # fmt: skip
            series = source.select(
                "SELECT indicator, jurisdiction, sector, year, value FROM series WHERE run = ?", (number,)
            )
            used = {n: target.name(*names[n]) for n in {n for line in series for n in line[:3]}}
            sql.executemany(
                "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)",
                [(here, used[i], used[j], used[s], year, value) for i, j, s, year, value in series],
            )
        new += 1
    with target.transaction() as sql:
        marks = ", ".join("?" * len(_ATTEMPT.split(",")))
        sql.executemany(f"INSERT OR IGNORE INTO attempts ({_ATTEMPT}) VALUES ({marks})",
                        source.select(f"SELECT {_ATTEMPT} FROM attempts"))  # fmt: skip
    return new
