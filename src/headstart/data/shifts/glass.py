"""Glass blur."""

import numpy as np

from .kernels import convolved, gaussian
from .sampling import grid, sampled
from .shift import Floats, length

_SETTINGS = ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))


def glass_blur(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Blur, move each pixel to a random nearby place, and blur again.

    The original swaps pixels one after the other; here they all move at once, by the sum of as many
    uniform steps, which do not have to be whole pixels.
    """
    sigma, most, times = _SETTINGS[severity - 1]
    kernel, reach = gaussian(length(picture, sigma)), length(picture, most)
    moved = draw.uniform(-reach, reach, (times, 2, *picture.shape[:2])).sum(0)
    y, x = grid(picture)
    return convolved(sampled(convolved(picture, kernel), y + moved[0], x + moved[1]), kernel)
