"""Motion blur."""

import numpy as np

from .kernels import convolved, streak
from .shift import Floats, length

_SETTINGS = ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))  # radius, sigma


def motion_blur(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Blur along a fading streak of up to 45 degrees from the horizontal."""
    radius, sigma = (length(picture, pixels) for pixels in _SETTINGS[severity - 1])
    return convolved(picture, streak(2 * radius, sigma, draw.uniform(-45, 45)))
