"""Blur kernels with subpixel positions, and the convolution with them."""

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from .shift import Floats

_QUANTILES = 256  # points that represent a normal distribution along one axis


def splat(points: Floats, weights: Floats) -> Floats:
    """Turn points (m, 2) of y, x in pixels into a kernel with an odd number of rows and columns, sum 1.

    Each point is shared among the four pixels around it, so that a blur of half a pixel is one.
    """
    reach = int(np.ceil(np.abs(points).max(initial=0))) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    corner: NDArray[np.int64] = np.floor(points).astype(np.int64)
    part = points - corner
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1])
            np.add.at(kernel, (corner[:, 0] + down + reach, corner[:, 1] + right + reach), share * weights)
    found: Floats = kernel / kernel.sum()
    return found


@lru_cache(64)
def disk(radius: float) -> Floats:
    """Defocus kernel: uniform within `radius` >= 0 pixels."""
    side = np.linspace(-radius, radius, 2 * int(np.ceil(4 * radius)) + 9)
    y, x = (axis.ravel() for axis in np.meshgrid(side, side, indexing="ij"))
    inside = y**2 + x**2 <= radius**2 * (1 + 1e-9)
    return splat(np.stack([y[inside], x[inside]], 1), np.ones(int(inside.sum())))


@lru_cache(64)
def gaussian(sigma: float) -> Floats:
    """Gaussian kernel of standard deviation `sigma` >= 0 pixels along both axes."""
    places = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    along = np.array([NormalDist().inv_cdf(place) for place in places]) * sigma
    taps = splat(np.stack([along, np.zeros(_QUANTILES)], 1), np.ones(_QUANTILES)).sum(1)
    return np.outer(taps, taps)


def streak(reach: float, sigma: float, degrees: float) -> Floats:
    """Motion kernel: points along a ray of up to `reach` pixels, weighted by exp(-t^2 / 2 sigma^2)."""
    t = np.linspace(0, reach, 2 * int(np.ceil(reach)) + 9)
    angle = np.deg2rad(degrees)
    fading: Floats = np.exp(-0.5 * (t / sigma) ** 2)
    return splat(np.stack([t * np.sin(angle), t * np.cos(angle)], 1), fading)


def convolved(picture: Floats, kernel: Floats) -> Floats:
    """Convolve a picture (h, w, c) with a kernel of odd sides and reflected borders."""
    high, wide = (side // 2 for side in kernel.shape)
    padded = np.pad(picture, ((high, high), (wide, wide), (0, 0)), "symmetric")
    size = padded.shape[:2]
    waves = np.fft.rfft2(padded, axes=(0, 1)) * np.fft.rfft2(kernel, size)[..., None]
    blurred: Floats = np.fft.irfft2(waves, size, axes=(0, 1))[2 * high :, 2 * wide :]
    return blurred
