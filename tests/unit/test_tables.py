"""Tables of a small hand-made world: words for codes, keys for slots, missing months, rows of the burn-in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from agents.inventors import Inventors
from agents.organizations import Organizations
from ecosystem.domain import indicators as declared
from ecosystem.domain.indicators import Records, Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.ledgers import Adoptions, Deals, Disputes
from ecosystem.domain.rights import Rights
from ecosystem.kernel.digest import digest, significant
from ecosystem.kernel.table import Column, Table
from ecosystem.lab import indicator_table, tables


class Courts(Table):
    """One court."""

    jurisdiction = Column(np.int8, "place", "whose law")


class Intermediaries(Table):
    """One broker."""

    kind = Column(np.int8, "code", "kind", 0, ("broker", "association"))


@pytest.fixture(autouse=True)
def _three_indicators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "INDICATORS", {})
    monkeypatch.setattr(declared, "TALLIES", {})
    monkeypatch.setattr(indicator_table, "INDICATORS", declared.INDICATORS)
    declared.flow("filings", "applications", "applications filed", 0)
    declared.ratio("grant_rate", "share", "grants by decisions", 0, "grants", "decisions")
    declared.stock("in_force", "patents", "patents in force", 0, lambda w: np.array([10.0, 20.0, 3.0]))
    declared.stock("wait", "months", "waiting time", -1, lambda w: np.array([10.0, 20.0, 3.0]))


def fresh(table: type[Table]) -> Any:
    """Return an empty table of three places and two territories."""
    widths = {c.width: {"place": 3, "territory": 2}[c.width] for c in table.columns.values() if c.width}
    return table(**widths)


@pytest.fixture
def world(_three_indicators: None) -> SimpleNamespace:
    places, sectors = ["us", "jp", "row"], ["energy", "health"]
    orgs, inventions, rights, deals = map(fresh, (Organizations, Inventions, Rights, Deals))
    orgs.add(3, uid=[101, 102, 2**62 + 1], kind=[0, 1, 3], sector=[0, -1, 1])
    inventions.add(
        3, uid=[201, 202, 203], creator=[0, 0, 1], owner=[0, 1, 2], month=[-5, 3, 7], field=[1, 0, 1],
        parent1=[-1, 0, 0], parent2=[-1, -1, 1], launched=[-2, 9, 2**30],
    )  # fmt: skip
    rights.add(
        4, uid=[301, 302, 303, 304], invention=[0, 0, 1, 0], filed=[-20, -20, 4, -30], office=[0, 1, 1, 0],
        outcome=[1, 2, 0, 1], decided=[-3, -1, 2**30, -9], lapsed=[2**30, 2**30, 2**30, -1],
        territories=[1, 2, 3, 1], owner=[0, 0, 1, 0], owner_at_filing=0,
    )  # fmt: skip
    deals.add(
        2, month=[-1, 5], kind=[0, 4], giver=[0, 1], taker=[1, 2], right=[0, -1], broker=[-1, 0], from_place=[0, 1]
    )
    adoptions, disputes, inventors, courts, brokers = Adoptions(), Disputes(), Inventors(), Courts(), Intermediaries()
    adoptions.add(1, month=2, user=0, invention=1, route=4, blocked_by=2)
    disputes.add(1, month=2, court=0, right=2, plaintiff=2, defendant=0, outcome=1)
    inventors.add(
        2, uid=[401, 402], field=[0, 1], field2=[1, 1], employer=[0, -1], active=[True, False], last_month=[300, -4]
    )
    courts.add(1, jurisdiction=1)
    brokers.add(1, kind=1)
    w = SimpleNamespace(
        places=places, J=3, P=2, S=2, month=0, tally=Tally(3, 2), records=Records(), orgs=orgs, inventions=inventions,
        rights=rights, deals=deals, adoptions=adoptions, disputes=disputes, inventors=inventors, courts=courts,
        intermediaries=brokers, sectors=SimpleNamespace(names=sectors),
        fields=SimpleNamespace(names=["optics", "drugs"]), territories=SimpleNamespace(code=["us", "jp"]),
        setup=SimpleNamespace(start_year=2025),
        yearbook=SimpleNamespace(rows=[
            {"uid": orgs.uid, "kind": orgs.kind, "jurisdiction": np.array([0, 1, 1]), "year": np.full(3, year),
             "sector": orgs.sector, "founded_month": np.array([-(2**30), 3, 4]), "weight": np.ones(3)}
            for year in (2024, 2025, 2026)
        ]),
        accounts_book=[(2024, "households", "organizations", "sales", "us", "", 1.0),
                       (2025, "households", "organizations", "sales", "jp", "", 2.0)],
    )  # fmt: skip
    for month in range(-1, 24):
        w.month = month
        w.tally.clear()
        w.tally.add("filings", np.array([0, 0, 1]), np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0]))
        w.tally.add("decisions", 0, 4.0)
        w.tally.add("grants", 0, 1.0 if month < 12 else 3.0)
        w.records.record(w)
    return w


def test_indicators_are_tidy_and_all_adds_up(world: SimpleNamespace) -> None:
    table = tables.indicators(world)
    assert list(table.columns) == ["month", "year", "jurisdiction", "sector", "indicator", "value", "unit"]
    assert table["month"].min() == 0
    assert set(table.loc[table["month"] == 12, "year"]) == {2026}
    filings = table[(table["indicator"] == "filings") & (table["month"] == 3)]
    value = filings.set_index(["jurisdiction", "sector"])["value"]
    assert value["us", ""] == 3.0
    assert value["us", "health"] == 2.0
    assert value["all", ""] == 7.0
    assert value["all", "energy"] == 5.0
    keys = ["month", "jurisdiction", "sector", "indicator"]
    assert not table.duplicated(keys).any()


def test_ratios_without_cases_have_no_row_and_all_divides_sums(world: SimpleNamespace) -> None:
    table = tables.indicators(world, period=12)
    rate = table[table["indicator"] == "grant_rate"]
    assert set(rate["jurisdiction"]) == {"us", "all"}
    assert rate[rate["jurisdiction"] == "all"]["value"].tolist() == [0.25, 0.75]
    assert table["value"].notna().all()


def test_waiting_times_of_places_are_not_added(world: SimpleNamespace) -> None:
    table = tables.indicators(world)
    assert "all" not in set(table.loc[table["indicator"] == "wait", "jurisdiction"])
    in_force = table[(table["indicator"] == "in_force") & (table["jurisdiction"] == "all")]
    assert set(in_force["value"]) == {33.0}


def test_burn_in_rows_come_only_when_asked_for(world: SimpleNamespace) -> None:
    for name, table in tables.TABLES.items():
        few, many = table(world), table(world, burn_in=True)
        if name not in ("adoptions", "citations", "disputes"):  # all their rows lie in the horizon
            assert len(few) < len(many), name


def test_inventions_name_parents_by_key(world: SimpleNamespace) -> None:
    table = tables.inventions(world)
    assert [list(p) for p in table["parents"]] == [[201], [201, 202]]
    assert table["owner"].tolist() == [102, 2**62 + 1]
    assert table["launched_month"].tolist() == [9, pd.NA]
    assert table["field"].tolist() == ["optics", "drugs"]


def test_rights_alive_at_the_start_stay(world: SimpleNamespace) -> None:
    table = tables.rights(world)
    assert table["uid"].tolist() == [301, 303]  # 302 was refused, 304 lapsed before the horizon
    assert table["territories"].tolist() == ["us", "us jp"]
    assert table["outcome"].tolist() == ["granted", "pending"]
    assert table["decided_month"].isna().tolist() == [False, True]


def test_ledgers_speak_in_words(world: SimpleNamespace) -> None:
    deal = tables.deals(world).iloc[0]
    assert (deal["kind"], deal["giver"], deal["taker"]) == ("university_license", 102, 2**62 + 1)
    assert deal["right"] is pd.NA
    assert deal["brokered_by"] == "association"
    case = tables.disputes(world).iloc[0]
    assert (case["court"], case["plaintiff_kind"], case["outcome"]) == ("jp", "assertion_entity", "settled")
    cited = tables.citations(world)
    assert list(zip(cited["citing"], cited["cited"], cited["self"], strict=True)) == [
        (202, 201, True), (203, 201, False), (203, 202, False),
    ]  # fmt: skip
    person = tables.inventors(world).iloc[0]
    assert list(person["fields"]) == ["optics", "drugs"]
    assert person["last_month"] is pd.NA
    assert tables.accounts(world)["amount"].tolist() == [2.0]
    assert tables.organizations(world)["sector"].tolist()[:3] == ["energy", "", "health"]


def test_a_world_without_events_has_all_tables(world: SimpleNamespace) -> None:
    for name in ("inventions", "rights", "deals", "adoptions", "disputes", "inventors"):
        setattr(world, name, fresh(type(getattr(world, name))))
    world.accounts_book, world.yearbook.rows = [], []
    made = tables.all_tables(world)
    assert list(made) == list(tables.TABLES)
    assert digest(made) == digest(tables.all_tables(world))


def test_digest_sees_values_and_not_their_last_bits(world: SimpleNamespace) -> None:
    made = tables.all_tables(world)
    value = digest(made)
    nudged = dict(made)
    nudged["indicators"] = made["indicators"].assign(value=np.nextafter(made["indicators"]["value"], np.inf))
    assert digest(nudged) == value
    nudged["indicators"] = made["indicators"].assign(value=made["indicators"]["value"] * (1 + 1e-7))
    assert digest(nudged) != value
    assert digest({**made, "rights": made["rights"].iloc[::-1]}) != value


def test_digest_normalizes_zeros_and_missing_values() -> None:
    one = pd.DataFrame({"x": [0.0, float("nan")]})
    other = pd.DataFrame({"x": [-0.0, -float("nan")]})
    assert digest({"t": one}) == digest({"t": other})
    assert digest({"t": one}) != digest({"t": pd.DataFrame({"x": [0.0, 0.0]})})


def test_nine_significant_digits_are_those_of_decimal_rounding() -> None:
    x = np.random.default_rng(1).normal(size=5000) * 10.0 ** np.linspace(-280, 300, 5000)
    mantissa, exponent = significant(x)
    written = [f"{v:.8e}".split("e") for v in x]
    assert mantissa.tolist() == [int(m.replace(".", "")) for m, _ in written]
    assert exponent.tolist() == [int(e) for _, e in written]
