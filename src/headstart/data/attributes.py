"""Nuisance attributes that may correlate with the class: background, colour, hospital."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, Unknown
from headstart.face import spell

from .columns import cell_texts, column_array, whole_names
from .dataset import Dataset
from .naming import natural
from .plain_arrays import as_array
from .samples import Rows

MOST = 50  # values of a nuisance attribute


@dataclass(frozen=True)
class Crossing:
    """The groups of class by nuisance attribute value.

    Attributes:
        numbers: (n,) int64, the group of each row: class * values + value, or the class alone.
        names: of all groups, also of those without rows.
        by_attribute: whether there is a nuisance attribute; else the groups are the classes.
    """

    numbers: Rows
    names: tuple[str, ...]
    by_attribute: bool

    def rows(self) -> tuple[int, ...]:
        """Number of rows of each group."""
        return tuple(np.bincount(self.numbers, minlength=len(self.names)).tolist())


def class_by_attribute_groups(data: Dataset) -> Crossing:
    """Group the rows of a dataset by class and attribute.

    Raises:
        BadInput: its labels are not classes.
    """
    if data.label_kind != "classes":
        raise BadInput(f"{data.name} has {data.label_kind}; groups of class and attribute need classes.")
    if data.attributes is None:
        return Crossing(data.labels, data.classes, False)
    names = tuple(f"{one}, {value}" for one in data.classes for value in data.attribute_names)
    return Crossing(data.labels * len(data.attribute_names) + data.attributes, names, True)


def association(data: Dataset) -> float:
    """Association of attribute and class: Cramer's V, 0 (independent) to 1.

    Raises:
        BadInput: there are no attributes.
    """
    if data.attributes is None:
        raise BadInput(f"{data.name} has no attributes. Name them with {spell('attribute_column')}.")
    table = np.zeros((len(data.classes), len(data.attribute_names)))
    np.add.at(table, (data.labels, data.attributes), 1.0)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    least = min(table.shape) - 1
    if least < 1:
        return 0.0
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / table.sum() / least))


def attributed(data: Dataset, values: Any, first: int = 0) -> Dataset:
    """Copy of the dataset with a nuisance attribute (n,) of names or numbers; unchanged if None.

    Args:
        data: the dataset.
        values: for each row.
        first: the number of the first row in messages.

    Raises:
        BadInput: there are more or fewer values than rows.
        BadData: a row has none, or there are too many distinct values.
    """
    if values is None:
        return data
    given = column_array(values) if isinstance(values, list | tuple) else as_array(values, "attribute")
    if given.shape != (len(data),):
        raise BadInput(
            f"{data.name}: {len(data)} rows, attributes of shape {given.shape}; give one for each."
        )
    said = whole_names(cell_texts(given, f"{data.name}: attribute"))
    if "" in said:
        raise BadData(
            f"{data.name}: row {said.index('') + first} has no attribute. Name it, such as 'unknown'."
        )
    names = tuple(sorted(set(said), key=natural))
    if len(names) > MOST:
        raise BadData(
            f"{data.name}: the attribute has {len(names)} values in {len(said)} rows, such as {names[0]!r} "
            f"and {names[1]!r}; at most {MOST} can be compared. Join them to a few, such as 'low' and 'high'."
        )
    place = {name: number for number, name in enumerate(names)}
    numbers = np.array([place[name] for name in said], dtype=np.int64)
    return replace(data, attributes=numbers, attribute_names=names)


def attribute_cells(columns: Mapping[str, Any], column: str | None) -> Any:
    """A column by its name; None if no name is given.

    Raises:
        Unknown: there is no such column; near ones are named.
    """
    if column is None:
        return None
    if column not in columns:
        raise Unknown("column of attributes", column, columns)
    return columns[column]
