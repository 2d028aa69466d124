"""Defocus blur."""

import numpy as np

from .kernels import convolved, disk
from .shift import Floats, length

_RADIUS = (3, 4, 6, 8, 10)


def defocus_blur(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """Blur by a disk with a radius of 3 to 10 pixels of 224."""
    return convolved(picture, disk(length(picture, _RADIUS[severity - 1])))
