"""Tables with a label for each row as a dataset: of a file, a data frame, or what is alike."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, Unknown
from headstart.core.schema import ColumnKind

from .arrays import class_names, group_numbers
from .dataset import Dataset
from .h5ad import annotation, items_in, table_in
from .naming import grouped, numbered, sides
from .samples import Rows
from .schemas import silent_columns
from .tables import Table, columns_of, from_columns, kinds_of


def are_tables(values: Any) -> bool:
    """Whether `values` is a data frame, a structured array, a mapping of columns, or rows as mappings."""
    if isinstance(values, Mapping) or (hasattr(values, "columns") and hasattr(values, "dtypes")):
        return True
    if isinstance(values, list):
        return bool(values) and isinstance(values[0], Mapping)
    return isinstance(values, np.ndarray) and bool(values.dtype.names)


def from_table(
    table: Table,
    names: Sequence[str],
    name: str,
    *,
    items: Sequence[str] = (),
    groups: Rows | None = None,
    split: tuple[str, ...] | None = None,
) -> Dataset:
    """The rows of a table with the names of their classes.

    Raises:
        BadData: fewer than two classes, a row without one, or no column that says anything.
    """
    if len(names) != len(table):
        raise BadInput(f"{name} has {len(table)} rows and there are {len(names)} labels.")
    for row, label in enumerate(names):
        if not label:
            raise BadData(f"{name}: row {row + table.first} has no label. Leave it out, or give it one.")
    silent = silent_columns(table)
    if len(silent) == len(table.names):
        said = "; ".join(f"{column!r}: {why}" for column, why in list(silent.items())[:3])
        raise BadData(
            f"{name} has no column that says anything ({said}). For pictures or texts say where they are: "
            "path_column=... or text_column=..."
        )
    classes, labels = numbered(names, name)
    said_items = tuple(items) or tuple(f"row {row + table.first}" for row in range(len(table)))
    return Dataset(name, classes, labels, said_items, table, groups, split)


def from_cells(
    cells: Mapping[str, list[str]],
    names: Sequence[str],
    passed: Sequence[str | None],
    name: str,
    *,
    categorical: Sequence[str] = (),
    groups: Rows | None = None,
    split: tuple[str, ...] | None = None,
) -> Dataset:
    """The columns of a file, but for the label and others that are no input, such as one without a name.

    Raises:
        BadData: see `from_columns` and `from_table`.
        Unknown: no column has a name out of `categorical`.
    """
    kinds = named_kinds(cells, categorical)
    table = from_columns(cells, name, passed=(*passed, ""), kinds=kinds, first=1)
    return from_table(table, names, name, groups=groups, split=split)


def from_h5ad(file: Path, label: str, group: str | None, split: str | None, name: str) -> Dataset:
    """The cells of an .h5ad file with what a column of its `obs` says of them.

    Raises:
        BadData: it can't be read, there is no such column, or a cell without a label.
        MissingPackage: h5py is not there.
    """
    names = annotation(file, label)
    groups = None if group is None else grouped(annotation(file, group))
    parts = None if split is None else sides(annotation(file, split), str(file))
    table = table_in(file, name, (label, group, split))
    return from_table(table, names, name, items=items_in(file), groups=groups, split=parts)


def from_frame(
    source: Any, labels: Any, groups: Any, label_column: str, categorical: Sequence[str], name: str
) -> Dataset:
    """A data frame or what is alike, with the labels in a column of it or apart.

    Raises:
        BadInput: labels are missing, or lengths differ.
        BadData: see `from_columns` and `from_table`.
        Unknown: no column has a name out of `categorical`.
    """
    columns = columns_of(source)
    assert columns is not None
    passed = () if labels is not None else (label_column,)
    if labels is None and label_column not in columns:
        raise BadInput(
            f"The table has no column {label_column!r}. Its columns: {', '.join(map(repr, columns))}. Say "
            "which one holds the labels with label_column=..., or give labels=..."
        )
    names = class_names(_filled(columns[label_column]) if labels is None else labels)
    kinds = kinds_of(source) | named_kinds(columns, categorical)
    table = from_columns(columns, name, passed=passed, kinds=kinds)
    return from_table(table, names, name, groups=group_numbers(groups, len(table)))


def named_kinds(columns: Mapping[str, Any], categorical: Sequence[str]) -> dict[str, ColumnKind]:
    """The columns that the user says hold names.

    Raises:
        Unknown: no column has a name out of `categorical`.
    """
    for column in categorical:
        if column not in columns:
            raise Unknown("column", column, columns)
    return dict.fromkeys(categorical, "categorical")


def _filled(labels: Any) -> Any:
    """Labels as a list in which a missing one is ""."""
    return ["" if one is None or one != one else one for one in np.asarray(labels).tolist()]
