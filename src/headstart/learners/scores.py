"""Records of how well learners learned new tasks: plain data, which JSON can hold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.core import Unknown
from headstart.metrics.repeats import student
from headstart.metrics.shares import Interval


@dataclass(frozen=True)
class TaskScores:
    """How well a learner learned new tasks.

    Attributes:
        learner: its name.
        metric: "accuracy" of the queries of a task, in [0, 1], or "mean_squared_error", of all numbers.
        mean: over the tasks.
        low: lower end of the 95 % interval of the mean over tasks (Student's).
        high: upper end.
        each: the score of each task, in the order in which all learners get them.
        shots: rows to learn from, of each class or in all; the least and the most where they vary.
        steps: of adaptation, of a learner that takes some; None: it takes none.
    """

    learner: str
    metric: str
    mean: float
    low: float
    high: float
    each: tuple[float, ...]
    shots: int | tuple[int, int]
    steps: int | None = None

    def __str__(self) -> str:
        return (
            f"{self.learner}: {self.metric.replace('_', ' ')} {self.mean:.3f} "
            f"({self.low:.3f} to {self.high:.3f}) on {len(self.each)} tasks"
        )


@dataclass(frozen=True)
class TaskDifference:
    """The paired difference of two learners on the same tasks.

    Attributes:
        learner: whose scores are meant.
        reference: the learner whose scores are subtracted.
        metric: see `TaskScores`; of a mean squared error less is better.
        mean: over the tasks.
        low: lower end of the 95 % interval of the mean (Student's).
        high: upper end.
        shots: as of `TaskScores`.
    """

    learner: str
    reference: str
    metric: str
    mean: float
    low: float
    high: float
    shots: int | tuple[int, int]

    def __str__(self) -> str:
        return f"{self.learner} less {self.reference}: {self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"

    @property
    def better(self) -> bool | None:
        """Whether the learner is better than the reference; None where the interval holds 0."""
        if not (self.low > 0 or self.high < 0):  # of NaN, too
            return None
        return (self.mean > 0) == (self.metric == "accuracy")


@dataclass(frozen=True)
class LearnerComparison:
    """Learners on the same tasks: their scores, and the differences to one of them."""

    scores: tuple[TaskScores, ...]
    differences: tuple[TaskDifference, ...]  # of all but the reference

    def against(self, reference: str) -> "LearnerComparison":
        """The same scores, with the paired differences to another of the learners.

        Raises:
            Unknown: no learner has that name.
        """
        named = {one.learner: one for one in self.scores}
        if reference not in named:
            raise Unknown("learner", reference, named)
        others = [one for name, one in named.items() if name != reference]
        return LearnerComparison(self.scores, tuple(_difference(one, named[reference]) for one in others))

    def __str__(self) -> str:
        return "\n".join(map(str, (*self.scores, *self.differences)))


def interval_of(each: Sequence[float], most: float = math.inf, least: float = 0.0) -> Interval:
    """Student's interval of the mean over tasks; all of it is infinite or NaN where the sum is.

    Args:
        each: the scores of tasks.
        most: upper bound of the mean.
        least: lower bound.
    """
    total = sum(each)
    return student(each, least, most) if math.isfinite(total) else Interval(total, total, total)


def _difference(one: TaskScores, base: TaskScores) -> TaskDifference:
    interval = interval_of(
        [mine - other for mine, other in zip(one.each, base.each, strict=True)], least=-math.inf
    )
    return TaskDifference(one.learner, base.learner, one.metric, *interval, one.shots)
