"""Published data sets by name, and the pictures among them, on small files of the published layout."""

from pathlib import Path

import numpy as np
import pytest
from tests.data.published_files import CRANES, cifar10, cifar100, imagenet, pixels
from tests.data.test_text_corpora import imdb

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data.published.register import PUBLISHED

load = hs.data.load


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder of all published data."""
    monkeypatch.setenv("HEADSTART_DATA", str(tmp_path / "all"))
    (tmp_path / "all").mkdir()
    return tmp_path / "all"


@pytest.mark.parametrize("name", ["cifar100", "CIFAR-100", "cifar_100"])
def test_cifar100(root, name):
    cifar100(root)
    data = load(name)
    assert (data.name, data.kind) == ("cifar100", "pictures")
    assert data.classes == ("apple", "beaver", "chair")
    assert [data.classes[label] for label in data.labels] == [
        *("chair", "apple", "beaver", "apple"),
        *("beaver", "chair"),
    ]
    assert data.split == ("train",) * 4 + ("test",) * 2
    assert data.array.shape == (6, 32, 32, 3)
    assert data.array[5, 0, 0].tolist() == [1, 1, 2]
    assert data.array[5, 0, 1].tolist() == [9, 1, 2]
    assert np.array_equal(data.array[2], pixels(2).transpose(1, 2, 0))


def test_superclasses_and_ten_classes(root):
    cifar100(root)
    cifar10(root)
    data = load("cifar100-coarse")
    assert [data.classes[label] for label in data.labels] == [
        "fish",
        "fruit",
        "fish",
        "fruit",
        "fish",
        "fruit",
    ]
    data = load("cifar10")
    assert [data.classes[label] for label in data.labels[:2]] == ["automobile", "airplane"]
    assert data.array[:, 5, 5, 0].tolist() == [1, 2, 3, 4, 5, 7]
    assert data.split[-1] == "test"


def test_pickles_and_cut_files_are_refused(root):
    (root / "cifar-100-python").mkdir()
    (root / "cifar-100-python" / "train").write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(
        BadInput, match=r"'cifar100' is not in .*HEADSTART_DATA.*headstart download cifar100.*holds pickles"
    ):
        load("cifar100")
    folder = cifar100(root)
    (folder / "test.bin").write_bytes(b"1234")
    with pytest.raises(BadData, match=r"test\.bin has 4 bytes"):
        load("cifar100")
    (folder / "test.bin").write_bytes(bytes([0, 7]) + pixels(1).tobytes())
    with pytest.raises(BadData, match="the class '7'; classes are the numbers 0 to 2"):
        load("cifar100")


def test_the_folder_may_be_named(root, tmp_path):
    folder = cifar100(tmp_path / "else where")
    for where in (folder, folder.parent, folder / "train.bin"):
        assert len(load(f"cifar100:{where}", name="mine")) == 6
    with pytest.raises(BadInput, match="'cifar100' is not in /nowhere"):
        load("cifar100:/nowhere")
    with pytest.raises(BadData, match=r"These are the files of cifar100: give 'cifar100:.*else where"):
        load(folder)
    assert len(hs.data.load_unlabelled(f"cifar100:{folder}")) == 6


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("label_column", "x"),
        ("group_column", "x"),
        ("encoding", "latin-1"),
        ("columns", "a,b"),
        ("task", "regression"),
    ],
)
def test_what_can_not_be_used_is_refused(root, option, value):
    cifar100(root)
    with pytest.raises(BadInput, match=r"cifar100"):
        load("cifar100", **{option: value})


def test_imagenet_in_class_folders(root):
    folder = imagenet(root / "imagenet")
    data = load("imagenet")
    assert data.classes == ("n01440764", "n02012849", "n03126707")
    (folder / "LOC_synset_mapping.txt").write_text(
        "\n".join(f"{synset} {words}" for synset, words in CRANES.items())
    )
    data = load("imagenet")
    assert data.classes == ("crane (n02012849)", "crane (n03126707)", "tench")
    assert (data.split.count("train"), data.split.count("test")) == (6, 3)
    assert data.items[0] == "train/n01440764/n01440764_0.JPEG"
    assert {data.classes[label] for label in data.labels[:2]} == {"tench"}


@pytest.mark.parametrize("answers", ["LOC_val_solution.csv", "imagenet_2012_validation_synset_labels.txt"])
def test_imagenet_as_kaggle_has_it(root, answers):
    folder = imagenet(root / "imagenet" / "ILSVRC" / "Data" / "CLS-LOC", val="flat")
    data = load("imagenet")
    assert data.split is None
    (found,) = data.findings
    assert (found.kind, found.count) == ("left-out", 3)
    synsets = list(CRANES)
    if answers.endswith(".csv"):
        lines = [f"ILSVRC2012_val_0000000{n + 1},{synset} 1 2 3 4 " for n, synset in enumerate(synsets)]
        lines = ["ImageId,PredictionString", *reversed(lines)]
    else:
        lines = synsets
    (root / "imagenet" / answers).write_text("\n".join(lines) + "\n")
    data = load("imagenet")
    assert data.findings == ()
    assert [data.classes[label] for label in data.labels[6:]] == synsets
    (folder / "val" / "ILSVRC2012_val_00000009.JPEG").write_bytes(b"")
    if answers.endswith(".csv"):
        assert load("imagenet").findings[0].items == ["ILSVRC2012_val_00000009.JPEG"]
    else:
        with pytest.raises(BadData, match="has 3 lines, but val/ has 4 pictures"):
            load("imagenet")


def test_imagenet_with_its_development_kit(root):
    io = pytest.importorskip("scipy.io")
    imagenet(root / "imagenet", val="flat")
    kit = root / "imagenet" / "ILSVRC2012_devkit_t12" / "data"
    kit.mkdir(parents=True)
    kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O")]
    rows = [(number, synset, words, 0) for number, (synset, words) in enumerate(CRANES.items(), 7)]
    io.savemat(
        kit / "meta.mat", {"synsets": np.array([*rows, (10, "n00000001", "whole, unit", 3)], dtype=kinds)}
    )
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("9\n7\n8\n")
    data = load("imagenet")
    assert data.classes == ("crane (n02012849)", "crane (n03126707)", "tench")
    expected = ["tench", "crane (n02012849)", "crane (n03126707)"]
    assert [data.classes[label] for label in data.labels[6:]] == expected
    assert data.split == ("train",) * 6 + ("test",) * 3


def test_imdb(root):
    imdb(root / "aclImdb")
    data = load("IMDb")
    assert (data.name, data.classes, data.split.count("test")) == ("imdb", ("neg", "pos"), 4)


def test_each_has_its_place(root):
    here = {"imagenet", "recount3", "glyphs", "glyph-fonts"}
    assert {name for name, entry in PUBLISHED.items() if not entry.urls} == here
    for name, entry in PUBLISHED.items():
        assert entry.name == name
        assert entry.find() is None
        if name != "spambase":
            with pytest.raises(BadInput, match="HEADSTART_DATA"):
                load(name)


def test_each_has_its_line_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    lines = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, entry in PUBLISHED.items():
        assert f"`{entry.folders[0]}/`" in lines[name]
        for pattern in entry.files:
            said = pattern.removeprefix("**/").partition("/")[0]
            assert said in lines[name] or "the same" in lines[name] or "data_batch" in said
