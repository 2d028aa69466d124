"""NumPy arrays and torch tensors as a dataset."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import BadData, BadInput

from .dataset import Dataset
from .naming import grouped, numbered
from .samples import Array, Rows


def from_arrays(x: Any, y: Any, groups: Any, name: str) -> Dataset:
    """Rows of `x` with the labels `y`; nothing is copied or changed.

    Raises:
        BadInput: labels are missing, lengths differ, or the shape is of no kind that is known.
        BadData: features that are not finite, one class, or labels that are no classes.
    """
    if y is None:
        raise BadInput("Arrays need labels: load((x, y)) or load(x, labels=y).")
    values = _array(x, "x")
    names = class_names(y)
    if len(values) != len(names):
        raise BadInput(f"x has {len(values)} rows and there are {len(names)} labels.")
    classes, labels = numbered(names, name)
    pixels = _pixels(values)
    if pixels is None:
        _check_features(values)
    return Dataset(
        name=name,
        classes=classes,
        labels=labels,
        items=tuple(f"row {row}" for row in range(len(values))),
        samples=Array(values if pixels is None else pixels, pixels is not None),
        groups=group_numbers(groups, len(values)),
    )


def _array(values: Any, what: str) -> NDArray[Any]:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise BadInput(f"{what} is no array: its rows differ in length.") from error
    if array.ndim == 0:
        raise BadInput(f"{what} should be an array with a row for each sample, not {values!r}.")
    return array


def class_names(labels: Any) -> list[str]:
    """The name of each row's class (n,), of names or whole numbers.

    Raises:
        BadInput: they are no list.
        BadData: a row without a label, or fractions.
    """
    y = _array(labels, "the labels")
    if y.ndim != 1:
        raise BadInput(f"The labels have the shape {y.shape}; one class for each row is needed, shape (n,).")
    if y.dtype.kind == "f":
        if not np.array_equal(y, np.rint(y)):
            raise BadData("The labels are fractions or not numbers; headstart learns classes.")
        y = y.astype(np.int64)
    names = [str(label) for label in y.tolist()]
    for row, (label, text) in enumerate(zip(y.tolist(), names, strict=True)):
        if not text or label is None or label != label:  # NaN
            raise BadData(f"Row {row} has no label: {label!r}.")
    return names


def _pixels(x: NDArray[Any]) -> NDArray[np.uint8] | None:
    """uint8 pictures as (n, h, w) or (n, h, w, c), a view; None if x is not pictures."""
    if x.dtype != np.uint8 or x.ndim not in (3, 4):
        return None
    if x.ndim == 3 or x.shape[3] in (1, 3, 4):
        return x
    if x.shape[1] in (1, 3):
        return x.transpose(0, 2, 3, 1)
    raise BadInput(
        f"uint8 of shape {x.shape} is no pictures: (n, h, w), (n, h, w, 1 | 3 | 4) and "
        "(n, 1 | 3, h, w) are. Give features as floats."
    )


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
    """The user's groups (rows,) as numbers; None if there are none."""
    if groups is None:
        return None
    names = _array(groups, "groups")
    if names.shape != (rows,):
        raise BadInput(f"groups has the shape {names.shape}; it should be ({rows},).")
    return grouped(names.tolist())
