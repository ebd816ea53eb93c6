"""Freedom to operate: choices follow from the alternatives, and more owners mean fewer deals without being typed in."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from agents.firm.clearance import AROUND, DROP, INFRINGE, LICENSE, Clearance, clear
from ecosystem.kernel.luck import fold

if TYPE_CHECKING:
    from ecosystem.world import World

N = 1500


@pytest.fixture
def world(small_world: World) -> World:
    copy: World = pickle.loads(pickle.dumps(small_world))
    return copy


def ask(world: World, *, owners: int = 1, gain: float = 2.0, loss: float = 0.2, redesign: float = 0.6) -> Clearance:
    """Let N users (in turn the firms of the world) meet rights in force of ``owners`` others."""
    firms = world.orgs.living(0)
    users = firms[np.arange(N) % len(firms)]
    live = np.flatnonzero(world.rights.in_force)
    rights = live[(np.arange(N)[:, None] * 7 + np.arange(owners)) % len(live)]
    return clear(
        world, fold(np.arange(N), 5), users, np.full(N, gain), rights, np.full((N, owners), loss / owners),
        np.full(N, redesign),
    )  # fmt: skip


def put(world: World, name: str, value: float) -> None:
    world.levers[name][:] = value


def test_all_routes_occur_and_only_licensees_pay(world: World) -> None:
    c = ask(world)
    assert {LICENSE, AROUND, INFRINGE} <= set(c.route.tolist())
    paid = c.price.sum(axis=1)
    assert (paid[c.route == LICENSE] > 0).all()
    assert (paid[c.route != LICENSE] == 0).all()
    assert np.isfinite(c.net).all()
    assert (c.net <= 2.0).all()
    np.testing.assert_allclose(c.net[c.route == LICENSE], 2.0 - paid[c.route == LICENSE])
    assert (c.net[c.route == DROP] == 0).all()


def test_a_user_who_does_not_know_infringes(world: World) -> None:
    world.orgs.awareness[:] = 0.0
    c = ask(world)
    assert not c.aware.any()
    assert not c.wanted.any()
    assert (c.route == INFRINGE).all()
    assert (ask(world, gain=-1.0).route == DROP).all()


def test_users_who_refrain_never_infringe_knowingly(world: World) -> None:
    put(world, "enforcement.refrain", 0.0)
    before = ask(world)
    assert (before.aware & (before.route == INFRINGE)).any()
    put(world, "enforcement.refrain", 1.0)
    after = ask(world)
    assert np.array_equal(before.aware, after.aware)
    assert not (after.aware & (after.route == INFRINGE)).any()
    assert np.count_nonzero(after.route == LICENSE) >= np.count_nonzero(before.route == LICENSE)


def test_who_never_meets_signs_nothing(world: World) -> None:
    put(world, "transfer.matching", 0.0)
    assert not (ask(world).route == LICENSE).any()


def test_owners_never_sell_below_their_loss(world: World) -> None:
    c = ask(world, loss=0.5)
    assert (c.price[c.route == LICENSE] >= 0.5).all()
    assert not (ask(world, loss=5.0).route == LICENSE).any()


def test_more_owners_close_fewer_licenses(world: World) -> None:
    share = [float(np.mean(ask(world, owners=n).route == LICENSE)) for n in (1, 2, 4, 8)]
    assert (np.diff(share) < 0).all(), share
    assert share[-1] < 0.5 * share[0], share


def test_transaction_costs_close_fewer_licenses(world: World) -> None:
    put(world, "transfer.transaction_cost", 0.0)
    cheap = ask(world).route == LICENSE
    put(world, "transfer.transaction_cost", 1.0)
    dear = ask(world).route == LICENSE
    assert dear.sum() < cheap.sum()


def test_dearer_redesign_means_less_inventing_around(world: World) -> None:
    cheap, dear = ask(world, redesign=0.1), ask(world, redesign=1.5)
    assert np.count_nonzero(dear.route == AROUND) < np.count_nonzero(cheap.route == AROUND)


def test_stronger_enforcement_means_less_knowing_infringement(world: World) -> None:
    put(world, "enforcement.refrain", 0.0)
    put(world, "court.cost", 0.001)

    def knowing(strength: float) -> int:
        put(world, "law.enforcement", strength)
        put(world, "enforcement.detection", strength)
        c = ask(world)
        return int(np.count_nonzero(c.aware & (c.route == INFRINGE)))

    weak, strong = knowing(0.02), knowing(0.9)
    assert strong < weak


def test_decisions_do_not_depend_on_company(world: World) -> None:
    whole = ask(world)
    firms = world.orgs.living(0)
    users = firms[np.arange(N) % len(firms)]
    live = np.flatnonzero(world.rights.in_force)
    rights = live[(np.arange(N) * 7) % len(live)][:, None]
    part = slice(100, 140)
    alone = clear(
        world, fold(np.arange(N), 5)[part], users[part], np.full(40, 2.0), rights[part], np.full((40, 1), 0.2),
        np.full(40, 0.6),
    )  # fmt: skip
    assert np.array_equal(alone.route, whole.route[part])
    np.testing.assert_array_equal(alone.price, whole.price[part])
