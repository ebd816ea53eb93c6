"""The default world beside published regularities: printed inside or outside; only that they are computed is asserted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from ecosystem.lab.estimators import hgh_panel, poisson_pooled, poisson_within
from ecosystem.lab.facts import score, summary
from ecosystem.lab.facts.creation import PANEL_FIRMS, PANEL_YEARS, panel
from ecosystem.lab.facts.evidence import Evidence

if TYPE_CHECKING:
    from ecosystem.world import World

pytestmark = pytest.mark.science
COMPUTED = 20


@pytest.fixture(scope="module")
def world() -> World:
    """The default world after 30 years."""
    from ecosystem import Scenario, World

    return World(Scenario.baseline(years=30), seed=1).run()


def test_at_least_twenty_facts_are_computed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    table = score(world)
    with capsys.disabled(), pd.option_context("display.width", 200, "display.max_colwidth", 60):
        print("\n" + table.drop(columns="area").to_string(index=False, float_format=lambda v: f"{v:.3g}"))
        print("\n" + summary(table).to_string())
    computed = table["value"].dropna()
    assert computed.map(math.isfinite).all()
    assert len(computed) >= COMPUTED
    assert (table["value"].isna() == (table["reason"] != "")).all(), "what is missing says why"


def test_the_published_regression_runs_on_simulated_firms(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    simulated = panel(Evidence.of(world))
    assert len(simulated) == PANEL_FIRMS * PANEL_YEARS
    with capsys.disabled():
        for name, data in (("346 US firms 1970-79", hgh_panel()), ("346 simulated firms", simulated)):
            pooled, within = poisson_pooled(data), poisson_within(data)
            print(
                f"\n{name}: pooled {pooled.value:.3f} ({pooled.error:.3f}), within {within.value:.3f} ({within.error:.3f})"
            )
            assert math.isfinite(pooled.value + within.value)
            assert min(pooled.error, within.error) > 0
