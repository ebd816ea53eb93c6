"""How many replicates an answer needs.

A mean of n differences with standard deviation s has the half-width h = t(1 - a/2, n - 1) s / sqrt(n); needed is the
smallest n with h at most the target. The standard deviation is itself an estimate from few runs: the answer is given with
the range that its 95 % interval (chi-square) leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

from ecosystem.kernel.errors import InputError
from ecosystem.lab.analysis.values import values
from ecosystem.lab.store.folder import Folder

MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Needed:
    """Replicates needed.

    Attributes:
        now: replicates there are, half_width: what they give.
        replicates: needed; low, high: with the standard deviation at the ends of its 95 % interval.
        widest: the design point that needs them.
    """

    output: str
    variant: str
    target: float
    now: int
    half_width: float
    replicates: int
    low: int
    high: int
    widest: int


def needed(spread: float, half_width: float, confidence: float = 0.95) -> int:
    """Return the replicates that bring the half-width of an interval down to the target; at least 2.

    Raises:
        InputError: a target that is not above zero.
    """
    if not half_width > 0.0:
        raise InputError(f"A half-width of {half_width:g} is never reached", where="half_width", allowed="above 0")
    if not spread > 0.0:
        return 2
    low, high = 2, 2
    while _half(spread, high, confidence) > half_width:
        low, high = high, high * 2
        if high > MOST:
            raise InputError(
                f"More than {MOST:,} replicates would be needed", where="half_width", do="Take a wider one"
            )
    while low < high:
        middle = (low + high) // 2
        if _half(spread, middle, confidence) > half_width:
            low = middle + 1
        else:
            high = middle
    return low


@lru_cache(maxsize=4096)
def _t(n: int, confidence: float) -> float:
    return float(stats.t.ppf(0.5 + confidence / 2.0, n - 1))


def _half(spread: float, n: int, confidence: float) -> float:
    return _t(n, confidence) * spread / float(np.sqrt(n))


def replications_needed(
    folder: Folder, output: str, half_width: float, *, variant: str = "", versus: str = "", jurisdiction: str = "all",
    confidence: float = 0.95,
) -> Needed:  # fmt: skip
    """Return how many replicates a variant's paired effect needs (or, of the baseline, the output itself).

    The design point whose luck is largest decides.

    Raises:
        InputError: fewer than two replicates, runs missing, a bad target.
    """
    v = values(folder, output, jurisdiction).whole()
    name = variant or v.variants[v.baseline]
    own = v.number(name) == (v.number(versus) if versus else v.baseline)
    sample = v.value[v.number(name)] if own else v.differences(name, versus)
    n = min(v.replicates)
    if n < 2:
        raise InputError("One replicate says nothing about luck", where=str(folder.path), do="Run at least two")
    spread = np.nanstd(sample[:, :n], axis=1, ddof=1)
    widest = int(np.argmax(spread))
    s = float(spread[widest])
    ends = [s * np.sqrt((n - 1) / stats.chi2.ppf(q, n - 1)) for q in (0.975, 0.025)]
    count, low, high = (needed(float(x), half_width, confidence) for x in (s, *ends))
    return Needed(output, name, half_width, n, _half(s, n, confidence), count, low, high, widest)
