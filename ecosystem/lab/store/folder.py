"""An experiment's folder: the frozen plan, the experiment for people, the database, and what reproduces failed runs.

plan.json         every point and run, the model's digest; never rewritten
experiment.toml   the same experiment as a file to read and run elsewhere
runs.sqlite       results; runs-03-of-20.sqlite those of one part of a job array, until they are merged
failed/KEY.toml   the scenario of a failed run, for the command that repeats it
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ecosystem.kernel.errors import InputError
from ecosystem.lab.experiment.plan import Plan, Run
from ecosystem.lab.store.database import Database
from ecosystem.scenario_text import printable, to_toml

PLAN = "plan.json"
RUNS = "runs.sqlite"
_SHARD = re.compile(r"runs-(\d+)-of-(\d+)\.sqlite")


@dataclass(frozen=True)
class Folder:
    """A folder that holds a frozen plan."""

    path: Path
    plan: Plan

    @classmethod
    def load(cls, path: str | Path) -> Folder:
        """Read the plan of a folder; raise InputError if it holds none."""
        path = Path(path)
        where = printable(str(path / PLAN))
        try:
            content = json.loads((path / PLAN).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise InputError("This folder holds no experiment (there is no plan.json in it)", where=printable(str(path)),
                             do="Name a folder written by 'ecosystem batch run ... --out FOLDER'") from None  # fmt: skip
        except (OSError, ValueError) as error:
            raise InputError(f"The plan cannot be read: {error}", where=where) from None
        return cls(path, Plan.from_dict(content, where))

    @classmethod
    def prepared(cls, path: str | Path, plan: Plan) -> Folder:
        """Return the folder for a plan: a new one, or the one begun with the very same plan.

        Raises:
            InputError: the folder belongs to another plan (says what differs) or cannot be written.
        """
        path = Path(path)
        where = printable(str(path))
        try:
            if path.exists() and not path.is_dir():
                raise InputError("The output folder is a file", where=where, do="Choose another name")
            if not (path / PLAN).exists():
                if path.is_dir() and any(not p.name.startswith(".") for p in path.iterdir()):
                    raise InputError("The output folder already holds other files; nothing was run or written",
                                     where=where, do="Choose a new folder, or empty this one first")  # fmt: skip
                path.mkdir(parents=True, exist_ok=True)
                _write_once(path / PLAN, plan.to_json())
                _write_once(path / "experiment.toml", to_toml(plan.content))
            elif not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise writing_trouble(error, where) from None
        begun = cls.load(path)
        differences = begun.plan.differences(plan)
        if differences:
            raise InputError(
                "This folder was begun with another plan, and its results would not fit together: "
                + "; ".join(differences[:8]) + (f" and {len(differences) - 8} more" if len(differences) > 8 else ""),
                where=where, do="Choose a new folder for the changed experiment, or undo the change to continue this one",
            )  # fmt: skip
        return begun

    def database(self, shard: tuple[int, int] | None = None, *, write: bool = False) -> Database:
        """Open the database of the folder, or of one part (k of n)."""
        name = RUNS if shard is None else shard_name(*shard)
        return Database(self.path / name, self.plan.id, write=write)

    def shards(self) -> list[Path]:
        """Return the databases of parts that are not merged yet."""
        return sorted(p for p in self.path.iterdir() if _SHARD.fullmatch(p.name))

    def databases(self) -> list[Path]:
        """Return all databases of the folder."""
        whole = self.path / RUNS
        return ([whole] if whole.exists() else []) + self.shards()

    @contextmanager
    def locked(self, shard: tuple[int, int] | None = None) -> Iterator[None]:
        """Hold the folder (or one part of it) so that no second command runs the same experiment into it.

        Raises:
            InputError: another living command holds it.
        """
        name = f".{RUNS if shard is None else shard_name(*shard)}.lock"
        try:
            handle = open(self.path / name, "a+", encoding="utf-8")  # noqa: SIM115 - held until the end
        except OSError as error:
            raise writing_trouble(error, str(self.path)) from None
        with handle:
            if not _try_lock(handle.fileno()):
                raise InputError("Another command is running this experiment in this folder", where=str(self.path),
                                 do="Wait for it, or choose another folder")  # fmt: skip
            yield

    def keep_failure(self, run: Run) -> None:
        """Write the scenario of a failed run, for the command that repeats it."""
        if not hasattr(run.scenario, "to_toml"):
            return
        try:
            (self.path / "failed").mkdir(exist_ok=True)
            (self.path / "failed" / f"{run.key}.toml").write_text(run.scenario.to_toml(), encoding="utf-8")
        except OSError as error:
            raise writing_trouble(error, str(self.path)) from None

    def command(self, key: str, seed: int) -> str:
        """Return the command that repeats a failed run."""
        return f"ecosystem run {self.path / 'failed' / f'{key}.toml'} --seed {seed}"


def shard_name(k: int, n: int) -> str:
    """Return the file name of part k of n, counted from 1."""
    width = len(str(n))
    return f"runs-{k:0{width}}-of-{n}.sqlite"


def writing_trouble(error: OSError, where: str) -> InputError:
    """Return what a failure to write means for the user."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputError("The disk is full. Every run finished before is kept", where=where,
                          do="Free some space and repeat the same command; it goes on where it stopped")  # fmt: skip
    reason = error.strerror or str(error)
    return InputError(f"The output folder cannot be written: {reason}", where=where,
                      do="Choose a folder that you may write to")  # fmt: skip


def _write_once(path: Path, content: str) -> None:
    """Write a file as a whole, or leave the one that another process wrote first."""
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)
        try:
            os.link(part, path)  # fails if the file is there: the first of many parts wins
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if not path.exists():
                os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)


def _try_lock(handle: int) -> bool:
    """Lock an open file without waiting; the system frees it when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # a file system that knows no locks: nothing to hold on to, SQLite's own locks remain
        return error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
    return True
