"""The digits 5 to 9 as a task of one's own, networks tuned on a few of them, and curves over labels."""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from headstart.claims._claim import Numbers, means_of
from headstart.claims._digits import OWN, Rows, a_class, of_classes, split
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Curve
from headstart.run.recipe import Recipe

TESTED = 400  # rows of the task that judge
FULL = "fine-tune:backbone_lr=1.0"  # all of the network at one rate, as from scratch
LR = 3e-3
DIGITS = (
    "Digits of scikit-learn: 0 to 4 to pre-train on, {labels} of each of 5 to 9 to learn from, and 400 "
    "others of them to test."
)


def own_task(lab: Lab, seed: int) -> tuple[Rows, Rows]:
    """Rows of the digits 5 to 9 to learn from, about 99 of each, and those that judge."""
    rows, test = split(of_classes(OWN), TESTED, lab.generator("own task", seed))
    return rows.pick(torch.arange(lab.pick(quick=len(rows), full=len(rows), tiny=100))), test


def few_of(lab: Lab, seed: int, rows: Rows, count: int) -> Rows:
    """So many rows of each class; with one seed, more hold those that are fewer."""
    return a_class(rows, count, lab.generator("labelled", seed))


def tune(method: str, base: nn.Module | Predictor, rows: Rows, steps: int, seed: int) -> Predictor:
    """A model that has learned the rows by a method, in so many steps, with a head of its own."""
    recipe = Recipe(steps=steps, batch=min(32, len(rows)), lr=LR, seed=seed)
    return fit(make(method), base, rows.arrays, recipe, head="new")


def lead(first: str, second: str, at: slice = slice(None)) -> Callable[[Numbers], float]:
    """The mean of one measured list less another, over some places, for an effect."""

    def difference(numbers: Numbers) -> float:
        places = list(zip(list_of(numbers, first), list_of(numbers, second), strict=True))[at]
        return sum(a - b for a, b in places) / len(places)

    return difference


def list_of(numbers: Numbers, name: str) -> list[float]:
    """A measured list."""
    found = numbers[name]
    assert isinstance(found, list), name
    return found


def curve(seeds: Sequence[Numbers], key: str, name: str, x: str = "labels", dashed: bool = False) -> Curve:
    """The line of a measured list over another."""
    return Curve(name, list_of(seeds[0], x), means_of(seeds, key), dashed=dashed)
