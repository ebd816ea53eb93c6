"""The market for technology on a hand-made world: crowding, failed bargains, the price of greed, conservation."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from agents import intermediary
from agents.organizations import FIRM, UNIVERSITY, Organizations
from agents.transfer import listing, offers
from agents.transfer import spin_off as spin_offs
from agents.transfer.bargain import bargain_one, terms
from agents.transfer.deals import KIND, close_deals, reassign
from agents.transfer.listing import ACADEMIC_CLASS, LAUNCHED_CLASS, UNUSED_CLASS
from agents.transfer.offers import meet
from agents.transfer.spin_off import spin_off
from agents.transfer.swap import swap
from ecosystem.domain.indicators import Tally
from ecosystem.domain.knowledge import PROTECTION, STATUS, Inventions
from ecosystem.domain.ledgers import Deals
from ecosystem.domain.market import Lines, Uses
from ecosystem.domain.regions import Regions
from ecosystem.domain.rights import Rights
from ecosystem.domain.valuation import owner_loss, user_gain
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.luck import Draw, fold
from ecosystem.kernel.parameters import Parameters, read

ROOT = Path(__file__).parents[2]
PLACES = ["us", "jp", "row"]
FIRMS, UNIVERSITIES, EACH, SECTORS = 80, 8, 500, 2
BASE = {
    "regional.centre_reach": (0.0, 0.0, 0.0),
    "regional.centre_spillover": (0.0, 0.0, 0.0),
    "regional.park_share": (0.0, 0.0, 0.0),
    "science.dual_use": (0.1, 0.03, 0.05),
    "transfer.matching": (6.0, 6.0, 0.0),
    "transfer.valuation_noise": (0.6, 0.6, 0.6),
    "transfer.transaction_cost": (0.02, 0.02, 0.02),
    "transfer.brokered_share": (0.3, 0.2, 0.0),
    "transfer.association_reach": (1.0, 1.0, 1.0),
    "transfer.cross_border": (1.0, 1.0, 1.0),
    "transfer.exchange": (0.0, 0.0, 0.0),
    "transfer.trading": (1.0, 1.0, 1.0),
    "university.royalty_asked": (0.25, 0.25, 0.25),
    "university.tto_efficiency": (1.0, 1.0, 1.0),
    "university.inventor_share": (0.3, 0.3, 0.3),
    "university.spin_off_share": (0.1, 0.1, 0.0),
}


class LedgerMarket:
    """Remembers which lines were touched."""

    def __init__(self) -> None:
        self.touched: list[np.ndarray] = []

    def touch(self, lines: np.ndarray) -> None:
        self.touched.append(lines)


def make(seed: int = 1, **levers: float) -> Any:
    w = SimpleNamespace(
        places=PLACES, P=2, J=3, S=SECTORS, T=3, F=3, ROW=2, month=120, month_of_year=0, scale=500.0, draw=Draw(seed),
        experience=SimpleNamespace(share_kept=lambda: np.full((4, 3, SECTORS), 0.3)),
        tally=Tally(3, SECTORS), accounts=Accounts(PLACES), orgs=Organizations(), inventions=Inventions(place=3),
        rights=Rights(), deals=Deals(), uses=Uses(territory=3), lines=Lines(territory=3), waiting=[[] for _ in range(6)],
        intermediaries=intermediary.Intermediaries(), market=LedgerMarket(), everywhere=7,
        regions=Regions.single(PLACES),
        proximity=np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]]),
        levers={k: np.array(v) for k, v in BASE.items()},
        base_levers={k: np.array(v) for k, v in BASE.items()},
        sectors={
            "royalty_rate": np.array([0.05, 0.04]), "product_life": np.array([10.0, 5.0]),
            "development_years": np.array([2.0, 1.0]),
            "rights_per_product": np.array([2.0, 50.0]),
        },
        valuation=SimpleNamespace(
            alone=np.full((3, SECTORS), 0.3), shared=np.array([1.0, 1.0, 0.56, 0.39, 0.30, 0.25, 0.21]),
            discount=np.array([0.2, 0.3]), hazard=np.array([0.1, 0.1]),
            usual=np.array([36.0, 36.0]), learning=36.0, decay=np.array([0.1, 0.2]),
        ),
        p=Parameters(read(
            ROOT / "agents" / "transfer" / "transfer.toml", ROOT / "agents" / "intermediary.toml",
            ROOT / "agents" / "firm" / "firm.toml", ROOT / "agents" / "firm" / "programs.toml",
            ROOT / "agents" / "firm" / "development.toml", ROOT / "ecosystem" / "domain" / "valuation.toml",
            ROOT / "ecosystem" / "domain" / "regions.toml", ROOT / "ecosystem" / "domain" / "ancestry.toml",
            ROOT / "ecosystem" / "domain" / "switches.toml", ROOT / "agents" / "defense.toml",
        )),
    )  # fmt: skip
    for name, value in levers.items():
        w.levers[name.replace("__", ".")][:2] = value
    for pot in ("households", "services"):
        w.accounts.open(pot)
    w.accounts.open("organizations", w.orgs)
    n = np.arange(FIRMS)
    w.orgs.add(
        FIRMS, uid=fold(n, 5), kind=FIRM, jurisdiction=n % 2, weight=80.0, anniversary=n % 12, rd=np.exp(n % 5),
        employees=np.where(n % 3 < 2, 1000.0, 50.0), base=2000.0, sector=(n // 2) % 2, field=n % 3, cash=1e6,
    )  # fmt: skip
    k = np.arange(UNIVERSITIES)
    w.orgs.add(UNIVERSITIES, uid=fold(k, 6), kind=UNIVERSITY, jurisdiction=k % 2, weight=10.0, sector=-1)
    i = np.arange(EACH * 3)
    klass = np.repeat([0, 1, 2], EACH)
    owner = np.where(klass == 0, FIRMS + i % UNIVERSITIES, i % FIRMS)
    status = np.array([STATUS.index(s) for s in ("idea", "shelved", "launched")])[klass]
    order = np.argsort(fold(i, 3), kind="stable")
    owner, status = owner[order], status[order]
    value = np.exp(1.5 * w.draw.normal("value", i))
    w.inventions.add(
        len(i), uid=fold(i, 7), creator=owner, owner=owner, jurisdiction=w.orgs.jurisdiction[owner], field=i % 3,
        sector=i % 2, month=np.sort(i * 110 // len(i)), status=status, protected_by=PROTECTION.index("patent"),
        expected=value, potential=value, right=i,
    )  # fmt: skip
    w.rights.add(len(i), uid=fold(i, 8), invention=i, owner=owner, in_force=True, outcome=1, sector=i % 2)
    w.inventions.right_at[:, 0] = i
    sold = np.flatnonzero(status == STATUS.index("launched"))
    w.inventions.line[sold] = w.lines.add(len(sold), invention=sold, sector=sold % 2, potential=value[sold], users=1)
    w.uses.add(len(sold), line=np.arange(len(sold)), invention=sold, user=owner[sold])
    w.lines.first_use[:] = np.arange(len(sold))
    intermediary.open_intermediaries(w)
    w.accounts.close_opening()
    w.accounts.opening["organizations"] = w.accounts.holders["organizations"].total()
    return w


def months(w: Any, n: int) -> Any:
    for m in range(w.month, w.month + n):
        w.month, w.month_of_year, w.draw.month = m, m % 12, m
        meet(w)
        close_deals(w)
    return w


def total(w: Any, name: str) -> float:
    return float(w.tally[name].sum())


def test_doubling_matching_raises_deals_less_than_proportionally() -> None:
    few, many = (months(make(transfer__matching=m), 60) for m in (15.0, 30.0))
    ratio = total(many, "license_and_sale_deals") / total(few, "license_and_sale_deals")
    assert total(few, "license_and_sale_deals") > 50 * 500
    assert 1.2 < ratio < 1.9


def test_a_better_market_meets_a_superset_in_the_first_month() -> None:
    met = []
    for matching in (1.0, 3.0):
        w = make(transfer__matching=matching)
        meet(w)
        met.append(set(w.intermediaries.register.meetings.invention.tolist()))
    assert met[0] < met[1]


def test_offers_crowd_each_other_out() -> None:
    w = make()
    size = np.array([1000.0, 1000.0, 0.0])
    rate = offers.meeting_rate(w, np.array([500.0, 2000.0, 0.0]), size)
    assert rate[0] == pytest.approx(2.0 * rate[1])


def test_transfer_offices_move_university_meetings_only() -> None:
    count = []
    for effort in (1.0, 3.0):
        w = make(university__tto_efficiency=effort)
        meet(w)
        klass = w.intermediaries.register.meetings.klass
        count.append([int((klass == k).sum()) for k in (ACADEMIC_CLASS, UNUSED_CLASS, LAUNCHED_CLASS)])
    assert count[1][0] > 1.5 * count[0][0]
    assert count[1][1:] == count[0][1:]


def test_a_higher_royalty_asked_closes_fewer_deals_and_income_peaks_inside() -> None:
    shares = (0.05, 0.25, 0.5, 0.62, 0.75, 0.9, 0.97)
    signed, income = [], []
    for share in shares:
        got = np.zeros(2)
        for seed in range(4):
            w = months(make(seed, university__royalty_asked=share, university__tto_efficiency=4.0), 24)
            academic = w.deals.kind == KIND["university_license"]
            # A license's worth to the university: lump sum and the share of the gain that runs as a royalty.
            got += academic.sum(), (w.deals.upfront[academic] / w.p["transfer.upfront_part"]).sum()
        signed.append(got[0])
        income.append(got[1])
    assert signed == sorted(signed, reverse=True)
    assert signed[0] > 4 * signed[-2]
    best = int(np.argmax(income))
    assert 0 < best < len(shares) - 1
    assert income[-1] < 0.7 * income[best]
    assert income[0] < 0.7 * income[best]


def test_acceptance_follows_the_published_shape() -> None:
    """P(deal) = P[(1 - rho) x > 1] with ln x ~ N(0.24, 1): .57, .48, .32, .12, .02 (findings on the population)."""
    n = 4_000
    errors = np.exp(norm.ppf((np.arange(n) + 0.5) / n)).tolist()
    rho = (0.05, 0.25, 0.5, 0.75, 0.9)
    for share, expected in zip(rho, (0.57, 0.48, 0.32, 0.12, 0.02), strict=True):
        agreed = [bargain_one(1.0, float(np.exp(-0.24)), 0.0, 0.0, error, 1.0, share, True)[2] for error in errors]
        assert np.mean(agreed) == pytest.approx(expected, abs=0.015)


def test_nash_price_splits_the_surplus_when_both_see_the_truth() -> None:
    price, possible, agreed = bargain_one(10.0, 2.0, 3.0, 1.0, 1.0, 1.0, 0.5, False)
    assert possible
    assert agreed
    assert price == pytest.approx(3 + 0.5 + 0.5 * 4)
    _, possible, agreed = bargain_one(10.0, 8.0, 3.0, 1.0, 1.0, 1.0, 0.5, False)
    assert not possible
    assert not agreed


def test_disagreement_and_cost_make_bargains_fail() -> None:
    failed, signed = [], []
    for noise in (0.0, 1.2):
        w = months(make(transfer__valuation_noise=noise), 36)
        failed.append(total(w, "failed_meetings") / total(w, "promising_meetings"))
        signed.append(total(w, "license_and_sale_deals"))
    dear = months(make(transfer__transaction_cost=1.0), 36)
    cheap = months(make(transfer__transaction_cost=0.0), 36)
    assert failed[1] > failed[0] + 0.1
    assert total(dear, "license_and_sale_deals") < total(cheap, "license_and_sale_deals")


def test_brokers_act_and_brokered_bargains_fail_less() -> None:
    fail = []
    for share in (0.0, 0.95):
        rates = []
        for seed in range(3):
            w = months(make(seed, transfer__brokered_share=share, transfer__valuation_noise=1.0), 36)
            rates.append(total(w, "failed_meetings") / total(w, "promising_meetings"))
        fail.append(np.mean(rates))
    assert fail[1] < fail[0]
    rows = w.intermediaries
    working = rows.kind != intermediary.POOL
    assert (rows.meetings[working] > 0).all()
    assert rows.income.sum() == pytest.approx(sum(c.sum() for k, c in w.accounts.cells.items() if k[2] == "commission"))
    assert total(w, "brokered_deals") > 0.8 * total(w, "license_and_sale_deals")


def test_money_and_rights_are_conserved_and_nobody_overspends() -> None:
    w = make(transfer__matching=15.0)
    w.orgs.cash[:FIRMS] = 3.0
    w.orgs.base[:FIRMS] = 0.0
    w.accounts.opening["organizations"] = w.accounts.holders["organizations"].total()
    n = w.rights.n
    months(w, 36)
    assert w.deals.n > 20
    assert w.accounts.imbalance() < 1e-9
    assert w.orgs.cash.min() >= 0.0
    assert w.rights.n == n
    sold = w.deals.kind == KIND["sale"]
    assert sold.any()
    assert (w.inventions.owner[w.deals.invention[sold]] == w.deals.taker[sold]).all()
    assert (w.rights.owner[w.deals.right[sold]] == w.deals.taker[sold]).all()
    assert total(w, "reassigned_patents") == sold.sum() * w.scale


def test_deals_lead_to_use_or_development_and_cross_borders() -> None:
    w = months(make(), 36)
    kinds = set(w.deals.kind.tolist())
    assert {KIND["license"], KIND["sale"], KIND["university_license"]} <= kinds
    abroad = w.deals.from_place != w.deals.to_place
    assert 0.02 < abroad.mean() < 0.6
    early = np.isin(w.deals.kind, [KIND["university_license"], KIND["sale"]])
    assert (w.inventions.developer[w.deals.invention[early]] >= 0).all()
    licensed = w.uses.licensor >= 0
    assert licensed.any()
    assert (w.uses.royalty[licensed] > 0).all()
    assert (w.uses.user[licensed] != w.uses.licensor[licensed]).all()
    assert (w.deals.giver != w.deals.taker).all()
    # An exclusive license takes the technology off the market.
    which = listing.make_list(w).which
    assert not np.isin(w.deals.invention[w.deals.exclusive], which).any()


def test_inventors_of_universities_receive_their_share() -> None:
    w = months(make(), 36)
    academic = w.deals.kind == KIND["university_license"]
    received = float(w.deals.upfront[academic].astype(np.float64).sum()) * w.scale
    assert total(w, "inventor_royalties") == pytest.approx(0.3 * received, rel=1e-5)


def test_secret_technology_is_passed_on_as_know_how() -> None:
    w = make()
    own = np.flatnonzero(w.inventions.status == STATUS.index("launched"))
    w.inventions.right[own] = -1
    w.inventions.protected_by[own] = PROTECTION.index("secret")
    months(w, 36)
    assert (w.deals.kind == KIND["know_how"]).any()


def test_large_firms_of_complex_sectors_swap() -> None:
    w = make()
    meet(w)
    for m in range(120, 168):
        w.month, w.month_of_year, w.draw.month = m, m % 12, m
        swap(w)
    d = w.deals
    assert d.n >= 2
    assert (d.kind == KIND["cross_license"]).all()
    assert (d.giver[::2] == d.taker[1::2]).all()
    assert (w.orgs.employees[d.taker] >= 250).all()
    assert (w.orgs.sector[d.taker] == 1).all()
    assert w.accounts.imbalance() < 1e-9


def test_a_spin_off_takes_the_invention_and_its_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    founded: list[tuple[Any, ...]] = []

    def found_stand_in(world: Any, invention: int) -> int:
        founded.append((invention,))
        slot = int(world.orgs.add(1, uid=fold(invention, 99), kind=FIRM, weight=80.0)[0])
        reassign(world, np.array([invention]), np.array([slot]))
        return slot

    monkeypatch.setattr(spin_offs, "found", found_stand_in)
    count = []
    for share in (0.0, 0.1, 0.5):
        w = make(university__spin_off_share=share)
        founded.clear()
        for m in range(120, 150):
            w.month, w.draw.month = m, m
            spin_off(w)
        count.append(len(founded))
        for (invention,) in founded:
            owner = w.inventions.owner[invention]
            assert w.orgs.kind[owner] == FIRM
            assert w.rights.owner[w.inventions.right[invention]] == owner
    assert count[0] == 0
    assert count[0] < count[1] < count[2]


def test_the_list_of_offers_is_what_the_columns_say() -> None:
    w = make()
    inv, rights, orgs = w.inventions, w.rights, w.orgs
    odd = np.arange(0, inv.n, 7)
    inv.protected_by[odd[::2]] = PROTECTION.index("secret")
    rights.in_force[odd] = False
    rights.pledged[5::11] = True
    inv.developer[3::13] = 2
    orgs.alive[4:6] = False
    orgs.passive[6] = True
    listed = listing.make_list(w)
    status, owner = inv.status, inv.owner
    launched, idea, shelved = (status == STATUS.index(x) for x in ("launched", "idea", "shelved"))
    academic = orgs.kind[owner] == UNIVERSITY
    secret = inv.protected_by == PROTECTION.index("secret")
    held = (rights.in_force | secret) & ~rights.pledged & orgs.alive[owner] & ~orgs.passive[owner]
    held &= ~(idea & (inv.developer >= 0))
    unused = (
        held & ~academic & rights.in_force & (shelved | (idea & (w.month - inv.month >= w.p["transfer.idle_months"])))
    )
    klass = np.full(inv.n, -1)
    for which, code in ((held & launched, LAUNCHED_CLASS), (held & ~launched & academic, ACADEMIC_CLASS),
                        (unused & ~launched, UNUSED_CLASS)):  # fmt: skip
        klass[which] = code
    chance = np.array([1.0, w.p["transfer.willing_unused"], w.p["transfer.willing_launched"], 0.0])[klass]
    chance[academic & (klass >= 0)] = 1.0
    ready = w.draw.bernoulli("transfer.willing", inv.uid, chance, month=-(10**6))
    expected = np.flatnonzero(ready & (klass >= 0))
    assert listed.which.tolist() == expected.tolist()
    assert listed.klass.tolist() == klass[expected].tolist()
    assert listed.uid.tolist() == inv.uid[expected].tolist()
    place = orgs.jurisdiction[owner[expected]].astype(int)
    assert listed.cell.tolist() == ((place * 3 + klass[expected]) * 2 + academic[expected]).tolist()
    assert w.intermediaries.register.offers.tolist() == (np.bincount(place, minlength=3) * w.scale).tolist()
    assert w.intermediaries.register.on_market.tolist() == np.flatnonzero(klass == LAUNCHED_CLASS).tolist()
    assert (np.flatnonzero(rights.for_license) == inv.right[expected]).all()


def test_bargaining_equals_its_equations_on_whole_columns() -> None:
    w = make(transfer__matching=40.0)
    inv, orgs, p = w.inventions, w.orgs, w.p
    w.rights.in_force[::5] = False
    w.rights.outcome[::5] = 0
    meet(w)
    m = w.intermediaries.register.meetings
    assert len(m) > 100
    got = terms(w, m)
    which, line = m.invention, inv.line[m.invention]
    usual = user_gain(w, which, m.user)
    suits = w.proximity[inv.field[which], orgs.field[m.user]] / w.proximity[inv.field[which], inv.field[which]]
    suits = suits ** p["transfer.fit_elasticity"] * np.exp(
        p["transfer.fit_spread"] * w.draw.normal("transfer.fit", inv.uid[which])
    )
    risk = np.where(w.rights.in_force[m.right], p["transfer.validity_risk"], p["transfer.pending_risk"])
    gain = usual * suits * (1.0 - risk)
    on_market, academic = m.klass == LAUNCHED_CLASS, orgs.kind[m.owner] == UNIVERSITY
    part = np.array([p[f"transfer.outlay_{x}"] for x in ("academic", "unused", "launched")])
    outlay = part[m.klass] * usual
    outlay += np.where(on_market, 0.7 * np.maximum(0.0, gain - p["transfer.outlay_copy"] * usual), 0.0)
    loss = np.where(on_market & ~academic, 0.3 * owner_loss(w, which), 0.0)
    noise = 0.6 * np.where(m.broker >= 0, p["intermediary.clarity"], 1.0)
    mine, theirs = (np.exp(noise * w.draw.normal(f"transfer.{x}_error", inv.uid[which])) for x in ("user", "owner"))
    cost, seen = 0.02, gain * mine
    surplus = gain - outlay - loss - cost
    asked = loss + 0.5 * cost + p["transfer.owner_part"] * np.maximum(surplus, 0.0) * theirs
    agreed = np.where(academic, 0.75 * seen > outlay + cost, (surplus > 0) & (seen - outlay - 0.5 * cost > asked))
    np.testing.assert_allclose(got.money[0], gain, rtol=1e-12)
    np.testing.assert_allclose(got.money[1], np.where(academic, 0.25 * seen, asked), rtol=1e-12)
    np.testing.assert_allclose(got.money[2], p["transfer.cash_part"] * orgs.cash[m.user] * 80.0 / 500.0, rtol=1e-12)
    assert (got.possible == (surplus > 0)).all()
    assert (got.agreed == agreed).all()
    sells = (line >= 0) & (m.user == m.owner)
    assert ((got.use >= 0) == sells).all()
    assert sorted(got.go.tolist()) == np.flatnonzero(agreed & ~sells).tolist()
    order = np.lexsort((inv.uid[which[got.go]], m.user[got.go]))
    assert (order == np.arange(len(order))).all()


def test_rules_act_once_a_quarter_at_three_times_the_rate() -> None:
    w = make()
    size = np.full((3, SECTORS), 10.0)
    w.intermediaries.register.offers[:] = 1e6
    chance = offers.meeting_chance(w, size)[0, ACADEMIC_CLASS, 1]
    assert chance == pytest.approx(1.0 - np.exp(-3.0 * offers.meeting_rate(w, np.full(3, 1e6), size.sum(axis=1))[0]))
    for month in (121, 122):
        w.month = month
        meet(w)
        assert w.intermediaries.register.meetings is None
    w.month = 123
    meet(w)
    assert len(w.intermediaries.register.meetings) > 0
