"""The patent office on a hand-made world: queues conserve, hours and examiners bite, luck is shared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import agents.patent_office as patent_office
from agents import renewal
from agents.organizations import Organizations
from agents.patent_office import Offices, file_applications, open_offices
from agents.patent_office.dockets import Dockets, push, take
from agents.patent_office.examination import examine, pressure, search_of, seen
from agents.patent_office.offices import count_staff, output_by_month, staff
from ecosystem.domain.indicators import Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.rights import Rights
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.luck import ALWAYS, Draw, fold
from ecosystem.kernel.parameters import Parameters, read
from ecosystem.kernel.table import NEVER

ROOT = Path(__file__).parents[2]
SELECTED = 0.26
"""By how much the inventive step of what owners file exceeds the mean of all inventions, sd: here nobody chooses."""
PLACES = ["us", "jp", "row"]
SCALE = 100.0
BASE = {
    "office.examiners": (4000.0, 1000.0, 1.0),
    "office.hours_per_file": (1.0, 1.0, 1.0),
    "office.search_outsourced": (0.0, 0.6, 0.0),
    "office.step": (0.0, 0.2, 0.0),
    "office.flattery": (0.45, 0.30, 0.0),
    "office.request_share": (1.0, 0.8, 1.0),
    "office.request_lag_months": (0.0, 20.0, 0.0),
    "office.accelerated_share": (0.03, 0.08, 0.0),
    "office.accelerated_months": (4.4, 2.3, 1.0),
    "office.reply_months": (8.0, 4.8, 1.0),
    "office.target_months": (14.0, 10.0, 1.0),
    "office.work_sharing": (0.1, 0.1, 0.1),
    "office.filing_fee": (0.002, 0.0016, 0.0),
    "office.attorney_cost": (0.02, 0.006, 0.0),
    "office.foreign_cost": (0.005, 0.008, 0.0),
    "office.outward_cost": (1.0, 1.0, 1.0),
    "office.filing_subsidy": (0.0, 0.5, 0.0),
    "office.renewal_scale": (1.0, 1.0, 1.0),
    "office.publication_months": (18.0, 18.0, 18.0),
    "law.term_years": (20.0, 20.0, 20.0),
    "law.utility_model_years": (10.0, 10.0, 10.0),
    "law.utility_model_cost": (0.001, 0.001, 0.0),
    "law.breadth": (0.6, 0.6, 0.0),
}


class Levers(dict):  # type: ignore[type-arg]
    """Levers with a base that a test leaves alone."""

    def base(self, name: str) -> np.ndarray:
        """Return the baseline."""
        return np.array(BASE[name])


def small_world(seed: int = 1, burn_in: int = 120, **values: float) -> Any:
    """Return a world with two offices and one firm a month of applicants; the firms are as many as applications."""
    parameters = Parameters(read(ROOT / "agents" / "patent_office.toml")).with_values(values)
    world: Any = SimpleNamespace(
        places=PLACES, P=2, J=3, ROW=2, T=3, S=2, scale=SCALE, month=-burn_in, burn_in_months=burn_in,
        draw=Draw(seed), levers=Levers({k: np.array(v) for k, v in BASE.items()}), calendar=Calendar(),
        p=dict(parameters) | {"firm.credit_share": 0.1, "law.floor": 0.8, "switch.examination": 1.0},
        tally=Tally(3, 2),
        territories=SimpleNamespace(code=PLACES, place=np.array([0, 1, 2])),
        orgs=Organizations(), inventions=Inventions(place=3), rights=Rights(), offices=Offices(),
        accounts=Accounts(PLACES),
        fees=SimpleNamespace(patent=np.zeros((3, 51)), utility_model=np.zeros((3, 51))),
        valuation=SimpleNamespace(rate=0.05, decay=np.array([0.1, 0.1])), history=[],
        experience=SimpleNamespace(grants=np.zeros(3), decisions=np.zeros(3)),
        law=SimpleNamespace(uncertainty=np.full((3, 35), 0.8)),
    )  # fmt: skip
    world.orgs.add(5, uid=np.arange(1, 6), jurisdiction=[0, 0, 1, 1, 2], employees=[100, 5000, 100, 5000, 5000],
                   kind=[0, 0, 0, 1, 0], weight=50.0, cash=1e6, passive=[False] * 4 + [True])  # fmt: skip
    world.accounts.open("organizations", world.orgs)
    for pot in ("households", "government", "office", "court", "services", "outside"):
        world.accounts.open(pot)
    world.accounts.close_opening()
    open_offices(world)
    return world


def invent(world: Any, n: int) -> np.ndarray:
    """Add ``n`` inventions of this month, identities independent of everything else."""
    uid = fold(world.month + 10_000, np.arange(n))
    slots = world.inventions.add(
        n, uid=uid, owner=uid % 5, month=world.month, sector=uid % 2,
        novelty=SELECTED + world.draw.normal("test.novelty", uid, month=0), later=world.draw.normal("test.later", uid, month=0),
    )  # fmt: skip
    world.inventions.right[slots] = world.rights.n + np.arange(n)
    return slots


def run(world: Any, months: int, a_month: tuple[int, int] = (40, 20), models: int = 0) -> Any:
    """Run the office's rules for some months with a fixed number of applications."""
    for _ in range(months):
        world.draw.month, world.month_of_year = world.month, world.month % 12
        world.tally.clear()
        inventions = invent(world, sum(a_month) + models)
        office = np.repeat([0, 1, 1], [*a_month, models])
        kind = np.repeat([0, 0, 1], [*a_month, models])
        file_applications(world, inventions, office, kind)
        patent_office.requests.request_examination(world)
        patent_office.examination.examine(world)
        patent_office.hiring.hire(world)
        patent_office.budget.pay_staff(world)
        patent_office.publication.publish_applications(world)
        world.history.append(world.tally.values.copy())
        world.month += 1
    return world


def total(world: Any, name: str, last: int, place: int) -> float:
    """Return the sum of a tally over the last months in a place."""
    from ecosystem.domain.indicators import TALLIES

    return float(sum(v[TALLIES[name], place].sum() for v in world.history[-last:]))


def share(world: Any, top: str, bottom: str, last: int, place: int) -> float:
    """Return a ratio of tallies over the last months."""
    return total(world, top, last, place) / total(world, bottom, last, place)


@pytest.fixture(scope="module")
def baseline() -> Any:
    """Ten years of burn-in and ten years."""
    return run(small_world(), 240, models=3)


def searched(world: Any, slots: np.ndarray) -> np.ndarray:
    """Identities whose search decides files: the family's at the first office and where its search is taken over."""
    rights, inv = world.rights, world.inventions
    made, office = rights.invention[slots], rights.office[slots]
    own = world.draw.uniform("office.shared_search", rights.uid[slots], month=ALWAYS)
    shared = (inv.jurisdiction[made] == office) | (own < world.levers["office.work_sharing"][office])
    return np.where(shared, inv.uid[made], rights.uid[slots])


def perceived(world: Any, slots: np.ndarray) -> np.ndarray:
    """Return what the examiner sees, nu + lambda / h + s sqrt(1 / h) z + leniency, in vector form."""
    rights = world.rights
    short = 1.0 / rights.hours[slots].astype(np.float64)
    z = world.draw.normal("office.search", searched(world, slots), month=ALWAYS)
    noise = world.p["office.search_noise"] * np.sqrt(short) * z
    flattery = world.levers["office.flattery"][rights.office[slots]]
    out: np.ndarray = rights.novelty[slots] + flattery * short + noise + rights.leniency[slots]
    return out


def test_the_compiled_view_of_a_file_equals_the_vector_form(baseline: Any) -> None:
    rights = baseline.rights
    slots = np.flatnonzero(rights.first_action < NEVER)[-300:]
    key = baseline.draw.key("office.search", ALWAYS)
    one = [
        seen(who, rights.novelty[i], rights.leniency[i], rights.hours[i],
             baseline.levers["office.flattery"][rights.office[i]], baseline.p["office.search_noise"], key)
        for i, who in zip(slots, searched(baseline, slots), strict=True)
    ]  # fmt: skip
    np.testing.assert_allclose(one, perceived(baseline, slots), rtol=1e-12)


def test_a_second_office_repeats_what_it_takes_over(baseline: Any) -> None:
    rights, inv = baseline.rights, baseline.inventions
    slots = np.flatnonzero(inv.jurisdiction[rights.invention] != rights.office)[-4000:]
    who = np.array([search_of(rights.uid[i], inv.uid[rights.invention[i]], True, 0.3, np.uint64(9)) for i in slots])
    taken = who == inv.uid[rights.invention[slots]]
    assert abs(taken.mean() - 0.3) < 5 * np.sqrt(0.21 / len(slots))
    assert (who[~taken] == rights.uid[slots[~taken]]).all()
    assert search_of(7, 8, False, 0.0, np.uint64(9)) == 8


def test_decisions_follow_what_is_perceived(baseline: Any) -> None:
    """Granted at once far above the step, in the last round above it, refused below: the oracle of the compiled loop."""
    rights = baseline.rights
    slots = np.flatnonzero((rights.kind == 0) & (rights.first_action < NEVER) & (rights.outcome > 0))
    x, step = perceived(baseline, slots), baseline.levers["office.step"][rights.office[slots]]
    clear = x > step + baseline.p["office.clear_margin"]
    at_once = rights.decided[slots] == rights.first_action[slots]
    np.testing.assert_array_equal(at_once, clear)
    outcome = rights.outcome[slots]
    assert (outcome[clear] == 1).all()
    assert (x > step)[outcome == 1].all()
    assert (x <= step)[outcome == 2].all()
    given_up = outcome == 3
    later = baseline.inventions.later[rights.invention[slots]]
    np.testing.assert_array_equal(given_up, ~clear & (later < baseline.offices.abandon_below[rights.office[slots]]))


def test_docket_is_first_in_first_out_and_survives_growth() -> None:
    dockets, alive, owner, outcome = Dockets(2), np.ones(1, np.bool_), np.zeros(2000, np.int32), np.zeros(2000, np.int8)
    seen_now: list[int] = []
    put = 0
    out = np.empty(2000, np.int64)
    for n in range(1, 60):
        dockets.reserve(n)
        for right in range(put, put + n):
            push(dockets.slots, dockets.tail, 1, 1, right)
        put += n
        taken, rest = take(
            dockets.slots, dockets.head, dockets.tail, 1, 1, n // 2 + 0.5, 1.0, 0, out, 0, alive, owner, outcome
        )
        seen_now += out[:taken].tolist()
        assert rest == 0.5
    seen_now += dockets.files(1, 1).tolist()
    assert seen_now == list(range(put))
    assert dockets.waiting().tolist() == [[0, 0], [0, put - sum(n // 2 for n in range(1, 60))], [0, 0]]


def test_files_of_the_dead_are_taken_for_nothing() -> None:
    dockets, owner, outcome = Dockets(1), np.arange(10, dtype=np.int32), np.zeros(10, np.int8)
    for right in range(10):
        push(dockets.slots, dockets.tail, 0, 0, right)
    alive, out = np.arange(10) % 2 == 0, np.empty(10, np.int64)
    taken, rest = take(dockets.slots, dockets.head, dockets.tail, 0, 0, 3.0, 1.0, 2, out, 0, alive, owner, outcome)
    assert (taken, rest) == (5, 0.0)
    assert dockets.files(0, 0).tolist() == [5, 6, 7, 8, 9]


def test_every_application_is_decided_or_pending(baseline: Any) -> None:
    rights, offices = baseline.rights, baseline.offices
    for j in range(2):
        mine = (rights.office == j) & (rights.kind == 0)
        by_outcome = SCALE * np.bincount(rights.outcome[mine], minlength=4)
        np.testing.assert_array_equal(
            by_outcome, [offices.pending[j], offices.granted[j], offices.refused[j], offices.withdrawn[j]]
        )
        assert offices.filed[j] == by_outcome.sum()
        queued = np.count_nonzero(mine & (rights.stage == 1)) * SCALE
        assert queued == offices.backlog[j] + offices.backlog_accelerated[j]
    in_force = [SCALE * np.count_nonzero(rights.in_force & (rights.office == j) & (rights.kind == 0)) for j in (0, 1)]
    np.testing.assert_array_equal(in_force, offices.patents_in_force)
    assert (rights.decided[rights.outcome == 0] == NEVER).all()


def test_money_is_conserved_and_the_office_settles(baseline: Any) -> None:
    assert baseline.accounts.imbalance() < 1e-9
    np.testing.assert_allclose(baseline.accounts.holders["office"].pots[:2], 0.0, atol=1e-6)
    paid = sum(v.sum() for k, v in baseline.accounts.cells.items() if k[2] == "filing_subsidy")
    assert paid > 0


def test_the_baseline_waits_as_long_as_the_office_wants(baseline: Any) -> None:
    for j, months in ((0, 14.0), (1, 10.0)):
        wait = share(baseline, "ordinary_first_action_sum", "ordinary_first_actions", 60, j)
        assert wait == pytest.approx(months, rel=0.2)
    assert share(baseline, "accelerated_first_action_sum", "accelerated_first_actions", 60, 0) < 7
    assert share(baseline, "patents_granted", "examined_decisions", 60, 0) == pytest.approx(0.72, abs=0.06)
    assert share(baseline, "patents_granted", "examined_decisions", 60, 1) == pytest.approx(0.74, abs=0.06)


def test_utility_models_are_registered_within_weeks(baseline: Any) -> None:
    rights = baseline.rights
    old = (rights.kind == 1) & (rights.filed < baseline.month - 2)
    assert (rights.outcome[old] == 1).all()
    assert (rights.decided[old] - rights.filed[old] == 1).all()
    assert 0.1 < rights.granted_in_error[old].mean() < 0.6


def test_applicants_learn_the_grant_rate(baseline: Any) -> None:
    seen = baseline.experience
    np.testing.assert_array_equal(seen.grants[:2], baseline.offices.granted / SCALE)
    assert (seen.decisions[:2] > seen.grants[:2]).all()


def test_publication_is_at_eighteen_months_or_at_grant(baseline: Any) -> None:
    rights, inv = baseline.rights, baseline.inventions
    old = (rights.kind == 0) & (rights.filed < baseline.month - 20) & (rights.published < NEVER)
    slots = np.flatnonzero(old)
    first = np.minimum(rights.filed[slots] + 18, np.where(rights.outcome[slots] == 1, rights.decided[slots], NEVER))
    np.testing.assert_array_equal(rights.published[slots], first)
    np.testing.assert_array_equal(inv.published[rights.invention[slots]], first)


def changed(lever: str, place: int, factor: float, months: int = 120, seed: int = 1) -> Any:
    """Run ten years of burn-in, then pull a lever."""
    world = run(small_world(seed), 120)
    world.levers[lever][place] *= factor
    return run(world, months)


def test_doubling_examiners_shortens_pendency_after_a_lag() -> None:
    before, after = changed("office.examiners", 0, 1.0), changed("office.examiners", 0, 2.0)
    soon = [total(w, "pendency_sum", 120, 0) for w in (before, after)]
    assert soon[0] > soon[1]
    early = [w.history[120:126] for w in (before, after)]
    assert np.allclose(np.stack(early[0])[:, :, 1], np.stack(early[1])[:, :, 1])
    late = [share(w, "pendency_sum", "examined_decisions", 36, 0) for w in (before, after)]
    assert late[1] < late[0] - 3
    half_year = [sum(v.sum() for v in w.history[120:126]) for w in (before, after)]
    assert half_year[0] == pytest.approx(half_year[1], rel=0.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_halving_hours_raises_the_grant_rate_and_the_errors(seed: int) -> None:
    usual, hasty = (
        changed("office.hours_per_file", 0, 1.0, seed=seed),
        changed("office.hours_per_file", 0, 0.5, seed=seed),
    )
    rate = [share(w, "patents_granted", "examined_decisions", 60, 0) for w in (usual, hasty)]
    wrong = [share(w, "wrong_grants", "patents_granted", 60, 0) for w in (usual, hasty)]
    assert 0.04 < rate[1] - rate[0] < 0.22
    assert wrong[1] > wrong[0]


def test_acceleration_makes_the_others_wait() -> None:
    worlds = [run(small_world(), 120) for _ in range(2)]
    worlds[1].levers["office.accelerated_share"][1] = 0.4
    for world in worlds:
        run(world, 60)
    wait = [share(w, "ordinary_first_action_sum", "ordinary_first_actions", 24, 1) for w in worlds]
    assert wait[1] > wait[0] + 0.5
    assert share(worlds[1], "accelerated_first_action_sum", "accelerated_first_actions", 24, 1) < 4


def test_outsourced_search_frees_examiners() -> None:
    usual, outside = changed("office.search_outsourced", 1, 1.0), changed("office.search_outsourced", 1, 1.5)
    assert outside.offices.wait[1] < usual.offices.wait[1]


def test_fates_do_not_depend_on_other_applications() -> None:
    """Common luck: who asks, and what the examiner sees, is the same in a world with more applications."""
    few, many = (run(small_world(), 100, a_month=n) for n in ((40, 20), (60, 20)))
    a, b = few.rights, many.rights
    common, i, k = np.intersect1d(a.uid, b.uid, return_indices=True)
    assert len(common) > 0.9 * np.count_nonzero(a.office == 0)
    np.testing.assert_array_equal(a.accelerated[i], b.accelerated[k])
    both = (a.first_action[i] < NEVER) & (b.first_action[k] < NEVER) & (a.hours[i] == b.hours[k])
    np.testing.assert_array_equal(perceived(few, i[both]), perceived(many, k[both]))


def test_what_is_perceived_follows_the_formula() -> None:
    world = small_world()
    inventions = invent(world, 400)
    slots = file_applications(world, inventions, np.zeros(400, np.int64), np.zeros(400, np.int64))
    world.rights.hours[slots] = np.where(np.arange(400) % 2, 1.0, 0.25)
    world.rights.leniency[slots] = 0.1
    x = perceived(world, slots) - world.rights.novelty[slots] - 0.1
    usual, hasty = x[1::2], x[::2]
    assert usual.mean() == pytest.approx(0.45, abs=4 * 0.25 / 200**0.5)
    assert hasty.mean() == pytest.approx(0.45 * 4, abs=4 * 0.5 / 200**0.5)
    assert usual.std() == pytest.approx(0.25, rel=0.2)
    assert hasty.std() == pytest.approx(0.50, rel=0.2)


def test_broader_claims_reach_into_what_is_known() -> None:
    world = small_world()
    inventions = invent(world, 2)
    zeros = np.zeros(2, np.int64)
    slots = file_applications(world, inventions, zeros, zeros, breadth=np.array([0.6, 0.9]))
    drop = world.inventions.novelty[inventions] + world.offices.novelty_offset[0] - world.rights.novelty[slots]
    np.testing.assert_allclose(drop, [0.0, 1.2 * np.log(1.5)], atol=1e-6)


def test_filing_moves_exactly_the_fees() -> None:
    world = small_world()
    slots = world.inventions.add(2, uid=[11, 12], owner=[2, 4], later=0.0)
    file_applications(world, slots, np.array([1, 0]), np.array([0, 0]))
    pots = {name: world.accounts.holders[name].pots for name in ("office", "services", "government", "outside")}
    assert pots["office"][1] == pytest.approx(0.0016 * SCALE)
    assert pots["services"][1] == pytest.approx(0.006 * SCALE)
    assert pots["government"][1] == pytest.approx(-0.5 * 0.0076 * SCALE)
    assert world.orgs.cash[2] == pytest.approx(1e6 - 0.5 * 0.0076 * SCALE / 50)
    assert pots["outside"][2] == pytest.approx(-(0.002 + 0.02 + 0.005) * SCALE)
    assert world.rights.territories.tolist() == [2, 1]
    assert world.rights.applicant_size.tolist() == [0, 1]


def test_files_of_dead_owners_fall_without_cost() -> None:
    world = run(small_world(), 130)
    world.orgs.alive[:] = False
    run(world, 40, a_month=(0, 0))
    assert (world.rights.outcome[(world.rights.stage == 4) & (world.rights.decided >= 10)] != 1).any()
    assert world.offices.backlog[0] <= 0.5 * world.offices.requests[0], "only the minimum docket is left"
    np.testing.assert_allclose(
        world.offices.filed,
        world.offices.granted + world.offices.refused + world.offices.withdrawn + world.offices.pending,
    )


def test_hiring_is_steady_and_beginners_learn() -> None:
    world = small_world()
    before = world.offices.examiners.copy()
    np.testing.assert_allclose(before, [4000.0, 1000.0])
    run(world, 60)
    np.testing.assert_allclose(world.offices.examiners, before, rtol=1e-9)
    curve = output_by_month(world)
    assert curve[0] < 0
    assert (np.diff(np.delete(curve, 12)) > -1e-12).all()
    assert curve[-1] == pytest.approx(0.98, abs=0.02)
    world.offices.cohorts[:, 0] += 1000
    output = world.offices.output.copy()
    count_staff(world)
    assert (world.offices.output < output).all(), "trainers lose more than beginners do in their first month"
    staff(world, np.array([10.0, 20.0]))
    np.testing.assert_allclose(world.offices.examiners, [10.0, 20.0])


def test_pressure_is_bounded() -> None:
    assert pressure(10, 10) == 1.0
    assert pressure(100, 10) == 1.25
    assert pressure(0, 10) == 0.75


def test_an_office_does_not_decide_before_its_backlog_stands() -> None:
    world = run(small_world(), 10)
    assert not world.offices.opened.any()
    assert (world.rights.first_action == NEVER).all()
    examine(world)
    assert world.offices.granted.sum() == 0


def test_leniency_is_the_examiners_own(baseline: Any) -> None:
    rights = baseline.rights
    seen = np.flatnonzero((rights.examiner >= 0) & (rights.office == 0))
    np.testing.assert_array_equal(
        rights.leniency[seen], baseline.offices.leniency[0, rights.examiner[seen]].astype(np.float32)
    )
    soft = rights.leniency[seen] > 0.1
    hard = rights.leniency[seen] < -0.1
    decided = np.isin(rights.outcome[seen], (1, 2))
    granted = rights.outcome[seen] == 1
    assert granted[soft & decided].mean() > granted[hard & decided].mean() + 0.03


def test_struck_rights_leave_the_count_once() -> None:
    world = run(small_world(), 130)
    some = np.flatnonzero(world.rights.in_force & (world.rights.office == 0))[:5]
    before = world.offices.patents_in_force[0]
    renewal.strike(world, some)
    renewal.count_in_force(world, some, -1)
    assert world.offices.patents_in_force[0] == before - 5 * SCALE
    assert not world.rights.in_force[some].any()
