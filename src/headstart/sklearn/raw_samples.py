"""Samples as a program holds them: lists of paths, arrays, tensors, frames."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import BadData, BadInput
from headstart.data.arrays import PIXELS
from headstart.data.dataset import Dataset
from headstart.data.labels import Labels
from headstart.data.samples import Array, Files, Samples, Texts
from headstart.data.tables import Table


def unwrapped(x: Any) -> Any:
    """A list of paths, an array, or a frame as it is."""
    if isinstance(x, Tensor):
        return x.detach().cpu().numpy()
    if hasattr(x, "iloc"):
        return x
    array = np.asarray(x)
    named = array.ndim == 1 and array.dtype.kind in "UO" and all(isinstance(one, str | Path) for one in array)
    return [Path(one) for one in array] if named else array


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of one sample, () for files and pictures; `BadData` or `BadInput` if there is none."""
    if len(x) == 0:
        raise BadData("There are no samples; one or more are needed.")
    if isinstance(x, list):
        return ()
    if x.dtype.kind not in "fiub" or x.ndim < 2:
        raise BadInput(f"Samples are paths or arrays of numbers (n, ...), not {x.dtype} {x.shape}.")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise BadData("The samples hold NaN or infinity; fill them in or leave these rows out.")
    return () if are_pictures(x) else tuple(x.shape[1:])


def are_pictures(x: Any) -> bool:
    """Whether an array is uint8 or uint16 pictures (n, h, w) or (n, h, w, c)."""
    return bool(x.dtype in PIXELS and x.ndim in (3, 4))


def channels_last(x: Any) -> Any:
    """Pictures (n, 1 | 3, h, w) as (n, h, w, 1 | 3); all else as it is."""
    array = isinstance(x, np.ndarray) and x.ndim == 4 and are_pictures(x)
    return x.transpose(0, 2, 3, 1) if array and x.shape[3] not in (1, 3, 4) and x.shape[1] in (1, 3) else x


def dataset_of(x: Any, known: Labels | None = None, names: tuple[str, ...] = ("",)) -> Dataset:
    """Checked samples with their labels, all of class 0 if none are known; see `Dataset`."""
    samples: Samples
    if isinstance(x, Texts | Table):
        samples, items = x, tuple(f"row {row}" for row in range(len(x)))
    elif isinstance(x, list):
        samples, items = Files(x), tuple(map(str, x))
    else:
        samples, items = Array(x, are_pictures(x)), tuple(f"row {row}" for row in range(len(x)))
    labels = np.zeros(len(x), np.int64) if known is None else known
    return Dataset(name="samples", classes=names, labels=labels, items=items, samples=samples)
