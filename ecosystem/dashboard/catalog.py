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
