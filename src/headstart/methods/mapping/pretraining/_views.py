"""What methods share that compare random views of a sample."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import B, Backbone, BadInput, Parts, Task
from headstart.core.draws import reseeded
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised
from headstart.nn.views.cells import CellViews
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.same import CallersViews, SameViews


@dataclass(frozen=True, kw_only=True)
class ViewSettings(SelfSupervised[B]):
    """Settings of random views; those of pictures and those of tables, each for its kind of data.

    Attributes:
        crop: smallest share of a picture's area that a crop keeps, in (0, 1]; 1 keeps all.
        flip: whether pictures are flipped horizontally with probability 1/2.
        corruption: share of the cells of a table's row that are replaced by those of other rows, in [0, 1].
    """

    crop: float = 0.2
    flip: bool = True
    corruption: float = 0.6

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("crop", 0 < self.crop <= 1, "in (0, 1]")
        self.check("corruption", 0 <= self.corruption <= 1, "in [0, 1]")


def views_of(settings: ViewSettings[Any], backbone: Backbone, task: Task) -> nn.Module:
    """What makes a view (n, ...) of samples (n, ...) and seeds (n,), by the kind of the samples.

    Raises:
        BadInput: there are no views for such samples.
    """
    if task.views is not None:
        return CallersViews(task.views)
    if getattr(backbone, "tokens", None) is not None:
        return SameViews()
    if task.columns is not None:
        return CellViews(task.columns, settings.corruption)
    if len(task.shape) == 3:
        mean, std = (getattr(backbone, name, None) for name in ("mean", "std"))
        channels = task.shape[0]
        if not (isinstance(mean, Tensor) and isinstance(std, Tensor) and len(mean) == channels):
            mean, std = torch.zeros(channels), torch.ones(channels)
        return PictureViews(mean, std, settings.crop, settings.flip)
    raise BadInput(
        f"{settings.about.name} has no views of samples of shape {task.shape}. Give your own: "
        "hs.fit(views=...)."
    )


def two_views(parts: Parts, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
    """Two views (n, ...) of samples x (n, ...), drawn by their seeds (n,)."""
    return parts["views"](x, reseeded(seed, 0)), parts["views"](x, reseeded(seed, 1))
