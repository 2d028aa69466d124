"""Tasks of a table: predict one of its columns from the others, another one in each task."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, final

import torch
from torch import Tensor

from headstart.core import BadInput, Episodes, Labelled, Unknown
from headstart.core.label_kind import LabelKind
from headstart.face import spell
from headstart.tasks.cells import Cells, large_cells
from headstart.tasks.drawing import class_rows, number_rows
from headstart.tasks.family import TaskFamily, range_of
from headstart.tasks.table_columns import TableColumns, table_columns


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ColumnTasks(TaskFamily):
    """Each task predicts one column of a table from the others; its own features are zeros then.

    Columns of numbers are predicted standardised. Of a column of categories some are drawn for each task and
    numbered anew. Rows without the cell in question are left out.

    Attributes:
        data: a table as `hs.data.load` takes it, or `TableColumns`, which it becomes.
        answers: "numbers" or "classes": which columns are predicted.
        columns: names of those that are; (): all of that kind. Keep some for tasks to test with.
        ways: classes of a task, >= 2, or the least and the most, which are drawn anew in each step; not read
            where answers are numbers.
    """

    name: ClassVar[str] = "columns"

    data: Any = field(kw_only=False)
    answers: Literal["numbers", "classes"] = "numbers"
    columns: tuple[str, ...] = ()
    ways: int | tuple[int, int] = 2
    shots: int | tuple[int, int] = 10
    queries: int = 15

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_range("ways", 2)
        self.check("answers", self.answers in ("numbers", "classes"), "'numbers' or 'classes'")
        object.__setattr__(self, "data", table_columns(self.data))
        named: Any = self.columns
        object.__setattr__(self, "columns", (named,) if isinstance(named, str) else tuple(named))
        for name in self.columns:
            if name not in self.table.names:
                raise Unknown("column", name, self.table.names)
        if not len(self.cells.sources):
            raise BadInput(self._too_few())

    def _too_few(self) -> str:
        shots, ways = range_of(self.shots)[1], range_of(self.ways)[1]
        rows = f"{shots + self.queries} rows"
        needed = f"numbers in {rows}" if self.kind == "numbers" else f"{ways} categories of {rows} each"
        asked = f"{spell('shots', shots)} and {spell('queries', self.queries)}"
        return (
            f"No column of {self.table.name} has {needed}, which {asked} need. Take fewer, or other columns."
        )

    @property
    def table(self) -> TableColumns:
        """The columns."""
        assert isinstance(self.data, TableColumns)
        return self.data

    @property
    def kind(self) -> LabelKind:
        """That of the answers."""
        return self.answers

    @cached_property
    def cells(self) -> Cells:
        """The categories of each column, or its rows; a cell has the number row * columns + column."""
        table, needed = self.table, range_of(self.shots)[1] + self.queries
        asked = [not self.columns or name in self.columns for name in table.names]
        there = (table.codes >= 0 if self.kind == "classes" else ~table.numbers.isnan()) & torch.tensor(asked)
        entries = there.flatten().nonzero()[:, 0]
        column = entries % len(table.names)
        if self.kind == "classes":
            found = large_cells(table.codes.flatten()[entries], column, needed, range_of(self.ways)[1])
        else:
            found = large_cells(torch.zeros_like(column), column, needed, 1)
        return found.renumbered(entries)

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the features."""
        return tuple(self.table.features.shape[1:])

    @property
    def outputs(self) -> int:
        """The largest number of ways, or one number."""
        return range_of(self.ways)[1] if self.kind == "classes" else 1

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x (tasks, rows, width), y (tasks, rows) or (tasks, rows, 1)."""
        seed, counts = self.seeds_at(step), (self.shots_at(step), self.queries)
        sources = self.cells.drawn_sources(seed)
        others = self.table.others(self.cells.sources[sources])[:, None]
        if self.kind == "numbers":
            entries = number_rows(self.cells, seed, sources, counts)
            answers = self.table.numbers.flatten()
            return Episodes(
                *(Labelled(self._inputs(some) * others, answers[some][..., None]) for some in entries)
            )
        parts = class_rows(self.cells, seed, sources, self.drawn("ways", step), counts)
        return Episodes(*(Labelled(self._inputs(part.x) * others, part.y) for part in parts))

    def _inputs(self, entries: Tensor) -> Tensor:
        return self.table.features[entries // len(self.table.names)]
