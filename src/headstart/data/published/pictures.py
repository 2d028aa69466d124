"""CIFAR and ImageNet."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, MissingPackage
from headstart.data.columns import Columns
from headstart.data.dataset import Dataset
from headstart.data.finding import Finding, finding
from headstart.data.folder_files import folders_in, sample_files
from headstart.data.naming import numbered
from headstart.data.samples import Array, Files
from headstart.data.text_files import read_text

from .building import class_named, lines_of, split_of
from .entry import Published

SIDE = 32  # pixels
NAMES = ("LOC_synset_mapping.txt", "words.txt")  # of the WordNet IDs, "n01440764 tench, Tinca tinca" a line
ANSWERS = "LOC_val_solution.csv"  # "ILSVRC2012_val_00000001,n01751748 111 108 441 193" a line
DEVKIT = "ILSVRC2012_devkit_t12/data"  # with the number of each class in the order of the names of files
TRUTH, META = f"{DEVKIT}/ILSVRC2012_validation_ground_truth.txt", f"{DEVKIT}/meta.mat"
IN_ORDER = "imagenet_2012_validation_synset_labels.txt"  # an ID a line, in the order of the names of files


def _cifar(
    folder: Path,
    name: str,
    _columns: Columns,
    *,
    parts: Mapping[str, tuple[str, ...]],
    names: str,
    byte: int,
    labels: int,
) -> Dataset:
    """The binary version: of each picture `labels` bytes, then 32 x 32 of red, of green and of blue."""
    known = lines_of(folder / names)
    found = {
        part: np.concatenate([_records(folder / file, labels) for file in files])
        for part, files in parts.items()
    }
    records = np.concatenate(list(found.values()))
    said = [class_named(known, str(number), 0, f"{folder}: a row") for number in records[:, byte]]
    classes, numbers = numbered(said, name)
    pixels = np.ascontiguousarray(records[:, labels:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))
    items = tuple(f"{part} {row}" for part, rows in found.items() for row in range(len(rows)))
    split = split_of({part: len(rows) for part, rows in found.items()})
    return Dataset(name, classes, numbers, items, Array(pixels, True), split=split)


def _records(file: Path, labels: int) -> NDArray[np.uint8]:
    size = labels + 3 * SIDE * SIDE
    content = np.fromfile(file, dtype=np.uint8)
    if len(content) == 0 or len(content) % size:
        raise BadData(
            f"{file} has {len(content)} bytes, which are no pictures of {size} each. Unpack it again."
        )
    return content.reshape(-1, size)


def _imagenet(folder: Path, name: str, _columns: Columns) -> Dataset:
    """Pictures in train/ by class folder, and those of val/ in class folders or with a file of answers."""
    train = [(path, inner.name) for inner in folders_in(folder / "train") for path in sample_files(inner)]
    val, findings = _val(folder)
    called = _class_names(folder, {synset for _, synset in [*train, *val]})
    rows = [*train, *val]
    classes, numbers = numbered([called[synset] for _, synset in rows], name)
    items = tuple(path.relative_to(folder).as_posix() for path, _ in rows)
    split = split_of({"train": len(train), "test": len(val)} if val else {"train": len(train)})
    files = Files([path for path, _ in rows])
    return Dataset(name, classes, numbers, items, files, split=split, findings=findings)


def _val(folder: Path) -> tuple[list[tuple[Path, str]], tuple[Finding, ...]]:
    val = folder / "val"
    if not val.is_dir():
        return [], ()
    if inside := [(path, inner.name) for inner in folders_in(val) for path in sample_files(inner)]:
        return inside, ()
    files = sample_files(val)
    answers = _answers(folder, files)
    rows = [(path, answers[path.stem]) for path in files if path.stem in answers]
    unknown = [path.name for path in files if path.stem not in answers]
    if not unknown:
        return rows, ()
    text = (
        f"{len(unknown)} pictures of val/ are left out, as their classes are not known. Put {ANSWERS}, "
        f"{IN_ORDER} or {DEVKIT} beside train/, or the pictures into class folders."
    )
    return rows, (finding("left-out", "warning", text, unknown),)


def _answers(folder: Path, files: list[Path]) -> dict[str, str]:
    """The WordNet ID of each picture of val/ by its name without ending."""
    if (file := _beside(folder, ANSWERS)) is not None:
        rows = list(csv.DictReader(io.StringIO(read_text(file))))
        try:
            return {row["ImageId"]: row["PredictionString"].split()[0] for row in rows}
        except (KeyError, IndexError) as error:
            raise BadData(f"{file}: each row needs ImageId and PredictionString, an ID first.") from error
    if (file := _beside(folder, IN_ORDER)) is not None:
        synsets = lines_of(file)
    elif (file := _beside(folder, TRUTH)) is not None:
        numbered_synsets = {number: synset for number, synset, _ in _devkit(folder)}
        synsets = [numbered_synsets.get(line, line) for line in lines_of(file)]
    else:
        return {}
    if len(synsets) != len(files):
        raise BadData(f"{file} has {len(synsets)} lines, but val/ has {len(files)} pictures.")
    return {path.stem: synset for path, synset in zip(files, synsets, strict=True)}


def _class_names(folder: Path, synsets: set[str]) -> dict[str, str]:
    """The first word for each WordNet ID; with the ID, where two have the same, as both kinds of crane."""
    file = next((found for name in NAMES if (found := _beside(folder, name)) is not None), None)
    words = dict(_named(file)) if file is not None else {synset: word for _, synset, word in _devkit(folder)}
    first = {synset: words.get(synset, synset) for synset in synsets}
    often = Counter(first.values())
    return {synset: word if often[word] == 1 else f"{word} ({synset})" for synset, word in first.items()}


def _devkit(folder: Path) -> list[tuple[str, str, str]]:
    """Number, WordNet ID and first word of each class out of the development kit; none without it.

    Raises:
        MissingPackage: without SciPy, which reads its file.
    """
    if (file := _beside(folder, META)) is None:
        return []
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingPackage("scipy", f"Reading {file}", "sklearn") from error
    rows = loadmat(str(file), squeeze_me=True)["synsets"]
    return [
        (str(int(row["ILSVRC2012_ID"])), str(row["WNID"]), str(row["words"]).split(",")[0].strip())
        for row in rows
    ]


def _named(file: Path) -> Iterator[tuple[str, str]]:
    for line in lines_of(file):
        synset, *rest = line.split(None, 1)
        yield synset, rest[0].split(",")[0].strip() if rest else synset


def _beside(folder: Path, name: str) -> Path | None:
    """A file in the folder, or up to three above it, as Kaggle's ILSVRC/Data/CLS-LOC has them."""
    places = (folder, *folder.resolve().parents[:3])
    return next((place / name for place in places if (place / name).is_file()), None)


_SITE = "https://www.cs.toronto.edu/~kriz"
_PICKLED = " The Python version ({}) holds pickles, which are never loaded: take the binary version."
_CIFAR100 = {"train": ("train.bin",), "test": ("test.bin",)}
_CIFAR10 = {"train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test": ("test_batch.bin",)}

ENTRIES = (
    Published(
        name="cifar100",
        content="60,000 pictures of 32 x 32 pixels in 100 classes; 10,000 are the test part",
        folders=("cifar-100-binary",),
        files=("train.bin", "test.bin", "fine_label_names.txt"),
        read=partial(_cifar, parts=_CIFAR100, names="fine_label_names.txt", byte=1, labels=2),
        urls=(f"{_SITE}/cifar-100-binary.tar.gz",),
        hint=_PICKLED.format("cifar-100-python"),
    ),
    Published(
        name="cifar100-coarse",
        content="the pictures of cifar100 in their 20 superclasses",
        folders=("cifar-100-binary",),
        files=("train.bin", "test.bin", "coarse_label_names.txt"),
        read=partial(_cifar, parts=_CIFAR100, names="coarse_label_names.txt", byte=0, labels=2),
        urls=(f"{_SITE}/cifar-100-binary.tar.gz",),
        hint=_PICKLED.format("cifar-100-python"),
    ),
    Published(
        name="cifar10",
        content="60,000 pictures of 32 x 32 pixels in 10 classes; 10,000 are the test part",
        folders=("cifar-10-batches-bin",),
        files=(*_CIFAR10["train"], "test_batch.bin", "batches.meta.txt"),
        read=partial(_cifar, parts=_CIFAR10, names="batches.meta.txt", byte=0, labels=1),
        urls=(f"{_SITE}/cifar-10-binary.tar.gz",),
        hint=_PICKLED.format("cifar-10-batches-py"),
    ),
    Published(
        name="imagenet",
        content="1,281,167 pictures in 1000 classes (ILSVRC 2012); the 50,000 of val/ are the test part",
        folders=("imagenet", "imagenet/ILSVRC/Data/CLS-LOC", "ILSVRC/Data/CLS-LOC"),
        files=("train/n*/",),
        read=_imagenet,
        hint=" It is fetched with an account of image-net.org or Kaggle.",
    ),
)
