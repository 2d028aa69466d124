"""A nuisance of each row: from files, frames and arrays, kept by subsets, never an input."""

import numpy as np
import pytest

from headstart.core import BadData, BadInput, Unknown
from headstart.data.attributes import association, attributed, class_by_attribute_groups
from headstart.data.load import load
from headstart.data.shifts import shifted

ROWS = "age,ground,label\n31,sand,cow\n42,grass,cow\n53,grass,camel\n64,sand,camel\n"


@pytest.fixture
def table(tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    return tmp_path / "rows.csv"


def test_of_a_table_it_is_no_input(table):
    found = load(table, attribute_column="ground")
    assert found.table.names == ("age",)
    assert found.attribute_names == ("grass", "sand")
    assert found.attributes.tolist() == [1, 0, 0, 1]
    assert found.attributes.dtype == np.int64
    assert load(table).table.names == ("age", "ground")


def test_of_texts_and_pictures_in_a_file(tmp_path):
    (tmp_path / "t.csv").write_text("text,tag,label\nhello,1,a\nyou,2,b\n")
    assert load(tmp_path / "t.csv", attribute_column="tag").attribute_names == ("1", "2")
    assert load(tmp_path / "t.csv").attributes is None


@pytest.mark.parametrize("kind", ["mapping", "rows", "frame"])
def test_of_what_is_like_a_frame(kind):
    columns = {"age": [1.0, 2.0, 3.0], "ground": ["b", "a", "b"], "label": ["x", "y", "x"]}
    if kind == "rows":
        source = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    elif kind == "frame":
        source = pytest.importorskip("pandas").DataFrame(columns)
    else:
        source = columns
    found = load(source, attribute_column="ground")
    assert found.table.names == ("age",)
    assert found.attributes.tolist() == [1, 0, 1]
    assert "ground" in found.table.passed


def test_of_arrays_and_kept_by_all_that_makes_parts():
    found = load((np.eye(4), [0, 1, 0, 1]), attribute=["b", "b", "a", "c"])
    part = found.subset([3, 0])
    assert part.attributes.tolist() == [2, 1]
    assert part.attribute_names == ("a", "b", "c")
    few = load((np.eye(4), [0, 1, 0, 1]), attribute=[9, 9, 10, 10], per_class=1)
    assert few.attribute_names == ("9", "10")  # in natural order
    pictures = load((np.zeros((2, 4, 4), np.uint8), [0, 1]), attribute=["x", "y"])
    assert shifted(pictures, "invert").attributes.tolist() == [0, 1]


def test_it_belongs_to_the_content():
    arrays = (np.eye(4), [0, 1, 0, 1])
    contents = {load(arrays, attribute=a).content for a in (None, ["a", "a", "b", "b"], ["a", "b", "a", "b"])}
    assert len(contents) == 3


def test_groups_are_class_times_attribute():
    found = class_by_attribute_groups(
        load((np.eye(4), ["cow", "camel", "cow", "cow"]), attribute=["s", "s", "g", "g"])
    )
    assert found.names == ("camel, g", "camel, s", "cow, g", "cow, s")
    assert found.numbers.tolist() == [3, 1, 2, 2]
    assert found.rows() == (0, 1, 2, 1)
    assert found.by_attribute
    plain = class_by_attribute_groups(load((np.eye(4), ["cow", "camel", "cow", "cow"])))
    assert (plain.names, plain.numbers.tolist(), plain.by_attribute) == (
        ("camel", "cow"),
        [1, 0, 1, 1],
        False,
    )
    with pytest.raises(BadInput, match="need classes"):
        class_by_attribute_groups(load((np.eye(4), [0.1, 0.2, 0.5, 0.3])))


def test_how_firmly_class_and_attribute_go_together():
    """V is 0 if independent, 1 if one gives the other; of 3, 1 / 1, 3 rows it is the phi 0.5."""
    classes = np.repeat([0, 1], 4)
    data = (np.eye(8), classes)
    assert association(load(data, attribute=[0, 0, 1, 1] * 2)) == pytest.approx(0)
    assert association(load(data, attribute=classes)) == pytest.approx(1)
    assert association(load(data, attribute=[0, 0, 0, 1, 0, 1, 1, 1])) == pytest.approx(0.5)
    assert association(load(data, attribute=[0] * 8)) == 0.0


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"attribute_column": "grond"}, Unknown, "'grond'. Did you mean 'ground'"),
        ({"attribute_column": "ground", "attribute": [1] * 4}, BadInput, "not both"),
        ({"attribute": [1, 2]}, BadInput, r"4 rows, attributes of shape \(2,\)"),
        ({"attribute": ["a", "", "b", "b"]}, BadData, "row 1 has no attribute"),
        ({"attribute": [1.0, float("nan"), 1.0, 2.0]}, BadData, "row 1 has no attribute"),
    ],
)
def test_what_is_refused(table, options, error, says):
    if "attribute" in options and "attribute_column" not in options:
        source = (np.eye(4), [0, 1, 0, 1])
    else:
        source = table
    with pytest.raises(error, match=says):
        load(source, **options)


def test_what_has_no_columns():
    with pytest.raises(BadInput, match="has no columns"):
        load("digits", attribute_column="ground")
    with pytest.raises(BadInput, match="has no columns"):
        load((np.eye(4), [0, 1, 0, 1]), attribute_column="ground")


def test_an_attribute_has_few_values():
    data = load((np.eye(60), [0, 1] * 30))
    with pytest.raises(BadData, match="60 values in 60 rows"):
        attributed(data, np.arange(60))


def test_an_empty_cell_is_named_by_its_row(table):
    table.write_text(ROWS.replace("42,grass", "42,"))
    with pytest.raises(BadData, match="row 2 has no attribute"):
        load(table, attribute_column="ground")


def test_a_table_of_the_attribute_alone_is_refused():
    with pytest.raises((BadInput, BadData), match="no column"):
        load({"ground": ["a", "b"], "label": ["x", "y"]}, attribute_column="ground")
