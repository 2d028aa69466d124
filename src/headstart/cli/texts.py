"""Texts to be labelled: from the command line, out of files with a text a line, out of tables."""

from pathlib import Path


def texts_of(files: list[Path], given: list[str], column: str) -> list[tuple[str, str]]:
    """A name and the words of each text; the words may be empty.

    The name of a given text are its words, that of a text in a file the file and the number of the line
    or row, from 1.

    Raises:
        BadData: a file can't be read, or has no such column.
    """
    found = [(text, text) for text in given]
    for file in files:
        found += [(f"{file}:{number}", text) for number, text in enumerate(_in(file, column), 1)]
    return found


def _in(file: Path, column: str) -> list[str]:
    from headstart.core import BadData
    from headstart.data.manifest import SUFFIXES, texts_in

    if file.suffix.lower() in SUFFIXES:
        return texts_in(file, column)
    try:
        return file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise BadData(f"{file} can't be read: {why}. Give a file with a text a line, or a table.") from error
