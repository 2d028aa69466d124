"""Open pictures of any format, downscaled while decoding, upright and in RGB."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, UnidentifiedImageError
from PIL.Image import Transpose

from headstart.core import BadData, HeadstartError, MissingPackage
from headstart.core.errors import install_command

from .deep import is_deep, levels_of
from .levels import Window, are_deep, to_eight_bits
from .scans import HEAD, array_in, may_hold_array

Source = str | Path | bytes | Image.Image | NDArray[Any]

OPAQUE = (0, 65535)  # levels of 16 bits that are transparent and opaque
MOST_PIXELS = 120_000_000  # a larger picture is refused, unless it can be decoded at a smaller scale

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_PNG_BITS = slice(24, 25)  # of a PNG file: how many bits a level has
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")  # brands; AVIF has its own
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
def opened(source: Source, name: str = "", window: Window | None = None) -> Iterator[Image.Image]:
    """Context with an opened picture: the header is read, the pixels usually not yet.

    A picture of more than 8 bits is read at once: its levels in `window`, or in the range in use if that is
    None, become 8 bits. Any error with it inside the `with` block becomes a `BadData` that names it.
    """
    own_name = str(source) if isinstance(source, str | Path) else "The picture"
    try:
        yield _open(source, window)
    except MissingPackage:
        raise
    except HeadstartError as error:
        raise type(error)(f"{name or own_name}: {error}") from error
    except Exception as error:
        called, why = name or own_name, "it is empty" if _is_empty(source) else _why(error)
        way = "Remove it or replace it by a whole JPEG, PNG or WebP file."
        if called.lower().endswith((".heic", ".heif")) and find_spec("pillow_heif") is None:
            why = "HEIC is read with the package pillow-heif, which is not installed"
            way = f"Install it with: {install_command('heic')}. Or convert it to JPEG."
        raise BadData(f"{called} can't be read as a picture ({why}). {way}") from error


def is_heic(content: bytes) -> bool:
    """Whether a file begins as a HEIC picture does, such as a phone takes."""
    return content[4:8] == b"ftyp" and content[8:12] in _HEIC


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
    """Decode to upright RGB: transparent becomes white."""
    picture.load()
    upright = _turned(picture, orientation(picture))
    if upright.has_transparency_data:
        rgba = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return upright if upright.mode == "RGB" else upright.convert("RGB")


def levels_in(source: Source) -> NDArray[Any] | None:
    """Levels (h, w) or (h, w, c) of a picture of more than 8 bits, as stored; None if it has 8 bits.

    Raises:
        Exception: what can't be read breaks its reader in any way; see `opened`.
    """
    if isinstance(source, np.ndarray):
        return _colours(_of_shape(source)) if are_deep(source) else None
    if isinstance(source, Image.Image):
        return levels_of(source, None) if is_deep(source) else None
    head = source if isinstance(source, bytes) else _content(Path(source), HEAD)
    if head.startswith(_JPEG) or (head.startswith(_PNG) and head[_PNG_BITS] < bytes([16])) or is_heic(head):
        return None
    if not may_hold_array(head):
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
            if not is_deep(picture):
                return None
    content = source if isinstance(source, bytes) else _content(Path(source))
    if (array := array_in(content)) is not None:
        return levels_in(array)
    picture = Image.open(io.BytesIO(content))
    shrink(picture, None)
    levels = levels_of(picture, content)
    return None if levels is None else _colours(levels)


def _open(source: Source, window: Window | None) -> Image.Image:
    if isinstance(source, np.ndarray):
        return _from_array(source, window)
    if isinstance(source, Image.Image):
        return _eight_bits(source.copy(), None, window)  # decoding must not change the caller's object
    content = source if isinstance(source, bytes) else _content(Path(source))
    if (array := array_in(content)) is not None:
        return _from_array(array, window)
    if content.startswith(_JPEG):  # `Image.open` refuses large ones before they can shrink
        return JpegImagePlugin.JpegImageFile(io.BytesIO(content))
    if is_heic(content) and find_spec("pillow_heif") is not None:
        from pillow_heif import HeifImageFile

        return HeifImageFile(io.BytesIO(content))  # type: ignore[no-any-return]
    return _eight_bits(Image.open(io.BytesIO(content)), content, window)


def _eight_bits(picture: Image.Image, content: bytes | None, window: Window | None) -> Image.Image:
    """The picture as it is, or upright with its levels in 8 bits."""
    if not is_deep(picture):
        return picture
    shrink(picture, None)
    levels = levels_of(picture, content)  # Pillow has turned a TIFF file by then
    return picture if levels is None else _turned(_from_array(levels, window), orientation(picture))


def _turned(picture: Image.Image, turn: int) -> Image.Image:
    return picture.transpose(_TURNS[turn]) if turn in _TURNS else picture


def _content(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise BadData(f"the file can't be read: {error.strerror or error}.") from error


def _from_array(array: NDArray[Any], window: Window | None) -> Image.Image:
    array = _of_shape(array)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if are_deep(array):
        opacity = [to_eight_bits(array[..., 3:], OPAQUE)] if array.ndim == 3 else []
        eight = to_eight_bits(_colours(array), window)
        array = np.concatenate([eight, *opacity], -1) if opacity else eight
    if array.dtype != np.uint8:
        raise BadData(f"pixels must be numbers or bool, not {array.dtype}.")
    return Image.fromarray(array)


def _colours(levels: NDArray[Any]) -> NDArray[Any]:
    """Grey, or red, green and blue, without the opacity."""
    if levels.ndim == 3 and levels.shape[2] == 4 and levels.dtype != np.uint16:
        raise BadData(f"a fourth channel is the opacity in uint8 and uint16 alone, not in {levels.dtype}.")
    return levels[..., :3] if levels.ndim == 3 else levels


def _of_shape(array: NDArray[Any]) -> NDArray[Any]:
    """Pixels as (h, w), (h, w, 3) or (h, w, 4)."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4) or array.size == 0:
        raise BadData(f"pixels must be (h, w) or (h, w, 1 | 3 | 4), not {array.shape}.")
    return array


def _has_scales(picture: Image.Image) -> bool:
    # a progressive JPEG is unpacked in full size before it can be scaled
    large = picture.width * picture.height > MOST_PIXELS
    return picture.format == "JPEG" and not (large and "progressive" in picture.info)


def _fits(wanted: tuple[int, int] | None, size: tuple[int, int], scale: int) -> bool:
    return wanted is not None and all(w * scale <= s for w, s in zip(wanted, size, strict=True))


def _is_empty(source: Any) -> bool:
    if isinstance(source, bytes):
        return not source
    return isinstance(source, str | Path) and Path(source).is_file() and not Path(source).stat().st_size


def _why(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is of no known picture format"
    return " ".join(str(error).split("<_io")[0].split()) or type(error).__name__
