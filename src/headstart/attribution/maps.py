"""Which places of a picture count: occlusion, and integrated gradients."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput

Values = Callable[[Tensor], NDArray[np.float64]]  # of pictures (m, c, h, w), without a gradient
Differentiable = Callable[[Tensor], Tensor]  # likewise, with one
PATCHES = 7  # a patch is a seventh of the longer side by default
CELLS = 28  # of a map of gradients, at most, each way
STEPS = 64  # on the way from the baseline to the picture
BATCH = 16
NO_GRADIENT = (
    "This model has no gradient with respect to its inputs, as of trees and nearest neighbours. "
    "Take occlusion."
)


@dataclass(frozen=True, eq=False)
class PlaceMap:
    """What places of a picture contribute to a value.

    Attributes:
        contributions: (rows, columns) in the unit of the value.
        tops: (rows,) first pixel of each row of places, from the top.
        lefts: (columns,) likewise from the left.
        size: height and width of a place in pixels.
        value: of the picture.
        base: what the contributions and the value differ by; None if they do not add up.
    """

    contributions: NDArray[np.float64]
    tops: list[int]
    lefts: list[int]
    size: tuple[int, int]
    value: float
    base: float | None


def mean_colour(picture: Tensor) -> Tensor:
    """The mean (c, 1, 1) of each channel of a picture (c, h, w), in its own type."""
    mean = picture.double().mean((1, 2), keepdim=True)
    return (mean if picture.is_floating_point() else mean.round()).to(picture.dtype)


def occlusion(
    values: Values, picture: Tensor, patch: int | None = None, stride: int | None = None
) -> PlaceMap:
    """What the value loses if a patch is covered by the picture's mean colour, at each place in turn.

    Zeiler and Fergus 2014, arXiv:1311.2901. Any model will do, as nothing is differentiated.

    Args:
        values: of pictures.
        picture: (c, h, w).
        patch: side in pixels; None: a seventh of the longer side.
        stride: pixels from a patch to the next; None: half a patch.
    """
    height, width = picture.shape[1:]
    side = max(1, round(max(height, width) / PATCHES)) if patch is None else patch
    step = max(1, side // 2) if stride is None else stride
    tops, lefts = _starts(height, side, step), _starts(width, side, step)
    fill, whole = mean_colour(picture), float(values(picture[None])[0])
    corners = [(top, left) for top in tops for left in lefts]
    without: list[NDArray[np.float64]] = []
    for first in range(0, len(corners), BATCH):
        some = corners[first : first + BATCH]
        covered = picture.repeat(len(some), 1, 1, 1)
        for one, (top, left) in zip(covered, some, strict=True):
            one[:, top : top + side, left : left + side] = fill
        without.append(values(covered))
    losses = whole - np.concatenate(without).reshape(len(tops), len(lefts))
    return PlaceMap(losses, tops, lefts, (min(side, height), min(side, width)), whole, None)


def _starts(length: int, side: int, step: int) -> list[int]:
    """Where patches begin, so that the last one ends with the picture."""
    last = max(0, length - side)
    return [*range(0, last, step), last]


def integrated_gradients(
    values: Differentiable, picture: Tensor, baseline: Tensor, steps: int = STEPS
) -> PlaceMap:
    """Gradients along the way from a baseline to the picture, times the way, summed over cells.

    Sundararajan et al. 2017, arXiv:1703.01365, by the midpoint rule. The contributions add up to the value
    less that of the baseline, but for the error of the rule.

    Args:
        values: of pictures (m, c, h, w), differentiable.
        picture: floating-point (c, h, w).
        baseline: likewise, or (c, 1, 1).
        steps: how finely the way is divided, >= 1.

    Raises:
        BadInput: the values do not depend on the pictures by a gradient.
    """
    way = picture - baseline
    total = torch.zeros_like(picture, dtype=torch.float64)
    shares = (torch.arange(steps, dtype=picture.dtype, device=picture.device) + 0.5) / steps
    for some in torch.split(shares, BATCH):
        x = (picture - way * (1 - some[:, None, None, None])).detach().requires_grad_()
        total += _gradient(values(x), x).double().sum(0) / steps
    with torch.no_grad():
        ends = values(torch.stack([picture, picture - way])).double().tolist()
    pixels = (total * way.double()).sum(0).cpu().numpy()
    rows, columns = (_cells(length) for length in pixels.shape)
    cells = np.add.reduceat(np.add.reduceat(pixels, rows, axis=0), columns, axis=1)
    size = (rows[1] if len(rows) > 1 else len(pixels), columns[1] if len(columns) > 1 else pixels.shape[1])
    return PlaceMap(cells, rows, columns, size, ends[0], ends[1])


def _gradient(values: Tensor, x: Tensor) -> Tensor:
    if not values.requires_grad:
        raise BadInput(NO_GRADIENT)
    (found,) = torch.autograd.grad(values.sum(), x, allow_unused=True)
    if found is None:
        raise BadInput(NO_GRADIENT)
    return found


def _cells(length: int) -> list[int]:
    """Where cells of equal sides begin; the last one may be smaller."""
    return [*range(0, length, -(-length // CELLS))]
