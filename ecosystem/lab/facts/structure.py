"""Facts on firms: how sizes and growth rates are distributed, who patents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecosystem.lab.estimators import pareto_exponent, subbotin_shape
from ecosystem.lab.facts.evidence import Evidence
from ecosystem.lab.facts.registry import register

TAIL_FROM = 1000.0
"""Employees from which on the size tail is fitted: below, most firms do no R&D and are not in the model."""
SMALL_CLASS, LARGE_CLASS = (10.0, 20.0), (10_000.0, np.inf)
REAL_FIRMS = {SMALL_CLASS: 560_000.0, LARGE_CLASS: 550.0 + 350.0}
"""US companies by employees, with and without R&D (NCSES, BERD 2022, target population; shipped table by company size)."""


def research_share(employees: np.ndarray) -> np.ndarray:
    """Return how the share of firms that do R&D rises with size, up to a constant: (n / (n + 1800))^0.75.

    The participation law from which the firms of the start are drawn (ABS 2021 and BERD 2022 size classes).
    """
    n = np.asarray(employees, dtype=np.float64)
    return (n / (n + 1800.0)) ** 0.75


@register("firm_size_tail")
def firm_size_tail(run: Evidence) -> float:
    """Pareto exponent of employment of all US firms above 1,000 employees, last year of the run.

    The model holds R&D performers only; each stands for 1 / (its share that does R&D) firms of its size.
    """
    t = run.firms(1)
    t = t[(t["jurisdiction"] == "us") & t["exited_month"].isna()]
    n = t["employees"].to_numpy(np.float64)
    return pareto_exponent(n, TAIL_FROM, t["weight"].to_numpy() / research_share(np.maximum(n, 1.0)))


@register("growth_tent")
def growth_tent(run: Evidence) -> float:
    """Subbotin shape b of yearly log growth of sales, last ten years, less the mean of year, place and sector.

    Firms that sold in all of both years: founded before the first began, still there after the second.
    """
    t = run.firms(11).sort_values(["uid", "year"])
    last = t["year"].max() if len(t) else 0
    began = t["founded_month"].fillna(-10_000).astype(int) < run.months - 12 * (last - t["year"] + 1) + 1
    t = t[(t["sales"] > 0) & began & t["exited_month"].isna()]
    growth = np.log(t["sales"]).groupby(t["uid"]).diff()
    whole = growth.notna() & (t["year"].groupby(t["uid"]).diff() == 1)
    t, growth = t[whole], growth[whole]
    cell = [t["year"], t["jurisdiction"], t["sector"]]
    return subbotin_shape((growth - growth.groupby(cell, observed=True).transform("mean")).to_numpy())


def _patenting(t: pd.DataFrame, bounds: tuple[float, float]) -> float:
    """Return firms of a size class that filed a patent in the last three years, per US firm of the class."""
    inside = t[(t["employees"] >= bounds[0]) & (t["employees"] < bounds[1]) & (t["patents"] > 0)]
    return float(inside["weight"].sum()) / REAL_FIRMS[bounds]


@register("patent_use_by_size")
def patent_use_by_size(run: Evidence) -> float:
    """Share of US firms that patent: class of 10,000 and more employees / class of 10 to 19.

    Patenting: an application in the last three years. Numerators are the model's R&D performers, denominators all real
    firms of the class; the model has no firms of 1 to 9 employees at its start and no patents of firms without R&D,
    which hold most patents of the smallest classes.
    """
    t = run.firms(3)
    t = t[t["jurisdiction"] == "us"]
    patents = t.groupby("uid")["patents_filed"].sum()
    t = t[(t["year"] == t["year"].max()) & t["exited_month"].isna()]
    t = t.assign(patents=t["uid"].map(patents))
    small = _patenting(t, SMALL_CLASS)
    return _patenting(t, LARGE_CLASS) / small if small > 0 else float("nan")
