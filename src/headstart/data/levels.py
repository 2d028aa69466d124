"""Levels of pictures of more than 8 bits: what is black, what is white, and how they become 8 bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

Levels = NDArray[Any]  # of pixels in any shape: integers of more than 8 bits, or floats
Window = tuple[float, float]  # levels that become black and white

TRIMMED = 10_000  # of so many pixels, one may lie below the range in use, and one above
GREYS = 255  # steps from black to white


def are_deep(array: NDArray[Any]) -> bool:
    """Whether an array holds numbers other than levels of 8 bits or truth values."""
    return array.dtype.kind in "iuf" and array.dtype != np.uint8


def require_finite(levels: Levels) -> None:
    """Raise `BadData` with their number if there are NaN or infinity among the levels."""
    if levels.dtype.kind != "f":
        return
    bad = levels.size - int(np.isfinite(levels).sum())
    if bad:
        raise BadData(
            f"{bad} of {levels.size} levels are NaN or infinite. Put numbers in their place, or leave it out."
        )


def range_in_use(levels: Levels) -> Window:
    """The lowest and the highest level, without one in 10,000 at either end: dead and hot pixels.

    Args:
        levels: of any shape, one at least.

    >>> range_in_use(np.array([[40, 4095], [-3, 7]]))
    (-3.0, 4095.0)
    """
    values = levels.ravel()
    cut = len(values) // TRIMMED
    ends = np.partition(values, (cut, len(values) - 1 - cut))
    return float(ends[cut]), float(ends[len(values) - 1 - cut])


def to_eight_bits(levels: Levels, window: Window | None = None) -> NDArray[np.uint8]:
    """Levels as 8 bits: `window` becomes 0 to 255, rounded; what is beyond it is black or white.

    Args:
        levels: (h, w) or (h, w, c).
        window: None takes the range in use of these levels.

    Raises:
        BadData: there are NaN or infinity among them.

    >>> to_eight_bits(np.array([[-200, -160, 40, 240, 900]]), (-160, 240)).tolist()
    [[0, 0, 128, 255, 255]]
    """
    require_finite(levels)
    low, high = range_in_use(levels) if window is None else window
    scaled = (levels.astype(np.float64) - low) * GREYS / ((high - low) or 1.0)
    rounded: NDArray[np.uint8] = np.rint(scaled.clip(0, GREYS)).astype(np.uint8)
    return rounded
