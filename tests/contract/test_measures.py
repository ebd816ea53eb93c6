"""What holds for every measure: a complete file, no effect at the strength in force, no order, money conserved."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pytest

from ecosystem import Scenario, World
from ecosystem.domain.indicators import INDICATORS
from ecosystem.kernel.digest import digest
from ecosystem.kernel.errors import InputError
from ecosystem.lab.tables import all_tables
from policies.measure_file import load_measure
from policies.measures import FOLDERS, known_measures
from policies.packages import known_packages
from policies.places import known_places, lever_specs

MEASURES = sorted(known_measures())
SHORT = Scenario.baseline(scale=5000, years=1, burn_in_years=1)


@pytest.fixture(scope="module")
def frozen() -> bytes:
    """One burnt-in world for all tests of this file."""
    return World(SHORT, seed=3).frozen()


def result(frozen: bytes, scenario: Scenario) -> str:
    return digest(all_tables(World.forked(frozen, scenario).run()))


@pytest.fixture(scope="module")
def untouched(frozen: bytes) -> str:
    return result(frozen, SHORT)


def test_a_fork_is_bit_for_bit_a_world_of_its_own(untouched: str) -> None:
    assert digest(all_tables(World(SHORT, seed=3).run())) == untouched


def test_a_world_that_has_begun_cannot_be_frozen(frozen: bytes) -> None:
    world = World.forked(frozen, SHORT)
    world.step()
    with pytest.raises(ValueError, match="start of its horizon"):
        world.frozen()
    with pytest.raises(ValueError, match="burn-in differs"):
        World.forked(frozen, Scenario.baseline(scale=5000, years=2, burn_in_years=1))


@pytest.mark.parametrize("id", MEASURES)
def test_a_measure_at_the_strength_in_force_changes_nothing(id: str, frozen: bytes, untouched: str) -> None:
    measure, scenario = known_measures()[id], SHORT
    for place in known_places():
        if place == "row" or (measure.needs and place != "eu"):
            continue
        scenario = scenario.with_measure(id, on=place, strength=measure.strength_in_force(place))
    assert result(frozen, scenario) == untouched


def test_a_measure_that_starts_after_the_horizon_changes_nothing(frozen: bytes, untouched: str) -> None:
    scenario = SHORT
    for id in MEASURES:
        scenario = scenario.with_measure(id, on=known_measures()[id].check_on, start="2026-01", strength=1.0)
    assert result(frozen, scenario) == untouched
    assert all("changes nothing" in warning for warning in scenario.warnings()[: len(MEASURES)])


def test_the_order_of_measures_in_a_file_does_not_matter(frozen: bytes, untouched: str) -> None:
    uses = [(id, known_measures()[id].check_on) for id in MEASURES]
    digests = set()
    for order in (uses, uses[::-1]):
        scenario = SHORT
        for id, place in order:
            scenario = scenario.with_measure(id, on=place, strength=1.0)
        digests.add(result(frozen, scenario))
    assert len(digests) == 1
    assert untouched not in digests


def test_random_combinations_conserve_money(frozen: bytes) -> None:
    chance = random.Random(20)
    for _ in range(3):
        scenario = SHORT
        for id in MEASURES:
            place = chance.choice(("us", "eu", "jp", "cn"))
            if chance.random() < 0.5 and (not known_measures()[id].needs or place == "eu"):
                scenario = scenario.with_measure(id, on=place, strength=round(chance.random(), 2))
        world = World.forked(frozen, scenario)
        for _ in range(12):
            world.step()
            assert world.accounts.imbalance() < 1e-9
        total = sum(cell.sum() for cell in world.accounts.cells.values())
        assert np.isfinite(total)


@pytest.mark.parametrize("id", MEASURES)
def test_a_measure_is_complete(id: str) -> None:
    measure = known_measures()[id]
    World  # noqa: B018 - imported: every rule has declared its indicators
    assert measure.indicator in INDICATORS
    assert measure.check_on in known_places()
    assert set(measure.in_force) <= set(known_places())
    assert measure.evidence
    specs = lever_specs()
    for move in measure.moves:
        for code, place in known_places().items():
            if code == "row":
                continue
            value, s0 = place.levers[move.lever].value, measure.strength_in_force(code)
            for strength in (0.0, 1.0):
                change = move.pull(strength - s0)
                end = value + change if move.how == "add" else value * change
                spec = specs[move.lever]
                slack = 1e-9 * (1 + abs(spec.high))
                assert spec.low - slack <= end <= spec.high + slack or not measure.applies_to(len(place.territories)), (
                    f"{move.lever} of {code} at strength {strength:g}: {end:g}"
                )


def catalogue() -> dict[str, dict[str, str]]:
    path = Path(__file__).parent / "measures_catalogue.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in rows}


@pytest.mark.parametrize("id", sorted(set(catalogue()) & set(MEASURES)))
def test_a_measure_claims_what_the_catalogue_says(id: str) -> None:
    row, measure = catalogue()[id], known_measures()[id]
    assert measure.indicator == row["direct_indicator"]
    assert measure.direction == (1 if row["direction"] == "up" else -1)
    assert measure.check_on == row["check_on"]
    assert measure.needs == row["needs"]
    assert measure.group == row["group"]


def test_packages_name_known_measures_and_their_home() -> None:
    for package in known_packages().values():
        assert package.home in known_places()
        assert package.strengths


EXAMPLE = FOLDERS[0] / "us_rd_tax_credit.toml"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "Research tax credit"', "", "title"),
        ("add = 0.06\n", "add = 99\n", "range"),
        ("rd_credit_large", "rd_credit_lrge", "Nearest match: government.rd_credit_large"),
        ("strength = 0.65", "strength = 3", "range"),
        ("ramp_years = 1", 'ramp_years = 1\nstart = "2030-01"\nend = "2029-01"', "before it starts"),
        ('source = "Bloom', 'sourc = "Bloom', "Nearest match: source"),
        ('strength = "strong"', 'strength = "certain"', "strong"),
        ("since = 1981", "since = 'long ago'", "year"),
        ('group = "creation"', 'group = "creatoin"', "Nearest match: creation"),
        ('id = "us_rd_tax_credit"', 'id = "us_rd_credit"', "name of the file"),
        ("since = 1981", "since = ", "TOML"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_reason_and_line(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / EXAMPLE.name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_measure(path)
    assert words in str(caught.value)
    assert "line" in str(caught.value)
