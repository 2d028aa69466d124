"""The files of a folder as a stream: read one by one, and what can't be read is left out and named."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadData, BadInput, derive_seed
from headstart.data.naming import natural
from headstart.data.npz import SUFFIXES, arrays_in
from headstart.predictor.predictor import Predictor

TEXTS = (".txt",)


@dataclass(frozen=True, eq=False)
class Items:
    """Named samples in the order in which they come.

    Attributes:
        name: of the part of the stream.
        x: a tensor, an array or a list, as the predictor takes it.
        y: (n,) numbers of classes; None if they are not known.
        names: of the samples, such as the files.
        unread: what is to be said of those that can't be read.
    """

    name: str
    x: Any
    y: NDArray[np.int64] | None
    names: Sequence[str]
    unread: Sequence[str] = ()


def items_in(place: Path, reader: Predictor, labels: bool, shuffle: bool, seed: int) -> Items:
    """What is in a folder of files with a sample each, or in a file of arrays, texts or a table.

    Args:
        place: a folder of pictures or sounds, at any depth; or .npz, .npy, .txt with a text a line, or a
            table.
        reader: of the model.
        labels: whether the first folder below `place`, or the array y, is the class of each sample.
        shuffle: whether the order is drawn at random.
        seed: of the order.

    Raises:
        BadData: nothing is there, or a class that the model does not know.
        BadInput: the model takes other files, or they have no labels.
    """
    if not place.exists():
        raise BadInput(f"There is no folder {place}. Name one with the files of the stream.")
    modality = reader.modality
    if modality.whole:
        found = _unlabelled(place, labels, lambda: reader.samples(place))
    elif modality.suffixes:
        found = _files(place, reader, labels)
    elif reader.tokens is not None:
        found = _unlabelled(place, labels, lambda: _lines(place))
    else:
        found = _arrays(place, reader, labels)
    return _shuffled(found, seed) if shuffle else found


def _files(place: Path, reader: Predictor, labels: bool) -> Items:
    inside = place.rglob("*") if place.is_dir() else (place,)
    files = [path for path in inside if path.suffix.lower() in reader.modality.suffixes and path.is_file()]
    files = [path for path in files if not any(p.startswith(".") for p in path.relative_to(place).parts)]
    files.sort(key=lambda path: natural(path.relative_to(place).as_posix()))
    good, unread = [], []
    for file in files:
        try:
            reader.samples([file])
            good.append(file)
        except BadData as error:
            unread.append(str(error))
    if not good:
        raise BadData(
            f"There are no {reader.modality.rows} in {place} that can be read. {' '.join(unread[:5])}".strip()
        )
    names = [str(file) for file in good]
    y = _classes([file.relative_to(place).parts[0] for file in good], reader, place) if labels else None
    return Items(place.name, good, y, names, unread)


def _arrays(place: Path, reader: Predictor, labels: bool) -> Items:
    if place.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{place}: this model takes arrays of numbers, .npz with an array x, or .npy.")
    found = arrays_in(place)
    y = None
    if labels:
        if "y" not in found:
            raise BadInput(f"{place} has no array 'y'. Leave --labels out, or add it.")
        given = found["y"]
        y = given.astype(np.int64) if given.dtype.kind in "iu" else _classes(given.tolist(), reader, place)
    x = torch.as_tensor(np.asarray(found["x"], dtype=np.float32))
    return Items(place.stem, x, y, [f"{place}:{number}" for number in range(1, len(x) + 1)])


def _lines(place: Path) -> list[str]:
    if place.suffix.lower() not in TEXTS:
        raise BadInput(f"{place}: this model takes texts, a file .txt with one a line.")
    return [line for line in place.read_text("utf-8").splitlines() if line.strip()]


def _unlabelled(place: Path, labels: bool, read: Any) -> Items:
    if labels:
        raise BadInput("--labels goes with pictures in class folders, or an .npz file with an array y.")
    x: Tensor | list[str] = read()
    return Items(place.stem, x, None, [f"{place}:{number}" for number in range(1, len(x) + 1)])


def _classes(names: Sequence[Any], reader: Predictor, place: Path) -> NDArray[np.int64]:
    known = {name: number for number, name in enumerate(reader.classes)}
    strange = sorted({str(name) for name in names} - known.keys())
    if strange:
        raise BadData(
            f"{place} has classes that the model does not know: {', '.join(map(repr, strange[:5]))}; it "
            f"knows {', '.join(map(repr, reader.classes[:5]))}. Rename the folders, or leave --labels out."
        )
    return np.array([known[str(name)] for name in names], dtype=np.int64)


def _shuffled(found: Items, seed: int) -> Items:
    draw = np.random.Generator(np.random.PCG64(derive_seed(seed, "stream order")))
    order = draw.permutation(len(found.names))
    x = found.x[torch.from_numpy(order)] if isinstance(found.x, Tensor) else [found.x[i] for i in order]
    y = None if found.y is None else found.y[order]
    return Items(found.name, x, y, [found.names[i] for i in order], found.unread)
