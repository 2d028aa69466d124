"""Fractal noise of any size: what fog and frost are made of."""

import numpy as np

from .sampling import stretched
from .shift import Floats


def clouds(size: tuple[int, int], decay: float, draw: np.random.Generator) -> Floats:
    """Values (h, w) that fill [0, 1].

    Grids of 2, 4, 8, ... uniform numbers a side are stretched over the picture and added up.

    Args:
        size: h, w in pixels.
        decay: > 1; each grid weighs that much less than the one before. Low is rugged.
        draw: the source of chance.
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
