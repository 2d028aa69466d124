"""What learners are worth on test tasks: scores of each task, by shots and by steps of adaptation."""

import math
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from headstart.core import BadInput
from headstart.learners.evaluation import drawn_for_tests, evaluate
from headstart.learners.learner import Learner
from headstart.learners.optimisation._settings import StepsWarning
from headstart.learners.scores import TaskScores
from headstart.learners.trained import TrainedLearner
from headstart.metrics.repeats import student
from headstart.records.record import Interval
from headstart.studies.episodes import EpisodesSettings, ScorePoint
from headstart.studies.episodes.families import Part
from headstart.tasks.family import TaskFamily

NEAR = 1e-3  # relative difference of answers that is rounding


def measured(
    trained: TrainedLearner, part: Part, settings: EpisodesSettings, show: Callable[[float], None]
) -> dict[str, Any]:
    """All scores of a learner, as plain values: "each", "shots" and "steps"; and "notes" that it warns of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = _scores(trained, part, settings, show)
    own = [str(one.message) for one in said if issubclass(one.category, StepsWarning)]
    return found | {"notes": list(dict.fromkeys(own))[-1:]}


def _scores(
    trained: TrainedLearner, part: Part, settings: EpisodesSettings, show: Callable[[float], None]
) -> dict[str, Any]:
    tasks, count = part.family, settings.test_tasks
    shots = [some for some in possible_shots(part, settings) if some != tasks.shots]
    steps = _steps(trained.learner, settings)
    work = 1 + len(shots) + len(steps)
    own = evaluate(trained, tasks, count)
    show(1 / work)
    by_shots = {int(tasks.shots): _summary(own)}  # type: ignore[arg-type]
    for done, some in enumerate(shots, 2):
        by_shots[some] = _summary(evaluate(trained, replace(tasks, shots=some), count))
        show(done / work)
    by_steps = {}
    for done, some in enumerate(steps, 2 + len(shots)):
        by_steps[some] = _summary(evaluate(trained.changed(steps=some), tasks, count))
        show(done / work)
    curves = {"shots": _sorted(by_shots), "steps": _sorted(by_steps)}
    return {"each": list(own.each), "score": _summary(own)} | curves


def answers_together(trained: TrainedLearner, tasks: TaskFamily) -> bool:
    """Whether answers to queries depend on the other queries, as those of batch statistics do."""
    (drawn,) = drawn_for_tests(tasks, 2)
    state, x = trained.adapt(drawn.support.x, drawn.support.y), drawn.query.x
    whole, some = trained.predict(state, x), max(2, x.shape[1] // 2)
    part = trained.predict(state, x[:, :some])
    known = whole[:, :some].isfinite()
    apart = (whole[:, :some] - part)[known].abs().max()
    return bool(apart > NEAR * whole[:, :some][known].abs().max().clamp_min(1.0))


def possible_shots(part: Part, settings: EpisodesSettings) -> list[int]:
    """Numbers of shots that the test classes have rows for."""
    tasks = part.family
    wanted = sorted({*settings.at_shots, int(tasks.shots)})  # type: ignore[arg-type]
    return [some for some in wanted if _is_possible(tasks, some)]


def _is_possible(tasks: TaskFamily, shots: int) -> bool:
    """Whether there are rows for so many shots."""
    with suppress(BadInput):
        replace(tasks, shots=shots)
        return True
    return False


def adaptation_steps(learner: Learner) -> int | None:
    """Steps of adaptation that a learner takes; None: it takes none."""
    steps: int | None = learner.settings.get("steps")
    return steps


def points(kept: Iterable[list[Any]]) -> list[ScorePoint]:
    """The points of a curve, without those where a learner diverged."""
    return [ScorePoint(at, Interval(*values)) for at, values in kept if all(map(math.isfinite, values))]


def gain_over(each: list[float], base: list[float], lower: bool) -> Interval:
    """How much better scores are than others on the same tasks, with Student's interval."""
    sign = -1.0 if lower else 1.0
    return Interval(*student([sign * (a - b) for a, b in zip(each, base, strict=True)]))


def chance(tasks: TaskFamily, count: int) -> float:
    """The score of a guess: one of the classes, or the mean of the numbers of the support."""
    if tasks.kind == "classes":
        return 1 / tasks.outputs
    errors = [
        (drawn.query.y - drawn.support.y.mean(1, keepdim=True)).square().flatten(1).mean(1)
        for drawn in drawn_for_tests(tasks, count)
    ]
    return float(torch.cat(errors).mean())


def _steps(learner: Learner, settings: EpisodesSettings) -> list[int]:
    own = adaptation_steps(learner)
    return [] if own is None else sorted({*settings.at_steps, own})


def _summary(scores: TaskScores) -> list[float]:
    return [scores.mean, scores.low, scores.high]


def _sorted(by: dict[int, list[float]]) -> list[list[Any]]:
    return [[at, by[at]] for at in sorted(by)]
