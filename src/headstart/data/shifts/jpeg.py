"""JPEG compression."""

import io

import numpy as np
from PIL import Image

from .sampling import floats, image
from .shift import Floats, levels

_QUALITY = (25, 18, 15, 10, 7)


def jpeg(picture: Floats, severity: int, _draw: np.random.Generator) -> Floats:
    """Compress as JPEG of quality 25 to 7, and decompress."""
    stream = io.BytesIO()
    image(levels(picture)).save(stream, "JPEG", quality=_QUALITY[severity - 1])
    with Image.open(stream) as packed:
        return floats(packed)
