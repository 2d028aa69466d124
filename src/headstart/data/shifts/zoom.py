"""Zoom blur."""

import numpy as np
from PIL import Image

from .sampling import floats, image
from .shift import Floats, levels

_NEAREST = (1.10, 1.15, 1.20, 1.25, 1.30)
_STEPS = 11


def zoom_blur(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """Average the picture with 11 enlargements of it, up to 1.10 to 1.30 times."""
    high, wide = picture.shape[:2]
    whole, total = image(levels(picture)), picture.copy()
    for factor in np.linspace(1, _NEAREST[severity - 1], _STEPS):
        left, top = wide / 2 * (1 - 1 / factor), high / 2 * (1 - 1 / factor)
        edges = (left, top, wide - left, high - top)
        total += floats(whole.resize((wide, high), Image.Resampling.BILINEAR, edges))
    found: Floats = total / (_STEPS + 1)
    return found
