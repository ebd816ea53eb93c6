"""Side effects of measures on offices, courts and the law, each on paired luck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ecosystem import Scenario
from ecosystem.lab.compare import interval
from ecosystem.lab.paired import run_seeds

SCALE, YEARS, PAIRS = 5000.0, 5, 4


def effects(
    id: str,
    on: str,
    outputs: Sequence[str],
    *,
    first: int = 1,
    years: int = YEARS,
    pairs: int = PAIRS,
    scale: float = SCALE,
) -> dict[str, tuple[float, float, float]]:
    """Return (mean, low, high) of strength 1 against strength 0 for each indicator."""
    base = Scenario.baseline(scale=scale, years=years, burn_in_years=4)
    scenarios = [base.with_measure(id, on=on, strength=s) for s in (0.0, 1.0)]
    runs = run_seeds(scenarios, range(1, pairs + 1), outputs, workers=1)
    place = runs[0][0].places.index(on)
    values = np.array([[run.window(first)[:, place] for run in pair] for pair in runs])
    mean, _, half = interval(values[:, 1] - values[:, 0])
    return {name: (mean[i], mean[i] - half[i], mean[i] + half[i]) for i, name in enumerate(outputs)}


def test_acceleration_makes_ordinary_applicants_wait() -> None:
    found = effects("jp_accelerated_examination", "jp", ("ordinary_first_action_months", "accelerated_pendency_months"))
    assert found["accelerated_pendency_months"][2] < 0.0
    assert found["ordinary_first_action_months"][1] > 0.0


def test_filing_subsidies_raise_filings_and_lower_quality_and_grant_rate() -> None:
    outputs = ("patent_filings", "applications_pending", "filed_inventive_step", "grant_rate")
    found = effects("cn_filing_subsidies", "cn", outputs, first=2, years=6, pairs=6)
    assert found["patent_filings"][1] > 0.0
    assert found["applications_pending"][1] > 0.0
    assert found["filed_inventive_step"][2] < 0.0
    assert found["grant_rate"][2] < 0.0


def test_more_examiners_shorten_the_wait_with_a_lag() -> None:
    outputs = ("pendency_months", "examiners")
    early = effects("jp_more_examiners", "jp", outputs, first=0, years=2)
    late = effects("jp_more_examiners", "jp", outputs, first=5, years=7)
    assert late["examiners"][1] > 0.0
    assert late["pendency_months"][2] < 0.0
    # the wait answers with a lag: the first two years see less than a third of it
    assert abs(early["pendency_months"][0]) < abs(late["pendency_months"][0]) / 3.0


def test_reuse_of_a_first_offices_search_shortens_second_filings() -> None:
    found = effects(
        "eu_international_cooperation", "eu", ("second_filing_pendency", "wrong_decision_share"), years=6, first=3
    )
    assert found["second_filing_pendency"][2] < 0.0


def test_stricter_examination_takes_longer() -> None:
    found = effects("us_strict_adjudication", "us", ("wrong_decision_share", "pendency_months"), years=6, first=2)
    assert found["wrong_decision_share"][2] < 0.0
    assert found["pendency_months"][1] > 0.0


def test_utility_models_help_small_holders_and_let_weak_rights_in() -> None:
    found = effects("x_utility_models", "us", ("sme_rights_held", "utility_models_in_force", "patent_filings"))
    assert found["sme_rights_held"][1] > 0.0
    assert found["utility_models_in_force"][1] > 0.0
    assert found["patent_filings"][2] < 0.0  # the cheap right replaces the dear one


@pytest.mark.parametrize("strength", [0.5])
def test_half_strength_lies_between(strength: float) -> None:
    base = Scenario.baseline(scale=SCALE, years=3, burn_in_years=3)
    scenarios = [base.with_measure("jp_private_search", on="jp", strength=s) for s in (0.0, strength, 1.0)]
    runs = run_seeds(scenarios, range(1, 4), ("applications_examined_per_examiner",), workers=1)
    place = runs[0][0].places.index("jp")
    low, middle, high = np.mean([[run.window(1)[0, place] for run in triple] for triple in runs], axis=0)
    assert low < middle < high
