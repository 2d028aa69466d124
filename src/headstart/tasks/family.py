"""What a distribution of tasks is."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, SupportsIndex

import torch
from torch import Tensor

from headstart.core import BadInput, Episodes, Labelled, derive_seed
from headstart.core.draws import uniforms
from headstart.core.label_kind import LabelKind
from headstart.core.setting_types import types_first


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

    shots: int | tuple[int, int] = 10
    queries: int = 10
    tasks: int = 16
    seed: int = 0

    def __init_subclass__(cls, **more: Any) -> None:
        """Let the types of settings be checked before `__post_init__` compares their values."""
        super().__init_subclass__(**more)
        cls.__post_init__ = types_first(cls)  # type: ignore[assignment,method-assign]

    def __post_init__(self) -> None:
        self.check_range("shots", 1)
        self.check_whole("queries", 1)
        self.check_whole("tasks", 1)

    @property
    @abstractmethod
    def kind(self) -> LabelKind:
        """Of the answers: "classes" or "numbers"."""

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

    def check_whole(self, setting: str, least: int) -> None:
        """Raise `BadInput` unless a setting is a whole number of at least `least`."""
        self.check(setting, _is_whole(getattr(self, setting), least), f"a whole number >= {least}")

    def check_range(self, setting: str, least: int) -> None:
        """Raise `BadInput` unless a setting is such a number, or the least and the most of it."""
        value = getattr(self, setting)
        both = value if isinstance(value, tuple) else (value, value)
        fine = len(both) == 2 and all(_is_whole(one, least) for one in both) and both[0] <= both[1]
        self.check(setting, fine, f"a whole number >= {least}, or a pair of them, (least, most)")

    def check_ends(self, *settings: str) -> None:
        """Raise `BadInput` unless settings are two numbers each, the least and the largest."""
        for setting in settings:
            ends = getattr(self, setting)
            fine = are_numbers(ends) and len(ends) == 2 and ends[0] <= ends[1]
            self.check(setting, fine, "a pair of numbers, (least, largest)")

    def drawn(self, setting: str, step: int) -> int:
        """A setting for the tasks of a step: itself, or a number in its range."""
        least, most = range_of(getattr(self, setting))
        draw = uniforms(torch.tensor([derive_seed(self.seed, setting, step)]), 1).item()
        return least + int(draw * (most - least + 1))

    def shots_at(self, step: int) -> int:
        """How many shots the tasks of a step have."""
        return self.drawn("shots", step)

    def seeds_at(self, step: int) -> Tensor:
        """Seeds (tasks,) of the tasks of a step."""
        return torch.tensor([derive_seed(self.seed, "task", step, task) for task in range(self.tasks)])


def range_of(value: int | tuple[int, int]) -> tuple[int, int]:
    """The least and the most of a setting."""
    return (int(value[0]), int(value[1])) if isinstance(value, tuple) else (int(value), int(value))


def require_family(tasks: Any) -> None:
    """Raise `BadInput` if something is no family of tasks."""
    if not isinstance(tasks, TaskFamily):
        raise BadInput(
            f"tasks is {tasks!r:.60}; it must be a family of tasks: hs.tasks.Sinusoids(), or "
            "hs.tasks.FewShot(data, ...) of labelled data."
        )


def are_numbers(values: Any) -> bool:
    """Whether it is a tuple of finite numbers."""
    return isinstance(values, tuple) and all(isinstance(one, Real) and math.isfinite(one) for one in values)


def _is_whole(value: Any, least: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return False
    return value.__index__() >= least
