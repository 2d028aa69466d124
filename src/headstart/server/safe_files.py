"""Files that strangers send are looked at before they are decoded: formats, and how much they unpack to."""

import io
import warnings
from collections.abc import Callable

from headstart.core.errors import BadData
from headstart.server.served import FILES

FORMATS = (
    "JPEG",
    "MPO",
    "PNG",
    "WEBP",
    "GIF",
    "BMP",
    "TIFF",
    "PPM",
    "AVIF",
)  # Pillow's names; EPS runs programs
_SCANS = b"\x93NUMPY", b"\x1f\x8b"
_BEYOND = 2**31, 2**31  # pixels of a picture whose size its reader does not say, as it has too many


def guard_of(kind: str, most: int) -> Callable[[bytes], None]:
    """What looks at a file of a kind of items.

    Args:
        kind: "pictures" or "sounds"; of others nothing is sent as files.
        most: pixels, or samples of a sound, that are decoded.
    """
    look = {"pictures": _look_at_picture, "sounds": _look_at_sound}
    assert kind in FILES
    return lambda content: look[kind](content, most)


def _look_at_picture(content: bytes, most: int) -> None:
    """Refuse a picture of another format or with too many pixels, by its header alone.

    Raises:
        BadData: as said.
    """
    if not content:
        raise BadData("The picture can't be read (it is empty). Send a whole JPEG, PNG or WebP file.")
    width, height = _scan_size(content) or _size(content)
    if width * height > most:
        size = "Its" if (width, height) == _BEYOND else f"{width} x {height}"
        raise BadData(f"{size} pixels are more than the limit of {most / 1e6:g} million. Shrink it first.")


def _size(content: bytes) -> tuple[int, int]:
    from PIL import Image, JpegImagePlugin

    from headstart.data.opening import is_heic

    if is_heic(content):
        return _heic_size(content)
    stream = io.BytesIO(content)
    try:
        if content.startswith(b"\xff\xd8"):  # `Image.open` refuses large ones before their size is known
            return JpegImagePlugin.JpegImageFile(stream).size
        Image.init()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(stream, formats=[one for one in FORMATS if one in Image.OPEN]) as picture:
                return picture.size
    except Image.DecompressionBombError:
        return _BEYOND
    except Exception:  # a damaged file can break its reader in any way
        pass
    raise BadData(
        "The picture can't be read (it is of no known picture format, or damaged). Send a whole JPEG, PNG or "
        "WebP file."
    )


def _heic_size(content: bytes) -> tuple[int, int]:
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise BadData("HEIC pictures are not read here. Send a JPEG, PNG or WebP file.") from None
    try:
        size: tuple[int, int] = HeifImageFile(io.BytesIO(content)).size
    except Exception:
        raise BadData("The picture can't be read (damaged HEIC). Send a whole file.") from None
    return size


def _scan_size(content: bytes) -> tuple[int, int] | None:
    """What a DICOM file says of itself; None of pictures.

    Other arrays are refused: of them a few bytes may claim any shape.
    """
    if content.startswith(_SCANS):
        raise BadData("Arrays and packed volumes are not read here. Send a picture or a DICOM file.")
    if content[128:132] != b"DICM":
        return None
    try:
        import pydicom
    except ImportError:
        raise BadData("DICOM files are not read here: the package pydicom is not installed.") from None
    try:
        found = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
        return int(found.Columns) * int(found.get("NumberOfFrames") or 1), int(found.Rows)
    except Exception:
        raise BadData("The DICOM file can't be read: it is damaged. Send a whole file.") from None


def _look_at_sound(content: bytes, most: int) -> None:
    """Refuse a sound with too many samples, by its header alone.

    Raises:
        BadData: as said.
    """
    try:
        import soundfile

        about = soundfile.info(io.BytesIO(content))
        samples = int(about.frames) * int(about.channels)
    except ImportError:
        samples = len(content)  # of .wav files, which are not packed
    except Exception:
        raise BadData("The file can't be read as a sound. Send a whole WAV or FLAC file.") from None
    if samples > most:
        raise BadData(f"{samples:,} samples are more than the limit of {most:,}. Send a shorter sound.")
