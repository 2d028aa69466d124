"""Offsets of logits by which the classes get given shares of the predictions."""

import torch
from torch import Tensor

LEAST = 1e-6  # a share below it counts as this
STEPS = 1000
CLOSE = 1e-7  # difference of two shares


def share_offsets(logits: Tensor, shares: Tensor) -> Tensor:
    """Offsets b (classes,) float64 with mean(softmax(logits + b)) = shares, 0 on average.

    They exist and are unique but for a constant, as b minimises the convex function
    mean(logsumexp(logits + b)) - shares . b. Each step adds the logarithm of the ratio of the two shares.

    Args:
        logits: (n, classes), finite.
        shares: (classes,) >= 0 that sum to 1.
    """
    z, goal = logits.double(), shares.double().clamp_min(LEAST)
    goal = goal / goal.sum()
    offsets = torch.zeros_like(goal)
    for _ in range(STEPS):
        found = (z + offsets).softmax(1).mean(0)
        if bool((found - goal).abs().max() < CLOSE):
            break
        offsets = offsets + goal.log() - found.clamp_min(torch.finfo(torch.float64).tiny).log()
    return offsets - offsets.mean()
