"""What a distribution of tasks is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from headstart.core import BadInput, Episodes, Labelled, derive_seed
from headstart.core.draws import uniforms
from headstart.core.label_kind import LabelKind


@dataclass(frozen=True, kw_only=True)
class TaskFamily(ABC):
    """A distribution of tasks, each with rows to learn from and rows to predict.

    All that is drawn is a function of the seed and the step: the same family with the same seed gives every
    learner the same tasks, and a resumed training goes on with the tasks that an uninterrupted one sees.

    Attributes:
        shots: rows to learn from: of each class, or in all where answers are numbers; >= 1, or the least
            and the most, which are drawn anew in each step.
        queries: rows to predict, counted likewise, >= 1.
        tasks: drawn in one step, >= 1.
        seed: of all that is drawn.
    """

    name: ClassVar[str]
    kind: ClassVar[LabelKind]  # of the answers: "classes" or "numbers"

    shots: int | tuple[int, int] = 10
    queries: int = 10
    tasks: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        self.check("shots", _range(self.shots)[0] >= 1, "a whole number >= 1, or the least and the most")
        least, most = _range(self.shots)
        self.check("shots", least <= most, "the least and the most, in this order")
        self.check("queries", self.queries >= 1, "a whole number >= 1")
        self.check("tasks", self.tasks >= 1, "a whole number >= 1")

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of one input."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """The largest number of classes of a task, or the numbers in an answer."""

    @abstractmethod
    def draw(self, step: int) -> Episodes:
        """The tasks of a step.

        Returns:
            Support x (tasks, s, *shape) and y, queries x (tasks, q, *shape) and y. y is int64 (tasks, s),
            classes numbered anew in each task; or float32 (tasks, s, outputs). Rows are in random order.
        """

    @property
    def pooled_outputs(self) -> int:
        """The classes of all tasks together, for learners that learn them as one problem; 0: there are none.

        Where answers are numbers, those of one answer.
        """
        return self.outputs if self.kind == "numbers" else 0

    def draw_pooled(self, step: int) -> Labelled:
        """Rows of many tasks as one problem: x (n, *shape), y with `pooled_outputs` classes or numbers.

        Raises:
            BadInput: the tasks share no classes.
        """
        if self.kind == "classes":
            raise BadInput(
                f"Tasks of {self.name} share no classes, so they are no single problem to learn first."
            )
        drawn = self.draw(step)
        both = [(some.x.flatten(0, 1), some.y.flatten(0, 1)) for some in (drawn.support, drawn.query)]
        return Labelled(*(torch.cat(some) for some in zip(*both, strict=True)))

    def check(self, setting: str, fine: bool, allowed: str) -> None:
        """Raise `BadInput` with the setting, its value and what is allowed, unless `fine`."""
        if not fine:
            raise BadInput(f"{self.name}: {setting} is {getattr(self, setting)!r}; it must be {allowed}.")

    def shots_at(self, step: int) -> int:
        """How many shots the tasks of a step have."""
        least, most = _range(self.shots)
        draw = uniforms(torch.tensor([derive_seed(self.seed, "shots", step)]), 1).item()
        return least + int(draw * (most - least + 1))

    def seeds_at(self, step: int) -> Tensor:
        """Seeds (tasks,) of the tasks of a step."""
        return torch.tensor([derive_seed(self.seed, "task", step, task) for task in range(self.tasks)])


def _range(shots: int | tuple[int, int]) -> tuple[int, int]:
    return (shots, shots) if isinstance(shots, int) else shots
