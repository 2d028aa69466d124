"""Columns of a large CSV file, read by pyarrow where it is installed."""

import mmap
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from .spellings import MISSING

LARGE = 1 << 20  # bytes below which pyarrow is not worth its import
_PROBE = 1000  # cells that are tried first
_MARK = b"\xef\xbb\xbf"  # of UTF-8


class TextColumn(Sequence[str]):
    """Texts (n,) without spaces around them, in the memory of pyarrow.

    As a sequence they are str; `numbers` and `coded` need none.
    """

    def __init__(self, column: Any) -> None:
        """Take a pyarrow.ChunkedArray of strings without nulls."""
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return list(self)[place]
        words, codes = self.coded
        return words[int(codes[place])]

    def __iter__(self) -> Iterator[str]:
        words, codes = self.coded
        return map(words.__getitem__, codes.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(list(self), dtype=object if dtype is None else dtype)

    @cached_property
    def coded(self) -> tuple[list[str], NDArray[np.int64]]:
        """The distinct texts, and the position of each row's text (n,) among them."""
        chunks = self._column.dictionary_encode().unify_dictionaries().chunks
        if not chunks:
            return [], np.zeros(0, dtype=np.int64)
        place: dict[str, int] = {}
        texts = [text.strip() for text in chunks[0].dictionary.to_pylist()]
        numbers = np.array([place.setdefault(text, len(place)) for text in texts], dtype=np.int64)
        codes = np.concatenate([chunk.indices.to_numpy(zero_copy_only=False) for chunk in chunks])
        return list(place), numbers[codes]

    def numbers(self) -> NDArray[np.float64] | None:
        """The texts as numbers (n,), NaN where missing; None if one of them may be no number."""
        if _numbers(self._column.slice(0, _PROBE)) is None:
            return None
        return _numbers(self._column)


def read_columns(file: Path) -> dict[str, TextColumn] | None:
    """The columns of a large CSV file as texts; None if the file is small or needs a closer look.

    That is one with a quotation mark in its first line, a last row of several lines, another encoding than
    UTF-8, rows of different length, or two columns of one name; or pyarrow is absent.
    """
    if not file.is_file() or file.stat().st_size < LARGE:
        return None
    try:
        from pyarrow import ArrowException, csv, string
    except ImportError:
        return None
    head, quoted = _first_line(file)
    if not head or '"' in head or "\r" in head:
        return None
    delimiter = max(",;\t", key=head.count)
    names = [name.strip() for name in head.split(delimiter)]
    places = [str(place) for place in range(len(names))]
    if len(set(names)) < len(names):
        return None
    try:
        table = csv.read_csv(
            file,
            read_options=csv.ReadOptions(column_names=places, skip_rows=1),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=quoted),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(places, string()), strings_can_be_null=False
            ),
        )
    except (ArrowException, OSError):
        return None
    if quoted and any("\n" in str(column[-1]) for column in table.columns if len(column)):
        return None  # a quotation mark that is never closed, or a last cell of several lines
    return {name: TextColumn(table.column(place)) for name, place in zip(names, places, strict=True)}


def _first_line(file: Path) -> tuple[str, bool]:
    """The first line, and whether there is a quotation mark anywhere; ("", False) if it can't be read."""
    try:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.readline().removeprefix(_MARK).decode().strip("\r\n"), content.find(b'"', 0) >= 0
    except (OSError, ValueError):
        return "", False


def _numbers(column: Any) -> NDArray[np.float64] | None:
    import pyarrow
    from pyarrow import compute

    try:
        return _as_floats(column)
    except pyarrow.ArrowInvalid:
        pass
    texts = compute.utf8_trim_whitespace(column)
    gone = compute.is_in(texts, value_set=pyarrow.array(sorted(MISSING)))
    try:
        return _as_floats(compute.if_else(gone, pyarrow.scalar(None, pyarrow.string()), texts))
    except pyarrow.ArrowInvalid:
        return None


def _as_floats(column: Any) -> NDArray[np.float64]:
    import pyarrow

    values: NDArray[np.float64] = column.cast(pyarrow.float64()).to_numpy()
    return values
