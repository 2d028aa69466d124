"""One column of a table: numbers, category names, truth values, dates or durations, with missing cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData
from headstart.core.schema import ColumnKind
from headstart.face import spell

from .csv_columns import TextColumn
from .naming import natural
from .single_values import single_values
from .spellings import (
    FALSE,
    MISSING,
    NUMBER,
    TRUE,
    are_codes,
    are_truths,
    is_separated,
    name_of,
    truth_of,
    without_separators,
)
from .times import days_in, days_of, duration_of, written

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Parsed cells of a column.

    Attributes:
        kind: numbers, names of categories, truth values, dates or durations.
        values: (n,) numbers, days since 1970, days, or positions in `words`; NaN where missing.
        words: names of the categories, in natural order; of truth values "False", "True", then others.
        codes: they are names since some of the numbers are codes, such as 136A.
    """

    kind: ColumnKind
    values: Floats
    words: tuple[str, ...] = ()
    codes: bool = False


@dataclass(frozen=True)
class Place:
    """The place of a column, for messages.

    Attributes:
        table: what the table is called.
        column: what the column is called.
        first: the number of the first row, 1 in files and 0 in arrays.
    """

    table: str
    column: str
    first: int = 0

    def at(self, row: int) -> str:
        """Name of the cell in a row (from 0), for messages."""
        return f"{self.table}: row {row + self.first}, column {self.column!r}"


def cells_of(values: Any, place: Place, kind: ColumnKind | None = None) -> Cells:
    """Parse a column of texts, numbers, truth values, dates, or a mixture with None.

    The kind of texts is that of at least half of those that are not missing: numbers, ISO dates or durations,
    else names; whole numbers of which some are codes are names; truth values are so where all are. Numbers
    that are names have one name each, however they are written.

    Args:
        values: (n,).
        place: for messages.
        kind: the required kind; None infers it. "binary" is numbers that may be written as truth values.

    Raises:
        BadData: infinity, a text among numbers or dates, another kind than required, or lists in cells.
    """
    if isinstance(values, TextColumn):
        return _text_column(values, place, kind)
    array = single_values(values, f"{place.table}: the column {place.column!r}", place.at)
    if array.dtype.kind in "fiu":
        return _numbers(array, place, kind)
    if array.dtype.kind == "b":
        return _texts(np.where(array, TRUE, FALSE).tolist(), place, kind)
    if array.dtype.kind in "Mm":
        return _moments(array, place, kind)
    if (
        array.dtype.kind == "O"
        and kind not in ("categorical", "boolean")
        and all(_is_number(value) for value in array)
    ):
        return _numbers(np.array([_float(value) for value in array], dtype=np.float64), place, kind)
    return _texts([_text(value) for value in array.tolist()], place, kind)


def as_number(value: Any) -> float | None:
    """Parse a cell, text or not, as a number; NaN if missing, None if it is not a number."""
    if _is_number(value):
        return _float(value)
    if isinstance(value, bool | np.bool_):
        return None
    text = _text(value)
    if text in MISSING:
        return np.nan
    return float(text) if NUMBER.fullmatch(text) else None


def coded(names: Sequence[str | None], codes: NDArray[np.int64] | None = None) -> Cells:
    """Encode category names, with None where missing.

    Args:
        names: (n,), or some distinct ones, of which two may be the same.
        codes: (n,) positions in `names`; None: they are the rows.
    """
    words = tuple(sorted({name for name in names if name is not None}, key=natural))
    return Cells("categorical", _positions(names, words, codes), words)


def _positions(
    names: Sequence[str | None], words: tuple[str, ...], codes: NDArray[np.int64] | None
) -> Floats:
    place = {word: float(number) for number, word in enumerate(words)}
    found = np.array([np.nan if name is None else place[name] for name in names], dtype=np.float64)
    return found if codes is None else found[codes]


def _numbers(values: NDArray[Any], place: Place, kind: ColumnKind | None) -> Cells:
    """Parse numbers; as names where names are required."""
    if kind in (None, "numeric", "binary"):
        return _finite(values.astype(np.float64), place)
    there = values == values  # not NaN
    distinct, positions = np.unique(values[there], return_inverse=True)
    codes = np.full(len(values), len(distinct), dtype=np.int64)
    codes[there] = positions
    return _texts_by_code([*map(str, distinct), ""], codes, place, kind)


def _moments(values: NDArray[Any], place: Place, kind: ColumnKind | None) -> Cells:
    """Parse datetime64 or timedelta64."""
    own: ColumnKind = "date" if values.dtype.kind == "M" else "duration"
    if kind in (None, own):
        return Cells(own, days_in(values))
    return _texts(["" if np.isnan(days) else written(days) for days in days_in(values)], place, kind)


def _text_column(column: TextColumn, place: Place, kind: ColumnKind | None) -> Cells:
    if kind in (None, "numeric") and (values := column.numbers()) is not None:
        return _finite(values, place)
    texts, codes = column.coded
    return _texts_by_code(texts, codes, place, kind)


def _texts(texts: list[str], place: Place, kind: ColumnKind | None) -> Cells:
    if kind in (None, "numeric") and (values := _all_numbers(texts)) is not None:
        return _finite(values, place)
    numbers: dict[str, int] = {}
    codes = np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64)
    return _texts_by_code(list(numbers), codes, place, kind)


def _all_numbers(texts: list[str]) -> Floats | None:
    """The texts as numbers, NaN where missing; None if one of them is no number."""
    try:
        values = [np.nan if text in MISSING else float(text) for text in texts]
    except ValueError:
        return None
    whole = "".join(texts)  # Python reads more than is written as a number elsewhere: 1_000, other digits
    return None if "_" in whole or not whole.isascii() else np.array(values, dtype=np.float64)


def _texts_by_code(
    texts: list[str], codes: NDArray[np.int64], place: Place, kind: ColumnKind | None
) -> Cells:
    """Parse a column of distinct texts and the position of each row's text among them."""
    required = kind is not None
    mixed = False
    if kind is None:
        counts = zip(texts, np.bincount(codes, minlength=len(texts)).tolist(), strict=True)
        often = {text: count for text, count in counts if text not in MISSING}
        kind = _kind_of(often)
        mixed = kind == "numeric" and are_codes(often)
        kind = "categorical" if mixed else kind
    if kind == "text":
        return replace(coded([None if text in MISSING else text for text in texts], codes), kind="text")
    if kind == "categorical":
        found = coded([None if text in MISSING else name_of(text) for text in texts], codes)
        return replace(found, codes=mixed)
    if kind == "boolean":
        names = [None if text in MISSING else truth_of(text) or name_of(text) for text in texts]
        others = sorted({name for name in names if name} - {FALSE, TRUE}, key=natural)
        return Cells("boolean", _positions(names, words := (FALSE, TRUE, *others), codes), words)
    numeric: ColumnKind = "numeric" if kind == "binary" else kind
    return _finite(_parsed(texts, codes, place, kind, required), place, numeric)


def _kind_of(often: dict[str, int]) -> ColumnKind:
    """The kind of a column from its texts, none of them missing, and how often each is there."""
    if are_truths(often):
        return "boolean"

    def most(test: Callable[[str], bool]) -> bool:
        return 2 * sum(count for text, count in often.items() if test(text)) >= sum(often.values())

    if most(lambda text: NUMBER.fullmatch(text) is not None or is_separated(text)):
        return "numeric"
    if most(lambda text: days_of(text) is not None):
        return "date"
    return "duration" if most(lambda text: duration_of(text) is not None) else "categorical"


def _parsed(
    texts: list[str], codes: NDArray[np.int64], place: Place, kind: ColumnKind, required: bool
) -> Floats:
    """Numbers, dates or durations as numbers (n,); NaN where missing."""
    parsers = {"numeric": _number, "binary": _binary, "date": days_of, "duration": duration_of}
    parse = parsers[kind]
    values = [np.nan if text in MISSING else parse(text) for text in texts]
    wrong = {code for code, value in enumerate(values) if value is None}
    if wrong:
        rows = np.flatnonzero(np.isin(codes, list(wrong)))
        way = (
            ""
            if required
            else f", or say that the column holds names: {spell('categorical', [place.column])}"
        )
        raise BadData(_no_value(texts[codes[rows[0]]], rows, place, kind) + f"{way}.")
    return np.array(values, dtype=np.float64)[codes]


SHOWN = 60  # letters of a cell in a message
_WHAT = {"date": "an ISO date such as 2026-01-31", "duration": "a duration such as '2 days 06:00:00'"}


def _no_value(text: str, rows: NDArray[np.int64], place: Place, kind: ColumnKind) -> str:
    """Why a text can't be read as the kind of its column."""
    more = f", and so are {len(rows) - 1} more" if len(rows) > 1 else ""
    shown = repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r}..."
    what = f"{place.at(int(rows[0]))} is {shown}, which is no"
    if kind in _WHAT:
        return f"{what}t {_WHAT[kind]}{more}. Correct it or leave the cell empty"
    if is_separated(text):
        return (
            f"{what} number{more}: it has a separator of thousands or a decimal comma. Write "
            f"{without_separators(text)}"
        )
    return f"{what} number{more}. Correct it or leave the cell empty"


def _number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None


def _binary(text: str) -> float | None:
    truth = truth_of(text)
    return _number(text) if truth is None else float(truth == TRUE)


def _finite(values: Floats, place: Place, kind: ColumnKind = "numeric") -> Cells:
    """Check that no number is infinite."""
    wrong = np.flatnonzero(np.isinf(values))
    if len(wrong):
        raise BadData(
            f"{place.at(int(wrong[0]))} is {values[wrong[0]]}; {len(wrong)} of {len(values)} cells are "
            "infinite there. Give finite numbers, or leave the cells empty."
        )
    return Cells(kind, values)


def _is_number(value: Any) -> bool:
    return gone(value) or (
        isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    )


def gone(value: Any) -> bool:
    """Whether a non-text cell is missing: None, NaN, or pandas' missing values."""
    if value is None or str(value) in ("<NA>", "NaT"):
        return True
    return isinstance(value, float) and value != value


def _float(value: Any) -> float:
    return np.nan if gone(value) else float(value)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return "" if gone(value) else str(value).strip()
