"""Facts on creation: patents and R&D in a panel of firms like the published ones, teams, basic research."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecosystem.kernel.luck import ALWAYS, Draw
from ecosystem.lab.estimators import gini, persistence, poisson_pooled, poisson_within
from ecosystem.lab.facts.evidence import Evidence
from ecosystem.lab.facts.registry import register

PANEL_FIRMS = 346
PANEL_YEARS = 10
PANEL_POWER = 0.65
"""As in the published panel: 346 firms over ten years, large performers overrepresented (drawn with R&D^0.65)."""


def panel(run: Evidence, firms: int = PANEL_FIRMS, years: int = PANEL_YEARS) -> pd.DataFrame:
    """Return a balanced panel of the last years: firm, year, log_rd, rd, patents (real-unit counts of one firm).

    Drawn without repetition with probability proportional to R&D^0.65 (mean of the years): the ``firms`` smallest of
    E_i / w_i, E_i exponential luck keyed by the firm. Firms of all places that did R&D in every year.
    """
    t = run.firms(years)
    t = t[t["rd"] > 0]
    t = t[t.groupby("uid")["year"].transform("size") == years]
    mean = t.groupby("uid")["rd"].mean()
    uid = mean.index.to_numpy(np.int64).copy()  # compiled loops take no read-only arrays
    draw = Draw(run.seed)
    draw.month = 0
    race = draw.exponential("facts.panel", uid, month=ALWAYS) / mean.to_numpy() ** PANEL_POWER
    chosen = uid[np.argsort(race, kind="stable")[:firms]]
    t = t[t["uid"].isin(chosen)].sort_values(["uid", "year"])
    out = t[["uid", "year", "rd"]].rename(columns={"uid": "firm"})
    return out.assign(log_rd=np.log(out["rd"]), patents=t["patents_filed"], place=t["jurisdiction"]).reset_index(
        drop=True
    )


@register("rd_patent_elasticity_pooled")
def rd_patent_elasticity_pooled(run: Evidence) -> float:
    """Poisson elasticity of patents to R&D over the firm-years of the panel, with year dummies."""
    return poisson_pooled(panel(run)).value


@register("rd_patent_elasticity_within")
def rd_patent_elasticity_within(run: Evidence) -> float:
    """Poisson elasticity of patents to R&D within the firms of the panel (fixed effects), with year dummies."""
    return poisson_within(panel(run)).value


@register("patents_gini")
def patents_gini(run: Evidence) -> float:
    """Gini of mean yearly patents over the firms of the panel that have any."""
    mean = panel(run).groupby("firm")["patents"].mean().to_numpy()
    return gini(mean[mean > 0])


@register("patents_persistence")
def patents_persistence(run: Evidence) -> float:
    """Correlation of ln(1 + patents) with the year before over the panel."""
    return persistence(panel(run))


@register("team_size")
def team_size(run: Evidence) -> float:
    """Mean inventors of patents granted in the US in the last five years."""
    t = run.patents("us")
    t = run.with_invention(t[t["decided_month"] >= run.months - 60])
    return float(t["team_size"].mean())


def _basic(run: Evidence, place: str) -> float:
    """Return basic research / all R&D, money of all performers seated in a place over the run."""
    t = run.table("organizations")
    t = t[t["jurisdiction"] == place]
    basic = (t["rd_basic"] * t["weight"]).sum()
    total = ((t["rd_basic"] + t["rd_applied"] + t["rd_development"]) * t["weight"]).sum()
    return float(basic / total) if total > 0 else float("nan")


@register("chain_cn_basic")
def chain_cn_basic(run: Evidence) -> float:
    """Basic research in Chinese R&D."""
    return _basic(run, "cn")


@register("chain_us_basic")
def chain_us_basic(run: Evidence) -> float:
    """Basic research in US R&D."""
    return _basic(run, "us")


@register("chain_jp_basic")
def chain_jp_basic(run: Evidence) -> float:
    """Basic research in Japanese R&D."""
    return _basic(run, "jp")
