"""The supervised loss for labels of any kind."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from headstart.core import label_kind_of


def label_loss(outputs: Tensor, y: Tensor, smoothing: float = 0.0, weight: Tensor | None = None) -> Tensor:
    """The mean supervised loss (); its form depends on the label kind.

    Cross-entropy in nats of logits (n, classes) against classes y (n,); the mean over tags of the binary
    cross-entropy of logits (n, tags) against y (n, tags) of bool; the mean over columns of the squared
    difference of outputs (n, columns) and y (n, columns). Computed in float32 whatever the precision of the
    outputs.

    `smoothing` in [0, 1) spreads that share of each label over all classes, or over a tag and its absence
    (arXiv:1512.00567); numbers have none.

    `weight` (n,) >= 0 multiplies the loss of each row; the mean is still over n, so weights are to be 1 on
    average over the data, not in each batch.
    """
    if weight is None:
        return _each(outputs.float(), y, smoothing, "mean")
    each = _each(outputs.float(), y, smoothing, "none")
    return (each.flatten(1).mean(1) if each.ndim > 1 else each).mul(weight).mean()


def _each(outputs: Tensor, y: Tensor, smoothing: float, reduction: str) -> Tensor:
    kind = label_kind_of(y)
    if kind == "classes":
        return cross_entropy(outputs, y, label_smoothing=smoothing, reduction=reduction)
    if kind == "tags":
        goal = torch.lerp(y.to(outputs), outputs.new_tensor(0.5), smoothing)
        return binary_cross_entropy_with_logits(outputs, goal, reduction=reduction)
    return mse_loss(outputs, y.to(outputs), reduction=reduction)
