"""A fifth jurisdiction is a folder with one file, and a world may hold one place only: no code knows how many there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.organizations import FIRM
from agents.validation import count_territories
from ecosystem import Scenario, World
from ecosystem.lab.tables import all_tables
from policies.places import FOLDER

TERRITORIES = """
[[territories]]
code = "kp.south"
title = "South"
share = 0.7
unitary = 1
validation = 0.0004
translation = 0.0002
renewal = 0.6
source = "assumption: made up for this test"
year = 2022

[[territories]]
code = "kp.north"
title = "North"
share = 0.3
unitary = 1
validation = 0.0004
translation = 0.001
renewal = 0.5
source = "assumption: made up for this test"
year = 2022
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a place of two territories: the Japanese file with another code, other levers, and its regions left out."""
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8")
    for old, new in (
        ('code = "jp"', 'code = "kp"'),
        ('title = "Japan"', 'title = "Peninsula"'),
        ('territories = [{ code = "kp", title = "Peninsula", share = 1.0 }]\n', TERRITORIES),
        ('[levers."law.unitary_available"]\nvalue = 0', '[levers."law.unitary_available"]\nvalue = 1'),
        ('[levers."court.unified_share"]\nvalue = 0', '[levers."court.unified_share"]\nvalue = 0.5'),
        ('[levers."law.territory_divergence"]\nvalue = 0', '[levers."law.territory_divergence"]\nvalue = 0.3'),
    ):
        assert old in text, old
        text = text.replace(old, new)
    blocks = text.split("\n[")
    text = "\n[".join(b for b in blocks if not b.startswith("[regions]]"))
    path = tmp_path_factory.mktemp("places")
    (path / "kp.toml").write_text(text, encoding="utf-8")
    return path


def test_a_fifth_place_from_a_folder_files_invents_sells_and_judges(folder: Path) -> None:
    scenario = Scenario.baseline(
        jurisdictions=("us", "eu", "jp", "cn", "kp"),
        places_folders=(str(folder),),
        scale=3000,
        years=2,
        burn_in_years=4,
    )
    world = World(scenario, seed=2).run()
    j = world.places.index("kp")
    assert world.P == 5
    assert world.accounts.imbalance() < 1e-9

    def total(name: str) -> float:
        return float(world.records.totals(name, 24)[1][0, j])

    for name in ("inventions", "patent_filings", "patents_granted", "sales", "business_rd", "launches"):
        assert total(name) > 0.0, name
    assert 0.0 < total("unitary_uptake") <= 1.0
    assert 0.5 < total("territories_validated") <= 2.0  # a few are validated nowhere
    assert total("cross_territory_outcome_divergence") > 0.0

    r, orgs, courts = world.rights, world.orgs, world.courts
    assert (r.office == j).any()
    here = np.flatnonzero(r.in_force & (r.office == j) & (r.kind == 0))
    assert (r.territories[here] & ~world.offices.mask[j] == 0).all()
    assert set(count_territories(r.territories[here]).tolist()) == {1, 2}
    # it files abroad and others file there
    assert (orgs.jurisdiction[r.owner_at_filing[r.office != j]] == j).any()
    assert (orgs.jurisdiction[r.owner_at_filing[r.office == j]] != j).any()
    assert (courts.jurisdiction == j).sum() == 3
    assert (courts.jurisdiction[world.disputes.court] == j).any()
    seats = orgs.territory[(orgs.jurisdiction == j) & (orgs.kind == FIRM)]
    assert {world.territories.code[t] for t in np.unique(seats)} == {"kp.south", "kp.north"}
    # two places of the same size and law invent about alike
    ratio = total("inventions") / float(world.records.totals("inventions", 24)[1][0, world.places.index("jp")])
    assert 0.4 < ratio < 2.5
    names = all_tables(world)["rights"]["territories"]
    assert {"kp.south", "kp.south kp.north"} <= set(names.astype(str))


@pytest.mark.parametrize("places", [("eu",), ("jp",), ("us", "kp"), ("kp",)])
def test_worlds_of_one_and_two_places_run(folder: Path, places: tuple[str, ...]) -> None:
    scenario = Scenario.baseline(
        jurisdictions=places, places_folders=(str(folder),), scale=4000, years=1, burn_in_years=3
    )
    world = World(scenario, seed=5).run()
    assert world.places == [*places, "row"]
    assert world.accounts.imbalance() < 1e-9
    for name in ("inventions", "patent_filings", "patents_granted", "sales"):
        _, values = world.records.totals(name, 12)
        assert (values[0, : world.P] > 0.0).all(), name
    assert np.isfinite(world.market.price).all()
    live = world.rights.in_force
    assert (world.rights.territories[live] != 0).all()
