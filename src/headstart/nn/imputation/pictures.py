"""What both forms of the imputation of pictures share: patches, targets, and pictures to be shown."""

import torch
from torch import Tensor, nn
from torch.nn.functional import fold, unfold

from headstart.core.filled import Filled

EPS = 1e-6  # added to the variance of a patch, as MAE does


def patches_of(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures (n, c, h, w) as patches (n, places, c * ph * pw), row by row, without a rest at the edges."""
    height, width = (side // part * part for side, part in zip(x.shape[2:], size, strict=True))
    return unfold(x[:, :, :height, :width], size, stride=size).mT


def picture_of(patches: Tensor, size: tuple[int, int], like: Tensor) -> Tensor:
    """The inverse: patches (n, places, c * ph * pw) on a copy of `like` (n, c, h, w)."""
    height, width = (side // part * part for side, part in zip(like.shape[2:], size, strict=True))
    made = like.clone()
    made[:, :, :height, :width] = fold(patches.mT, (height, width), size, stride=size)
    return made


def standardised(patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Patches (n, places, d) by their own mean and variance, as MAE does, and both, (n, places, 1)."""
    mean, variance = patches.mean(2, keepdim=True), patches.var(2, keepdim=True)
    return (patches - mean) / (variance + EPS).sqrt(), mean, (variance + EPS).sqrt()


class Shown(nn.Module):
    """Normalised pictures as they are shown: in [0, 1], where a backbone tells its normalisation."""

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: nn.Module, channels: int) -> None:
        super().__init__()
        known = getattr(backbone, "preprocess", None) is not None
        for name, other in (("mean", 0.0), ("std", 1.0)):
            found = getattr(backbone, name, None) if known else None
            fits = isinstance(found, Tensor) and found.numel() == channels
            value = found.reshape(-1, 1, 1) if fits and found is not None else torch.full((1, 1, 1), other)
            self.register_buffer(name, value.detach().clone(), persistent=False)
        self.known = known

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (..., c, h, w) to be shown."""
        shown = x * self.std + self.mean
        return shown.clamp(0, 1) if self.known else shown

    def three(self, original: Tensor, masked: Tensor, filled: Tensor) -> list[Filled]:
        """Pictures (n, c, h, w) as they are, masked and filled in, one by one."""
        rows = zip(*map(self, (original, masked, filled)), strict=True)
        return [Filled(pictures=row) for row in rows]
