"""Facts on disputes: how rare suits are, how they end, where they are frequent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecosystem.lab.estimators import rank_correlation
from ecosystem.lab.facts.evidence import Evidence
from ecosystem.lab.facts.registry import NotYet, register

SUITS_ORDER = ("cn", "eu", "us", "jp")
"""From most to fewest suits per right (calibration table)."""
LIFE_MONTHS = 240


def _suits(run: Evidence, court: str) -> pd.DataFrame:
    t = run.table("disputes")
    return t[(t["court"] == court) & t["suit_month"].notna()]


@register("litigated_share")
def litigated_share(run: Evidence) -> float:
    """Share of granted US patents with at least one suit within twenty years of filing (cohorts that have lived so long)."""
    t = run.patents("us")
    t = t[t["filed_month"] < run.months - LIFE_MONTHS]
    if not len(t):
        return float("nan")
    return float(t["uid"].isin(_suits(run, "us")["right"].dropna()).mean())


@register("trial_share_of_suits")
def trial_share_of_suits(run: Evidence) -> float:
    """US suits decided by judgment / US suits ended."""
    t = _suits(run, "us")
    t = t[t["outcome"] != "pending"]
    return float((t["stage_reached"] == "trial").mean()) if len(t) else float("nan")


@register("invalid_when_litigated")
def invalid_when_litigated(run: Evidence) -> float:
    """US judgments that find the right invalid / US judgments in suits in which validity was attacked."""
    attacked = run.validity_attacked()
    if attacked is None:
        raise NotYet(
            "the table of disputes does not say in which suits validity was attacked; compute it from the world"
        )
    t = run.table("disputes")
    judged = (t["court"] == "us") & (t["stage_reached"] == "trial") & t["judged_month"].notna() & attacked
    return float((t.loc[judged, "outcome"] == "invalid").mean()) if judged.any() else float("nan")


def suits_per_thousand(run: Evidence, place: str) -> float:
    """Return suits a year per 1,000 rights in force at a place (patents and utility models), over the run."""
    t = run.table("rights")
    t = t[(t["office"] == place) & (t["outcome"] == "granted")]
    start = t["decided_month"].to_numpy(np.float64, na_value=np.nan).clip(min=0.0)
    end = np.full(len(t), float(run.months))
    for name in ("lapsed_month", "invalidated_month"):
        end = np.fmin(end, t[name].to_numpy(np.float64, na_value=np.nan))
    years = float(np.maximum(end - start, 0.0).sum()) / 12.0
    return 1000.0 * len(_suits(run, place)) / years if years > 0 else float("nan")


@register("suits_ranking")
def suits_ranking(run: Evidence) -> float:
    """Rank correlation over places of suits per 1,000 rights with the order China, Europe, US, Japan."""
    if not set(SUITS_ORDER) <= set(run.places):
        raise NotYet("the run lacks one of the four jurisdictions")
    rates = np.array([suits_per_thousand(run, place) for place in SUITS_ORDER])
    return rank_correlation(rates, -np.arange(4.0))


@register("opposition_rate_eu")
def opposition_rate_eu(run: Evidence) -> float:
    """Oppositions / grants at the European office."""
    raise NotYet("the model has no opposition before an office")


@register("opposition_outcome_eu")
def opposition_outcome_eu(run: Evidence) -> float:
    """Share of European oppositions that end in revocation."""
    raise NotYet("the model has no opposition before an office")
