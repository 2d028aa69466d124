"""Train a generative model on rows of a data set, resumable."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from headstart.core import BadData, Parts, SeededLabelled, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.order import order
from headstart.data.random_draws import row_seeds
from headstart.face import spell
from headstart.generators.generative_model import GenerativeModel
from headstart.generators.spaces.space import Space
from headstart.run.engine import Engine
from headstart.run.loop import start_parts
from headstart.run.recipe import Recipe
from headstart.run.to_end import Watch, train_to_end

EVERY = 100  # steps, after which it is saved
WINDOW = 0.1  # of the steps, which the average of the weights goes over
FEWEST = 2  # rows of a class


def average_decay(steps: int) -> float:
    """Decay of the average of the weights, so that it goes over about a tenth of the steps.

    >>> average_decay(2000), average_decay(5)
    (0.995, 0.0)
    """
    return max(0.0, 1 - 1 / (WINDOW * steps))


def require_classes(data: Dataset, held_out: bool = False) -> None:
    """Refuse rows that no class-conditional generative model learns.

    Args:
        data: the rows to learn from.
        held_out: whether rows of the same data were held out beside them, which is then said.

    Raises:
        BadData: labels are no classes, or a class has a single row.
    """
    if data.label_kind != "classes":
        raise BadData(
            f"{data.name} has labels that are {data.label_kind}. Generative models here draw rows of "
            f"classes: give data with classes, or say {spell('task', 'classification')}."
        )
    counts = np.bincount(data.labels, minlength=len(data.classes))
    few = [name for name, count in zip(data.classes, counts, strict=True) if count < FEWEST]
    if few:
        named = ", ".join(map(repr, few[:3])) + (f" and {len(few) - 3} more" if len(few) > 3 else "")
        one = "has" if len(few) == 1 else "have"
        out = f", once rows are held out with {spell('test')}" if held_out else ""
        raise BadData(
            f"{data.name}: {named} {one} fewer than {FEWEST} rows to learn from{out}. A generator of one "
            "row would copy it. Give more rows of it, or leave the class out."
        )


def train_generator(
    model: GenerativeModel,
    space: Space,
    data: Dataset,
    recipe: Recipe,
    engine: Engine,
    checkpoint: Path | None = None,
    watch: Watch | None = None,
) -> tuple[Parts, list[float]]:
    """The parts with the average of their weights, and the loss of each step.

    Args:
        model: its settings.
        space: that the rows are encoded in.
        data: rows of classes; all are learned from.
        recipe: how long; see `average_decay` for its `ema`.
        engine: where to compute.
        checkpoint: file that it is saved in, and goes on from; None: none.
        watch: wraps the ticks, for a progress bar.

    Raises:
        BadData: see `require_classes`.
        Diverged: the loss is not finite.
    """
    require_classes(data)
    x, y = space.encode(data), torch.from_numpy(np.asarray(data.labels, np.int64))
    run = start_parts(
        model.name, lambda: model.parts(space.shape, len(data.classes)), model.moves(), recipe, engine
    )
    train_to_end(run, _batches(x, y, recipe), checkpoint, watch, EVERY)
    if run.average is not None:
        run.parts.load_state_dict(run.average.values, strict=False)
    curve: list[float] = run.notes["curve"]
    return run.parts.cpu().eval().requires_grad_(False), curve


def _batches(x: Tensor, y: Tensor, recipe: Recipe) -> Callable[[int], Iterator[SeededLabelled]]:
    """Batches from reshuffled epochs, each row with the seed of what is drawn for it."""
    seed = derive_seed(recipe.seed, "generator")

    def stream(step: int) -> Iterator[SeededLabelled]:
        for now in itertools.count(step):
            rows, epochs = order(seed, len(x), recipe.batch, now)
            seeds = torch.from_numpy(row_seeds(seed, rows, epochs))
            yield SeededLabelled(x[rows], y[rows], None, seeds)

    return stream
