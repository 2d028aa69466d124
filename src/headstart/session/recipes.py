"""How studies train: the recipe of a training, and trainings on subsets with few labels."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import Method, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.splits import per_class
from headstart.data.train_test_split import Rows
from headstart.records.settings import TrainingSettings
from headstart.run.recipe import Recipe
from headstart.session.scoring import selection_score
from headstart.session.session import Session

VIEWS = 2
PARTS = 3  # that a batch is computed in, to take less memory; each of two rows or more, as norms need


def recipe_for(method: Method[Any], settings: TrainingSettings, epochs: int, rows: int, seed: int) -> Recipe:
    """The recipe for `rows` training rows: one pass, or `epochs` epochs.

    Views of the samples are fresh in every epoch, unless blocks are frozen: then each sample has a
    few views, so that what the frozen blocks give for them can be recorded.
    """
    if method.about.closed_form:
        return Recipe(batch=64, seed=seed)
    batch = min(settings.batch, rows)
    return Recipe(
        steps=max(1, -(-epochs * rows // batch)),
        batch=batch,
        lr=settings.lr,
        accumulate=PARTS if batch >= 2 * PARTS else 1,
        views=VIEWS if method.trainable_blocks() else None,
        seed=seed,
    )


ROWS_FOR_CLASS = 10  # with tags or numbers stand for a row of each class in sizes that nobody has named


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


@dataclass(frozen=True)
class SubsetTrials:
    """Subsets of rows that are the same for every method, and one part that judges them all.

    Attributes:
        session: knows the rows of both.
        settings: of the trainings.
        rest: that the subsets are taken from.
        held: that judge.
        steps: the least of each training.
    """

    session: Session
    settings: TrainingSettings
    rest: Rows
    held: Rows
    steps: int = 1

    def rows(self, k: int, seed: int) -> Rows:
        """`k` rows of each class, or in all; of one seed, the fewer are among the more."""
        found = strata_for_subsets(self.session.data)[self.rest]
        return self.rest[per_class(found, k, derive_seed(self.settings.seed, "size", seed))]

    def score(
        self, method: Method[Any], epochs: int, k: int, seed: int, name: str, checkpoint: Path | None = None
    ) -> float:
        """The metric of selection on the held-out rows after `epochs` on `k` labels a class.

        Raises:
            Diverged: the loss stopped being a number.
        """
        rows = self.rows(k, seed)
        recipe = recipe_for(method, self.settings, epochs, len(rows), derive_seed(seed, k))
        recipe = replace(recipe, steps=max(self.steps, recipe.steps))
        fitted = self.session.fit(method, rows, recipe, name=name, checkpoint=checkpoint)
        return selection_score(fitted.logits(self.held), self.session.data.labels[self.held])
