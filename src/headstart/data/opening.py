"""Open pictures of any format, downscaled while decoding, upright and in RGB."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, UnidentifiedImageError
from PIL.Image import Transpose

from headstart.core import BadData, HeadstartError

Source = str | Path | bytes | Image.Image | NDArray[Any]

MOST_PIXELS = 120_000_000  # a larger picture is refused, unless it can be decoded at a smaller scale

_ORIENTATION = 0x0112  # the EXIF tag
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


@contextmanager
def opened(source: Source, name: str = "") -> Iterator[Image.Image]:
    """Context with an opened picture: the header is read, the pixels usually not yet.

    Any error with it inside the `with` block becomes a `BadData` that names it.
    """
    own_name = str(source) if isinstance(source, str | Path) else "The picture"
    try:
        yield _open(source)
    except HeadstartError as error:
        raise type(error)(f"{name or own_name}: {error}") from error
    except Exception as error:
        raise BadData(
            f"{name or own_name} can't be read as a picture ({_why(error)}). Remove it or replace "
            "it by a whole JPEG, PNG or WebP file."
        ) from error


def size_of(source: Source, name: str = "") -> tuple[int, int]:
    """Width and height as stored (before rotation), from the header only."""
    with opened(source, name) as picture:
        return picture.size


def upright_size(picture: Image.Image) -> tuple[tuple[int, int], bool]:
    """Width and height after rotation to upright, and whether they are swapped in the file.

    A JPEG is not decoded for that; other formats are.
    """
    if picture.format != "JPEG":
        shrink(picture, None)
        picture.load()
    turned = orientation(picture) >= 5
    return (picture.size[::-1] if turned else picture.size), turned


def shrink(picture: Image.Image, wanted: tuple[int, int] | None) -> None:
    """Set a JPEG's decoding scale to 1/2, 1/4 or 1/8, still at least `wanted` (width, height) as stored.

    None wants all pixels. Other formats have no smaller scale.

    Raises:
        BadData: more than `MOST_PIXELS` would be decoded.
    """
    width, height = picture.size
    scale, coarsest = 1, 8 if _has_scales(picture) else 1
    while scale < coarsest and (
        width * height > MOST_PIXELS * scale**2 or _fits(wanted, picture.size, 2 * scale)
    ):
        scale *= 2
    if width * height > MOST_PIXELS * scale**2:
        raise BadData(
            f"{width} x {height} pixels are more than the limit of {MOST_PIXELS / 1e6:.0f} million "
            "(a small file can unpack to fill the memory). Shrink it first."
        )
    if scale > 1:
        picture.draft(None, (max(1, width // scale), max(1, height // scale)))


def orientation(picture: Image.Image) -> int:
    """EXIF orientation, 1 (upright) to 8; 5 and above swap width and height."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF does not mean damaged pixels
        return 1


def flat(picture: Image.Image) -> Image.Image:
    """Decode to upright RGB: transparent becomes white, 16-bit levels become 8-bit."""
    picture.load()
    turn = _TURNS.get(orientation(picture))
    upright = picture if turn is None else picture.transpose(turn)
    if upright.mode == "F" or upright.mode.startswith("I"):
        upright = Image.fromarray(_eight_bits(np.asarray(upright)))
    if upright.has_transparency_data:
        rgba = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return upright if upright.mode == "RGB" else upright.convert("RGB")


def _open(source: Source) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.copy()  # decoding must not change the caller's object
    if isinstance(source, np.ndarray):
        return _from_array(source)
    content = source if isinstance(source, bytes) else _content(Path(source))
    if content.startswith(b"\xff\xd8"):  # `Image.open` refuses large ones before they can shrink
        return JpegImagePlugin.JpegImageFile(io.BytesIO(content))
    return Image.open(io.BytesIO(content))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadData(f"the file can't be read: {error.strerror or error}.") from error


def _from_array(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4) or array.size == 0:
        raise BadData(f"pixels must be (h, w) or (h, w, 1 | 3 | 4), not {array.shape}.")
    if array.dtype == np.uint16:
        array = _eight_bits(array)
    elif array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8:
        raise BadData(f"pixels must be uint8, uint16 or bool, not {array.dtype}.")
    return Image.fromarray(array)


def _eight_bits(levels: NDArray[Any]) -> NDArray[np.uint8]:
    """Convert 0..65535 to 0..255, rounded; floats up to 1 are scaled, others are 0..255 already."""
    exact = levels.astype(np.float64)
    if levels.dtype.kind != "f":
        exact /= 257
    elif exact.max() <= 1:
        exact *= 255
    rounded: NDArray[np.uint8] = np.rint(exact.clip(0, 255)).astype(np.uint8)
    return rounded


def _has_scales(picture: Image.Image) -> bool:
    # a progressive JPEG is unpacked in full size before it can be scaled
    large = picture.width * picture.height > MOST_PIXELS
    return picture.format == "JPEG" and not (large and "progressive" in picture.info)


def _fits(wanted: tuple[int, int] | None, size: tuple[int, int], scale: int) -> bool:
    return wanted is not None and all(w * scale <= s for w, s in zip(wanted, size, strict=True))


def _why(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is of no known picture format"
    return str(error).split("<_io")[0].strip() or type(error).__name__
