import builtins
import csv

import numpy as np
import pytest
import torch
from tests.data.painting import class_folders, photo

import headstart.data as data
from headstart.core import BadData, BadInput, MissingPackage


def table(path, header, rows):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def test_a_folder_of_class_folders(tmp_path):
    class_folders(tmp_path, dog=2, cat=1)
    (tmp_path / "cat" / "sub").mkdir()
    for name in ("img10.png", "img2.PNG"):
        photo().save(tmp_path / "cat" / "sub" / name)
    (tmp_path / "cat" / ".hidden.png").write_bytes(b"")
    (tmp_path / "cat" / ".thumbs").mkdir()
    photo().save(tmp_path / "cat" / ".thumbs" / "x.png")
    (tmp_path / ".git").mkdir()
    photo().save(tmp_path / ".git" / "x.png")
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    found = data.load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert found.items == (
        "cat/0.png",
        "cat/sub/img2.PNG",
        "cat/sub/img10.png",
        "dog/0.png",
        "dog/1.png",
    )
    assert found.labels.tolist() == [0, 0, 0, 1, 1]
    assert found.labels.dtype == np.int64
    assert found.is_images
    assert found.split is None
    assert found.name == tmp_path.name
    assert found.picture(1).size == (64, 48)


def test_train_and_test_folders_are_a_split(tmp_path):
    for part, count in (("train", 3), ("test", 1), ("val", 2)):
        class_folders(tmp_path / part, cat=count, dog=count)
    found = data.load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert dict(zip(found.items, found.split, strict=True))["val/cat/1.png"] == "train"
    assert (found.split.count("train"), found.split.count("test")) == (10, 2)
    (tmp_path / "test" / "cat" / "0.png").unlink()
    with pytest.raises(BadData, match=r"test/ has no pictures of 'cat'"):
        data.load(tmp_path)


def test_without_a_test_folder_validation_is_the_test(tmp_path):
    class_folders(tmp_path / "train", cat=1, dog=1)
    class_folders(tmp_path / "valid", cat=1, dog=1)
    assert data.load(tmp_path).split == ("train", "train", "test", "test")


def test_train_can_be_a_class(tmp_path):
    class_folders(tmp_path, train=2, bus=2)
    assert data.load(tmp_path).classes == ("bus", "train")


def test_folders_that_cannot_be_learned_from(tmp_path):
    with pytest.raises(BadData, match="is empty"):
        data.load(tmp_path)
    photo().save(tmp_path / "a.png")
    with pytest.raises(BadData, match="pictures but no class folders"):
        data.load(tmp_path)
    (tmp_path / "cat").mkdir()
    photo().save(tmp_path / "cat" / "a.png")
    with pytest.raises(BadData, match="only one class, 'cat'"):
        data.load(tmp_path)
    (tmp_path / "cat" / "a.png").unlink()
    (tmp_path / "a.png").unlink()
    with pytest.raises(BadData, match=r"no pictures \(JPEG, PNG"):
        data.load(tmp_path)


def test_an_unknown_name_gets_a_suggestion(tmp_path):
    with pytest.raises(BadInput, match=r"'clipar'.*clipart, digits.*mean 'clipart'"):
        data.load("clipar")
    (tmp_path / "photos").mkdir()
    with pytest.raises(BadInput, match=r"mean '.*photos'"):
        data.load(tmp_path / "phots")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BadInput, match="neither a folder nor one of"):
        data.load(tmp_path / "notes.txt")


def test_a_csv_manifest(tmp_path):
    class_folders(tmp_path, cat=2, dog=2)
    rows = [("cat/0.png", "cat", "anna", "train"), ("cat/1.png", "cat", "ben", "test")]
    rows += [("dog/0.png", "dog", "anna", "train"), ("dog/1.png", "dog", "ben", "val")]
    file = table(tmp_path / "all.csv", ("path", "label", "who", "part"), rows)
    found = data.load(file, group_column="who", split_column="part")
    assert found.classes == ("cat", "dog")
    assert found.groups.tolist() == [0, 1, 0, 1]
    assert found.split == ("train", "test", "train", "train")
    assert found.picture(3).size == (64, 48)
    assert found.name == "all"


def test_other_delimiters_and_a_byte_order_mark(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("﻿path;label\na, b.png;1\nc.png;2\n", encoding="utf-8")
    assert data.load(file).items == ("a, b.png", "c.png")


def test_a_parquet_manifest(tmp_path, monkeypatch):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    class_folders(tmp_path, cat=1, dog=1)
    columns = {"file": ["cat/0.png", "dog/0.png"], "y": [3, 12]}
    parquet.write_table(arrow.table(columns), tmp_path / "m.parquet")
    found = data.load(tmp_path / "m.parquet", path_column="file", label_column="y")
    assert found.classes == ("3", "12")
    assert found.picture(0).size == (64, 48)
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackage, match=r"pip install .*pyarrow"):
        data.load(tmp_path / "m.parquet")
    monkeypatch.undo()
    (tmp_path / "bad.parquet").write_bytes(b"nonsense")
    with pytest.raises(BadData, match=r"bad\.parquet is not a Parquet file"):
        data.load(tmp_path / "bad.parquet")


def test_manifests_with_mistakes(tmp_path):
    def loading(header, *rows, **options):
        return data.load(table(tmp_path / "m.csv", header, rows), **options)

    with pytest.raises(BadData, match=r"no column 'label'. Its columns: 'path', 'class'"):
        loading(("path", "class"), ("a.png", "x"))
    with pytest.raises(BadData, match=r"no column 'who'.*group_column"):
        loading(("path", "label"), ("a.png", "x"), ("b.png", "y"), group_column="who")
    with pytest.raises(BadData, match="no row has a label"):
        loading(("path", "label"), ("a.png", ""), ("b.png", " "))
    with pytest.raises(BadData, match="row 1 has 3 cells, the first line 2"):
        loading(("path", "label"), ("a.png", "x", "y"))
    with pytest.raises(BadData, match="only one class"):
        loading(("path", "label"), ("a.png", "x"))
    with pytest.raises(BadData, match="has no rows"):
        loading(("path", "label"))
    rows = ("a.png", "x", "train"), ("b.png", "y", "holdout")
    with pytest.raises(BadData, match="row 2 has the split 'holdout'"):
        loading(("path", "label", "part"), *rows, split_column="part")
    rows = ("a.png", "x", "train"), ("b.png", "y", "train")
    with pytest.raises(BadData, match="no test rows"):
        loading(("path", "label", "part"), *rows, split_column="part")
    (tmp_path / "m.csv").write_bytes(b"path,label\n\xff\xfe\xfa,x\n")
    with pytest.raises(BadData, match="UTF-8"):
        data.load(tmp_path / "m.csv")
    (tmp_path / "m.csv").write_bytes(b"")
    with pytest.raises(BadData, match="is empty"):
        data.load(tmp_path / "m.csv")


def test_arrays_and_tensors():
    x = np.arange(24, dtype=np.float64).reshape(6, 4)
    found = data.load((x, ["b", "a", "b", "a", "a", "b"]), groups=[7, 7, 8, 8, 9, 9])
    assert not found.is_images
    assert found.picture(0) is None
    assert found.classes == ("a", "b")
    assert found.labels.tolist() == [1, 0, 1, 0, 0, 1]
    assert found.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert found.array is x
    tensors = data.load(torch.from_numpy(x).bfloat16(), labels=torch.tensor([10, 9, 10, 9, 9, 10]))
    assert tensors.classes == ("9", "10")
    assert np.array_equal(tensors.array, x)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((2, 5, 7), (7, 5)),
        ((2, 5, 7, 3), (7, 5)),
        ((2, 5, 7, 1), (7, 5)),
        ((2, 5, 7, 4), (7, 5)),
        ((2, 3, 5, 7), (7, 5)),
        ((2, 1, 5, 7), (7, 5)),
    ],
)
def test_uint8_arrays_are_pictures(shape, size):
    x = np.zeros(shape, np.uint8)
    for array in (x, torch.from_numpy(x)):
        found = data.load((array, [0, 1]))
        assert found.is_images
        assert found.picture(1).size == size


def test_arrays_with_mistakes():
    x = np.zeros((3, 2))
    with pytest.raises(BadInput, match="3 rows and there are 2 labels"):
        data.load((x, [0, 1]))
    with pytest.raises(BadInput, match="need labels"):
        data.load(x)
    x[1, 0] = np.nan
    with pytest.raises(BadData, match="1 of 3 rows of x hold NaN or infinity, the first is row 1"):
        data.load((x, [0, 1, 1]))
    with pytest.raises(BadData, match="only one class, '5'"):
        data.load((np.zeros((3, 2)), [5, 5, 5]))
    with pytest.raises(BadData, match=r"Row 1 has the label 1\.5; classes are names or whole"):
        data.load((np.zeros((2, 2)), [0, 1.5]), task="classification")
    with pytest.raises(BadData, match="only one class, 'a'"):
        data.load((np.zeros((2, 2)), np.array(["a", None], dtype=object)))
    with pytest.raises(BadData, match="Row 1 has the label 'inf'"):
        data.load((np.zeros((2, 2)), np.array([1, np.inf])))
    with pytest.raises(BadInput, match=r"shape \(2, 2\); one class for each row"):
        data.load((np.zeros((2, 2)), 2 * np.eye(2, dtype=int)))
    with pytest.raises(BadInput, match="at least two axes"):
        data.load((np.zeros(2), [0, 1]))
    with pytest.raises(BadInput, match=r"uint8 of shape \(2, 5, 7, 9\)"):
        data.load((np.zeros((2, 5, 7, 9), np.uint8), [0, 1]))
    with pytest.raises(BadInput, match="should be numbers"):
        data.load((np.array([["a"], ["b"]]), [0, 1]))
    with pytest.raises(BadInput, match=r"groups has the shape \(3,\)"):
        data.load((np.zeros((2, 2)), [0, 1]), groups=[0, 0, 1])


def test_clipart_is_built_in():
    found = data.load("clipart")
    assert len(found) == 867
    assert len(found.classes) == 13
    assert np.bincount(found.labels).max() == 100
    assert np.bincount(found.labels).min() == 49
    assert max(found.picture(0).size) == 160
    assert found.items[0].startswith("beverages/")
    assert len(set(found.digests)) == 867


def test_digits_are_built_in_and_are_scikit_learn_s():
    found = data.load("digits", name="mine")
    assert found.name == "mine"
    assert len(found) == 1797
    datasets = pytest.importorskip("sklearn.datasets")
    known = datasets.load_digits()
    assert np.array_equal(np.rint(found.array / 255 * 16), known.images)
    assert np.array_equal(found.labels, known.target)


def test_content_is_a_function_of_rows_labels_and_order(tmp_path):
    class_folders(tmp_path, cat=2, dog=2)
    found = data.load(tmp_path)
    assert data.load(tmp_path).content == found.content
    assert found.subset([0, 1, 2, 3]).content == found.content
    assert found.subset([1, 0, 2, 3]).content != found.content
    assert found.subset([0, 1, 2]).content != found.content
    relabelled = data.load((np.eye(3), [0, 1, 1])), data.load((np.eye(3), [0, 0, 1]))
    assert relabelled[0].content != relabelled[1].content
    before = found.digests
    photo(seed=99).save(tmp_path / "cat" / "0.png")
    assert data.load(tmp_path).digests[0] != before[0]
    assert data.load(tmp_path).digests[1:] == before[1:]
    flat, tall = np.zeros((2, 4, 2), np.uint8), np.zeros((2, 2, 4), np.uint8)
    assert data.load((flat, [0, 1])).digests[0] != data.load((tall, [0, 1])).digests[0]


def test_subset_takes_everything_along():
    x = np.arange(8.0).reshape(4, 2)
    found = data.load((x, list("abab")), groups=[5, 5, 6, 6])
    part = found.subset(np.array([3, 0]))
    assert part.items == ("row 3", "row 0")
    assert part.labels.tolist() == [1, 0]
    assert part.groups.tolist() == [1, 0]
    assert part.array.tolist() == [[6, 7], [0, 1]]
    assert part.classes == found.classes
