"""Parameters: every number carries unit, range and source, or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.kernel.errors import InputError
from ecosystem.kernel.parameters import Parameter, Parameters, read

GOOD = """
[office.learning]
value = 24
unit = "months"
range = [6, 60]
source = "assumption: two years"
doc = "until full output"

[office.deep.pool]
value = 0.5
unit = "share"
range = [0, 1]
source = "cal-0001 somebody 2020"
date = 2024-01-01
"""


def file(tmp_path: Path, text: str, name: str = "p.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_nested_groups_with_their_records(tmp_path: Path) -> None:
    p = Parameters(read(file(tmp_path, GOOD)))
    assert dict(p) == {"office.learning": 24.0, "office.deep.pool": 0.5}
    info = p.info("office.learning")
    assert (info.unit, info.low, info.high, info.doc) == ("months", 6.0, 60.0, "until full output")
    assert info.assumed
    assert not p.info("office.deep.pool").assumed
    assert p.info("office.deep.pool").date == "2024-01-01"


@pytest.mark.parametrize("key", ["unit", "range", "source"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(key)]
    with pytest.raises(InputError, match=rf"office\.learning lacks {key}"):
        read(file(tmp_path, "\n".join(lines)))


def test_an_empty_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"office\.learning has no source"):
        read(file(tmp_path, GOOD.replace("assumption: two years", "  ")))


def test_a_value_outside_its_range_is_refused_with_range_and_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"learning = 99 months .* 6 to 60 \(source: assumption: two years\)"):
        read(file(tmp_path, GOOD.replace("value = 24", "value = 99")))


def test_names_are_declared_once_and_stray_keys_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"office\.learning is declared twice"):
        read(file(tmp_path, GOOD, "a.toml"), file(tmp_path, GOOD, "b.toml"))
    with pytest.raises(InputError, match="outside a parameter"):
        read(file(tmp_path, "[office]\nvalue_of = 3\n"))


def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    p = Parameters(read(file(tmp_path, GOOD)))
    for ask in (
        lambda: p["office.lerning"],
        lambda: p.info("office.lerning"),
        lambda: p.with_values({"office.lerning": 1}),
    ):
        with pytest.raises(InputError, match=r"Nearest match: office\.learning"):
            ask()
    assert "office.lerning" not in p


def test_changed_values_are_checked_and_leave_the_original_alone(tmp_path: Path) -> None:
    p = Parameters(read(file(tmp_path, GOOD)))
    q = p.with_values({"office.learning": 12})
    assert (p["office.learning"], q["office.learning"]) == (24.0, 12.0)
    assert q.info("office.learning").source == p.info("office.learning").source
    with pytest.raises(InputError, match="outside its range"):
        p.with_values({"office.learning": 5})


@given(st.sampled_from([True, "12", None, [1], float("nan"), float("inf"), -float("inf"), {}]))
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    p = Parameters({"a.b": Parameter("a.b", 1.0, "1", 0.0, 2.0, "assumption: test")})
    with pytest.raises(InputError, match=r"a\.b is .*no finite number"):
        p.with_values({"a.b": value})


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(-10, 10))
def test_a_parameter_exists_exactly_inside_its_range(low: float, value: float, high: float) -> None:
    if low <= value <= high:
        assert Parameter("x", value, "1", low, high, "s").value == value
    else:
        with pytest.raises(InputError):
            Parameter("x", value, "1", low, high, "s")


def test_every_declared_parameter_has_unit_range_source_and_is_read_somewhere() -> None:
    from ecosystem.scenario import declared_parameters

    declared = declared_parameters()
    assert len(declared) > 100
    root = Path(__file__).parents[2]
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for top in ("agents", "ecosystem", "policies")
        for path in (root / top).rglob("*.py")
    )
    unread = []
    for name, p in declared.items():
        assert p.unit, name
        assert p.low < p.high, name
        group, _, last = name.rpartition(".")
        # Read by full name, or by a group with the place or kind put in.
        if name not in code and f"{group}.{{" not in code and f'"{group}"' not in code and f'"{last}"' not in code:
            unread.append(name)
    assert unread == []
