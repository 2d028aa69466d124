"""Bilinear sampling and resizing of pictures."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .shift import Floats, Pixels


def sampled(picture: Floats, y: Floats, x: Floats) -> Floats:
    """Sample a picture (h, w, c) at y, x (h', w') in pixels, bilinear, with reflected borders."""
    rows, down = _places(y, picture.shape[0])
    columns, right = _places(x, picture.shape[1])
    found: Floats = np.zeros((*y.shape, picture.shape[2]))
    for row, share in zip(rows, (1 - down, down), strict=True):
        for column, part in zip(columns, (1 - right, right), strict=True):
            found += picture[row, column] * (share * part)[..., None]
    return found


def grid(picture: Floats) -> tuple[Floats, Floats]:
    """Coordinates y and x (h, w) of each pixel."""
    high, wide = picture.shape[:2]
    y, x = np.meshgrid(np.arange(high, dtype=np.float64), np.arange(wide, dtype=np.float64), indexing="ij")
    return y, x


def image(pixels: Pixels) -> Image.Image:
    """Convert pixels (h, w, 1 | 3) to a Pillow picture."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def floats(picture: Image.Image) -> Floats:
    """Convert an L or RGB Pillow picture to levels (h, w, 1 | 3) in [0, 1]."""
    found: Floats = np.atleast_3d(np.asarray(picture)) / 255
    return found


def stretched(values: Floats, size: tuple[int, int]) -> Floats:
    """Resize values (h', w') to h, w, bilinear."""
    small = Image.fromarray(values.astype(np.float32))
    return np.asarray(small.resize(size[::-1], Image.Resampling.BILINEAR), dtype=np.float64)


def _places(at: Floats, size: int) -> tuple[list[NDArray[np.int64]], Floats]:
    """Pixels before and after each coordinate, reflected into [0, size), and the offset from the first."""
    first = np.floor(at)
    both = [np.mod(first.astype(np.int64) + step, 2 * size) for step in (0, 1)]
    return [np.minimum(place, 2 * size - 1 - place) for place in both], at - first
