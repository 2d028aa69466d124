"""Load pictures with captions."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from headstart.core import BadData, BadInput

from .image_text_pairs import ImageTextPairs, paired
from .pair_files import Reading, archives_in, of_folder, of_table, of_tar
from .picture_lists import samples_of
from .published.register import published
from .shipped import clipart
from .table_files import SUFFIXES as TABLES
from .tar_members import SUFFIX

BUILT_IN = "clipart"


def load_pairs(
    data: Any,
    *,
    path_column: str | None = None,
    text_column: str | None = None,
    encoding: str | None = None,
    name: str | None = None,
) -> ImageTextPairs:
    """Load pictures with captions. Pairs whose caption is empty are left out, and a finding says how many.

    Args:
        data: one of

            - a CSV, Parquet, JSON lines or spreadsheet file with a row for each pair;
            - a folder of pictures, at any depth, with a text file of the same name beside each;
            - a tar file or a folder of them, as WebDataset writes them: files whose names are equal up to the
              first dot are one sample, of a picture and a .txt or a .json with its caption; nothing is
              unpacked;
            - a pair of lists: pictures, as `hs.data.load` takes them, and captions;
            - "clipart", built-in clip art with the words of its files' names;
            - "glyphs:FOLDER", characters of the fonts in a folder with their descriptions;
            - what this function gave.
        path_column: of a table; None takes "path", "filepath", "file_name", "filename", "image" or "file".
        text_column: of a table, or the key in .json members; None takes "caption", "text", "title" or
            "description".
        encoding: of a table or of text files; None takes UTF-8.
        name: of the data; None takes that of the file or folder.

    Raises:
        BadInput: there is no such file, or nothing that could be pairs.
        BadData: lists of different length, no pair with a caption, or a file that can't be read.
    """
    if isinstance(data, ImageTextPairs):
        return data
    if isinstance(data, tuple | list) and len(data) == 2 and not isinstance(data[0], str):
        return _of_lists(data[0], data[1], name or "pairs")
    if not isinstance(data, str | Path):
        raise BadInput(
            f"{type(data).__name__} holds no pictures with captions. Give a table, a folder, tar files or a "
            "pair of lists: (pictures, captions)."
        )
    path = Path(data).expanduser()
    if data == BUILT_IN and not path.exists():
        return _by_names(name or BUILT_IN)
    if not path.exists() and (known := published(str(data))) is not None:
        return known[0].load_pairs(known[1], name)
    return _of_path(path, name, Reading(path_column, text_column, encoding))


def _of_path(path: Path, name: str | None, reading: Reading) -> ImageTextPairs:
    if not path.exists():
        raise BadInput(f"There is no file or folder {str(path)!r}. Correct the path.")
    called = name or (path.resolve().name if path.is_dir() else path.name.partition(".")[0])
    if archives := archives_in(path):
        return of_tar(archives, called, reading)
    if path.is_dir():
        return of_folder(path, called, reading)
    if path.suffix.lower() in TABLES:
        return of_table(path, called, reading)
    raise BadInput(
        f"{path} holds no pictures with captions: a table ({', '.join(sorted(TABLES))}), a folder of "
        f"pictures with a .txt beside each, or {SUFFIX} files do."
    )


def _of_lists(pictures: Any, captions: Any, name: str) -> ImageTextPairs:
    pictures, captions = _rows(pictures, "pictures"), _rows(captions, "captions")
    if len(pictures) != len(captions):
        raise BadData(
            f"There are {len(pictures)} pictures and {len(captions)} captions. Give one caption for each; "
            "a picture with several is there several times."
        )
    items, samples = samples_of(pictures)
    return paired(items, samples, captions, name)


def _rows(given: Any, what: str) -> list[Any]:
    if not isinstance(given, Iterable):
        raise BadInput(
            f"The {what} are {given!r}, which is no list. Give a pair of lists: (pictures, captions)."
        )
    return list(given)


def _by_names(name: str) -> ImageTextPairs:
    """Clip art with the words of its file's name and of its folder's, as in "red apple, fruit"."""
    data = clipart(name)
    return paired(data.items, data.samples, [words_of(item) for item in data.items], name)


def words_of(item: str) -> str:
    """The words in the name of a file, without its ending and numbers, and the name of its folder.

    >>> words_of("fruit/red_apple-02.png")
    'red apple, fruit'
    """
    path = PurePosixPath(item)
    words = " ".join(re.findall(r"[^\W\d_]+", path.stem)).lower()
    return ", ".join(filter(None, (words, path.parent.name)))
