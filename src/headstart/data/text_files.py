"""Files with one text each, such as the reviews of IMDb as they are published."""

from collections.abc import Iterable
from pathlib import Path

from headstart.core import BadData, BadInput
from headstart.face import spell

from .parallel import parallel_map
from .samples import Texts

SUFFIXES = frozenset([".txt"])
UTF8 = "utf-8-sig"


def texts_of(paths: Iterable[Path], encoding: str = UTF8) -> Texts:
    """The texts in files, one each.

    Raises:
        BadData: a file can't be read in this encoding; it is named.
    """
    return Texts(parallel_map(lambda path: read_text(path, encoding).strip(), list(paths)))


def lines_in(path: Path, encoding: str | None = None) -> list[str]:
    """The lines of a file with a text a line; they may be empty.

    Only line feeds, with or without a carriage return, end a line.

    Raises:
        BadData: it can't be read in this encoding; None is UTF-8.
        BadInput: there is no such encoding.
    """
    text = read_text(path, encoding or UTF8).replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []


def read_text(path: Path, encoding: str = UTF8) -> str:
    """The text in a file.

    Raises:
        BadData: it can't be read in this encoding.
        BadInput: there is no such encoding.
    """
    if encoding.lower() in ("utf-8", "utf8"):
        encoding = UTF8  # a byte order mark is no letter
    try:
        return path.read_bytes().decode(encoding)
    except LookupError as error:
        raise BadInput(
            f"{spell('encoding', encoding)} is unknown. Give one such as 'cp1252' or 'utf-16'."
        ) from error
    except UnicodeDecodeError as error:
        name = "UTF-8" if encoding == UTF8 else encoding
        raise BadData(
            f"{path} can't be read in {name}: byte {error.start} is none of a text in it. Say how "
            f"it is written with {spell('encoding')}, such as 'cp1252' or 'utf-16'."
        ) from error
    except OSError as error:
        raise BadData(f"{path} can't be read: {error.strerror or error}.") from error
