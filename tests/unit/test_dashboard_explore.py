"""The columns of Explore: what is changed can be taken back, and a cost has an interval or no size."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ecosystem.dashboard import share
from ecosystem.dashboard.changes import changes
from ecosystem.dashboard.effects import title
from ecosystem.dashboard.picks import direct_group, indicator_groups
from ecosystem.dashboard.session import Session
from ecosystem.dashboard.spending import cost_words, money
from ecosystem.dashboard.tabs.explore.explain import drop_change, set_limit
from ecosystem.dashboard.tabs.explore.measures import set_assumption
from ecosystem.domain.indicators import INDICATORS
from ecosystem.scenario import known_measures

CREDIT = "us_rd_tax_credit"


@pytest.mark.parametrize(
    ("cost", "half", "pairs", "words"),
    [
        (284.0, 100.0, 8, "spends 284 million USD a year more (95 % interval +184 million USD to +384 million USD; 8 pairs)"),
        (-5e3, 10.0, 8, "spends 5.00 billion USD a year less (95 % interval −5.01 billion USD to −4.99 billion USD; 8 pairs)"),
        (0.0, 0.0, 8, "the measures cost the same in all 8 pairs"),
        (3.0, math.nan, 1, "an interval needs at least two pairs"),
    ],
)  # fmt: skip
def test_a_cost_is_told_with_its_interval(cost: float, half: float, pairs: int, words: str) -> None:
    assert cost_words(cost, half, pairs) == words


def test_a_cost_that_may_be_luck_has_no_size() -> None:
    words = cost_words(-108.0, 250.0, 8)
    assert words.startswith("no clear difference")
    assert "108" not in words
    assert "−358 million USD to +142 million USD" in words


def test_money_is_written_in_its_largest_word() -> None:
    assert [money(v) for v in (2.5e6, 1e3, 1.0, 0.002)] == [
        "2.50 trillion USD", "1.00 billion USD", "1.00 million USD", "2.00 thousand USD",
    ]  # fmt: skip


def test_every_change_has_a_line_that_takes_it_back() -> None:
    scenario = share.start().with_measure(CREDIT, on=["us", "jp"], strength=0.3)
    scenario = replace(
        scenario,
        levers={"eu": {"government.profit_tax": 0.2}},
        budgets={"us": 100.0},
        parameters={"welfare.cost_of_public_funds": 1.4},
    )
    session = Session(scenario)
    lines = changes(session.scenario)
    assert [line["key"] for line in lines] == [
        f"measure|{CREDIT}|us", f"measure|{CREDIT}|jp", "lever|government.profit_tax|eu", "budget|us|",
        "parameter|welfare.cost_of_public_funds|",
    ]  # fmt: skip
    for n, line in enumerate(lines, 1):
        drop_change(session, line["key"])
        assert len(changes(session.scenario)) == len(lines) - n
    assert not session.differs
    drop_change(session, "nonsense")
    assert not session.differs


def test_a_limit_and_an_assumption_are_set_lifted_and_refused() -> None:
    session = Session(share.start())
    set_limit(session, {"code": "us", "value": "250"})
    assert session.scenario.budgets == {"us": 250.0}
    set_limit(session, {"code": "us", "value": "much"})
    assert "much" in session.problem
    assert session.scenario.budgets == {"us": 250.0}
    set_limit(session, {"code": "us", "value": ""})
    assert session.scenario.budgets == {}
    set_assumption(session, {"name": "welfare.cost_of_public_funds", "value": 1.4})
    assert session.scenario.parameters == {"welfare.cost_of_public_funds": 1.4}
    set_assumption(session, "nonsense")
    assert session.problem
    assert session.scenario.parameters == {"welfare.cost_of_public_funds": 1.4}


def test_each_indicator_is_offered_once_with_its_title() -> None:
    offered = [one for group in [*indicator_groups(), direct_group()] for one in group["options"]]
    values = [one["value"] for one in offered]
    assert len(values) == len(set(values))
    assert {m.indicator for m in known_measures().values()} & set(INDICATORS) <= set(values)
    assert all(one["label"] == title(one["value"]) for one in offered)
