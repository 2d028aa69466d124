"""Meta-training: learn from many tasks how to learn, resumable."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from torch import nn

from headstart.core import BadInput, Batch
from headstart.learners.encoding import make_encoder
from headstart.learners.learner import Learner, Problem, make_learner, require_shown
from headstart.learners.trained import TrainedLearner
from headstart.run.engine import Engine
from headstart.run.loop import start_parts
from headstart.run.recipe import Recipe
from headstart.run.to_end import Watch, train_to_end
from headstart.tasks.family import TaskFamily, require_family

EVERY = 100  # steps, after which it is saved


def problem_of(tasks: TaskFamily) -> Problem:
    """What a learner has to know of a family of tasks."""
    return Problem(tasks.shape, tasks.outputs, tasks.kind, tasks.pooled_outputs)


def meta_train(
    learner: Learner | str,
    tasks: TaskFamily,
    encoder: nn.Module | str | None = None,
    recipe: Recipe | None = None,
    engine: Engine | None = None,
    checkpoint: Path | None = None,
    watch: Watch | None = None,
) -> TrainedLearner:
    """Learn from many tasks how to learn one.

    Args:
        learner: such as "protonet" or "maml:steps=5", or an object.
        tasks: to learn from; keep others, of other classes, for `TrainedLearner.evaluate`.
        encoder: your network (n, *shape) -> (n, width), which is copied; "conv4" or "mlp"; None: the one of
            these that fits the inputs.
        recipe: steps and rates; None: the learner's own. Its `batch` is not read: a step takes
            `tasks.tasks` tasks.
        engine: where to compute; None: one process on the CPU.
        checkpoint: file that it is saved in, and goes on from; None: none.
        watch: wraps the ticks, for a progress bar.

    Raises:
        BadInput: the learner can't give such answers, or the encoder can't take such inputs.
        BadData: a query is of a class of which the support of its task has no row.
        Unknown: there is no learner or encoder of that name.
        Diverged: the loss is not finite.
    """
    learner = make_learner(learner) if isinstance(learner, str) else learner
    if not isinstance(learner, Learner):
        raise BadInput(f"learner is {learner!r}; it must be a name, as in 'maml:steps=5', or a learner.")
    if recipe is not None and not isinstance(recipe, Recipe):
        raise BadInput(f"recipe is {recipe!r:.60}; it must be a Recipe, as in hs.Recipe(steps=500), or None.")
    require_family(tasks)
    problem = problem_of(tasks)
    require_kind(learner, problem)
    recipe = replace(recipe or learner.recipe(), batch=tasks.tasks)
    spec = ""

    def build() -> nn.ModuleDict:
        nonlocal spec
        made = make_encoder(encoder, problem.shape)
        spec = made.spec
        return learner.parts(made, problem)

    run = start_parts(learner.name, build, learner.moves(), recipe, engine)
    if learner.learned:
        train_to_end(run, _batches(learner, tasks), checkpoint, watch, EVERY)
    if run.average is not None:
        run.parts.load_state_dict(run.average.values, strict=False)
    parts = run.parts.cpu().eval().requires_grad_(False)
    return TrainedLearner(learner, problem, parts, spec, tuple(run.notes.get("curve", ())))


def require_kind(learner: Learner, problem: Problem) -> None:
    """Raise `BadInput` if a learner can't learn a problem."""
    if problem.kind not in learner.kinds:
        raise BadInput(
            f"{learner.name} learns {' and '.join(learner.kinds)}, and the tasks' answers are {problem.kind}."
        )
    if learner.pooled and not problem.pooled_outputs:
        raise BadInput(
            f"{learner.name} learns all tasks as one problem first, and these tasks share no classes."
        )


def _batches(learner: Learner, tasks: TaskFamily) -> Callable[[int], Iterator[Batch]]:
    """Episodes, or rows of all tasks, from a step on."""

    def stream(step: int) -> Iterator[Batch]:
        for now in itertools.count(step):
            if learner.pooled:
                yield tasks.draw_pooled(now)
                continue
            drawn = tasks.draw(now)
            require_shown(drawn)
            yield drawn

    return stream
