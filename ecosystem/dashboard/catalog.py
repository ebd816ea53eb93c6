"""Which indicators the page shows, and where. Titles and questions stand in the locale under ``panels.<id>``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Panel:
    """One line chart: yearly values of one indicator by jurisdiction."""

    id: str
    indicator: str


PROTECTION = (
    Panel("filed", "patent_filings"),
    Panel("granted", "patents_granted"),
    Panel("in_force", "patents_in_force"),
    Panel("pendency", "pendency_months"),
)
TRANSFER = (
    Panel("deals", "license_and_sale_deals"),
    Panel("university_licenses", "university_licenses"),
)
RESEARCH = (
    Panel("research", "business_rd"),
    Panel("inventions", "inventions"),
)
TILES = ("patent_filings", "patents_granted", "pendency_months", "license_and_sale_deals", "business_rd")

# Stages of the chain from science to the market, each measured by one indicator.
CHAIN = (
    ("basic", "rd_basic_spent"),
    ("applied", "rd_applied_spent"),
    ("development", "rd_development_spent"),
    ("commercialization", "launch_revenue_new_products"),
)

INDICATORS_SHOWN = tuple(
    dict.fromkeys(
        [panel.indicator for panel in (*PROTECTION, *TRANSFER, *RESEARCH)]
        + list(TILES)
        + [indicator for _, indicator in CHAIN]
    )
)

# Tab Explore: what two worlds are compared by.
COMPARED = (
    "patents_granted", "license_and_sale_deals", "university_to_firm_transfers", "launches", "public_outlay",
    "patent_filings", "patents_in_force", "pendency_months", "applications_pending", "grant_rate", "wrong_decision_share",
    "sme_filing_share", "licenses", "university_licenses", "cross_border_licenses", "reassigned_patents", "spin_offs",
    "pledge_loans", "business_rd", "business_rd_sme", "rd_basic_spent", "rd_applied_spent", "rd_development_spent",
    "inventions", "invention_quality", "science_stock", "industry_university_coinventions",
    "launch_revenue_new_products", "commercialization_rate", "startup_survival", "startup_funding_total",
    "firm_entries", "suits", "invalidations", "unintended_infringement_rate", "abusive_assertions", "concentration",
    "productivity", "consumer_surplus", "welfare", "coupling_u1", "coupling_u2", "coupling_c", "coupling_d",
    "chain_width_basic_research", "chain_width_applied_research", "chain_width_development",
    "chain_width_commercialization", "chain_width_industry",
)  # fmt: skip
"""Indicators that every paired run of the page reports; the direct indicator of each measure comes on top."""
COMPARED_TILES = (
    "patents_granted",
    "license_and_sale_deals",
    "university_to_firm_transfers",
    "launches",
    "public_outlay",
)
STRIP = (
    "patent_filings", "pendency_months", "university_licenses", "cross_border_licenses", "business_rd", "inventions",
    "suits", "welfare",
)  # fmt: skip
INDICATOR_GROUPS = {
    "protection": (
        "patent_filings", "patents_granted", "patents_in_force", "pendency_months", "applications_pending", "grant_rate",
        "wrong_decision_share", "sme_filing_share",
    ),
    "transfer": (
        "license_and_sale_deals", "licenses", "university_licenses", "university_to_firm_transfers",
        "cross_border_licenses", "reassigned_patents", "spin_offs", "pledge_loans",
    ),
    "research": (
        "business_rd", "business_rd_sme", "rd_basic_spent", "rd_applied_spent", "rd_development_spent", "inventions",
        "invention_quality", "science_stock", "industry_university_coinventions",
    ),
    "market": (
        "launches", "launch_revenue_new_products", "commercialization_rate", "startup_survival", "startup_funding_total",
        "firm_entries", "concentration",
    ),
    "law": ("suits", "invalidations", "unintended_infringement_rate", "abusive_assertions"),
    "whole": (
        "welfare", "consumer_surplus", "productivity", "public_outlay", "coupling_u1", "coupling_u2", "coupling_c",
        "coupling_d",
    ),
}  # fmt: skip
"""How the choice of an indicator is ordered."""

MEASURE_GROUPS = {
    "patent": (("protection",), ("jp_accelerated_examination", "jp_more_examiners", "eu_single_application")),
    "transfer": (("application",), ("us_technology_transfer_offices", "cn_patent_pools", "jp_exchange_platform")),
    "money": (("creation",), ("us_rd_tax_credit", "us_basic_research_funding")),
    "people": (("talent", "coupling"), ("us_talent_attraction", "x_abuse_control", "us_national_education")),
}
"""Groups of measures on the page: groups of the measure files, and which measures are shown first where they exist."""
SHOWN_FIRST = 2
ASSUMPTIONS = (
    "ancestry.inheritance", "adoption.meet", "development.success", "transfer.owner_part", "firm.grant_passthrough",
    "talent.migration_elasticity", "welfare.cost_of_public_funds",
)  # fmt: skip
