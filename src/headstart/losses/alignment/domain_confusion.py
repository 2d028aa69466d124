"""Loss of a domain critic, and domain confusion loss (arXiv:1505.07818, arXiv:1510.02192).

A critic outputs one number a row, the logit of P(source | row), so that no softmax over a single
output, which is constant, can slip in.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from headstart.core import BadData


def domain_loss(
    source: Tensor,
    target: Tensor,
    source_weights: Tensor | None = None,
    target_weights: Tensor | None = None,
) -> Tensor:
    """The cross-entropy of a critic, () in nats: (mean -log P(s) + mean -log(1 - P(t))) / 2.

    Both domains have the same weight whatever their numbers of rows; a constant logit of 0 has the loss ln 2.
    The critic minimises it; features before `reverse_gradient` maximise it.

    Args:
        source: logits (n,) or (n, 1) of P(source).
        target: logits (m,) or (m, 1) of P(source).
        source_weights: (n,) >= 0, how much each row counts; their scale does not matter.
        target_weights: (m,) likewise.

    Raises:
        BadData: other shapes, or weights that are negative or sum to 0.
    """
    one, other = _logits(source, "source"), _logits(target, "target")
    return (_mean(softplus(-one), source_weights) + _mean(softplus(other), target_weights)) / 2


def uniform_confusion_loss(source: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of a critic's predictions against one half, () in nats; at least ln 2.

    Features that minimise it make the critic uncertain, whereas those that maximise `domain_loss` make it
    wrong (arXiv:1510.02192). Both domains have the same weight.

    Args:
        source: logits (n,) or (n, 1) of P(source).
        target: logits (m,) or (m, 1) of P(source).

    Raises:
        BadData: other shapes.
    """
    each = (_logits(source, "source"), _logits(target, "target"))
    means = [((softplus(z) + softplus(-z)) / 2).mean() for z in each]
    return (means[0] + means[1]) / 2


def _logits(z: Tensor, what: str) -> Tensor:
    """Logits (n,) in float32 or float64."""
    flat = z[:, 0] if z.ndim == 2 and z.shape[1] == 1 else z
    if flat.ndim != 1 or not flat.is_floating_point() or not len(flat):
        raise BadData(
            f"A critic gives one logit a row, floats (rows,) or (rows, 1); of the {what} it gave {z.dtype} "
            f"{tuple(z.shape)}."
        )
    return flat if flat.dtype == torch.float64 else flat.float()


def _mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        return losses.mean()
    known = weights.detach()
    if known.shape != losses.shape or not bool((known >= 0).all()) or not float(known.sum()) > 0:
        raise BadData(f"Weights must be {len(losses)} numbers >= 0, one of them > 0.")
    return (losses * weights).sum() / weights.sum()
