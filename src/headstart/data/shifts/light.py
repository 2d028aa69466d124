"""Too much light, and too little difference between light and dark."""

import numpy as np

from .shift import Floats

_ADDED = (0.1, 0.2, 0.3, 0.4, 0.5)
_KEPT = (0.4, 0.3, 0.2, 0.1, 0.05)


def brightness(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """The value of HSV grows by 0.1 to 0.5 of white; hue and saturation stay."""
    value = picture.max(2, keepdims=True)
    brighter = np.minimum(1, value + _ADDED[severity - 1])
    factor = brighter / np.where(value > 0, value, 1)
    found: Floats = np.where(value > 0, picture * factor, brighter)
    return found


def contrast(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """Of the distance to the mean of the channel 0.4 to 0.05 is kept."""
    mean = picture.mean((0, 1), keepdims=True)
    found: Floats = mean + _KEPT[severity - 1] * (picture - mean)
    return found
