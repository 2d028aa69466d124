"""Columns of encoded pictures or sounds, as Hugging Face datasets and Parquet files hold them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData
from headstart.face import spell

from .columns import MEDIA, Columns, Origin, brief
from .modality import kind_of_files
from .samples import Files, InMemory, Samples

_SOUNDS = (b"RIFF", b"fLaC")


def media_column(table: Mapping[str, Any], columns: Columns) -> str | None:
    """The column of encoded files: the one that was named if it holds such, else the only one.

    Raises:
        BadData: several columns hold files, and none of them is called "image" or "audio".
    """
    if columns.path is not None or columns.text is not None:
        named = columns.path or ""
        return named if named in table and holds_files(table[named]) else None
    found = [name for name, values in table.items() if holds_files(values)]
    usual = [name for name in MEDIA if name in found]
    if len(found) > 1 and not usual:
        raise BadData(
            f"The columns {', '.join(map(repr, found))} hold files. Name one: "
            f"{spell('path_column', ..., stands='NAME')}."
        )
    return next(iter(usual or found), None)


def holds_files(values: Any) -> bool:
    """Whether the first cell that holds something is bytes, or has "bytes" and a "path"."""
    if not isinstance(values, list | np.ndarray) or (
        isinstance(values, np.ndarray) and values.dtype != object
    ):
        return False
    for cell in values:
        if cell is not None:
            return isinstance(cell, bytes) or (isinstance(cell, Mapping) and "bytes" in cell)
    return False


def files_in(table: Mapping[str, Any], column: str, origin: Origin) -> tuple[tuple[str, ...], Samples]:
    """Display names and contents of the files in a column; paths without bytes are read from the disk.

    Raises:
        BadData: a row has no file; it is named.
    """
    items, contents = [], []
    for row, cell in enumerate(table[column], origin.first):
        content, path = (cell, None) if isinstance(cell, bytes) else _parts(cell)
        if content is None and not path:
            raise BadData(
                f"{origin.what}: row {row} has no file in the column {column!r}: {brief(cell)}. Leave it out."
            )
        items.append(str(path) if path else f"row {row}")
        contents.append(content if content is not None else origin.folder / str(path))
    if all(isinstance(content, Path) for content in contents):
        return tuple(items), Files(
            [path for path in contents if isinstance(path, Path)], kind_of_files(items)
        )
    read = [content if isinstance(content, bytes) else _read(content) for content in contents]
    return tuple(items), InMemory(read, _kind(read, items))


def _parts(cell: Any) -> tuple[bytes | None, str | None]:
    return (cell.get("bytes"), cell.get("path")) if isinstance(cell, Mapping) else (None, None)


def _read(path: Path) -> bytes:
    return Files([path]).raw(0)


def _kind(contents: list[bytes], items: list[str]) -> str:
    sounds = sum(content[:4] in _SOUNDS and content[8:12] != b"WEBP" for content in contents)
    return "sounds" if 2 * sounds > len(contents) else kind_of_files(items if not sounds else [])
