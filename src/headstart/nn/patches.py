"""Critics of real and generated samples: PatchGAN and a perceptron."""

import math
from itertools import pairwise

from torch import Tensor, nn

from .translators import is_picture

SMALL = 4  # smallest number of places along the shorter side of a critic's output
MOST = 3  # halvings


class PatchCritic(nn.Module):
    """Scores (n, 1, h', w') of pictures (n, channels, h, w), one for each patch (arXiv:1611.07004).

    Convolutions with stride 2 until the shorter side has fewer than 8 places, at most three; leaky ReLUs and
    no normalisation. Small patches make it score style rather than content.
    """

    def __init__(self, channels: int, side: int, width: int = 32) -> None:
        super().__init__()
        halvings = min(MOST, max(0, int(math.log2(max(side, 1) / SMALL))))
        widths = [channels, *(width * 2**number for number in range(halvings))]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        last = widths[-1] if halvings else width
        if not halvings:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(last, last, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(last, 1, 3, padding=1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (n, 1, h', w'), about 1 for real and 0 for generated samples."""
        found: Tensor = self.layers(x)
        return found


class RowCritic(nn.Module):
    """One score (n, 1) of each row of numbers (n, ...)."""

    def __init__(self, shape: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        layers = (nn.Linear(math.prod(shape), width), nn.LeakyReLU(0.2), nn.Linear(width, width))
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Scores (n, 1), about 1 for real and 0 for generated samples."""
        found: Tensor = self.layers(x.flatten(1))
        return found


def sample_critic(shape: tuple[int, ...], width: int) -> nn.Module:
    """Build a critic for samples of a shape: (channels, h, w) is a picture, anything else numbers."""
    if is_picture(shape):
        return PatchCritic(shape[0], min(shape[1:]), width)
    return RowCritic(shape, width)
