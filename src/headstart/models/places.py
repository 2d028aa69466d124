"""Outputs of a block by place, averaged to a grid that is coarse enough to store for many rows."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from .layout import Layout

GRID = 7  # largest number of places along each side of a map
MOST = 64  # largest number of places of a sequence


class Places(NamedTuple):
    """Outputs of a block for n rows at up to p places."""

    value: Tensor  # (n, p, d)
    there: Tensor  # bool (n, p); the others are padding


def places(x: Tensor, layout: Layout, there: Tensor | None = None, most: int = MOST) -> Places:
    """Average neighbouring places of a block's output until there are few.

    Maps become 7 x 7 places at most, all else a sequence of `most` at most, and of exactly `most` where some
    are padding. Outputs without places have p = 1.

    Args:
        x: output of a part of a model, with at least two axes.
        layout: which of its axes are rows and features; all others are places.
        there: bool (n, tokens); of an x (n, tokens, d), only tokens that are there are places.
        most: places, at least 1.
    """
    if x.ndim < 3:
        wide = x.reshape(x.shape[0], 1, -1)
        return Places(wide, torch.ones(x.shape[0], 1, dtype=torch.bool, device=x.device))
    x = x.movedim((layout.rows, layout.features), (0, -1))
    if x.ndim == 4:
        side = min(GRID, math.isqrt(most))
        small = adaptive_avg_pool2d(x.movedim(-1, 1), (min(side, x.shape[1]), min(side, x.shape[2])))
        value = small.flatten(2).mT
        return Places(value, torch.ones(value.shape[:2], dtype=torch.bool, device=x.device))
    x = x.flatten(1, -2)
    if there is None or there.shape != x.shape[:2] or layout != (0, 2):
        return _binned(x, torch.ones(x.shape[:2], dtype=torch.bool, device=x.device), min(most, x.shape[1]))
    return _binned(x, there, most)


def _binned(x: Tensor, there: Tensor, most: int) -> Places:
    """Average neighbours of sequences x (n, t, d) with more than `most` tokens."""
    number = there.cumsum(1) - 1  # index of a token among the valid ones
    length = there.sum(1, keepdim=True)
    used = length.clamp(1, most)
    spot = torch.where(there, number * used // length.clamp(min=1), most)  # the last slot collects padding
    share = torch.zeros(x.shape[0], most + 1, x.shape[1], dtype=x.dtype, device=x.device)
    share.scatter_(1, spot[:, None], 1)
    share = share[:, :most]
    count = share.sum(2, keepdim=True)
    return Places(share @ x / count.clamp(min=1), count[..., 0] > 0)
