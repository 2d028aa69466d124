"""What may become an example: one picture, or one text, checked before it is kept."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

from headstart.core import BadData
from headstart.data.dataset import Dataset
from headstart.data.decode import read_picture
from headstart.data.modality import Modality, modalities
from headstart.data.opening import is_heic, levels_in
from headstart.data.samples import InMemory, Raw, Texts

LONGEST = 100_000  # characters of a text
MOST_PIXELS = 50_000_000  # of a picture
SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "JPEG": ".jpg",
        "MPO": ".jpg",
        "PNG": ".png",
        "WEBP": ".webp",
        "GIF": ".gif",
        "BMP": ".bmp",
        "TIFF": ".tif",
        "AVIF": ".avif",
    }
)
TAKEN = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"


@dataclass(frozen=True)
class Content:
    """An example that was checked.

    Attributes:
        raw: the bytes of a picture's file, or a text.
        suffix: of its file.
        glance: what near duplicates are found by.
    """

    raw: bytes | str
    suffix: str
    glance: Any

    @property
    def stored(self) -> bytes:
        """What its file holds."""
        return self.raw.encode("utf-8", "replace") if isinstance(self.raw, str) else self.raw


def checked(given: Raw, kind: str, name: str) -> Content:
    """What was given, if it can be read.

    Args:
        given: the bytes of a picture's file, an array of pixels, or a text.
        kind: "pictures" or "texts".
        name: for messages.

    Raises:
        BadData: it can't be read as such; the text names it.
    """
    return _text(given, name) if kind == "texts" else _picture(given, name)


def stand_in(kind: str) -> Dataset:
    """A data set of one blank row, to build a backbone for."""
    samples = Texts(["text"]) if kind == "texts" else InMemory([np.full((8, 8, 3), 128, np.uint8)])
    return Dataset("examples", ("class",), np.zeros(1, np.int64), ("an example",), samples)


def _modality(kind: str) -> Modality[Any]:
    return modalities()[kind]


def _text(given: Raw, name: str) -> Content:
    if isinstance(given, bytes):
        try:
            given = given.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadData(f"{name} is no text in UTF-8. Save it as UTF-8, or paste its words.") from error
    if not isinstance(given, str):
        raise BadData(f"{name} is a {type(given).__name__}; this session takes texts.")
    # as it is read back from its file
    text = given.encode("utf-8", "replace").decode().removeprefix("\ufeff").strip()
    if not text:
        raise BadData(f"{name} is an empty text. Write some words.")
    if len(text) > LONGEST:
        raise BadData(f"{name} has {len(text):,} characters, and {LONGEST:,} are the most. Shorten it.")
    return Content(text, ".txt", _modality("texts").glance(text, name))


def _picture(given: Raw, name: str) -> Content:
    if isinstance(given, str):
        raise BadData(f"{name} is a text; this session takes pictures.")
    content = given if isinstance(given, bytes) else _as_png(given, name)
    suffix = _suffix_of(content, name)
    read_picture(content, name)  # all of it: half a picture has a header, too
    return Content(content, suffix, _modality("pictures").glance(content, name))


def _as_png(pixels: Any, name: str) -> bytes:
    stream = io.BytesIO()
    read_picture(pixels, name).save(stream, "PNG")
    return stream.getvalue()


def _suffix_of(content: bytes, name: str) -> str:
    """The suffix by which the file is read as what it is, whatever it was called.

    Raises:
        BadData: it is of no format that is taken, is too large, or has more than 8 bits a level.
    """
    if is_heic(content):
        return ".heic"
    large = BadData(f"{name} has more than {MOST_PIXELS / 1e6:.0f} million pixels. Shrink it first.")
    try:
        suffix, pixels = _header(content)
        deep = pixels <= MOST_PIXELS and levels_in(content) is not None
    except Image.DecompressionBombError:
        raise large from None
    except Exception as error:  # of whatever kind its reader raises
        why = "it is of no format that is taken" if content else "it is empty"
        raise BadData(f"{name} can't be read as a picture ({why}). Give {TAKEN}.") from error
    if pixels > MOST_PIXELS:
        raise large
    if deep:
        raise BadData(
            f"{name} has more than 8 bits a level, and what is black and white in it depends on the other "
            "pictures. Convert it to 8 bits, or take headstart adapt."
        )
    return suffix


def _header(content: bytes) -> tuple[str, int]:
    """The suffix of a picture's file, and how many pixels it says it has; no other format is tried."""
    Image.init()
    formats = [name for name in SUFFIXES if name in Image.OPEN]
    with Image.open(io.BytesIO(content), formats=formats) as picture:
        return SUFFIXES[str(picture.format)], picture.width * picture.height
