"""What keeps optimised inputs near those that a network was trained on (arXiv:1912.08795)."""

from torch import Tensor
from torch.linalg import vector_norm


def batch_statistics_loss(x: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """How far a batch is from the running statistics of a batch normalisation, ().

    The Euclidean distance of the means of the channels, plus that of the variances (equation 4 of the paper);
    a variance is divided by the number of values.

    Args:
        x: what the layer is given (n, channels, ...).
        mean: its running mean (channels,).
        variance: its running variance (channels,).
    """
    values = x.transpose(0, 1).flatten(1)
    of_means = values.mean(1) - mean
    of_variances = values.var(1, correction=0) - variance
    distance: Tensor = vector_norm(of_means) + vector_norm(of_variances)
    return distance


def total_variation(x: Tensor) -> Tensor:
    """The mean squared difference () of neighbouring places of maps (n, c, h, w), down plus across."""
    return x.diff(dim=2).square().mean() + x.diff(dim=3).square().mean()
