"""Tables as data to learn from: files, data frames, and what the check says of them."""

import csv

import numpy as np
import pytest
import torch

import headstart.data as data
from headstart.core import BadData, BadInput, Unknown
from headstart.data.records import Records
from headstart.data.schemas import encoded, schema_of

ROWS = [
    ["1", "red", "8", "x"],
    ["2", "blue", "9", "y"],
    ["", "red", "8", "x"],
    ["4", "red", "10", "y"],
    ["1", "red", "8", "x"],
]
HEAD = ["age", "colour", "zip", "label"]


def write(path, rows=ROWS, head=HEAD):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return path


def test_a_file_without_paths_and_texts_is_a_table(tmp_path):
    found = data.load(write(tmp_path / "rows.csv"))
    assert found.kind == "tables"
    assert not found.is_images
    assert found.classes == ("x", "y")
    assert found.labels.tolist() == [0, 1, 0, 1, 0]
    assert found.table.kinds == ("numeric", "categorical", "numeric")
    assert found.table.passed == ("label", "")
    assert found.items[1] == "row 2"
    assert found.named(2) == "row 3 (age = nothing, colour = red, zip = 8)"
    part = found.subset([3, 0])
    assert part.table.row(0) == {"age": 4.0, "colour": "red", "zip": 10.0}
    assert found.digests[0] == found.digests[4] != found.digests[1]


def test_a_path_or_text_column_is_still_what_it_was(tmp_path):
    rows = [[f"{n}.png", f"text {n}", "xy"[n % 2]] for n in range(4)]
    path = write(tmp_path / "m.csv", rows, ["path", "note", "label"])
    assert data.load(path).is_images
    assert data.load(write(tmp_path / "t.csv", rows, ["file", "text", "label"])).is_texts
    assert data.load(path, text_column="note").is_texts


def test_names_that_differ_in_every_row_are_no_table(tmp_path):
    rows = [[f"photo{n}.png", "xy"[n % 2]] for n in range(30)]
    with pytest.raises(
        BadData, match=r"no column that says anything \('file': it has another name.*path_column"
    ):
        data.load(write(tmp_path / "m.csv", rows, ["file", "label"]))


def test_numbers_may_be_names(tmp_path):
    path = write(tmp_path / "rows.csv")
    assert data.load(path, categorical=["zip"]).table.words["zip"] == ("8", "9", "10")
    with pytest.raises(Unknown, match=r"No column is called 'zap'\. Did you mean 'zip'"):
        data.load(path, categorical=["zap"])
    with pytest.raises(BadInput, match=r"write \['zip'\]"):
        data.load(path, categorical="zip")


def test_groups_and_splits_are_no_input(tmp_path):
    rows = [[*row, f"p{n % 2}", "test" if n > 2 else "train"] for n, row in enumerate(ROWS)]
    path = write(tmp_path / "rows.csv", rows, [*HEAD, "who", "part"])
    found = data.load(path, group_column="who", split_column="part")
    assert found.table.names == ("age", "colour", "zip")
    assert found.groups.tolist() == [0, 1, 0, 1, 0]
    assert found.split == ("train", "train", "train", "test", "test")


def test_a_column_without_a_name_is_the_number_of_a_row(tmp_path):
    rows = [[str(n), *row] for n, row in enumerate(ROWS)]
    assert data.load(write(tmp_path / "rows.csv", rows, ["", *HEAD])).table.names == ("age", "colour", "zip")


def test_two_columns_of_one_name(tmp_path):
    with pytest.raises(BadData, match="two columns called 'age'"):
        data.load(write(tmp_path / "rows.csv", head=["age", "age", "zip", "label"]))


def test_a_row_without_a_label(tmp_path):
    """It is left out everywhere: of labels, groups, split and cells."""
    rows = [[*row, "p", "train" if place else "test"] for place, row in enumerate(ROWS)]
    rows[1][3] = ""
    path = write(tmp_path / "rows.csv", rows, [*HEAD, "who", "part"])
    found = data.load(path, group_column="who", split_column="part", attribute=list("aabab"))
    assert found.items == ("row 1", "row 3", "row 4", "row 5")
    assert found.split == ("test", "train", "train", "train")
    assert [found.attribute_names[value] for value in found.attributes] == ["a", "b", "a", "b"]
    assert len(found.groups) == len(found.table) == 4
    for row in rows[1:]:
        row[3] = ""
    path = write(tmp_path / "rows.csv", [*rows, ["1", "red", "3", "y", "p", "test"]], [*HEAD, "who", "part"])
    with pytest.raises(BadData, match=r"no train row of its split has a label\. Leave split_column out"):
        data.load(path, split_column="part")


def test_parquet_says_the_same_as_csv(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "age": [1, 2, None, 4, 1],
        "colour": [row[1] for row in ROWS],
        "zip": [8.0, 9.0, 8.0, 10.0, 8.0],
        "label": [row[3] for row in ROWS],
    }
    parquet.write_table(arrow.table(columns), tmp_path / "rows.parquet")
    there, here = data.load(tmp_path / "rows.parquet"), data.load(write(tmp_path / "rows.csv"))
    assert there.digests == here.digests


def test_frames_and_records(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([dict(zip(HEAD, row, strict=True)) for row in ROWS]).replace("", None)
    whole = data.load(frame, label_column="label")
    assert whole.classes == ("x", "y")
    assert whole.table.kinds == ("numeric", "categorical", "numeric")
    assert whole.items[0] == "row 0"
    apart = data.load((frame[HEAD[:3]], frame["label"]))
    assert apart.labels.tolist() == whole.labels.tolist()
    assert apart.digests == whole.digests
    records = data.load([dict(zip(HEAD, row, strict=True)) for row in ROWS])
    assert records.digests == whole.digests
    with pytest.raises(BadInput, match=r"no column 'kind'\. Its columns: 'age'"):
        data.load(frame, label_column="kind")
    frame.loc[1, "label"] = None
    assert data.load(frame).places.tolist() == [0, 2, 3, 4]


def test_arrays_of_numbers_are_no_tables():
    assert data.load((np.zeros((4, 2)), [0, 1, 0, 1])).kind == "numbers"


def test_h5ad_files(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "cells.h5ad"
    with h5py.File(path, "w") as root:
        root["X"] = np.array([[1, 2], [0, 3], [4, 0]], dtype=np.float32)
        for name, index in (("var", [b"A", b"B"]), ("obs", [b"c1", b"c2", b"c3"])):
            root[f"{name}/_index"] = index
            root[name].attrs["_index"] = "_index"
        root["obs/kind"] = [b"T", b"B", b"T"]
        root["obs/patient"] = [b"p", b"q", b"p"]
    found = data.load(path, label_column="kind", group_column="patient")
    assert found.classes == ("B", "T")
    assert found.items == ("c1", "c2", "c3")
    assert found.groups.tolist() == [0, 1, 0]
    assert found.table.counts
    with pytest.raises(BadData, match="no column 'label' in obs"):
        data.load(path)


def test_the_check_tells_of_holes_silent_columns_and_copies(tmp_path):
    rows = [[*row[:3], "same", row[3]] for row in ROWS for _ in range(2)]
    rows[2][3] = "same"
    found = data.check(data.load(write(tmp_path / "rows.csv", rows, [*HEAD[:3], "flat", "label"])))
    kinds = {one.kind: one for one in found.findings}
    assert kinds["missing-values"].items == ["age: 2 of 10"]
    assert kinds["missing-values"].text.startswith("2 of 40 cells (5 %) hold nothing, in 1 column.")
    assert kinds["silent-columns"].items == ["flat: it is always 'same'"]
    assert kinds["exact-duplicates"].count == 10
    assert found.groups[0] == found.groups[1] == found.groups[8] != found.groups[2]


def test_a_clean_table_has_nothing_to_say(tmp_path):
    rows = [[str(7 * n % 40), "ab"[n % 3 == 0], str(n * n % 7), "xy"[n % 2]] for n in range(40)]
    assert data.check(data.load(write(tmp_path / "rows.csv", rows))).findings == ()


def test_rows_as_samples(tmp_path):
    found = data.load(write(tmp_path / "rows.csv"))
    schema = schema_of(found.table, [0, 1])
    served = Records(found.table, found.content, schema)
    x = served.fetch(np.array([2, 1]), np.array([-1, -1]))
    assert x.dtype == torch.float32
    np.testing.assert_array_equal(x, encoded(found.table, schema).values[[2, 1]])
    other = Records(found.table, found.content, schema_of(found.table, [0, 1, 3]))
    assert served.content != other.content
    assert served.content == Records(found.table, found.content, schema).content
    assert served.unseen == {}
