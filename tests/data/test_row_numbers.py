"""Row numbers, IDs, unique names and texts in a table: found, named and left out."""

import math

import numpy as np
import pytest
from tests.data.csv_files import write

import headstart as hs
from headstart.core import BadData, BadInput, Unknown
from headstart.data.records import about_columns
from headstart.data.row_numbers import RowNumberWarning, is_called_id
from headstart.data.schemas import encoded, schema_of
from headstart.data.table_rows import rows_of
from headstart.data.tables import from_columns

NAN = math.nan


N = 60


def numbers(kind):
    n = np.arange(N)
    shuffled = np.random.default_rng(0).permutation(N)
    return {
        "number": n + 1,
        "from the end": N - n,
        "in tens": 10 * n,
        "with gaps": np.flatnonzero(np.random.default_rng(1).random(3 * N) < 0.6)[:N],
        "shuffled": shuffled,
        "sorted amount": np.cumsum(1 + shuffled),
        "fractions": n / 7,
        "repeated": n // 2,
    }[kind]


@pytest.mark.parametrize(
    ("name", "kind", "is_id"),
    [
        ("whatever", "number", True),
        ("whatever", "from the end", True),
        ("whatever", "in tens", True),
        ("whatever", "with gaps", True),
        ("whatever", "shuffled", False),
        ("whatever", "sorted amount", False),
        ("whatever", "fractions", False),
        ("id", "shuffled", True),
        ("PassengerId", "sorted amount", True),
        ("Unnamed: 0", "number", True),
        ("id", "fractions", False),
        ("id", "repeated", False),
    ],
)
def test_row_numbers_and_ids(name, kind, is_id):
    values = numbers(kind)
    x = np.random.default_rng(2).normal(size=N)
    table = from_columns({name: values, "x": x}, "t")
    assert (name in table.ids) == is_id
    for given in (values.tolist(), [str(value) for value in values]):
        assert (name in from_columns({name: given, "x": x}, "t").ids) == is_id
    train = np.random.default_rng(3).permutation(N)[:30]  # shuffled, it does not rise any more
    assert (name in schema_of(table, train).dropped) == is_id
    assert name not in schema_of(from_columns({name: values, "x": x}, "t", keep=[name]), train).dropped


def test_names_of_ids():
    for name in (
        "ID",
        "id",
        "customer_id",
        "PassengerId",
        "row",
        "Row No.",
        "index",
        "Unnamed: 0",
        "UUID",
        "userID",
    ):
        assert is_called_id(name), name
    for name in ("humid", "paid", "x", "refractive index", "", "number of rooms", "grid", "12"):
        assert not is_called_id(name), name


def test_the_check_names_row_numbers_and_finds_copies_beside_them(tmp_path):
    rng = np.random.default_rng(0)
    x = np.tile(rng.normal(size=50), 2)
    columns = {"Id": range(1, 101), "code": [f"P{n}" for n in range(100)], "x": x, "label": ["a", "b"] * 50}
    checked = hs.data.check(hs.data.load(write(tmp_path / "t.csv", columns)))
    kinds = {one.kind: one for one in checked.findings}
    assert kinds["row-numbers"].severity == "warning"
    assert kinds["row-numbers"].items == ["Id: it numbers the rows"]
    assert "keep=['Id']" in kinds["row-numbers"].text
    with pytest.warns(RowNumberWarning, match="'Id': row numbers or IDs.*keep=\\['Id'\\]"):
        hs.fit(hs.methods.RidgeProbe(), "table", checked.dataset)
    assert kinds["silent-columns"].items == ["code: it has another name in every row"]
    assert kinds["exact-duplicates"].count == 100
    assert checked.groups[0] == checked.groups[50]


def test_new_rows_need_no_row_number_and_may_have_one():
    x = [1.0, 3.0, 2.0] * 10
    schema = schema_of(from_columns({"Id": range(30), "x": x}, "t"))
    assert schema.names == ("x",)
    for new in (
        {"x": [1.0]},
        {"Id": [7], "x": [1.0]},
        {"Id": ["none"], "x": [1.0]},
        {"Unnamed: 0": [0], "x": [1.0]},
        {"": ["1,000"], "x": [1.0]},
    ):
        assert encoded(rows_of(new, schema), schema).values.tolist() == [[1.0]]


def test_a_gap_says_something_even_in_a_column_of_unique_names():
    rng = np.random.default_rng(0)
    y = rng.choice(["died", "survived"], 120)
    frame = {
        "cabin": [f"C{n}" if v == "survived" else None for n, v in enumerate(y)],
        "x": rng.normal(size=120),
    }
    data = hs.data.load(frame, labels=y)
    schema = schema_of(data.table)
    cabin = schema.columns[0]
    assert (cabin.name, cabin.categories, cabin.missing) == ("cabin", (), True)
    model = hs.fit(hs.methods.RidgeProbe(), "table", data)
    assert [one.label for one in model.predict(frame)] == y.tolist()
    findings = {one.kind: one for one in hs.data.check(data).findings}
    assert findings["unique-names"].items == ["cabin"]
    assert "silent-columns" not in findings


def test_texts_are_found_and_named(tmp_path):
    sentences = [
        f"this film is {word} and so was the one before, number {n}"
        for n in range(15)
        for word in ("good", "bad")
    ]
    columns = {
        "idx": range(30),
        "x": [n % 4 for n in range(30)],
        "sentence": sentences,
        "label": ["a", "b"] * 15,
    }
    data = hs.data.load(write(tmp_path / "sst.csv", columns), categorical=["sentence"])
    finding = {one.kind: one for one in hs.data.check(data).findings}["looks-like-texts"]
    assert finding.severity == "warning"
    assert "text_column='sentence'" in finding.text
    short = from_columns({"c": [f"New York {n}" for n in range(30)]}, "t")
    assert [one.kind for one in about_columns(short)] == ["silent-columns"]
    alone = {name: columns[name] for name in ("idx", "sentence", "label")}
    assert hs.data.load(write(tmp_path / "two.csv", alone)).kind == "texts"


def test_a_sorted_amount_can_be_kept(tmp_path):
    path = write(
        tmp_path / "years.csv",
        {"year": range(1990, 2030), "flat": [1] * 40, "label": ["a"] * 20 + ["b"] * 20},
    )
    kept = hs.data.load(path, keep=["year"])
    assert schema_of(kept.table).names == ("year",)  # and not the constant
    assert "row-numbers" not in {one.kind for one in hs.data.check(kept).findings}
    with pytest.raises(BadData, match=r"'year': it numbers the rows.*keep=\['year'\]"):
        schema_of(hs.data.load(path).table)
    assert schema_of(from_columns({"year": range(40)}, "t")).names == ("year",)  # there is nothing else
    assert from_columns({"year_id": range(40)}, "t").ids
    with pytest.raises(Unknown, match=r"'yaer'.*'year'"):
        hs.data.load(path, keep=["yaer"])
    with pytest.raises(BadInput, match=r"write \['year'\]"):
        hs.data.load(path, keep="year")
    with pytest.raises(BadInput, match="columns of a table, but arrays holds"):
        hs.data.load((np.zeros((4, 2)), [0, 1, 0, 1]), keep=["0"])


@pytest.mark.parametrize("where", [(5,), (0, 59), range(0, 60, 3)])
def test_a_row_number_with_gaps_is_none(where):
    """Only whether there is one is learned from."""
    values = numbers("number").astype(float)
    values[list(where)] = NAN
    columns = {"order": values, "x": np.random.default_rng(2).normal(size=N), "label": ["a", "b"] * 30}
    data = hs.data.load(columns)
    assert data.table.ids == {"order": "it numbers the rows"}
    column = next(one for one in schema_of(data.table).columns if one.name == "order")
    assert (column.deviation, column.missing) == (0.0, True)
    assert "row-numbers" in [one.kind for one in about_columns(data.table)]
    assert hs.data.load(columns, keep=["order"]).table.ids == {}
    values[: N // 2 + 1] = NAN  # most rows have none
    assert hs.data.load(columns | {"order": values}).table.ids == {}


def test_an_id_that_a_few_rows_repeat_is_one():
    values = numbers("shuffled")
    values[:3] = values[3:6]
    columns = {"x": np.random.default_rng(2).normal(size=N), "label": ["a", "b"] * 30}
    found = from_columns(columns | {"patient_id": values}, "t").ids
    assert found == {"patient_id": "it is called an ID, and is another whole number in 57 of 60 rows"}
    assert from_columns(columns | {"amount": values}, "t").ids == {}
    assert from_columns(columns | {"patient_id": values // 2}, "t").ids == {}


def test_an_index_of_pandas_without_a_name_is_no_column_of_a_file(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"x": np.random.default_rng(0).normal(size=90), "label": ["a", "b"] * 45})
    some = frame[frame["x"] > 0]
    some.to_parquet(tmp_path / "some.parquet")
    assert hs.data.load(tmp_path / "some.parquet").table.names == ("x",)
    assert hs.data.load(tmp_path / "some.parquet").content == hs.data.load(some).content
