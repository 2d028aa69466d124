"""Tables as numbers: quantiles of numbers as normal ones, names one-hot, a number for what is missing."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadData, BadInput
from headstart.core.schema import ColumnKind
from headstart.data.dataset import Dataset
from headstart.data.tables import Table
from headstart.data.times import written
from headstart.face import spell

from .columns import ColumnCode, Floats, code_of
from .space import Decoded, Space

FILE = "samples.csv"
DAY = 86400.0  # seconds


@dataclass(frozen=True, eq=False)
class TableSpace(Space):
    """Rows of a table, in the form of the training rows.

    Attributes:
        columns: how each becomes numbers.
        label: name of the column of the label.
        notes: see `Space`.
    """

    kind: ClassVar[str] = "tables"

    columns: tuple[ColumnCode, ...]
    label: str = "label"
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int]:
        """Numbers of all columns in a line."""
        return (sum(column.width for column in self.columns),)

    @classmethod
    def of(cls, data: Dataset, size: int | None) -> "TableSpace":
        """Quantiles and names of each column; columns that number the rows are left out.

        Raises:
            BadInput: a column holds texts, or too many names; or it holds raw counts.
        """
        table = _table(data)
        if table.counts:
            raise BadInput(
                f"{table.name} holds raw counts, which no generative model here draws. Give them normalised, "
                "as an array of numbers."
            )
        columns = []
        for place, (name, kind) in enumerate(zip(table.names, table.kinds, strict=True)):
            if kind == "text":
                raise BadInput(
                    f"{table.name}: the column {name!r} holds texts, which no generative model here "
                    "draws. Give the table without it."
                )
            if name not in table.ids:
                columns.append(
                    code_of(name, kind, table.values[:, place], table.words.get(name, ()), table.name)
                )
        notes = [f"The column {name!r} is not drawn: {why}." for name, why in table.ids.items()]
        passed = [name for name in table.passed if name]
        return cls(tuple(columns), passed[0] if len(passed) == 1 else "label", tuple(notes))

    def encode(self, data: Dataset) -> Tensor:
        """Float32 (n, numbers).

        Raises:
            BadData: it lacks a column.
        """
        return _joined([column.encode(*cells) for column, cells in self._cells(data)])

    def ask(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """The same with no cell missing, and which numbers are known, bool (n, numbers); others may be any.

        Raises:
            BadData: it lacks a column.
        """
        found, known = zip(*(column.ask(*cells) for column, cells in self._cells(data)), strict=True)
        return _joined(found), torch.from_numpy(np.concatenate(known, 1))

    def _cells(self, data: Dataset) -> Iterator[tuple[ColumnCode, tuple[Floats, tuple[str, ...]]]]:
        """Each column, its values (n,) and names in data."""
        table = _table(data)
        for column in self.columns:
            if column.name not in table.names:
                raise BadData(f"{table.name} has no column {column.name!r}, which the generator learned.")
            values = table.values[:, table.names.index(column.name)]
            yield column, (np.asarray(values, np.float64), tuple(table.words.get(column.name, ())))

    def decode(self, x: Tensor, fill: bool = False) -> Decoded:
        """Rows of a table; with `fill` no cell is missing."""
        values, clipped, start = [], torch.zeros(len(x), dtype=torch.bool), 0
        for column in self.columns:
            mine, outside = column.decode(x[:, start : start + column.width].double().numpy(), fill)
            start += column.width
            values.append(mine)
            clipped |= torch.from_numpy(outside)
        names = tuple(column.name for column in self.columns)
        kinds: tuple[ColumnKind, ...] = tuple(column.kind for column in self.columns)
        words = {column.name: column.words for column in self.columns if column.words}
        table = Table("samples", names, kinds, np.stack(values, 1), words, (self.label,), first=1)
        return Decoded(table, clipped)

    def write(self, data: Dataset, folder: Path) -> str:
        """A CSV file with the same columns and the label."""
        folder.mkdir(parents=True, exist_ok=True)
        table = _table(data)
        with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow([*table.names, self.label])
            kinds = dict(zip(table.names, table.kinds, strict=True))
            for row in range(len(table)):
                cells = [cell_text(value, kinds[name]) for name, value in table.row(row).items()]
                lines.writerow([*cells, data.said(row)])
        return FILE

    @property
    def settings(self) -> dict[str, Any]:
        """The columns and the name of the label."""
        return {"columns": [asdict(column) for column in self.columns], "label": self.label}

    @classmethod
    def from_settings(cls, values: Mapping[str, Any]) -> Self:
        """The inverse."""
        columns = tuple(ColumnCode.from_values(one) for one in values["columns"])
        return cls(columns, str(values["label"]))


def cell_text(value: float | str | None, kind: str) -> str:
    """A cell as a text of a CSV file; "" of a missing one.

    >>> cell_text(None, "numeric"), cell_text(3.0, "numeric"), cell_text(0.25, "numeric")
    ('', '3', '0.25')
    >>> cell_text(1.5, "duration")
    '1 days 12:00:00'
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if kind == "duration":
        days, seconds = divmod(round(value * DAY), int(DAY))
        return f"{days} days {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if kind == "date":
        return written(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _joined(numbers: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.concatenate(numbers, 1)).float()


def _table(data: Dataset) -> Table:
    if data.table is None:
        raise BadInput(f"{data.name} holds {data.modality.description}, no table: {spell('data', 'TABLE')}.")
    return data.table
