"""The columns of a table, each of which may be what is predicted from the others."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from headstart.core import BadInput
from headstart.core.schema import Schema
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.schemas import encoded, schema_of
from headstart.nn.columns import Encode


@final
@dataclass(frozen=True, eq=False)
class TableColumns:
    """The n rows of a table as features, and its columns as answers; the labels are columns like the others.

    Attributes:
        name: of the table.
        names: of the columns.
        features: float32 (n, width): standardised numbers, a column for each category, and where cells are
            missing.
        of_feature: int64 (width,), the column that a feature is from, a position in `names`.
        numbers: float32 (n, columns), standardised, of the columns of numbers; NaN elsewhere.
        codes: int64 (n, columns), the category, of the columns of categories; -1 elsewhere.
    """

    name: str
    names: tuple[str, ...]
    features: Tensor
    of_feature: Tensor
    numbers: Tensor
    codes: Tensor

    def others(self, columns: Tensor) -> Tensor:
        """1 for the features of all other columns than `columns` (t,), 0 for theirs: (t, width)."""
        return (self.of_feature != columns[:, None]).float()


def table_columns(data: Any) -> TableColumns:
    """The columns of a table.

    Args:
        data: anything that `hs.data.load` takes that is a table, or what this gives.

    Raises:
        BadInput: it is no table, or its labels are tags.
        BadData: as `hs.data.load`.
    """
    if isinstance(data, TableColumns):
        return data
    data = data if isinstance(data, Dataset) else load(data)
    if data.table is None or data.label_kind == "tags":
        what = "its labels are tags" if data.table is not None else f"it is made of {data.kind}"
        raise BadInput(f"{data.name} can't be cut into tasks by its columns: {what}. Give a table.")
    schema = schema_of(data.table)
    cells = torch.from_numpy(encoded(data.table, schema).values)
    encode = Encode(schema)
    features, of_feature = [encode(cells)], _origin(schema, encode)
    names, numbers, codes = list(schema.names), *_answers(schema, cells)
    for name, own, number, code in _labels(data):
        features.append(own)
        of_feature = torch.cat([of_feature, torch.full((own.shape[1],), len(names))])
        names.append(name)
        numbers, codes = torch.cat([numbers, number], 1), torch.cat([codes, code], 1)
    return TableColumns(data.name, tuple(names), torch.cat(features, 1), of_feature, numbers, codes)


def _origin(schema: Schema, encode: Encode) -> Tensor:
    """The column of each feature (width,)."""
    places = torch.tensor([schema.names.index(column.name) for column in schema.columns])
    return torch.cat([places[encode.numbers][encode.shown], places[encode.slots], places[encode.gaps]])


def _answers(schema: Schema, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Standardised numbers and codes (n, columns) of the columns that can be answers."""
    numbers = torch.full((len(cells), len(schema.names)), torch.nan)
    codes = torch.full(numbers.shape, -1)
    parts = Counter(column.name for column in schema.columns)
    for column, values in zip(schema.columns, cells.unbind(1), strict=True):
        place = schema.names.index(column.name)
        if parts[column.name] > 1:  # as of dates
            continue
        if column.named:
            codes[:, place] = values.nan_to_num(-1).long()
        elif column.deviation > 0 and not schema.counts:
            numbers[:, place] = (values - column.mean) / column.deviation
    return numbers, codes


def _labels(data: Dataset) -> list[tuple[str, Tensor, Tensor, Tensor]]:
    """Of the labels as columns: name, features, numbers (n, 1) and codes (n, 1)."""
    labels = torch.as_tensor(data.labels)
    if data.label_kind == "classes":
        code = labels[:, None]
        return [
            ("label", one_hot(labels, len(data.classes)).float(), torch.full(code.shape, torch.nan), code)
        ]
    standard = ((labels - labels.mean(0)) / labels.std(0, correction=0).clamp_min(1e-12)).float()
    none = torch.full((len(labels), 1), -1)
    return [(name, standard[:, [k]], standard[:, [k]], none) for k, name in enumerate(data.classes)]
