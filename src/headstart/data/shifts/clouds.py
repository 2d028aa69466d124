"""Fractal noise of any size, for fog and frost."""

import numpy as np

from .sampling import stretched
from .shift import Floats


def clouds(size: tuple[int, int], decay: float, draw: np.random.Generator) -> Floats:
    """Fractal noise (h, w) scaled to [0, 1].

    Grids of 2, 4, 8, ... uniform numbers a side are stretched over the picture and added up.

    Args:
        size: h, w in pixels.
        decay: > 1; factor between the weights of successive grids. Low values are rough.
        draw: the random generator.
    """
    total, weight, cells = np.zeros(size), 1.0, 2
    while True:
        total += weight * stretched(draw.random((cells, cells)), size)
        if cells >= max(size):
            break
        weight, cells = weight / decay, 2 * cells
    total -= total.min()
    found: Floats = total / max(total.max(), 1e-12)
    return found
