"""Facts: each statistic on data made by hand, where the answer is known; the registry, bands and bad input."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from ecosystem.kernel.errors import InputError
from ecosystem.lab.estimators import (
    gini,
    hgh_panel,
    pareto_exponent,
    persistence,
    poisson_pooled,
    poisson_within,
    rank_correlation,
    subbotin_shape,
    top_share,
)
from ecosystem.lab.facts import FACTS, Evidence, NotYet, fact, published, score, summary
from ecosystem.lab.facts.board import page
from ecosystem.lab.facts.creation import panel
from ecosystem.lab.run_folder import load_run, write_run

if TYPE_CHECKING:
    from ecosystem.world import World

PLACES = ["us", "eu", "jp", "cn", "row"]
NA = pd.NA


def evidence(months: int = 360, scale: float = 500.0, attacked: Any = None, **tables: pd.DataFrame) -> Evidence:
    return Evidence(lambda name: tables[name], months=months, scale=scale, places=PLACES, attacked=attacked)


def rights(n: int, **columns: Any) -> pd.DataFrame:
    """Granted US patents of one owner, filed in month 0 and alive, unless said otherwise."""
    t = pd.DataFrame(
        {
            "uid": np.arange(n), "invention": np.arange(n), "kind": "patent", "office": "us", "owner_at_filing": 1,
            "applicant_size": "large", "accelerated": False, "filed_month": 0, "requested_month": 0,
            "first_action_month": 12, "decided_month": 24, "outcome": "granted", "in_force": True,
            "lapsed_month": NA, "invalidated_month": NA,
        }
    )  # fmt: skip
    t = t.assign(**columns)
    months = ["requested_month", "first_action_month", "decided_month", "lapsed_month", "invalidated_month"]
    return t.astype(dict.fromkeys(months, "Int64"))


def inventions(n: int, **columns: Any) -> pd.DataFrame:
    t = pd.DataFrame(
        {"uid": np.arange(n), "jurisdiction": "us", "month": 0, "value": 1.0, "team_size": 3, "launched_month": NA,
         "partner": NA, "industry_university": False, "sector": "chemicals"}
    )  # fmt: skip
    return t.assign(**columns).astype({"launched_month": "Int64", "partner": "Int64"})


def organizations(n: int, **columns: Any) -> pd.DataFrame:
    t = pd.DataFrame(
        {"uid": np.arange(n), "kind": "firm", "jurisdiction": "us", "sector": "chemicals", "year": 2025,
         "employees": 100.0, "sales": 1.0, "rd_basic": 0.0, "rd_applied": 0.0, "rd_development": 1.0,
         "patents_filed": 0.0, "founded_month": -500, "exited_month": NA, "weight": 1.0}
    )  # fmt: skip
    return t.assign(**columns).astype({"founded_month": "Int64", "exited_month": "Int64"})


def suits(right: list[int], **columns: Any) -> pd.DataFrame:
    t = pd.DataFrame({"right": right, "court": "us", "stage_reached": "suit", "outcome": "settled", "suit_month": 10,
                      "judged_month": NA})  # fmt: skip
    t = t.assign(**columns)
    return t.astype({"right": "Int64", "suit_month": "Int64", "judged_month": "Int64"})


def flows(**totals: float) -> pd.DataFrame:
    rows = [(0, name.split("__")[0], name.split("__")[1], "", v) for name, v in totals.items()]
    return pd.DataFrame(rows, columns=["month", "indicator", "jurisdiction", "sector", "value"])


# -- estimators ---------------------------------------------------------------------------------------------------


def test_the_regressions_reproduce_the_published_elasticities_on_the_shipped_panel() -> None:
    firms = hgh_panel()
    assert firms["firm"].nunique() == 346
    pooled, within = poisson_pooled(firms), poisson_within(firms)
    assert pooled.value == pytest.approx(0.7066, abs=5e-4)
    assert pooled.error == pytest.approx(0.0402, abs=5e-4)
    assert within.value == pytest.approx(0.3803, abs=5e-4)
    assert within.observations == 3380, "firms without any patent say nothing within firms"
    assert pooled.interval[0] < 0.7066 < pooled.interval[1]
    assert persistence(firms) == pytest.approx(0.945, abs=5e-4)
    assert gini(firms.groupby("firm")["patents"].mean().to_numpy()) == pytest.approx(0.7588, abs=5e-4)


def test_fixed_effects_remove_what_is_lasting_in_firms() -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    firm, year = np.repeat(np.arange(200), 8), np.tile(np.arange(8), 200)
    ability = np.repeat(rng.normal(0.0, 1.0, 200), 8)
    x = ability + rng.normal(0.0, 0.6, len(firm))
    y = rng.poisson(np.exp(1.0 + 0.4 * x + 0.5 * ability + 0.05 * year))
    data = pd.DataFrame({"firm": firm, "year": year, "log_rd": x, "patents": y})
    within = poisson_within(data)
    assert within.interval[0] < 0.4 < within.interval[1]
    assert poisson_pooled(data).value > 0.6


@pytest.mark.parametrize(
    ("values", "expected"), [([1.0, 1.0, 1.0], 0.0), ([0.0, 0.0, 0.0, 8.0], 0.75), ([1.0, 3.0], 0.25)]
)
def test_gini(values: list[float], expected: float) -> None:
    assert gini(np.array(values)) == pytest.approx(expected)
    assert gini(np.repeat(values, 3)) == pytest.approx(gini(np.array(values), np.full(len(values), 3.0)))


def test_gini_and_top_share_of_nothing_are_missing() -> None:
    assert np.isnan(gini(np.zeros(3)))
    assert np.isnan(top_share(np.zeros(0)))


def test_top_share_counts_a_part_of_a_unit_in_part() -> None:
    assert top_share(np.array([9.0, *np.ones(9) / 9.0])) == pytest.approx(0.9)
    assert top_share(np.array([10.0, 0.0, 0.0, 0.0, 0.0])) == pytest.approx(0.5)


def test_pareto_exponent_of_quantiles_of_a_pareto_law() -> None:
    x = 100.0 * (1.0 - (np.arange(20_000) + 0.5) / 20_000) ** (-1.0 / 1.06)
    assert pareto_exponent(x, 100.0) == pytest.approx(1.06, rel=0.01)
    assert pareto_exponent(x, 400.0) == pytest.approx(1.06, rel=0.01), "a tail of the law is the law"
    assert pareto_exponent(np.array([200.0, 50.0]), 100.0, np.array([3.0, 9.0])) == pytest.approx(1.0 / np.log(2.0))


def test_subbotin_tells_a_tent_from_a_bell() -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    assert subbotin_shape(rng.laplace(0.02, 0.1, 20_000)) == pytest.approx(1.0, abs=0.05)
    assert subbotin_shape(rng.normal(0.0, 3.0, 20_000)) == pytest.approx(2.0, abs=0.1)
    assert np.isnan(subbotin_shape(np.zeros(5)))


def test_persistence_uses_pairs_of_years_that_follow() -> None:
    data = pd.DataFrame({"firm": [1, 1, 2, 2, 3], "year": [0, 1, 0, 1, 1], "patents": [0, 0, 7, 7, 99]})
    assert persistence(data) == pytest.approx(1.0)
    assert np.isnan(persistence(data.assign(year=data["year"] * 2)))


def test_rank_correlation_shares_ranks_of_ties() -> None:
    assert rank_correlation(np.array([4.0, 3.0, 2.0, 1.0]), -np.arange(4.0)) == pytest.approx(1.0)
    assert rank_correlation(np.array([3.0, 4.0, 2.0, 1.0]), -np.arange(4.0)) == pytest.approx(0.8)
    assert rank_correlation(np.array([1.0, 1.0, 0.0]), np.array([2.0, 1.0, 0.0])) == pytest.approx(np.sqrt(0.75))


# -- value and renewal --------------------------------------------------------------------------------------------


def test_value_facts_compare_patents_within_their_place() -> None:
    worth = np.exp(np.tile([-1.0, 1.0], 50))
    both = pd.concat(
        [rights(100, filed_month=300), rights(100, filed_month=300, office="jp").assign(invention=np.arange(100, 200))]
    )
    made = inventions(200, value=np.concatenate([worth, 1000.0 * worth]), jurisdiction=["us"] * 100 + ["jp"] * 100)
    run = evidence(rights=both, inventions=made)
    assert fact("value_lognormal")(run) == pytest.approx(1.0)
    assert fact("value_top10_share")(run) == pytest.approx(top_share(worth))


def test_value_counts_no_family_twice() -> None:
    both = pd.concat([rights(100, filed_month=300), rights(100, filed_month=300, office="jp")])
    worth = np.exp(np.linspace(-2.0, 2.0, 100))
    assert fact("value_lognormal")(evidence(rights=both, inventions=inventions(100, value=worth))) == pytest.approx(
        np.std(np.log(worth))
    )


def test_renewal_counts_who_paid_the_fee_of_that_age() -> None:
    t = rights(4, lapsed_month=[60, 108, 156, NA])
    run = evidence(rights=t)
    assert fact("renewal_us_4")(run) == 0.75
    assert fact("renewal_us_8")(run) == 0.5
    assert fact("renewal_us_12")(run) == 0.25


def test_renewal_leaves_out_the_young_the_late_and_the_refused() -> None:
    t = rights(
        4,
        filed_month=[0, 330, 0, 0],
        lapsed_month=[60, NA, NA, NA],
        decided_month=[24, 340, 70, 24],
        outcome=["granted", "granted", "granted", "refused"],
    )
    assert fact("renewal_us_4")(evidence(rights=t)) == 0.0


def test_imitation_cost_weighs_years_by_adoptions() -> None:
    rows = [(0, "imitation_cost_ratio", "all", "", 0.5), (12, "imitation_cost_ratio", "all", "", 0.9),
            (0, "adoptions_free", "all", "", 30.0), (12, "adoptions_license", "all", "", 10.0),
            (12, "adoptions_drop", "all", "", 500.0)]  # fmt: skip
    t = pd.DataFrame(rows, columns=["month", "indicator", "jurisdiction", "sector", "value"])
    assert fact("imitation_cost")(evidence(indicators=t)) == pytest.approx(0.6)


# -- examination --------------------------------------------------------------------------------------------------


def test_grant_rate_counts_the_given_up_and_not_the_pending() -> None:
    t = rights(5, outcome=["granted", "granted", "refused", "withdrawn", "pending"], decided_month=[5, 5, 5, 5, NA])
    assert fact("grant_rate_us")(evidence(rights=t)) == 0.5


def test_grant_rate_small_minus_large() -> None:
    t = rights(6, applicant_size=["small"] * 2 + ["large"] * 2 + ["university"] * 2,
               outcome=["granted", "refused", "granted", "granted", "refused", "refused"])  # fmt: skip
    assert fact("grant_rate_small_lower")(evidence(rights=t)) == -0.5


def test_pendency_runs_from_the_request() -> None:
    t = rights(
        3,
        office="jp",
        requested_month=[10, 20, 30],
        decided_month=[22, 35, 99],
        outcome=["granted", "refused", "withdrawn"],
    )
    assert fact("pendency_jp")(evidence(rights=t)) == 13.5
    t = rights(
        3, office="jp", requested_month=[0, 0, 0], first_action_month=[2, 3, 20], accelerated=[True, True, False]
    )
    assert fact("accelerated_jp")(evidence(rights=t)) == 2.5


def test_nonresident_share() -> None:
    t = flows(
        patent_filings__us=200.0, nonresident_filings__us=90.0, patent_filings__cn=100.0, nonresident_filings__cn=9.0
    )
    assert fact("nonresident_share_us")(evidence(indicators=t)) == 0.45
    assert fact("nonresident_share_cn")(evidence(indicators=t)) == 0.09


# -- disputes -----------------------------------------------------------------------------------------------------


def test_litigated_share_looks_at_full_lives_and_counts_a_patent_once() -> None:
    t = rights(10, filed_month=[0] * 5 + [300] * 5)
    cases = suits([0, 0, 7, 1], suit_month=[10, 20, 310, NA])
    assert fact("litigated_share")(evidence(rights=t, disputes=cases)) == 0.2


def test_trials_in_suits_that_ended() -> None:
    cases = suits([0, 1, 2, 3, 4], stage_reached=["trial", "suit", "suit", "suit", "suit"],
                  outcome=["invalid", "settled", "dropped", "settled", "pending"], suit_month=[1, 1, 1, 1, 1])  # fmt: skip
    assert fact("trial_share_of_suits")(evidence(disputes=cases)) == 0.25


def test_invalid_among_judgments_on_validity_only() -> None:
    cases = suits([0, 1, 2, 3], stage_reached="trial", outcome=["invalid", "infringed", "infringed", "invalid"],
                  judged_month=30, court=["us", "us", "us", "cn"])  # fmt: skip
    run = evidence(disputes=cases, attacked=lambda: np.array([True, True, False, True]))
    assert fact("invalid_when_litigated")(run) == 0.5
    with pytest.raises(NotYet, match="attacked"):
        fact("invalid_when_litigated")(evidence(disputes=cases))


def test_order_of_suits_per_right() -> None:
    t = pd.concat([rights(10, office=place, decided_month=0, lapsed_month=120) for place in ("us", "eu", "jp", "cn")])
    cases = suits([0] * 6, court=["cn", "cn", "cn", "eu", "eu", "us"])
    assert fact("suits_ranking")(evidence(rights=t, disputes=cases)) == pytest.approx(1.0)
    # The same suits on ten times as many rights are fewer per right.
    many = pd.concat([t, rights(90, office="cn", decided_month=0, lapsed_month=120)])
    assert fact("suits_ranking")(evidence(rights=many, disputes=cases)) == pytest.approx(0.4)


# -- creation and structure ---------------------------------------------------------------------------------------


def yearly(firms: int, years: int, **columns: Any) -> pd.DataFrame:
    t = organizations(firms * years)
    return t.assign(uid=np.repeat(np.arange(1, firms + 1), years), year=np.tile(np.arange(years) + 2025, firms)).assign(
        **columns
    )


def test_the_panel_is_balanced_favours_large_performers_and_repeats() -> None:
    t = yearly(400, 10, rd_development=np.repeat(np.where(np.arange(400) < 200, 1.0, 100.0), 10))
    t = t[~((t["uid"] == 400) & (t["year"] == 2030))]
    run = evidence(organizations=t)
    chosen = panel(run, firms=100)
    assert len(chosen) == 1000
    assert chosen["firm"].nunique() == 100
    assert 400 not in set(chosen["firm"]), "a firm with a gap is left out"
    assert (chosen["rd"] == 100.0).mean() > 0.85, "drawn with R&D^0.65: 20 to 1"
    assert chosen.equals(panel(run, firms=100))


def test_panel_facts_on_firms_of_known_elasticity() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    level = np.repeat(np.exp(rng.normal(1.0, 1.5, 300)), 10)
    rd = level * np.exp(rng.normal(0.0, 0.3, 3000))
    filed = rng.poisson(3.0 * level**0.9 * (rd / level) ** 0.4).astype(float)
    run = evidence(organizations=yearly(300, 10, rd_development=rd, patents_filed=filed))
    assert fact("rd_patent_elasticity_within")(run) == pytest.approx(0.4, abs=0.06)
    assert 0.75 < fact("rd_patent_elasticity_pooled")(run) < 0.95
    mean = filed.reshape(300, 10).mean(axis=1)
    assert fact("patents_gini")(run) == pytest.approx(gini(mean[mean > 0]))
    assert 0.8 < fact("patents_persistence")(run) < 1.0


def test_team_size_of_recent_patents() -> None:
    t = rights(3, decided_month=[350, 350, 100])
    assert fact("team_size")(evidence(rights=t, inventions=inventions(3, team_size=[2, 4, 9]))) == 3.0


def test_basic_share_weighs_real_units() -> None:
    t = organizations(
        2, kind=["firm", "university"], rd_basic=[0.0, 5.0], rd_development=[10.0, 5.0], weight=[9.0, 1.0]
    )
    assert fact("chain_us_basic")(evidence(organizations=t)) == 0.05
    assert np.isnan(fact("chain_jp_basic")(evidence(organizations=t)))


def test_size_tail_undoes_that_only_some_firms_do_research() -> None:
    n = 1000.0 * (1.0 - (np.arange(5000) + 0.5) / 5000) ** (-1.0 / 1.1)
    performers = (n / (n + 1800.0)) ** 0.75
    t = organizations(5000, employees=n, weight=performers)
    assert fact("firm_size_tail")(evidence(organizations=t)) == pytest.approx(1.1, rel=0.01)


def test_growth_tent_leaves_out_part_years() -> None:
    rng = np.random.Generator(np.random.PCG64(2))
    sales = np.exp(np.cumsum(rng.laplace(0.0, 0.1, (2000, 2)), axis=1)).ravel()
    t = yearly(2000, 2, sales=sales)
    assert fact("growth_tent")(evidence(months=24, organizations=t)) == pytest.approx(1.0, abs=0.12)
    young = t.assign(founded_month=pd.array([1] * len(t), dtype="Int64"))
    assert np.isnan(fact("growth_tent")(evidence(months=24, organizations=young)))


def test_patent_use_by_size_is_per_real_firm() -> None:
    t = yearly(4, 3, employees=np.repeat([15.0, 15.0, 50_000.0, 50_000.0], 3), weight=np.repeat([5600.0, 100.0, 180.0, 90.0], 3),
               patents_filed=[1.0, 0, 0, 0, 0, 0, 9.0, 9.0, 9.0, 0, 0, 0])  # fmt: skip
    assert fact("patent_use_by_size")(evidence(organizations=t)) == pytest.approx((180.0 / 900.0) / 0.01)


# -- transfer -----------------------------------------------------------------------------------------------------


def test_use_of_university_patents_joint_and_alone() -> None:
    t = rights(12, office="cn", owner_at_filing=[1] * 11 + [2])
    made = inventions(12, partner=[7, 7, *[NA] * 10], launched_month=[90, NA, 80, *[NA] * 8, 70])
    who = organizations(2, uid=[1, 2], kind=["university", "firm"], jurisdiction="cn")
    run = evidence(rights=t, inventions=made, organizations=who)
    assert fact("university_use_cn")(run) == pytest.approx(2 / 11)
    assert fact("university_joint_use_cn")(run) == pytest.approx(0.5 / (1 / 9))


def deals(kind: list[str], giver: list[int], **columns: Any) -> pd.DataFrame:
    t = pd.DataFrame(
        {"kind": kind, "giver": giver, "month": 300, "invention": np.arange(len(kind)), "from_jurisdiction": "us"}
    )
    return t.assign(**columns).astype({"giver": "Int64", "invention": "Int64"})


def test_licenses_and_startups_per_disclosure() -> None:
    t = deals(["university_license", "university_license", "spin_off", "license"], [1, 1, 1, 1],
              from_jurisdiction=["us", "cn", "us", "us"])  # fmt: skip
    run = evidence(deals=t, indicators=flows(university_disclosures__us=5000.0))
    assert fact("us_licenses_per_disclosure")(run) == 0.1
    assert fact("us_startups_per_disclosure")(run) == 0.1


def test_license_out_share_spreads_a_deal_over_the_firms_it_stands_for() -> None:
    who = yearly(20, 10, jurisdiction="eu", patents_filed=np.repeat(np.arange(20.0) + 1, 10), weight=500.0)
    run = evidence(organizations=who, deals=deals(["license"] * 20, [1, *range(1, 20)]), months=360)
    rate = np.full(10, 1.0)
    rate[0], rate[-1] = 1.5, 0.5
    assert fact("license_out_share")(run) == pytest.approx(np.mean(1.0 - np.exp(-0.3 * rate)))


def test_own_use_is_not_the_licensees() -> None:
    t = rights(5, office="eu", filed_month=[270, 270, 270, 100, 270], owner_at_filing=[1, 1, 1, 1, 2])
    made = inventions(5, launched_month=[300, 300, NA, 300, 300])
    who = organizations(2, uid=[1, 2], jurisdiction=["eu", "us"])
    given = deals(["license", "license"], [1, 1], invention=[0, 1], month=[290, 310])
    run = evidence(rights=t, inventions=made, organizations=who, deals=given)
    assert fact("patent_use_commercial")(run) == pytest.approx(1 / 3)


# -- registry and score -------------------------------------------------------------------------------------------


def test_every_published_fact_has_a_documented_function() -> None:
    table = published()
    assert len(table) == 36
    assert set(table["id"]) == set(FACTS)
    assert all((FACTS[name].__doc__ or "").strip() for name in FACTS)
    assert table["use"].value_counts().to_dict() == {"validate": 15, "calibrate": 14, "input": 7}


def test_an_unknown_fact_names_the_nearest() -> None:
    with pytest.raises(InputError, match="team_size"):
        fact("team_sise")


def test_what_cannot_be_computed_says_why() -> None:
    with pytest.raises(NotYet, match="opposition"):
        fact("opposition_rate_eu")(evidence())


def bands(folder: Path, *rows: str, head: str = "id,area,statistic,low,high,use") -> Path:
    path = folder / "facts.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_score_keeps_groups_apart_and_counts_the_missing_as_outside(tmp_path: Path) -> None:
    path = bands(tmp_path, "grant_rate_us,examination,x,0.4,0.6,calibrate", "pendency_jp,examination,x,1,2,validate",
                 "opposition_rate_eu,dispute,x,0,1,validate", "nobody_knows,x,x,0,1,input")  # fmt: skip
    t = rights(2, outcome=["granted", "refused"])
    table = score(evidence(rights=t), path)
    assert list(table["inside"]) == [True, False, False, False]
    assert table["reason"].iloc[1] == "the run holds too few cases"
    assert "opposition" in table["reason"].iloc[2]
    assert "no function" in table["reason"].iloc[3]
    counted = summary(table)
    assert counted.loc["calibrate"].to_list() == [1, 1, 1]
    assert counted.loc["validate"].to_list() == [2, 0, 0]
    text = page(table, published(path), f"{datetime.date(2026, 1, 1)}")
    assert "| `grant_rate_us` | 0.5 | 0.4 to 0.6 | yes |" in text
    assert "## Only scored" in text


@pytest.mark.parametrize(
    ("row", "head", "words"),
    [
        ("a,b,c,0.4,0.6,guess", None, "guess"),
        ("a,b,c,x,0.6,input", None, "no number"),
        ("a,b,c,0.7,0.6,input", None, "above"),
        ("a,b,c,0.4,0.6", "id,area,statistic,low,high", "'use' is missing"),
    ],
)
def test_a_bad_file_of_facts_is_refused(tmp_path: Path, row: str, head: str | None, words: str) -> None:
    path = bands(tmp_path, row, **({"head": head} if head else {}))
    with pytest.raises(InputError, match=words):
        published(path)
    with pytest.raises(InputError):
        published(tmp_path / "nowhere.csv")


def test_a_run_read_from_its_folder_gives_the_same_facts_as_its_world(small_world: World, tmp_path: Path) -> None:
    write_run(small_world, tmp_path / "run")
    alive, read = score(small_world).set_index("id"), score(load_run(tmp_path / "run")).set_index("id")
    # Validity attacked is not in the tables; imitation cost is weighted by year there and by month here.
    same = alive.index.difference(["invalid_when_litigated", "imitation_cost"])
    pd.testing.assert_series_equal(alive.loc[same, "value"], read.loc[same, "value"])
    assert read.loc["imitation_cost", "value"] == pytest.approx(alive.loc["imitation_cost", "value"], rel=0.05)
