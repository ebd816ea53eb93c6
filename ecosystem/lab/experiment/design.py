"""Designs: which points of the uncertain ranges are run.

| kind | points | source |
|---|---|---|
| list | those written down | |
| grid | every combination of ``n`` levels a factor | |
| lhs | ``n`` of a Latin hypercube | McKay, Beckman & Conover 1979 |
| sobol | ``n`` (a power of two) of a scrambled Sobol sequence: the most even cover | Owen 1998 |
| ofat | the scenario as it is, then one factor at a time on ``n`` levels | ten Broeke et al. 2016 |
| morris | ``n`` trajectories of elementary effects, n (k + 1) points | Morris 1991 |
| saltelli | n (k + 2) points for Sobol's indices, n (2k + 2) with ``second_order`` | Saltelli 2002 |
| factorial | every variant on and off: 2^k policies, for interactions; worlds from a Sobol sequence where there are factors | |

A plan stores the points themselves, so results never hang on how a library draws them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecosystem import scenario_text as text
from ecosystem.kernel.errors import InputError, unknown
from ecosystem.lab.experiment.factors import Factor

KINDS = ("list", "grid", "lhs", "sobol", "ofat", "morris", "saltelli", "factorial")
MOST_POINTS = 1_000_000
_DEFAULT_N = {"grid": 3, "lhs": 64, "sobol": 64, "ofat": 5, "morris": 10, "saltelli": 64, "factorial": 1}
_POWERS = ("sobol", "saltelli")
Point = dict[str, float]


@dataclass(frozen=True)
class Design:
    """How points are chosen.

    Attributes:
        n: points, levels or trajectories, as the kind says; 0 takes the kind's default.
        levels: levels of a Morris trajectory.
        second_order: Saltelli's points for pairs of factors too.
        points: the points of a list.
    """

    kind: str = "list"
    n: int = 0
    levels: int = 4
    second_order: bool = False
    points: tuple[Point, ...] = field(default=())

    @classmethod
    def of(cls, content: Any) -> Design:
        """Check a ``[design]`` table (or a kind alone); raise InputError for what is wrong with it."""
        where = "[design]"
        if isinstance(content, Design):
            content = content.to_dict()
        if isinstance(content, str):
            content = {"kind": content}
        table = text.table(content, "design", where)
        text.only_keys(table, ("kind", "n", "levels", "second_order", "points"), where, kind="key of a design")
        kind = table.get("kind", "list")
        if kind not in KINDS:
            raise unknown("kind of design", kind, KINDS, where=where)
        for key, owners in (("levels", ("morris",)), ("second_order", ("saltelli",)), ("points", ("list",))):
            if key in table and kind not in owners:
                raise InputError(f"{key} means nothing to a design of kind {kind}", where=where,
                                 allowed=f"{key} belongs to {', '.join(owners)}")  # fmt: skip
        n = text.whole(table.get("n", 0), "n of the design", 0, MOST_POINTS, "") or _DEFAULT_N.get(kind, 0)
        if kind in _POWERS and n & (n - 1):
            low = 1 << (n.bit_length() - 1)
            raise InputError(f"n = {n} is no power of two, which a design of kind {kind} needs to be even", where=where,
                             do=f"Take {low} or {2 * low}")  # fmt: skip
        second = table.get("second_order", False)
        if not isinstance(second, bool):
            raise InputError(f"second_order is {text.shown(second)}", where=where, allowed="true or false")
        listed = table.get("points", [])
        if not isinstance(listed, list | tuple):
            raise InputError(f"points is {text.shown(listed)}, which is no list of tables", where=where)
        points = tuple(text.flat(text.table(p, f"point {i}", where), where) for i, p in enumerate(listed, 1))
        levels = text.whole(table.get("levels", 4), "levels", 2, 100, "")
        if levels % 2:
            raise InputError(f"levels = {levels} is odd; Morris's jumps need an even number", where=where,
                             do=f"Take {levels + 1}")  # fmt: skip
        return cls(kind, n, levels, second, points)

    def to_dict(self) -> dict[str, Any]:
        """Return the keys of a ``[design]`` table."""
        out: dict[str, Any] = {"kind": self.kind}
        if self.n:
            out["n"] = self.n
        if self.kind == "morris":
            out["levels"] = self.levels
        if self.second_order:
            out["second_order"] = True
        if self.points:
            out["points"] = [dict(p) for p in self.points]
        return out

    def size(self, factors: Sequence[Factor]) -> int:
        """Return the number of points without making them."""
        k = len(factors)
        if self.kind == "list":
            return max(1, len(self.points))
        if not k:
            return 1
        levels = [len(f.values) or self.n for f in factors]
        return {
            "grid": int(np.prod(np.array(levels, dtype=object))),
            "ofat": 1 + sum(levels),
            "morris": self.n * (k + 1),
            "saltelli": self.n * (2 * k + 2 if self.second_order else k + 2),
        }.get(self.kind, self.n)

    def make(self, factors: Sequence[Factor], base: Mapping[str, float], seed: int) -> list[Point]:
        """Return the points, each factor -> value; one empty point where nothing varies.

        Args:
            base: the factors' values in the scenario.
            seed: of the design's own luck.

        Raises:
            InputError: more than a million points, a factor of a listed point that is not varied, no factor to vary.
        """
        size = self.size(factors)
        if size > MOST_POINTS:
            raise InputError(
                f"The design has {size:,} points, more than can be planned", where="[design]",
                allowed=f"up to {MOST_POINTS:,}", do="Take fewer levels or factors, or a design of kind sobol",
            )  # fmt: skip
        if self.kind == "list":
            self.check(factors)
            return [{name: float(v) for name, v in p.items()} for p in self.points] or [{}]
        if not factors:
            if self.kind == "factorial":
                return [{}]
            raise InputError(f"A design of kind {self.kind} varies uncertainties, and there are none", where="[design]",
                             do="Name some under [uncertainties]")  # fmt: skip
        if self.kind == "grid":
            return [_point(factors, row) for row in itertools.product(*(f.levels(self.n) for f in factors))]
        if self.kind == "ofat":
            out = [dict(base)]
            return out + [{**base, f.name: float(v)} for f in factors for v in f.levels(self.n)]
        shares = self._shares(len(factors), seed)
        columns = [f.at(shares[:, i]) for i, f in enumerate(factors)]
        return [_point(factors, row) for row in zip(*columns, strict=True)]

    def check(self, factors: Sequence[Factor]) -> None:
        """Raise InputError if a listed point names what is not varied, or leaves a factor's range."""
        known = {f.name: f for f in factors}
        for number, point in enumerate(self.points, 1):
            for name, value in point.items():
                where = f"[design], point {number}"
                if name not in known:
                    raise unknown("uncertainty", name, known, where=where, do="Name it under [uncertainties] too")
                text.number(value, name, where, known[name].low, known[name].high, "")

    def _shares(self, k: int, seed: int) -> np.ndarray:
        """Return points of the unit cube, float64 (points, k)."""
        if self.kind in ("morris", "saltelli"):
            problem = {"num_vars": k, "names": [f"x{i}" for i in range(k)], "bounds": [[0.0, 1.0]] * k}
            small = seed % 2**32
            if self.kind == "morris":
                from SALib.sample import morris

                return np.asarray(morris.sample(problem, self.n, num_levels=self.levels, seed=small))
            from SALib.sample import sobol

            return np.asarray(sobol.sample(problem, self.n, calc_second_order=self.second_order, seed=small))
        from scipy.stats import qmc

        if self.kind == "lhs":
            return np.asarray(qmc.LatinHypercube(k, rng=seed).random(self.n))
        sequence = qmc.Sobol(k, scramble=True, rng=seed)
        return np.asarray(sequence.random(self.n if self.n & (self.n - 1) == 0 else 1 << self.n.bit_length())[: self.n])


def _point(factors: Sequence[Factor], row: Sequence[Any]) -> Point:
    return {f.name: float(value) for f, value in zip(factors, row, strict=True)}
