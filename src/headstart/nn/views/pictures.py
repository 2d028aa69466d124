"""Views of pictures."""

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from headstart.core.draws import uniforms


class PictureViews(nn.Module):
    """Random crops and flips of pictures, one draw a picture."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor, crop: float, flip: bool) -> None:
        super().__init__()
        self.crop, self.flip = crop, flip
        self.register_buffer("mean", mean.clone().view(-1, 1, 1))
        self.register_buffer("std", std.clone().view(-1, 1, 1))

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """Views, normalised floats (n, c, h, w), of pictures (n, c, h, w), uint8 or normalised floats."""
        if x.dtype == torch.uint8:
            x = (x.to(self.mean.dtype) / 255 - self.mean) / self.std
        noise = uniforms(seed, 4).to(x)
        side = (self.crop + (1 - self.crop) * noise[:, 0]).sqrt()
        shift = (1 - side)[:, None] * (2 * noise[:, 1:3] - 1)
        sign = torch.where((noise[:, 3] < 0.5) & self.flip, -1.0, 1.0).to(x)
        theta = torch.zeros(len(x), 2, 3, device=x.device, dtype=x.dtype)
        theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = side * sign, side, shift
        return grid_sample(x, affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)
