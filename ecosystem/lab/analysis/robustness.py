"""Robustness over uncertain worlds: regret and satisficing, never a single best policy.

Regret of a policy in a world and luck = the best policy's outcome there less its own (for an output where less is better,
the other way round). It is exact, since all policies meet the same world and the same luck. The satisficing share is the
share of worlds in which a policy meets every goal, with Wilson's 95 % interval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ecosystem.kernel.errors import InputError
from ecosystem.lab.analysis.values import good, values
from ecosystem.lab.store.folder import Folder

_GOAL = re.compile(r"\s*([A-Za-z0-9_]+)\s*(<=|>=|<|>)\s*([-+0-9.eE_,]+)\s*")
Goal = tuple[str, str, float]


def regret(folder: Folder, output: str, jurisdiction: str = "all", sign: int = 0) -> pd.DataFrame:
    """Return each variant's regret over all worlds and lucks.

    Args:
        sign: +1 where more is better, -1 where less is; 0 takes what the model declares.

    Columns: variant, mean, p90, most, best_share (share of worlds and lucks in which no variant is better), n.

    Raises:
        InputError: runs are missing, or the model does not say which way is better.
    """
    way = sign or good(output)
    if not way:
        raise InputError(f"The model does not say whether more of {output} is better", where=output,
                         do="Say which way with sign=1 or sign=-1")  # fmt: skip
    v = values(folder, output, jurisdiction).whole()
    n = min(v.replicates)
    score = way * v.value[:, :, :n]
    lost = score.max(axis=0)[None] - score
    rows = []
    for i, name in enumerate(v.variants):
        each = lost[i].ravel()
        rows.append((name, each.mean(), np.quantile(each, 0.9), each.max(), float((each <= 0.0).mean()), len(each)))
    return pd.DataFrame(rows, columns=["variant", "mean", "p90", "most", "best_share", "n"])


def read_goals(words: Sequence[str] | Mapping[str, str]) -> list[Goal]:
    """Return goals from ``output>=number`` (or output -> ``>=number``); raise InputError for what is none."""
    texts = [f"{name}{rest}" for name, rest in words.items()] if isinstance(words, Mapping) else list(words)
    out = []
    for text in texts:
        match = _GOAL.fullmatch(text)
        try:
            if match is None:
                raise ValueError
            out.append((match[1], match[2], float(match[3].replace(",", "").replace("_", ""))))
        except ValueError:
            raise InputError(f"{text!r} is no goal", where="goal", allowed="OUTPUT>=NUMBER or OUTPUT<=NUMBER") from None
    if not out:
        raise InputError("No goal is named", where="goal", allowed="OUTPUT>=NUMBER or OUTPUT<=NUMBER")
    return out


def satisfice(
    folder: Folder, goals: Sequence[str] | Mapping[str, str], jurisdiction: str = "all"
) -> pd.DataFrame:  # fmt: skip
    """Return the share of worlds in which each variant meets all goals on the mean over its replicates.

    Columns: variant, met, worlds, share, low, high (Wilson 95 %).

    Raises:
        InputError: a goal that is none, an output that was not kept, missing runs.
    """
    met = None
    for output, sign, bound in read_goals(goals):
        v = values(folder, output, jurisdiction).whole()
        mean = np.nanmean(v.value, axis=2)
        here = {"<=": mean <= bound, ">=": mean >= bound, "<": mean < bound, ">": mean > bound}[sign]
        met = here if met is None else met & here
    assert met is not None
    rows = []
    for i, name in enumerate(folder.plan.variants):
        k, n = int(met[i].sum()), met.shape[1]
        rows.append((name, k, n, k / n, *wilson(k, n)))
    return pd.DataFrame(rows, columns=["variant", "met", "worlds", "share", "low", "high"])


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a share k / n."""
    z = float(stats.norm.ppf(0.5 + confidence / 2.0))
    middle = (k + z * z / 2.0) / (n + z * z)
    half = z / (n + z * z) * float(np.sqrt(k * (n - k) / n + z * z / 4.0))
    return max(0.0, middle - half), min(1.0, middle + half)
