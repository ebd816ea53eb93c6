"""Five years leave a trace of every class of agents and of every step of the month; Mesa sees the agents."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
import pandas as pd
import pytest

from agents.load import CLASSES
from agents.organizations import ASSERTION, BANK, FIRM, INSTITUTE, UNIVERSITY, VENTURE
from ecosystem import Scenario, World
from ecosystem.domain.indicators import INDICATORS
from ecosystem.domain.ledgers import CASE_STAGES, DEALS
from ecosystem.kernel.schedule import PHASES
from ecosystem.kernel.table import Table
from ecosystem.lab.tables import TABLES, all_tables
from tests.contract.test_alive import RESTING

if TYPE_CHECKING:
    from collections.abc import Callable


def total(world: World, name: str) -> np.ndarray:
    """Sum of a counted flow over the horizon by place, float64 (J,)."""
    return np.asarray(world.records.totals(name, 1)[1].sum(axis=0))


def kind_of(world: World, slots: np.ndarray) -> np.ndarray:
    """Kinds of organizations, absent ones (-1) left out."""
    return np.asarray(world.orgs.kind[slots[slots >= 0]])


def recent(world: World, table: str) -> np.ndarray:
    """Rows of a ledger that were written in the horizon."""
    return np.flatnonzero(getattr(world, table).month >= 0)


def firms_act(w: World) -> list[bool]:
    filed = w.rights.owner_at_filing[w.rights.filed >= 0]
    users = w.adoptions.user[recent(w, "adoptions")]
    return [
        bool((kind_of(w, filed) == FIRM).any()), bool((kind_of(w, users) == FIRM).all() and len(users)),
        total(w, "launches").sum() > 0, total(w, "business_rd")[: w.P].min() > 0,
    ]  # fmt: skip


def universities_act(w: World) -> list[bool]:
    inv, rows = w.inventions, recent(w, "inventions")
    academic = np.isin(w.orgs.kind[inv.creator[rows]], (UNIVERSITY, INSTITUTE))
    published = inv.published[rows[academic]] < w.month
    givers = kind_of(w, w.deals.giver[recent(w, "deals")])
    return [bool(academic.any()), bool(published.any()), bool(np.isin(givers, (UNIVERSITY, INSTITUTE)).any())]


def inventors_act(w: World) -> list[bool]:
    people = w.inventors
    return [
        total(w, "inventor_moves").sum() > 0, total(w, "inventor_immigration").sum() > 0, bool(people.moves.max() > 0),
        bool(people.inventions.sum() > 0), bool((people.first_month >= 0).any()), total(w, "inventor_exits").sum() > 0,
    ]  # fmt: skip


def offices_act(w: World) -> list[bool]:
    names = ("patents_granted", "patents_refused", "patents_withdrawn", "examination_requests")
    return [total(w, name)[: w.P].min() > 0 for name in names] + [bool((w.rights.published < w.month).any())]


def courts_act(w: World) -> list[bool]:
    disputes = w.disputes
    judged = disputes.judged_month[recent(w, "disputes")] < w.month
    return [
        total(w, "letters").sum() > 0,
        total(w, "suits").sum() > 0,
        bool(judged.any()),
        bool((w.courts.wait_months > 0).all()),
    ]


def investors_act(w: World) -> list[bool]:
    lenders = w.deals.taker[w.deals.kind == DEALS.index("pledge_loan")]
    funds = w.orgs.kind[w.stakes.fund] if w.stakes.n else np.zeros(0)
    return [total(w, "venture_invested").sum() > 0, bool(len(funds) and (funds == VENTURE).all()),
            bool(len(lenders) and (kind_of(w, lenders) == BANK).all())]  # fmt: skip


def assertion_entities_act(w: World) -> list[bool]:
    plaintiffs = w.disputes.plaintiff[recent(w, "disputes")]
    bought = total(w, "rights_bought_by_entities").sum() > 0
    asserted = (kind_of(w, plaintiffs) == ASSERTION).any()
    looked = total(w, "rights_screened_by_entities")[: w.P].min() > 0
    return [bool(bought), bool(asserted), bool(looked), bool(total(w, "assertion_entity_profit").any())]


def governments_act(w: World) -> list[bool]:
    names = ("public_research_money", "rd_grants_paid", "tax_credits_paid", "procurement_spent", "profit_tax_paid")
    return [total(w, name).sum() > 0 for name in names] + [total(w, "public_research_money")[: w.P].min() > 0]


def intermediaries_act(w: World) -> list[bool]:
    rows = w.intermediaries
    return [bool(rows.meetings.sum() > 0), bool(rows.deals.sum() > 0), bool(rows.income.sum() > 0),
            bool((w.deals.broker[recent(w, "deals")] >= 0).any())]  # fmt: skip


ACTS: dict[str, Callable[[World], list[bool]]] = {
    "Firm": firms_act, "University": universities_act, "Inventor": inventors_act, "PatentOffice": offices_act,
    "Court": courts_act, "Investor": investors_act, "AssertionEntity": assertion_entities_act,
    "Government": governments_act, "Intermediary": intermediaries_act,
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_every_class_of_agents_acts(name: str, fine_world: World) -> None:
    done = ACTS[name](fine_world)
    assert all(done), f"{name}: {done}"


def test_the_nine_classes_are_agents_with_names_numbers_and_attributes(small_world: World) -> None:
    assert {kind.__name__ for kind in CLASSES} == set(ACTS)
    by_type = small_world.agents_by_type
    assert set(by_type) == set(CLASSES)
    assert set(small_world.agent_types) == set(CLASSES)
    ids = set()
    for kind in CLASSES:
        agents = by_type[kind]
        assert len(agents) > 0, kind
        assert kind.__doc__
        for agent in list(agents)[:5]:
            assert type(agent) is kind
            assert isinstance(agent, mesa.Agent)
            assert agent.model is small_world
            row = agent.inspect()
            table: Table = getattr(small_world, kind.table)
            assert set(row) == set(table.columns)
            assert all(getattr(agent, column) == row[column] for column in row)
            assert row["uid"] == table.uid[agent.slot]
            assert str(agent.slot) in repr(agent)
            ids.add(agent.unique_id)
            with pytest.raises(AttributeError, match="columns"):
                _ = agent.no_such_column
    assert len(ids) == sum(min(5, len(by_type[kind])) for kind in CLASSES)
    assert len(small_world.agents) == sum(len(agents) for agents in by_type.values())


def test_handles_follow_the_living(small_world: World) -> None:
    orgs, people = small_world.orgs, small_world.inventors
    living = np.flatnonzero(orgs.alive & (orgs.kind == FIRM))
    by_name = {kind.__name__: agents for kind, agents in small_world.agents_by_type.items()}
    assert sorted(a.slot for a in by_name["Firm"]) == living.tolist()
    assert len(by_name["Inventor"]) == people.active.sum()
    assert len(by_name["PatentOffice"]) == len(by_name["Government"]) == small_world.P


def test_agents_by_type_follow_entry_and_exit() -> None:
    world = World(Scenario.baseline(scale=10_000, years=3, burn_in_years=1), seed=2)
    firm = next(kind for kind in CLASSES if kind.__name__ == "Firm")
    first = {a.slot: a for a in world.agents_by_type[firm]}
    world.run()
    last = {a.slot: a for a in world.agents_by_type[firm]}
    orgs = world.orgs
    assert set(last) == set(np.flatnonzero(orgs.alive & (orgs.kind == FIRM)).tolist())
    assert set(last) != set(first)
    assert all(last[slot] is first[slot] for slot in set(first) & set(last)), "identity lives in agents"


def test_mesa_selects_aggregates_and_collects() -> None:
    world = World(Scenario.baseline(scale=20_000, years=1, burn_in_years=1), seed=2)
    firm = next(kind for kind in CLASSES if kind.__name__ == "Firm")
    firms = world.agents_by_type[firm]
    large = firms.select(lambda a: a.employees >= 250)
    assert 0 < len(large) < len(firms)
    orgs = world.orgs
    rows = orgs.alive & (orgs.kind == FIRM)
    assert firms.agg("rd", sum) == pytest.approx(orgs.rd[rows].sum())
    assert firms.agg("employees", max) == orgs.employees[rows].max()
    groups = firms.groupby("jurisdiction").count()
    assert {k: int(v) for k, v in groups.items()} == {
        int(k): int(v) for k, v in zip(*np.unique(orgs.jurisdiction[rows], return_counts=True), strict=True)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (PendingDeprecationWarning, FutureWarning, DeprecationWarning))
        collector = mesa.DataCollector(
            model_reporters={"month": "month", "firms": lambda w: len(w.agents_by_type[firm])},
            agenttype_reporters={firm: {"cash": "cash", "sector": "sector"}},
        )
        collector.collect(world)
        world.step()
        collector.collect(world)
    model = collector.get_model_vars_dataframe()
    assert model["month"].tolist() == [0, 1]
    assert (model["firms"] > 0).all()
    agents = collector.get_agenttype_vars_dataframe(firm)
    assert np.isfinite(agents["cash"]).all()
    assert len(agents) == model["firms"].sum()


def test_no_table_is_empty(small_world: World) -> None:
    tables = all_tables(small_world)
    assert set(tables) == set(TABLES)
    assert len(tables) == 10
    assert {name: len(t) for name, t in tables.items() if not len(t)} == {}
    years = small_world.setup.years
    assert tables["organizations"]["year"].nunique() == tables["accounts"]["year"].nunique() == years
    assert tables["indicators"]["month"].nunique() == 12 * years


def state(world: World) -> dict[str, bytes]:
    """Everything that a rule can change, as bytes: columns, pots, counters, and what hangs on the world."""
    out: dict[str, bytes] = {}
    for name, value in vars(world).items():
        if isinstance(value, Table):
            out |= {f"{name}.{c}": getattr(value, c).tobytes() for c in value.columns}
            rest = {
                k: v for k, v in vars(value).items() if k not in value.columns and k not in ("_data", "_capacity", "n")
            }
            out[f"{name} beside"] = pickle.dumps(rest)
        elif name in ("accounts", "tally", "records", "calendar", "valuation", "experience", "market", "levers", "science",
                      "yearbook", "wage", "talent", "academia", "stakes", "ancestry", "arrivals", "returns", "law"):  # fmt: skip
            out[name] = pickle.dumps(value)
    return out


def test_every_step_of_the_month_changes_state() -> None:
    """A year, a rule at a time: by the end each of the sixteen steps has changed something."""
    world = World(Scenario.baseline(scale=6000, years=1, burn_in_years=6), seed=1)
    changed: dict[str, set[str]] = {phase: set() for phase in PHASES}
    for month in range(12):
        world.draw.month = world.month
        world.tally.clear()
        world.disclosed = np.zeros(0, np.int64)
        before = state(world)
        for phase in PHASES:
            for entry in world.schedule.entries:
                if entry.phase == phase:
                    entry.rule(world)
            after = state(world)
            changed[phase] |= {name for name in after if before.get(name) != after[name]}
            before = after
        world.month += 1
        assert world.month == month + 1
    assert [phase for phase, names in changed.items() if not names] == []
    expected = {
        "funding": "accounts", "research": "science", "invention": "inventions.uid", "protection": "rights.uid",
        "examination": "rights.outcome", "transfer": "deals.month",
        "commercialization": "lines.uid", "market": "accounts", "adoption": "adoptions.month", "disputes": "disputes.month",
        "renewal": "rights.in_force", "talent": "inventors.employer", "firm_life": "orgs.alive", "law": "law",
        "record": "records",
    }  # fmt: skip
    missing = {phase: name for phase, name in expected.items() if name not in changed[phase]}
    assert missing == {}


def test_a_scenario_lever_takes_hold_in_the_first_month() -> None:
    world = World(
        Scenario.baseline(scale=20_000, years=1, burn_in_years=1).with_lever("law.term_years", on="us", value=17),
        seed=1,
    )
    assert world.levers["law.term_years"][0] == 20.0
    world.step()
    assert world.levers["law.term_years"][0] == 17.0
    assert "17" in world.levers.why("law.term_years", "us")


def test_cases_reach_every_stage_and_deals_several_kinds(small_world: World) -> None:
    disputes = small_world.disputes
    assert set(np.unique(disputes.stage).tolist()) == set(range(len(CASE_STAGES)))
    kinds = {DEALS[k] for k in np.unique(small_world.deals.kind)}
    assert {"license", "sale", "university_license", "pledge_loan"} <= kinds


RARE = {
    "patents_expired",  # the first right filed in the burn-in of ten years reaches its term in the eleventh year
    "adoptions_purchase",  # no rule chooses this route yet
    "firms_counseled",
    "park_residents",
    "park_overhead_saved",  # no regional center or park beyond the baseline figures
}


def test_every_declared_indicator_has_unit_and_meaning_and_is_recorded(fine_world: World) -> None:
    frame = fine_world.indicators(period=12)
    assert isinstance(frame, pd.DataFrame)
    recorded = set(frame["indicator"].unique())
    silent = []
    for name, indicator in INDICATORS.items():
        assert indicator.unit, name
        assert len(indicator.doc) > 3, name
        assert indicator.good in (-1, 0, 1)
        if name not in recorded or (indicator.kind == "flow" and not total(fine_world, name).any()):
            silent.append(name)
    assert [name for name in silent if name not in RARE and name not in RESTING] == []


def test_a_run_gives_no_warning() -> None:
    """Floating-point trouble is an error here, whatever the filters of pytest say."""
    with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        World(Scenario.baseline(scale=10_000, years=2, burn_in_years=2), seed=4).run()


def test_cancelling_stops_between_months_and_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    world = World(Scenario.baseline(scale=50_000, years=1, burn_in_years=0), seed=1)
    world.run(progress=lambda done, whole: told.append((done, whole)), cancelled=lambda: world.month >= 5)
    assert told == [(m, 12) for m in range(1, 6)]
    assert not world.finished
    arguments: dict[str, Any] = {}
    assert world.run(**arguments).finished
    assert world.month == 12
