"""Tasks from several data sets, one data set a task."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, final

import torch

from headstart.core import BadInput, Episodes, Labelled
from headstart.core.label_kind import LabelKind
from headstart.face import spell
from headstart.tasks.examples import Examples, examples_of
from headstart.tasks.family import TaskFamily, range_of
from headstart.tasks.groups import GroupTasks
from headstart.tasks.joined import joined

WAY = "Take fewer of them, or leave it out."


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Several(TaskFamily):
    """Each task is of one of several data sets, each as likely: some of its classes, or its numbers.

    Attributes:
        data: a list of what `hs.data.load` takes or of `Examples`, which they become; their own groups are
            not read.
        ways: classes of a task, >= 2, or the least and the most, which are drawn anew in each step; not read
            where answers are numbers.
        size: of pictures, as `examples_of` takes it.
        pad: whether rows of fewer columns get zeros for those that they lack.
    """

    name: ClassVar[str] = "several"

    data: Any = field(kw_only=False)
    ways: int | tuple[int, int] = 2
    shots: int | tuple[int, int] = 5
    queries: int = 10
    size: int | None = None
    pad: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_range("ways", 2)
        if not isinstance(self.data, list | tuple) or not self.data:
            raise BadInput("Several takes a list of one or more data sets.")
        object.__setattr__(self, "data", tuple(examples_of(one, self.size) for one in self.data))
        self._check_each()
        _ = self.groups  # refuses inputs of different shapes

    def _check_each(self) -> None:
        """Raise `BadInput` for a data set of another kind, or with too few rows for a task."""
        needed, ways = range_of(self.shots)[1] + self.queries, range_of(self.ways)[1]
        first = self.data[0]
        for one in self.data:
            if _answers(one) != _answers(first):
                raise BadInput(
                    f"The labels of {first.name} are {_answers(first)} and those of {one.name} "
                    f"{_answers(one)}: a learner gives answers of one kind."
                )
            if one.kind == "numbers" and len(one) < needed:
                raise BadInput(
                    f"{one.name} has {len(one)} rows of the {needed} that {self._asked} need. {WAY}"
                )
            if one.kind == "classes" and (large := int((torch.bincount(one.y) >= needed).sum())) < ways:
                raise BadInput(
                    f"{one.name} has {large} of the {ways} classes of {needed} rows that "
                    f"{spell('ways', ways)}, {self._asked} need. {WAY}"
                )

    @property
    def _asked(self) -> str:
        """The rows that are asked for, in words."""
        return f"{spell('shots', range_of(self.shots)[1])} and {spell('queries', self.queries)}"

    @cached_property
    def groups(self) -> GroupTasks:
        """The rows of all, where each data set is a group."""
        return GroupTasks(
            joined(self.data, self.pad),
            ways=self.ways,
            shots=self.shots,
            queries=self.queries,
            tasks=self.tasks,
            seed=self.seed,
        )

    @property
    def kind(self) -> LabelKind:
        """That of the labels."""
        return self.groups.kind

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the rows."""
        return self.groups.shape

    @property
    def outputs(self) -> int:
        """The largest number of ways, or the numbers in a label."""
        return self.groups.outputs

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x (tasks, rows, *shape), y (tasks, rows) or (tasks, rows, outputs)."""
        return self.groups.draw(step)

    @property
    def pooled_outputs(self) -> int:
        """The classes of all data sets, each its own, or the numbers in a label."""
        return self.groups.pooled_outputs

    def draw_pooled(self, step: int) -> Labelled:
        """As many rows of any data set as the tasks of a step have: x (n, *shape), y."""
        return self.groups.draw_pooled(step)


def _answers(data: Examples) -> str:
    """The kind of labels, in words; classes may differ in number."""
    return "classes" if data.kind == "classes" else f"rows of {len(data.classes)} numbers"
