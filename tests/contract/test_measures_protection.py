"""Side effects of measures on offices, courts and the law, each on paired luck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ecosystem import Scenario
from ecosystem.lab.paired import run_seeds
from tests.contract.pairs import Effect, effects


def of(id: str, outputs: Sequence[str], **how: float) -> dict[str, Effect]:
    """Return the effects of one measure by indicator."""
    usual = {"first": 1, "years": 5, "pairs": 4}
    found = effects([(id, name) for name in outputs], **{**usual, **how})  # type: ignore[arg-type]
    return {name: found[id, name] for name in outputs}


def test_acceleration_makes_ordinary_applicants_wait() -> None:
    found = of("jp_accelerated_examination", ("ordinary_first_action_months", "accelerated_pendency_months"))
    assert found["accelerated_pendency_months"][2] < 0.0
    assert found["ordinary_first_action_months"][1] > 0.0


def test_filing_subsidies_raise_filings_and_lower_quality_and_grant_rate() -> None:
    outputs = ("patent_filings", "applications_pending", "filed_inventive_step", "grant_rate")
    found = of("cn_filing_subsidies", outputs, first=2, years=6, pairs=6)
    assert found["patent_filings"][1] > 0.0
    assert found["applications_pending"][1] > 0.0
    assert found["filed_inventive_step"][2] < 0.0
    assert found["grant_rate"][2] < 0.0


def test_more_examiners_shorten_the_wait_with_a_lag() -> None:
    outputs = ("pendency_months", "examiners")
    early = of("jp_more_examiners", outputs, first=0, years=2)
    late = of("jp_more_examiners", outputs, first=5, years=7)
    assert late["examiners"][1] > 0.0
    assert late["pendency_months"][2] < 0.0
    # the wait answers with a lag: the first two years see less than a third of it
    assert abs(early["pendency_months"][0]) < abs(late["pendency_months"][0]) / 3.0


def test_reuse_of_a_first_offices_search_shortens_second_filings() -> None:
    found = of("eu_international_cooperation", ("second_filing_pendency", "wrong_decision_share"), years=6, first=3)
    assert found["second_filing_pendency"][2] < 0.0


def test_stricter_examination_takes_longer() -> None:
    found = of("us_strict_adjudication", ("wrong_decision_share", "pendency_months"), years=6, first=2)
    assert found["wrong_decision_share"][2] < 0.0
    assert found["pendency_months"][1] > 0.0


def test_stronger_rights_block_imitation() -> None:
    found = of("us_exclusive_rights", ("imitations_blocked_share",), scale=2000.0, pairs=10)
    assert found["imitations_blocked_share"][1] > 0.0


def test_utility_models_help_small_holders_and_let_weak_rights_in() -> None:
    found = of("x_utility_models", ("sme_rights_held", "utility_models_in_force", "patent_filings"))
    assert found["sme_rights_held"][1] > 0.0
    assert found["utility_models_in_force"][1] > 0.0
    assert found["patent_filings"][2] < 0.0  # the cheap right replaces the dear one


@pytest.mark.parametrize("strength", [0.5])
def test_half_strength_lies_between(strength: float) -> None:
    base = Scenario.baseline(scale=5000, years=3, burn_in_years=3)
    scenarios = [base.with_measure("jp_private_search", on="jp", strength=s) for s in (0.0, strength, 1.0)]
    runs = run_seeds(scenarios, range(1, 4), ("applications_examined_per_examiner",), workers=1)
    place = runs[0][0].places.index("jp")
    low, middle, high = np.mean([[run.window(1)[0, place] for run in triple] for triple in runs], axis=0)
    assert low < middle < high
