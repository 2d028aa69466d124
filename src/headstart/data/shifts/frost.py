"""Frost."""

import numpy as np

from .clouds import clouds
from .shift import Floats

_SETTINGS = ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))  # of the picture, of the ice
_TINT = np.array([0.86, 0.94, 1.0])
_RUGGED, _SHARP = 1.5, 2.0


def frost(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Darken the picture and overlay ice.

    The original takes the ice from photographs. Here it is generated: the ridges of fractal noise.
    """
    kept, added = _SETTINGS[severity - 1]
    size = picture.shape[0], picture.shape[1]
    ridges = (1 - np.abs(2 * clouds(size, _RUGGED, draw) - 1)) ** _SHARP
    tint = _TINT if picture.shape[2] == 3 else _TINT.mean(keepdims=True)
    found: Floats = kept * picture + added * ridges[..., None] * tint
    return found
