"""What a generative network is told beside its input: the time of the flow, and the class."""

import math

import torch
from torch import Tensor, nn

FREQUENCIES = 16  # of the time


class Conditions(nn.Module):
    """A vector for each pair of a time in [0, 1] and a class; one class more stands for no class."""

    def __init__(self, classes: int, width: int) -> None:
        """Embed `classes` classes and one more, at `width` numbers each."""
        super().__init__()
        self.classes = classes
        self.label = nn.Embedding(classes + 1, width)
        self.time = nn.Sequential(nn.Linear(2 * FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self.joined = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, time: Tensor, y: Tensor) -> Tensor:
        """(n, width) of times (n,) and classes int64 (n,), where `classes` itself stands for none."""
        powers = torch.arange(FREQUENCIES, device=time.device, dtype=torch.float32)
        angles = time.float()[:, None] * math.pi * 1.5**powers
        waves = torch.cat([angles.sin(), angles.cos()], 1)
        found: Tensor = self.joined(self.time(waves) + self.label(y))
        return found


class Modulation(nn.Module):
    """Scale and shift of normalised features by a condition (arXiv:1709.07871), at first the identity."""

    def __init__(self, condition: int, width: int) -> None:
        super().__init__()
        self.both = nn.Linear(condition, 2 * width)
        nn.init.zeros_(self.both.weight)
        nn.init.zeros_(self.both.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """X (n, width, ...) by conditions (n, condition)."""
        scale, shift = self.both(condition).chunk(2, 1)
        more = (1,) * (x.ndim - 2)
        found: Tensor = x * (1 + scale.view(*scale.shape, *more)) + shift.view(*shift.shape, *more)
        return found
