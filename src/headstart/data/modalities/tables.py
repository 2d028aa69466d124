"""Rows of tables with numeric and categorical columns and missing cells."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import torch

from headstart.core import Reader, Schema
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.finding import Finding
from headstart.data.label_copies import about_label_copies
from headstart.data.modality import Features, Fetch, Inputs, Modality
from headstart.data.named_tables import TABLES
from headstart.data.new_arrays import cells_of_rows
from headstart.data.records import Records, about_columns
from headstart.data.repeated_names import about_repeated_names
from headstart.data.samples import Rows
from headstart.data.similarity import columns_in_order
from headstart.data.tables import Table
from headstart.nn.columns import Encode


@final
class TableModality(Modality[Dataset]):
    """Rows of a table, encoded by a schema of the training rows."""

    kind = "tables"
    description = "tables"
    readers = (Schema,)
    backbone = "table"
    advice = "For tables, give 'table'."
    whole = True
    by_columns = True
    speed = 1e4
    baseline = ("columns", "the columns")
    more_methods = ("lightgbm", "xgboost", "catboost")
    methods = (
        "gradient-boosting",
        "extra-trees",
        "random-forest",
        "stacking",
        "in-context",
    )  # quickest of many rows first
    built_in = TABLES

    def text(self, data: Dataset, row: int) -> str:
        return _table(data).shown(row)

    def named(self, data: Dataset, row: int) -> str:
        return f"{data.items[row]} ({self.text(data, row)})"

    def findings(self, data: Dataset, glances: Sequence[None], reader: Reader | None) -> list[Finding]:
        table = _table(data)
        return [*about_columns(table), *about_label_copies(data, table), *about_repeated_names(data, table)]

    def matched(self, data: Dataset, like: Dataset) -> Dataset:
        """The columns in the order of `like`; its uninformative ones may be absent."""
        return replace(data, samples=columns_in_order(_table(data), _table(like)))

    def loader(self, data: Dataset, reader: Reader | None, augment: Augment | None) -> Records:
        return Records(_table(data), data.content, _schema(reader))

    def inputs(self, items: Any, reader: Reader | None) -> Inputs:
        found = cells_of_rows(items, _schema(reader))
        return Inputs(torch.from_numpy(found.values), found.unseen)

    def features(self, data: Dataset, rows: Rows, reader: Reader | None) -> Features[Dataset]:
        columns = Encode(_schema(reader))

        def standardised(data: Dataset, rows: Rows, fetch: Fetch) -> Any:
            return columns(fetch(rows))

        return standardised


def _table(data: Dataset) -> Table:
    assert data.table is not None
    return data.table


def _schema(reader: Reader | None) -> Schema:
    assert isinstance(reader, Schema)
    return reader
