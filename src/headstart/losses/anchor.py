"""Distance of a model from its pretrained start."""

from collections.abc import Iterable

import torch
from torch import Tensor


def squared_distance(now: Iterable[Tensor], start: Iterable[Tensor]) -> Tensor:
    """Sum over tensors of the squared differences, (): ||w - w0||^2 (arXiv:1802.01483)."""
    pairs = zip(now, start, strict=True)
    return torch.stack([(one.float() - other.detach().float()).square().sum() for one, other in pairs]).sum()


def relative_distance(now: Tensor, start: Tensor) -> Tensor:
    """Mean over rows of ||f - f0||^2 / ||f0||^2, (), for features f, f0 (n, ...).

    It is 0 without change and 1 if f is 0, whatever the scale of the features. For rows of zeros the
    absolute distance counts.
    """
    one, other = now.flatten(1).float(), start.detach().flatten(1).float()
    size = other.square().sum(1)
    return ((one - other).square().sum(1) / torch.where(size > 0, size, 1.0)).mean()
