"""A network that follows another one as the exponential moving average of its weights."""

import math

import torch
from torch import nn


def follow(slow: nn.Module, fast: nn.Module, momentum: float) -> None:
    """Set parameters of `slow` to momentum * slow + (1 - momentum) * fast, and buffers to those of `fast`.

    Args:
        slow: the average, of the same architecture.
        fast: what is learned.
        momentum: share that stays, in [0, 1].
    """
    with torch.no_grad():
        torch._foreach_lerp_(list(slow.parameters()), list(fast.parameters()), 1 - momentum)
        for mine, theirs in zip(slow.buffers(), fast.buffers(), strict=True):
            mine.copy_(theirs)


def normalise_by_batch(*slow: nn.Module) -> None:
    """Let averages take the statistics of the batch, as what they follow does.

    Running statistics are of other weights than theirs, and embeddings of both then have little in common.
    """
    for module in slow:
        module.train()


def rising_momentum(start: float, progress: float) -> float:
    """From `start` to 1 along half a cosine, for `progress` in [0, 1) (arXiv:2006.07733)."""
    return 1 - (1 - start) * (math.cos(math.pi * progress) + 1) / 2
