"""Paired effects of an experiment's variants, and what policies do together beyond what they do alone.

The interaction of a set S of policies is I(S) = sum over T in S of (-1)^(|S| - |T|) y(T), y(T) the outcome with the
policies T and nothing else: for two, what both do less what each does alone. It is taken run by run on the same luck.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from ecosystem.kernel.errors import InputError
from ecosystem.lab.analysis.values import Values, unit, values
from ecosystem.lab.compare import CONFIDENCE, verdict
from ecosystem.lab.store.folder import Folder


def summary(sample: np.ndarray) -> dict[str, float]:
    """Return mean, standard error and 95 % interval (Student's t) of a sample, and its size; NaN is left out."""
    sample = np.asarray(sample, dtype=np.float64).ravel()
    sample = sample[np.isfinite(sample)]
    n = len(sample)
    mean = float(sample.mean()) if n else float("nan")
    error = float(sample.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2.0, n - 1)) * error if n > 1 else float("nan")
    return {"mean": mean, "error": error, "low": mean - half, "high": mean + half, "n": n}


def over_worlds(differences: np.ndarray, common: bool = True) -> np.ndarray:
    """Return the independent numbers behind differences, float64 (points, replicates), for an interval.

    One world: its replicates. Several worlds with common luck: the means of the worlds, since replicates of different
    worlds share luck. Several worlds with independent luck: all differences.
    """
    if len(differences) == 1:
        return np.asarray(differences[0])
    if not common:
        return differences.ravel()
    known = np.isfinite(differences)
    count = known.sum(axis=1)
    total = np.where(known, differences, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def effects(folder: Folder, jurisdiction: str = "all") -> pd.DataFrame:
    """Return the effect of every variant on every output against the baseline.

    Columns: output, variant, jurisdiction, unit, base, effect, low, high, error, n (pairs of one world, or worlds), share
    (of pairs in which it is higher), variance_reduction, missing (runs), verdict.
    """
    rows = []
    for output in map(str, folder.plan.content["outputs"]):
        v = values(folder, output, jurisdiction)
        if np.isnan(v.value).all():
            continue
        base = v.value[v.baseline]
        for number, name in enumerate(v.variants):
            if number == v.baseline:
                continue
            difference = v.value[number] - base
            s = summary(over_worlds(difference, folder.plan.content.get("luck", "common") == "common"))
            known = np.isfinite(difference)
            if not known.any():
                continue
            rows.append({
                "output": output, "variant": name, "jurisdiction": jurisdiction, "unit": unit(output),
                "base": float(base[known].mean()), "effect": s["mean"], "low": s["low"], "high": s["high"],
                "error": s["error"], "n": s["n"], "share_higher": float((difference[known] > 0).mean()),
                "variance_reduction": _reduction(base, v.value[number]),
                "missing": sum(1 for id in v.missing if id[0] in (number, v.baseline)),
                "verdict": verdict(s["low"], s["high"], s["mean"]),
            })  # fmt: skip
    return pd.DataFrame(rows)


def _reduction(base: np.ndarray, other: np.ndarray) -> float:
    """Variance of a difference of independent runs over that of paired ones, within points, pooled."""
    known = np.isfinite(base) & np.isfinite(other)
    alone = paired = 0.0
    for p in range(len(base)):
        a, b = base[p][known[p]], other[p][known[p]]
        if len(a) > 1:
            alone += float(a.var(ddof=1) + b.var(ddof=1))
            paired += float((b - a).var(ddof=1))
    return alone / paired if paired > 0.0 else float("nan")


def interactions(folder: Folder, output: str, jurisdiction: str = "all") -> pd.DataFrame:
    """Return what each set of policies of a factorial design does, alone and beyond its parts.

    Columns: policies, order (1 for a single policy, whose interaction is its effect), interaction, low, high, error, n,
    together (effect of all of the set against none), relative (interaction / mean of the baseline), verdict.

    Raises:
        InputError: no factorial design, or runs are missing.
    """
    if folder.plan.content["design"].get("kind") != "factorial":
        raise InputError("Interactions need every combination of the policies", where=str(folder.path),
                         do='Give the experiment a design of kind "factorial"')  # fmt: skip
    v = values(folder, output, jurisdiction).whole()
    singles = [str(p["name"]) for p in folder.plan.content["variants"] if set(p) - {"name"}]
    rows = []
    for size in range(1, len(singles) + 1):
        for chosen in itertools.combinations(singles, size):
            each = contrast(v, chosen)
            s = summary(over_worlds(each))
            together = float(np.nanmean(v.value[_number(v, chosen)] - v.value[v.baseline]))
            rows.append({
                "policies": " + ".join(chosen), "order": size, "interaction": s["mean"], "low": s["low"], "high": s["high"],
                "error": s["error"], "n": s["n"], "together": together,
                "relative": s["mean"] / abs(float(np.nanmean(v.value[v.baseline]))),
                "verdict": verdict(s["low"], s["high"], s["mean"]),
            })  # fmt: skip
    return pd.DataFrame(rows)


def contrast(v: Values, policies: tuple[str, ...]) -> np.ndarray:
    """Return the interaction of a set of policies run by run, float64 (points, replicates)."""
    out = np.zeros(v.value.shape[1:])
    for size in range(len(policies) + 1):
        for part in itertools.combinations(policies, size):
            out += (-1.0) ** (len(policies) - size) * v.value[_number(v, part)]
    return out


def _number(v: Values, policies: tuple[str, ...]) -> int:
    return v.number(" + ".join(policies)) if policies else v.baseline
