"""The small nets of the checks: trained from scratch on rows as the generative model has them."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import log2, prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from headstart.core import Preprocess, derive_seed
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.data.random_draws import row_seeds
from headstart.data.samples import Array, Rows
from headstart.data.schemas import schema_of
from headstart.generators.spaces.space import Space
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.tables import TableEncoder
from headstart.nn.views.cells import CellViews
from headstart.run.engine import Engine
from headstart.run.recipe import Recipe
from headstart.session.fitted import FitOptions, Fitted
from headstart.session.scoring import outputs_of
from headstart.session.session import Session

BATCH, RATE, HIDDEN = 64, 5e-3, 64
SWAPPED = 0.2  # of the cells of a row, by ordinary augmentation of tables and numbers
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Nets:
    """Trains nets of one architecture."""

    space: Space
    steps: int
    engine: Engine
    like: Dataset  # the training rows, to whose columns a net for a table is fitted

    def fit(
        self,
        data: Dataset,
        seed: int,
        rows: Rows | None = None,
        weights: NDArray[np.float64] | None = None,
        augment: Augment | None = None,
    ) -> Fitted:
        """A net trained on rows (n,) of data, or on all, in `steps` steps.

        Args:
            data: whose rows it can be asked about.
            seed: of all that is drawn.
            rows: to learn from.
            weights: (rows of the data,).
            augment: random views of pictures; None: none.
        """
        learn = np.arange(len(data)) if rows is None else rows
        session = Session(self._backbone(data), self.ready(data), engine=self.engine, augment=augment)
        recipe = Recipe(
            steps=self.steps, batch=BATCH, lr=RATE, seed=seed, views=None if augment is not None else 0
        )
        options = FitOptions(weights)
        return session.fit(FromScratch(), learn, recipe, options=options)

    def ready(self, data: Dataset) -> Dataset:
        """Rows as nets take them: numbers standardised."""
        if data.kind != "numbers":
            return data
        return replace(data, samples=Array(self.space.encode(data).numpy(), False))

    def _backbone(self, data: Dataset) -> AnyBackbone:
        if data.table is not None:
            assert self.like.table is not None
            return TableEncoder(schema_of(self.like.table), HIDDEN)
        shape = self.space.shape
        if len(shape) == 3:
            sides = (shape[1], shape[2])
            reader = Preprocess(size=sides, mean=HALF, std=HALF, fit="squash", keep=1.0)
            return backbone(small_network(*sides), example=torch.zeros(2, 3, *sides), preprocess=reader)
        layers = nn.Sequential(
            nn.Linear(prod(shape), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()
        )
        return backbone(layers, example=torch.zeros(2, *shape))


def small_network(height: int, width: int) -> nn.Sequential:
    """A few convolutions for pictures of (3, height, width), to `HIDDEN` features."""
    halvings = max(1, int(log2(max(4, min(height, width)) / 4)))
    widths = [3, *(16 * 2 ** min(number, 2) for number in range(halvings + 1))]
    layers: list[nn.Module] = []
    for number, (inputs, outputs) in enumerate(pairwise(widths)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=1 if number == 0 else 2, padding=1), nn.ReLU()]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * widths[-1], HIDDEN), nn.ReLU()
    )


def augmented(data: Dataset, space: Space, seed: int, flip: bool) -> tuple[Dataset, Augment | None]:
    """Training rows with ordinary augmentation.

    Of pictures random resized crops, fresh in every epoch; else the rows and as many again, in which a fifth
    of the cells are those of other rows (arXiv:2106.15147).
    """
    if len(space.shape) == 3:
        return data, Augment(flip=flip)
    numbers = np.asarray(data.table.values if data.table is not None else data.array, np.float64)
    cells = torch.from_numpy(numbers.reshape(len(data), -1))
    rows = np.arange(len(data))
    seeds = torch.from_numpy(row_seeds(derive_seed(seed, "swapped"), rows, np.zeros(len(rows), np.int64)))
    swapped = CellViews(cells, SWAPPED)(cells, seeds).numpy().reshape(numbers.shape)
    both = np.concatenate([numbers, swapped])
    samples = (
        replace(data.table, values=both) if data.table is not None else Array(both.astype(np.float32), False)
    )
    again = np.tile(rows, 2)
    return replace(data.subset(again), samples=samples), None


def features_of(fitted: Fitted, rows: Rows) -> NDArray[np.float64]:
    """What a net gives before its output layer for rows (n,) of its data, (n, d)."""
    found = outputs_of(fitted.model.backbone, fitted.source, rows, fitted.run.engine.device)
    return found.double().numpy()
