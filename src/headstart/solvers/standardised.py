"""Linear models of standardised features, as models of the features themselves."""

from typing import NamedTuple, Self

import torch
from torch import Tensor

from .means import mean_of


class Standardised(NamedTuple):
    """Mean and standard deviation of each feature, both (d,) in float64."""

    mean: Tensor
    deviation: Tensor  # 1 of a feature that does not vary

    @classmethod
    def of(cls, x: Tensor, weights: Tensor | None = None) -> Self:
        """Of rows x (n, d), which count as much as their weights (n,) >= 0, or all the same.

        A feature whose deviation is within the rounding of x does not vary.
        """
        wide = x.double()
        mean = mean_of(wide, weights)
        deviation = mean_of((wide - mean).square(), weights).sqrt()
        noise = torch.finfo(x.dtype).eps * wide.abs().amax(0)
        return cls(mean, torch.where(deviation > noise, deviation, 1.0))

    def turn(self, x: Tensor) -> Tensor:
        """Rows x (n, d) with mean 0 and deviation 1 in every feature, in the precision of x."""
        return ((x.double() - self.mean) / self.deviation).to(x)

    def back(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Weight (k, d) and bias (k,) for features as they are from those for standardised ones."""
        wide = weight.double() / self.deviation
        return wide.to(weight), (bias.double() - wide @ self.mean).to(bias)
