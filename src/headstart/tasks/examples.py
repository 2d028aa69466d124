"""Labelled rows as tensors that tasks are drawn from: pictures are decoded once, at a small size."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from headstart.core import BadInput, Preprocess
from headstart.core.label_kind import LabelKind, label_kind_of
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.opening import size_of
from headstart.data.schemas import encoded, schema_of
from headstart.data.word_counts import WordCounts
from headstart.face import spell
from headstart.nn.columns import Encode

SIZE = 32  # pixels a side of pictures that differ in size or are large
LARGEST = 84  # pixels a side up to which pictures of one size keep it
LOOK = 50  # pictures whose size is looked at

Rows = NDArray[np.int64]


@final
@dataclass(frozen=True, eq=False)
class Examples:
    """n labelled rows of one shape, in memory.

    Attributes:
        name: for messages.
        x: uint8 (n, channels, height, width) of pictures, which are drawn as numbers from 0 to 1; or
            float32 (n, ...).
        y: int64 (n,), positions in `classes`; or float32 (n, k), k numbers for each.
        classes: names of the classes, or of the columns of numbers.
        groups: int64 (n,), what rows belong together, such as those of one font; None: not known.
        group_names: of the groups, which are positions in it; () where they have none.
    """

    name: str
    x: Tensor
    y: Tensor
    classes: tuple[str, ...]
    groups: Tensor | None = None
    group_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.x)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return tuple(self.x.shape[1:])

    @property
    def kind(self) -> LabelKind:
        """Of the labels: "classes" or "numbers"."""
        return label_kind_of(self.y)

    def inputs(self, rows: Tensor) -> Tensor:
        """Float32 (*rows.shape, *shape) of row numbers in a tensor of any shape."""
        x = self.x[rows]
        return x.float() / 255 if x.dtype == torch.uint8 else x

    def take(self, rows: ArrayLike | Tensor) -> "Examples":
        """The given rows (m,), with the classes that are in them, which keep their order."""
        index = torch.as_tensor(np.asarray(rows, dtype=np.int64))
        y, classes = self.y[index], self.classes
        if self.kind == "classes":
            there, places = np.unique(y.numpy(), return_inverse=True)
            y, classes = torch.from_numpy(places), tuple(self.classes[place] for place in there)
        groups = None if self.groups is None else self.groups[index]
        return Examples(self.name, self.x[index], y, classes, groups, self.group_names)


def examples_of(data: Any, size: int | None = None, fit: ArrayLike | None = None) -> Examples:
    """Labelled data as tensors.

    Pictures are decoded once; those without colours have one channel. Rows of tables are standardised
    numbers and a column for each category. Texts are counts of their words. Arrays of numbers stay as they
    are.

    Args:
        data: anything that `hs.data.load` takes, or what this gives.
        size: of pictures, pixels a side; None: their own where they are of one size up to 84 pixels a side,
            else 32.
        fit: row numbers from which the scale of columns, their categories and the vocabulary of texts are
            taken; None: all. Labels are not read for it.

    Raises:
        BadInput: the labels are tags, the size is no whole number >= 4, or as `hs.data.load`.
        BadData: as `hs.data.load`.
    """
    if isinstance(data, Examples):
        return data
    if size is not None and size < 4:
        raise BadInput(f"{spell('size', size)}: pictures have a whole number of pixels a side, 4 or more.")
    data = data if isinstance(data, Dataset) else load(data)
    if data.label_kind == "tags":
        raise BadInput(f"The rows of {data.name} have tags. Tasks are made of classes or numbers.")
    y = torch.as_tensor(data.labels)
    groups, names = _groups(data)
    y = y if data.label_kind == "classes" else y.float()
    return Examples(data.name, _inputs(data, size, fit), y, data.classes, groups, names)


def _groups(data: Dataset) -> tuple[Tensor | None, tuple[str, ...]]:
    """What belongs together: the user's groups, or else the values of the attribute."""
    if data.groups is not None:
        return torch.as_tensor(np.unique(data.groups, return_inverse=True)[1]), ()
    if data.attributes is not None:
        return torch.as_tensor(data.attributes), data.attribute_names
    return None, ()


def _inputs(data: Dataset, size: int | None, fit: ArrayLike | None) -> Tensor:
    rows = np.arange(len(data)) if fit is None else np.asarray(fit, dtype=np.int64)
    if data.table is not None:
        schema = schema_of(data.table, rows)
        features: Tensor = Encode(schema)(torch.from_numpy(encoded(data.table, schema).values))
        return features
    if data.texts is not None:
        return WordCounts.of([data.texts[row] for row in rows])(data.texts)
    if Preprocess in data.modality.readers:
        return _pictures(data, size)
    every = np.arange(len(data))
    return data.modality.loader(data, None, None).fetch(every, np.full(len(data), -1))


def _pictures(data: Dataset, size: int | None) -> Tensor:
    """Uint8 (n, 1 | 3, height, width)."""
    sides = (size, size) if size else _own_size(data)
    array = data.array
    if array is not None and array.dtype == np.uint8 and array.shape[1:] in (sides, (*sides, 3)):
        x = torch.from_numpy(np.array(array)).view(len(array), *sides, -1).permute(0, 3, 1, 2)
    else:
        reader = Preprocess(size=sides, fit="squash", window=data.window, mixed=data.mixed)
        every = np.arange(len(data))
        x = data.modality.loader(data, reader, None).fetch(every, np.full(len(data), -1))
    grey = all(torch.equal(x[:, 0], x[:, channel]) for channel in range(1, x.shape[1]))
    return (x[:, :1] if grey else x).contiguous()


def _own_size(data: Dataset) -> tuple[int, int]:
    """Height and width of pictures of one small size, or else the default."""
    if not data.is_images:
        return SIZE, SIZE
    some = np.linspace(0, len(data) - 1, min(LOOK, len(data))).astype(int)
    sizes = {size_of(data.raw(row)) for row in some.tolist()}
    width, height = next(iter(sizes))
    return (height, width) if len(sizes) == 1 and max(width, height) <= LARGEST else (SIZE, SIZE)
