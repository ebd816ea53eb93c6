"""Investors on a hand-made world: money goes to better firms on average, loans rest on rights, nothing is lost."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents import investor
from agents import purse as purse_loops
from agents.government import Governments
from agents.investor import open_investors
from agents.organizations import BANK, FIRM, VENTURE, Organizations
from ecosystem.domain.indicators import Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.ledgers import Deals
from ecosystem.domain.regions import Regions
from ecosystem.domain.rights import Rights
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.luck import Draw, fold
from ecosystem.kernel.parameters import Parameters, read

ROOT = Path(__file__).parents[2]
PLACES = ["us", "jp", "row"]
FIRMS = 240


def make(monkeypatch: pytest.MonkeyPatch, seed: int = 1, *, supply: float = 6000.0, loan_to_value: float = 0.4) -> Any:
    w = SimpleNamespace(
        places=PLACES, P=2, J=3, S=2, T=3, ROW=2, month=0, month_of_year=0, scale=500.0, draw=Draw(seed),
        calendar=Calendar(), tally=Tally(3, 2), accounts=Accounts(PLACES), orgs=Organizations(),
        governments=Governments(), inventions=Inventions(place=3), rights=Rights(), deals=Deals(),
        territories=SimpleNamespace(place=np.arange(3)), regions=Regions.single(PLACES),
        levers={
            "finance.venture_supply": np.array([supply, supply / 4, 0.0]),
            "finance.loan_to_value": np.array([loan_to_value, loan_to_value, 0.0]),
            "finance.guarantee": np.zeros(3),
            "finance.venture_relief": np.zeros(3),
            "government.profit_tax": np.array([0.2, 0.2, 0.0]),
        },
        p=Parameters(read(ROOT / "agents" / "investor.toml", ROOT / "agents" / "firm" / "firm.toml")),
    )  # fmt: skip
    w.base_levers = {name: values.copy() for name, values in w.levers.items()}
    for pot in ("households", "government"):
        w.accounts.open(pot)
    w.accounts.open("organizations", w.orgs)
    n = np.arange(FIRMS)
    w.orgs.add(
        FIRMS, uid=fold(n, 5), kind=FIRM, jurisdiction=n % 2, sector=n % 2, weight=80.0, anniversary=n % 12,
        employees=40.0, rd=1.0,
        base=2.0, founded=-24, finance_constrained=True, quality_signal=w.draw.normal("quality", n),
    )  # fmt: skip
    # Every second firm of each place holds one right in force.
    owner = n[(n // 2) % 2 == 0]
    w.inventions.add(len(owner), uid=owner + 1, owner=owner)
    w.rights.add(len(owner), uid=fold(owner, 9), invention=np.arange(len(owner)), owner=owner, in_force=True)
    open_investors(w)
    w.accounts.close_opening()
    monkeypatch.setattr(investor, "right_present_value", lambda world, rights: np.full(len(rights), 0.3))
    return w


def month(w: Any, m: int) -> None:
    w.month, w.month_of_year, w.draw.month = m, m % 12, m
    w.tally.clear()
    investor.raise_money(w)
    investor.fund(w)
    investor.pledge(w)
    investor.repay(w)


def test_funds_and_banks_are_created_in_every_jurisdiction(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make(monkeypatch)
    assert np.bincount(w.orgs.jurisdiction[w.orgs.living(VENTURE)]).tolist() == [2, 2]
    assert np.bincount(w.orgs.jurisdiction[w.orgs.living(BANK)]).tolist() == [1, 1]
    assert len(np.unique(w.orgs.uid)) == w.orgs.n


def test_venture_money_goes_to_better_firms_on_average(monkeypatch: pytest.MonkeyPatch) -> None:
    lead = []
    for seed in range(20):
        w = make(monkeypatch, seed, supply=3000.0)
        for m in range(12):
            month(w, m)
        quality, got = w.orgs.quality_signal[:FIRMS], w.orgs.venture_funding[:FIRMS] > 0
        lead.append(quality[got].mean() - quality[~got].mean())
    assert np.mean(lead) > 0.4
    assert np.mean(np.array(lead) > 0) > 0.9


def test_a_right_in_force_makes_selection_sharper(monkeypatch: pytest.MonkeyPatch) -> None:
    gap = np.zeros(2)
    for seed in range(20):
        w = make(monkeypatch, seed)
        for m in range(12):
            month(w, m)
        o = w.orgs
        with_right = np.isin(np.arange(FIRMS), w.rights.owner)
        got = o.venture_funding[:FIRMS] > 0
        for k, group in enumerate((~with_right, with_right)):
            gap[k] += o.quality_signal[:FIRMS][group & got].mean() - o.quality_signal[:FIRMS][group & ~got].mean()
    assert gap[1] > gap[0]


def test_venture_money_is_not_overspent_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make(monkeypatch, supply=2000.0)
    invested = np.zeros(3)
    for m in range(36):
        month(w, m)
        invested += w.tally["venture_invested"].sum(axis=1)
        assert w.orgs.cash[w.orgs.living(VENTURE)].min() > -1e-12
        assert w.accounts.imbalance() < 1e-9
    assert (invested[:2] <= 3 * np.array([2000.0, 500.0]) * (1 + 1e-12)).all()
    assert invested[0] > 0.8 * 3 * 2000.0
    assert sum(h.total() for h in w.accounts.holders.values()) == pytest.approx(0.0, abs=1e-6)


def test_loops_of_venture_money_equal_whole_columns() -> None:
    fund_place, money = np.array([0, 0, 1, 2]), np.array([3.0, 1.0, 0.0, 5.0])
    purse = np.bincount(fund_place, money, 3)
    place, got = np.array([0, 1, 0, 2]), np.array([2.0, 7.0, 0.5, 1.0])
    fund, firm, amount, part = purse_loops.syndicate(fund_place, money, purse, place, got)
    assert fund.tolist() == [0, 0, 1, 1, 3]
    assert firm.tolist() == [0, 2, 0, 2, 3]
    assert part == pytest.approx([0.75, 0.75, 0.25, 0.25, 1.0])
    assert amount == pytest.approx(got[firm] * part)
    held, share = np.array([4, 2, 4, 1], np.int32), np.array([0.5, 0.5, 0.25, 0.1])
    purse_loops.dilute(held, share, np.array([4, 3]), 5, 0.8)
    assert share == pytest.approx([0.4, 0.5, 0.2, 0.1])


def test_the_loop_over_borrowers_equals_whole_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make(monkeypatch)
    o = w.orgs
    o.cash[:FIRMS] = np.arange(FIRMS) % 5 * 0.3
    o.finance_constrained[: FIRMS // 2] = False
    o.employees[::3] = 300.0
    o.alive[::7] = False
    firms, need, bank_of = purse_loops.borrowers(
        4, o.kind, o.alive, o.passive, o.anniversary, o.jurisdiction, o.rd, o.cash, o.finance_constrained, o.employees,
        0.75, 250.0, BANK, 3,
    )  # fmt: skip
    mine = o.living(FIRM)
    lack = 0.75 * o.rd[mine] - o.cash[mine]
    who = (o.anniversary[mine] == 4) & (lack > 0) & (o.finance_constrained[mine] | (o.employees[mine] < 250))
    assert firms.tolist() == mine[who].tolist()
    assert need == pytest.approx(lack[who])
    assert (o.kind[bank_of[:2]] == BANK).all()
    assert bank_of[2] == -1


def test_more_supply_funds_more_firms(monkeypatch: pytest.MonkeyPatch) -> None:
    funded = []
    for supply in (1000.0, 4000.0):
        w = make(monkeypatch, supply=supply)
        for m in range(12):
            month(w, m)
        funded.append(set(np.flatnonzero(w.orgs.venture_funding > 0)))
    assert funded[0] < funded[1]


def test_stakes_return_a_share_of_profit_to_households(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make(monkeypatch)
    for m in range(12):
        month(w, m)
    w.orgs.gross_profit[:FIRMS] = 1.0
    w.orgs.license_payments[:] = 0.0
    w.month = 11
    w.month_of_year = 11
    investor.harvest(w)
    firms = np.unique(w.stakes.firm)
    share = np.bincount(w.stakes.firm, w.stakes.share)[firms]
    assert share == pytest.approx(np.full(len(firms), w.p["investor.equity_share"]))
    assert w.tally["venture_returned"].sum() == pytest.approx(len(firms) * 0.2 * 0.8 * 80.0)
    assert w.accounts.imbalance() < 1e-9


def test_only_firms_with_rights_borrow_and_a_higher_rate_lends_more(monkeypatch: pytest.MonkeyPatch) -> None:
    lent, granted = [], []
    for rate in (0.0, 0.2, 0.6):
        w = make(monkeypatch, supply=0.0, loan_to_value=rate)
        money = loans = 0.0
        for m in range(12):
            month(w, m)
            money += w.tally["pledge_loans"].sum()
            loans += w.tally["pledge_loans_granted"].sum()
        lent.append(money)
        granted.append(loans)
        assert set(np.flatnonzero(w.orgs.debt > 0)) <= set(w.rights.owner.tolist())
    assert lent[0] == 0.0
    assert lent[0] < lent[1] < lent[2]
    assert granted[1] < granted[2]


def test_loans_are_paid_back_with_interest_and_the_collateral_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make(monkeypatch, supply=0.0)
    for m in range(12):
        month(w, m)
    assert w.rights.pledged.any()
    w.orgs.cash[:FIRMS] += 50.0
    w.accounts.opening["organizations"] += 50.0 * 80.0 * FIRMS
    for m in range(12, 60):
        month(w, m)
    assert not w.rights.pledged.any()
    assert w.orgs.debt == pytest.approx(np.zeros(w.orgs.n), abs=1e-9)
    lent = sum(float(d) for d in w.deals.upfront) * w.scale
    back = sum(c.sum() for (a, b, k, _), c in w.accounts.cells.items() if k == "pledge_repayment")
    assert back > lent
    assert w.orgs.cash[w.orgs.living(BANK)] == pytest.approx(np.zeros(2), abs=1e-6)
    assert w.accounts.imbalance() < 1e-9


def test_the_exit_of_a_borrower_is_the_lenders_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    w = make(monkeypatch, supply=0.0)
    month(w, 0)
    borrowers = np.flatnonzero(w.orgs.debt > 0)
    assert len(borrowers)
    owed = (w.orgs.debt * w.orgs.weight).sum()
    w.orgs.alive[borrowers] = False
    w.orgs.alive[np.setdiff1d(np.arange(FIRMS), borrowers)] = False
    month(w, 3)
    assert w.tally["pledge_losses"].sum() == pytest.approx(owed)
    assert w.orgs.debt.max() == pytest.approx(0.0, abs=1e-9)
    assert not w.rights.pledged.any()
