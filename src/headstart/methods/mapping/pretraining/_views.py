"""What methods share that compare random views of a sample."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headstart.core import B, Backbone, BadInput, Parts, Task
from headstart.core.draws import reseeded
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised
from headstart.nn.views.callers import CallersViews
from headstart.nn.views.cells import CellViews
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe
from headstart.nn.views.same import SameViews
from headstart.nn.views.views import Views

SMALL = 32  # most pixels of a side of small pictures
LARGE = 64  # fewest of pictures that are blurred


@dataclass(frozen=True, kw_only=True)
class ViewSettings(SelfSupervised[B]):
    """Settings of random views; those of pictures and those of tables, each for its kind of data.

    None takes what suits the pictures: small grey ones are turned, shifted and scaled, others cropped.

    Attributes:
        crop: smallest share of a picture's area that a crop keeps, in (0, 1]; 1 keeps all. None: 0.2, and 1
            of small grey pictures.
        flip: whether pictures are flipped horizontally with probability 1/2. None: those with colours.
        rotation: most degrees that pictures are turned by, in [0, 180]. None: 0, and 15 of small grey ones.
        translation: largest shift as a share of the picture's side, in [0, 1). None: 0, and 0.1 of small grey
            ones.
        scaling: largest relative change of size, in [0, 1). None: 0, and 0.2 of small grey ones.
        colour: strength of the colour jitter, in [0, 1.25]: brightness, contrast and saturation change by up
            to 0.8 of it, the hue by up to 0.2 of it; 0: none. Without 3 channels brightness and contrast.
        grey: probability that a picture loses its colours, in [0, 1].
        blur: probability of a Gaussian blur, in [0, 1]. None: 0.5 from 64 pixels, and 0 of smaller pictures.
        noise: standard deviation of Gaussian noise, in units of that of each picture, >= 0. None: 0, and 0.5
            of small grey ones.
        cutout: share of a picture's area that is erased, in [0, 1).
        solarise: probability that bright pixels are inverted, in [0, 1].
        corruption: share of the cells of a table's row that are replaced by those of other rows, in [0, 1].
    """

    crop: float | None = None
    flip: bool | None = None
    rotation: float | None = None
    translation: float | None = None
    scaling: float | None = None
    colour: float = 0.5
    grey: float = 0.2
    blur: float | None = None
    noise: float | None = None
    cutout: float = 0.0
    solarise: float = 0.0
    corruption: float = 0.6

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("crop", self.crop is None or 0 < self.crop <= 1, "in (0, 1], or None")
        self.check("rotation", 0 <= (self.rotation or 0) <= 180, "in [0, 180], or None")
        self.check("noise", 0 <= (self.noise or 0) < float("inf"), ">= 0, or None")
        self.check("colour", 0 <= self.colour <= 1.25, "in [0, 1.25]")
        self.check("blur", 0 <= (self.blur or 0) <= 1, "in [0, 1], or None")
        for name in ("translation", "scaling"):
            self.check(name, 0 <= (getattr(self, name) or 0) < 1, "in [0, 1), or None")
        for name in ("grey", "solarise", "corruption"):
            self.check(name, 0 <= getattr(self, name) <= 1, "in [0, 1]")
        self.check("cutout", 0 <= self.cutout < 1, "in [0, 1)")


def views_of(
    settings: ViewSettings[Any],
    backbone: Backbone,
    task: Task,
    crop: tuple[float, float] | None = None,
    size: tuple[int, int] | None = None,
) -> Views:
    """What makes a view (n, ...) of samples (n, ...) and seeds (n,), by the kind of the samples.

    Args:
        settings: of the views.
        backbone: that they are for, whose normalisation of pictures is kept.
        task: with the shape of the samples.
        crop: range of the share of a picture's area that a crop keeps, such as (0.05, 0.4) for the small
            ones of multi-crop (arXiv:2006.09882); None: that of the settings.
        size: height and width of views of pictures; None: those of the pictures.

    Raises:
        BadInput: there are no views for such samples, or pictures are smaller than their views.
    """
    if task.views is not None:
        return CallersViews(task.views, getattr(backbone, "mean", None), getattr(backbone, "std", None))
    if getattr(backbone, "tokens", None) is not None:
        return SameViews()
    if task.columns is not None:
        return CellViews(task.columns, settings.corruption)
    if len(task.shape) == 3:
        recipe = picture_recipe(settings, task, crop)
        return _of_pictures(recipe, settings, backbone, task.shape, size)
    raise BadInput(
        f"{settings.about.name} has no views of samples of shape {task.shape}: it has some of pictures "
        "(channels, height, width), of rows of a table or of numbers, and of texts. Give your own: views= of "
        "hs.fit and hs.pretrain."
    )


def picture_recipe(
    settings: ViewSettings[Any], task: Task, crop: tuple[float, float] | None = None
) -> PictureRecipe:
    """The ranges that the settings mean for the pictures (channels, height, width) of a task."""
    colours, side = task.shape[0] == 3 and not task.colourless, min(task.shape[1:])
    small = not colours and side <= SMALL

    def given(value: float | None, otherwise: float) -> float:
        return otherwise if value is None else float(value)

    return PictureRecipe(
        crop=crop or (given(settings.crop, 1.0 if small else 0.2), 1.0),
        flip=0.5 * given(settings.flip, colours),
        rotation=given(settings.rotation, 15 * small),
        translation=given(settings.translation, 0.1 * small),
        scaling=given(settings.scaling, 0.2 * small),
        colour=settings.colour,
        grey=settings.grey if colours else 0.0,
        blur=given(settings.blur, 0.5 if side >= LARGE else 0.0),
        noise=given(settings.noise, 0.5 * small),
        cutout=settings.cutout,
        solarise=settings.solarise,
    )


def _of_pictures(
    recipe: PictureRecipe,
    settings: ViewSettings[Any],
    backbone: Backbone,
    shape: tuple[int, ...],
    size: tuple[int, int] | None,
) -> PictureViews:
    mean, std = (getattr(backbone, name, None) for name in ("mean", "std"))
    known = isinstance(mean, Tensor) and isinstance(std, Tensor) and len(mean) == shape[0]
    if settings.solarise > 0 and not known:
        raise BadInput(
            f"{settings.about.name}: solarise is {settings.solarise}, and the range of these arrays is not "
            "known. Give pictures, or solarise=0."
        )
    if size is not None and (size[0] > shape[1] or size[1] > shape[2]):
        raise BadInput(
            f"{settings.about.name}: views of {size[0]} x {size[1]} pixels are larger than the pictures, of "
            f"{shape[1]} x {shape[2]}. Take smaller views or larger pictures."
        )
    if isinstance(mean, Tensor) and isinstance(std, Tensor) and known:
        return PictureViews(recipe, mean, std, size)
    return PictureViews(recipe, torch.zeros(shape[0]), torch.ones(shape[0]), size, in_range=False)


def two_views(parts: Parts, x: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
    """Two views (n, ...) of samples x (n, ...), drawn by their seeds (n,)."""
    return parts["views"](x, reseeded(seed, 0)), parts["views"](x, reseeded(seed, 1))
