"""Gaussian kernels between the rows of two domains, and the maximum mean discrepancy."""

from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.core import BadInput
from headstart.losses.alignment._validation import both, exactly, positive

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)


def kernel(source: Tensor, target: Tensor, scales: Sequence[float], bandwidth: float | None) -> Tensor:
    """(n + m, n + m) in [0, 1]: the mean over scales s of exp(-|x - y|^2 / (2 s b^2)), source rows first.

    b is the bandwidth; without one, b^2 is half of the mean squared distance of two rows, detached from
    the gradient.

    Raises:
        BadData: the features are not matrices of the same width.
        BadInput: there is no scale, or a scale or the bandwidth is not a finite number > 0.
    """
    one, other = both(source, target)
    if not scales:
        raise BadInput("There must be a scale of the kernel at least, such as scales=(1.0,).")
    x = torch.cat([one, other])
    with exactly(x):
        apart = _squared_distances(x)
    if bandwidth is not None:
        variance = apart.new_tensor(positive(bandwidth, "bandwidth") ** 2)
    else:
        count = len(x)
        mean = apart.detach().sum() / max(count * (count - 1), 1) / 2
        variance = torch.where(mean > 0, mean, 1.0)
    parts = [torch.exp(apart / (-2 * positive(scale, "A scale") * variance)) for scale in scales]
    return torch.stack(parts).mean(0)


def discrepancy(joint: Tensor, source_rows: int, unbiased: bool) -> Tensor:
    """Squared MMD, (), of a kernel (n + m, n + m) whose first n = `source_rows` rows are the source."""
    cut = source_rows
    one, other, cross = joint[:cut, :cut], joint[cut:, cut:], joint[:cut, cut:]
    return _within(one, unbiased) + _within(other, unbiased) - 2 * cross.mean()


def _within(block: Tensor, unbiased: bool) -> Tensor:
    count = len(block)
    return (block.sum() - block.diagonal().sum()) / (count * (count - 1)) if unbiased else block.mean()


def _squared_distances(x: Tensor) -> Tensor:
    """Pairwise squared distances (n, n) of the rows of x, centred first against cancellation."""
    x = x - x.detach().mean(0)
    squares = x.square().sum(1)
    apart = (squares[:, None] + squares - 2 * (x @ x.T)).clamp_min(0)
    return apart * (1 - torch.eye(len(x), dtype=x.dtype, device=x.device))
