"""Whatever stands in a scenario file, the answer is a scenario or an InputError of one paragraph."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem import scenario_text
from ecosystem.kernel.errors import InputError
from ecosystem.scenario import ROW, Scenario
from policies.places import known_places, lever_specs

FIELDS = ["title", "base", "jurisdictions", "start_year", "years", "scale", "burn_in_years", "measures", "levers",
          "parameters", "places_folders"]  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=4),
    st.sampled_from(["us", "eu", "row", "office.examiners", "baseline", 2025, 30, 500, 1e300, date(2025, 1, 1)]),
)  # fmt: skip
keys = st.one_of(
    st.sampled_from([*FIELDS, "us", "cn", "office.step", "id", "on", "start"]), st.text(max_size=6), st.integers()
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)
contents = st.dictionaries(st.one_of(st.sampled_from(FIELDS), keys), values, max_size=5)


def read(source: Any) -> Scenario | None:
    """Return the scenario, or None where it was refused in a proper paragraph."""
    try:
        return Scenario.load(source) if isinstance(source, Path) else Scenario.from_dict(source)
    except InputError as error:
        message = str(error)
        assert message.strip()
        assert message.isprintable()
        assert len(message) < 3000
        return None


@given(contents)
@settings(max_examples=300, deadline=None)
def test_any_content_is_read_or_refused(content: dict[Any, Any]) -> None:
    scenario = read(content)
    if scenario is not None:
        assert Scenario.from_dict(json.loads(json.dumps(scenario.to_dict()))) == scenario


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "scenario.toml"


@given(data=st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    read(file)


toml_lines = st.lists(
    st.one_of(
        st.sampled_from([
            "years = 3", "years = -3", "scale = nan", "scale = inf", 'title = "x"', "[levers.us]", "[levers]",
            '"office.examiners" = 9000', "office.examiners = 1e99", "[[measures]]", 'id = "x"', 'on = ["us", "us"]',
            "[parameters]", "start_year = 1979-05-27", 'jurisdictions = ["us", "jp"]', "burn_in_years = 0x7f",
            "[levers.us.office]", "a.b.c = 1", "us = {}", "levers = []", "measures = [[]]", "'' = 1",
        ]),
        st.text(max_size=20),
    ),
    max_size=6,
)  # fmt: skip


@given(lines=toml_lines, cut=st.integers(0, 80))
@settings(max_examples=300, deadline=None)
def test_any_lines_are_read_or_refused(file: Path, lines: list[str], cut: int) -> None:
    text = "\n".join(lines)
    file.write_text(text[: len(text) - cut] if cut < len(text) else text, encoding="utf-8", errors="surrogatepass")
    read(file)


places = st.lists(st.sampled_from([p for p in known_places() if p != ROW]), min_size=1, unique=True)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Return valid scenarios."""
    codes = draw(places)
    levers: dict[str, dict[str, float]] = {}
    for name in draw(st.lists(st.sampled_from(sorted(lever_specs())), max_size=4)):
        spec = lever_specs()[name]
        levers.setdefault(draw(st.sampled_from(codes)), {})[name] = draw(st.floats(spec.low, spec.high))
    return Scenario(
        title=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=30)),
        jurisdictions=tuple(codes),
        start_year=draw(st.integers(1950, 2200)),
        years=draw(st.integers(1, 200)),
        scale=draw(st.floats(1, 50_000)),
        burn_in_years=draw(st.integers(0, 50)),
        levers=levers,
    )


@given(scenario=scenarios())
@settings(max_examples=200, deadline=None)
def test_every_scenario_survives_its_file(file: Path, scenario: Scenario) -> None:
    scenario.save(file)
    back = Scenario.load(file)
    assert back == scenario
    assert back.key() == scenario.key()
    assert back.to_toml() == scenario.to_toml() == scenario_text.to_toml(scenario.to_dict())
