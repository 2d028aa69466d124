"""Argument checks and conversion to the working precision for all solvers."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.core import BadData, BadInput


def features(x: Tensor) -> Tensor:
    """Check `x` (n, d) and convert it to float64, on the CPU if its device has no float64.

    Raises:
        BadData: `x` is not a matrix of finite floats, or is empty.
    """
    if x.ndim != 2 or not x.is_floating_point() or not x.numel():
        raise BadData(f"Features must be floats (rows, width), not {x.dtype} {tuple(x.shape)}.")
    wide = widened(x)
    if not bool(wide.sum().isfinite()):  # one pass; NaN and infinity propagate through a sum
        bad = int((~wide.isfinite()).any(1).sum())
        raise BadData(f"{bad} of {len(x)} rows of features hold NaN or infinity; drop them.")
    return wide


def targets(y: Tensor, rows: int) -> Tensor:
    """Check `y` (n, k) and convert it to float64.

    Raises:
        BadData: `y` is not a matrix of `rows` rows of finite floats.
    """
    if y.ndim != 2 or not y.is_floating_point() or len(y) != rows:
        raise BadData(
            f"Targets must be floats ({rows}, outputs), not {y.dtype} {tuple(y.shape)}; "
            f"labels become targets by solvers.ridge.one_hot."
        )
    wide = widened(y)
    if not bool(wide.sum().isfinite()):
        raise BadData("Targets hold NaN or infinity; drop those rows.")
    return wide


def labels(y: Tensor, classes: int, rows: int) -> Tensor:
    """Check labels `y` (n,) and convert them to int64.

    Raises:
        BadData: `y` is not `rows` whole numbers in [0, classes).
    """
    if y.ndim != 1 or y.is_floating_point() or y.is_complex() or len(y) != rows:
        raise BadData(f"Labels must be ints ({rows},), not {y.dtype} {tuple(y.shape)}.")
    low, high = int(y.min()), int(y.max())
    if low < 0 or high >= classes:
        raise BadData(f"Labels must lie in [0, {classes}), but range from {low} to {high}.")
    return y.long()


def penalties(values: Sequence[float] | Tensor) -> list[float]:
    """Check the penalties and return them as floats, in their order.

    Raises:
        BadInput: there is none, or one is not a positive finite number.
    """
    found = [float(value) for value in values]
    bad = [value for value in found if not (math.isfinite(value) and value > 0)]
    if bad or not found:
        raise BadInput(f"Penalties must be one or more finite numbers > 0, not {bad or found}.")
    return found


def in_folds(folds: Tensor, rows: int) -> list[Tensor]:
    """Held-out rows of each fold, bool (n,), in the order of the fold numbers.

    Raises:
        BadInput: `folds` is not `rows` whole numbers, or there are fewer than two folds.
    """
    if folds.shape != (rows,) or folds.is_floating_point():
        raise BadInput(f"Folds must be ints ({rows},), not {folds.dtype} {tuple(folds.shape)}.")
    numbers = torch.unique(folds).tolist()
    if len(numbers) < 2:
        raise BadInput(f"Cross-validation needs two folds or more, but all rows are in {numbers}.")
    return [folds == number for number in numbers]


def row_weights(weights: Tensor | None, rows: int) -> Tensor:
    """Check `weights` (n,) and convert them to float64; ones if None.

    Raises:
        BadInput: `weights` is not `rows` finite numbers >= 0, or they sum to 0.
    """
    if weights is None:
        return torch.ones(rows, dtype=torch.float64)
    wide = widened(weights)
    good = wide.shape == (rows,) and bool((wide.isfinite() & (wide >= 0)).all())
    if not good or not float(wide.sum()) > 0:
        raise BadInput(f"Row weights must be {rows} finite numbers >= 0, one of them > 0.")
    return wide


def widened(x: Tensor) -> Tensor:
    """`x` detached, in float64, on the CPU if its device has no float64."""
    device = torch.device("cpu") if x.device.type == "mps" else x.device
    return x.detach().to(device, torch.float64)
