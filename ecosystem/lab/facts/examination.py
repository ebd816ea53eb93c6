"""Facts on the offices: grant rates, time to a decision, who files."""

from __future__ import annotations

import pandas as pd

from ecosystem.lab.facts.evidence import Evidence
from ecosystem.lab.facts.registry import register


def _decided(run: Evidence, office: str) -> pd.DataFrame:
    """Return patent applications decided in the reported months, whenever filed."""
    t = run.table("rights")
    return t[(t["kind"] == "patent") & (t["office"] == office) & (t["decided_month"] >= 0).fillna(False)]


def _grant_rate(table: pd.DataFrame) -> float:
    closed = table["outcome"].isin(["granted", "refused", "withdrawn"])
    return float((table["outcome"] == "granted").sum() / closed.sum()) if closed.any() else float("nan")


@register("grant_rate_us")
def grant_rate_us(run: Evidence) -> float:
    """US grants / (grants + refusals + abandonments), of all decisions of the run."""
    return _grant_rate(_decided(run, "us"))


@register("grant_rate_small_lower")
def grant_rate_small_lower(run: Evidence) -> float:
    """US grant rate of firms below 250 employees minus that of larger firms."""
    t = _decided(run, "us")
    return _grant_rate(t[t["applicant_size"] == "small"]) - _grant_rate(t[t["applicant_size"] == "large"])


@register("pendency_jp")
def pendency_jp(run: Evidence) -> float:
    """Median months from the request for examination to the final decision in Japan, granted or refused."""
    t = _decided(run, "jp")
    t = t[t["outcome"].isin(["granted", "refused"])]
    return float((t["decided_month"] - t["requested_month"]).dropna().astype(float).median())


@register("accelerated_jp")
def accelerated_jp(run: Evidence) -> float:
    """Median months from the request to the first action in Japan, accelerated files, first actions of the run."""
    t = run.table("rights")
    t = t[(t["kind"] == "patent") & (t["office"] == "jp") & t["accelerated"]]
    t = t[(t["first_action_month"] >= 0).fillna(False)]
    return float((t["first_action_month"] - t["requested_month"]).dropna().astype(float).median())


def _nonresident(run: Evidence, place: str) -> float:
    filed = run.total("patent_filings", place)
    return run.total("nonresident_filings", place) / filed if filed > 0 else float("nan")


@register("nonresident_share_us")
def nonresident_share_us(run: Evidence) -> float:
    """Patent applications at the US office by applicants seated elsewhere / all."""
    return _nonresident(run, "us")


@register("nonresident_share_cn")
def nonresident_share_cn(run: Evidence) -> float:
    """Patent applications at the Chinese office by applicants seated elsewhere / all (utility models left out)."""
    return _nonresident(run, "cn")
