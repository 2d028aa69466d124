"""Accuracy against labels per class: nested subsets of the training part, judged on a fold of it."""

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import Diverged, Method, fold
from headstart.data.splits import per_class
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe

from .candidates import Trials
from .recipes import recipe_for
from .records import SizePoint
from .scoring import balanced_accuracy

SEEDS = 5  # of the probe; whole models get one, as each costs a training


def size_steps(trials: Trials) -> list[tuple[Method[Any], int, int]]:
    """Method, labels a class and number of seeds of every point, in order."""
    plan = trials.plan
    points: list[tuple[Method[Any], int, int]] = [(LogisticProbe(), k, SEEDS) for k in plan.sizes]
    for method in (FineTune(last=plan.last), FromScratch()):
        points += [(method, k, 1) for k in plan.tuned_sizes]
    return points


def size_name(method: Method[Any], k: int) -> str:
    """The step's name."""
    return f"{method.about.title} with {k} labels a class"


def size_curve(trials: Trials) -> list[SizePoint]:
    """Balanced accuracy on the first fold after training on a few labels a class of the other folds.

    Trainings that diverge are left out; a point may so be left with none.
    """
    return [_point(trials, *point) for point in size_steps(trials)]


def _point(trials: Trials, method: Method[Any], k: int, seeds: int) -> SizePoint:
    held, rest = np.flatnonzero(trials.folds == 0), np.flatnonzero(trials.folds != 0)
    name = size_name(method, k)

    def measure() -> list[float]:
        found = []
        for seed in range(seeds):
            with suppress(Diverged):
                found.append(_measure(trials, method, k, seed, rest, held))
        return found

    with trials.progress.step(name):
        found = trials.journal.once(name, measure)
    return SizePoint(method.about.name, method.about.title, k, found)


def _measure(
    trials: Trials,
    method: Method[Any],
    k: int,
    seed: int,
    rest: NDArray[np.int64],
    held: NDArray[np.int64],
) -> float:
    labels = trials.session.data.labels
    rows = rest[per_class(labels[rest], k, fold(trials.settings.seed, "size", seed))]
    recipe = recipe_for(method, trials.settings, trials.plan.epochs_of(method), len(rows), fold(seed, k))
    fitted = trials.session.fit(method, rows, recipe, name=f"{size_name(method, k)} seed {seed}")
    return balanced_accuracy(fitted.logits(held), labels[held])
