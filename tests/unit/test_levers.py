"""Levers: pulls commute, every pull is on record, a restart forgets the month, own values change no bit."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.kernel.errors import InputError
from ecosystem.kernel.levers import Levers, LeverSpec, LeverValue

PLACES = ["us", "jp", "row"]
SPECS = {
    "office.fee": LeverSpec("office.fee", "USD", 0.0, 1000.0, "fee of filing", "protection.choose"),
    "office.staff": LeverSpec("office.staff", "examiners", 1.0, 50.0, "examiners", "office.hire"),
    "law.term": LeverSpec("law.term", "years", 1.0, 50.0, "term", "renewal.decide"),
}
BASE = {"office.fee": 0.1 + 0.2, "office.staff": 7.0, "law.term": 20.0}


def fresh() -> Levers:
    base = {p: {n: LeverValue(v + i, "cal-0001") for n, v in BASE.items()} for i, p in enumerate(PLACES)}
    return Levers(SPECS, PLACES, base)


def test_levers_start_at_their_base() -> None:
    levers = fresh()
    assert levers["law.term"].tolist() == [20.0, 21.0, 22.0]
    assert set(levers) == set(SPECS)
    assert len(levers) == 3
    assert "law.term" in levers
    assert "nothing" not in levers


def test_set_scale_and_add_compose() -> None:
    levers = fresh()
    levers.set("law.term", 10.0, by="a", on="jp")
    levers.scale("law.term", 2.0, by="b", on="jp")
    levers.scale("law.term", 0.5, by="c", on="jp")
    levers.add("law.term", 3.0, by="d", on="jp")
    assert levers["law.term"].tolist() == [20.0, 21.0, 22.0]
    levers.settle()
    assert levers["law.term"].tolist() == [20.0, 13.0, 22.0]
    assert levers["office.fee"].tolist() == levers.base("office.fee").tolist()


PULLS = st.lists(
    st.tuples(
        st.sampled_from(["scale", "add"]), st.sampled_from(sorted(SPECS)), st.floats(0.2, 3.0),
        st.sampled_from(["a", "b", "c"]), st.sampled_from(PLACES),
    ),
    max_size=8,
)  # fmt: skip


@given(PULLS, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_pulls_changes_no_bit(pulls: list[tuple], luck: random.Random, with_set: bool) -> None:
    def settled(order: list[tuple]) -> list[bytes]:
        levers = fresh()
        for how, name, amount, by, on in order:
            getattr(levers, how)(name, amount, by=by, on=on)
        levers.settle()
        return [levers[name].tobytes() for name in SPECS]

    if with_set:
        pulls = [*pulls, ("set", "office.staff", 9.0, "z", "us")]
    mixed = list(pulls)
    luck.shuffle(mixed)
    assert settled(pulls) == settled(mixed)


@given(PULLS)
def test_a_restart_restores_the_base_exactly(pulls: list[tuple]) -> None:
    levers = fresh()
    held = {name: levers[name] for name in SPECS}
    before = {name: levers[name].tobytes() for name in SPECS}
    for how, name, amount, by, on in pulls:
        getattr(levers, how)(name, amount, by=by, on=on)
    levers.settle()
    for name, spec in SPECS.items():
        assert (levers[name] >= spec.low).all()
        assert (levers[name] <= spec.high).all()
    levers.restart()
    levers.settle()
    assert {name: levers[name].tobytes() for name in SPECS} == before
    # Rules hold the arrays: they must stay the same objects.
    assert all(levers[name] is held[name] for name in SPECS)


def test_a_lever_set_to_its_own_value_keeps_every_bit() -> None:
    levers = fresh()
    before = {name: levers[name].tobytes() for name in SPECS}
    for name in SPECS:
        for place, code in enumerate(PLACES):
            levers.set(name, levers.base(name)[place], by="scenario", on=code, standing=True)
    levers.settle()
    assert {name: levers[name].tobytes() for name in SPECS} == before


def test_standing_pulls_outlive_the_restart_and_join_the_others() -> None:
    levers = fresh()
    levers.set("law.term", 30.0, by="scenario", on="us", standing=True)
    levers.add("law.term", 5.0, by="measure", on="us")
    levers.settle()
    assert levers["law.term"][0] == 35.0
    levers.restart()
    levers.settle()
    assert levers["law.term"].tolist() == [30.0, 21.0, 22.0]


def test_values_are_clipped_to_the_range() -> None:
    levers = fresh()
    levers.scale("office.staff", 100.0, by="a", on="us")
    levers.add("office.staff", -100.0, by="a", on="jp")
    levers.settle()
    assert levers["office.staff"].tolist() == [50.0, 1.0, 9.0]


def test_two_who_set_one_lever_differently_are_both_named() -> None:
    levers = fresh()
    levers.set("law.term", 10.0, by="first measure", on="us")
    levers.set("law.term", 10.0, by="second measure", on="us")
    levers.set("law.term", 12.0, by="third measure", on="jp")
    levers.settle()
    assert levers["law.term"].tolist() == [10.0, 12.0, 22.0]
    levers.set("law.term", 11.0, by="third measure", on="us")
    with pytest.raises(InputError, match=r"law\.term.*10\.0, 11\.0.*first measure.*third measure"):
        levers.settle()


def test_a_value_outside_the_range_is_refused_with_range_and_meaning() -> None:
    with pytest.raises(InputError, match=r"law\.term = 90 years .* 1 to 50 years \(term\)"):
        fresh().set("law.term", 90.0, by="a", on="us")
    with pytest.raises(InputError, match="outside its range"):
        fresh().set("law.term", float("nan"), by="a", on="us")


def test_typos_get_the_nearest_name() -> None:
    levers = fresh()
    for call in (levers.set, levers.scale, levers.add):
        with pytest.raises(InputError, match=r"law\.term"):
            call("law.terms", 2.0, by="a", on="us")
    with pytest.raises(InputError, match=r"no lever named 'office\.fees'.*Nearest match: office\.fee"):
        levers["office.fees"]
    with pytest.raises(InputError, match="no jurisdiction named 'uk'"):
        levers.set("law.term", 2.0, by="a", on="uk")


def test_why_names_base_and_every_pull() -> None:
    levers = fresh()
    levers.scale("law.term", 2.0, by="reform", on="us")
    levers.add("law.term", 1.0, by="treaty", on="us")
    levers.settle()
    assert levers.why("law.term", "us") == "20 years base; + 1 by treaty; x 2 by reform; now 41"
    assert levers.why("law.term", "jp") == "21 years base; now 21"


def test_the_baseline_must_be_complete_known_and_in_range() -> None:
    good = {n: LeverValue(v, "s") for n, v in BASE.items()}
    part = {n: v for n, v in good.items() if n != "law.term"}
    with pytest.raises(InputError, match=r"baseline of us has no value for lever law\.term"):
        Levers(SPECS, ["us"], {"us": part})
    with pytest.raises(InputError, match=r"no lever named 'law\.turn'.*law\.term"):
        Levers(SPECS, ["us"], {"us": {**good, "law.turn": LeverValue(1.0, "s")}})
    with pytest.raises(InputError, match=r"outside its range.*baseline of us"):
        Levers(SPECS, ["us"], {"us": {**good, "law.term": LeverValue(99.0, "s")}})


def test_base_is_a_copy() -> None:
    levers = fresh()
    levers.base("law.term")[:] = 0.0
    assert levers.base("law.term").tolist() == [20.0, 21.0, 22.0]
    assert np.array_equal(levers["law.term"], [20.0, 21.0, 22.0])


def test_every_lever_is_read_where_it_says() -> None:
    """The lever's ``read_by`` is a registered rule of the month."""
    import agents.load  # noqa: F401
    from ecosystem.kernel.schedule import Schedule
    from policies.places import lever_specs

    rules = {entry.name for entry in Schedule().entries}
    strangers = {spec.name: spec.read_by for spec in lever_specs().values() if spec.read_by not in rules}
    assert strangers == {}
