"""Courts on hand-made columns: every outcome occurs, money is conserved, levers move suits the way they should."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtri

from agents import court
from agents.assertion_entity import assert_rights
from agents.court.beliefs import chance, defendant_loss, plaintiff_value
from agents.court.docket import panel_leniency
from agents.legal_adaptation import adapt
from agents.organizations import FIRM, Organizations
from agents.patent_office import Offices
from ecosystem.domain import valuation
from ecosystem.domain.indicators import Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.ledgers import CASE_OUTCOMES, Deals, Disputes
from ecosystem.domain.market import ROUTES, Lines, Uses
from ecosystem.domain.regions import Regions
from ecosystem.domain.rights import Rights
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.luck import ALWAYS, Draw, fold
from ecosystem.kernel.parameters import read

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("us", "eu", "jp", "cn", "row")
# Laws of the prototype (findings on disputes); presumption = step + standard - validity offset.
LEVERS = {
    "law.enforcement": (0.6, 0.6, 0.6, 0.55, 0.5), "enforcement.detection": (0.3,) * 5,
    "court.noise": (0.3,) * 5, "court.party_noise": (0.6,) * 5, "court.discovery": (0.35, 0.9, 0.9, 0.9, 0.8),
    "court.presumption": (0.2, 0.3, 0.0, 0.5, 0.3), "court.burden": (0.4, -0.3, 1.0, -1.0, 0.0),
    "court.cost": (0.6, 0.12, 0.25, 0.08, 0.25), "court.hurdle": (0.0, 0.09, 0.42, 0.013, 0.05),
    "court.agreeable_share": (0.0, 0.0, 0.15, 0.1, 0.0), "court.fee_shifting": (0.05, 0.7, 0.0, 0.2, 0.3),
    "court.damages": (1.5, 0.5, 0.4, 0.3, 0.6), "court.injunction": (0.65, 1.0, 0.98, 0.9, 0.85),
    "court.injunction_nonpractising": (0.1, 0.9, 0.9, 0.7, 0.6), "court.judges": (1.0,) * 5,
    "court.minimum_months": (24.3, 7.5, 9.9, 5.1, 12.0), "court.bifurcated": (0.0, 1.0, 0.0, 1.0, 0.0),
    "office.step": (0.0, 0.1, 0.2, 0.0, 0.0), "standards.frand": (0.8,) * 5,
    # the usual of each place: nobody helps owners abroad, law settles and rights are shown at the usual pace
    "enforcement.overseas_watch": (0.0,) * 5, "enforcement.cross_border": (0.0,) * 5,
    "enforcement.overseas_aid": (0.0,) * 5, "law.adaptation": (1.0,) * 5, "transfer.trading": (1.0,) * 5,
}  # fmt: skip
MEDIAN = (0.026, 0.010, 0.008, 0.004, 0.01)
FLATTERY, OFFSET = (0.45, 0.3, 0.3, 0.45, 0.4), (0.27, 0.39, 0.66, -0.18, 0.2)
S, F = 3, 35


@pytest.fixture(autouse=True)
def values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-in values: a right is worth its invention's potential."""
    monkeypatch.setattr(valuation, "right_present_value", lambda w, r: potential(w, w.rights.invention[r]))
    monkeypatch.setattr(valuation, "owner_loss", lambda w, i: potential(w, i) * 0.25)
    monkeypatch.setattr(valuation, "user_gain", lambda w, i, u: potential(w, i))


def potential(world: SimpleNamespace, inventions: np.ndarray) -> np.ndarray:
    return world.inventions.potential[inventions].astype(np.float64)


def make_world(
    rights: int = 4000, seed: int = 1, scale: float = 20.0, start: int = 0, **pulls: object
) -> SimpleNamespace:
    """A world of firms, inventions and rights in force at four offices; ``pulls`` replace levers (dots as __)."""
    p: dict[str, float] = {}
    for name in ("court", "assertion_entity", "insurer"):
        p |= {k: v.value for k, v in read(ROOT / "agents" / f"{name}.toml").items()}
    p |= {k: v.value for k, v in read(ROOT / "ecosystem" / "domain" / "switches.toml").items()}
    p |= {"firm.credit_share": 0.3, "market.discount": 0.1}
    levers = {k: np.array(v) for k, v in LEVERS.items()}
    for name, value in pulls.items():
        target = levers if name.replace("__", ".") in levers else p
        key = name.replace("__", ".")
        assert key in target
        target[key] = np.broadcast_to(value, 5).astype(float).copy() if target is levers else value
    world = SimpleNamespace(
        places=list(PLACES), P=4, J=5, ROW=4, T=5, S=S, F=F, month=start, burn_in_months=120, scale=scale,
        month_of_year=start % 12, draw=Draw(seed), levers=levers, p=p, calendar=Calendar(),
        accounts=Accounts(list(PLACES)), regions=Regions.single(list(PLACES)),
        tally=Tally(5, S), territories=SimpleNamespace(place=np.arange(5), share=np.ones(5)),
        orgs=Organizations(), inventions=Inventions(place=5), rights=Rights(),
        uses=Uses(territory=5), lines=Lines(territory=5), deals=Deals(), disputes=Disputes(),
        science=SimpleNamespace(born=np.full(F, -(2**30))),
        market=SimpleNamespace(touch=lambda lines: None), valuation=SimpleNamespace(where=np.ones((5, S, 5))),
    )  # fmt: skip
    world.draw.month = start
    firms = 200
    n = np.arange(firms)
    orgs = world.orgs
    orgs.add(
        firms, uid=fold(n, 5), kind=FIRM, jurisdiction=n % 4, territory=n % 4, sector=n % S, weight=40.0, base=200.0, cash=50.0,
        employees=np.where(n % 2, 100.0, 2000.0),
    )  # fmt: skip
    world.accounts.open("organizations", orgs, bounded=True)
    for pot in ("services", "court", "outside", "government", "households", "office"):
        world.accounts.open(pot)
    world.accounts.close_opening()
    k = np.arange(4 * rights)
    office = k % 4
    uid = fold(k, 17)
    z = world.draw.normal("test.value", uid, month=ALWAYS)
    # Novelty of what an office grants: nu ~ N(offset, 1) with nu + flattery > step.
    least = np.array(LEVERS["office.step"])[office] - np.array(FLATTERY)[office]
    low = 0.5 * (1 + np.vectorize(math.erf)((least - np.array(OFFSET)[office]) / np.sqrt(2)))
    nu = np.array(OFFSET)[office] + ndtri(low + (1 - low) * world.draw.uniform("test.novelty", uid, month=ALWAYS))
    owner = (k // 4) % (firms // 4) * 4 + office
    world.inventions.add(
        len(k), uid=uid, owner=owner, creator=owner, field=k % F, sector=orgs.sector[owner], month=-80,
        potential=np.array(MEDIAN)[office] * np.exp(2.1 * z),
    )  # fmt: skip
    world.rights.add(
        len(k), uid=uid, invention=k, office=office, owner=owner, field=k % F, sector=orgs.sector[owner],
        novelty=nu, territories=1 << office, filed=-80, decided=-60, outcome=1, in_force=True,
    )  # fmt: skip
    court.open_courts(world)
    offices = world.offices = Offices()
    offices.add(4, jurisdiction=np.arange(4))
    offices.rounds, offices.counted = np.zeros(1024, np.int8), np.zeros(1024, np.bool_)
    offices.decided = (start - 1, [])
    return world


RULES = (
    court.detect_infringements, assert_rights, court.bargain_disputes, court.judge_cases, court.run_docket, adapt,
)  # fmt: skip


def run(world: SimpleNamespace, months: int) -> np.ndarray:
    """Run months of disputes; return summed tallies."""
    total = np.zeros_like(world.tally.values)
    for _ in range(months):
        world.draw.month = world.month
        world.month_of_year = world.month % 12
        for rule in RULES:
            rule(world)
        total += world.tally.values
        world.tally.clear()
        world.month += 1
    world.total = total
    return total


def count(world: SimpleNamespace, name: str) -> np.ndarray:
    from ecosystem.domain.indicators import TALLIES

    return world.total[TALLIES[name]].sum(axis=1)


def test_beliefs_and_stakes_by_hand() -> None:
    zero = np.zeros(1)
    assert chance(zero, zero, np.array([0.6]), np.array([0.3]))[0] == 0.5
    half, one, cost = np.array([0.5]), np.array([1.0]), np.array([0.2])
    assert plaintiff_value(half, one, cost, cost, zero, 1.0)[0] == pytest.approx(0.3)
    # With equal costs and even odds, fees shift as often one way as the other.
    assert plaintiff_value(half, one, cost, cost, one, 1.0)[0] == pytest.approx(0.3)
    assert defendant_loss(half, one, cost, cost, zero, 1.0)[0] == pytest.approx(0.7)
    # A sure loser who must pay both sides.
    assert defendant_loss(one, one, cost, cost, one, 1.0)[0] == pytest.approx(1.4)


def test_every_outcome_occurs_and_money_is_conserved() -> None:
    world = make_world(rights=20000, scale=5.0, court__discovery=0.9)
    run(world, 120)
    assert world.accounts.imbalance() < 1e-9
    seen = set(world.disputes.outcome.tolist())
    assert {CASE_OUTCOMES.index(x) for x in ("settled", "invalid", "not_infringed", "infringed", "dropped")} <= seen
    assert (world.orgs.cash + 0.3 * world.orgs.base > -1e-9).all()
    d = world.disputes
    suits = d.stage > 0
    assert count(world, "suits").sum() == pytest.approx(suits.sum() * world.scale)
    assert (d.judged_month[d.outcome == 4] > d.suit_month[d.outcome == 4]).all()
    assert (d.damages >= 0).all()
    assert count(world, "litigation_costs")[:4].min() > 0
    assert world.deals.n > 0
    # What the ledger says was paid is what the organizations lost to attorneys and courts.
    left = -(world.orgs.cash * world.orgs.weight).sum() + world.accounts.opening["organizations"]
    pots = world.accounts.holders["services"].total() + world.accounts.holders["court"].total()
    pots += world.accounts.holders["outside"].total()
    assert left == pytest.approx(pots)


def test_costlier_litigation_means_fewer_suits() -> None:
    cheap, dear = make_world(), make_world(court__cost=np.array(LEVERS["court.cost"]) * 3)
    run(cheap, 60), run(dear, 60)
    few, many = count(dear, "suits")[:4], count(cheap, "suits")[:4]
    assert (few <= many).all()
    assert few.sum() < 0.8 * many.sum()
    # Luck is shared: before any court has spoken both worlds write the same letters, and dearer suits are a subset.
    a, b = make_world(rights=20000), make_world(rights=20000, court__cost=np.array(LEVERS["court.cost"]) * 3)
    run(a, 6), run(b, 6)
    assert a.disputes.n == b.disputes.n > 0
    assert np.array_equal(a.disputes.right, b.disputes.right)
    threat_a, threat_b = (x.disputes.outcome != CASE_OUTCOMES.index("dropped") for x in (a, b))
    assert (threat_a | ~threat_b).all()


def test_higher_damages_mean_more_suits_and_dearer_settlements() -> None:
    low, high = make_world(), make_world(court__damages=np.array(LEVERS["court.damages"]) * 2)
    run(low, 60), run(high, 60)
    assert count(high, "suits").sum() > 1.1 * count(low, "suits").sum()
    assert count(high, "settlement_payments").sum() > count(low, "settlement_payments").sum()


def test_exact_judges_err_less() -> None:
    def wrong_share(noise: float) -> float:
        world = make_world(rights=8000, court__noise=noise, **{"court.panel_leniency": 0.0})
        run(world, 72)
        return float(count(world, "wrong_judgments").sum() / count(world, "trials").sum())

    assert wrong_share(0.02) < wrong_share(1.0)


def test_better_discovery_settles_suits() -> None:
    def tried(left: float) -> float:
        world = make_world(court__discovery=left)
        run(world, 84)
        return float(count(world, "trials").sum() / count(world, "suits").sum())

    assert tried(0.1) < 0.6 * tried(1.0)


def test_detected_copies_and_invalidation_free_users() -> None:
    world = make_world(rights=50, **{"court.incident_rate": 0.0}, enforcement__detection=0.0)
    right = np.array([4, 4, 8])
    uses = world.uses.add(
        3, line=[0, 0, 1], invention=right, user=[1, 5, 9], mask=1, route=ROUTES.index("infringe"), infringing=True,
        right=right,
    )  # fmt: skip
    court.watch(world, uses)
    run(world, 3)
    assert world.disputes.n == 0
    assert world.courts.open_uses.tolist() == uses.tolist()
    court.release_from_invalid(world, np.array([4, 4]))
    assert not world.rights.in_force[4]
    assert world.rights.invalidated[4] == world.month
    assert not world.uses.infringing[uses[:2]].any()
    assert world.uses.infringing[uses[2]]
    assert world.uses.route[uses[0]] == ROUTES.index("free")
    assert world.tally["invalidations"].sum() == world.scale
    # A right that lapsed stands in nobody's way either.
    world.rights.in_force[8] = False
    run(world, 1)
    assert not world.uses.infringing[uses[2]]
    assert len(world.courts.open_uses) == 0


def test_copies_are_found_at_the_stated_rate_and_can_be_forbidden() -> None:
    world = make_world(
        rights=3000, enforcement__detection=0.4, law__enforcement=1.0, court__injunction=1.0, court__cost=0.01,
        court__hurdle=0.0, court__agreeable_share=0.0, **{"court.incident_rate": 0.0},
    )  # fmt: skip
    n = 2000
    right = np.arange(n) * 4
    uses = world.uses.add(
        n, line=0, invention=right, user=(right + 1) % 200, mask=1, route=5, infringing=True, right=right
    )  # fmt: skip
    court.watch(world, uses)
    run(world, 12)
    assert abs((world.disputes.use >= 0).sum() / n - 0.4) < 4 * np.sqrt(0.24 / n)
    run(world, 60)
    won = world.disputes.injunction
    assert won.any()
    assert not world.uses.active[world.disputes.use[won]].any()
    settled = world.disputes.use[world.disputes.outcome == CASE_OUTCOMES.index("settled")]
    assert not world.uses.infringing[settled].any()
    assert (world.uses.licensor[settled] >= 0).all()


def test_docket_lengthens_without_judges_and_shortens_with_them() -> None:
    waits = {}
    for judges in (0.8, 1.0, 1.3):
        world = make_world(start=-60)
        world.burn_in_months = 60
        run(world, 60)
        base = world.courts.wait_months.copy()
        world.levers["court.judges"] = np.full(5, judges)
        run(world, 60)
        waits[judges] = world.courts.wait_months.copy(), base
    assert np.array_equal(waits[0.8][1], waits[1.3][1])
    assert (waits[1.3][0] < waits[1.0][0]).all()
    assert (waits[0.8][0] > waits[1.0][0]).all()
    least = np.array(LEVERS["court.minimum_months"])[:4]
    assert (waits[1.3][0] >= least).all()
    assert np.allclose(waits[1.0][1], least + 4.5)


def test_split_courts_enforce_rights_that_fall_later() -> None:
    split, whole = make_world(rights=16000), make_world(rights=16000, court__bifurcated=0.0)
    for world in (split, whole):
        run(world, 96)
        d = world.disputes
        wrongly = (d.outcome == CASE_OUTCOMES.index("infringed")) & ~d.truly_valid
        world.bad = (wrongly & np.isin(d.court, (1, 3))).sum()
    assert split.bad > whole.bad
    assert (split.rights.invalidated < 10**6).any()


def test_panels_differ_lastingly_and_their_mean_is_zero() -> None:
    world = make_world(rights=10)
    who = np.arange(1, 5001)
    a = panel_leniency(world, np.zeros(5000, np.int64), who)
    assert np.array_equal(a, panel_leniency(world, np.zeros(5000, np.int64), who))
    assert 2 < len(np.unique(a)) <= 12
    assert abs(a.mean()) < 0.2


def test_incidents_follow_value_and_the_stated_rate() -> None:
    # Thinning is exact: the mean rate over rights in force is the parameter whatever the headroom.
    counts = []
    for headroom in (4.0, 12.0):
        high = {"court.incident_headroom": headroom}
        world = make_world(rights=3000, enforcement__detection=0.999, law__enforcement=1.0, **high)
        run(world, 36)
        counts.append(count(world, "letters")[:4].sum() / world.scale / (3 * 12000))
        values = potential(world, world.disputes.right)
        assert np.median(values) > 2 * np.median(world.inventions.potential)
    assert counts[0] == pytest.approx(0.15, rel=0.1)
    assert counts[1] == pytest.approx(counts[0], rel=0.1)


def test_suits_deter_by_a_fading_record() -> None:
    world = make_world()
    run(world, 24)
    sued = np.unique(world.disputes.plaintiff[world.disputes.stage > 0])
    before = world.orgs.enforcement_record[sued].copy()
    assert (before > 0).all()
    world.levers["enforcement.detection"] = np.zeros(5)
    run(world, 36)
    assert (world.orgs.enforcement_record[sued] < 0.4 * before).all()


def test_law_learns_from_cases_and_forgets_in_young_fields() -> None:
    world = make_world(rights=200, **{"court.incident_rate": 0.0})
    world.law.inventions_seen = world.inventions.n
    world.law.field_stock[:] = 1e9
    start = world.law.uncertainty.copy()
    world.rights.decided[:100] = 0
    world.offices.decided = (0, [np.arange(100)])
    adapt(world)
    touched = np.zeros((5, F), bool)
    touched[world.rights.office[:100], world.rights.field[:100]] = True
    assert (world.law.uncertainty[touched] < start[touched]).all()
    assert np.array_equal(world.law.uncertainty[~touched], start[~touched])
    assert (world.law.uncertainty >= world.p["law.floor"]).all()
    world.science.born[7] = world.month
    adapt(world)
    assert np.allclose(world.law.uncertainty[:, 7], world.p["law.floor"] + world.p["law.young_excess"])


def test_same_seed_same_bytes() -> None:
    a, b = make_world(), make_world()
    run(a, 40), run(b, 40)
    for name in Disputes.columns:
        assert np.array_equal(getattr(a.disputes, name), getattr(b.disputes, name)), name
