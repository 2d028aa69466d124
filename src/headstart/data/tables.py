"""Tables in memory, with numeric and categorical columns and missing cells."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput
from headstart.core.schema import ColumnKind

from .cells import Cells, Place, cells_of
from .frames import frame_columns, frame_kinds, is_frame, objects
from .row_numbers import row_numbers
from .samples import Kind, Rows
from .times import written

LARGEST = 2**32  # bytes of numbers in memory
SHOWN = 5  # cells shown for a row


@dataclass(frozen=True, eq=False)
class Table:
    """A table in memory.

    Attributes:
        name: for messages.
        names: of the columns, unique.
        kinds: of the columns; "binary" is none of them.
        values: (n, columns) numbers, dates as days since 1970, durations as days, names and truth values as
            positions in `words`; NaN: missing.
        words: the names in each column of names or truth values.
        passed: columns that were left out, such as the label.
        counts: the numbers are raw counts.
        alike: all numbers are in one unit, such as gene expression, so that they keep their relative spread.
        first: the number of the first row in messages, 1 in files and 0 in arrays.
        notes: how the table was read, in plain sentences.
        ids: columns that number or name the rows, and why that is thought; no input, and of no weight in
            whether two rows are equal.
        codes: columns of whole numbers that hold names, since some are codes such as 136A.
    """

    name: str
    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    values: NDArray[Any]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    counts: bool = False
    alike: bool = False
    first: int = 0
    notes: tuple[str, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()

    kind: Kind = "tables"

    def __len__(self) -> int:
        return len(self.values)

    def row(self, row: int) -> dict[str, float | str | None]:
        """A row by column name; None where missing."""
        return {
            name: self._cell(name, value) for name, value in zip(self.names, self.values[row], strict=True)
        }

    def shown(self, row: int) -> str:
        """A few cells of a row in words; of many columns, the non-empty, non-zero ones."""
        cells = self.row(row)
        if len(cells) > SHOWN:
            cells = {name: value for name, value in cells.items() if value not in (None, 0)} or cells
        said = [f"{name} = {_said(value)}" for name, value in list(cells.items())[:SHOWN]]
        return ", ".join(said) + ", \u2026" * (len(self.names) > len(said))

    def raw(self, row: int) -> bytes:
        """Canonical bytes of a row; two rows are equal, but for their IDs, if and only if these are."""
        values = np.asarray(self.values[row], dtype=np.float64) + 0.0  # no -0.0
        said = [
            str(np.isnan(values[place]) if name in self.ids else self._cell(name, values[place]))
            for place, name in self._named
        ]
        return self.mark + values[self._numeric].tobytes() + "\0".join(said).encode("utf-8", "surrogatepass")

    def take(self, rows: Rows) -> "Table":
        """The given rows, in that order."""
        return replace(self, values=self.values[rows])

    def place(self, column: str) -> Place:
        """Place of a column, for messages."""
        return Place(self.name, column, self.first)

    def _cell(self, name: str, value: float) -> float | str | None:
        if np.isnan(value):
            return None
        if name in self.words:
            return self.words[name][int(value)]
        return written(value) if name in self._dates else float(value)

    @property
    def required_kinds(self) -> dict[str, ColumnKind]:
        """Kinds that the same columns of another table must have, by name; see `cells_of`."""
        kinds = dict(zip(self.names, self.kinds, strict=True))
        for place, (name, kind) in enumerate(kinds.items()):
            column = self.values[:, place]
            if kind == "numeric" and (np.isnan(column) | (column == 0) | (column == 1)).all():
                kinds[name] = "binary"
        return kinds

    @cached_property
    def _dates(self) -> frozenset[str]:
        return frozenset(name for name, kind in zip(self.names, self.kinds, strict=True) if kind == "date")

    @cached_property
    def _numeric(self) -> NDArray[np.bool_]:
        compared = [name not in self.words and name not in self.ids for name in self.names]
        return np.array(compared, dtype=np.bool_)

    @cached_property
    def _named(self) -> list[tuple[int, str]]:
        return [(place, name) for place, name in enumerate(self.names) if name in self.words]

    @cached_property
    def mark(self) -> bytes:
        """Digest of the columns' names and kinds (16 bytes)."""
        return hashlib.blake2b(repr((self.names, self.kinds)).encode(), digest_size=16).digest()


def from_columns(
    columns: Mapping[str, Any],
    name: str,
    *,
    passed: Sequence[str | None] = (),
    kinds: Mapping[str, ColumnKind] | None = None,
    counts: bool = False,
    first: int = 0,
    keep: Sequence[str] | None = (),
) -> Table:
    """Build a table from columns of texts or numbers, such as those of a CSV file or a data frame.

    Args:
        columns: by name, each (n,).
        name: for messages.
        passed: columns that are no input, such as the label.
        kinds: required kinds of some columns; the others are inferred.
        counts: all are raw counts, such as of RNA molecules.
        first: the number of the first row in messages.
        keep: columns that are an input even if they seem to number the rows; None: all of them.

    Raises:
        BadData: infinity, a text among numbers, no columns, or columns of different length.
    """
    left_out = tuple(dict.fromkeys(str(one) for one in passed if one is not None))
    wanted = kinds or {}
    found: dict[str, Cells] = {}
    for column in columns:
        if str(column) not in left_out:
            place = Place(name, str(column), first)
            found[str(column)] = cells_of(columns[column], place, wanted.get(str(column)))
    lengths = {len(cells.values) for cells in found.values()}
    if len(lengths) != 1:
        raise BadData(
            f"{name} has no column to learn from besides {', '.join(map(repr, filter(None, left_out)))}."
            if not lengths
            else f"{name}: its columns differ in length: {sorted(lengths)}."
        )
    return Table(
        name=name,
        names=tuple(found),
        kinds=tuple(cells.kind for cells in found.values()),
        values=_side_by_side(found),
        words={
            column: cells.words
            for column, cells in found.items()
            if cells.kind in ("categorical", "boolean", "text")
        },
        passed=left_out,
        counts=counts,
        first=first,
        ids={}
        if counts or keep is None
        else {name: why for name, why in row_numbers(found).items() if name not in keep},
        codes=tuple(column for column, cells in found.items() if cells.codes),
    )


def _side_by_side(found: dict[str, Cells]) -> NDArray[np.float64]:
    """All values (n, columns), stored by column; those in `found` become views of them."""
    values: NDArray[np.float64] = np.empty((len(found), len(next(iter(found.values())).values)))
    for place, (name, cells) in enumerate(found.items()):
        values[place] = cells.values
        found[name] = replace(cells, values=values[place])
    return values.T


def columns_of(source: Any, names: Sequence[str] = ()) -> dict[str, Any] | None:
    """Columns of a data frame, a structured array, a mapping, rows as mappings, or plain rows.

    Args:
        source: anything.
        names: of the columns of plain rows (n, columns); () takes "0", "1", ...

    Returns:
        Each column (n,) by its name; None if the source is not a table.

    Raises:
        BadInput: plain rows have another number of columns than there are names.
        BadData: two columns have the same name.
    """
    if isinstance(source, Mapping):
        return {str(name): values for name, values in source.items()}
    if is_frame(source):
        return dict(frame_columns(source))
    if isinstance(source, list | tuple) and source and all(isinstance(row, Mapping) for row in source):
        known = list(dict.fromkeys(str(name) for row in source for name in row))
        return {name: objects(row.get(name) for row in source) for name in known}
    if isinstance(source, np.ndarray) and source.dtype.names:
        return {name: source[name] for name in source.dtype.names}
    return _plain(source, names)


def from_rows(
    source: Any,
    name: str,
    *,
    names: Sequence[str] = (),
    passed: Sequence[str | None] = (),
    kinds: Mapping[str, ColumnKind] | None = None,
    counts: bool = False,
    keep: Sequence[str] | None = (),
) -> Table | None:
    """Build a table from any source of `columns_of`, see `from_columns`; None if it is not a table.

    Columns of a data frame whose type is "category" hold names, also where these are numbers.
    """
    columns = columns_of(source, names)
    if columns is None:
        return None
    wanted = kinds_of(source) | dict(kinds or {})
    return from_columns(columns, name, passed=passed, kinds=wanted, counts=counts, keep=keep)


def kinds_of(source: Any) -> dict[str, ColumnKind]:
    """Columns that a data frame declares categorical, even if they hold numbers."""
    return frame_kinds(source) if is_frame(source) else {}


def _plain(source: Any, names: Sequence[str]) -> dict[str, Any] | None:
    try:
        array = np.asarray(source)
    except ValueError:
        return None
    if array.ndim != 2 or array.dtype.kind not in "fiubOUS":
        return None
    if array.nbytes > LARGEST:
        raise BadData(
            f"{array.shape} numbers are more than {LARGEST / 1e9:.0f} GB. Give fewer rows or columns."
        )
    known = [str(name) for name in names] or [str(place) for place in range(array.shape[1])]
    if len(known) != array.shape[1]:
        raise BadInput(
            f"The rows have {array.shape[1]} columns, the model takes {len(known)}: "
            f"{', '.join(map(repr, known[:5]))}{', ...' * (len(known) > 5)}."
        )
    return {name: array[:, place] for place, name in enumerate(known)}


def _said(value: float | str | None) -> str:
    if value is None:
        return "nothing"
    return f"{float(f'{value:.4g}'):.12g}" if isinstance(value, float) else value
