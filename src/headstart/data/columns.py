"""Which columns of a file or frame the user named, and the texts in a column."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, HeadstartError, nearest
from headstart.core.label_kind import LabelKind
from headstart.core.schema import ColumnKind
from headstart.face import at_command_line, spell

from .cells import gone
from .frames import objects

PATH, TEXT, LABEL = "path", "text", "label"  # default columns
MEDIA = ("image", "audio")  # default columns of encoded pictures and sounds
SHOWN = 60  # letters of a value in a message
LISTED = 30  # columns in a message
_WHOLE = re.compile(r"([+-]?[0-9]+)\.0+")

INSTEAD = {
    "label_column": "give labels=, or a pair (x, y)",
    "group_column": "give groups=",
    "attribute_column": "give attribute=",
}


@dataclass(frozen=True)
class Columns:
    """Column names that the user gave; None: there is no such column.

    The columns `path` and `text` are those the user named, else PATH or TEXT if present; if there
    is neither, the rows are a table. Its columns in `categorical` hold names even if these are numbers.
    There may be several columns of labels; their kind is `label_kind`, or inferred.
    """

    path: str | None = None
    text: str | None = None
    label: str | Sequence[str] = LABEL
    group: str | None = None
    split: str | None = None
    categorical: tuple[str, ...] = ()
    label_kind: LabelKind | None = None
    attribute: str | None = None
    names: tuple[str, ...] = ()  # of the columns of a file without a line of names
    encoding: str | None = None  # of a file of texts
    beside: tuple[str, ...] = ()  # columns that are learned from beside the texts
    sheet: str | None = None  # of a spreadsheet

    def __post_init__(self) -> None:
        labels = self.label if isinstance(self.label, list | tuple) else [self.label]
        for option, value in [*self.options().items(), *(("label_column", one) for one in labels)]:
            if option not in ("categorical", "columns", "beside") and not isinstance(value, str):
                way = f": {spell(option, str(value))}" if isinstance(value, int | float) else ""
                raise BadInput(f"{spell(option, value)} is no text; names are texts{way}.")

    def options(self) -> dict[str, Any]:
        """The options that were given, by their names."""
        singles = {
            "path_column": self.path,
            "text_column": self.text,
            "group_column": self.group,
            "split_column": self.split,
            "attribute_column": self.attribute,
            "encoding": self.encoding,
            "sheet": self.sheet,
        }
        found: dict[str, Any] = {name: value for name, value in singles.items() if value is not None}
        if self.categorical:
            found["categorical"] = list(self.categorical)
        if self.names:
            found["columns"] = list(self.names)
        if self.beside:
            found["beside"] = list(self.beside)
        return found

    def parsed(self, names: str | Sequence[str] | None) -> "Columns":
        """The same with names of columns, as a list or with commas between them.

        Raises:
            BadInput: one of them is empty, no text, or there twice.
        """
        if names is None:
            return self
        parts: list[Any] = (
            [one.strip() for one in names.split(",")]
            if isinstance(names, str)
            else [*_each("columns", names)]
        )
        if (
            not parts
            or not all(isinstance(one, str) and one for one in parts)
            or len(set(parts)) < len(parts)
        ):
            raise BadInput(
                f"{spell('columns')} is {names!r}: give each column a name of its own, such as 'label,text'."
            )
        return replace(self, names=tuple(parts))

    def refuse(self, what: str, *options: str, way: str = "") -> None:
        """Refuse options that can't be used; of all if none are named.

        Raises:
            BadInput: one was given; it is named, with what to do instead.
        """
        given = self.options() | ({"label_column": self.label} if self.label != LABEL else {})
        for option, value in given.items():
            if not options or option in options:
                usual = "leave it out"
                instead = way or (usual if at_command_line() else INSTEAD.get(option, usual))
                raise BadInput(
                    f"{spell(option, value)} can't be used: {what}. Instead, {instead}, or give a table "
                    "(CSV, Parquet or a data frame)."
                )


@dataclass(frozen=True)
class Origin:
    """Where columns come from, for messages.

    Attributes:
        what: the file, or the name of the data.
        folder: that paths are relative to.
        first: the number of the first row, 1 in files and 0 in memory.
        error: what is raised where a column is absent.
        kinds: of columns that a frame declares.
    """

    what: str
    folder: Path = field(default_factory=Path)
    first: int = 0
    error: type[HeadstartError] = BadInput
    kinds: Mapping[str, ColumnKind] = field(default_factory=dict)

    def column(self, table: Mapping[str, Any], column: str, role: str) -> Any:
        """The cells of a column, whatever they are.

        Raises:
            BadInput: there is no such column; `BadData` of a file.
        """
        if column in table:
            return table[column]
        raise self.error(absent_column(self.what, column, table, role, file=self.error is not BadInput))

    def texts(self, table: Mapping[str, Any], column: str, role: str, empty: bool = False) -> list[str]:
        """The cells of a column as texts.

        Raises:
            BadInput: there is no such column; `BadData` of a file.
            BadData: a cell is empty, unless `empty`, or holds bytes or lists.
        """
        texts = cell_texts(self.column(table, column, role), f"{self.what}: the column {column!r}")
        if not empty and "" in texts:
            raise BadData(
                f"{self.what}: row {texts.index('') + self.first} has nothing in the column {column!r}."
            )
        return texts


def absent_column(
    what: str, column: str, known: Iterable[str], role: str, *, of: str = "", file: bool = True
) -> str:
    """What is said where a column is absent: those that are there, the nearest first, and the option.

    Args:
        what: the file or frame.
        column: its name.
        known: the columns that are there.
        role: "label", "text", ..., as in `label_column`.
        of: where in the file.
        file: whether it may be one of the command line.
    """
    names = list(known)
    near = nearest(column, names)
    either = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    also = ", or give labels=..." if role == "label" and not file else ""
    listed = ", ".join(map(repr, names[:LISTED])) or "none"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return (
        f"{what} has no column {column!r}{of}.{either} Its columns: {listed}{more}. Say "
        f"which one to take with {spell(f'{role}_column', near[0] if near else ..., stands='NAME')}{also}"
    )


def names_in(option: str, values: Any) -> tuple[str, ...]:
    """The names of columns in a list that was given as an option.

    Raises:
        BadInput: it is no list, or a name is no text.
    """
    if isinstance(values, str):
        raise BadInput(f"{spell(option)} takes a list of columns; write [{values!r}].")
    names = tuple(_each(option, values))
    for name in names:
        if not isinstance(name, str):
            raise BadInput(
                f"{option}={values!r}: {name!r} is no text; names are texts, such as {str(name)!r}."
            )
    return names


def _each(option: str, values: Any) -> Any:
    if not isinstance(values, Iterable):
        raise BadInput(f"{option}={values!r} is no list of names of columns.")
    return values


def cell_texts(values: Any, what: str, *, strip: bool = True) -> list[str]:
    """Cells (n,) as texts, "" where there is nothing; whole floats are written as whole numbers.

    Raises:
        BadData: a cell holds bytes, a list or a mapping.
    """
    cells = column_array(values).tolist()
    texts = cells if are_str(cells) else [_text(cell, what) for cell in cells]
    return [text.strip() for text in texts] if strip else texts


def are_str(cells: Sequence[Any]) -> bool:
    """Whether all cells are texts."""
    return all(type(cell) is str for cell in cells)


def column_array(values: Any) -> NDArray[Any]:
    """Cells (n,) as an array; mixtures of kinds and lists as objects, so that nothing is converted."""
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values
    if hasattr(values, "to_numpy"):
        return column_array(values.to_numpy())
    cells = list(values)
    kinds = {type(cell) for cell in cells}
    if len(kinds) == 1 and not issubclass(next(iter(kinds)), (str, *NESTED)):
        return np.asarray(cells)
    return objects(cells)


def is_nested(values: Any) -> bool:
    """Whether the first cell of a column that holds something is a list, a mapping or bytes."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return False
    return isinstance(next((cell for cell in values if cell is not None), None), NESTED)


NESTED = (list, tuple, set, frozenset, dict, bytes, np.ndarray)


def whole_names(texts: Sequence[str]) -> list[str]:
    """Names "0", "1" for "0.0", "1.0", as a frame with gaps writes whole numbers; others stay.

    >>> whole_names(["0.0", "12.0", ""]), whole_names(["1.0", "1.5"])
    (['0', '12', ''], ['1.0', '1.5'])
    """
    matches = [_WHOLE.fullmatch(text) for text in texts]
    if not all(match or not text for match, text in zip(matches, texts, strict=True)):
        return list(texts)
    return [match[1] if match else "" for match in matches]


def brief(value: Any) -> str:
    """A value for a message, cut where it is long."""
    said = f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}..."


def _text(cell: Any, what: str) -> str:
    if isinstance(cell, str):
        return cell
    if gone_cell(cell):
        return ""
    if isinstance(cell, NESTED):
        kind = "bytes" if isinstance(cell, bytes) else f"a {type(cell).__name__}"
        raise BadData(f"{what} holds {kind} in a cell, not a text. Name another column.")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def gone_cell(cell: Any) -> bool:
    """Whether a cell of any kind is missing."""
    return not isinstance(cell, NESTED) and not isinstance(cell, str) and gone(cell)
