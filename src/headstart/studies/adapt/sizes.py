"""Accuracy against labels per class: nested subsets of the training part, judged on a fold of it."""

from contextlib import suppress
from typing import Any

import numpy as np

from headstart.core import Diverged, Method
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.methods.outputs.probing.linear_probe import linear_probe
from headstart.session.recipes import SubsetTrials
from headstart.studies.adapt import SizePoint
from headstart.studies.adapt.candidates import CrossValidation

SEEDS = 5  # of the probe; whole models get one, as each costs a training


def size_steps(validation: CrossValidation) -> list[tuple[Method[Any], int, int]]:
    """Method, labels a class and number of seeds of every point, in order."""
    plan, probe = validation.plan, linear_probe(validation.session.data.label_kind)
    points: list[tuple[Method[Any], int, int]] = [(probe, k, SEEDS) for k in plan.sizes]
    for method in (FineTune(last=plan.last), FromScratch()):
        points += [(method, k, 1) for k in plan.tuned_sizes]
    return points


def size_name(method: Method[Any], k: int) -> str:
    """The step's name."""
    return f"{method.about.title} with {k} labels a class"


def size_curve(validation: CrossValidation) -> list[SizePoint]:
    """Balanced accuracy on the first fold after training on a few labels a class of the other folds.

    Trainings that diverge are left out; a point may so be left with none.
    """
    held, rest = np.flatnonzero(validation.folds == 0), np.flatnonzero(validation.folds != 0)
    few = SubsetTrials(validation.session, validation.settings, rest, held)
    return [_point(validation, few, *point) for point in size_steps(validation)]


def _point(
    validation: CrossValidation, few: SubsetTrials, method: Method[Any], k: int, seeds: int
) -> SizePoint:
    name, epochs = size_name(method, k), validation.plan.epochs_of(method)

    def measure() -> list[float]:
        found = []
        for seed in range(seeds):
            with suppress(Diverged):
                found.append(few.score(method, epochs, k, seed, f"{name} seed {seed}"))
        return found

    with validation.folder.progress.step(name):
        found = validation.folder.steps.once(name, measure)
    return SizePoint(method.about.name, method.about.title, k, found)
