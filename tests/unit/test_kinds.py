"""Kinds of right and of creation: what fits what, registers, signs, claims by use, management innovations."""

from __future__ import annotations

import numpy as np
import pytest

from agents.firm import manage, natures
from agents.firm.attempts import CLAIM, COPYRIGHT, SOFTWARE, _sign
from agents.patent_office.registers import CLAIMED, REGISTERED, _due, decide, register
from ecosystem import Scenario, World
from ecosystem.domain.kinds import by_place, fits, kinds_of_right
from ecosystem.domain.knowledge import NATURES
from ecosystem.domain.rights import KINDS
from ecosystem.kernel.luck import ALWAYS
from ecosystem.lab import tables

KIND = {name: k for k, name in enumerate(KINDS)}
NATURE = {name: k for k, name in enumerate(NATURES)}
ON_CREATIONS = ("patent", "utility_model", "plant_variety", "chip_layout")


def build(years: int = 0, **levers: float) -> World:
    scenario = Scenario.baseline(years=max(years, 1), scale=1000, burn_in_years=6)
    for code in scenario.jurisdictions if levers else ():
        for name, value in levers.items():
            scenario = scenario.with_lever(f"law.{name}", on=code, value=value)
    world = World(scenario, seed=3)
    for _ in range(12 * years):
        world.step()
    return world


@pytest.fixture(scope="module")
def world() -> World:
    """Return a world at scale 1000 after six years, for reading only."""
    return build()


@pytest.fixture
def own() -> World:
    """Return a small world that a test may change."""
    return World(Scenario.baseline(years=1, scale=5000, burn_in_years=3), seed=4)


def test_the_matrix_of_kinds_and_natures() -> None:
    fit = fits()
    for kind, nature, expected in (
        ("copyright", "software", True), ("copyright", "chip_layout", False), ("copyright", "technical", False),
        ("patent", "plant_variety", False), ("patent", "brand", False), ("utility_model", "software", False),
        ("plant_variety", "plant_variety", True), ("plant_variety", "technical", False), ("design", "brand", False),
        ("trade_mark", "brand", True), ("chip_layout", "chip_layout", True), ("geographical_indication", "brand", True),
    ):  # fmt: skip
        assert fit[KIND[kind], NATURE[nature]] == expected, (kind, nature)
    assert not fit[:, NATURE["scientific"]][: KIND["unfair_competition"]].any(), "nobody owns a scientific result"


def test_each_kind_is_used_and_none_where_it_does_not_fit(world: World) -> None:
    r, inv = world.rights, world.inventions
    used = np.bincount(r.kind, minlength=len(KINDS))
    for name in KINDS:
        # a trade secret is kept, not entered anywhere
        assert (used[KIND[name]] > 0) == (name != "secret"), name
    assert (inv.protected_by == 2).any()
    on_creation = np.isin(r.kind, [KIND[name] for name in ON_CREATIONS])
    assert fits()[r.kind[on_creation], inv.nature[r.invention[on_creation]]].all()
    signs = np.isin(r.kind, [KIND["design"], KIND["trade_mark"], KIND["geographical_indication"]])
    assert (inv.line[r.invention[signs]] >= 0).all(), "a sign belongs to a product"
    copies = r.kind == KIND["copyright"]
    line = inv.line[r.invention[copies]]
    assert ((inv.nature[r.invention[copies]] == SOFTWARE) | world.lines.styled[line]).all()
    assert (inv.right_at[r.invention[signs], r.office[signs]] != np.flatnonzero(signs)).all()


def test_what_is_used_is_counted(world: World) -> None:
    r = world.rights
    for name in (*REGISTERED, *CLAIMED):
        suffix = "claims" if name in CLAIMED else "filings"
        counted = world.records.totals(f"{name}_{suffix}", first=-10_000)[1].sum(axis=0)
        rows = np.bincount(r.office[r.kind == KIND[name]], minlength=world.J) * world.scale
        np.testing.assert_array_equal(counted, rows, err_msg=name)
        held = world.records.stocks[-1][f"rights_in_force_{name}"].reshape(world.J, -1).sum(axis=1)
        live = np.bincount(r.office[(r.kind == KIND[name]) & r.in_force], minlength=world.J) * world.scale
        np.testing.assert_array_equal(held, live, err_msg=name)
    parts = sum(world.records.totals(f"creations_{n}", first=-10_000)[1] for n in natures.COUNTED)
    whole = world.records.counts("creations", list(range(len(world.records.months)))).sum(axis=2)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


def test_natures_follow_sector_and_field(world: World) -> None:
    chance = natures.chances(world)
    inv = world.inventions
    for n, (name, column) in enumerate(natures.DRAWN.items()):
        mine = inv.nature == NATURE[name]
        assert (chance[n, inv.sector[mine], inv.field[mine]] > 0.0).all()
        could = (chance[n, inv.sector, inv.field] > 0.0) & ~world.orgs.passive[inv.owner]
        could &= inv.nature != NATURE["small_technical"]
        expected = chance[n, inv.sector[could], inv.field[could]].sum()
        assert mine.sum() == pytest.approx(expected, abs=5.0 * np.sqrt(expected) + 1.0), column
    assert not np.isin(inv.nature[world.orgs.passive[inv.owner]], [NATURE[name] for name in natures.DRAWN]).any()


def test_without_plant_variety_rights_only_varieties_lose_exclusion(world: World) -> None:
    barred, base = build(2, plant_variety=0.0), build(2)
    late = {w: (w.rights.filed >= 0) & (w.rights.kind == KIND["plant_variety"]) for w in (base, barred)}
    assert late[base].sum() > 10
    assert not late[barred].any()

    def exclusive(w: World, nature: str) -> float:
        made = (w.inventions.month >= 0) & (w.inventions.nature == NATURE[nature]) & ~w.orgs.passive[w.inventions.owner]
        return float((w.inventions.right[made] >= 0).mean())

    assert exclusive(base, "plant_variety") > 0.1
    assert exclusive(barred, "plant_variety") == 0.0
    for nature in ("technical", "small_technical", "chip_layout"):
        assert exclusive(barred, nature) == pytest.approx(exclusive(base, nature), abs=0.02), nature
    growers = world.sectors["variety_share"] > 0.0
    caught = "imitations_caught_by_plant_variety"
    assert not base.records.series(caught)[1][:, :, :-1][:, :, ~growers].any()


def test_programs_get_no_patent_where_the_law_excludes_them() -> None:
    barred = build(1, software_patents=0.0)
    r, inv = barred.rights, barred.inventions
    new = (r.filed >= 0) & (inv.nature[r.invention] == SOFTWARE) & (r.kind == KIND["patent"])
    home = r.office == inv.jurisdiction[r.invention]
    assert not (new & home & (barred.orgs.jurisdiction[r.owner_at_filing] == r.office)).any()
    assert ((inv.month >= 0) & (inv.nature == SOFTWARE)).any()


def signs(user: int = 1, place: int = 0, u: int = 7, nature: int = 0, **change: float) -> int:
    """Return what ``_sign`` finds for one line of seller 0, with a design, a mark and an origin right (0, 1, 2)."""
    breadth = np.array([change.get(n, 0.0) for n in ("design", "mark", "origin")], np.float32)
    by_use = np.zeros((len(KINDS), 2))
    by_use[COPYRIGHT], by_use[KIND["trade_name"]] = change.get("copyright", 0.0), change.get("name", 0.0)
    return int(
        _sign(
            0, user, place, 0, nature, np.uint64(u), np.uint64(99), np.zeros(1, np.int32), np.zeros(1, np.bool_),
            np.array([0], np.int32), np.array([1], np.int32), np.array([2], np.int32),
            np.array([KIND["trade_name"]], np.int8), np.array([True, change.get("live", 1.0) > 0.5, True]),
            np.zeros(3, np.int32), breadth, np.zeros(3, np.int8), np.array([0, place, 0], np.int8),
            np.array([0, int(change.get("region", 1.0)), 0], np.int8), np.array([change.get("look", 1.0)]), by_use,
        )
    )  # fmt: skip


def test_a_lookalike_falls_under_what_protects_the_sign() -> None:
    assert signs(design=1.0) == 0
    assert signs(mark=1.0) == 1
    assert signs(origin=1.0) == 2
    assert signs() == -1
    assert signs(design=1.0, mark=1.0, look=0.0) == -1, "who does not come close is free"
    assert signs(user=0, design=1.0, mark=1.0) == -1, "the seller does not infringe its own sign"
    assert signs(place=1, design=1.0, mark=1.0) == -1, "a registration binds where it is registered"
    assert signs(origin=1.0, region=0.0) == -1, "producers of the region may use its name"
    assert signs(place=1, origin=1.0, region=0.0) == 2
    assert signs(name=1.0) == -1, "who has a trade mark needs no other claim"
    assert signs(name=1.0, live=0.0) == CLAIM - KIND["trade_name"]
    assert signs(copyright=1.0, nature=SOFTWARE, look=0.0) == CLAIM - COPYRIGHT
    assert signs(copyright=1.0, nature=NATURE["chip_layout"], look=0.0) == -1


def test_broader_signs_catch_a_superset() -> None:
    narrow = {u for u in range(400) if signs(u=u, design=0.3) == 0}
    wide = {u for u in range(400) if signs(u=u, design=0.6) == 0}
    assert narrow < wide
    assert len(narrow) == pytest.approx(120, abs=35)


def test_registers_test_only_what_is_examined_and_are_paid(own: World) -> None:
    firms, line = own.orgs.living(0)[:3], np.flatnonzero(own.inventions.line >= 0)[:3]
    office = own.orgs.jurisdiction[firms].astype(np.int64)
    cash, weight = own.orgs.cash[firms].copy(), own.orgs.weight[firms]
    office_got = own.accounts.flow("filing_fee", payee="office").sum()
    for name, granted in (("trade_mark", [False, True, True]), ("design", [True, True, True])):
        kind = np.full(3, KIND[name])
        z = kinds_of_right()[name].height + np.array([-0.5, 0.5, 2.0])
        slots = register(own, kind, office, line, np.full(3, 0.5), firms, z)
        cost = by_place(own, "cost")[kind, office] * own.scale
        np.testing.assert_allclose(own.orgs.cash[firms], cash - cost / weight)
        got = own.accounts.flow("filing_fee", payee="office").sum()
        assert got - office_got == pytest.approx(own.p["register.fee_share"] * cost.sum())
        cash, office_got = own.orgs.cash[firms].copy(), got
        assert not own.rights.in_force[slots].any()
        backlog = own.offices.backlog.copy()
        for _ in range(15):
            own.month += 1
            decide(own)
        np.testing.assert_array_equal(own.rights.in_force[slots], granted)
        np.testing.assert_array_equal(own.offices.backlog, backlog)


def test_a_registered_right_ends_with_its_term_or_its_product(own: World) -> None:
    from agents.patent_office import registers

    inv, r, lines = own.inventions, own.rights, own.lines
    sold = np.flatnonzero((inv.line >= 0) & lines.active[np.maximum(inv.line, 0)])[:2]
    firms = own.orgs.living(0)[:2]
    own.orgs.cash[firms] = 1e6
    office = own.orgs.jurisdiction[firms].astype(np.int64)
    slots = register(own, np.full(2, KIND["design"]), office, sold, np.full(2, 0.3), firms, np.zeros(2))
    lines.active[inv.line[sold[1]]] = False
    ended = {}
    for _ in range(12 * 26):
        own.month += 1
        decide(own)
        registers.renew(own)
        for k in range(2):
            if own.month > 12 and not r.in_force[slots[k]]:
                ended.setdefault(k, own.month - int(r.filed[slots[k]]))
    term = 12.0 * by_place(own, "term_years")[KIND["design"], office[0]]
    assert 36 <= ended[1] <= 39, "nobody renews the design of a product that is no longer sold"
    assert 36 <= ended[0] <= term + 3
    assert not len(_due(own, registers.DUE))


def test_practices_spread_and_raise_the_yield_of_rd(own: World) -> None:
    orgs, p = own.orgs, own.p
    firms = orgs.living(0)[:4]
    orgs.management[firms] = [3.0, 1.0, 2.0, 0.0]
    effect = orgs.effect[firms].copy()
    manage.learn_from_movers(own, firms[[0, 1, 3]], firms[[1, 2, 2]])
    level, staff = orgs.management[firms], orgs.inventors[firms]
    assert level[1] == pytest.approx(1.0 + p["management.carried"] * 2.0 / (1.0 + staff[1]))
    assert level[2] == 2.0, "nothing is learnt from those who do worse"
    np.testing.assert_allclose(
        orgs.effect[firms], effect * np.exp(p["management.efficiency"] * (level - [3.0, 1.0, 2.0, 0.0]))
    )
    before, wider = manage.absorption(own, firms), manage.market_reach(own, firms)
    manage.raise_practices(own, firms, np.ones(4))
    np.testing.assert_allclose(manage.absorption(own, firms) / before, np.exp(p["management.absorptive"]))
    np.testing.assert_allclose(manage.market_reach(own, firms) / wider, np.exp(p["management.reach"]))


def test_a_year_of_management_copies_no_further_than_the_peer(own: World) -> None:
    orgs, p = own.orgs, own.p
    firms = orgs.living(0)
    own.month += 1 - own.month % 3
    own.draw.month = own.month
    mine = firms[(own.month_of_year - 1 - orgs.anniversary[firms]) % 12 < 3]
    level = orgs.management[firms].copy()
    found = own.draw.poisson(
        "management.new", orgs.uid[mine],
        p["management.rate"] * (orgs.employees[mine] / 250.0) ** p["management.size_elasticity"],
    )  # fmt: skip
    before = orgs.management[mine].copy()
    manage.manage(own)
    others = np.setdiff1d(firms, mine)
    np.testing.assert_array_equal(orgs.management[others], level[~np.isin(firms, mine)])
    rest = orgs.management[mine] - before * (1.0 - p["management.forgetting"]) - p["management.step"] * found
    gap = np.maximum(0.0, level.max() - before)
    assert (rest >= -1e-9).all()
    assert (rest <= np.minimum(1.0, p["management.copying"] * 3.0) * gap + 1e-9).all()
    assert (rest > 1e-9).any()
    assert own.draw.normal("management.first", orgs.uid[mine], month=ALWAYS).std() > 0.5


def test_tables_name_kinds_and_natures(world: World) -> None:
    kinds = tables.rights(world, burn_in=True)["kind"]
    assert set(kinds.unique()) == set(KINDS) - {"secret"}
    made = tables.inventions(world, burn_in=True)["nature"]
    assert set(made.unique()) == {"technical", "small_technical", *natures.DRAWN}
