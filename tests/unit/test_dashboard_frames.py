"""The film of a world: its quarters add up to the years of the charts, and it survives the cache."""

from __future__ import annotations

import numpy as np

from ecosystem.dashboard.choice import Choice
from ecosystem.dashboard.frames import Frames, record
from ecosystem.dashboard.results import Result, from_world
from ecosystem.scenario import Scenario
from ecosystem.world import World


def test_quarters_add_up_to_the_years_of_the_charts() -> None:
    scenario = Scenario.baseline(jurisdictions=("us", "jp"), years=2, burn_in_years=2, scale=20_000.0)
    world = World(scenario, seed=3)
    world.run()
    result = from_world(world, Choice(jurisdictions=("us", "jp"), years=2, scale=5000, seed=3))
    frames = record(world)
    assert frames.count == 8
    for name in ("patent_filings", "patents_granted"):
        for code in ("us", "jp"):
            years = np.array(frames.values[name][code]).reshape(2, 4).sum(axis=1)
            np.testing.assert_allclose(years, result.series[name].values[code])
            assert years.sum() > 0
    for code in ("us", "jp"):
        assert frames.values["patents_in_force"][code][3::4] == result.series["patents_in_force"].values[code]
    deals = world.deals
    crossing = (deals.month >= 0) & (deals.from_place == 0) & (deals.to_place == 1)
    assert sum(frames.deals["us>jp"]) == crossing.sum() * world.scale
    assert set(frames.deals) == {"us>jp", "jp>us"}
    assert Result.from_json(result.to_json()) == result
    assert Frames().count == 0
