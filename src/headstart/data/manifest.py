"""A table, CSV or Parquet, with a row for each picture."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headstart.core import BadData, MissingPackage

from .dataset import Dataset
from .naming import grouped, numbered, sides
from .samples import Files

Table = dict[str, list[str]]


@dataclass(frozen=True)
class Columns:
    """What the columns of a manifest are called; None: there is no such column."""

    path: str = "path"
    label: str = "label"
    group: str | None = None
    split: str | None = None


def from_manifest(file: Path, columns: Columns, name: str) -> Dataset:
    """The pictures that a table names; relative paths start at the table's folder.

    Raises:
        BadData: a column is absent, a cell is empty, or there are fewer than two classes.
        MissingPackage: a Parquet file without pyarrow.
    """
    table = SUFFIXES[file.suffix.lower()](file)
    paths = _column(table, columns.path, "path", file)
    names = _column(table, columns.label, "label", file)
    classes, labels = numbered(names, str(file))
    groups = split = None
    if columns.group is not None:
        groups = grouped(_column(table, columns.group, "group", file))
    if columns.split is not None:
        split = sides(_column(table, columns.split, "split", file), str(file))
    found = Files([file.parent / path for path in paths])
    return Dataset(name, classes, labels, tuple(paths), found, groups, split)


def _column(table: Table, column: str, role: str, file: Path) -> list[str]:
    if column not in table:
        there = ", ".join(map(repr, table)) or "none"
        raise BadData(
            f"{file} has no column {column!r}. Its columns: {there}. Say which one to take with "
            f"{role}_column=..."
        )
    for row, cell in enumerate(table[column]):
        if not cell:
            raise BadData(f"{file}: row {row + 1} has nothing in the column {column!r}.")
    return table[column]


def _csv(file: Path) -> Table:
    try:
        text = file.read_text("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadData(f"{file} can't be read as CSV in UTF-8: {error}.") from error
    if not rows:
        raise BadData(f"{file} is empty. Its first line should be: path,label")
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
