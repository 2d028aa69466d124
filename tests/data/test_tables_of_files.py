"""Tables that list files: found where these lie, and named where a folder has no classes."""

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Subset, TensorDataset

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data import load, load_unlabelled


def pictures(folder, count=4):
    """Pictures 10.png, 11.png, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(10, 10 + count):
        Image.new("RGB", (20, 20), (number * 9, 5, 9)).save(folder / f"{number}.png")
    return folder


def table(file, before="", suffix=".png", count=4):
    """A table of these pictures."""
    lines = [f"{before}{number}{suffix},{'ab'[number % 2]}" for number in range(10, 10 + count)]
    file.write_text("\n".join(["image,label", *lines]) + "\n")
    return file


@pytest.mark.parametrize("place", ["", "photos", "photos/deep"])
def test_a_folder_without_classes_takes_or_names_the_table(tmp_path, place):
    pictures(tmp_path / "all" / place)
    table(tmp_path / "all" / "labels.csv", f"{place}/")
    assert load(tmp_path / "all").classes == ("a", "b")
    if place:
        with pytest.raises(
            BadData, match=r"the labels are in .*all.labels\.csv, load that, with path_column"
        ):
            load(tmp_path / "all" / "photos")


def test_a_table_beside_that_lists_other_files_is_not_named(tmp_path):
    pictures(tmp_path / "photos")
    (tmp_path / "sales.csv").write_text("day,amount\n1,10\n2,110\n")
    with pytest.raises(BadData) as raised:
        load(tmp_path / "photos")
    assert "sales.csv" not in str(raised.value)


def test_flat_parts_name_the_table(tmp_path):
    for part in ("train", "test"):
        pictures(tmp_path / part)
    table(tmp_path / "train.csv")
    with pytest.raises(BadData, match=r"no class folders.*If the labels are in .*train\.csv"):
        load(tmp_path)


def test_class_folders_with_a_table_are_said(tmp_path):
    for label in ("images", "masks"):
        pictures(tmp_path / label)
    assert load(tmp_path).findings == ()
    table(tmp_path / "labels.csv")
    (found,) = load(tmp_path).findings
    assert (found.kind, found.items) == ("table-beside", ["labels.csv"])


@pytest.mark.parametrize(("suffix", "added"), [(".png", ""), ("", ", with .png added")])
def test_files_in_a_folder_beside_the_table(tmp_path, suffix, added):
    pictures(tmp_path / "images")
    (tmp_path / "docs").mkdir()
    data = load(table(tmp_path / "labels.csv", suffix=suffix), path_column="image")
    assert (data.kind, len(data)) == ("pictures", 4)
    assert [one.text for one in data.findings] == [
        f"The files that labels.csv lists are taken from in images/{added}."
    ]
    assert hs.data.check(data).dataset.raw(1) == (tmp_path / "images" / "11.png").read_bytes()
    assert len(load_unlabelled(tmp_path / "labels.csv", data, path_column="image").samples.paths) == 4


def test_files_of_one_name_in_two_folders(tmp_path):
    for part in ("train", "test"):
        pictures(tmp_path / part)
    data = load(table(tmp_path / "train.csv", suffix=""), path_column="image")
    assert data.samples.paths[0] == tmp_path / "train" / "10.png"
    with pytest.raises(BadData, match=r"'10\.png' may be .*test.10\.png and .*train.10\.png"):
        load(table(tmp_path / "labels.csv"), path_column="image")


def test_paths_that_are_there_stay(tmp_path):
    pictures(tmp_path, count=6)
    pictures(tmp_path / "images", count=6)
    data = load(table(tmp_path / "labels.csv", count=6), path_column="image")
    assert data.samples.paths[0] == tmp_path / "10.png"
    assert data.findings == ()
    (tmp_path / "10.png").unlink()
    (tmp_path / "images" / "10.png").unlink()
    data = load(tmp_path / "labels.csv", path_column="image")
    assert data.samples.paths[1] == tmp_path / "11.png"
    assert [one.kind for one in hs.data.check(data).findings][:1] == ["unreadable"]


def test_loaders_and_generators_are_named():
    rows = TensorDataset(torch.rand(6, 3), torch.tensor([0, 1] * 3))
    for given in (DataLoader(rows, batch_size=2), (DataLoader(rows), [0, 1])):
        with pytest.raises(BadInput, match=r"A DataLoader yields batches.*Give its data set: \.dataset"):
            load(given)
    with pytest.raises(BadInput, match=r"A DataLoader yields batches"):
        load_unlabelled(DataLoader(rows))
    with pytest.raises(BadInput, match="A generator can be read only once"):
        load(row for row in rows)
    assert len(load(Subset(rows, [0, 1, 2]))) == 3
    assert len(load(DataLoader(rows).dataset)) == 6


def test_names_of_files_in_a_table_are_found():
    rows = {
        "file": [f"{n}.PNG" for n in range(12)],
        "width": [n % 5 for n in range(12)],
        "label": ["a", "b"] * 6,
    }
    (found,) = [one for one in hs.data.check(load(rows)).findings if one.kind == "looks-like-files"]
    assert "say path_column='file'." in found.text
    rows["file"][0] = "none"
    assert "looks-like-files" not in [one.kind for one in hs.data.check(load(rows)).findings]
