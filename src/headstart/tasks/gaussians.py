"""Classes that are normal distributions, whose means are drawn for each task."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch

from headstart.core import Episodes, Labelled
from headstart.core.draws import normals, orders, reseeded
from headstart.core.label_kind import LabelKind
from headstart.tasks.family import TaskFamily


@final
@dataclass(frozen=True, kw_only=True)
class GaussianClasses(TaskFamily):
    """Classification: each class of a task has a mean from N(0, spread^2 I), its rows are from N(mean, I).

    The best rule is known: log p(class | x) is linear in x given the support, by Bayes' theorem.

    Attributes:
        ways: classes of a task, >= 2.
        columns: numbers of an input, >= 1.
        spread: standard deviation of the means, > 0.
    """

    name: ClassVar[str] = "gaussian-classes"
    kind: ClassVar[LabelKind] = "classes"

    ways: int = 5
    columns: int = 2
    spread: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("ways", self.ways >= 2, "a whole number >= 2")
        self.check("columns", self.columns >= 1, "a whole number >= 1")
        self.check("spread", self.spread > 0, "> 0")

    @property
    def shape(self) -> tuple[int, ...]:
        """So many numbers."""
        return (self.columns,)

    @property
    def outputs(self) -> int:
        """The classes."""
        return self.ways

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x (tasks, rows, columns), y (tasks, rows)."""
        seed, shots = self.seeds_at(step), self.shots_at(step)
        means = self.spread * normals(reseeded(seed, 0), self.ways * self.columns)
        means = means.view(self.tasks, self.ways, self.columns)
        made = []
        for part, each in enumerate((shots, self.queries)):
            order = orders(reseeded(seed, 1 + 2 * part), self.ways * each)
            y = torch.arange(self.ways).repeat_interleave(each)[order]
            noise = normals(reseeded(seed, 2 + 2 * part), self.ways * each * self.columns)
            centres = means.gather(1, y[..., None].expand(-1, -1, self.columns))
            made.append(Labelled(centres + noise.view_as(centres), y))
        return Episodes(*made)
