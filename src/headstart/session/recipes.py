"""How long and how fast each kind of method descends in the main job."""

from typing import Any

from headstart.core import Method
from headstart.records.settings import TrainingSettings
from headstart.run.recipe import Recipe

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
