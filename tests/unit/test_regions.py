"""Regions: the data hold together, distance thins out every kind of contact, centers and parks act where they stand."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import gamma, norm

from agents import investor, regional_center, regional_figures
from agents.firm import park
from agents.intermediary import CENTER
from agents.inventor import hiring
from agents.organizations import FIRM, UNIVERSITY
from agents.transfer.offers import meet
from ecosystem import Scenario, World
from ecosystem.domain.regions import Regions, near_partner, nearness, seat, settle, settle_near
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.luck import Pool, fold
from policies.places import FOLDER, known_places, load_place
from policies.regions import Region
from tests.unit.test_inventor import land
from tests.unit.test_investor import make as funds
from tests.unit.test_transfer import PLACES as THREE
from tests.unit.test_transfer import make, months

PLACES = known_places()
MAP = partial(Regions, THREE, [PLACES[code].regions for code in THREE])


def mapped(seed: int = 1, parameters: dict[str, float] | None = None, **levers: float) -> Any:
    """The hand-made market for technology with the regions of the United States and Japan."""
    w = make(seed, **levers)
    w.regions, w.place_number = MAP(), [0, 1, 2]
    w.p = w.p.with_values(parameters or {})
    settle(w, np.arange(w.orgs.n))
    w.orgs.employees[:] = np.where(w.orgs.kind == FIRM, w.orgs.employees, 1000.0)
    return w


# -- data ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [c for c in PLACES if c != "row"])
def test_a_place_has_four_to_ten_connected_regions_that_sum_to_one(code: str) -> None:
    regions = PLACES[code].regions
    m = Regions([code], [regions])
    assert 4 <= len(regions) <= 10
    assert sum(r.share for r in regions) == pytest.approx(1.0)
    assert (m.adjacent == m.adjacent.T).all()
    assert not m.adjacent.diagonal().any()
    assert m.neighbors.sum(axis=1) == pytest.approx(1.0)
    assert (m.steps >= 0).all()
    assert ((m.steps == 1) == m.adjacent).all()
    # a graph distance: symmetric, and no detour is shorter
    assert (m.steps == m.steps.T).all()
    assert (m.steps <= (m.steps[:, :, None] + m.steps[None]).min(axis=1)).all()


def test_places_do_not_touch_and_the_rest_of_the_world_is_one_region() -> None:
    m = Regions(list(PLACES), [p.regions for p in PLACES.values()])
    assert m.code[-1] == "row"
    assert len(set(m.code)) == len(m)
    apart = m.place[:, None] != m.place
    assert not (m.adjacent & apart).any()
    assert (m.steps[apart] == -1).all()
    assert m.steps[m.code.index("us.new_england"), m.code.index("us.pacific")] == 5


def test_a_place_without_regions_is_one(tmp_path: Path) -> None:
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8")
    whole = re.sub(r"\[\[regions\]\]\n(?:\w+ = .*\n)+", "", text)
    assert "neighbors" in text
    assert "neighbors" not in whole
    (tmp_path / "kr.toml").write_text(whole.replace('code = "jp"', 'code = "kr"'), encoding="utf-8")
    regions = load_place(tmp_path / "kr.toml").regions
    assert [(r.code, r.share) for r in regions] == [("kr", 1.0)]
    assert Regions(["kr"], [regions]).code == ["kr"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('neighbors = ["tohoku"]', 'neighbors = ["tohuku"]', ["tohuku", "tohoku", "hokkaido"]),
        ('neighbors = ["tohoku"]', "neighbors = []", ["tohoku names hokkaido", "Add 'tohoku'"]),
        ('neighbors = ["tohoku"]', 'neighbors = ["hokkaido"]', ["itself"]),
        ('neighbors = ["tohoku"]', 'neighbors = "tohoku"', ["no list"]),
        ("share = 0.55", "share = 0.5", ["sum to 0.95", "must sum to 1"]),
        ("share = 0.55", "share = 0.9", ["between low and high", "kanto"]),
        ("share = 0.55", "share = -0.55", ["not above 0"]),
        ('code = "kanto"', 'code = "chubu"', ["chubu", "two regions"]),
        ('code = "kanto"', 'code = "Kanto Plain"', ["Kanto Plain", "short lower-case"]),
        ('title = "Kanto"', 'titel = "Kanto"', ["titel", "title"]),
        ('title = "Kanto"', 'title = "Kanto"\nterritory = "kp"', ["kp", "territory"]),
        ("low = 0.44\nhigh = 0.66\n", "", ["range"]),
    ],
)
def test_mistakes_in_regions_are_told(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "jp.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_place(path)
    for word in ["jp.toml", *words]:
        assert word in str(error.value)


def test_an_island_without_a_way_is_told(tmp_path: Path) -> None:
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8")
    text = text.replace('neighbors = ["tohoku"]', "neighbors = []", 1).replace('"hokkaido", "kanto"', '"kanto"', 1)
    (tmp_path / "jp.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="No way over neighbors"):
        load_place(tmp_path / "jp.toml")


def test_more_regions_than_the_column_holds_are_refused() -> None:
    with pytest.raises(InputError, match="128 regions"):
        Regions(["a"], [[Region(f"r{i}", "R", 1 / 128) for i in range(128)]])


# -- seats --------------------------------------------------------------------------------------------------------------


def test_rd_of_the_start_adds_up_to_the_shares_of_the_regions() -> None:
    w = mapped()
    n = np.arange(400)
    new = w.orgs.add(400, uid=fold(n, 77), kind=FIRM, jurisdiction=1, territory=1)
    rd = np.exp(1.5 * w.draw.normal("rd", n))
    seat(w, new, rd)
    got = np.bincount(w.orgs.region[new], rd, len(w.regions)) / rd.sum()
    home = w.regions.place == 1
    assert got[~home].sum() == 0.0
    assert np.abs(got - np.where(home, w.regions.share, 0.0)).max() < 0.02
    # luck, not order, says who sits where
    assert len(np.unique(w.orgs.region[new[np.argsort(-rd)[:40]]])) >= 3


def test_organizations_of_a_territory_sit_in_its_regions() -> None:
    w = mapped()
    own = [Region("a", "A", 0.5, ("b",), territory="x"), Region("b", "B", 0.3, ("a", "c"), territory="y"),
           Region("c", "C", 0.2, ("b",), territory="y")]  # fmt: skip
    w.regions = Regions(["p"], [own], ["x", "y"])
    new = w.orgs.add(300, uid=fold(np.arange(300), 78), kind=FIRM, jurisdiction=0, territory=np.arange(300) % 2)
    seat(w, new, np.ones(300))
    assert set(w.orgs.region[new[::2]]) == {0}
    assert set(w.orgs.region[new[1::2]]) == {1, 2}


def test_spin_offs_stay_near_their_university() -> None:
    w = mapped()
    home = w.regions.code.index("us.new_england")
    parent = w.orgs.add(1, uid=fold(5, 1), kind=UNIVERSITY, jurisdiction=0, region=home)[0]
    new = w.orgs.add(3000, uid=fold(np.arange(3000), 79), kind=FIRM, jurisdiction=0)
    for slot in new:
        settle_near(w, int(slot), int(parent))
    got = np.bincount(w.orgs.region[new], minlength=len(w.regions)) / 3000
    assert got[home] == pytest.approx(w.p["region.spin_off_stay"], abs=0.03)
    assert got[w.regions.place != 0].sum() == 0.0
    # a neighbor gets more than its share would give it
    next_door, far = w.regions.code.index("us.middle_atlantic"), w.regions.code.index("us.south_atlantic")
    assert got[next_door] / w.regions.share[next_door] > 1.15 * got[far] / w.regions.share[far]


# -- distance -----------------------------------------------------------------------------------------------------------


def test_nearness_falls_with_distance() -> None:
    w = mapped()
    code = w.regions.code
    here = [code.index(c) for c in ("us.pacific", "us.pacific", "us.mountain", "us.new_england", "jp.kanto")]
    a, *others = w.orgs.add(5, uid=fold(np.arange(5), 80), region=here, jurisdiction=w.regions.place[here])
    near = nearness(w, np.full(4, a), np.array(others))
    assert near[0] == 1.0
    assert (np.diff(near) < 0.0).all()
    w.orgs.park[[a, others[0], others[1]]] = True
    assert nearness(w, np.full(4, a), np.array(others)).tolist() == [w.p["region.park_spillover"], *near[1:]]
    # borders weigh as much as without regions
    m = w.regions.citations(w)
    home = (m * w.regions.share)[:, w.regions.place == 0].sum(axis=1)[0]
    assert m[0, code.index("jp.kanto")] == pytest.approx(w.p["ancestry.abroad_share"] * home)


def test_partners_come_in_proportion_to_weight_and_nearness() -> None:
    w = mapped()
    orgs = w.orgs
    where = np.arange(6)
    new = orgs.add(6, uid=fold(where, 81), kind=FIRM, jurisdiction=0, region=where)
    weight = np.array([1.0, 2.0, 1.0, 1.0, 0.0, 3.0])
    pool = Pool.of(new, orgs.uid[new], np.zeros(6, int), 1, weight)
    near = w.regions.weights(0.5, 0.1)
    n = 20_000
    got = near_partner(
        w, "x", fold(np.arange(n), 82), np.zeros(n), pool, np.full(n, new[0]), near, avoid=np.full(n, orgs.uid[new[3]])
    )
    chance = weight * near[0, :6] * (where != 3)
    assert np.bincount(got - new[0], minlength=6) / n == pytest.approx(chance / chance.sum(), abs=0.012)


def test_a_large_pool_is_sampled_by_the_ring_and_keeps_locality() -> None:
    w = mapped()
    new = w.orgs.add(2000, uid=fold(np.arange(2000), 83), kind=FIRM, jurisdiction=0, region=np.arange(2000) % 8)
    pool = Pool.of(new, w.orgs.uid[new], np.zeros(2000, int), 1, np.ones(2000))
    n = 4000
    got = near_partner(
        w, "x", fold(np.arange(n), 84), np.zeros(n), pool, np.full(n, new[0]), w.regions.weights(0.25, 0.25)
    )
    assert (w.orgs.region[got] == 0).mean() == pytest.approx(1 / (1 + 7 * 0.25), abs=0.03)


def same_region(w: Any) -> float:
    deals, orgs = w.deals, w.orgs
    home = deals.from_place == deals.to_place
    return float((orgs.region[deals.giver[home]] == orgs.region[deals.taker[home]]).mean())


def test_licenses_are_more_local_than_chance() -> None:
    far = {"transfer.near_neighbor": 1.0, "transfer.near_place": 1.0}
    by_chance, local = (months(mapped(parameters=p), 36) for p in (far, None))
    assert local.deals.n > 200
    assert same_region(local) > 1.4 * same_region(by_chance)


def test_who_changes_employer_mostly_stays_in_the_region() -> None:
    w = land(firms=40)
    w.regions = MAP()
    settle(w, np.arange(w.orgs.n))
    firms = np.flatnonzero((w.orgs.kind == FIRM) & (w.orgs.jurisdiction == 0))
    w.orgs.wanted[firms] *= 1.5
    n = 4000
    old = np.resize(firms, n).astype(np.int64)
    seekers, at, field = fold(np.arange(n), 3), np.zeros(n, np.int64), np.full(n, -1)
    stays = hiring.choose_employers(w, seekers, at, field, old)
    free = hiring.choose_employers(w, seekers, at, field)

    def local(new: np.ndarray) -> float:
        return float((w.orgs.region[new] == w.orgs.region[old])[new >= 0].mean())

    assert local(stays) > 0.5
    assert local(stays) > 2.0 * local(free)


def test_venture_money_asks_more_of_distant_firms(monkeypatch: pytest.MonkeyPatch) -> None:
    w = funds(monkeypatch)
    assert (investor.distance_hurdle(w) == 0.0).all()
    w.regions = MAP()
    h = investor.distance_hurdle(w)
    m = w.regions
    assert np.bincount(m.place, h * m.share) == pytest.approx(0.0, abs=1e-12)
    assert h[m.code.index("us.pacific")] < 0.0 < h[m.code.index("us.east_south_central")]
    # by the belief of a firm with a right, N(0, 1 / (1 + tau^2)): near the money about twice as often
    spread = 1.0 / np.sqrt(1.0 + w.p["investor.noise_with_right"] ** 2)
    us = m.place == 0
    funded = norm.sf((w.p["investor.hurdle"] + h) / spread)
    assert 1.4 < funded[us].max() / funded[us].min() < 3.0


# -- centers ------------------------------------------------------------------------------------------------------------


def test_centers_come_by_rd_and_radiate_to_neighbors() -> None:
    w = mapped(regional__centre_reach=1 / 9, regional__centre_spillover=0.5)
    m = w.regions
    own, strength = regional_center.coverage(w), regional_center.strength(w)
    assert strength is not None
    hub, beside = m.code.index("us.pacific"), m.code.index("us.mountain")
    us = m.place == 0
    assert np.flatnonzero((own > 1e-9) & us).tolist() == [hub]
    assert strength[hub] == pytest.approx(1.0)
    # a third of the mountain division's neighbors is the hub
    assert strength[beside] == pytest.approx(0.5 / 3)
    assert strength[us].sum() == pytest.approx(1.0 + 0.5 / 3)
    w.levers["regional.centre_spillover"][:] = 0.0
    assert np.flatnonzero((regional_center.strength(w) > 1e-9) & us).tolist() == [hub]
    w.levers["regional.centre_reach"][:] = 0.0
    assert regional_center.strength(w) is None
    assert regional_center.lift(w) is None


def test_centers_open_once_and_arrange_what_would_not_have_met() -> None:
    w, base = (mapped(regional__centre_reach=q, regional__centre_spillover=0.5) for q in (0.34, 0.0))
    before = w.intermediaries.n
    for _ in range(2):
        regional_center.open_centers(w)
        regional_center.open_centers(base)
    rows = w.intermediaries
    assert base.intermediaries.n == before
    centers = np.flatnonzero(rows.kind == CENTER)
    assert len(centers) == len(np.unique(rows.region[centers])) == (regional_center.coverage(w) > 0.0).sum()
    meet(w)
    meet(base)
    got, usual = w.intermediaries.register.meetings, base.intermediaries.register.meetings
    assert set(usual.invention) < set(got.invention)
    by_center = np.isin(got.broker, centers)
    # what a center arranges would not have met without it, and its owner sits in its reach
    assert by_center.sum() > 20
    assert not set(got.invention[by_center]) & set(usual.invention)
    assert (regional_center.strength(w)[w.orgs.region[got.owner[by_center]]] > 0.0).all()
    assert rows.meetings[centers].sum() == pytest.approx(w.scale * by_center.sum())
    months(w, 12)
    assert (rows.income[centers] == 0.0).all()
    assert rows.deals[centers].sum() > 0.0


def test_counsel_is_limited_by_capacity_and_reaches_small_firms_of_the_region() -> None:
    w = mapped(regional__centre_reach=1 / 9)
    w.orgs.add(300, uid=fold(np.arange(300), 85), kind=FIRM, jurisdiction=0, employees=40.0, weight=5.0, sector=0,
               region=np.arange(300) % 9)  # fmt: skip
    w.orgs.awareness[:] = 0.4
    w.month = 0
    for month in range(0, 120, 3):
        w.month = w.draw.month = month
        regional_center.counsel(w)
    orgs, hub = w.orgs, w.regions.code.index("us.pacific")
    taught = orgs.awareness > 0.4
    us = taught & (orgs.jurisdiction == 0)
    assert us.any()
    assert (orgs.region[us] == hub).all()
    assert (orgs.employees[taught] < 250).all()
    counseled = float(w.tally["firms_counseled"][0].sum())
    small = regional_center.count_small(w)[hub]
    most = min(w.p["region.center_clients"] / 4, small) * 40
    assert counseled == pytest.approx(most, rel=0.25)


def test_a_center_raises_filings_of_its_small_firms_and_transfers_next_door() -> None:
    def run(reach: float) -> Any:
        levers = {
            c: {"regional.centre_reach": reach, "regional.centre_spillover": 0.5} for c in ("us", "eu", "jp", "cn")
        }
        return World(Scenario.baseline(scale=1000, years=6, levers=levers), seed=2).run()

    def later(w: Any, name: str) -> np.ndarray:
        rows = list(range(len(w.records.months) - 48, len(w.records.months)))
        return w.records.counts(name, rows).sum(axis=(0, 2))[:4]

    base, centers = run(0.0), run(0.34)
    for name, least in (("first_region_filings", 1.02), ("next_region_transfers", 1.02)):
        off, on = later(base, name), later(centers, name)
        assert on.sum() > least * off.sum(), (name, on, off)
    # a center does not make people more inventive
    assert later(centers, "inventions").sum() == pytest.approx(later(base, "inventions").sum(), rel=0.01)


# -- parks --------------------------------------------------------------------------------------------------------------


def start_ups(share: float, n: int = 4000) -> tuple[Any, np.ndarray]:
    w = mapped(regional__park_share=share)
    new = w.orgs.add(
        n, uid=fold(np.arange(n), 86), kind=FIRM, jurisdiction=0, employees=10.0, weight=1.0, sector=0, anniversary=0,
        region=np.arange(n) % 9, quality_signal=w.draw.normal("quality", np.arange(n)),
    )  # fmt: skip
    park.open_doors(w, new)
    return w, new


def test_a_park_holds_the_share_the_lever_states_and_the_better_ones_come() -> None:
    w, new = start_ups(0.3)
    inside = w.orgs.park[new]
    assert inside.mean() == pytest.approx(0.3, abs=0.02)
    quality = w.orgs.quality_signal[new]
    gap = quality[inside].mean() - quality[~inside].mean()
    w.p = w.p.with_values({"region.park_selection": 0.0})
    blind = park.wants(w, new)
    assert gap > 0.5 > 0.1 > abs(quality[blind].mean() - quality[~blind].mean())
    wide, same = start_ups(0.5)
    assert (wide.orgs.park[same] >= inside).all()


def test_founded_firms_are_chosen_by_quality_on_the_same_footing() -> None:
    w, new = start_ups(0.3)
    k = 1.0 / w.p["firm.frailty"]
    w.orgs.origin[new] = 1
    frailty = gamma.ppf(w.draw.uniform("frailty", new), k) / k
    w.orgs.quality_signal[new] = -np.log(np.maximum(frailty, 1e-3))
    assert park.wants(w, new).mean() == pytest.approx(0.3, abs=0.03)


def test_who_outgrows_a_park_leaves_and_closed_parks_empty() -> None:
    w, new = start_ups(0.3)
    inside = new[w.orgs.park[new]]
    grown, rest = inside[:50], inside[50:]
    w.orgs.employees[grown] = 400.0
    park.move_in(w)
    assert not w.orgs.park[grown].any()
    assert w.orgs.park[rest].all()
    assert w.orgs.park[w.orgs.kind == UNIVERSITY].any()
    w.levers["regional.park_share"][:] = 0.0
    park.move_in(w)
    assert not w.orgs.park.any()


def test_residents_save_overhead_and_meet_each_other_more() -> None:
    w, new = start_ups(0.3)
    kept = park.overhead_kept(w, new)
    assert set(np.unique(kept)) == {1.0, 1.0 - w.p["region.park_saving"]}
    orgs = w.orgs
    pool = Pool.of(new[:90], orgs.uid[new[:90]], np.zeros(90, int), 1, np.ones(90))
    owner = int(new[np.flatnonzero(orgs.park[new] & (np.arange(len(new)) >= 90))[0]])
    n = 4000
    near = w.regions.weights(0.45, 0.25)

    def together(pull: float) -> float:
        who = near_partner(w, "x", fold(np.arange(n), 87), np.zeros(n), pool, np.full(n, owner), near, park_pull=pull)
        return float((orgs.park[who] & (orgs.region[who] == orgs.region[owner])).mean())

    assert together(w.p["region.park_meetings"]) > 1.3 * together(1.0) > 0.0


def test_knowledge_of_residents_stays_in_the_region() -> None:
    # who builds on whom if parents are taken by nearness: the share within the region rises with parks
    w, new = start_ups(0.3, 1500)
    a, b = np.repeat(new[:300], 300), np.tile(new[300:600], 300)
    local = w.orgs.region[a] == w.orgs.region[b]
    with_parks = nearness(w, a, b)
    w.orgs.park[:] = False
    without = nearness(w, a, b)
    shares = [(x[local].sum() / x.sum()) for x in (without, with_parks)]
    assert shares[1] > 1.03 * shares[0]
    assert (with_parks >= without).all()


# -- figures ------------------------------------------------------------------------------------------------------------


def test_indicators_count_what_they_say() -> None:
    w = mapped()
    w.new_inventions = np.arange(0)
    regional_figures.count_regions(w)
    book = w.regional_book
    assert [c for c, f in zip(w.regions.code, book.first, strict=True) if f and c.startswith("jp")] == [
        "jp.kanto", "jp.chubu", "jp.kansai"
    ]  # fmt: skip
    assert {c for c, f in zip(w.regions.code, book.next, strict=True) if f and c.startswith("jp")} == {
        "jp.tohoku",
        "jp.chugoku",
        "jp.shikoku",
    }
    w.tally.clear()
    code = w.regions.code
    seats = [code.index(c) for c in ("jp.kanto", "jp.kanto", "jp.tohoku", "us.pacific")]
    k1, k2, t, p = w.orgs.add(4, uid=fold(np.arange(4), 88), kind=FIRM, employees=20.0, weight=10.0, region=seats,
                              jurisdiction=w.regions.place[seats])  # fmt: skip
    # two filings of small firms count: at home and in a first region
    w.rights.add(4, owner=[k1, k1, t, k2], office=[1, 0, 1, 1])
    # one license next door, one from next door abroad, one within a first region
    w.deals.add(3, kind=0, giver=[k1, t, k1], taker=[t, p, k2])
    old = w.inventions.add(3, owner=[k1, k2, t], creator=[k1, k2, t])
    w.inventions.add(1, owner=k1, creator=k1, parent1=old[0], parent2=old[1], parent3=old[2])
    w.new_inventions = np.array([w.inventions.n - 1])
    regional_figures.count_regions(w)

    def counted(name: str) -> list[float]:
        return (w.tally[name].sum(axis=1) / w.scale).tolist()

    assert counted("first_region_filings") == [0.0, 2.0, 0.0]
    # the license abroad counts once more where the taker sits next to a center: the Pacific is a first region itself
    assert counted("next_region_transfers") == [0.0, 2.0, 0.0]
    assert counted("same_region_deals") == [0.0, 1.0, 0.0]
    assert counted("same_place_deals") == [0.0, 2.0, 0.0]
    # the own parent does not count; one of the two others is local
    assert counted("same_region_citations") == [0.0, 1.0, 0.0]
    assert counted("same_place_citations") == [0.0, 2.0, 0.0]


def test_levers_at_rest_change_nothing() -> None:
    def state(levers: dict[str, float]) -> list[np.ndarray]:
        w = World(Scenario.baseline(scale=5000, years=2, burn_in_years=2, levers={"jp": levers}), seed=3).run()
        return [w.orgs.cash, w.orgs.awareness, w.inventions.potential, w.deals.upfront, w.inventors.employer]

    # without a center there is nothing to radiate
    for a, b in zip(state({}), state({"regional.centre_spillover": 0.9}), strict=True):
        assert np.array_equal(a, b)
