"""Columns mean the same in every file: how they are typed, named, left out, and split into parts."""

import csv
import datetime
import math

import numpy as np
import pytest

import headstart as hs
from headstart.core import BadData, BadInput, Schema, Unknown
from headstart.data.records import about_columns
from headstart.data.row_numbers import is_called_id
from headstart.data.schemas import MOST, encoded, schema_of
from headstart.data.table_rows import rows_of
from headstart.data.tables import from_columns, from_rows
from headstart.data.unseen import refuse_unseen

NAN = math.nan


def write(path, columns):
    with path.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))
    return path


def codes(cells, schema, name="c"):
    """What a column becomes by a schema of that column alone."""
    return encoded(rows_of({name: cells}, schema), schema).values[:, 0].tolist()


SPELLINGS = [
    ["1", "2", "3", "2"],
    ["1.0", "2.0", "3.0", "2.0"],
    ["01", "2.", "+3", "2.00"],
    [1, 2, 3, 2],
    np.array([1.0, 2.0, 3.0, 2.0]),
    np.array([1, 2, 3, 2], np.float32),
    [1, 2.0, "3", "2"],
]


@pytest.mark.parametrize("train", SPELLINGS)
@pytest.mark.parametrize("new", SPELLINGS)
def test_a_number_has_one_name_however_it_is_written(train, new):
    schema = schema_of(from_columns({"c": train}, "t", kinds={"c": "categorical"}))
    assert schema.columns[0].categories == ("1", "2", "3")
    assert codes(new, schema) == [0, 1, 2, 1]


def test_names_with_digits_are_not_numbers():
    cells = ["1e5", "10e4", "1a", "v1.0", "1.5", "1.50"]
    found = from_columns({"c": cells}, "t", kinds={"c": "categorical"})
    assert found.words["c"] == ("1.5", "1a", "1e5", "10e4", "v1.0")
    large = from_columns({"c": ["12345678901234567", "12345678901234568"]}, "t", kinds={"c": "categorical"})
    assert len(large.words["c"]) == 2  # which floats do not tell apart


def test_a_gap_turns_whole_numbers_to_floats_and_nothing_else():
    schema = schema_of(from_columns({"c": [1, 2, 3]}, "t", kinds={"c": "categorical"}))
    assert codes([1.0, NAN, 3.0], schema)[::2] == [0, 2]
    assert math.isnan(codes(["1.0", "", "3.0"], schema)[1])


TRUTHS = [
    ["true", "false", "", "true"],
    ["True", "FALSE", "", "True"],
    ["yes", "no", "", "Yes"],
    ["y", "n", None, "Y"],
    ["1", "0", "", "1"],
    ["1.0", "0.0", "nan", "1.0"],
    [True, False, None, True],
    [1, 0, None, 1],
    np.array([1.0, 0.0, NAN, 1.0]),
]


@pytest.mark.parametrize("train", TRUTHS)
@pytest.mark.parametrize("new", TRUTHS)
def test_truth_values_are_the_same_in_words_and_numbers(train, new):
    schema = schema_of(from_columns({"c": train}, "t"))
    assert schema == Schema.from_settings(schema.settings())
    found = codes(new, schema)
    assert found[0] == found[3] == 1
    assert found[1] == 0
    assert math.isnan(found[2])


def test_words_of_truth_among_other_numbers_and_names():
    amounts = schema_of(from_columns({"c": [0, 1, 2]}, "t"))
    with pytest.raises(BadData, match=r"row 0, column 'c' is 'yes', which is no number"):
        rows_of({"c": ["yes"]}, amounts)
    answers = schema_of(from_columns({"c": ["yes", "no", "maybe"]}, "t"))
    assert answers.columns[0].categories == ("maybe", "no", "yes")
    sexes = from_columns({"c": ["f", "m", "f"]}, "t")
    assert sexes.words["c"] == ("f", "m")
    boolean = schema_of(from_columns({"c": [True, False]}, "t"))
    assert encoded(rows_of({"c": ["true", "perhaps"]}, boolean), boolean).unseen["c"].names == ("perhaps",)


@pytest.mark.parametrize(("cell", "meant"), [("1,234", "1234"), ("1'234'567", "1234567"), ("1,5", "1.5")])
def test_separators_in_numbers_are_refused_with_the_right_spelling(cell, meant):
    with pytest.raises(
        BadData, match=rf"row 1, column 'c' is .*, which is no number.*Write {meant}.*categor"
    ):
        from_columns({"c": ["950", cell, "3", "4"]}, "t")
    with pytest.raises(BadData, match=f"Write {meant}"):
        from_columns({"c": [cell, cell.replace("1", "2"), ""]}, "t")
    assert from_columns({"c": [cell]}, "t", kinds={"c": "categorical"}).words["c"] == (cell,)


def test_categories_of_a_frame_may_be_numbers_with_fractions():
    pandas = pytest.importorskip("pandas")
    cells = [0.5, 1.0, 2.0, 0.5]
    frame = pandas.DataFrame({"dose": pandas.Categorical(cells), "label": list("abab")})
    table = hs.data.load(frame).table
    assert table.words["dose"] == ("0.5", "1", "2")
    again = from_columns({"dose": ["0.50", "1", "2.0", ".5"]}, "t", kinds={"dose": "categorical"})
    assert again.words == table.words
    np.testing.assert_array_equal(again.values, table.values)


def test_file_frame_and_rows_are_the_same(tmp_path):
    pandas = pytest.importorskip("pandas")
    columns = {
        "n": [1, None, 3, 4],
        "flag": [True, False, None, True],
        "name": ["a", "None", "#N/A", "b"],
        "when": ["2020-01-01 10:00:00", "2020-01-02 11:30:00", None, "2020-02-01 00:00:00"],
        "label": list("xyxy"),
    }
    path = write(tmp_path / "t.csv", columns)
    frame = pandas.read_csv(path)
    parsed = pandas.read_csv(path, parse_dates=["when"])
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    frame.to_parquet(tmp_path / "t.parquet")
    parsed.to_parquet(tmp_path / "p.parquet")
    sources = [path, frame, parsed, rows, tmp_path / "t.parquet", tmp_path / "p.parquet"]
    tables = [hs.data.load(source).table for source in sources]
    for table in tables:
        assert table.kinds == ("numeric", "boolean", "categorical", "date")
        assert table.words == tables[0].words
        np.testing.assert_array_equal(table.values, tables[0].values)


def test_all_names_of_a_column_unseen_are_an_error_a_share_is_counted():
    schema = schema_of(from_columns({"c": ["a", "b", "a"], "x": [1, 2, 3]}, "t"))
    new = encoded(rows_of({"c": ["A", "B", ""], "x": [1, 2, 3]}, schema), schema)
    with pytest.raises(BadData, match=r"2 of 2 rows \(100 %\) have a name in 'c' .* 'A'; known are 'a', 'b'"):
        refuse_unseen(new.unseen)
    some = encoded(rows_of({"c": ["A", "a", "b"], "x": [1, 2, 3]}, schema), schema).unseen
    refuse_unseen(some)
    assert (some["c"].count, some["c"].rows) == (1, 3)
    refuse_unseen(encoded(rows_of({"c": ["A"], "x": [1]}, schema), schema).unseen)  # one row


def test_rare_names_of_the_training_rows_are_no_unseen_ones():
    words = [f"w{n}" for n in range(MOST + 9)]
    schema = schema_of(from_columns({"c": words * 2}, "t"))
    rare = schema.columns[0].rare
    assert set(rare) | set(schema.columns[0].categories) == set(words)
    found = encoded(rows_of({"c": [*rare, "new"]}, schema), schema)
    assert found.unseen["c"].names == ("new",)
    assert set(found.values[:, 0].tolist()) == {MOST}


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


def dates(count, start="2020-01-01 06:00"):
    return np.datetime64(start, "s") + np.arange(count) * np.timedelta64(13, "h")


def test_dates_become_days_and_parts_that_vary():
    schema = schema_of(from_columns({"when": [*dates(40).astype(str), ""]}, "t"))
    assert [column.part for column in schema.columns] == ["days", "weekday", "hour"]  # one month
    assert schema.columns[0].missing
    assert schema == Schema.from_settings(schema.settings())
    new = ["2020-01-01 06:00", "2020-01-02T18:30:00", "2021-05-05", ""]
    found = encoded(rows_of({"when": new}, schema), schema)
    assert found.values[:3, 0].tolist() == [0.0, np.float32(1 + 12.5 / 24), np.float32(489.75)]
    weekdays = schema.columns[1].categories
    assert [weekdays[int(code)] for code in found.values[:3, 1]] == ["Wednesday", "Thursday", "Wednesday"]
    assert found.unseen == {}  # another month is no error
    assert np.isnan(found.values[3]).all()


def test_dates_are_the_same_however_they_come():
    pandas = pytest.importorskip("pandas")
    moments = pandas.Series(pandas.date_range("2020-03-27 22:15", periods=30, freq="17h"))
    zoned = moments.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    forms = {
        "datetime64": moments,
        "texts": moments.astype(str),
        "iso": moments.map(lambda one: one.isoformat() + "Z"),
        "zoned": zoned,
        "zoned texts": zoned.astype(str),
        "python": moments.map(lambda one: one.to_pydatetime()).astype(object),
        "slashes": moments.dt.strftime("%Y/%m/%d %H:%M"),
    }
    schema = schema_of(from_rows(pandas.DataFrame({"when": moments}), "t"))
    expected = encoded(from_rows(pandas.DataFrame({"when": moments}), "t"), schema).values
    for name, column in forms.items():
        table = from_rows(pandas.DataFrame({"when": column}), "t")
        assert table.kinds == ("date",), name
        assert schema_of(table) == schema, name
        np.testing.assert_array_equal(encoded(table, schema).values, expected)
    assert from_columns({"day": [datetime.date(2020, 1, 31)] * 3}, "t").row(0) == {"day": "2020-01-31"}


def test_durations_are_days():
    pandas = pytest.importorskip("pandas")
    waits = pandas.Series(pandas.to_timedelta([1.5, -0.25, 3.0, None], unit="D"))
    table = from_rows(pandas.DataFrame({"wait": waits, "text": waits.astype(str)}), "t")
    assert table.kinds == ("duration", "duration")
    np.testing.assert_array_equal(table.values[:, 0], [1.5, -0.25, 3.0, NAN])
    np.testing.assert_array_equal(table.values[:, 0], table.values[:, 1])


def test_what_is_no_date_is_named():
    with pytest.raises(
        BadData, match=r"row 1, column 'when' is '2020-02-30', which is not an ISO date.*categor"
    ):
        from_columns({"when": ["2020-01-01", "2020-02-30", "2020-03-01"]}, "t")
    schema = schema_of(from_columns({"when": ["2020-01-01", "2020-02-03"]}, "t"))
    for wrong in (["soon"], [17.0]):
        with pytest.raises(BadData, match=r"row 0, column 'when' is .*, which is not an ISO date"):
            rows_of({"when": wrong}, schema)


def test_dates_of_unknown_order_are_found():
    data = hs.data.load(
        {"when": [f"{n % 28 + 1}/03/2020" for n in range(40)], "x": [n % 3 for n in range(40)]},
        labels=["a", "b"] * 20,
    )
    finding = {one.kind: one for one in hs.data.check(data).findings}["looks-like-dates"]
    assert "'when' looks like dates" in finding.text


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
    data = hs.data.load(write(tmp_path / "sst.csv", columns))
    finding = {one.kind: one for one in hs.data.check(data).findings}["looks-like-texts"]
    assert finding.severity == "warning"
    assert "--text-column sentence" in finding.text
    short = from_columns({"c": [f"New York {n}" for n in range(30)]}, "t")
    assert [one.kind for one in about_columns(short)] == ["silent-columns"]
    alone = {name: columns[name] for name in ("idx", "sentence", "label")}
    with pytest.raises(
        BadData, match=r"'idx': it numbers the rows; 'sentence': it holds texts.*--text-column sente"
    ):
        hs.fit(hs.methods.RidgeProbe(), "table", hs.data.load(write(tmp_path / "two.csv", alone)))
    with pytest.raises(BadData, match=r"no column that says anything \('sentence': it holds texts"):
        hs.data.load({"sentence": sentences, "label": columns["label"]})


def test_a_sorted_amount_can_be_kept(tmp_path):
    path = write(tmp_path / "years.csv", {"year": range(1990, 2030), "label": ["a"] * 20 + ["b"] * 20})
    kept = hs.data.load(path, keep=["year"])
    assert schema_of(kept.table).names == ("year",)
    assert "row-numbers" not in {one.kind for one in hs.data.check(kept).findings}
    with pytest.raises(BadData, match=r"'year': it numbers the rows"):
        schema_of(hs.data.load(path).table)
    with pytest.raises(Unknown, match=r"'yaer'.*'year'"):
        hs.data.load(path, keep=["yaer"])
    with pytest.raises(BadInput, match=r"write \['year'\]"):
        hs.data.load(path, keep="year")
    with pytest.raises(BadInput, match="columns of a table, but arrays holds"):
        hs.data.load((np.zeros((4, 2)), [0, 1, 0, 1]), keep=["0"])
