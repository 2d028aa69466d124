"""Rows without a label are left out everywhere; lists are tags; whole floats are whole names."""

import numpy as np
import pytest
import torch

import headstart as hs
import headstart.data as data
from headstart.core import BadData, BadInput
from headstart.data.tag_lists import lists_in

pandas = pytest.importorskip("pandas")
arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

X = np.arange(12.0).reshape(6, 2)
TEXTS = [f"text {n}" for n in range(6)]
NAN = float("nan")


def column(folder, labels):
    """The rows with a column of labels, by where they come from."""
    columns = {"x": X[:, 0].tolist(), "label": labels}
    parquet.write_table(arrow.table(columns), folder / "rows.parquet")
    frame = pandas.DataFrame(columns)
    frame.to_csv(folder / "rows.csv", index=False)
    return {
        "csv": folder / "rows.csv",
        "parquet": folder / "rows.parquet",
        "pandas": frame,
        "arrow": arrow.table(columns),
        "mapping": columns,
    }


@pytest.mark.parametrize("gap", [NAN, None, "", "NA", "nan", "<NA>", "None", "null", "NaT"])
def test_texts_without_a_label_are_left_out_with_the_row(gap, tmp_path):
    labels = ["x", "y", gap, "x", "y", "x"]
    for pair in (
        (X, labels),
        (TEXTS, labels),
        (X, np.array(labels, dtype=object)),
        (X, pandas.Series(labels)),
    ):
        without_row_2(data.load(pair), "row 2")
    arrowed = ["x", "y", None if gap != gap else gap, "x", "y", "x"]
    for name, source in column(tmp_path, arrowed).items():
        found = data.load(source)
        without_row_2(found, "row 3" if name in ("csv", "parquet") else "row 2")
        assert (repr(gap) in found.findings[0].text) == (isinstance(gap, str) and bool(gap))


def without_row_2(found, name, classes=("x", "y")):
    """The third of six rows is left out, and said."""
    assert found.classes == classes
    assert found.labels.tolist() == [0, 1, 0, 1, 0]
    assert found.places.tolist() == [0, 1, 3, 4, 5]
    assert name not in found.items
    said = found.findings[0]
    assert (said.kind, said.severity, said.count, said.items) == ("no-label", "warning", 1, [name])
    assert "1 row has no label in" in said.text
    assert "of 6, and is left out" in said.text


def test_numbers_without_a_label_are_left_out_with_the_row(tmp_path):
    labels = [0.0, 1.0, NAN, 0.0, 1.0, 0.0]
    gaps = [0, 1, None, 0, 1, 0]
    for y in (labels, gaps, np.array(labels), torch.tensor(labels), pandas.array(gaps, dtype="Int64")):
        without_row_2(data.load((X, y)), "row 2", ("0", "1"))
    for given in (labels, gaps):
        for name, source in column(tmp_path, given).items():
            found = data.load(source, task="classification")
            without_row_2(found, "row 3" if name in ("csv", "parquet") else "row 2", ("0", "1"))


def test_whole_floats_are_whole_names_everywhere(tmp_path):
    for labels in ([0.0, 1.0, 10.0, 0.0, 1.0, 10.0], [0, 1, 10, 0, 1, 10]):
        for source in (*column(tmp_path, labels).values(), (X, labels), (X, torch.tensor(labels))):
            assert data.load(source).classes == ("0", "1", "10")
    for source in column(tmp_path, ["0.0", "1.0", "v1", "0.0", "1.0", "v1"]).values():
        assert data.load(source).classes == ("0.0", "1.0", "v1")


def test_names_beside_a_class_of_true_and_false(tmp_path):
    for source in column(tmp_path, [True, False] * 3).values():
        assert data.load(source).classes == ("False", "True")


TAGS = [["a"], ["a", "b"], ["c"], [], ["b", "c"], ["a"]]
HAS = [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0], [0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize("task", [None, "multilabel"])
def test_lists_in_a_label_column_are_tags(task, tmp_path):
    for source in (
        *column(tmp_path, TAGS).values(),
        pandas.read_parquet(tmp_path / "rows.parquet"),
        (X, TAGS),
    ):
        found = data.load(source, task=task)
        assert found.classes == ("a", "b", "c")
        assert found.labels.tolist() == [[bool(one) for one in row] for row in HAS]
    pandas.read_parquet(tmp_path / "rows.parquet").to_csv(tmp_path / "numpy.csv", index=False)
    assert data.load(tmp_path / "numpy.csv").labels.tolist() == found.labels.tolist()


def test_lists_of_0_and_1_are_a_column_for_each_tag(tmp_path):
    for source in (*column(tmp_path, HAS).values(), (X, HAS)):
        found = data.load(source)
        assert found.label_kind == "tags"
        assert found.labels.astype(int).tolist() == HAS


def test_lists_of_numbers_of_tags(tmp_path):
    for source in column(tmp_path, [[3], [3, 14], [14], [], [5], [3]]).values():
        assert data.load(source).classes == ("3", "5", "14")


def test_lists_of_fractions_are_numbers(tmp_path):
    rows = [[0.5 * n, 1.0 * n] for n in range(6)]
    for source in column(tmp_path, rows).values():
        found = data.load(source)
        assert found.label_kind == "numbers"
        assert found.labels.tolist() == rows


def test_lists_are_no_classes(tmp_path):
    for source in column(tmp_path, TAGS).values():
        with pytest.raises(BadInput, match=r"these are tags, not classes: task='multilabel'"):
            data.load(source, task="classification")


def test_a_row_without_a_list_is_named(tmp_path):
    with pytest.raises(BadData, match=r"row 3 has None in the column 'label', where other cells are lists"):
        data.load(column(tmp_path, [*TAGS[:2], None, *TAGS[3:]])["parquet"])
    with pytest.raises(BadData, match=r"row 2 has the tag None"):
        data.load(column(tmp_path, [["a"], ["b", None], *TAGS[2:]])["parquet"])


def test_texts_in_brackets_are_names_where_others_are_not(tmp_path):
    found = data.load(column(tmp_path, ["[a]", "b", "[a]", "b", "[a]", "b"])["csv"])
    assert found.classes == ("[a]", "b")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[]", []),
        ("['a', 'b']", ["a", "b"]),
        ("['a' 'b']", ["a", "b"]),
        ('["it\'s", "b c"]', ["it's", "b c"]),
        ("['a, b']", ["a, b"]),
        (r"['a\'b']", ["a'b"]),
        ("[1, 0]", [1, 0]),
        ("[1. 0.5]", [1.0, 0.5]),
        ("[red, blue]", ["red", "blue"]),
    ],
)
def test_lists_as_they_are_written(text, items):
    assert lists_in([text]) == [items]


def test_bytes_are_no_labels_and_are_never_shown(tmp_path):
    parquet.write_table(
        arrow.table({"x": [1.0, 2.0], "label": [b"\x89PNG" * 500, b"\x89PNG" * 400]}), tmp_path / "b.parquet"
    )
    with pytest.raises(BadData, match="holds bytes") as error:
        data.load(tmp_path / "b.parquet", text_column="label")
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "rows",
    [
        ["('a',)", "('a', 'b')", "()", "('b',)"],
        ["{'a'}", "{'b', 'a'}", "set()", "{'b'}"],
        ['["a"]', '["a", "b"]', "[]", '["b"]'],
        [("a",), ("a", "b"), (), ("b",)],
        [["a"], ["b", "a"], [], ["b"]],
    ],
)
def test_lists_however_they_are_written_and_given(rows, tmp_path):
    x = [[0.0], [1.0], [2.0], [3.0]]
    expected = [[True, False], [True, True], [False, False], [False, True]]
    for source in ((np.array(x), rows), {"x": [0.5, 1.5, 2.5, 3.5], "label": rows}):
        found = data.load(source)
        assert (found.classes, found.labels.tolist()) == (("a", "b"), expected)


def test_lists_of_numbers_of_tags_beside_arrays():
    found = data.load((np.zeros((4, 2)), [[1], [1, 2], [3], []]))
    assert (found.label_kind, found.classes) == ("tags", ("1", "2", "3"))
    for gap in (None, "b"):
        with pytest.raises(BadData, match=f"Row 1 has the label {gap!r}, where others are lists of tags"):
            data.load((np.zeros((3, 2)), [["a"], gap, ["b"]]))


@pytest.mark.parametrize(
    "names", [["(a, b)", "(c)"], ["{a}", "{b}"], ["(0, 1]", "(1, 2]"], ["{'a': 1}", "{}"]]
)
def test_texts_in_other_brackets_are_names(names):
    assert data.load((np.zeros((4, 2)), names * 2)).classes == tuple(sorted(names))


@pytest.mark.parametrize("text", ["#N/A", "#NA", "-nan", "1.#IND"])
def test_what_other_tools_read_as_nothing_is_no_label(text):
    found = data.load({"x": [0.5, 1.5, 2.5, 3.5], "label": ["a", "b", text, "b"]})
    assert found.items == ("row 0", "row 1", "row 3")
    assert repr(text) in found.findings[0].text


def test_rows_without_a_label_are_left_out_of_an_evaluation(tmp_path):
    """The rows of a table are read anew by the model's schema, and must be the labelled ones."""
    rows = {"x": [0.0, 1.0, 0.1, 0.9] * 5, "label": ["low", "high"] * 10}
    model = hs.fit(hs.methods.LogisticProbe(), "table", data.load(rows))
    new = pandas.DataFrame({"x": [1.0, 0.0, 1.0, 0.0], "label": ["high", None, "high", "low"]})
    new.to_csv(tmp_path / "new.csv")
    for given in (new, tmp_path / "new.csv"):
        record = hs.evaluate(model, given)
        assert (record.rows, record.scores["accuracy"].value) == (3, 1.0)
        assert any("1 row has no label in 'label', of 4" in note for note in record.notes)


def found_in(labels, **columns):
    """Names of the columns that say the label."""
    task = {} if isinstance(labels[0], str) else {"task": "regression"}
    findings = data.check(data.load(columns, labels=labels, **task)).findings
    return [item for one in findings if one.kind == "says-the-label" for item in one.items]


def test_a_column_that_says_the_label_is_found():
    """Such as the label's own column beside `labels=`, or its number; not if one row differs."""
    labels = [("ill", "well", "dead")[n % 3] for n in range(30)]
    codes, half = [7 - n % 3 for n in range(30)], [n % 3 > 0 for n in range(30)]
    x = np.random.default_rng(0).normal(size=30)
    assert found_in(labels, x=x, label=labels, code=codes, half=half) == ["label", "code"]
    assert found_in(labels, x=x, code=[9, *codes[1:]], also=[codes[1], *codes[1:]]) == []
    assert found_in(labels[:15], x=x[:15], code=codes[:15]) == []
    assert found_in(x, x=x, y=x + 1e-9, z=2 * x) == ["x"]
    assert found_in(x, x=[None, *x[1:]]) == []


def test_masked_values_are_nothing():
    """What lies under a mask was learned from, as if it were there."""
    mask = np.zeros((6, 2), bool)
    assert data.load((np.ma.masked_array(X, mask), list("aabbab"))).classes == ("a", "b")
    mask[4, 1] = True
    with pytest.raises(BadData, match="1 of 12 values of x are masked, the first in row 4"):
        data.load((np.ma.masked_array(X, mask), list("aabbab")))
    with pytest.raises(BadData, match="2 of 6 values of the labels are masked, the first in row 1"):
        data.load((X, np.ma.masked_array([1, 2, 1, 2, 1, 2], [0, 1, 0, 0, 1, 0])))
