"""Territories of one place: data, validation, the unitary right, renewal by territory, national and unified courts."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents import validation
from agents.court import forum
from agents.court.detect import release_in
from agents.court.docket import Cases
from agents.firm.commercialize import _blocking
from agents.validation import count_territories
from ecosystem import Scenario, World
from ecosystem.domain.ledgers import Disputes
from ecosystem.domain.rights import Rights
from ecosystem.geography import Geography
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.luck import Draw
from policies.places import FOLDER, known_places, load_place

SIZE = {"scale": 5000, "years": 2, "burn_in_years": 4}


def world_with(**levers: float) -> World:
    scenario = Scenario.baseline(**SIZE)
    for name, value in levers.items():
        scenario = scenario.with_lever(name.replace("__", "."), on="eu", value=value)
    return World(scenario, seed=3).run()


@pytest.fixture(scope="module")
def world() -> World:
    return world_with()


# -- data ---------------------------------------------------------------------------------------------------------------


def test_europe_has_six_territories_in_order() -> None:
    eu = known_places()["eu"].territories
    assert [t.code for t in eu] == ["eu.de", "eu.fr", "eu.it", "eu.nl", "eu.es", "eu.rest"]
    assert sum(t.share for t in eu) == pytest.approx(1.0)
    assert {t.code: t.unitary for t in eu}["eu.es"] == 0.0
    # the unitary fee lies between two large states and all that take part
    part = sum(t.renewal for t in eu if t.unitary > 0.5)
    assert eu[0].renewal + eu[1].renewal < 1.0 < part
    for t in eu:
        assert t.source
        assert t.validation > 0.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("share = 0.245", "share = 0.25", ["sum to 1"]),
        ("unitary = 0.62", "unitary = 1.62", ["eu.rest", "unitary", "0 to 1"]),
        ("validation = 0.00217", "validation = -1", ["eu.rest", "validation", ">= 0"]),
        ("validation = 0.00217", "validatoin = 0.00217", ["validatoin", "validation"]),
        ('code = "eu.fr"', 'code = "eu.de"', ["eu.de", "two territories"]),
        ("renewal = 0.38", 'renewal = "much"', ["eu.de", "renewal"]),
        ('source = "assumption: six states', 'sauce = "assumption: six states', ["sauce", "source"]),
    ],
)
def test_mistakes_in_territories_are_told(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    text = (FOLDER / "eu.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "eu.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_place(tmp_path / "eu.toml")
    for word in ["eu.toml", *words]:
        assert word in str(error.value)


def test_two_places_cannot_share_a_territory(tmp_path: Path) -> None:
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8").replace('code = "jp"', 'code = "kr"', 1)
    (tmp_path / "kr.toml").write_text(text, encoding="utf-8")
    places = known_places(tmp_path)
    with pytest.raises(InputError, match="'jp' belongs to two places"):
        Geography([places["jp"], places["kr"], places["row"]])


# -- validation and renewal ---------------------------------------------------------------------------------------------


def choose(value: float, *, open_to: bool = True, fear: float = 0.0, scale: float = 1.0) -> tuple[int, bool, float]:
    """Let one owner choose among five territories, of which all but the last take part; fees 1 to 20 units a year."""
    fees = np.zeros((1, 51))
    fees[0, 2:20] = np.arange(2, 20) * 1e-4
    where = np.array([[0.35, 0.25, 0.2, 0.1, 0.1]])
    mask, _, taken, cost, _ = validation._choose(
        np.zeros(1, np.int64), np.array([value]), 36, np.zeros(1, np.int64), np.zeros(1, np.int8), np.zeros(1, np.int8),
        np.zeros(1, np.int8), np.zeros(1, np.int32), np.array([open_to]), np.array([fear]), where, 1, np.zeros(5, np.int64),
        np.array([1.0, 1.0, 1.0, 1.0, 0.0]), np.full(5, 0.001), np.full(5, 0.3), fees, np.array([scale]), 0.001, 0.4, 0.08,
        np.array([0.1]), np.array([20.0]),
    )  # fmt: skip
    return int(mask[0]), bool(taken[0]), float(cost[0])


def test_a_dearer_right_is_validated_in_more_territories_the_large_ones_first() -> None:
    masks = [choose(v, open_to=False)[0] for v in np.geomspace(1e-5, 0.3, 40)]
    assert masks[0] == 0
    assert masks[-1] == 0b11111
    for less, more in pairwise(masks):
        assert less & ~more == 0
    counts = [bin(m).count("1") for m in masks]
    assert set(counts) >= {0, 1, 2, 3, 5}
    assert masks[counts.index(1)] == 0b00001
    assert masks[counts.index(2)] == 0b00011
    # each territory costs its agent and translator
    for v in (1e-5, 0.003, 0.3):
        mask, _, cost = choose(v, open_to=False)
        assert cost == pytest.approx(0.001 * bin(mask).count("1"))


def test_the_unitary_right_is_taken_for_its_fee_and_shunned_for_its_risk() -> None:
    values = np.geomspace(1e-4, 0.1, 30)
    taken = [choose(v)[1] for v in values]
    assert any(taken)
    assert not all(taken)
    assert not any(choose(v, open_to=False)[1] for v in values)
    dear, feared = [choose(v, scale=3.0)[1] for v in values], [choose(v, fear=0.5)[1] for v in values]
    assert sum(dear) < sum(taken)
    assert sum(feared) < sum(taken)
    rich = choose(0.1, scale=0.1)
    assert rich[1]
    assert rich[0] == 0b11111  # with the one beside it that takes no part


def give_up(value: float, *, taken: bool = False, fee: float = 1.0) -> tuple[int, float, float]:
    kept, multiple, worth = validation._give_up(
        np.array([0b11111]), np.array([value]), np.array([taken]), np.array([1.0]), np.array([[0.35, 0.25, 0.2, 0.1, 0.1]]),
        np.array([1.0, 1.0, 1.0, 1.0, 0.0]), np.full(5, 0.3), np.array([fee]), 0.4,
    )  # fmt: skip
    return int(kept[0]), float(multiple[0]), float(worth[0])


def test_territories_that_are_not_worth_their_fee_are_given_up_small_ones_first() -> None:
    kept = [give_up(v)[0] for v in np.geomspace(100.0, 0.05, 60)]
    assert kept[0] == 0b11111
    assert kept[-1] == 0
    for more, less in pairwise(kept):
        assert less & ~more == 0
    assert len(set(kept)) >= 5
    for mask in kept:
        if mask:
            assert mask & 1  # the largest stays to the end
    mask, multiple, worth = give_up(4.0)
    assert multiple == pytest.approx(0.3 * bin(mask).count("1"))
    assert worth > 1.0


def test_a_unitary_right_stands_or_falls_as_one() -> None:
    kept = {give_up(v, taken=True)[0] for v in np.geomspace(100.0, 0.05, 80)}
    assert kept >= {0b11111, 0}
    assert {mask & 0b01111 for mask in kept} == {0b01111, 0}
    assert give_up(100.0, taken=True, fee=0.7)[1] == pytest.approx(0.7 + 0.3)
    assert give_up(1.0, taken=True, fee=5.0)[0] & 0b01111 == 0


def test_rights_of_the_default_world_cover_what_was_validated(world: World) -> None:
    r, t = world.rights, world.territories
    mine = world.offices.mask
    live = np.flatnonzero(r.in_force)
    assert (r.territories[live] != 0).all()
    assert (r.territories[live] & ~mine[r.office[live]] == 0).all()
    bundle = live[(r.office[live] == 1) & (r.kind[live] == 0)]
    number = count_territories(r.territories[bundle])
    assert 1.5 < number.mean() < 5.5
    assert len(set(number.tolist())) >= 4
    joint = int(sum(1 << k for k in np.flatnonzero((t.place == 1) & (t.unitary > 0.5))))
    unitary = bundle[r.unitary[bundle]]
    assert len(unitary) > 0
    assert (r.territories[unitary] & joint == joint).all()
    others = live[(r.office[live] != 1)]
    assert (r.territories[others] == mine[r.office[others]]).all()
    assert world.accounts.imbalance() < 1e-9
    seats = np.bincount(world.orgs.territory[world.orgs.jurisdiction == 1], minlength=world.T)
    assert (seats[t.place == 1] > 0).all()
    assert seats[t.place != 1].sum() == 0


def mean(world: World, name: str) -> float:
    _, values = world.records.totals(name, 12 * SIZE["years"])
    return float(values[0, 1])


def test_fee_and_offer_of_the_unitary_right_move_uptake_and_coverage(world: World) -> None:
    assert 0.02 < mean(world, "unitary_uptake") < 0.6
    cheap, dear, none = (
        world_with(law__unitary_fee_scale=0.2), world_with(law__unitary_fee_scale=4.0), world_with(law__unitary_available=0.0)
    )  # fmt: skip
    assert mean(cheap, "unitary_uptake") > mean(world, "unitary_uptake") > mean(dear, "unitary_uptake")
    assert mean(none, "unitary_uptake") == 0.0
    assert mean(cheap, "territories_validated") > mean(none, "territories_validated")


# -- what a right keeps out -----------------------------------------------------------------------------------------------


def test_a_right_blocks_only_firms_seated_where_it_is_in_force() -> None:
    out = np.full((2, 3), -1, np.int64)
    none = np.full(2, -1, np.int32)
    _blocking(
        np.array([0, 1]), np.array([0, 1]), np.array([11, 11]), np.array([2, 2], np.int32), none, none,
        np.array([[-1], [-1], [0]], np.int32), np.zeros(2, np.int8), np.array([True]), np.array([7], np.int32),
        np.array([0b01], np.int32), np.array([0, 1], np.int8), np.array([1.0], np.float32), np.uint64(5), out,
    )  # fmt: skip
    assert out[0, 0] == 0
    assert (out[1] == -1).all()


# -- courts -----------------------------------------------------------------------------------------------------------------


def bench(divergence: float, unified_share: float = 0.0, n: int = 400) -> Any:
    """Return a stand-in world with one place of four territories and n disputes fought in all of them."""
    lever = {"law.territory_divergence": divergence, "court.unified_share": unified_share, "court.noise": 0.3}
    cases, disputes = Cases(), Disputes()
    cases.add(n, uid=np.arange(1, n + 1), forum=0b1111)
    disputes.add(n, court=0, right=0, plaintiff=0)
    rights = Rights()
    rights.add(1, office=0, sector=0, territories=0b1111, in_force=True)
    return SimpleNamespace(
        J=2, P=1, T=5, scale=1.0, month=1, draw=Draw(1), levers={k: np.array([v, 0.0]) for k, v in lever.items()},
        territories=SimpleNamespace(
            place=np.array([0, 0, 0, 0, 1]), share=np.array([0.4, 0.3, 0.2, 0.1, 1.0]), unitary=np.array([1.0, 1, 1, 0, 0])
        ),
        courts=SimpleNamespace(cases=cases, territory=np.array([0, 1, 2, 3, -1], np.int8)), disputes=disputes, rights=rights,
        p={"court.forum_exponent": 0.5, "court.cost_exponent": 0.6},
        valuation=SimpleNamespace(where=np.array([[[0.4, 0.3, 0.2, 0.1, 0.0]]])),
        orgs=SimpleNamespace(jurisdiction=np.zeros(1, np.int8)),
    )  # fmt: skip


def found(world: Any, error: float) -> np.ndarray:
    n = world.disputes.n
    margin = np.linspace(-1, 1, n)
    lead = margin + forum.standards(world)[forum.bit_of(world, np.arange(n))] > 0.0
    return forum.verdicts(world, np.arange(n), lead, "court.judge_validity", margin, np.full(n, error))


def test_territories_decide_alike_only_without_divergence_and_error() -> None:
    assert set(found(bench(0.0), 0.0).tolist()) == {0, 0b1111}
    assert len(set(found(bench(0.6), 0.0).tolist())) > 2
    noisy = count_territories(found(bench(0.0), 0.8))
    assert ((noisy > 0) & (noisy < 4)).mean() > 0.3


def test_the_unified_court_decides_once_for_all() -> None:
    world = bench(0.6)
    world.courts.cases.unified[:] = True
    world.courts.cases.forum[:] = 0b0111
    world.disputes.court[:] = 4
    assert set(found(world, 0.8).tolist()) == {0, 0b0111}
    # its standard is that of the place: half of the symmetric margins win
    assert (found(world, 0.8) > 0).mean() == pytest.approx(0.5, abs=0.01)


def test_damages_follow_the_territories_won() -> None:
    world = bench(0.3)
    rows = np.arange(3)
    got = forum.part_won(world, rows, np.array([0b1111, 0b0011, 0b1000]))
    np.testing.assert_allclose(got, [1.0, 0.7**0.5, 0.1**0.5])


def test_divergence_of_outcomes_follows_standards_and_the_unified_court() -> None:
    base = forum.divergence(bench(0.2))
    assert base[1] == 0.0
    assert 0.01 < base[0] < 0.25
    assert forum.divergence(bench(0.0))[0] == pytest.approx(0.0, abs=1e-12)
    assert forum.divergence(bench(0.1))[0] < base[0] < forum.divergence(bench(0.4))[0]
    assert forum.divergence(bench(0.2, unified_share=0.9))[0] < base[0]


def test_courts_of_the_default_world(world: World) -> None:
    courts, d, cases = world.courts, world.disputes, world.courts.cases
    assert (courts.at_territory[world.territories.place < world.P] >= 0).all()
    assert (courts.unified_at >= 0).tolist() == [False, True, False, False, False]
    place = courts.jurisdiction[d.court]
    assert (cases.forum[place != 1] == 0).all()
    assert (cases.stake_share[place != 1] == 1.0).all()
    patents = np.flatnonzero((place == 1) & (world.rights.kind[d.right] <= 1))
    assert (cases.forum[patents] != 0).all()
    assert (cases.stake_share[patents] <= 1.0 + 1e-12).all()
    some = patents[cases.unified[patents]]
    assert (d.court[some] == courts.unified_at[1]).all()


def test_a_right_revoked_in_some_territories_lives_on_in_the_others(world: World) -> None:
    r = world.rights
    many = np.flatnonzero(r.in_force & (r.office == 1) & (r.kind == 0) & (count_territories(r.territories) >= 3))[:2]
    lowest = r.territories[many] & -r.territories[many]
    was = r.territories[many].copy()
    release_in(world, many, lowest.astype(np.int64))
    assert r.in_force[many].all()
    assert (r.territories[many] == was & ~lowest).all()
    release_in(world, many[:1], np.array([world.everywhere]))
    assert not r.in_force[many[0]]
    assert r.invalidated[many[0]] == world.month
    assert r.in_force[many[1]]
