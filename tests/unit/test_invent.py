"""The month's inventions against the vector form of the key formulas, on a small real world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.firm import invent
from agents.organizations import FIRM
from agents.university import university_arrivals
from ecosystem.domain import conception
from ecosystem.domain.ancestry import AGAIN, SEARCHES, TRIES
from ecosystem.domain.conception import COUNTS
from ecosystem.domain.teams import form_teams
from ecosystem.kernel.luck import Draw, fold
from ecosystem.scenario import Scenario
from ecosystem.world import World

FIELDS_OF_LUCK = np.uint64(0x632BE59BD9B4E019)


@pytest.fixture(scope="module")
def made() -> Any:
    """A world that stands right after its inventions of a month, with the filings counted before."""
    world = World(Scenario.baseline(years=1, scale=3000, burn_in_years=1), seed=5)
    world.draw.month = world.month
    world.tally.clear()
    for entry in world.schedule.entries:
        if entry.name == "invention.arrive":
            filed = world.orgs.patents_filed.copy()
        entry.rule(world)
        if entry.name == "invention.arrive":
            break
    return world, world.new_inventions, filed


def rates(world: Any, firms: np.ndarray) -> np.ndarray:
    """Yearly rate of one real firm: z p u v Rbar^eB (E / Rbar)^eW O m."""
    p, orgs, a = world.p, world.orgs, world.arrivals
    place, sector, theta = orgs.jurisdiction[firms], orgs.sector[firms], world.p["firm.wage_share"]
    people = orgs.heads[firms] * world.researcher_cost[place] / theta
    effort = np.maximum(people, 1e-9) ** theta * np.maximum(orgs.rd[firms], 1e-9) ** (1.0 - theta)
    lasting = np.maximum(orgs.rd_memory[firms], 1e-9)
    access = (world.science.access(world) @ world.sector_fields.T)[place, sector]
    return np.asarray(
        a.zeta[place, sector] * orgs.effect[firms] * np.exp(orgs.shock[firms] - 0.5 * p["firm.shock_sd"] ** 2)
        * lasting ** p["firm.elasticity_between"] * (effort / lasting) ** p["firm.elasticity_within"]
        * access ** (p["firm.science_elasticity"] * world.sectors["science_weight"][sector])
        * world.motivation[place] ** p["invention.motivation_weight"]
    )  # fmt: skip


def test_who_invents_and_files_oracle(made: Any) -> None:
    world, slots, filed = made
    orgs = world.orgs
    firms = orgs.living(FIRM)
    rate = rates(world, firms)
    real = world.draw.poisson(
        "firm.real_filings", orgs.uid[firms],
        rate / 12.0 * world.arrivals.filing_share[orgs.jurisdiction[firms], orgs.sector[firms]],
    )  # fmt: skip
    assert (orgs.patents_filed[firms] - filed[firms] == real).all()
    schools, monthly = university_arrivals(world)
    abroad = world.passive_firms
    passive = world.row_families * world.sectors["rd_share"][orgs.sector[abroad]] / world.scale / 12.0
    who = np.concatenate([firms, schools, abroad])
    count = world.draw.poisson(
        "invention.count", orgs.uid[who],
        np.concatenate([rate * orgs.weight[firms] / world.scale / 12.0, monthly, passive]),
    )  # fmt: skip
    assert len(slots) == count.sum() > 100
    assert (np.bincount(world.inventions.creator[slots], minlength=orgs.n)[who] == count).all()
    owner = np.repeat(who, count)
    ordinal = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    assert set(world.inventions.uid[slots]) == set(fold(orgs.uid[owner], world.month + 10_000, ordinal))


def test_direction_oracle(made: Any) -> None:
    world, slots, _ = made
    inv, orgs, draw = world.inventions, world.orgs, world.draw
    uid, owner = inv.uid[slots], inv.creator[slots].astype(np.int64)
    academic = orgs.sector[owner] < 0
    assert 0 < academic.sum() < len(slots)
    field = np.where(academic, form_teams(world, owner, uid).field, orgs.field[owner]).astype(np.int64)
    firm_sector = np.maximum(orgs.sector[owner], 0)
    drawn = draw.categorical("invention.field", uid, world.sector_fields, firm_sector)
    field = np.where(academic | draw.bernoulli("invention.core", uid, world.p["invention.core_share"]), field, drawn)
    tolerance = world.p["firm.explore"] * world.levers["talent.risk_tolerance"][orgs.jurisdiction[owner]]
    distant = draw.categorical("invention.distant", uid, world.proximity, field)
    far = draw.bernoulli("invention.explore", uid, tolerance) & (distant != field)
    field = np.where(far, distant, field)
    home = draw.categorical("invention.sector", uid, world.sector_of_field, field)
    assert (inv.field[slots] == field).all()
    assert (inv.sector[slots] == np.where(academic, home, firm_sector)).all()
    assert (inv.exploratory[slots] == far).all()
    assert (np.lexsort((uid, field)) == np.arange(len(slots))).all(), "sorted by field, then identity"


def parents_by_hand(world: Any, slots: np.ndarray) -> np.ndarray:
    """Parents by searchsorted in explicit running sums, then the filter of access; what lies too far is sought once more."""
    inv, draw, p, a, orgs = world.inventions, world.draw, world.p, world.ancestry, world.orgs
    months, first = a.months - 1, int(slots[0])
    age = (months - np.arange(months)) / 12.0
    kernel = (1.0 - np.exp(-age / p["ancestry.peak_years"])) * np.exp(-age / p["ancestry.fading_years"])
    aged = np.cumsum(a.mass[:, :months] * kernel, axis=1)
    near = np.cumsum(world.proximity * aged[:, -1], axis=1)
    readiness = world.regions.citations(world)
    out = np.full((len(slots), SEARCHES), -1)
    for k in range(SEARCHES):
        who = inv.uid[slots].astype(np.uint64) + np.uint64(k) * FIELDS_OF_LUCK
        searching = draw.uniform("ancestry.try", who.view(np.int64)) < p["ancestry.parents_chance"]
        for turn in range(TRIES):
            name = (who + np.uint64(turn) * AGAIN).view(np.int64)
            u = {step: draw.uniform(f"ancestry.{step}", name) for step in ("field", "month", "row")}
            keys = fold(inv.uid[slots], k + SEARCHES * turn)
            tacit = draw.bernoulli("ancestry.tacit", keys, p["ancestry.tacit_share"])
            luck = draw.uniform("ancestry.far", keys)
            for i in np.flatnonzero(searching):
                slot, g = slots[i], inv.field[slots[i]]
                f = np.searchsorted(near[g], u["field"][i] * near[g, -1], side="right")
                m = np.searchsorted(aged[f], u["month"][i] * aged[f, -1], side="right")
                rows = np.flatnonzero((inv.field[:first] == f) & (inv.month[:first] == inv.month[0] + m))
                low = a.cum[rows[0] - 1] if rows[0] else 0.0
                x = low + u["row"][i] * (a.cum[rows[-1]] - low)
                row = rows[np.searchsorted(a.cum[rows], x, side="right")]
                maker, owner, here = inv.creator[slot], inv.owner[row], orgs.region[inv.creator[slot]]
                known = owner == maker or tacit[i] or inv.published[row] <= world.month
                if owner == maker or (owner < 0 and inv.jurisdiction[row] == world.regions.place[here]):
                    ready = world.regions.home[here]
                else:
                    ready = readiness[here, orgs.region[owner]] if owner >= 0 else 0.0
                near_enough = luck[i] < ready
                if known and near_enough:
                    out[i, k] = row
                # only what is known and too far away makes the search go on
                searching[i] = known and not near_enough
    return out


def test_parents_oracle(made: Any) -> None:
    world, slots, _ = made
    inv = world.inventions
    parents = np.stack([inv.parent1[slots], inv.parent2[slots], inv.parent3[slots]], axis=1)
    assert (parents >= 0).sum() > 20
    assert not world.orgs.park[inv.creator[slots]].any(), "residents of parks look further"
    assert (parents == parents_by_hand(world, slots)).all()


def test_quality_value_and_step_oracle(made: Any) -> None:
    world, slots, _ = made
    p, inv, orgs, draw = world.p, world.inventions, world.orgs, world.draw
    uid, owner, place = inv.uid[slots], inv.creator[slots], inv.jurisdiction[slots]
    field, sector = inv.field[slots], inv.sector[slots]
    teams = form_teams(world, owner, uid)
    assert (inv.lead[slots] == teams.lead).all()
    assert (inv.team_size[slots] == teams.size).all()
    parents = np.stack([inv.parent1[slots], inv.parent2[slots], inv.parent3[slots]], axis=1)
    inherited = np.where(parents >= 0, np.log(inv.quality[np.maximum(parents, 0)]), 0.0).sum(axis=1)
    inherited = inherited / np.maximum((parents >= 0).sum(axis=1), 1)
    sd = p["ancestry.luck"]
    ln_quality = np.clip(
        p["ancestry.inheritance"] * inherited
        + p["ancestry.science"] * np.log(np.maximum(world.science.access(world)[place, field], 1e-6))
        + p["ancestry.team"] * np.log(np.maximum(teams.skill, 1e-3)) + p["ancestry.diversity"] * teams.cross_field
        + sd * draw.normal("invention.quality", uid) - 0.5 * sd**2,
        -3.0, 3.0,
    )  # fmt: skip
    share = world.sectors["small_invention_share"]
    chance = world.by_place("invention.small_share")[place] * share[sector] / max(share.max(), 1e-9)
    small = draw.bernoulli("invention.small", uid, chance)
    a, b = p["firm.sigma_known"], p["firm.sigma_later"]
    known, later = draw.normal("invention.known", uid), draw.normal("invention.later", uid)
    mean = (
        world.arrivals.mean_value[place, sector] * np.exp(ln_quality) * np.where(small, p["invention.small_value"], 1.0)
    )
    expected = mean * np.exp(a * known - 0.5 * a**2)
    small_firm = (orgs.sector[owner] >= 0) & orgs.is_sme(owner)
    novelty = (
        draw.normal("invention.novelty", uid) + p["ancestry.novelty_of_quality"] * ln_quality
        + np.where(small, p["invention.small_novelty"], 0.0) + np.where(small_firm, p["invention.small_firm_novelty"], 0.0)
    )  # fmt: skip
    for name, value in (
        ("quality", np.exp(ln_quality)), ("known", known), ("later", later), ("expected", expected),
        ("potential", expected * np.exp(b * later - 0.5 * b**2)), ("novelty", novelty),
    ):  # fmt: skip
        assert getattr(inv, name)[slots] == pytest.approx(value, rel=2e-7, abs=1e-7), name
    assert (inv.nature[slots] == np.where(small, invent.SMALL, invent.TECHNICAL)).all()
    rd = orgs.rd[owner]
    public = np.where(rd > 0, np.minimum(1.0, orgs.rd_public[owner] / np.maximum(rd, 1e-9)), 0.0)
    assert inv.public_funding[slots] == pytest.approx(public, rel=1e-6)


def test_tallies_are_those_of_the_table(made: Any) -> None:
    world, slots, _ = made
    inv, scale = world.inventions, world.scale
    place, firm = inv.jurisdiction[slots], world.orgs.sector[inv.creator[slots]] >= 0
    parents = np.stack([inv.parent1[slots], inv.parent2[slots], inv.parent3[slots]], axis=1)
    others = ((parents >= 0) & (inv.owner[np.maximum(parents, 0)] != inv.owner[slots][:, None])).any(axis=1)
    amounts = (
        np.ones(len(slots)), inv.quality[slots], inv.team_size[slots], inv.exploratory[slots], inv.cross_field[slots],
        inv.partner[slots] >= 0, inv.field[slots] == world.environment_field, firm, others & firm,
        (parents >= 0).sum(axis=1),
    )  # fmt: skip
    for name, amount in zip(COUNTS, amounts, strict=True):
        by_hand = np.zeros((world.J, world.S + 1))
        np.add.at(by_hand, (place, inv.sector[slots]), scale * amount.astype(np.float64))
        assert world.tally[name] == pytest.approx(by_hand, rel=1e-6), name
    assert world.arrivals.year[world.month % 12] == pytest.approx(scale * np.bincount(place, minlength=world.J))


def test_scalar_poisson_is_that_of_the_draw() -> None:
    draw, uid = Draw(4), np.arange(1, 4001)
    for rate in (0.0, 1e-4, 0.3, 2.0, 29.9, 31.0, 400.0):
        u = draw.uniform("n", uid)
        ours = np.array([conception.poisson(x, rate) for x in u])
        assert (ours == draw.poisson("n", uid, np.full(len(uid), rate))).all(), rate
