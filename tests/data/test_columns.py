"""Columns mean the same in every file: how they are typed, named, left out, and split into parts."""

import math
import warnings

import numpy as np
import pytest
from tests.data.csv_files import write

import headstart as hs
from headstart.core import BadData, Schema
from headstart.data.records import about_columns
from headstart.data.schemas import MOST, encoded, schema_of
from headstart.data.table_rows import rows_of
from headstart.data.tables import from_columns
from headstart.data.unseen import GapWarning, refuse_unseen

NAN = math.nan


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


def test_words_of_truth_among_other_numbers_and_names_and_a_constant_truth():
    amounts = schema_of(from_columns({"c": [0, 1, 2]}, "t"))
    with pytest.raises(BadData, match=r"row 0, column 'c' is 'yes', which is no number"):
        rows_of({"c": ["yes"]}, amounts)
    answers = schema_of(from_columns({"c": ["yes", "no", "maybe"]}, "t"))
    assert answers.columns[0].categories == ("maybe", "no", "yes")
    assert schema_of(from_columns({"c": ["true", "", "TRUE"]}, "t")).kinds == {"c": "boolean"}
    sexes = from_columns({"c": ["f", "m", "f"]}, "t")
    assert sexes.words["c"] == ("f", "m")
    boolean = schema_of(from_columns({"c": [True, False]}, "t"))
    assert encoded(rows_of({"c": ["true", "perhaps"]}, boolean), boolean).unseen["c"].names == ("perhaps",)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("1,234", "1234"),
        ("1'234'567", "1234567"),
        ("1,5", "1.5"),
        ("1.234,56", "1234.56"),
        ("1.234.567,8", "1234567.8"),
        ("-1,234.5", "-1234.5"),
        ("12 345", "12345"),
        ("1 234,5", "1234.5"),
        ("1,23,456", "123456"),
        ("12,34,567.8", "1234567.8"),
        ("1234,567", "1234.567"),
    ],
)
def test_separators_in_numbers_are_refused_with_the_right_spelling(cell, meant):
    with pytest.raises(
        BadData, match=rf"row 1, column 'c' is .*, which is no number.*Write {meant}.*categor"
    ):
        from_columns({"c": ["950", cell, "3", "4"]}, "t")
    with pytest.raises(BadData, match=f"Write {meant}"):
        from_columns({"c": [cell, cell.replace("1", "2"), ""]}, "t")
    assert from_columns({"c": [cell]}, "t", kinds={"c": "categorical"}).words["c"] == (cell,)


FLATS = [f"{k % 40 + 1}{'AB'[k % 2] if k % 9 == 0 else ''}" for k in range(90)]
TICKETS = [f"PC {k}" if k % 5 == 0 else "LINE" if k % 7 == 0 else str(k % 30) for k in range(90)]
HOUSES = [f"{k % 20}-{k % 20 + 2}" if k % 6 == 0 else str(k % 30) for k in range(90)]


@pytest.mark.parametrize("cells", [FLATS, TICKETS, HOUSES, [int(c) if c.isdigit() else c for c in FLATS]])
def test_codes_among_whole_numbers_are_names_and_found(cells):
    table = from_columns({"flat": cells}, "t")
    assert table.kinds == ("categorical",)
    assert set(table.words["flat"]) == set(map(str, cells))
    (found,) = about_columns(table)
    assert (found.kind, found.severity, found.count) == ("codes", "warning", len(set(cells)))
    assert not about_columns(from_columns({"flat": cells}, "t", kinds={"flat": "categorical"}))
    schema = schema_of(table)
    assert encoded(rows_of({"flat": [cells[1], cells[0]]}, schema), schema).unseen == {}


def test_codes_of_which_each_is_another_are_left_out():
    table = from_columns(
        {"isbn": [f"{k}X" if k % 9 == 0 else str(k) for k in range(90)], "x": [0, 1] * 45}, "t"
    )
    assert list(table.ids) == ["isbn"]
    assert [one.kind for one in about_columns(table)] == ["silent-columns"]


@pytest.mark.parametrize(
    "others",
    [
        ["3o"],
        ["3 kg", "4 kg"],
        ["5k", "6k"],
        ["5 M", "6 k"],
        ["<5", "<7"],
        ["old", "older"],
        ["1.5A", "1.5", "2.5A"],
    ],
)
def test_slips_amounts_with_a_unit_and_words_among_numbers_are_still_refused(others):
    numbers = [str(k) for k in range(10, 40)]
    with pytest.raises(BadData, match=rf"row 30, column 'c' is '{others[0]}', which is no number"):
        from_columns({"c": [*numbers, *others]}, "t")
    with pytest.raises(BadData, match="no number"):  # too few of many cells
        from_columns({"c": [*numbers * 10, "12A", "13A"]}, "t")


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


@pytest.mark.parametrize(
    "form",
    ["{} %", "${}", "{}kg", "{} €", "EUR {}", "{} mm/h", "{}.5 m²", "-{}°C", "{}k", "£{}.99"],
)
def test_numbers_with_a_unit_are_found(form):
    """They are names, of which a new number is none; before, nothing was said."""
    rows = {"x": [form.format(10 + n % 9) for n in range(36)], "label": ["a", "b"] * 18}
    found = {one.kind: one for one in hs.data.check(hs.data.load(rows)).findings}["looks-like-amounts"]
    assert "'x' looks like numbers with a unit" in found.text
    assert form.format(10) in found.text


@pytest.mark.parametrize("form", ["A{}", "room {}", "{}-{}", "#{}", "{}abcdef", "v{}.1"])
def test_codes_are_no_numbers_with_a_unit(form):
    rows = {"x": [form.format(10 + n % 9, n % 9) for n in range(36)], "label": ["a", "b"] * 18}
    assert "looks-like-amounts" not in {one.kind for one in hs.data.check(hs.data.load(rows)).findings}


def test_few_numbers_with_a_unit_are_names():
    rows = {"stars": [f"{1 + n % 5} stars" for n in range(40)], "label": ["a", "b"] * 20}
    assert "looks-like-amounts" not in {one.kind for one in hs.data.check(hs.data.load(rows)).findings}


def test_a_column_that_is_empty_in_new_rows_alone_is_named():
    """A renamed export: its cells were the median, and nothing was said."""
    rows = {
        "a": [n % 7 for n in range(40)],
        "b": ["u", "v"] * 20,
        "c": [None, 1.0] * 20,
        "label": ["x", "y"] * 20,
    }
    model = hs.fit(hs.methods.LogisticProbe(), "table", hs.data.load(rows))
    full = {"a": [1, 2], "b": ["u", "v"], "c": [None, None]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(full)
        model.predict({**full, "a": [None, 2]})
        model.predict({name: cells[:1] for name, cells in {**full, "a": [None]}.items()})
    with pytest.warns(GapWarning, match="All 2 rows have nothing in 'a', 'b', where all training rows had"):
        model.predict({**full, "a": [None, None], "b": ["", None]})


def test_one_row_as_a_mapping_is_named():
    schema = schema_of(from_columns({"a": [1, 2, 3]}, "t"))
    with pytest.raises(BadData, match=r"column 'a' holds one value, 4, not one a row.*give it as \[row\]"):
        rows_of({"a": 4}, schema)
    assert rows_of([{"a": 4}], schema).values.tolist() == [[4.0]]
