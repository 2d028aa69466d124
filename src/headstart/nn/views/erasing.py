"""What changes pixels by themselves: erased squares, noise, solarisation."""

import math

import torch
from torch import Tensor

from headstart.core.draws import normals


def erase(x: Tensor, place: Tensor, share: float) -> Tensor:
    """Pictures (n, c, h, w) with a square of a share of the area set to 0, wholly inside.

    Args:
        x: normalised pictures, so that 0 is the mean colour.
        place: (n, 2) top and left, as shares of the room there is.
        share: of the area; a square longer than a side is cut to it.
    """
    side = math.sqrt(share * x.shape[2] * x.shape[3])
    tall, wide = (_covered(place[:, axis], x.shape[2 + axis], side) for axis in (0, 1))
    return x.masked_fill((tall[:, :, None] & wide[:, None, :])[:, None], 0)


def _covered(place: Tensor, size: int, side: float) -> Tensor:
    """Which pixels of an axis are erased, bool (n, size)."""
    count = min(size, round(side))
    start = (place * (size - count + 1)).floor()[:, None]
    pixels = torch.arange(size, device=place.device)
    return (pixels >= start) & (pixels < start + count)


def add_noise(x: Tensor, seed: Tensor, std: float) -> Tensor:
    """Pictures (n, c, h, w) with Gaussian noise of `std` times the standard deviation of each."""
    spread = x.flatten(1).std(1, correction=0)
    noise = normals(seed, x[0].numel()).to(x).view_as(x)
    return x + std * spread[:, None, None, None] * noise


def solarise(x: Tensor, rows: Tensor, middle: Tensor) -> Tensor:
    """Pictures (n, c, h, w) whose values from `middle` (c, 1, 1) up are mirrored in it, in some rows (n,)."""
    return torch.where(rows[:, None, None, None] & (x >= middle), 2 * middle - x, x)
