"""Hue rotation that keeps value and saturation."""

import numpy as np

from .shift import Floats


def turned(picture: Floats, degrees: float) -> Floats:
    """Rotate the HSV hue of a picture (h, w, 3) by degrees; +120 turns red into green."""
    value, least = picture.max(2), picture.min(2)
    spread = value - least
    red, green, blue = np.moveaxis(picture, 2, 0)
    safe = np.where(spread > 0, spread, 1)
    sixth = np.where(
        value == red,
        (green - blue) / safe,
        np.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    return coloured(sixth * 60 + degrees, spread, value)


def coloured(degrees: Floats, spread: Floats, value: Floats) -> Floats:
    """HSV to RGB (..., 3): hue in degrees, value - smallest level, value."""
    place = np.mod(np.array([5.0, 3.0, 1.0]) + np.asarray(degrees)[..., None] / 60, 6)
    away = np.minimum(place, 4 - place).clip(0, 1)
    found: Floats = np.asarray(value)[..., None] - np.asarray(spread)[..., None] * away
    return found
