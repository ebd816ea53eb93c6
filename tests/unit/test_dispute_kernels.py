"""The compiled loops of values and disputes against the formulas written on whole columns."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr

from agents.court.beliefs import defendant_loss, plaintiff_value, stakes
from agents.court.incidents import later_than
from agents.court.letters import territory_share
from agents.court.money import within_means
from agents.court.view import ERRORS, INVALID, LOSS, VALUE, view
from ecosystem import Scenario, World
from ecosystem.domain.kinds import by_place
from ecosystem.domain.market import MOST_USERS, potential_now
from ecosystem.domain.rights import KINDS
from ecosystem.domain.valuation import (
    INSTRUMENTS,
    NONE,
    PATENT,
    SIGNS,
    UTILITY,
    line_profit,
    owner_loss,
    right_present_value,
    right_value,
    user_gain,
)
from ecosystem.kernel.luck import ALWAYS, fold


@pytest.fixture(scope="module")
def world() -> World:
    """Return a small world after five years, with rights in force, lines on the market and disputes."""
    return World(Scenario.baseline(years=1, scale=5000, burn_in_years=5), seed=4)


def inside(where: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return (where * ((mask[:, None] >> np.arange(where.shape[1])[None, :]) & 1)).sum(axis=1)


def test_values_of_technologies(world: World) -> None:
    inv, v = world.inventions, world.valuation
    rows = np.flatnonzero(inv.owner >= 0)
    sector, line = inv.sector[rows], inv.line[rows]
    learnt = (line >= 0) | (world.month - inv.month[rows] >= 12 * world.p["valuation.learning_years"])
    worth = np.where(learnt, inv.potential[rows], inv.expected[rows]).astype(np.float64)
    usual = inv.month[rows] + v.usual[sector]
    age = np.maximum(world.month - np.where(line >= 0, inv.launched[rows], usual), 0.0) / 12.0
    Y = worth * np.exp(-v.decay[sector] * age)
    np.testing.assert_allclose(potential_now(world, rows), Y, rtol=1e-13)
    profit = Y * v.alone[world.orgs.jurisdiction[inv.owner[rows]], sector]
    np.testing.assert_allclose(line_profit(world, rows), profit, rtol=1e-13)
    users = world.orgs.living(0)[rows % 40]
    sellers = np.where(line >= 0, world.lines.users[np.maximum(line, 0)], 0)
    share = v.shared[np.minimum(sellers + 1, MOST_USERS)]
    rate = v.discount[sector] + v.hazard[sector]
    gain = Y * v.alone[world.orgs.jurisdiction[users], sector] * share / rate
    np.testing.assert_allclose(user_gain(world, rows, users), gain, rtol=1e-13)
    lost = np.where(line >= 0, v.shared[np.clip(sellers, 1, MOST_USERS)] - share, 0.0)
    np.testing.assert_allclose(owner_loss(world, rows), profit * lost / rate, rtol=1e-12)
    assert (line >= 0).any()
    assert (line < 0).any()


def test_values_of_rights(world: World) -> None:
    r, v = world.rights, world.valuation
    rows = np.flatnonzero(r.in_force & (r.owner >= 0))
    sector, office, model = r.sector[rows], r.office[rows], r.kind[rows] == 1
    instrument = np.where(model, UTILITY, PATENT)
    premium = np.maximum(0.0, 1.0 - v.worth[NONE, office, sector] / v.worth[instrument, office, sector])
    # what a sign keeps out is the share of attempts that come close to it
    sign = np.isin(r.kind[rows], [KINDS.index(name) for name in SIGNS])
    kept = (
        world.p["sign.lookalike"]
        * world.sectors["visibility"][sector]
        * by_place(world, "breadth")[r.kind[rows], office]
    )
    rate, lost = v.discount[sector], v.hazard[sector]
    premium = np.where(sign, 1.0 - (rate + lost * (1.0 - kept)) / (rate + lost), premium)
    rest = ~sign & (r.kind[rows] > 1)
    other = np.array([INSTRUMENTS.index(k) if k in INSTRUMENTS else NONE for k in KINDS])[r.kind[rows]]
    own = np.maximum(0.0, 1.0 - v.worth[NONE, office, sector] / v.worth[other, office, sector])
    premium = np.where(rest, own, premium)
    assert sign.any()
    share = inside(v.where[world.orgs.jurisdiction[r.owner[rows]], sector], r.territories[rows])
    np.testing.assert_allclose(territory_share(world, rows, r.owner[rows]), share, rtol=1e-13)
    # a right in force in a part of its place's market is worth more than in proportion
    own = world.territories.place[None, :] == office[:, None]
    whole = (v.where[world.orgs.jurisdiction[r.owner[rows]], sector] * own).sum(axis=1)
    part = np.where(share < whole * (1.0 - 1e-12), (share / whole) ** world.p["valuation.coverage_exponent"], 1.0)
    assert (part < 1.0).any()
    yearly = line_profit(world, r.invention[rows]) * whole * part * premium
    np.testing.assert_allclose(right_value(world, rows), yearly, rtol=1e-13)
    levers = world.levers
    years = np.where(model, levers["law.utility_model_years"][office], levers["law.term_years"][office])
    term = by_place(world, "term_years")[r.kind[rows], office]
    years = np.where(r.kind[rows] > 1, np.where(term > 0.0, term, 100.0), years)
    left = np.maximum(0.0, years - (world.month - r.filed[rows]) / 12.0)
    present = yearly * (1.0 - np.exp(-v.discount[sector] * left)) / v.discount[sector]
    np.testing.assert_allclose(right_present_value(world, rows), present, rtol=1e-12)
    assert model.any()


def test_both_sides_weigh_a_dispute(world: World) -> None:
    d, cases, levers, p = world.disputes, world.courts.cases, world.levers, world.p
    rows = np.arange(d.n)
    place = world.courts.jurisdiction[d.court].astype(np.int64)
    unsettled = world.law.uncertainty[place, world.rights.field[d.right]]
    s, q = levers["court.party_noise"][place] * 0.5 * unsettled, levers["court.noise"][place] * unsettled

    def sees(name: str, margin: np.ndarray) -> np.ndarray:
        return ndtr((margin + s * world.draw.normal(name, cases.uid, month=ALWAYS)) / np.sqrt(s**2 + q**2))

    valid_p, valid_d = (sees(name, cases.validity) for name in ERRORS[:2])
    win_p, win_d = (sees(name, cases.infringement) for name in ERRORS[2:])
    split = (levers["court.bifurcated"][place] > 0.5) & ~cases.unified
    win_p, win_d = win_p * np.where(split, 1.0, valid_p), win_d * np.where(split, 1.0, valid_d)
    stop = np.where(
        cases.practising, levers["court.injunction"][place], levers["court.injunction_nonpractising"][place]
    )
    years, harm = world.courts.wait_months[d.court] / 12.0, d.stakes.astype(np.float64)
    multiple = levers["court.damages"][place]
    award_p = stakes(harm, multiple, stop, p["court.injunction_worth"], years, p["court.impatience"])
    award_d = stakes(harm, multiple, stop, p["court.injunction_pain"], years, p["court.impatience"])
    cost = levers["court.cost"][place] * award_p ** p["court.cost_exponent"] * cases.cost_multiple
    award_p, award_d = award_p * cases.stake_share, award_d * cases.stake_share
    assert (cases.stake_share[place == 1] < 1.0).any()
    own = np.where(cases.entity, p["assertion.cost_share"], 1.0) * cost
    shift = levers["court.fee_shifting"][place]
    v = view(world, rows, np.full(world.J, 0.5), 0.65)
    np.testing.assert_array_equal(v.place, place)
    value = plaintiff_value(win_p, award_p, own, cost, shift, 0.65)
    np.testing.assert_allclose(v.seen[VALUE], value, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(v.seen[LOSS], defendant_loss(win_d, award_d, cost, own, shift, 0.65), rtol=1e-9)
    np.testing.assert_allclose(v.seen[INVALID], 1.0 - valid_d, rtol=1e-9, atol=1e-12)
    assert d.n > 50


def test_claims_are_served_in_order() -> None:
    orgs = SimpleNamespace(cash=np.array([10.0, -5.0, 0.0]), credit=np.array([2.0, 1.0, 3.0]), weight=np.full(3, 2.0))
    stand_in = SimpleNamespace(orgs=orgs)
    paid = within_means(stand_in, np.array([0, 1, 2, 0, 0]), np.array([20.0, 1.0, 5.0, 7.0, 1.0]))  # type: ignore[arg-type]
    np.testing.assert_allclose(paid, [20.0, 0.0, 5.0, 4.0, 0.0])


def test_chains_of_candidates_do_not_depend_on_when_they_are_followed() -> None:
    key = np.uint64(12345)
    uids = fold(np.arange(300), 1)
    for uid in uids:
        straight = later_than(100, 3, int(uid), 0.08, key)
        at = 3
        while at <= 100:
            at = later_than(at, at, int(uid), 0.08, key)
        assert at == straight
    # gaps are exponential with the hazard, rounded up to whole months
    gaps = np.array([later_than(0, 0, int(uid), 0.05, key) for uid in uids])
    assert gaps.mean() == pytest.approx(1.0 / (1.0 - np.exp(-0.05)), rel=0.15)
