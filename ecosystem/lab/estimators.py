"""Estimators on plain arrays and panels, the same for simulated and for real firms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import rankdata

HGH_FILE = Path(__file__).parent.parent / "data" / "firm" / "hgh_patents_rd_1970_1979.csv"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient with its standard error (clustered by firm) and the number of firm-years used."""

    value: float
    error: float
    observations: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return self.value - 1.96 * self.error, self.value + 1.96 * self.error


def hgh_panel() -> pd.DataFrame:
    """Return the shipped panel of 346 US firms, 1970-79: firm, year, log_rd, patents (Hall, Griliches & Hausman 1986)."""
    raw = pd.read_csv(HGH_FILE)
    return raw.rename(columns={"log_rd_1972usd_m": "log_rd"})[["firm", "year", "log_rd", "patents"]]


def _fit(panel: pd.DataFrame, dummies: pd.DataFrame, column: str, y: str, group: str) -> Estimate:
    if not len(panel) or panel[y].sum() <= 0:
        return Estimate(float("nan"), float("nan"), len(panel))
    # statsmodels takes two seconds to load, which only those who estimate should wait for
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    design = np.column_stack([panel[column].to_numpy(np.float64), dummies.to_numpy(np.float64)])
    clusters = pd.factorize(panel[group])[0]
    model = GLM(panel[y].to_numpy(np.float64), design, family=Poisson())
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, maxiter=200)
    return Estimate(float(fit.params[0]), float(fit.bse[0]), len(panel))


def poisson_pooled(panel: pd.DataFrame, x: str = "log_rd", y: str = "patents") -> Estimate:
    """Return the elasticity of counts to R&D across firm-years.

    E[y_it] = exp(b x_it + year_t): Poisson quasi-likelihood, standard error clustered by firm.

    Args:
        panel: columns ``firm``, ``year``, ``x`` (a logarithm) and ``y`` (counts, any numbers >= 0).
    """
    years = pd.get_dummies(panel["year"])
    return _fit(panel, years, x, y, "firm")


def poisson_within(panel: pd.DataFrame, x: str = "log_rd", y: str = "patents") -> Estimate:
    """Return the elasticity of counts to R&D within firms.

    E[y_it] = exp(b x_it + firm_i + year_t). For the Poisson law the estimate with a dummy a firm is the conditional one of
    Hausman, Hall & Griliches (1984, Econometrica 52:909); firms without any count say nothing and are left out.
    """
    some = panel[panel.groupby("firm")[y].transform("sum") > 0]
    years = pd.get_dummies(some["year"], drop_first=True)
    firms = pd.get_dummies(some["firm"])
    return _fit(some, pd.concat([firms, years], axis=1), x, y, "firm")


def gini(values: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Return the Gini coefficient of values >= 0: 1 - 2 x the area under the Lorenz curve; 0 if all are equal."""
    x = np.asarray(values, dtype=np.float64)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=np.float64)
    order = np.argsort(x, kind="stable")
    people = np.concatenate([[0.0], np.cumsum(w[order])])
    money = np.concatenate([[0.0], np.cumsum((w * x)[order])])
    if money[-1] <= 0.0:
        return float("nan")
    area = np.sum(np.diff(people) * (money[1:] + money[:-1])) / (people[-1] * money[-1])
    return float(1.0 - area)


def top_share(values: np.ndarray, top: float = 0.1) -> float:
    """Return the share of the total held by the largest ``top`` of the values; a part of a unit counts in part."""
    x = np.sort(np.asarray(values, dtype=np.float64))[::-1]
    if not len(x) or x.sum() <= 0.0:
        return float("nan")
    shares = np.concatenate([[0.0], np.cumsum(x)]) / x.sum()
    return float(np.interp(top * len(x), np.arange(len(x) + 1), shares))


def pareto_exponent(values: np.ndarray, smallest: float, weight: np.ndarray | None = None) -> float:
    """Return the exponent a of P(X > x) = (smallest / x)^a by maximum likelihood: W / sum w ln(x / smallest).

    Hill's estimator where the threshold is given; ``weight`` counts how many a row stands for.
    """
    x = np.asarray(values, dtype=np.float64)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=np.float64)
    tail = x >= smallest
    logs = np.sum(w[tail] * np.log(x[tail] / smallest))
    return float(w[tail].sum() / logs) if logs > 0.0 else float("nan")


def subbotin_shape(values: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Return the shape b of the Subbotin law around its median by maximum likelihood: 1 Laplace, 2 normal.

    f(x) = exp(-|x - m|^b / (b a^b)) / (2 a b^(1/b) Gamma(1 + 1/b)); a^b = mean |x - m|^b at the optimum, so that
    - ln L / n = ln 2 + ln a + ln(b) / b + ln Gamma(1 + 1/b) + 1/b is minimised over b alone (Bottazzi & Secchi 2003).
    """
    x = np.asarray(values, dtype=np.float64)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=np.float64)
    if len(x) < 2 or x.min() == x.max():
        return float("nan")
    away = np.abs(x - np.median(x))
    size = away.max()
    away, w = away / size, w / w.sum()

    def loss(b: float) -> float:
        a = np.sum(w * away**b) ** (1.0 / b)
        return float(np.log(a) + np.log(b) / b + gammaln(1.0 + 1.0 / b) + 1.0 / b)

    return float(minimize_scalar(loss, bounds=(0.1, 10.0), method="bounded", options={"xatol": 1e-6}).x)


def persistence(panel: pd.DataFrame, y: str = "patents") -> float:
    """Return the correlation of ln(1 + y) of a firm with that of its year before, over all pairs of years."""
    table = panel.assign(log=np.log1p(panel[y])).pivot(index="firm", columns="year", values="log")
    now, before = [], []
    years = [int(year) for year in panel["year"].unique()]
    for year in sorted(years):
        if year - 1 in years:
            pair = table[[year - 1, year]].dropna().to_numpy()
            before.append(pair[:, 0])
            now.append(pair[:, 1])
    if not now:
        return float("nan")
    return float(np.corrcoef(np.concatenate(before), np.concatenate(now))[0, 1])


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation (ties share their mean rank)."""
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])
