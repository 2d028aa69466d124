"""Fog."""

import numpy as np

from .clouds import clouds
from .shift import Floats

_SETTINGS = ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))  # weight, decay of the clouds


def fog(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Add clouds of 1.5 to 3 times white, then restore the brightest level."""
    weight, decay = _SETTINGS[severity - 1]
    brightest = picture.max()
    thick = picture + weight * clouds((picture.shape[0], picture.shape[1]), decay, draw)[..., None]
    found: Floats = thick * brightest / (brightest + weight)
    return found
