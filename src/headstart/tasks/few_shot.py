"""Few-shot tasks of labelled rows: classes drawn and numbered anew in each task."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from headstart.core import BadInput, Episodes, Labelled, derive_seed
from headstart.core.draws import distinct, orders, reseeded, uniforms
from headstart.core.label_kind import LabelKind
from headstart.face import spell
from headstart.tasks.examples import Examples, examples_of
from headstart.tasks.family import TaskFamily, range_of


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class FewShot(TaskFamily):
    """Classification of a few classes of labelled data, drawn anew for each task.

    The classes of a task are numbered in random order, so that the number of a class tells nothing of it, and
    no row is in both the support and the queries of a task.

    Attributes:
        data: anything that `hs.data.load` takes, or `Examples`, which it becomes.
        ways: classes of a task, >= 2, or the least and the most, which are drawn anew in each step.
        size: of pictures, as `examples_of` takes it.
    """

    name: ClassVar[str] = "few-shot"
    kind: ClassVar[LabelKind] = "classes"

    data: Any = field(kw_only=False)
    ways: int | tuple[int, int] = 5
    shots: int | tuple[int, int] = 1
    queries: int = 15
    size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_range("ways", 2)
        object.__setattr__(self, "data", examples_of(self.data, self.size))
        self._check_classes()

    def _check_classes(self) -> None:
        """Raise `BadInput` if there are too few classes, or a class has too few rows."""
        data, ways, shots = self.examples, range_of(self.ways)[1], range_of(self.shots)[1]
        if data.kind != "classes":
            raise BadInput(
                f"The labels of {data.name} are numbers, and few-shot tasks are of classes. GroupTasks makes "
                "a task of each group of such rows."
            )
        if ways > len(data.classes):
            raise BadInput(
                f"{data.name}: {spell('ways', ways)} needs so many classes, and there are "
                f"{len(data.classes)}. Take fewer ways, or leave this part of the split more classes."
            )
        few, needed = int(data.counts.argmin()), shots + self.queries
        if (there := int(data.counts[few])) < needed:
            others = int((data.counts < needed).sum()) - 1
            more = f" So have {others} more classes." if others else ""
            raise BadInput(
                f"The class {data.classes[few]!r} of {data.name} has {there} rows, and a task takes {needed} "
                f"of a class: {spell('shots', shots)} and {spell('queries', self.queries)}.{more} Take "
                f"fewer of them, or leave such classes out: {spell('least', needed)} of split_classes."
            )

    @property
    def examples(self) -> Examples:
        """The rows, as tensors."""
        assert isinstance(self.data, Examples)
        return self.data

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the rows."""
        return self.examples.shape

    @property
    def outputs(self) -> int:
        """The largest number of ways."""
        return range_of(self.ways)[1]

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x (tasks, rows, *shape), y (tasks, rows)."""
        data, seed = self.examples, self.seeds_at(step)
        ways, shots = self.drawn("ways", step), self.shots_at(step)
        every = torch.full((self.tasks,), len(data.classes))
        classes = distinct(reseeded(seed, 0), every, ways)
        return draw_rows(data, seed, classes, shots, self.queries)

    @property
    def pooled_outputs(self) -> int:
        """All classes."""
        return len(self.examples.classes)

    def draw_pooled(self, step: int) -> Labelled:
        """As many rows of any class as the tasks of a step have: x (n, *shape), y with all classes."""
        data, seed = self.examples, derive_seed(self.seed, "pooled", step)
        count = self.tasks * self.drawn("ways", step) * (self.shots_at(step) + self.queries)
        rows = (uniforms(torch.tensor([seed]), count)[0] * len(data)).long()
        return Labelled(data.inputs(rows), data.y[rows])


def draw_rows(data: Examples, seed: Tensor, classes: Tensor, shots: int, queries: int) -> Episodes:
    """Tasks with rows of given classes, which are numbered by their places, in random order.

    Args:
        data: the rows.
        seed: int64 (tasks,).
        classes: int64 (tasks, ways), different ones in each task.
        shots: rows of each class in the support.
        queries: rows of each class among the queries.
    """
    ways, each = classes.shape[1], shots + queries
    first = data.counts.cumsum(0) - data.counts
    of_class = torch.stack([reseeded(seed, 3 + way) for way in range(ways)], 1)
    place = distinct(of_class.flatten(), data.counts[classes].flatten(), each).view(-1, ways, each)
    rows = data.by_class[first[classes][..., None] + place]  # (tasks, ways, each)
    numbers = torch.arange(ways)[:, None].expand_as(rows)
    made = []
    for part, some in enumerate((slice(0, shots), slice(shots, None))):
        mine, y = rows[..., some].flatten(1), numbers[..., some].flatten(1)
        order = orders(reseeded(seed, 1 + part), mine.shape[1])
        made.append(Labelled(data.inputs(mine.gather(1, order)), y.gather(1, order)))
    return Episodes(*made)
