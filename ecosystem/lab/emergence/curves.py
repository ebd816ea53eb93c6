"""Where protection is best, how flat the curve is, and whether complex sectors want less of it than discrete ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecosystem.lab.compare import interval

NEAR = 0.01
"""A level is as good as the best one if it loses less than this share."""
SIGMAS = 2.0


@dataclass(frozen=True)
class Curve:
    """An outcome of one group of sectors over the level of protection.

    Attributes:
        levels: float64 (levels,).
        values: by seed, float64 (seeds, levels).
    """

    levels: np.ndarray
    values: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean over seeds, float64 (levels,)."""
        out: np.ndarray = self.values.mean(axis=0)
        return out

    @property
    def best(self) -> float:
        """Level at which the mean is highest."""
        return float(self.levels[self.mean.argmax()])

    @property
    def interior(self) -> bool:
        """Whether the best level is neither the lowest nor the highest."""
        return bool(0 < self.mean.argmax() < len(self.levels) - 1)

    def peaks(self) -> np.ndarray:
        """Return the best level of each seed, float64 (seeds,)."""
        out: np.ndarray = self.levels[self.values.argmax(axis=1)]
        return out

    def as_good(self) -> tuple[float, float]:
        """Return the lowest and the highest level that lose less than ``NEAR`` of the best mean."""
        best = self.mean.max()
        near = self.levels[self.mean >= best - NEAR * abs(best)]
        return float(near.min()), float(near.max())

    @property
    def flat(self) -> bool:
        """Whether every level is as good as the best one: then where the best lies is luck."""
        return self.as_good() == (float(self.levels[0]), float(self.levels[-1])) and bool(
            np.ptp(self.mean) <= NEAR * abs(self.mean.max())
        )

    def change(self, low: float, high: float) -> tuple[float, float]:
        """Return the paired change from level ``low`` to ``high`` and half its 95 % interval, shares of the mean at ``low``."""
        a, b = (int(np.flatnonzero(np.isclose(self.levels, x))[0]) for x in (low, high))
        scale = abs(self.values[:, a].mean())
        mean, _, half = interval((self.values[:, b] - self.values[:, a])[:, None])
        return float(mean[0] / scale), float(half[0] / scale)


def curve(rows: pd.DataFrame, column: str) -> Curve | None:
    """Return the curve of a column over levels; seeds that lack a level are left out; None where no seed is whole."""
    wide = rows.pivot_table(index="seed", columns="level", values=column).dropna()
    return Curve(wide.columns.to_numpy(np.float64), wide.to_numpy(np.float64)) if len(wide) else None


def select(runs: pd.DataFrame, part: str, world: str, sweep: str) -> pd.DataFrame:
    """Return the runs of one part, world and sweep."""
    return runs[(runs["part"] == part) & (runs["world"] == world) & (runs["sweep"] == sweep)]


@dataclass(frozen=True)
class Order:
    """Best level in complex less that in discrete sectors.

    Attributes:
        difference: mean over seeds of the difference of their best levels; error: its standard error.
    """

    difference: float
    error: float

    @property
    def holds(self) -> bool:
        """Whether complex sectors want less protection by two standard errors."""
        return bool(self.difference + SIGMAS * self.error < 0.0)


def order(complex_: Curve, discrete: Curve) -> Order:
    """Compare the best levels seed by seed (equal luck)."""
    gap = complex_.peaks() - discrete.peaks()
    error = float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else float("nan")
    return Order(float(gap.mean()), error)


@dataclass(frozen=True)
class Draws:
    """What the draws of the parameters say about one outcome, counted.

    Attributes:
        interior, lowest, highest: draws by where the complex sectors' best level lies.
        below, equal, above: draws by complex against discrete best level.
    """

    number: int
    interior: int
    lowest: int
    highest: int
    below: int
    equal: int
    above: int


def count_draws(runs: pd.DataFrame, outcome: str) -> Draws:
    """Count over the draws of the parameters; a draw without whole curves is left out."""
    found = []
    for world in runs.loc[runs["part"] == "draw", "world"].unique():
        rows = select(runs, "draw", str(world), "both")
        pair = curve(rows, f"{outcome}_complex"), curve(rows, f"{outcome}_discrete")
        if pair[0] is not None and pair[1] is not None:
            found.append((pair[0], pair[1].best))
    ends = [(c.best == c.levels[0], c.best == c.levels[-1], c.interior) for c, _ in found]
    low, high, inside = (sum(column) for column in zip(*ends, strict=True)) if ends else (0, 0, 0)
    gaps = np.array([c.best - d for c, d in found])
    return Draws(
        len(found), inside, low, high, int((gaps < 0).sum()), int((gaps == 0).sum()), int((gaps > 0).sum())
    )  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """How frequent letters, suits and judgments are at the levers as they are, all jurisdictions.

    Attributes:
        letters, suits: per right granted (what a right meets over its life where stocks do not grow).
        suits_per_1000: a year, per 1,000 rights in force.
        trials: share of suits.
        settled: settlements per letter.
        money: settlements and damages per own R&D.
    """

    letters: float
    suits: float
    suits_per_1000: float
    trials: float
    settled: float
    money: float


def calibration(runs: pd.DataFrame) -> Calibration:
    """Return the frequencies over the runs at the levers as they are."""
    total = runs[(runs["part"] == "sweep") & (runs["sweep"] == "")].sum(numeric_only=True)
    granted = total["grants"] + total["models"]
    return Calibration(
        total["letters"] / granted, total["suits"] / granted, total["suits"] / total["right_years"],
        total["trials"] / total["suits"], total["settled"] / total["letters"],
        (total["settlement_money"] + total["damages"]) / (total["rd_complex"] + total["rd_discrete"]),
    )  # fmt: skip
