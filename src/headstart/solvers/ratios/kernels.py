"""Gaussian kernels and their widths for the kernel-based estimators."""

import math

import torch
from torch import Tensor

from headstart.core import BadInput

from .common import shuffled

CENTRES = 100  # largest number of kernels in the ratio
WIDTHS = (0.1, 0.2, 0.35, 0.6, 1.0, 3.0)  # times the median distance
DRAWN = 1000  # rows whose distances are computed


def rbf(x: Tensor, centres: Tensor, width: float) -> Tensor:
    """exp(-||x - c||^2 / (2 width^2)) of rows (n, d) and centres (c, d): (n, c)."""
    return (torch.cdist(x, centres).square() / (-2 * width**2)).exp()


def median_distance(source: Tensor, target: Tensor, seed: int) -> float:
    """The median distance of two pooled rows, or of 1000 of them; 1 if most rows are identical."""
    pool = torch.cat([source, target])
    pool = pool[shuffled(len(pool), seed, "median")[:DRAWN].to(pool.device)]
    return float(torch.pdist(pool).median()) or 1.0


def widths_of(given: float | None, source: Tensor, target: Tensor, seed: int) -> list[float]:
    """The candidate widths: the given one, or multiples of the median distance.

    Raises:
        BadInput: the given one is not a positive finite number.
    """
    if given is None:
        middle = median_distance(source, target, seed)
        return [middle * factor for factor in WIDTHS]
    if not (math.isfinite(given) and given > 0):
        raise BadInput(f"width is {given!r}; it must be a finite number > 0, or None to have it chosen.")
    return [given]


def centres_of(target: Tensor, seed: int) -> Tensor:
    """Indices (c,) of at most 100 random target rows as kernel centres, where the ratio is large."""
    return shuffled(len(target), seed, "centres")[:CENTRES].to(target.device)
