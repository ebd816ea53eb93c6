"""Facts on the value of patents, on renewals and coverage, and on imitation cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ecosystem.lab.estimators import top_share
from ecosystem.lab.facts.evidence import Evidence
from ecosystem.lab.facts.registry import register

USUAL_GRANT_YEARS = 2
"""Years from filing to grant at the US office, from which the model dates the maintenance fees."""


def _valued(run: Evidence) -> pd.DataFrame:
    """Return granted patents at the office of the place where they were invented, with the value of the invention.

    Value: true yearly market potential of one real invention (million USD2020); the last ten years in which the office
    has decided. Foreign applicants are left out since a family would count once an office.
    """
    found = []
    for place in run.places[:-1]:
        patents = run.with_invention(run.patents(place))
        found.append(patents[(patents["jurisdiction"] == place) & (patents["value"] > 0)])
    table = pd.concat(found)
    return table[table["filed_month"] >= run.months - 180]


@register("value_top10_share")
def value_top10_share(run: Evidence) -> float:
    """Share of the value held by the most valuable tenth of granted patents; mean over places by number of patents."""
    groups = [g["value"].to_numpy(np.float64) for _, g in _valued(run).groupby("office", observed=True)]
    groups = [g for g in groups if len(g) >= 50]
    if not groups:
        return float("nan")
    return float(np.average([top_share(g) for g in groups], weights=[len(g) for g in groups]))


@register("value_lognormal")
def value_lognormal(run: Evidence) -> float:
    """Standard deviation of the log value of granted patents within places (pooled over places)."""
    table = _valued(run)
    logs = pd.Series(np.log(table["value"].to_numpy(np.float64)), index=table.index)
    centred = logs - logs.groupby(table["office"], observed=True).transform("mean")
    return float(np.sqrt((centred**2).mean()))


def _alive_after(run: Evidence, years: int) -> float:
    """Share of US patents that pay the fees due up to ``years`` after a grant: not lapsed two years later from filing.

    Fees of 3.5, 7.5 and 11.5 years after the grant fall due in the model 5, 9 and 13 years after filing, so the age of
    ``years`` + 2 years from filing lies safely between two of them. Cohorts: applications of the reported months, granted
    within four years, that have reached the age.
    """
    age = 12 * (years + USUAL_GRANT_YEARS)
    t = run.patents("us")
    t = t[(t["filed_month"] + age < run.months) & (t["decided_month"] <= t["filed_month"] + 48)]
    lapsed = (t["lapsed_month"] <= t["filed_month"] + age).fillna(False)
    return float(1.0 - lapsed.mean()) if len(t) else float("nan")


@register("renewal_us_4")
def renewal_us_4(run: Evidence) -> float:
    """Share of granted US patents that pay the first maintenance fee."""
    return _alive_after(run, 4)


@register("renewal_us_8")
def renewal_us_8(run: Evidence) -> float:
    """Share of granted US patents that pay the first two maintenance fees."""
    return _alive_after(run, 8)


@register("renewal_us_12")
def renewal_us_12(run: Evidence) -> float:
    """Share of granted US patents that pay all three maintenance fees."""
    return _alive_after(run, 12)


@register("unitary_uptake")
def unitary_uptake(run: Evidence) -> float:
    """Share of European grants with unitary effect, first two reported years; the indicator weighed by grants."""
    t = run.table("indicators")
    t = t[(t["jurisdiction"] == "eu") & (t["sector"] == "")]
    share = t[t["indicator"] == "unitary_uptake"].set_index("month")["value"].dropna()
    share = share[share.index < t["month"].min() + 24]
    grants = t[t["indicator"] == "patents_granted"].set_index("month")["value"].reindex(share.index).fillna(0.0)
    return float(np.average(share, weights=grants)) if grants.sum() > 0 else float("nan")


@register("imitation_cost")
def imitation_cost(run: Evidence) -> float:
    """Mean cost to imitate relative to the cost to innovate over all adoptions of launched products.

    The indicator of the same name by year, weighted by the adoptions of the year.
    """
    t = run.table("indicators")
    t = t[(t["jurisdiction"] == "all") & (t["sector"] == "")]
    ratio = t[t["indicator"] == "imitation_cost_ratio"].set_index("month")["value"]
    made = t[
        t["indicator"].isin([f"adoptions_{r}" for r in ("free", "license", "purchase", "invent_around", "infringe")])
    ]
    weight = made.groupby("month")["value"].sum().reindex(ratio.index).fillna(0.0)
    return float(np.average(ratio, weights=weight)) if weight.sum() > 0 else float("nan")
