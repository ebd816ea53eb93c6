"""Teams on hand-made columns: who leads, how many work together, and whom a newcomer disturbs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents.inventors import Inventors
from agents.organizations import FIRM, UNIVERSITY, Organizations
from ecosystem.domain import teams
from ecosystem.domain.regions import Regions
from ecosystem.kernel.luck import Draw, fold
from ecosystem.kernel.parameters import Parameters, read

ROOT = Path(__file__).resolve().parents[2]
PLACES = ["us", "jp", "row"]
S, F = 3, 6


def parameters(**values: float) -> Parameters:
    """The parameters of people and science; ``values`` replace some (dots as two underscores)."""
    found = read(
        ROOT / "ecosystem/domain/teams.toml", ROOT / "ecosystem/domain/science.toml",
        ROOT / "agents/inventor/inventor.toml", ROOT / "agents/university.toml",
        ROOT / "agents/firm/management.toml", ROOT / "agents/inventor/programs.toml", ROOT / "agents/firm/programs.toml",
    )  # fmt: skip
    return Parameters(found).with_values({k.replace("__", "."): v for k, v in values.items()})


def make_world(seed: int = 1, **values: float) -> Any:
    """Two places and the rest of the world, three sectors on two fields each, no organization yet."""
    sector_fields = np.zeros((S, F))
    for s in range(S):
        sector_fields[s, 2 * s : 2 * s + 2] = (0.7, 0.3)
    proximity = np.full((F, F), 0.1 / (F - 1)) + np.eye(F) * (0.9 - 0.1 / (F - 1))
    return SimpleNamespace(
        places=PLACES, P=2, J=3, ROW=2, S=S, F=F, month=0, scale=500.0, sector_fields=sector_fields,
        proximity=proximity / proximity.sum(axis=1, keepdims=True), p=parameters(**values), draw=Draw(seed),
        orgs=Organizations(), inventors=Inventors(), place_number=[0, 1, 2], regions=Regions.single(PLACES),
    )  # fmt: skip


def add_firm(world: Any, number: int, place: int = 0, sector: int = 0, kind: int = FIRM) -> int:
    uid = fold(number, 5)
    return int(world.orgs.add(1, uid=uid, kind=kind, jurisdiction=place, sector=sector, field=max(0, 2 * sector))[0])


def add_people(world: Any, employer: int, n: int, first: int, **columns: Any) -> np.ndarray:
    place = world.orgs.jurisdiction[employer]
    values = {"field": 0, "skill": 1.0} | columns
    return world.inventors.add(
        n, uid=fold(np.arange(first, first + n), 6), employer=employer, jurisdiction=place, **values
    )


def many(world: Any, org: int, n: int = 20_000, first: int = 0) -> teams.Teams:
    return teams.form_teams(world, np.full(n, org), fold(np.arange(first, first + n), 9))


def test_lead_is_picked_in_proportion_to_skill_and_motivation() -> None:
    world = make_world()
    firm = add_firm(world, 1)
    who = add_people(world, firm, 4, 0, skill=np.array([1.0, 2.0, 4.0, 1.0]), motivation=np.array([1, 1, 1, 3]))
    lead = many(world, firm).lead
    share = np.bincount(lead, minlength=4)[who] / len(lead)
    assert share == pytest.approx(np.array([1, 2, 4, 3]) / 10, abs=0.012)


def test_team_size_is_one_plus_negative_binomial() -> None:
    world = make_world()
    firm = add_firm(world, 1)
    add_people(world, firm, 200, 0)
    team = many(world, firm)
    size = team.size
    assert size.mean() == pytest.approx(3.0, abs=0.05)
    assert (size == 1).mean() == pytest.approx(0.25, abs=0.012)
    assert (size == 2).mean() == pytest.approx(0.25, abs=0.012)
    rows = [set(m[m >= 0].tolist()) for m in team.members[:2000]]
    assert [len(r) for r in rows] == size[:2000].tolist(), "members are all different"


def test_size_distribution_oracle() -> None:
    from scipy.stats import nbinom

    cdf = teams.sizes(3.0, 2.0)
    assert cdf[:-1] == pytest.approx(nbinom.cdf(np.arange(teams.TEAM_MAX - 1), 2, 0.5), abs=1e-12)
    assert cdf[-1] == 1.0


def test_counting_sort_oracle() -> None:
    draw = Draw(3)
    n, groups = 500, 17
    group = (draw.uniform("g", np.arange(1, n + 1)) * groups).astype(np.int64)
    weight = draw.uniform("w", np.arange(1, n + 1))
    slots = np.arange(100, 100 + n)
    out, low, high, cum = teams.arrange(slots, group, weight, groups)
    order = np.argsort(group, kind="stable")
    assert (out == slots[order]).all()
    assert (high - low == np.bincount(group, minlength=groups)).all()
    for g in range(groups):
        assert cum[low[g] : high[g]] == pytest.approx(np.cumsum(weight[group == g]), rel=1e-12)


def test_weighted_pick_oracle() -> None:
    cum = np.cumsum(np.array([0.5, 0.0, 2.0, 1.0]))
    for u in (0.001, 0.14, 0.15, 0.5, 0.71, 0.72, 0.999):
        assert teams.pick(cum, 0, 4, u) == np.searchsorted(cum, u * cum[-1], side="right")


def test_another_organization_does_not_change_the_teams_of_others() -> None:
    def run(extra: bool) -> tuple[np.ndarray, np.ndarray]:
        world = make_world()
        firm = add_firm(world, 1)
        if extra:
            other = add_firm(world, 2)
            add_people(world, other, 30, 500)
        staffed = add_people(world, firm, 40, 0, skill=np.linspace(0.1, 3.0, 40))
        team = many(world, firm, 500)
        return team.members - staffed[0] * (team.members >= 0), team.skill

    (members, skill), (members2, skill2) = run(False), run(True)
    assert (members == members2).all()
    assert (skill == skill2).all()


def test_organization_without_inventor_borrows_a_lead_of_its_place_and_sector() -> None:
    world = make_world()
    empty, busy, other = add_firm(world, 1, sector=1), add_firm(world, 2, sector=1), add_firm(world, 3, sector=2)
    abroad = add_firm(world, 4, place=1, sector=1)
    right = add_people(world, busy, 5, 0, field=2)
    add_people(world, other, 5, 50, field=4)
    add_people(world, abroad, 5, 80, field=2)
    team = many(world, empty, 500)
    assert np.isin(team.lead, right).all()
    assert (team.field == 2).all()


def test_place_without_people_still_invents() -> None:
    world = make_world()
    firm = add_firm(world, 1, place=2)
    team = many(world, firm, 10)
    assert (team.lead == -1).all()
    assert (team.size == 1).all()
    assert (team.skill == 1.0).all()


def test_leavers_do_not_join_and_newcomers_do_after_the_next_roster() -> None:
    world = make_world()
    firm = add_firm(world, 1)
    who = add_people(world, firm, 10, 0)
    many(world, firm, 10)
    world.inventors.active[who[:5]] = False
    world.inventors.employer[who[5]] = -1
    late = add_people(world, firm, 3, 90)
    assert not np.isin(many(world, firm, 500).members, [*who[:6], *late]).any()
    young = add_firm(world, 2)
    own = add_people(world, young, 3, 200)
    assert not np.isin(many(world, young, 100).members, own).any(), "a young organization borrows until then"
    world.month = 3
    assert np.isin(many(world, firm, 500).lead, late).any()
    assert np.isin(many(world, young, 100).lead, own).all()


def test_members_are_counted_and_mixed_teams_seen() -> None:
    world = make_world(teams__across_share=1.0, teams__outside_chance=1.0)
    firm, school = add_firm(world, 1), add_firm(world, 2, sector=-1, kind=UNIVERSITY)
    one = add_people(world, firm, 1, 0, field=0)
    add_people(world, school, 30, 50, field=np.arange(30) % 2)
    team = many(world, firm, 2000)
    assert world.inventors.inventions.sum() == team.size.sum()
    assert world.inventors.inventions[one[0]] == 2000
    assert team.industry_university[team.size > 1].all()
    assert not team.industry_university[team.size == 1].any()
    by_hand = [(world.inventors.field[m[m >= 0]] != 0).any() for m in team.members]
    assert (team.cross_field == by_hand).all()
