"""Data sets of torch and torchvision: files and arrays as they are stored, others row by row."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.data.painting import class_folders
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

import headstart.data as data
from headstart.core import BadInput

PAIRS = [0, 1, 0, 1]


class Own(Dataset):
    def __init__(self, rows, **own):
        self.rows = rows
        vars(self).update(own)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, row):
        return self.rows[row]


def test_torchvision_s_image_folder_is_taken_without_decoding(tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    class_folders(tmp_path, dog=2, cat=1)

    def never(_picture):
        raise AssertionError

    found = data.load(datasets.ImageFolder(tmp_path, transform=never))
    plain = data.load(tmp_path)
    assert found.classes == plain.classes
    assert found.labels.tolist() == plain.labels.tolist()
    assert found.digests == plain.digests
    (note,) = found.findings
    assert "ImageFolder is not applied" in note.text
    part = data.load(Subset(datasets.ImageFolder(tmp_path), [2, 0]))
    assert [Path(item).parent.name for item in part.items] == ["dog", "cat"]
    assert [part.classes[label] for label in part.labels] == ["dog", "cat"]
    assert part.digests == (found.digests[2], found.digests[0])
    turned = data.load(datasets.ImageFolder(tmp_path, target_transform=lambda y: f"class {y}"))
    assert turned.classes == ("class 0", "class 1")


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((4, 6, 6, 3), np.uint8),
        torch.zeros(4, 6, 6, dtype=torch.uint8),
        np.zeros((4, 3, 6, 6), np.uint8),
    ],
)
def test_stored_arrays_are_taken_as_in_mnist_and_cifar(x):
    found = data.load(Own([None] * 4, data=x, targets=[1, 0, 1, 0], classes=["0 - zero", "1 - one"]))
    assert found.classes == ("0 - zero", "1 - one")
    assert found.labels.tolist() == [1, 0, 1, 0]
    assert found.picture(0).size == (6, 6)
    found = data.load(Own([None] * 4, data=x, labels=np.array([1, 0, 1, 0])))  # as in SVHN and STL10
    assert found.classes == ("0", "1")


def test_a_fake_data_set_of_torchvision():
    datasets = pytest.importorskip("torchvision.datasets")
    fake = datasets.FakeData(size=6, image_size=(3, 20, 30), num_classes=2)
    found = data.load(fake, groups=[0, 0, 1, 1, 2, 2])
    assert found.kind == "pictures"
    assert found.picture(0).size == (30, 20)
    assert [found.classes[label] for label in found.labels] == [str(int(fake[row][1])) for row in range(6)]
    assert found.groups.tolist() == [0, 0, 1, 1, 2, 2]


def test_files_are_found_where_torchvision_keeps_them_to_itself(tmp_path):
    class_folders(tmp_path, cat=1, dog=1)
    files = [tmp_path / "dog" / "0.png", tmp_path / "cat" / "0.png"]
    for own in (
        {"_image_files": files, "_labels": [1, 0]},
        {"_samples": list(zip(map(str, files), [1, 0], strict=True))},
    ):
        found = data.load(Own([None, None], classes=["cat", "dog"], **own))
        assert found.items == tuple(map(str, files))
        assert found.labels.tolist() == [1, 0]
    other = [(str(tmp_path / "a.npy"), 0), (str(tmp_path / "b.npy"), 1)]  # which a loader of its own reads
    read = data.load(Own([(torch.zeros(2), 0), (torch.ones(2), 1)], samples=other))
    assert read.array.tolist() == [[0, 0], [1, 1]]


def test_rows_of_any_torch_data_set():
    tensors = data.load(TensorDataset(torch.eye(4), torch.tensor(PAIRS)))
    assert tensors.array.tolist() == np.eye(4).tolist()
    floats = data.load(Own([(torch.full((2,), float(n)), n % 2) for n in range(4)], classes=["a", "b"]))
    assert floats.classes == ("a", "b")
    assert floats.array[3].tolist() == [3, 3]
    texts = data.load(Own([("one", "x"), ("two", "y")]))
    assert texts.texts == ("one", "two")
    assert texts.classes == ("x", "y")
    sizes = data.load(Own([(torch.zeros(3, 5, n + 4, dtype=torch.uint8), n) for n in range(2)]))
    assert [sizes.picture(row).size for row in (0, 1)] == [(4, 5), (5, 5)]


def test_torch_data_sets_that_cannot_be_taken():
    class Endless(IterableDataset):
        def __iter__(self):
            return iter([])

    with pytest.raises(BadInput, match="Endless has no length"):
        data.load(Endless())
    with pytest.raises(BadInput, match=r"Row 0 of the Own is 3; pairs \(x, y\)"):
        data.load(Own([3, 4]))
    with pytest.raises(BadInput, match="brings its labels"):
        data.load(Own([(torch.zeros(2), 0)] * 2), labels=[0, 1])
    with pytest.raises(BadInput, match=r"differ in shape: \(2,\) and \(3,\)"):
        data.load(Own([(torch.zeros(2), 0), (torch.zeros(3), 1)]))
    with pytest.raises(BadInput, match="holds 1 tensors"):
        data.load(TensorDataset(torch.eye(2)))
    assert data.load(Own([("one", "x"), ("two", None), ("three", "y")])).texts == ["one", "three"]
