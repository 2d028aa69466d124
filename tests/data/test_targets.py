"""What is to be told of a row, as users write it: classes, tags, numbers."""

import csv

import numpy as np
import pytest
import torch

import headstart.data as data
from headstart.core import BadData, BadInput, Unknown
from headstart.data.labels import said
from headstart.data.stream import labelled, once
from headstart.data.targets import label_columns

X = np.arange(12.0).reshape(4, 3)
FLAGS = np.array([[1, 0], [0, 0], [1, 1], [0, 1]])


def write(path, head, *rows):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    return path


# --- what is found out


@pytest.mark.parametrize(
    ("y", "kind", "names"),
    [
        ([0, 1, 1, 0], "classes", ("0", "1")),
        ([0.0, 2.0, 1.0, 0.0], "classes", ("0", "1", "2")),
        (["a", "b;c", "a", "a"], "classes", ("a", "b;c")),
        ([True, False, True, True], "classes", ("False", "True")),
        ([0.5, 2, 1, 0], "numbers", ("target",)),
        (np.array([1, 2.5, 3, 4], dtype=object), "numbers", ("target",)),
        (torch.tensor([0.5, 2, 1, 0], dtype=torch.bfloat16), "numbers", ("target",)),
        (np.arange(4.0)[:, None], "numbers", ("target",)),
        (np.ones((4, 2)), "numbers", ("target 0", "target 1")),
        (FLAGS, "tags", ("tag 0", "tag 1")),
        (FLAGS.astype(bool), "tags", ("tag 0", "tag 1")),
        (torch.tensor(FLAGS), "tags", ("tag 0", "tag 1")),
        ([["b10"], [], {"b2"}, ("b2", "b10", "b2")], "tags", ("b2", "b10")),
    ],
)
def test_the_kind_is_found_out(y, kind, names):
    found = data.load((X, y))
    assert (found.label_kind, found.classes) == (kind, names)
    assert found.labels.dtype == {"classes": np.int64, "tags": np.bool_, "numbers": np.float64}[kind]
    assert found.labels.shape == ((4,) if kind == "classes" else (4, len(names)))


def test_the_labels_are_those_that_were_given():
    assert data.load((X, [0.5, 2, 1, 0])).labels.tolist() == [[0.5], [2], [1], [0]]
    assert data.load((X, FLAGS)).labels.tolist() == FLAGS.astype(bool).tolist()
    lists = data.load((X, [["b"], [], {"a"}, ("a", "b", "a")]))
    assert lists.labels.tolist() == [[False, True], [False, False], [True, False], [True, True]]


def test_the_user_may_say_what_it_is():
    assert data.load((X, [1, 2, 3, 4]), task="regression").labels.tolist() == [[1], [2], [3], [4]]
    cells = data.load((X, ["a", " b; c|a", "", ";"]), task="multilabel")
    assert cells.classes == ("a", "b", "c")
    assert cells.labels.tolist() == [[True, False, False], [True, True, True], [False] * 3, [False] * 3]
    assert (
        data.load((X, FLAGS.astype(float)), task="multilabel").labels.tolist() == FLAGS.astype(bool).tolist()
    )
    assert data.load((X, FLAGS), task="regression").labels.tolist() == FLAGS.astype(float).tolist()
    assert data.load((["x", "y", "z"], [0.5, 1, 2])).label_kind == "numbers"
    with pytest.raises(Unknown, match=r"No task is called 'number'\. Known: classification"):
        data.load((X, [1, 2, 3, 4]), task="number")


def test_what_is_known_already_has_classes(tmp_path):
    with pytest.raises(BadInput, match="digits has classes, and so no numbers"):
        data.load("digits", task="regression")
    with pytest.raises(BadInput, match="has classes, and so no tags"):
        data.load(tmp_path, task="multilabel")
    assert data.load("digits", task="classification").label_kind == "classes"


# --- files and frames


def test_numbers_in_a_file(tmp_path):
    path = write(tmp_path / "a.csv", ["x", "price", "rooms"], [1, 2.5, 3], [2, 3, 4], [3, 4, 5])
    found = data.load(path, label_column="price")
    assert (found.label_kind, found.classes, found.labels.tolist()) == (
        "numbers",
        ("price",),
        [[2.5], [3], [4]],
    )
    assert found.table.names == ("x", "rooms")
    assert data.load(path, label_column="rooms").label_kind == "classes"
    assert data.load(path, label_column="rooms", task="regression").labels.tolist() == [[3], [4], [5]]
    both = data.load(path, label_column="price, rooms")
    assert (both.classes, both.table.names) == (("price", "rooms"), ("x",))
    assert both.labels.tolist() == [[2.5, 3], [3, 4], [4, 5]]
    assert data.load(path, label_column=["rooms", "price"]).labels.tolist() == [[3, 2.5], [4, 3], [5, 4]]


def test_tags_in_a_file(tmp_path):
    path = write(tmp_path / "t.csv", ["text", "label"], ["one", "a;b"], ["two", ""], ["three", "b | c"])
    found = data.load(path, task="multilabel")
    assert found.is_texts
    assert found.classes == ("a", "b", "c")
    assert found.labels.tolist() == [[True, True, False], [False] * 3, [False, True, True]]
    assert data.load(path).classes == ("a;b", "b | c")


def test_a_column_of_0_and_1_for_each_tag(tmp_path):
    path = write(tmp_path / "t.csv", ["x", "red", "round"], [1, 0, "True"], [2, 1, "false"], [3, 1, "1.0"])
    found = data.load(path, label_column="red,round")
    assert (found.label_kind, found.classes, found.table.names) == ("tags", ("red", "round"), ("x",))
    assert found.labels.tolist() == [[False, True], [True, False], [True, True]]
    plain = write(tmp_path / "u.csv", ["x", "red", "round"], [1, 0, 1], [2, 1, 0], [3, 1, 1])
    assert data.load(plain, label_column="red,round", task="regression").labels.tolist() == [
        [0, 1],
        [1, 0],
        [1, 1],
    ]


def test_a_column_whose_name_has_a_comma(tmp_path):
    path = write(tmp_path / "t.csv", ["x", "a,b"], [1, 2], [2, 3])
    assert data.load(path, label_column="a,b").classes == ("2", "3")
    with pytest.raises(BadInput, match="name each label column once"):
        label_columns(["a"], "a,a")
    with pytest.raises(BadData, match=r"no column 'z'\. Its columns: 'x', 'a,b'"):
        data.load(path, label_column="x,z")


def test_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1, 2, 3], "price": [2.5, 3, 4], "red": [0, 1, 1], "round": [1, 0, 1]})
    assert data.load(frame, label_column="price").classes == ("price",)
    tags = data.load(frame, label_column=["red", "round"])
    assert (tags.label_kind, tags.table.names) == ("tags", ("x", "price"))
    apart = data.load((frame[["x"]], frame[["red", "round"]]))
    assert apart.labels.tolist() == tags.labels.tolist()
    assert apart.classes == ("red", "round")
    assert data.load((X[:3], frame["price"])).classes == ("price",)
    holes = frame.assign(label=pandas.array([1, None, 2], dtype="Int64"), price=[1.5, None, 2])
    assert data.load(holes).labels.tolist() == [0, 1]
    assert data.load(holes, task="regression").labels.tolist() == [[1], [2]]
    assert data.load(holes, label_column="price").labels.tolist() == [[1.5], [2]]
    several = holes.assign(price=[1.5, 2, None])
    assert data.load(several, label_column="label,price", task="regression").places.tolist() == [0]
    assert data.load(frame.assign(label=["a", None, "b;a"]), task="multilabel").labels.sum(1).tolist() == [
        1,
        0,
        2,
    ]
    assert data.load((X[:3], {"a": [1, 2, 3], "b": [2, 3, 0.5]})).classes == ("a", "b")


def test_numbers_of_cells_keep_their_digits(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "c.h5ad", "w") as root:
        root["X"] = np.eye(3, dtype=np.float32)
        for name, rows in (("var", 3), ("obs", 3)):
            group = root.create_group(name)
            group.attrs["_index"] = "name"
            group["name"] = [f"{name}{row}" for row in range(rows)]
        root["obs/age"] = np.array([0.123456789, 2, 3])
        root["obs/lived"] = np.array([1, 1234567.0, 3])
    found = data.load(tmp_path / "c.h5ad", label_column="age,lived")
    assert found.classes == ("age", "lived")
    assert found.labels.tolist() == [[0.123456789, 1], [2, 1234567], [3, 3]]


# --- mistakes


@pytest.mark.parametrize("wrong", ["about 3", "inf", "-1e39"])
def test_no_number_among_numbers(tmp_path, wrong):
    path = write(tmp_path / "a.csv", ["x", "price"], [1, 2.5], [2, wrong], [3, 4])
    with pytest.raises(BadData, match="row 2, column 'price'") as said:
        data.load(path, label_column="price", task="regression")
    assert (repr(wrong) if wrong == "about 3" else "finite") in str(said.value)


@pytest.mark.parametrize("gap", ["NA", "nan", ""])
def test_a_row_without_a_number_is_left_out(tmp_path, gap):
    found = data.load(
        write(tmp_path / "a.csv", ["x", "price"], [1, 2.5], [2, gap], [3, 4]), label_column="price"
    )
    assert found.labels.tolist() == [[2.5], [4]]
    assert found.items == ("row 1", "row 3")
    assert [(one.kind, one.count) for one in found.findings] == [("no-label", 1), ("label-kind", 3)]


def test_commas_of_thousands_are_read_and_told_where_all_numbers_have_such_or_none(tmp_path):
    path = write(tmp_path / "a.csv", ["x", "price"], [1, "950"], [2, "1,234.5"], [3, ""], [4, "1,250,000"])
    found = data.load(path, label_column="price", task="regression")
    assert found.labels.tolist() == [[950], [1234.5], [1250000]]
    assert found.findings[0].text == (
        "'price' holds numbers with commas, which are read as separators of thousands: '1,234.5' is 1234.5. "
        "Write decimal commas as points."
    )
    many = write(tmp_path / "b.csv", ["x", "price"], *([n, f"{n * 997 + 500:,}"] for n in range(30)))
    assert data.load(many, label_column="price").label_kind == "numbers"
    mixed = write(tmp_path / "c.csv", ["x", "price"], [1, "1,5"], [2, "1,234.5"])
    with pytest.raises(BadData, match="is '1,5', which has a separator"):
        data.load(mixed, label_column="price", task="regression")
    names = write(tmp_path / "d.csv", ["x", "size"], *([n, ("1,000", "2,000")[n % 2]] for n in range(30)))
    assert data.load(names, label_column="size").classes == ("1,000", "2,000")


def test_numbers_with_mistakes():
    assert data.load((X, [0.5, 1, np.nan, 2])).places.tolist() == [0, 1, 3]
    with pytest.raises(BadData, match="row 1, column 'target 1' is inf; it must be finite"):
        data.load((X[:2], np.array([[0.5, 1], [1, np.inf]])))
    with pytest.raises(BadData, match=r"is '1.234,5', which has a separator .* comma: write 1234.5"):
        data.load({"x": [1.0, 2.0], "label": ["2.5", "1.234,5"]}, task="regression")
    with pytest.raises(BadData, match="row 3, column 'target' is 'b', which is no number"):
        data.load((X, np.array([1, 2, 3, "b"], dtype=object)), task="regression")
    with pytest.raises(BadData, match="row 0, column 'target' is True"):
        data.load((X, [True, False, True, True]), task="regression")
    with pytest.raises(BadInput, match=r"shape \(4, 2\); one class for each row"):
        data.load((X, 3 * FLAGS))
    with pytest.raises(BadInput, match=r"shape \(4, 2\); one class for each row"):
        data.load((X, FLAGS), task="classification")
    with pytest.raises(BadInput, match=r"shape \(2, 2, 2\)"):
        data.load((X[:2], np.zeros((2, 2, 2))), task="regression")
    with pytest.raises(BadInput, match="4 rows and there are 3 labels"):
        data.load((X, np.ones((3, 2))))


def test_tags_with_mistakes(tmp_path):
    with pytest.raises(BadData, match="row 3, column 'tag 1' is 2; a column of a tag holds 1"):
        data.load((X, [[0, 1], [1, 0], [0, 0], [1, 2]]), task="multilabel")
    path = write(tmp_path / "t.csv", ["x", "red", "round"], [1, 0, 1], [2, 1, "x"])
    with pytest.raises(BadData, match="row 2, column 'round' is 'x'; a column of a tag"):
        data.load(path, label_column="red,round", task="multilabel")
    with pytest.raises(BadInput, match=r"classes stand in one column.*'red', 'round'"):
        data.load(path, label_column="red,round")
    for y in (FLAGS[:, :1], [["a"], [], ["a"], []], ["a", "", "a", "a"]):
        with pytest.raises(BadData, match=r"only one tag, .*task=.classification"):
            data.load((X, y), task="multilabel")
    for y in ([0, 1, 1, 0], [True, False, False, False], ["1", "0", "", "1"]):
        with pytest.raises(BadData, match=r"one column of 0 and 1.*task=.classification"):
            data.load((X, y), task="multilabel")
    with pytest.raises(BadData, match="no tag in any row"):
        data.load((X, ["", "", ";", ""]), task="multilabel")
    with pytest.raises(BadInput, match="these are tags, not numbers"):
        data.load((X, [["a"], ["b"], [], []]), task="regression")


# --- datasets


def test_a_dataset_of_each_kind_goes_by_rows():
    tags, numbers = data.load((X, FLAGS)), data.load((X, [0.5, 2, 1, 0]))
    assert tags.subset([2, 0]).labels.tolist() == [[True, True], [True, False]]
    assert numbers.subset([3]).labels.tolist() == [[0.0]]
    assert [tags.said(row) for row in range(4)] == ["tag 0", "no tag", "tag 0, tag 1", "tag 1"]
    assert numbers.said(0) == "target = 0.5"
    assert said(np.int64(1), ("cat", "dog")) == "dog"
    with pytest.raises(BadInput, match="2 columns of labels, 1 names"):
        data.Dataset("d", ("a",), tags.labels, tags.items, tags.samples)


def test_the_content_is_one_of_the_labels_too():
    kinds = [data.load((X, y)) for y in (FLAGS, [0.5, 2, 1, 0], [0, 2, 1, 0], [0.5, 2, 1, 1])]
    assert len({one.content for one in kinds}) == 4
    other = data.load((X, FLAGS[::-1]))
    assert other.content != kinds[0].content
    assert data.load((X, FLAGS.astype(bool))).content == kinds[0].content
    names, plain = tuple("abcdefgh"), kinds[0]
    same_bytes = (np.zeros(4, np.int64), np.zeros((4, 8), np.bool_))
    assert len({data.Dataset("d", names, y, plain.items, plain.samples).content for y in same_bytes}) == 2


def test_batches_have_labels_of_each_kind():
    class Plain:
        def fetch(self, rows, views):
            return torch.from_numpy(X[rows])

    for y, dtype in ((FLAGS, torch.bool), ([0.5, 2, 1, 0], torch.float32), ([0, 1, 1, 2], torch.int64)):
        labels = data.load((X, y)).labels
        batch = next(once(Plain(), labels, [3, 1], 2)(0))
        assert batch.y.dtype == dtype
        assert batch.y.tolist() == labels[[3, 1]].tolist()
        drawn = next(labelled(Plain(), labels, [0, 1, 2, 3], 4, seed=0)(0))
        rows = (drawn.x[:, 0] / 3).long().tolist()
        assert sorted(rows) == [0, 1, 2, 3]
        assert drawn.y.tolist() == labels[rows].tolist()
