"""Accuracy against labels per class: nested subsets of the training part, judged on a fold of it."""

from contextlib import suppress
from typing import Any

import numpy as np

from headstart.core import Diverged, Method
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.methods.outputs.probing._standard import linear_probe
from headstart.records.record import SizePoint
from headstart.session.few import Few
from headstart.studies.adapt.candidates import Trials

SEEDS = 5  # of the probe; whole models get one, as each costs a training


def size_steps(trials: Trials) -> list[tuple[Method[Any], int, int]]:
    """Method, labels a class and number of seeds of every point, in order."""
    plan, probe = trials.plan, linear_probe(trials.session.data.label_kind)
    points: list[tuple[Method[Any], int, int]] = [(probe, k, SEEDS) for k in plan.sizes]
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
    held, rest = np.flatnonzero(trials.folds == 0), np.flatnonzero(trials.folds != 0)
    few = Few(trials.session, trials.settings, rest, held)
    return [_point(trials, few, *point) for point in size_steps(trials)]


def _point(trials: Trials, few: Few, method: Method[Any], k: int, seeds: int) -> SizePoint:
    name, epochs = size_name(method, k), trials.plan.epochs_of(method)

    def measure() -> list[float]:
        found = []
        for seed in range(seeds):
            with suppress(Diverged):
                found.append(few.score(method, epochs, k, seed, f"{name} seed {seed}"))
        return found

    with trials.progress.step(name):
        found = trials.journal.once(name, measure)
    return SizePoint(method.about.name, method.about.title, k, found)
