"""Sensor noise: Gaussian, shot and impulse noise."""

import numpy as np

from .shift import Floats

_DEVIATION = (0.08, 0.12, 0.18, 0.26, 0.38)
_PHOTONS = (60, 25, 12, 5, 3)  # at white
_SHARE = (0.03, 0.06, 0.09, 0.17, 0.27)


def gaussian_noise(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Add Gaussian noise with a standard deviation of 0.08 to 0.38 of white."""
    return picture + _DEVIATION[severity - 1] * draw.standard_normal(picture.shape)


def shot_noise(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Poisson noise with 60 to 3 photons at white."""
    photons = _PHOTONS[severity - 1]
    found: Floats = draw.poisson(picture * photons) / photons
    return found


def impulse_noise(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Set a share of all levels, 0.03 to 0.27, to black or white with equal probability."""
    share, where = _SHARE[severity - 1], draw.random(picture.shape)
    return np.where(where < share / 2, 0.0, np.where(where < share, 1.0, picture))
