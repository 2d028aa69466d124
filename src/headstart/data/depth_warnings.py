"""Warnings on new pictures whose levels are not like those that a model learned from."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData

from .levels import Levels, Window, are_deep, range_in_use
from .opening import levels_in

MOST_OUTSIDE = 0.99  # share of the levels of a picture


class DepthWarning(UserWarning):
    """A new picture has another depth than the pictures that a model learned from, or other levels."""


def warn_of_depth(source: Any, window: Window | None, *, mixed: bool = False) -> None:
    """Warn of a new picture of more than 8 bits without a window or outside of it, or of 8 bits with one.

    Args:
        source: as for `read_picture`; what can't be read is left to that.
        window: that the model learned with; None if it learned from pictures of 8 bits.
        mixed: whether it learned from pictures of 8 bits beside it.

    Raises:
        BadData: without a window, an array of other numbers than uint8 and uint16: no scale is known.
    """
    if window is None and isinstance(source, np.ndarray) and are_deep(source) and source.dtype != np.uint16:
        raise BadData(
            f"Pixels are {source.dtype}, and the model learned from pictures of 8 bits: give uint8, such as "
            "(255 * x).round().astype('uint8') of levels x in [0, 1]."
        )
    try:
        levels = levels_in(source)
        text = "" if levels is None and mixed else _about(levels, window)
    except Exception:  # a damaged file breaks its reader in any way
        return
    if text:
        name = str(source) if isinstance(source, str | Path) else "A picture"
        warnings.warn(f"{name} {text}.", DepthWarning, stacklevel=2)


def _about(levels: Levels | None, window: Window | None) -> str:
    """What is odd about the levels of a picture, which has none if it has 8 bits; "" if nothing is."""
    if levels is None:
        return (
            "has 8 bits, and the model learned from pictures of more: it is taken as it is" if window else ""
        )
    low, high = range_in_use(levels)
    if window is None:
        return (
            "has more than 8 bits, and the model learned from pictures of 8: its own range in use, "
            f"{low:g} to {high:g}, becomes black to white"
        )
    outside = float(((levels < window[0]) | (levels > window[1])).mean())
    if outside <= MOST_OUTSIDE:
        return ""
    return (
        f"has levels from {low:g} to {high:g}, nearly all outside of the window from {window[0]:g} to "
        f"{window[1]:g} that the model learned with"
    )
