"""A null of all that learns from supports: the same tasks, with the answers of other ones to read."""

from dataclasses import dataclass, replace
from typing import ClassVar, final

from headstart.core import Episodes, Labelled
from headstart.core.label_kind import LabelKind
from headstart.tasks.family import TaskFamily


@final
@dataclass(frozen=True, kw_only=True)
class OthersAnswers(TaskFamily):
    """Tasks of a family of numbers, each with the answers of the next one in its support.

    A support then tells nothing of its queries, though each of its numbers is as likely as before.

    Attributes:
        family: that the tasks are of; rows, tasks and seed are those of this one.
    """

    name: ClassVar[str] = "others-answers"
    kind: ClassVar[LabelKind] = "numbers"

    family: TaskFamily

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the family."""
        return self.family.shape

    @property
    def outputs(self) -> int:
        """Those of the family."""
        return self.family.outputs

    def draw(self, step: int) -> Episodes:
        """The tasks of a step, with supports whose answers have moved on by a task."""
        family = replace(
            self.family, shots=self.shots, queries=self.queries, tasks=self.tasks, seed=self.seed
        )
        drawn = family.draw(step)
        return Episodes(Labelled(drawn.support.x, drawn.support.y.roll(1, 0)), drawn.query)


def with_others_answers(family: TaskFamily) -> OthersAnswers:
    """The null of a family."""
    return OthersAnswers(
        family=family, shots=family.shots, queries=family.queries, tasks=family.tasks, seed=family.seed
    )
