"""Pictures as a backbone takes them, and as levels in [0, 1]."""

import torch
from torch import Tensor, nn

LUMA = (0.299, 0.587, 0.114)  # weights of red, green and blue in grey, as in torchvision and PIL


class Pixels(nn.Module):
    """Normalised floats of pictures (n, channels, h, w), which are uint8 or normalised already."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        """Normalise levels in [0, 1] by `mean` and `std`, both (channels,)."""
        super().__init__()
        self.register_buffer("mean", mean.detach().clone().view(-1, 1, 1))
        self.register_buffer("std", std.detach().clone().view(-1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised floats (n, channels, h, w)."""
        return self.normalised(x.to(self.mean.dtype) / 255) if x.dtype == torch.uint8 else x

    def normalised(self, levels: Tensor) -> Tensor:
        """Normalised floats of levels in [0, 1], both (n, channels, h, w)."""
        return (levels - self.mean) / self.std

    def levels(self, x: Tensor) -> Tensor:
        """Levels in [0, 1] of pictures (n, channels, h, w)."""
        return x.to(self.mean.dtype) / 255 if x.dtype == torch.uint8 else x * self.std + self.mean


def grey(levels: Tensor) -> Tensor:
    """The brightness (n, 1, h, w) of levels (n, channels, h, w); of other than 3 channels their mean."""
    if levels.shape[1] != 3:
        return levels.mean(1, keepdim=True)
    return (levels * levels.new_tensor(LUMA).view(3, 1, 1)).sum(1, keepdim=True)
