"""Tasks that are the groups of labelled rows, such as hospitals, sensors or people."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, final

import torch

from headstart.core import BadInput, Episodes, Labelled, derive_seed
from headstart.core.label_kind import LabelKind
from headstart.face import spell
from headstart.tasks.cells import Cells, large_cells
from headstart.tasks.drawing import episodes_of, pooled_rows
from headstart.tasks.examples import Examples, examples_of
from headstart.tasks.family import TaskFamily, range_of


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class GroupTasks(TaskFamily):
    """Each task is a group of labelled rows: its numbers, or some of its classes, which are numbered anew.

    Groups with too few rows are left out. Numbers stay as they are: where they are far from 1, standardise
    them before.

    Attributes:
        data: anything that `hs.data.load` takes, with groups or else an attribute; or `Examples`, which it
            becomes.
        ways: classes of a task, >= 2, or the least and the most, which are drawn anew in each step; not read
            where answers are numbers.
        size: of pictures, as `examples_of` takes it.
    """

    name: ClassVar[str] = "groups"

    data: Any = field(kw_only=False)
    ways: int | tuple[int, int] = 2
    shots: int | tuple[int, int] = 5
    queries: int = 10
    size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_range("ways", 2)
        object.__setattr__(self, "data", examples_of(self.data, self.size))
        if self.examples.groups is None:
            raise BadInput(
                f"{self.examples.name} has no groups to make tasks of: load it with {spell('groups', ...)} "
                f"or {spell('group_column', ...)}."
            )
        if not len(self.cells.sources):
            raise BadInput(self._too_few())

    def _too_few(self) -> str:
        shots, ways = range_of(self.shots)[1], range_of(self.ways)[1]
        rows = f"{shots + self.queries} rows"
        needed = rows if self.kind == "numbers" else f"{ways} classes of {rows} each"
        asked = f"{spell('shots', shots)} and {spell('queries', self.queries)}"
        return f"No group of {self.examples.name} has {needed}, which {asked} need. Take fewer of them."

    @property
    def examples(self) -> Examples:
        """The rows, as tensors."""
        assert isinstance(self.data, Examples)
        return self.data

    @property
    def kind(self) -> LabelKind:
        """That of the labels."""
        return self.examples.kind

    @cached_property
    def cells(self) -> Cells:
        """The classes of each group, or its rows."""
        data, needed = self.examples, range_of(self.shots)[1] + self.queries
        assert data.groups is not None
        if self.kind == "numbers":
            return large_cells(torch.zeros_like(data.groups), data.groups, needed, 1)
        return large_cells(data.y, data.groups, needed, range_of(self.ways)[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the rows."""
        return self.examples.shape

    @property
    def outputs(self) -> int:
        """The largest number of ways, or the numbers in a label."""
        return range_of(self.ways)[1] if self.kind == "classes" else len(self.examples.classes)

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x (tasks, rows, *shape), y (tasks, rows) or (tasks, rows, outputs)."""
        counts, ways = (self.shots_at(step), self.queries), self.drawn("ways", step)
        return episodes_of(self.examples, self.cells, self.seeds_at(step), ways, counts)

    @property
    def pooled_outputs(self) -> int:
        """All classes, or the numbers in a label."""
        return len(self.examples.classes)

    def draw_pooled(self, step: int) -> Labelled:
        """As many rows of any group as the tasks of a step have: x (n, *shape), y."""
        each = self.drawn("ways", step) if self.kind == "classes" else 1
        count = self.tasks * each * (self.shots_at(step) + self.queries)
        return pooled_rows(self.examples, derive_seed(self.seed, "pooled", step), count)
