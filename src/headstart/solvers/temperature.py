"""The one number that makes given scores into the best-calibrated probabilities."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from .means import mean_of


def best_scale(
    scores: Tensor, y: Tensor, low: float = 1e-2, high: float = 1e3, weights: Tensor | None = None
) -> float:
    """The factor s in [low, high] for which softmax(s * scores) has the least log loss (arXiv:1706.04599).

    Scores (n, classes) must not have been fitted on the same rows, or the answer is too sure.
    The log loss is convex in s; its slope, the mean of E_p[score - score[y]], is bisected in log s.
    Where every row's own class has the highest score the loss falls for ever, and s is `high`.
    Weights (n,) >= 0 are what each row counts.
    """
    scores = scores.double()
    ahead = scores - scores.gather(1, y[:, None])  # of the right class: exactly 0 for itself

    def slope(log_scale: float) -> float:
        shares = (ahead * torch.tensor(log_scale).exp()).softmax(1)
        return float(mean_of((shares * ahead).sum(1), weights))

    left, end = torch.tensor([low, high]).log().tolist()
    for _ in range(60):
        middle = (left + end) / 2
        left, end = (left, middle) if slope(middle) > 0 else (middle, end)
    return float(torch.tensor((left + end) / 2).exp())


def scaled_loss(scores: Tensor, y: Tensor, weights: Tensor | None = None) -> tuple[float, float]:
    """The best scale and the mean log loss in nats that it gives."""
    scale = best_scale(scores, y, weights=weights)
    if weights is None:
        return scale, float(cross_entropy(scores.double() * scale, y))
    return scale, float(mean_of(cross_entropy(scores.double() * scale, y, reduction="none"), weights))
