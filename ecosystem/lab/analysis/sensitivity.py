"""Sensitivity of outputs and of policies' effects to what is uncertain, through SALib behind a guard.

SALib returns zeros without a word when one run is missing, and takes luck for interactions of factors (measured: noise
halves first-order indices and triples total ones). So the guard refuses missing runs, analyses means over replicates, and
reports the noise share: variance of these means that is luck / their variance over the design,

    noise share = (s^2 / R) / var_p(mean_r y_pr),

with s^2 the residual variance over replicates; with common luck the effect of a replicate that is the same at all points
is taken out first, since it moves all points alike. Above a tenth the indices are to be read with care.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ecosystem.kernel.errors import InputError
from ecosystem.lab.analysis.values import Values, unit, values
from ecosystem.lab.experiment import Design, Experiment
from ecosystem.lab.store.folder import Folder

METHODS = {"morris": "morris", "sobol": "saltelli"}
"""Method -> kind of design that it needs."""
NOISY = 0.1


@dataclass(frozen=True, slots=True)
class Noise:
    """Luck in the analyzed means: its share of their variance (NaN with one replicate), and the replicates behind them."""

    share: float
    replicates: int

    def __str__(self) -> str:
        if np.isnan(self.share):
            return "unknown: one replicate cannot tell luck from factors"
        words = f"{100 * self.share:.2g} % of the variance between points is luck ({self.replicates} replicates)"
        return words + (": too much to trust small indices; take more replicates" if self.share > NOISY else "")


def designed(experiment: Experiment, method: str) -> Experiment:
    """Return the experiment with the design that a method needs; the file's own n is kept if its kind fits.

    Raises:
        InputError: nothing is uncertain.
    """
    kind = METHODS[method]
    if not experiment.uncertainties:
        raise InputError("Nothing is uncertain in this experiment, so there is nothing to be sensitive to",
                         where="[uncertainties]", do="Name parameters or levers with their ranges")  # fmt: skip
    if experiment.design.kind == kind:
        return experiment
    content = experiment.to_dict()
    content["design"] = {"kind": kind}
    content.pop("stop", None)
    return Experiment.from_dict(content)


def noise(sample: np.ndarray, common: bool) -> Noise:
    """Return the noise share of means over replicates, from values float64 (points, replicates)."""
    points, n = sample.shape
    if n < 2 or points < 2:
        return Noise(float("nan"), n)
    rest = sample - sample.mean(axis=1, keepdims=True)
    free = points * (n - 1)
    if common:
        rest = rest - rest.mean(axis=0, keepdims=True)
        free = (points - 1) * (n - 1)
    luck = float((rest**2).sum()) / free / n
    between = float(sample.mean(axis=1).var(ddof=1))
    return Noise(min(1.0, luck / between) if between > 0.0 else (1.0 if luck > 0.0 else 0.0), n)


def sensitivity(
    folder: Folder, output: str, *, variant: str = "", jurisdiction: str = "all", resamples: int = 200
) -> tuple[pd.DataFrame, Noise]:
    """Return the indices of every factor, and the noise.

    Args:
        variant: whose paired effect against the baseline is analyzed; empty for the output itself in the baseline.

    Columns for Morris: factor, mu (mean elementary effect over the whole range), mu_star (mean size), mu_star_conf, sigma
    (spread: interactions or curvature), unit. For Sobol: factor, S1 (alone), S1_conf, ST (with all interactions), ST_conf,
    unit; with ``second_order`` S2 columns are left to the export.

    Raises:
        InputError: another design, missing runs, an output that does not vary, points drawn by another SALib.
    """
    v = values(folder, output, jurisdiction).whole()
    name = variant or v.variants[v.baseline]
    n = min(v.replicates)
    sample = (v.value[v.baseline] if v.number(name) == v.baseline else v.differences(name))[:, :n]
    design = Design.of(folder.plan.content["design"])
    common = folder.plan.content.get("luck", "common") == "common"
    mean = sample.mean(axis=1)
    if not mean.std() > 0.0:
        raise InputError(f"{output} of variant {name} is the same at every point: no factor moves it",
                         where=str(folder.path), do="Choose another output, or wider ranges")  # fmt: skip
    table = _indices(folder, v, design, mean, resamples)
    table.insert(len(table.columns), "unit", unit(output) if design.kind == "morris" else "share of the variance")
    return table, noise(sample, common)


def _indices(folder: Folder, v: Values, design: Design, mean: np.ndarray, resamples: int) -> pd.DataFrame:
    factors = [str(f["factor"]) for f in folder.plan.factors]
    problem: dict[str, Any] = {"num_vars": len(factors), "names": factors, "bounds": [[0.0, 1.0]] * len(factors)}
    seed = int(folder.plan.content["seed"]) % 2**32
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        if design.kind == "morris":
            from SALib.analyze import morris

            shares = _shares(folder, design)
            found = morris.analyze(problem, shares, mean, num_levels=design.levels, num_resamples=resamples, seed=seed)
            columns = ["mu", "mu_star", "mu_star_conf", "sigma"]
        elif design.kind == "saltelli":
            from SALib.analyze import sobol

            # indices hang on the scale only through rounding; a centered output is what SALib asks for
            centered = (mean - mean.mean()) / mean.std()
            found = sobol.analyze(problem, centered, calc_second_order=design.second_order, num_resamples=resamples,
                                  seed=seed)  # fmt: skip
            columns = ["S1", "S1_conf", "ST", "ST_conf"]
        else:
            raise InputError(f"A design of kind {design.kind} gives no indices of sensitivity", where=str(folder.path),
                             allowed="morris, saltelli", do="Run 'ecosystem sensitivity EXPERIMENT.toml'")  # fmt: skip
    table = pd.DataFrame({"factor": factors, **{c: np.asarray(np.ma.filled(found[c], np.nan), float) for c in columns}})
    if table[columns].isna().all(axis=None):
        raise InputError("SALib gave no index at all", where=str(folder.path), do="Take more trajectories or points")
    return table.sort_values("mu_star" if design.kind == "morris" else "ST", ascending=False, ignore_index=True)


def _shares(folder: Folder, design: Design) -> np.ndarray:
    """Return the design in shares of the ranges; refuse if this library draws other points than the plan holds."""
    experiment = folder.plan.experiment
    shares = design._shares(len(experiment.uncertainties), experiment.seed)
    if list(folder.plan.points) != experiment.points():
        raise InputError("The plan's points were drawn by another version of SALib, and cannot be told apart by this one",
                         where=str(folder.path), do="Run the experiment again into a new folder")  # fmt: skip
    return shares


def everything(folder: Folder, jurisdiction: str = "all") -> pd.DataFrame:
    """Return the indices of all outputs, of the baseline and of every variant's effect; what does not vary is left out.

    Columns: those of ``sensitivity`` after output, of (``baseline`` or ``VARIANT - baseline``); then noise_share,
    replicates.
    """
    parts = []
    baseline = None
    for output in map(str, folder.plan.content["outputs"]):
        v = values(folder, output, jurisdiction)
        if np.isnan(v.value).all():
            continue  # an output that has no value for all places together
        v.whole()
        baseline = v.variants[v.baseline]
        for name in v.variants:
            own = name == baseline
            try:
                table, luck = sensitivity(folder, output, variant="" if own else name, jurisdiction=jurisdiction)
            except InputError as error:
                if "same at every point" not in str(error):
                    raise
                continue
            table.insert(0, "of", name if own else f"{name} - {baseline}")
            table.insert(0, "output", output)
            parts.append(table.assign(noise_share=luck.share, replicates=luck.replicates))
    if not parts:
        raise InputError(
            "No output varies over the design", where=str(folder.path), do="Take wider ranges or other outputs"
        )
    return pd.concat(parts, ignore_index=True)
