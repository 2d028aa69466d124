"""How long and how fast each kind of method descends in the main job."""

from typing import Any

from headstart.core import Method
from headstart.run.recipe import Recipe

from .settings import Settings


def recipe_for(method: Method[Any], settings: Settings, epochs: int, rows: int, seed: int) -> Recipe:
    """The recipe for `rows` training rows: one pass, or `epochs` epochs of fresh views."""
    if method.about.one_pass:
        return Recipe(batch=64, seed=seed)
    batch = min(settings.batch, rows)
    return Recipe(
        steps=max(1, -(-epochs * rows // batch)),
        batch=batch,
        lr=settings.lr,
        precision=settings.precision,
        views=None,
        seed=seed,
    )
