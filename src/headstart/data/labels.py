"""Labels of the three kinds as arrays: conversion, strata, counts and display."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from headstart.core.label_kind import label_kind_of

from .samples import Rows

Labels = NDArray[Any]  # int64 (n,) classes, bool (n, k) tags, float64 (n, k) numbers

BINS = 10  # largest number of strata of numbers
ROWS = 5  # smallest average size of a stratum of numbers


def as_labels(values: ArrayLike) -> Labels:
    """Convert labels to one of the three dtypes, copying only if the width differs."""
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        return array.astype(np.int64, copy=False)
    return array.astype(np.float64, copy=False) if array.dtype.kind == "f" else array


def labels_of(labels: Labels, rows: Rows) -> Tensor:
    """The labels of the rows in the dtype of batches: int64 (n,), bool (n, k) or float32 (n, k)."""
    found = torch.from_numpy(np.asarray(labels[rows]))
    return found.float() if found.is_floating_point() else found


def strata(labels: Labels) -> Rows:
    """Strata (n,): the rows of a stratum are spread evenly over the parts of a split.

    It is the class; of tags the rarest one that a row has, or one more for rows without any; of numbers
    the quantile of the first column, of which there are up to 10, fewer where there are few rows.
    Rows with equal numbers are in one stratum.
    """
    kind = label_kind_of(labels)
    if kind == "classes":
        classes: Rows = labels
        return classes
    return _rarest(labels) if kind == "tags" else _quantiles(labels[:, 0])


def counted(labels: Labels, names: tuple[str, ...]) -> dict[str, int]:
    """Number of rows of each class or tag; empty for numbers."""
    kind = label_kind_of(labels)
    if kind == "numbers":
        return {}
    counts = np.bincount(labels, minlength=len(names)) if kind == "classes" else labels.sum(0)
    return dict(zip(names, counts.tolist(), strict=True))


def said(label: Any, names: tuple[str, ...]) -> str:
    """The label of one row in words: "cat", "red, round", "no tag", "price = 3.2"."""
    if np.ndim(label) == 0:
        return names[int(label)]
    if np.asarray(label).dtype.kind == "b":
        return ", ".join(name for name, has in zip(names, label, strict=True) if has) or "no tag"
    return ", ".join(f"{name} = {value:.6g}" for name, value in zip(names, label, strict=True))


def _rarest(labels: Labels) -> Rows:
    counts = labels.sum(0)
    rarity = np.where(labels, counts, len(labels) + 1)
    found: Rows = np.where(labels.any(1), rarity.argmin(1), labels.shape[1]).astype(np.int64)
    return found


def _quantiles(values: NDArray[np.float64]) -> Rows:
    """Quantile bin of each value, by the mid-rank of ties."""
    bins = max(1, min(BINS, len(values) // ROWS))
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / len(values)
    found: Rows = np.floor(middle * bins).astype(np.int64)[place.reshape(-1)]
    return found
