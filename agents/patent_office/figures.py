"""What is counted about offices: declarations of flows, ratios and stocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ecosystem.domain.indicators import flow, ratio, stock

if TYPE_CHECKING:
    from ecosystem.world import World

flow("patent_filings", "applications", "invention patent applications at the office of the place, first and second")
flow("utility_model_filings", "applications", "utility model applications at the office of the place")
flow("nonresident_filings", "applications", "patent applications by applicants seated elsewhere")
flow("university_patent_filings", "applications",
     "patent applications of universities and institutes of the place at its office", 1)  # fmt: skip
flow("examination_requests", "requests", "requests for examination of patents")
flow("patents_granted", "patents", "patents granted by the office of the place")
flow("patents_refused", "applications", "patent applications refused")
flow(
    "patents_withdrawn", "applications", "patent applications never requested, given up, or left by owners who are gone"
)
flow("utility_models_granted", "utility models", "utility models registered")

ratio("grant_rate", "share", "granted / decided after a first action", 0, "patents_granted", "examined_decisions")
ratio("grant_rate_small", "share", "grant rate of firms below 250 employees", 0, "granted_small", "decided_small")
ratio("grant_rate_large", "share", "grant rate of larger firms", 0, "granted_large", "decided_large")
ratio("grant_rate_university", "share", "grant rate of universities and institutes", 0,
      "granted_university", "decided_university")  # fmt: skip
ratio("pendency_months", "months", "mean from filing (office that counts so: from request) to final decision", -1,
      "pendency_sum", "examined_decisions")  # fmt: skip
ratio("second_filing_pendency", "months", "mean from filing at the second office to its final decision", -1,
      "second_pendency_sum", "second_decisions")  # fmt: skip
ratio("first_action_months", "months", "mean to the first action, on the office's own clock", -1,
      "first_action_sum", "first_actions")  # fmt: skip
ratio("ordinary_first_action_months", "months", "mean from request to first action, not accelerated", -1,
      "ordinary_first_action_sum", "ordinary_first_actions")  # fmt: skip
ratio("accelerated_pendency_months", "months", "mean from the request for acceleration to the first action", -1,
      "accelerated_first_action_sum", "accelerated_first_actions")  # fmt: skip
ratio("applications_examined_per_examiner", "a year", "final decisions / examiners in service", 0,
      "examined_decisions", "examiner_years")  # fmt: skip
ratio("sme_filing_share", "share", "filings of SMEs / filings of firms, applicants of the place at its office", 1,
      "sme_filings", "firm_filings")  # fmt: skip
ratio("wrong_decision_share", "share",
      "wrong grants, refusals and judgments / all decisions of office and courts, truth known to the simulation", -1,
      "wrong_decisions", "decisions_total")  # fmt: skip
ratio("wrong_grant_share", "share", "grants below the step required / grants, truth known to the simulation", -1,
      "wrong_grants", "patents_granted")  # fmt: skip
ratio("wrong_refusal_share", "share", "refusals above the step required / refusals, truth known to the simulation", -1,
      "wrong_refusals", "patents_refused")  # fmt: skip
ratio("own_standard_error_share", "share", "grants of what the office's own usual search would refuse / such files", -1,
      "granted_below_own_standard", "decided_below_own_standard")  # fmt: skip

SIZE_WORDS = ("small", "large", "university", "other")


def _by_place(column: str) -> Callable[[World], np.ndarray]:
    def compute(world: World) -> np.ndarray:
        out = np.zeros(world.J)
        offices = world.offices
        out[offices.jurisdiction] = getattr(offices, column)
        return out

    return compute


stock("applications_pending", "applications", "patent applications not decided", 0, _by_place("pending"))
stock("patents_in_force", "patents", "patents in force at the office of the place", 0, _by_place("patents_in_force"))
stock("utility_models_in_force", "utility models", "utility models in force", 0, _by_place("utility_models_in_force"))
stock("examiners", "examiners", "examiners in service", 0, _by_place("examiners"))
stock("expected_wait_months", "months", "files waiting for a first action / requests a month", -1, _by_place("wait"))
stock("examination_hours", "share of usual hours", "hours that a file got this month", 0, _by_place("hours"))
