"""Snow."""

from typing import NamedTuple

import numpy as np

from .kernels import convolved, streak
from .sampling import stretched
from .shift import Floats, length


class _Fall(NamedTuple):
    mean: float
    deviation: float
    flake: float
    least: float
    radius: float
    sigma: float
    kept: float


_SETTINGS = (
    _Fall(0.1, 0.3, 3, 0.5, 10, 4, 0.8),
    _Fall(0.2, 0.3, 2, 0.5, 12, 4, 0.7),
    _Fall(0.55, 0.3, 4, 0.9, 12, 8, 0.7),
    _Fall(0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
    _Fall(0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
)


def snow(picture: Floats, severity: int, draw: np.random.Generator) -> Floats:
    """Fade the picture and overlay motion-blurred flakes.

    They are generated for a shorter side of 224 pixels and then scaled to the picture.
    """
    fall = _SETTINGS[severity - 1]
    falling = _falling(picture, fall, draw)
    pale = np.maximum(picture, picture.mean(2, keepdims=True) * 1.5 + 0.5)
    found: Floats = fall.kept * picture + (1 - fall.kept) * pale + falling + falling[::-1, ::-1]
    return found


def _falling(picture: Floats, fall: _Fall, draw: np.random.Generator) -> Floats:
    one = length(picture, 1)
    high, wide = (max(1, round(side / one)) for side in picture.shape[:2])
    cells = max(1, round(high / fall.flake)), max(1, round(wide / fall.flake))
    flakes = stretched(fall.mean + fall.deviation * draw.standard_normal(cells), (high, wide))
    flakes = np.where(flakes < fall.least, 0.0, flakes).clip(0, 1)
    drawn_long = convolved(flakes[..., None], streak(2 * fall.radius, fall.sigma, draw.uniform(-135, -45)))
    return stretched(drawn_long[..., 0], (picture.shape[0], picture.shape[1]))[..., None]
