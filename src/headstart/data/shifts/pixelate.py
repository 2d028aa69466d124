"""Pixelation."""

import numpy as np
from PIL import Image

from .sampling import floats, image
from .shift import Floats, length, levels

_KEPT = (0.6, 0.5, 0.4, 0.3, 0.25)  # of the pixels along a side of 224


def pixelate(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """Average over blocks of 1.7 to 4 pixels at a size of 224, nearer to 1 in smaller pictures."""
    block = 1 + length(picture, 1 / _KEPT[severity - 1] - 1)
    high, wide = picture.shape[:2]
    small = max(1, round(wide / block)), max(1, round(high / block))
    fewer = image(levels(picture)).resize(small, Image.Resampling.BOX)
    return floats(fewer.resize((wide, high), Image.Resampling.NEAREST))
