"""What families of functions of one number share: points of a function become episodes."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from headstart.core import Episodes, Labelled
from headstart.core.label_kind import LabelKind
from headstart.tasks.family import TaskFamily


@dataclass(frozen=True, kw_only=True)
class CurveFamily(TaskFamily):
    """Regression tasks, each a function from one number to one number; subclasses give its points."""

    kind: ClassVar[LabelKind] = "numbers"

    @property
    def shape(self) -> tuple[int, ...]:
        """One number."""
        return (1,)

    @property
    def outputs(self) -> int:
        """One number."""
        return 1

    @abstractmethod
    def points(self, seed: Tensor, rows: int) -> tuple[Tensor, Tensor]:
        """Points x and y (tasks, rows) of the functions of seeds int64 (tasks,)."""

    def draw(self, step: int) -> Episodes:
        """The tasks of a step: x and y (tasks, rows, 1)."""
        shots = self.shots_at(step)
        x, y = (each[..., None] for each in self.points(self.seeds_at(step), shots + self.queries))
        return Episodes(Labelled(x[:, :shots], y[:, :shots]), Labelled(x[:, shots:], y[:, shots:]))
