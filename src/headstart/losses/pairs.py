"""Contrastive losses of labelled pairs."""

import torch
from torch import Tensor
from torch.nn.functional import normalize


def pair_cosine_loss(features: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean squared difference () of cosine similarities and targets: 1 within a class, 0 between classes.

    All pairs of different rows of a batch count; those of equal classes weigh as much together as those of
    different ones, as SetFit draws as many of both (arXiv:2209.11055). 0 if there is no pair. Computed in
    float32.

    Args:
        features: (n, d).
        y: int64 (n,), classes.
        weight: (n,) >= 0, of the rows; a pair counts the product of its two. None: all the same.
    """
    z = normalize(features.float(), dim=1)
    same = y[:, None] == y
    counts = torch.ones_like(z[:, 0]) if weight is None else weight.float()
    pairs = torch.outer(counts, counts).triu(1)
    error = (z @ z.T - same.float()).square()
    kinds = [pairs * same, pairs * ~same]
    means = [(error * kind).sum() / kind.sum() for kind in kinds if bool(kind.sum() > 0)]
    return torch.stack(means).mean() if means else 0 * z.sum()
