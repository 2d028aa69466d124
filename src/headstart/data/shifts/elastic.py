"""Elastic deformation."""

import numpy as np

from .kernels import convolved, gaussian
from .sampling import grid, sampled
from .shift import Floats, length

_SMOOTH = 7.0  # correlation length of the field, in pixels of 224
_MOVED = (1.2, 1.8, 2.6, 3.6, 5.0)  # pixels of 224: root mean square along each axis


def elastic(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Each pixel moves by a smooth random field, 1.2 to 5 pixels of 224 along each axis.

    In the original the first two severities are mostly one turn and slant of the whole picture and
    move pixels further than the other three; here it is the same field at each, and only its strength grows.
    """
    sigma = length(picture, _SMOOTH)
    field = convolved(draw.standard_normal((*picture.shape[:2], 2)), gaussian(sigma))
    field *= length(picture, _MOVED[severity - 1]) * 2 * sigma * np.pi**0.5  # the blur has divided by that
    y, x = grid(picture)
    return sampled(picture, y + field[..., 0], x + field[..., 1])
