"""How far an experiment is: done, failed, missing, and the digest over what is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecosystem.lab.experiment.plan import RunId
from ecosystem.lab.store.database import Database, digest_of
from ecosystem.lab.store.folder import Folder

ALL_DONE, INCOMPLETE, FAILURES = 0, 3, 4
"""Exit codes: everything done; runs missing; nothing missing, but some runs failed."""
WANTED = "replicates"
"""Key under which a stopping rule keeps how many replicates each point needs."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that failed: where it stands in the plan, why, and the command that repeats it."""

    id: RunId
    variant: str
    point: Mapping[str, float]
    run_key: str
    seed: int
    attempts: int
    error_type: str
    error: str
    command: str

    def to_dict(self) -> dict[str, Any]:
        """Return the failure as plain data."""
        return {
            "variant": self.variant, "point": dict(self.point), "replicate": self.id[2], "run_key": self.run_key,
            "seed": self.seed, "attempts": self.attempts, "error_type": self.error_type, "error": self.error,
            "command": self.command,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Status:
    """How far an experiment is."""

    done: int
    failed: int
    missing: int
    digest: str

    @property
    def code(self) -> int:
        """The exit code."""
        return INCOMPLETE if self.missing else FAILURES if self.failed else ALL_DONE

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {"done": self.done, "failed": self.failed, "missing": self.missing, "digest": self.digest}

    def __str__(self) -> str:
        return f"{self.done:,} done, {self.failed:,} failed, {self.missing:,} missing"


def wanted(database: Database) -> dict[int, int]:
    """Return the number of replicates of each point to which a stopping rule added some."""
    return {int(k): int(v) for k, v in json.loads(database.meta(WANTED) or "{}").items()}


def status(folder: Folder) -> Status:
    """Return how far the experiment of a folder is, over all its databases."""
    done: dict[RunId, str] = {}
    failed: set[RunId] = set()
    replicates: dict[int, int] = {}
    for path in folder.databases():
        with Database(path, folder.plan.id) as database:
            replicates |= wanted(database)
            query = "SELECT variant, point, replicate, status, digest FROM runs"
            for variant, point, replicate, state, digest in database.select(query):
                if state == "done":
                    done[variant, point, replicate] = digest
                else:
                    failed.add((variant, point, replicate))
    failed -= done.keys()
    more = sum(n - folder.plan.replicates for n in replicates.values()) * len(folder.plan.variants)
    missing = len(folder.plan) + more - len(done) - len(failed)
    return Status(len(done), len(failed), missing, digest_of([(*id, digest) for id, digest in done.items()]))


def failures(folder: Folder) -> list[Failure]:
    """Return the failed runs of a folder, in the order of the plan."""
    out = {}
    for path in folder.databases():
        with Database(path, folder.plan.id) as database:
            query = """
                SELECT variant, point, replicate, run_key, seed, error_type, error,
                    (SELECT count(*) FROM attempts a WHERE (a.variant, a.point, a.replicate) =
                     (r.variant, r.point, r.replicate))
                FROM runs r WHERE status = 'failed'
            """
            for variant, point, replicate, key, seed, kind, error, attempts in database.select(query):
                out[variant, point, replicate] = Failure(
                    (variant, point, replicate), folder.plan.variants[variant], folder.plan.points[point],
                    key, seed, attempts, kind, error, folder.command(key, seed),
                )  # fmt: skip
    return [out[id] for id in sorted(out, key=lambda id: (id[1], id[2], id[0]))]
