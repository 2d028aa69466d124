"""Targets without labels: whatever form they have, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.core import BadData, BadInput, HeadstartError
from headstart.data.load import load
from headstart.data.unlabelled import CLASS, load_unlabelled


def picture(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (9, 7), (level, 10, 10)).save(path)


@pytest.fixture
def pictures(tmp_path):
    for label in "ab":
        for number in range(3):
            picture(tmp_path / "source" / label / f"{number}.png", 40 * number)
    return load(tmp_path / "source")


COLUMNS = {"size": [1.0, 2.5, 3.0, 4.0], "colour": ["red", "blue", "red", "green"], "id": [7, 7, 7, 7]}


@pytest.fixture
def table():
    return load(COLUMNS | {"label": ["x", "y", "x", "y"]})


def test_pictures_directly_in_the_folder_and_below_it(pictures, tmp_path):
    for name in ("10.png", "2.png", "deep/er/1.png", ".hidden/3.png", "notes.txt/4.png"):
        picture(tmp_path / "new" / name, 90)
    (tmp_path / "new" / "words.txt").write_text("no picture")
    found = load_unlabelled(tmp_path / "new", pictures)
    assert found.items == ("2.png", "10.png", "deep/er/1.png", "notes.txt/4.png")
    assert found.classes == (CLASS,)
    assert found.labels.tolist() == [0] * 4
    assert found.picture(2).getpixel((0, 0)) == (90, 10, 10)


def test_names_of_class_folders_are_no_labels(pictures, tmp_path):
    found = load_unlabelled(tmp_path / "source", pictures)
    assert found.items == pictures.items
    assert found.classes == (CLASS,)
    assert not found.labels.any()


def test_a_list_of_paths_and_a_manifest(pictures, tmp_path):
    paths = [tmp_path / "source" / "a" / "0.png", tmp_path / "source" / "b" / "2.png"]
    assert load_unlabelled(paths, pictures).digests == (pictures.digests[0], pictures.digests[5])
    (tmp_path / "list.csv").write_text("path,label\nsource/a/0.png,a\nsource/b/2.png,\n")
    assert load_unlabelled(tmp_path / "list.csv", pictures).digests == (
        pictures.digests[0],
        pictures.digests[5],
    )


def test_pictures_of_another_size_and_without_colours_are_taken(pictures):
    found = load_unlabelled(np.zeros((3, 5, 6), np.uint8), pictures)
    assert found.is_images
    assert len(found) == 3


@pytest.mark.parametrize("y", [None, [5, 6, 7], ["a", "a", "a"]])
def test_labels_of_arrays_are_dropped(y):
    x = np.arange(12.0).reshape(3, 4)
    like = load((x, [0, 1, 1]))
    found = load_unlabelled(x if y is None else (x, y), like)
    assert np.array_equal(found.array, x)
    assert found.classes == (CLASS,)
    assert load_unlabelled(torch.from_numpy(x), like).content == found.content


def test_labels_of_a_dataset_are_dropped_and_its_groups_stay():
    x = np.arange(12.0).reshape(3, 4)
    one = load((x, [0, 1, 1]), groups=[4, 4, 9])
    other = load((x, [1, 0, 0]), groups=[4, 4, 9])
    found = load_unlabelled(one, one)
    assert found.content == load_unlabelled(other, one).content
    assert found.groups.tolist() == [0, 0, 1]
    assert found.split is None
    assert one.classes != found.classes


def test_texts_of_a_list_a_file_of_lines_and_a_table(tmp_path):
    like = load((["good", "bad"], ["p", "n"]))
    (tmp_path / "lines.txt").write_text("one more\ntwo more\n")
    (tmp_path / "rows.csv").write_text("text,label\none more,p\ntwo more,\n")
    for given in (["one more", "two more"], tmp_path / "lines.txt", str(tmp_path / "rows.csv")):
        assert list(load_unlabelled(given, like).texts) == ["one more", "two more"]


def test_texts_stand_where_those_of_the_source_stood(tmp_path):
    """A column of short texts beside another is none that is found by itself, but the source had it."""
    posts = {"post": [f"what a {word} day number {n} this is" for n in range(8) for word in ("fine", "sad")]}
    like = load(posts | {"label": ["glad", "sorry"] * 8})
    rows = {"post": ["one more day", "two more days"], "topic": ["so long ago it was", "and so near"]}
    assert list(load_unlabelled(rows, like).texts) == rows["post"]
    said = ["one more of these long days", "two more of these long days"]
    only = {"said": said, "label": ["glad to be here at all", "sorry to be here at all"]}
    assert list(load_unlabelled(only, like).texts) == only["said"]
    assert load_unlabelled(rows).table is not None


def test_a_table_takes_the_order_and_the_kinds_of_the_source(table, tmp_path):
    (tmp_path / "t.csv").write_text("label,colour,size,id\n?,7,1.5,7\n?,red,2,8\n")
    found = load_unlabelled(tmp_path / "t.csv", table)
    assert found.table.names == ("size", "colour", "id")
    assert found.table.row(0) == {"size": 1.5, "colour": "7", "id": 7.0}
    plain = load_unlabelled([[1.0, "red", 7], [2.0, "blue", 7]], table)
    assert plain.table.row(1) == {"size": 2.0, "colour": "blue", "id": 7.0}


def test_a_column_that_says_nothing_in_the_source_may_be_absent(table):
    found = load_unlabelled({"colour": ["red", "red"], "size": [1, 2]}, table)
    assert found.table.names == ("size", "colour")


def test_a_column_of_the_source_that_is_called_label_is_no_label_there():
    like = load({"label": [1.0, 2.0, 3.0], "kind": ["a", "b", "a"]}, label_column="kind")
    assert load_unlabelled({"label": [4, 5]}, like).table.names == ("label",)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"size": [1, 2], "id": [7, 7]}, "has no column 'colour'"),
        ({"size": [1, 2], "color": ["red", "red"]}, "no column 'colour' (near: 'color')"),
        (
            {**{k: v[:2] for k, v in COLUMNS.items()}, "weight": [1, 2]},
            "the column 'weight', which table does not",
        ),
        ({"size": ["big", "small"], "colour": ["red", "red"]}, "'size'"),
        ({k: v[:1] for k, v in COLUMNS.items()}, "has one row"),
        ({k: [] for k in COLUMNS}, "no rows"),
        (np.zeros((4, 2)), "3"),
        (["a text", "another"], "texts"),
        (3.5, "float is no table"),
    ],
)
def test_tables_that_are_refused(table, given, says):
    with pytest.raises(HeadstartError) as caught:
        load_unlabelled(given, table)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((4, 1, 8, 8), "channels 3 and 1"),
        ((4, 3, 8, 6), "width 8 and 6"),
        ((4, 1, 6, 8), "channels 3 and 1 and height 8 and 6"),
        ((4, 8), "(3, 8, 8) and (8,)"),
        ((0, 3, 8, 8), "no rows"),
        ((1, 3, 8, 8), "one row"),
    ],
)
def test_arrays_of_another_shape_are_refused(shape, says):
    like = load((np.zeros((2, 3, 8, 8)), [0, 1]))
    with pytest.raises(BadData) as caught:
        load_unlabelled(np.zeros(shape), like)
    assert says in str(caught.value)


def test_what_is_not_there_or_not_finite_or_empty_is_refused(pictures, tmp_path):
    like = load((np.zeros((2, 2)), [0, 1]))
    with pytest.raises(BadInput, match="no file or folder"):
        load_unlabelled(tmp_path / "nowhere", pictures)
    with pytest.raises(BadData, match="row 1"):
        load_unlabelled(np.array([[1.0, 2.0], [np.nan, 0.0]]), like)
    with pytest.raises(BadData, match="differ in shape: 2 and 3 columns"):
        load_unlabelled(np.zeros((4, 3)), like)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match=r"no pictures \(JPEG"):
        load_unlabelled(tmp_path / "empty", pictures)
    (tmp_path / "t.csv").write_text("text\na\nb\n")
    with pytest.raises(BadData, match="no column 'words'"):
        load_unlabelled(tmp_path / "t.csv", load((["a", "b"], [0, 1])), text_column="words")
    with pytest.raises(BadData, match="source holds pictures and texts texts"):
        load_unlabelled(tmp_path / "t.csv", pictures, name="texts")


@pytest.mark.parametrize("rows", [np.zeros((1, 5)), [[0.0, 1.0]]])
def test_one_row_is_too_few(rows):
    with pytest.raises(BadData, match=r"has one row\. At least two are needed"):
        load_unlabelled(rows)


def test_without_a_source_the_kind_is_found_out(tmp_path):
    (tmp_path / "t.csv").write_text("size,colour,label\n1,red,x\n2,blue,y\n")
    assert load_unlabelled(tmp_path / "t.csv").table.names == ("size", "colour")
    assert load_unlabelled(["a", "b"]).is_texts
    assert load_unlabelled(np.zeros((2, 3))).kind == "numbers"
    assert load_unlabelled("digits").classes == (CLASS,)
