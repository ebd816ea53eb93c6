"""The compiled loops of protection, clearance and adoption against the formulas written on whole columns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from agents.firm.attempts import sells_already
from agents.firm.clearance import AROUND, DROP, INFRINGE, LICENSE, clear
from agents.firm.instruments import gains, own_chance
from agents.firm.protect import breadth_table, concealable_share
from ecosystem import Scenario, World
from ecosystem.domain.market import potential_now
from ecosystem.domain.potential import outlook, potential_of
from ecosystem.domain.valuation import NONE, PATENT, SECRET, UTILITY
from ecosystem.kernel.luck import fold


@pytest.fixture(scope="module")
def world() -> World:
    """Return a small world after three years, with rights in force and lines on the market."""
    return World(Scenario.baseline(years=1, scale=5000, burn_in_years=3), seed=4)


def test_potential_of_one_is_the_market_rule(world: World) -> None:
    slots = np.arange(world.inventions.n)
    one = np.array([potential_of(k, world.month, *outlook(world)) for k in slots])
    assert np.allclose(one, potential_now(world, slots), rtol=1e-13, atol=0.0)
    assert (world.inventions.line >= 0).any()
    assert (world.inventions.line < 0).any()


def test_gains_follow_from_the_values_of_instruments(world: World) -> None:
    v, levers = world.valuation, world.levers
    out, refused = gains(
        v.worth, v.where, world.territories.place, v.discount, v.hazard, world.p["protection.disclosure"],
        levers["law.term_years"], levers["law.utility_model_years"],
    )  # fmt: skip
    home = (v.where * (world.territories.place == np.arange(world.J)[:, None])[:, None, :]).sum(axis=2)
    term = 1.0 - np.exp(-v.discount * levers["law.term_years"][:, None])
    term_model = 1.0 - np.exp(-v.discount * levers["law.utility_model_years"][:, None])
    taught = 1.0 / (v.discount + v.hazard * (1.0 + world.p["protection.disclosure"]))
    base = v.worth[NONE]
    assert np.allclose(out[PATENT], term * (v.worth[PATENT] - base) * home)
    assert np.allclose(refused, base - taught)
    assert np.allclose(out[UTILITY], term_model * (v.worth[UTILITY] - base) * home)
    assert np.allclose(out[SECRET], v.worth[SECRET] - base)
    assert not out[NONE].any()


def test_owners_expect_the_usual_grant_rate_for_a_typical_step_and_more_for_a_greater_one() -> None:
    for rate in (0.3, 0.7):
        assert own_chance(ndtri(rate), 0.4, 0.4, 0.6) == pytest.approx(rate)
        chances = [own_chance(ndtri(rate), step, 0.4, 0.6) for step in (-1.0, 0.0, 1.0, 2.0)]
        np.testing.assert_allclose(chances, ndtr(ndtri(rate) + 0.6 * (np.array([-1.0, 0.0, 1.0, 2.0]) - 0.4)))
        assert own_chance(ndtri(rate), 3.0, 0.4, 0.0) == pytest.approx(rate)


def test_what_is_filed_has_a_greater_step_than_what_is_not(world: World) -> None:
    inv = world.inventions
    company = (world.orgs.kind[inv.owner] == 0) & ~world.orgs.passive[inv.owner] & (inv.nature == 0)
    filed = inv.protected_by == 3
    assert inv.novelty[company & filed].mean() > inv.novelty[company & ~filed].mean() + 0.05
    assert (world.experience.filed_novelty[: world.P] != 0.0).all()


def test_tables_of_protection(world: World) -> None:
    breadth, hidden = breadth_table(world), concealable_share(world)
    assert breadth.shape == (world.J, world.S)
    assert (breadth >= 0.0).all()
    assert (breadth <= 0.95).all()
    place, sector = 0, int(np.argmax(world.sectors["patent_effect"]))
    fit = world.sectors["patent_effect"][sector] / world.p["protection.typical_effect"]
    assert breadth[place, sector] == pytest.approx(min(0.95, world.levers["law.breadth"][place] * fit))
    assert hidden.shape == (world.S,)
    assert (hidden < 1.0).all()


def by_columns(world: World, key, users, gain, rights, loss, redesign):  # type: ignore[no-untyped-def]
    """Return route, price, net, aware and redress by the formulas on whole columns."""
    p, levers, orgs, table, draw = world.p, world.levers, world.orgs, world.rights, world.draw
    k = rights.shape[1]
    place = orgs.jurisdiction[users].astype(np.int64)
    real, rows = rights >= 0, np.maximum(rights, 0)
    owners = np.maximum(real.sum(axis=1), 1)
    keys = fold(np.repeat(key, k), np.tile(np.arange(k) + 1, len(key)))
    breadth = np.clip(table.breadth[rows].astype(np.float64), 0.0, 0.99)
    u = draw.uniform("clearance.tries", keys).reshape(-1, k)
    tries = np.where(real, np.maximum(1.0, np.ceil(np.log(u) / np.log(np.maximum(breadth, 1e-6)))), 0.0).sum(axis=1)
    around = np.where(tries <= p["development.redesign_tries"] * owners, gain - tries * redesign, -np.inf)
    years = np.minimum(1.0 / world.valuation.decay[np.maximum(orgs.sector[users], 0)], 10.0)
    caught = 1.0 - np.exp(-levers["enforcement.detection"][place] * levers["law.enforcement"][place] * years)
    record = np.minimum(1.0, 0.1 * orgs.enforcement_record[table.owner[rows]].max(axis=1, initial=0.0, where=real))
    caught = caught + (1.0 - caught) * record * 0.5
    stakes = np.maximum(gain, 0.0)
    cost = levers["court.cost"][place] * stakes**0.6 + levers["court.hurdle"][place]
    royal, damages, stop = p["adoption.royal"], levers["court.damages"][place], levers["court.injunction"][place]
    credible = 0.5 * stakes * royal * damages + 0.3 * stop * stakes > cost
    caught = np.where(credible, caught * (1.0 - levers["court.agreeable_share"][place]), 0.0)
    none = (1.0 - caught) ** owners
    infringe = gain - (1.0 - none) * (0.5 * (royal * damages + 0.5 * stop) * stakes + cost)
    willing = np.where(
        draw.bernoulli("clearance.refrain", key, levers["enforcement.refrain"][place]), -np.inf, infringe
    )
    outside = np.maximum(np.maximum(around, willing), 0.0)
    chance = np.minimum(0.98, p["adoption.meet"] * levers["transfer.matching"][place])
    meets = draw.uniform("clearance.meet", keys).reshape(-1, k) < chance[:, None]
    noise, dear = levers["transfer.valuation_noise"][place], levers["transfer.transaction_cost"][place]
    surplus = gain - outside - np.where(real, loss, 0.0).sum(axis=1) - owners * dear
    error = np.exp(noise[:, None] * ndtri(draw.uniform("clearance.owner_error", keys)).reshape(-1, k))
    nash = np.maximum(surplus, 0.0)[:, None] * error / (owners + 1.0)[:, None]
    ask = np.where(real, loss + nash + 0.5 * dear[:, None], 0.0)
    seen = (gain - outside) * np.exp(0.5 * noise * draw.normal("clearance.user_error", key))
    deal = (surplus > 0.0) & np.where(real, meets, True).all(axis=1) & (ask.sum(axis=1) <= seen)
    aware = draw.bernoulli("clearance.search", key, orgs.awareness[users] * p["adoption.search"])
    route = np.where(outside <= 0.0, DROP, np.where(around >= willing, AROUND, INFRINGE))
    route = np.where(aware, np.where(deal, LICENSE, route), np.where(gain > 0.0, INFRINGE, DROP))
    price = np.where((route == LICENSE)[:, None], ask, 0.0)
    net = np.select(
        [route == LICENSE, route == AROUND, route == INFRINGE], [gain - price.sum(axis=1), around, infringe], 0.0
    )
    return route, price, net, aware, 1.0 - none, aware & (surplus > 0.0)


@pytest.mark.parametrize("owners", [1, 3])
def test_clearance_is_the_formula_on_columns(world: World, owners: int) -> None:
    n = 3000
    key = fold(77, np.arange(n))
    rng = world.draw.uniform("test.gain", key)
    firms = np.flatnonzero(world.orgs.kind == 0)
    users = firms[key % len(firms)]
    gain = np.exp(4.0 * (rng - 0.4)) - 0.2
    rights = np.stack([fold(key, c + 5) % world.rights.n for c in range(owners)], axis=1)
    rights[:, 1:][world.draw.uniform("test.none", key) < 0.4] = -1
    loss = 0.05 * gain[:, None] * world.draw.uniform("test.loss", key)[:, None] * np.ones(owners)
    redesign = 0.15 * np.abs(gain)
    # some owners are known to sue
    world.orgs.enforcement_record[world.rights.owner[:50]] = 3.0
    got = clear(world, key, users, gain, rights, loss, redesign)
    route, price, net, aware, redress, wanted = by_columns(world, key, users, gain, rights, loss, redesign)
    assert np.array_equal(got.route, route)
    assert np.array_equal(got.aware, aware)
    assert np.array_equal(got.wanted, wanted)
    assert np.allclose(got.price, price, rtol=1e-11, atol=1e-13)
    assert np.allclose(got.net, net, rtol=1e-11, atol=1e-12)
    assert np.allclose(got.redress, redress, rtol=1e-12, atol=1e-14)
    assert set(np.unique(route)) >= {LICENSE, INFRINGE, AROUND}, "the cases cover every way"


def test_who_sells_already_is_found_along_the_chain() -> None:
    first, following = np.array([2, -1], np.int32), np.array([-1, 0, 1], np.int32)
    active, user = np.array([True, False, True]), np.array([7, 8, 9], np.int32)
    ask = np.array([7, 8, 9, 7])
    found = sells_already(np.array([0, 0, 0, 1]), ask, first, following, active, user)
    assert found.tolist() == [True, False, True, False], "8 has stopped selling, line 1 has no seller"
