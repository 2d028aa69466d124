"""Data sets of torch and torchvision: rows (x, y) by number, stored files and arrays where there are any."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset
from torch.utils.data import Dataset as TorchDataset

from headstart.core import BadData, BadInput
from headstart.core.label_kind import LabelKind

from .arrays import from_arrays
from .columns import brief
from .dataset import Dataset
from .finding import finding
from .folder_files import is_sample
from .frames import named_class
from .picture_lists import from_list
from .scans import SUFFIXES as SCANS
from .suffixes import suffix_of
from .texts import from_texts

LARGEST = 2**32  # bytes of rows in memory
TRANSFORMS = ("transform", "transforms")


def is_torch_dataset(value: Any) -> bool:
    """Whether `value` is a data set of torch: rows by number, and a length."""
    return isinstance(value, TorchDataset)


def refuse_loader(value: Any) -> None:
    """Refuse what only yields batches, one after the other.

    Raises:
        BadInput: it is a DataLoader or an iterator; the text says what to give instead.
    """
    if isinstance(value, DataLoader):
        what = type(value).__name__
        raise BadInput(
            f"A {what} yields batches; rows are split and drawn here. Give its data set: .dataset."
        )
    if hasattr(value, "__next__"):
        what = type(value).__name__
        raise BadInput(f"A {what} can be read only once. Give a list or an array: (x, y).")


@dataclass(frozen=True)
class _Rows:
    """Samples x (a list or an array) and labels y by row."""

    x: Any
    y: list[Any]
    stored: bool  # as they are kept, without the transform of the data set

    def take(self, rows: Sequence[int]) -> "_Rows":
        """The rows of a subset."""
        x = self.x[list(rows)] if hasattr(self.x, "shape") else [self.x[row] for row in rows]
        return _Rows(x, [self.y[row] for row in rows], self.stored)


def from_torch(
    source: Any, labels: Any, groups: Any, name: str, label_kind: LabelKind | None = None
) -> Dataset:
    """Build a dataset of a torch data set of pairs (x, y).

    Files (`samples` and `targets` of torchvision) and arrays (`data` and `targets`) are taken as they are
    stored, without decoding and without the data set's transform; other data sets are read row by row.

    Raises:
        BadInput: labels are given besides, it has no length, or its rows are no pairs.
        BadData: it is too large for memory, or its labels are unusable.
    """
    if labels is not None:
        raise BadInput(f"labels= can't be used: the {type(source).__name__} brings its labels. Leave it out.")
    rows = _rows_of(source)
    x: Any = rows.x
    if isinstance(x, list) and x and isinstance(x[0], str) and not rows.stored:
        data = from_texts(x, rows.y, groups, name, label_kind)
    elif isinstance(x, list):
        data = from_list(x, rows.y, groups, name, label_kind)
    else:
        data = from_arrays(x, rows.y, groups, name, label_kind)
    transform = next((getattr(source, one) for one in TRANSFORMS if getattr(source, one, None)), None)
    if not rows.stored or transform is None:
        return data
    text = (
        f"The transform of the {type(source).__name__} is not applied: pictures are taken as they are "
        "stored, and fitted to the backbone and augmented by headstart."
    )
    return replace(data, findings=(*data.findings, finding("transform", "note", text, [brief(transform)])))


def _rows_of(source: Any) -> _Rows:
    if isinstance(source, IterableDataset) or not hasattr(source, "__len__"):
        raise BadInput(
            f"The {type(source).__name__} has no length, so its rows can't be split. "
            "Give lists or arrays (x, y)."
        )
    if isinstance(source, Subset):
        return _rows_of(source.dataset).take(list(source.indices))
    if isinstance(source, TensorDataset):
        if len(source.tensors) != 2:
            raise BadInput(f"The TensorDataset holds {len(source.tensors)} tensors; two are needed, x and y.")
        x, y = source.tensors
        return _Rows(x, y.tolist(), True)
    return _stored(source) or _read(source)


def _stored(source: Any) -> _Rows | None:
    """Files or arrays as torchvision's data sets keep them; None if there are none."""
    pairs = getattr(source, "samples", getattr(source, "_samples", None))
    if pairs is None and hasattr(source, "_image_files") and hasattr(source, "_labels"):  # as in Food101
        pairs = list(zip(source._image_files, source._labels, strict=True))
    if isinstance(pairs, list) and len(pairs) == len(source) and all(map(_is_file, pairs)):
        return _Rows([str(path) for path, _ in pairs], _named(source, [y for _, y in pairs]), True)
    x, y = getattr(source, "data", None), getattr(source, "targets", getattr(source, "labels", None))
    if not isinstance(x, np.ndarray | torch.Tensor) or y is None or len(x) != len(source) or len(y) != len(x):
        return None
    return _Rows(x, _named(source, y.tolist() if hasattr(y, "tolist") else list(y)), True)


def _is_file(pair: Any) -> bool:
    whole = isinstance(pair, tuple) and len(pair) == 2
    if not whole or not isinstance(pair[0], str | Path):
        return False
    return is_sample(Path(pair[0])) and suffix_of(pair[0]) not in SCANS  # those have a loader of their own


def _read(source: Any) -> _Rows:
    """All rows, one by one."""
    x: list[Any] = []
    y: list[Any] = []
    for row in range(len(source)):
        pair = source[row]
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise BadInput(
                f"Row {row} of the {type(source).__name__} is {brief(pair)}; pairs (x, y) are needed."
            )
        x.append(pair[0])
        y.append(pair[1])
        if row == 0 and (size := _size(pair[0]) * len(source)) > LARGEST:
            raise BadData(
                f"The {len(source)} rows of the {type(source).__name__} would take {size / 1e9:.1f} GB. Give "
                "the folder of its files, or a Subset of it."
            )
    return _Rows(_joined(x, source), _named(source, y, transformed=True), False)


def _joined(x: list[Any], source: Any) -> Any:
    if not x or isinstance(x[0], str | bytes | Image.Image):
        return x
    arrays = [np.asarray(one.detach().cpu() if isinstance(one, torch.Tensor) else one) for one in x]
    shapes = {array.shape for array in arrays}
    if len(shapes) == 1:
        return np.stack(arrays)
    if all(array.dtype == np.uint8 for array in arrays):
        return [
            array.transpose(1, 2, 0) if array.ndim == 3 and len(array) in (1, 3) else array
            for array in arrays
        ]
    some = " and ".join(map(str, sorted(shapes)[:2]))
    raise BadInput(
        f"The rows of the {type(source).__name__} differ in shape: {some}. Resize them in its transform."
    )


def _named(source: Any, labels: list[Any], transformed: bool = False) -> list[Any]:
    """Labels with the class names of the data set, if it has any; its target transform is applied."""
    change = None if transformed else getattr(source, "target_transform", None)
    if change is not None:
        labels = [change(label) for label in labels]
    plain = [one.item() if hasattr(one, "item") and np.ndim(one) == 0 else one for one in labels]
    plain = [one.tolist() if hasattr(one, "tolist") else one for one in plain]
    classes = getattr(source, "classes", None)
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in plain)
    if change is not None or not isinstance(classes, list | tuple) or not whole:
        return plain
    if not all(isinstance(one, str) for one in classes) or max(plain, default=0) >= len(classes):
        return plain
    return [named_class(one, classes) for one in plain]


def _size(x: Any) -> int:
    if isinstance(x, Image.Image):
        return x.width * x.height * 3
    return int(getattr(x, "nbytes", len(x) if hasattr(x, "__len__") else 8))
