"""The folder of one run: ``run.json``, from which it can be repeated, and ten Parquet tables."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ecosystem import __version__
from ecosystem.kernel.digest import digest
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.lab.tables import TABLES, all_tables
from ecosystem.scenario import Scenario, declared_parameters
from ecosystem.scenario_text import printable

if TYPE_CHECKING:
    from ecosystem.world import World

FORMAT = 1
PACKAGES = ("mesa", "networkx", "numba", "numpy", "pandas", "pyarrow", "scipy")


def math_fingerprint() -> str:
    """Return a hash of exp, log, power and tanh on a fixed vector: where it differs, last bits of a run may differ."""
    x = np.linspace(0.01, 30.0, 4096)
    values = np.concatenate([np.exp(-x), np.log(x), x**1.7, np.tanh(x)])
    return hashlib.sha256(values.astype("<f8").tobytes()).hexdigest()[:16]


def _hash(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def describe(world: World) -> dict[str, Any]:
    """Return what is needed to repeat a run: scenario, seed, versions, hashes of parameters and levers, weights."""
    defaults = {name: p.value for name, p in declared_parameters().items()}
    values = {name: float(world.p[name]) for name in sorted(world.p)}
    levers = {name: world.levers.base(name).tolist() for name in sorted(world.levers)}
    objects = ("inventions", "rights", "deals", "adoptions", "citations", "disputes", "inventors")
    versions = {"ecosystem": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # pragma: no cover - every one is a dependency
            versions[package] = "missing"
    return {
        "format": FORMAT,
        "scenario": world.setup.to_dict(),
        "scenario_key": world.setup.key(),
        "seed": world.seed,
        "months": world.month,
        "finished": bool(world.finished),
        "places": list(world.places),
        "weights": {
            **dict.fromkeys(objects, float(world.scale)),
            "organizations": "column weight",
            "indicators": 1.0,
            "accounts": 1.0,
        },
        "versions": versions,
        "parameters": {
            "sha256": _hash(values),
            "changed": {
                name: {"value": value, "default": defaults.get(name)}
                for name, value in values.items()
                if defaults.get(name) != value
            },
        },
        "levers": {"sha256": _hash([list(world.levers.places), levers])},
        "platform": {
            "system": platform.system(),
            "machine": platform.machine(),
            "implementation": platform.python_implementation(),
            "math_fingerprint": math_fingerprint(),
        },
    }


def check_free(folder: str | Path) -> Path:
    """Return the folder of a run to be written; raise InputError if it holds something or cannot be written.

    Called before a run, so that hours of work do not end at a full or forbidden folder.
    """
    folder = Path(folder)
    where = printable(str(folder))
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError("The output folder is a file", where=where, do="Choose another name")
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(
                "The output folder already holds other files; nothing was run or written",
                where=where,
                do="Choose a new folder, or empty this one first",
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder if folder.is_dir() else folder.parent, prefix=".ecosystem-"):
            pass
    except (OSError, ValueError) as error:
        raise output_trouble(error, where) from None
    return folder


def output_trouble(error: Exception, where: str) -> InputError:
    """Return what a failure to write means for the user."""
    if isinstance(error, InputError):
        return error
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        do = "Free some space or choose another disk"
        return InputError("The disk is full; nothing was written", where=where, do=do)
    reason = getattr(error, "strerror", None) or str(error)
    do = "Choose a folder that you may write to"
    return InputError(f"The output folder cannot be written: {reason}", where=where, do=do)


def write_run(world: World, folder: str | Path, *, tables: Mapping[str, pd.DataFrame] | None = None) -> dict[str, Any]:
    """Write a world's run into a new folder, all or nothing; return the content of ``run.json``.

    Raises:
        InputError: the folder holds something, cannot be written, or the disk is full.
    """
    folder = check_free(folder)
    tables = all_tables(world) if tables is None else tables
    info = {"digest": digest(tables), **describe(world), "rows": {name: len(t) for name, t in tables.items()}}
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:100]}-part-"))
    try:
        os.chmod(part, 0o777 & ~_umask())  # mkdtemp makes folders private
        for name, table in tables.items():
            pq.write_table(
                pa.Table.from_pandas(table, preserve_index=False), part / f"{name}.parquet", compression="zstd"
            )
        text = json.dumps(info, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
        (part / "run.json").write_text(text, encoding="utf-8")
        if folder.is_dir():
            folder.rmdir()
        part.rename(folder)
    except (OSError, ValueError) as error:
        raise output_trouble(error, str(folder)) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return info


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@dataclass(frozen=True)
class Run:
    """A finished run read from its folder; tables are read when asked for."""

    folder: Path
    info: dict[str, Any]
    _read: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @property
    def scenario(self) -> Scenario:
        """The scenario in full."""
        return Scenario.from_dict(self.info["scenario"], where=str(self.folder / "run.json"))

    @property
    def seed(self) -> int:
        """The seed of the run's luck."""
        return int(self.info["seed"])

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by name; raise InputError for an unknown or unreadable one."""
        if name not in TABLES:
            raise unknown("table", name, TABLES, where=str(self.folder))
        if name not in self._read:
            path = self.folder / f"{name}.parquet"
            try:
                self._read[name] = pd.read_parquet(path)
            except (OSError, ValueError, pa.ArrowException) as error:
                reason = " ".join(str(error).split())[:200]
                raise InputError(f"A table of the run cannot be read: {reason}", where=str(path)) from None
        return self._read[name]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all ten tables."""
        return {name: self.table(name) for name in TABLES}

    def intact(self) -> bool:
        """Return True if the tables are those whose digest ``run.json`` names."""
        return digest(self.tables()) == self.info["digest"]


def load_run(folder: str | Path) -> Run:
    """Read a run's folder; raise InputError if it is none."""
    folder = Path(folder)
    path = folder / "run.json"
    where = printable(str(folder))
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            "This folder holds no run (there is no run.json in it)",
            where=where,
            do="Name a folder written by 'ecosystem run ... --out FOLDER'",
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"The run's run.json cannot be read: {error}", where=where) from None
    if not isinstance(info, dict) or not {"digest", "scenario", "seed"} <= info.keys():
        raise InputError("The run's run.json lacks digest, scenario or seed", where=where)
    return Run(folder, info)
