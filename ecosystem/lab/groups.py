"""Who is meant by an indicator: the groups of organizations and regions for which a comparison can be read."""

from __future__ import annotations

GROUPS: dict[str, tuple[str, ...]] = {
    "firms below 250 employees": (
        "business_rd_sme", "sme_filing_share", "sme_rights_held", "grant_rate_small", "sme_enforcement_rate",
        "sme_researchers_hired",
    ),
    "larger firms": ("grant_rate_large",),
    "firms younger than 6 years": (
        "startup_funding_total", "startup_survival", "startup_inventor_skill", "startup_offers_taken",
    ),
    "universities and institutes": (
        "university_rd", "university_patent_filings", "grant_rate_university", "university_disclosures",
        "university_licenses", "university_to_firm_transfers", "university_inventions_used",
    ),
    "regions": ("same_region_deal_share", "covered_region_sme_filings", "neighbor_region_transfers"),
}  # fmt: skip
"""Group -> the indicators that speak about it alone, in the order in which they are shown."""

GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}
ORDER = {name: k for k, name in enumerate(GROUP_OF)}
