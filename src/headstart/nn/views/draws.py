"""What is drawn for views of pictures: functions of each row's seed, which can be seen and replayed."""

import math
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from headstart.core.draws import reseeded, uniforms
from headstart.nn.views.recipe import JITTER, SIGMA, PictureRecipe

TRIES = 10  # attempts at a crop before falling back to the largest of the first one's aspect
CROP = 2 * TRIES + 3  # uniform numbers of a crop and a flip


@dataclass(frozen=True)
class PictureDraws:
    """The parameters of n views; of these each row is one picture's."""

    box: Tensor  # int64 (n, 4) top, left, height and width of the crop, in pixels
    flipped: Tensor  # bool (n, 2), horizontally and vertically
    angle: Tensor  # (n,) degrees, clockwise
    shift: Tensor  # (n, 2) to the right and down, as shares of the width and the height
    scale: Tensor  # (n,) > 0, of the picture's size
    jitter: Tensor  # (n, 3) factors of brightness, contrast and saturation
    hue: Tensor  # (n,) shift as a share of the colour circle, in [-0.5, 0.5]
    grey: Tensor  # bool (n,)
    sigma: Tensor  # (n,) standard deviation of the blur in pixels of the view; 0: none
    solarised: Tensor  # bool (n,)
    erased: Tensor  # (n, 2) top and left of the erased square, as shares of the room there is
    noise: Tensor  # int64 (n,) seeds of the noise

    def rows(self, some: slice | Tensor) -> Self:
        """Those of some rows."""
        return type(self)(*(getattr(self, field.name)[some] for field in fields(self)))


def draw(recipe: PictureRecipe, seed: Tensor, size: tuple[int, int]) -> PictureDraws:
    """Parameters of a view for each of the seeds (n,), of pictures of `size` (height, width) in pixels."""
    u = uniforms(seed, CROP + 16)
    more = u[:, CROP:]
    box = crop_boxes(u[:, :CROP], recipe.crop, recipe.ratio if recipe.crops else (1, 1), size)
    strength = torch.tensor([0.8, 0.8, 0.8], device=u.device) * recipe.colour
    jittered = more[:, 5] < JITTER
    factors = 1 + strength * (2 * more[:, 6:9] - 1)
    low, high = SIGMA
    return PictureDraws(
        box=box,
        flipped=torch.stack([u[:, CROP - 1] < recipe.flip, more[:, 0] < recipe.flip_vertical], 1),
        angle=recipe.rotation * (2 * more[:, 1] - 1),
        shift=recipe.translation * (2 * more[:, 2:4] - 1),
        scale=1 + recipe.scaling * (2 * more[:, 4] - 1),
        jitter=torch.where(jittered[:, None], factors.clamp_min(0), 1.0),
        hue=torch.where(jittered, 0.2 * recipe.colour * (2 * more[:, 9] - 1), 0.0),
        grey=more[:, 10] < recipe.grey,
        sigma=torch.where(more[:, 11] < recipe.blur, low + (high - low) * more[:, 12], 0.0),
        solarised=more[:, 13] < recipe.solarise,
        erased=more[:, 14:16],
        noise=reseeded(seed, 0),
    )


def crop_boxes(
    u: Tensor, scale: tuple[float, float], ratio: tuple[float, float], size: tuple[int, int]
) -> Tensor:
    """Random crops (arXiv:1409.4842): int64 (n, 4) top, left, height and width in pixels.

    Args:
        u: uniform numbers (n, 2 * TRIES + 3): areas, aspects, and two of the place before the last one.
        scale: range of the share of the picture's area.
        ratio: range of the crop's aspect over the picture's own.
        size: height and width of the pictures.
    """
    area = scale[0] + (scale[1] - scale[0]) * u[:, :TRIES]
    low, high = (math.log(edge) for edge in ratio)
    aspect = (low + (high - low) * u[:, TRIES : 2 * TRIES]).exp()
    tall, wide = (area / aspect).sqrt(), (area * aspect).sqrt()
    first = ((tall <= 1) & (wide <= 1)).int().argmax(1, keepdim=True)  # 0 if none fits
    shares = torch.cat([tall.gather(1, first), wide.gather(1, first)], 1)
    shares = shares / shares.amax(1, keepdim=True).clamp_min(1)
    whole = torch.tensor(size, device=u.device)
    sides = (shares * whole).round().long().clamp_min(1).minimum(whole)
    corners = (u[:, 2 * TRIES : 2 * TRIES + 2] * (whole - sides + 1)).floor().long()
    return torch.cat([corners, sides], 1)
