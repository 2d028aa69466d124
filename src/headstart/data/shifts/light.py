"""Brightness and contrast."""

import numpy as np

from .shift import Floats

_ADDED = (0.1, 0.2, 0.3, 0.4, 0.5)
_KEPT = (0.4, 0.3, 0.2, 0.1, 0.05)


def brightness(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """Increase the HSV value by 0.1 to 0.5 of white; hue and saturation stay."""
    value = picture.max(2, keepdims=True)
    brighter = np.minimum(1, value + _ADDED[severity - 1])
    factor = brighter / np.where(value > 0, value, 1)
    found: Floats = np.where(value > 0, picture * factor, brighter)
    return found


def contrast(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """Reduce the deviation from the channel's mean to a share of 0.4 to 0.05."""
    mean = picture.mean((0, 1), keepdims=True)
    found: Floats = mean + _KEPT[severity - 1] * (picture - mean)
    return found
