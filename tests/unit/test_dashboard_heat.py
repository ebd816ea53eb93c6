"""A result of the command line as a heat map: intervals stay beside effects, luck has no size, nonsense is refused."""

from __future__ import annotations

import csv
import io
import random
import re

import pytest

from ecosystem.dashboard import heat
from ecosystem.kernel.errors import InputError

HEAD = "measure,place,outcome,indicator,unit,base,effect,low,high,relative,pairs,verdict\n"
ROWS = (
    "us_rd_tax_credit,us,welfare,welfare,M USD2020 a year,100,10,5,15,0.1,8,higher\n"
    "us_rd_tax_credit,jp,welfare,welfare,M USD2020 a year,100,1,-5,7,0.01,8,not distinguishable from luck\n"
    "own <b>,us,welfare,welfare,M USD2020 a year,100,-30,-40,-20,-0.3,8,lower\n"
    "own <b>,us,cost,public_outlay,M USD2020 a year,100,-30,-40,-20,-0.3,8,lower\n"
)


def test_cells_hold_effect_interval_and_pairs_and_luck_has_no_size() -> None:
    found = heat.read(HEAD + ROWS)
    assert found.abouts == ("welfare", "cost")
    assert found.columns == ("us", "jp")
    markup = heat.heat_table(found, "welfare")
    assert "higher, +5 to +15" in re.sub(r"\.00?", "", markup)
    assert "8 pairs" in markup
    assert "<b>" not in markup
    cells = re.findall(r"<td.*?</td>", markup)
    assert len(cells) == 4
    luck = next(cell for cell in cells if "no clear difference" in cell)
    assert "%" not in luck
    assert "background" not in luck
    better, worse = (re.search("background:(#......)", c)[1] for c in cells if "background" in c)  # type: ignore[index]
    assert better != worse
    # Less public cost is for the better.
    cheap = re.search("background:(#......)", heat.heat_table(found, "cost"))
    assert cheap is not None
    assert int(cheap[1][5:7], 16) > int(cheap[1][1:3], 16)


def test_the_effects_of_a_batch_are_read_too() -> None:
    batch = (
        "output,variant,jurisdiction,unit,base,effect,low,high,n,verdict\nbusiness_rd,more,all,M,10,2,1,3,5,higher\n"
    )
    found = heat.read(batch)
    assert heat.cell_words(found.cells["business_rd", "more", "all"]).endswith("5 pairs")
    assert heat.about_words("business_rd") == "Business R&D"


def test_the_matrix_of_the_program_is_a_heat_map() -> None:
    found = heat.kept()
    assert found is not None
    for about in found.abouts:
        assert heat.heat_table(found, about).count("<tr>") == len(found.rows) + 1


@pytest.mark.parametrize("content", [None, 3, "", "a,b\n1,2\n", HEAD, "x" * (heat.MOST_BYTES + 1), HEAD + ",,,,,\n"])
def test_what_is_no_result_is_refused_in_words(content: object) -> None:
    with pytest.raises(InputError):
        heat.read(content, "file.csv")


def test_a_fuzzed_file_is_drawn_or_refused() -> None:
    luck = random.Random(5)
    drawn = 0
    for _ in range(400):
        words = list(HEAD + ROWS)
        for _ in range(luck.randint(1, 30)):
            words[luck.randrange(len(words))] = luck.choice(['"', ",", "\n", "\0", "<", "é", "nan", "1e999", "-", "0"])
        try:
            found = heat.read("".join(words))
        except InputError:
            continue
        drawn += 1
        for about in found.abouts:
            markup = heat.heat_table(found, about)
            assert "<b>" not in markup
            assert "Infinity" not in markup
    assert drawn > 20
    out = io.StringIO()
    csv.writer(out).writerows([[f"c{k}" for k in range(5)]] * 3)
    with pytest.raises(InputError):
        heat.read(out.getvalue())
