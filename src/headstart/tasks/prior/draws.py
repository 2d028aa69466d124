"""Random numbers of one step of a prior: tensors of one generator, which a seed and a step decide."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.core import derive_seed


class Draws:
    """A stream of random tensors, on the CPU, that is a function of what it is made of.

    Args:
        numbers: seed, step, and names that tell apart several streams of them.
    """

    def __init__(self, *numbers: int | str) -> None:
        self.generator = torch.Generator().manual_seed(derive_seed(*numbers))

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, float32."""
        return torch.randn(*shape, generator=self.generator)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Numbers in [low, high)."""
        return low + (high - low) * torch.rand(*shape, generator=self.generator)

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Numbers in [low, high) whose logarithm is uniform; low > 0."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp()

    def whole(self, *shape: int, below: int) -> Tensor:
        """Whole numbers 0 .. below - 1, int64."""
        return torch.randint(below, shape, generator=self.generator)

    def chance(self, *shape: int, share: float) -> Tensor:
        """True with probability `share`."""
        return torch.rand(*shape, generator=self.generator) < share

    def exponential(self, *shape: int) -> Tensor:
        """Numbers of the exponential distribution of mean 1."""
        return -(1 - torch.rand(*shape, generator=self.generator)).log()

    def order(self, *shape: int) -> Tensor:
        """Random orders of 0 .. last - 1 along the last axis, int64."""
        return torch.rand(*shape, generator=self.generator).argsort(-1)

    def pick(self, *shape: int, shares: Sequence[float]) -> Tensor:
        """Places 0 .. len(shares) - 1 with probabilities in proportion to `shares`, int64."""
        edges = torch.tensor(shares, dtype=torch.float64).cumsum(0)
        places = torch.searchsorted(edges, torch.rand(*shape, generator=self.generator).double() * edges[-1])
        return places.clamp(max=len(shares) - 1)


def standard(values: Tensor, dim: int = 1) -> Tensor:
    """Values of mean 0 and variance 1 along an axis; constant ones become 0."""
    centred = values - values.mean(dim, keepdim=True)
    deviation = centred.square().mean(dim, keepdim=True).sqrt()
    return centred / deviation.clamp_min(1e-6)
