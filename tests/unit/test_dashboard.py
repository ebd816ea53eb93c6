"""The dashboard without a browser: charts, tables, flows, choices, store, runner and launcher."""

from __future__ import annotations

import json
import math
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.organizations import FIRM, INSTITUTE, UNIVERSITY, VENTURE, Organizations
from ecosystem.dashboard import charts, flows, serve, store, tables
from ecosystem.dashboard.baseline import Baseline
from ecosystem.dashboard.catalog import CHAIN, INDICATORS_SHOWN, PROTECTION, RESEARCH, TILES, TRANSFER
from ecosystem.dashboard.choice import JURISDICTIONS, Choice, read_choice
from ecosystem.dashboard.results import Result, Series, from_world, simulate
from ecosystem.dashboard.runner import Runner
from ecosystem.dashboard.tabs.world import command
from ecosystem.dashboard.text import brief, change, compact, magnitude, number, place, text
from ecosystem.dashboard.theme import DARK, LIGHT, OKABE_ITO, contrast, ink_on, mark
from ecosystem.dashboard.tiles import tile, tiles
from ecosystem.domain.ledgers import DEALS, Deals
from ecosystem.domain.rights import Rights
from ecosystem.kernel.errors import InputError
from tests.browser.made_up import made_up, work

RESULT = made_up(Choice())
ALONE = made_up(Choice(jurisdictions=("jp",), years=1))


def with_series(kind: str, unit: str, values: dict[str, list[float | None]]) -> Series:
    return Series("x", kind, unit, "a doc", "a formula", values)


# -- words and numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (1234567, "1,230,000"),
        (0.0456, "0.0456"),
        (12.345, "12.3"),
        (-5.5, "−5.50"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_number_keeps_three_digits(value: float | None, written: str) -> None:
    assert number(value) == written


def test_long_numbers_are_written_short() -> None:
    assert compact(1_234_567) == "1.23 million"
    assert compact(999) == "999"
    assert brief(1_234_567) == "1.2M"
    assert brief(5_000) == "5k"
    assert magnitude([None, 3e9]) == (1e9, "billion")
    assert change(100, 150) == "+50 %"
    assert change(100, 40) == "−60 %"
    assert change(100, 100.2) == "±0 %"
    assert change(0, 5) == change(None, 5) == "–"


def test_a_missing_text_names_the_nearest() -> None:
    with pytest.raises(InputError, match=re.escape("page.tagline")):
        text("page.taglin")
    assert text("page.tagline") == "Compares policies; not a forecast."
    assert place("zz") == "ZZ"


# -- choices ---------------------------------------------------------------------------------------------

GOOD = {"jurisdictions": ["us", "jp"], "years": 5, "scale": 5000, "seed": 3}


def test_a_good_form_becomes_a_choice_in_the_order_of_the_places() -> None:
    assert read_choice({**GOOD, "jurisdictions": ["jp", "us"]}) == Choice(("us", "jp"), 5, 5000, 3)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"jurisdictions": []}, "at least one"),
        ({"jurisdictions": ["xx"]}, "no jurisdiction named 'xx'"),
        ({"jurisdictions": "us"}, "at least one"),
        ({"years": 0}, "Years 0 is outside the range"),
        ({"years": 51}, "1 to 50"),
        ({"years": ""}, "Years is not a number"),
        ({"years": 2.5}, "outside the range"),
        ({"scale": 7}, "Scale 7 is outside"),
        ({"scale": 777}, "not offered"),
        ({"seed": -1}, "Seed -1"),
        ({"seed": float("nan")}, "Seed is not a number"),
        ({"seed": float("inf")}, "Seed is not a number"),
    ],
)
def test_a_bad_form_is_answered_in_words(part: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_choice({**GOOD, **part})


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=3))


@given(st.fixed_dictionaries({key: anything for key in GOOD}))
def test_no_form_breaks_the_page(form: dict[str, object]) -> None:
    try:
        choice = read_choice(form)
    except InputError:
        return
    assert set(choice.jurisdictions) <= set(JURISDICTIONS)
    assert 1 <= choice.years <= 50


# -- charts ----------------------------------------------------------------------------------------------


def options(result: Result) -> dict[str, dict[str, object]]:
    """Return every chart of a result by name."""
    out = {panel.id: charts.lines(result, panel.indicator, LIGHT) for panel in (*PROTECTION, *TRANSFER, *RESEARCH)}
    out["rights"] = charts.sankey_rights(result, LIGHT)
    out |= {f"rights {code}": charts.sankey_rights(result, DARK, code) for code in result.places}
    out |= {f"deals {side}": charts.sankey_deals(result, DARK, side) for side in (0, 1)}
    out |= {f"chain {code}": charts.spindle(result, code, LIGHT) for code in result.places}
    return out


@pytest.mark.parametrize("result", [RESULT, ALONE], ids=["four places", "one place, one year"])
def test_every_chart_is_plain_data_with_a_sentence_of_numbers(result: Result) -> None:
    for name, option in options(result).items():
        json.dumps(option, allow_nan=False)
        sentence = option["aria"]["label"]["description"]
        assert re.search(r"\d", sentence), name
        assert "{" not in sentence


def test_lines_show_the_values_of_the_series_in_the_unit_at_the_axis() -> None:
    option = charts.lines(RESULT, "patent_filings", LIGHT)
    size, unit = charts.unit_words(RESULT.series["patent_filings"])
    assert option["yAxis"]["name"] == unit == "applications a year, millions"
    drawn = {series["name"]: series["data"] for series in option["series"]}
    assert list(drawn) == [place(code) for code in RESULT.places]
    for code in RESULT.places:
        wanted = np.array(RESULT.series["patent_filings"].values[code]) / size
        np.testing.assert_allclose(drawn[place(code)], wanted, rtol=1e-3)
    assert option["xAxis"]["data"][0] == "2025"
    assert option["yAxis"]["max"] >= max(max(data) for data in drawn.values())


def test_places_differ_without_color() -> None:
    looks = [
        (series["lineStyle"]["type"], series["symbol"])
        for series in charts.lines(RESULT, "business_rd", LIGHT)["series"]
    ]
    lines = [json.dumps(line) for line, _ in looks]
    assert len(set(lines)) == len({symbol for _, symbol in looks}) == 4


def test_gaps_stay_gaps() -> None:
    result = made_up(Choice(years=3))
    series = result.series["pendency_months"]
    series.values["jp"][1] = None
    drawn = charts.lines(result, "pendency_months", LIGHT)["series"][2]
    assert drawn["data"][1] is None
    assert drawn["connectNulls"] is False
    empty = with_series("ratio", "months", {"us": [None, None]})
    assert "no cases" in charts.describe(empty, (2025, 2026))


@given(st.floats(1e-6, 1e12))
def test_the_axis_holds_the_largest_value_in_few_round_steps(top: float) -> None:
    end, step = charts.axis_top(top)
    assert end >= top * (1 - 1e-6)
    assert end <= top * 2.6
    assert 1 <= round(end / step) <= 5
    assert f"{step:.6e}"[:3] in ("1.0", "2.0", "2.5", "5.0")


@given(st.lists(st.floats(0, 200), min_size=1, max_size=7))
def test_names_at_line_ends_do_not_overlap_and_keep_their_order(wanted: list[float]) -> None:
    placed = charts.spread(wanted, 15, 0, 218)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    steps = np.diff([placed[i] for i in order])
    assert (steps >= 15 - 1e-9).all()
    assert min(placed) >= -1e-9
    assert max(placed) <= 218 + 1e-9


def test_units_are_written_out() -> None:
    money = with_series("flow", "M USD2020", {"us": [2.5e6]})
    assert charts.unit_words(money) == (1e6, "trillion US dollars of 2020 a year")
    stock = with_series("stock", "patents", {"us": [4.2e6]})
    assert charts.unit_words(stock) == (1e6, "patents, millions")
    assert charts.unit_words(stock, before=True) == (1e6, "million patents")
    assert charts.unit_words(with_series("ratio", "months", {"us": [24.0]})) == (1.0, "months")


def test_every_right_is_followed_to_its_end() -> None:
    """What enters a node of the Sankey leaves it, but where the way of a right ends."""
    links = charts.chain_links(charts.chain_flows(RESULT))
    total = sum(flow.amount for flow in RESULT.rights)
    for step in (0, 1):
        assert sum(a for (k, _, _), a in links.items() if k == step) == pytest.approx(total)
    into: dict[tuple[int, str], float] = {}
    out: dict[tuple[int, str], float] = {}
    for (step, a, b), amount in links.items():
        out[(step, a)] = out.get((step, a), 0) + amount
        into[(step + 1, b)] = into.get((step + 1, b), 0) + amount
    ends = {(2, "refused"), (2, "withdrawn"), (2, "pending")}
    for node, amount in into.items():
        if node[0] < 4 and node not in ends:
            assert out[node] == pytest.approx(amount), node
        elif node in ends:
            assert node not in out


def test_the_sankey_has_no_cycle_and_a_fixed_order_of_nodes() -> None:
    for option in (
        charts.sankey_rights(RESULT, LIGHT),
        charts.sankey_deals(RESULT, LIGHT, 0),
        charts.sankey_deals(RESULT, LIGHT, 1),
    ):
        series = option["series"][0]
        depth = {node["name"]: node["depth"] for node in series["data"]}
        assert len(depth) == len(series["data"])
        for link in series["links"]:
            assert depth[link["source"]] + 1 == depth[link["target"]]
    names = [node["name"].rstrip("\u200b") for node in charts.sankey_rights(RESULT, LIGHT)["series"][0]["data"]]
    assert names[:4] == ["Large firms", "Small firms", "Universities", "Rest of the world"]
    assert names[4:8] == ["Office US", "Office EU", "Office JP", "Office CN"]


def test_one_office_shows_its_own_rights_only() -> None:
    links = charts.chain_links(charts.chain_flows(RESULT, "jp"))
    assert {b for (k, _, b) in links if k == 0} == {"jp"}
    wanted = sum(flow.amount for flow in RESULT.rights if flow.path[charts.OFFICE] == "jp")
    assert sum(a for (k, _, _), a in links.items() if k == 0) == pytest.approx(wanted)


def test_chain_widths_are_relative_to_the_places_own_mean() -> None:
    result = made_up(Choice(jurisdictions=("us", "cn"), years=5))
    amounts = {"us": (30.0, 30.0, 10.0, 10.0), "cn": (10.0, 30.0, 30.0, 10.0)}
    for k, (_, indicator) in enumerate(CHAIN):
        for code in ("us", "cn"):
            result.series[indicator].values[code][:] = [amounts[code][k]] * 5
    widths = charts.chain_widths(result)
    shares = np.array([0.75, 0.5, 0.25, 0.5])
    np.testing.assert_allclose(widths["us"], shares / shares.mean())
    np.testing.assert_allclose(widths["cn"], (1 - shares) / (1 - shares).mean())
    assert charts.chain_widths(ALONE)["jp"] == pytest.approx([1.0] * 4)


def test_a_stage_without_anything_has_no_width() -> None:
    result = made_up(Choice(jurisdictions=("us", "jp"), years=2))
    result.series[CHAIN[0][1]].values.update(us=[0.0, 0.0], jp=[0.0, 0.0])
    assert charts.chain_widths(result)["us"][0] is None
    json.dumps(charts.spindle(result, "us", LIGHT), allow_nan=False)


def test_words_read_on_their_ground() -> None:
    """WCAG 2.2 AA: text 4.5 to 1, on light, on dark, and on the colors of the bars."""
    for colors in (LIGHT, DARK):
        assert contrast(colors.ink, colors.card) >= 7
        assert contrast(colors.soft, colors.card) >= 4.5
    for color in OKABE_ITO:
        assert contrast(ink_on(color), color) >= 4.5
    assert len({mark(k).color for k in range(7)}) == 7


# -- tables and tiles ------------------------------------------------------------------------------------


def test_the_table_holds_the_numbers_of_the_chart() -> None:
    html = tables.lines_table(RESULT, "patents_in_force")
    assert html.count("<tr>") == 1 + len(RESULT.years)
    size, _ = charts.unit_words(RESULT.series["patents_in_force"])
    last = RESULT.series["patents_in_force"].values["cn"][-1]
    assert f"<td>{number(last / size, 4)}</td></tr></tbody>" in html
    assert 'scope="row">2025<' in html


def test_tables_escape_what_they_show() -> None:
    html = tables.table("<b>", ["<i>"], [["<script>"]])
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_every_table_is_complete() -> None:
    assert tables.rights_table(RESULT).count("<tr>") == 1 + len(charts.chain_links(charts.chain_flows(RESULT)))
    for side in (0, 1):
        assert tables.deals_table(RESULT, side).count("<tr>") == 1 + len(charts.deal_links(RESULT, side))
    assert tables.chain_table(RESULT).count("<tr>") == 1 + len(CHAIN)


def test_tiles_add_up_places_and_give_the_range_of_ratios() -> None:
    html = tiles(RESULT, TILES)
    assert html.count("<li ") == len(TILES)
    total = sum(values[-1] or 0 for values in RESULT.series["patent_filings"].values.values())
    assert number(total / 1e6) in tile(RESULT, "patent_filings")
    waits = [values[-1] for values in RESULT.series["pendency_months"].values.values()]
    assert f"{number(min(waits))}–{number(max(waits))}" in tile(RESULT, "pendency_months")
    with pytest.raises(ValueError, match="no total"):
        RESULT.series["pendency_months"].total()
    assert "<svg" not in tiles(ALONE, TILES)


# -- flows from a world ----------------------------------------------------------------------------------


def small_world() -> SimpleNamespace:
    """Two places and the rest of the world; five organizations; rights and deals made by hand."""
    orgs = Organizations()
    kinds = [FIRM, FIRM, UNIVERSITY, FIRM, VENTURE, INSTITUTE]
    orgs.add(6, kind=kinds, employees=[5000, 20, 900, 300, 5, 100], jurisdiction=[0, 1, 0, 2, 0, 1])
    rights = Rights()
    rights.add(
        6,
        kind=[0, 0, 0, 0, 0, 1],
        office=[0, 1, 0, 0, 1, 0],
        owner=[0, 1, 2, 1, 5, 0],
        owner_at_filing=[0, 1, 2, 3, 5, 0],
        outcome=[1, 1, 1, 2, 0, 1],
        in_force=[True, False, True, False, False, True],
        filed=[0, 5, 7, 8, 9, 3],
    )
    rights.add(1, kind=0, office=0, owner=0, owner_at_filing=0, outcome=1, in_force=True, filed=-4)
    deals = Deals()
    license_, sale, loan = DEALS.index("license"), DEALS.index("sale"), DEALS.index("pledge_loan")
    deals.add(
        5,
        month=[10, 11, 12, 13, -2],
        kind=[license_, sale, loan, license_, license_],
        giver=[0, 0, 1, 0, 0],
        taker=[1, 3, 4, 1, 1],
        right=[0, 0, 1, 6, 2],
        from_place=[0, 0, 1, 0, 0],
        to_place=[1, 2, 0, 1, 1],
    )
    return SimpleNamespace(orgs=orgs, rights=rights, deals=deals, scale=100.0, places=["us", "eu", "row"], ROW=2, P=2)


def test_right_flows_follow_hand_made_rights() -> None:
    found = {flow.path: flow.amount for flow in flows.right_flows(small_world())}
    assert found == {
        ("large_firm", "us", "granted", "licensed", "sme"): 50.0,
        ("large_firm", "us", "granted", "sold", "abroad"): 50.0,
        ("sme", "eu", "ended", "own", "sme"): 100.0,  # a loan moves no technology
        ("university", "us", "granted", "own", "university"): 100.0,  # its license lies before the horizon
        ("abroad", "us", "refused", "own", "sme"): 100.0,
        ("university", "eu", "pending", "own", "university"): 100.0,
    }


def test_deal_flows_count_the_deals_of_the_horizon() -> None:
    found = {flow.path: flow.amount for flow in flows.deal_flows(small_world())}
    assert found == {
        ("us", "large_firm", "license", "eu", "sme"): 200.0,
        ("us", "large_firm", "sale", "row", "abroad"): 100.0,
        ("eu", "sme", "pledge_loan", "us", "investor"): 100.0,
    }


def test_an_empty_world_has_no_flows() -> None:
    world = small_world()
    world.rights, world.deals = Rights(), Deals()
    assert flows.right_flows(world) == flows.deal_flows(world) == ()
    empty = Result(**{**{f: getattr(ALONE, f) for f in ALONE.__slots__}, "rights": (), "deals": ()})
    for option in options(empty).values():
        json.dumps(option, allow_nan=False)


# -- a real world ----------------------------------------------------------------------------------------


def test_every_indicator_of_the_page_is_declared_with_a_unit_and_a_meaning() -> None:
    import ecosystem.world  # noqa: F401 - declares the indicators
    from ecosystem.domain.indicators import INDICATORS

    for name in INDICATORS_SHOWN:
        assert INDICATORS[name].unit
        assert INDICATORS[name].doc


@pytest.mark.slow
def test_a_real_run_becomes_a_result_and_survives_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecosystem import Scenario, World

    choice = Choice(jurisdictions=("us", "jp"), years=2, scale=5000, seed=4)
    steps: list[tuple[int, int]] = []
    result = simulate(choice, progress=lambda done, total: steps.append((done, total)))
    assert result is not None
    assert steps == [(k, 144) for k in range(1, 145)]
    assert result.years == (2025, 2026)
    assert result.places == ("us", "jp")
    assert Result.from_json(result.to_json()) == result
    world = World(Scenario(jurisdictions=("us", "jp"), years=2, scale=5000.0), seed=4)
    world.run()
    again = from_world(world, choice)
    assert again.digest == result.digest
    _, values = world.records.totals("patent_filings", 12)
    np.testing.assert_allclose(np.array(list(again.series["patent_filings"].values.values())).T, values[:, :2])
    filed = (world.rights.filed >= 0) & (world.rights.kind == 0)
    assert sum(flow.amount for flow in again.rights) == pytest.approx(filed.sum() * world.scale)
    for option in options(again).values():
        json.dumps(option, allow_nan=False)
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    store.save(result)
    assert store.load(choice) == result
    assert store.load(Choice(seed=5)) is None


@pytest.mark.slow
def test_a_run_can_be_cancelled_while_the_world_settles() -> None:
    seen: list[int] = []
    choice = Choice(jurisdictions=("jp",), years=1, scale=5000)
    assert simulate(choice, lambda done, _: seen.append(done), lambda: len(seen) >= 3) is None
    assert seen == [1, 2, 3]


# -- store -----------------------------------------------------------------------------------------------


def test_a_damaged_or_foreign_file_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    choice = Choice()
    assert store.load(choice) is None
    store.save(RESULT)
    assert store.load(choice) == RESULT
    (path,) = (tmp_path / "dashboard").glob("*.json")
    whole = path.read_bytes()
    for damage in (b"", whole[: len(whole) // 2], b"[]", b'{"format": 0}', b'{"format": 1}', b"\xff\xfe\x00"):
        path.write_bytes(damage)
        assert store.load(choice) is None
    monkeypatch.setattr(store, "model_digest", lambda: "another model")
    path.write_bytes(whole)
    assert store.load(choice) is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(blocked))
    store.save(RESULT)
    assert store.load(RESULT.choice) is None


# -- runner and baseline ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_runs_report_progress_finish_and_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOSYSTEM_CACHE_DIR", str(tmp_path))
    runner = Runner(workers=1, work=work)
    try:
        long, queued = Choice(years=50), Choice(years=2, seed=9)
        job, waiting = runner.start(long), runner.start(queued)
        end = time.monotonic() + 60
        while job.progress[0] < 5 and time.monotonic() < end:
            time.sleep(0.02)
        assert job.state == "running"
        assert 0 < job.progress[0] < job.progress[1] == 600
        assert waiting.state == "waiting"
        job.cancel()
        assert job.wait(30)
        assert job.state == "cancelled"
        assert waiting.wait(60)
        assert waiting.state == "done"
        assert waiting.result is not None
        assert waiting.result.seed == 9
        base = Baseline(runner=runner, scales=(5000, 2000))
        base.start()
        end = time.monotonic() + 60
        while not base.finished and time.monotonic() < end:
            time.sleep(0.02)
        assert base.result is not None
        assert base.result.scale == 2000
        later = Baseline(runner=runner, scales=(5000, 2000))
        later.start()
        assert later.finished, "the stored baseline is used"
        assert later.result == base.result
    finally:
        runner.close()


@pytest.mark.slow
def test_a_worker_gives_the_digest_of_the_command_line() -> None:
    choice = Choice(jurisdictions=("jp",), years=1, scale=5000, seed=7)
    runner = Runner(workers=1)
    try:
        job = runner.start(choice)
        words = [sys.executable, "-m", "ecosystem.cli", *command(choice).split()[1:], "--json"]
        told = json.loads(subprocess.run(words, capture_output=True, check=True, timeout=300).stdout)
        assert job.wait(300)
        assert job.result is not None, job.problem
        assert job.result.digest == told["digest"]
    finally:
        runner.close()


def broken(choice: Choice, slot: int) -> None:
    """A run that meets an error, or whose process dies."""
    import os

    if choice.seed == 1:
        raise RuntimeError("a defect")
    os._exit(9)


@pytest.mark.slow
def test_a_failed_run_says_so_and_the_next_one_finds_a_worker() -> None:
    runner = Runner(workers=1, work=broken)
    try:
        job = runner.start(Choice(seed=1))
        assert job.wait(60)
        assert job.state == "failed"
        assert "RuntimeError" in job.problem
        assert "a defect" in job.problem
        lost = runner.start(Choice(seed=2))
        assert lost.wait(60)
        assert "ended by the system" in lost.problem
        runner._work = work
        after = runner.start(Choice(years=1))
        assert after.wait(60)
        assert after.state == "done"
    finally:
        runner.close()


# -- launcher --------------------------------------------------------------------------------------------


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} on 127.0.0.1 is already in use.*--port {port + 1}"):
            serve.listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 70000, "not a port"),
        ("no.such.host.invalid", 8765, "cannot be listened on"),
        ("192.0.2.1", 0, "--host 127.0.0.1"),
    ],
)
def test_a_wrong_address_is_told_with_what_to_do(host: str, port: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        serve.listen(host, port)


def test_nothing_calls_home() -> None:
    chosen = serve.settings()
    assert chosen["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] == "False"
    assert chosen["SOLARA_THEME_SHOW_BANNER"] == "False"
    assert chosen["SOLARA_MODE"] == "production"
    assets = Path(chosen["SOLARA_ASSETS_EXTRA_LOCATIONS"])
    for name in ("custom.css", "custom.js", "theme.js"):
        content = (assets / name).read_text(encoding="utf-8")
        assert "http://" not in content
        assert "https://" not in content
