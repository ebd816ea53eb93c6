"""Stop when it is known well enough: replicates are added in batches until a confidence interval is narrow.

For every design point the mean over replicates of the difference to the baseline has the half-width
``t(1 - (1 - c) / 2, n - 1) s / sqrt(n)``; the point needs no more once the widest of its variants is within the target.
Without ``versus`` it is the output itself. Looking after every batch makes intervals slightly too narrow (Chow & Robbins
1965: right in the limit of narrow targets), so the first batch holds at least five replicates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ecosystem import scenario_text as text
from ecosystem.kernel.errors import InputError

FEWEST = 5


@dataclass(frozen=True, slots=True)
class Stop:
    """When a design point has enough replicates.

    Attributes:
        output: the indicator watched, as its mean over the reported years.
        half_width: target, in the unit of the output; with ``relative`` a share of the mean of the baseline.
        jurisdiction: place of the output.
        versus: variant that the others are compared with; empty for none.
        confidence: of the interval.
        batch: replicates added at a time.
        most: replicates at which a point stops in any case.
    """

    output: str
    half_width: float
    jurisdiction: str = "all"
    versus: str = ""
    relative: bool = False
    confidence: float = 0.95
    batch: int = 4
    most: int = 64

    @classmethod
    def of(cls, content: Any) -> Stop:
        """Check a ``[stop]`` table; raise InputError for what is wrong with it."""
        where = "[stop]"
        if isinstance(content, Stop):
            content = content.to_dict()
        table = text.table(content, "stop", where)
        text.only_keys(table, [f.name for f in fields(cls)], where, kind="key of a stopping rule")
        for key in ("output", "half_width"):
            if key not in table:
                raise InputError(f"The stopping rule lacks {key}", where=where)
        relative = table.get("relative", False)
        if not isinstance(relative, bool):
            raise InputError(f"relative is {text.shown(relative)}", where=where, allowed="true or false")
        return cls(
            text.word(table["output"], "output", where),
            text.number(table["half_width"], "half_width", where, 1e-12, 1e15, ""),
            text.word(table.get("jurisdiction", "all"), "jurisdiction", where),
            text.word(table.get("versus", ""), "versus", where, empty=True),
            relative,
            text.number(table.get("confidence", 0.95), "confidence", where, 0.5, 0.9999, ""),
            text.whole(table.get("batch", 4), "batch", 1, 1000, "replicates"),
            text.whole(table.get("most", 64), "most", FEWEST, 100_000, "replicates"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the keys of the ``[stop]`` table."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def half_width_of(self, values: Sequence[float]) -> float:
        """Return the half-width of the interval of the mean of values; infinite for fewer than two."""
        n = len(values)
        if n < 2:
            return math.inf
        from scipy.stats import t

        spread = float(np.std(np.asarray(values), ddof=1))
        return float(t.ppf(0.5 + self.confidence / 2.0, n - 1)) * spread / math.sqrt(n)

    def narrow(self, values: Mapping[int, Mapping[int, float]], versus: int | None) -> bool:
        """Return True if a design point needs no more replicates.

        Args:
            values: variant -> replicate -> output; replicates that failed are missing.
            versus: number of the variant compared with, or None.
        """
        base = values.get(versus, {}) if versus is not None else {}
        whole = base or next(iter(values.values()), {})
        target = self.half_width
        if self.relative:
            target *= abs(float(np.mean(list(whole.values())))) if whole else 0.0
        for number, row in values.items():
            if number == versus:
                continue
            sample = list(row.values()) if versus is None else [row[r] - base[r] for r in row if r in base]
            if self.half_width_of(sample) > target:
                return False
        return bool(values)
