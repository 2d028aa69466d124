"""Few-shot tasks of labelled rows: classes drawn and numbered anew in each task."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, final

from headstart.core import BadInput, Episodes, Labelled, derive_seed
from headstart.core.label_kind import LabelKind
from headstart.face import spell
from headstart.tasks.cells import Cells, cells_of
from headstart.tasks.drawing import episodes_of, pooled_rows
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
        apart: where the data have groups, a task takes at most one row of a group from each class, so that no
            class is recognised by its group; False: groups are not read.
    """

    name: ClassVar[str] = "few-shot"
    kind: ClassVar[LabelKind] = "classes"

    data: Any = field(kw_only=False)
    ways: int | tuple[int, int] = 5
    shots: int | tuple[int, int] = 1
    queries: int = 15
    size: int | None = None
    apart: bool = True

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
        if int(self.cells.units_of.min()) < shots + self.queries:
            raise BadInput(self._too_few(shots + self.queries))

    def _too_few(self, needed: int) -> str:
        """Which class has too few rows, and the way out."""
        data, units = self.examples, self.cells.units_of
        few, others = int(units.argmin()), int((units < needed).sum()) - 1
        together = int((data.y == few).sum()) > units[few]  # several rows of a group
        what, way = "rows", f"leave such classes out: {spell('least', needed)} of split_classes"
        if together:
            what, way = "groups of rows", f"let a task take several rows of a group: {spell('apart', False)}"
        more = f" Other classes with too few: {others}." if others else ""
        asked = f"{spell('shots', range_of(self.shots)[1])} and {spell('queries', self.queries)}"
        return (
            f"The class {data.classes[few]!r} of {data.name} has {units[few]} of the {needed} {what} "
            f"that a task takes: {asked}.{more} Take fewer of them, or {way}."
        )

    @property
    def examples(self) -> Examples:
        """The rows, as tensors."""
        assert isinstance(self.data, Examples)
        return self.data

    @cached_property
    def cells(self) -> Cells:
        """The classes."""
        return cells_of(self.examples.y, unit=self.examples.groups if self.apart else None)

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
        counts = self.shots_at(step), self.queries
        ways = self.drawn("ways", step)
        return episodes_of(self.examples, self.cells, self.seeds_at(step), ways, counts)

    @property
    def pooled_outputs(self) -> int:
        """All classes."""
        return len(self.examples.classes)

    def draw_pooled(self, step: int) -> Labelled:
        """As many rows of any class as the tasks of a step have: x (n, *shape), y with all classes."""
        count = self.tasks * self.drawn("ways", step) * (self.shots_at(step) + self.queries)
        return pooled_rows(self.examples, derive_seed(self.seed, "pooled", step), count)
