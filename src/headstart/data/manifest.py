"""CSV and Parquet files with a row for each file, text or table row."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput, MissingPackage
from headstart.core.label_kind import LabelKind

from .attributes import attribute_cells, attributed
from .csv_columns import read_columns
from .dataset import Dataset
from .labelled_tables import from_cells
from .modality import kind_of_files
from .naming import grouped, sides
from .samples import Files, Samples, Texts
from .targets import label_columns, of_columns

PATH, TEXT = "path", "text"  # default columns

Table = dict[str, Any]  # texts (n,) by column


@dataclass(frozen=True)
class Columns:
    """Column names of a manifest; None: there is no such column.

    The columns `path` and `text` are those the user named, else PATH or TEXT if present; if there
    is neither, the rows are a table. Its columns in `categorical` hold names even if these are numbers.
    There may be several columns of labels; their kind is `label_kind`, or inferred.
    """

    path: str | None = None
    text: str | None = None
    label: str | Sequence[str] = "label"
    group: str | None = None
    split: str | None = None
    categorical: tuple[str, ...] = ()
    label_kind: LabelKind | None = None
    attribute: str | None = None


def from_manifest(file: Path, columns: Columns, name: str) -> Dataset:
    """Load the texts of a manifest, the files it lists, or its rows; paths are relative to its folder.

    Raises:
        BadInput: both a column of paths and one of texts were named.
        Unknown: no column has the name of that of attributes.
        BadData: a column is absent, a path or label is empty, there are fewer than two classes or tags,
            or a table or a label holds infinity or texts among numbers.
        MissingPackage: a Parquet file without pyarrow.
    """
    table = SUFFIXES[file.suffix.lower()](file)
    labelling = label_columns(table, columns.label)
    cells = {name: _column(table, name, "label", file, empty=True) for name in labelling}
    target = of_columns(cells, columns.label_kind, str(file), first=1)
    groups = split = None
    if columns.group is not None:
        groups = grouped(_column(table, columns.group, "group", file))
    if columns.split is not None:
        split = sides(_column(table, columns.split, "split", file), str(file))
    nuisance = attribute_cells(table, columns.attribute)
    if not ({columns.path, columns.text} - {None} or {PATH, TEXT} & table.keys()):
        passed = (*labelling, columns.group, columns.split, columns.attribute)
        kinds = columns.categorical
        found = from_cells(table, target, passed, name, categorical=kinds, groups=groups, split=split)
    else:
        items, samples = _samples(table, columns, file)
        found = Dataset(name, target.names, target.labels, items, samples, groups, split)
    return attributed(found, nuisance, first=1)


def texts_in(file: Path, column: str | None = None) -> list[str]:
    """Read the texts in a column of a table, by default "text"; they may be empty.

    Raises:
        BadData: there is no such column.
    """
    return _column(SUFFIXES[file.suffix.lower()](file), column or TEXT, "text", file, empty=True)


def cells_in(file: Path) -> Table:
    """Read all cells of a table as texts, by column.

    Raises:
        BadInput: there is no such file, or it is of another kind.
        BadData: it can't be read.
        MissingPackage: a Parquet file without pyarrow.
    """
    if not file.is_file() or file.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{file} is no file of the kinds {', '.join(SUFFIXES)}. Give a table.")
    return SUFFIXES[file.suffix.lower()](file)


def _samples(table: Table, columns: Columns, file: Path) -> tuple[tuple[str, ...], Samples]:
    """Display names and samples of the rows."""
    if columns.path and columns.text:
        raise BadInput(f"{file}: name one column, path_column= for files or text_column= for texts.")
    if columns.text or not (columns.path or PATH in table):
        texts = _column(table, columns.text or TEXT, "text", file, empty=True)
        return tuple(f"row {row + 1}" for row in range(len(texts))), Texts(texts)
    paths = _column(table, columns.path or PATH, "path", file)
    return tuple(paths), Files([file.parent / path for path in paths], kind_of_files(paths))


def _names(table: Table) -> str:
    return ", ".join(map(repr, table)) or "none"


def _column(table: Table, column: str, role: str, file: Path, empty: bool = False) -> list[str]:
    if column not in table:
        raise BadData(
            f"{file} has no column {column!r}. Its columns: {_names(table)}. Say which one to take with "
            f"{role}_column=..."
        )
    for row, cell in enumerate(table[column]):
        if not cell and not empty:
            raise BadData(f"{file}: row {row + 1} has nothing in the column {column!r}.")
    return list(table[column])


def _csv(file: Path) -> Table:
    if (columns := read_columns(file)) is not None:
        return dict(columns)
    try:
        text = file.read_text("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadData(f"{file} can't be read as CSV in UTF-8: {error}.") from error
    if not rows:
        raise BadData(f"{file} is empty. Its first line should be: path,label or text,label")
    if again := [name for name, times in Counter(rows[0]).items() if times > 1 and name.strip()]:
        raise BadData(f"{file} has two columns called {again[0]!r}. Rename one of them.")
    width = len(rows[0])
    for number, row in enumerate(rows[1:], 1):
        if len(row) != width:
            raise BadData(f"{file}: row {number} has {len(row)} cells, the first line {width}.")
    return {column.strip(): [row[i].strip() for row in rows[1:]] for i, column in enumerate(rows[0])}


def _parquet(file: Path) -> Table:
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingPackage("pyarrow", "Reading Parquet files", "tables") from error
    try:
        columns = parquet.read_table(file).to_pydict()
    except (OSError, ValueError) as error:
        raise BadData(f"{file} is not a Parquet file: {error}.") from error
    return {name: ["" if v is None else str(v) for v in values] for name, values in columns.items()}


SUFFIXES: dict[str, Callable[[Path], Table]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".pq": _parquet,
}
