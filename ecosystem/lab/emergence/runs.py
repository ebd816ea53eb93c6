"""The runs of the study, kept one by one in a table: what was interrupted goes on, what was run is not run again."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pandas as pd

from ecosystem.lab.burn_in import settled
from ecosystem.lab.emergence.outcome import COLUMNS, measure
from ecosystem.lab.emergence.plan import Run
from ecosystem.lab.model import model_digest
from ecosystem.lab.runner.spread import spread

FILE = "runs.csv"
KEYS = ("model", "scenario", "seed", "first_year")
LABELS = ("part", "world", "sweep", "level")
Row = dict[str, float | int | str]


def name_of(run: Run, first_year: int) -> tuple[str, str, int, int]:
    """Return what decides the numbers of a run: model, scenario, seed, first year that counts."""
    return model_digest(), run.scenario.key(), run.seed, first_year


class Kept:
    """The table of finished runs in a folder; rows of other models stay in it and are not asked for.

    Args:
        folder: made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self.rows: dict[tuple[str, str, int, int], dict[str, float]] = {}
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                # a line cut off by an interrupt is run again
                if None in row.values() or not row["end"]:
                    continue
                key = (row["model"], row["scenario"], int(row["seed"]), int(row["first_year"]))
                self.rows[key] = {k: float(v) for k, v in row.items() if k not in (*KEYS, "end")}

    def open(self) -> None:
        """Write the head of a new table, or end a line that an interrupt cut off."""
        if not self.path.exists() or not self.path.stat().st_size:
            self.path.write_text(",".join([*KEYS, *COLUMNS, "end"]) + "\n", encoding="utf-8")
        elif not self.path.read_bytes().endswith(b"\n"):
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n")

    def __contains__(self, key: object) -> bool:
        return key in self.rows


def write(path: Path, key: tuple[str, str, int, int], values: dict[str, float]) -> None:
    """Append one finished run; it is on disk when this returns. One line at a time: several processes may write."""
    line = ",".join([*map(str, key), *(repr(float(values[name])) for name in COLUMNS), "."]) + "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def run_group(group: Sequence[Run], first_year: int, path: Path) -> list[dict[str, float]]:
    """Run a group that shares its burn-in, each run written down when it ends; return what each yields."""
    kept: dict[str, bytes] = {}
    out = []
    for run in group:
        values = measure(settled(run.scenario, run.seed, kept).run(), first_year)
        write(path, name_of(run, first_year), values)
        out.append(values)
    return out


def complete(
    groups: Sequence[Sequence[Run]],
    kept: Kept,
    first_year: int,
    workers: int | None = None,
    report: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Run what is not kept yet and return all runs of the plan as a table, in its order.

    Args:
        report: called with (runs done, runs in all).
    """
    missing: list[list[Run]] = []
    seen: set[tuple[str, str, int, int]] = set()
    for group in groups:
        todo = []
        for run in group:
            key = name_of(run, first_year)
            if key not in kept and key not in seen:
                todo.append(run)
                seen.add(key)
        if todo:
            missing.append(todo)
    total = sum(len(group) for group in groups)
    done = total - len(seen)
    kept.open()
    work = partial(run_group, first_year=first_year, path=kept.path)
    with closing(spread(work, missing, workers=workers)) as found:
        for group, results in found:
            for run, values in zip(group, results, strict=True):
                kept.rows[name_of(run, first_year)] = values
            done += len(group)
            if report is not None:
                report(done, total)
    return table(groups, kept, first_year)


def table(groups: Sequence[Sequence[Run]], kept: Kept, first_year: int) -> pd.DataFrame:
    """Return the runs of the plan that are kept: labels, seed, outcomes."""
    rows: list[Row] = []
    for group in groups:
        for run in group:
            key = name_of(run, first_year)
            if key in kept:
                labels: Row = {name: getattr(run, name) for name in (*LABELS, "seed")}
                rows.append({**labels, **kept.rows[key]})
    return pd.DataFrame(rows)
