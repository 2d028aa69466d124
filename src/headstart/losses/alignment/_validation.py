"""Argument checks and conversion to the working precision for all alignment losses."""

import torch
from torch import Tensor

from headstart.core import BadData, BadInput


def rows(x: Tensor, what: str, least: int = 1) -> Tensor:
    """Check `x` (n, d) and convert it to float32, unless it is float64; differentiable.

    Raises:
        BadData: it is not a matrix of floats, or has fewer than `least` rows, or no column.
    """
    if x.ndim != 2 or not x.is_floating_point() or not x.shape[1]:
        raise BadData(f"The {what} must be floats (rows, width), not {x.dtype} {tuple(x.shape)}.")
    if len(x) < least:
        raise BadData(f"The {what} must have {least} rows or more, not {len(x)}; take larger batches.")
    return x if x.dtype == torch.float64 else x.float()


def both(source: Tensor, target: Tensor, what: str = "features", least: int = 1) -> tuple[Tensor, Tensor]:
    """Check and convert source (n, d) and target (m, d) by `rows`.

    Raises:
        BadData: one of them is not such a matrix, or their widths differ.
    """
    one, other = rows(source, f"source {what}", least), rows(target, f"target {what}", least)
    if one.shape[1] != other.shape[1]:
        raise BadData(f"The source has {one.shape[1]} {what} a row and the target {other.shape[1]}.")
    return one, other


def positive(value: float, name: str) -> float:
    """Return `value` if it is a finite number > 0.

    Raises:
        BadInput: it is not a finite number > 0.
    """
    if not 0 < value < float("inf"):
        raise BadInput(f"{name} is {value!r}; it must be a finite number > 0.")
    return value


def exactly(x: Tensor) -> torch.autocast:
    """Context that disables autocast, so that matrix products keep the precision of their factors."""
    return torch.autocast(x.device.type, enabled=False)
