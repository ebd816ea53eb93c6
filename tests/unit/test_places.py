"""Places, sectors, fields and kinds of right are complete, sourced and inside their ranges; a fifth place is data."""

from __future__ import annotations

import csv
import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from ecosystem.domain.fields import FILE as FIELDS_FILE
from ecosystem.domain.fields import Fields
from ecosystem.domain.kinds import kinds_of_right
from ecosystem.domain.rights import KINDS
from ecosystem.domain.sectors import FILE as SECTORS_FILE
from ecosystem.domain.sectors import TITLES, Sectors
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.levers import Levers
from ecosystem.kernel.parameters import Parameters, read
from policies.places import FACTS, FOLDER, known_places, lever_specs, load_place, select

DATA = SECTORS_FILE.parent
PLACES = known_places()
FOUR = ("us", "eu", "jp", "cn")


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return Parameters(read(SECTORS_FILE))


def evidence() -> dict[str, dict[str, str]]:
    """Rows of the evidence by id: the workshop's where it is at hand, else the shipped copy."""
    outside = Path(__file__).parents[3] / "shared" / "evidence" / "calibration.csv"
    path = outside if outside.is_file() else DATA / "evidence" / "calibration.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def entries(place: str):
    """Yield (name, value with source) of all levers and facts of a place."""
    yield from PLACES[place].levers.items()
    yield from PLACES[place].profile.items()


def fact(place: str, name: str) -> float:
    return PLACES[place].profile[name].value


def test_all_places_are_known_and_the_rest_of_the_world_is_last():
    assert list(PLACES) == [*FOUR, "row"]
    assert [p.code for p in select(["jp", "us"])] == ["jp", "us", "row"]


def test_every_lever_has_a_value_inside_its_range_in_every_place():
    specs = lever_specs()
    assert len(specs) >= 75
    levers = Levers(specs, list(PLACES), {code: place.levers for code, place in PLACES.items()})
    assert len(levers) == len(specs)
    assert set(PLACES["row"].profile) == set(FACTS)


@pytest.mark.parametrize("place", [*FOUR, "row"])
def test_every_figure_has_source_year_and_a_range_if_it_is_soft(place: str):
    for name, item in entries(place):
        assert item.source.strip(), name
        assert 1900 < item.year <= 2025, name
        if item.source.startswith("assumption") or "from memory" in item.source:
            assert item.low is not None, name
            assert item.low <= item.value <= item.high, name


def test_every_cited_row_exists_and_belongs_to_the_place():
    rows = evidence()
    region = {"us": {"US"}, "eu": {"EU", "EPO", "DE", "FR"}, "jp": {"JP"}, "cn": {"CN"}}
    cited = 0
    for place in (*FOUR, "row"):
        sources = [item.source for _, item in entries(place)]
        sources += [fee.source for fee in PLACES[place].fees.values()]
        for source in sources:
            for row in re.findall(r"cal-\d{4}", source):
                cited += 1
                assert row in rows, source
            lead = re.match(r"cal-\d{4}", source)
            if lead and place != "row":
                assert rows[lead[0]]["jurisdiction"] in region[place] | {"WORLD", "OECD"}, source
    assert cited > 150


def test_a_value_taken_straight_from_a_row_equals_the_row():
    rows = evidence()
    for place, name, row, factor in (
        ("jp", "examination.requests", "cal-0052", 1),
        ("us", "profile.grant_rate", "cal-0129", 0.01),
        ("cn", "profile.patents_in_force", "cal-0026", 1),
        ("us", "science.defense_share", "cal-0537", 0.01),
        ("eu", "office.examiners", "cal-0146", 1),
        ("eu", "profile.business_share", "cal-0492", 0.01),
        ("jp", "court.injunction", "cal-0841", 0.01),
        ("cn", "university.inventor_share", "cal-0822", 0.01),
    ):
        key = {"examination.requests": "profile.mean_examiner_requests"}.get(name, name)
        head, _, tail = key.partition(".")
        item = PLACES[place].profile[tail] if head == "profile" else PLACES[place].levers[key]
        assert row in item.source
        assert item.value == pytest.approx(float(rows[row]["value"]) * factor), name


def test_performers_shares_sum_to_one_up_to_private_institutes():
    for place in FOUR:
        total = sum(fact(place, f"{who}_share") for who in ("business", "higher_education", "government"))
        assert 0.95 < total <= 1.0 + 1e-9, place
        assert sum(t.share for t in PLACES[place].territories) == pytest.approx(1)


def test_types_of_research_add_up_to_the_published_split():
    # universities and institutes stand for all that business does not perform
    for place, basic in (("us", 0.154), ("eu", 0.218), ("jp", 0.125), ("cn", 0.060)):
        business = fact(place, "business_share")
        levers = PLACES[place].levers
        total = business * levers["science.business_basic_share"].value
        total += (1 - business) * levers["science.basic_share"].value
        assert total == pytest.approx(basic, abs=0.005), place


def test_filings_and_money_are_consistent():
    assert fact("us", "gerd") / fact("us", "gdp") == pytest.approx(0.0346, abs=2e-4)
    assert fact("cn", "gerd") / fact("cn", "gdp") == pytest.approx(0.0243, abs=2e-4)
    for place in FOUR:
        assert fact(place, "row_filings") < fact(place, "foreign_filings")
        assert PLACES[place].levers["science.public_funding"].value < 0.45 * fact(place, "gerd")
    assert fact("cn", "utility_model_filings") > 600 * fact("jp", "utility_model_filings")


def test_fees_follow_the_published_schedules():
    us, eu = PLACES["us"].fees["patent"].due, PLACES["eu"].fees["patent"].due
    assert np.flatnonzero(us).tolist() == [6, 10, 14]
    assert us[14] / us[6] == pytest.approx(7700 / 2000, rel=1e-3)
    assert eu.sum() * 0.663 * 1.045 * 1e6 == pytest.approx(35555, rel=1e-3)  # cal-0231
    for place in ("eu", "jp", "cn"):
        due = PLACES[place].fees["patent"].due
        assert due.shape == (51,)
        assert (np.diff(due[3:21]) >= 0).all()
        assert not due[21:].any()
    assert PLACES["cn"].fees["utility_model"].due.sum() > 0


def test_a_fifth_place_is_data_alone(tmp_path: Path):
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8")
    text = text.replace('code = "jp"', 'code = "kr"').replace('title = "Japan"', 'title = "Korea"')
    (tmp_path / "kr.toml").write_text(text, encoding="utf-8")
    places = known_places(tmp_path)
    assert list(places) == [*FOUR, "kr", "row"]
    assert places["kr"].title == "Korea"
    assert places["kr"].levers == PLACES["jp"].levers


def test_a_file_is_read_again_only_after_it_changed(tmp_path: Path):
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8").replace('code = "jp"', 'code = "kr"')
    file = tmp_path / "kr.toml"
    file.write_text(text, encoding="utf-8")
    first = known_places(tmp_path)
    assert known_places(tmp_path)["kr"] is first["kr"]
    del first["kr"]  # a caller's own copy
    assert known_places(tmp_path)["kr"].title == "Japan"
    file.write_text(text.replace('title = "Japan"', 'title = "Korea"'), encoding="utf-8")
    os.utime(file, ns=(1, 1))  # same size, another time
    assert known_places(tmp_path)["kr"].title == "Korea"
    file.unlink()
    assert "kr" not in known_places(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('[levers."office.step"]', '[levers."office.stepp"]', ["office.stepp", "office.step"]),
        ("[profile.gerd]", "[profile.gred]", ["gred", "gerd"]),
        ('title = "Japan"\nterr', 'titel = "Japan"\nterr', ["titel", "title"]),
        ("share = 1.0", "share = 0.9", ["sum to 1"]),
        (
            'value = 20\nsource = "Patent Act',
            'value = 99\nsource = "Patent Act',
            ["law.term_years", "outside its range", "1 to 50"],
        ),
        ("value = 1665", "value = true", ["no finite number"]),
        ('source = "cal-0168: from memory; cal', 'source = " "\nsauce = "', ["office.examiners", "sauce"]),
        ('unit = "persons"', 'unit = " "', ["profile.researchers", "unit"]),
        ("low = 1640", "low = 1680", ["office.examiners", "between low and high"]),
        ("[20, ", "[60, ", ["fees.patent", "60"]),
        ("[fees]", "[fees", ["TOML"]),
    ],
)
def test_mistakes_are_told_with_file_and_key(tmp_path: Path, old: str, new: str, words: list[str]):
    text = (FOLDER / "jp.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "jp.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_place(path)
    for word in ["jp.toml", *words]:
        assert word in str(error.value)


def test_unknown_and_doubled_places_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="jurisdiction named 'uk'"):
        select(["us", "uk"])
    with pytest.raises(InputError, match="twice"):
        select(["us", "us"])
    (tmp_path / "us.toml").write_bytes((FOLDER / "us.toml").read_bytes())
    with pytest.raises(InputError, match="two places"):
        known_places(tmp_path)


def test_sectors_hold_shares_that_sum_to_one_fine_and_coarse(parameters: Parameters):
    fine, coarse = Sectors(parameters), Sectors(parameters, coarse=True)
    assert fine.names == list(TITLES)
    assert 1 < coarse.S < fine.S
    for sectors in (fine, coarse):
        assert sectors["rd_share"].sum() == pytest.approx(1)
        assert sectors.sales_share.sum() == pytest.approx(1)
        assert float(sectors["rd_share"] @ sectors["patents_per_rd"]) == pytest.approx(1, abs=1e-3)
        assert set(np.unique(sectors["complexity"])) <= {0.0, 1.0}
    # merging keeps R&D-weighted means
    assert float(fine["rd_share"] @ fine["royalty_rate"]) == pytest.approx(
        float(coarse["rd_share"] @ coarse["royalty_rate"])
    )


def test_sector_columns_can_be_overridden_for_one_place(parameters: Parameters):
    own = {f"sector.rd_share_cn.{code}": 1 / len(TITLES) for code in TITLES}
    sectors = Sectors({**parameters, **own})
    shares = sectors.by_place("rd_share", ["us", "cn"])
    assert shares[0].tolist() == sectors["rd_share"].tolist()
    assert shares[1] == pytest.approx(np.full(11, 1 / 11))
    with pytest.raises(InputError, match="rd_share"):
        sectors["rd_shar"]


def test_sector_shares_come_from_the_shipped_survey(parameters: Parameters):
    with (DATA / "ncses" / "us_berd_2022_by_industry.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["industry_path"].rsplit(" -> ", 1)[-1]: row for row in csv.DictReader(file)}
    total = float(rows["All industries"]["domestic_rd_musd"])
    transport = float(rows["Transportation equipment"]["domestic_rd_musd"]) / total
    assert parameters["sector.rd_share.transport"] == pytest.approx(transport, abs=1e-4)
    applications = float(rows["Transportation equipment"]["utility_applications_us"])
    mean = float(rows["All industries"]["utility_applications_us"]) / total
    relative = applications / float(rows["Transportation equipment"]["domestic_rd_musd"]) / mean
    assert parameters["sector.patents_per_rd.transport"] == pytest.approx(relative, rel=0.03)


@pytest.mark.parametrize("coarse", [False, True])
def test_fields_match_the_shipped_names_and_normalize(parameters: Parameters, coarse: bool):
    fields = Fields(Sectors(parameters, coarse=coarse))
    with (DATA / "ncses" / "us_university_patents_by_field_2000_2022.csv").open(encoding="utf-8", newline="") as file:
        names = {row["field"] for row in csv.DictReader(file)}
    assert set(fields.names) == names - {"Unclassified"}
    assert fields.F == 35
    assert fields.names[23] == "Environmental technology"  # number 24 of WIPO
    assert fields.basic.sum() == pytest.approx(1)
    assert fields.basic[fields.index("Pharmaceuticals")] == pytest.approx(0.160, abs=0.002)
    assert fields.proximity.sum(axis=1) == pytest.approx(np.ones(35))
    assert fields.sector_fields.sum(axis=1) == pytest.approx(np.ones(fields.sector_fields.shape[0]))
    assert (fields.sector_fields.sum(axis=0) > 0).all()


def test_proximity_ranks_own_field_then_area_and_bridges_then_the_rest(parameters: Parameters):
    fields = Fields(Sectors(parameters))
    near = fields.proximity
    medical, computer, optics, games = (
        fields.index(n) for n in ("Medical technology", "Computer technology", "Optics", "Furniture, games")
    )
    assert near[medical, medical] > near[medical, optics] == near[medical, computer] > near[medical, games]


def test_coarse_fields_keep_the_mix_of_inventions(parameters: Parameters):
    fine, coarse = Sectors(parameters), Sectors(parameters, coarse=True)
    a = fine["rd_share"] @ Fields(fine).sector_fields
    b = coarse["rd_share"] @ Fields(coarse).sector_fields
    assert a == pytest.approx(b)


def test_the_table_of_rights_covers_every_kind_and_names_known_levers():
    kinds = kinds_of_right()
    assert tuple(kinds) == KINDS
    for kind in kinds.values():
        assert set(kind.levers.values()) <= set(lever_specs()), kind.name
    covered = {nature for k in kinds.values() if k.name != "unfair_competition" for nature in k.natures}
    assert {"technical", "software", "design", "brand", "plant_variety", "chip_layout", "organizational"} <= covered


def test_every_source_in_the_data_names_existing_rows():
    rows = evidence()
    for name in ("sectors.toml", "rights.toml", "fields.toml"):
        for row in re.findall(r"cal-\d{4}", (DATA / name).read_text(encoding="utf-8")):
            assert row in rows, (name, row)


def test_every_field_weight_names_a_sector():
    raw = tomllib.loads(FIELDS_FILE.read_text(encoding="utf-8"))
    for row in raw["field"]:
        assert set(row["sectors"]) <= set(TITLES), row["name"]
