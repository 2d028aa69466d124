"""New texts out of files and folders, read as those to learn from are."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData

from .columns import Columns, Origin
from .folder_files import files_below, is_sample
from .table_files import SUFFIXES as TABLES
from .table_files import read_table
from .taken_texts import texts_in
from .text_files import SUFFIXES, UTF8, lines_in, texts_of
from .zipped import is_zip, unzipped


def new_texts(place: Path, columns: Columns) -> list[tuple[str, str]]:
    """A name and the text of each new text in a file or folder, read as files to learn from are.

    A table has them in a column, by default "text"; a folder in .txt files, one each, at any depth; any other
    file has one a line; an archive (.zip) counts as what is in it. They may be empty. Rows and lines are
    numbered from 1 in their names.

    Raises:
        BadInput: an option that can't be used.
        BadData: it can't be read, there is no such column, or no .txt file.
    """
    if is_zip(place):
        inside = unzipped(place)
        name = place if inside.is_dir() else place / inside.name
        return [(said.replace(str(inside), str(name), 1), text) for said, text in new_texts(inside, columns)]
    if place.is_dir():
        columns.refuse(f"{place} is a folder of .txt files", "columns", "text_column", way="leave it out")
        paths = [path for path in files_below(place) if is_sample(path, SUFFIXES)]
        if not paths:
            raise BadData(f"There are no .txt files in the folder {place}. Give another, or files by name.")
        texts = texts_of(paths, columns.encoding or UTF8).texts
        return [(str(path), text) for path, text in zip(paths, texts, strict=True)]
    if place.suffix.lower() in TABLES:
        origin = Origin(str(place), place.parent, first=1, error=BadData)
        cells = read_table(place, columns.names, columns.encoding, columns.sheet)
        lines = origin.texts(cells, columns.text or texts_in(cells), "text", empty=True)
    else:
        columns.refuse(f"{place} has a text a line", "columns", "text_column", way="leave it out")
        lines = lines_in(place, columns.encoding)
    return [(f"{place}:{number}", line) for number, line in enumerate(lines, 1)]


def too_long(cut: NDArray[np.bool_], limit: int) -> str:
    """A sentence on truncated texts, from indicators (n,)."""
    count = int(cut.sum())
    what = "1 text is" if count == 1 else f"{count} texts are"
    return f"{what} longer than {limit} tokens: what is beyond is not read ({len(cut)} texts in all)."
