"""Exports: one file a table, Parquet or CSV; equal results give equal files.

| file | a row is |
|---|---|
| variants | a policy |
| factors | a varied number: range, unit, source |
| points | a design point, a column a factor |
| runs | a run: variant, point, replicate, key, seed, status, digest of its outputs |
| outputs | a value: variant, point, replicate, year, jurisdiction, sector, indicator |
| failures | a failed run: why |
| log | an attempt: host, process, start, duration, memory, traceback; all that differs between executions |

``log`` is always CSV.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ecosystem.kernel.errors import InputError
from ecosystem.lab.run_folder import check_free, output_trouble
from ecosystem.lab.store.database import Database
from ecosystem.lab.store.folder import Folder
from ecosystem.scenario_text import to_toml

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "parquet")
CHUNK = 200_000
"""Rows of ``outputs`` held in memory at one time."""
_OUTPUTS = ["variant", "point", "replicate", "year", "jurisdiction", "sector", "indicator", "value", "unit"]
_LOG = ["variant", "point", "replicate", "attempt", "status", "started", "seconds", "burn_in_seconds", "peak_mb", "host",
        "pid", "error_type", "error", "traceback"]  # fmt: skip


def export(folder: Folder, out: str | Path, format: Format = "csv") -> list[Path]:
    """Write all tables of an experiment into a new folder, all or nothing; return the files.

    Raises:
        InputError: no results, unmerged parts, or the folder cannot be written.
    """
    if format not in FORMATS:
        raise InputError(f"There is no format {format!r}", allowed=", ".join(FORMATS))
    if folder.shards():
        raise InputError("The parts of this experiment are not merged yet", where=str(folder.path),
                         do=f"ecosystem batch merge {folder.path}")  # fmt: skip
    out = check_free(out)
    with folder.database() as database:
        part = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name[:100]}-part-"))
        try:
            part.chmod(0o755)
            for name, table in _tables(folder, database).items():
                _write(table, part / f"{name}.{format}", format)
            _write_outputs(folder, database, part / f"outputs.{format}", format)
            _write(pd.DataFrame(database.select(f"SELECT {', '.join(_LOG)} FROM attempts"), columns=_LOG),
                   part / "log.csv", "csv")  # fmt: skip
            (part / "experiment.toml").write_text(to_toml(folder.plan.content), encoding="utf-8")
            if out.is_dir():
                out.rmdir()
            part.rename(out)
        except (OSError, ValueError) as error:
            raise output_trouble(error, str(out)) from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return sorted(out.iterdir())


def _write(table: pd.DataFrame, path: Path, format: Format) -> None:
    if format == "csv":
        table.to_csv(path, index=False, lineterminator="\n")
    else:
        table.to_parquet(path, index=False, compression="zstd")


def _tables(folder: Folder, database: Database) -> dict[str, pd.DataFrame]:
    plan = folder.plan
    variants = [(i, p["name"], json.dumps({k: x for k, x in p.items() if k != "name"}, sort_keys=True))
                for i, p in enumerate(plan.policies)]  # fmt: skip
    factors = [[json.dumps(x) if isinstance(x, list) else x for x in f.values()] for f in plan.factors]
    points = pd.DataFrame(list(plan.points), index=range(len(plan.points)))
    points.insert(0, "point", range(len(plan.points)))
    names = dict(enumerate(plan.variants))
    heads = ["variant", "point", "replicate", "run_key", "seed", "status", "digest", "error_type", "error"]
    runs = pd.DataFrame(
        database.select(f"SELECT {', '.join(heads)} FROM runs ORDER BY variant, point, replicate"), columns=heads
    )
    runs["variant"] = runs["variant"].map(names).astype("str")
    failed = runs["status"] == "failed"
    return {
        "variants": pd.DataFrame(variants, columns=["number", "variant", "content"]),
        "factors": pd.DataFrame(
            factors, columns=["factor", "low", "high", "log", "values", "value_in_scenario", "unit", "source"]
        ),
        "points": points,
        "runs": runs.drop(columns=["error_type", "error"]),
        "failures": runs.loc[failed, [*heads[:5], "error_type", "error"]].reset_index(drop=True),
    }


def rows(database: Database, indicator: str = "") -> Iterator[pd.DataFrame]:
    """Return the outputs in pieces, ordered by run: numbers of variants, names of everything else.

    Args:
        indicator: only this one; all if empty.
    """
    query = f"""
        SELECT s.year, j.name, c.name, i.name, s.value FROM series s
        JOIN names i ON i.id = s.indicator JOIN names j ON j.id = s.jurisdiction JOIN names c ON c.id = s.sector
        WHERE s.run = ? {"AND i.name = ?" if indicator else ""} ORDER BY i.name, j.name, c.name, s.year
    """
    runs = database.select("SELECT id, variant, point, replicate FROM runs ORDER BY variant, point, replicate")
    piece: list[tuple[Any, ...]] = []
    for number, *run in runs:
        piece += [(*run, *row) for row in database.select(query, (number, indicator) if indicator else (number,))]
        if len(piece) >= CHUNK:
            yield pd.DataFrame(piece, columns=_OUTPUTS[:-1])
            piece = []
    if piece:
        yield pd.DataFrame(piece, columns=_OUTPUTS[:-1])


def frame(folder: Folder, indicator: str = "") -> pd.DataFrame:
    """Return the outputs of an experiment as one tidy table, variants by name."""
    with folder.database() as database:
        parts = [_named(folder, part) for part in rows(database, indicator)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_OUTPUTS)


def _named(folder: Folder, part: pd.DataFrame) -> pd.DataFrame:
    import ecosystem.world  # noqa: F401 - declares the indicators
    from ecosystem.domain.indicators import INDICATORS

    names = dict(enumerate(folder.plan.variants))
    units: dict[str, Any] = {n: INDICATORS[n].unit if n in INDICATORS else "" for n in part["indicator"].unique()}
    part["variant"] = part["variant"].map(names).astype("str")
    part["unit"] = part["indicator"].map(units).astype("str")
    return part[_OUTPUTS]


def _write_outputs(folder: Folder, database: Database, path: Path, format: Format) -> None:
    empty = pd.DataFrame(columns=_OUTPUTS).astype(dict.fromkeys(_OUTPUTS, "str"))
    pieces = (_named(folder, part) for part in rows(database))
    if format == "csv":
        empty.to_csv(path, index=False, lineterminator="\n")
        for piece in pieces:
            piece.to_csv(path, index=False, lineterminator="\n", header=False, mode="a")
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for piece in pieces:
            table = pa.Table.from_pandas(piece, preserve_index=False)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        empty.to_parquet(path, index=False)
