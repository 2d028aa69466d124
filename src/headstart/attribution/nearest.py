"""The training examples that a model takes for most similar."""

import torch
from torch import Tensor


def nearest(features: Tensor, examples: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The most similar examples of each row by the cosine of their features.

    Args:
        features: (n, width).
        examples: (m, width), of any floating-point type.
        count: how many are wanted; fewer are found of fewer examples.

    Returns:
        Cosines in [-1, 1] and numbers of examples, both (n, min(count, m)), the nearest first; of equal ones
        the first. Features that are all 0 have a cosine of 0 with all.
    """
    cosines = _directions(features) @ _directions(examples).T
    order = cosines.argsort(dim=1, descending=True, stable=True)[:, :count]
    return cosines.gather(1, order).clamp(-1, 1), order


def _directions(features: Tensor) -> Tensor:
    rows = features.double()
    rows = rows / rows.abs().amax(1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
    return torch.nn.functional.normalize(rows, dim=1)
