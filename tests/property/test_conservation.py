"""Nothing appears or vanishes: money, rights, applications, patents in force, firms, researchers, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agents.organizations import FIRM
from ecosystem import Scenario, World
from ecosystem.domain.indicators import INDICATORS
from ecosystem.domain.rights import OUTCOMES
from ecosystem.kernel.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

PATENT, UTILITY_MODEL = 0, 1
NO_PART_OF_A_WHOLE = {"commercialization_share", "opposition_rate", "overseas_detection_rate"}
"""What a period sees of something that began earlier: launches, oppositions and detections may exceed their base."""
PHASES = (Phase.explicit, Phase.generate)
"""No shrinking: a world is slow to build, and any failing seed will do."""
SIGNED = {
    "consumer_surplus", "profits", "net_inventor_immigration", "general_tax_paid", "assertion_entity_profit",
    "productivity", "welfare", "profits_after_rd", "wage_gains", "filed_inventive_step",
}  # fmt: skip
"""Indicators that may be negative by their meaning: gains against a start, balances, logarithms, standard scores."""


def tables(world: World) -> Iterator[tuple[str, Table]]:
    """Every table of a world, those that hang on other tables included."""
    for name, value in vars(world).items():
        if isinstance(value, Table):
            yield name, value
            yield from ((f"{name}.{k}", v) for k, v in vars(value).items() if isinstance(v, Table))


def stocks(world: World) -> dict[str, np.ndarray]:
    """Counts from full scans of the tables, real objects by place, float64 (J,)."""
    rights, orgs, people = world.rights, world.orgs, world.inventors

    def count(place: np.ndarray, which: np.ndarray, weight: Any = None) -> np.ndarray:
        w = None if weight is None else weight[which]
        return np.bincount(place[which], weights=w, minlength=world.J).astype(float)

    live = rights.in_force
    firms = (orgs.kind == FIRM) & orgs.alive & ~orgs.passive
    return {
        "patents": count(rights.office, live & (rights.kind == PATENT)) * world.scale,
        "utility models": count(rights.office, live & (rights.kind == UTILITY_MODEL)) * world.scale,
        "pending": count(rights.office, (rights.outcome == 0) & (rights.kind == PATENT)) * world.scale,
        "firms": count(orgs.jurisdiction, firms, orgs.weight),
        "researchers": count(people.jurisdiction, people.active) * world.scale,
    }


def flow(world: World, name: str) -> np.ndarray:
    """This month's total of a tally by place."""
    return np.asarray(world.tally[name].sum(axis=1))


def check_flows(world: World, before: dict[str, np.ndarray], invalid: np.ndarray) -> None:
    """Stocks equal previous stocks plus the flows of the month."""
    now = stocks(world)
    tolerance = {"rtol": 1e-12, "atol": 1e-6}
    expected = {
        "patents": before["patents"] + flow(world, "patents_granted") - flow(world, "patents_lapsed")
        - flow(world, "patents_expired") - invalid,
        "pending": before["pending"] + flow(world, "patent_filings") - flow(world, "patents_granted")
        - flow(world, "patents_refused") - flow(world, "patents_withdrawn"),
        "firms": before["firms"] + flow(world, "firm_entries") - flow(world, "firm_exits"),
        "researchers": before["researchers"] + flow(world, "new_inventor_inflow") - flow(world, "inventor_exits")
        + flow(world, "net_inventor_immigration"),
    }  # fmt: skip
    for name, value in expected.items():
        np.testing.assert_allclose(now[name], value, err_msg=f"{name} in month {world.month - 1}", **tolerance)


def check_money(world: World, credit: np.ndarray, base: np.ndarray) -> None:
    """Double entry to 1e-9, nobody beyond the credit line, lines that only sales can widen, no money made in total.

    Args:
        credit, base: credit line and sales of old products at the end of the month before, float64 (rows then,).
    """
    accounts, orgs = world.accounts, world.orgs
    assert accounts.imbalance() < 1e-9
    total = sum(h.total() for h in accounts.holders.values())
    opening = sum(accounts.opening.values())
    turnover = sum(accounts.paid.values())
    assert abs(total - opening) <= 1e-9 * max(1.0, turnover)
    slack = 1e-9 * np.maximum(1.0, orgs.credit)
    below = np.flatnonzero(orgs.alive & ~orgs.passive & (orgs.cash < -orgs.credit - slack))
    words = [(int(i), orgs.row(i)["kind"], float(orgs.cash[i]), float(-orgs.credit[i])) for i in below[:5]]
    assert not len(below), f"month {world.month - 1}: {len(below)} beyond the credit line, as {words}"
    # What is drawn is not called in when sales shrink, but a line widens by sales alone; others than firms have none.
    n = len(credit)
    sales = orgs.base.copy()
    sales[:n] = np.maximum(sales[:n], base)
    widest = np.where(orgs.kind == FIRM, world.p["firm.credit_share"] * sales, 0.0)
    widest[:n] = np.maximum(widest[:n], credit)
    assert (orgs.credit >= 0.0).all()
    assert (orgs.credit <= widest + slack).all(), f"month {world.month - 1}: credit without sales"


def check_rights(world: World) -> None:
    """One owner each; outcomes add up at every office; the counts of offices equal a full scan."""
    rights, orgs, offices, scale = world.rights, world.orgs, world.offices, world.scale
    assert rights.owner.min(initial=0) >= 0
    assert rights.owner.max(initial=0) < orgs.n
    assert rights.invention.min(initial=0) >= 0
    assert rights.invention.max(initial=0) < world.inventions.n
    assert len(np.unique(rights.uid)) == rights.n
    assert ((rights.office >= 0) & (rights.office < world.P)).all()
    np.testing.assert_allclose(
        offices.filed, offices.granted + offices.refused + offices.withdrawn + offices.pending, rtol=1e-12, atol=1e-6
    )
    patents = rights.kind == PATENT
    for code, word in enumerate(OUTCOMES):
        scan = np.bincount(rights.office[patents & (rights.outcome == code)], minlength=world.P) * scale
        np.testing.assert_allclose(getattr(offices, word), scan, err_msg=f"{word}, month {world.month - 1}", atol=1e-6)
    now = stocks(world)
    at = f"month {world.month - 1}"
    np.testing.assert_allclose(offices.patents_in_force, now["patents"][: world.P], err_msg=at, atol=1e-6)
    np.testing.assert_allclose(offices.utility_models_in_force, now["utility models"][: world.P], err_msg=at, atol=1e-6)
    live = rights.in_force
    assert (rights.outcome[live] == OUTCOMES.index("granted")).all()
    assert (np.minimum(rights.lapsed[live], rights.invalidated[live]) >= world.month).all()
    assert (rights.decided[rights.outcome != 0] < world.month).all()
    assert (rights.decided >= rights.filed).all()
    uses = world.uses
    assert world.lines.active[uses.line[uses.active]].all(), f"{at}: something withdrawn is still sold"
    # A right whose owner is gone ends at its next fee: fees fall due at most four years apart (US lumps).
    gone = live & ~orgs.alive[rights.owner]
    assert (world.month - orgs.exited[rights.owner[gone]] <= 49).all(), f"{at}: rights outlive their owners"


def check_finite(world: World) -> None:
    """No NaN, no infinity, no negative amount, shares within [0, 1], in any column and any recorded indicator."""
    for name, table in tables(world):
        for key, column in type(table).columns.items():
            values = getattr(table, key)
            if not len(values):
                continue
            if values.dtype.kind == "f":
                assert np.isfinite(values).all(), f"{name}.{key} holds NaN or infinity in month {world.month - 1}"
            if column.unit == "share":
                assert values.min() >= -1e-9, f"{name}.{key} = {values.min()}"
                assert values.max() <= 1.0 + 1e-6, f"{name}.{key} = {values.max()}"
            if column.unit in ("persons", "organizations", "patents", "applications", "files", "suits", "examiners"):
                assert values.min() >= -1e-6, f"{name}.{key} = {values.min()} in month {world.month - 1}"
            if column.codes:
                assert values.min() >= 0
                assert values.max() < len(column.codes), f"{name}.{key}"
    assert np.isfinite(world.tally.values).all()
    for name, value in world.records.stocks[-1].items():
        assert np.isfinite(value).all(), f"{name} in month {world.month - 1}: {value}"


def check_indicators(world: World) -> None:
    """Recorded indicators: flows and stocks are finite and not negative, shares lie within [0, 1]."""
    above = {}
    for name, indicator in INDICATORS.items():
        _, values = world.records.totals(name, 1, first=min(world.records.months))
        if indicator.kind == "ratio":
            values = values[~np.isnan(values)]
        assert np.isfinite(values).all(), name
        if name not in SIGNED and values.size:
            assert values.min() >= -1e-6, f"{name} = {values.min()}"
        if indicator.unit == "share" and name not in NO_PART_OF_A_WHOLE and values.size and values.max() > 1.0 + 1e-9:
            above[name] = float(values.max())
    assert above == {}


def step_and_check(world: World, *, fully: bool = True) -> None:
    """Run a month and check everything that must hold after it."""
    before = stocks(world)
    invalid_before = world.rights.invalidated < world.month
    n = world.rights.n
    credit, base = world.orgs.credit.copy(), world.orgs.base.copy()
    world.step()
    rights = world.rights
    fresh = (rights.invalidated < world.month) & (rights.kind == PATENT)
    fresh[:n] &= ~invalid_before
    invalid = np.bincount(rights.office[fresh], minlength=world.J) * world.scale
    check_flows(world, before, invalid)
    check_money(world, credit, base)
    check_rights(world)
    if fully:
        check_finite(world)


@given(st.integers(0, 2**40))
@settings(max_examples=6, phases=PHASES)
def test_every_month_of_the_burn_in_and_beyond_conserves_for_every_seed(seed: int) -> None:
    world = World(Scenario.baseline(scale=12_000, years=1, burn_in_years=0), seed=seed)
    for _ in range(12):
        step_and_check(world)
    check_indicators(world)


@given(
    st.integers(0, 2**40),
    st.lists(st.sampled_from(["us", "eu", "jp", "cn"]), min_size=1, max_size=4, unique=True),
    st.sampled_from([5_000, 20_000, 50_000]),
    st.integers(1, 3),
)
@settings(max_examples=6, phases=PHASES)
def test_any_choice_of_places_and_scales_conserves(seed: int, places: list[str], scale: int, burn_in: int) -> None:
    world = World(Scenario.baseline(jurisdictions=places, scale=scale, years=1, burn_in_years=burn_in), seed=seed)
    for _ in range(6):
        step_and_check(world)
    check_indicators(world)


LEVERS = (
    ("office.examiners", 3.0), ("law.term_years", 0.4), ("court.cost", 4.0), ("office.filing_fee", 5.0),
    ("government.rd_credit_large", 2.0), ("finance.venture_supply", 3.0), ("science.public_funding", 0.3),
)  # fmt: skip


@given(st.integers(0, 2**40), st.lists(st.sampled_from(LEVERS), min_size=1, max_size=4, unique=True))
@settings(max_examples=5, phases=PHASES)
def test_policy_moves_no_money_out_of_nothing(seed: int, changes: list[tuple[str, float]]) -> None:
    plain = Scenario.baseline(scale=15_000, years=1, burn_in_years=1)
    start = World(plain.with_lever("law.term_years", on="us", value=20), seed=1)
    scenario = plain
    for name, factor in changes:
        spec = start.levers.specs[name]
        for place in range(start.P):
            value = float(np.clip(start.levers.base(name)[place] * factor, spec.low, spec.high))
            scenario = scenario.with_lever(name, on=start.places[place], value=value)
    world = World(scenario, seed=seed)
    for _ in range(10):
        step_and_check(world)
    check_indicators(world)


@pytest.fixture(scope="module")
def long_run() -> World:
    """Five years, every month checked."""
    world = World(Scenario.baseline(scale=5000, years=5), seed=1)
    while world.month < world.horizon_months:
        step_and_check(world, fully=world.month % 6 == 5)
    return world


def test_five_years_conserve_month_by_month(long_run: World) -> None:
    assert long_run.month == 60
    check_finite(long_run)


def test_recorded_indicators_of_five_years_are_sound(long_run: World) -> None:
    check_indicators(long_run)


def test_recorded_stocks_equal_full_scans(long_run: World) -> None:
    now, last = stocks(long_run), long_run.records.stocks[-1]
    for indicator, name in (
        ("patents_in_force", "patents"), ("utility_models_in_force", "utility models"), ("applications_pending", "pending"),
        ("firms", "firms"), ("researchers", "researchers"),
    ):  # fmt: skip
        np.testing.assert_allclose(
            last[indicator].reshape(long_run.J, -1).sum(axis=1)[: long_run.P], now[name][: long_run.P], atol=1e-6
        )


def test_payments_of_the_book_add_up_to_what_sectors_paid(long_run: World) -> None:
    """The yearly book lists every payment: per sector, book = paid + open cells."""
    paid: dict[str, float] = {}
    received: dict[str, float] = {}
    for _, payer, payee, *_, amount in long_run.accounts_book:
        paid[payer] = paid.get(payer, 0.0) + amount
        received[payee] = received.get(payee, 0.0) + amount
    for name in long_run.accounts.holders:
        assert paid.get(name, 0.0) == pytest.approx(long_run.accounts.paid[name], rel=1e-9, abs=1e-6)
        assert received.get(name, 0.0) == pytest.approx(long_run.accounts.received[name], rel=1e-9, abs=1e-6)


def test_links_between_tables_point_at_rows_that_exist(long_run: World) -> None:
    w = long_run
    sizes = {
        "organization slot": w.orgs.n, "invention slot": w.inventions.n, "right slot": w.rights.n, "line slot": w.lines.n,
        "use slot": w.uses.n, "court slot": w.courts.n, "inventor slot": w.inventors.n,
        "intermediary slot": w.intermediaries.n,
    }  # fmt: skip
    checked = 0
    for name, table in tables(w):
        for key, column in type(table).columns.items():
            if column.unit in sizes and len(table):
                values = getattr(table, key)
                assert values.min() >= -1, f"{name}.{key}"
                assert values.max() < sizes[column.unit], f"{name}.{key}"
                checked += 1
    assert checked > 20


def test_inventions_build_on_earlier_ones_only(long_run: World) -> None:
    t = long_run.inventions
    for name in ("parent1", "parent2", "parent3"):
        parent = getattr(t, name)
        child = np.flatnonzero(parent >= 0)
        assert len(child)
        assert (t.month[parent[child]] < t.month[child]).all()


def test_an_inventor_works_for_one_living_employer(long_run: World) -> None:
    people, orgs = long_run.inventors, long_run.orgs
    employed = people.active & (people.employer >= 0)
    # Talent markets are held once a quarter, before firms close: the people of a closed firm are free from the next one on.
    assert (orgs.alive | (orgs.exited > long_run.month - 4))[people.employer[employed]].all()
    assert np.array_equal(orgs.jurisdiction[people.employer[employed]], people.jurisdiction[employed])
    assert np.array_equal(
        np.bincount(people.employer[employed], minlength=orgs.n)[orgs.alive], orgs.inventors[orgs.alive]
    )
