"""Pillow pictures of more than 8 bits, in grey or in colour, as their levels."""

import io
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.core import BadData

_BITS, _PLANES = 258, 284  # TIFF tags: bits of each colour, and 2 if one colour is stored after the other
_NATIVE = "L" if sys.byteorder == "little" else "B"
_SWAPPED = {"L": "B", "B": "L", "N": "B" if _NATIVE == "L" else "L"}  # orders of the two bytes of a level
_COLOURS = ("RGB;16", "RGBA;16")


def is_deep(picture: Image.Image) -> bool:
    """Whether a picture has more than 8 bits a level, from its header only."""
    return _is_grey(picture) or _raw_mode(picture)[:-1] in _COLOURS or _is_planar(picture)


def levels_of(picture: Image.Image, content: bytes | None) -> NDArray[Any] | None:
    """Levels (h, w) or (h, w, 3 | 4) of a deep picture as stored, before it is turned.

    Pillow reads 16 bits a level in grey, but only the high byte of colours: these are read a second time
    with the bytes of each level swapped, which gives the low byte.

    Args:
        picture: opened.
        content: of its file; None if there is none.

    Returns:
        The levels; None of colours without a file, of which Pillow's 8 bits are all there is.

    Raises:
        BadData: a TIFF file of 16 bits stores one colour after the other, which Pillow misreads.
    """
    if _is_grey(picture):
        return np.asarray(picture)
    if content is None:
        return None
    if _is_planar(picture):
        raise BadData(
            "its 16-bit colours are stored one after the other (planar), which Pillow misreads. Save it "
            "with the colours of a pixel side by side."
        )
    other: Any = Image.open(io.BytesIO(content))
    other.tile = [tile._replace(args=_swapped(tile.args)) for tile in other.tile]
    levels: NDArray[np.uint16] = np.asarray(picture).astype(np.uint16) << 8 | np.asarray(other)
    return levels


def _is_grey(picture: Image.Image) -> bool:
    return picture.mode == "F" or picture.mode.startswith("I")


def _raw_mode(picture: Any) -> str:
    """How the pixels lie in the file, such as "RGB;16B"; "" if that is not known."""
    tiles = getattr(picture, "tile", None) or [None]
    args = getattr(tiles[0], "args", "")
    return str(args[0] if isinstance(args, tuple) and args else args)


def _is_planar(picture: Any) -> bool:
    tags = getattr(picture, "tag_v2", {})
    bits = tags.get(_BITS, ())
    return tags.get(_PLANES) == 2 and len(bits) > 1 and max(bits) > 8


def _swapped(args: Any) -> Any:
    mode = args[0] if isinstance(args, tuple) else args
    swapped = mode[:-1] + _SWAPPED[mode[-1]]
    return (swapped, *args[1:]) if isinstance(args, tuple) else swapped
