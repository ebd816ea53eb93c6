"""Governments on a hand-made world: budgets are used up and never exceeded, money is conserved, pots return to zero."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents import government
from agents.government import Governments, fill, open_governments
from agents.organizations import FIRM, INSTITUTE, UNIVERSITY, Organizations
from ecosystem.domain.indicators import Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.market import Lines, Uses
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.luck import Draw, fold
from ecosystem.kernel.parameters import Parameters, read

ROOT = Path(__file__).parents[2]
PLACES = ["us", "jp", "row"]
FIRMS = 120


def make(**levers: tuple[float, float, float]) -> Any:
    base = {
        "science.public_funding": (9000.0, 3000.0, 0.0),
        "science.defense_share": (0.2, 0.0, 0.0),
        "government.rd_grants": (1200.0, 300.0, 0.0),
        "government.sme_grant_share": (0.25, 0.5, 0.0),
        "government.rd_credit_large": (0.1, 0.05, 0.0),
        "government.rd_credit_small": (0.2, 0.15, 0.0),
        "government.profit_tax": (0.2, 0.3, 0.0),
        "government.procurement": (600.0, 100.0, 0.0),
    } | levers
    w = SimpleNamespace(
        places=PLACES, P=2, J=3, S=2, T=3, ROW=2, month=0, month_of_year=0, scale=500.0, draw=Draw(1),
        calendar=Calendar(), levers={k: np.array(v) for k, v in base.items()}, tally=Tally(3, 2),
        accounts=Accounts(PLACES), orgs=Organizations(), governments=Governments(),
        inventions=Inventions(place=3), uses=Uses(territory=3), lines=Lines(territory=3),
        p=Parameters(read(ROOT / "agents" / "government.toml", ROOT / "agents" / "firm" / "firm.toml")),
    )  # fmt: skip
    for pot in ("households", "government", "services"):
        w.accounts.open(pot)
    w.accounts.open("organizations", w.orgs)
    n = np.arange(FIRMS)
    w.orgs.add(
        FIRMS, uid=fold(n, 5), kind=FIRM, jurisdiction=n % 2, sector=n % 2, weight=80.0, anniversary=n % 12,
        employees=np.where(n % 3 == 0, 2000.0, 50.0), rd=np.where(n % 3 == 0, 5.0, 0.4), base=50.0,
        effect=np.exp(w.draw.normal("effect", n)),
    )  # fmt: skip
    w.orgs.size_rank[:] = w.orgs.employees
    k = np.arange(8)
    w.orgs.add(
        8, uid=fold(k, 6), kind=np.where(k < 6, UNIVERSITY, INSTITUTE), jurisdiction=k % 2, weight=10.0,
        rd=1.0 + k, rd_reference=1.0 + k, sector=-1,
    )  # fmt: skip
    open_governments(w)
    w.accounts.close_opening()
    return w


def science_oracle(world: Any) -> tuple[np.ndarray, np.ndarray]:
    """Public money of universities and institutes, M USD2020/year and one real organization, and its defense part."""
    orgs = world.orgs
    slots = orgs.living(UNIVERSITY, INSTITUTE, active=False)
    size = orgs.rd_reference[slots] * orgs.weight[slots]
    total = np.bincount(orgs.jurisdiction[slots], size, world.J)
    yearly = world.levers["science.public_funding"][orgs.jurisdiction[slots]] * size / total[orgs.jurisdiction[slots]]
    return yearly / orgs.weight[slots], defense_share(world, slots)


def defense_share(world: Any, slots: np.ndarray) -> np.ndarray:
    """Return the share of defense money in the public research money of universities and institutes, float64 (n,).

    Defense money goes to institutes; only what exceeds all their money goes to universities.
    """
    orgs = world.orgs
    share = world.levers["science.defense_share"]
    funded = orgs.living(UNIVERSITY, INSTITUTE, active=False)
    money = orgs.rd_public[funded] * orgs.weight[funded]
    all_money = np.bincount(orgs.jurisdiction[funded], money, world.J)
    inside = orgs.kind[funded] == INSTITUTE
    at_institutes = np.bincount(orgs.jurisdiction[funded][inside], money[inside], world.J)
    defense = share * all_money
    institutes = np.divide(defense, at_institutes, out=np.zeros(world.J), where=at_institutes > 0).clip(0.0, 1.0)
    rest = all_money - at_institutes
    universities = np.divide(
        np.maximum(0.0, defense - at_institutes), rest, out=np.zeros(world.J), where=rest > 0
    ).clip(0.0, 1.0)
    place = orgs.jurisdiction[slots]
    return np.where(orgs.kind[slots] == INSTITUTE, institutes[place], universities[place])


def credit_oracle(world: Any, slots: np.ndarray) -> np.ndarray:
    """Tax relief of firms, real-world totals (n,)."""
    orgs, levers = world.orgs, world.levers
    place = orgs.jurisdiction[slots]
    small, large = levers["government.rd_credit_small"][place], levers["government.rd_credit_large"][place]
    rate = np.where(orgs.size_rank[slots] < 250, small, large)
    return rate * np.maximum(0.0, orgs.rd[slots] - orgs.rd_public[slots]) * orgs.weight[slots]


def month(w: Any, m: int) -> None:
    w.month, w.month_of_year, w.draw.month = m, m % 12, m
    w.tally.clear()
    government.credit(w)
    government.fund_science(w)
    government.grant(w)
    government.procure(w)
    government.settle(w)


def paid_in_a_year(w: Any, name: str, first: int) -> np.ndarray:
    total = np.zeros(3)
    for m in range(first, first + 12):
        month(w, m)
        total += w.tally[name].sum(axis=1)
    return total


def test_science_money_is_paid_in_full_and_by_share_of_research() -> None:
    w = make()
    assert paid_in_a_year(w, "public_research_money", 0) == pytest.approx([9000.0, 3000.0, 0.0])
    us = w.orgs.living(UNIVERSITY, INSTITUTE)
    us = us[w.orgs.jurisdiction[us] == 0]
    assert w.orgs.rd_public[us] / w.orgs.rd[us] == pytest.approx(np.full(4, 9000.0 / 10.0 / 16.0))
    assert w.orgs.cash[us] == pytest.approx(w.orgs.rd_public[us])


def test_defense_money_goes_to_institutes_first_and_adds_up() -> None:
    w = make()
    month(w, 0)
    slots = w.orgs.living(UNIVERSITY, INSTITUTE)
    share = defense_share(w, slots)
    money = w.orgs.rd_public[slots] * w.orgs.weight[slots] * (w.orgs.jurisdiction[slots] == 0)
    assert (share * money).sum() == pytest.approx(0.2 * 9000.0)
    assert share[w.orgs.kind[slots] == UNIVERSITY].max() == 0.0
    assert w.tally["defense_research_money"].sum() == pytest.approx(0.2 * 9000.0 / 12)


def test_grants_use_up_the_budget_and_never_exceed_it() -> None:
    w = make()
    for first in range(0, 120, 12):
        paid = paid_in_a_year(w, "rd_grants_paid", first)
        assert (paid <= np.array([1200.0, 300.0, 0.0]) * (1 + 1e-12)).all()
        if first >= 24:
            # Few firms and one call a firm and year leave a little unspent for some months.
            assert (paid[:2] > 0.8 * np.array([1200.0, 300.0])).all(), paid
    grants = w.governments.grants
    running = grants.ends > w.month
    rate = grants.rate * w.orgs.weight[grants.firm] * running
    assert rate[grants.small & (grants.place == 0)].sum() <= 0.25 * 1200.0 * (1 + 1e-12)
    month(w, 121)
    firms = w.orgs.living(FIRM)
    assert (w.orgs.rd_public[firms] * w.orgs.weight[firms]).sum() == pytest.approx(w.tally["rd_grants_paid"].sum() * 4)


def test_grants_go_to_better_proposals() -> None:
    w = make(**{"government.rd_grants": (150.0, 50.0, 0.0)})
    for m in range(60):
        month(w, m)
    winners = np.unique(w.governments.grants.firm)
    firms = w.orgs.living(FIRM)
    assert 5 < len(winners) < FIRMS
    assert np.log(w.orgs.effect[winners]).mean() > np.log(w.orgs.effect[firms]).mean() + 0.1


def test_a_cut_of_the_budget_is_felt_at_once() -> None:
    w = make()
    for m in range(36):
        month(w, m)
    w.levers["government.rd_grants"][:] = 100.0, 0.0, 0.0
    month(w, 36)
    assert w.tally["rd_grants_paid"].sum() == 0.0, "grants are paid once a quarter"
    month(w, 37)
    paid = w.tally["rd_grants_paid"].sum(axis=1)
    assert paid[0] == pytest.approx(100.0 / 4)
    assert paid[1] == 0.0


def test_credit_pays_rate_times_own_research_once_a_year() -> None:
    w = make(**{"government.rd_grants": (0.0, 0.0, 0.0)})
    paid = paid_in_a_year(w, "tax_credits_paid", 0)
    o = w.orgs
    f = o.living(FIRM)
    large, small = o.employees[f] >= 250, o.employees[f] < 250
    for j, (high, low) in enumerate(((0.1, 0.2), (0.05, 0.15))):
        here = o.jurisdiction[f] == j
        due = (o.rd[f] * o.weight[f] * here * (high * large + low * small)).sum()
        assert paid[j] == pytest.approx(due)


def test_growth_over_the_line_does_not_change_the_credit() -> None:
    w = make()
    w.orgs.employees[np.flatnonzero(w.orgs.employees[:FIRMS] < 250)] = 1000.0
    firms = w.orgs.living(FIRM)
    firms = firms[w.orgs.anniversary[firms] == 0]
    government.credit(w)
    assert w.orgs.cash[firms] * w.orgs.weight[firms] == pytest.approx(credit_oracle(w, firms), rel=1e-12)
    assert w.tally["tax_credits_paid"].sum() == pytest.approx(credit_oracle(w, firms).sum())
    by_sector = np.bincount(w.orgs.sector[firms], credit_oracle(w, firms), 3)
    assert w.tally["tax_credits_paid"].sum(axis=0) == pytest.approx(by_sector)


def test_the_science_money_loop_equals_whole_columns() -> None:
    for share in (0.0, 0.2, 0.7, 1.0):
        w = make(**{"science.defense_share": (share, 0.1, 0.0)})
        w.orgs.alive[FIRMS + 2] = False
        slots = w.orgs.living(UNIVERSITY, INSTITUTE)
        government.fund_science(w)
        yearly, defense = science_oracle(w)
        assert w.orgs.rd_public[slots] == pytest.approx(yearly, rel=1e-12)
        paid = (yearly * defense * w.orgs.weight[slots] / 12.0).sum()
        assert w.tally["defense_research_money"].sum() == pytest.approx(paid, rel=1e-12)
        assert w.orgs.cash[slots] == pytest.approx(yearly / 12.0, rel=1e-12)


def test_every_month_the_pots_return_to_zero_and_money_is_conserved() -> None:
    w = make()
    for m in range(48):
        month(w, m)
        assert w.accounts.holders["government"].pots == pytest.approx(np.zeros(3), abs=1e-9)
        assert w.accounts.imbalance() < 1e-9
    total = sum(h.total() for h in w.accounts.holders.values())
    assert total == pytest.approx(0.0, abs=1e-6)


def test_profit_tax_takes_its_share_of_profits_only() -> None:
    w = make()
    w.month, w.month_of_year = 11, 11
    w.orgs.gross_profit[:FIRMS] = 10.0
    w.orgs.rd_spent[:FIRMS] = np.where(np.arange(FIRMS) % 2 == 0, 4.0, 40.0)
    w.orgs.cash[:FIRMS] = 10.0
    government.tax(w)
    us = w.orgs.jurisdiction[:FIRMS] == 0
    assert w.orgs.cash[:FIRMS][us] == pytest.approx(10.0 - 0.2 * 6.0)
    assert w.orgs.cash[:FIRMS][~us] == pytest.approx(10.0)


def test_procurement_buys_new_lines_of_the_place_within_cap_and_budget() -> None:
    w = make()
    w.month = 29
    w.inventions.add(3, uid=[1, 2, 3], quality=[1.0, 3.0, 1.0])
    w.lines.add(3, invention=[0, 1, 2], potential=[4.0, 4.0, 4.0], launched=[28, 28, 1])
    w.uses.add(3, line=[0, 1, 2], invention=[0, 1, 2], user=[0, 2, 4], started=[28, 28, 1])
    government.procure(w)
    spent = w.tally["procurement_spent"].sum(axis=1)
    got = w.orgs.sales[[0, 2, 4]]
    assert spent[0] == pytest.approx(600.0 / 4)
    assert got[1] == pytest.approx(3 * got[0])
    assert got[2] == 0.0
    assert w.orgs.cash[2] == pytest.approx(w.p["government.procurement_margin"] * got[1])
    w.levers["government.procurement"][0] = 1e5
    government.procure(w)
    most = 2 * w.p["government.procurement_cap"] * 4.0 * 500.0 / 4
    assert w.tally["procurement_spent"].sum() - spent[0] == pytest.approx(most)


def test_fill_gives_the_marginal_row_what_is_left() -> None:
    got = fill(np.array([2.0, 2.0, 2.0, 5.0]), np.array([0, 0, 0, 1]), np.array([3.0, 1.0]))
    assert got.tolist() == [2.0, 1.0, 0.0, 1.0]
