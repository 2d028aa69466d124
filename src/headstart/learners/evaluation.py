"""How well learners learn new tasks: scores of each task, their mean with an interval, paired differences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count as numbers_from
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from headstart.core import BadInput, Episodes, Labelled, Parts, Unknown, derive_seed
from headstart.learners.learner import Learner, Problem, State, require_shown
from headstart.learners.scores import LearnerComparison, TaskScores, interval_of
from headstart.tasks.family import TaskFamily, require_family

METRICS = {"classes": "accuracy", "numbers": "mean_squared_error"}  # of a kind of answers
MOST = {"accuracy": 1.0, "mean_squared_error": float("inf")}
COUNT = 600  # tasks, as in the papers
DRAWN = 25  # tasks of a step; fixed, since it decides which tasks are drawn
ELEMENTS = 2**20  # of the inputs that are computed at once
WEIGHTS = 2**25  # of the networks that tasks may become at once
SHOTS = (1, 2, 5, 10)
STEPS = (0, 1, 2, 5, 10)


class Adaptive(Protocol):
    """What is measured: a `TrainedLearner`."""

    @property
    def learner(self) -> Learner:
        """Its settings."""
        ...

    @property
    def problem(self) -> Problem:
        """What its tasks are like."""
        ...

    @property
    def parts(self) -> Parts:
        """Its networks."""
        ...

    def adapt(self, x: Any, y: Any, state: State | None = None) -> State:
        """Learn from supports."""
        ...

    def predict(self, state: State, x: Any) -> Tensor:
        """Logits or numbers of queries."""
        ...

    def changed(self, **settings: Any) -> "Adaptive":
        """The same weights with other settings."""
        ...


def evaluate(trained: Adaptive, tasks: TaskFamily, count: int = COUNT) -> TaskScores:
    """The scores of a learner on new tasks; see `TrainedLearner.evaluate`."""
    return _scored({trained.learner.label: trained}, tasks, count)[0]


def compare_learners(
    learners: Mapping[str, Adaptive] | Sequence[Adaptive],
    tasks: TaskFamily,
    count: int = COUNT,
    reference: str | None = None,
) -> LearnerComparison:
    """Measure learners on the same tasks, with paired differences.

    Args:
        learners: trained ones, by the names that they get; or a list, whose names are their specs.
        tasks: to draw from; see `TrainedLearner.evaluate`.
        count: of tasks, >= 2.
        reference: name of the learner that the others are compared to; None: the first.

    Raises:
        BadInput: a learner can't learn such tasks, or there are no two learners of different names.
        Unknown: no learner has the name of the reference.
    """
    named = _named(learners)
    reference = next(iter(named)) if reference is None else reference
    if reference not in named:
        raise Unknown("learner", reference, named)
    return LearnerComparison(_scored(named, tasks, count), ()).against(reference)


def shots_curve(
    learners: Mapping[str, Adaptive] | Sequence[Adaptive],
    tasks: TaskFamily,
    shots: Sequence[int] = SHOTS,
    count: int = COUNT,
) -> tuple[TaskScores, ...]:
    """Scores of learners for several numbers of shots, on the same tasks.

    Args:
        learners: as of `compare_learners`.
        tasks: to draw from.
        shots: each >= 1.
        count: of tasks for each number of shots, >= 2.

    Returns:
        The scores, learner by learner for each number of shots.
    """
    named = _named(learners)
    return tuple(one for some in shots for one in _scored(named, replace(tasks, shots=some), count))


def steps_curve(
    trained: Adaptive, tasks: TaskFamily, steps: Sequence[int] = STEPS, count: int = COUNT
) -> tuple[TaskScores, ...]:
    """Scores after several numbers of steps of adaptation, on the same tasks.

    Args:
        trained: a learner that takes steps, such as MAML or fine-tuning.
        tasks: to draw from.
        steps: numbers of them that the learner allows.
        count: of tasks, >= 2.

    Raises:
        BadInput: the learner takes no steps of adaptation.
    """
    if _steps(trained.learner) is None:
        raise BadInput(f"{trained.learner.name} takes no steps of adaptation, so there is no curve of them.")
    by_steps = {str(some): trained.changed(steps=some) for some in steps}
    found = _scored(by_steps, tasks, count)
    return tuple(replace(one, learner=trained.learner.label) for one in found)


def _named(learners: Mapping[str, Adaptive] | Sequence[Adaptive]) -> dict[str, Adaptive]:
    """The learners by name."""
    if isinstance(learners, Mapping):
        named = dict(learners)
    else:
        named = {one.learner.label: one for one in learners}
        if len(named) < len(learners):
            raise BadInput(
                f"Learners of a list are called by their settings, and some of {', '.join(named)} are there "
                "twice. Give a dictionary of names."
            )
    if not named:
        raise BadInput("There is no learner to measure.")
    return named


def _scored(learners: Mapping[str, Adaptive], tasks: TaskFamily, count: int) -> tuple[TaskScores, ...]:
    """The scores of each learner on the same tasks."""
    if count < 2:
        raise BadInput(f"Scores need 2 tasks or more for an interval, not {count}.")
    require_family(tasks)
    for one in learners.values():
        require_tasks(one, tasks)
    each: dict[str, list[Tensor]] = {name: [] for name in learners}
    largest = max(sum(each.numel() for each in one.parts.parameters()) for one in learners.values())
    for episodes in drawn_for_tests(tasks, count, WEIGHTS // max(1, largest)):
        for name, one in learners.items():
            each[name].append(score_tasks(one, episodes))
    metric = METRICS[tasks.kind]
    return tuple(
        _summed(name, metric, torch.cat(each[name]).tolist(), tasks, _steps(one.learner))
        for name, one in learners.items()
    )


def require_tasks(trained: Adaptive, tasks: TaskFamily) -> None:
    """Raise `BadInput` if a trained learner can't learn such tasks."""
    problem = trained.problem
    if problem.kind != tasks.kind or problem.shape != tasks.shape:
        raise BadInput(
            f"{trained.learner.name} was trained on inputs of shape {problem.shape} with answers that are "
            f"{problem.kind}; these tasks have inputs of shape {tasks.shape} and {tasks.kind}."
        )
    if tasks.outputs > problem.outputs or (tasks.kind == "numbers" and tasks.outputs != problem.outputs):
        raise BadInput(
            f"{trained.learner.name} was trained on tasks of {problem.outputs} {problem.kind}; these have "
            f"{tasks.outputs}. Train it on tasks that have as many."
        )


def drawn_for_tests(tasks: TaskFamily, count: int, most: int = DRAWN) -> Iterator[Episodes]:
    """`count` tasks that no training with this family sees, the same ones for every learner.

    They come in batches of `most` tasks at most, or of one.

    Raises:
        BadData: a query is of a class of which the support of its task has no row.
    """
    tasks = replace(tasks, tasks=DRAWN, seed=derive_seed(tasks.seed, "evaluation"))
    for step in numbers_from():
        left = count - step * DRAWN
        if left <= 0:
            return
        drawn = _first(tasks.draw(step), left)
        require_shown(drawn)
        yield from _chunks(drawn, most)


def score_tasks(trained: Adaptive, episodes: Episodes) -> Tensor:
    """The score of each task (t,), on the CPU, in float64.

    Of classes, the likeliest of those in the support of the task is the answer.

    Args:
        trained: the learner.
        episodes: the tasks.
    """
    state = trained.adapt(episodes.support.x, episodes.support.y)
    found = trained.predict(state, episodes.query.x).cpu().double()
    if trained.problem.kind == "classes":
        known = one_hot(episodes.support.y.cpu(), found.shape[-1]).any(1, keepdim=True)
        answers = torch.where(known, found, -torch.inf).argmax(-1)
        return (answers == episodes.query.y.cpu()).double().mean(1)
    return (found - episodes.query.y.cpu()).square().flatten(1).mean(1)


def _first(episodes: Episodes, count: int) -> Episodes:
    return Episodes(
        *(Labelled(some.x[:count], some.y[:count]) for some in (episodes.support, episodes.query))
    )


def _chunks(episodes: Episodes, most: int) -> Iterable[Episodes]:
    """As many tasks at once as are within `ELEMENTS`, `most` of them or one."""
    support, query = episodes.support, episodes.query
    tasks = len(support.x)
    at_once = max(1, min(most, ELEMENTS * tasks // max(1, support.x.numel() + query.x.numel())))
    for start in range(0, tasks, at_once):
        part = slice(start, start + at_once)
        yield Episodes(Labelled(support.x[part], support.y[part]), Labelled(query.x[part], query.y[part]))


def _summed(name: str, metric: str, each: list[float], tasks: TaskFamily, steps: int | None) -> TaskScores:
    interval = interval_of(each, MOST[metric])
    return TaskScores(name, metric, *interval, tuple(each), tasks.shots, steps)


def _steps(learner: Learner) -> int | None:
    steps: int | None = learner.settings.get("steps")
    return steps
