"""Parse a user's new table rows into the columns of a schema."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.core import BadInput, Schema

from .columns import Columns
from .h5ad import table_in
from .row_numbers import is_unnamed
from .table_files import read_table
from .tables import Table, columns_of, from_columns
from .zipped import is_zip, unzipped


def rows_of(items: Any, schema: Schema, roles: Columns | None = None) -> Table:
    """Parse new rows into a table with the columns of a schema.

    Args:
        items: a CSV, Parquet or .h5ad file, a .zip of one, a data frame, a mapping of columns, a structured
            array, rows as mappings, or plain rows (n, columns) in the order of the schema.
        schema: of the training rows.
        roles: names of the columns and the encoding of a CSV file; None: those in it, and UTF-8.

    Raises:
        BadData: a text among numbers, infinity, or a file that can't be read.
        BadInput: it is not a table, its rows have another number of columns, or an option can't be used.
    """
    if isinstance(items, Table):  # which was read by this schema
        return items
    if isinstance(items, str | Path):
        path = Path(items).expanduser()
        path = unzipped(path) if is_zip(path) else path
        roles = roles or Columns()
        if path.suffix.lower() == ".h5ad":
            roles.refuse(f"{path} names its genes", way="leave it out")
            return table_in(path, path.name, counts=schema.counts)
        columns: Mapping[str, Any] | None = read_table(path, roles.names, roles.encoding, roles.sheet)
        name, first = path.name, 1
    else:
        columns, name, first = columns_of(items, schema.names), "The new rows", 0
    if columns is None:
        raise BadInput(f"{type(items).__name__} is no table. Give a file, a data frame or rows of cells.")
    known = {
        column: values
        for column, values in columns.items()
        if column in schema.names or not (column in schema.dropped or is_unnamed(column))
    }
    return from_columns(known, name, passed=schema.passed, kinds=schema.kinds, first=first, keep=None)
