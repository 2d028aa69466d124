"""Tables: what is read of columns, the schema of training rows, and other rows by it."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from headstart.core import BadData, BadInput, Schema
from headstart.data.schemas import FAR, MOST, encoded, log_normalised, schema_of
from headstart.data.tables import columns_of, from_columns, from_rows

NAN = math.nan
CELLS = {
    "age": ["1", "2", "", "9", "100"],
    "colour": ["red", "blue", "red", "NA", "green"],
    "site": ["a", "a", "a", "a", "b"],
    "label": ["x", "y", "x", "y", "x"],
}
TRAIN = [0, 1, 2, 3]


def people(**other):
    return from_columns({**CELLS, **other}, "people", passed=("label",), first=1)


def column(schema, name):
    return next(one for one in schema.columns if one.name == name)


def test_the_schema_has_the_numbers_of_the_training_rows_alone():
    found = schema_of(people(), TRAIN)
    age, colour = column(found, "age"), column(found, "colour")
    assert (age.kind, age.median, age.mean) == ("numeric", 2.0, 4.0)
    assert age.deviation == pytest.approx(math.sqrt((9 + 4 + 25) / 3))
    assert age.missing
    assert colour.missing
    assert colour.categories == ("blue", "red")
    assert found.dropped == {"site": "it is always 'a'"}
    assert found.passed == ("label",)
    assert not found.counts


def test_test_rows_never_reach_the_schema():
    poisoned = {
        "age": [*CELLS["age"][:4], "-1e9"],
        "colour": [*CELLS["colour"][:4], "poison"],
        "site": [*CELLS["site"][:4], ""],
    }
    assert schema_of(people(**poisoned), TRAIN) == schema_of(people(), TRAIN)
    assert schema_of(people(), TRAIN) != schema_of(people())


def test_other_rows_become_numbers_and_codes_by_name_in_any_order():
    schema = schema_of(people(), TRAIN)
    other = {"colour": ["red", "pink", ""], "age": ["", "7", "-1"]}
    found = encoded(from_columns(other, "new", kinds=schema.kinds), schema)
    assert schema.names == ("age", "colour")
    np.testing.assert_array_equal(found.values, np.array([[NAN, 1], [7, 2], [-1, NAN]], dtype=np.float32))
    assert found.values.dtype == np.float32
    assert (found.unseen["colour"].count, found.unseen["colour"].rows) == (1, 2)
    swapped = encoded(from_columns(dict(reversed(other.items())), "new", kinds=schema.kinds), schema)
    np.testing.assert_array_equal(swapped.values, found.values)


def test_the_schema_survives_json():
    schema = schema_of(people(), TRAIN)
    assert Schema.from_settings(json.loads(json.dumps(schema.settings()))) == schema
    assert "origin" not in json.dumps(schema.settings())  # what is as by default is not written


def test_absent_and_unknown_columns_are_named_with_the_nearest():
    schema = schema_of(people(), TRAIN)
    new = from_columns({"agge": ["1"], "colour": ["red"], "weight": ["2"]}, "new.csv", first=1)
    with pytest.raises(BadData) as error:
        encoded(new, schema)
    text = str(error.value)
    assert "new.csv has no column 'age' (near: 'agge')" in text
    assert "unknown column 'agge', 'weight' (near: 'age')" in text
    allowed = from_columns({"age": ["1"], "colour": ["red"], "label": ["x"], "site": ["z"]}, "new.csv")
    assert encoded(allowed, schema).values.shape == (1, 2)


def test_a_column_of_another_kind_is_refused():
    schema = schema_of(people(), TRAIN)
    with pytest.raises(BadData, match="'colour' holds numbers, in the training data it held names"):
        encoded(from_columns({"age": [1], "colour": [2]}, "new"), schema)
    with pytest.raises(
        BadData, match=r"row 1, column 'age' is 'old', which is no number\. Correct it or leave"
    ):
        from_columns({"age": ["3", "old"], "colour": ["red", "red"]}, "new", kinds=schema.kinds)
    new = from_columns({"age": [3.0], "colour": [2.5]}, "new", kinds=schema.kinds)
    assert encoded(new, schema).unseen["colour"].names == ("2.5",)


def test_numbers_for_names_are_taken_where_they_are_whole():
    table = from_columns(
        {"zip": np.array([3.0, NAN, 12.0]), "v": [1, 2, 3]}, "t", kinds={"zip": "categorical"}
    )
    assert table.words["zip"] == ("3", "12")
    assert table.row(0) == {"zip": "3", "v": 1.0}
    assert table.row(1)["zip"] is None


def test_a_text_among_numbers_is_named():
    with pytest.raises(BadData) as error:
        people(age=["1", "2", "3", "1,5", "about 4"])
    assert "people: row 4, column 'age' is '1,5', which is no number, and so are 1 more: it has" in str(
        error.value
    )
    assert "categorical=['age']" in str(error.value)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", "", "3"], "numeric"),
        (["-.5", "+1e3", "2.", "NaN"], "numeric"),
        (["a", "b", "1", "c"], "categorical"),
        (["1_000", "x", "2_000", "y"], "categorical"),  # Python reads 1_000 as a number
        (["", "NA", "?", "null"], "numeric"),
        ([True, False, True, True], "boolean"),
        (np.array([True, False, True, True]), "boolean"),
        ([1, None, 2.5, NAN], "numeric"),
        ([b"a", b"b", None, b"a"], "categorical"),
    ],
)
def test_kinds_are_found_out(cells, kind):
    table = from_columns({"c": cells}, "t")
    assert table.kinds == (kind,)


@pytest.mark.parametrize("cells", [["1", "inf", "2", "-Infinity", "3"], [1, math.inf, 2, -math.inf, 3]])
def test_infinity_is_refused_where_it_stands(cells):
    with pytest.raises(BadData, match=r"people: row 2, column 'age' is inf; 2 of 5 cells are infinite"):
        people(age=cells)


def test_a_number_that_only_float64_can_hold():
    table = from_columns({"v": [0.0, 1e300, 2.0]}, "t")
    schema = schema_of(table, [0, 2])
    with pytest.raises(BadData, match=r"row 1, column 'v' is 1e\+300, which is too large"):
        encoded(table, schema)


def test_numbers_far_from_zero_keep_their_differences():
    times = np.array([1.7e9, 1.7e9 + 1, 1.7e9 + 2, 1.7e9 + 3])
    schema = schema_of(from_columns({"t": times}, "t"))
    one = schema.columns[0]
    assert abs(times.mean()) > FAR * times.std()
    assert (one.origin, one.mean, one.median) == (1.7e9 + 1.5, 0.0, 0.0)
    found = encoded(from_columns({"t": times}, "t"), schema).values[:, 0]
    np.testing.assert_array_equal(found, [-1.5, -0.5, 0.5, 1.5])


def test_columns_that_say_nothing_are_dropped_and_why():
    ids = [f"id{n}" for n in range(30)]
    cells = {
        "id": ids,
        "flat": [2.5] * 30,
        "none": [""] * 30,
        "hole": [1.0] * 29 + [NAN],
        "v": [n % 7 for n in range(30)],
    }
    schema = schema_of(from_columns(cells, "t"))
    assert schema.dropped == {
        "id": "it has another name in every row",
        "flat": "it is always 2.5",
        "none": "it is empty",
    }
    hole = column(schema, "hole")  # that it is missing may say something, its value can't
    assert hole.missing
    assert hole.deviation == 0
    with pytest.raises(BadData, match=r"No column of t varies: 'flat': it is always 2\.5"):
        schema_of(from_columns({"flat": [2.5] * 3}, "t"))


def test_a_constant_that_binary_numbers_do_not_hold_exactly_is_dropped():
    schema = schema_of(from_columns({"tenth": [0.1] * 7, "v": range(7)}, "t"))
    assert list(schema.dropped) == ["tenth"]


def test_rare_categories_of_many_share_the_last_slot():
    words = [f"w{n}" for n in range(MOST + 6)] * 2 + ["w3"]
    schema = schema_of(from_columns({"w": words}, "t"))
    kept = schema.columns[0].categories
    assert len(kept) == MOST
    assert kept[-1] == f"w{MOST - 1}"  # equally frequent ones by name
    found = encoded(from_columns({"w": [f"w{MOST + 5}", "w0"]}, "t"), schema)
    assert found.values[:, 0].tolist() == [MOST, 0]


def test_counts_are_brought_to_the_same_total_then_logged():
    counts = np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 0.0], [5.0, 5.0, 0.0]])
    found = log_normalised(counts)
    wanted = [[math.log(2501), math.log(7501), 0], [0, 0, 0], [math.log(5001)] * 2 + [0]]
    np.testing.assert_allclose(found, wanted)
    schema = schema_of(from_rows(counts, "cells", counts=True), [0, 2])
    assert schema.counts
    assert len(schema.columns) == 3  # the constant gene is part of the total
    assert [one.deviation > 0 for one in schema.columns] == [True, True, False]
    assert schema.columns[0].mean == pytest.approx((math.log(2501) + math.log(5001)) / 2)


def test_columns_in_one_unit_keep_their_spread():
    """Variances of 1, 9 and 0: both columns that vary are divided by the root of 5; elsewhere by 1 and 3."""
    values = np.array([[1.0, 10.0, 4.0], [3.0, 16.0, 4.0]])
    apart = from_rows(values, "t")
    assert [one.deviation for one in schema_of(apart).columns] == [1, 3]
    alike = schema_of(replace(apart, alike=True))
    assert [one.deviation for one in alike.columns] == pytest.approx([5**0.5] * 2)
    assert [one.mean for one in alike.columns] == [2, 13]
    counts = schema_of(from_rows(np.array([[1.0, 9.0, 5.0], [2.0, 8.0, 5.0]]), "cells", counts=True))
    assert counts.columns[0].deviation == counts.columns[1].deviation > 0


@pytest.mark.parametrize("wrong", [-1, 0.5, NAN])
def test_counts_that_are_none_are_refused(wrong):
    table = from_rows(np.array([[1.0, 2.0], [2.0, wrong]]), "cells", counts=True)
    with pytest.raises(BadData, match=r"row 1, column '1' is .*; raw counts are whole numbers >= 0"):
        schema_of(table)
    schema = schema_of(from_rows(np.array([[1.0, 2.0], [2.0, 0.0]]), "cells", counts=True))
    with pytest.raises(BadData, match="raw counts"):
        encoded(table, schema)


def test_frames_records_and_structured_arrays_are_tables():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "n": [1, 2, 3],
            "c": pandas.Categorical([7, 8, 7]),
            "maybe": pandas.array([1, None, 3], dtype="Int64"),
            "s": ["u", None, "v"],
        }
    )
    table = from_rows(frame, "frame")
    assert table.kinds == ("numeric", "categorical", "numeric", "categorical")
    assert table.row(1) == {"n": 2.0, "c": "8", "maybe": None, "s": None}
    records = [{"n": 1, "s": "u"}, {"s": "v"}]
    assert from_rows(records, "records").row(1) == {"n": None, "s": "v"}
    structured = np.array([(1.5, b"u"), (2.5, b"v")], dtype=[("n", "f4"), ("s", "S1")])
    assert from_rows(structured, "structured").row(1) == {"n": 2.5, "s": "v"}
    twice = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(BadData, match="two columns called 'a'"):
        from_rows(twice, "twice")


def test_plain_rows_need_as_many_columns_as_there_are_names():
    assert list(columns_of(np.zeros((2, 3)))) == ["0", "1", "2"]
    assert columns_of(np.zeros(3)) is None
    with pytest.raises(BadInput, match="3 columns, the model takes 2: 'a', 'b'"):
        columns_of(np.zeros((2, 3)), ["a", "b"])


def test_equal_rows_have_equal_content_and_others_do_not():
    table = from_columns({"n": ["0", "-0.0", "1", ""], "c": ["a", "a", "a", "a"]}, "t")
    said = [table.raw(row) for row in range(4)]
    assert said[0] == said[1]
    assert len(set(said)) == 3
    # the same codes, but other words
    other = from_columns({"n": ["0", "0", "1", ""], "c": ["b", "b", "b", "b"]}, "t")
    assert other.raw(0) != table.raw(0)
    renamed = from_columns({"m": ["0"], "c": ["a"]}, "t")
    assert renamed.raw(0) != table.raw(0)
    assert table.take(np.array([2])).raw(0) == said[2]


def test_nothing_but_the_label_is_no_table():
    with pytest.raises(BadData, match="no column to learn from besides 'label'"):
        from_columns({"label": ["x"]}, "t", passed=("label",))
    with pytest.raises(BadData, match="differ in length"):
        from_columns({"a": [1], "b": [1, 2]}, "t")


@pytest.mark.parametrize("cells", [3, 7, 11, 23])
def test_a_constant_share_of_counts_gives_no_feature_however_its_mean_is_rounded(cells):
    counts = np.array([[1.0, 2.0 + n % 3, 7.0 - n % 3] for n in range(cells)])
    schema = schema_of(from_rows(counts, "cells", counts=True))
    assert [one.deviation > 0 for one in schema.columns] == [False, True, True]
