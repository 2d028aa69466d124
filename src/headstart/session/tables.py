"""A backbone for the rows of a table, and new rows as it takes them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadData, BadInput, Schema
from headstart.data.dataset import Dataset
from headstart.data.h5ad import table_in
from headstart.data.manifest import cells_in
from headstart.data.schemas import encoded, schema_of
from headstart.data.tables import Table, columns_of, from_columns
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.encoders import is_encoder
from headstart.models.tables import TableEncoder

NAME = "table"  # of the backbone that is made for a table
MOST = 20  # columns that were left out of which is told

Base = str | nn.Module | None


def table_backbone(data: Dataset, base: Base, weights: str | None = None) -> TableEncoder:
    """A backbone for the columns of `data`, which is a table: made by its rows, or the one that is given.

    Raises:
        BadData: `base` takes something else, or no column varies.
        BadInput: there are `weights`, which a backbone for a table has none of.
    """
    if weights is not None:
        raise BadInput(f"weights is {weights!r}, but the backbone of a table has none to load. Leave it out.")
    if is_encoder(base):
        base = backbone(str(base))
    if isinstance(base, TableEncoder):
        return base
    if base is not None and base != NAME:
        called = base if isinstance(base, str) else type(base).__name__
        raise BadData(
            f"{data.name} is a table, which the backbone {called} does not take. Leave the backbone out, "
            f"name {NAME!r}, or give the columns as an array of numbers."
        )
    assert data.table is not None
    made = TableEncoder(schema_of(data.table))
    made.provisional = True
    return made


def by_training_part(mapping: AnyBackbone, train: Dataset) -> AnyBackbone:
    """The backbone; one that was made by all rows is made again by those of the training part alone."""
    if train.table is None or not isinstance(mapping, TableEncoder) or not mapping.provisional:
        return mapping
    return TableEncoder(schema_of(train.table))


def about_columns(mapping: AnyBackbone, test: Dataset) -> Iterator[str]:
    """What the training part says nothing of: columns left out, names that only test rows have."""
    if test.table is None or not isinstance(mapping, TableEncoder):
        return
    for column, why in list(mapping.schema.dropped.items())[:MOST]:
        yield f"The column {column!r} was left out: in the training part {why}."
    for column, count in encoded(test.table, mapping.schema).unseen.items():
        rows = "1 test row has" if count == 1 else f"{count} test rows have"
        yield f"{rows} a name in the column {column!r} that no training row had; all such names count as one."


def rows_of(items: Any, schema: Schema) -> Table:
    """New rows as a table with the columns of a schema.

    Args:
        items: a CSV, Parquet or .h5ad file, a data frame, a mapping of columns, a structured array, rows
            as mappings, or plain rows (n, columns) in the order of the schema.
        schema: of the training rows.

    Raises:
        BadData: a text among numbers, infinity, or a file that can't be read.
        BadInput: it is no table, or its rows have another number of columns.
    """
    if isinstance(items, Table):  # which was read by this schema
        return items
    if isinstance(items, str | Path):
        path = Path(items).expanduser()
        if path.suffix.lower() == ".h5ad":
            return table_in(path, path.name, counts=schema.counts)
        columns: Mapping[str, Any] | None = cells_in(path)
        name, first = path.name, 1
    else:
        columns, name, first = columns_of(items, schema.names), "The new rows", 0
    if columns is None:
        raise BadInput(f"{type(items).__name__} is no table. Give a file, a data frame or rows of cells.")
    known = {column: values for column, values in columns.items() if column not in schema.dropped}
    return from_columns(known, name, passed=schema.passed, kinds=schema.kinds, first=first)


def inputs_of(items: Any, schema: Schema) -> tuple[Tensor, dict[str, int]]:
    """New rows as the backbone takes them (n, columns), and how many have unseen names, by column."""
    found = encoded(rows_of(items, schema), schema)
    return torch.from_numpy(found.values), found.unseen
