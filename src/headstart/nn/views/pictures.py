"""Views of pictures."""

import torch
from torch import Tensor

from headstart.nn.views.colour import colour_matrices, light_factors
from headstart.nn.views.draws import PictureDraws, draw
from headstart.nn.views.erasing import add_noise, erase, solarise
from headstart.nn.views.geometry import blur_weights, kernel_taps, resize_taps, resized, turned
from headstart.nn.views.recipe import PictureRecipe
from headstart.nn.views.views import Views, identical

PART = 2**19  # numbers of the pictures that are computed at once on a CPU, to stay in its caches


class PictureViews(Views):
    """Random views of pictures, one draw a picture.

    Turned, cropped and resized, flipped, blurred; then colours; then solarised, noise added, a square erased.
    All that is drawn for a picture is a function of its seed alone.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        recipe: PictureRecipe,
        mean: Tensor,
        std: Tensor,
        size: tuple[int, int] | None = None,
        in_range: bool = True,
    ) -> None:
        """Make views by `recipe`.

        Args:
            recipe: what is drawn.
            mean: (c,), subtracted from the values of uint8 pictures over 255.
            std: (c,) > 0, by which they are divided then; floats come normalised by both.
            size: height and width of the views; None: those of the pictures.
            in_range: whether colours lie in [0, 1] before the normalisation, to which they are clamped then.
        """
        super().__init__()
        self.recipe, self.size, self.in_range = recipe, size, in_range
        self.caution = "" if recipe.changes else identical("nothing that changes pictures is on")
        self.register_buffer("mean", mean.clone().view(-1))
        self.register_buffer("std", std.clone().view(-1))

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """Views, normalised floats (n, c, h, w), of pictures (n, c, H, W), uint8 or normalised floats.

        Args:
            x: the pictures; views are laid out in memory as they are.
            seed: int64 (n,).
        """
        return self.apply_draws(x, self.draw(seed, (x.shape[2], x.shape[3])))

    def draw(self, seed: Tensor, size: tuple[int, int]) -> PictureDraws:
        """What is drawn for the seeds (n,) and pictures of `size` (height, width)."""
        return draw(self.recipe, seed, size)

    def apply_draws(self, x: Tensor, draws: PictureDraws) -> Tensor:
        """Views of pictures x, as of `forward`, with given draws."""
        rows = len(x) if x.is_cuda else max(1, PART // max(1, x[:1].numel()))
        parts = [slice(first, first + rows) for first in range(0, len(x), rows)]
        views = torch.cat([self._part(x[part], draws.rows(part)) for part in parts])
        last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
        return views.contiguous(memory_format=torch.channels_last) if last else views

    def _part(self, x: Tensor, draws: PictureDraws) -> Tensor:
        raw = x.dtype == torch.uint8
        x = self._coloured(self._shaped(x, draws), draws, raw)
        if self.recipe.solarise > 0:
            middle = ((0.5 - self.mean) / self.std).view(-1, 1, 1)
            x = solarise(x, draws.solarised, middle)
        if self.recipe.noise > 0:
            x = add_noise(x, draws.noise, self.recipe.noise)
        return erase(x, draws.erased, self.recipe.cutout) if self.recipe.cutout > 0 else x

    def _shaped(self, x: Tensor, draws: PictureDraws) -> Tensor:
        """Turned, cropped, resized, flipped and blurred floats, in units of x."""
        recipe, before = self.recipe, (x.shape[2], x.shape[3])
        if recipe.turns:
            x = turned(x.to(self.mean.dtype), draws.angle, draws.shift, draws.scale)
        after = self.size or before
        if after == before and not (recipe.crops or recipe.flip or recipe.flip_vertical or recipe.blur):
            return x.to(self.mean.dtype)
        rows, columns = (
            resize_taps(draws.box[:, axis], draws.box[:, 2 + axis], draws.flipped[:, 1 - axis], (a, b))
            for axis, (a, b) in enumerate(zip(before, after, strict=True))
        )
        if recipe.blur == 0:
            return resized(x, rows, columns).to(self.mean.dtype)
        views, taps = self.mean.new_empty(*x.shape[:2], *after), kernel_taps(min(after))
        sharp, blurred = (draws.sigma == 0).nonzero()[:, 0], draws.sigma.nonzero()[:, 0]
        high, wide = (blur_weights(draws.sigma[blurred], size, taps) for size in after)
        views[sharp] = resized(x[sharp], rows.rows(sharp), columns.rows(sharp)).to(views.dtype)
        some = rows.rows(blurred), columns.rows(blurred)
        views[blurred] = resized(x[blurred], *some, (high, wide)).to(views.dtype)
        return views

    def _coloured(self, x: Tensor, draws: PictureDraws, raw: bool) -> Tensor:
        """Normalised floats with other colours, of floats in [0, 255] if `raw`, else of normalised ones."""
        unit = torch.tensor(1 / 255, device=x.device, dtype=x.dtype) if raw else self.std
        shift = 0 * self.mean if raw else self.mean  # value = unit * x + shift
        jitters = self.recipe.colour > 0 or (self.recipe.grey > 0 and x.shape[1] == 3)
        if not jitters:
            return x if not raw else (x * unit - self.mean[:, None, None]) / self.std[:, None, None]
        mean = x.mean((2, 3)) * unit + shift
        if x.shape[1] == 3:
            matrix, offset = colour_matrices(draws.jitter, draws.hue, draws.grey, mean)
            offset = offset + (matrix @ shift - self.mean)
            matrix = matrix * unit / self.std[:, None]
            flat = torch.baddbmm((offset / self.std)[:, :, None], matrix, x.flatten(2))
            x = flat.view(x.shape)
        else:
            factor, offset = light_factors(draws.jitter, mean.mean(1))
            factors = factor[:, None] * unit / self.std
            offsets = (factor[:, None] * shift + offset[:, None] - self.mean) / self.std
            x = x * factors[:, :, None, None] + offsets[:, :, None, None]
        return self._clamped(x) if raw or self.in_range else x

    def _clamped(self, x: Tensor) -> Tensor:
        low, high = -self.mean / self.std, (1 - self.mean) / self.std
        return x.clamp_(low.view(-1, 1, 1), high.view(-1, 1, 1))
