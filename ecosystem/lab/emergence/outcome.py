"""What one run says about complex and discrete sectors: launched innovation, welfare, and what stands behind both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecosystem.kernel.table import NEVER

if TYPE_CHECKING:
    from ecosystem.world import World

GROUPS = ("complex", "discrete")
COUNTED = {
    "steps": "launched_steps", "launches": "launches", "inventions": "inventions", "rd": "business_rd",
    "surplus": "consumer_surplus", "profits": "profits", "met": "followon_met", "blocked": "followon_blocked",
    "licensed": "followon_licensed",
}  # fmt: skip
"""Short name -> tally, told apart by sector."""
LEGAL = {
    "letters": "letters", "suits": "suits", "trials": "trials", "settled": "settlements", "grants": "patents_granted",
    "models": "utility_models_granted", "right_years": "right_years_thousand", "attempts": "adoption_attempts",
    "licenses": "adoptions_license", "infringements": "adoptions_infringe", "settlement_money": "settlement_payments",
    "damages": "damages_paid", "fees": "license_fees", "royalties": "royalties_paid",
}  # fmt: skip
"""Short name -> tally, all sectors together."""
OUTCOMES = ("innovation", "welfare")
COLUMNS = (
    *(f"{name}_{group}" for name in ("innovation", *COUNTED, "welfare") for group in GROUPS), *LEGAL,
)  # fmt: skip
"""What ``measure`` returns, in order."""


def is_complex(world: World) -> np.ndarray:
    """Return which sectors are complex: their products need many rights (sector data, column complexity), bool (S,)."""
    found: np.ndarray = world.sectors["complexity"] > 0.5
    return found


def launched_quality(world: World, first: int, last: int) -> np.ndarray:
    """Return the quality of inventions launched in the months ``first`` to ``last`` (not included) by sector, float64 (S,).

    Innovation = sum of technological quality over launched inventions of the jurisdictions, in real inventions. Quality is
    what parents, science, team and luck made it: it has no price in it, so that market power cannot pass for innovation.
    """
    inv = world.inventions
    launched = inv.launched[: inv.n]
    rows = np.flatnonzero((launched != NEVER) & (launched >= first) & (launched < last))
    rows = rows[inv.jurisdiction[rows] < world.P]
    quality = inv.quality[rows].astype(np.float64)
    return np.bincount(inv.sector[rows], weights=quality, minlength=world.S) * world.scale


def measure(world: World, first_year: int) -> dict[str, float]:
    """Return yearly means over the years from ``first_year`` on: ``<what>_<group>`` by group of sectors, and legal counts.

    Welfare of a group = consumer surplus + profits - R&D, million USD2020 a year: transfers cancel; wages and public
    outlays, which no sector owns, are left out.
    """
    months = [i for i, month in enumerate(world.records.months) if month >= 12 * first_year]
    years = len(months) / 12.0
    mine = is_complex(world)
    out: dict[str, float] = {}

    def split(name: str, by_sector: np.ndarray) -> None:
        for group, some in zip(GROUPS, (mine, ~mine), strict=True):
            out[f"{name}_{group}"] = float(by_sector[some].sum() / years)

    split("innovation", launched_quality(world, 12 * first_year, world.month))
    for name, tally in COUNTED.items():
        split(name, world.records.counts(tally, months).sum(axis=0)[: world.P, :-1].sum(axis=0))
    for group in GROUPS:
        out[f"welfare_{group}"] = out[f"surplus_{group}"] + out[f"profits_{group}"] - out[f"rd_{group}"]
    for name, tally in LEGAL.items():
        out[name] = float(world.records.counts(tally, months)[:, : world.P].sum() / years)
    return {name: out[name] for name in COLUMNS}
