"""Tables: columns grow together, are views, refuse rebinding, and pickle without their spare room."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.kernel.table import NEVER, Column, Table, code_of


class Things(Table):
    """Rows for tests."""

    uid = Column(np.int64, "id", "identity")
    mass = Column(np.float64, "kg", "weight", 2.5)
    color = Column(np.int8, "code", "paint", 0, ("red", "green", "blue"))
    born = Column(np.int32, "month", "start", NEVER)
    shares = Column(np.float64, "share", "by place", 0.25, (), "place")


class More(Things):
    """A table that inherits columns."""

    extra = Column(np.bool_, "1", "one more")


def test_fresh_rows_hold_the_fill_and_given_values() -> None:
    t = Things(place=3)
    slots = t.add(2, uid=[5, 6], color=code_of(Things.columns["color"], "blue"))
    assert slots.dtype == np.int64
    assert slots.tolist() == [0, 1]
    assert len(t) == t.n == 2
    assert t.uid.tolist() == [5, 6]
    assert t.mass.tolist() == [2.5, 2.5]
    assert t.born.tolist() == [NEVER, NEVER]
    assert t.shares.shape == (2, 3)
    assert (t.shares == 0.25).all()
    assert [getattr(t, n).dtype for n in Things.columns] == [np.dtype(c.dtype) for c in Things.columns.values()]


@given(st.lists(st.integers(0, 40), max_size=12))
def test_any_sequence_of_additions_equals_one_long_table(sizes: list[int]) -> None:
    t = Things(place=2)
    at = 0
    for n in sizes:
        assert t.add(n, uid=np.arange(at, at + n), mass=float(at)).tolist() == list(range(at, at + n))
        at += n
    assert len(t) == at
    assert t.uid.tolist() == list(range(at))
    assert t.mass.tolist() == [float(sum(sizes[:i])) for i, n in enumerate(sizes) for _ in range(n)]
    assert all(len(getattr(t, name)) == at for name in Things.columns)
    assert (t.born == NEVER).all()


def test_columns_are_views_into_the_table() -> None:
    t = Things(place=2)
    t.add(3)
    t.mass[1] = 7.0
    t.shares[2, 1] = 9.0
    t.add(100)
    assert t.mass[1] == 7.0
    assert t.shares[2, 1] == 9.0
    assert t.row(1)["mass"] == 7.0


def test_columns_cannot_be_rebound() -> None:
    t = Things(place=2)
    t.add(1)
    with pytest.raises(AttributeError, match=r"Things\.mass\[:\]"):
        t.mass = np.zeros(1)
    t.note = "other attributes may"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="extra"):
        More(place=1).extra = np.zeros(0)


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(KeyError, match="Things has no column 'colour'"):
        Things(place=2).add(1, colour=1)


def test_a_width_must_be_given() -> None:
    with pytest.raises(KeyError, match="place"):
        Things()


def test_a_subclass_has_the_columns_of_its_base() -> None:
    assert list(More.columns) == [*Things.columns, "extra"]
    assert "extra" not in Things.columns
    m = More(place=1)
    m.add(1, extra=True)
    assert m.row(0) == {
        "uid": 0, "mass": 2.5, "color": "red", "born": NEVER, "shares": [0.25], "extra": True,
    }  # fmt: skip


def test_a_row_shows_code_columns_as_words_and_strange_codes_as_numbers() -> None:
    t = Things(place=1)
    t.add(2, color=[2, 9])
    assert [t.row(i)["color"] for i in range(2)] == ["blue", 9]


def test_pickling_drops_the_spare_room_and_keeps_everything_else() -> None:
    t = Things(capacity=100_000, place=2)
    t.add(5, uid=np.arange(5), mass=np.arange(5.0))
    t.side = [1, 2]  # type: ignore[attr-defined]
    text = pickle.dumps(t)
    assert len(text) < 5_000 < sum(array.nbytes for array in t._data.values())
    back = pickle.loads(text)
    assert back.side == [1, 2]
    for name in Things.columns:
        assert np.array_equal(getattr(back, name), getattr(t, name))
    back.mass[0] = 99.0
    assert t.mass[0] == 0.0
    assert back.row(0)["mass"] == 99.0
    assert back.add(40, uid=7).tolist() == list(range(5, 45))
    assert back.uid[:5].tolist() == [0, 1, 2, 3, 4]
    assert len(t) == 5


def test_two_tables_of_one_class_share_nothing() -> None:
    a, b = Things(place=1), Things(place=1)
    a.add(1, mass=1.0)
    b.add(1)
    b.mass[0] = 3.0
    assert a.mass[0] == 1.0
    assert len(a) == 1


def test_every_table_of_the_project_documents_its_columns() -> None:
    import agents.load  # noqa: F401 - loads every table

    def below(kind: type[Table]) -> list[type[Table]]:
        return [t for sub in kind.__subclasses__() for t in (sub, *below(sub))]

    ours = [t for t in below(Table) if t.__module__.startswith(("agents.", "ecosystem."))]
    assert len(ours) > 10
    for table in ours:
        for name, column in table.columns.items():
            assert column.unit, f"{table.__name__}.{name}"
            assert column.doc, f"{table.__name__}.{name}"
