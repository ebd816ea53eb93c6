"""Facts on transfer and use: university patents, licenses, start-ups, own use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecosystem.lab.facts.evidence import Evidence
from ecosystem.lab.facts.registry import register

LICENSES = ("license", "cross_license", "pool_license", "standard_license", "know_how")
ACADEMIC = ("university", "institute")
SURVEY_YEARS = 3
GROUPS = 10


def _university_patents(run: Evidence) -> pd.DataFrame:
    """Return Chinese patents of Chinese universities in force at the end, with ``used`` and ``joint``."""
    t = run.patents("cn")
    t = run.with_owner(t[t["in_force"]])
    t = run.with_invention(t[(t["owner_kind"] == "university") & (t["seat"] == "cn")])
    return t.assign(used=t["launched_month"].notna(), joint=t["partner"].notna())


@register("university_use_cn")
def university_use_cn(run: Evidence) -> float:
    """Share of Chinese university patents in force that a product on the market uses."""
    t = _university_patents(run)
    return float(t["used"].mean()) if len(t) else float("nan")


@register("university_joint_use_cn")
def university_joint_use_cn(run: Evidence) -> float:
    """The share used among patents made with a firm / among those of the university alone (China, in force)."""
    t = _university_patents(run)
    joint, alone = t.loc[t["joint"], "used"], t.loc[~t["joint"], "used"]
    return float(joint.mean() / alone.mean()) if len(joint) and alone.any() else float("nan")


def _per_disclosure(run: Evidence, kind: str) -> float:
    disclosures = run.total("university_disclosures", "us")
    t = run.table("deals")
    signed = ((t["kind"] == kind) & (t["from_jurisdiction"] == "us")).sum() * run.scale
    return float(signed / disclosures) if disclosures > 0 else float("nan")


@register("us_licenses_per_disclosure")
def us_licenses_per_disclosure(run: Evidence) -> float:
    """Licenses of US universities and institutes / inventions disclosed to them, over the run."""
    return _per_disclosure(run, "university_license")


@register("us_startups_per_disclosure")
def us_startups_per_disclosure(run: Evidence) -> float:
    """Start-ups on US university inventions / inventions disclosed, over the run."""
    return _per_disclosure(run, "spin_off")


@register("license_out_share")
def license_out_share(run: Evidence) -> float:
    """Share of patenting firms of Europe and Japan that license out within three years, real firms.

    Patenting: an application in the last ten years. A simulated deal stands for ``scale`` real ones, spread over the
    ``weight`` real firms of its giver, so firms are grouped by patents (ten groups of equal number) and a firm of a group
    with d deals a real firm over ten years licenses within three with chance 1 - exp(-3 d / 10).
    """
    t = run.firms(10)
    t = t[t["jurisdiction"].isin(["eu", "jp"])]
    firms = t.groupby("uid").agg(patents=("patents_filed", "sum"), weight=("weight", "last"))
    firms = firms[firms["patents"] > 0]
    if len(firms) < GROUPS:
        return float("nan")
    deals = run.table("deals")
    deals = deals[deals["kind"].isin(LICENSES) & (deals["month"] >= run.months - 120)]
    given = deals.groupby("giver").size() * run.scale
    firms = firms.sort_values("patents", kind="stable").assign(
        deals=given.reindex(firms.index).fillna(0.0).astype(float)
    )
    group = np.arange(len(firms)) * GROUPS // len(firms)
    sums = firms.groupby(group)[["deals", "weight"]].sum()
    chance = 1.0 - np.exp(-SURVEY_YEARS / 10.0 * sums["deals"] / sums["weight"])
    return float(np.average(chance, weights=sums["weight"]))


@register("patent_use_commercial")
def patent_use_commercial(run: Evidence) -> float:
    """Share of granted European patents of European applicants in own commercial use five to ten years after filing.

    In use: the invention came to market before the end of the run, and no license, spin-off or cross-license on it was
    signed until then (a licensee's product is not own use; a buyer of the right counts as owner).
    """
    t = run.with_owner(run.patents("eu"))
    age = run.months - t["filed_month"]
    t = run.with_invention(t[(t["seat"] == "eu") & (age >= 60) & (age < 120)])
    deals = run.table("deals")
    given = deals[deals["kind"].isin([*LICENSES, "university_license"])].groupby("invention")["month"].min()
    first = t["invention"].map(given).astype("Float64")
    launched = t["launched_month"].astype("Float64")
    own = (launched.notna() & ~(first <= launched).fillna(False)).astype(bool)
    return float(own.mean()) if len(t) else float("nan")
