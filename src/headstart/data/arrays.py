"""NumPy arrays and torch tensors as a dataset."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput
from headstart.core.label_kind import LabelKind

from .columns import brief
from .dataset import Dataset
from .levels import are_deep
from .naming import grouped
from .plain_arrays import as_array
from .samples import Array, Rows, pixels_last
from .targets import of_values

PIXELS = (np.uint8, np.uint16)  # types of arrays that are pictures if their shape is


def from_arrays(x: Any, y: Any, groups: Any, name: str, label_kind: LabelKind | None = None) -> Dataset:
    """Build a dataset of the rows of `x` with labels `y`, without copying.

    Numbers of uint8 and uint16 in the shape of pictures are pictures.

    Raises:
        BadInput: labels are missing, lengths differ, or the shape is not supported.
        BadData: features are not finite, or labels are constant or otherwise unusable.
    """
    if not isinstance(x, list | tuple) and not hasattr(x, "shape") and not hasattr(x, "__array__"):
        raise BadInput(
            f"{brief(x)} of type {type(x).__name__} is no data that can be read. Give a folder, a file, a "
            "pair (x, y) of arrays, a data frame, or a data set of torch or Hugging Face."
        )
    if y is None:
        raise BadInput("Arrays need labels: load((x, y)) or load(x, labels=y).")
    values, learned = as_array(x, "x"), of_values(y, label_kind, name)
    if len(values) != len(learned):
        raise BadInput(f"x has {len(values)} rows and there are {len(learned)} labels.")
    pixels = pixels_last(values) if values.dtype in PIXELS else None
    if pixels is None:
        _check_features(values)
    return Dataset(
        name=name,
        classes=learned.names,
        labels=learned.labels,
        items=tuple(f"row {row}" for row in range(len(values))),
        samples=Array(values if pixels is None else pixels, pixels is not None),
        groups=group_numbers(groups, len(values)),
        findings=learned.findings,
    )


def as_pictures(data: Dataset) -> Dataset:
    """A data set of numbers in the shape of pictures as pictures; all others as they are."""
    array = data.array
    if array is None or data.is_images or not are_deep(array):
        return data
    pixels = pixels_last(array)
    return data if pixels is None else replace(data, samples=Array(pixels, True))


def _check_features(x: NDArray[Any]) -> None:
    if x.dtype.kind not in "fiub":
        raise BadInput(f"x should be numbers, not {x.dtype}.")
    if x.ndim < 2:
        raise BadInput(f"x has the shape {x.shape}; features are (n, ...) with at least two axes.")
    if x.dtype.kind == "f":
        good = np.isfinite(x.reshape(len(x), -1)).all(axis=1)
        if not good.all():
            first = int(np.flatnonzero(~good)[0])
            raise BadData(
                f"{(~good).sum()} of {len(x)} rows of x hold NaN or infinity, the first is row "
                f"{first}. Fill them in or leave these rows out."
            )


def group_numbers(groups: Any, rows: int) -> Rows | None:
    """The user's groups (rows,) as integers; None if there are none."""
    if groups is None:
        return None
    names = as_array(groups, "groups")
    if names.shape != (rows,):
        raise BadInput(f"groups has the shape {names.shape}; it should be ({rows},).")
    return grouped(names.tolist())
