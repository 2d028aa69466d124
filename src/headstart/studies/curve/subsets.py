"""Subsets of a few labelled rows: the same for all methods, nested in one another, evaluated on one part."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from headstart.core import HeadstartError, Method, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.splits import per_class
from headstart.data.train_test_split import Rows
from headstart.records.settings import TrainingSettings
from headstart.run.recipe import Recipe
from headstart.session.recipes import recipe_for
from headstart.session.session import Session
from headstart.studies._step_times import TIMED, Stopwatch
from headstart.studies._unsolved import as_diverged

ROWS_FOR_CLASS = 10  # with tags or numbers stand for a row of each class in sizes that nobody has named


@dataclass(frozen=True)
class SubsetTrials:
    """Subsets of rows that are the same for every method, and one part that evaluates them all.

    Attributes:
        session: knows the rows of both.
        settings: of the trainings.
        rest: that the subsets are taken from.
        held: held-out rows for the evaluation.
        metric: of the evaluation.
        steps: the least of each training.
        every: the number of labels that stands for all rows; 0: none does.
    """

    session: Session
    settings: TrainingSettings
    rest: Rows
    held: Rows
    metric: str
    steps: int = 1
    every: int = 0

    def rows(self, k: int, seed: int) -> Rows:
        """`k` rows of each class, or in all; of one seed, the fewer are among the more."""
        if k == self.every:
            return self.rest
        strata = strata_for_subsets(self.session.data)[self.rest]
        return self.rest[per_class(strata, k, derive_seed(self.settings.seed, "size", seed))]

    def outputs(
        self, method: Method[Any], epochs: int, k: int, seed: int, name: str, checkpoint: Path | None = None
    ) -> Tensor:
        """Outputs (n, k) for the held-out rows after `epochs` on `k` labels a class.

        Raises:
            Diverged: the loss stopped being a number.
        """
        rows = self.rows(k, seed)
        recipe = self._recipe(method, epochs, k, seed)
        fitted = self.session.fit(method, rows, recipe, name=name, checkpoint=checkpoint)
        return fitted.logits(self.held)

    def measure(self, method: Method[Any], epochs: int, k: int, seed: int, left: float) -> float:
        """Seconds that the steps of a training take, by its first ones; 0 if these fail: it will say why."""
        whole = self._recipe(method, epochs, k, seed)
        watch = Stopwatch.with_left(left)
        session = replace(self.session, logbook=None, watch=watch.watch)
        with suppress(HeadstartError), as_diverged():
            session.fit(method, self.rows(k, seed), replace(whole, steps=min(TIMED, whole.steps)))
        return sum(usual * whole.steps for _, usual in watch.usual())

    def _recipe(self, method: Method[Any], epochs: int, k: int, seed: int) -> Recipe:
        rows = self.rows(k, seed)
        recipe = recipe_for(method, self.settings, epochs, len(rows), derive_seed(seed, k))
        return replace(recipe, steps=max(self.steps, recipe.steps))

    @property
    def truth(self) -> tuple[Any, Rows | None, int, str]:
        """Labels and groups of the held-out rows, the seed of their intervals, and the metric."""
        data = self.session.data
        return data.labels[self.held], data.groups_of(self.held), self.settings.seed, self.metric


def strata_for_subsets(data: Dataset) -> Rows:
    """(n,) the stratum of each row that subsets draw from evenly: its class; 0 with tags and numbers."""
    labels: Rows = data.labels if data.label_kind == "classes" else np.zeros(len(data), np.int64)
    return labels


def n_strata(data: Dataset) -> int:
    """Number of strata: classes, or 1 with tags and numbers."""
    return len(data.classes) if data.label_kind == "classes" else 1


def default_sizes(sizes: tuple[int, ...], data: Dataset) -> tuple[int, ...]:
    """Sizes of subsets: those of classes, or ten times as many rows for tags and numbers."""
    return sizes if data.label_kind == "classes" else tuple(ROWS_FOR_CLASS * size for size in sizes)


def named(k: int, data: Dataset) -> str:
    """So many labels a class in words, or in all."""
    noun = "label" if k == 1 else "labels"
    return f"{k} {noun} a class" if data.label_kind == "classes" else f"{k} {noun}"
